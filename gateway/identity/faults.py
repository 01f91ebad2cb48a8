"""Why a request has no actor.

Unauthenticated        401: no token, or one that is not good
└── IssuerUnavailable  503: the issuer's keys cannot be fetched, so nobody can say whether it is

Texts never repeat the token or a claim's value.
"""


class Unauthenticated(Exception):
    """The request has no good token."""

    code = "UNAUTHENTICATED"
    status = 401
    retryable = False

    def __init__(self, message: str, *, presented: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.presented = presented

    @property
    def headers(self) -> dict[str, str]:
        """What the answer carries besides. Source: RFC 6750, section 3: no error code where no token was presented."""
        challenge = f'Bearer error="invalid_token", error_description="{self.message}"' if self.presented else "Bearer"
        return {"www-authenticate": challenge}


class IssuerUnavailable(Unauthenticated):
    """The issuer did not give its keys."""

    code = "IDENTITY_UNAVAILABLE"
    status = 503
    retryable = True

    @property
    def headers(self) -> dict[str, str]:
        return {"retry-after": "5"}
