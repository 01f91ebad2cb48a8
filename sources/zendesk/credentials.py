"""How a call to Zendesk is authorized: OAuth client credentials, or e-mail and API token while they last."""

import asyncio
import base64
import time
from typing import Protocol

import msgspec

from sources.faults import Malformed, Refused
from sources.wire.messages import Request, Sender
from sources.zendesk import shapes
from sources.zendesk.settings import ZendeskSettings

WRITES = frozenset(["write", "tickets:write"])  # scopes of which one is needed to write a comment
RENEW_BEFORE_SECONDS = 60  # a token that ends sooner is not sent: the call may still wait in a queue

_TOKEN = msgspec.json.Decoder(shapes.Token)


class Credentials(Protocol):
    """Gives the Authorization header."""

    renewable: bool

    async def header(self, refused: str | None = None) -> str:
        """The header's value; another than the `refused` one where the vendor just turned that down."""
        ...

    async def may_write(self) -> bool:
        """Whether the credential's scope lets tickets be written. The user's role may still forbid it."""
        ...


class BasicCredentials:
    """An e-mail address with an API token. Source: Zendesk, API tokens; they end on 2027-04-30."""

    renewable = False

    def __init__(self, email: str, api_token: str) -> None:
        pair = base64.b64encode(f"{email}/token:{api_token}".encode()).decode()
        self._header = f"Basic {pair}"

    async def header(self, refused: str | None = None) -> str:
        return self._header

    async def may_write(self) -> bool:
        return True  # it may do whatever its user may


class ClientCredentials:
    """OAuth client credentials: one token for all, fetched once however many wait for it.

    Source: Zendesk, OAuth tokens (grant type client_credentials; access tokens of 30 minutes).
    """

    renewable = True

    def __init__(self, settings: ZendeskSettings, sender: Sender) -> None:
        secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
        self._url = f"{settings.base_url}/oauth/tokens"
        self._grant = msgspec.json.encode(
            {
                "grant_type": "client_credentials",
                "client_id": settings.client_id,
                "client_secret": secret,
                "scope": settings.asked_scope,
            }
        )
        self._asked = settings.asked_scope
        self._granted = ""
        self._sender = sender
        self._lock = asyncio.Lock()
        self._header: str | None = None
        self._good_until = 0.0  # monotonic seconds

    async def header(self, refused: str | None = None) -> str:
        if held := self._held(refused):
            return held
        async with self._lock:
            held = self._held(refused)  # fetched by whoever had the lock before
            if held is None:
                held = self._header = await self._fetch()
            return held

    def _held(self, refused: str | None) -> str | None:
        good = self._header != refused and time.monotonic() < self._good_until
        return self._header if good else None

    async def may_write(self) -> bool:
        await self.header()
        return not WRITES.isdisjoint(self._granted.split())

    async def _fetch(self) -> str:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        response = await self._sender.send(
            Request(method="POST", url=self._url, headers=headers, body=self._grant, safe=True)
        )
        if response.status not in (200, 201):
            raise Refused(f"a token was refused with {response.status}: client_id, client_secret or scope is wrong")
        try:
            token = _TOKEN.decode(response.body)
        except msgspec.MsgspecError:
            raise Malformed("the token did not fit its shape") from None
        lasts = float("inf") if token.expires_in is None else token.expires_in - RENEW_BEFORE_SECONDS
        self._granted = self._asked if token.scope is None else token.scope
        self._good_until = time.monotonic() + lasts
        return f"Bearer {token.access_token}"


def credentials_of(settings: ZendeskSettings, sender: Sender) -> Credentials:
    """The credentials that are configured."""
    if settings.email is not None and settings.api_token is not None:
        return BasicCredentials(settings.email, settings.api_token.get_secret_value())
    return ClientCredentials(settings, sender)
