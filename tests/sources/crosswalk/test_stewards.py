"""What a steward decides holds, whatever is observed afterwards, and is on record."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from sources.canonical.customer import MatchMethod
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.words import UnknownConflict, UnknownCustomer, UnknownRecord

NINE = CustomerRef("party", "9")


@pytest.fixture
async def torn(world: Any) -> str:
    """A support record that may be either of two customers; gives its conflict."""
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("erp", "2", "B", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    (conflict,) = (await world.crosswalk.conflicts(10)).conflicts
    return str(conflict.uid)


async def test_a_steward_resolves_a_conflict_and_it_stays_so(world: Any, torn: str) -> None:
    chosen = await world.whose("erp", "2")
    await world.crosswalk.resolve(torn, chosen, "jo@example.com", ["called the customer"])
    await world.see("support", "9", name="Changed", domains=("acme.example",))
    await world.see("erp", "1", "A", name="Changed", domains=("acme.example",))
    assert await world.whose("support", "9") == chosen
    identities = (await world.crosswalk.customers([chosen]))[chosen].identities
    link = next(i for i in identities if i.system == "support")
    assert (link.method, link.confidence, link.decided_by) == (MatchMethod.STEWARD, 1.0, "jo@example.com")
    assert link.evidence == ("called the customer",)
    ended = await world.crosswalk.conflict(torn)
    assert (ended.open, ended.resolved_by) == (False, "jo@example.com")


async def test_a_steward_may_say_that_a_record_is_none_of_the_candidates(world: Any, torn: str) -> None:
    await world.crosswalk.resolve(torn, None, "jo")
    own = await world.whose("support", "9")
    assert own not in (None, await world.whose("erp", "1"), await world.whose("erp", "2"))
    await world.see("support", "9", name="Changed", domains=("acme.example",))
    assert await world.whose("support", "9") == own
    assert (await world.crosswalk.conflicts(10)).conflicts == ()


async def test_a_link_by_rule_that_a_steward_undid_does_not_come_back(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    uid = await world.whose("erp", "1")
    await world.crosswalk.unlink(world.uid("support"), NINE, uid, "jo", ["another company"])
    await world.see("support", "9", name="Changed", domains=("acme.example",))
    assert await world.whose("support", "9") not in (None, uid)


async def test_a_steward_wins_over_an_explicit_number(world: Any) -> None:
    await world.see("erp", "1", "A")
    await world.see("erp", "2", "B")
    await world.see("support", "9", "A")
    await world.crosswalk.link(world.uid("support"), NINE, await world.whose("erp", "2"), "jo")
    await world.see("support", "9", "A", name="Changed")
    assert await world.together(("erp", "2"), ("support", "9"))
    await world.crosswalk.unlink(world.uid("support"), NINE, await world.whose("erp", "2"), "jo")
    assert await world.together(("erp", "1"), ("support", "9"))
    await world.crosswalk.unlink(world.uid("support"), NINE, await world.whose("erp", "1"), "jo")
    assert await world.whose("support", "9") not in (None, await world.whose("erp", "1"), await world.whose("erp", "2"))


async def test_a_decision_follows_a_customer_that_was_merged(world: Any) -> None:
    await world.see("crm", "x", domains=("acme.example",))
    await world.see("support", "9")
    await world.crosswalk.link(world.uid("support"), NINE, await world.whose("crm", "x"), "jo")
    await world.see("crm", "x", "A")
    await world.see("erp", "1", "A")
    assert await world.together(("erp", "1"), ("crm", "x"), ("support", "9"))


async def test_a_deleted_record_that_comes_back_is_where_the_steward_put_it(world: Any) -> None:
    await world.see("erp", "1", "A")
    await world.see("support", "9")
    await world.crosswalk.link(world.uid("support"), NINE, await world.whose("erp", "1"), "jo")
    await world.see("support", "9", deleted=True)
    assert await world.whose("support", "9") is None
    await world.see("support", "9")
    uid = await world.whose("support", "9")
    assert uid == await world.whose("erp", "1")
    assert {i.decided_by for i in (await world.crosswalk.customers([uid]))[uid].identities} == {None, "jo"}


async def test_every_decision_is_on_record_with_who_and_why(world: Any, torn: str) -> None:
    chosen = await world.whose("erp", "2")
    await world.crosswalk.resolve(torn, chosen, "jo", ["called"])
    await world.crosswalk.unlink(world.uid("support"), NINE, chosen, "kim", ["was wrong"])
    history = await world.crosswalk.history(world.uid("support"), NINE)
    told = [(d.action, d.actor, d.from_customer, d.to_customer) for d in history]
    assert told[0] == ("linked", "jo", None, chosen)
    assert told[1][:3] == ("moved", "kim", chosen)
    assert "was wrong" in history[1].evidence


async def test_decisions_cannot_be_changed_or_deleted(world: Any, torn: str) -> None:
    await world.crosswalk.resolve(torn, await world.whose("erp", "2"), "jo")
    for statement in ("UPDATE decisions SET actor = 'x'", "DELETE FROM decisions"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with world.crosswalk.database.transaction() as connection:
                await connection.execute(text(statement))


async def test_what_is_not_there_cannot_be_decided(world: Any, torn: str) -> None:
    uid = await world.whose("erp", "1")
    with pytest.raises(UnknownRecord):
        await world.crosswalk.link(world.uid("support"), CustomerRef("party", "none"), uid, "jo")
    with pytest.raises(UnknownCustomer):
        await world.crosswalk.link(world.uid("support"), NINE, "none", "jo")
    with pytest.raises(UnknownCustomer):
        await world.crosswalk.unlink(world.uid("support"), NINE, "none", "jo")
    with pytest.raises(UnknownConflict):
        await world.crosswalk.resolve("none", uid, "jo")
    assert await world.crosswalk.conflict("none") is None
    assert await world.crosswalk.history(world.uid("support"), NINE) == ()


async def test_conflicts_are_listed_newest_first_page_by_page(world: Any) -> None:
    await world.observe(
        "erp", world.record("1", "A", domains=("a.example",)), world.record("2", "B", domains=("a.example",))
    )
    for i in range(5):
        await world.see(("support", "billing", "crm")[i % 3], f"c{i}", domains=("a.example",))
    first = await world.crosswalk.conflicts(3)
    rest = await world.crosswalk.conflicts(3, first.cursors[-1])
    assert (len(first.conflicts), first.has_next, len(rest.conflicts), rest.has_next) == (3, True, 2, False)
    both = [*first.conflicts, *rest.conflicts]
    assert [c.detected_at for c in both] == sorted((c.detected_at for c in both), reverse=True)
    assert len({c.uid for c in both}) == 5
