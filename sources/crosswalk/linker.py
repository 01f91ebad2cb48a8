"""Links records to customers: stewards first, then explicit keys, then rules. Nothing ambiguous is picked.

A record with a number is that number's customer. A record without one floats: rules weigh it against the records
that are surely a customer's; where nothing agrees, it founds a customer of its own. A founder that still floats
moves to another customer by the same rules, and what it founded is merged. Of two floating records that match each
other the one of the more trusted system founds, so that the order of arrival does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sources.canonical.customer import MatchMethod
from sources.crosswalk.keys import RULE_KINDS, kind_of, tax_keys
from sources.crosswalk.matching import (
    Ambiguous,
    Doubtful,
    Evidence,
    Linked,
    Standing,
    Verdict,
    judge,
    weigh,
)
from sources.crosswalk.neighbourhood import Neighbourhood
from sources.crosswalk.rows import UNLINKED, CustomerRow, LinkState, Row, Ruling, new_uid

ROUNDS = 3  # how far a change is followed: the records that share a key, their customers' others, and once more
SWEEPS = 4  # one settles all but rivals; the third finds nothing to change
BY_NUMBER = ("number",)
OWN_RECORD = ("own_record",)


class Policy:
    """What of the settings the linker needs, with systems as uids."""

    def __init__(self, masters: Sequence[str], confidences: Mapping[str, float], link_confidence: float) -> None:
        self.places = {system: place for place, system in enumerate(masters)}
        self.confidences = confidences
        self.link_confidence = link_confidence

    def is_master(self, row: Row) -> bool:
        return row.system in self.places

    def rank(self, row: Row) -> tuple[int, str, str, str]:
        """Who founds, of records that match each other: the lowest."""
        return (self.places.get(row.system, len(self.places)), row.system, row.ref.type, row.ref.id)


class Linker:
    """One pass over one neighbourhood. `disputes` says for each record that was judged whether it is in conflict;
    `merged` which customers became another one.
    """

    def __init__(self, hood: Neighbourhood, policy: Policy) -> None:
        self.hood = hood
        self.policy = policy
        self.disputes: dict[int, Ambiguous | Doubtful | None] = {}
        self.merged: dict[str, str] = {}
        self._blocked: set[tuple[int, str]] = set()

    async def link(self, changed: Sequence[Row]) -> None:
        """Find the customers of records that changed, and of all that this concerns."""
        hood = self.hood
        await hood.load_rulings(row.id for row in changed)
        await hood.load_numbers(row.number_key for row in changed if row.number_key)
        pinned = (ruling.pinned.customer for ruling in hood.rulings.values() if ruling.pinned)
        own = (uid for row in changed for uid in (row.link.customer, row.own_uid))
        await hood.load_customers([*own, *pinned, *hood.by_number.values()])
        for row in sorted(changed, key=self.policy.rank):
            self._place(row)
        floats = await self._affected(changed)
        self._settle(sorted(floats, key=self.policy.rank))
        await self._merge_empty()

    def _ruling(self, row: Row) -> Ruling:
        return self.hood.rulings.get(row.id, Ruling())

    def _floats(self, row: Row) -> bool:
        """True for a record that neither a steward nor a number places."""
        if row.deleted or self._ruling(row).pinned is not None:
            return False
        return row.number_key is None or self._target(row) is None

    def _target(self, row: Row) -> str | None:
        """The number's customer; "" where there is none yet; None where a steward said that it is another's."""
        uid = self.hood.by_number.get(row.number_key or "", "")
        return None if uid and uid in self._ruling(row).vetoes else uid

    def _place(self, row: Row) -> None:
        """Link by steward or number; let go of what is deleted. Leaves floating records where they are."""
        if row.deleted:
            self.hood.move(row, UNLINKED)
        elif (pinned := self._ruling(row).pinned) is not None:
            self.hood.move(row, pinned)
        elif not self._floats(row):
            uid = self._target(row) or self._number(row)
            self.hood.move(row, LinkState(uid, MatchMethod.EXPLICIT_KEY, 1.0, BY_NUMBER))
        if not self._floats(row):
            self.disputes[row.id] = None

    def _number(self, row: Row) -> str:
        """The customer for a number that nobody has yet: the record's own where it is alone there, else a new one."""
        uid = self._seat(row) or self._found(row)
        self._renumber(self.hood.customers[uid], row.number_key)
        return uid

    def _renumber(self, customer: CustomerRow, number_key: str | None) -> None:
        if customer.number_key is not None and self.hood.by_number.get(customer.number_key) == customer.uid:
            del self.hood.by_number[customer.number_key]
        customer.number_key = number_key
        if number_key is not None:
            self.hood.by_number[number_key] = customer.uid

    def _seat(self, row: Row) -> str | None:
        """The customer that only this record surely stands for: where it is, or the one that it once founded.

        What stewards put to it stays with it.
        """
        for uid in (row.link.customer, row.own_uid):
            customer = self.hood.customers.get(uid or "")
            if customer is None or customer.merged_into is not None or customer.uid in self._ruling(row).vetoes:
                continue
            others = [o for o in self.hood.members(customer.uid) if o.link.sure and o is not row]
            holds = row.link.customer == customer.uid and row.link.sure
            if not others or (holds and all(o.link.method is MatchMethod.STEWARD for o in others)):
                return customer.uid
        return None

    def _found(self, row: Row) -> str:
        uid = new_uid()
        self.hood.customers[uid] = CustomerRow(uid=uid, new=True)
        row.own_uid = uid
        return uid

    async def _affected(self, changed: Sequence[Row]) -> list[Row]:
        """The floating records that a change concerns, with all that is needed to judge them."""
        hood = self.hood
        keys = {key for row in changed for key in (row.keys or frozenset()) | row.keys_before if self._weighs(key)}
        found = {row.id: row for row in changed}
        found.update({row.id: row for row in await hood.load_carriers(keys, floating_only=True)})
        concerned = {uid for row in changed for uid in (row.before.customer, row.link.customer) if uid}
        concerned |= await hood.contenders(row.id for row in changed if not row.new)
        seen: set[int] = set()
        for _ in range(ROUNDS):
            fresh = [row for row in found.values() if row.id not in seen]
            if not fresh and not concerned:
                break
            seen.update(row.id for row in fresh)
            await hood.load_rulings(row.id for row in fresh)
            concerned |= await self._surroundings([row for row in fresh if self._floats(row)])
            await hood.load_customers(concerned)
            others = [m for uid in concerned if uid in hood.customers for m in hood.members(uid) if not m.link.sure]
            others += await hood.contested(uid for uid in concerned if not self._is_new(uid))
            found.update({row.id: row for row in others})
            concerned = set()
        fresh = [row for row in found.values() if row.id not in seen]
        await hood.load_rulings(row.id for row in fresh)
        await hood.load_customers(await self._surroundings([row for row in fresh if self._floats(row)]))
        return [row for row in found.values() if self._floats(row)]

    def _is_new(self, uid: str) -> bool:
        return uid in self.hood.customers and self.hood.customers[uid].new

    async def _surroundings(self, floats: Sequence[Row]) -> set[str]:
        """Load who shares a key with these records; gives the customers that they may be."""
        await self.hood.load_keys(floats)
        keys = {key for row in floats for key in row.keys or () if self._weighs(key)}
        carriers = await self.hood.load_carriers(keys)
        in_memory = (other for key in keys for other in self.hood.carriers(key))
        uids = {row.link.customer for rows in (carriers, in_memory) for row in rows}
        uids |= {uid for row in floats for uid in (row.link.customer, row.own_uid)}
        return {uid for uid in uids if uid is not None}

    def _weighs(self, key: str) -> bool:
        kind = kind_of(key)
        return kind in RULE_KINDS and kind in self.policy.confidences

    def _settle(self, floats: Sequence[Row]) -> None:
        """Judge until nothing moves any more."""
        for _ in range(SWEEPS):
            before = [row.link for row in floats]
            for row in floats:
                self._apply(row, self._verdict(row))
            if not self._block_rivals(floats) and before == [row.link for row in floats]:
                break

    def _verdict(self, row: Row) -> Verdict:
        evidence = list(self._evidence(row))
        uids = {e.customer_uid for e in evidence}
        standings = {uid: self._standing(row, uid) for uid in uids}
        candidates = weigh(evidence, standings, self.policy.confidences, self.policy.link_confidence)
        return judge(candidates, standings, self.policy.link_confidence)

    def _evidence(self, row: Row) -> Iterable[Evidence]:
        own = row.link.customer if row.link.sure else None
        usable: dict[str, bool] = {}
        for key in row.keys or ():
            if not self._weighs(key):
                continue
            for other in self.hood.carriers(key):
                uid = other.link.customer
                if other is row or uid is None or uid == own:
                    continue
                if uid not in usable:
                    usable[uid] = self._may_join(row, uid)
                if usable[uid]:
                    yield Evidence(uid, kind_of(key), 1.0 if other.link.sure else other.link.confidence or 0.0)

    def _may_join(self, row: Row, uid: str) -> bool:
        """Whether a customer stands by itself, or by a floating founder that comes before the record."""
        sure = [other for other in self.hood.members(uid) if other.link.sure and other is not row]
        if any(not self._floats(other) for other in sure):
            return True
        return any(self.policy.rank(other) < self.policy.rank(row) for other in sure)

    def _standing(self, row: Row, uid: str) -> Standing:
        sure = [other for other in self.hood.members(uid) if other.link.sure and other is not row]
        return Standing(
            vetoed=uid in self._ruling(row).vetoes,
            occupied=(row.id, uid) in self._blocked or any(other.system == row.system for other in sure),
            contradicted=self._contradicted(row, sure),
        )

    def _contradicted(self, row: Row, sure: Sequence[Row]) -> bool:
        """Whether both sides have a tax number of the same country, and not one in common."""
        mine = {key for key in row.keys or () if kind_of(key) == "tax_id"}
        if not mine:
            return False
        theirs = {k for other in sure for k in tax_keys(other.record)}
        countries = {key[: len("tax_id:DE")] for key in mine} & {key[: len("tax_id:DE")] for key in theirs}
        return bool(countries) and not mine & theirs

    def _apply(self, row: Row, verdict: Verdict) -> None:
        if isinstance(verdict, Linked):
            if not self._holds_others(row):
                found = verdict.candidate
                self.hood.move(row, LinkState(found.customer_uid, MatchMethod.RULE, found.confidence, found.rules))
            self.disputes[row.id] = None
            return
        disputed = verdict if isinstance(verdict, Ambiguous | Doubtful) else None
        self.disputes[row.id] = disputed
        if isinstance(verdict, Ambiguous) and not self.policy.is_master(row) and not self._holds_others(row):
            self.hood.move(row, UNLINKED)
        else:
            self._stand_alone(row)

    def _holds_others(self, row: Row) -> bool:
        """Whether a steward put another record to the customer that this one founded: then it stays with it."""
        uid = row.link.customer
        if uid is None or not row.link.sure:
            return False
        return any(m.link.method is MatchMethod.STEWARD for m in self.hood.members(uid) if m is not row)

    def _stand_alone(self, row: Row) -> None:
        if row.link.sure and row.link.evidence == OWN_RECORD:
            return
        uid = self._seat(row) or self._found(row)
        if self.hood.customers[uid].number_key is not None:
            self._renumber(self.hood.customers[uid], None)
        row.own_uid = uid
        self.hood.move(row, LinkState(uid, MatchMethod.EXPLICIT_KEY, 1.0, OWN_RECORD))

    def _block_rivals(self, floats: Sequence[Row]) -> bool:
        """Two records of one system that match one customer by rule: neither is picked."""
        seats: dict[tuple[str, str], list[Row]] = {}
        for row in floats:
            if row.link.method is MatchMethod.RULE and row.link.customer is not None:
                seats.setdefault((row.system, row.link.customer), []).append(row)
        rivals = {(row.id, uid) for (_, uid), rows in seats.items() if len(rows) > 1 for row in rows}
        self._blocked |= rivals
        return bool(rivals)

    async def _merge_empty(self) -> None:
        """A customer whose last record moved to another is that other from now on, and for ever."""
        hood = self.hood
        moved = [row for row in hood.rows.values() if row.link.customer not in (None, row.before.customer)]
        await hood.load_customers(row.own_uid for row in moved)
        for row in moved:
            for uid in {row.before.customer, row.own_uid} - {None, row.link.customer}:
                if self._follows(row, uid or ""):
                    self._merge(uid or "", row.link.customer or "")

    def _follows(self, row: Row, uid: str) -> bool:
        """Whether a customer stood for nothing but this record, which is another's now."""
        customer = self.hood.customers.get(uid)
        if customer is None or customer.new or customer.merged_into is not None:
            return False
        left = self.hood.members(uid)
        # What stewards put to it goes where it goes, unless it was a steward who took the record away.
        if left and row.link.method is MatchMethod.STEWARD:
            return False
        stood_for_it = uid == row.own_uid or customer.number_key in (None, row.number_before)
        return stood_for_it and all(other.link.method is MatchMethod.STEWARD for other in left)

    def _merge(self, uid: str, into: str) -> None:
        self.hood.customers[uid].merged_into = into
        self.merged[uid] = into
        for member in self.hood.members(uid):
            self.hood.move(member, msgspec.structs.replace(member.link, customer=into))
