"""The adapter of a Stripe account: every capability that Stripe can serve."""

from sources.faults import NotOffered, Refused, SourceFault
from sources.stripe import shapes
from sources.stripe.batches import each
from sources.stripe.billing import BillingReads
from sources.stripe.changes import ChangesReads
from sources.stripe.credits import CreditsWrites
from sources.stripe.customers import CustomersReads
from sources.stripe.offers import Offers
from sources.stripe.refunds import RefundsWrites

# What a key must be allowed to read; a restricted key may lack any of them.
READ = ("customers", "subscriptions", "invoices", "charges", "refunds", "credit_notes", "disputes", "events")


class StripeAdapter(CustomersReads, ChangesReads, BillingReads, CreditsWrites, RefundsWrites, Offers):
    """CustomerReads, ChangeReads, DocumentSearch, and the reads and writes of billing."""

    async def check(self) -> tuple[str, ...]:
        """What is to be mended: one call for each kind of record, with the configured key."""
        problems = list(self._of_the_key())
        try:
            found = await each(READ, self._modes)
        except Refused as fault:
            return (*problems, f"{fault.reason}: set api_key to a secret or restricted key of this account")
        silent = [fault for fault in found.values() if isinstance(fault, SourceFault) and fault.retryable]
        if silent:
            raise silent[0]
        problems += [
            f"/v1/{resource}: {fault.reason}" for resource, fault in found.items() if isinstance(fault, Refused)
        ]
        problems += [fault.reason for fault in found.values() if isinstance(fault, NotOffered)]
        modes = {mode for answer in found.values() if isinstance(answer, set) for mode in answer}
        problems += self._of_the_mode(modes)
        if self.client.dialect.older and not self.settings.metadata_key("invoice_number"):
            problems.append("this server gives invoices no number: set fields.invoice_number to where they keep one")
        return tuple(problems)

    async def _modes(self, resource: str) -> set[bool]:
        listing = await self.client.listing(resource, shapes.Moded, (("limit", "1"),))
        return {item.livemode for item in (listing.data if listing else ()) if item.livemode is not None}

    def _of_the_key(self) -> list[str]:
        key = self.settings.api_key.get_secret_value()
        if key.startswith("pk_"):
            return ["api_key is a publishable key, which reads nothing: set a secret or restricted key (sk_…, rk_…)"]
        if self.settings.live and not self.settings.official:
            return ["api_key is a key of live mode, but base_url is not Stripe's: use a key of test mode there"]
        return []

    def _of_the_mode(self, modes: set[bool]) -> list[str]:
        if len(modes) == 1 and self.settings.live not in modes:
            return [f"the account answers in {'live' if True in modes else 'test'} mode, which is not that of api_key"]
        return []
