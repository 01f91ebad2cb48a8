"""What is open in this process: bounded for each consumer, and ended in order when the gateway stops."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from gateway.configuration.streams import StreamsSection
from sources.canonical.actor import Actor

Consumer: TypeAlias = tuple[str, str]  # issuer and subject


class TooManyConnections(Exception):
    """The consumer has as many open as it may."""


class Connections:
    """The open streams of one process, and what [streams] says of them."""

    def __init__(self, section: StreamsSection) -> None:
        self.section = section
        self._open: Counter[Consumer] = Counter()
        self.stopping = asyncio.Event()
        """Set when every stream is to end, and none is to begin."""

    @contextmanager
    def held(self, actor: Actor) -> Iterator[None]:
        """Count one connection while inside. Raises TooManyConnections."""
        consumer = (actor.issuer, actor.subject)
        if self._open[consumer] >= self.section.connections:
            raise TooManyConnections
        self._open[consumer] += 1
        try:
            yield
        finally:
            self._open[consumer] -= 1
            if not self._open[consumer]:
                del self._open[consumer]

    @property
    def total(self) -> int:
        """How many are open."""
        return self._open.total()

    def stop(self) -> None:
        """End every stream, with a word that the client should come back."""
        self.stopping.set()
