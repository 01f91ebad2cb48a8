// The audits of graphql-http (the reference of GraphQL over HTTP): one line for each with its verdict.
import { serverAudits } from "graphql-http";
import { headers, print, run, url } from "./support.mjs";

run(async () => {
  const fetchFn = (address, init = {}) => fetch(address, { ...init, headers: { ...headers, ...init.headers } });
  for (const audit of serverAudits({ url, fetchFn })) {
    const { status, id, name, reason } = await audit.fn();
    print({ status, id, name, reason });
  }
});
