// How the vendors' words become the graph's, for the Node peers: the same mapping as vendors.py. Pure functions over
// decoded answers, whoever asked for them.

import { readFileSync } from "node:fs";

const CASE_STATUS = { new: "NEW", open: "OPEN", pending: "PENDING", hold: "ON_HOLD", solved: "RESOLVED", closed: "CLOSED" };
const PRIORITY = { low: "LOW", normal: "NORMAL", high: "HIGH", urgent: "URGENT" };
const IN_A_SEARCH = 25;
const IN_A_READ = 100;
export const ACCOUNT_FIELDS = ["code", "receivable", "receivable_today", "customer_payment_term.name", "identifiers.type",
  "identifiers.code", "credit_amount", "credit_limit_amount"];

export const known = JSON.parse(readFileSync(process.argv[2], "utf8"));
export const schema = readFileSync(new URL("schema.graphql", import.meta.url), "utf8");

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

const invoiceOf = (invoice) => {
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
};

const subscriptionOf = (subscription) => {
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
};

const paymentOf = (charge) => {
  const details = charge.payment_method_details;
  return {
    id: paymentId(charge.id),
    status: charge.status.toUpperCase(),
    amount: money(charge.amount, charge.currency.toUpperCase()),
    method: details.card ? `${details.card.brand} ${details.card.last4}` : details.type,
    paidAt: charge.status === "succeeded" ? moment(charge.created) : null,
  };
};

function accountOf(party, stopped) {
  const limit = party.credit_limit_amount;
  const owed = party.credit_amount;
  const over = limit !== null && owed !== null && minorOf(owed) > minorOf(limit);
  return {
    customerNumber: party.code,
    creditHold: over || stopped,
    paymentTerms: (party["customer_payment_term."] ?? party.customer_payment_term_)?.name ?? null, // Mesh has no dot in a name
    receivable: money(minorOf(party.receivable), known.currency),
    overdue: money(Math.max(0, minorOf(party.receivable_today)), known.currency),
    creditLimit: limit === null ? null : money(minorOf(limit), known.currency),
  };
}

// What of the graph comes from which calls. `ask` has a function for each call: ticketsOf, search, show, invoices,
// subscriptions, charges, parties, dunned; each gives the decoded answer.
export function batchesOver(ask) {
  async function cases(organizations) {
    if (organizations.length === 1) return [casesOf(await ask.ticketsOf(organizations[0]))];
    return (await Promise.all(parts(organizations, IN_A_SEARCH).map(someCases))).flat();
  }

  async function someCases(organizations) {
    const rows = [...(await ask.search(organizations)).results];
    rows.sort((one, other) => (one.created_at < other.created_at ? 1 : -1));
    const held = new Map(organizations.map((one) => [one, []]));
    for (const row of rows) held.get(String(row.organization_id)).push(String(row.id));
    const pages = await Promise.all(parts([...held.values()].flat(), IN_A_READ).map(ask.show));
    const shown = new Map(pages.flatMap(casesOf).map((one) => [one.number, one]));
    return [...held.values()].map((ids) => ids.map((id) => shown.get(id)));
  }

  // Tryton's ids need more than 2^53 in theory; those of the bench do not.
  async function accounts(numbers) {
    const ids = numbers.map(Number);
    const [held, dunned] = await Promise.all([
      ask.parties([["id", "in", ids], ["active", "in", [true, false]]]),
      ask.dunned([["party", "in", ids], ["level.credit_limit", "=", true], ["blocked", "!=", true]]),
    ]);
    const stopped = new Set(dunned.map((each) => each.party));
    const found = new Map(held.map((party) => [party.id, accountOf(party, stopped.has(party.id))]));
    return ids.map((id) => found.get(id) ?? null);
  }

  const listOf = (call, of) => (customers) =>
    Promise.all(customers.map(async (customer) => (await call(customer)).data.map(of)));

  return {
    cases,
    accounts,
    invoices: listOf(ask.invoices, invoiceOf),
    subscriptions: listOf(ask.subscriptions, subscriptionOf),
    payments: listOf(ask.charges, paymentOf),
  };
}
export const ready = (port) => process.stdout.write(`ready http://127.0.0.1:${port}/graphql\n`);
