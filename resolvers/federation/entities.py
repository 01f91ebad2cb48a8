"""Query._entities: records that other subgraphs refer to, by their keys, within what the viewer may see.

Each representation stands for itself: one that is not known is null, one that can never be right is null with
BAD_USER_INPUT at its place, one of a withheld type is null with FORBIDDEN, and the others are served.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, NewType, Union

import strawberry
from graphql import GraphQLError, value_from_ast_untyped
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from resolvers import ids
from resolvers.context import Context, context
from resolvers.errors import ErrorCode, GatewayError, bad_input
from resolvers.exposure import field
from resolvers.roots.customers import customer_of_number
from resolvers.roots.nodes import NODE_READS, record_of
from resolvers.types.nodes import NODES, CustomerType

MAX_KEY = 200  # characters of a customer's number; longer than any that is given out
TYPENAME = "__typename"

# The entities and the fields that each is known by; the first that a representation holds is used.
KEYS: dict[str, tuple[str, ...]] = {
    "Customer": ("id", "number"),
    "Invoice": ("id",),
    "SupportCase": ("id",),
    "CustomerSubscription": ("id",),
    "CreditMemo": ("id",),
    "Order": ("id",),
}

Representation = NewType("Representation", object)
ENTITY_TYPES: dict[str, Any] = {name: CustomerType if name == "Customer" else NODES[name] for name in KEYS}


def add_entities(types: Mapping[str, Any]) -> None:
    """More types that are known by their id alone."""
    ENTITY_TYPES.update(types)
    KEYS.update(dict.fromkeys(types, ("id",)))


def read_literal(node: Any, variables: Mapping[str, Any] | None = None) -> Any:
    """A representation that is written in the document."""
    try:
        return value_from_ast_untyped(node, dict(variables or {}))
    except (ValueError, RecursionError):  # an integer of thousands of digits
        raise GraphQLError("a representation is an object of short strings") from None


REPRESENTATION_SCALAR = strawberry.scalar(
    name="_Any",
    description='An entity by its key, e.g. {__typename: "Customer", number: "C-1"}.',
    parse_value=lambda value: value,
    parse_literal=read_literal,
)


async def entities(
    info: Info[Any, Any],
    representations: Annotated[
        list[Representation], strawberry.argument(description="Which entities, in the order in which they are given.")
    ],
) -> list[Any]:
    shared = context(info)
    if len(representations) > shared.max_entities:
        message = (
            f"representations holds {len(representations)} entities; at most {shared.max_entities} are read at once"
        )
        raise GatewayError(ErrorCode.TOO_MANY_ENTITIES, message)
    return await asyncio.gather(*(_entity(shared, each) for each in representations), return_exceptions=True)


async def _entity(shared: Context, representation: object) -> Any:
    name, key, value = _key_of(representation)
    if name in shared.mask.types:
        raise shared.mask.refusal(name)
    if key == "number":
        return await customer_of_number(shared, value)
    try:
        parts = ids.decode(value)
    except ids.NotAnId:
        raise bad_input(f"id is not an id of this gateway, for a {name}") from None
    if parts.type != name:
        raise bad_input(f"id is the id of another type, for a {name}")
    return await NODE_READS[name](shared, parts.id) if name in NODE_READS else await record_of(shared, parts)


def _key_of(representation: object) -> tuple[str, str, str]:
    """The type's name, its key and the key's value; raises BAD_USER_INPUT."""
    if not isinstance(representation, dict):
        raise bad_input(f"a representation is an object with {TYPENAME} and a key")
    name = representation.get(TYPENAME)
    if not isinstance(name, str) or name not in KEYS:
        raise bad_input(f"{TYPENAME} of a representation is one of {', '.join(KEYS)}")
    key = next((key for key in KEYS[name] if representation.get(key) is not None), None)
    value = representation.get(key) if key else None
    if key is None or not isinstance(value, str) or not _may_be(key, value):
        raise bad_input(f"a {name} is represented by its {' or its '.join(KEYS[name])}, a string")
    return name, key, value


def _may_be(key: str, value: str) -> bool:
    """False for what no key is: a source refuses its whole batch for one number with a line feed in it."""
    return value.strip() != "" and value.isprintable() and len(value) <= (MAX_KEY if key == "number" else ids.MAX_ID)


def entities_field() -> StrawberryField:
    """Query._entities, for all entities that are known by now."""
    union = strawberry.union("_Entity", description="What other subgraphs may refer to by its key.")
    entity: Any = Annotated[Union[tuple(ENTITY_TYPES.values())], union]  # noqa: UP007 - made at run time
    made = field(
        entities,
        list[entity | None],
        "Records by their keys, in the order of the representations; for a gateway in front.",
    )
    made.graphql_name = "_entities"
    return made
