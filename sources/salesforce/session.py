"""The access token: fetched once for all who wait, fetched again once after Salesforce called it expired.

Source: Salesforce help, OAuth 2.0 Client Credentials Flow. The reply has no expires_in: that a token is dead is told
by a 401 alone.
"""

from urllib.parse import urlencode, urlsplit

import msgspec

from sources.faults import Malformed, Refused
from sources.salesforce.flight import Flight
from sources.salesforce.settings import SalesforceSettings
from sources.wire.messages import Request, Response, Sender
from sources.wire.origins import Origins

HTTP_OK = 200


class Token(msgspec.Struct, frozen=True):
    """A bearer token and the origin that it is for."""

    access_token: str
    instance_url: str


_token = msgspec.json.Decoder(Token)


class Session:
    """Keeps the token of one organization."""

    def __init__(self, settings: SalesforceSettings, sender: Sender) -> None:
        self._settings = settings
        self._sender = sender
        self._token: Token | None = None
        self._fetching: Flight[Token] | None = None

    async def token(self) -> Token:
        """The token in use; fetches one where there is none."""
        if self._token is not None:
            return self._token
        if self._fetching is None or not self._fetching.joinable:
            self._fetching = Flight(self._fetch)
        return await self._fetching.join()

    async def renewed(self, dead: Token) -> Token:
        """Another token than the dead one; asks only where nobody has renewed it meanwhile."""
        if self._token is dead:
            self._token = None
        return await self.token()

    async def _fetch(self) -> Token:
        settings = self._settings
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret.get_secret_value(),
        }
        request = Request(
            method="POST",
            url=settings.base_url + settings.token_path,
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            body=urlencode(form).encode(),
        )
        self._token = self._read(await self._sender.send(request))
        return self._token

    def _read(self, response: Response) -> Token:
        if response.status != HTTP_OK:
            raise Refused(f"the token was refused with status {response.status}")
        try:
            token = _token.decode(response.body)
        except msgspec.MsgspecError:
            raise Malformed("the token reply did not fit its shape") from None
        return Token(token.access_token, trusted_origin(token.instance_url, self._settings))


def trusted_origin(url: str, settings: SalesforceSettings) -> str:
    """The origin of a URL that Salesforce named, if the credential may go there; raises Malformed otherwise.

    That is the origin of base_url, or a host in `allowed_hosts` under the same scheme.
    """
    try:
        parts = urlsplit(Origins(settings.base_url, settings.allowed_hosts).admit(url))
    except Refused:
        raise Malformed("the answer names a host that is neither that of base_url nor in allowed_hosts") from None
    return f"{parts.scheme}://{parts.netloc}"
