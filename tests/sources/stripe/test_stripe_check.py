"""What `check` says is to be mended, and what the section refuses."""

import pytest
from pydantic import ValidationError

from sources.faults import Unavailable
from sources.simulation.harness import Switches
from sources.stripe.adapter import READ, StripeAdapter
from sources.stripe.settings import StripeSettings
from sources.stripe.simulator import StripeSimulator
from tests.sources.stripe.conftest import Adapters, Tale


async def test_a_good_configuration_has_nothing_to_mend(
    adapter: StripeAdapter, simulator: StripeSimulator, tale: Tale
) -> None:
    tale.customer()
    assert await adapter.check() == ()
    assert simulator.harness.count == len(READ)


async def test_a_restricted_key_lacks_what_is_named(adapters: Adapters, simulator: StripeSimulator) -> None:
    simulator.allow("rk_test_narrow", *(set(READ) - {"credit_notes", "disputes"}))
    problems = await adapters(api_key="rk_test_narrow").check()
    assert len(problems) == 2
    assert "/v1/credit_notes" in problems[0]
    assert "rak_credit_note_read" in problems[0]


async def test_a_wrong_key_is_named_by_its_setting(adapters: Adapters) -> None:
    (problem,) = await adapters(api_key="sk_test_wrong").check()
    assert "api_key" in problem


async def test_a_publishable_key_is_said_to_be_one(adapters: Adapters) -> None:
    assert "publishable" in (await adapters(api_key="pk_test_1").check())[0]


async def test_a_live_key_on_a_server_that_plays_stripe_is_warned_of(
    adapters: Adapters, simulator: StripeSimulator, tale: Tale
) -> None:
    tale.customer()
    simulator.allow("sk_live_1", *READ)
    problems = await adapters(api_key="sk_live_1").check()
    assert any("live mode" in problem and "base_url" in problem for problem in problems)
    assert any("test mode" in problem and "api_key" in problem for problem in problems)


async def test_a_server_that_is_down_is_no_problem_of_the_configuration(
    adapter: StripeAdapter, simulator: StripeSimulator
) -> None:
    simulator.harness.switches = Switches(status=503)
    with pytest.raises(Unavailable):
        await adapter.check()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"customer_key": "name"}, "metadata"),
        ({"customer_key": "metadata.a']"}, "metadata"),
        ({"customer_key": "metadata." + "x" * 41}, "40"),
        ({"fields": {"tier": "metadata.tier"}}, "fields.tier"),
        ({"fields": {"case_number": "memo"}}, "metadata"),
        ({"api_key": ""}, "api_key"),
        ({"base_url": "api.stripe.com"}, "base_url"),
    ],
)
def test_a_section_that_cannot_be_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StripeSettings.model_validate({"api_key": "sk_test_1", **changes})


def test_the_key_is_in_no_print_of_the_settings() -> None:
    settings = StripeSettings.model_validate({"api_key": "sk_test_hidden"})
    assert "sk_test_hidden" not in f"{settings!r} {settings}"
    assert settings.secrets() == ("sk_test_hidden",)
