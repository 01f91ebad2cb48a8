"""The simulator alone: what a client that knows nothing of us meets."""

import base64
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from sources.salesforce.simulator.server import CLIENT_ID, CLIENT_SECRET
from tests.sources.salesforce.org import Org

GOOD = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


class Client:
    """Asks the simulator without any of our own client."""

    def __init__(self, org: Org, http: aiohttp.ClientSession) -> None:
        self.org = org
        self.http = http
        self.headers: dict[str, str] = {}

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        url = f"{self.org.base_url}/services/data/v67.0/{path}"
        async with self.http.get(url, headers=self.headers | headers) as response:
            return response.status, await response.json()

    async def ask(self, statement: str) -> Any:
        status, body = await self.get(f"query?q={quote(statement, safe='')}")
        return body if status == 200 else (status, body[0]["errorCode"])

    async def ids(self, statement: str) -> list[str]:
        return [record["Id"] for record in (await self.ask(statement))["records"]]

    async def composite(self, body: Any) -> tuple[int, Any]:
        url = f"{self.org.base_url}/services/data/v67.0/composite"
        async with self.http.post(url, json=body, headers=self.headers) as response:
            return response.status, await response.json()

    async def token(self, data: dict[str, str], **headers: str) -> tuple[int, dict[str, str]]:
        url = f"{self.org.base_url}/services/oauth2/token"
        async with self.http.post(url, data=data, headers=headers) as response:
            return response.status, await response.json()


@pytest.fixture
async def client(org: Org) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        asking = Client(org, http)
        _, token = await asking.token(GOOD)
        asking.headers = {"authorization": f"Bearer {token['access_token']}"}
        yield asking


def part(name: str, statement: str = "SELECT Id FROM Account", **changes: str) -> dict[str, str]:
    url = f"/services/data/v67.0/query?q={quote(statement, safe='')}"
    return {"method": "GET", "url": url, "referenceId": name, **changes}


async def test_a_token_has_an_instance_url_and_no_expiry(client: Client) -> None:
    status, token = await client.token(GOOD)
    assert (status, token["instance_url"], token["token_type"]) == (200, client.org.base_url, "Bearer")
    assert "expires_in" not in token
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    status, _ = await client.token({"grant_type": "client_credentials"}, authorization=f"Basic {basic}")
    assert status == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "x"}, "invalid_client_id"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_refused_token_is_told_as_an_object(client: Client, changes: dict[str, str], error: str) -> None:
    status, body = await client.token(GOOD | changes)
    assert (status, body["error"]) == (400, error)


async def test_without_a_good_token_comes_an_array_with_401(client: Client) -> None:
    client.headers = {"authorization": "Bearer made up"}
    status, body = await client.get("query?q=SELECT+Id+FROM+Account")
    assert (status, body[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


async def test_rows_have_their_attributes_and_the_columns_as_asked(client: Client) -> None:
    client.org.customer("C-1", website=None)
    body = await client.ask("SELECT id, Website, Owner.Name, Parent.Name, CreatedDate FROM account")
    (record,) = body["records"]
    assert (body["totalSize"], body["done"], "nextRecordsUrl" in body) == (1, True, False)
    assert list(record) == ["attributes", "Id", "Website", "Owner", "Parent", "CreatedDate"]
    assert record["attributes"]["url"] == f"/services/data/v67.0/sobjects/Account/{record['Id']}"
    assert (record["Website"], record["Owner"]["Name"], record["Parent"]) == (None, "Thea Malling", None)
    assert record["CreatedDate"].endswith(".000+0000")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("AccountNumber = 'c-2'", ["C-2"]),
        ("AccountNumber IN ('C-1','C-3')", ["C-1", "C-3"]),
        ("AccountNumber NOT IN ('C-1','C-3')", ["C-2"]),
        ("AccountNumber LIKE 'c-_' AND NOT AccountNumber LIKE '%2'", ["C-1", "C-3"]),
        ("Website = null", ["C-1"]),
        ("Website != null AND (VIP__c = true OR AccountNumber > 'C-2')", ["C-2", "C-3"]),
        ("CreatedDate < 2000-01-01T00:00:00Z", []),
        ("Owner.Name = 'THEA MALLING' AND AccountNumber <= 'c-1'", ["C-1"]),
        ("Parent.AccountNumber = 'C-1'", ["C-3"]),
    ],
)
async def test_conditions_choose_the_rows(client: Client, where: str, found: list[str]) -> None:
    client.org.customer("C-1")
    client.org.customer("C-2", website="https://a.example", vip=True)
    client.org.customer("C-3", website="https://b.example", parent="C-1")
    body = await client.ask(f"SELECT AccountNumber FROM Account WHERE {where} ORDER BY AccountNumber")
    assert [record["AccountNumber"] for record in body["records"]] == found


@pytest.mark.parametrize(
    ("statement", "status", "code"),
    [
        ("SELECT Shoe__c FROM Account", 400, "INVALID_FIELD"),
        ("SELECT Id FROM Shoe__c", 400, "INVALID_TYPE"),
        ("SELECT Shoe.Name FROM Account", 400, "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate < '2026-01-01'", 400, "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 7", 400, "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", 400, "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE Id > '001000000000000AAB'", 400, "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE BillingAddress = 'x'", 400, "INVALID_FIELD"),
    ],
)
async def test_a_wrong_query_is_refused_by_its_code(client: Client, statement: str, status: int, code: str) -> None:
    assert await client.ask(statement) == (status, code)


async def test_a_hidden_field_and_a_missing_one_look_alike(client: Client) -> None:
    client.org.data.hidden_fields.add(("Account", "Phone"))
    client.org.data.multi_currency = False
    assert await client.ask("SELECT Phone FROM Account") == (400, "INVALID_FIELD")
    assert await client.ask("SELECT CurrencyIsoCode FROM Opportunity") == (400, "INVALID_FIELD")


async def test_pages_are_led_to_by_an_opaque_locator_that_dies(client: Client) -> None:
    for place in range(5):
        client.org.customer(f"C-{place}")
    client.org.rest.page_rows = 2
    page = await client.ask("SELECT Id FROM Account ORDER BY Id")
    assert (page["totalSize"], page["done"], len(page["records"])) == (5, False, 2)
    path = page["nextRecordsUrl"].removeprefix("/services/data/v67.0/")
    assert len((await client.get(path))[1]["records"]) == 2
    later = client.org.simulator.now() + 2 * 24 * 3600
    client.org.simulator.session_seconds = 1e9
    _, token = await client.token(GOOD)
    client.headers = {"authorization": f"Bearer {token['access_token']}"}
    client.org.simulator.now = lambda: later
    status, body = await client.get(path)
    assert (status, body[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


async def test_the_batch_size_is_a_hint_between_200_and_2000(client: Client) -> None:
    for place in range(250):
        client.org.customer(f"C-{place}")
    path = "query?q=" + quote("SELECT Id FROM Account")
    _, body = await client.get(path, **{"Sforce-Query-Options": "batchSize=10"})
    assert len(body["records"]) == 200


async def test_query_all_shows_the_recycle_bin(client: Client) -> None:
    ref = client.org.customer("C-1")
    client.org.data.delete("Account", ref.id)
    assert await client.ids("SELECT Id FROM Account") == []
    _, body = await client.get("queryAll?q=" + quote("SELECT Id, IsDeleted FROM Account"))
    assert [record["IsDeleted"] for record in body["records"]] == [True]
    assert (await client.ask("SELECT COUNT() FROM Account"))["totalSize"] == 0


async def test_a_composite_call_counts_once_and_keeps_its_parts_apart(client: Client) -> None:
    client.org.customer("C-1")
    used = client.org.simulator.calls_used
    parts = [part("good"), part("bad", "SELECT Id FROM Shoe__c"), part("gone", url="/services/data/v67.0/nothing")]
    status, body = await client.composite({"allOrNone": False, "compositeRequest": parts})
    assert status == 200
    assert [one["httpStatusCode"] for one in body["compositeResponse"]] == [200, 400, 404]
    assert client.org.simulator.calls_used == used + 1
    _, body = await client.composite({"allOrNone": True, "compositeRequest": parts[:2]})
    codes = [one["body"][0]["errorCode"] for one in body["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "INVALID_TYPE"]


@pytest.mark.parametrize(
    "parts",
    [
        [part(f"r{place}") for place in range(6)],
        [part(f"r{place}", url="/services/data/v67.0/sobjects/Account/describe") for place in range(26)],
        [part("same"), part("same")],
        [part("not a name")],
        [{"method": "GET", "url": "/services/data/v67.0/query?q=x"}],
    ],
    ids=["six queries", "twenty-six parts", "a name twice", "no name", "none"],
)
async def test_a_malformed_envelope_runs_nothing(client: Client, parts: list[Any]) -> None:
    status, body = await client.composite({"compositeRequest": parts})
    assert status == 400
    assert body[0]["errorCode"]


async def test_the_quota_is_told_with_every_answer_and_ends_in_403(client: Client) -> None:
    client.org.simulator.call_limit = client.org.simulator.calls_used + 1
    url = f"{client.org.base_url}/services/data/v67.0/limits"
    async with client.http.get(url, headers=client.headers) as response:
        assert response.headers["sforce-limit-info"] == "api-usage=1/1"
        assert (await response.json())["DailyApiRequests"] == {"Max": 1, "Remaining": 0}
    async with client.http.get(url, headers=client.headers) as response:
        assert response.status == 403
        assert "retry-after" not in response.headers
        assert (await response.json())[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("path", "status"),
    [("v30.0/query", 410), ("v99.0/query", 404), ("v67.0/nothing", 404), ("v67.0/sobjects/Shoe/describe", 404)],
)
async def test_what_is_not_there_is_said(client: Client, path: str, status: int) -> None:
    async with client.http.get(f"{client.org.base_url}/services/data/{path}", headers=client.headers) as response:
        assert response.status == status


async def test_the_versions_are_listed_without_a_token_and_without_counting(client: Client) -> None:
    async with client.http.get(f"{client.org.base_url}/services/data/") as response:
        assert "v67.0" in (await response.text())
        assert "sforce-limit-info" not in response.headers


async def test_a_long_uri_is_414_and_with_its_headers_431(client: Client) -> None:
    url = f"{client.org.base_url}/services/data/v67.0/query?q="
    async with client.http.get(url + "x" * 17_000, headers=client.headers) as response:
        assert response.status == 414
    async with client.http.get(url + "x" * 15_000, headers=client.headers | {"x-long": "y" * 4_000}) as response:
        assert response.status == 431


async def test_the_same_world_gives_the_same_ids(client: Client) -> None:
    other = Org()
    assert other.customer("C-1") == client.org.customer("C-1")


async def test_amounts_are_json_numbers(client: Client) -> None:
    client.org.customer("C-1")
    client.org.sale("C-1", "O1")
    url = f"{client.org.base_url}/services/data/v67.0/query?q=" + quote("SELECT Amount FROM Opportunity")
    async with client.http.get(url, headers=client.headers) as response:
        assert '"Amount":8000.50' in await response.text()


async def test_a_newer_fact_replaces_the_older_and_moves_the_stamp(client: Client) -> None:
    client.org.customer("C-1")
    client.org.sale("C-1", "O1", stage="Proposal")
    before = (await client.ask("SELECT CreatedDate, SystemModstamp FROM Opportunity"))["records"][0]
    client.org.sale("C-1", "O1", stage="Closed Won")
    after = (await client.ask("SELECT CreatedDate, SystemModstamp, IsWon FROM Opportunity"))["records"]
    assert [record["IsWon"] for record in after] == [True]
    assert after[0]["CreatedDate"] == before["CreatedDate"]
    assert after[0]["SystemModstamp"] > before["SystemModstamp"]


async def test_a_number_that_moves_is_found_at_its_new_place_only(client: Client) -> None:
    ref = client.org.customer("C-1")
    client.org.customer("C-1", number="C-9")
    assert await client.ids("SELECT Id FROM Account WHERE AccountNumber = 'C-1'") == []
    assert await client.ids("SELECT Id FROM Account WHERE AccountNumber = 'C-9'") == [ref.id]
