"""The part of SOQL that is parsed, as a tree.

Select: dotted columns or COUNT(); one object; WHERE with =, !=, <, <=, >, >=, LIKE, IN, NOT IN under AND, OR, NOT and
parentheses; ORDER BY with ASC, DESC; LIMIT; OFFSET. Literals: strings with SOQL's own escapes, numbers, dates,
dateTimes, true, false, null.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Literal: TypeAlias = str | bool | Decimal | date | datetime | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`column operator values`; more than one value after IN and NOT IN."""

    column: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that must all hold (AND), of which one must (OR), or the one that must not (NOT)."""

    operator: str
    parts: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Group


@dataclass(frozen=True, slots=True)
class Select:
    """A statement."""

    columns: tuple[str, ...]
    entity: str
    where: Condition | None
    order: tuple[tuple[str, bool], ...]  # column, descending
    limit: int | None
    offset: int
    count: bool
