"""Where a selection stands in the answer, and which deferred fragments it stands in."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from graphql.execution.collect_fields import DeferUsage, GroupedFieldSet
from graphql.execution.incremental import DeferUsageSet, build_execution_plan

from resolvers.plans.shapes import Fragment


class Spot(msgspec.Struct, frozen=True):
    """A place for objects in the answer, whatever the indices in its lists are."""

    depth: int = 0
    """The length of its path."""
    is_owned: bool = False
    """Whether a record above is a customer's, so that these fields are told of it."""
    fragments: Sequence[Fragment] = ()
    """The deferred fragments that began on the way."""
    inside: DeferUsageSet | None = None
    """Those that bring it; None where it comes at once."""

    def below(self) -> "Spot":
        """The spot of a field's value, or of a list's items."""
        return msgspec.structs.replace(self, depth=self.depth + 1)


class Spots:
    """The spots of one operation, with its deferred fragments."""

    def __init__(self) -> None:
        self._fragments: dict[int, Fragment] = {}

    def opened(self, spot: Spot, usages: Sequence[DeferUsage], *, is_owned: bool) -> Spot:
        """The spot of a selection in which these fragments are spread."""
        begun = [self._begun(each, spot.depth) for each in usages]
        return msgspec.structs.replace(spot, is_owned=is_owned, fragments=(*spot.fragments, *begun))

    def split(
        self, spot: Spot, grouped: GroupedFieldSet
    ) -> tuple[GroupedFieldSet, Iterable[tuple[DeferUsageSet, GroupedFieldSet]]]:
        """The fields that come with their object, and those that come later, by the fragments that ask for them."""
        if not spot.fragments:
            return grouped, ()
        plan = build_execution_plan(grouped, spot.inside)
        return plan.grouped_field_set, plan.new_grouped_field_sets.items()

    def within(self, spot: Spot, usages: DeferUsageSet) -> Spot:
        """The same spot for what these fragments bring."""
        return msgspec.structs.replace(spot, inside=usages)

    def fragments_of(self, usages: DeferUsageSet) -> list[Fragment]:
        return [self._fragments[id(each)] for each in usages]

    def _begun(self, usage: DeferUsage, depth: int) -> Fragment:
        above: Any = usage.parent_defer_usage
        made = Fragment(len(self._fragments), usage, depth, self._fragments[id(above)] if above else None)
        self._fragments[id(usage)] = made
        return made
