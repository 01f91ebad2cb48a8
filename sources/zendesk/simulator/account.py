"""One simulated account: its records, its clock, its switches."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sources.zendesk.simulator.limits import Limits
from sources.zendesk.simulator.records import Records, Ticket
from sources.zendesk.simulator.searching import Index
from sources.zendesk.simulator.tokens import Tokens

ARCHIVED_AFTER = timedelta(days=120)


def _now() -> datetime:
    return datetime.now(UTC)


class Account:
    """What the endpoints share. Its attributes are switches."""

    def __init__(self) -> None:
        self.records = Records()
        self.index = Index(self.records)
        self.limits = Limits()
        self.tokens = Tokens()
        self.now: Callable[[], datetime] = _now
        self.role = "admin"
        """Of the credential's user: "admin", "agent" (no incremental exports), "light" (also no list of organizations,
        no audits, no writing)."""
        self.own_statuses = True
        """False: an account without statuses of its own."""
        self.slas_offered = True
        """False: the side-load of service levels is ignored, as on plans without them."""
        self.sla_null_breach_at = False
        self.sort_obeyed = True
        """False: lists of tickets come by id whatever sort is asked for."""
        self.metadata_kept = True
        """False: the metadata of an update is dropped, with a warning."""
        self.plain_text_errors = False
        """True: 400 and 422 come as text/plain."""

    def is_archived(self, ticket: Ticket) -> bool:
        """Closed so long ago that lists leave it out; searches and show_many still have it."""
        return ticket.closed_at is not None and self.now() - ticket.closed_at > ARCHIVED_AFTER
