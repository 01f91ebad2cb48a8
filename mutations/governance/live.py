"""What several mutations must read live of a customer before a write: who it is in each system, and what holds it back.

Nothing here comes from a cache of what sources said; the links are the crosswalk's own.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec

from mutations.governance.mutation import Reading
from mutations.governance.record_key import RecordKey
from mutations.governance.refusals import Refusal, RefusalCode, Refused, refused
from resolvers.rows import admits, normalized
from sources.canonical.actor import Actor
from sources.canonical.customer import Customer, CustomerFlag, CustomerRecord, MatchMethod
from sources.canonical.erp import ErpAccount
from sources.canonical.provenance import CustomerRef, Record
from sources.capabilities import CustomerReads
from sources.crosswalk.words import Link
from sources.faults import SourceFault
from sources.systems import System
from sources.writing import WriteOffers

WRITABLE_LINKS = (MatchMethod.EXPLICIT_KEY, MatchMethod.STEWARD)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A customer and its records in the sources."""

    customer: Customer
    links: tuple[Link, ...]

    @property
    def uid(self) -> str:
        return self.customer.uid

    def owns(self, system: System, ref: CustomerRef | None) -> bool:
        """Whether a record of a source stands for this customer."""
        return any(link.source_uid == system.uid and link.ref == ref for link in self.links)

    def refs(self, system: System) -> tuple[CustomerRef, ...]:
        """The customer's records in a source."""
        return tuple(link.ref for link in self.links if link.source_uid == system.uid)

    def ref(self, system: System) -> CustomerRef | None:
        """The customer's record in a source; None where there is none, or several to choose from."""
        found = self.refs(system)
        return found[0] if len(found) == 1 else None

    def links_ok(self, refs: Iterable[tuple[System, CustomerRef | None]]) -> bool:
        """Whether every one of these links was made by an explicit key or a steward: no rule's guess moves money."""
        sure = {(link.source_uid, link.ref) for link in self.links if link.method in WRITABLE_LINKS}
        return all((system.uid, ref) in sure for system, ref in refs)


async def known_customer(uid: str, actor: Actor, reading: Reading) -> Known:
    """The customer, within the actor's rows. Raises Refused: whether it exists elsewhere is not told."""
    reading.crosswalk.forget([uid])
    customer = (await reading.crosswalk.customers([uid])).get(uid)
    if customer is None or not admits(normalized(actor.rows), customer):
        message = "there is no such customer among those that you may see"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="customer.unknown", field="customerId")
    links = (await reading.crosswalk.refs([customer.uid])).get(customer.uid, ())
    return Known(customer=customer, links=links)


async def owner(system: System, ref: CustomerRef | None, actor: Actor, reading: Reading) -> Known | None:
    """The customer whose record this is, within the actor's rows."""
    if ref is None:
        return None
    uid = (await reading.crosswalk.owners([(system.uid, ref)])).get((system.uid, ref))
    if uid is None:
        return None
    try:
        return await known_customer(uid, actor, reading)
    except Refused:
        return None


async def flags(known: Known, reading: Reading) -> frozenset[CustomerFlag]:
    """Every flag that a linked source sets on the customer now. Raises Refused where one does not answer."""

    async def of(system: System) -> frozenset[CustomerFlag]:
        refs = known.refs(system)
        if not refs or not isinstance(system.adapter, CustomerReads):
            return frozenset()
        try:
            found = await system.adapter.customer_records(refs)
        except SourceFault as fault:
            raise unavailable(system, fault) from None
        records = [given(system, found[ref]) for ref in refs]
        return frozenset(flag for record in records if record for flag in _flags_of(record))

    return frozenset().union(*await asyncio.gather(*(of(system) for system in reading.systems.all)))


def _flags_of(record: CustomerRecord) -> tuple[CustomerFlag, ...]:
    return record.flags or ()


async def one(reading: Reading, system: System, method: str, key: Any, *args: Any) -> Any:
    """What a source says now for one key. Raises Refused where it does not answer."""
    return given(system, (await reading.systems.ask_live(system, method, [key], *args))[key])


def given(system: System, value: Any) -> Any:
    """A value that is no fault. Raises Refused."""
    if isinstance(value, SourceFault):
        raise unavailable(system, value)
    return value


def unavailable(system: System, fault: SourceFault) -> Refused:
    """A system that must be asked first did not answer."""
    message = f"{system.name}: {fault.reason}; nothing was done, ask again when it answers"
    return refused(RefusalCode.SYSTEM_UNAVAILABLE, message, rule="source.unavailable")


async def writes_offered(needs: Mapping[System, Sequence[str]]) -> bool:
    """Whether every system can be told what is needed: configured for writing, and its server has the methods."""

    async def by(system: System, methods: Sequence[str]) -> bool:
        if system.settings.read_only or not isinstance(system.adapter, WriteOffers):
            return False
        try:
            return set(methods) <= await cast(WriteOffers, system.adapter).offered_writes()
        except SourceFault as fault:
            raise unavailable(system, fault) from None

    return all(await asyncio.gather(*(by(system, methods) for system, methods in needs.items())))


async def theirs(
    key: RecordKey, method: str, what: str, field: str, known: Known, reading: Reading
) -> tuple[System, Any]:
    """A record and its system, where it is this customer's; of another's it is not told that there is one.

    Raises Refused by the rule "<what>.unknown".
    """
    system = reading.systems.by_uid(key.source)
    record = await one(reading, system, method, key.id) if system is not None else None
    if system is None or record is None or not known.owns(system, record.customer_ref):
        message = f"this customer has no such {what}"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule=f"{what}.unknown", field=field)
    return system, record


def ledger_of(known: Known, reading: Reading) -> System:
    """The ledger that knows the customer. Raises Refused where none is configured."""
    ledgers = reading.systems.of("ledger")
    found = first_with(ledgers, known) or next(iter(ledgers), None)
    if found is None:
        raise refused(RefusalCode.PRECONDITION_FAILED, "no ledger is configured", rule="source.missing")
    return found


def the_record(known: Known, system: System, field: str) -> CustomerRef:
    """The customer's one record in a system. Raises Refused where there is none, or several to choose from."""
    found = known.ref(system)
    if found is None:
        message = f"{system.name} has no record of this customer, or more than one"
        raise refused(RefusalCode.PRECONDITION_FAILED, message, rule="identity.links", field=field)
    return found


async def common_attributes(
    known: Known,
    touched: Mapping[System, CustomerRef | None],
    needs: Mapping[System, Sequence[str]],
    account: tuple[System, CustomerRef],
    records: Sequence[Record | None],
    reading: Reading,
) -> dict[str, bool | int | str | list[str]]:
    """What the rules of every write that moves money read, by the names of their schema.

    `touched`: the customer's record in each system; `needs`: what each will be told; `account`: where the ledger keeps
    the customer; `records`: what was read for the write, which must be of now.
    """
    ledger, party = account
    marks, booked, offered = await asyncio.gather(
        flags(known, reading), one(reading, ledger, "ledger_accounts", party), writes_offered(needs)
    )
    return {
        "legal_hold": CustomerFlag.LEGAL_HOLD in marks,
        "fraud": CustomerFlag.FRAUD in marks,
        "credit_hold": CustomerFlag.CREDIT_HOLD in marks or _on_hold(booked),
        "links_ok": known.links_ok(touched.items()),
        "stale": any(record is not None and record.provenance.fetched_at < reading.now for record in records),
        "writes_offered": offered,
        "systems": [system.name for system in touched],
    }


def _on_hold(account: ErpAccount | None) -> bool:
    """Whether the ledger stops credit to the customer."""
    return account is not None and bool(account.credit_hold)


def first_with(systems: Sequence[System], known: Known) -> System | None:
    """The first of the systems in which the customer has a record."""
    return next((system for system in systems if known.refs(system)), None)


def wrong(rule: str, message: str, field: str | None = None) -> Refusal:
    """A record is not as it has to be."""
    return Refusal(code=RefusalCode.PRECONDITION_FAILED, message=message, rule=rule, field=field)
