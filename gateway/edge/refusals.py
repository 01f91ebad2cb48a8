"""Why a request is turned away before anything runs: a status, a code, a sentence."""

from collections.abc import Mapping

from resolvers.errors import ErrorCode


class Refusal(Exception):
    """The request cannot be served as it is; the message says what to do."""

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.retryable = retryable


def bad_request(message: str) -> Refusal:
    """The request is not a well-formed GraphQL request."""
    return Refusal(400, ErrorCode.BAD_REQUEST, message)
