"""Where the simulator keeps its objects: by id, by what lists filter by, and in the order in which lists give them."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from sources.stripe.simulator.records import Kept

T = TypeVar("T", bound=Kept)
Index = Callable[[T], str | None]


def place(record: Kept) -> tuple[int, int]:
    """What lists are sorted by: the newest first, the later of the same second first."""
    return (-record.created, -record.sequence)


class Row(Generic[T]):
    """Objects in the order of lists; sorted again only after it has grown."""

    def __init__(self) -> None:
        self._records: list[T] = []
        self._sorted = True

    def add(self, record: T) -> None:
        self._records.append(record)
        self._sorted = False

    @property
    def records(self) -> list[T]:
        if not self._sorted:
            self._records.sort(key=place)
            self._sorted = True
        return self._records

    def between(self, oldest: int | None, newest: int | None) -> tuple[int, int]:
        """From where to where objects lie that were made from `oldest` to `newest`, both included."""
        records = self.records
        start = 0 if newest is None else bisect_left(records, -newest, key=lambda r: -r.created)
        end = len(records) if oldest is None else bisect_right(records, -oldest, key=lambda r: -r.created)
        return start, end

    def index(self, record: T) -> int:
        return bisect_left(self.records, place(record), key=place)


class Shelf(Generic[T]):
    """All objects of one resource."""

    def __init__(self, **indexes: Index[T]) -> None:
        self._indexes: Mapping[str, Index[T]] = indexes
        self._by: dict[str, dict[str, Row[T]]] = {name: {} for name in indexes}
        self.by_id: dict[str, T] = {}
        self.row: Row[T] = Row()
        self._sequence = 0

    def put(self, record: T) -> T:
        """Keep an object that is new."""
        self._sequence += 1
        record.sequence = self._sequence
        record.changed = max(record.changed, record.created)
        self.by_id[record.id] = record
        self.row.add(record)
        for name, value_of in self._indexes.items():
            value = value_of(record)
            if value is not None:
                self._by[name].setdefault(value, Row()).add(record)
        return record

    def get(self, id: str | None) -> T | None:
        return self.by_id.get(id or "")

    def where(self, name: str, value: str) -> Row[T]:
        """The objects of which an indexed filter holds."""
        return self._by[name].get(value) or Row()

    def indexes(self) -> Sequence[str]:
        """The filters that this shelf answers from an index."""
        return tuple(self._indexes)
