"""What `check` finds, a sentence each."""

import pytest

from sources.faults import Unavailable
from sources.wire.deadline import Deadline, within
from sources.zendesk.simulator.tokens import API_TOKEN, EMAIL
from tests.sources.zendesk.shop import Shop


async def test_an_account_that_is_set_up_well_has_nothing_to_mend(shop: Shop) -> None:
    assert await shop.adapter.check() == ()


async def test_api_tokens_are_said_to_end(shop: Shop) -> None:
    adapter = shop.connect(client_id=None, client_secret=None, email=EMAIL, api_token=API_TOKEN)
    [problem] = await adapter.check()
    assert "2027-04-30" in problem


async def test_a_credential_that_is_refused_is_named(shop: Shop) -> None:
    [problem] = await shop.connect(client_secret="wrong").check()
    assert "client_secret" in problem


async def test_an_agent_is_said_not_to_read_changes(shop: Shop) -> None:
    shop.account.role = "agent"
    [problem] = await shop.adapter.check()
    assert "administrator" in problem


async def test_fields_that_the_account_has_not_are_named(shop: Shop) -> None:
    fields = {
        "invoice_numbers": "custom_field_1",
        "tier": "organization_fields.level",
        "vip": "organization_fields.vip",
        "contact_role": "user_fields.post",
    }
    problems = await shop.connect(fields=fields).check()
    assert [problem.split(":")[0] for problem in problems] == [
        "fields.invoice_numbers",
        "fields.tier",
        "fields.contact_role",
    ]


async def test_fields_that_are_not_set_are_named(shop: Shop) -> None:
    problems = await shop.connect(fields={}).check()
    assert [problem.split(" ")[0] for problem in problems] == [
        "fields.invoice_numbers",
        "fields.tier",
        "fields.vip",
        "fields.contact_role",
    ]


async def test_an_account_that_does_not_answer_is_a_fault(shop: Shop) -> None:
    shop.switches.status = 503
    with pytest.raises(Unavailable), within(Deadline(0.5)):
        await shop.adapter.check()


async def test_fields_that_may_not_be_read_are_a_sentence_not_a_fault(shop: Shop) -> None:
    shop.switches.only, shop.switches.status = "organization_fields", 403
    [problem] = await shop.adapter.check()
    assert problem.startswith("the organization fields cannot be read")


async def test_a_scope_that_is_for_reading_alone_is_named_unless_it_is_meant(shop: Shop) -> None:
    [problem] = await shop.connect(scope="read").check()
    assert "tickets:write" in problem
    assert await shop.connect(scope="read", read_only=True).check() == ()
