"""What the Python peers share: how the vendors are asked, and how their words become the graph's.

Everything that the gateway's answer shows of these records, and nothing else: no cache, no provenance, no faults by
key. A `Get` takes the name of a system and a path, a `Post` a body as well; both give the answer's bytes. What a method
makes of a record is all that the graph shows of it, or what its caller makes of it.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from bench.peers import pages

Json = Any
Get = Callable[[str, str], Awaitable[bytes]]
Post = Callable[[str, str, bytes], Awaitable[bytes]]
Make = Callable[[Any], Json]
TICKETS, FOUND = msgspec.json.Decoder(pages.Tickets), msgspec.json.Decoder(pages.Found)
INVOICES, SUBSCRIPTIONS = msgspec.json.Decoder(pages.Invoices), msgspec.json.Decoder(pages.Subscriptions)
CHARGES = msgspec.json.Decoder(pages.Charges)
PARTIES, DUNNED = msgspec.json.Decoder(list[pages.Party]), msgspec.json.Decoder(list[pages.Dunned])
CASE_STATUS = {"new": "NEW", "open": "OPEN", "pending": "PENDING", "hold": "ON_HOLD", "solved": "RESOLVED",
               "closed": "CLOSED"}  # fmt: skip
PRIORITY = {None: "NORMAL", "low": "LOW", "normal": "NORMAL", "high": "HIGH", "urgent": "URGENT"}
IN_A_SEARCH, IN_A_READ = 25, 100  # organizations, tickets
SIDE = "include=users%2Cmetric_sets%2Cslas"
ACCOUNT_FIELDS = ["code", "receivable", "receivable_today", "customer_payment_term.name", "identifiers.type",
                  "identifiers.code", "credit_amount", "credit_limit_amount"]  # fmt: skip


class Known(msgspec.Struct):
    """What the bench tells a peer."""

    issuer: str
    audience: str
    public_key: str
    currency: str
    upstreams: dict[str, str]
    tryton_context: str
    uids: dict[str, str]
    customers: dict[str, dict[str, str | None]]


def known(path: str) -> Known:
    return msgspec.json.decode(Path(path).read_bytes(), type=Known)


class Vendors:
    """The four systems, as far as the operations need them."""

    def __init__(self, known: Known, get: Get, post: Post) -> None:
        self.known = known
        self.get = get
        self.post = post
        prefixes = {"SupportCase": "support", "Invoice": "billing", "CustomerSubscription": "billing",
                    "Payment": "billing"}  # fmt: skip
        self._prefixes = {name: f"{name}\n{known.uids[system]}\n".encode() for name, system in prefixes.items()}

    def id(self, type_name: str, record: str) -> str:
        return base64.urlsafe_b64encode(self._prefixes[type_name] + record.encode()).rstrip(b"=").decode()

    async def cases(
        self, organizations: Sequence[str], case_of: Callable[[pages.Ticket, dict[int, str]], Json] | None = None
    ) -> list[list[Json]]:
        """The newest first of each: a list for one, searches and reads of many at once for several."""
        case_of = case_of or self.case
        if len(organizations) == 1:
            path = f"/api/v2/organizations/{organizations[0]}/tickets?per_page=100&sort_by=created_at&sort_order=desc"
            page = TICKETS.decode(await self.get("support", f"{path}&{SIDE}"))
            names = {user.id: user.name for user in page.users}
            return [[case_of(ticket, names) for ticket in page.tickets]]
        several = await together(partial(self._some_cases, case_of), parts(organizations, IN_A_SEARCH))
        return [cases for some in several for cases in some]

    async def _some_cases(self, case_of: Callable[..., Json], organizations: Sequence[str]) -> list[list[Json]]:
        found = await self._search(organizations)
        rows = sorted(found.results, key=lambda row: row.created_at, reverse=True)
        places: dict[str, list[int]] = {one: [] for one in organizations}
        for row in rows:
            places[str(row.organization_id)].append(row.id)
        wanted = [id for ids in places.values() for id in ids]
        cases: dict[int, Json] = {}
        for page in await together(self._show, parts(wanted, IN_A_READ)):
            names = {user.id: user.name for user in page.users}
            cases.update((ticket.id, case_of(ticket, names)) for ticket in page.tickets)
        return [[cases[id] for id in ids] for ids in places.values()]

    async def _search(self, organizations: Sequence[str]) -> pages.Found:
        query = "+".join(f"organization%3A{one}" for one in organizations)
        path = f"/api/v2/search/export?query={query}&filter%5Btype%5D=ticket&page%5Bsize%5D=100"
        return FOUND.decode(await self.get("support", path))

    async def _show(self, ids: Sequence[int]) -> pages.Tickets:
        path = f"/api/v2/tickets/show_many?ids={'%2C'.join(map(str, ids))}&{SIDE}"
        return TICKETS.decode(await self.get("support", path))

    def case(self, ticket: pages.Ticket, names: dict[int, str]) -> Json:
        return {
            "id": self.id("SupportCase", str(ticket.id)),
            "number": str(ticket.id),
            "subject": ticket.subject,
            "status": CASE_STATUS.get(ticket.status, "OTHER"),
            "priority": PRIORITY.get(ticket.priority, "OTHER"),
            "channel": ticket.via.channel,
            "requester": names.get(ticket.requester_id),
            "assignee": names.get(ticket.assignee_id),
            "openedAt": ticket.created_at,
            "updatedAt": ticket.updated_at,
        }

    async def invoices(self, customer: str, invoice_of: Make | None = None) -> list[Json]:
        path = f"/v1/invoices?customer={customer}&expand%5B%5D=data.payments&limit=100"
        invoice_of = invoice_of or self.invoice
        return [invoice_of(invoice) for invoice in INVOICES.decode(await self.get("billing", path)).data]

    def invoice(self, invoice: pages.Invoice) -> Json:
        currency, status = invoice.currency.upper(), status_of(invoice)
        return {
            "id": self.id("Invoice", invoice.id),
            "number": invoice.number,
            "status": status,
            "issuedAt": day(invoice.effective_at),
            "dueAt": day(invoice.due_date),
            "total": money(invoice.total, currency),
            "balance": money(0 if status == "VOID" else invoice.amount_remaining, currency),
            "lines": [
                {
                    "description": line.description,
                    "quantity": line.quantity_decimal,
                    "unitPrice": major(int(line.pricing.unit_amount_decimal)),
                    "total": money(line.amount, currency),
                }
                for line in invoice.lines.data
            ],
        }

    async def subscriptions(self, customer: str) -> list[Json]:
        path = f"/v1/subscriptions?customer={customer}&status=all&limit=100"
        return [self._subscription(each) for each in SUBSCRIPTIONS.decode(await self.get("billing", path)).data]

    def _subscription(self, subscription: pages.Subscription) -> Json:
        items = subscription.items.data
        total = sum(int(item.price.unit_amount_decimal) * item.quantity for item in items)
        return {
            "id": self.id("CustomerSubscription", subscription.id),
            "plan": " + ".join(item.price.nickname for item in items),
            "status": subscription.status.upper(),
            "quantity": items[0].quantity if len(items) == 1 else None,
            "interval": items[0].price.recurring.interval,
            "recurring": money(total, subscription.currency.upper()),
            "startedAt": moment(subscription.start_date),
        }

    async def payments(self, customer: str) -> list[Json]:
        path = f"/v1/charges?customer={customer}&expand%5B%5D=data.refunds&limit=100"
        return [self._payment(charge) for charge in CHARGES.decode(await self.get("billing", path)).data]

    def _payment(self, charge: pages.Charge) -> Json:
        details = charge.payment_method_details
        card = details.card
        return {
            "id": self.id("Payment", charge.id),
            "status": charge.status.upper(),
            "amount": money(charge.amount, charge.currency.upper()),
            "method": f"{card.brand} {card.last4}" if card else details.type,
            "paidAt": moment(charge.created) if charge.status == "succeeded" else None,
        }

    async def accounts(
        self, parties: Sequence[str], account_of: Callable[[pages.Party, bool], Json] | None = None
    ) -> list[Json]:
        account_of = account_of or self.account
        ids = [int(party) for party in parties]
        read, listed = await together(self._read, [asked_accounts(ids), asked_dunning(ids)])
        stopped = {each.party for each in DUNNED.decode(listed)}
        accounts = {each.id: account_of(each, each.id in stopped) for each in PARTIES.decode(read)}
        return [accounts.get(id) for id in ids]

    async def _read(self, asked: tuple[str, bytes]) -> bytes:
        return await self.post("erp", f"/rest/model/{asked[0]}/search_read", asked[1])

    def account(self, party: pages.Party, stopped: bool) -> Json:
        limit, term, currency = party.credit_limit_amount, party.customer_payment_term, self.known.currency
        return {
            "customerNumber": party.code,
            "creditHold": stopped or over_limit(party),
            "paymentTerms": term.name if term else None,
            "receivable": money(minor(party.receivable), currency),
            "overdue": money(max(0, minor(party.receivable_today)), currency),
            "creditLimit": money(minor(limit), currency) if limit else None,
        }


def status_of(invoice: pages.Invoice) -> str:
    status = invoice.status.upper()
    return "PARTIALLY_PAID" if status == "OPEN" and invoice.amount_paid > 0 else status


def over_limit(party: pages.Party) -> bool:
    limit, owed = party.credit_limit_amount, party.credit_amount
    return limit is not None and owed is not None and minor(owed) > minor(limit)


def asked_accounts(ids: list[int]) -> tuple[str, bytes]:
    return "party.party", body([["id", "in", ids], ["active", "in", [True, False]]], ACCOUNT_FIELDS)


def asked_dunning(ids: list[int]) -> tuple[str, bytes]:
    domain = [["party", "in", ids], ["level.credit_limit", "=", True], ["blocked", "!=", True]]
    return "account.dunning", body(domain, ["party"])


async def together(ask: Callable[[Any], Awaitable[Any]], questions: Sequence[Any]) -> list[Any]:
    return await asyncio.gather(*(ask(question) for question in questions))


def parts(items: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [items[begin : begin + size] for begin in range(0, len(items), size)]


def body(domain: list[Any], fields: list[str]) -> bytes:
    return msgspec.json.encode({"domain": domain, "offset": 0, "limit": None, "order": None, "fields_names": fields})


def major(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02}"


def minor(amount: pages.Amount) -> int:
    whole, _, rest = amount.decimal.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0")) if rest else int(whole) * 100


def money(amount: int, currency: str) -> Json:
    return {"amount": major(amount), "currency": currency}


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
