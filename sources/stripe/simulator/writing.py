"""What can be written, each in two parts: the form is checked first, then it is executed, by its customer's lock.

Source: Stripe API, Create/Preview/Void a credit note, Create a customer balance transaction, Create a refund; Stripe,
Issue credit notes. Movements of a balance and refunds are never changed or deleted. Unverified: the texts and codes of
credits above the invoice's total, and of notes on invoices that can have none; that a reference to an object which is
not there is a 400; that no customer.updated is told when a balance moves.

Not simulated: credit notes by lines, shipping or linked refunds, refund_amount, updates of memo and metadata.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from sources.stripe.simulator import records
from sources.stripe.simulator.asking import Wrong
from sources.stripe.simulator.forms import Form, exact
from sources.stripe.simulator.objects import Json, Objects
from sources.stripe.simulator.shop import Shop
from sources.stripe.simulator.translating import derived_id

NOTE = frozenset(["invoice", "amount", "credit_amount", "out_of_band_amount", "reason", "memo", "metadata",
                  "effective_at", "email_type"])  # fmt: skip
NOTE_REASONS = frozenset(["duplicate", "fraudulent", "order_change", "product_unsatisfactory"])
EMAIL_TYPES = frozenset(["credit_note", "none"])
BALANCE = frozenset(["amount", "currency", "description", "metadata"])
REFUND = frozenset(["charge", "payment_intent", "amount", "reason", "metadata"])
REFUND_REASONS = frozenset(["duplicate", "fraudulent", "requested_by_customer"])
LONGEST_MEMO, LONGEST_DESCRIPTION = 5000, 350
LONGEST_AMOUNT = -(10**12)


class Execution(msgspec.Struct, frozen=True):
    """A checked write: whose lock it takes, and what it does. `apply` may raise Wrong."""

    customer: str
    apply: Callable[[], Json]


class Writes:
    """Writes to one account. `refunds_are`: how a refund stands when it was just made."""

    def __init__(self, shop: Shop, objects: Objects, clock: Callable[[], float]) -> None:
        self._shop = shop
        self._objects = objects
        self._clock = clock
        self._made = 0
        self.refunds_are = "succeeded"
        self.mails: list[tuple[str, str]] = []
        """Who was written to, and about what: (customer, credit note)."""

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def checked(self, parts: list[str], form: str, key: str | None) -> Execution:
        """The write that is asked for by the path /v1/{parts}. Raises Wrong."""
        match parts:
            case ["credit_notes"]:
                return self._note(form, key)
            case ["credit_notes", id, "void"]:
                Form(form, frozenset())
                return self._void(id, key)
            case ["customers", id, "balance_transactions"]:
                return self._move(id, form)
            case ["refunds"]:
                return self._refund(form, key)
        raise Wrong(404, f"Unrecognized request URL (POST: /v1/{'/'.join(parts)}).")

    def preview(self, form: str) -> Json:
        """The credit note that a form would make; nothing is kept. Raises Wrong."""
        checked, invoice = self._checked_note(form)
        note = self._note_record(checked, invoice, "cn_preview")
        return self._objects.credit_note(note)

    def settle_refund(self, id: str, status: str, reason: str | None = None) -> None:
        """Let a refund come to an end, days later: succeeded, failed or canceled."""
        refund = self._shop.refunds.by_id[id]
        refund.status, refund.failure = status, reason
        self._shop.recount(self._shop.charges.by_id[refund.charge])
        happened = "failed" if status == "failed" else "updated"
        self._shop.tell(f"refund.{happened}", "refunds", refund, self.now)

    # ------------------------------------------------------------------------------------------- credit notes
    def _note(self, text: str, key: str | None) -> Execution:
        form, invoice = self._checked_note(text)

        def apply() -> Json:
            note = self._note_record(form, invoice, self._id("cn"))
            self._keep_note(note, invoice, key)
            if form.get("email_type") != "none":
                self.mails.append((invoice.customer, note.id))
            return self._objects.credit_note(note)

        return Execution(invoice.customer, apply)

    def _checked_note(self, text: str) -> tuple[Form, records.Invoice]:
        form = Form(text, NOTE)
        invoice = self._shop.invoices.get(form.required("invoice"))
        if invoice is None:
            raise _no("invoice", form.required("invoice"), "invoice")
        form.required("amount")
        exact(form.integer("amount") or 0, invoice.currency)
        form.integer("credit_amount", least=0)
        form.integer("out_of_band_amount", least=0)
        form.one_of("reason", NOTE_REASONS)
        form.one_of("email_type", EMAIL_TYPES)
        form.text("memo", LONGEST_MEMO)
        return form, invoice

    def _note_record(self, form: Form, invoice: records.Invoice, id: str) -> records.CreditNote:
        amount = form.integer("amount") or 0
        if invoice.status not in ("open", "paid"):
            raise Wrong(400, f"You can only create credit notes for open or paid invoices, not {invoice.status} ones.")
        if invoice.credited_before_payment + invoice.credited_after_payment + amount > invoice.total:
            raise Wrong(400, "The sum of credit notes is above the invoice's total.", param="amount")
        before = min(amount, invoice.remaining) if invoice.status == "open" else 0
        to_balance, elsewhere = form.integer("credit_amount", least=0), form.integer("out_of_band_amount", least=0)
        if (to_balance or 0) + (elsewhere or 0) != amount - before:
            raise Wrong(400, f"The sum of refunds, credit and out of band amounts must be {amount - before}.")
        return records.CreditNote(
            id=id, created=int(self._clock()), customer=invoice.customer, invoice=invoice.id,
            number=f"{invoice.number}-CN-{invoice.notes + 1:02}", amount=amount, before_payment=before,
            after_payment=amount - before, currency=invoice.currency, reason=form.get("reason"),
            memo=form.get("memo"), balance_transaction=self._id("cbtxn") if to_balance else None,
            out_of_band=elsewhere or None, metadata=form.kept_metadata(),
        )  # fmt: skip

    def _keep_note(self, note: records.CreditNote, invoice: records.Invoice, key: str | None) -> None:
        invoice.notes += 1
        invoice.credited_before_payment += note.before_payment
        invoice.credited_after_payment += note.after_payment
        if note.balance_transaction:
            self._shop.move_balance(
                note.customer, (note.out_of_band or 0) - note.after_payment, note.currency, "credit_note", self.now,
                note.balance_transaction, credit_note=note.id,
            )  # fmt: skip
        self._shop.credit_notes.put(note)
        self._shop.tell("credit_note.created", "credit_notes", note, self.now, key)
        self._shop.settle(invoice, self.now)

    def _void(self, id: str, key: str | None) -> Execution:
        note = self._shop.credit_notes.get(id)
        if note is None:
            raise _no("credit_note", id, "id", 404)
        invoice = self._shop.invoices.by_id[note.invoice]

        def apply() -> Json:
            if note.status == "void":
                raise Wrong(400, "This credit note is void already.")
            if invoice.status != "open" or note.after_payment:
                raise Wrong(400, "You can only void credit notes of open invoices.")
            note.status, note.voided_at = "void", int(self._clock())
            invoice.credited_before_payment -= note.before_payment
            self._shop.tell("credit_note.voided", "credit_notes", note, self.now, key)
            self._shop.settle(invoice, self.now)
            return self._objects.credit_note(note)

        return Execution(note.customer, apply)

    # ------------------------------------------------------------------------------------------- balances
    def _move(self, customer: str, text: str) -> Execution:
        known = self._shop.customers.get(customer)
        if known is None or known.deleted:
            raise _no("customer", customer, "customer", 404)
        form = Form(text, BALANCE)
        form.required("amount")
        amount, currency = form.integer("amount", least=LONGEST_AMOUNT) or 0, form.required("currency").lower()
        if not amount:
            raise Wrong(400, "Invalid integer: 0", code="parameter_invalid_integer", param="amount")
        if len(currency) != 3 or not currency.isalpha():
            raise Wrong(400, f"Invalid currency: {currency}.", param="currency")
        exact(amount, currency)
        description = form.text("description", LONGEST_DESCRIPTION)

        def apply() -> Json:
            moved = self._shop.move_balance(
                customer, amount, currency, "adjustment", self.now, self._id("cbtxn"), description=description,
                metadata=form.kept_metadata(),
            )  # fmt: skip
            return self._objects.balance_transaction(moved)

        return Execution(customer, apply)

    # ------------------------------------------------------------------------------------------- refunds
    def _refund(self, text: str, key: str | None) -> Execution:
        form = Form(text, REFUND)
        if ("charge" in form.values) == ("payment_intent" in form.values):
            raise Wrong(400, "One of charge and payment_intent must be given.", code="parameter_missing")
        charge = self._charge(form)
        amount = form.integer("amount")
        exact(amount or 0, charge.currency)
        form.one_of("reason", REFUND_REASONS)

        def apply() -> Json:
            refund = self._shop.refunds.put(records.Refund(
                id=self._id("re"), created=int(self._clock()), customer=charge.customer, charge=charge.id,
                intent=charge.intent, amount=_refundable(charge, amount), currency=charge.currency,
                reason=form.get("reason"), status=self.refunds_are, metadata=form.kept_metadata(),
            ))  # fmt: skip
            self._shop.recount(charge)
            self._shop.tell("refund.created", "refunds", refund, self.now, key)
            self._shop.tell("charge.refunded", "charges", charge, self.now, key)
            return self._objects.refund(refund)

        return Execution(charge.customer, apply)

    def _charge(self, form: Form) -> records.Charge:
        name = "charge" if "charge" in form.values else "payment_intent"
        if name == "charge":
            charge = self._shop.charges.get(form.values[name])
        else:
            tried = self._shop.charges.where("payment_intent", form.values[name]).records
            charge = next((each for each in tried if each.status == "succeeded"), None)
        if charge is None:
            raise _no(name, form.values[name], name)
        return charge

    def _id(self, prefix: str) -> str:
        self._made += 1
        return derived_id(prefix, f"written/{self._made}")


def _refundable(charge: records.Charge, amount: int | None) -> int:
    """What is to be refunded: the amount, or all that is left. Raises Wrong."""
    if charge.status != "succeeded":
        raise Wrong(400, "This charge was not successful.", code="charge_not_refundable")
    if charge.disputed:
        raise Wrong(400, "This charge is disputed.", code="charge_disputed")
    left = charge.amount - charge.refunded
    if left <= 0:
        raise Wrong(400, "This charge has already been refunded.", code="charge_already_refunded")
    if amount is not None and amount > left:
        raise Wrong(400, f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).",
                    param="amount")  # fmt: skip
    return left if amount is None else amount


def _no(what: str, id: str, param: str, status: int = 400) -> Wrong:
    return Wrong(status, f"No such {what}: '{id}'", code="resource_missing", param=param)
