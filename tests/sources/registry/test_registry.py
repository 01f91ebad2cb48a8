"""Connectors are found, never named: folders of the tree and entry points of other distributions."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from sources import registry
from sources.capabilities import CaseReads
from sources.simulation.harness import Harness

PLUGIN_SOURCE = """
    from pathlib import Path
    from sources.plugin import SourcePlugin, SourceSettings

    class Adapter:
        async def cases(self, ids): return {{}}
        async def cases_of(self, customers, window): return {{}}
        async def case_messages(self, ids, window): return {{}}

    PLUGIN = SourcePlugin(
        kind="{kind}", role="support", mapping_version=1, settings=SourceSettings,
        adapter=lambda settings, origin, sender: Adapter(), classify=lambda response: None,
        simulator=lambda: None, map_example=lambda type, data, origin: None, examples=Path("."),
    )
"""


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """A registry that looks again, and a place on sys.path that holds other distributions."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    registry.installed.cache_clear()
    yield tmp_path
    registry.installed.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("outside_"):
            del sys.modules[name]


def distribution(site: Path, module: str, kind: str, target: str = "PLUGIN") -> None:
    (site / f"{module}.py").write_text(dedent(PLUGIN_SOURCE.format(kind=kind)))
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[customer360.sources]\n{kind} = {module}:{target}\n")


def test_a_connector_of_another_distribution_is_found_by_its_entry_point(fresh):
    distribution(fresh, "outside_helpdesk", "outsidehelpdesk")
    found = registry.plugin("outsidehelpdesk")
    assert found.kind == "outsidehelpdesk"
    assert list(registry.installed()) == sorted(registry.installed())


def test_an_unknown_kind_names_the_kinds_that_are_there(fresh):
    distribution(fresh, "outside_one", "outsideone")
    with pytest.raises(registry.UnknownKind, match=r'no source kind "nosuch".*outsideone'):
        registry.plugin("nosuch")


def test_two_connectors_of_one_kind_are_refused_and_both_are_named(fresh):
    distribution(fresh, "outside_first", "outsidetwin")
    distribution(fresh, "outside_second", "outsidetwin")
    with pytest.raises(registry.DuplicateKind, match=r"outside_first:PLUGIN.*outside_second:PLUGIN"):
        registry.installed()


def test_an_entry_point_that_is_no_connector_is_named(fresh):
    distribution(fresh, "outside_wrong", "outsidewrong", target="Adapter")
    with pytest.raises(registry.NotAPlugin, match=r"outside_wrong:Adapter is a type"):
        registry.installed()


def test_an_entry_point_that_leads_nowhere_is_named(fresh):
    distribution(fresh, "outside_gone", "outsidegone", target="NOTHING")
    with pytest.raises(registry.NotAPlugin, match=r"outside_gone:NOTHING cannot be loaded"):
        registry.installed()


def test_what_is_installed_is_looked_up_once(fresh):
    assert registry.installed() is registry.installed()


def test_a_folder_without_a_plugin_is_no_connector():
    places = [place for place, _ in registry.folders(__import__("sources"))]
    assert "sources.canonical" not in places
    assert "sources.simulation" not in places


class OnlyCases:
    async def cases(self, ids): ...

    async def cases_of(self, customers, window): ...

    async def case_messages(self, ids, window): ...


class HalfOfIt:
    async def cases(self, ids): ...


@pytest.mark.parametrize("adapter", [OnlyCases, OnlyCases()])
def test_what_an_adapter_can_is_read_off_its_methods(adapter):
    assert registry.capabilities_of(adapter) == ("CaseReads",)
    assert isinstance(OnlyCases(), CaseReads)


def test_half_a_capability_is_none():
    assert registry.capabilities_of(HalfOfIt()) == ()
    assert registry.capabilities_of(Harness) == ()
