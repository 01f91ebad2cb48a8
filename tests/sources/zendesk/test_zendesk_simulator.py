"""The simulated account behaves as the vendor documents it, whatever an adapter would like."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sources.zendesk.simulator.limits import DOCUMENTED
from sources.zendesk.simulator.tokens import API_TOKEN, CLIENT_ID, CLIENT_SECRET, EMAIL
from tests.sources.zendesk.shop import NOW, Shop


@pytest.fixture
async def http(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the account's API token."""
    auth = (f"{EMAIL}/token", API_TOKEN)
    async with httpx.AsyncClient(base_url=f"{shop.base_url}/api/v2", auth=auth) as client:
        yield client


async def read(http: httpx.AsyncClient, path: str, status: int = 200, **params: Any) -> Any:
    response = await http.get(
        path, params={name.replace("__", "[") + "]" * ("__" in name): v for name, v in params.items()}
    )
    assert response.status_code == status, response.text
    return response.json()


def crowd(shop: Shop, how_many: int) -> None:
    for place in range(how_many):
        shop.customer(f"C{place}")


async def test_page_size_alone_makes_it_a_cursor_page(shop: Shop, http: httpx.AsyncClient) -> None:
    crowd(shop, 3)
    assert set(await read(http, "/organizations")) == {"organizations", "count", "next_page", "previous_page"}
    assert set(await read(http, "/organizations", page__size=2)) == {"organizations", "meta", "links"}


async def test_paths_work_with_and_without_json(shop: Shop, http: httpx.AsyncClient) -> None:
    assert await read(http, "/organizations.json") == await read(http, "/organizations")


async def test_an_adapter_that_follows_cursors_until_there_is_none_never_ends(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    crowd(shop, 3)
    page = await read(http, "/organizations", page__size=2)
    last = await read(http, "/organizations", page__size=2, page__after=page["meta"]["after_cursor"])
    beyond = await read(http, "/organizations", page__size=2, page__after=last["meta"]["after_cursor"])
    assert not last["meta"]["has_more"]
    assert last["links"]["next"]
    assert beyond["organizations"] == []
    assert beyond["meta"]["after_cursor"] == last["meta"]["after_cursor"]


async def test_an_adapter_that_does_not_page_loses_records(shop: Shop, http: httpx.AsyncClient) -> None:
    crowd(shop, 120)
    assert len((await read(http, "/organizations"))["organizations"]) == 100


async def test_an_adapter_that_asks_for_more_than_a_hundred_gets_nothing(shop: Shop, http: httpx.AsyncClient) -> None:
    crowd(shop, 1)
    ids = ",".join(str(id) for id in range(1, 102))
    answer = await read(http, "/tickets/show_many", 400, ids=ids)
    assert (answer["error"], answer["max_count"]) == ("TooManyValues", 100)
    await read(http, "/organizations", 400, page__size=101)


async def test_an_adapter_that_believes_the_search_gives_foreign_tickets(shop: Shop, http: httpx.AsyncClient) -> None:
    acme, beta = shop.customer("ACME"), shop.customer("BETA")
    shop.customer("OTHER")
    for key, name in enumerate(("ACME", "BETA", "OTHER"), 1):
        shop.case(name, key)
    shop.account.index.repeated_keyword = "ignored"
    query = {"query": f"organization:{acme.id} organization:{beta.id}", "filter[type]": "ticket"}
    found = (await http.get("/search/export", params=query)).json()["results"]
    assert {row["id"] for row in found} == {1, 2, 3}


async def test_an_adapter_that_does_not_wait_stays_throttled(shop: Shop, http: httpx.AsyncClient) -> None:
    shop.account.now = lambda: NOW.replace(second=20)
    shop.account.limits.per_minute = dict(DOCUMENTED) | {"account": 2}
    answers = [await http.get("/tickets/count") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[3].headers["retry-after"] == "40"
    shop.account.now = lambda: NOW.replace(second=20) + timedelta(seconds=40)
    assert (await http.get("/tickets/count")).status_code == 200


async def test_limits_are_told_in_headers(shop: Shop, http: httpx.AsyncClient) -> None:
    shop.account.limits.per_minute = dict(DOCUMENTED)
    answer = await http.get("/incremental/tickets/cursor", params={"start_time": 1})
    assert answer.headers["ratelimit-limit"] == answer.headers["x-rate-limit"] == "700"
    assert answer.headers["zendesk-ratelimit-incremental-exports"].startswith("total=10; remaining=9; resets=")


async def test_a_stranger_is_anonymous_at_users_me_and_refused_elsewhere(shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=f"{shop.base_url}/api/v2") as stranger:
        assert (await stranger.get("/users/me")).json()["user"]["name"] == "Anonymous user"
        refused = await stranger.get("/tickets/count")
    assert (refused.status_code, refused.json()) == (401, {"error": "Couldn't authenticate you"})


async def test_errors_come_in_their_envelopes(shop: Shop, http: httpx.AsyncClient) -> None:
    assert (await read(http, "/nothing", 404))["error"] == "InvalidEndpoint"
    assert (await read(http, "/tickets/1/comments", 404))["error"] == "RecordNotFound"
    assert (await read(http, "/search", 400, page__size=10))["description"] == "page must be an integer"
    assert "Search Response Limits" in (await read(http, "/search", 422, page=11))["description"]
    assert (await read(http, "/organizations", 400, page=101))["errors"][0]["code"] == "InvalidPaginationDepth"
    shop.account.role = "light"
    assert (await read(http, "/organizations", 403))["error"]["title"] == "Forbidden"
    assert (await read(http, "/incremental/tickets/cursor", 403, start_time=1))["error"]["title"] == "Forbidden"
    shop.account.role, shop.account.plain_text_errors = "admin", True
    answer = await http.get("/incremental/tickets/cursor")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (400, "text/plain")


async def test_a_token_with_an_unknown_scope_is_given_and_useless(shop: Shop) -> None:
    grant = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "scope": "reed",
    }
    async with httpx.AsyncClient(base_url=shop.base_url) as http:
        token = (await http.post("/oauth/tokens", json=grant)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        refused = await http.get("/api/v2/tickets/count", headers=headers)
    assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")


async def test_the_index_is_behind(shop: Shop, http: httpx.AsyncClient) -> None:
    acme = shop.customer("ACME")
    shop.account.index.lag_seconds = 120
    shop.case("ACME", 1, at=NOW - timedelta(hours=1))
    now = datetime.now(UTC)  # not NOW: the suite may have run for minutes since
    shop.case("ACME", 2, at=now)
    shop.moved("ACME", 1, "solved", at=now)

    async def found(terms: str) -> list[int]:
        query = {"query": f"organization:{acme.id} {terms}", "filter[type]": "ticket"}
        return [row["id"] for row in (await http.get("/search/export", params=query)).json()["results"]]

    assert await found("") == [1]
    assert await found("status:new") == [1]
    assert await found("status:solved") == []
    shop.account.index.lag_seconds = 0
    assert await found("status<solved") == [2]
    assert await found("status:solved") == [1]


async def test_a_searchs_cursor_belongs_to_its_query_and_lives_an_hour(shop: Shop, http: httpx.AsyncClient) -> None:
    acme = shop.customer("ACME")
    for key in range(1, 5):
        shop.case("ACME", key)
    query = {"query": f"organization:{acme.id}", "filter[type]": "ticket", "page[size]": 2}
    first = (await http.get("/search/export", params=query)).json()
    assert set(first) == {"results", "facets", "meta", "links"}
    query["page[after]"] = first["meta"]["after_cursor"]
    second = (await http.get("/search/export", params=query)).json()
    assert [row["id"] for row in first["results"] + second["results"]] == [1, 2, 3, 4]
    assert (await http.get("/search/export", params=query | {"query": "status:new"})).status_code == 400
    shop.account.now = lambda: NOW + timedelta(hours=2)
    assert (await http.get("/search/export", params=query)).status_code == 400


async def test_type_inside_the_query_of_an_export_is_an_error_unless_switched(
    shop: Shop, http: httpx.AsyncClient
) -> None:
    query = {"query": "type:ticket status:new", "filter[type]": "ticket"}
    assert (await http.get("/search/export", params=query)).status_code == 422
    shop.account.index.type_in_query_refused = False
    assert (await http.get("/search/export", params=query)).status_code == 200


async def test_sort_by_is_ignored_with_a_cursor(shop: Shop, http: httpx.AsyncClient) -> None:
    acme = shop.customer("ACME")
    for key in (1, 2, 3):
        shop.case("ACME", key)
    path = f"/organizations/{acme.id}/tickets"
    by_offset = await read(http, path, sort_by="created_at", sort_order="desc")
    by_cursor = await read(http, path, sort_by="created_at", sort_order="asc", page__size=10)
    backwards = await read(http, path, sort="-id", page__size=10)
    assert [ticket["id"] for ticket in by_offset["tickets"]] == [1, 2, 3]
    assert [ticket["id"] for ticket in by_cursor["tickets"]] == [1, 2, 3]
    assert [ticket["id"] for ticket in backwards["tickets"]] == [3, 2, 1]
    await read(http, path, 400, sort="-created_at", page__size=10)


async def test_lists_leave_archived_tickets_out_and_show_many_has_them(shop: Shop, http: httpx.AsyncClient) -> None:
    acme = shop.customer("ACME")
    shop.case("ACME", 1, at=NOW - timedelta(days=200))
    shop.moved("ACME", 1, "closed", at=NOW - timedelta(days=130))
    assert (await read(http, f"/organizations/{acme.id}/tickets"))["tickets"] == []
    assert len((await read(http, "/tickets/show_many", ids="1"))["tickets"]) == 1


async def test_the_exports_hide_the_last_minute_and_refuse_to_begin_in_it(shop: Shop, http: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)  # not NOW: the suite may have run for minutes since
    start = int((now - timedelta(minutes=5)).timestamp())
    shop.customer("ACME")
    shop.case("ACME", 1, at=now - timedelta(minutes=2))
    shop.case("ACME", 2, at=now)
    answer = await read(http, "/incremental/tickets/cursor", start_time=start)
    assert [ticket["id"] for ticket in answer["tickets"]] == [1]
    assert answer["end_of_stream"]
    await read(http, "/incremental/tickets/cursor", 422, start_time=int(now.timestamp()))


async def test_closed_is_final(shop: Shop) -> None:
    shop.customer("ACME")
    shop.case("ACME", 1)
    shop.moved("ACME", 1, "closed", at=NOW - timedelta(hours=2))
    shop.moved("ACME", 1, "open", at=NOW - timedelta(hours=1))
    assert shop.account.records.tickets[1].status == "closed"


def test_the_same_facts_give_the_same_ids() -> None:
    one, other = Shop(), Shop()
    assert one.customer("ACME") == other.customer("ACME")
    assert one.person("ACME", "2") == other.person("ACME", "2")


def test_a_later_fact_of_a_customer_replaces_the_earlier_one() -> None:
    shop = Shop()
    acme = shop.customer("ACME")
    assert shop.customer("ACME", name="Acme Renamed", number="C-9") == acme
    [held] = shop.account.records.organizations.values()
    assert (held.name, held.external_id) == ("Acme Renamed", "C-9")
    assert shop.account.records.by_external_id[("organizations", "acme")] == []


def test_customers_of_other_systems_are_not_here() -> None:
    shop = Shop()
    shop.customer("ACME", systems=frozenset(["billing"]))
    shop.case("ACME", 1)
    assert not shop.account.records.organizations
    assert not shop.account.records.tickets
