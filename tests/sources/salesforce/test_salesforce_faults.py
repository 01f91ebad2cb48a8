"""What can go wrong, and whom it concerns."""

import asyncio
from typing import Any

import pytest

from sources.capabilities import Window
from sources.faults import Malformed, Refused, SourceFault, Throttled, Timeout, Unavailable
from sources.salesforce.classify import classify
from sources.simulation.harness import Switches
from sources.wire.deadline import Deadline, within
from sources.wire.messages import Response
from tests.sources.salesforce.org import Org

ALL = Window()


async def asked(org: Org) -> object:
    with within(Deadline(0.6)):
        return await org.adapter.contacts_of(org.filled(1), ALL)


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        (Switches(hang=True), Timeout),
        (Switches(drop_connection=True), Unavailable),
        (Switches(html=True), Unavailable),
        (Switches(truncate=True), Malformed),
        (Switches(garbage=True), Malformed),
        (Switches(status=503, body='[{"message":"x","errorCode":"SERVER_UNAVAILABLE"}]'), Unavailable),
        (Switches(status=420), Unavailable),
        (Switches(status=406), Unavailable),
        (Switches(throttle_retry_after="30"), Throttled),
        (Switches(status=400, body='[{"message":"x","errorCode":"MALFORMED_QUERY"}]'), Refused),
        (Switches(status=431), Refused),
        (Switches(status=410, body='[{"errorCode":"UNSUPPORTED_API_VERSION"}]'), Refused),
        (Switches(status=302), Refused),
        (Switches(status=200, body='{"compositeResponse":[]}'), Malformed),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_each_way_to_fail_is_the_fault_that_it_is(org: Org, switches: Switches, fault: type[SourceFault]) -> None:
    await org.warm()
    org.simulator.harness.switches = switches
    with pytest.raises(fault) as caught:
        await asked(org)
    assert type(caught.value) is fault or issubclass(type(caught.value), fault)


async def test_a_short_disturbance_is_not_noticed(org: Org) -> None:
    refs = org.filled(1)
    await org.warm()
    org.simulator.harness.switches = Switches(status=503, times=1)
    assert len((await org.adapter.contacts_of(refs, ALL))[refs[0]].records) == 1
    assert org.count() == 2


async def test_the_daily_limit_is_throttling_that_is_not_tried_again_at_once(org: Org) -> None:
    refs = org.filled(1)
    await org.warm()
    org.simulator.call_limit = org.simulator.calls_used
    with pytest.raises(Throttled) as caught:
        await org.adapter.contacts_of(refs, ALL)
    assert caught.value.retry_after_seconds == 300
    assert org.count() == 1


def test_too_many_long_calls_at_once_is_throttling_for_a_moment() -> None:
    body = b'[{"message":"ConcurrentRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
    fault = classify(Response(status=403, headers={}, body=body))
    assert isinstance(fault, Throttled)
    assert fault.retry_after_seconds is None


@pytest.mark.parametrize("code", ["UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT"])
def test_what_may_go_better_later_is_unavailable(code: str) -> None:
    fault = classify(Response(status=400, headers={}, body=f'[{{"message":"m","errorCode":"{code}"}}]'.encode()))
    assert isinstance(fault, Unavailable)


def test_a_faults_text_holds_no_message_of_the_vendors() -> None:
    body = b'[{"message":"unable to obtain access to 001xx Mirja Oakhurst","errorCode":"FORBIDDEN"}]'
    fault = classify(Response(status=403, headers={}, body=body))
    assert fault is not None
    assert fault.reason == "status 403 FORBIDDEN"


def test_a_code_that_is_none_of_the_vendors_words_is_left_out() -> None:
    fault = classify(Response(status=400, headers={}, body=b'[{"errorCode":"secret: 123 456"}]'))
    assert fault is not None
    assert fault.reason == "status 400"


async def test_one_bad_part_leaves_the_other_lists_alone(org: Org) -> None:
    refs = org.filled(3)
    await org.warm()
    org.rest.part_errors["Contract"] = (400, "QUERY_TIMEOUT")
    contacts, contracts, sales = await asyncio.gather(
        org.adapter.contacts_of(refs, ALL),
        org.adapter.contracts_of(refs, ALL),
        org.adapter.opportunities_of(refs, ALL),
        return_exceptions=True,
    )
    assert isinstance(contracts, Unavailable)
    assert all(len(answer[ref].records) == 1 for answer in (contacts, sales) for ref in refs)
    assert org.count() == 1


async def test_a_part_of_the_customers_that_fails_leaves_the_other_part(org: Org) -> None:
    refs = [org.customer(f"C-{place:06}") for place in range(200)]
    await org.warm()
    original, calls = org.rest._query, []

    def failing(*arguments: Any) -> Any:
        calls.append(arguments)
        org.rest.part_errors = {"Contact": (500, "UNKNOWN_EXCEPTION")} if len(calls) == 1 else {}
        return original(*arguments)

    org.rest._query = failing
    answer = await org.adapter.contacts_of(refs, ALL)
    failed = [ref for ref in refs if isinstance(answer[ref], Unavailable)]
    assert org.count() == 1
    assert 0 < len(failed) < 200
    assert failed == refs[: len(failed)]


async def test_a_record_that_does_not_fit_spoils_its_own_customer_only(org: Org) -> None:
    good, bad = org.filled(2)

    def spoil(record: dict[str, Any]) -> None:
        if record.get("AccountId") == bad.id:
            record["StageName"] = 7

    org.rest.spoil = spoil
    answer = await org.adapter.opportunities_of([good, bad], ALL)
    assert len(answer[good].records) == 1
    assert isinstance(answer[bad], Malformed)


@pytest.mark.parametrize(("column", "value"), [("CreatedDate", "yesterday"), ("Amount", 0.001), ("CloseDate", "soon")])
async def test_a_value_that_cannot_be_read_spoils_its_own_customer_only(org: Org, column: str, value: object) -> None:
    good, bad = org.filled(2)
    org.rest.spoil = lambda record: record.update({column: value}) if record.get("AccountId") == bad.id else None
    answer = await org.adapter.opportunities_of([bad, good], ALL)
    assert len(answer[good].records) == 1
    assert isinstance(answer[bad], Malformed)
    assert str(value) not in answer[bad].reason


async def test_a_record_that_lacks_what_is_promised_is_malformed_by_its_id(org: Org) -> None:
    refs = org.filled(2)
    contacts = await org.adapter.contacts_of(refs, ALL)
    ids = [contacts[ref].records[0].provenance.record_id for ref in refs]
    org.rest.spoil = lambda record: record.pop("CreatedDate") if record["Id"] == ids[0] else None
    answer = await org.adapter.contacts(ids)
    assert isinstance(answer[ids[0]], Malformed)
    assert answer[ids[1]] is not None


async def test_a_next_page_on_a_foreign_host_is_not_followed(org: Org) -> None:
    refs = org.filled(20)
    await org.warm()
    org.rest.page_rows, org.rest.next_prefix = 5, "https://elsewhere.example"
    with pytest.raises(Malformed) as caught:
        await org.adapter.contacts_of(refs, ALL)
    assert org.count() == 1
    assert "elsewhere" not in caught.value.reason


async def test_a_next_page_on_our_own_host_is_followed(org: Org) -> None:
    refs = org.filled(20)
    org.rest.page_rows, org.rest.next_prefix = 5, org.base_url
    answer = await org.adapter.contacts_of(refs, ALL)
    assert all(len(answer[ref].records) == 1 for ref in refs)


async def test_a_locator_that_has_died_is_refused(org: Org) -> None:
    refs = org.filled(20)
    org.rest.page_rows = 5
    original = org.rest._more

    def late(*arguments: Any) -> Any:
        org.rest._cursors.clear()
        return original(*arguments)

    org.rest._more = late
    with pytest.raises(Refused) as caught:
        await org.adapter.contacts_of(refs, ALL)
    assert caught.value.reason == "status 400 INVALID_QUERY_LOCATOR"


async def test_what_is_left_of_the_quota_is_reported(org: Org) -> None:
    refs = org.filled(1)
    org.simulator.call_limit, org.simulator.calls_used = 100, 24
    await org.adapter.contacts_of(refs, ALL)
    assert org.wires[0].health.quota_remaining == pytest.approx(0.75)
