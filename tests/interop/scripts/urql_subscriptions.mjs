// urql: a subscription over graphql-ws, over graphql-sse, and over urql's own reading of event streams.
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";
import { authorization, headers, print, run, url, websocketUrl } from "./support.mjs";

const forwardedTo = (client) =>
  subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    }),
  });
const ways = {
  "graphql-ws": {
    exchanges: [
      fetchExchange,
      forwardedTo(createWs({ url: websocketUrl, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 })),
    ],
  },
  "graphql-sse": { exchanges: [fetchExchange, forwardedTo(createSse({ url, headers, retryAttempts: 0 }))] },
  fetch: { exchanges: [fetchExchange], fetchSubscriptions: true },
};

run(async () => {
  for (const [way, options] of Object.entries(ways)) {
    const client = new Client({ url, fetchOptions: { headers }, preferGetMethod: false, ...options });
    await new Promise((done, failed) => {
      let count = 0;
      const { unsubscribe } = client
        .subscription(gql(process.env.SUBSCRIPTION), { id: process.env.CUSTOMER })
        .subscribe((event) => {
          if (event.error) return failed(event.error);
          print({ way, data: event.data });
          if (++count === 3) {
            unsubscribe();
            done();
          }
        });
    });
  }
});
