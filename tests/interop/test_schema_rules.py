"""schema.graphql keeps the rules of @graphql-eslint, those of Relay too, as eslint.config.mjs names them."""

from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "schema.graphql"


async def test_the_schema_keeps_the_rules(run_node):
    assert await run_node("lint_schema.mjs", SCHEMA=str(SCHEMA)) == []


async def test_a_schema_that_breaks_them_is_told(run_node, tmp_path):
    wrong = tmp_path / "wrong.graphql"
    wrong.write_text(
        '"Roots." type Query { get_things(first: Int): ThingConnection } "Things." type ThingConnection { a: Int }'
    )
    rules = {
        rule.removeprefix("@graphql-eslint/") for rule, _, _ in await run_node("lint_schema.mjs", SCHEMA=str(wrong))
    }
    assert {"require-description", "naming-convention", "relay-connection-types"} <= rules
