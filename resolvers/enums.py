"""Canonical enum -> GraphQL enum, with the descriptions of its values."""

import inspect
from enum import Enum
from functools import cache
from typing import Any

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from resolvers.descriptions import field_descriptions


@cache
def exposed_enum(values: type[Enum]) -> Any:
    """The GraphQL enum of a canonical one, with the descriptions of its values."""
    texts = field_descriptions(values)
    made = strawberry.enum(values, description=inspect.getdoc(values))
    definition: StrawberryEnumDefinition = made.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = texts[value.name]
    return made
