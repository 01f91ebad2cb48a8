"""What a mutation did is answered again without being done again, as often as its answer is worked out."""

import types

import pytest
from graphql import GraphQLError, build_schema, graphql

from resolvers.disclosure import once_per_operation

SDL = "type Query { a: Int } type Mutation { pay(n: Int): Paid } type Paid { amount: Int }"


@pytest.fixture
def schema():
    return build_schema(SDL)


def doing(schema, resolve):
    schema.mutation_type.fields["pay"].resolve = resolve
    once_per_operation(schema)
    return types.SimpleNamespace(done={})


async def test_two_workings_out_of_one_answer_do_it_once(schema):
    done = []

    async def pay(source, info, n):
        done.append(n)
        return {"amount": n}

    context = doing(schema, pay)
    for _ in range(2):
        result = await graphql(schema, "mutation { mine: pay(n: 7) { amount } }", context_value=context)
        assert result.data == {"mine": {"amount": 7}}
    assert done == [7]


async def test_a_failure_is_told_again_and_not_tried_again(schema):
    done = []

    async def pay(source, info, n):
        done.append(n)
        raise GraphQLError("no")

    context = doing(schema, pay)
    for _ in range(2):
        result = await graphql(schema, "mutation { pay(n: 7) { amount } }", context_value=context)
        assert [error.message for error in result.errors] == ["no"]
    assert done == [7]


async def test_another_operation_does_it_anew(schema):
    done = []
    doing(schema, lambda source, info, n: done.append(n))
    for _ in range(2):
        await graphql(schema, "mutation { pay(n: 7) { amount } }", context_value=types.SimpleNamespace(done={}))
    assert done == [7, 7]
