"""A vendor that leaves open whether a write was done."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from sources.simulation.harness import Harness, Receive, Scope, Send, Switches, answer, read_body
from sources.simulation.serving import serving


class Till:
    """An app that keeps what it is sent."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            self.kept.append(await read_body(receive))
        await answer(send, 200, b"{}")


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def harness(till: Till) -> Harness:
    return Harness(till)


@pytest.fixture
async def client(harness: Harness) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(harness) as url, httpx.AsyncClient(base_url=url, timeout=0.1) as client:
        yield client


async def test_nothing_is_done_and_no_answer_comes(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="before")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/pay", content=b"1")
    assert till.kept == []
    assert [call.status for call in harness.calls] == [0]


async def test_it_is_done_and_no_answer_comes(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="after")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/pay", content=b"1")
    assert till.kept == [b"1"]


async def test_it_is_done_when_nobody_waits_any_more(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="late", late_seconds=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/pay", content=b"1")
    assert till.kept == []
    await harness.late.settled()
    assert till.kept == [b"1"]


async def test_who_still_waits_gets_the_late_answer(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="late", late_seconds=0.01)
    assert (await client.post("/pay", content=b"1")).status_code == 200
    assert till.kept == [b"1"]


async def test_a_late_write_that_is_dropped_never_comes(
    till: Till, harness: Harness, client: httpx.AsyncClient
) -> None:
    harness.switches = Switches(write_fault="late", late_seconds=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/pay", content=b"1")
    harness.reset()
    await asyncio.sleep(0.2)
    assert till.kept == []


async def test_it_is_done_and_the_connection_breaks(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="cut_after")
    with pytest.raises(httpx.RemoteProtocolError):
        await client.put("/pay", content=b"1")
    assert till.kept == [b"1"]


async def test_it_is_done_and_the_answer_is_an_error(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(write_fault="error_after", status=500, body="{}")
    assert (await client.post("/pay", content=b"1")).status_code == 500
    assert till.kept == [b"1"]


async def test_only_the_writes_that_match_are_touched_and_only_so_many(
    till: Till, harness: Harness, client: httpx.AsyncClient
) -> None:
    harness.switches = Switches(write_fault="error_after", only="/pay", only_body="post_credit", times=1)
    assert (await client.get("/pay")).status_code == 200
    assert (await client.post("/pay", content=b"search")).status_code == 200
    assert (await client.post("/other", content=b"post_credit")).status_code == 200
    assert (await client.post("/pay", content=b"post_credit")).status_code == 502
    assert (await client.post("/pay", content=b"post_credit")).status_code == 200
    assert till.kept == [b"search", b"post_credit", b"post_credit", b"post_credit"]


async def test_it_is_switched_over_http(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    told = await client.put("/_simulate", json={"write_fault": "after", "times": 1})
    assert told.json()["switches"]["write_fault"] == "after"
    assert (await client.put("/_simulate", json={"write_fault": "never"})).status_code == 400


async def test_any_misbehaviour_can_be_kept_to_writes(till: Till, harness: Harness, client: httpx.AsyncClient) -> None:
    harness.switches = Switches(status=409, writes_only=True)
    assert (await client.get("/pay")).status_code == 200
    assert (await client.post("/pay", content=b"1")).status_code == 409
    assert till.kept == []
