"""The limits of a minute: one for the account, others for single endpoints on top."""

from sources.zendesk.simulator.errors import throttled

DOCUMENTED = {"account": 700, "incremental-exports": 10, "search-export": 100}
"""Calls a minute of an Enterprise account. Source: Zendesk, Rate limits; Export search results."""

GENEROUS = {"account": 1_000_000, "incremental-exports": 1_000_000, "search-export": 1_000_000}
"""What a simulated account starts with, so that nobody waits who did not ask for it."""


class Limits:
    """Counts calls in fixed minutes."""

    def __init__(self) -> None:
        self.per_minute = dict(GENEROUS)
        self._minute = 0
        self._used: dict[str, int] = {}

    def take(self, buckets: tuple[str, ...], now: float) -> dict[str, str]:
        """Count a call in each bucket; gives the headers. Raises the 429 where one is used up."""
        minute, resets = int(now // 60), 60 - int(now % 60)
        if minute != self._minute:
            self._minute, self._used = minute, {}
        headers: dict[str, str] = {}
        exhausted = False
        for bucket in buckets:
            total = self.per_minute[bucket]
            used = self._used[bucket] = self._used.get(bucket, 0) + 1
            headers |= _headers(bucket, total, max(0, total - used), resets)
            exhausted = exhausted or used > total
        if exhausted:
            raise throttled(resets, headers)
        return headers


def _headers(bucket: str, total: int, remaining: int, resets: int) -> dict[str, str]:
    if bucket != "account":
        return {f"zendesk-ratelimit-{bucket}": f"total={total}; remaining={remaining}; resets={resets}"}
    return {
        "x-rate-limit": str(total),
        "x-rate-limit-remaining": str(remaining),
        "ratelimit-limit": str(total),
        "ratelimit-remaining": str(remaining),
        "ratelimit-reset": str(resets),
    }
