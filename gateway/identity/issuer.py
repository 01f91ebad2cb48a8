"""The keys of an external issuer, found by discovery, kept, and fetched again when they may have changed.

Source: OpenID Connect Discovery 1.0, section 4; RFC 7517, section 5.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from jwt import PyJWK

from gateway.configuration.sections import is_loopback
from gateway.identity.faults import IssuerUnavailable
from gateway.identity.keys import KeySet, key_set

DISCOVERY_PATH = "/.well-known/openid-configuration"
FETCH_SECONDS = 4.0  # for discovery and keys together: under the deadline of a request that waits for them
DOCUMENT_BYTES = 256 * 1024  # a key set of KEYS_AT_MOST keys with certificates is far below
ASK_AGAIN_SECONDS = 15.0  # a stranger who invents key ids costs the issuer one fetch in this time, not one each
REFRESH_SECONDS = 600.0  # known keys are looked up again in the background: a withdrawn key lives no longer
KEEP_SECONDS = 86_400.0  # while the issuer is down its last keys go on; a day is when trust in them ends


class DocumentError(Exception):
    """What the issuer published is not what the specification says. The text is safe to log."""


class IssuerKeys:
    """The keys of one issuer. Give it a client that follows no redirects."""

    def __init__(self, issuer: str, client: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._client = client
        self._clock = clock
        self._keys = KeySet()
        self._fetched_at: float | None = None
        self._attempted_at: float | None = None
        self._refresh: asyncio.Task[None] | None = None
        self.failure: str | None = None
        """Why the last fetch failed; None when it did not. Shown by /readyz and `c360 check`."""

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        key = self._current().find(kid, algorithm)
        if key is None:
            await self._renewed()
            key = self._current().find(kid, algorithm)
            if key is None and self.failure:
                raise IssuerUnavailable("The issuer of the token cannot be asked for its keys")
        elif self._older_than(REFRESH_SECONDS):
            self._start()
        return key

    def start(self) -> None:
        """Begin to fetch the keys before the first token needs them."""
        self._start()

    async def warm(self) -> None:
        """Fetch the keys now; a failure is in `failure`."""
        await self._renewed()

    async def close(self) -> None:
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.gather(self._refresh, return_exceptions=True)

    def _current(self) -> KeySet:
        return KeySet() if self._older_than(KEEP_SECONDS) else self._keys

    def _older_than(self, seconds: float) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at > seconds

    async def _renewed(self) -> None:
        task = self._start()
        if task is not None:
            await asyncio.shield(task)  # one caller who leaves does not take the fetch from the others

    def _start(self) -> asyncio.Task[None] | None:
        """The fetch that runs, or a new one; None where the last was too short a time ago."""
        if self._refresh is not None and not self._refresh.done():
            return self._refresh
        if self._attempted_at is not None and self._clock() - self._attempted_at < ASK_AGAIN_SECONDS:
            return None
        self._attempted_at = self._clock()
        self._refresh = asyncio.create_task(self._fetch())
        return self._refresh

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._keys = await self._published()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            self.failure = f"does not answer ({type(error).__name__})"
        except DocumentError as error:
            self.failure = str(error)
        else:
            self.failure = None
            self._fetched_at = self._clock()

    async def _published(self) -> KeySet:
        metadata = await self._document(self._issuer.rstrip("/") + DISCOVERY_PATH)
        if metadata.get("issuer") != self._issuer:
            raise DocumentError("its discovery document names another issuer")
        entries = (await self._document(_https(metadata.get("jwks_uri")))).get("keys")
        keys = key_set(entries if isinstance(entries, list) else [])
        if not keys.by_id:
            raise DocumentError("publishes no key that can be used")
        return keys

    async def _document(self, url: str) -> dict[str, Any]:
        body = bytearray()
        async with self._client.stream("GET", url, headers={"accept": "application/json"}) as response:
            if response.status_code != httpx.codes.OK:
                raise DocumentError(f"answers {response.status_code} at {urlsplit(url).path}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > DOCUMENT_BYTES:
                    raise DocumentError(f"sends more than {DOCUMENT_BYTES} bytes at {urlsplit(url).path}")
        try:
            return msgspec.json.decode(bytes(body), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise DocumentError(f"sends no JSON object at {urlsplit(url).path}") from None


def _https(url: Any) -> str:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        raise DocumentError("names no https address for its keys")
    return str(url)
