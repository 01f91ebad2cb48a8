"""Pages of other sites: nothing by default; a listed origin where [cors] says so."""

import pytest

from gateway.configuration.sections import CorsSection
from gateway.edge.browsers import Browsers

PORTAL, EVIL = "https://portal.example.com", "https://evil.example.com"
CORS = "access-control-"


def preflight(origin, method="POST"):
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type",
    }


@pytest.fixture
async def listing(small_endpoint):
    async with small_endpoint(browsers=Browsers(CorsSection(allow_origins=(PORTAL,)))) as opened:
        yield opened


def told(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith(CORS)}


@pytest.mark.parametrize("origin", [PORTAL, EVIL, "null", "http://gateway.test"])
async def test_by_default_no_origin_is_told_that_it_may_ask(small, code_of, origin):
    asked_first = await small.client.options("/graphql", headers=preflight(origin))
    assert code_of(asked_first) == (405, "METHOD_NOT_ALLOWED")
    asked = await small.post({"query": "{ hello }"}, origin=origin)
    assert told(asked_first) == told(asked) == {}


async def test_a_listed_origin_may_ask(listing):
    answer = await listing.client.options("/graphql", headers=preflight(PORTAL))
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert {"authorization", "content-type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "origin"
    asked = await listing.post({"query": "{ hello }"}, origin=PORTAL)
    assert asked.json() == {"data": {"hello": "world"}}
    assert asked.headers["access-control-allow-origin"] == PORTAL
    assert "x-correlation-id" in asked.headers["access-control-expose-headers"]


async def test_a_listed_origin_may_read_errors_too(listing):
    answer = await listing.client.post("/graphql", content=b"x", headers={"origin": PORTAL})
    assert answer.status_code == 415
    assert answer.headers["access-control-allow-origin"] == PORTAL


@pytest.mark.parametrize(
    "origin",
    [EVIL, "null", "", "http://portal.example.com", f"{PORTAL}:8443", f"{PORTAL}.evil.com", "https://PORTAL.example.com",
     f"{PORTAL}/", f" {PORTAL}x", "*"],
)  # fmt: skip
async def test_an_origin_that_is_not_listed_is_never_repeated(listing, code_of, origin):
    asked_first = await listing.client.options("/graphql", headers=preflight(origin))
    assert code_of(asked_first) == (403, "CROSS_SITE_REQUEST")
    asked = await listing.post({"query": "{ hello }"}, origin=origin)
    assert told(asked_first) == told(asked) == {}
    assert asked.headers["vary"] == "origin"


async def test_credentials_are_allowed_only_where_configured(small_endpoint):
    section = CorsSection(allow_origins=(PORTAL,), allow_credentials=True)
    async with small_endpoint(browsers=Browsers(section)) as small:
        listed = await small.post({"query": "{ hello }"}, origin=PORTAL)
        assert listed.headers["access-control-allow-credentials"] == "true"
        assert told(await small.post({"query": "{ hello }"}, origin=EVIL)) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://gateway.test.evil.com"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
        {"sec-fetch-site": "cross-site", "content-type": "application/x-www-form-urlencoded; a=b"},
        {"sec-fetch-site": "cross-site", "apollo-require-preflight": ""},
    ],
)
async def test_what_another_site_s_page_sends_without_asking_is_refused(small, code_of, headers):
    answer = await small.get(headers, query="{ hello }")
    assert code_of(answer) == (403, "CROSS_SITE_REQUEST")
    assert small.ran == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://gateway.test"},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "apollo-require-preflight": "true"},
        {"sec-fetch-site": "cross-site", "x-apollo-operation-name": "Hello"},
        {"sec-fetch-site": "cross-site", "content-type": "application/json"},
    ],
)
async def test_what_no_page_or_our_own_sends_is_served(small, headers):
    assert (await small.get(headers, query="{ hello }")).json() == {"data": {"hello": "world"}}


async def test_a_listed_origin_may_ask_by_get(listing):
    headers = {"origin": PORTAL, "sec-fetch-site": "cross-site"}
    assert (await listing.get(headers, query="{ hello }")).json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://a.example.com/", "https://a.example.com/x", "a.example.com", "https://A.example.com"],
)
def test_only_whole_origins_can_be_listed(origin):
    with pytest.raises(ValueError, match="is no origin"):
        CorsSection(allow_origins=(origin,))


@pytest.mark.parametrize("body", [{"query": "{ hello }"}, {"query": "{ nope }"}, {}])
async def test_every_answer_tells_a_browser_to_keep_it_to_itself(small, body):
    headers = (await small.post(body)).headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
