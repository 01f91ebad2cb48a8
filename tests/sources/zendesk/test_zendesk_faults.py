"""Which fault an answer stands for."""

from typing import Any

import pytest

from sources.capabilities import Window
from sources.faults import Busy, Malformed, Refused, SourceFault, Throttled, Timeout, Unavailable
from sources.wire.deadline import Deadline, within
from sources.wire.messages import Response
from sources.zendesk import PLUGIN
from tests.sources.zendesk.shop import Shop


def fault_of(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> SourceFault | None:
    return PLUGIN.classify(Response(status=status, headers=headers or {}, body=body))


@pytest.mark.parametrize("status", [200, 201, 401, 404, 400, 422])
def test_what_the_client_judges_itself_is_let_through(status: int) -> None:
    assert fault_of(status, b'{"error":"invalid","description":"no"}') is None


@pytest.mark.parametrize(
    ("status", "fault"),
    [(301, Refused), (403, Refused), (409, Busy), (413, Refused), (500, Unavailable), (502, Unavailable)],
)
def test_the_rest_is_judged_by_its_status(status: int, fault: type[SourceFault]) -> None:
    assert type(fault_of(status, b"<html>")) is fault


@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("", None), ("soon", None)])
def test_a_throttled_answer_says_how_long_to_wait(header: str, seconds: float | None) -> None:
    fault = fault_of(429, b"", {"retry-after": header})
    assert isinstance(fault, Throttled)
    assert fault.retry_after_seconds == seconds


def test_a_search_that_is_unavailable_is_asked_again() -> None:
    assert isinstance(fault_of(422, b'{"error":"unavailable","description":"Sorry"}'), Unavailable)


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({"status": 403}, Refused),
        ({"status": 409}, Busy),
        ({"status": 401, "body": '{"error":"Couldn\'t authenticate you"}'}, Refused),
        ({"status": 400, "body": "Bad request"}, Refused),
        ({"status": 500}, Unavailable),
        ({"html": True}, Unavailable),
        ({"drop_connection": True}, Unavailable),
        ({"failure_rate": 1.0}, Unavailable),
        ({"hang": True}, Timeout),
        ({"throttle_retry_after": "7"}, Throttled),
        ({"throttle_retry_after": ""}, Throttled),
        ({"truncate": True}, Malformed),
        ({"garbage": True}, Malformed),
    ],
)
async def test_every_misbehaviour_is_the_right_fault(
    shop: Shop, switches: dict[str, Any], fault: type[SourceFault]
) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1)
    await shop.warm()
    for name, value in switches.items():
        setattr(shop.switches, name, value)

    with pytest.raises(fault) as caught, within(Deadline(0.6)):
        await shop.adapter.cases_of([acme], Window())

    assert "It does not work" not in str(caught.value)
    assert acme.id not in str(caught.value)


async def test_plain_text_errors_are_refusals(shop: Shop) -> None:
    shop.customer("ACME")
    shop.account.plain_text_errors = True
    shop.account.index.longest_query = 10
    shop.adapter = shop.connect(customer_key="organization.organization_fields.number", person_key="")
    with pytest.raises(Refused):
        await shop.adapter.customers_by_number(["ACME"])


async def test_a_throttled_call_is_repeated_when_the_time_has_come(shop: Shop) -> None:
    acme = shop.customer("ACME")
    await shop.warm()
    shop.switches.throttle_retry_after, shop.switches.times = "1", 1

    with within(Deadline(4)):
        assert (await shop.adapter.customer_records([acme]))[acme] is not None

    assert [call.status for call in shop.simulator.harness.calls] == [429, 200]
