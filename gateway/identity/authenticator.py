"""The Authorization header of a request as an Actor."""

import hashlib
import time
from collections.abc import Callable

from cachetools import LRUCache

from gateway.configuration.sections import IdentitySection
from gateway.identity.claims import actor_of
from gateway.identity.faults import Unauthenticated
from gateway.identity.keys import KeySource
from gateway.identity.verification import NOT_A_TOKEN, verified_claims
from sources.canonical.actor import Actor

TOKEN_CHARACTERS = 16_384  # Entra tokens with 200 groups are about 10 kB; longer ones are refused unread
CACHED_TOKENS = 10_000  # some 10 MB
CACHED_SECONDS = 300.0  # so that a token signed with a withdrawn key does not live on here until it expires


class Authenticator:
    """Verifies bearer tokens. The second use of a token within CACHED_SECONDS costs a hash."""

    def __init__(
        self,
        section: IdentitySection,
        keys: KeySource,
        issuer: str,
        *,
        development: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._section = section
        self._keys = keys
        self._issuer = issuer
        self._development = development
        self._clock = clock
        self._known: LRUCache[bytes, tuple[Actor, float]] = LRUCache(CACHED_TOKENS)

    async def authenticate(self, authorization: str | None) -> Actor:
        """The actor of an Authorization header. Raises Unauthenticated (401) or IssuerUnavailable (503)."""
        token = _bearer(authorization)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and self._clock() < known[1]:
            return known[0]
        claims = await verified_claims(token, self._keys, self._issuer, self._section.audience)
        actor = actor_of(claims, self._section, development=self._development)
        self._known[digest] = (actor, min(actor.expires_at, self._clock() + CACHED_SECONDS))
        return actor


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise Unauthenticated("The request has no bearer token", presented=False)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("The Authorization header is not a bearer token")
    token = token.strip()
    if not token or len(token) > TOKEN_CHARACTERS or not token.isascii():
        raise Unauthenticated(NOT_A_TOKEN)
    return token
