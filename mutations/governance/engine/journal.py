"""What a drive is written with: remembered steps, and a claim that is looked at before what cannot be taken back."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from mutations.governance.engine import dbos_engine
from mutations.governance.engine.port import LostLease
from mutations.governance.engine.runs import Claim, RunRows

T = TypeVar("T")
Renew = Callable[[], Awaitable[None]]
"""Renews the lease of this process, and loses what it had where another took it over."""

# Between the answer "still ours" and the request on the wire are milliseconds; a stall of more than this is noticed.
MARGIN_SECONDS = 2.0
HOLD_SECONDS = 5.0  # a database that does not answer by then cannot say that the run is ours


class RunJournal:
    """The journal of one claim. Once lost or failed it stays so, whatever the drive makes of the exception."""

    def __init__(self, claim: Claim, rows: RunRows, renew: Renew, places: Sequence[asyncio.Semaphore]) -> None:
        self._claim = claim
        self._rows = rows
        self._renew = renew
        self._places = places
        self._taken: list[asyncio.Semaphore] = []
        self._names: set[str] = set()
        self._broken: Exception | None = None
        self.lost = False

    async def enter(self) -> None:
        """Wait for a place among the runs of this process."""
        for place in self._places:
            await place.acquire()
            self._taken.append(place)

    def leave(self) -> None:
        """Let another run have the place."""
        while self._taken:
            self._taken.pop().release()

    def lose(self) -> LostLease:
        """The run is another's: nothing more may be done with it here."""
        self.lost = True
        self._broken = LostLease(self._claim.run.id)
        return self._broken

    @property
    def broken(self) -> Exception | None:
        """What the drive must end with, though it may have gone on."""
        return self._broken

    async def step(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """See port.Journal. What `work` raises is not remembered and breaks the journal. Raises LostLease."""
        self._name(name)

        async def done() -> T:
            # Through JSON at once: what a crash gives back is what was given before it.
            gave: T = json.loads(json.dumps(await work(), allow_nan=False))
            return gave

        try:
            return await dbos_engine.remembered(name, done)
        except dbos_engine.Conflict as conflict:
            raise self.lose() from conflict
        except Exception as error:
            self._broken = error
            raise

    async def hold(self) -> None:
        """See port.Journal. Raises LostLease, also where the database cannot say."""
        self._check()
        try:
            async with asyncio.timeout(HOLD_SECONDS):
                left = await self._left_seconds()
                if left is not None and left < MARGIN_SECONDS:  # e.g. the machine is too busy to renew in time
                    await self._renew()
                    left = await self._left_seconds()
        except (SQLAlchemyError, OSError) as error:  # TimeoutError is an OSError
            raise self.lose() from error
        if left is None or left < MARGIN_SECONDS:
            raise self.lose()
        self._check()

    async def _left_seconds(self) -> float | None:
        asked = time.monotonic()
        left = await self._rows.left_seconds(self._claim)
        return None if left is None else left - (time.monotonic() - asked)

    async def pause(self, name: str, seconds: float) -> None:
        """See port.Journal. Another run may use the place meanwhile. Raises LostLease."""
        self._name(name)
        self.leave()
        try:
            await dbos_engine.slept(seconds)
        except dbos_engine.Conflict as conflict:
            raise self.lose() from conflict
        await self.enter()
        self._check()

    def _name(self, name: str) -> None:
        self._check()
        if name in self._names:
            raise ValueError(f"two steps of one run are called {name}")
        self._names.add(name)

    def _check(self) -> None:
        if self._broken is not None:
            raise self._broken
