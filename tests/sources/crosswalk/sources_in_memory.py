"""Sources that hold their customers in memory and count what they are asked."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from sources.canonical.customer import CustomerRecord
from sources.canonical.provenance import CustomerRef, Origin
from sources.capabilities import Changes, CustomerBatch
from sources.faults import SourceFault


class Customers:
    """A source whose records come out of `make(i)`; `stop_after` batches it fails once."""

    def __init__(self, origin: Origin, records: Sequence[CustomerRecord], page: int = 100) -> None:
        self.origin = origin
        self.records = {record.ref: record for record in records}
        self.page = page
        self.resumed: list[str | None] = []
        self.asked: list[Any] = []
        self.fail_after: int | None = None
        self.fault: SourceFault | None = None
        self.faults: dict[CustomerRef, SourceFault] = {}

    async def customer_records(self, refs: Sequence[CustomerRef]) -> Mapping[CustomerRef, Any]:
        self.asked.append(tuple(refs))
        return {ref: self.faults.get(ref) or self.records.get(ref) for ref in refs}

    async def customers_by_number(self, numbers: Sequence[str]) -> Mapping[str, Any]:
        self.asked.append(tuple(numbers))
        if self.fault:
            raise self.fault
        return {n: tuple(r for r in self.records.values() if r.number == n) for n in numbers}

    async def scan_customers(self, resume: str | None = None) -> AsyncIterator[CustomerBatch]:
        self.resumed.append(resume)
        everything = list(self.records.values())
        for place in range(int(resume or 0), len(everything), self.page):
            if self.fail_after is not None and place >= self.fail_after:
                self.fail_after = None
                raise SourceFault("stopped")
            end = place + self.page
            more = str(end) if end < len(everything) else None
            yield CustomerBatch(tuple(everything[place:end]), more, len(everything))


class ChangingCustomers(Customers):
    """One that tells its changes: `pages` are given one after the other, each under the next watermark."""

    def __init__(self, origin: Origin, records: Sequence[CustomerRecord]) -> None:
        super().__init__(origin, records)
        self.pages: list[tuple[Any, ...]] = []
        self.polls = 0

    async def changes(self, watermark: str | None) -> Changes:
        self.polls += 1
        if self.fault:
            raise self.fault
        if watermark is None:
            return Changes((), str(len(self.pages)))
        place = int(watermark)
        page = self.pages[place : place + 1]
        return Changes(page[0] if page else (), str(place + len(page)), more=place + 1 < len(self.pages))


def system(origin: Origin, adapter: Any) -> Any:
    """What of a configured system the crosswalk needs."""
    return SimpleNamespace(origin=origin, name=origin.system, adapter=adapter)
