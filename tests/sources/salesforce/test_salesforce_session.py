"""The token: one for all who wait, one renewal after a 401, never sent to a host that the answer makes up."""

import asyncio

import pytest

from sources.capabilities import Window
from sources.faults import Malformed, Refused
from sources.salesforce.classify import LOOPING_401
from sources.simulation.harness import Switches
from tests.sources.salesforce.org import Org

ALL = Window()
COMPOSITE, TOKEN = "data/v67.0/composite", "oauth2/token"


async def test_an_expired_token_is_renewed_once_and_the_question_asked_again(org: Org) -> None:
    refs = org.filled(1)
    await org.adapter.contacts_of(refs, ALL)
    org.forget()
    org.simulator.expire_tokens()
    assert len((await org.adapter.contacts_of(refs, ALL))[refs[0]].records) == 1
    assert org.paths() == [COMPOSITE, TOKEN, COMPOSITE]


async def test_a_token_that_dies_between_two_pages_loses_nothing(org: Org) -> None:
    refs = org.filled(30)
    org.rest.page_rows = 20
    await org.warm()
    original = org.rest._page

    def dying(version: str, query: object, ids: list[str], start: int, hint: int | None) -> object:
        if start == 0:
            org.simulator.expire_tokens()
        return original(version, query, ids, start, hint)

    org.rest._page = dying
    answer = await org.adapter.contacts_of(refs, ALL)
    assert all(len(answer[ref].records) == 1 for ref in refs)
    assert org.paths() == [COMPOSITE, COMPOSITE, TOKEN, COMPOSITE]


async def test_tokens_end_by_the_organizations_clock(org: Org) -> None:
    refs = org.filled(1)
    await org.adapter.contacts_of(refs, ALL)
    later = org.simulator.now() + org.simulator.session_seconds
    org.simulator.now = lambda: later
    await org.adapter.contacts_of(refs, ALL)
    assert org.simulator.tokens_given == 2


async def test_a_fresh_token_that_is_refused_as_well_is_not_renewed_again(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.unauthorized = "Session expired or invalid"
    with pytest.raises(Refused):
        await org.adapter.contacts_of(refs, ALL)
    assert org.paths() == [TOKEN, COMPOSITE, TOKEN, COMPOSITE]


@pytest.mark.parametrize("text", LOOPING_401)
async def test_a_401_that_no_token_mends_is_not_answered_with_a_new_one(org: Org, text: str) -> None:
    refs = org.filled(1)
    org.simulator.unauthorized = text
    with pytest.raises(Refused):
        await org.adapter.contacts_of(refs, ALL)
    assert org.paths() == [TOKEN, COMPOSITE]


async def test_two_calls_that_meet_the_same_dead_token_renew_it_once(org: Org) -> None:
    refs = org.filled(6)
    await org.warm()
    org.simulator.expire_tokens()
    await asyncio.gather(*(org.adapter.contacts_of([ref], ALL) for ref in refs))
    assert org.paths().count(TOKEN) == 1
    assert org.simulator.tokens_given == 2


async def test_an_instance_url_elsewhere_gets_no_token(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.instance_host = "elsewhere.example"
    with pytest.raises(Malformed) as caught:
        await org.adapter.contacts_of(refs, ALL)
    assert org.paths() == [TOKEN]
    assert "elsewhere" not in caught.value.reason


async def test_an_instance_url_on_another_port_of_the_same_host_gets_no_token(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.instance_host = "127.0.0.1:9"
    with pytest.raises(Malformed):
        await org.adapter.contacts_of(refs, ALL)


async def test_an_instance_url_on_a_listed_host_is_asked(org: Org) -> None:
    refs = org.filled(1)
    listed = org.base_url.removeprefix("http://").replace("127.0.0.1", "localhost")
    org.simulator.instance_host = listed
    adapter = org.connect(allowed_hosts=[listed])
    assert len((await adapter.contacts_of(refs, ALL))[refs[0]].records) == 1
    assert org.simulator.harness.calls[-1].headers["host"] == listed


async def test_a_refused_credential_is_said_without_the_secret(org: Org) -> None:
    refs = org.filled(1)
    adapter = org.connect(client_secret="not the right secret")
    with pytest.raises(Refused) as caught:
        await adapter.contacts_of(refs, ALL)
    assert "secret" not in caught.value.reason
    assert "invalid_client" in caught.value.reason
    assert org.paths() == [TOKEN]


async def test_a_token_reply_without_an_instance_url_is_malformed(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.harness.switches = Switches(only="oauth2", status=200, body='{"access_token":"x"}')
    with pytest.raises(Malformed):
        await org.adapter.contacts_of(refs, ALL)


async def test_a_failed_token_is_asked_for_again_by_the_next_question(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.harness.switches = Switches(only="oauth2", status=400, body='{"error":"inactive_org"}', times=1)
    with pytest.raises(Refused):
        await org.adapter.contacts_of(refs, ALL)
    assert len((await org.adapter.contacts_of(refs, ALL))[refs[0]].records) == 1


async def test_whoever_comes_late_with_a_dead_token_takes_the_one_that_was_renewed(org: Org) -> None:
    session = org.adapter._client._session
    dead = await session.token()
    renewed = await session.renewed(dead)
    assert await session.renewed(dead) is renewed
    assert org.simulator.tokens_given == 2
