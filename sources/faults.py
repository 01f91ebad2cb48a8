"""What can go wrong when a source is asked.

SourceFault
├── Unavailable   no connection, no answer, or 5xx: retry
│   ├── Timeout      not within the deadline or the source's own limit
│   └── CircuitOpen  not asked: it failed too often just now
├── Throttled     429 or the vendor's equal: retry after retry_after_seconds
├── Busy          409, 423 and their equals: somebody else is at it, or it runs already; nothing was done: try later
├── Refused       another 4xx: our request or our credential is wrong, never retry
├── Malformed     the answer does not fit its shape
├── OutcomeUnknown  a write was sent, and no answer tells whether it was done: look before anything is sent again
├── NotOffered    this server has no such thing: absent, with a reason, never retry
└── Overspent     not asked: the operation has made all the calls that one may make

`sent` is False where nothing left this machine: what was to be written was not.

A fault is a value as well as an exception: a batch's answer holds it at the keys that it concerns.
Its text names what was asked and what came, never a body, a credential or a person.
"""


class SourceFault(Exception):
    """A source did not give what it was asked for."""

    code = "SOURCE_UNAVAILABLE"
    retryable = False
    sent = True

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None, sent: bool | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds
        if sent is not None:
            self.sent = sent


class Unavailable(SourceFault):
    """No connection, no answer, or a 5xx."""

    retryable = True


class Timeout(Unavailable):
    """No answer within the deadline or the source's own limit."""

    code = "SOURCE_TIMEOUT"


class CircuitOpen(Unavailable):
    """Not asked: the source failed too often just now."""

    sent = False


class Throttled(SourceFault):
    """The source asks us to slow down."""

    code = "SOURCE_THROTTLED"
    retryable = True


class Busy(SourceFault):
    """Somebody else is at it, or the same request runs already: nothing was done by this one; try later, same key."""

    code = "SOURCE_BUSY"
    retryable = True


class OutcomeUnknown(SourceFault):
    """A write was sent, and no answer tells whether it was done.

    `key_spent`: the vendor would answer the same idempotency key with the same failure for ever.
    """

    code = "OUTCOME_UNKNOWN"

    def __init__(self, reason: str, *, key_spent: bool = False) -> None:
        super().__init__(reason)
        self.key_spent = key_spent


class Refused(SourceFault):
    """The source refused our request or our credential."""

    code = "SOURCE_REFUSED"


class Malformed(SourceFault):
    """The answer does not fit its shape."""

    code = "SOURCE_MALFORMED"


class NotOffered(SourceFault):
    """The server at base_url has no such thing."""

    code = "SOURCE_NOT_OFFERED"


class Overspent(SourceFault):
    """Not asked: the operation has made all the calls that one may make."""

    code = "COST_EXCEEDED"
    sent = False
