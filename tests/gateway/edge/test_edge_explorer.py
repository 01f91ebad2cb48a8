"""The page to try queries on: with the development issuer only, from one file of ours."""

import base64
import hashlib
import re

import pytest

from gateway.edge.explorer import Explorer
from tests.support.house import open_house

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture
async def developing(small_endpoint):
    async with small_endpoint(explorer=Explorer()) as opened:
        yield opened


async def test_a_person_who_opens_the_address_gets_the_page(developing):
    answer = await developing.get({"accept": CHROMIUM})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<textarea" in answer.text


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/json, text/html"])
async def test_a_program_does_not(developing, code_of, accept):
    answer = await developing.get({"accept": accept} if accept else None)
    assert code_of(answer) == (400, "BAD_REQUEST")


async def test_a_query_is_answered_whoever_asks(developing):
    assert (await developing.get({"accept": CHROMIUM}, query="{ hello }")).json() == {"data": {"hello": "world"}}


async def test_there_is_no_page_without_the_development_issuer(small, code_of):
    assert code_of(await small.get({"accept": CHROMIUM})) == (400, "BAD_REQUEST")
    assert code_of(await small.get({"accept": "text/html"})) == (406, "NOT_ACCEPTABLE")


async def test_the_page_loads_nothing_and_only_its_own_script_may_run(developing):
    answer = await developing.get({"accept": CHROMIUM})
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert not re.search(r"\b(src|href|style|on\w+)=", answer.text)
    assert "https://" not in answer.text


async def test_the_demo_s_gateway_has_the_page(tmp_path):
    async with open_house((), tmp_path, fill=False) as house:
        answer = await house.client.get("/graphql", headers={"accept": CHROMIUM})
        assert answer.headers["content-type"].startswith("text/html")
