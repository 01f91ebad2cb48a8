"""Parties: by id, by number, all of them; what they owe; how they are taxed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from sources.canonical.customer import CustomerRecord
from sources.canonical.erp import ErpAccount, TaxContext
from sources.canonical.provenance import CustomerRef
from sources.capabilities import Answer, CustomerBatch
from sources.faults import Malformed, NotOffered, SourceFault
from sources.tryton import shapes
from sources.tryton.batches import in_batches
from sources.tryton.client import BATCH, Client, NotAllowed, Rows, value_at
from sources.tryton.mapping import PARTY, Mapper, customer_record, erp_account, tax_context
from sources.tryton.settings import TrytonSettings
from sources.tryton.values import Domain, id_of

T = TypeVar("T", bound=shapes.Shape)
R = TypeVar("R")
Held: TypeAlias = dict[int, R | SourceFault | None]
"""What each party's id holds."""

PLACES = ("addresses.country.code", "addresses.subdivision.code", "addresses.subdivision.name", "addresses.invoice")
FIELDS = (
    *("code", "name", "active", "replaced_by", "create_date", "write_date"),
    *("addresses.party_name", "addresses.street", "addresses.city", "addresses.postal_code", "addresses.delivery"),
    *PLACES,
    *("identifiers.type", "identifiers.code", "contact_mechanisms.type", "contact_mechanisms.value"),
)
DEBTOR = (
    "code",
    "receivable",
    "receivable_today",
    "customer_payment_term.name",
    "identifiers.type",
    "identifiers.code",
)
CREDIT = ("credit_amount", "credit_limit_amount")  # of the module account_credit_limit
TAXED = ("identifiers.type", "identifiers.code", "customer_tax_rule.lines.tax", *PLACES)
EVERYBODY: Domain = ["active", "in", [True, False]]  # a search leaves out what is not active, unless it asks for it


class Parties:
    """Implements CustomerReads, LedgerReads.ledger_accounts and TaxReads."""

    def __init__(self, settings: TrytonSettings, client: Client, mapper: Mapper) -> None:
        self._client = client
        self._mapper = mapper
        self._told = {name: place for name, place in settings.fields.items() if name in ("tier", "owner", "industry")}
        self._hold = settings.fields.get("credit_hold")
        self._relations = ("relations.to", "relations.type.name") if mapper.parent_relation else ()

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, CustomerRecord | None]:
        """One call for 500 parties; archived and merged ones are marked deleted."""
        return await _by_ref(refs, self._known)

    async def _known(self, ids: list[int]) -> Held[CustomerRecord]:
        return _records(ids, await self._search([["id", "in", ids], EVERYBODY]), self._record)

    async def customers_by_number(self, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
        """One call for 500 numbers."""

        async def ask(wanted: list[str]) -> dict[str, tuple[CustomerRecord, ...] | SourceFault]:
            rows = await self._search([self._numbered(wanted)])
            found: dict[str, tuple[CustomerRecord, ...] | SourceFault] = dict.fromkeys(wanted, ())
            for record in self._records(rows):
                if record.number in found:
                    found[record.number] = (*found[record.number], record)  # type: ignore[misc]
            if rows.spoilt and len(wanted) == 1:
                raise Malformed("a party did not fit its shape")
            return found

        return await in_batches(numbers, BATCH, ask)

    async def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        """All parties but the company's own, in the order of their ids. A party that fits no shape is left out."""
        company = await self._client.company()
        everybody: Domain = [["id", "!=", company.party.id]]
        total = await self._client.count(PARTY, everybody)
        last = (id_of(resume) or 0) if resume else 0
        while True:
            rows = await self._search([*everybody, ["id", ">", last]], order=[("id", "ASC")], limit=BATCH)
            ids = [*(row.id for row in rows.records), *(row.id for row in rows.spoilt)]
            last = max(ids, default=last)
            over = len(ids) < BATCH
            yield CustomerBatch(tuple(self._records(rows)), None if over else str(last), total)
            if over:
                return

    async def ledger_accounts(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, ErpAccount | None]:
        """Two calls for 500 parties: what they owe, and whose dunning stops credit; one where a field tells that."""
        if not refs:
            return {}
        company = await self._client.company()
        return await _by_ref(refs, partial(self._debtors, company))

    async def _debtors(self, company: shapes.Company, ids: list[int]) -> Held[ErpAccount]:
        searched = self._client.search(
            PARTY,
            [["id", "in", ids], EVERYBODY],
            shapes.Account,
            DEBTOR,
            optional=CREDIT,
            extras=(self._hold,) if self._hold else (),
        )
        if self._hold:
            return _records(ids, await searched, partial(self._account, company, None))
        rows, dunned = await asyncio.gather(searched, self._dunned(ids))
        return _records(ids, rows, partial(self._account, company, dunned))

    def _account(
        self, company: shapes.Company, dunned: set[int] | None, rows: Rows[shapes.Account], row: shapes.Account
    ) -> ErpAccount:
        held = value_at(rows.extras[row.id], self._hold) if self._hold else None
        stopped = held if isinstance(held, bool) else None if dunned is None else row.id in dunned
        return erp_account(row, company, stopped, self._mapper, rows.fetched_at)

    async def tax_contexts(self, refs: Sequence[CustomerRef]) -> Answer[CustomerRef, TaxContext | None]:
        """One call for 500 parties."""
        if not refs:
            return {}
        company = await self._client.company()
        return await _by_ref(refs, partial(self._taxed, company))

    async def _taxed(self, company: shapes.Company, ids: list[int]) -> Held[TaxContext]:
        rows = await self._client.search(PARTY, [["id", "in", ids], EVERYBODY], shapes.TaxedParty, TAXED)
        return _records(ids, rows, lambda rows, row: tax_context(row, company, self._mapper, rows.fetched_at))

    async def _dunned(self, ids: list[int]) -> set[int] | None:
        """Those whose dunning stops credit; None where there is no dunning, or the key may not see it."""
        stopping: Domain = [["party", "in", ids], ["level.credit_limit", "=", True], ["blocked", "!=", True]]
        try:
            rows = await self._client.search("account.dunning", stopping, shapes.Dunning, ["party"])
        except (NotOffered, NotAllowed):
            return None
        return {row.party for row in rows.records}

    def _numbered(self, numbers: list[str]) -> Domain:
        kind = self._mapper.identifier_type
        if kind is None:
            return ["code", "in", numbers]
        return ["identifiers", "where", [["type", "=", kind], ["code", "in", numbers]]]

    async def _search(self, domain: Domain, **options: Any) -> Rows[shapes.Party]:
        return await self._client.search(
            PARTY,
            domain,
            shapes.Party,
            FIELDS,
            optional=self._relations,
            extras=tuple(self._told.values()),
            **options,
        )

    def _records(self, rows: Rows[shapes.Party]) -> Iterable[CustomerRecord]:
        return (self._record(rows, row) for row in rows.records)

    def _record(self, rows: Rows[shapes.Party], party: shapes.Party) -> CustomerRecord:
        beside = rows.extras.get(party.id, {})
        told = {name: value_at(beside, place) for name, place in self._told.items()}
        return customer_record(party, self._mapper, {k: None if v is None else str(v) for k, v in told.items()})


async def _by_ref(
    refs: Sequence[CustomerRef], ask: Callable[[list[int]], Awaitable[Held[R]]]
) -> dict[CustomerRef, R | SourceFault | None]:
    """What each reference holds, out of searches by id; None for a reference that is no party."""
    parties = {ref: number for ref in refs if ref.type == PARTY and (number := id_of(ref.id)) is not None}
    by_id = await in_batches(list(parties.values()), BATCH, ask)
    return {ref: by_id[parties[ref]] if ref in parties else None for ref in refs}


def _records(ids: list[int], rows: Rows[T], record: Callable[[Rows[T], T], R]) -> Held[R]:
    found: Held[R] = dict.fromkeys(ids)
    for row in rows.records:
        try:
            found[row.id] = record(rows, row)
        except Malformed as fault:
            found[row.id] = fault
    found.update([(row.id, Malformed("a party did not fit its shape")) for row in rows.spoilt])
    return found
