"""Refunds. Source: Stripe API, Refunds: one that was accepted may fail days later."""

from sources.faults import Refused
from sources.stripe import shapes
from sources.stripe.orders import (
    amount_of,
    is_ours,
    refund_form,
    refund_receipt,
    same_currency,
    since_of,
    unsent,
)
from sources.stripe.reads import Reads
from sources.writing import Receipt, RefundOrder

REFUNDS = "/v1/refunds"
INTENT = "pi_"


class RefundsWrites(Reads):
    """RefundWrites. A payment is named by its charge's id, or by its payment intent's."""

    async def refund(self, order: RefundOrder) -> Receipt:
        """Two calls: the charge tells its currency, which a refund is not told."""
        amount = amount_of(order)
        with unsent():
            charge = await self._charge(order.payment_id)
        if charge is None:
            raise Refused("there is no such payment")
        same_currency(charge, order.amount)
        form = refund_form(order, charge.id, amount, self.settings.metadata_key("case_number"))
        refund = await self.client.write(REFUNDS, form, order.key, shapes.Refund, REFUNDS)
        return refund_receipt(self.mapping(), refund, livemode=self.settings.live)

    async def find_refund(self, order: RefundOrder) -> Receipt | None:
        """By our reference in the list of the payment's refunds."""
        params = (_filter(order.payment_id), ("created[gte]", str(since_of(order))))
        refunds: tuple[shapes.Refund, ...] = await self.all_of("refunds", shapes.Refund, params)
        found = next((refund for refund in refunds if is_ours(refund.metadata, order)), None)
        return None if found is None else refund_receipt(self.mapping(), found, livemode=self.settings.live)

    async def refund_state(self, record_id: str) -> Receipt | None:
        """How a refund stands now: one call."""
        refund = await self.client.retrieve("refunds", record_id, shapes.Refund)
        return None if refund is None else refund_receipt(self.mapping(), refund, livemode=self.settings.live)

    async def _charge(self, payment_id: str) -> shapes.Charge | None:
        """The charge; of an intent, the one that succeeded."""
        if not payment_id.startswith(INTENT):
            return await self.client.retrieve("charges", payment_id, shapes.Charge)
        charges: tuple[shapes.Charge, ...] = await self.all_of("charges", shapes.Charge, (_filter(payment_id),))
        return next((charge for charge in charges if charge.status == "succeeded"), None)


def _filter(payment_id: str) -> tuple[str, str]:
    return ("payment_intent" if payment_id.startswith(INTENT) else "charge", payment_id)
