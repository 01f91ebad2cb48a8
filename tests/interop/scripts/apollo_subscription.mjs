// Apollo Client: three events of a subscription over its GraphQLWsLink.
import { ApolloClient, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { authorization, print, run, websocketUrl } from "./support.mjs";

run(async () => {
  const socket = createClient({ url: websocketUrl, webSocketImpl: WebSocket, connectionParams: { authorization }, retryAttempts: 0 });
  const client = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() });
  await new Promise((done, failed) => {
    let count = 0;
    const subscription = client
      .subscribe({ query: gql(process.env.SUBSCRIPTION), variables: { id: process.env.CUSTOMER } })
      .subscribe({
        next: (event) => {
          print(event);
          if (++count === 3) {
            subscription.unsubscribe();
            done();
          }
        },
        error: failed,
      });
  });
  await socket.dispose();
});
