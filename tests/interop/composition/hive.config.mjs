// Hive Gateway in front of the supergraph SUPERGRAPH; what a client sends as its token goes to every subgraph.
import { defineConfig } from "@graphql-hive/gateway";

export const gatewayConfig = defineConfig({
  supergraph: process.env.SUPERGRAPH,
  host: "127.0.0.1",
  port: Number(process.env.PORT),
  graphiql: false,
  landingPage: false,
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") }),
  },
});
