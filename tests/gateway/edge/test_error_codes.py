"""Codes are a closed enum, in the docs as well; exceptions are masked, and logged once with the client's id."""

import re
from pathlib import Path

import structlog

from resolvers.errors import ErrorCode

PAGE = Path(__file__).parents[3] / "docs" / "edge.md"


def test_the_table_in_the_docs_holds_every_code_once_and_no_other():
    table = PAGE.read_text().partition("### Errors\n")[2].partition("\n### ")[0]
    documented = re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)
    assert sorted(documented) == sorted(code.value for code in ErrorCode)


def test_a_code_is_its_own_name():
    assert all(code.name == code.value for code in ErrorCode)


async def test_an_exception_is_masked_and_the_client_gets_the_id_under_which_it_is_logged(small):
    with structlog.testing.capture_logs() as logged:
        answer = (
            await small.post({"query": "{ broken { secret safe } hello }"}, **{"x-correlation-id": "order-77"})
        ).json()
    assert answer["data"] == {"broken": [{"secret": None, "safe": "yes"}] * 3, "hello": "world"}
    assert answer["errors"] == [
        {
            "message": "something went wrong inside the gateway; quote order-77",
            "locations": [{"line": 1, "column": 12}],
            "path": ["broken", 0, "secret"],
            "extensions": {"retryable": False, "code": "INTERNAL_ERROR", "correlationId": "order-77", "count": 3},
        }
    ]
    (line,) = logged
    assert (line["event"], line["correlation_id"]) == ("resolver failed", "order-77")
    assert isinstance(line["exc_info"], ZeroDivisionError)


async def test_what_fails_in_the_edge_itself_is_masked_too(small, code_of, monkeypatch):
    async def broken(request, correlation):
        raise KeyError("4242")

    monkeypatch.setattr(small.endpoint, "_served", broken)
    with structlog.testing.capture_logs() as logged:
        answer = await small.ask("{ hello }")
    assert code_of(answer) == (500, "INTERNAL_ERROR")
    assert "4242" not in answer.text
    assert [line["correlation_id"] for line in logged] == [answer.headers["x-correlation-id"]]


async def test_a_correlation_id_that_is_not_safe_to_log_is_replaced(small):
    for given in ("a b", "x" * 129, "ümlaut".encode("latin-1"), '{"a":1}', ""):
        answer = await small.client.post("/graphql", json={"query": "{ hello }"}, headers=[("x-correlation-id", given)])
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-correlation-id"])
