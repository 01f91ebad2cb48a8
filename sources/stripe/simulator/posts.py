"""How a write is answered: its idempotency key, its customer's lock, and the troubles that Stripe itself may have.

Source: Stripe API, Idempotent requests; Stripe, Advanced error handling, Rate limits (lock timeouts).
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec

from sources.stripe.simulator.asking import Wrong
from sources.stripe.simulator.forms import sorted_content
from sources.stripe.simulator.idempotency import Keys
from sources.stripe.simulator.objects import Json
from sources.stripe.simulator.writing import Execution, Writes

TroubleKind = Literal["stored_500", "stored_500_applied", "lock_timeout", "key_in_use", "approval_required"]


class Trouble(msgspec.Struct, kw_only=True):
    """What goes wrong with writes whose path contains `only`, so many times.

    stored_500: nothing is done, and the key remembers the 500. stored_500_applied: as that, but it was done.
    lock_timeout: 429, another request holds the customer. key_in_use: 409. approval_required: held by the account's
    own rules (its status is not documented; 400 here).
    """

    kind: TroubleKind
    only: str = ""
    times: int | None = None


class Answered(msgspec.Struct, frozen=True):
    """The answer to a write."""

    status: int
    body: bytes
    replayed: bool = False


class Posts:
    """Takes writes. `execution_seconds`: how long each holds its key and its customer's lock."""

    def __init__(self, writes: Writes, clock: Callable[[], float]) -> None:
        self.writes = writes
        self.keys = Keys(clock)
        self.trouble: Trouble | None = None
        self.execution_seconds = 0.0
        self._locked: set[str] = set()

    async def answer(self, path: str, form: str, key: str | None) -> Answered:
        """What the write is answered. Raises Wrong where it is refused and the key does not remember it."""
        content = sorted_content(path, form)
        told = self.keys.answered(key, content)
        if told is not None and told.status is not None:
            return Answered(told.status, told.body, replayed=True)
        execution = self.writes.checked(path.strip("/").split("/")[1:], form, key)
        trouble = self._troubled(path)
        _refuse_early(trouble)
        if execution.customer in self._locked:
            raise _locked()
        self.keys.begin(key, content)
        self._locked.add(execution.customer)
        try:
            if self.execution_seconds:
                await asyncio.sleep(self.execution_seconds)
            status, body = _executed(execution, trouble)
        finally:
            self._locked.discard(execution.customer)
        encoded = msgspec.json.encode(body)
        self.keys.finish(key, status, encoded)
        return Answered(status, encoded)

    def _troubled(self, path: str) -> TroubleKind | None:
        trouble = self.trouble
        if trouble is None or trouble.only not in path or trouble.times == 0:
            return None
        if trouble.times is not None:
            trouble.times -= 1
        return trouble.kind


def _executed(execution: Execution, trouble: TroubleKind | None) -> tuple[int, Json]:
    if trouble == "stored_500":
        return 500, _sorry()
    try:
        made = execution.apply()
    except Wrong as wrong:
        return wrong.status, {"error": wrong.error}
    return (500, _sorry()) if trouble == "stored_500_applied" else (200, made)


def _sorry() -> Json:
    return {"error": {"type": "api_error", "message": "An unknown error occurred."}}


def _refuse_early(trouble: TroubleKind | None) -> None:
    """Raises Wrong for what is decided before execution begins."""
    if trouble == "lock_timeout":
        raise _locked()
    if trouble == "key_in_use":
        message = "There is currently another in-progress request using this Idempotency Key."
        raise Wrong(409, message, code="idempotency_key_in_use", type="idempotency_error")
    if trouble == "approval_required":
        raise Wrong(400, "This request needs an approval.", code="approval_required")


def _locked() -> Wrong:
    return Wrong(429, "This object cannot be accessed right now because another request is using it.",
                 code="lock_timeout")  # fmt: skip
