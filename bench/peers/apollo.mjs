// Apollo Server with dataloader and undici: `node apollo.mjs PEERS_JSON`. As its documentation has it for production:
// NODE_ENV=production, its document store on (the default), CSRF prevention and usage reporting off, no landing page, and no
// cache control, which would wrap every field's resolver for a header that nobody reads.

import { ApolloServer, HeaderMap } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled,
} from "@apollo/server/plugin/disabled";
import DataLoader from "dataloader";
import { createServer } from "node:http";
import { claims } from "./bearer.mjs";
import { accounts, cases, invoices, payments, subscriptions } from "./vendors.mjs";
import { known, ready, schema } from "./words.mjs";

const list = (loader, key) => async (customer, { first }, context) =>
  ({ nodes: (await context[loader].load(customer[key])).slice(0, first ?? 10) });

const resolvers = {
  Node: { __resolveType: () => "Customer" },
  Query: {
    customer: (_, { id }) => known.customers[id] ?? null,
    nodes: (_, { ids }) => ids.map((id) => known.customers[id] ?? null),
  },
  Customer: {
    cases: list("cases", "support"),
    invoices: list("invoices", "billing"),
    subscriptions: list("subscriptions", "billing"),
    payments: list("payments", "billing"),
    erpAccount: (customer, _, context) => context.accounts.load(customer.erp),
  },
};

const server = new ApolloServer({
  typeDefs: schema, resolvers, csrfPrevention: false,
  plugins: [ApolloServerPluginCacheControlDisabled(), ApolloServerPluginLandingPageDisabled()],
});
await server.start();

const contextOf = () => ({
  cases: new DataLoader(cases),
  accounts: new DataLoader(accounts),
  invoices: new DataLoader(invoices),
  subscriptions: new DataLoader(subscriptions),
  payments: new DataLoader(payments),
});

async function answer(request, response, body) {
  try {
    claims(request.headers.authorization);
  } catch {
    response.writeHead(401).end();
    return;
  }
  const headers = new HeaderMap();
  for (const name in request.headers) headers.set(name, request.headers[name]);
  const given = await server.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: "POST", headers, search: "", body: JSON.parse(body) },
    context: async () => contextOf(),
  });
  for (const [name, value] of given.headers) response.setHeader(name, value);
  response.statusCode = given.status ?? 200;
  response.end(given.body.string);
}

const http = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => answer(request, response, Buffer.concat(chunks).toString()));
});
http.listen(0, "127.0.0.1", () => ready(http.address().port));
