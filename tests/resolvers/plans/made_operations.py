"""Operations over the whole schema, made from it, the same for the same seed: what a client could send."""

import random
import re
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from resolvers import ids
from tests.resolvers.plans.made_records import SOURCES

GLOBAL_IDS = (
    *(ids.encode("Customer", "", f"c{number}") for number in range(6)),
    *(ids.encode("Invoice", source, "r1") for source in SOURCES),
    ids.encode("SupportCase", SOURCES[0], "r2"),
    ids.encode("Workflow", "", "w1"),
    "no-id",
)
ROOTS = (
    *("customer", "customer", "customer", "customers", "customers", "node", "nodes", "customerBy", "viewer", "systems"),
    *("workflow", "workflows", "_entities", "identityConflicts", "auditEvents"),
)
LABEL = re.compile(r'\(label: "\w+"\)|label: "\w+", ')  # no two fragments have the same


class OperationMaker:
    """Makes one operation: its text and the values of its variables."""

    def __init__(self, schema: Any, seed: int, deferred: float = 0.0) -> None:
        """`deferred`: how many of its fragments are."""
        self.schema = schema
        self.random = random.Random(seed)
        self.deferred = deferred
        self.labels = 0
        self.fragments: list[str] = []
        self.variables: dict[str, tuple[str, Any]] = {}
        self.left = self.random.choice((8, 20, 40, 70))

    def operation(self) -> tuple[str, dict[str, Any]]:
        root = self.schema.query_type
        fields = [self._field(root, name, 6) for name in self.random.sample(ROOTS, self.random.choice((1, 1, 1, 2, 3)))]
        fields = [each for each in dict.fromkeys(fields) if each] or ["__typename"]
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        head = f"query Made({declared})" if declared else "query Made"
        text = "\n".join([f"{head} {{ {' '.join(fields)} }}", *self.fragments])
        return text, {name: value for name, (_, value) in self.variables.items() if value is not ...}

    def _selections(self, kind: Any, depth: int) -> str:
        found: list[str] = []
        if isinstance(kind, GraphQLObjectType):
            found += self._own(kind, depth)
        else:
            found += self._of_choice(kind, depth)
        if not found or self.random.randrange(6) == 0:
            found.append("__typename" if self.random.random() < 0.7 else "called: __typename")
        self.random.shuffle(found)
        return "{ " + " ".join(found) + " }"

    def _own(self, kind: Any, depth: int) -> list[str]:
        names = [name for name in kind.fields if depth > 0 or is_leaf_type(get_named_type(kind.fields[name].type))]
        count = min(len(names), self.random.choice((1, 2, 3, 4, 6)))
        found = [each for name in self.random.sample(names, count) if (each := self._field(kind, name, depth))]
        if found and self.random.random() < max(0.2, self.deferred):
            names = self.random.sample(
                names, min(len(names), 1 if not self.deferred else self.random.choice((1, 2, 3)))
            )
            again = [each for name in names if (each := self._field(kind, name, depth - 1))]
            moved = self.random.random() < self.deferred / 2
            repeated = found.pop() if moved else LABEL.sub("", found[0])
            found.append(self._fragment(kind.name, "{ " + " ".join([*again, repeated]) + " }"))
        return found

    def _of_choice(self, kind: Any, depth: int) -> list[str]:
        possible = self.schema.get_possible_types(kind)
        found = []
        if not isinstance(kind, GraphQLUnionType) and self.random.random() < 0.5:
            found += self._own(kind, depth - 1)
        for each in self.random.sample(possible, min(len(possible), self.random.choice((1, 2, 3)))):
            found.append(self._fragment(each.name, self._selections(each, depth - 1)))
        if isinstance(kind, GraphQLUnionType) and self.random.random() < 0.3:
            found.append(self._fragment("Node", "{ id }"))
        return found

    def _fragment(self, on: str, selections: str) -> str:
        if self.random.random() < 0.5:
            return f"... on {on}{self._switch()}{self._defer()} {selections}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on} {selections}")
        return f"...{name}{self._switch()}{self._defer()}"

    def _defer(self) -> str:
        if self.random.random() >= self.deferred:
            return ""
        given = []
        if self.random.randrange(3) == 0:
            self.labels += 1
            given.append(f'label: "L{self.labels}"')
        if self.random.randrange(5) == 0:
            given.append(f"if: {self._variable('Boolean!', self.random.random() < 0.5)}")
        return f" @defer({', '.join(given)})" if given else " @defer"

    def _switch(self) -> str:
        """@skip and @include, seldom."""
        chance = self.random.randrange(24)
        if chance > 3:
            return ""
        word = self.random.choice(("skip", "include"))
        if chance < 2:
            return f" @{word}(if: {self.random.choice(('true', 'false'))})"
        return f" @{word}(if: {self._variable('Boolean!', self.random.random() < 0.5)})"

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self.variables)}"
        if value is not ... and kind.endswith("!") is False and self.random.random() < 0.1:
            value = ...
        self.variables[name] = (kind, value)
        return f"${name}"

    def _field(self, parent: Any, name: str, depth: int) -> str:
        self.left -= 1
        field = parent.fields[name]
        kind = get_named_type(field.type)
        if not is_leaf_type(kind) and (depth <= 0 or self.left < 0):
            return ""
        given = self._arguments(field)
        below = "" if is_leaf_type(kind) else " " + self._selections(kind, depth - 1)
        # what has arguments, or a selection that another of its name would have to agree with, goes by its own name
        alias = f"a{self.left + 1000}: " if given or self.random.random() < 0.15 else ""
        return f"{alias}{name}{given}{self._switch()}{below}"

    def _arguments(self, field: Any) -> str:
        given = []
        for name, argument in field.args.items():
            if isinstance(argument.type, GraphQLNonNull) or self.random.random() < 0.35:
                given.append(f"{name}: {self._argument(name, argument.type)}")
        return f"({', '.join(given)})" if given else ""

    def _argument(self, name: str, kind: Any) -> str:
        value = self._input(name, kind)
        if self.random.random() < 0.4:
            return self._variable(str(kind), value)
        return _literal(value, kind)

    def _input(self, name: str, kind: Any) -> Any:
        pick = self.random
        if isinstance(kind, GraphQLNonNull):
            return self._input(name, kind.of_type)
        if pick.randrange(15) == 0 and name not in ("id", "ids", "key", "representations", "system"):
            return None
        if isinstance(kind, GraphQLList):
            return [self._input(name, kind.of_type) for _ in range(pick.choice((0, 1, 2, 3)))]
        if isinstance(kind, GraphQLEnumType):
            return pick.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            names = pick.sample(list(kind.fields), 1 if kind.is_one_of else pick.choice((0, 1, 2)))
            names += [each for each, field in kind.fields.items() if isinstance(field.type, GraphQLNonNull)]
            return {each: self._input(each, kind.fields[each].type) for each in dict.fromkeys(names)}
        if kind.name == "_Any":
            return {"__typename": "Customer", "id": pick.choice(GLOBAL_IDS)}
        simple = {"ID": GLOBAL_IDS, "Int": (1, 2, 3, 5, 100, 0, 200), "Boolean": (True, False), "Date": ("2026-01-01",)}
        return pick.choice(simple.get(kind.name, ("a", "INV-1", "x@y.example", "system-1", "2026-01-01T00:00:00Z")))


def _literal(value: Any, kind: Any) -> str:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if value is None:
        return "null"
    if isinstance(value, list):
        inner = kind.of_type if isinstance(kind, GraphQLList) else kind
        return "[" + ", ".join(_literal(each, inner) for each in value) + "]"
    if isinstance(value, dict):
        fields = getattr(kind, "fields", {})
        parts = [
            f"{name}: {_literal(each, fields[name].type if name in fields else None)}" for name, each in value.items()
        ]
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(kind, GraphQLEnumType) or isinstance(value, int):
        return str(value)
    return f'"{value}"'
