// What the Node peers share: how the vendors are asked (undici, kept-alive pools), how their words become the
// graph's, and who asks. The same calls and the same mapping as vendors.py.

import { readFileSync } from "node:fs";
import { createVerifier } from "fast-jwt";
import { Pool } from "undici";

const CASE_STATUS = { new: "NEW", open: "OPEN", pending: "PENDING", hold: "ON_HOLD", solved: "RESOLVED", closed: "CLOSED" };
const PRIORITY = { low: "LOW", normal: "NORMAL", high: "HIGH", urgent: "URGENT" };
const IN_A_SEARCH = 25;
const IN_A_READ = 100;
const SIDE = "include=users%2Cmetric_sets%2Cslas";
const ACCOUNT_FIELDS = ["code", "receivable", "receivable_today", "customer_payment_term.name", "identifiers.type",
  "identifiers.code", "credit_amount", "credit_limit_amount"];

export const known = JSON.parse(readFileSync(process.argv[2], "utf8"));

export const claimsOf = createVerifier({
  key: known.public_key, algorithms: ["ES256"], allowedIss: known.issuer, allowedAud: known.audience, cache: 1024,
});

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

async function searchRead(model, domain, fields_names) {
  const { pool, prefix } = places.erp;
  const { body } = await pool.request({
    method: "POST",
    path: `${prefix}/rest/model/${model}/search_read`,
    headers: { "content-type": "application/json", "x-tryton-context": known.tryton_context },
    body: JSON.stringify({ domain, offset: 0, limit: null, order: null, fields_names }),
  });
  return body.json();
}

const idOf = (type, system) => {
  const prefix = `${type}\n${known.uids[system]}\n`;
  return (record) => Buffer.from(prefix + record).toString("base64url");
};
const caseId = idOf("SupportCase", "support");
const invoiceId = idOf("Invoice", "billing");
const subscriptionId = idOf("CustomerSubscription", "billing");
const paymentId = idOf("Payment", "billing");

const major = (minor) => `${Math.trunc(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
const money = (minor, currency) => ({ amount: major(minor), currency });
const minorOf = ({ decimal }) => Math.round(Number(decimal) * 100);
const moment = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
const day = (seconds) => (seconds === null ? null : new Date(seconds * 1000).toISOString().slice(0, 10));
const parts = (items, size) =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, nth) => items.slice(nth * size, (nth + 1) * size));

function casesOf(page) {
  const names = new Map(page.users.map((user) => [user.id, user.name]));
  return page.tickets.map((ticket) => ({
    id: caseId(ticket.id),
    number: String(ticket.id),
    subject: ticket.subject,
    status: CASE_STATUS[ticket.status] ?? "OTHER",
    priority: ticket.priority === null ? "NORMAL" : PRIORITY[ticket.priority] ?? "OTHER",
    channel: ticket.via.channel,
    requester: names.get(ticket.requester_id) ?? null,
    assignee: names.get(ticket.assignee_id) ?? null,
    openedAt: ticket.created_at,
    updatedAt: ticket.updated_at,
  }));
}

export async function cases(organizations) {
  if (organizations.length === 1) {
    const path = `/api/v2/organizations/${organizations[0]}/tickets?per_page=100&sort_by=created_at&sort_order=desc`;
    return [casesOf(await get("support", `${path}&${SIDE}`))];
  }
  return (await Promise.all(parts(organizations, IN_A_SEARCH).map(someCases))).flat();
}

async function someCases(organizations) {
  const query = organizations.map((one) => `organization%3A${one}`).join("+");
  const search = `/api/v2/search/export?query=${query}&filter%5Btype%5D=ticket&page%5Bsize%5D=100`;
  const rows = (await get("support", search)).results;
  rows.sort((one, other) => (one.created_at < other.created_at ? 1 : -1));
  const held = new Map(organizations.map((one) => [one, []]));
  for (const row of rows) held.get(String(row.organization_id)).push(String(row.id));
  const pages = await Promise.all(parts([...held.values()].flat(), IN_A_READ).map((ids) =>
    get("support", `/api/v2/tickets/show_many?ids=${ids.join("%2C")}&${SIDE}`)));
  const shown = new Map(pages.flatMap(casesOf).map((one) => [one.number, one]));
  return [...held.values()].map((ids) => ids.map((id) => shown.get(id)));
}

export async function invoices(customer) {
  const page = await get("billing", `/v1/invoices?customer=${customer}&expand%5B%5D=data.payments&limit=100`);
  return page.data.map((invoice) => {
    const currency = invoice.currency.toUpperCase();
    const word = invoice.status.toUpperCase();
    const status = word === "OPEN" && invoice.amount_paid > 0 ? "PARTIALLY_PAID" : word;
    return {
      id: invoiceId(invoice.id),
      number: invoice.number,
      status,
      issuedAt: day(invoice.effective_at),
      dueAt: day(invoice.due_date),
      total: money(invoice.total, currency),
      balance: money(status === "VOID" ? 0 : invoice.amount_remaining, currency),
      lines: invoice.lines.data.map((line) => ({
        description: line.description,
        quantity: line.quantity_decimal,
        unitPrice: major(Number(line.pricing.unit_amount_decimal)),
        total: money(line.amount, currency),
      })),
    };
  });
}

export async function subscriptions(customer) {
  const page = await get("billing", `/v1/subscriptions?customer=${customer}&status=all&limit=100`);
  return page.data.map((subscription) => {
    const items = subscription.items.data;
    const total = items.reduce((sum, item) => sum + Number(item.price.unit_amount_decimal) * item.quantity, 0);
    return {
      id: subscriptionId(subscription.id),
      plan: items.map((item) => item.price.nickname).join(" + "),
      status: subscription.status.toUpperCase(),
      quantity: items.length === 1 ? items[0].quantity : null,
      interval: items[0].price.recurring.interval,
      recurring: money(total, subscription.currency.toUpperCase()),
      startedAt: moment(subscription.start_date),
    };
  });
}

export async function payments(customer) {
  const page = await get("billing", `/v1/charges?customer=${customer}&expand%5B%5D=data.refunds&limit=100`);
  return page.data.map((charge) => {
    const details = charge.payment_method_details;
    return {
      id: paymentId(charge.id),
      status: charge.status.toUpperCase(),
      amount: money(charge.amount, charge.currency.toUpperCase()),
      method: details.card ? `${details.card.brand} ${details.card.last4}` : details.type,
      paidAt: charge.status === "succeeded" ? moment(charge.created) : null,
    };
  });
}

// Tryton's ids need more than 2^53 in theory; those of the bench do not.
export async function accounts(parties) {
  const ids = parties.map(Number);
  const [held, dunned] = await Promise.all([
    searchRead("party.party", [["id", "in", ids], ["active", "in", [true, false]]], ACCOUNT_FIELDS),
    searchRead("account.dunning", [["party", "in", ids], ["level.credit_limit", "=", true], ["blocked", "!=", true]], ["party"]),
  ]);
  const stopped = new Set(dunned.map((each) => each.party));
  const found = new Map(held.map((party) => [party.id, accountOf(party, stopped.has(party.id))]));
  return ids.map((id) => found.get(id) ?? null);
}

function accountOf(party, stopped) {
  const limit = party.credit_limit_amount;
  const owed = party.credit_amount;
  const over = limit !== null && owed !== null && minorOf(owed) > minorOf(limit);
  return {
    customerNumber: party.code,
    creditHold: over || stopped,
    paymentTerms: party["customer_payment_term."]?.name ?? null,
    receivable: money(minorOf(party.receivable), known.currency),
    overdue: money(Math.max(0, minorOf(party.receivable_today)), known.currency),
    creditLimit: limit === null ? null : money(minorOf(limit), known.currency),
  };
}

export const oneByOne = (ask) => (keys) => Promise.all(keys.map(ask));
export const schema = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");
export const ready = (port) => process.stdout.write(`ready http://127.0.0.1:${port}/graphql\n`);
