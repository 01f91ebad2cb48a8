"""The limits of a minute: one for the account, others for single endpoints on top; and that of a ticket's updates."""

from sources.zendesk.simulator.errors import throttled

DOCUMENTED = {"account": 700, "incremental-exports": 10, "search-export": 100, "tickets-update": 100}
"""Calls a minute of an Enterprise account. Source: Zendesk, Rate limits; Export search results."""

GENEROUS = dict.fromkeys(DOCUMENTED, 1_000_000)
"""What a simulated account starts with, so that nobody waits who did not ask for it."""

UPDATES_OF_A_TICKET = 30
"""By one user, in ten minutes. Source: Zendesk, Rate limits, Update ticket."""

UPDATES_WINDOW_SECONDS = 600


class Limits:
    """Counts calls in fixed minutes."""

    def __init__(self) -> None:
        self.per_minute = dict(GENEROUS)
        self.updates_of_a_ticket = 1_000_000
        """By one user, in ten minutes; see UPDATES_OF_A_TICKET."""
        self._updates: dict[int, list[float]] = {}
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

    def take_update(self, ticket: int, now: float) -> None:
        """Count an update of a ticket. Raises the 429 where it had too many in ten minutes."""
        recent = [at for at in self._updates.get(ticket, ()) if at > now - UPDATES_WINDOW_SECONDS]
        if len(recent) >= self.updates_of_a_ticket:
            raise throttled(int(recent[0] + UPDATES_WINDOW_SECONDS - now) + 1, {})
        self._updates[ticket] = [*recent, now]


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
