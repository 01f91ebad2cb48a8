"""The schema for ordinary clients: without what only gateways in front ask for."""

from typing import cast

from graphql import DefinitionNode, FieldDefinitionNode, Location, ObjectTypeDefinitionNode, parse

MACHINERY_TYPES = frozenset({"_Any", "_Entity", "_Service"})
MACHINERY_FIELDS = frozenset({"_entities", "_service"})


def without_machinery(sdl: str) -> str:
    """The same text without Federation's own types and root fields."""
    spans = [place for each in parse(sdl).definitions for place in _hidden(each)]
    for start, end in sorted(spans, reverse=True):
        sdl = sdl[:start].rstrip() + sdl[end:]
    return sdl


def _hidden(definition: DefinitionNode) -> list[tuple[int, int]]:
    name = getattr(getattr(definition, "name", None), "value", None)
    if name in MACHINERY_TYPES:
        return [_span(definition)]
    if isinstance(definition, ObjectTypeDefinitionNode) and name == "Query":
        return [_span(each) for each in definition.fields or () if each.name.value in MACHINERY_FIELDS]
    return []


def _span(node: DefinitionNode | FieldDefinitionNode) -> tuple[int, int]:
    place = cast(Location, node.loc)  # there, since it was parsed with locations
    return place.start, place.end
