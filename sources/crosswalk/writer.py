"""Writes back what a pass of the linker found, and makes the golden records anew that it touched."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BindParameter, bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.customer import CustomerRecord
from sources.crosswalk import changes, normal
from sources.crosswalk.among import among
from sources.crosswalk.keys import keys_of
from sources.crosswalk.linker import Linker
from sources.crosswalk.matching import Ambiguous, Doubtful
from sources.crosswalk.merging import write_merges
from sources.crosswalk.rows import UNLINKED, CustomerRow, Row, encode, new_uid
from sources.crosswalk.search_index import reindex, terms
from sources.crosswalk.survivorship import Golden, Order, Said, golden
from sources.crosswalk.tables import conflict_candidates, conflicts, customers, decisions, match_keys, records
from sources.crosswalk.words import Observed

_ID: BindParameter[Any] = bindparam("row")
LINK = update(records).where(records.c.id == _ID)
CUSTOMER = update(customers).where(customers.c.uid == _ID)
DROP_KEYS = delete(match_keys).where(among(match_keys.c.record_id, "ids"))
# In the driver's own words: there are many keys to a record, and what SQLAlchemy does for each is most of their cost.
ADD_KEY = {
    "sqlite": 'INSERT INTO match_keys("key", record_id) VALUES (?, ?)',
    "postgresql": "INSERT INTO match_keys(key, record_id) VALUES ($1, $2)",
}
DROP_CANDIDATES = delete(conflict_candidates).where(conflict_candidates.c.conflict_uid == _ID)
CONFLICT = update(conflicts).where(conflicts.c.uid == _ID)


def names_json(names: Iterable[str]) -> str:
    return encode(tuple(names)).decode()


class Fresh(msgspec.Struct, frozen=True):
    """A golden record that was made anew, and the columns that go with it."""

    customer: CustomerRow
    golden: Golden
    rows: list[Row]


class Writer:
    """The end of a pass. `actor` is the steward who caused it, None for the linker."""

    def __init__(
        self, dialect: str, connection: AsyncConnection, linker: Linker, order: Order, region: str | None
    ) -> None:
        self.dialect = dialect
        self.connection = connection
        self.linker = linker
        self.hood = linker.hood
        self.order = order
        self.region = region
        self.now = datetime.now(UTC)

    async def write(self, actor: str | None = None, reason: tuple[str, ...] = ()) -> Observed:
        """Everything that the pass changed. `reason` is the steward's."""
        hood = self.hood
        moved = [row for row in hood.rows.values() if row.link != row.before]
        self._drop_unused()
        touched = await self._touched(moved)
        fresh = [made for uid in sorted(touched) if (made := self._golden(hood.customers[uid]))]
        await self._insert_customers(fresh)
        await self._write_records(moved)
        await self._write_keys()
        changed = await self._update_customers(fresh, touched)
        merged = {uid: hood.survivor(uid) for uid in self.linker.merged}
        adopted = await write_merges(self.connection, merged)
        await self._write_conflicts(actor)
        await self._write_decisions(moved, actor, reason)
        changed |= {uid for row in moved for uid in (row.before.customer, row.link.customer) if uid}
        changed |= set(merged)
        reworded = {row.link.customer for row in hood.rows.values() if row.changed and row.link.customer}
        await changes.tell(self.connection, {*changed, *merged.values(), *adopted, *reworded})
        return Observed(frozenset(changed), merged)

    def _drop_unused(self) -> None:
        """Forget customers that were founded on the way and stand empty at the end."""
        empty = {c.uid for c in self.hood.customers.values() if c.new and not self.hood.members(c.uid)}
        for uid in empty:
            del self.hood.customers[uid]
        for row in self.hood.rows.values():
            if row.own_uid in empty:
                row.own_uid = row.own_before

    async def _touched(self, moved: list[Row]) -> set[str]:
        """The customers whose golden record may be another: of what moved or changed, and of its children."""
        hood = self.hood
        shifted = [row for row in moved if row.link.customer != row.before.customer]
        uids = {uid for row in shifted for uid in (row.before.customer, row.link.customer) if uid}
        uids |= {row.link.customer for row in hood.rows.values() if row.changed and row.link.customer}
        uids |= await hood.children(shifted) if shifted else set()
        await hood.load_customers(uids)
        uids = {uid for uid in uids if uid in hood.customers and hood.customers[uid].merged_into is None}
        members = [row for uid in uids for row in hood.members(uid)]
        await hood.load_refs((row.system, row.parent) for row in members if row.parent is not None)
        return uids

    def _golden(self, customer: CustomerRow) -> Fresh | None:
        """The golden record of a customer; None where no record stands for it any more: it keeps its last one."""
        rows = self.hood.members(customer.uid)
        said = [Said(row.system, row.record) for row in rows]
        return Fresh(customer, golden(said, self.order, self.region), rows) if said else None

    def _with_keys(self, row: Row) -> tuple[CustomerRecord, frozenset[str]]:
        return row.record, keys_of(row.record, self.region) if row.keys is None else row.keys

    def _parent(self, made: Fresh) -> str | None:
        """The customer of the first record that a parent's record names, in the order of trust."""
        uid = made.customer.uid
        places = {system: place for place, system in enumerate(self.order.of("parent"))}
        named = [row for row in self.hood.members(uid) if row.parent is not None]
        for row in sorted(named, key=lambda row: (places.get(row.system, len(places)), row.system, row.ref)):
            parent = self.hood.by_ref.get((row.system, row.parent)) if row.parent else None
            if parent is not None and parent.link.customer not in (None, uid):
                return parent.link.customer
        return None

    def _columns(self, made: Fresh) -> dict[str, Any]:
        known = made.golden
        columns = {
            "number": known.number,
            "number_key": made.customer.number_key,
            "live": True,
            "display_name": known.display_name,
            "sort_name": " ".join(normal.words(known.display_name)),
            "tier": known.tier,
            "owner": known.owner,
            "golden": encode(known),
            "updated_at": self.now,
        }
        if known.created_at is not None or made.customer.new:
            columns["since"] = known.created_at or self.now
        return columns

    async def _insert_customers(self, fresh: list[Fresh]) -> None:
        new = [
            {"id": made.customer.id, "uid": made.customer.uid, **self._columns(made)}
            for made in fresh
            if made.customer.new
        ]
        if new:
            await self.connection.execute(insert(customers), new)

    async def _update_customers(self, fresh: list[Fresh], touched: set[str]) -> set[str]:
        """Write golden records, parents and search entries; gives the customers that are other than before."""
        changed: list[dict[str, Any]] = []
        entries: dict[int, dict[str, list[str]]] = {}
        for made in fresh:
            customer = made.customer
            columns = {**self._columns(made), "parent_uid": self._parent(made)}
            stored = customer.golden if not customer.new else columns["golden"]
            if (stored, customer.parent_uid) != (columns["golden"], columns["parent_uid"]) or (
                not customer.new and not customer.live
            ):
                changed.append({"row": customer.uid, **columns})
            entries[customer.id] = terms(made.golden.number, map(self._with_keys, made.rows))
        # Rows of one statement have the same columns: those that say since when, and those that do not.
        for dated in (True, False):
            if rows := [row for row in changed if ("since" in row) is dated]:
                await self.connection.execute(CUSTOMER, rows)
        ended = touched - {made.customer.uid for made in fresh}
        ended |= {c.uid for c in self.hood.customers.values() if c.merged_into and c.live}
        if ended:
            dead = [{"row": uid, "live": False, "updated_at": self.now} for uid in ended]
            await self.connection.execute(CUSTOMER, dead)
        await reindex(self.connection, self.dialect, (int(uid, 16) for uid in ended), entries)
        return {row["row"] for row in changed} | ended

    async def _write_records(self, moved: list[Row]) -> None:
        changing = {row.id: row for row in moved}
        changing |= {row.id: row for row in self.hood.rows.values() if row.changed or row.own_uid != row.own_before}
        new = [self._record(row) for row in changing.values() if row.new]
        old = [self._record(row) for row in changing.values() if not row.new]
        if new:
            await self.connection.execute(insert(records), new)
        if old:
            await self.connection.execute(LINK, [{"row": row.pop("id"), **row} for row in old])

    def _record(self, row: Row) -> dict[str, Any]:
        link = row.link
        if link.customer is None:
            row.decided_at = None
        elif link != row.before:
            row.decided_at = self.now
        return {
            "id": row.id,
            "system_uid": row.system,
            "record_type": row.ref.type,
            "record_id": row.ref.id,
            "number_key": row.number_key,
            "parent_type": row.parent.type if row.parent else None,
            "parent_id": row.parent.id if row.parent else None,
            "snapshot": row.snapshot,
            "digest": row.digest,
            "deleted": row.deleted,
            "observed_at": row.observed_at,
            "own_uid": row.own_uid,
            "customer_uid": link.customer,
            "method": link.method.value if link.method else None,
            "confidence": link.confidence,
            "evidence": names_json(link.evidence),
            "decided_by": link.decided_by,
            "decided_at": row.decided_at,
            "url": row.url,
        }

    async def _write_keys(self) -> None:
        rekeyed = [r for r in self.hood.rows.values() if r.changed and r.keys is not None and r.keys != r.keys_before]
        if old := [row.id for row in rekeyed if row.keys_before]:
            await self.connection.execute(DROP_KEYS, {"ids": old})
        if new := [(key, row.id) for row in rekeyed for key in sorted(row.keys or ())]:
            await self.connection.exec_driver_sql(ADD_KEY[self.dialect], new)

    async def _write_conflicts(self, actor: str | None) -> None:
        disputes = self.linker.disputes
        await self.hood.load_conflicts(disputes)
        open_now = {row: dispute for row, dispute in disputes.items() if dispute is not None}
        await self._open(open_now)
        over = [self.hood.conflicts[row] for row, d in disputes.items() if d is None and row in self.hood.conflicts]
        end = {"state": "resolved", "resolved_by": actor, "resolved_at": self.now}
        if done := [{"row": uid, **end} for uid, state in over if state == "open"]:
            await self.connection.execute(CONFLICT, done)

    async def _open(self, disputes: Mapping[int, Ambiguous | Doubtful]) -> None:
        candidates: list[dict[str, Any]] = []
        for row, dispute in disputes.items():
            uid, state = self.hood.conflicts.get(row, (new_uid(), "new"))
            evidence = names_json([*dict.fromkeys(r for c in dispute.candidates for r in c.rules), dispute.reason])
            values: dict[str, Any] = {"evidence": evidence}
            if state != "open":
                values |= {"state": "open", "detected_at": self.now, "resolved_by": None, "resolved_at": None}
            if state == "new":
                await self.connection.execute(insert(conflicts), {"uid": uid, "record_id": row, **values})
            else:
                await self.connection.execute(CONFLICT, {"row": uid, **values})
                await self.connection.execute(DROP_CANDIDATES, {"row": uid})
            candidates += [
                {"conflict_uid": uid, "customer_uid": c.customer_uid, "confidence": c.confidence}
                for c in dispute.candidates
                if c.customer_uid in self.hood.customers
            ]
        if candidates:
            await self.connection.execute(insert(conflict_candidates), candidates)

    async def _write_decisions(self, moved: list[Row], actor: str | None, reason: tuple[str, ...]) -> None:
        """History: what a steward did, and every link that was there before and is another now."""
        log = [
            {
                "at": self.now,
                "actor": actor,
                "action": "unlinked" if row.link == UNLINKED else "moved" if row.before.customer else "linked",
                "record_id": row.id,
                "from_customer": row.before.customer,
                "to_customer": row.link.customer,
                "method": row.link.method.value if row.link.method else None,
                "evidence": names_json([*row.link.evidence, *reason]),
            }
            for row in moved
            if actor is not None or (row.before.customer is not None and row.before.customer != row.link.customer)
        ]
        log += [
            {
                "at": self.now,
                "actor": actor,
                "action": "merged",
                "record_id": None,
                "from_customer": uid,
                "to_customer": into,
                "method": None,
                "evidence": "[]",
            }
            for uid, into in self.linker.merged.items()
        ]
        if log:
            await self.connection.execute(insert(decisions), log)
