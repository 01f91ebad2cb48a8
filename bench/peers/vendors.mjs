// How Apollo Server and mercurius ask the vendors: undici, a pool of kept-alive connections for each. The same calls as
// vendors.py.

import { Pool } from "undici";
import { ACCOUNT_FIELDS, batchesOver, known } from "./words.mjs";

const SIDE = "include=users%2Cmetric_sets%2Cslas";

const places = Object.fromEntries(Object.entries(known.upstreams).map(([system, base]) => {
  const url = new URL(base);
  const pool = new Pool(url.origin, { connections: 256, pipelining: 1, keepAliveTimeout: 60_000 });
  return [system, { pool, prefix: url.pathname === "/" ? "" : url.pathname }];
}));

async function get(system, path) {
  const { pool, prefix } = places[system];
  const { body } = await pool.request({ method: "GET", path: prefix + path });
  return body.json();
}

const searchRead = (model, fields_names) => async (domain) => {
  const { pool, prefix } = places.erp;
  const { body } = await pool.request({
    method: "POST",
    path: `${prefix}/rest/model/${model}/search_read`,
    headers: { "content-type": "application/json", "x-tryton-context": known.tryton_context },
    body: JSON.stringify({ domain, offset: 0, limit: null, order: null, fields_names }),
  });
  return body.json();
};

function search(organizations) {
  const query = organizations.map((one) => `organization%3A${one}`).join("+");
  return get("support", `/api/v2/search/export?query=${query}&filter%5Btype%5D=ticket&page%5Bsize%5D=100`);
}

export const { cases, accounts, invoices, subscriptions, payments } = batchesOver({
  ticketsOf: (organization) =>
    get("support", `/api/v2/organizations/${organization}/tickets?per_page=100&sort_by=created_at&sort_order=desc&${SIDE}`),
  search,
  show: (ids) => get("support", `/api/v2/tickets/show_many?ids=${ids.join("%2C")}&${SIDE}`),
  invoices: (customer) => get("billing", `/v1/invoices?customer=${customer}&expand%5B%5D=data.payments&limit=100`),
  subscriptions: (customer) => get("billing", `/v1/subscriptions?customer=${customer}&status=all&limit=100`),
  charges: (customer) => get("billing", `/v1/charges?customer=${customer}&expand%5B%5D=data.refunds&limit=100`),
  parties: searchRead("party.party", ACCOUNT_FIELDS),
  dunned: searchRead("account.dunning", ["party"]),
});
