"""What a vendor's simulator offers."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from sources.simulation.facts import Fact
from sources.simulation.harness import Harness


class Simulator(Protocol):
    """A vendor's server as its documentation describes it, filled with facts of the world."""

    harness: Harness
    """The ASGI app to serve, with its switches and its record of calls."""

    def absorb(self, fact: Fact) -> None:
        """Take a fact of the world into the vendor's own records; facts of other systems are ignored."""
        ...

    def section(self, base_url: str) -> dict[str, Any]:
        """The [sources.NAME] section with which the gateway reaches this simulator at `base_url`."""
        ...


@runtime_checkable
class WrittenTo(Protocol):
    """What a simulator tells besides where its vendor can be written to: the contract suite counts effects by it."""

    keeps_keys: bool
    """Whether what is sent twice under one idempotency key is done once."""

    def effects(self, reference: str) -> int:
        """How many records carry a reference of ours."""
        ...


class Loader(Protocol):
    """A real server in place of the simulator, running, to be filled with the facts of the world."""

    async def absorb_all(self, history: Sequence[Fact], progress: Callable[[int, int], None]) -> list[str]:
        """Load what the server can hold; gives what was left out, a sentence each.

        `progress` is told how much of how much is done. A server that keeps its data takes the same history once.
        """
        ...

    def section(self) -> dict[str, Any]:
        """The [sources.NAME] section with which the gateway reaches this server."""
        ...
