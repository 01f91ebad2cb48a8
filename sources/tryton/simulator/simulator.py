"""The simulator: the world's facts in tables, and the REST API in front of them."""

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sources.simulation.facts import (
    ERP,
    CreditIssued,
    CustomerKnown,
    Fact,
    InvoiceClosed,
    InvoiceIssued,
    OrderPlaced,
    PaymentTried,
)
from sources.simulation.harness import Harness, Receive, Scope, Send, answer, read_body
from sources.tryton.simulator.bookkeeping import COMPANY, Bookkeeping
from sources.tryton.simulator.database import Database, Record, UnknownName
from sources.tryton.simulator.ground import BEGINNING, Ground
from sources.tryton.simulator.parties import PARENT_RELATION, PartyBook
from sources.tryton.simulator.refusing import HTML, Refusal, forbidden, not_there, page, user_error
from sources.tryton.simulator.schema import INDEXED, MODELS, UNSEARCHABLE
from sources.tryton.simulator.writing import Writing

DATABASE = "acme"
KEY = "5ca1ab1e" * 16  # 128 hex digits, as a user application's key has
ID_BITS = 52  # ids stay exact in programs that read JSON numbers as doubles
READS = ("/search_read", "/search_count")  # by POST, as everything


class TrytonSimulator:
    """Tryton with one company, whose books are kept in euro.

    `forbidden` holds models that the key's user may not read, `unwritable` those that it may not write, `missing`
    models and fields ("party.party.relations") whose module is not activated. All may be changed while it serves.
    `writing.posting_seconds` is how long a posting takes.
    """

    answers_nothing_with_an_empty_list = True
    keeps_keys = False

    def __init__(self) -> None:
        self.harness = Harness(self._serve, reads=READS)
        self.forbidden: set[str] = set()
        self.unwritable: set[str] = set()
        self.missing: set[str] = set()
        self.database = Database(MODELS, INDEXED)
        self._parties = PartyBook(self.database, self._make)
        self.ground = Ground(self.database, self._make, COMPANY)
        self._books = Bookkeeping(self.database, self._make, self._currency, self.ground)
        self.writing = Writing(self.database, self.ground, self._books)
        self._found_company()

    def absorb(self, fact: Fact) -> None:
        """Take a fact into the books; what is not about the ERP, or about nobody known here, is ignored."""
        if isinstance(fact, CustomerKnown):
            if ERP in fact.systems:
                self._parties.known(fact)
            return
        party = self._parties.ids.get(fact.customer)
        if party is None:
            return
        match fact:
            case InvoiceIssued():
                self._books.issued(fact, party)
            case PaymentTried():
                self._books.paid(fact)
            case CreditIssued():
                self._books.credited(fact, party)
            case InvoiceClosed():
                self._books.closed(fact)
            case OrderPlaced():
                self._books.ordered(fact, party)
            case _:
                pass

    def section(self, base_url: str) -> dict[str, Any]:
        return {
            "kind": "tryton",
            "base_url": f"{base_url}/{DATABASE}",
            "key": KEY,
            "company": COMPANY,
            "customer_key": "party.code",
            "credit": {"account": self.ground.account["revenue"], "journal": self.ground.journal["REV"]},
            "fields": {
                "parent_relation": PARENT_RELATION,
                "tier": "tier",
                "industry": "industry",
                "owner": "account_manager.name",
            },
        }

    def effects(self, reference: str) -> int:
        """How many documents and entries carry a reference."""
        documents = self.database.table("account.invoice").by("reference", [reference])
        return len(documents) + len(self.database.table("account.move").by("description", [reference]))

    def _found_company(self) -> None:
        own = {"code": "1", "name": "Customer 360 Demo GmbH", "active": True, "replaced_by": None}
        lists: dict[str, list[int]] = {"addresses": [], "identifiers": [], "contact_mechanisms": [], "relations": []}
        terms = {"customer_payment_term": None, "customer_tax_rule": None, "credit_limit_amount": None}
        terms |= {"tier": None, "industry": None, "account_manager": None}
        party = self._make("party.party", "company", BEGINNING, **own, **lists, **terms)
        currency = self._currency("EUR")
        row: Record = {"id": COMPANY, "create_date": BEGINNING, "write_date": None}
        self.database.table("company.company").put({**row, "party": party["id"], "currency": currency})

    def _currency(self, code: str) -> int:
        return int(self._make("currency.currency", code, BEGINNING, code=code, name=code, digits=2)["id"])

    def _make(self, model: str, key: str, at: datetime, **fields: Any) -> Record:
        """Insert the record of a key, or replace it: then it was written at that time."""
        table = self.database.table(model)
        number = int.from_bytes(blake2b(f"{model}:{key}".encode(), digest_size=7).digest()) >> (56 - ID_BITS) or 1
        known = table.rows.get(number)
        if known is not None and all(known.get(name) == value for name, value in fields.items()):
            return known
        born = known["create_date"] if known else at
        return table.put({"id": number, "create_date": born, "write_date": at if known else None, **fields})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        fields = parse_qs(scope["query_string"].decode("latin-1")).get("f", [])
        kind: list[tuple[bytes, bytes]] = []
        try:
            said = await self._answer(scope["method"], scope["path"], headers, body, fields)
            status, content = (204, b"") if said is None else (200, msgspec.json.encode(_tryton(said)))
        except UnknownName as unknown:
            status, content, kind = 500, page("500 Internal Server Error", f"&#39;{unknown}&#39;"), HTML
        except Refusal as refusal:
            status, content, kind = refusal.status, refusal.body, refusal.headers
        await answer(send, status, content, [(b"connection", b"close"), *kind])

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes, fields: list[str]) -> Any:
        parts = path.strip("/").split("/")
        if len(parts) not in (4, 5, 6) or parts[:3] != [DATABASE, "rest", "model"]:
            not_there()
        model, rest = parts[3], parts[4:]
        if model in self.missing:
            raise UnknownName(model)
        self.database.table(model)
        reading = len(rest) == 1 and f"/{rest[0]}" in READS
        if method == "POST" and len(rest) == 1 and not reading:
            forbidden()
        if headers.get("authorization") != f"bearer {KEY}":
            raise Refusal(401, page("401 Unauthorized", "The server could not verify that you are authorized."), HTML)
        if model in self.forbidden:
            forbidden()
        try:
            given = _python(msgspec.json.decode(body or b"{}"))
        except (msgspec.MsgspecError, KeyError):
            raise Refusal(400, page("400 Bad Request", "Unable to read JSON request"), HTML) from None
        context = _context(headers.get("x-tryton-context", ""))
        if method == "POST" and reading:
            return self._asked(model, rest[0], given, context)
        if model in self.unwritable:
            user_error(f'You are not allowed to access "{model}".')
        return await self._told(method, model, rest, given, context, fields)

    async def _told(
        self, method: str, model: str, rest: list[str], given: Record, context: Record, fields: list[str]
    ) -> Record | None:
        """Do what is to be done; gives the record after it."""
        number = int(rest[0]) if rest and rest[0].isdigit() else None
        match method, len(rest):
            case "POST", 0:
                row = self.writing.create(model, given)
            case "PUT", 1 if number is not None:
                row = self.writing.change(model, number, given)
            case "DELETE", 1 if number is not None:
                self.writing.delete(model, number)
                return None
            case "POST", 2 if number is not None:
                skip = bool(context.get("_skip_warnings"))
                row = await self.writing.press(model, number, rest[1], skip_warnings=skip)
            case _:
                raise Refusal(405, page("405 Method Not Allowed", "The method is not allowed."), HTML)
        return {"__name__": model, **self.database.read(model, row, [name for name in fields if "." not in name])}

    def _asked(self, model: str, action: str, question: Record, context: Record) -> Any:
        domain = question.get("domain", [])
        for name in sorted(_heads(domain)):
            if (model, name) in UNSEARCHABLE:
                raise UnknownName(f"{name} cannot be searched")
        if action == "search_count":
            return len(self.database.search(model, domain, None, 0, None))
        limits = question.get("offset") or 0, question.get("limit")
        rows = self.database.search(model, domain, question.get("order"), *limits)
        fields = question.get("fields_names") or ["id"]
        self._check_names(model, fields)
        found = [self.database.read(model, row, fields) for row in rows]
        if model == "party.party" and context.get("company") != COMPANY:
            found = [{**row, "credit_limit_amount": None} if "credit_limit_amount" in row else row for row in found]
        return found

    def _check_names(self, model: str, fields: list[str]) -> None:
        for field in fields:
            head = field.partition(".")[0]
            if head not in self.database.table(model).fields or f"{model}.{head}" in self.missing:
                raise UnknownName(head)


def _context(header: str) -> Record:
    if not header:
        return {}
    context: Record = msgspec.json.decode(base64.urlsafe_b64decode(header))
    return context


def _heads(domain: Any) -> set[str]:
    """The fields that a domain begins its paths with."""
    if not isinstance(domain, list) or not domain:
        return set()
    if isinstance(domain[0], str) and domain[0] not in ("OR", "AND"):
        return {domain[0].partition(".")[0]}
    return set().union(*(_heads(part) for part in domain))


def _python(value: Any) -> Any:
    """Decoded JSON with Tryton's own values as Python's."""
    if isinstance(value, list):
        return [_python(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.get("__class__") == "Decimal":
        return Decimal(value["decimal"])
    if value.get("__class__") == "date":
        return date(value["year"], value["month"], value["day"])
    if value.get("__class__") == "datetime":
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(**{name: value[name] for name in names}, tzinfo=UTC)
    return {key: _python(inner) for key, inner in value.items()}


def _tryton(value: Any) -> Any:
    """Python's values as Tryton writes them in JSON."""
    if isinstance(value, dict):
        return {key: _tryton(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_tryton(inner) for inner in value]
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime", **{name: getattr(moment, name) for name in names}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    return value
