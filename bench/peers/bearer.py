"""Who asks: the signature, issuer and audience of a token, remembered while it is good, as the gateway does."""

import time
from typing import Any

import jwt

from bench.peers.vendors import Known

REMEMBERED = 1024


class Bearer:
    """Verifies ES256 tokens. Raises jwt.PyJWTError for one that is not good."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self.good: dict[str, dict[str, Any]] = {}

    def claims(self, header: str) -> dict[str, Any]:
        token = header.removeprefix("Bearer ")
        claims = self.good.get(token)
        if claims is None or claims["exp"] < time.time():
            claims = jwt.decode(
                token, self.known.public_key, ["ES256"], audience=self.known.audience, issuer=self.known.issuer
            )
            if len(self.good) >= REMEMBERED:
                self.good.clear()
            self.good[token] = claims
        return claims
