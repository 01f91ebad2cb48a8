"""Every test of this folder runs once for each installed connector; those it does not concern are left out.

A connector outside this tree is held to the same suite: install it, and run `pytest tests/contracts -k KIND`.
"""

from collections.abc import AsyncIterator
from functools import cache

import pytest

from sources import registry
from sources.canonical.provenance import Origin
from sources.faults import Unavailable
from sources.simulation.simulator import WrittenTo
from sources.wire.messages import Request, Response
from tests.contracts import small_world
from tests.contracts.source_under_test import Source, source_under_test
from tests.contracts.writes_under_test import WRITES


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "roles(*names): run for connectors of these roles only")
    config.addinivalue_line("markers", "writes: run once for each write of writes_under_test.py that a connector has")
    config.addinivalue_line("markers", "methods(*names): run once for each of these that a connector's adapter has")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`kind` is an installed connector; `method`, with the mark `methods`, one that its adapter has."""
    if "kind" not in metafunc.fixturenames:
        return
    if metafunc.definition.get_closest_marker("writes"):
        metafunc.parametrize(("kind", "written_as"), written_kinds())
        return
    roles = metafunc.definition.get_closest_marker("roles")
    methods = metafunc.definition.get_closest_marker("methods")
    kinds = [kind for kind, plugin in registry.installed().items() if roles is None or plugin.role in roles.args]
    if methods is None:
        metafunc.parametrize("kind", kinds)
    else:
        pairs = [(kind, method) for kind in kinds for method in methods.args if method in offered(kind)]
        metafunc.parametrize(("kind", "method"), pairs)


def written_kinds() -> list[tuple[str, str]]:
    """Each connector whose simulator tells what was written to it, with each write that its adapter has."""
    kinds = [kind for kind, plugin in registry.installed().items() if isinstance(plugin.simulator(), WrittenTo)]
    return [(kind, name) for kind in kinds for name, write in WRITES.items() if write.method in offered(kind)]


@cache
def offered(kind: str) -> frozenset[str]:
    """The names of what the connector's adapter can be asked."""
    plugin = registry.plugin(kind)
    settings = plugin.settings.model_validate({"kind": kind, **plugin.simulator().section("http://127.0.0.1:9")})
    adapter = plugin.adapter(settings, Origin("collected", kind, "src-collected", plugin.mapping_version), Unsent())
    return frozenset(name for name in dir(adapter) if not name.startswith("_"))


class Unsent:
    """A sender for an adapter that is looked at and not asked."""

    async def send(self, request: Request) -> Response:
        raise Unavailable("nothing is sent while tests are collected")

    def report_quota(self, remaining: float) -> None:
        pass


@pytest.fixture
async def source(kind: str) -> AsyncIterator[Source]:
    """The connector with nobody known to it."""
    async with source_under_test(kind) as served:
        yield served


@pytest.fixture
async def light(source: Source) -> Source:
    """The connector with a few customers."""
    source.absorb(small_world.light())
    return source


@pytest.fixture
async def deep(source: Source) -> Source:
    """The connector with a few customers, one of which has more than two pages of everything."""
    source.absorb(small_world.deep())
    return source
