"""@defer, as Apollo Client and urql read it."""

import pytest

from tests.interop.listening import NUMBER


async def test_apollo_client_reads_a_deferred_fragment_under_each_of_its_handlers(run_node, running_gateway):
    given = {"URL": running_gateway.url, "TOKEN": running_gateway.token(), "NUMBER": NUMBER}
    for answer in await run_node("apollo_defer.mjs", **given):
        assert answer["types"] == ["multipart/mixed"]
        *_, streaming, complete = answer["states"]
        assert streaming[:2] == ["streaming", NUMBER]
        assert complete[:2] == ["complete", NUMBER]
        assert complete[2]


async def test_urql_reads_one_answer_where_it_does_not_prefer_parts(run_node, running_gateway):
    given = {"URL": running_gateway.url, "TOKEN": running_gateway.token(), "NUMBER": NUMBER}
    (whole,) = await run_node("urql_defer.mjs", **given)
    assert whole["number"] == NUMBER
    assert whole["account"]
    assert not whole["hasNext"]


@pytest.mark.parametrize("accept", ["multipart/mixed", "multipart/mixed;deferSpec=20220824, application/json"])
async def test_urql_reads_a_deferred_fragment_in_either_format(run_node, running_gateway, accept):
    given = {"URL": running_gateway.url, "TOKEN": running_gateway.token(), "NUMBER": NUMBER, "ACCEPT": accept}
    first, *_, whole = await run_node("urql_defer.mjs", **given)
    assert first == {"number": NUMBER, "account": None, "hasNext": True}
    assert whole["number"] == NUMBER
    assert whole["account"]
    assert not whole["hasNext"]
