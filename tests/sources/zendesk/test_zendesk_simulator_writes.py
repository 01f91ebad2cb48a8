"""The simulated account's updates of tickets, as the vendor documents them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.sources.zendesk.shop import NOW, Shop

AUTH = ("admin@example.com/token", "simulated-api-token")


class Api:
    """The account's API, asked by hand."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.client = httpx.AsyncClient(base_url=f"{shop.base_url}/api/v2", auth=AUTH)

    async def put(self, ticket: Any, id: int = 1) -> httpx.Response:
        return await self.client.put(f"/tickets/{id}.json", json={"ticket": ticket})


@pytest.fixture
async def api(shop: Shop) -> Any:
    shop.customer("ACME")
    shop.case("ACME", 1, at=NOW - timedelta(days=2))
    held = Api(shop)
    yield held
    await held.client.aclose()


async def test_an_update_gives_the_ticket_and_the_audit_with_the_comment(api: Api) -> None:
    answer = await api.put({"comment": {"body": "Hi", "public": False}, "metadata": {"x": "1"}, "status": "pending"})

    assert answer.status_code == 200
    body = answer.json()
    assert body["ticket"]["status"] == "pending"
    assert body["audit"]["metadata"]["custom"] == {"x": "1"}
    assert [(event["type"], event.get("body"), event.get("public")) for event in body["audit"]["events"]] == [
        ("Comment", "Hi", False),
        ("Change", None, None),
    ]
    assert [audit["id"] for audit in (await api.client.get("/tickets/1/audits")).json()["audits"]][-1] == body["audit"][
        "id"
    ]


async def test_the_same_update_twice_is_two_comments(api: Api) -> None:
    for _ in range(2):
        await api.put({"comment": {"body": "Hi", "public": True}})
    assert [c.text for c in api.shop.account.records.comments[1]] == ["It does not work.", "Hi", "Hi"]


async def test_a_comment_that_does_not_say_is_as_public_as_the_first_one(api: Api) -> None:
    await api.put({"comment": {"body": "Hi"}})
    api.shop.account.records.comments[1][0].public = False
    await api.put({"comment": {"body": "Ho"}})
    assert [c.public for c in api.shop.account.records.comments[1][1:]] == [True, False]


async def test_unknown_keys_are_dropped_and_only_a_header_names_them(api: Api) -> None:
    answer = await api.put({"comment": {"body": "Hi"}, "colour": "red"})
    assert answer.status_code == 200
    assert answer.headers["x-zendesk-api-warn"] == (
        'Removed restricted keys ["ticket.colour"] from parameters according to whitelist'
    )


async def test_metadata_without_a_change_is_not_kept(api: Api) -> None:
    assert "audit" not in (await api.put({"metadata": {"x": "1"}})).json()


async def test_a_safe_update_of_what_has_changed_meanwhile_conflicts(api: Api) -> None:
    stamp = (await api.client.get("/tickets/1")).json()["ticket"]["updated_at"]
    safe = {"comment": {"body": "Hi"}, "safe_update": True, "updated_stamp": stamp}

    assert (await api.put(safe)).status_code == 200
    answer = await api.put(safe)

    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")
    assert len(api.shop.account.records.comments[1]) == 2


async def test_closed_is_final(api: Api) -> None:
    assert (await api.put({"status": "closed"})).status_code == 200
    answer = await api.put({"status": "open"})
    assert answer.status_code == 422
    assert "closed prevents ticket update" in answer.json()["details"]["status"][0]["description"]


async def test_a_solved_ticket_can_be_opened_again(api: Api) -> None:
    await api.put({"status": "solved", "priority": "low", "tags": ["a", "b"]})
    assert (await api.put({"status": "open"})).json()["ticket"]["status"] == "open"
    assert api.shop.account.records.tickets[1].tags == ("a", "b")


@pytest.mark.parametrize(
    ("ticket", "status"),
    [
        ("text", 400),
        ({"status": "gone"}, 422),
        ({"tags": "a"}, 422),
        ({"comment": {"body": "Hi", "author_id": 5}}, 422),
    ],
)
async def test_what_cannot_be_is_refused_whole(api: Api, ticket: Any, status: int) -> None:
    assert (await api.put(ticket)).status_code == status
    assert len(api.shop.account.records.comments[1]) == 1


async def test_a_ticket_takes_five_thousand_comments(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources.zendesk.simulator.writing.MOST_COMMENTS", 2)
    assert (await api.put({"comment": {"body": "Hi"}})).status_code == 200
    assert (await api.put({"comment": {"body": "Hi"}})).status_code == 422


async def test_a_restricted_agent_neither_updates_nor_reads_audits(api: Api) -> None:
    api.shop.account.role = "light"
    assert (await api.put({"comment": {"body": "Hi"}})).status_code == 403
    assert (await api.client.get("/tickets/1/audits")).status_code == 403


async def test_what_is_no_json_and_what_is_not_there(api: Api) -> None:
    assert (await api.client.put("/tickets/1", content=b"{")).status_code == 400
    assert (await api.put({"comment": {"body": "Hi"}}, 2)).status_code == 404


async def test_an_update_is_among_the_changes_after_a_minute(api: Api) -> None:
    now = api.shop.account.now()
    start = int(now.timestamp()) - 30
    await api.put({"comment": {"body": "Hi"}})
    api.shop.account.now = lambda: now + timedelta(seconds=90)
    found = (await api.client.get("/incremental/tickets/cursor", params={"start_time": start})).json()["tickets"]
    assert [ticket["id"] for ticket in found] == [1]
