"""What a field may tell about a customer, declared on the field or on its whole type."""

import typing
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, TypeVar

T = TypeVar("T")


class Sensitivity(Enum):
    """The class of what a field tells; a role sees a class or it does not."""

    INTERNAL = "INTERNAL"
    """How the business sees the customer: names, states, dates. What has no directive is of this class."""
    PERSONAL = "PERSONAL"
    """What identifies or reaches a person."""
    FINANCIAL = "FINANCIAL"
    """Amounts, documents with amounts, and what is owed."""
    TAX = "TAX"
    """Tax identifiers and what is derived from them."""


class Visibility(Enum):
    """Whether a field of a record is part of the public schema."""

    HIDDEN = "HIDDEN"
    """Joins records inside the gateway; never shown."""


Personal = Annotated[T, Sensitivity.PERSONAL]
Financial = Annotated[T, Sensitivity.FINANCIAL]
Tax = Annotated[T, Sensitivity.TAX]
Hidden = Annotated[T, Visibility.HIDDEN]

CLASS_ATTRIBUTE = "__sensitivity__"
C = TypeVar("C", bound=type)


def classified(sensitivity: Sensitivity) -> Callable[[C], C]:
    """Give a type the class that every path to it needs; a field may ask for another class besides."""

    def declare(record: C) -> C:
        setattr(record, CLASS_ATTRIBUTE, sensitivity)
        return record

    return declare


def class_of_type(record: type) -> Sensitivity | None:
    """The class declared on the type itself, not one inherited from a base."""
    return vars(record).get(CLASS_ATTRIBUTE)


def field_hints(record: type) -> dict[str, Any]:
    """The annotations of a record, in order, with what is attached to them."""
    return typing.get_type_hints(record, include_extras=True)


def attached(hint: Any) -> tuple[Any, ...]:
    """What is attached to an annotation, e.g. (Sensitivity.PERSONAL,)."""
    return tuple(getattr(hint, "__metadata__", ()))


def class_of_field(hint: Any) -> Sensitivity | None:
    """The class declared on a field's own annotation."""
    return next((mark for mark in attached(hint) if isinstance(mark, Sensitivity)), None)


def class_behind(hint: Any) -> Sensitivity:
    """The class that a field needs: its own, or that of the type in it, or INTERNAL."""
    if own := class_of_field(hint):
        return own
    inner = [class_behind(arg) for arg in typing.get_args(hint) if isinstance(arg, type) or typing.get_args(arg)]
    found = class_of_type(hint) if isinstance(hint, type) else None
    return next((c for c in (found, *inner) if c not in (None, Sensitivity.INTERNAL)), Sensitivity.INTERNAL)


def is_hidden(hint: Any) -> bool:
    """True for a field that joins records inside the gateway and is never shown."""
    return Visibility.HIDDEN in attached(hint)
