"""Which dialect a server speaks: today's Stripe, or the older one (before basil, 2025-03-31) of servers that play it.

Learnt from the answers that come anyway: Stripe puts a Request-Id on every answer, the older servers on none. Stripe
itself is known from its address. What the older servers choke on is left out of what they are asked.
"""

from enum import Enum

import msgspec

from sources.stripe import legacy_shapes
from sources.stripe.answers import error_of
from sources.wire.messages import Response

Params = tuple[tuple[str, str], ...]

# Filters by resource that the older servers take; others end in a 400 or a bare 500.
OLDER_TAKES: dict[str, frozenset[str]] = {
    "subscriptions": frozenset(["customer", "status"]),
    "invoices": frozenset(["customer"]),
    "charges": frozenset(["customer"]),
    "refunds": frozenset(["charge"]),
    "events": frozenset(["created[gte]"]),
}
PAGING = frozenset(["limit", "starting_after"])
# Filters that Stripe may be spared while the dialect is unknown: the records are filtered again when they are here.
SPARED = frozenset(["status", "due_date[lt]"])


class Age(Enum):
    """How old a server's dialect is."""

    UNKNOWN = "UNKNOWN"
    TODAY = "TODAY"
    OLDER = "OLDER"


class _Peek(msgspec.Struct):
    object: str


_peek = msgspec.json.Decoder(_Peek)


class Dialect:
    """The dialect of one server, as far as it is known."""

    def __init__(self, *, official: bool) -> None:
        self.age = Age.TODAY if official else Age.UNKNOWN

    @property
    def today(self) -> bool:
        return self.age is Age.TODAY

    @property
    def older(self) -> bool:
        return self.age is Age.OLDER

    def learn(self, response: Response) -> bool:
        """Take notice of an answer; True where it turned out that the server is an older one."""
        if self.age is Age.TODAY:
            return False
        before = self.age
        if "request-id" in response.headers:
            self.age = Age.TODAY
        elif _speaks_stripe(response):
            self.age = Age.OLDER
        return self.age is Age.OLDER and before is not Age.OLDER

    def params(self, resource: str, params: Params) -> Params:
        """What of the parameters this server may be sent; `resource` is e.g. "invoices"."""
        if self.age is Age.TODAY:
            return params
        if self.age is Age.UNKNOWN:
            return tuple(p for p in params if resource == "subscriptions" or p[0] not in SPARED)
        takes = OLDER_TAKES.get(resource, frozenset()) | PAGING
        return tuple(p for p in params if p[0] in takes)

    def unsure(self, params: Params) -> bool:
        """Whether the dialect must be known before this is asked: a list resumed by time crashes an older server."""
        return self.age is Age.UNKNOWN and any(name == "created[lte]" for name, _ in params)

    def body(self, response: Response) -> bytes:
        """The answer's body in today's shape. Raises msgspec.DecodeError."""
        return legacy_shapes.modern(response.body) if self.older else response.body


def _speaks_stripe(response: Response) -> bool:
    if response.status == 400:
        return error_of(response) is not None
    if response.status != 200:
        return False
    try:
        _peek.decode(response.body)
    except msgspec.MsgspecError:
        return False
    return True
