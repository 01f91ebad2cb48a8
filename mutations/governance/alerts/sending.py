"""Delivers what is in the outbox: every alert to the log, and to the receiver of its role at least once.

Several processes may send at the same time; what one of them has taken, the others leave alone. What a dead one had
taken is delivered after a minute.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from mutations.governance.alerts.outbox import end, take, try_again, undelivered
from mutations.governance.alerts.tables import DELIVERED, GIVEN_UP, LOGGED
from mutations.governance.alerts.words import Raised
from sources.database import Database

WAITS_SECONDS = (5.0, 30.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Between one attempt and the next; about three days in all. Source: Standard Webhooks, Deliverability."""
JITTER = 0.2  # of a wait, at most, so that what failed together does not come back together
AT_ONCE = 20  # deliveries under way; each ends by its own deadline
POLL_SECONDS = 1.0
SEEN_FOR = timedelta(
    days=1
)  # an alert that was given up is told by `check` for so long, and kept in the table for ever

log = structlog.get_logger(__name__)


class NotDelivered(Exception):
    """The receiver did not take it. The text says why, without what the receiver said."""


class Receivers(Protocol):
    """Those whom alerts are sent to."""

    def listen(self, role: str) -> bool:
        """Whether anybody is configured for this role."""
        ...

    async def deliver(self, alert: Raised) -> None:
        """Returns when the receiver has it. Raises NotDelivered by a deadline of its own."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """Sends while its `run` runs."""

    def __init__(
        self,
        database: Database,
        receivers: Receivers,
        *,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._receivers = receivers
        self._poll_seconds = poll_seconds
        self._clock = clock

    async def run(self) -> None:
        """Send until cancelled. What is under way then is sent again later."""
        while True:
            try:
                busy = await self.send_due() == AT_ONCE
            except Exception as error:  # the database's, or a fault of ours: the next alert must go out all the same
                log.error("alerts_not_sent", error=type(error).__name__)
                busy = False
            if not busy:
                await asyncio.sleep(self._poll_seconds)

    async def send_due(self) -> int:
        """Send what is due now; gives how many were tried."""
        due = await take(self._database, self._clock(), AT_ONCE)
        outcomes = await asyncio.gather(*(self._send(alert) for alert in due), return_exceptions=True)
        if failed := [outcome for outcome in outcomes if outcome is not None]:
            raise failed[0]
        return len(due)

    async def check(self) -> str | None:
        """None where all that was tried has been delivered; else how many wait, or were given up in a day."""
        missing = await undelivered(self._database, self._clock() - SEEN_FOR)
        return f"{missing} alerts could not be delivered" if missing else None

    async def _send(self, alert: Raised) -> None:
        told = {"alert": alert.uid, "kind": alert.kind.value, "role": alert.role, "workflow": alert.workflow_uid}
        log.warning("alert", **told, text=alert.message, raised_at=alert.at.isoformat(), attempt=alert.attempt)
        if not self._receivers.listen(alert.role):
            await end(self._database, alert.uid, LOGGED, self._clock())
            return
        try:
            await self._receivers.deliver(alert)
        except NotDelivered as failure:
            await self._failed(alert, str(failure))
            return
        await end(self._database, alert.uid, DELIVERED, self._clock())

    async def _failed(self, alert: Raised, reason: str) -> None:
        given_up = alert.attempt > len(WAITS_SECONDS)
        log.error("alert_not_delivered", alert=alert.uid, role=alert.role, reason=reason, given_up=given_up)
        if given_up:
            await end(self._database, alert.uid, GIVEN_UP, self._clock(), reason)
            return
        wait = WAITS_SECONDS[alert.attempt - 1] * random.uniform(1, 1 + JITTER)
        await try_again(self._database, alert.uid, self._clock() + timedelta(seconds=wait), reason)
