from pathlib import Path

import pytest

from sources.simulation.real.servers_environment import servers_environment


@pytest.fixture(scope="session")
def servers() -> Path:
    """The programs of the servers' own environment, made where it is missing."""
    return servers_environment()
