"""What every mapping needs: where records come from, and how times and links are made."""

from datetime import UTC, date, datetime

import msgspec

from sources.canonical.provenance import CustomerRef, Origin, Provenance
from sources.stripe.settings import StripeSettings
from sources.stripe.shapes import BalanceTransaction, Metadata

MAPPING_VERSION = 2
CUSTOMER = "customer"  # Stripe's word for the record that stands for a customer
# What we write into the metadata of what we make: our reference, our reason, and what a counter entry counters.
OP_ID, CREDIT_REASON, UNDOES = "op_id", "credit_reason", "undoes"
BALANCE_MARK = "."  # in no id of Stripe's: a movement of a balance is found by its customer's id and its own only
DASHBOARD = "https://dashboard.stripe.com"
EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY_SECONDS = 86_400


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """How the records of one answer are made."""

    origin: Origin
    fetched_at: datetime
    number_key: str
    case_key: str | None
    invoice_number_key: str | None
    links: bool  # the dashboard shows the records of Stripe itself, not of a server that plays it
    customer: CustomerRef | None = None  # whose list the answer is, where it is one customer's

    @classmethod
    def of(cls, origin: Origin, settings: StripeSettings, fetched_at: datetime) -> "Mapping":
        return cls(
            origin=origin,
            fetched_at=fetched_at,
            number_key=settings.number_key,
            case_key=settings.metadata_key("case_number"),
            invoice_number_key=settings.metadata_key("invoice_number"),
            links=settings.official,
        )

    def at(self, fetched_at: datetime, customer: CustomerRef | None = None) -> "Mapping":
        """The same for another answer."""
        return msgspec.structs.replace(self, fetched_at=fetched_at, customer=customer)

    def owner(self, id: str | None) -> CustomerRef | None:
        """The reference to a customer, where the object names one; the list's own where it is that."""
        return self.customer if self.customer is not None and self.customer.id == id else customer_ref(id)

    def stamp(self, id: str, url: str | None = None) -> Provenance:
        """The provenance of the record with the id."""
        return self.origin.stamp(id, self.fetched_at, url)

    def url(self, page: str, id: str | None, livemode: bool) -> str | None:
        """The record in Stripe's dashboard; None where it has no page that is known."""
        if not self.links or not id:
            return None
        return f"{DASHBOARD}/{'' if livemode else 'test/'}{page}/{id}"


def moment(epoch_seconds: int) -> datetime:
    """Stripe's time."""
    return datetime.fromtimestamp(epoch_seconds, UTC)


def moment_or_none(epoch_seconds: int | None) -> datetime | None:
    """Stripe's time, where there is one."""
    return None if epoch_seconds is None else moment(epoch_seconds)


def day_or_none(epoch_seconds: int | None) -> date | None:
    """The UTC date of Stripe's time, where there is one."""
    return None if epoch_seconds is None else date.fromordinal(EPOCH_DAY + epoch_seconds // DAY_SECONDS)


def customer_ref(id: str | None) -> CustomerRef | None:
    """The reference to a customer, where the object names one."""
    return CustomerRef(CUSTOMER, id) if id else None


def balance_id(moved: BalanceTransaction) -> str:
    """The record id of a movement of a customer's balance, e.g. cbtxn_1.cus_1."""
    return f"{moved.id}{BALANCE_MARK}{moved.customer}"


def held(metadata: Metadata, key: str | None) -> str | None:
    """What the metadata hold under the key; None where that is nothing."""
    return (metadata or {}).get(key) or None if key else None
