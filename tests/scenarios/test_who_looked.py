"""Who looks at personal, financial and tax fields is on record before the answer; what cannot be is withheld."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest

from mutations.governance.audit import reads
from mutations.governance.audit.events import AuditOutcome
from mutations.governance.audit.records import AuditQuery
from sources.canonical.sensitivity import Sensitivity

PERSONAL, FINANCIAL, TAX = Sensitivity.PERSONAL, Sensitivity.FINANCIAL, Sensitivity.TAX
NUMBER = "C-1001"


async def recorded(house):
    page = await house.gateway.governed.audit.log.page(AuditQuery(action="read"), 200)
    return list(reversed(page.events))


@pytest.fixture
async def number(house):
    """A customer that has invoices, contacts and children."""
    data = await house.data(
        "{ customers(first: 30) { nodes { number invoices(first: 1) { nodes { id } } contacts(first: 1) "
        "{ nodes { id } } } } }"
    )
    return next(
        each["number"]
        for each in data["customers"]["nodes"]
        if each["number"] and each["invoices"]["nodes"] and each["contacts"]["nodes"]
    )


@pytest.fixture
async def uid(house, number):
    from sources.crosswalk.words import LookupKey

    return (await house.gateway.crosswalk.find(LookupKey("number", number)))[0]


@pytest.fixture
async def seen(house, number):
    """How many reads were recorded before the test's own."""
    return len(await recorded(house))


BY_NUMBER = "query %s($n: String!) { customerBy(key: {number: $n}) { %s } }"


async def test_a_reading_of_amounts_says_who_whose_which_and_through_what(house, number, uid, seen):
    await house.data(BY_NUMBER % ("Bills", "displayName invoices { nodes { number total { amount } } }"), {"n": number})
    (event,) = (await recorded(house))[seen:]
    assert (event.actor, event.issuer) == ("finance_analyst", "urn:c360:development")
    assert (event.action, event.outcome, event.operation) == ("read", AuditOutcome.READ, "Bills")
    assert event.customer_uids == (uid,)
    assert event.classes == (FINANCIAL,)


async def test_an_answer_of_names_and_states_is_not_recorded(house, number, seen):
    await house.data(BY_NUMBER % ("Names", "displayName tier status { standing }"), {"n": number})
    assert len(await recorded(house)) == seen


async def test_each_customer_is_recorded_with_what_was_told_of_it(house, number, uid, seen):
    query = BY_NUMBER % ("Family", "emails children { nodes { displayName } } parent { displayName }")
    await house.data(query, {"n": number})
    (event,) = (await recorded(house))[seen:]
    assert event.customer_uids == (uid,)
    assert event.classes == (PERSONAL,)


async def test_many_customers_are_one_event(house, seen):
    data = await house.data("query All { customers(first: 20) { nodes { id emails } } }")
    (event,) = (await recorded(house))[seen:]
    assert len(event.customer_uids) == len(data["customers"]["nodes"]) == 20


async def test_what_a_viewer_may_not_see_is_not_recorded_as_seen(house, number, seen):
    query = BY_NUMBER % ("Tax", "emails taxContext { taxIds { value } }")
    await house.ask(query, {"n": number}, role="support_agent")
    (event,) = (await recorded(house))[seen:]
    assert event.classes == (PERSONAL,)
    await house.ask(query, {"n": number}, role="platform_admin")
    assert len(await recorded(house)) == seen + 1


async def test_what_include_leaves_out_is_not_recorded(house, number, seen):
    query = "query Some($n: String!, $all: Boolean = false) { customerBy(key: {number: $n}) { displayName %s } }"
    query %= "emails @include(if: $all) taxContext @skip(if: true) { __typename }"
    await house.data(query, {"n": number})
    assert len(await recorded(house)) == seen
    await house.data(query, {"n": number, "all": True})
    assert len(await recorded(house)) == seen + 1


async def test_a_record_by_its_own_id_is_recorded_with_its_customer(house, number, uid, seen):
    data = await house.data(BY_NUMBER % ("Ids", "invoices(first: 1) { nodes { id } }"), {"n": number})
    found = data["customerBy"]["invoices"]["nodes"][0]["id"]
    await house.data("query One($id: ID!) { node(id: $id) { ... on Invoice { total { amount } } } }", {"id": found})
    event = (await recorded(house))[-1]
    assert (event.operation, event.customer_uids, event.classes) == ("One", (uid,), (FINANCIAL,))


async def test_an_operation_without_a_name_is_known_by_its_documents_hash(house, seen):
    import hashlib

    query = "{ customers(first: 1) { nodes { emails } } }"
    await house.data(query)
    (event,) = (await recorded(house))[seen:]
    assert event.operation == hashlib.sha256(query.encode()).hexdigest()


async def test_survivorship_shows_values_of_every_class(house, number, seen):
    await house.data(BY_NUMBER % ("Won", "survivorship { name value }"), {"n": number})
    (event,) = (await recorded(house))[seen:]
    assert set(event.classes) == {PERSONAL, FINANCIAL, TAX}


async def test_a_hundred_readings_at_once_are_all_recorded(house, number, seen):
    query = BY_NUMBER % ("Many", "emails")
    await asyncio.gather(*(house.data(query, {"n": number}) for _ in range(100)))
    assert len(await recorded(house)) == seen + 100


@asynccontextmanager
async def database_locked(house):
    """Another process holds SQLite's only lock: everything can be read, and nothing written."""
    path = house.gateway.settings.gateway.database_url.removeprefix("sqlite:///")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")  # a write of the house may be under way
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(reads, "WAIT_SECONDS", 0.2)


async def test_while_nothing_can_be_recorded_those_classes_are_withheld_and_the_rest_is_served(
    house, number, impatient
):
    query = BY_NUMBER % ("Bills", "displayName emails invoices { nodes { total { amount } } } status { standing }")
    async with database_locked(house):
        answer = await house.ask(query, {"n": number})
        again = await house.ask(query, {"n": number})
    for told in (answer, again):
        customer = told["data"]["customerBy"]
        assert customer["displayName"]
        assert customer["status"]["standing"]
        assert (customer["emails"], customer["invoices"]) == (None, None)
        errors = {tuple(each["path"]): each["extensions"] for each in told["errors"]}
        assert errors["customerBy", "emails"]["code"] == "AUDIT_UNAVAILABLE"
        assert errors["customerBy", "invoices"]["code"] == "AUDIT_UNAVAILABLE"
        assert all(each["retryable"] for each in errors.values())


async def test_what_was_loaded_is_not_asked_for_again_to_withhold_it(house, number, impatient):
    query = BY_NUMBER % ("Cases", "emails cases { nodes { subject } }")
    await house.data(query, {"n": number})
    await house.forget_cached(number)
    house.forget_calls()
    await house.data(query, {"n": number})
    usual = house.counts()
    await house.forget_cached(number)
    house.forget_calls()
    async with database_locked(house):
        told = await house.ask(query, {"n": number})
    assert told["data"]["customerBy"]["cases"]["nodes"] is not None
    assert house.counts() == usual


async def test_once_it_can_be_recorded_again_it_is_served_again(house, number, impatient, monkeypatch):
    monkeypatch.setattr(reads, "RETRY_SECONDS", 0.0)
    query = BY_NUMBER % ("Mails", "emails")
    async with database_locked(house):
        assert (await house.ask(query, {"n": number}))["data"]["customerBy"]["emails"] is None
    async with asyncio.timeout(15):
        while "errors" in await house.ask(query, {"n": number}):  # noqa: ASYNC110 - nothing tells that it is back
            await asyncio.sleep(0.1)


async def test_a_deferred_part_is_recorded_before_it_leaves(house, number, uid, seen):
    query = (
        "query Later($n: String!) { customerBy(key: {number: $n}) { displayName ... @defer { "
        "invoices(first: 2) { nodes { total { amount } customer { emails } } } } } }"
    )
    token = house.token("finance_analyst")
    for _ in ("by graphql-core", "by its plan"):
        await house.post(query, {"n": number}, token=token, accept="multipart/mixed")
        events = (await recorded(house))[seen:]
        seen += len(events)
        assert {uid for each in events for uid in each.customer_uids} == {uid}
        assert {each for event in events for each in event.classes} == {FINANCIAL, PERSONAL}


async def test_what_cannot_be_recorded_is_withheld_in_a_deferred_part_too(house, number, impatient):
    query = BY_NUMBER % ("Later", "displayName ... @defer { emails status { standing } }")
    token = house.token("finance_analyst")
    async with database_locked(house):
        for _ in ("by graphql-core", "by its plan"):
            answer = await house.post(query, {"n": number}, token=token, accept="multipart/mixed")
            assert '"emails":null' in answer.text
            assert '"standing":"' in answer.text
            assert "AUDIT_UNAVAILABLE" in answer.text
