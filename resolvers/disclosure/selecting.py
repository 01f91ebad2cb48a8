"""What an operation selects of the classes that are recorded: worked out before it runs, once for each mask.

A field that is selected belongs to the nearest record above it that is a customer, or is asked for by its own id; its
class is noted for that place of the operation. Whose record stands there is known when it runs (shown.py).
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from resolvers.disclosure.owners import CUSTOMER, owned_types
from resolvers.masks import Mask, Masks
from sources.canonical.sensitivity import Sensitivity

RECORDED = frozenset({Sensitivity.PERSONAL, Sensitivity.FINANCIAL, Sensitivity.TAX})
KEPT = 2000  # operations with their masks; an application asks a few
NOBODY: frozenset[Sensitivity] = frozenset()

# Fields that show values of other fields, each of its own class, as far as the viewer may see them.
SHOWS: Mapping[str, frozenset[Sensitivity]] = {"Customer.survivorship": RECORDED}


class Disclosure(msgspec.Struct, frozen=True):
    """What one operation may tell."""

    sites: Mapping[int, Mapping[str, frozenset[Sensitivity]]]
    """The classes that are told of a record, by the field that brings it (the id of its node) and its type."""
    elsewhere: frozenset[Sensitivity]
    """What is told of nobody in particular."""
    name: str
    """The operation's name, or else the SHA-256 of its document."""

    @property
    def is_recorded(self) -> bool:
        return bool(self.sites or self.elsewhere)


class Disclosures:
    """The disclosures of one schema's operations."""

    def __init__(self, schema: GraphQLSchema, masks: Masks) -> None:
        self._schema = schema
        self._needs = masks.needs()
        self._owned = owned_types(schema)
        self._kept: LRUCache[Any, tuple[DocumentNode, Mask, Disclosure]] = LRUCache(KEPT)
        self._conditions: LRUCache[int, tuple[DocumentNode, tuple[str, ...]]] = LRUCache(KEPT)

    def of(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any] | None,
        mask: Mask,
    ) -> Disclosure:
        """What the operation may tell a viewer of this mask."""
        given = variables or {}
        switches = tuple(repr(given.get(name)) for name in self._variables_of_conditions(document))
        key = (id(document), id(operation), id(mask), switches)
        kept = self._kept.get(key)
        if kept is None or kept[0] is not document or kept[1] is not mask:
            walk = _Walk(self._schema, self._needs, self._owned, mask, document, _with_defaults(operation, given))
            kept = self._kept[key] = (document, mask, walk.disclosure(operation))
        return kept[2]

    def _variables_of_conditions(self, document: DocumentNode) -> tuple[str, ...]:
        known = self._conditions.get(id(document))
        if known is None or known[0] is not document:
            found = _Conditions()
            visit(document, found)
            known = self._conditions[id(document)] = (document, tuple(sorted(found.names)))
        return known[1]


class _Conditions(Visitor):
    """The variables that @skip and @include ask."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value in ("skip", "include"):
            self.names |= {
                each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode)
            }


class _Site(msgspec.Struct, frozen=True):
    """A record of a type that a field brings."""

    field: int
    type_name: str


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        needs: Mapping[str, Any],
        owned: frozenset[str],
        mask: Mask,
        document: DocumentNode,
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._needs = needs
        self._owned = owned
        self._mask = mask
        self._document = document
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._seen: set[tuple[int, str, _Site | None]] = set()
        self._sites: dict[int, dict[str, frozenset[Sensitivity]]] = {}
        self._elsewhere = NOBODY

    def disclosure(self, operation: OperationDefinitionNode) -> Disclosure:
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            self._selections(root, operation.selection_set, None, None)
        return Disclosure(self._sites, self._elsewhere, _name_of(operation, self._document))

    def _selections(self, parent: Any, selections: SelectionSetNode, site: _Site | None, bringing: int | None) -> None:
        """`bringing`: the field that brought a record of an abstract type that has no site yet."""
        place = (id(selections), parent.name, site)
        if place in self._seen and bringing is None:
            return
        self._seen.add(place)
        for selection in selections.selections:
            if not self._is_included(selection.directives or ()):
                continue
            if isinstance(selection, FieldNode):
                self._field(parent, selection, site)
            elif isinstance(selection, FragmentSpreadNode):
                self._fragment(parent, self._fragments[selection.name.value], site, bringing)
            else:
                self._fragment(parent, selection, site, bringing)

    def _fragment(self, parent: Any, fragment: Any, site: _Site | None, bringing: int | None) -> None:
        condition = fragment.type_condition
        kind = self._schema.get_type(condition.name.value) if condition else parent
        if kind is None or kind.name in self._mask.types:
            return
        if bringing is not None and isinstance(kind, GraphQLObjectType):
            site, bringing = _Site(bringing, kind.name) if kind.name in self._owned else None, None
        self._selections(kind, fragment.selection_set, site, bringing)

    def _field(self, parent: Any, node: FieldNode, site: _Site | None) -> None:
        field = None if isinstance(parent, GraphQLUnionType) else parent.fields.get(node.name.value)
        coordinate = f"{parent.name}.{node.name.value}"
        if field is None or coordinate in self._mask.coordinates:
            return
        need = self._needs.get(coordinate)
        told = (need.classes if need else NOBODY) | (SHOWS.get(coordinate, NOBODY) & self._mask.seen)
        if told & RECORDED:
            self._note(site, told & RECORDED)
        kind = get_named_type(field.type)
        if node.selection_set is None:
            return
        if isinstance(kind, GraphQLObjectType):
            begins = kind.name == CUSTOMER or (site is None and kind.name in self._owned)
            self._selections(kind, node.selection_set, _Site(id(node), kind.name) if begins else site, None)
        elif isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            self._selections(kind, node.selection_set, site, id(node) if site is None else None)

    def _note(self, site: _Site | None, classes: frozenset[Sensitivity]) -> None:
        if site is None:
            self._elsewhere |= classes
            return
        types = self._sites.setdefault(site.field, {})
        types[site.type_name] = types.get(site.type_name, NOBODY) | classes

    def _is_included(self, directives: tuple[DirectiveNode, ...]) -> bool:
        for directive in directives:
            if directive.name.value in ("skip", "include") and directive.arguments:
                told = self._truth(directive.arguments[0].value)
                if told is (directive.name.value == "skip"):
                    return False
        return True

    def _truth(self, node: Any) -> Any:
        if isinstance(node, BooleanValueNode):
            return node.value
        return self._variables.get(node.name.value) if isinstance(node, VariableNode) else None


def _with_defaults(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {
        each.variable.name.value: each.default_value.value
        for each in operation.variable_definitions or ()
        if isinstance(each.default_value, BooleanValueNode)
    }
    return {**defaults, **given}


def _name_of(operation: OperationDefinitionNode, document: DocumentNode) -> str:
    if operation.name is not None:
        return operation.name.value
    text = document.loc.source.body if document.loc else ""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
