"""Canonical record -> GraphQL type, without restating its fields.

A record's annotations give names, types and nullability, its docstring and the strings below its fields the
descriptions, its marks the sensitivity. Resolvers get the canonical record itself as their source: nothing is
copied. Edges and computed fields are grown onto a type afterwards (`grow`).
"""

import inspect
import types
import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

import msgspec
import strawberry
from strawberry.types.field import StrawberryField

from resolvers.descriptions import field_descriptions
from resolvers.enums import exposed_enum
from resolvers.scalars import Currency
from resolvers.sensitive import directives_for
from sources.canonical.deprecation import deprecation_of
from sources.canonical.money import Money
from sources.canonical.sensitivity import Sensitivity, attached, class_of_field, class_of_type, field_hints, is_hidden

CLASS = "sensitivity"  # the key of a field's class in its Strawberry metadata
PERMISSION = "permission"  # the key of the permission that a field needs, e.g. "systems:read"
RECORDS: dict[str, type] = {}  # every record that has become a type, by the type's name
SCALARS = (str, int, float, bool, Decimal, datetime, date)


def grow(gql_type: type, **fields: Any) -> None:
    """Add fields (made by `field`) to a type that exists; one of the same name gives way."""
    definition = gql_type.__strawberry_definition__  # type: ignore[attr-defined]
    definition.fields[:] = [kept for kept in definition.fields if kept.python_name not in fields]
    for name, grown in fields.items():
        grown.python_name = name
        grown.origin = gql_type
        definition.fields.append(grown)


def camel_case(name: str) -> str:
    """A field's name as it is in the schema: legal_name -> legalName."""
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def field(
    resolver: Any,
    returns: Any,
    description: str,
    *,
    sensitivity: Sensitivity | None = None,
    permission: str | None = None,
    deprecated: str | None = None,
) -> StrawberryField:
    """A computed field or an edge: its resolver, what it returns, its description, what it needs.

    `deprecated` says what to use instead, where the field will be taken out.
    """
    metadata = {key: value for key, value in ((CLASS, sensitivity), (PERMISSION, permission)) if value is not None}
    made = strawberry.field(
        resolver=resolver,
        graphql_type=returns,
        description=description,
        metadata=metadata,
        directives=directives_for(sensitivity),
        deprecation_reason=deprecated,
    )
    return typing.cast(StrawberryField, made)


def computed(record: type, name: str, resolver: Any) -> StrawberryField:
    """A field that the record declares (type, description, class) and a resolver works out."""
    hint = field_hints(record)[name]
    return field(
        resolver,
        graphql_type(hint),
        field_descriptions(record)[name],
        sensitivity=class_of_field(hint),
        deprecated=deprecation_of(attached(hint)),
    )


@cache
def exposed(record: Any, *interfaces: type) -> Any:
    """The GraphQL object type of a canonical record; the same one each time."""
    RECORDS[record.__name__] = record
    hints = {name: hint for name, hint in field_hints(record).items() if not is_hidden(hint)}
    texts = field_descriptions(record)
    namespace: dict[str, Any] = {
        "__annotations__": {name: graphql_type(hint) for name, hint in hints.items()},
        "__module__": __name__,
        "is_type_of": _is_record(record),
    }
    for name, hint in hints.items():
        namespace[name] = _plain_field(hint, texts[name])
    made = type(record.__name__, interfaces, namespace)
    directives = directives_for(class_of_type(record))
    return strawberry.type(made, description=inspect.getdoc(record), directives=directives)


def _plain_field(hint: Any, description: str) -> Any:
    sensitivity = class_of_field(hint)
    return strawberry.field(
        description=description,
        metadata={CLASS: sensitivity} if sensitivity else {},
        directives=directives_for(sensitivity),
        deprecation_reason=deprecation_of(attached(hint)),
    )


def _is_record(record: type) -> Any:
    def is_type_of(cls: type, value: object, info: object) -> bool:
        return isinstance(value, record)

    return classmethod(is_type_of)


def graphql_type(hint: Any) -> Any:
    """The GraphQL type of a canonical annotation: lists for tuples, enums and records by their own exposure."""
    if attached(hint):
        return graphql_type(get_args(hint)[0])
    origin = get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        inner = next(arg for arg in get_args(hint) if arg is not type(None))
        return typing.Optional[graphql_type(inner)]  # noqa: UP045 - made at run time
    if origin is tuple:
        return list[graphql_type(get_args(hint)[0])]  # type: ignore[misc]
    if hint is Money:
        return money_type()
    if isinstance(hint, type) and issubclass(hint, Enum):
        return exposed_enum(hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return exposed(hint)
    if hint in SCALARS:
        return hint
    raise TypeError(f"no GraphQL type for {hint!r}")


@cache
def money_type() -> type:
    """Money: the decimal amount and its currency; made of two properties, since inside it is minor units."""

    def currency(self: Money) -> str:
        return self.currency

    def amount(self: Money) -> Decimal:
        return self.amount

    made = type("Money", (), {"__annotations__": {}, "__module__": __name__, "is_type_of": _is_record(Money)})
    typed = strawberry.type(made, description=inspect.getdoc(Money))
    grow(
        typed,
        amount=field(amount, Decimal, "The amount in major units, with exactly the currency's decimals."),
        currency=field(currency, Currency, "The ISO 4217 code."),
    )
    return typed
