"""The HTTP edge of the simulated organization: tokens, sessions, quota, sizes.

Source: REST API Developer Guide; Salesforce help, OAuth 2.0 Client Credentials Flow. [V] the token reply has an
instance_url and no expires_in; token errors are an object, all others an array; 401 INVALID_SESSION_ID;
Sforce-Limit-Info on every REST answer but the versions list; 403 REQUEST_LIMIT_EXCEEDED at the limit; a URI over 16,384
bytes is 414, with its headers 431; neither Retry-After nor RateLimit headers. [M] tokens live two hours whatever their
use; 400 for token errors; the quota does not roll but is counted from the start. Not modelled: writes, collections,
batch, search, change events, and the rule that 25 calls in flight for 20 seconds keep new ones out.
"""

import base64
import time
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sources.salesforce.shapes import OPTIONAL_FIELDS
from sources.salesforce.simulator.errors import ApiRefusal, not_found
from sources.salesforce.simulator.organization import Organization
from sources.salesforce.simulator.rest import SUPPORTED_FROM, SUPPORTED_TO, Rest
from sources.simulation.facts import Fact
from sources.simulation.harness import Harness, Receive, Scope, Send, answer, read_body

CLIENT_ID = "3MVG9simulated"
CLIENT_SECRET = "simulated-client-secret"  # noqa: S105 - what the simulator accepts
TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - a path
URI_BYTES = 16_384
FULL_SANDBOX_CALLS = 5_000_000  # in 24 hours: the largest documented quota, so that a long demo does not meet it
SESSION_SECONDS = 2 * 3600
CUSTOM_FIELDS = {
    "tier": "Tier__c",
    "legal_name": "Legal_Name__c",
    "email": "Email__c",
    "tax_id": "Tax_Id__c",
    "vip": "VIP__c",
    "legal_hold": "Legal_Hold__c",
    "credit_hold": "Credit_Hold__c",
    "credit_cap": "Credit_Cap__c",
    "sla_tier": "Sla_Tier__c",
    "auto_renew": "Auto_Renew__c",
    "total_value": "Total_Value__c",
}
_encoder = msgspec.json.Encoder(decimal_format="number")


class SalesforceSimulator:
    """One organization. What it holds is `organization`, how queries misbehave is `rest`; see there for switches.

    `now`: the clock, seconds since 1970. `session_seconds`: how long a token lives. `call_limit` and `calls_used`: the
    quota. `instance_host`: a host to name in instance_url instead of the one that was asked, e.g. "localhost:8080".
    `unauthorized`: the message of a 401 that every REST call gets. `tokens_given`: how many were asked for.
    """

    def __init__(self) -> None:
        self.organization = Organization()
        self.now = time.time
        self.rest = Rest(self.organization, lambda: self.now())
        self.session_seconds = float(SESSION_SECONDS)
        self.call_limit = FULL_SANDBOX_CALLS
        self.calls_used = 0
        self.instance_host: str | None = None
        self.unauthorized: str | None = None
        self.tokens_given = 0
        self._tokens: dict[str, float] = {}
        self.harness = Harness(self._app)

    def absorb(self, fact: Fact) -> None:
        """See Simulator."""
        self.organization.absorb(fact)

    def section(self, base_url: str) -> dict[str, Any]:
        """See Simulator."""
        return {
            "kind": "salesforce",
            "base_url": base_url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "multi_currency": self.organization.multi_currency,
            "person_accounts": self.organization.person_accounts,
            "fields": {name: CUSTOM_FIELDS[name] for name in OPTIONAL_FIELDS},
        }

    def expire_tokens(self) -> None:
        """End every session, as an administrator would."""
        self._tokens.clear()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        body = await read_body(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if (too_long := _too_long(scope)) is not None:
            await answer(send, too_long, b"", [(b"content-type", b"text/html")])
        elif path == TOKEN_PATH:
            status, told = self._token(method, headers, body)
            await answer(send, status, _encoder.encode(told))
        elif path.rstrip("/") == "/services/data":
            versions = [{"version": f"{n}.0", "url": f"/services/data/v{n}.0"} for n in _VERSIONS]
            await answer(send, 200, _encoder.encode(versions))
        else:
            status, told = self._rest(method, path, scope["query_string"].decode("latin-1"), headers, body)
            usage = f"api-usage={self.calls_used}/{self.call_limit}".encode()
            await answer(send, status, _encoder.encode(told), [(b"sforce-limit-info", usage)])

    def _rest(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        try:
            if not path.startswith("/services/data/"):
                raise not_found()
            self._authorize(headers)
            if self.calls_used >= self.call_limit:
                raise ApiRefusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            self.calls_used += 1
            if path.strip("/").split("/")[3:] == ["limits"]:
                left = self.call_limit - self.calls_used
                return 200, {"DailyApiRequests": {"Max": self.call_limit, "Remaining": left}}
            return self.rest.answer(method, path, query, body, _batch_size(headers))
        except ApiRefusal as refusal:
            return refusal.status, refusal.body()

    def _authorize(self, headers: dict[str, str]) -> None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self.unauthorized is not None:
            raise ApiRefusal(401, "INVALID_SESSION_ID", self.unauthorized)
        if scheme.lower() not in ("bearer", "oauth") or self._tokens.get(token, 0.0) <= self.now():
            raise ApiRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def _token(self, method: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        if method != "POST":
            return 405, {"error": "invalid_request", "error_description": "must use HTTP POST"}
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
        client, secret = _basic(headers.get("authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        if client != CLIENT_ID:
            return 400, {"error": "invalid_client_id", "error_description": "client identifier invalid"}
        if secret != CLIENT_SECRET:
            return 400, {"error": "invalid_client", "error_description": "invalid client credentials"}
        return 200, self._issued(headers.get("host", ""))

    def _issued(self, host: str) -> dict[str, str]:
        token = f"00Dsimulated!{token_hex(16)}"
        self._tokens[token] = self.now() + self.session_seconds
        self.tokens_given += 1
        instance = f"http://{self.instance_host or host}"
        return {
            "access_token": token,
            "signature": "c2lnbmVk",
            "token_format": "opaque",
            "scope": "api",
            "instance_url": instance,
            "id": f"{instance}/id/00Dsimulated/005simulated",
            "token_type": "Bearer",
            "issued_at": str(int(self.now() * 1000)),
        }


_VERSIONS = range(SUPPORTED_FROM, SUPPORTED_TO + 1)


def _too_long(scope: Scope) -> int | None:
    uri = len(scope.get("raw_path") or scope["path"].encode()) + 1 + len(scope["query_string"])
    if uri > URI_BYTES:
        return 414
    fields = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return 431 if uri + fields > URI_BYTES else None


def _batch_size(headers: dict[str, str]) -> int | None:
    for option in headers.get("sforce-query-options", "").split(","):
        name, _, value = option.strip().partition("=")
        if name == "batchSize" and value.isdecimal():
            return min(2_000, max(200, int(value)))
    return None


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    client, _, secret = base64.b64decode(encoded).decode("latin-1").partition(":")
    return client, secret
