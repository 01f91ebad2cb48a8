// graphql-ws: a query, three events of a subscription, and what a stranger is told.
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { authorization, print, run, websocketUrl } from "./support.mjs";

const client = (connectionParams) =>
  createClient({ url: websocketUrl, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });

run(async () => {
  const known = client({ authorization });
  for await (const answer of known.iterate({ query: "{ viewer { subject } }" })) print(answer);
  const events = known.iterate({ query: process.env.SUBSCRIPTION, variables: { id: process.env.CUSTOMER } });
  let count = 0;
  for await (const event of events) {
    print(event);
    if (++count === 3) break;
  }
  await known.dispose();
  const stranger = client({ authorization: "Bearer nonsense" });
  await new Promise((done) => {
    stranger.subscribe(
      { query: "{ viewer { subject } }" },
      { next: print, complete: done, error: (event) => (print({ code: event.code }), done()) },
    );
  });
});
