// mercurius on fastify, with jit and its own loaders: `node mercurius.mjs PEERS_JSON`.

import Fastify from "fastify";
import mercurius from "mercurius";
import { accounts, cases, claimsOf, invoices, known, oneByOne, payments, ready, schema, subscriptions } from "./vendors.mjs";

const list = (ask, key) => async (queries) => {
  const found = await ask(queries.map(({ obj }) => obj[key]));
  return found.map((items, nth) => ({ nodes: items.slice(0, queries[nth].params.first ?? 10) }));
};

const app = Fastify({ logger: false, keepAliveTimeout: 60_000 });
app.addHook("onRequest", async (request, reply) => {
  try {
    claimsOf((request.headers.authorization ?? "").replace("Bearer ", ""));
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
      invoices: list(oneByOne(invoices), "billing"),
      subscriptions: list(oneByOne(subscriptions), "billing"),
      payments: list(oneByOne(payments), "billing"),
      erpAccount: (queries) => accounts(queries.map(({ obj }) => obj.erp)),
    },
  },
});
await app.listen({ host: "127.0.0.1", port: 0 });
ready(app.server.address().port);
