"""Both public composers take the gateway into a supergraph, with a second subgraph beside it."""

import json
import re

import pytest
from graphql import parse, print_ast

from mutations.schema import federated_sdl
from tests.interop.composition import loyalty


async def composed(run_node, composer, tmp_path, **sdls):
    """What a composer makes of subgraphs."""
    subgraphs = tmp_path / "subgraphs.json"
    subgraphs.write_text(json.dumps({n: {"url": f"http://{n}.example/graphql", "sdl": sdl} for n, sdl in sdls.items()}))
    (result,) = await run_node(f"compose_{composer}.mjs", SUBGRAPHS=str(subgraphs))
    return result


def applied(supergraph, type_name, field_name=None):
    """The directives of a type or a field of a supergraph, as {name: printed}."""
    definition = next(
        d for d in parse(supergraph).definitions if getattr(getattr(d, "name", None), "value", "") == type_name
    )
    if field_name:
        definition = next(field for field in definition.fields if field.name.value == field_name)
    return {each.name.value: print_ast(each) for each in definition.directives}


@pytest.mark.parametrize("composer", ["apollo", "guild"])
async def test_the_gateway_composes_with_another_subgraph(run_node, tmp_path, composer):
    result = await composed(run_node, composer, tmp_path, gateway=federated_sdl(), loyalty=loyalty.SDL)
    assert result["errors"] == []
    supergraph = result["supergraph"]
    assert applied(supergraph, "Customer", "emails")["sensitivity"] == "@sensitivity(class: PERSONAL)"
    assert applied(supergraph, "Invoice")["sensitivity"] == "@sensitivity(class: FINANCIAL)"
    assert "read:financial" in applied(supergraph, "Invoice")["requiresScopes"]
    assert "read:internal" not in applied(supergraph, "Money").get("requiresScopes", "")
    assert "systems:read" in applied(supergraph, "Query", "systems")["policy"]
    assert "authenticated" in applied(supergraph, "Query", "viewer")
    assert "join__type" in applied(supergraph, "Customer")
    assert not re.search(r"\bnodes?\(ids?:", supergraph)


@pytest.mark.parametrize("composer", ["apollo", "guild"])
async def test_the_gateway_composes_alone(run_node, tmp_path, composer):
    assert (await composed(run_node, composer, tmp_path, gateway=federated_sdl()))["errors"] == []


@pytest.mark.parametrize("composer", ["apollo", "guild"])
async def test_a_composer_would_say_what_is_wrong(run_node, tmp_path, composer):
    wrong = federated_sdl().replace('@key(fields: "number")', '@key(fields: "nothing")')
    assert (await composed(run_node, composer, tmp_path, gateway=wrong))["errors"]
