"""A simulated Stripe account in test mode, version 2026-10-28.endive: its reads, and writes of credits and refunds.

Source: Stripe API reference; the parameter and response classes of Stripe's own SDK 16.1; Stripe's published example
objects; its documentation of errors, limits, idempotency, search and expansion.

Unverified, so no proof of what Stripe does: 400 (not 404) for an unknown id in a filter or cursor; the status of
`secret_key_required`; that values of a search are compared without regard to case; that refunds that failed leave
`amount_refunded` as it was; the order within a second; what writing.py and idempotency.py name. Events hold the object
as it is now, not as it was.

Not simulated: other writes, webhooks, payment intents, the account's own balance, test clocks, live mode, versions
other than the one above, and what searching.py and writing.py name.
"""

from typing import Any

from sources.simulation.facts import Fact
from sources.simulation.harness import Harness
from sources.stripe.simulator.app import StripeApp
from sources.stripe.simulator.limits import Buckets, Limits
from sources.stripe.simulator.posts import Trouble, TroubleKind
from sources.stripe.simulator.shelves import Shelf
from sources.stripe.simulator.shop import Shop
from sources.stripe.simulator.translating import derived_id

SECRET_KEY = "sk_test_simulated"  # noqa: S105  opens nothing but simulators
OP_ID = "op_id"  # the metadata key that holds a reference
SEARCH_LAG_SECONDS = 5.0  # Stripe: normally less than a minute behind, in an outage up to an hour


class StripeSimulator:
    """A vendor's server to be served, filled and broken.

    Switches of its own: `limit_to(...)` for rate limits, `search_lag_seconds`, `allow(key, …)` for restricted keys,
    `expire(key)`, `delete_customer(customer)`, `trouble(...)` for writes, `refunds_are(status)`,
    `settle_refund(id, status)`, `pass_time(seconds)`.
    """

    keeps_keys = True

    def __init__(self) -> None:
        self.shop = Shop()
        self.app = StripeApp(self.shop)
        self.app.keys[SECRET_KEY] = None
        self.app.search_lag_seconds = SEARCH_LAG_SECONDS
        self.harness = Harness(self.app)

    def absorb(self, fact: Fact) -> None:
        """Take a fact into the account; facts of customers that are not in billing are ignored."""
        self.shop.absorb(fact)

    def section(self, base_url: str) -> dict[str, Any]:
        """The [sources.NAME] section for this simulator."""
        return {"kind": "stripe", "base_url": base_url, "api_key": SECRET_KEY}

    @property
    def search_lag_seconds(self) -> float:
        """How far the search index is behind."""
        return self.app.search_lag_seconds

    @search_lag_seconds.setter
    def search_lag_seconds(self, seconds: float) -> None:
        self.app.search_lag_seconds = seconds

    def effects(self, reference: str) -> int:
        """How many records carry a reference of ours, void ones included."""
        shelves: tuple[Shelf[Any], ...] = (self.shop.credit_notes, self.shop.balance_transactions, self.shop.refunds)
        return sum(record.metadata.get(OP_ID) == reference for shelf in shelves for record in shelf.by_id.values())

    @property
    def mails(self) -> list[tuple[str, str]]:
        """Whom Stripe wrote to: (customer, credit note)."""
        return self.app.posts.writes.mails

    def trouble(self, kind: TroubleKind, only: str = "", times: int | None = None) -> None:
        """What goes wrong with writes whose path contains `only`: see Trouble."""
        self.app.posts.trouble = Trouble(kind=kind, only=only, times=times)

    def slow_execution(self, seconds: float) -> None:
        """Let each write hold its key and its customer's lock for so long."""
        self.app.posts.execution_seconds = seconds

    def refunds_are(self, status: str) -> None:
        """How a refund stands when it was just made, e.g. "pending"."""
        self.app.posts.writes.refunds_are = status

    def settle_refund(self, id: str, status: str, reason: str | None = None) -> None:
        """Let a refund come to its end, with the event: succeeded, failed or canceled."""
        self.app.posts.writes.settle_refund(id, status, reason)

    def pass_time(self, seconds: float) -> None:
        """Move the account's clock on."""
        self.app.ahead_seconds += seconds

    def limit_to(self, limits: Limits) -> None:
        """Limit calls a second from now on."""
        self.app.buckets = Buckets(limits)

    def allow(self, key: str, *resources: str) -> None:
        """Make a key that may read these resources only, e.g. "invoices", and write "refunds:write"."""
        self.app.keys[key] = frozenset(resources)

    def expire(self, key: str) -> None:
        """Let a key expire."""
        self.app.expired.add(key)

    def delete_customer(self, customer: str) -> str:
        """Delete the customer whose key in the world this is; gives its id."""
        id = derived_id("cus", customer)
        self.shop.customers.by_id[id].deleted = True
        return id
