"""The golden record: of what the sources say about one customer, which word counts. Pure.

For each field the systems are asked in the configured order; among those not in it, and several records of one
system, the newest counts. Flags are the union of all that tell, so that none is overlooked; a customer is known
since the earliest that any source says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from sources.canonical.customer import (
    Address,
    Customer,
    CustomerFlag,
    CustomerKind,
    CustomerRecord,
    GoldenAlternative,
    GoldenField,
    Identity,
)
from sources.crosswalk import normal
from sources.crosswalk.keys import country_of

EARLIEST = datetime.min.replace(tzinfo=UTC)
UNION, FIRST_KNOWN = "union", "earliest"


class Said(NamedTuple):
    """A record and the uid of the system that says it."""

    system: str
    record: CustomerRecord


class Order(msgspec.Struct, frozen=True):
    """The uids of the systems whose word counts first: for all fields, and for single ones."""

    default: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = {}

    def of(self, field: str) -> tuple[str, ...]:
        return self.fields.get(field, self.default)


class Alternative(msgspec.Struct, frozen=True, array_like=True):
    system: str
    value: str | None


class Won(msgspec.Struct, frozen=True, array_like=True):
    """One golden field as it is stored: systems by uid. `order` is empty where another rule than the order won."""

    name: str
    value: str
    system: str
    rule: str  # order, newest, union, earliest
    order: tuple[str, ...]
    alternatives: tuple[Alternative, ...]


class Golden(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A golden record as it is stored."""

    number: str | None = None
    display_name: str
    legal_name: str | None = None
    kind: CustomerKind = CustomerKind.ORGANIZATION
    tier: str | None = None
    owner: str | None = None
    industry: str | None = None
    website: str | None = None
    flags: tuple[CustomerFlag, ...] | None = None
    emails: tuple[str, ...] | None = None
    phones: tuple[str, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    created_at: datetime | None = None
    won: tuple[Won, ...] = ()


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values)


def _address(address: Address) -> str:
    parts = (address.line1, address.line2, address.postal_code, address.city, address.region, address.country)
    return _joined(part for part in parts if part)


def _text(value: Any) -> str:
    """A field's value as a line of text, as `survivorship` shows it."""
    if isinstance(value, tuple):
        return ("; " if value and isinstance(value[0], Address) else ", ").join(_text(item) for item in value)
    if isinstance(value, Address):
        return _address(value)
    if isinstance(value, CustomerKind | CustomerFlag):
        return str(value.value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def _phones(record: CustomerRecord, region: str | None) -> tuple[str, ...]:
    country = country_of(record) or region
    return tuple(normal.phone(phone, country)[0] or phone for phone in record.phones)


# What is asked of a record for each field of Customer, in the order of the schema; () and "" are no answer.
FIELDS: Mapping[str, Callable[[CustomerRecord, str | None], Any]] = {
    "number": lambda record, _: record.number,
    "display_name": lambda record, _: record.name.strip(),
    "legal_name": lambda record, _: record.legal_name,
    "kind": lambda record, _: record.kind,
    "tier": lambda record, _: record.tier,
    "owner": lambda record, _: record.owner,
    "industry": lambda record, _: record.industry,
    "website": lambda record, _: record.website,
    "flags": lambda record, _: record.flags,
    "emails": lambda record, _: record.emails,
    "phones": _phones,
    "addresses": lambda record, _: record.addresses,
    "created_at": lambda record, _: record.created_at,
}
CAMEL = {field: "".join(p.title() if i else p for i, p in enumerate(field.split("_"))) for field in FIELDS}


def ranked(said: list[Said], order: Sequence[str]) -> list[Said]:
    """The records as their word counts for one field: by the order of systems, then the newest, then by id."""
    places = {system: place for place, system in enumerate(order)}
    if len(said) == 1:
        return said
    by_id = sorted(said, key=lambda s: (s.system, s.record.ref))
    newest = sorted(by_id, key=lambda s: s.record.updated_at or s.record.created_at or EARLIEST, reverse=True)
    return sorted(newest, key=lambda s: places.get(s.system, len(places)))


def golden(said: list[Said], order: Order, region: str | None) -> Golden:
    """The golden record of at least one record."""
    values: dict[str, Any] = {}
    won: list[Won] = []
    rankings: dict[tuple[str, ...], list[Said]] = {}
    for field, ask in FIELDS.items():
        systems = order.of(field)
        if systems not in rankings:
            rankings[systems] = ranked(said, systems)
        told = [(s.system, value) for s in rankings[systems] if (value := ask(s.record, region)) not in (None, "", ())]
        if field == "flags":
            values[field] = _flags(said)
        if told:
            values[field], winner = _winner(field, told, systems)
            won.append(winner)
    values.setdefault("display_name", values.get("number") or said[0].record.ref.id)
    return Golden(**values, won=tuple(won))


def _flags(said: Sequence[Said]) -> tuple[CustomerFlag, ...] | None:
    told = [s.record.flags for s in said if s.record.flags is not None]
    return tuple(flag for flag in CustomerFlag if any(flag in flags for flags in told)) if told else None


def _winner(field: str, told: list[tuple[str, Any]], systems: tuple[str, ...]) -> tuple[Any, Won]:
    rule = "order" if told[0][0] in systems else "newest"
    if field == "created_at":
        told = sorted(told, key=lambda t: t[1])
        rule = FIRST_KNOWN
    system, value = told[0]
    if field == "flags":
        value = tuple(flag for flag in CustomerFlag if any(flag in flags for _, flags in told))
        rule = UNION
    others = dict.fromkeys((s, _text(v)) for s, v in told[1:])
    alternatives = tuple(Alternative(s, v) for s, v in others)
    return value, Won(CAMEL[field], _text(value), system, rule, systems if rule == "order" else (), alternatives)


def customer(
    uid: str, stored: Golden, identities: tuple[Identity, ...], parent: str | None, names: Mapping[str, str]
) -> Customer:
    """The canonical customer of a stored golden record; `names` gives the systems' configured names."""
    return Customer(
        uid=uid,
        identities=identities,
        parent_uid=parent,
        survivorship=tuple(_shown(won, names) for won in stored.won),
        **{field: getattr(stored, field) for field in FIELDS},
    )


def _shown(won: Won, names: Mapping[str, str]) -> GoldenField:
    order = _joined(names[uid] for uid in won.order if uid in names)
    return GoldenField(
        name=won.name,
        value=won.value,
        system=names.get(won.system, won.system),
        rule=f"order: {order}" if won.order else won.rule,
        alternatives=tuple(
            GoldenAlternative(system=names.get(other.system, other.system), value=other.value)
            for other in won.alternatives
        ),
    )
