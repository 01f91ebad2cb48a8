"""A token's signature, audience, issuer and times."""

from typing import Any

import jwt

from gateway.identity.faults import Unauthenticated
from gateway.identity.keys import ALLOWED_ALGORITHMS, KeySource

LEEWAY_SECONDS = 30  # clocks of two machines that both keep time by NTP differ by less
TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})  # Source: RFC 9068, 2.1; RFC 7519, 5.1
NOT_A_TOKEN = "The bearer token is not a signed JWT"  # noqa: S105 (a sentence)
HOSTILE = (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What PyJWT lets out for a token that somebody made up: a number that is none, nesting without end."""

_decoder = jwt.PyJWT(options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True})


async def verified_claims(token: str, keys: KeySource, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of a good token. Raises Unauthenticated; IssuerUnavailable where its key cannot be looked up."""
    kid, algorithm = _header(token)
    key = await keys.find(kid, algorithm)
    if key is None:
        raise Unauthenticated("The token is signed with a key that its issuer does not publish")
    try:
        return _decoder.decode(
            token, key, algorithms=[algorithm], audience=audience, issuer=issuer, leeway=LEEWAY_SECONDS
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The token has expired") from None
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
        raise Unauthenticated("The token is not valid yet") from None
    except jwt.InvalidAudienceError:
        raise Unauthenticated("The token is for another audience") from None
    except jwt.InvalidIssuerError:
        raise Unauthenticated("The token is of another issuer") from None
    except jwt.MissingRequiredClaimError as error:
        raise Unauthenticated(f"The token's claim {error.claim} is empty or missing") from None
    except HOSTILE:
        raise Unauthenticated("The token's signature or claims are not valid") from None


def _header(token: str) -> tuple[str | None, str]:
    """The key id and the algorithm; nothing else of an unverified header is believed."""
    try:
        header = jwt.get_unverified_header(token)
    except HOSTILE:
        raise Unauthenticated(NOT_A_TOKEN) from None
    algorithm, kind = header.get("alg"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALLOWED_ALGORITHMS:
        raise Unauthenticated("The token is signed in a way that is not allowed here")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise Unauthenticated("The token is not an access token")
    return header.get("kid"), algorithm
