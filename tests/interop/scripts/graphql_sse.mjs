// graphql-sse in its distinct connections mode: a query, and three events of a subscription.
import { createClient } from "graphql-sse";
import { headers, print, run, url } from "./support.mjs";

run(async () => {
  const client = createClient({ url, headers, retryAttempts: 0 });
  for await (const answer of client.iterate({ query: "{ viewer { subject } }" })) print(answer);
  const events = client.iterate({ query: process.env.SUBSCRIPTION, variables: { id: process.env.CUSTOMER } });
  let count = 0;
  for await (const event of events) {
    print(event);
    if (++count === 3) break;
  }
  client.dispose();
});
