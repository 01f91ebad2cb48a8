"""The crosswalk as the floors above use it: observe what sources say, ask whose a record is, find customers."""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.actor import RowLimit
from sources.canonical.customer import Customer, CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.crosswalk import changes, disputes, erasure, intake, reading, registration, rulings, watermarks
from sources.crosswalk.linker import Linker, Policy
from sources.crosswalk.memory import Memory
from sources.crosswalk.neighbourhood import Neighbourhood
from sources.crosswalk.rows import Row, encode
from sources.crosswalk.rules import CrosswalkSettings
from sources.crosswalk.search import search
from sources.crosswalk.survivorship import Order
from sources.crosswalk.words import (
    ChangeFreshness,
    Conflict,
    Conflicts,
    CustomerHits,
    CustomerQuery,
    Decision,
    Link,
    LookupKey,
    Observed,
    UnknownRecord,
)
from sources.crosswalk.writer import Writer
from sources.database import Database, to_the_end
from sources.prepared import Rows

CHUNK = 500  # records in one transaction: some tenths of a second, so that other writers wait no longer


class Crosswalk:
    """Which records in the sources are the same customer. `register_systems` comes first."""

    def __init__(self, database: Database, settings: CrosswalkSettings | None = None) -> None:
        self.database = database
        self.settings = settings or CrosswalkSettings()
        self.systems: dict[str, Origin] = {}
        self._policy = Policy((), self.settings.confidences(), self.settings.link_confidence)
        self._order = Order()
        self._rules_digest = b""
        self._memory = Memory()

    @to_the_end
    async def register_systems(self, systems: Sequence[tuple[str, str, str, int]]) -> dict[str, Origin]:
        """Give each (name, kind, base_url, mapping_version) its uid, once and for all; by name.

        A system is found again by its name, else by kind and base_url: a section may be renamed or moved.
        """
        async with self._writing() as connection:
            origins = await registration.register(connection, systems)
            self.systems = await registration.all_systems(connection)
        self._memory.forget_all()  # what is kept holds the names of systems
        self._configure({name: origin.uid for name, origin in origins.items()})
        return origins

    def _configure(self, uids: Mapping[str, str]) -> None:
        def known(names: Iterable[str]) -> tuple[str, ...]:
            return tuple(uids[name] for name in names if name in uids)

        settings = self.settings
        self._policy = Policy(known(settings.masters), settings.confidences(), settings.link_confidence)
        orders = {field: known(names) for field, names in settings.orders.items()}
        self._order = Order(known(settings.masters), orders)
        rules = (known(settings.masters), sorted(orders.items()), sorted(settings.confidences().items()))
        told = (*rules, settings.link_confidence, settings.phone_region)
        self._rules_digest = hashlib.blake2b(encode(told), digest_size=16).digest()

    # ------------------------------------------------------------------------------------------------ reading

    async def customers(self, uids: Sequence[str]) -> Mapping[str, Customer | None]:
        """The customers of these uids, identities and survivorship filled; a merged one is its survivor."""
        found = await self._entries(uids)
        return {uid: found[uid].customer if uid in found else None for uid in uids}

    async def refs(self, uids: Sequence[str]) -> Mapping[str, tuple[Link, ...]]:
        """The records that are linked to these customers."""
        found = await self._entries(uids)
        return {uid: found[uid].links if uid in found else () for uid in uids}

    async def owners(self, refs: Sequence[tuple[str, CustomerRef]]) -> Mapping[tuple[str, CustomerRef], str | None]:
        """(source uid, record) -> the customer's uid, None where it is nobody's or not known."""
        return await self.database.ask(lambda rows: reading.owners(rows, refs), len(refs))

    async def named(self, system: str, record_id: str) -> Mapping[CustomerRef, str | None]:
        """The records that a source has under an id, of any type -> the customer's uid, None where it is nobody's."""
        async with self.database.reading() as connection:
            return await reading.named(connection, system, record_id)

    async def find(self, key: LookupKey) -> tuple[str, ...]:
        """All customers that a key means. The caller decides whether its viewer may ask by this kind of key."""
        return await self.database.ask(lambda rows: reading.find(rows, [key], self.settings.phone_region))

    async def of_numbers(self, numbers: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The customers of each number, as `find` gives them for one."""
        return await self.database.ask(lambda rows: reading.of_numbers(rows, numbers), len(numbers))

    async def search(self, query: CustomerQuery) -> CustomerHits:
        """A page of the customers that fit; raises BadPosition."""
        async with self.database.reading() as connection:
            return await search(connection, self.database.dialect, query, self.settings.phone_region)

    async def children(self, uid: str, rows: RowLimit, first: int, after: str | None = None) -> CustomerHits:
        """A page of the customers whose parent this is, newest first."""
        return await self.search(CustomerQuery(parent_uid=uid, rows=rows, first=first, after=after))

    async def conflicts(self, first: int, after: str | None = None) -> Conflicts:
        """A page of the open conflicts, newest first."""
        async with self.database.reading() as connection:
            return await disputes.page(connection, self.systems, first, after)

    async def conflict(self, uid: str) -> Conflict | None:
        """A conflict, open or resolved; None where there is none of this uid."""
        async with self.database.reading() as connection:
            return await disputes.one(connection, self.systems, uid)

    async def history(self, system: str, ref: CustomerRef) -> tuple[Decision, ...]:
        """Who linked, moved, unlinked a record, when and why; the oldest first."""
        async with self.database.reading() as connection:
            return await rulings.history(connection, system, ref)

    async def freshness(self, system: str) -> ChangeFreshness:
        """How far a source's changes are known."""
        async with self.database.reading() as connection:
            return await watermarks.freshness(connection, system)

    async def watermark(self, system: str) -> str | None:
        """Up to where a source's changes were read; None before the first time."""
        return (await self.freshness(system)).watermark

    async def _entries(self, uids: Sequence[str]) -> dict[str, reading.Entry]:
        """Out of memory what did not change since it was read, the rest out of the database."""
        wanted = dict.fromkeys(uids)
        known, kept = self._memory.revision, self._memory.of(wanted)

        def read(rows: Rows) -> tuple[changes.Changes, dict[str, reading.Entry]]:
            told = changes.since(rows, known)
            missing = [uid for uid in wanted if uid not in kept or told.touch(uid)]
            return told, reading.entries(rows, missing, self.systems) if missing else {}

        told, loaded = await self.database.ask(read, len(wanted) - len(kept))
        self._memory.take_in(told, loaded)
        return {uid: entry for uid, entry in kept.items() if not told.touch(uid)} | loaded

    def forget(self, uids: Iterable[str]) -> None:
        """Read these customers anew."""
        self._memory.forget(uids)

    # ------------------------------------------------------------------------------------------------ writing

    @to_the_end
    async def observe(self, origin: Origin, records: Sequence[CustomerRecord]) -> Observed:
        """Take in what a source says about its customers, link it, and make the golden records anew.

        Idempotent; the order of the records does not matter. The last of several of one ref counts.
        """
        latest = {record.ref: record for record in map(intake.storable, records)}
        todo = list(latest.values())
        changed: set[str] = set()
        merged: dict[str, str] = {}
        for start in range(0, len(todo), CHUNK):
            async with self._writing() as connection:
                hood = Neighbourhood(connection)
                batch = todo[start : start + CHUNK]
                rows = await intake.take_in(hood, origin.uid, batch, self.settings.phone_region, self._rules_digest)
                observed = await self._write(hood, rows) if rows else Observed(frozenset())
            changed |= observed.changed
            merged |= observed.merged
        return Observed(frozenset(changed), merged)

    async def gone(self, origin: Origin, refs: Sequence[CustomerRef]) -> Observed:
        """Take in that a source has these records no longer; unknown ones do not matter."""
        async with self.database.reading() as connection:
            hood = Neighbourhood(connection)
            await hood.load_batch(origin.uid, [ref.id for ref in refs])
            known = [row.record for ref in refs if (row := hood.by_ref.get((origin.uid, ref)))]
        return await self.observe(origin, [msgspec.structs.replace(record, deleted=True) for record in known])

    @to_the_end
    async def link(
        self, system: str, ref: CustomerRef, customer: str, decided_by: str, evidence: Sequence[str] = ()
    ) -> Observed:
        """A steward says that a record is this customer's. Outlives every re-run.

        Raises UnknownRecord or UnknownCustomer.
        """
        async with self._writing() as connection:
            hood, row = await self._ruled(connection, system, ref)
            await rulings.link(hood, row, customer, decided_by, tuple(evidence))
            return await self._relink(hood, row, decided_by, tuple(evidence))

    @to_the_end
    async def unlink(
        self, system: str, ref: CustomerRef, customer: str, decided_by: str, evidence: Sequence[str] = ()
    ) -> Observed:
        """A steward says that a record is not this customer's. Outlives every re-run.

        Raises UnknownRecord or UnknownCustomer.
        """
        async with self._writing() as connection:
            hood, row = await self._ruled(connection, system, ref)
            await rulings.unlink(hood, row, customer, decided_by, tuple(evidence))
            return await self._relink(hood, row, decided_by, tuple(evidence))

    @to_the_end
    async def resolve(
        self, conflict: str, customer: str | None, decided_by: str, evidence: Sequence[str] = ()
    ) -> Observed:
        """A steward ends a conflict: the record is this customer's, or with None none of the candidates'.

        Raises UnknownConflict or UnknownCustomer.
        """
        async with self._writing() as connection:
            system, ref, candidates = await disputes.contested(connection, conflict)
            hood, row = await self._ruled(connection, system, ref)
            if customer is not None:
                await rulings.link(hood, row, customer, decided_by, tuple(evidence))
            else:
                for candidate in candidates:
                    await rulings.unlink(hood, row, candidate, decided_by, tuple(evidence))
            return await self._relink(hood, row, decided_by, tuple(evidence))

    @to_the_end
    async def erase(self, uid: str, decided_by: str) -> tuple[Link, ...]:
        """Erase what is kept of a customer beside its keys and links; gives the links. Raises UnknownCustomer."""
        links = (await self.refs([uid]))[uid]
        async with self._writing() as connection:
            hood = Neighbourhood(connection)
            await erasure.stripped(hood, uid)
            linker = Linker(hood, self._policy)
            writer = Writer(self.database.dialect, connection, linker, self._order, self.settings.phone_region)
            await writer.write(decided_by)
            await changes.tell(connection, [uid])  # which has no record, perhaps, for the writer to look at
        return links

    async def former(self, uid: str) -> tuple[str, ...]:
        """The uids of customers that were merged into this one."""
        async with self.database.reading() as connection:
            return await erasure.former(connection, uid)

    async def held(self, uid: str) -> dict[str, Any]:
        """Everything that is kept of a customer, as JSON."""
        async with self.database.reading() as connection:
            return await erasure.held(connection, uid)

    @to_the_end
    async def set_watermark(
        self, system: str, watermark: str, polled_at: datetime | None = None, last_change_at: datetime | None = None
    ) -> None:
        """Keep up to where a source's changes were read; `polled_at` where that was to their end."""
        async with self.database.transaction() as connection:
            await watermarks.store(connection, system, watermark, polled_at, last_change_at)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of which there is one at a time: linking looks around before it writes."""
        async with self.database.transaction() as connection:
            if not self.database.is_sqlite:
                await connection.execute(select(func.pg_advisory_xact_lock(360, 2)))
            yield connection

    async def _ruled(self, connection: AsyncConnection, system: str, ref: CustomerRef) -> tuple[Neighbourhood, Row]:
        hood = Neighbourhood(connection)
        await hood.load_batch(system, [ref.id])
        row = hood.by_ref.get((system, ref))
        if row is None or row.deleted:
            raise UnknownRecord(f"{ref.type} {ref.id} was never observed, or is deleted")
        return hood, row

    async def _relink(self, hood: Neighbourhood, row: Row, actor: str, reason: tuple[str, ...]) -> Observed:
        await hood.load_keys([row])
        return await self._write(hood, [row], actor, reason)

    async def _write(
        self, hood: Neighbourhood, rows: Sequence[Row], actor: str | None = None, reason: tuple[str, ...] = ()
    ) -> Observed:
        linker = Linker(hood, self._policy)
        await linker.link(rows)
        region = self.settings.phone_region
        return await Writer(self.database.dialect, hood.connection, linker, self._order, region).write(actor, reason)
