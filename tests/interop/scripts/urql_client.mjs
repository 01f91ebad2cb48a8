// urql: its Accept lists text/event-stream, and a query is answered as JSON all the same.
import { Client, fetchExchange, gql } from "@urql/core";
import { headers, print, run, url } from "./support.mjs";

run(async () => {
  const seen = [];
  const watched = async (address, init) => {
    const answer = await fetch(address, init);
    seen.push({ method: init.method ?? "GET", accept: init.headers.accept, type: answer.headers.get("content-type") });
    return answer;
  };
  for (const preferGetMethod of [false, "force"]) {
    const client = new Client({ url, exchanges: [fetchExchange], fetch: watched, fetchOptions: { headers }, preferGetMethod });
    const answer = await client.query(gql`query Viewer { viewer { subject roles } }`, {}).toPromise();
    print({ data: answer.data ?? null, error: answer.error?.message ?? null, ...seen.pop() });
  }
  const client = new Client({ url, exchanges: [fetchExchange], fetch: watched, fetchOptions: { headers }, preferGetMethod: false });
  const wrong = await client.query(gql`query Wrong { nope }`, {}).toPromise();
  print({
    network: wrong.error.networkError?.message ?? null,
    codes: wrong.error.graphQLErrors.map((error) => error.extensions.code),
  });
  const stranger = new Client({ url, exchanges: [fetchExchange], preferGetMethod: false });
  const refused = await stranger.query(gql`query Viewer { viewer { subject } }`, {}).toPromise();
  print({
    network: refused.error.networkError?.message ?? null,
    codes: refused.error.graphQLErrors.map((error) => error.extensions.code),
  });
});
