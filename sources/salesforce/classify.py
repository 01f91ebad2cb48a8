"""What an answer of Salesforce stands for.

Source: REST API Developer Guide, Status Codes and Error Responses; the retry policy that Airbyte's connector tested.
Salesforce sends no Retry-After and no RateLimit headers.
"""

import re

import msgspec

from sources.faults import Refused, SourceFault, Throttled, Unavailable
from sources.wire.messages import Response

UNAUTHORIZED, FORBIDDEN, RETIRED, THROTTLED = 401, 403, 410, 429
EDGE_ANSWERS = frozenset([406, 420])  # the edge while an organization is being moved or set up; often without a body
DAILY_LIMIT_SECONDS = 300.0  # the daily quota frees itself over hours: asking every few minutes is often enough
LATER = frozenset(["UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION"])
LIMIT = "REQUEST_LIMIT_EXCEEDED"
_CODE = re.compile(r"[A-Za-z_]{1,60}")

LOOPING_401 = (
    "Connected app is not attached to Agent",
    "This session is not valid for use with the REST API",
    "BlackTab users cannot perform API operations",
)
"""401 answers that a new token does not mend: jsforce looped on them."""


class UnknownField(Refused):
    """A query names a field that the object does not have, or that the integration user may not see."""


class ApiError(msgspec.Struct, frozen=True, kw_only=True):
    """One error of a REST answer; the token endpoint says `error` instead of `errorCode`."""

    errorCode: str = ""
    message: str = ""


class TokenError(msgspec.Struct, frozen=True):
    """What the token endpoint says."""

    error: str = ""


_errors = msgspec.json.Decoder(list[ApiError] | TokenError)


def classify(response: Response) -> SourceFault | None:
    """The fault that an answer stands for. A 401 passes: the client renews the token once."""
    if response.status < 300 or response.status == UNAUTHORIZED:
        return None
    return fault(response.status, response.body, response.headers.get("retry-after"))


def fault(status: int, body: bytes | msgspec.Raw, retry_after: str | None = None) -> SourceFault:
    """The fault of a whole answer, or of one part of a composite answer; its text holds the error's code at most."""
    error = error_of(body)
    text = f"status {status}" + (f" {error.errorCode}" if _CODE.fullmatch(error.errorCode) else "")
    if error.errorCode == LIMIT:
        concurrent = "concurrent" in error.message.lower()
        return Throttled(text, retry_after_seconds=None if concurrent else DAILY_LIMIT_SECONDS)
    if status == THROTTLED or error.errorCode == "rate_limit_exceeded":
        return Throttled(text, retry_after_seconds=_seconds(retry_after))
    if status >= 500 or status in EDGE_ANSWERS or error.errorCode in LATER:
        return Unavailable(text)
    if error.errorCode == "INVALID_FIELD":
        return UnknownField(text)
    if status == RETIRED:
        return Refused(f"{text}: this api_version was retired")
    return Refused(text)


def error_of(body: bytes | msgspec.Raw) -> ApiError:
    """The first error of an answer; an empty one where the body is none of Salesforce's own."""
    try:
        errors = _errors.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ApiError()
    if isinstance(errors, TokenError):
        return ApiError(errorCode=errors.error)
    return errors[0] if errors else ApiError()


def renewable(body: bytes) -> bool:
    """Whether a 401 is one that a new token mends."""
    error = error_of(body)
    return error.errorCode == "INVALID_SESSION_ID" and not any(text in error.message for text in LOOPING_401)


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None
