"""The keys that an issuer signs with, made ready to verify: by key id and algorithm."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import jwt
import msgspec
from jwt import PyJWK

RSA_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS_BY_KEY: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): RSA_ALGORITHMS,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""Only what has a public half: with "none" or a shared secret (HS256) whoever knows the public key could sign."""

ALLOWED_ALGORITHMS = frozenset(name for names in ALGORITHMS_BY_KEY.values() for name in names)
KEYS_AT_MOST = 64  # Google and Entra publish fewer than ten; more is not a key set that we want to walk through


class KeySource(Protocol):
    """Gives the key that verifies a token."""

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key, or None where the issuer has none such. Raises IssuerUnavailable where that cannot be known."""
        ...


class KeySet(msgspec.Struct, frozen=True):
    """An issuer's keys. A token without a key id is verified only where one key alone can be meant."""

    by_id: Mapping[tuple[str | None, str], PyJWK] = {}
    by_algorithm: Mapping[str, tuple[PyJWK, ...]] = {}

    def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if kid is not None:
            return self.by_id.get((kid, algorithm))
        candidates = self.by_algorithm.get(algorithm, ())
        return candidates[0] if len(candidates) == 1 else None


class FixedKeys(msgspec.Struct, frozen=True):
    """Keys that are known beforehand: those of the development issuer."""

    keys: KeySet

    async def find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        return self.keys.find(kid, algorithm)


def key_set(entries: Sequence[Any]) -> KeySet:
    """The usable keys of a JWKS's `keys`; what is for encryption, symmetric, weak or broken is left out."""
    by_id: dict[tuple[str | None, str], PyJWK] = {}
    by_algorithm: dict[str, tuple[PyJWK, ...]] = {}
    for entry in entries[:KEYS_AT_MOST]:
        for algorithm in _algorithms(entry):
            key = _key(entry, algorithm)
            if key is not None:
                by_id[_kid(entry), algorithm] = key
                by_algorithm[algorithm] = (*by_algorithm.get(algorithm, ()), key)
    return KeySet(by_id, by_algorithm)


def _algorithms(entry: Any) -> tuple[str, ...]:
    """Source: RFC 7517, 4.2 and 4.4: `use` and `alg`, where given, bind the key."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return ()
    curve = entry.get("crv") if isinstance(entry.get("crv"), str) else None
    possible = ALGORITHMS_BY_KEY.get((str(entry.get("kty")), curve), ())
    bound = entry.get("alg")
    return possible if bound is None else tuple(name for name in possible if name == bound)


def _kid(entry: dict[str, Any]) -> str | None:
    kid = entry.get("kid")
    return kid if isinstance(kid, str) else None


def _key(entry: dict[str, Any], algorithm: str) -> PyJWK | None:
    try:
        key = PyJWK(entry, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None  # one broken key does not take the others along
    return None if key.Algorithm.check_key_length(key.key) else key
