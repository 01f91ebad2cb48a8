"""What was booked as received for an invoice, and the entry that books it out again.

A payment's entry debits the bank's account and credits the invoice's; a refund's is the reverse. Amounts of an entry
are in the company's currency; where the invoice is in another, each line names its amount in that one as well, and the
refund is converted as the payment was.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from sources.canonical.money import Money, exponent
from sources.faults import Refused
from sources.tryton.shapes import Coded, Shape
from sources.tryton.values import Numeric
from sources.tryton.writes.copying import Account, usable

ZERO = Decimal(0)


class EntryLine(Shape, frozen=True, kw_only=True):
    """account.move.line"""

    debit: Numeric
    credit: Numeric
    amount_second_currency: Numeric | None
    party: int | None = None
    account: Account = msgspec.field(name="account.")
    second: Coded | None = msgspec.field(name="second_currency.", default=None)

    @property
    def net(self) -> Decimal:
        """Debit less credit, in the company's currency."""
        return self.debit.decimal - self.credit.decimal


class PaymentEntry(Shape, frozen=True, kw_only=True):
    """account.move, of a payment"""

    journal: int
    lines: tuple[EntryLine, ...] = msgspec.field(name="lines.")


class PaymentLine(EntryLine, frozen=True, kw_only=True):
    """account.move.line that pays an invoice"""

    move: PaymentEntry = msgspec.field(name="move.")


class PaidInvoice(Shape, frozen=True, kw_only=True):
    """account.invoice, with what was booked for it"""

    party: int
    state: str
    code: Coded = msgspec.field(name="currency.")
    receivable: Account = msgspec.field(name="account.")
    payments: tuple[PaymentLine, ...] = msgspec.field(name="payment_lines.")


_LINE = ("debit", "credit", "amount_second_currency", "party", "account.closed", "account.active")
LINE_FIELDS = (*_LINE, "second_currency.code")
PAID_FIELDS = (
    *("party", "state", "currency.code", "account.closed", "account.active"),
    *(f"payment_lines.{name}" for name in LINE_FIELDS),
    "payment_lines.move.journal",
    *(f"payment_lines.move.lines.{name}" for name in LINE_FIELDS),
)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How money leaves: the journal, the bank's account, and what the company's currency is worth."""

    journal: int
    account: int
    per_unit: Decimal = Decimal(1)  # of the order's currency, in the company's


def way_of(payments: Sequence[PaymentLine], currency: str, company_currency: str, amount: Money) -> Way:
    """As the largest payment of the invoice came in. Raises Refused where less was booked than is to leave."""
    received = [line for line in payments if line.net < 0]
    booked = sum((_in_order_currency(line, currency, company_currency) for line in received), ZERO)
    if booked < amount.amount:
        raise Refused(f"the ledger has booked {booked} {currency} as received for this invoice")
    largest = min(received, key=lambda line: (line.net, line.id))
    others = [line for line in largest.move.lines if line.account.id != largest.account.id and line.net > 0]
    if not others:
        raise Refused("the payment was not booked on an account of money: set the key `refund` of this source")
    bank = max(others, key=lambda line: (line.net, line.id))
    usable([bank.account])
    return Way(
        journal=largest.move.journal,
        account=bank.account.id,
        per_unit=per_unit(received, currency, company_currency),
    )


def per_unit(payments: Sequence[EntryLine], currency: str, company_currency: str) -> Decimal:
    """What a unit of a currency was worth when it came in. Raises Refused where none did."""
    if currency == company_currency:
        return Decimal(1)
    for line in payments:
        if line.second and line.second.code == currency and line.amount_second_currency:
            return abs(line.net / line.amount_second_currency.decimal)
    raise Refused(f"nothing was booked in {currency}: what it is worth is not known")


def entry_lines(
    receivable: int, party: int, way: Way, amount: Money, company_currency: str, currency_id: int | None, text: str
) -> list[dict[str, Any]]:
    """Two lines: what the customer has back, and what the bank has given. `currency_id`: of another currency."""
    step = Decimal(1).scaleb(-exponent(company_currency))
    worth = (amount.amount * way.per_unit).quantize(step, ROUND_HALF_EVEN)
    owed = {"account": receivable, "party": party, "debit": Numeric(worth), "credit": Numeric(ZERO)}
    given = {"account": way.account, "debit": Numeric(ZERO), "credit": Numeric(worth)}
    lines = []
    for line, sign in ((owed, 1), (given, -1)):
        second = {"second_currency": currency_id, "amount_second_currency": Numeric(sign * amount.amount)}
        lines.append({**line, "description": text, **(second if currency_id is not None else {})})
    return lines


def counter_lines(lines: Sequence[EntryLine], currency_id: int | None) -> list[dict[str, Any]]:
    """The lines of the entry with the opposite sign."""
    usable(line.account for line in lines)
    made = []
    for line in lines:
        values: dict[str, Any] = {"account": line.account.id, "party": line.party}
        values |= {"debit": line.credit, "credit": line.debit}
        if line.second and line.amount_second_currency:
            other = Numeric(-line.amount_second_currency.decimal)
            values |= {"second_currency": currency_id, "amount_second_currency": other}
        made.append(values)
    return made


def amount_of(lines: Sequence[EntryLine], company_currency: str) -> Money:
    """What an entry moves, in the currency of its document."""
    second = next((line.second for line in lines if line.second), None)
    if second is None:
        return Money.of(sum((line.debit.decimal for line in lines), ZERO), company_currency)
    amounts = (line.amount_second_currency.decimal for line in lines if line.amount_second_currency)
    return Money.of(sum((amount for amount in amounts if amount > 0), ZERO), second.code)


def _in_order_currency(line: EntryLine, currency: str, company_currency: str) -> Decimal:
    if currency == company_currency and line.second is None:
        return -line.net
    if line.second and line.second.code == currency and line.amount_second_currency:
        return abs(line.amount_second_currency.decimal)
    return ZERO
