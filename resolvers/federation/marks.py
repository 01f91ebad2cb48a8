"""Federation's directives as they stand in the subgraph's schema."""

from collections.abc import Collection
from typing import cast

from graphql import ConstDirectiveNode, DefinitionNode, ObjectTypeDefinitionNode, parse

from resolvers.masks import Need

FEDERATION = "https://specs.apollo.dev/federation/v2.9"  # the newest that both public composers read
IMPORTED = ("@authenticated", "@composeDirective", "@key", "@policy", "@requiresScopes", "@shareable")
SENSITIVITY = "https://customer360.example/sensitivity/v1.0"  # names the directive's meaning; nothing is fetched


def schema_extension() -> DefinitionNode:
    """Which directives the schema uses, and that @sensitivity stays in the supergraph."""
    names = ", ".join(f'"{name}"' for name in IMPORTED)
    (extension,) = parse(
        f'extend schema @link(url: "{FEDERATION}", import: [{names}])'
        f' @link(url: "{SENSITIVITY}", import: ["@sensitivity"]) @composeDirective(name: "@sensitivity")',
        no_location=True,
    ).definitions
    return extension


def shareable() -> list[ConstDirectiveNode]:
    """Other subgraphs may give the same type."""
    return _directives("@shareable")


def keys(fields: Collection[str]) -> list[ConstDirectiveNode]:
    """Other subgraphs may refer to the type by any of these fields."""
    return _directives(" ".join(f'@key(fields: "{each}")' for each in fields))


def guards(need: Need, *, at_root: bool = False) -> list[ConstDirectiveNode]:
    """What a gateway in front may check before it asks: a token, the scopes of classes, the policy of a permission."""
    found = "@authenticated " if at_root else ""
    if need.classes:
        scopes = ", ".join(f'"read:{each}"' for each in sorted(each.value.lower() for each in need.classes))
        found += f"@requiresScopes(scopes: [[{scopes}]]) "
    if need.permission:
        found += f'@policy(policies: [["{need.permission}"]])'
    return _directives(found)


def _directives(text: str) -> list[ConstDirectiveNode]:
    (holder,) = parse(f"type Holder {text}", no_location=True).definitions
    return list(cast(ObjectTypeDefinitionNode, holder).directives or ())
