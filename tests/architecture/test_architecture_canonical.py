"""The canonical model: everything has a sensitivity, everything public has a description."""

import ast
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from enum import Enum
from types import ModuleType
from typing import Any

import msgspec
import pytest

from sources import canonical
from sources.canonical.sensitivity import (
    Hidden,
    Personal,
    Sensitivity,
    Visibility,
    class_of_field,
    class_of_type,
    classified,
    field_hints,
    is_hidden,
)

# Structs that are no part of the public schema, and why they need no class.
NOT_SHOWN = {
    "Actor": "who asks, not what is told about a customer",
    "RowLimit": "part of the actor",
    "Grants": "part of the actor",
    "Origin": "a configured source",
    "CustomerRecord": "the crosswalk's input; what is shown of it is in Customer",
    "LedgerDocument": "compared with billing's document; what is shown of it is in LedgerMatch",
}


def modules() -> list[ModuleType]:
    return [
        importlib.import_module(f"{canonical.__name__}.{one.name}") for one in pkgutil.iter_modules(canonical.__path__)
    ]


def types_of(kind: type) -> list[type]:
    """The classes of a kind that the canonical model defines."""
    return [
        member
        for module in modules()
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and issubclass(member, kind)
    ]


def shown() -> list[type]:
    return [record for record in types_of(msgspec.Struct) if record.__name__ not in NOT_SHOWN]


def structs_in(hint: Any) -> Iterator[type]:
    """The structs that an annotation can hold."""
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        yield hint
    for inner in typing.get_args(hint):
        yield from structs_in(inner)


def unclassified(record: type) -> list[str]:
    """The fields of a record that neither they, nor the record, nor their own type give a class."""
    if class_of_type(record) is not None:
        return []
    return [
        name
        for name, hint in field_hints(record).items()
        if not is_hidden(hint)
        and class_of_field(hint) is None
        and not any(class_of_type(inner) for inner in structs_in(hint))
    ]


@pytest.mark.parametrize("record", shown(), ids=lambda record: record.__name__)
def test_every_field_has_a_sensitivity(record: type) -> None:
    assert unclassified(record) == []


def test_the_structs_that_are_not_shown_are_still_there() -> None:
    assert set(NOT_SHOWN) <= {record.__name__ for record in types_of(msgspec.Struct)}


class Careless(msgspec.Struct):
    shoe_size: int
    email: Personal[str]
    key: Hidden[str]


@classified(Sensitivity.INTERNAL)
class Careful(msgspec.Struct):
    shoe_size: int


class Inherits(Careful):
    hat_size: int


class Nested(msgspec.Struct):
    careful: tuple[Careful, ...] | None
    careless: tuple[Careless, ...] | None


def test_a_field_without_a_sensitivity_would_be_seen() -> None:
    assert unclassified(Careless) == ["shoe_size"]
    assert unclassified(Careful) == []
    assert unclassified(Inherits) == ["shoe_size", "hat_size"], "a class is declared on each type, never inherited"
    assert unclassified(Nested) == ["careless"]


def undescribed(source: str, hidden: frozenset[str] = frozenset()) -> list[str]:
    """The fields and members of the classes in a source text that have no string below them."""
    found = []
    for tree in ast.walk(ast.parse(source)):
        if isinstance(tree, ast.ClassDef):
            following = [*tree.body[1:], None]
            for statement, next_one in zip(tree.body, following, strict=True):
                name = f"{tree.name}.{name_of(statement)}"
                if name_of(statement) and name not in hidden and not is_text(next_one):
                    found.append(name)
    return found


def name_of(statement: ast.stmt) -> str | None:
    """The name that a field's annotation or a member's assignment declares."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def is_text(statement: ast.stmt | None) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def described_elsewhere() -> frozenset[str]:
    """Fields that need no description: hidden ones, and those of types that are not shown."""
    hidden = {
        f"{record.__name__}.{name}"
        for record in shown()
        for name, hint in field_hints(record).items()
        if is_hidden(hint)
    }
    unseen = {f"{record.__name__}.{name}" for record in types_of(msgspec.Struct) if record.__name__ in NOT_SHOWN
              for name in field_hints(record)}  # fmt: skip
    plain = {"Money.minor", "Money.currency", "CustomerRef.type", "CustomerRef.id", "Position.at", "Position.record_id"}
    return frozenset(hidden | unseen | plain)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_public_field_and_member_has_a_description_below_it(module: ModuleType) -> None:
    assert undescribed(inspect.getsource(module), described_elsewhere()) == []


def test_a_missing_description_would_be_seen() -> None:
    text = 'class A:\n    """Doc."""\n    one: int\n    """One."""\n    two: int = 2\n    THREE = 3\n    """Three."""\n'
    assert undescribed(text) == ["A.two"]
    assert undescribed(text, frozenset(["A.two"])) == []


@pytest.mark.parametrize("record", shown(), ids=lambda record: record.__name__)
def test_every_public_record_is_frozen_and_says_what_it_is(record: type) -> None:
    assert record.__struct_config__.frozen
    assert inspect.getdoc(record)


@pytest.mark.parametrize("states", types_of(Enum), ids=lambda states: states.__name__)
def test_an_enum_is_its_names(states: type[Enum]) -> None:
    assert all(member.value == member.name for member in states)
    if states.__name__.endswith("Status"):
        assert "OTHER" in states.__members__, "a vendor's status without an equal needs a place"


def test_visibility_is_not_a_sensitivity() -> None:
    assert not isinstance(Visibility.HIDDEN, Sensitivity)
