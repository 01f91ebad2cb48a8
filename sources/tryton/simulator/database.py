"""Tables of records, searched by Tryton's domains. Source: Tryton server, Domains; ModelStorage.search_read.

A record is a dict of Python values; a field that leads to other records holds an id or a list of ids.
"""

import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
Computed: TypeAlias = Callable[[Record], Any]
COMPARISONS = {"<": lt, "<=": le, ">": gt, ">=": ge}
STAMPS = ("create_date", "write_date")


class UnknownName(Exception):
    """There is no such model or field; the text is its name."""


class Table:
    """The records of a model, by id, and by the values of the fields that are indexed."""

    def __init__(self, fields: Mapping[str, str | None], indexed: Iterable[str]) -> None:
        self.fields = fields  # name -> the model that it leads to, or None
        self.rows: dict[int, Record] = {}
        self._indexes: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in indexed}
        self._ids: list[int] | None = None  # sorted; None where records came or went since
        self._stamps: list[tuple[datetime, int]] = []
        self._stamps_sorted = True

    def put(self, row: Record) -> Record:
        """Insert a record, or replace the one of its id."""
        known = self.rows.get(row["id"])
        if known is None:
            self._ids = None
        for name, index in self._indexes.items():
            if known is not None:
                index.get(known.get(name), {}).pop(row["id"], None)
            index.setdefault(row.get(name), {})[row["id"]] = None
        self.rows[row["id"]] = row
        self.touch(row)
        return row

    def drop(self, number: int) -> None:
        """Delete a record."""
        row = self.rows.pop(number, None)
        if row is not None:
            self._ids = None
            for name, index in self._indexes.items():
                index[row.get(name)].pop(number, None)

    def touch(self, row: Record) -> None:
        """Remember when a record, or something that hangs on it, last changed."""
        self._stamps.append((row["write_date"] or row["create_date"], row["id"]))
        self._stamps_sorted = False

    def by(self, name: str, values: Iterable[Any]) -> list[Record]:
        """The records whose indexed field has one of the values."""
        index = self._indexes[name]
        return [self.rows[number] for value in dict.fromkeys(values) for number in index.get(value, ())]

    def among(self, domain: Sequence[Any]) -> tuple[Iterator[Record], bool]:
        """The records that can fit the domain, and whether they come in the order of their ids."""
        for name, operator, value in (clause for clause in domain if _is_leaf(clause)):
            values = value if operator == "in" else [value]
            if operator in ("=", "in") and name == "id":
                return iter([self.rows[number] for number in dict.fromkeys(values) if number in self.rows]), False
            if operator in ("=", "in") and name in self._indexes:
                return iter(self.by(name, values)), False
        since = next((at for clause in domain if (at := _since(clause)) is not None), None)
        if since is not None:
            touched = self._touched(since)
            return iter([self.rows[number] for number in sorted(touched) if number in self.rows]), True
        above = next((c[2] for c in domain if _is_leaf(c) and c[0] == "id" and c[1] == ">"), 0)
        if self._ids is None:
            self._ids = sorted(self.rows)
        ids = self._ids
        return (self.rows[ids[place]] for place in range(bisect.bisect_right(ids, above), len(ids))), True

    def _touched(self, since: datetime) -> set[int]:
        if not self._stamps_sorted:
            self._stamps.sort()
            self._stamps_sorted = True
        return {number for _, number in self._stamps[bisect.bisect_left(self._stamps, (since, -1)) :]}


class Database:
    """All tables. `computed` gives the fields that are worked out when they are asked for."""

    def __init__(self, models: Mapping[str, Mapping[str, str | None]], indexed: Mapping[str, Sequence[str]]) -> None:
        self.tables = {name: Table(fields, indexed.get(name, ())) for name, fields in models.items()}
        self.computed: dict[tuple[str, str], Computed] = {}

    def table(self, model: str) -> Table:
        """A model's table. Raises UnknownName."""
        if model not in self.tables:
            raise UnknownName(model)
        return self.tables[model]

    def search(
        self, model: str, domain: Sequence[Any], order: Sequence[Sequence[str]] | None, offset: int, limit: int | None
    ) -> list[Record]:
        """The records that fit a domain, those that are not active only where the domain asks for them."""
        table = self.table(model)
        if "active" in table.fields and not _names(domain, "active"):
            domain = [*domain, ["active", "=", True]]
        candidates, in_order = table.among(domain)
        found = (row for row in candidates if self.fits(model, row, domain))
        end = None if limit is None else offset + limit
        if order in (None, [], [["id", "ASC"]]):
            if in_order:
                return list(islice(found, offset, end))
            rows = sorted(found, key=lambda row: int(row["id"]))
        else:
            rows = list(found)
            for field, direction in reversed(order or ()):
                self._sort(model, rows, field, direction)
        return rows[offset:end]

    def fits(self, model: str, row: Record, domain: Sequence[Any]) -> bool:
        """Whether a record fits a domain. Raises UnknownName."""
        if _is_leaf(domain):
            return self._fits_leaf(model, row, domain)
        if domain and domain[0] in ("OR", "AND"):
            each = [self.fits(model, row, part) for part in domain[1:]]
            return any(each) if domain[0] == "OR" else all(each)
        return all(self.fits(model, row, part) for part in domain)

    def read(self, model: str, row: Record, fields: Sequence[str]) -> Record:
        """The fields of a record; "a.b" comes as "a." with the record, or records, that a leads to."""
        nested: dict[str, list[str]] = {}
        told: Record = {"id": row["id"]}
        for field in fields:
            head, _, rest = field.partition(".")
            if rest:
                nested.setdefault(head, []).append(rest)
            else:
                told[head] = self.value(model, row, head)
        for head, inner in nested.items():
            told[f"{head}."] = self._read_nested(model, row, head, inner)
        return told

    def value(self, model: str, row: Record, field: str) -> Any:
        """A field's value. Raises UnknownName."""
        if field not in self.table(model).fields:
            raise UnknownName(field)
        computed = self.computed.get((model, field))
        return computed(row) if computed else row.get(field)  # what was never set is null

    def _read_nested(self, model: str, row: Record, head: str, inner: list[str]) -> Any:
        value, target = self.value(model, row, head), self._target(model, head)
        if value is None:
            return None
        rows = self.tables[target].rows
        if isinstance(value, list):
            return [self.read(target, rows[number], inner) for number in value]
        return self.read(target, rows[value], inner)

    def _target(self, model: str, field: str) -> str:
        target = self.tables[model].fields[field]
        if target is None:
            raise UnknownName(field)
        return target

    def _end_of(self, model: str, path: str) -> str:
        """The model that a path leads to."""
        for field in path.split("."):
            model = self._target(model, field)
        return model

    def _fits_leaf(self, model: str, row: Record, leaf: Sequence[Any]) -> bool:
        path, operator, wanted = leaf
        if operator == "where":
            target = self._end_of(model, path)
            rows = self.tables[target].rows
            return any(self.fits(target, rows[number], wanted) for number in self._values(model, row, path) if number)
        return any(_compares(value, operator, wanted) for value in self._values(model, row, path))

    def _values(self, model: str, row: Record, path: str) -> Iterator[Any]:
        head, _, rest = path.partition(".")
        value = self.value(model, row, head)
        if not rest:
            yield from value if isinstance(value, list) else [value]
            return
        target = self._target(model, head)
        for number in _many(value):
            yield from self._values(target, self.tables[target].rows[number], rest)

    def _sort(self, model: str, rows: list[Record], field: str, direction: str) -> None:
        words = direction.split()
        descending = words[0] == "DESC"
        nulls_first = words[1:] == ["NULLS", "FIRST"] or (descending and len(words) == 1)
        values = {row["id"]: self.value(model, row, field) for row in rows}
        empty = [row for row in rows if values[row["id"]] is None]
        filled = [row for row in rows if values[row["id"]] is not None]
        filled.sort(key=lambda row: values[row["id"]], reverse=descending)
        rows[:] = empty + filled if nulls_first else filled + empty


def _many(value: Any) -> list[int]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _is_leaf(clause: Any) -> bool:
    return len(clause) == 3 and isinstance(clause[0], str) and clause[0] not in ("OR", "AND") and _is_word(clause[1])


def _is_word(operator: Any) -> bool:
    return isinstance(operator, str)


def _names(domain: Any, field: str) -> bool:
    return isinstance(domain, list) and (domain[:1] == [field] or any(_names(part, field) for part in domain))


def _since(clause: Any) -> datetime | None:
    """The moment of a clause "some stamp of it, or of what hangs on it, is not older than this"."""
    if not clause or clause[0] != "OR":
        return None
    leaves = [leaf for part in clause[1:] for leaf in part]
    if all(_is_leaf(leaf) and leaf[0].split(".")[-1] in STAMPS and leaf[1] == ">=" for leaf in leaves):
        at: datetime = min(leaf[2] for leaf in leaves)
        return at
    return None


def _compares(value: Any, operator: str, wanted: Any) -> bool:
    if operator in ("=", "!="):
        return bool((value == wanted) == (operator == "="))
    if operator in ("in", "not in"):
        return bool((value in wanted) == (operator == "in"))
    if value is None or wanted is None:
        return False
    return bool(COMPARISONS[operator](value, wanted))
