"""One mutation field a request, refused before anything runs; never over GET."""

import pytest

GRAPHQL = "application/graphql-response+json"
SECOND = [
    "mutation { issue { id } refund { id } }",
    "mutation { a: issue { id } b: issue { id } }",
    "mutation { issue { id } issue { id } }",
    "mutation { issue { id } ... { refund { id } } }",
    "mutation { issue { id } ... on Mutation { refund { id } } }",
    "mutation { ...f issue { id } } fragment f on Mutation { refund { id } }",
    "mutation { ...f } fragment f on Mutation { a: issue { id } ...g } fragment g on Mutation { refund { id } }",
    "mutation { ...f ...f } fragment f on Mutation { issue { id } }",
    "mutation { issue @skip(if: true) { id } refund { id } }",
    "mutation { issue @include(if: false) { id } refund { id } }",
    "query Q { hello } mutation M { issue { id } refund { id } }",
]
ONE = [
    "mutation { issue { id } }",
    "mutation { __typename issue { id } }",
    "mutation { ...f } fragment f on Mutation { issue { id } }",
    "mutation { ... { ... { issue { id } } } }",
    "mutation M { issue { id } } mutation N { refund { id } }",
]


@pytest.mark.parametrize("query", SECOND)
async def test_a_second_mutation_field_is_refused_and_nothing_runs(small, code_of, query):
    answer = await small.post({"query": query, "operationName": "M" if "M {" in query else None}, accept=GRAPHQL)
    assert code_of(answer) == (400, "TOO_MANY_MUTATIONS")
    assert "data" not in answer.json()
    assert small.ran == []


@pytest.mark.parametrize("query", ONE)
async def test_one_mutation_field_runs(small, query):
    answer = await small.ask(query, operationName="M" if "M {" in query else None)
    assert answer.json()["data"]["issue"] == {"id": "1"}
    assert small.ran == ["issue"]


async def test_the_other_operation_of_the_document_may_be_a_query(small):
    answer = await small.ask("query Q { hello } mutation M { issue { id } refund { id } }", operationName="Q")
    assert answer.json() == {"data": {"hello": "world"}}


async def test_fragments_in_fragments_are_counted_in_no_time(small, code_of):
    fragments = " ".join(f"fragment f{n} on Mutation {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
    last = "fragment f40 on Mutation { issue { id } }"
    answer = await small.post({"query": f"mutation {{ ...f0 }} {fragments} {last}"}, accept=GRAPHQL)
    assert answer.status_code == 400
    assert small.ran == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": "mutation { issue { id } }"},
        {"query": "query Q { hello } mutation M { issue { id } }", "operationName": "M"},
    ],
)
async def test_a_mutation_over_get_is_405(small, code_of, parameters):
    answer = await small.get(**parameters)
    assert code_of(answer) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"
    assert small.ran == []


async def test_a_query_of_a_document_with_mutations_may_come_by_get(small):
    answer = await small.get(query="query Q { hello } mutation M { issue { id } }", operationName="Q")
    assert answer.json() == {"data": {"hello": "world"}}
