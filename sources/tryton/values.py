"""Tryton's JSON for what JSON lacks, and the words of its search domains.

Source: Tryton server, JSON-RPC protocol: a value with "__class__". Times are UTC without saying so.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

Domain: TypeAlias = list[Any]
MAX_ID = 2**63 - 1
MAX_DIGITS = len(str(MAX_ID))


class Numeric(msgspec.Struct, frozen=True, gc=False, tag_field="__class__", tag="Decimal"):
    """An exact number."""

    decimal: Decimal


class Day(msgspec.Struct, frozen=True, gc=False, tag_field="__class__", tag="date"):
    """A day."""

    year: int
    month: int
    day: int

    @property
    def date(self) -> date:
        return date(self.year, self.month, self.day)

    @property
    def midnight(self) -> datetime:
        return datetime(self.year, self.month, self.day, tzinfo=UTC)


class Moment(msgspec.Struct, frozen=True, gc=False, tag_field="__class__", tag="datetime"):
    """A moment, UTC."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0

    @property
    def at(self) -> datetime:
        return datetime(
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond, tzinfo=UTC
        )


def midnight(day: date) -> datetime:
    """The first moment of a day, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def day_value(day: date) -> Day:
    """A day as Tryton takes it."""
    return Day(day.year, day.month, day.day)


def moment_value(at: datetime) -> Moment:
    """A moment as Tryton takes it."""
    at = at.astimezone(UTC)
    return Moment(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)


def id_of(text: str) -> int | None:
    """The database id that a text is; None where it cannot be one."""
    if not text.isascii() or not text.isdigit() or text[0] == "0" or len(text) > MAX_DIGITS:
        return None
    number = int(text)
    return number if number <= MAX_ID else None
