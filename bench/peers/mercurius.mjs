// mercurius on fastify, with jit and its own loaders: `node mercurius.mjs PEERS_JSON`.

import Fastify from "fastify";
import mercurius from "mercurius";
import { claims } from "./bearer.mjs";
import { accounts, cases, invoices, payments, subscriptions } from "./vendors.mjs";
import { known, ready, schema } from "./words.mjs";

const list = (ask, key) => async (queries) => {
  const found = await ask(queries.map(({ obj }) => obj[key]));
  return found.map((items, nth) => ({ nodes: items.slice(0, queries[nth].params.first ?? 10) }));
};

const app = Fastify({ logger: false, keepAliveTimeout: 60_000 });
app.addHook("onRequest", async (request, reply) => {
  try {
    claims(request.headers.authorization);
  } catch {
    reply.code(401).send();
  }
});
await app.register(mercurius, {
  schema,
  jit: 1,
  path: "/graphql",
  resolvers: {
    Node: { resolveType: () => "Customer" },
    Query: {
      customer: (_, { id }) => known.customers[id] ?? null,
      nodes: (_, { ids }) => ids.map((id) => known.customers[id] ?? null),
    },
  },
  loaders: {
    Customer: {
      cases: list(cases, "support"),
      invoices: list(invoices, "billing"),
      subscriptions: list(subscriptions, "billing"),
      payments: list(payments, "billing"),
      erpAccount: (queries) => accounts(queries.map(({ obj }) => obj.erp)),
    },
  },
});
await app.listen({ host: "127.0.0.1", port: 0 });
ready(app.server.address().port);
