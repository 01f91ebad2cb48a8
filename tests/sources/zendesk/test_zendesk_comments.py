"""Comments on cases: written once, found again, and every way in which the answer may come."""

from datetime import timedelta
from typing import Any

import pytest

from sources.capabilities import Window
from sources.faults import Busy, Malformed, OutcomeUnknown, Refused, SourceFault, Throttled, Unavailable
from sources.simulation.facts import MessageWritten
from sources.wire.deadline import Deadline, within
from sources.writing import CaseWrites, CommentOrder, ReceiptState, WriteOffers
from sources.zendesk.comments import mark
from tests.sources.zendesk.shop import NOW, Shop

REFERENCE = "c360:01JF:case_note"


@pytest.fixture
async def case(shop: Shop) -> str:
    shop.customer("ACME")
    case = shop.case("ACME", 1, at=NOW - timedelta(days=2))
    await shop.warm()
    return case


def order(
    case: str = "1", *, public: bool = False, reference: str = REFERENCE, text: str = "We did it."
) -> CommentOrder:
    return CommentOrder(key="k1", reference=reference, since=NOW, case_id=case, text=text, public=public)


def written(shop: Shop) -> list[tuple[str, bool]]:
    """What was written over the API: the text, and whether the customer gets it."""
    return [(held.text, held.public) for held in shop.account.records.comments[1][1:]]


def test_the_adapter_writes_comments_and_says_what_it_offers(shop: Shop) -> None:
    assert isinstance(shop.adapter, CaseWrites)
    assert isinstance(shop.adapter, WriteOffers)


async def test_a_note_is_one_call_and_only_agents_see_it(shop: Shop, case: str) -> None:
    receipt = await shop.adapter.add_comment(order())

    assert receipt.state is ReceiptState.DONE
    assert written(shop) == [(f"We did it.\n\n{mark(REFERENCE)}", False)]
    assert [(call.method, call.path) for call in shop.simulator.harness.calls] == [("PUT", "/api/v2/tickets/1")]
    messages = (await shop.adapter.case_messages([case], Window()))[case]
    assert not isinstance(messages, SourceFault)
    newest = messages.records[0]
    assert (newest.record_id, newest.public, newest.from_customer) == (receipt.record_id, False, False)


async def test_a_public_reply_is_the_text_and_nothing_else(shop: Shop, case: str) -> None:
    await shop.adapter.add_comment(order(public=True))
    assert written(shop) == [("We did it.", True)]


async def test_the_mark_of_a_note_tells_nothing_and_is_always_the_same() -> None:
    assert mark(REFERENCE) == mark(REFERENCE)
    assert "01JF" not in mark(REFERENCE)
    assert mark(REFERENCE) != mark("c360:01JF:case_reply")


@pytest.mark.parametrize("public", [False, True])
async def test_what_was_written_is_found_by_its_reference(shop: Shop, case: str, public: bool) -> None:
    receipt = await shop.adapter.add_comment(order(public=public))
    shop.forget()

    assert await shop.adapter.find_comment(case, REFERENCE) == receipt
    assert await shop.adapter.find_comment(case, "c360:01JF:other") is None
    assert shop.asked() == ["tickets/1/audits", "tickets/1/audits"]


async def test_two_comments_of_one_workflow_are_told_apart(shop: Shop, case: str) -> None:
    note = await shop.adapter.add_comment(order(reference="c360:01JF:note"))
    reply = await shop.adapter.add_comment(order(reference="c360:01JF:reply", public=True))

    assert await shop.adapter.find_comment(case, "c360:01JF:note") == note
    assert await shop.adapter.find_comment(case, "c360:01JF:reply") == reply
    assert note.record_id != reply.record_id


async def test_where_the_metadata_is_dropped_a_note_is_found_by_its_mark(shop: Shop, case: str) -> None:
    shop.account.metadata_kept = False
    note = await shop.adapter.add_comment(order())
    assert await shop.adapter.find_comment(case, REFERENCE) == note


@pytest.mark.parametrize("written", [True, False])
async def test_where_the_metadata_is_dropped_nobody_claims_that_a_reply_is_not_there(
    shop: Shop, case: str, written: bool
) -> None:
    shop.account.metadata_kept = False
    await shop.adapter.add_comment(order(reference="c360:01JF:note"))
    if written:
        await shop.adapter.add_comment(order(reference="c360:01JF:reply", public=True))

    with pytest.raises(Malformed, match="cannot be told"):
        await shop.adapter.find_comment(case, "c360:01JF:reply")


async def test_a_note_that_an_agent_quotes_is_no_sign_of_dropped_metadata(shop: Shop, case: str) -> None:
    note = await shop.adapter.add_comment(order(reference="c360:01JF:note"))
    quoted = MessageWritten(
        at=NOW, customer="ACME", key="M", case=case, author="agent:Ann Agent", public=False,
        text=f"> We did it. {mark('c360:01JF:note')}",
    )  # fmt: skip
    shop.simulator.absorb(quoted)

    assert await shop.adapter.find_comment(case, "c360:01JF:reply") is None
    found = await shop.adapter.find_comment(case, "c360:01JF:note")
    assert found is not None
    assert found.state is note.state


async def test_a_mark_that_a_customer_writes_is_not_ours(shop: Shop, case: str) -> None:
    shop.simulator.absorb(
        MessageWritten(at=NOW, customer="ACME", key="M", case=case, author="ACME-1", public=True, text=mark(REFERENCE))
    )
    assert await shop.adapter.find_comment(case, REFERENCE) is None


async def test_an_update_on_the_third_page_of_audits_is_found(shop: Shop, case: str) -> None:
    for place in range(220):
        at, key = NOW - timedelta(hours=1), f"M-{place}"
        shop.simulator.absorb(
            MessageWritten(at=at, customer="ACME", key=key, case=case, author="ACME-1", public=True, text="?")
        )
    receipt = await shop.adapter.add_comment(order())
    shop.forget()

    assert await shop.adapter.find_comment(case, REFERENCE) == receipt
    assert shop.asked() == ["tickets/1/audits"] * 3


async def test_the_same_order_twice_is_there_twice_and_the_first_is_found(shop: Shop, case: str) -> None:
    first = await shop.adapter.add_comment(order())
    await shop.adapter.add_comment(order())

    assert len(written(shop)) == 2
    assert await shop.adapter.find_comment(case, REFERENCE) == first


@pytest.mark.parametrize(
    ("fault", "comments"), [("before", 0), ("after", 1), ("late", 1), ("cut_after", 1), ("error_after", 1)]
)
async def test_no_clear_answer_is_an_unknown_outcome_and_nothing_is_sent_again(
    shop: Shop, case: str, fault: str, comments: int
) -> None:
    shop.switches.write_fault, shop.switches.late_seconds = fault, 1.2

    with pytest.raises(OutcomeUnknown) as caught, within(Deadline(1.0)):
        await shop.adapter.add_comment(order())
    await shop.simulator.harness.late.settled()

    assert "We did it" not in str(caught.value)
    assert [call.method for call in shop.simulator.harness.calls] == ["PUT"]
    assert len(written(shop)) == comments
    found = await shop.adapter.find_comment(case, REFERENCE)
    assert (found is not None) == bool(comments)


@pytest.mark.parametrize(
    ("switches", "fault"),
    [
        ({"status": 500}, OutcomeUnknown),
        ({"status": 503}, OutcomeUnknown),
        ({"html": True}, OutcomeUnknown),
        ({"drop_connection": True}, OutcomeUnknown),
        ({"garbage": True}, OutcomeUnknown),
        ({"status": 200, "body": "{}"}, OutcomeUnknown),
        ({"status": 409, "body": '{"error":"UpdateConflict"}'}, Busy),
        ({"throttle_retry_after": "7"}, Throttled),
        ({"status": 400, "body": "Bad request"}, Refused),
        ({"status": 403}, Refused),
        ({"status": 404, "body": '{"error":"RecordNotFound"}'}, Refused),
        ({"status": 413}, Refused),
        ({"status": 302}, Refused),
    ],
)
async def test_every_answer_is_the_right_fault_and_nothing_was_done(
    shop: Shop, case: str, switches: dict[str, Any], fault: type[SourceFault]
) -> None:
    for name, value in switches.items():
        setattr(shop.switches, name, value)

    with pytest.raises(fault) as caught:
        await shop.adapter.add_comment(order())

    assert type(caught.value) is fault
    assert written(shop) == []
    assert [call.method for call in shop.simulator.harness.calls] == ["PUT"]


async def test_an_answer_that_is_cut_in_half_is_an_unknown_outcome(shop: Shop, case: str) -> None:
    shop.switches.truncate = True
    with pytest.raises(OutcomeUnknown):
        await shop.adapter.add_comment(order())
    assert len(written(shop)) == 1


async def test_nothing_was_sent_where_there_is_no_connection(shop: Shop, case: str) -> None:
    adapter = shop.connect(
        base_url="http://127.0.0.1:1", client_id=None, client_secret=None, email="a@b.c", api_token="t"
    )
    with pytest.raises(Unavailable) as caught:
        await adapter.add_comment(order())
    assert not caught.value.sent


async def test_a_token_that_cannot_be_had_leaves_no_doubt(shop: Shop, case: str) -> None:
    shop.account.tokens.revoke_all()
    shop.switches.only, shop.switches.status = "/oauth", 503
    with pytest.raises(Unavailable):
        await shop.adapter.add_comment(order())
    assert written(shop) == []


async def test_a_token_that_has_ended_is_renewed_and_the_note_is_there_once(shop: Shop, case: str) -> None:
    shop.account.tokens.revoke_all()
    await shop.adapter.add_comment(order())
    assert len(written(shop)) == 1
    assert [(call.method, call.status) for call in shop.simulator.harness.calls] == [
        ("PUT", 401),
        ("POST", 200),
        ("PUT", 200),
    ]


async def test_a_closed_case_refuses_and_says_why(shop: Shop, case: str) -> None:
    shop.moved("ACME", 1, "closed", at=NOW)
    with pytest.raises(Refused, match="closed for good"):
        await shop.adapter.add_comment(order())
    assert written(shop) == []


async def test_a_rule_of_the_account_refuses_and_its_words_stay_there(shop: Shop, case: str) -> None:
    shop.switches.status = 422
    shop.switches.body = '{"error":"RecordInvalid","details":{"base":[{"description":"Jane must sign"}]}}'
    with pytest.raises(Refused, match=r"tickets/\{id\}: 422, because of: base") as caught:
        await shop.adapter.add_comment(order())
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize("id", ["99", "no-id", "0", ""])
async def test_a_case_that_is_not_there_is_refused_and_nothing_is_found(shop: Shop, case: str, id: str) -> None:
    with pytest.raises(Refused):
        await shop.adapter.add_comment(order(id))
    assert await shop.adapter.find_comment(id, REFERENCE) is None


async def test_the_thirty_first_update_in_ten_minutes_is_throttled(shop: Shop, case: str) -> None:
    shop.account.limits.updates_of_a_ticket = 2
    for _ in range(2):
        await shop.adapter.add_comment(order())
    with pytest.raises(Throttled) as caught:
        await shop.adapter.add_comment(order())
    assert 0 < (caught.value.retry_after_seconds or 0) <= 601
    assert len(written(shop)) == 2


async def test_a_search_for_a_comment_that_fails_is_a_fault_and_not_a_no(shop: Shop, case: str) -> None:
    await shop.adapter.add_comment(order())
    shop.switches.only, shop.switches.status = "/audits", 503
    with pytest.raises(Unavailable):
        await shop.adapter.find_comment(case, REFERENCE)


async def test_what_may_be_written_is_told_before_anything_is(shop: Shop) -> None:
    both = frozenset(["add_comment", "find_comment"])
    basic = {"client_id": None, "client_secret": None, "email": "admin@example.com", "api_token": "simulated-api-token"}

    assert await shop.adapter.offered_writes() == both
    assert await shop.connect(scope="read write").offered_writes() == both
    assert await shop.connect(**basic).offered_writes() == both
    assert await shop.connect(scope="read").offered_writes() == frozenset()
    assert await shop.connect(read_only=True).offered_writes() == frozenset()


async def test_a_source_for_reading_asks_for_no_more_than_that(shop: Shop, case: str) -> None:
    with pytest.raises(Refused, match="403"):
        await shop.connect(read_only=True).add_comment(order())
    assert written(shop) == []
