"""A running gateway and the public clients that talk to it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.interop import node
from tests.interop.running_gateway import demo


@pytest.fixture(scope="session")
def node_clients():
    """The JavaScript clients are installed; where Node.js is missing the test is skipped."""
    if missing := node.what_is_missing():
        pytest.skip(missing)
    node.install()


@pytest.fixture
def run_node(node_clients):
    """Runs a script of scripts/ and gives its JSON lines."""
    return node.run_node


@pytest.fixture(scope="session")
def running_gateway(tmp_path_factory):
    """One `c360 demo` for the whole run."""
    with demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture
async def client(running_gateway) -> AsyncIterator[httpx.AsyncClient]:
    """Sends to the running gateway as a finance_analyst."""
    headers = {"authorization": f"Bearer {running_gateway.token()}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as opened:
        yield opened
