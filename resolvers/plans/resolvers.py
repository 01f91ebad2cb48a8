"""How a field of the schema is worked out, without the wrappers that Strawberry and the guards put around it."""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any

import msgspec
from graphql import GraphQLField
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from resolvers import masks
from resolvers.plans.outcomes import Uncovered


class Way(Enum):
    """How a field gets its value."""

    ATTRIBUTE = "attribute"
    """An attribute of the record."""
    SYNC = "sync"
    """A function."""
    ASYNC = "async"
    """A coroutine function."""
    TYPENAME = "__typename"
    """The name of the type."""
    WITHHELD = "withheld"
    """Not at all: the viewer may not see it."""


class How(msgspec.Struct, frozen=True):
    """A field's own resolver and what it takes."""

    way: Way
    name: str
    """The attribute, or the resolver's name."""
    arguments: Sequence[StrawberryArgument] = ()
    call: Callable[..., Any] = getattr
    takes_source: bool = False
    info: str | None = None
    """The name of the parameter that takes the info."""
    guarded: bool = False
    judged: bool = False

    def withheld(self) -> "How":
        """The same field for who may not see it. What is wrong with its arguments is told all the same."""
        return How(Way.WITHHELD, self.name, self.arguments)


def how_of(field: GraphQLField) -> How:
    """How a field is worked out. Raises Uncovered where it is wrapped in something else."""
    definition: StrawberryField | None = (field.extensions or {}).get("strawberry-definition")
    resolve: Any = field.resolve
    wrappers = []
    while isinstance(resolve, partial):
        wrappers.append(resolve.func)
        resolve = resolve.args[-1]
    known = {masks._guard, masks._judge_record}
    if definition is None or definition.extensions or not known.issuperset(wrappers):
        raise Uncovered("resolver")
    if "from_resolver" not in getattr(resolve, "__qualname__", ""):
        raise Uncovered("resolver")
    guarded, judged = masks._guard in wrappers, masks._judge_record in wrappers
    base = definition.base_resolver
    if base is None:
        return How(Way.ATTRIBUTE, definition.python_name, guarded=guarded, judged=judged)
    call: Any = base.wrapped_func
    if base.parent_parameter or base.root_parameter or not callable(call):
        raise Uncovered("resolver")
    return How(
        Way.ASYNC if base.is_async else Way.SYNC,
        base.name,
        definition.arguments,
        call,
        takes_source=base.self_parameter is not None,
        info=base.info_parameter.name if base.info_parameter else None,
        guarded=guarded,
        judged=judged,
    )
