"""What an operation would ask of each source: which method, for how many keys, in how many windows.

It is counted as the loaders batch it: the same question about the same records is one question, wherever in the
operation it stands. Assumed are a record for a customer in each system, and lists whose first windows hold what is
shown; where a list may have to be read on, windows are added.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from resolvers.edges import ListEdge
from sources.capabilities import MAX_UPSTREAM_PAGES
from sources.costs import Batch, sum_of
from sources.systems import System, Systems

SURE_RECORDS = 50  # every window holds so many, or the list's end; a longer page may take another window
QUIET_SHARE = 10  # of many customers asked together, one in ten may have to be read on alone
DEEP_SHARE = 2  # of many customers whose lists are read to their end, one in two has more than a window
NARROW_WINDOWS = 3  # of what is open, for one customer: 300 open cases or invoices
DISPUTED_PAYMENTS = 3  # of one customer, and one for each of several


class Population:
    """Records at a place of the operation: how many at most, and whose they are."""

    def __init__(self, count: int, *, type_name: str | None = None, owners: "Population | None" = None) -> None:
        self.count = count
        self.type_name = type_name  # where it is known which one
        self.direct = owners is None  # asked for by id, rather than found in a customer's list
        self._owners = owners
        self._within: dict[Any, Population] = {}

    @property
    def owners(self) -> "Population":
        """The customers whose records these are; of customers, themselves."""
        if self._owners is None:
            self._owners = self if self.type_name in (None, "Customer") else Population(self.count)
        return self._owners

    def within(self, key: Any, each: int, *, own: bool = False) -> "Population":
        """Those that hang on these, `each` of every one; the same for the same key. `own`: customers themselves."""
        found = self._within.get((key, each))
        if found is None:
            count = self.count * each
            found = Population(count, type_name="Customer") if own else Population(count, owners=self.owners)
            self._within[key, each] = found
        return found


class Estimate(msgspec.Struct, frozen=True):
    """The most calls that an operation is expected to make, by the name of the system."""

    by_system: Mapping[str, int]
    read: frozenset[str] = frozenset()
    """The variables that it depends on: it is the same for whatever the others are."""

    @property
    def calls(self) -> int:
        """Of all systems together."""
        return sum(self.by_system.values())


class Demand:
    """What is asked for so far."""

    def __init__(self, systems: Systems) -> None:
        self.systems = systems
        self._keys: Counts = {}
        self._windows: Counts = {}

    def records(self, system: System, method: str, who: Population, keys: int | None = None) -> None:
        """Records by key: one question with all keys."""
        self._add(self._keys, system, Batch(method, 0), None, who, who.count if keys is None else keys)

    def each_of(self, kind: str, method: str, who: Population, keys: int | None = None) -> None:
        """The same of every system of record of a kind."""
        for system in self.systems.of(kind):
            self.records(system, method, who, keys)

    def page(
        self, edge: ListEdge, who: Population, first: int, *, filtered: object = None, after: object = None
    ) -> None:
        """A page of a list for each of the customers."""
        windows = _on(who.count, QUIET_SHARE) if first <= SURE_RECORDS else who.count
        if filtered is not None:
            windows = MAX_UPSTREAM_PAGES + _on(who.count, DEEP_SHARE)
        self.window(edge, who, windows, filtered=filtered, after=after)

    def walk(self, edge: ListEdge, who: Population) -> None:
        """A list of each of the customers, to its end or as far as it is read."""
        self.window(edge, who, MAX_UPSTREAM_PAGES - 1 + _on(who.count, DEEP_SHARE), reason="walk")

    def window(
        self,
        edge: ListEdge,
        who: Population,
        further: int,
        *,
        filtered: object = None,
        after: object = None,
        reason: str = "page",
        systems: Iterable[System] | None = None,
    ) -> None:
        """The first window of a list for all customers at once, and further ones, each for one customer."""
        narrow = filtered is not None
        variant = (repr(filtered), repr(after))
        for system in self.systems.of(edge.kind) if systems is None else systems:
            newest = Batch(edge.method, 0, filtered=narrow, further=after is not None)
            self._add(self._keys, system, newest, variant, who, who.count)
            on = Batch(edge.method, 1, filtered=narrow, further=True)
            self._add(self._windows, system, on, (*variant, reason), who, further)

    def by_system(self) -> dict[str, int]:
        """What it all costs, by what each source's connector declares."""
        asked: dict[str, list[tuple[Batch, int]]] = {}
        for (uid, batch, _), keys in self._keys.items():
            asked.setdefault(uid, []).append((msgspec.structs.replace(batch, keys=sum(keys.values())), 1))
        for (uid, batch, _), windows in self._windows.items():
            asked.setdefault(uid, []).append((batch, sum(windows.values())))
        return {
            system.name: sum_of(system.plugin.costs, asked[system.uid])
            for system in self.systems.all
            if system.uid in asked
        }

    @staticmethod
    def _add(kept: "Counts", system: System, batch: Batch, variant: object, who: Population, count: int) -> None:
        counts = kept.setdefault((system.uid, batch, variant), {})
        counts[who] = max(counts.get(who, 0), count)


Counts: TypeAlias = dict[tuple[str, Batch, object], dict[Population, int]]


def _on(customers: int, share: int) -> int:
    """How many of several customers are read on alone."""
    return (customers - 1) // share
