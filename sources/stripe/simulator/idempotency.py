"""Idempotency keys. Source: Stripe API, Idempotent requests; Stripe, Advanced error handling.

What the first request with a key was answered is kept once its execution began, a 500 included, and told again, byte
for byte, for 24 hours. What was refused before (validation, a clash with a running request, a limit) is not kept.
Unverified: the code and message of the 409; that business rules count as execution and not as validation.
"""

from collections.abc import Callable

import msgspec

from sources.stripe.simulator.asking import Wrong

KEPT_SECONDS = 24 * 3600.0
LONGEST_KEY = 255


class Kept(msgspec.Struct):
    """A request that was begun; without a status it still runs."""

    content: str
    at: float
    status: int | None = None
    body: bytes = b""


class Keys:
    """The keys of one account in one mode."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[str, Kept] = {}

    def answered(self, key: str | None, content: str) -> Kept | None:
        """What is to be told again; None where this is the first. `content`: path and parameters. Raises Wrong."""
        if key is None:
            return None
        if not 0 < len(key) <= LONGEST_KEY:
            raise Wrong(400, f"Idempotency keys may have up to {LONGEST_KEY} characters.")
        kept = self._kept.get(key)
        if kept is None or kept.at < self._clock() - KEPT_SECONDS:
            return None
        if kept.content != content:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with."
            )
            raise Wrong(400, message, type="idempotency_error")
        if kept.status is None:
            raise Wrong(409, "There is currently another in-progress request using this Idempotency Key.",
                        code="idempotency_key_in_use", type="idempotency_error")  # fmt: skip
        return kept

    def begin(self, key: str | None, content: str) -> None:
        """Execution begins."""
        if key is not None:
            self._kept[key] = Kept(content, self._clock())

    def finish(self, key: str | None, status: int, body: bytes) -> None:
        """What the request was answered."""
        if key is not None:
            self._kept[key].status, self._kept[key].body = status, body
