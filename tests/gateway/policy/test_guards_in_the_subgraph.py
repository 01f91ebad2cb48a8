"""What the subgraph's schema asks of a token is what the gateway asks of it."""

import pytest
from graphql import ObjectTypeDefinitionNode, parse, print_ast

from gateway.policy import AUDIT_READ, CLASS_PREFIX, PERMISSIONS_BY_SYSTEMS, packaged_policy
from mutations.schema import federated_sdl, graph
from resolvers.federation.entities import KEYS
from resolvers.federation.subgraph import RELAY_ROOTS, VALUE_TYPES
from sources.canonical.actor import Grants
from sources.canonical.sensitivity import Sensitivity

HIDDEN = {f"Query.{name}" for name in (*RELAY_ROOTS, "_entities", "_service")} | {"_Service.sdl"}
EVERY_PERMISSION = PERMISSIONS_BY_SYSTEMS["change"] | {AUDIT_READ}


def object_types():
    return {
        each.name.value: each
        for each in parse(federated_sdl()).definitions
        if isinstance(each, ObjectTypeDefinitionNode)
    }


def guarded_by(word):
    """The coordinates that name a scope or policy, on themselves or on their type."""
    found = set()
    for name, kind in object_types().items():
        on_type = any(f'"{word}"' in print_ast(each) for each in kind.directives or ())
        for field in kind.fields:
            if on_type or any(f'"{word}"' in print_ast(each) for each in field.directives or ()):
                found.add(f"{name}.{field.name.value}")
    return found


def withheld(grants):
    """What the masks withhold, but for what is in values, which are guarded by the fields that lead to them."""
    mask = graph()[1].of(grants)
    return {at for at in mask.coordinates if at.partition(".")[0] not in VALUE_TYPES} - HIDDEN


@pytest.mark.parametrize("lacking", Sensitivity)
def test_a_scope_guards_what_is_withheld_from_who_lacks_it(lacking):
    scopes = packaged_policy().scopes
    (scope,) = [scope for scope, grant in scopes.items() if grant == CLASS_PREFIX + lacking.value]
    assert guarded_by(scope) == withheld(Grants(frozenset(Sensitivity) - {lacking}, EVERY_PERMISSION))


@pytest.mark.parametrize("lacking", sorted(EVERY_PERMISSION))
def test_a_policy_guards_what_needs_a_permission(lacking):
    grants = Grants(frozenset(Sensitivity), EVERY_PERMISSION - {lacking})
    assert guarded_by(lacking) == withheld(grants)


def test_every_root_field_asks_for_a_token():
    types = object_types()
    for name in {"Query", "Mutation", "Subscription"} & types.keys():
        for field in types[name].fields:
            assert "authenticated" in [each.name.value for each in field.directives or ()], field.name.value


def test_values_are_shareable_and_entities_have_keys():
    types = object_types()
    assert VALUE_TYPES | KEYS.keys() <= types.keys()
    for name, kind in types.items():
        marks = [print_ast(each) for each in kind.directives or ()]
        assert ("@shareable" in marks) == (name in VALUE_TYPES), name
        assert [mark for mark in marks if mark.startswith("@key")] == [
            f'@key(fields: "{key}")' for key in KEYS.get(name, ())
        ]
