"""What an answer of Stripe's stands for. Source: Stripe API, Errors; the retry rule of Stripe's own SDK.

Our own words, with the error's type, code and parameter, and the Request-Id that Stripe's support asks for; never the
message, which may hold ids and names.
"""

import re

import msgspec

from sources.faults import Busy, Malformed, OutcomeUnknown, Refused, SourceFault, Throttled, Unavailable
from sources.stripe.shapes import ErrorBody, ErrorDetail
from sources.wire.messages import Response

WORD = re.compile(r"[a-z_]{1,64}")
PARAM = re.compile(r"[a-z_]{1,40}(\[[a-z0-9_]{0,40}\]){0,3}")  # e.g. amount, or metadata[op_id]
REQUEST_ID = re.compile(r"req_[A-Za-z0-9]{1,64}")
PERMISSION = re.compile(r"rak_[a-z_]{1,64}")  # how a restricted key's permissions are called in a 403

# Limits are counted by the second, and Stripe does not say when to come back: its own SDK first waits half a second.
LIMITED_SECONDS = 0.5

_errors = msgspec.json.Decoder(ErrorBody)


def error_of(response: Response) -> ErrorDetail | None:
    """The error that the answer carries; None where its body is not one of Stripe's."""
    try:
        return _errors.decode(response.body).error
    except msgspec.MsgspecError:
        return None


def classify(response: Response) -> SourceFault | None:
    """The fault that the answer stands for; None for 2xx, and for 400 and 404, which the client judges itself."""
    if 200 <= response.status < 300:
        return None
    if response.status < 500 and _held(response):
        return Refused(told("held by Stripe for an approval of its own, not executed", response))
    if response.status in (400, 404):
        return None
    if response.status >= 500 and response.headers.get("idempotent-replayed") == "true":
        return OutcomeUnknown(told(f"answered {response.status}, as it will whenever this is sent", response),
                              key_spent=True)  # fmt: skip
    fault = _fault(response)
    advice = response.headers.get("stripe-should-retry")
    if advice == "false":
        fault.retryable = False
    elif advice == "true" and not fault.retryable:  # refused before anything was done
        return Busy(fault.reason)
    return fault


def _held(response: Response) -> bool:
    """Whether the account's own rules hold what was asked for. With which status is not documented."""
    error = error_of(response)
    return error is not None and error.code == "approval_required"


def _fault(response: Response) -> SourceFault:
    status, error = response.status, error_of(response)
    if status == 409:
        return Busy(told("the same, or another request on the same object, runs", response))
    if status == 429 and error and error.code == "lock_timeout":
        return Busy(told("another request holds the same object", response))
    if status == 429:
        reason = response.headers.get("stripe-rate-limited-reason", "")
        limit = f" ({reason})" if re.fullmatch(r"[a-z-]{1,40}", reason) else ""
        return Throttled(told(f"asked us to slow down{limit}", response), retry_after_seconds=_seconds(response))
    if status == 424 or status >= 500:
        return Unavailable(told(f"answered {status}", response))
    if status == 401:
        return Refused(told("refused the api_key", response))
    if status == 403:
        permission = PERMISSION.search((error.message if error else None) or "")
        lacking = f": the key lacks {permission.group()}" if permission else ""
        return Refused(told(f"refused what was asked{lacking}", response))
    if 300 <= status < 400:
        return Refused(told("answered with a redirect, which is not followed", response))
    return Refused(told(f"answered {status}", response))


def refusal(response: Response, what: str) -> SourceFault:
    """The fault of a 400 or 404 that the client cannot make sense of."""
    return Refused(told(f"answered {response.status} to {what}", response))


def malformed(response: Response, what: str) -> SourceFault:
    """The fault of an answer that does not fit its shape."""
    return Malformed(told(f"{what} did not fit its shape", response))


def told(reason: str, response: Response) -> str:
    """The reason, with what of the answer may be shown: the error's type, code and parameter, and the Request-Id."""
    error = error_of(response)
    words = [word for word in ((error.type, error.code) if error else ()) if word and WORD.fullmatch(word)]
    if error and error.param and PARAM.fullmatch(error.param):
        words.append(error.param)
    request_id = response.headers.get("request-id", "")
    if REQUEST_ID.fullmatch(request_id):
        words.append(request_id)
    return f"{reason} [{' '.join(words)}]" if words else reason


def _seconds(response: Response) -> float:
    """When to come back after a 429. Stripe sends no Retry-After; what stands between us and it may."""
    value = response.headers.get("retry-after", "")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", value) else LIMITED_SECONDS
