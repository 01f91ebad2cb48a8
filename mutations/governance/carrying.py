"""Carries one step to a known outcome, or to the end of our patience.

send ── done ─────────────────────────────────────────────► done
 ▲  ├── refused ──────────────────────────────────────────► refused
 │  ├── again: surely not done; a pause ──┐                 (refused when the attempts are used up)
 ├──┼─────────────────────────────────────┘
 │  └── unknown ── look ── found ─────────────────────────► done
 │                  ├── not found, twice, late enough ──┐
 ├──────────────────┼───────────────────────────────────┘   (with a key of its own)
 ├──────────────────┤ the vendor still knows the key        (with the same key)
 │                  └── no answer for too long ───────────► unknown
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import msgspec
import structlog
from sqlalchemy import RowMapping

from mutations.governance import driving, effects
from mutations.governance.driving import Drive, Effect
from mutations.governance.effects import Begun
from mutations.governance.engine.port import Journal, LostLease
from mutations.governance.mutation import Call, StepRole
from mutations.governance.outcome import DONE, Outcome, of_exception, over_a_doubt
from mutations.governance.plan import GovernedAction
from mutations.governance.seams import now
from sources.systems import System
from sources.wire.correlation import correlation_id
from sources.wire.deadline import Deadline, within
from sources.wire.spending import Spending, counted
from sources.writing import Receipt

log = structlog.get_logger(__name__)


class Carrier:
    """Carries the steps of one drive. It decides by what its journal remembers and by nothing else."""

    def __init__(self, drive: Drive, journal: Journal) -> None:
        self.drive = drive
        self.journal = journal
        self.pace = drive.parts.pace

    async def carry(self, effect: Effect) -> Outcome:
        """done, refused (surely not done) or unknown."""
        resend = False
        for attempt in count(1):
            may_resend = attempt < effect.kind.attempts
            told = await self.note(f"{effect.name}/send/{attempt}", partial(self._send, effect, resend=resend))
            if told.kind == "unknown":
                told = await self.resolve(effect, f"{effect.name}/look/{attempt}", may_resend=may_resend)
            if told.kind != "again":
                return told
            if not may_resend:
                return msgspec.structs.replace(told, kind="refused", retryable=True)
            resend = told.resend
            await self.journal.pause(f"{effect.name}/pause/{attempt}", self._pause(attempt, told))
        raise AssertionError("the attempts are counted")

    async def resolve(self, effect: Effect, name: str, *, may_resend: bool) -> Outcome:
        """What became of a step that was sent and of which nobody knows: done, refused, again, or still unknown."""
        waited, nos = 0.0, 0
        patience = self.pace.resolve + self._no_counts_after(effect)
        for look in count(1):
            told = await self.note(f"{name}/{look}", partial(self._timed_look, effect, may_resend=may_resend))
            if told.kind in ("done", "refused", "again"):
                return told
            nos = nos + 1 if told.counts else 0
            if nos >= 2:
                return await self.note(f"{name}/not_done", partial(self._not_done, effect))
            if told.kind == "unknown" and not told.retryable:
                return told
            waited += told.took_seconds + told.pause_seconds
            if waited > patience:
                return Outcome("unknown", code=told.code, message=told.message)
            await self.journal.pause(f"{name}/pause/{look}", told.pause_seconds)
        raise AssertionError("patience ends")

    async def note(self, name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do it once, and remember what came of it."""

        async def encoded() -> Any:
            return msgspec.to_builtins(await work())

        return msgspec.convert(await self.journal.step(name, encoded), Outcome)

    def _pause(self, attempt: int, told: Outcome) -> float:
        backoff = min(self.pace.longest_retry, self.pace.retry * 2.0 ** (attempt - 1))
        return max(told.pause_seconds, backoff)

    def _no_counts_after(self, effect: Effect) -> float:
        return effect.kind.no_counts_after_seconds * self.pace.no_counts_scale

    # ------------------------------------------------------------------------------------------------ sending
    async def _send(self, effect: Effect, *, resend: bool) -> Outcome:
        system, hindrance = await self._hindrance(effect)
        if hindrance is not None or system is None:
            return await effects.refuse_unsent(self.drive, effect, hindrance or Outcome("refused"))
        begun = await effects.begin(self.drive, effect, system, resend=resend)
        if isinstance(begun, Outcome):
            return begun
        await self.journal.hold()
        told = await self._told(effect, partial(self._work, effect, begun)) or Outcome("unknown")
        if begun.in_doubt and isinstance(told, Outcome) and effect.role is StepRole.DO:
            told = over_a_doubt(told)
        return await effects.record(self.drive, effect, begun.attempt, told)

    async def _hindrance(self, effect: Effect) -> tuple[System | None, Outcome | None]:
        """The system, or why nothing may be sent to it: asked before each step, as a switch is thrown at any time.

        A taking back is held up by its system's switch alone: who switches an action off wants less of it done.
        """
        system = driving.system_of(self.drive, effect)
        code = "SYSTEM_UNAVAILABLE"
        if system is None:
            return None, Outcome("refused", code=code, message=f"{effect.step.system} is configured no longer")
        action: GovernedAction | None = self.drive.mutation.action if effect.role is StepRole.DO else None
        off = await self.drive.parts.switches.off(action, [effect.step.source])
        if off:
            message = f"switched off for writing: {', '.join(off)}"
            return system, Outcome("refused", code=code, message=message, retryable=True)
        if system.settings.read_only:
            return system, Outcome("refused", code=code, message=f"{system.name} is read only", retryable=True)
        return system, None

    async def _work(self, effect: Effect, begun: Begun) -> Receipt | None:
        call = begun.call
        if effect.role is StepRole.DO:
            return await effect.kind.do(call)
        undo = effect.kind.undo if effect.role is StepRole.UNDO else effect.kind.late_undo
        if undo is None:
            raise TypeError(f"{effect.name} cannot be carried out")
        return await undo(call, call.receipts[effect.step.name])

    async def _told(self, effect: Effect, work: Callable[[], Awaitable[Receipt | None]]) -> Receipt | Outcome | None:
        """What the vendor says, within the step's deadline and under the request's correlation id."""
        seconds = effect.kind.deadline_seconds
        correlation_id.set(self.drive.correlation_id)
        try:
            with within(Deadline(seconds)), counted(Spending()):
                async with asyncio.timeout(seconds + self.pace.call_grace):
                    return await work()
        except Exception as error:  # every kind of it has come to something: of_exception says to what
            told = of_exception(error)
            log.warning("step_ended", step=effect.name, outcome=told.kind, code=told.code, error=type(error).__name__)
            return told

    # ------------------------------------------------------------------------------------------------ looking
    async def _timed_look(self, effect: Effect, *, may_resend: bool) -> Outcome:
        began = time.monotonic()
        told = await self._look(effect, may_resend=may_resend)
        return msgspec.structs.replace(told, took_seconds=time.monotonic() - began)

    async def _look(self, effect: Effect, *, may_resend: bool) -> Outcome:
        row, told_before = await self._row(effect)
        if row["status"] == "SUCCEEDED":
            return DONE
        if row["status"] == "FAILED":  # it was found not to be done, and the process ended before that was remembered
            return Outcome("again", code=effects.NOT_DONE, retryable=True)
        if may_resend and self._key_is_known(effect, row):
            return Outcome("again", retryable=True, resend=True)
        system = driving.system_of(self.drive, effect)
        probe = effect.kind.probe
        if system is None or probe is None or effect.role is not StepRole.DO:
            return Outcome("unknown", code=row["error_code"] or "OUTCOME_UNKNOWN", message=row["error"] or "")
        call: Call = driving.call_for(self.drive, effect, row, told_before, system)
        told = await self._told(effect, partial(probe, call))
        if isinstance(told, Receipt):
            return await effects.record(self.drive, effect, row["attempts"], told)
        if told is not None:  # the probe failed: that says nothing of the step
            pause = max(self.pace.probe, told.pause_seconds)
            return Outcome("unknown", code=told.code, message=told.message, retryable=True, pause_seconds=pause)
        return self._no(effect, row)

    def _no(self, effect: Effect, row: RowMapping) -> Outcome:
        """Not there. It counts where the vendor's own time limit has passed since it was last sent."""
        passed = now() - (row["last_sent_at"] or now())
        left = timedelta(seconds=self._no_counts_after(effect)) - passed
        counts = left <= timedelta(0)
        pause = self.pace.between_nos if counts else min(self.pace.probe, left.total_seconds())
        return Outcome("no", code="OUTCOME_UNKNOWN", message=row["error"] or "", counts=counts, pause_seconds=pause)

    def _key_is_known(self, effect: Effect, row: RowMapping) -> bool:
        """Whether the vendor will answer the same key as before, so that it may simply be sent again.

        A taking back is idempotent by its contract: it is sent again as well.
        """
        if effect.role is not StepRole.DO:
            return True
        if not effect.kind.key_seconds or row["key_spent"] or row["key_sent_at"] is None:
            return False
        return bool(now() - row["key_sent_at"] < timedelta(seconds=effect.kind.key_seconds))

    async def _not_done(self, effect: Effect) -> Outcome:
        row, _ = await self._row(effect)
        if row["status"] == "FAILED":
            return Outcome("again", code=effects.NOT_DONE, retryable=True)
        return await effects.not_done(self.drive, effect, row["attempts"])

    async def _row(self, effect: Effect) -> tuple[RowMapping, dict[str, Receipt]]:
        async with self.drive.parts.database.reading() as connection:
            row = await driving.step_row(connection, self.drive.run.workflow_uid, effect.name)
            if row is None:
                raise LostLease
            return row, await driving.receipts_of(connection, self.drive.run.workflow_uid)
