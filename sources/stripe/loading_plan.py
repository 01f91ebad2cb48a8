"""What of the world's history a localstripe server is given: whose facts, how many, and what is left out."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from sources.simulation import facts
from sources.simulation.facts import BILLING
from sources.simulation.world.amounts import gross

# localstripe writes all it holds to disk whenever it takes something: more than this takes minutes instead of seconds.
DOCUMENTED_CUSTOMERS = 30
INVOICES_EACH = 3
CUSTOMERS = 60


class InvoicePlan(msgspec.Struct, kw_only=True):
    """An invoice and what becomes of it."""

    fact: facts.InvoiceIssued
    failed: list[facts.PaymentTried] = []
    paid: facts.PaymentTried | None = None
    refunds: list[facts.RefundMade] = []
    void: bool = False


class CustomerPlan(msgspec.Struct, kw_only=True):
    """A customer, with the subscriptions and invoices that are loaded, the oldest first."""

    fact: facts.CustomerKnown
    subscriptions: list[facts.SubscriptionChanged] = []
    invoices: list[InvoicePlan] = []

    @property
    def void_invoices(self) -> list[InvoicePlan]:
        """Those that were withdrawn."""
        return [invoice for invoice in self.invoices if invoice.void]

    @property
    def other_invoices(self) -> list[InvoicePlan]:
        """Those that were not."""
        return [invoice for invoice in self.invoices if not invoice.void]

    @property
    def steps(self) -> int:
        """How much there is to do, as the progress counts it."""
        return 1 + len(self.subscriptions) + len(self.invoices)


class Plan(msgspec.Struct, kw_only=True):
    """All customers that are loaded, and what is not, a sentence each."""

    customers: list[CustomerPlan]
    left_out: list[str]


def plan_of(history: Iterable[facts.Fact]) -> Plan:
    """The plan for a history: the last word on each customer and subscription, and the newest invoices."""
    known: dict[str, facts.CustomerKnown] = {}
    by_customer: dict[str, list[facts.Fact]] = defaultdict(list)
    for fact in history:
        if isinstance(fact, facts.CustomerKnown):
            known[fact.customer] = fact
        else:
            by_customer[fact.customer].append(fact)
    billed = [fact for _, fact in sorted(known.items()) if BILLING in fact.systems]
    missing: Counter[str] = Counter()
    customers = [CustomerPlan(fact=fact) for fact in billed[:CUSTOMERS]]
    for customer in customers[:DOCUMENTED_CUSTOMERS]:
        _fill(customer, by_customer[customer.fact.customer], missing)
    return Plan(customers=customers, left_out=_sentences(len(billed), len(customers), missing))


def _fill(customer: CustomerPlan, told: list[facts.Fact], missing: Counter[str]) -> None:
    subscriptions = {fact.key: fact for fact in told if isinstance(fact, facts.SubscriptionChanged)}
    customer.subscriptions = list(subscriptions.values())
    missing["subscription states"] += sum(fact.status not in ("active", "canceled") for fact in customer.subscriptions)
    issued = [fact for fact in told if isinstance(fact, facts.InvoiceIssued) and fact.in_billing]
    issued.sort(key=lambda fact: fact.at)
    missing["older invoices"] += max(0, len(issued) - INVOICES_EACH)
    customer.invoices = [InvoicePlan(fact=fact) for fact in issued[-INVOICES_EACH:]]
    invoices = {plan.fact.number: plan for plan in customer.invoices}
    payments: dict[str, InvoicePlan] = {}
    for fact in told:
        if isinstance(fact, facts.PaymentTried) and fact.invoice in invoices:
            _payment(invoices[fact.invoice], fact, payments, missing)
        elif isinstance(fact, facts.RefundMade) and fact.payment in payments:
            if fact.status == "failed":
                missing["failed refunds"] += 1
            else:
                payments[fact.payment].refunds.append(fact)
        elif isinstance(fact, facts.InvoiceClosed) and fact.number in invoices:
            invoices[fact.number].void = fact.how == "void" and invoices[fact.number].paid is None
            missing["write-offs"] += fact.how != "void"
        elif isinstance(fact, facts.CreditIssued):
            missing["credit notes"] += fact.invoice in invoices
        elif isinstance(fact, facts.DisputeOpened):
            missing["disputes"] += fact.payment in payments


def _payment(
    plan: InvoicePlan, fact: facts.PaymentTried, payments: dict[str, InvoicePlan], missing: Counter[str]
) -> None:
    if not fact.succeeded:
        plan.failed.append(fact)
    elif fact.amount == gross(plan.fact.lines, plan.fact.currency):
        plan.paid = fact
        payments[fact.key] = plan
    else:
        missing["payments of a part"] += 1


def _sentences(billed: int, taken: int, missing: Counter[str]) -> list[str]:
    given = [f"{count} {what} are left out: the server has no such thing" for what, count in sorted(missing.items())
             if count and what != "older invoices"]  # fmt: skip
    if missing["older invoices"]:
        given.append(f"{missing['older invoices']} invoices older than a customer's last {INVOICES_EACH} are left out")
    if billed > DOCUMENTED_CUSTOMERS:
        given.append(f"only the first {DOCUMENTED_CUSTOMERS} of {billed} customers have invoices and subscriptions")
    if billed > taken:
        given.append(f"only the first {taken} of {billed} customers are loaded: the server becomes slow with more")
    return [
        *given,
        "invoices have no due dates, their lines no quantities; only the last attempt to pay leads to its invoice",
        "every payment is by card; each customer has an invoice of nothing, and each invoice a line of nothing",
        "a withdrawn invoice has a canceled subscription of its own",
    ]
