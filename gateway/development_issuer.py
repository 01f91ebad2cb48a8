"""Tokens for a developer's machine, signed with a key that lies in the data directory.

It never stands beside an external issuer, a source that is not loopback or a host that is not loopback
(configuration/development.py refuses such a file), and answers only requests whose Host is loopback, so that
a page in a browser cannot reach it through a name that it makes resolve to 127.0.0.1.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.configuration.sections import IdentitySection, is_loopback
from gateway.identity.keys import FixedKeys, key_set
from gateway.key_files import kept_key, no_key

ISSUER = "urn:c360:development"
ALGORITHM = "ES256"
KEY_FILE = "development-issuer-key.pem"
TOKEN_SECONDS = 12 * 3600  # a working day; the key makes more of them at any time
INTEGRATION_SCOPES = ("read:internal", "read:personal", "read:financial", "read:tax", "introspect")
PROGRAM_ROLES = frozenset({"integration"})  # its tokens name no person

App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


class DevelopmentIssuer:
    """Signs tokens for any role. Its key is made at the first start and readable by its owner alone."""

    def __init__(self, directory: Path, section: IdentitySection) -> None:
        self._section = section
        self._key = _private_key(directory / KEY_FILE)
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        kid = hashlib.sha256(f"{public['x']}.{public['y']}".encode()).hexdigest()[:16]
        self._kid = kid
        self.jwks = {"keys": [{**public, "kid": kid, "use": "sig", "alg": ALGORITHM}]}
        """The public key set, as /.well-known/jwks.json gives it."""

    @property
    def keys(self) -> FixedKeys:
        return FixedKeys(key_set(self.jwks["keys"]))

    def token(self, role: str, subject: str | None = None, scopes: Sequence[str] = ()) -> str:
        """A token of TOKEN_SECONDS for one role. The subject is the role's own name where none is given."""
        now = int(time.time())
        subject = subject or role
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": self._section.audience,
            "sub": subject,
            "name": subject.replace("_", " "),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            self._section.tenant_claim: self._section.tenant,
            self._section.roles_claim: [role],
        }
        if role in PROGRAM_ROLES:
            claims["scope"] = " ".join(scopes or INTEGRATION_SCOPES)
        else:
            claims[self._section.human_claim] = f"{subject}@development.invalid"
        return jwt.encode(claims, self._key, ALGORITHM, {"kid": self._kid, "typ": "at+jwt"})


def _private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(kept_key(path, _new_key), None)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise no_key(path)
    return key


def _new_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


REFUSAL = JSONResponse(
    {
        "errors": [
            {
                "message": "The development issuer answers only on loopback",
                "extensions": {"code": "FORBIDDEN", "retryable": False},
            }
        ]
    },
    status_code=403,
)


class LoopbackOnly:
    """An ASGI app around another that answers 403 to a Host that is not loopback. Source: DNS rebinding attacks."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or _asks_loopback(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await REFUSAL(scope, receive, send)


def _asks_loopback(scope: MutableMapping[str, Any]) -> bool:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return len(hosts) == 1 and _is_loopback(hosts[0])


@lru_cache
def _is_loopback(host: bytes) -> bool:
    return is_loopback(_without_port(host.decode("latin-1")))


def _without_port(host: str) -> str:
    return host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def loopback_only(app: App, issuer: DevelopmentIssuer | None) -> App:
    """The app behind LoopbackOnly where the development issuer is on; else the app itself."""
    return app if issuer is None else LoopbackOnly(app)


def development_routes(issuer: DevelopmentIssuer | None) -> list[Route]:
    """/.well-known/jwks.json where the development issuer is on."""
    if issuer is None:
        return []

    async def jwks(request: Request) -> JSONResponse:
        return JSONResponse(issuer.jwks)

    return [Route("/.well-known/jwks.json", jwks)]
