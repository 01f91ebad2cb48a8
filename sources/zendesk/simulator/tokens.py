"""The account's credentials: OAuth clients with tokens that end, API tokens that can be switched off."""

import base64
import hashlib
import secrets
from typing import Any

from sources.zendesk.simulator.errors import Complaint, invalid_token, missing_scope, unauthenticated

CLIENT_ID = "customer360"
CLIENT_SECRET = "simulated-client-secret"  # noqa: S105 - of a simulated account
EMAIL = "admin@example.com"
API_TOKEN = "simulated-api-token"  # noqa: S105 - of a simulated account


class Tokens:
    """What the account accepts. Its attributes are switches."""

    def __init__(self) -> None:
        self.lasts_seconds = 1800
        """How long an access token lasts: 30 minutes for clients made since 2026-02."""
        self.api_tokens_accepted = True
        """False: as it will be after 2027-04-30, or once a token was not used for 30 days."""
        self.issued = 0
        self._live: dict[str, tuple[float, str]] = {}

    def grant(self, body: dict[str, Any], now: float) -> dict[str, Any]:
        """A token for client credentials; the scope is not looked at before it is used."""
        if body.get("grant_type") != "client_credentials":
            raise Complaint(400, {"error": "unsupported_grant_type", "error_description": "unknown grant"})
        if (body.get("client_id"), body.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            raise Complaint(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
        token, scope = secrets.token_hex(16), str(body.get("scope") or "read")
        self._live[_digest(token)] = (now + self.lasts_seconds, scope)
        self.issued += 1
        return {"access_token": token, "token_type": "bearer", "scope": scope, "expires_in": self.lasts_seconds}

    def revoke_all(self) -> None:
        """As when an administrator revokes the client's tokens."""
        self._live.clear()

    def admit(self, authorization: str, now: float, *, writing: bool = False) -> None:
        """Raises the 401 or 403 that the Authorization header earns."""
        kind, _, value = authorization.partition(" ")
        if kind == "Bearer":
            until, scope = self._live.get(_digest(value), (0.0, ""))
            if now >= until:
                raise invalid_token()
            if writing and not {"write", "tickets:write"} & set(scope.split()):
                raise missing_scope("tickets:write")
            if not writing and "read" not in scope.split():
                raise missing_scope()
        elif kind != "Basic" or not self.api_tokens_accepted or value != _basic():
            raise unauthenticated()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _basic() -> str:
    return base64.b64encode(f"{EMAIL}/token:{API_TOKEN}".encode()).decode()
