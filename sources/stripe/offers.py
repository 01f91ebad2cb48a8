"""What the server at base_url can be told to do.

Stripe itself can be told everything. A server that plays it may lack what credits are made of, or take no notice of
idempotency keys: the same refund sent twice would then be two, so it is told nothing.
"""

import asyncio
import time

from sources.faults import NotOffered
from sources.stripe import shapes
from sources.stripe.client import ABSENT_SECONDS
from sources.stripe.reads import Reads

CREDITS = frozenset(["issue_credit", "find_issued_credit", "withdraw_credit"])
REFUNDS = frozenset(["refund", "find_refund", "refund_state"])
NOBODY = "cus_none"


class Offers(Reads):
    """WriteOffers."""

    _offered: frozenset[str] | None = None
    _asked_at: float = 0.0

    async def offered_writes(self) -> frozenset[str]:
        """No call for Stripe itself; four at most for another server, once in ten minutes."""
        if self.settings.official:
            return CREDITS | REFUNDS
        now = time.monotonic()
        if self._offered is None or now - self._asked_at > ABSENT_SECONDS:
            self._offered, self._asked_at = await self._ask(), now
        return self._offered

    async def _ask(self) -> frozenset[str]:
        refunds = await self._has_list("refunds")
        if not self.client.dialect.today or not await self.client.echoes_keys():
            return frozenset()
        credits = all(await asyncio.gather(self._has_list("credit_notes"), self._has_balances()))
        return (REFUNDS if refunds else frozenset()) | (CREDITS if credits else frozenset())

    async def _has_list(self, resource: str) -> bool:
        try:
            await self.client.listing(resource, shapes.Moded, (("limit", "1"),))
        except NotOffered:
            return False
        return True

    async def _has_balances(self) -> bool:
        try:
            await self.client.balance_transactions(NOBODY, shapes.Moded, (("limit", "1"),))
        except NotOffered:
            return False
        return True
