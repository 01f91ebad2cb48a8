"""The account's own statuses, fetched once and kept an hour."""

import asyncio
import time
from collections.abc import Mapping

import msgspec

from sources.faults import NotOffered, Refused
from sources.zendesk.client import Client
from sources.zendesk.shapes import CustomStatus, CustomStatuses

KEPT_SECONDS = 3600.0  # an administrator changes them a few times a year

_DECODER = msgspec.json.Decoder(CustomStatuses)


class Statuses:
    """The account's own statuses by id; empty where the account has none or does not show them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = asyncio.Lock()
        self._held: Mapping[int, CustomStatus] = {}
        self._good_until = 0.0

    async def by_id(self) -> Mapping[int, CustomStatus]:
        """One call an hour, however many ask."""
        if time.monotonic() < self._good_until:
            return self._held
        async with self._lock:
            if time.monotonic() >= self._good_until:
                self._held = await self._fetch()
                self._good_until = time.monotonic() + KEPT_SECONDS
            return self._held

    async def _fetch(self) -> Mapping[int, CustomStatus]:
        try:
            answer, _ = await self._client.get("custom_statuses", _DECODER)
        except (Refused, NotOffered):  # a plan without them: the ticket's own word stands
            return {}
        return {status.id: status for status in answer.custom_statuses}
