"""A simulated Stripe account in test mode, version 2026-10-28.endive, read side.

Source: Stripe API reference; the parameter and response classes of Stripe's own SDK 16.1; Stripe's published example
objects; its documentation of errors, limits, search and expansion.

Unverified, so no proof of what Stripe does: 400 (not 404) for an unknown id in a filter or cursor; the status of
`secret_key_required`; that values of a search are compared without regard to case; that refunds that failed leave
`amount_refunded` as it was; the order within a second. Events hold the object as it is now, not as it was.

Not simulated: writes, idempotency, webhooks, payment intents, balance transactions, test clocks, live mode, versions
other than the one above, and what searching.py names.
"""

from typing import Any

from sources.simulation.facts import Fact
from sources.simulation.harness import Harness
from sources.stripe.simulator.app import StripeApp
from sources.stripe.simulator.limits import Buckets, Limits
from sources.stripe.simulator.shop import Shop, derived_id

SECRET_KEY = "sk_test_simulated"  # noqa: S105  opens nothing but simulators
SEARCH_LAG_SECONDS = 5.0  # Stripe: normally less than a minute behind, in an outage up to an hour


class StripeSimulator:
    """A vendor's server to be served, filled and broken.

    Switches of its own: `limit_to(...)` for rate limits, `search_lag_seconds`, `allow(key, …)` for restricted keys,
    `expire(key)`, `delete_customer(customer)`.
    """

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

    def limit_to(self, limits: Limits) -> None:
        """Limit calls a second from now on."""
        self.app.buckets = Buckets(limits)

    def allow(self, key: str, *resources: str) -> None:
        """Make a key that may read these resources only, e.g. "invoices"."""
        self.app.keys[key] = frozenset(resources)

    def expire(self, key: str) -> None:
        """Let a key expire."""
        self.app.expired.add(key)

    def delete_customer(self, customer: str) -> str:
        """Delete the customer whose key in the world this is; gives its id."""
        id = derived_id("cus", customer)
        self.shop.customers.by_id[id].deleted = True
        return id
