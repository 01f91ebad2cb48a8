"""Canonical records made from their types, good and broken, the same for the same seed."""

import random
import types
import typing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

import msgspec

from sources.canonical.money import Money
from sources.canonical.provenance import CustomerRef, Position, Provenance
from sources.canonical.sensitivity import attached
from sources.capabilities import Page

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SOURCES = ("source-1", "source-2", "source-3", "source-4")
WORDS = ("a", "b-1", "INV-1", "INV-2", "INV-3", "CASE-1", "CASE-2", "pi_1", "pi_2", "r1", "r2", "r3")
WRONG: tuple[Any, ...] = (None, 7, "text", 1.5, (), (None,), object(), {"a": 1}, ValueError("broken"), float("nan"))
BIG = 2**31


class Maker:
    """Makes values of types; `broken` of a thousand are not what their type says."""

    def __init__(self, seed: int, broken: int) -> None:
        self.random = random.Random(seed)
        self.broken = broken

    def value(self, hint: Any) -> Any:
        if self.broken and self.random.randrange(1000) < self.broken:
            return self.random.choice(WRONG)
        return self._value(hint)

    def _value(self, hint: Any) -> Any:
        if attached(hint):
            return self._value(get_args(hint)[0])
        origin, args, pick = get_origin(hint), get_args(hint), self.random
        if origin in (types.UnionType, typing.Union):
            inner = next(arg for arg in args if arg is not type(None))
            return None if pick.randrange(4) == 0 else self.value(inner)
        if origin is tuple:
            return tuple(self.value(args[0]) for _ in range(pick.choice((0, 1, 1, 2, 3))))
        if origin is Page:
            return self._page(args[0])
        if hint is CustomerRef:
            return CustomerRef("organization", pick.choice(("o1", "o2", "o3")))
        if isinstance(hint, type) and issubclass(hint, Enum):
            return pick.choice(list(hint))
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.record(hint)
        return self._simple(hint)

    def _page(self, kind: Any) -> Page[Any]:
        """Up to six records, newest first; one in five pages says that there is more."""
        records = in_order([self.value(kind) for _ in range(self.random.randrange(7))])
        more = records and self.random.randrange(5) == 0
        try:
            return Page(records, _position(records[-1]) if more else None)
        except (TypeError, AttributeError):
            return Page(records, None)

    def _simple(self, hint: Any) -> Any:
        pick = self.random
        if hint is datetime:
            return NOW - timedelta(seconds=pick.choice((0, 1, 60, 3600, 86400, 86400, 2_000_000)))
        if hint is date:
            return NOW.date() - timedelta(days=pick.randrange(-30, 90))
        simple: dict[Any, Any] = {
            str: lambda: pick.choice(WORDS),
            int: lambda: pick.choice((0, 1, 2, 100, 100, BIG - 1, BIG)) if self.broken else pick.randrange(1000),
            float: lambda: pick.choice((0.0, 0.5, 1.0)),
            bool: lambda: pick.random() < 0.5,
            Decimal: lambda: Decimal(pick.choice(("1", "0.50", "1E+3", "12.345"))),
        }
        return simple[hint]() if hint in simple else None

    def record(self, kind: type) -> Any:
        if kind is Money:
            minor = self.value(int) if self.broken else self.random.choice((0, 1, 250, -99, 123456))
            return Money(minor, self.random.choice(("EUR", "USD", "JPY", "KWD")))
        made = {name: self.value(hint) for name, hint in hints(kind).items()}
        if kind is Provenance and isinstance(made["source"], str):
            made["source"] = self.random.choice(SOURCES)
        return kind(**made)


@cache
def hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def in_order(records: list[Any]) -> tuple[Any, ...]:
    """Newest first, as sources give them; as they came where they cannot be ordered."""
    try:
        return tuple(sorted(records, key=_position, reverse=True))
    except (TypeError, AttributeError):
        return tuple(records)


def _position(record: Any) -> Any:
    return record.position if hasattr(record, "position") else Position(record.at, record.record_id)
