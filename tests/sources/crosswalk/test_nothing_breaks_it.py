"""What sources and callers may send without harm."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sources.canonical.customer import Address
from sources.canonical.erp import TaxId
from sources.crosswalk.words import CustomerQuery


async def test_a_record_full_of_oddities_is_kept(world: Any) -> None:
    odd = "\x00a\\u0000\ud7ff'\"{}\U0001f600"
    await world.see(
        "erp",
        "1",
        odd,
        name=odd,
        emails=(odd, "@", "a@b"),
        phones=(odd, ""),
        domains=("[", "..", "a..b", "xn--", odd),
        website="http://[::1",
        tax_ids=(TaxId(type="", value=odd), TaxId(type="eu_vat", value="")),
        addresses=(Address(country=odd),),
    )
    uid = await world.whose("erp", "1")
    assert "\x00" not in (await world.crosswalk.customers([uid]))[uid].display_name


async def test_a_record_without_a_name_is_shown_by_its_number_or_id(world: Any) -> None:
    await world.observe("erp", world.record("1", "A", name=" "), world.record("2", name=""))
    customers = await world.crosswalk.customers([await world.whose("erp", i) for i in "12"])
    assert [c.display_name for c in customers.values()] == ["A", "2"]


async def test_unknown_uids_have_no_customer(world: Any) -> None:
    assert await world.crosswalk.customers(["none", "\U0001f600"]) == {"none": None, "\U0001f600": None}
    assert await world.crosswalk.refs(["none"]) == {"none": ()}
    assert await world.crosswalk.customers([]) == {}
    assert (await world.crosswalk.search(CustomerQuery(also=("none",)))).uids == ()


async def test_an_error_of_the_database_does_not_tell_what_customers_are_called(world: Any) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with world.crosswalk.database.transaction() as connection:
            await connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Secret Ltd"})
    assert "Secret" not in str(caught.value)
