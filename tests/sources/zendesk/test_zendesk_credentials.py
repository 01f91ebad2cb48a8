"""Tokens that end, tokens that are revoked, and secrets that are never shown."""

import pytest
from pydantic import ValidationError

from sources.faults import Refused
from sources.zendesk import PLUGIN
from sources.zendesk.simulator.tokens import API_TOKEN, CLIENT_SECRET, EMAIL
from tests.sources.zendesk.shop import Shop

BASIC = {"client_id": None, "client_secret": None, "email": EMAIL, "api_token": API_TOKEN}


async def test_a_token_is_fetched_once_and_kept(shop: Shop) -> None:
    acme = shop.customer("ACME")
    for _ in range(3):
        await shop.adapter.customer_records([acme])
    assert shop.asked().count("/oauth/tokens") == 1


async def test_a_revoked_token_is_renewed_once_and_the_call_repeated(shop: Shop) -> None:
    acme = shop.customer("ACME")
    await shop.adapter.customer_records([acme])
    shop.account.tokens.revoke_all()
    shop.forget()

    assert (await shop.adapter.customer_records([acme]))[acme] is not None
    assert shop.asked() == ["organizations/show_many", "/oauth/tokens", "organizations/show_many"]


async def test_a_token_that_is_about_to_end_is_not_sent(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.account.tokens.lasts_seconds = 61
    await shop.adapter.customer_records([acme])
    shop.account.tokens.lasts_seconds = 30
    await shop.warm()
    shop.adapter = shop.connect()
    await shop.adapter.customer_records([acme])
    await shop.adapter.customer_records([acme])
    assert shop.asked() == 2 * ["/oauth/tokens", "organizations/show_many"]


async def test_a_token_that_is_refused_again_is_a_refusal(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.account.tokens.lasts_seconds = -1
    with pytest.raises(Refused):
        await shop.adapter.customer_records([acme])
    assert shop.asked() == 2 * ["/oauth/tokens", "organizations/show_many"]


async def test_a_wrong_secret_is_a_refusal_that_does_not_show_it(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.adapter = shop.connect(client_secret="wrong-secret")
    with pytest.raises(Refused) as caught:
        await shop.adapter.customer_records([acme])
    assert "wrong-secret" not in str(caught.value)
    assert shop.asked() == ["/oauth/tokens"]


async def test_a_scope_that_does_not_exist_is_found_out_at_the_first_call(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.adapter = shop.connect(scope="reed")
    with pytest.raises(Refused):
        await shop.adapter.customer_records([acme])


async def test_an_email_and_an_api_token_work_while_they_last(shop: Shop) -> None:
    acme = shop.customer("ACME")
    shop.adapter = shop.connect(**BASIC)
    assert (await shop.adapter.customer_records([acme]))[acme] is not None
    shop.account.tokens.api_tokens_accepted = False
    with pytest.raises(Refused):
        await shop.adapter.customer_records([acme])
    assert shop.asked() == 2 * ["organizations/show_many"]


def test_secrets_are_not_in_what_is_printed(shop: Shop) -> None:
    settings = PLUGIN.settings.model_validate(shop.simulator.section("https://acme.zendesk.com"))
    assert CLIENT_SECRET not in repr(settings)
    assert settings.secrets() == (CLIENT_SECRET,)


@pytest.mark.parametrize(
    "change",
    [
        {"client_secret": None},
        {"email": EMAIL, "api_token": API_TOKEN},
        {"customer_key": "party.code"},
        {"person_key": "organization.external_id"},
        {"fields": {"invoice_numbers": "36001"}},
        {"fields": {"colour": "organization_fields.colour"}},
        {"base_url": "acme"},
        {"unknown": 1},
    ],
)
def test_settings_that_cannot_work_are_refused_without_the_secret(shop: Shop, change: dict[str, object]) -> None:
    section = shop.simulator.section("https://acme.zendesk.com") | change
    with pytest.raises(ValidationError) as caught:
        PLUGIN.settings.model_validate({key: value for key, value in section.items() if value is not None})
    assert CLIENT_SECRET not in str(caught.value)
