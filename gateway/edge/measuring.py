"""How much a document asks for, measured before it is validated, in time linear in its length.

Fragments are measured once and counted as often as they are spread, so a document of a kilobyte that stands for
millions of fields is refused by arithmetic. What passes is small enough that every later step may walk it expanded,
and that graphql-core's comparison of equally named fields, which grows with their square, is bounded.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.configuration.limits import LimitsSection
from resolvers.errors import ErrorCode, GatewayError

MAX_PAIRS = 2000  # of fields of one name that must be compared: 40 ms at some 20 µs each; a page has tens
MAX_DEFINITIONS = 100  # operations and fragments: some rules of validation walk all fragments for each operation
MAX_OVERLAP = 4  # times `fields`, over all definitions together: fragments in fragments are walked with each of them
MAX_LITERAL_NESTING = 8  # lists and objects in arguments; the schema's own have three levels


class Measure(NamedTuple):
    """What a selection comes to, fragments spread."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    top: int = 0  # fields of the first level


NOTHING = Measure()


def refuse_excess(document: DocumentNode, limits: LimitsSection) -> None:
    """Raise a GatewayError with the code of the first limit that the document exceeds."""
    if len(document.definitions) > MAX_DEFINITIONS:
        message = f"the document has more than {MAX_DEFINITIONS} operations and fragments"
        raise GatewayError(ErrorCode.TOO_MANY_FIELDS, message)
    ruler = Ruler(document)
    try:
        measures = [(each, ruler.measured(each.selection_set)) for each in _selecting(document)]
    except RecursionError:
        raise _exceeded(ErrorCode.TOO_DEEP, "nests fields deeper than", limits.depth) from None
    for definition, measure in measures:
        _refuse(measure, limits, is_operation=isinstance(definition, OperationDefinitionNode))
    if sum(measure.fields for _, measure in measures) > MAX_OVERLAP * limits.fields:
        raise _exceeded(ErrorCode.TOO_MANY_FIELDS, "has more fields in its fragments than", MAX_OVERLAP * limits.fields)
    compared = sum(ruler.pairs([each.selection_set]) for each, _ in measures)
    if compared > MAX_PAIRS:
        raise _exceeded(ErrorCode.TOO_MANY_FIELDS, "repeats fields: pairs of one name are more than", MAX_PAIRS)


def _refuse(measure: Measure, limits: LimitsSection, *, is_operation: bool) -> None:
    if measure.depth > limits.depth:
        raise _exceeded(ErrorCode.TOO_DEEP, "nests fields deeper than", limits.depth)
    if is_operation and measure.top > limits.root_fields:
        raise _exceeded(ErrorCode.TOO_MANY_ROOT_FIELDS, "has more root fields than", limits.root_fields)
    if measure.aliases > limits.aliases:
        raise _exceeded(ErrorCode.TOO_MANY_ALIASES, "has more aliases than", limits.aliases)
    if measure.fields > limits.fields:
        raise _exceeded(ErrorCode.TOO_MANY_FIELDS, "has more fields than", limits.fields)


def _exceeded(code: ErrorCode, what: str, limit: int) -> GatewayError:
    return GatewayError(code, f"the document {what} {limit}")


class Ruler:
    """Measures selections of one document; each fragment once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments: Mapping[str, FragmentDefinitionNode] = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._measured: dict[str, Measure | None] = {}

    def measured(self, selections: SelectionSetNode | None) -> Measure:
        """What the selections come to. Raises a GatewayError where a fragment leads back to itself."""
        if selections is None:
            return NOTHING
        parts = [self._of(selection) for selection in selections.selections]
        return Measure(
            max((part.depth for part in parts), default=0),
            sum(part.fields for part in parts),
            sum(part.aliases for part in parts),
            sum(part.top for part in parts),
        )

    def _of(self, selection: Any) -> Measure:
        if isinstance(selection, FieldNode):
            if any(_nests(each.value, MAX_LITERAL_NESTING) for each in selection.arguments or ()):
                raise _exceeded(ErrorCode.TOO_DEEP, "nests lists and objects deeper than", MAX_LITERAL_NESTING)
            inner = self.measured(selection.selection_set)
            return Measure(inner.depth + 1, inner.fields + 1, inner.aliases + (selection.alias is not None), 1)
        if isinstance(selection, InlineFragmentNode):
            return self.measured(selection.selection_set)
        return self._of_fragment(selection.name.value)

    def _of_fragment(self, name: str) -> Measure:
        if name not in self._measured:
            self._measured[name] = None
            fragment = self._fragments.get(name)
            self._measured[name] = self.measured(fragment.selection_set) if fragment else NOTHING
        found = self._measured[name]
        if found is None:
            raise GatewayError(ErrorCode.GRAPHQL_VALIDATION_FAILED, "a fragment leads back to itself")
        return found

    def pairs(self, merged: Iterable[SelectionSetNode | None]) -> int:
        """How many pairs of fields share a place in the answer: what must be compared whether they can be merged.

        Walks every field as often as it is spread: bound the measure first.
        """
        named: dict[str, list[FieldNode]] = {}
        for selections in merged:
            for field in self._spread(selections):
                named.setdefault((field.alias or field.name).value, []).append(field)
        return sum(
            len(same) * (len(same) - 1) // 2 + self.pairs(field.selection_set for field in same)
            for same in named.values()
            if same[0].selection_set or len(same) > 1
        )

    def _spread(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments.get(selection.name.value)
                yield from self._spread(fragment.selection_set if fragment else None)
            elif isinstance(selection, InlineFragmentNode):
                yield from self._spread(selection.selection_set)


def _nests(value: Any, levels: int) -> bool:
    """Whether a literal has more levels of lists and objects than that."""
    if isinstance(value, ListValueNode):
        return levels == 0 or any(_nests(each, levels - 1) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return levels == 0 or any(_nests(each.value, levels - 1) for each in value.fields)
    return False


def _selecting(document: DocumentNode) -> list[OperationDefinitionNode | FragmentDefinitionNode]:
    return [each for each in document.definitions if isinstance(each, OperationDefinitionNode | FragmentDefinitionNode)]
