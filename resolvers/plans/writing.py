"""Shapes -> Python source: a function for each selection that writes its part of the answer.

w7(rt, o, p) writes the selection 7 of the record o, whose path is p; u2(rt, o, p) chooses by the record's class; y5 is
the value of a field that a function works out; z5 completes what a field that was waited for turned out to be. A path
is (the path above, key, type), made of tuples that are only read where somebody asks for it.
"""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from resolvers.plans import leaves
from resolvers.plans.outcomes import Bail
from resolvers.plans.resolvers import Way
from resolvers.plans.shapes import Choice, Field, Items, Leaf, Object, Value, inner, objects_of

HELPERS: dict[str, Any] = {
    "Bail": Bail,
    "GraphQLError": GraphQLError,
    "amount_text": leaves.amount_text,
    "in_rfc_3339": leaves.in_rfc_3339,
    "moment": leaves.moment,
}
AMOUNT, CURRENCY = "Money.amount", "Money.currency"  # which hand on what Money has
LARGEST_INT = 2**31 - 1  # Source: GraphQL, Int


def written(root: Object, fields: Sequence[Field]) -> tuple[str, dict[str, Any]]:
    """The source of a plan's functions, and what else they name. `w0`… are its objects, in the order of reading."""
    writer = Writer()
    writer.object_function(root)
    for field in fields:
        if field.is_site:
            writer.completion(field)
    writer.remaining()
    return "\n".join(writer.lines), writer.names


class Writer:
    """Writes the functions of one operation."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = dict(HELPERS)
        self._temporary = 0
        self._wanted: list[Object | Choice | Field] = []
        self._done: set[str] = set()

    def remaining(self) -> None:
        """Write the functions that those before call."""
        while self._wanted:
            each = self._wanted.pop()
            if isinstance(each, Object):
                self.object_function(each)
            elif isinstance(each, Choice):
                self._choice_function(each)
            else:
                self._value_function(each)

    def object_function(self, shape: Object) -> None:
        name = f"w{shape.number}"
        if name in self._done:
            return
        self._done.add(name)
        self.lines.append(f"def {name}(rt, o, p):  # {shape.type_name}")
        if shape.record is not None:
            record = self._class(shape.record)
            self.lines.append(f"    if not isinstance(o, {record}): raise Bail('type')")
        if shape.noted is not None:
            nodes = self._named(f"nodes_w{shape.number}", list(shape.noted))
            self.lines.append(f"    if rt.shown is not None: rt.shown.note({shape.type_name!r}, o, {nodes})")
        self.lines.append("    d = {")
        for field in shape.fields:
            self.lines.append(f"        {field.key!r}: {self._field(field, shape)},")
        self.lines.append("    }")
        for field in shape.fields:
            if field.is_site:
                self.lines.append(f"    rt.waiting[{field.number}].append((d, o, p))")
            elif field.how.way is Way.WITHHELD:
                self.lines.append(f"    rt.withhold({field.number}, p)")
        if shape.deferral is not None:
            self.lines.append(f"    rt.defer({shape.number}, o, p)")
            self._wanted.extend(each.shape for each in shape.later)
        self.lines.extend(("    return d", ""))

    def completion(self, field: Field) -> None:
        self.lines.append(f"def z{field.number}(rt, v, p):  # {field.coordinate}")
        self.lines.append(f"    return {self._value(field.value, 'v', 'p', field)}")
        self.lines.append("")

    def _value_function(self, field: Field) -> None:
        how, number = field.how, field.number
        given = ["o"] if how.takes_source else []
        if how.info:
            given.append(f"{how.info}=rt.info({number}, p)")
        if how.arguments:
            given.append(f"**rt.arguments[{number}]")
        call = self._named(f"call{number}", how.call)
        found = f"{call}({', '.join(given)})"
        self.lines.append(f"def y{number}(rt, o, p):  # {field.coordinate}")
        self.lines.append("    try:")
        self.lines.append(f"        v = {f'rt.judged({found})' if how.judged else found}")
        self.lines.append("    except GraphQLError as error:")
        self.lines.append(f"        return rt.failed({number}, error, p)")
        self.lines.append(f"    p = (p, {field.key!r}, {field.parent!r})")
        self.lines.append(f"    return {self._value(field.value, 'v', 'p', field)}")
        self.lines.append("")

    def _choice_function(self, choice: Choice) -> None:
        name = f"u{choice.number}"
        if name in self._done:
            return
        self._done.add(name)
        self.lines.append(f"def {name}(rt, o, p):  # {choice.type_name}, by the class of the record")
        for option in choice.options:
            self._wanted.append(option)
            if option.record is not None:
                record = self._class(option.record)
                self.lines.append(f"    if isinstance(o, {record}): return w{option.number}(rt, o, p)")
        self.lines.extend(("    raise Bail('type')", ""))

    def _field(self, field: Field, shape: Object, source: str = "o") -> str:
        if field.how.way is Way.TYPENAME:
            return repr(shape.type_name)
        if field.how.way in (Way.ASYNC, Way.WITHHELD):
            return "None"
        if field.coordinate == AMOUNT:
            return f"amount_text({source})"
        if field.coordinate == CURRENCY:
            return self._value(field.value, f"{source}.currency", "p", field)
        if field.how.way is Way.ATTRIBUTE:
            path = f"(p, {field.key!r}, {field.parent!r})"
            return self._value(field.value, f"{source}.{field.how.name}", path, field)
        if field.is_plain:
            call = self._named(f"call{field.number}", field.how.call)
            found = f"{call}({source if field.how.takes_source else ''})"
            return self._value(field.value, found, "p", field)
        self._wanted.append(field)
        return f"y{field.number}(rt, o, p)"

    def _value(self, value: Value, source: str, path: str, field: Field) -> str:
        if source.isidentifier():
            name, first = source, source
        else:
            name = self._new()
            first = f"({name} := {source})"
        found = self._some(value.of, name, first if not value.nullable else name, path, field)
        return f"(None if {first} is None else {found})" if value.nullable else f"({found})"

    def _some(self, of: Any, name: str, first: str, path: str, field: Field) -> str:
        """What is not null; `first` is to be evaluated before `name`."""
        if isinstance(of, Leaf):
            return self._leaf(of, name, first)
        if isinstance(of, Items):
            return self._items(of, name, first, path, field)
        if isinstance(of, Choice):
            self._wanted.append(of)
            return f"u{of.number}(rt, {first}, {path})"
        if of.is_plain:
            shown = ", ".join(f"{each.key!r}: {self._field(each, of, name)}" for each in of.fields)
            if of.record is None:
                return f"{{{shown}}} if {first} is not None else rt.bail()"
            return f"{{{shown}}} if isinstance({first}, {self._class(of.record)}) else rt.bail()"
        self._wanted.append(of)
        return f"w{of.number}(rt, {first}, {path})"

    def _items(self, of: Items, name: str, first: str, path: str, field: Field) -> str:
        item, index = self._new(), self._new()
        plain = all(each.is_plain for each in objects_of(of.item)) and not _holds_choice(of.item)
        shown = self._value(of.item, item, f"({path}, {index}, None)", field)
        if isinstance(of.item.of, Choice) and of.item.nullable:
            missing = f"rt.missing({field.number}, {item}, {path}, {index})"
            shown = f"{missing} if isinstance({item}, Exception) else {shown}"
        loop = f"for {item} in {name}" if plain else f"for {index}, {item} in enumerate({name})"
        return f"[{shown} {loop}] if {first}.__class__ in (tuple, list) else rt.bail()"

    def _leaf(self, of: Leaf, name: str, first: str) -> str:
        kind = of.type.name
        slow = f"{self._named(f'slow_{kind}', leaves.slowly(of.type))}({name})"
        enum = leaves.members(of.type)
        if enum is not None:
            return f"{name}._name_ if {first}.__class__ is {self._class(enum)} else {slow}"
        if kind == "Int":
            return f"{name} if {first}.__class__ is int and -{LARGEST_INT} <= {name} <= {LARGEST_INT} else {slow}"
        if kind == "Float":
            return f"{name} if {first}.__class__ is float and {name} - {name} == 0 else {slow}"
        if kind in leaves.USUAL:
            usual, expression = leaves.USUAL[kind]
            return f"{expression.format(v=name)} if {first}.__class__ is {self._class(usual)} else {slow}"
        return f"{slow[: -len(name) - 1]}{first})"

    def _class(self, kind: type) -> str:
        return self._named(kind.__name__, kind)

    def _named(self, name: str, value: Any) -> str:
        known = self.names.setdefault(name, value)
        if known is not value and not name.startswith("slow_"):  # of another module
            name = f"{name}_{len(self.names)}"
            self.names[name] = value
        return name

    def _new(self) -> str:
        self._temporary += 1
        return f"t{self._temporary}"


def _holds_choice(value: Value) -> bool:
    return isinstance(inner(value), Choice)
