"""What of the crosswalk a pass of the linker needs: loaded in a few queries, however many records are in the batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import MatchMethod
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.among import among
from sources.crosswalk.rows import UNLINKED, CustomerRow, LinkState, Row, Ruling, decode_names
from sources.crosswalk.tables import conflict_candidates, conflicts, customers, match_keys, records, rulings

COMMON_KEY = 50  # a key that more records than this carry identifies nobody: a switchboard, a shopping mall


FLOATING = and_(
    records.c.number_key.is_(None),
    ~records.c.deleted,
    or_(records.c.method.is_(None), records.c.method != MatchMethod.STEWARD.value),
)
BATCH = select(records).where(records.c.system_uid == bindparam("system"), among(records.c.record_id, "ids"))
BY_ID = select(records).where(among(records.c.id, "ids"))
MEMBERS = select(records).where(among(records.c.customer_uid, "uids"))
KEYS_OF = select(match_keys.c.record_id, match_keys.c.key).where(among(match_keys.c.record_id, "ids"))
COMMON = (
    select(match_keys.c.key)
    .where(among(match_keys.c.key, "keys"))
    .group_by(match_keys.c.key)
    .having(func.count() > COMMON_KEY)
)
CARRIERS = (
    select(match_keys.c.key, records)
    .join(records, records.c.id == match_keys.c.record_id)
    .where(among(match_keys.c.key, "keys"))
)
FLOATING_CARRIERS = CARRIERS.where(FLOATING)
_into = customers.alias("into")
RULINGS = (
    select(
        rulings.c.record_id,
        rulings.c.linked,
        func.coalesce(_into.c.merged_into, _into.c.uid),
        rulings.c.decided_by,
        rulings.c.evidence,
    )
    .join(_into, _into.c.uid == rulings.c.customer_uid)
    .where(among(rulings.c.record_id, "ids"))
)
_CUSTOMER = (
    customers.c.uid,
    customers.c.number_key,
    customers.c.merged_into,
    customers.c.live,
    customers.c.parent_uid,
    customers.c.golden,
)
CUSTOMERS = select(*_CUSTOMER).where(among(customers.c.uid, "uids"))
NUMBERED = select(*_CUSTOMER).where(among(customers.c.number_key, "numbers"), customers.c.merged_into.is_(None))
OPEN_CONFLICTS = select(conflicts.c.record_id, conflicts.c.uid, conflicts.c.state).where(
    among(conflicts.c.record_id, "ids")
)
CONTESTED = (
    select(conflicts.c.record_id)
    .join(conflict_candidates, conflict_candidates.c.conflict_uid == conflicts.c.uid)
    .where(conflicts.c.state == "open", among(conflict_candidates.c.customer_uid, "uids"))
)
CANDIDATES = (
    select(conflict_candidates.c.customer_uid)
    .join(conflicts, conflicts.c.uid == conflict_candidates.c.conflict_uid)
    .where(conflicts.c.state == "open", among(conflicts.c.record_id, "ids"))
)
CHILDREN = select(records.c.customer_uid, records.c.parent_type, records.c.parent_id).where(
    records.c.system_uid == bindparam("system"),
    among(records.c.parent_id, "ids"),
    records.c.customer_uid.is_not(None),
)
LAST_ID = select(func.coalesce(func.max(records.c.id), 0))


class Neighbourhood:
    """Records, keys, customers and rulings around a batch. What was changed here is not loaded over."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.rows: dict[int, Row] = {}
        self.by_ref: dict[tuple[str, CustomerRef], Row] = {}
        self.by_key: dict[str, set[int]] = {}
        self._members: defaultdict[str, set[int]] = defaultdict(set)
        self.customers: dict[str, CustomerRow] = {}
        self.by_number: dict[str, str] = {}
        self.rulings: dict[int, Ruling] = {}
        self.conflicts: dict[int, tuple[str, str]] = {}  # record -> (uid, state)
        self._common: set[str] = set()
        self._counted: set[str] = set()
        self._ruled: set[int] = set()
        self._with_members: set[str] = set()
        self._last_id: int | None = None

    async def next_id(self) -> int:
        """The id of a new record; the lock of the transaction keeps others from taking the same."""
        if self._last_id is None:
            self._last_id = int((await self.connection.execute(LAST_ID)).scalar_one())
        self._last_id += 1
        return self._last_id

    def add(self, row: Row) -> None:
        """A record that the database has not, yet."""
        self.rows[row.id] = row
        self.by_ref[row.system, row.ref] = row

    def index(self, row: Row, keys: frozenset[str]) -> None:
        """Give a record its keys; those that it had before are forgotten."""
        for key in row.keys or ():
            self.by_key.get(key, set()).discard(row.id)
        row.keys = keys
        for key in keys:
            self.by_key.setdefault(key, set()).add(row.id)

    def move(self, row: Row, link: LinkState) -> None:
        """Give a record to a customer, or to nobody."""
        if row.link.customer is not None:
            self._members[row.link.customer].discard(row.id)
        row.link = link
        if link.customer is not None:
            self._members[link.customer].add(row.id)

    def members(self, uid: str) -> list[Row]:
        """The records of a customer that was loaded."""
        return [self.rows[member] for member in self._members[uid]]

    def carriers(self, key: str) -> Iterable[Row]:
        """The records that carry a key; none where it is common."""
        found = self.by_key.get(key, set())
        return () if key in self._common or len(found) > COMMON_KEY else (self.rows[i] for i in found)

    async def load_batch(self, system: str, ids: Sequence[str]) -> None:
        await self._take(BATCH, {"system": system, "ids": list(ids)})

    async def load_ids(self, ids: Iterable[int]) -> list[Row]:
        wanted = list(ids)
        if missing := [i for i in wanted if i not in self.rows]:
            await self._take(BY_ID, {"ids": missing})
        return [self.rows[i] for i in wanted]

    async def load_keys(self, rows: Iterable[Row]) -> None:
        """The keys of records as the database has them, of those whose keys are not known."""
        missing = {row.id: row for row in rows if row.keys is None}
        if not missing:
            return
        found: dict[int, set[str]] = {i: set() for i in missing}
        for record_id, key in await self.connection.execute(KEYS_OF, {"ids": list(missing)}):
            found[record_id].add(key)
        for record_id, keys in found.items():
            missing[record_id].keys_before = frozenset(keys)
            self.index(missing[record_id], frozenset(keys))

    async def load_carriers(self, keys: Iterable[str], floating_only: bool = False) -> list[Row]:
        """The records that share a key, without common keys; linked or floating, or only those that float."""
        wanted = set(keys)
        if uncounted := wanted - self._counted:
            self._counted |= uncounted
            self._common |= set((await self.connection.execute(COMMON, {"keys": list(uncounted)})).scalars())
        if not (wanted := wanted - self._common):
            return []
        found: dict[int, Row] = {}
        query = FLOATING_CARRIERS if floating_only else CARRIERS
        for key, *columns in await self.connection.execute(query, {"keys": list(wanted)}):
            row = self._row(columns)
            if row.keys is None or key in row.keys:  # one that was changed here has other keys by now
                self.by_key.setdefault(key, set()).add(row.id)
                found[row.id] = row
        return list(found.values())

    async def load_rulings(self, ids: Iterable[int]) -> None:
        if not (missing := [i for i in ids if i not in self._ruled]):
            return
        self._ruled.update(missing)
        for record_id, linked, uid, by, evidence in await self.connection.execute(RULINGS, {"ids": missing}):
            ruling = self.rulings.setdefault(record_id, Ruling())
            if linked:
                ruling.pinned = LinkState(uid, MatchMethod.STEWARD, 1.0, decode_names(evidence), by)
            else:
                ruling.vetoes.add(uid)

    async def load_numbers(self, numbers: Iterable[str]) -> None:
        if wanted := list(set(numbers)):
            for row in await self.connection.execute(NUMBERED, {"numbers": wanted}):
                self._customer(tuple(row))

    async def load_customers(self, uids: Iterable[str | None]) -> None:
        """Customers with all their records; for a merged one, the survivor too."""
        wanted = {uid for uid in uids if uid is not None}
        if missing := wanted - set(self.customers):
            for row in await self.connection.execute(CUSTOMERS, {"uids": list(missing)}):
                self._customer(tuple(row))
        survivors = {self.survivor(uid) for uid in wanted if uid in self.customers}
        if beyond := survivors - set(self.customers):
            for row in await self.connection.execute(CUSTOMERS, {"uids": list(beyond)}):
                self._customer(tuple(row))
        wanted = {u for u in wanted | survivors if u in self.customers and not self.customers[u].new}
        if unseen := wanted - self._with_members:
            self._with_members |= unseen
            await self._take(MEMBERS, {"uids": list(unseen)})

    def survivor(self, uid: str) -> str:
        """The customer that a uid means now."""
        while uid in self.customers and (into := self.customers[uid].merged_into) is not None:
            uid = into
        return uid

    async def load_conflicts(self, ids: Iterable[int]) -> None:
        """The conflicts of records, open or not."""
        if wanted := [i for i in ids if i not in self.conflicts]:
            for record_id, uid, state in await self.connection.execute(OPEN_CONFLICTS, {"ids": wanted}):
                self.conflicts[record_id] = (uid, state)

    async def contested(self, uids: Iterable[str]) -> list[Row]:
        """The records in open conflict over customers."""
        if not (wanted := list(uids)):
            return []
        return await self.load_ids(set((await self.connection.execute(CONTESTED, {"uids": wanted})).scalars()))

    async def contenders(self, ids: Iterable[int]) -> set[str]:
        """The customers over which records are in open conflict."""
        if not (wanted := list(ids)):
            return set()
        return set((await self.connection.execute(CANDIDATES, {"ids": wanted})).scalars())

    async def children(self, parents: Sequence[Row]) -> set[str]:
        """The customers of the records that name one of these as their parent."""
        found: set[str] = set()
        refs = {(row.system, row.ref) for row in parents}
        for system in {row.system for row in parents}:
            ids = [row.ref.id for row in parents if row.system == system]
            for uid, *ref in await self.connection.execute(CHILDREN, {"system": system, "ids": ids}):
                if (system, CustomerRef(*ref)) in refs:
                    found.add(uid)
        return found

    async def load_refs(self, refs: Iterable[tuple[str, CustomerRef]]) -> None:
        """Records by their ids at their sources."""
        missing = [(system, ref) for system, ref in refs if (system, ref) not in self.by_ref]
        for system in {system for system, _ in missing}:
            await self.load_batch(system, [ref.id for s, ref in missing if s == system])

    async def _take(self, query: Any, parameters: dict[str, Any]) -> None:
        for columns in await self.connection.execute(query, parameters):
            self._row(columns)

    def _row(self, columns: Sequence[Any]) -> Row:
        known = self.rows.get(columns[0])
        if known is not None:
            return known
        row = row_of(columns)
        self.add(row)
        if row.link.customer is not None:
            self._members[row.link.customer].add(row.id)
        return row

    def _customer(self, columns: Sequence[Any]) -> None:
        if columns[0] in self.customers:
            return
        customer = CustomerRow(*columns)
        self.customers[customer.uid] = customer
        if customer.number_key is not None and customer.merged_into is None:
            self.by_number.setdefault(customer.number_key, customer.uid)


def row_of(columns: Sequence[Any]) -> Row:
    """A row of `records` as the linker holds it."""
    # fmt: off
    (ident, system, record_type, record_id, number_key, parent_type, parent_id, snapshot, digest, deleted,
     observed_at, own_uid, customer, method, confidence, evidence, decided_by, decided_at, url) = columns
    # fmt: on
    link = UNLINKED
    if customer is not None:
        link = LinkState(customer, MatchMethod(method), confidence, decode_names(evidence), decided_by)
    return Row(
        id=ident,
        system=system,
        ref=CustomerRef(record_type, record_id),
        number_key=number_key,
        parent=None if parent_id is None else CustomerRef(parent_type, parent_id),
        snapshot=snapshot,
        digest=digest,
        deleted=deleted,
        observed_at=observed_at,
        own_uid=own_uid,
        link=link,
        decided_at=decided_at,
        url=url,
        before=link,
        number_before=number_key,
        own_before=own_uid,
    )
