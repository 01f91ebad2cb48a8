"""Who may import whom. What import-linter can say stands in pyproject.toml; the rest is said here.

Vendors are found, not named: a new folder is held to the rules from its first commit.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import grimp
import pytest

import sources
from sources import registry

ROOT = Path(__file__).parents[2]
CANONICAL = "sources.canonical"


def vendors() -> list[str]:
    """The vendors' packages in this tree, e.g. "sources.acme"."""
    return [place for place, _ in registry.folders(sources)]


def inside(package: str, module: str) -> bool:
    return module == package or module.startswith(package + ".")


def imports(graph: grimp.ImportGraph) -> Iterator[tuple[str, str]]:
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            yield module, imported


def test_the_import_contracts_of_pyproject_are_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout


def test_there_are_vendors_to_hold_to_the_rules() -> None:
    assert vendors()


def test_nobody_outside_a_vendors_folder_imports_it(graph: grimp.ImportGraph) -> None:
    assert foreign_imports(imports(graph), vendors()) == []


def foreign_imports(pairs: Iterable[tuple[str, str]], packages: list[str]) -> list[tuple[str, str]]:
    return [
        (importer, imported)
        for importer, imported in pairs
        for vendor in packages
        if inside(vendor, imported) and not inside(vendor, importer)
    ]


@pytest.mark.parametrize(
    "pair",
    [("sources.one.adapter", "sources.two.money"), ("gateway.app", "sources.two"), ("sources.wire.x", "sources.one.y")],
)
def test_an_import_of_a_vendor_would_be_seen(pair: tuple[str, str]) -> None:
    fine = [("sources.one.adapter", "sources.one.client"), ("sources.one", "sources.onerous"), ("a", "sources.wire")]
    assert foreign_imports([pair, *fine], ["sources.one", "sources.two"]) == [pair]


def test_no_vendor_and_no_mutation_is_named_in_the_configuration_of_the_imports() -> None:
    configuration = str(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"])
    folders = [path.parent.name for path in (ROOT / "mutations").glob("*/field.py")]
    for name in [*(vendor.rpartition(".")[2] for vendor in vendors()), *folders]:
        assert name not in configuration


def test_the_canonical_model_imports_only_msgspec_and_the_standard_library(graph: grimp.ImportGraph) -> None:
    allowed = sys.stdlib_module_names | {"msgspec"}
    foreign = [
        (importer, imported)
        for importer, imported in imports(graph)
        if inside(CANONICAL, importer) and not inside(CANONICAL, imported) and imported not in allowed
    ]
    assert foreign == []


def test_no_file_imports_itself_by_a_detour(graph: grimp.ImportGraph) -> None:
    assert cycles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}) == []


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """What is left when files that nobody in a cycle needs are taken away, again and again."""
    left = {module: set(imported) & set(edges) for module, imported in edges.items()}
    while True:
        done = {module for module, imported in left.items() if not imported}
        unneeded = set(left) - set().union(*left.values(), set())
        if not (gone := done | unneeded):
            return [sorted(left)] if left else []
        left = {module: imported - gone for module, imported in left.items() if module not in gone}


def test_a_cycle_would_be_seen() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]
    assert cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


GRAPH = "mutations.governance.graph"  # where what is governed meets GraphQL
RULES_KNOW_NEITHER = ("strawberry", "graphql", "fastapi", "starlette", "aiohttp", "httpx")


def test_commands_policies_and_sagas_know_neither_graphql_nor_http(graph: grimp.ImportGraph) -> None:
    names = ("command", "facts", "policy", "saga", "governance")
    knowing = [
        (importer, imported)
        for importer, imported in imports(graph)
        if inside("mutations", importer) and set(importer.split(".")) & set(names) and imported in RULES_KNOW_NEITHER
        if not inside(GRAPH, importer)
    ]
    assert knowing == []
