"""Whose word counts for each field, and how that is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sources.canonical.customer import Address, CustomerFlag, GoldenField
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.rules import CrosswalkSettings


def on(day: int) -> datetime:
    return datetime(2026, 1, day, tzinfo=UTC)


async def customer(world: Any, number: str = "A") -> Any:
    uid = await world.whose("erp", "1")
    return (await world.crosswalk.customers([uid]))[uid]


def field(customer: Any, name: str) -> GoldenField:
    return next(f for f in customer.survivorship if f.name == name)


async def test_the_systems_are_asked_in_their_order_and_the_others_are_told(world: Any) -> None:
    await world.see("crm", "x", "A", name="CRM name", legal_name="Acme Inc.", updated_at=on(9))
    await world.see("erp", "1", "A", name="ERP name", updated_at=on(1))
    known = await customer(world)
    assert (known.display_name, known.legal_name) == ("ERP name", "Acme Inc.")
    told = field(known, "displayName")
    assert (told.value, told.system, told.rule) == ("ERP name", "erp", "order: erp, crm")
    assert [(a.system, a.value) for a in told.alternatives] == [("crm", "CRM name")]
    assert field(known, "legalName").system == "crm"


async def test_among_systems_without_a_place_the_newest_counts(world: Any) -> None:
    await world.see("erp", "1", "A")
    await world.see("billing", "b", "A", industry="Steel", updated_at=on(2))
    await world.see("support", "s", "A", industry="Wood", updated_at=on(3))
    told = field(await customer(world), "industry")
    assert (told.value, told.system, told.rule) == ("Wood", "support", "newest")


async def test_flags_are_the_union_so_that_none_is_overlooked(world: Any) -> None:
    await world.see("erp", "1", "A", flags=(CustomerFlag.CREDIT_HOLD,))
    await world.see("crm", "x", "A", flags=(CustomerFlag.LEGAL_HOLD, CustomerFlag.VIP))
    known = await customer(world)
    assert set(known.flags) == {CustomerFlag.CREDIT_HOLD, CustomerFlag.LEGAL_HOLD, CustomerFlag.VIP}
    assert field(known, "flags").rule == "union"


async def test_flags_that_nobody_tells_are_unknown_and_none_told_are_none(world: Any) -> None:
    await world.see("erp", "1", "A")
    assert (await customer(world)).flags is None
    await world.see("crm", "x", "A", flags=())
    assert (await customer(world)).flags == ()


async def test_a_customer_is_known_since_the_earliest_that_anyone_says(world: Any) -> None:
    await world.see("erp", "1", "A", created_at=on(5))
    await world.see("support", "s", "A", created_at=on(2))
    known = await customer(world)
    assert known.created_at == on(2)
    assert field(known, "createdAt").system == "support"


async def test_phones_are_shown_in_e164_and_addresses_in_one_line(world: Any) -> None:
    address = Address(line1="Hauptstr. 1", postal_code="10115", city="Berlin", country="DE")
    await world.see("erp", "1", "A", phones=("030 1234567", "ext. 12"), addresses=(address,))
    known = await customer(world)
    assert known.phones == ("+49301234567", "ext. 12")
    assert field(known, "addresses").value == "Hauptstr. 1, 10115, Berlin, DE"


async def test_when_the_winner_goes_the_next_one_counts(world: Any) -> None:
    await world.see("erp", "1", "A", name="ERP name")
    await world.see("crm", "x", "A", name="CRM name")
    uid = await world.whose("crm", "x")
    await world.see("erp", "1", "A", name="ERP name", deleted=True)
    known = (await world.crosswalk.customers([uid]))[uid]
    assert known.display_name == "CRM name"
    assert field(known, "displayName").alternatives == ()


async def test_a_field_may_have_its_own_order_and_a_new_order_counts_after_the_next_backfill(world: Any) -> None:
    records = {s: world.record("1", "A", legal_name=f"{s} legal") for s in ("erp", "crm")}
    for system, record in records.items():
        await world.observe(system, record)
    settings = CrosswalkSettings(orders={"legal_name": ("crm",)})
    other = Crosswalk(world.crosswalk.database, settings)
    origins = await other.register_systems(
        [(n, o.kind, f"http://127.0.0.1:1/{n}", 1) for n, o in world.origins.items()]
    )
    assert origins == world.origins
    for system, record in records.items():
        await other.observe(origins[system], [record])
    uid = await world.whose("erp", "1")
    known = (await other.customers([uid]))[uid]
    assert known.legal_name == "crm legal"
    assert field(known, "legalName").rule == "order: crm"


async def test_a_renamed_source_keeps_its_uid_and_shows_under_its_new_name(world: Any) -> None:
    await world.see("erp", "1", "A")
    uid = await world.whose("erp", "1")
    other = Crosswalk(world.crosswalk.database)
    origins = await other.register_systems([("ledger", "tryton", "http://127.0.0.1:1/erp", 2)])
    assert origins["ledger"].uid == world.uid("erp")
    (identity,) = (await other.customers([uid]))[uid].identities
    assert (identity.system, identity.kind, identity.source) == ("ledger", "tryton", world.uid("erp"))


async def test_a_name_that_another_kind_of_system_has_now_is_another_system(world: Any) -> None:
    origins = await world.crosswalk.register_systems([("erp", "odoo", "http://127.0.0.1:1/odoo", 1)])
    assert origins["erp"].uid != world.uid("erp")


async def test_two_sections_of_one_kind_and_address_are_two_systems(world: Any) -> None:
    sections = [("a", "stripe", "https://api.example", 1), ("b", "stripe", "https://api.example", 1)]
    first = await world.crosswalk.register_systems(sections)
    again = await world.crosswalk.register_systems(sections)
    assert first == again
    assert first["a"].uid != first["b"].uid


@pytest.mark.parametrize("wrong", [{"rules": {"shoe_size": 0.5}}, {"rules": {"email": 2}}, {"link_confidence": -1}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule|confidence"):
        CrosswalkSettings(**wrong)
