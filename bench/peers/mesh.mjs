// The vendors as Mesh REST sources: what each answers as JSON Schema, only the fields that are read, composed into a
// supergraph. Every call is a field of Query, under the same name as in vendors.mjs.

import { getComposedSchemaFromConfig } from "@graphql-mesh/compose-cli";
import { DefaultLogger } from "@graphql-mesh/utils";
import { loadJSONSchemaSubgraph } from "@omnigraph/json-schema";
import { ACCOUNT_FIELDS, known, schema } from "./words.mjs";

const text = { type: "string" };
const number = { type: "number" }; // also for ids: they do not fit into GraphQL's Int
const list = (items) => ({ type: "array", items });
const object = (title, properties) => ({ type: "object", title, properties });
const page = (title, item) => object(title, { data: list(item) });
const decimal = object("Decimal", { decimal: text });

const ticket = object("Ticket", {
  id: number, subject: text, status: text, priority: text, via: object("Via", { channel: text }),
  requester_id: number, assignee_id: number, created_at: text, updated_at: text,
});
const tickets = object("Tickets", { tickets: list(ticket), users: list(object("User", { id: number, name: text })) });
const found = object("Found", { results: list(object("Row", { id: number, organization_id: number, created_at: text })) });
const line = object("VendorLine", {
  description: text, quantity_decimal: text, amount: number, pricing: object("Pricing", { unit_amount_decimal: text }),
});
const invoices = page("VendorInvoices", object("VendorInvoice", {
  id: text, number: text, status: text, currency: text, amount_paid: number, amount_remaining: number, total: number,
  effective_at: number, due_date: number, lines: page("VendorLines", line),
}));
const price = object("Price", {
  unit_amount_decimal: text, nickname: text, recurring: object("Recurring", { interval: text }),
});
const subscriptions = page("VendorSubscriptions", object("VendorSubscription", {
  id: text, status: text, currency: text, start_date: number,
  items: page("VendorItems", object("VendorItem", { quantity: number, price })),
}));
const charges = page("Charges", object("Charge", {
  id: text, status: text, amount: number, currency: text, created: number,
  payment_method_details: object("Method", { type: text, card: object("Card", { brand: text, last4: text }) }),
}));
const party = object("Party", {
  id: number, code: text, receivable: decimal, receivable_today: decimal, credit_amount: decimal,
  credit_limit_amount: decimal, "customer_payment_term.": object("Term", { name: text }),
});

const SIDE = "include=users,metric_sets,slas";
const get = (field, path, responseSchema, more = {}) => ({ type: "Query", field, method: "GET", path, responseSchema, ...more });
const searchRead = (field, model, fields_names, item) => ({
  type: "Query", field, method: "POST", path: `/rest/model/${model}/search_read`, responseSchema: list(item),
  requestSchema: object(`${field}Search`, { domain: {} }),
  requestBaseBody: { offset: 0, limit: null, order: null, fields_names },
});

const subgraph = (name, operations, more = {}) =>
  ({ sourceHandler: loadJSONSchemaSubgraph(name, { endpoint: known.upstreams[name], operations, ...more }) });

const subgraphs = [
  subgraph("support", [
    get("ticketsOf", `/api/v2/organizations/{args.organization}/tickets?per_page=100&sort_by=created_at&sort_order=desc&${SIDE}`, tickets),
    get("search", "/api/v2/search/export?filter[type]=ticket&page[size]=100", found, { queryParamArgMap: { query: "query" } }),
    get("show", `/api/v2/tickets/show_many?${SIDE}`, tickets, { queryParamArgMap: { ids: "ids" } }),
  ]),
  subgraph("billing", [
    get("invoices", "/v1/invoices?customer={args.customer}&expand[]=data.payments&limit=100", invoices),
    get("subscriptions", "/v1/subscriptions?customer={args.customer}&status=all&limit=100", subscriptions),
    get("charges", "/v1/charges?customer={args.customer}&expand[]=data.refunds&limit=100", charges),
  ]),
  subgraph("erp", [
    searchRead("parties", "party.party", ACCOUNT_FIELDS, party),
    searchRead("dunned", "account.dunning", ["party"], object("Dunned", { party: number })),
  ], { operationHeaders: { "content-type": "application/json", "x-tryton-context": known.tryton_context } }),
];

export const supergraph = () => getComposedSchemaFromConfig({ subgraphs, additionalTypeDefs: schema }, new DefaultLogger("mesh"));
