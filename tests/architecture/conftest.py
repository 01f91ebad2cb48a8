"""The import graph, built once."""

import grimp
import pytest

FLOORS = ("gateway", "mutations", "resolvers", "sources")


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    """Who imports whom, function-level imports and those for type checking included."""
    return grimp.build_graph(*FLOORS, include_external_packages=True, cache_dir=None)
