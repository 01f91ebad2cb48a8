"""A mutation is a folder: what lies in it becomes a field, and nothing else has to change."""

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

import mutations
from mutations import registry
from mutations.governance.mutation import Mutation
from mutations.governance.plan import GovernedAction
from mutations.schema import graph

ROOT = Path(mutations.__file__).parents[1]
FIELD = """
import strawberry
from strawberry.types import Info
from typing import Annotated, Any
from mutations.governance.graph.asking import requested
from mutations.governance.graph.inputs import IdempotencyKey
from mutations.governance.graph.payloads import GovernedPayload, GovernedPayloadType
from mutations.fifth.command import {command}
from resolvers.exposure import field

Words = Annotated[str, strawberry.argument(description="What to say.")]

async def say_hello(info: Info[Any, Any], words: Words, idempotency_key: IdempotencyKey) -> GovernedPayload:
    async def command(_: Any) -> {command}:
        return {command}(words=words)
    return await requested(info, {command}.action, command, idempotency_key=idempotency_key)

FIELDS = {{"say_hello": field(say_hello, GovernedPayloadType, "Says hello.")}}
"""
COMMAND = """
from typing import ClassVar
from mutations.governance.mutation import Command
from mutations.governance.plan import GovernedAction

class SayHello(Command, frozen=True, kw_only=True):
    action: ClassVar[GovernedAction] = GovernedAction.REPLAY  # which no folder offers
    words: str
"""
INIT = """
from mutations.fifth import field
from mutations.fifth.command import SayHello
from mutations.governance.mutation import Mutation

async def gather(command, actor, reading): ...
def steps(command, facts): return ()

MUTATION = Mutation(action=SayHello.action, command=SayHello, gather=gather, steps=steps, kinds={}, fields=field.FIELDS)
"""
ASK = """
import sys
import mutations
mutations.__path__.append(sys.argv[1])
from mutations.schema import graph, sdl
print([line for line in sdl().splitlines() if "sayHello" in line])
print("Mutation.sayHello" in __import__("resolvers.costing.roots", fromlist=["ROOTS"]).ROOTS)
"""


def test_every_folder_with_a_mutation_is_found_and_has_its_fields():
    places = {path.parent.name for path in (ROOT / "mutations").glob("*/field.py")}
    assert {place.rpartition(".")[2] for place, _ in registry.folders(mutations)} == places
    root = graph()[0]._schema.mutation_type
    for mutation in registry.installed().values():
        assert {_camel(name) for name in mutation.fields} <= set(root.fields)


def test_a_new_folder_becomes_a_field_with_no_other_change(tmp_path):
    folder = tmp_path / "fifth"
    folder.mkdir()
    (folder / "command.py").write_text(COMMAND)
    (folder / "field.py").write_text(FIELD.format(command="SayHello"))
    (folder / "__init__.py").write_text(INIT)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ASK), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['  sayHello(']", "True"]


@pytest.mark.parametrize("action", GovernedAction)
def test_an_action_is_asked_for_in_one_place(action):
    offering = [place for place, mutation in registry.folders(mutations) if mutation.action is action]
    assert len(offering) == (0 if action in (GovernedAction.REPLAY, GovernedAction.COMPENSATE) else 1)


def test_two_folders_of_one_action_are_an_error(monkeypatch):
    one = next(iter(registry.installed().values()))
    monkeypatch.setattr(registry, "folders", lambda package: [("a.one", one), ("a.two", one)])
    with pytest.raises(registry.RegistryError, match="another folder"):
        registry.collected(mutations)


def test_what_is_no_mutation_is_an_error(tmp_path, monkeypatch):
    package = ModuleType("strange_mutations")
    package.__path__ = [str(tmp_path)]
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "__init__.py").write_text("MUTATION = 5\n")
    monkeypatch.setitem(sys.modules, "strange_mutations", package)
    with pytest.raises(registry.RegistryError, match="is a int, no Mutation"):
        registry.collected(package)
    sys.modules.pop("strange_mutations.odd")


def test_every_mutation_is_whole():
    for mutation in registry.installed().values():
        assert isinstance(mutation, Mutation)
        assert mutation.command.action is mutation.action


def _camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
