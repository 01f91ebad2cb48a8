"""The breadth of an operation is counted once for all requests that differ in no number and no length."""

from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse

from gateway.edge import breadth as module
from gateway.edge.breadth import Breadths
from gateway.edge.documents import Invalid, operation_of

SCHEMA = build_schema("type Query { things(ids: [ID!], first: Int): [Thing!] } type Thing { name: String }")
DOCUMENT = parse("query Q($ids: [ID!], $first: Int) { things(ids: $ids, first: $first) { name } }")


def fields(breadths: Breadths, variables: dict[str, Any] | None) -> int:
    operation = operation_of(DOCUMENT, None)
    assert operation is not None
    return breadths.of(DOCUMENT, operation, variables)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []
    true = module.breadth

    def breadth(schema: GraphQLSchema, *args: Any) -> int:
        calls.append(args)
        return true(schema, *args)

    monkeypatch.setattr(module, "breadth", breadth)
    return calls


def test_other_ids_are_not_counted_again(counted: list[Any]) -> None:
    breadths = Breadths(SCHEMA, 1000)
    assert fields(breadths, {"ids": ["a", "b"]}) == fields(breadths, {"ids": ["c", "d"]}) == 4
    assert len(counted) == 1


def test_longer_lists_and_other_numbers_are(counted: list[Any]) -> None:
    breadths = Breadths(SCHEMA, 1000)
    sizes = [fields(breadths, each) for each in ({"ids": ["a"]}, {"ids": ["a"] * 9}, {"ids": ["a"], "first": 2}, None)]
    assert sizes == [2, 18, 2, 12]
    assert len(counted) == 4


def test_what_is_too_many_is_refused_each_time() -> None:
    breadths = Breadths(SCHEMA, 10)
    for _ in range(2):
        with pytest.raises(Invalid):
            fields(breadths, {"ids": ["a"] * 9})
