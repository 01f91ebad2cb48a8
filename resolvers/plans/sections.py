"""A plan in sections: what comes at once, and what deferred fragments bring to objects later."""

from collections.abc import Mapping, Sequence

import msgspec

from resolvers.plans.shapes import Deferral, Later, Object, objects_of
from resolvers.plans.sites import Site, Write


class Section(msgspec.Struct, eq=False):
    """Fields that come together."""

    write: Write
    sites: Mapping[int, Site]
    """Those that are waited for until it is whole."""


class LaterSection(msgspec.Struct, eq=False):
    """A section that comes later than the object that it is about."""

    later: Later
    section: Section
    early: bool
    """Whether it may begin as soon as the object is there: the section that brings the object has then nothing left
    to ask but what it is about to ask, so no call of it can come to wait behind these."""


class Deferred(msgspec.Struct, eq=False):
    """What is deferred of a selection."""

    deferral: Deferral
    later: Sequence[LaterSection]


class Cut:
    """The sections of a plan."""

    def __init__(self, root: Object, sites: Mapping[int, Site], writes: Mapping[int, Write]) -> None:
        self.deferred: dict[int, Deferred] = {}
        """By the numbers of selections."""
        self._sites = sites
        self._writes = writes
        self.first = self._section(root)
        """What comes at once."""

    def _section(self, root: Object) -> Section:
        walk = _Walk(self._sites)
        walk.through(root, frozenset())
        own = {number: self._sites[number] for number in sorted(walk.found)}
        leading = {number for number, site in own.items() if site.leads_on}
        for shape, deferral, above in walk.deferrals:
            early = leading <= above
            later = [LaterSection(each, self._section(each.shape), early) for each in deferral.later]
            self.deferred[shape.number] = Deferred(deferral, later)
        return Section(self._writes[root.number], own)


class _Walk:
    """The sites and deferrals of one section, each deferral with the sites above it."""

    def __init__(self, sites: Mapping[int, Site]) -> None:
        self.found: set[int] = set()
        self.deferrals: list[tuple[Object, Deferral, frozenset[int]]] = []
        self._sites = sites

    def through(self, shape: Object, above: frozenset[int]) -> None:
        if shape.deferral is not None:
            self.deferrals.append((shape, shape.deferral, above))
        for field in shape.fields:
            here = above
            if field.number in self._sites:
                self.found.add(field.number)
                here = above | {field.number}
            for below in objects_of(field.value):
                self.through(below, here)
