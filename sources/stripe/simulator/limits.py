"""Rate limits: token buckets for the account and for each endpoint. Source: Stripe, Rate limits.

Live mode allows 100 calls a second in all, a sandbox 25, an endpoint 25, all searches together 20. The defaults here
are generous, so that nobody is slowed down who does not ask for it.
"""

import time

import msgspec

GENEROUS = 100_000.0


class Limits(msgspec.Struct, kw_only=True):
    """Calls a second."""

    account: float = GENEROUS
    endpoint: float = GENEROUS
    search: float = GENEROUS


class Buckets:
    """Lets a call pass or says which limit it exceeds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._levels: dict[str, tuple[float, float]] = {}

    def exceeded(self, endpoint: str) -> str | None:
        """What Stripe-Rate-Limited-Reason says; None where the call may pass."""
        limits = self.limits
        if not self._take("account", limits.account):
            return "global-rate"
        if endpoint.endswith("/search") and not self._take("search", limits.search):
            return "endpoint-rate"
        return None if self._take(endpoint, limits.endpoint) else "endpoint-rate"

    def _take(self, name: str, per_second: float) -> bool:
        now = time.monotonic()
        level, at = self._levels.get(name, (per_second, now))
        level = min(per_second, level + (now - at) * per_second)
        passed = level >= 1
        self._levels[name] = (level - passed, now)
        return passed
