"""Subscriptions. Source: Stripe API, Subscriptions."""

from datetime import datetime
from decimal import Decimal

from sources.canonical.billing import CustomerSubscription, SubscriptionStatus
from sources.canonical.money import Money, NotExact
from sources.stripe import shapes
from sources.stripe.mapping.common import Mapping, moment, moment_or_none
from sources.stripe.money import money

STATUSES = {
    "trialing": SubscriptionStatus.TRIALING,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.PAST_DUE,
    "paused": SubscriptionStatus.PAUSED,
    "unpaid": SubscriptionStatus.UNPAID,
    "canceled": SubscriptionStatus.CANCELED,
    "incomplete": SubscriptionStatus.INCOMPLETE,
    "incomplete_expired": SubscriptionStatus.CANCELED,  # final: the first payment did not come within 23 hours
}
RUNNING = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)


def subscription_record(mapping: Mapping, subscription: shapes.Subscription) -> CustomerSubscription:
    """A subscription; several items become one plan with their names joined."""
    items = subscription.items.data
    status, interval = _status(subscription), _interval(items)
    period_end = moment_or_none(max([item.current_period_end for item in items], default=None))
    cancel_at = moment_or_none(subscription.cancel_at)
    if cancel_at is None and subscription.cancel_at_period_end:
        cancel_at = period_end
    return CustomerSubscription(
        provenance=mapping.stamp(subscription.id),
        at=moment(subscription.created),
        customer_ref=mapping.owner(subscription.customer),
        status=status,
        vendor_status=subscription.status,
        plan=" + ".join([_plan(item.price) for item in items]) or subscription.id,
        quantity=items[0].quantity if len(items) == 1 else None,
        recurring=None if interval is None else _recurring(subscription),
        interval=interval,
        started_at=moment(subscription.start_date),
        current_period_end=period_end,
        next_charge_at=_next_charge(status, period_end, cancel_at),
        cancel_at=cancel_at if status is not SubscriptionStatus.CANCELED else None,
        payment_method="send_invoice" if subscription.collection_method == "send_invoice" else None,
    )


def _status(subscription: shapes.Subscription) -> SubscriptionStatus:
    status = STATUSES.get(subscription.status, SubscriptionStatus.OTHER)
    # Collection that is paused leaves Stripe's status as it was, although nothing is charged.
    return SubscriptionStatus.PAUSED if subscription.pause_collection and status in RUNNING else status


def _plan(price: shapes.Price) -> str:
    return price.nickname or price.lookup_key or price.id


def _interval(items: tuple[shapes.SubscriptionItem, ...]) -> str | None:
    spans = {(item.price.recurring.interval, item.price.recurring.interval_count) for item in items
             if item.price.recurring}  # fmt: skip
    if len(spans) != 1:
        return None
    interval, count = spans.pop()
    return interval if count == 1 else f"{count} {interval}s"


def _recurring(subscription: shapes.Subscription) -> Money | None:
    """What each interval costs; None where prices are tiered or metered, not all known, or need rounding."""
    items = subscription.items.data
    if subscription.items.has_more:
        return None
    total = Decimal(0)
    for item in items:
        if item.price.unit_amount_decimal is None or item.quantity is None:
            return None
        total += item.price.unit_amount_decimal * item.quantity
    currencies = {item.price.currency for item in items}
    if len(currencies) != 1 or total != total.to_integral_value():
        return None
    try:
        return money(int(total), currencies.pop())
    except NotExact:
        return None


def _next_charge(
    status: SubscriptionStatus, period_end: datetime | None, cancel_at: datetime | None
) -> datetime | None:
    if status not in RUNNING or period_end is None:
        return None
    return None if cancel_at is not None and cancel_at <= period_end else period_end
