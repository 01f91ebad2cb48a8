"""The simulator's HTTP: credentials, version, paths, lists, searches and errors."""

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import msgspec

from sources.simulation.harness import Receive, Scope, Send, answer, read_body
from sources.stripe.settings import API_VERSION
from sources.stripe.simulator.asking import Asked, Wrong, parse
from sources.stripe.simulator.limits import Buckets, Limits
from sources.stripe.simulator.objects import Json, Objects
from sources.stripe.simulator.posts import Answered, Posts
from sources.stripe.simulator.records import Kept
from sources.stripe.simulator.searching import found
from sources.stripe.simulator.shelves import Row, Shelf
from sources.stripe.simulator.shop import Shop
from sources.stripe.simulator.writing import Writes

PAGING = frozenset(["limit", "starting_after", "ending_before"])
# Filters of each list. Source: the list parameters of Stripe's own SDK; no list takes several customers or ids.
LISTS: Mapping[str, frozenset[str]] = {
    "customers": frozenset(["email", "created"]),
    "subscriptions": frozenset(["customer", "status", "created"]),
    "invoices": frozenset(["customer", "status", "subscription", "created", "due_date"]),
    "invoice_payments": frozenset(["invoice", "status", "created"]),
    "charges": frozenset(["customer", "payment_intent", "created"]),
    "refunds": frozenset(["charge", "payment_intent", "created"]),
    "credit_notes": frozenset(["customer", "invoice", "created"]),
    "disputes": frozenset(["charge", "payment_intent", "created"]),
    "events": frozenset(["type", "types", "created"]),
}
EXPANDABLE: Mapping[str, frozenset[str]] = {
    "customers": frozenset(["tax_ids"]),
    "invoices": frozenset(["payments"]),
    "charges": frozenset(["refunds"]),
}
BALANCE_FILTERS = PAGING | {"created", "invoice"}
WRITE = ":write"  # after a resource, in what a restricted key may do
SEARCHES = frozenset(["customers", "invoices"])
OWNERS = {"customer": "customers", "invoice": "invoices", "charge": "charges", "subscription": "subscriptions"}
ENDED = frozenset(["canceled", "incomplete_expired"])


class StripeApp:
    """An ASGI app that answers as Stripe does."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.objects = Objects(shop)
        self.keys: dict[str, frozenset[str] | None] = {}
        self.expired: set[str] = set()
        self.buckets = Buckets(Limits())
        self.search_lag_seconds = 0.0
        self.ahead_seconds = 0.0
        self.posts = Posts(Writes(shop, self.objects, self.clock), self.clock)
        self._requests = 0

    def clock(self) -> float:
        """Epoch seconds, as far ahead of the real time as was asked for."""
        return time.time() + self.ahead_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        headers = [(b"request-id", f"req_{self._requests:014}".encode()), (b"stripe-version", API_VERSION.encode())]
        key = next((value for name, value in scope["headers"] if name == b"idempotency-key"), None)
        if key is not None:
            headers.append((b"idempotency-key", key))
        body: Any
        try:
            if scope["method"] == "POST":
                written = await self._write(scope, receive, key.decode("latin-1") if key is not None else None)
                if written.replayed:
                    headers.append((b"idempotent-replayed", b"true"))
                return await answer(send, written.status, written.body, headers)
            status, body = 200, self._answer(scope)
        except Wrong as wrong:
            status, body = wrong.status, {"error": wrong.error}
        except _RateLimited as limited:
            status, body = 429, {"error": limited.error}
            headers.append((b"stripe-rate-limited-reason", limited.reason.encode()))
        return await answer(send, status, msgspec.json.encode(body), headers)

    async def _write(self, scope: Scope, receive: Receive, key: str | None) -> Answered:
        allowed = self._admit(_headers(scope))
        form = (await read_body(receive)).decode("utf-8", "replace")
        parts = scope["path"].strip("/").split("/")
        if parts[0] != "v1" or len(parts) < 2:
            raise Wrong(404, f"Unrecognized request URL (POST: {scope['path']}).")
        self._permit(allowed, f"{parts[1]}{WRITE}")
        self._limit("POST/" + "/".join(part if at % 2 else "{id}" for at, part in enumerate(parts[1:], 1)))
        return await self.posts.answer(scope["path"], form, key)

    def _permit(self, allowed: frozenset[str] | None, wanted: str) -> None:
        """`wanted`: a resource, with ":write" after it where it is to be written. Raises Wrong."""
        if allowed is None or wanted in allowed:
            return
        resource, _, write = wanted.partition(":")
        permission = f"rak_{resource.removesuffix('s')}_{write or 'read'}"
        raise Wrong(403, f"This key does not have the required permissions. Having the '{permission}' permission "
                         "would allow this request to continue.")  # fmt: skip

    def _answer(self, scope: Scope) -> Json:
        allowed = self._admit(_headers(scope))
        parts = scope["path"].strip("/").split("/")
        method, query = scope["method"], scope["query_string"].decode("latin-1")
        if parts[0] != "v1" or method != "GET" or len(parts) < 2 or parts[1] not in LISTS:
            raise Wrong(404, f"Unrecognized request URL ({method}: {scope['path']}).")
        resource, rest = parts[1], parts[2:]
        self._permit(allowed, resource)
        self._limit("/".join(("v1", resource, *(("{id}",) if rest and rest[0] != "search" else rest[:1]), *rest[1:])))
        if not rest:
            return self._list(resource, query)
        if rest == ["search"] and resource in SEARCHES:
            return self._search(resource, query)
        if resource == "invoices" and rest[1:] == ["lines"]:
            return self._lines(rest[0], query)
        if (resource, *rest) == ("credit_notes", "preview"):
            return self.posts.writes.preview(query)
        if resource == "customers" and rest[1:2] == ["balance_transactions"] and len(rest) < 4:
            return self._balance(rest[0], rest[2] if len(rest) == 3 else None, query)
        if len(rest) > 1:
            raise Wrong(404, f"Unrecognized request URL ({method}: {scope['path']}).")
        return self._one(resource, rest[0], query)

    def _admit(self, headers: Mapping[str, str]) -> frozenset[str] | None:
        """What the request's key may read; None for everything. Raises Wrong."""
        key = _key(headers.get("authorization", ""))
        if not key:
            raise Wrong(401, "You did not provide an API key.")
        if key.startswith("pk_"):
            message = "This API call cannot be made with a publishable API key."
            raise Wrong(401, message, code="secret_key_required")
        if key in self.expired:
            raise Wrong(401, "Expired API Key provided.", code="api_key_expired")
        if key not in self.keys:
            raise Wrong(401, "Invalid API Key provided.")
        if headers.get("stripe-version", API_VERSION) != API_VERSION:
            raise Wrong(400, "Invalid Stripe API version.")
        return self.keys[key]

    def _limit(self, endpoint: str) -> None:
        reason = self.buckets.exceeded(endpoint)
        if reason:
            raise _RateLimited(reason)

    def _make(self, resource: str) -> Callable[[Any, frozenset[str]], Json]:
        make: Callable[[Any, frozenset[str]], Json] = getattr(self.objects, resource.removesuffix("s"))
        return make

    def _one(self, resource: str, id: str, query: str) -> Json:
        asked = parse(query, takes=frozenset(), expandable=EXPANDABLE.get(resource, frozenset()))
        record = getattr(self.shop, resource).get(id)
        if record is None:
            raise missing(resource, id, 404, "id")
        return self._make(resource)(record, asked.expand)

    def _list(self, resource: str, query: str) -> Json:
        expandable = EXPANDABLE.get(resource, frozenset())
        asked = parse(query, takes=LISTS[resource] | PAGING, expandable=expandable, within="data.")
        shelf: Shelf[Any] = getattr(self.shop, resource)
        data, more = _page(self._row(shelf, asked), shelf, resource, asked)
        make = self._make(resource)
        return _listed(f"/v1/{resource}", [make(record, asked.expand) for record in data], more)

    def _row(self, shelf: Shelf[Any], asked: Asked) -> Row[Any]:
        """The shortest row that an index gives. Raises Wrong where a filter names an object that is not there."""
        for name, value in asked.filters.items():
            if name in OWNERS and getattr(self.shop, OWNERS[name]).get(value) is None:
                raise missing(OWNERS[name], value, 400, name)
        indexed = [name for name in asked.filters if name in shelf.indexes()]
        return shelf.where(indexed[0], asked.filters[indexed[0]]) if indexed else shelf.row

    def _lines(self, id: str, query: str) -> Json:
        asked = parse(query, takes=PAGING, expandable=frozenset())
        invoice = self.shop.invoices.get(id)
        if invoice is None:
            raise missing("invoices", id, 404, "invoice")
        lines = self.objects.lines(invoice)
        start = 0
        if asked.starting_after:
            ids = [line["id"] for line in lines]
            if asked.starting_after not in ids:
                raise missing("lines", asked.starting_after, 400, "starting_after")
            start = ids.index(asked.starting_after) + 1
        end = start + asked.limit
        return _listed(f"/v1/invoices/{id}/lines", lines[start:end], end < len(lines))

    def _balance(self, customer: str, id: str | None, query: str) -> Json:
        """What moved a customer's balance: all of it, or one movement."""
        if self.shop.customers.get(customer) is None:
            raise missing("customers", customer, 404, "customer")
        shelf = self.shop.balance_transactions
        if id is not None:
            record = shelf.get(id)
            if record is None or record.customer != customer:
                raise missing("customer_balance_transactions", id, 404, "id")
            return self.objects.balance_transaction(record)
        asked = parse(query, takes=BALANCE_FILTERS, expandable=frozenset())
        data, more = _page(shelf.where("customer", customer), shelf, "customer_balance_transactions", asked)
        made = [self.objects.balance_transaction(record) for record in data]
        return _listed(f"/v1/customers/{customer}/balance_transactions", made, more)

    def _search(self, resource: str, query: str) -> Json:
        takes = frozenset(["query", "limit", "page"])
        asked = parse(query, takes=takes, expandable=EXPANDABLE.get(resource, frozenset()), within="data.")
        if asked.query is None:
            raise Wrong(400, "Missing required param: query.", code="parameter_missing", param="query")
        records = found(self.shop, resource, asked.query, time.time() - self.search_lag_seconds)
        start = int(asked.page) if asked.page and asked.page.isdigit() else 0
        end = start + asked.limit
        make = self._make(resource)
        return {
            "object": "search_result", "url": f"/v1/{resource}/search", "has_more": end < len(records),
            "next_page": str(end) if end < len(records) else None,
            "data": [make(record, asked.expand) for record in records[start:end]],
        }  # fmt: skip


class _RateLimited(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests."}


def missing(resource: str, id: str, status: int, param: str) -> Wrong:
    """What is not there: 404 for the object itself, 400 for one that a parameter names (unverified)."""
    message = f"No such {resource.removesuffix('s')}: '{id}'"
    return Wrong(status, message, code="resource_missing", param=param)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _key(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme == "Bearer":
        return value
    try:
        return base64.b64decode(value, validate=True).decode().split(":")[0] if scheme == "Basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _passes(record: Kept, resource: str, asked: Asked) -> bool:
    if resource == "customers" and getattr(record, "deleted", False):
        return False
    if asked.types and getattr(record, "type", "") not in asked.types:
        return False
    status = asked.filters.get("status", "" if resource == "subscriptions" else None)
    if not _has_status(getattr(record, "status", ""), status):
        return False
    after, before = asked.due
    due = getattr(record, "due", 0)
    if (after is not None and due < after) or (before is not None and due > before):
        return False
    names = {"payment_intent": "intent"}
    others = ((names.get(name, name), value) for name, value in asked.filters.items() if name != "status")
    return all(getattr(record, name) == value for name, value in others)


def _has_status(status: str, wanted: str | None) -> bool:
    """`wanted` is "" for subscriptions where none was asked for: the ended ones are left out."""
    if wanted is None or wanted == "all":
        return True
    if wanted == "":
        return status not in ENDED
    return status in ENDED if wanted == "ended" else status == wanted


def _page(row: Row[Any], shelf: Shelf[Any], resource: str, asked: Asked) -> tuple[list[Any], bool]:
    """The page of a row, and whether there is more; only what the page holds is looked at."""
    start, end = row.between(asked.oldest, asked.newest)
    backwards = asked.starting_after is None and asked.ending_before is not None
    cursor = asked.starting_after or asked.ending_before
    if cursor is not None:
        at = shelf.get(cursor)
        if at is None:
            raise missing(resource, cursor, 400, "ending_before" if backwards else "starting_after")
        place = row.index(at)
        if backwards:
            end = min(end, place)
        else:
            start = max(start, place + (place < len(row.records) and row.records[place] is at))
    order = range(end - 1, start - 1, -1) if backwards else range(start, end)
    passing = (row.records[index] for index in order if _passes(row.records[index], resource, asked))
    found = list(islice(passing, asked.limit + 1))
    page = found[: asked.limit]
    return (page[::-1] if backwards else page), len(found) > asked.limit


def _listed(url: str, data: list[Json], more: bool) -> Json:
    return {"object": "list", "url": url, "has_more": more, "data": data}
