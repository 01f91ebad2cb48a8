"""What the workflows need of a durable engine: a run is begun once, carried to its end over crashes, and fenced."""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One drive of a workflow: forward, or back. Ids only: what the engine stores can be read by who runs it."""

    workflow_uid: str
    number: int  # 1, 2, …: a replay or a compensation is a run of its own
    direction: Literal["forward", "back"]

    @property
    def id(self) -> str:
        return f"{self.workflow_uid}:{self.number}"


class ClosedEngine(RuntimeError):
    """The engine is not open; the run was not taken."""


class AnotherEngine(RuntimeError):
    """An engine is running in this process: what it is made on can be there only once."""


class LostLease(Exception):
    """Another process may have taken over: stop at once, write nothing."""


class Journal(Protocol):
    """What a drive is written with."""

    async def step(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives (JSON), remembered: after a crash a step that ended is not done again.

        One that was begun and did not end is done again: it must look first. Names are unique within a run, and one
        step ends before the next begins. What `work` raises is not remembered and ends the drive, which is begun again
        later: an answer that a saga knows what to do with is a value, not an exception.
        """
        ...

    async def hold(self) -> None:
        """The run is still this process's, by the database's clock; asked before each call that cannot be taken back.

        Raises LostLease, also where the database does not answer.
        """
        ...

    async def pause(self, name: str, seconds: float) -> None:
        """Wait; a crash does not begin the wait anew."""
        ...


Drive = Callable[[Run, Journal], Awaitable[None]]
"""Carries a run to its end. It decides by what its steps gave and by nothing else, so that it can be done again."""


Parked = Callable[[Run, str], Awaitable[None]]
"""Told, at least once, of a run that failed too often and is not begun again, and of the kind of its last failure."""


class Engine(Protocol):
    """Runs drives. `open` takes up what this and dead processes left behind."""

    async def open(self, drive: Drive, parked: Parked | None = None) -> None: ...

    async def submit(self, run: Run) -> None:
        """Begin a run; the same run again is the same run. Returns when it is durable, not when it is done."""
        ...

    async def close(self, drain_seconds: float) -> None:
        """Take nothing new, let what runs come to an end within the time, give the rest back to others."""
        ...
