"""How large an answer may become is known before anything runs."""

import pytest
from graphql import parse

from gateway.edge.breadth import breadth
from gateway.edge.documents import operation_of
from mutations.schema import graph
from tests.support.asking import EVERYTHING
from tests.support.house import open_house


def fields(query, variables=None):
    document = parse(query)
    return breadth(graph()[0]._schema, document, operation_of(document, None), variables)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ viewer { subject name } }", 3),
        ("{ customers(first: 7) { nodes { number } totalCount } }", 1 + 7 * 2 + 1),
        ("{ customers { edges { node { number } cursor } } }", 1 + 10 * 4),
        ("{ customers(first: 100) { ...page } } fragment page on CustomerConnection { nodes { number } }", 1 + 100 * 2),
        ("{ customers(first: 5) { nodes { cases(first: 3) { nodes { number } } } } }", 1 + 5 * (1 + 1 + 3 * 2)),
        ('{ nodes(ids: ["a", "b"]) { id ... on Invoice { number } } }', 2 * 3),
        ("{ customers(first: 3) { nodes { identities { system kind } } } }", 1 + 3 * (1 + 6 * 3)),
    ],
)
def test_it_is_fields_times_the_lengths_of_lists(query, expected):
    assert fields(query) == expected


def test_lengths_may_be_variables():
    query = "query($n: Int) { customers(first: $n) { nodes { number } } }"
    assert fields(query, {"n": 40}) == 1 + 40 * 2
    assert fields(query) == 1 + 10 * 2
    assert fields(query, {"n": 10**9}) == 1 + 100 * 2


def test_one_customer_with_everything_is_far_below_the_limit():
    assert fields(EVERYTHING) < 10_000


async def test_an_answer_of_megabytes_is_refused_though_it_asks_no_source(tmp_path):
    aliases = " ".join(f"a{n}: identities {{ system kind recordId evidence }}" for n in range(90))
    query = "{ customers(first: 100) { nodes { " + aliases + " } } }"
    async with open_house((), tmp_path, fill=False) as house:
        (error,) = (await house.ask(query))["errors"]
        assert error["extensions"]["code"] == "TOO_MANY_FIELDS"
        children = "children(first: 100) { nodes { children(first: 100) { nodes { number } } } }"
        (error,) = (await house.ask("{ customers(first: 100) { nodes { " + children + " } } }"))["errors"]
        assert error["extensions"]["code"] == "TOO_MANY_FIELDS"
