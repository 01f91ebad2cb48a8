"""The words between the crosswalk and those who ask it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from sources.canonical.actor import RowLimit
from sources.canonical.customer import MatchMethod
from sources.canonical.provenance import CustomerRef
from sources.canonical.sensitivity import Sensitivity


class UnknownRecord(LookupError):
    """No such record was ever observed."""


class UnknownCustomer(LookupError):
    """No customer has this uid."""


class UnknownConflict(LookupError):
    """No conflict has this uid."""


class BadPosition(ValueError):
    """A position that the crosswalk did not give."""


class Link(msgspec.Struct, frozen=True):
    """A record that is a customer's, and how sure that is (0 to 1)."""

    source_uid: str
    ref: CustomerRef
    method: MatchMethod
    confidence: float


class LookupKey(msgspec.Struct, frozen=True):
    """What to find a customer by.

    `kind` is number, email, domain, tax_id, phone or external; `system` is the uid of the source that an
    external id is of, None for any.
    """

    kind: str
    value: str
    system: str | None = None


class CustomerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which customers. `classes` are what the viewer may see: a term of another class never matches.

    `rows.customers` holds uids or customer numbers. `also` are customers found elsewhere, by a document's number:
    they count as exact matches, under the same filters.
    """

    text: str | None = None
    classes: frozenset[Sensitivity] = frozenset()
    parent_uid: str | None = None
    tier: str | None = None
    owner: str | None = None
    linked_to: str | None = None  # the uid of a source
    rows: RowLimit = RowLimit()
    also: tuple[str, ...] = ()
    first: int = 10
    after: str | None = None


class CustomerHits(msgspec.Struct, frozen=True):
    """A page of customers, `cursors` beside `uids`. `total` is None above MAX_TOTAL."""

    uids: tuple[str, ...]
    cursors: tuple[str, ...]
    has_next: bool
    total: int | None


class Candidate(msgspec.Struct, frozen=True):
    """A customer whose record this may be. `rules` are those that matched."""

    customer_uid: str
    confidence: float
    rules: tuple[str, ...] = ()


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be linked without a guess. Evidence names rules, never values."""

    uid: str
    source_uid: str
    system: str
    ref: CustomerRef
    candidates: tuple[Candidate, ...]
    evidence: tuple[str, ...]
    detected_at: datetime
    open: bool
    resolved_by: str | None = None
    resolved_at: datetime | None = None


class Conflicts(msgspec.Struct, frozen=True):
    """A page of conflicts, newest first, `cursors` beside them."""

    conflicts: tuple[Conflict, ...]
    cursors: tuple[str, ...]
    has_next: bool


class Observed(msgspec.Struct, frozen=True):
    """What an observation changed: customers whose links or golden record are other than before.

    `merged` says which customers are another one from now on.
    """

    changed: frozenset[str]
    merged: Mapping[str, str] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history of a record's links. `actor` is None where the linker did it."""

    at: datetime
    actor: str | None
    action: str  # linked, moved, unlinked, merged, resolved
    from_customer: str | None
    to_customer: str | None
    method: MatchMethod | None
    evidence: tuple[str, ...]


class ChangeFreshness(msgspec.Struct, frozen=True):
    """How far a source's changes are known.

    `lag_seconds` is the age of the last poll that came to the end: whatever changed before it is known. None
    before the first one.
    """

    watermark: str | None
    polled_at: datetime | None
    last_change_at: datetime | None
    lag_seconds: float | None
