"""Scalars and enums as expressions: the usual class of a value at once, all else as graphql-core has it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from graphql import GraphQLLeafType, Undefined

from resolvers.plans.outcomes import Bail
from sources.canonical.money import FOUR_DECIMALS, THREE_DECIMALS, ZERO_DECIMALS, Money

EXACT_MINOR = 10**24  # below the 28 digits that decimal keeps, so that what is written here is what it would write
HUNDREDTHS = tuple(f".{each:02d}" for each in range(100))
in_rfc_3339 = msgspec.to_builtins  # of a time or a day; as isoformat, in a fifth of its time
NO_HUNDREDTHS = ZERO_DECIMALS | THREE_DECIMALS | FOUR_DECIMALS

# The class that each scalar's values usually have, and what is written of one.
USUAL: dict[str, tuple[type, str]] = {
    "String": (str, "{v}"),
    "ID": (str, "{v}"),
    "Currency": (str, "{v}"),
    "Boolean": (bool, "{v}"),
    "Decimal": (Decimal, "format({v}, 'f')"),
    "Date": (date, "in_rfc_3339({v})"),
    "DateTime": (datetime, "moment({v})"),
}


def moment(value: datetime) -> str:
    """As resolvers.scalars writes it; RFC 3339 in UTC."""
    written: str = in_rfc_3339(value if value.tzinfo is UTC else value.astimezone(UTC))
    return written


def amount_text(money: Any) -> str:
    """The amount of Money as its Decimal would be written."""
    if money.__class__ is Money:
        minor, currency = money.minor, money.currency
        usual = minor.__class__ is int and 0 <= minor < EXACT_MINOR and currency.__class__ is str
        if usual and currency not in NO_HUNDREDTHS:
            return f"{minor // 100}{HUNDREDTHS[minor % 100]}"
    return _any_amount_text(money)


def _any_amount_text(money: Any) -> str:
    if money.__class__ is not Money or money.minor.__class__ is not int or money.currency.__class__ is not str:
        raise Bail("value")
    return format(money.amount, "f")


def slowly(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    """Writes any value of a leaf as graphql-core does. Raises Bail where it would tell an error."""

    def write(value: Any) -> Any:
        try:
            written = kind.coerce_output_value(value)
        except Exception:
            raise Bail("value") from None
        if written is None or written is Undefined:
            raise Bail("value")
        return written

    return write


def members(kind: GraphQLLeafType) -> type[Enum] | None:
    """The class of an enum whose values are written by the names of its members."""
    values: Any = getattr(kind, "wrapped_cls", None)  # Source: Strawberry, CustomGraphQLEnumType
    if not (isinstance(values, type) and issubclass(values, Enum)):
        return None
    written: type[Enum] = values
    return written if all(kind.coerce_output_value(each) == each.name for each in written) else None
