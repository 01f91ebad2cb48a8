// Hive Gateway over Mesh REST sources: `node hive.mjs PEERS_JSON`. The joins are additional resolvers with dataloader,
// which ask the sources through the SDK in the context; @resolveTo alone makes no id and no amount out of a vendor's words.
// As its documentation has it for speed: jit, its cache of documents (the default), one process, no request ids, no
// landing page. Its own JWT plugin would verify the signature each time; a token that was found good is remembered.

import { createGatewayRuntime, getBuiltinPluginsFromConfig } from "@graphql-hive/gateway";
import RestTransport from "@graphql-mesh/transport-rest";
import DataLoader from "dataloader";
import { createServer } from "node:http";
import { claims } from "./bearer.mjs";
import { supergraph } from "./mesh.mjs";
import { batchesOver, known, ready } from "./words.mjs";

const PAGE = "id number status currency amount_paid amount_remaining total effective_at due_date";
const LINES = "lines { data { description quantity_decimal amount pricing { unit_amount_decimal } } }";
const PRICE = "price { unit_amount_decimal nickname recurring { interval } }";
const TICKETS = `{
  tickets { id subject status priority via { channel } requester_id assignee_id created_at updated_at }
  users { id name }
}`;
const PARTY = `{
  id code receivable { decimal } receivable_today { decimal } credit_amount { decimal } credit_limit_amount { decimal }
  customer_payment_term_ { name }
}`;

function loadersOf(context, info) {
  const call = (source, field, selectionSet, argsOf) => (given) =>
    context[source].Query[field]({ root: {}, args: argsOf(given), context, info, selectionSet });
  const ofCustomer = (customer) => ({ customer });
  const ofDomain = (domain) => ({ input: { domain } });
  const batches = batchesOver({
    ticketsOf: call("support", "ticketsOf", TICKETS, (organization) => ({ organization })),
    search: call("support", "search", "{ results { id organization_id created_at } }",
      (organizations) => ({ query: organizations.map((one) => `organization:${one}`).join(" ") })),
    show: call("support", "show", TICKETS, (ids) => ({ ids: ids.join(",") })),
    invoices: call("billing", "invoices", `{ data { ${PAGE} ${LINES} } }`, ofCustomer),
    subscriptions: call("billing", "subscriptions",
      `{ data { id status currency start_date items { data { quantity ${PRICE} } } } }`, ofCustomer),
    charges: call("billing", "charges",
      "{ data { id status amount currency created payment_method_details { type card { brand last4 } } } }", ofCustomer),
    parties: call("erp", "parties", PARTY, ofDomain),
    dunned: call("erp", "dunned", "{ party }", ofDomain),
  });
  return Object.fromEntries(Object.entries(batches).map(([name, batch]) => [name, new DataLoader(batch)]));
}

const held = new WeakMap(); // by the context of a request
function load(name, key, context, info) {
  let loaders = held.get(context);
  if (!loaders) held.set(context, loaders = loadersOf(context, info));
  return loaders[name].load(key);
}

const list = (name, key) => async (customer, { first }, context, info) =>
  ({ nodes: (await load(name, customer[key], context, info)).slice(0, first ?? 10) });

const jit = await getBuiltinPluginsFromConfig({ jit: true }, {});
const authenticated = {
  onRequest({ request, endResponse, fetchAPI }) {
    try {
      claims(request.headers.get("authorization"));
    } catch {
      endResponse(new fetchAPI.Response(null, { status: 401 }));
    }
  },
};

const gateway = createGatewayRuntime({
  supergraph: await supergraph(),
  transports: { rest: RestTransport },
  additionalResolvers: {
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
      erpAccount: (customer, _, context, info) => load("accounts", customer.erp, context, info),
    },
  },
  logging: "error",
  requestId: false,
  landingPage: false,
  graphiql: false,
  plugins: () => [authenticated, ...jit],
});
await gateway.getSchema();
const http = createServer({ keepAliveTimeout: 60_000 }, gateway);
http.listen(0, "127.0.0.1", () => ready(http.address().port));
