"""A source that misbehaves gives the right fault, at the keys that it concerns, and leaks nothing."""

import asyncio
import re
from typing import Any

import msgspec
import pytest

from sources import registry
from sources.capabilities import Page
from sources.faults import Malformed, NotOffered, Refused, SourceFault, Throttled, Timeout, Unavailable
from sources.simulation.harness import Switches
from sources.wire.deadline import Deadline, Limit, within
from sources.wire.messages import Request, Response
from sources.wire.transport import HttpTransport
from tests.contracts.small_world import BULKY, RICH
from tests.contracts.source_under_test import BATCHED, LISTS, Source

SECRET_OF_A_PERSON = "Paloma Garrano, paloma@garrano.example"

# How the source misbehaves, and what that is.
MISBEHAVIOUR = {
    "hang": (Switches(hang=True), (Timeout,)),
    "500": (Switches(status=500, body=SECRET_OF_A_PERSON), (Unavailable,)),
    "503": (Switches(status=503, body=""), (Unavailable,)),
    "429": (Switches(throttle_retry_after="7"), (Throttled,)),
    "401": (Switches(status=401, body=f'{{"error":"{SECRET_OF_A_PERSON}"}}'), (Refused,)),
    "403": (Switches(status=403, body=f'{{"error":"{SECRET_OF_A_PERSON}"}}'), (Refused, NotOffered)),
    "html": (Switches(html=True), (Malformed, Unavailable)),
    "garbage": (Switches(garbage=True), (Malformed,)),
    "truncated": (Switches(truncate=True), (Malformed, Unavailable)),
    "empty object": (Switches(status=200, body="{}"), (Malformed,)),
    "another object": (Switches(status=200, body='{"hello": "world"}'), (Malformed,)),
    "dropped": (Switches(drop_connection=True), (Unavailable,)),
    "redirect": (Switches(status=302, body=""), (Refused, Malformed)),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
async def test_misbehaviour_is_the_right_fault_for_every_method(light: Source, name: str) -> None:
    switches, expected = MISBEHAVIOUR[name]
    questions = await all_questions(light)
    light.simulator.harness.switches = switches
    outcomes = await asyncio.gather(*(outcome(light, method, keys) for method, keys in questions.items()))
    wrong = {
        method: fault
        for method, faults in zip(questions, outcomes, strict=True)
        for fault in faults or ["no fault at all"]
        if not isinstance(fault, expected)
    }
    assert not wrong
    for fault in (fault for faults in outcomes for fault in faults):
        held_against_secrets(light, fault)
        if name == "429":
            assert fault.retry_after_seconds == 7.0


async def all_questions(source: Source) -> dict[str, list[Any]]:
    questions = {}
    for method in BATCHED:
        if source.offers(method):
            keys = (await source.keys(method, RICH))[:2]
            if keys:
                questions[method] = keys
    return questions


async def outcome(source: Source, method: str, keys: list[Any]) -> list[Any]:
    """The faults that a question ends with, through an adapter that has not asked anything before."""
    with within(Deadline(1.5)):
        return await faults_of(source, method, keys, source.another_adapter(timeout_seconds=0.25))


async def faults_of(source: Source, method: str, keys: list[Any], adapter: Any) -> list[Any]:
    try:
        answer = await source.ask(method, keys, adapter)
    except SourceFault as fault:
        return [fault]
    return list(answer.values())


def held_against_secrets(source: Source, fault: SourceFault) -> None:
    text = f"{fault!r} {fault} {fault.__cause__!r} {fault.__context__!r}"
    assert "Paloma" not in text
    assert "paloma" not in text
    for secret in source.settings().secrets():
        assert secret not in text


def test_every_connector_with_a_credential_says_which_of_its_settings_are_secret(kind: str) -> None:
    plugin = registry.plugin(kind)
    section = plugin.simulator().section("http://127.0.0.1:9")
    settings = plugin.settings.model_validate({"kind": kind, **section})
    named = [key for key in section if re.search(r"secret|token|password|key$", key) and key != "customer_key"]
    for key in named:
        assert section[key] in settings.secrets(), f"{key} is not among secrets()"
        assert section[key] not in repr(settings)


async def test_a_source_that_is_gone_is_unavailable(light: Source) -> None:
    questions = await all_questions(light)
    adapter = light.another_adapter(base_url="http://127.0.0.1:9", timeout_seconds=0.5)
    with within(Deadline(1.0)):
        for method, keys in questions.items():
            assert all(isinstance(fault, Unavailable) for fault in await faults_of(light, method, keys, adapter)), (
                method
            )
    with within(Deadline(1.0)), pytest.raises(SourceFault):
        await adapter.check()


async def test_the_check_finds_nothing_amiss_but_optional_fields_that_are_not_set(light: Source) -> None:
    found = await light.adapter.check()
    unset = set(light.plugin.optional_fields) - set(light.settings().fields)
    assert [sentence for sentence in found if not any(f"fields.{name}" in sentence for name in unset)] == []


async def test_a_fault_heals(light: Source) -> None:
    light.simulator.harness.switches = Switches(status=503, times=1)
    assert [record.number for record in (await light.adapter.customers_by_number([RICH]))[RICH]] == [RICH]


async def test_a_throttled_source_is_asked_again_when_it_said(light: Source) -> None:
    light.simulator.harness.switches = Switches(throttle_retry_after="1", times=1)
    with within(Deadline(5.0)):
        assert (await light.adapter.customers_by_number([RICH]))[RICH]


class Misleading(HttpTransport):
    """Turns every URL that leads to a next page into one of another host, and keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(connections=8)
        self.asked: list[str] = []

    async def send(self, request: Request, limit: Limit) -> Response:
        self.asked.append(request.url)
        if "foreign.example" in request.url:
            return Response(status=200, headers={}, body=b"{}")
        response = await super().send(request, limit)
        body = re.sub(rb'("(?:next|after|url)\w*"\s*:\s*")(?:https?://[^/"]*)?(/[^"]*")', rb"\1https://foreign.example\2",
                      response.body)  # fmt: skip
        return msgspec.structs.replace(response, body=body)


@pytest.mark.methods(*LISTS)
async def test_a_next_page_at_another_host_is_never_asked_for(deep: Source, method: str) -> None:
    ref = await deep.ref_of(BULKY)
    whole = await deep.whole_list(method, ref)
    transport = Misleading()
    adapter = deep.another_adapter(transport=transport)
    try:
        misled = await deep.whole_list(method, ref, adapter=adapter)
    except (Malformed, Refused):
        misled = whole
    assert not [url for url in transport.asked if "foreign.example" in url]
    assert len(misled) == len(whole), "records were left out without a fault"


@pytest.mark.methods(*LISTS)
async def test_one_customer_whose_list_is_broken_leaves_the_others_or_says_so(light: Source, method: str) -> None:
    refs = [await light.ref_of(RICH), await light.ref_of(BULKY)]
    light.simulator.harness.switches = Switches(only=refs[0].id, garbage=True)
    try:
        answer = await light.ask(method, refs)
    except Malformed:
        return  # the vendor is asked for several customers at once, so that one call concerned them all
    assert set(answer) == set(refs)
    assert all(isinstance(value, Page | Malformed) for value in answer.values())
