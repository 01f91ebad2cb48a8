"""Which records are the same customer: explicit keys first, then rules, and nothing ambiguous is picked."""

from typing import Any

from sources.canonical.customer import MatchMethod
from sources.canonical.erp import TaxId
from sources.canonical.provenance import CustomerRef

VAT = TaxId(type="eu_vat", value="DE 123 456 789")


async def links(world: Any, system: str, ident: str) -> dict[str, Any]:
    uid = await world.whose(system, ident)
    customer = (await world.crosswalk.customers([uid]))[uid]
    return {i.system: i for i in customer.identities}


async def open_conflicts(world: Any) -> tuple[Any, ...]:
    return (await world.crosswalk.conflicts(10)).conflicts


async def test_records_that_carry_the_same_number_are_one_customer(world: Any) -> None:
    await world.see("erp", "1", "C-000123")
    await world.see("billing", "cus_1", " c-000123 ")
    assert await world.together(("erp", "1"), ("billing", "cus_1"))
    found = await links(world, "erp", "1")
    assert found["billing"].method is MatchMethod.EXPLICIT_KEY
    assert found["billing"].confidence == 1.0
    assert found["billing"].evidence == ("number",)


async def test_a_record_whose_number_changes_moves(world: Any) -> None:
    await world.see("erp", "1", "A")
    await world.see("erp", "2", "B")
    await world.see("support", "9", "A")
    await world.see("support", "9", "B")
    assert await world.together(("erp", "2"), ("support", "9"))
    assert not await world.together(("erp", "1"), ("support", "9"))


async def test_a_customer_whose_only_record_gets_another_number_keeps_its_id(world: Any) -> None:
    await world.see("erp", "1", "A")
    before = await world.whose("erp", "1")
    await world.see("erp", "1", "B")
    assert await world.whose("erp", "1") == before
    assert (await world.crosswalk.customers([before]))[before].number == "B"


async def test_two_numbers_that_are_swapped_in_one_batch_swap(world: Any) -> None:
    await world.observe("erp", world.record("1", "A"), world.record("2", "B"))
    await world.see("support", "a", "A")
    await world.observe("erp", world.record("1", "B"), world.record("2", "A"))
    assert await world.together(("erp", "2"), ("support", "a"))
    assert not await world.together(("erp", "1"), ("support", "a"))


async def test_a_tax_number_links_with_its_country(world: Any) -> None:
    await world.see("erp", "1", "A", tax_ids=(VAT,))
    await world.see("billing", "cus_1", tax_ids=(TaxId(type="eu_vat", value="DE123456789"),))
    await world.see("billing", "cus_2", tax_ids=(TaxId(type="us_ein", value="123456789"),))
    assert await world.together(("erp", "1"), ("billing", "cus_1"))
    assert not await world.together(("erp", "1"), ("billing", "cus_2"))
    link = (await links(world, "erp", "1"))["billing"]
    assert (link.method, link.confidence, link.evidence) == (MatchMethod.RULE, 0.95, ("tax_id",))


async def test_rules_that_agree_make_a_match_a_little_surer(world: Any) -> None:
    await world.see("erp", "1", "A", tax_ids=(VAT,), domains=("acme.example",), phones=("+49 30 1234567",))
    await world.see("crm", "x", tax_ids=(VAT,), website="https://www.acme.example/en", phones=("+49301234567",))
    link = (await links(world, "erp", "1"))["crm"]
    assert link.confidence == 0.99
    assert link.evidence == ("tax_id", "domain", "phone")


async def test_evidence_names_rules_and_never_their_values(world: Any) -> None:
    await world.see("erp", "1", "A", emails=("info@acme.example",))
    await world.see("crm", "x", emails=("INFO@acme.example",))
    assert all("acme" not in e for i in (await links(world, "erp", "1")).values() for e in i.evidence)


async def test_free_mail_domains_never_match(world: Any) -> None:
    await world.see("erp", "1", "A", emails=("acme@gmail.com",), domains=("gmail.com",))
    await world.see("support", "9", emails=("other@gmail.com",), domains=("gmail.com",))
    assert not await world.together(("erp", "1"), ("support", "9"))
    assert await open_conflicts(world) == ()


async def test_a_domain_under_which_many_own_a_name_never_matches_but_a_name_below_it_does(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("co.uk", "acme.myshopify.com"))
    await world.see("support", "8", domains=("co.uk", "myshopify.com"))
    await world.see("support", "9", domains=("acme.myshopify.com",))
    assert await world.together(("erp", "1"), ("support", "9"))
    assert not await world.together(("erp", "1"), ("support", "8"))


async def test_a_match_below_the_link_confidence_is_a_conflict_and_no_link(world: Any) -> None:
    await world.see("erp", "1", "A", phones=("+49 30 1234567",))
    await world.see("support", "9", phones=("+49301234567",))
    (conflict,) = await open_conflicts(world)
    assert (conflict.system, conflict.ref.id, conflict.evidence) == ("support", "9", ("phone", "below_link_confidence"))
    assert [c.customer_uid for c in conflict.candidates] == [await world.whose("erp", "1")]
    assert not await world.together(("erp", "1"), ("support", "9"))


async def test_two_candidates_are_a_conflict_and_neither_is_picked(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("erp", "2", "B", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    assert await world.whose("support", "9") is None
    (conflict,) = await open_conflicts(world)
    assert conflict.evidence == ("domain", "several_candidates")
    assert {c.customer_uid for c in conflict.candidates} == {await world.whose("erp", i) for i in "12"}


async def test_a_second_candidate_that_comes_later_makes_a_link_by_rule_a_conflict(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    await world.see("erp", "2", "B", domains=("acme.example",))
    assert await world.whose("support", "9") is None
    assert len(await open_conflicts(world)) == 1


async def test_a_conflict_ends_by_itself_when_later_evidence_leaves_one_candidate(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("erp", "2", "B", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    (conflict,) = await open_conflicts(world)
    await world.see("erp", "2", "B", domains=("other.example",))
    assert await world.together(("erp", "1"), ("support", "9"))
    assert await open_conflicts(world) == ()
    ended = await world.crosswalk.conflict(conflict.uid)
    assert (ended.open, ended.resolved_by) == (False, None)


async def test_an_explicit_number_wins_over_a_rule_that_says_otherwise(world: Any) -> None:
    await world.see("erp", "1", "A", tax_ids=(VAT,))
    await world.see("erp", "2", "B")
    await world.see("billing", "cus_1", "B", tax_ids=(VAT,))
    assert await world.together(("erp", "2"), ("billing", "cus_1"))
    await world.see("support", "9", tax_ids=(VAT,))
    assert await world.whose("support", "9") is None


async def test_two_records_of_one_system_are_one_customer_by_number_and_a_conflict_by_rule(world: Any) -> None:
    await world.observe("billing", world.record("cus_1", "A"), world.record("cus_2", "A"))
    assert await world.together(("billing", "cus_1"), ("billing", "cus_2"))
    await world.see("erp", "1", "B", domains=("acme.example",))
    await world.see("support", "8", domains=("acme.example",))
    assert await world.together(("erp", "1"), ("support", "8"))
    await world.see("support", "9", domains=("acme.example",))
    assert await world.whose("support", "8") is None
    assert await world.whose("support", "9") is None
    assert {c.evidence for c in await open_conflicts(world)} == {("domain", "same_system")}


async def test_when_a_rival_goes_the_other_record_is_linked(world: Any) -> None:
    await world.see("erp", "1", "B", domains=("acme.example",))
    await world.observe("support", world.record("8", domains=("acme.example",)))
    await world.observe("support", world.record("9", domains=("acme.example",)))
    await world.crosswalk.gone(world.origins["support"], [CustomerRef("party", "9")])
    assert await world.together(("erp", "1"), ("support", "8"))
    assert await open_conflicts(world) == ()


async def test_different_tax_numbers_of_one_country_forbid_a_link_by_another_rule(world: Any) -> None:
    await world.see("erp", "1", "A", tax_ids=(VAT,), domains=("acme.example",))
    await world.see("crm", "x", tax_ids=(TaxId(type="eu_vat", value="DE999999999"),), domains=("acme.example",))
    assert not await world.together(("erp", "1"), ("crm", "x"))
    (conflict,) = await open_conflicts(world)
    assert conflict.evidence == ("domain", "contradicted")


async def test_a_record_without_a_match_is_a_customer_of_its_own(world: Any) -> None:
    await world.see("crm", "x")
    await world.see("support", "9")
    assert await world.whose("crm", "x") is not None
    assert await world.whose("support", "9") is not None


async def test_a_record_of_a_master_in_conflict_is_a_customer_of_its_own_meanwhile(world: Any) -> None:
    await world.see("erp", "1", "A", domains=("acme.example",))
    await world.see("erp", "2", "B", domains=("acme.example",))
    await world.see("crm", "x", domains=("acme.example",))
    assert await world.whose("crm", "x") is not None
    assert len(await open_conflicts(world)) == 1


async def test_two_customers_found_to_be_one_are_merged_and_the_old_id_means_the_survivor(world: Any) -> None:
    await world.see("support", "9", domains=("acme.example",))
    old = await world.whose("support", "9")
    await world.see("erp", "1", "A", domains=("acme.example",))
    survivor = await world.whose("erp", "1")
    assert survivor != old
    assert await world.together(("erp", "1"), ("support", "9"))
    customers = await world.crosswalk.customers([old, survivor])
    assert customers[old].uid == customers[survivor].uid == survivor
    assert len((await world.crosswalk.refs([old]))[old]) == 2


async def test_a_chain_of_merges_is_followed_to_its_end(world: Any) -> None:
    await world.see("billing", "cus_1", emails=("info@acme.example",))
    first = await world.whose("billing", "cus_1")
    await world.see("crm", "x", emails=("info@acme.example",), domains=("acme.example",))
    second = await world.whose("crm", "x")
    await world.see("erp", "1", "A", domains=("acme.example",), emails=("info@acme.example",))
    last = await world.whose("erp", "1")
    assert {c.uid for c in (await world.crosswalk.customers([first, second, last])).values()} == {last}


async def test_a_founder_that_gets_a_number_keeps_its_customer_and_takes_its_followers_along(world: Any) -> None:
    await world.see("crm", "x", domains=("acme.example",))
    await world.see("support", "9", domains=("acme.example",))
    before = await world.whose("crm", "x")
    await world.see("crm", "x", "A", domains=("acme.example",))
    assert await world.whose("crm", "x") == before
    assert await world.together(("crm", "x"), ("support", "9"))


async def test_a_deleted_record_is_unlinked_and_kept_as_history(world: Any) -> None:
    await world.see("erp", "1", "A")
    await world.see("billing", "cus_1", "A")
    uid = await world.whose("erp", "1")
    await world.see("billing", "cus_1", "A", deleted=True)
    assert await world.whose("billing", "cus_1") is None
    assert len((await world.crosswalk.refs([uid]))[uid]) == 1
    (decision,) = await world.crosswalk.history(world.uid("billing"), CustomerRef("party", "cus_1"))
    assert (decision.action, decision.actor, decision.from_customer) == ("unlinked", None, uid)
    await world.see("billing", "cus_1", "A")
    assert await world.together(("erp", "1"), ("billing", "cus_1"))


async def test_a_customer_without_records_still_answers_but_is_not_found(world: Any) -> None:
    await world.see("erp", "1", "A", name="Acme")
    uid = await world.whose("erp", "1")
    await world.see("erp", "1", "A", name="Acme", deleted=True)
    assert (await world.crosswalk.customers([uid]))[uid].display_name == "Acme"
    await world.see("erp", "7", "A", name="Acme")
    assert await world.whose("erp", "7") == uid


async def test_what_is_older_than_what_is_known_changes_nothing(world: Any) -> None:
    from datetime import UTC, datetime

    def on(day: int) -> datetime:
        return datetime(2026, 1, day, tzinfo=UTC)

    await world.see("erp", "1", "A", name="New", updated_at=on(2))
    await world.see("erp", "1", "A", name="Old", updated_at=on(1))
    uid = await world.whose("erp", "1")
    assert (await world.crosswalk.customers([uid]))[uid].display_name == "New"


async def test_a_key_that_very_many_carry_identifies_nobody(world: Any) -> None:
    shared = {"domains": ("mall.example",)}
    await world.observe("erp", *(world.record(str(i), f"N{i}", **shared) for i in range(60)))
    await world.see("support", "9", name="Kiosk", **shared)
    assert await world.whose("support", "9") is not None
    assert await open_conflicts(world) == ()


async def test_observing_the_same_again_changes_nothing(world: Any) -> None:
    records = [world.record("1", "A", domains=("acme.example",)), world.record("2", phones=("+4930123456",))]
    first = await world.crosswalk.observe(world.origins["erp"], records)
    again = await world.crosswalk.observe(world.origins["erp"], records)
    assert len(first.changed) == 2
    assert again.changed == frozenset()
