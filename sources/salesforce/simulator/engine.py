"""Answers a parsed SELECT out of the organization.

Source: SOQL and SOSL Reference. [V] equality and LIKE ignore case; relations go up five levels. [M] the texts of the
errors; nulls are first in ascending order; ids are ordered digits, capitals, small letters.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sources.salesforce.simulator.errors import ApiRefusal, not_modelled
from sources.salesforce.simulator.ids import canonical
from sources.salesforce.simulator.objects import ENTITIES, Column, Entity, visible
from sources.salesforce.simulator.organization import Organization, Row, Table
from sources.salesforce.simulator.syntax import Comparison, Condition, Group, Literal, Select

TEXTS = frozenset(["string", "picklist", "phone", "url", "email"])
NUMBERS = frozenset(["currency", "percent", "int", "double"])
LEVELS = 5
Test = Callable[[Row], bool]
Value = Callable[[Row], Any]
_ITSELF: Callable[[Row], Row | None] = lambda row: row  # noqa: E731 - the variable has the wider type


class Query:
    """One statement, bound to the columns that the user sees."""

    def __init__(self, organization: Organization, select: Select, *, deleted: bool) -> None:
        self._organization = organization
        self._deleted = deleted
        self.select = select
        self.entity = entity_of(organization, select.entity)
        self._table = organization.tables[self.entity.name]
        self.columns = [(path.split("."), self._column(path)) for path in select.columns]
        self._order = [(_folding(*self._column(column)), descending) for column, descending in select.order]
        self._test = self._condition(select.where) if select.where else None

    def ids(self) -> list[str]:
        """The ids of the rows that fit, in order, within LIMIT and OFFSET."""
        select = self.select
        ordered = [(column.lower(), descending) for column, descending in select.order]
        candidates, by_id = self._candidates(ordered)
        rows = self._fitting(candidates)
        end = None if select.limit is None else select.offset + select.limit
        if not (by_id and ordered in ([], [("id", False)])):
            rows = self._sorted(list(rows))
        return [row.id for row in islice(rows, select.offset, end)]

    def render(self, row_id: str) -> dict[str, Any]:
        """A row as JSON, with the columns as they were asked for."""
        row = self._table.rows[row_id]
        record: dict[str, Any] = {"attributes": self._attributes(self.entity.name, row.id)}
        for path, (column, value) in self.columns:
            self._place(record, path, column, value, row)
        return record

    def _fitting(self, rows: Iterable[Row]) -> Iterable[Row]:
        hidden, test, deleted = self._organization.hidden_rows, self._test, self._deleted
        return (
            row for row in rows if (deleted or not row.deleted) and row.id not in hidden and (test is None or test(row))
        )

    def _sorted(self, rows: list[Row]) -> list[Row]:
        for value, descending in reversed(self._order):
            rows.sort(key=lambda row, value=value: _sort_key(value(row)), reverse=descending)  # type: ignore[misc]
        return rows

    def _candidates(self, ordered: list[tuple[str, bool]]) -> tuple[Iterable[Row], bool]:
        """The rows among which those that fit are, by an index where the condition has one; whether by id."""
        parts = _all_of(self.select.where)
        for part in parts:
            if _index(part):
                return self._indexed(part, self._table), False
        for part in parts:
            if part.column.lower() == "systemmodstamp" and part.operator in (">", ">="):
                return self._table.since(_as_datetime(part.values[0])), False
        for part in parts:
            if part.column.lower() == "id" and part.operator == ">":
                return self._table.after_id(canonical(str(part.values[0])) or ""), True
        if not parts and self.select.limit and ordered[:1] == [("systemmodstamp", True)]:
            return self._table.latest(self.select.limit + self.select.offset), False
        return self._table.after_id(""), True

    @staticmethod
    def _indexed(part: Comparison, table: Table) -> list[Row]:
        column = part.column.lower()
        ids: set[str] = set()
        for value in part.values:
            if column == "id":
                ids.add(canonical(str(value)) or "")
            elif column == "accountid":
                ids.update(table.by_account.get(canonical(str(value)) or "", ()))
            else:
                ids.update(table.by_text.get(str(value).lower(), ()))
        return [table.rows[row_id] for row_id in ids if row_id in table.rows]

    def _column(self, path: str) -> tuple[Column, Value]:
        """The column at the end of a dotted path, and its value for a row of this object."""
        *way, last = path.split(".")
        if len(way) > LEVELS:
            raise ApiRefusal(400, "INVALID_FIELD", "a relationship goes up five levels at most")
        entity, climb = self.entity, _ITSELF
        for step in way:
            entity, climb = self._climb(entity, climb, step)
        column = {known.name.lower(): known for known in visible(self._organization, entity)}.get(last.lower())
        if column is None:
            text = f"No such column '{last}' on entity '{entity.name}'. If you are attempting to use a custom field, "
            raise ApiRefusal(400, "INVALID_FIELD", text + "be sure to append the '__c' after the custom field name.")
        organization, found = self._organization, column.value
        if not way:
            return column, lambda row: found(organization, row)

        def value(row: Row) -> Any:
            target = climb(row)
            return None if target is None else found(organization, target)

        return column, value

    def _climb(
        self, entity: Entity, climb: Callable[[Row], Row | None], step: str
    ) -> tuple[Entity, Callable[[Row], Row | None]]:
        relation = entity.relations.get(step.lower())
        if relation is None:
            text = f"Didn't understand relationship '{step}' in field path."
            raise ApiRefusal(400, "INVALID_FIELD", text)
        rows = self._organization.tables[relation.entity].rows

        def higher(row: Row) -> Row | None:
            below = climb(row)
            return rows.get(relation.row_id(self._organization, below) or "") if below else None

        return ENTITIES[relation.entity.lower()], higher

    def _condition(self, condition: Condition) -> Test:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        tests = [self._condition(part) for part in condition.parts]
        if condition.operator == "NOT":
            return lambda row: not tests[0](row)
        if condition.operator == "AND":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _comparison(self, comparison: Comparison) -> Test:
        column, value = self._column(comparison.column)
        values = [_typed(column, literal) for literal in comparison.values]
        operator = comparison.operator
        if operator == "LIKE":
            return _like(column, comparison.values[0], value)
        wanted = frozenset(values)
        folded = _folding(column, value)
        if operator in ("IN", "="):
            return lambda row: folded(row) in wanted
        if operator in ("NOT IN", "!="):
            return lambda row: folded(row) not in wanted
        return _ordering(operator, values[0], folded)

    def _place(self, record: dict[str, Any], path: list[str], column: Column, value: Value, row: Row) -> None:
        if len(path) == 1:
            record[column.name] = rendered(value(row))
            return
        relation = self.entity.relations[path[0].lower()]
        if len(path) > 2:
            raise not_modelled("columns more than one level up")
        parent = relation.row_id(self._organization, row)
        if parent is None:
            record[relation.name] = None
            return
        nested = record.setdefault(relation.name, {"attributes": self._attributes(relation.entity, parent)})
        nested[column.name] = rendered(value(row))

    def _attributes(self, entity: str, row_id: str) -> dict[str, str]:
        return {"type": entity, "url": f"/services/data/v67.0/sobjects/{entity}/{row_id}"}


def entity_of(organization: Organization, name: str) -> Entity:
    """The object of that name. Raises INVALID_TYPE for one that is unknown or hidden."""
    entity = ENTITIES.get(name.lower())
    if entity is None or entity.name in organization.hidden_objects:
        raise ApiRefusal(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return entity


def rendered(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if isinstance(value, date):
        return value.isoformat()
    return None if value == "" else value


def _all_of(where: Condition | None) -> list[Comparison]:
    """The comparisons that must all hold."""
    parts = where.parts if isinstance(where, Group) and where.operator == "AND" else (where,)
    return [part for part in parts if isinstance(part, Comparison)]


def _index(part: Comparison) -> bool:
    return part.operator in ("=", "IN") and part.column.lower() in (
        "id", "accountid", "accountnumber", "contractnumber",
    )  # fmt: skip


def _typed(column: Column, literal: Literal) -> Any:
    """The literal as it is compared with values of the column; raises as Salesforce does for a wrong type."""
    if literal is None:
        return None
    if column.type in ("id", "reference"):
        full = canonical(literal) if isinstance(literal, str) else None
        if full is None:
            raise ApiRefusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal}")
        return full
    if column.type in TEXTS and isinstance(literal, str):
        return literal.lower()
    if column.type in NUMBERS and isinstance(literal, Decimal):
        return literal
    kinds: dict[str, type] = {"boolean": bool, "datetime": datetime, "date": date}
    if column.type in kinds and type(literal) is kinds[column.type]:
        return literal
    quotes = "should be enclosed in quotes" if column.type in TEXTS else "should not be enclosed in quotes"
    text = f"value of filter criterion for field '{column.name}' must be of type {column.type} and {quotes}"
    raise ApiRefusal(400, "INVALID_FIELD", text)


def _folding(column: Column, value: Value) -> Value:
    """The value as it is compared: texts ignore case, ids do not."""
    if column.type not in TEXTS:
        return value
    return lambda row: None if (text := value(row)) is None else text.lower()


def _ordering(operator: str, limit: Any, value: Value) -> Test:
    compare: dict[str, Callable[[Any], bool]] = {
        "<": lambda found: found < limit,
        "<=": lambda found: found <= limit,
        ">": lambda found: found > limit,
        ">=": lambda found: found >= limit,
    }
    holds = compare[operator]

    def test(row: Row) -> bool:
        found = value(row)
        return found is not None and limit is not None and holds(found)

    return test


def _like(column: Column, pattern: Literal, value: Value) -> Test:
    if column.type not in TEXTS or not isinstance(pattern, str):
        raise ApiRefusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {column.type} field")
    parts = re.findall(r"\\[_%]|[_%]|[^_%\\]+|\\", pattern)
    wild = {"%": ".*", "_": "."}
    text = "".join(wild.get(part) or re.escape(part[1:] if part in ("\\_", "\\%") else part) for part in parts)
    matches = re.compile(text, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda row: bool(matches(value(row) or ""))


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)


def _as_datetime(literal: Literal) -> datetime:
    if not isinstance(literal, datetime):
        raise ApiRefusal(400, "INVALID_FIELD", "value of filter criterion must be of type dateTime")
    return literal
