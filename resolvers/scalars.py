"""The scalars of the public schema, as they are written and read."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

Currency = NewType("Currency", str)
MAX_DECIMAL_DIGITS = 40  # more than any amount needs; a longer literal is an attack on the parser of numbers


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC, to the precision that is known: 2026-11-21T10:00:00Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_datetime(value: Any) -> datetime:
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("a DateTime is a string such as 2026-11-21T10:00:00Z (RFC 3339)") from None
    if parsed.tzinfo is None:
        raise GraphQLError("a DateTime needs its offset, e.g. Z for UTC")
    return parsed.astimezone(UTC)


def read_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("a Date is a string such as 2026-11-21 (ISO 8601)") from None


def write_decimal(value: Decimal) -> str:
    """Without an exponent: 1000, never 1E+3."""
    return format(value, "f")


def read_decimal(value: Any) -> Decimal:
    if not isinstance(value, str) or len(value) > MAX_DECIMAL_DIGITS:
        raise GraphQLError('a Decimal is a string such as "12.50", never a float')
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise GraphQLError('a Decimal is a string such as "12.50"') from None
    if not number.is_finite():
        raise GraphQLError("a Decimal is a finite number")
    return number


def read_currency(value: Any) -> str:
    if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper()):
        raise GraphQLError("a Currency is an ISO 4217 code such as EUR")
    return value


SCALARS: dict[Any, Any] = {
    **DEFAULT_SCALAR_REGISTRY,
    datetime: strawberry.scalar(
        name="DateTime", description="RFC 3339, in UTC.", serialize=write_datetime, parse_value=read_datetime
    ),
    date: strawberry.scalar(
        name="Date", description="An ISO 8601 date.", serialize=date.isoformat, parse_value=read_date
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as a string, never a float.",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    Currency: strawberry.scalar(
        name="Currency", description="An ISO 4217 code.", serialize=str, parse_value=read_currency
    ),
}
