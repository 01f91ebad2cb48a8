"""The day on which the books let a document be: in an open period, and not before the last one numbered.

Source: Tryton 8.2, account_invoice, numbering: a sequence's dates never go back; account, periods.
"""

from datetime import UTC, date, datetime

import msgspec

from sources.tryton.client import Client
from sources.tryton.refusals import Closed
from sources.tryton.shapes import Shape
from sources.tryton.values import Day, Domain, day_value

PERIOD, NUMBERING, INVOICE = "account.period", "account.fiscalyear.invoice_sequence", "account.invoice"
ROUNDS = (
    3  # the last number may lie beyond the period that was found first; a third closed one is a matter for a person
)


class Period(Shape, frozen=True, kw_only=True):
    """account.period, a standard one that is open"""

    start_date: Day
    end_date: Day
    fiscalyear: int


class Numbering(Shape, frozen=True, kw_only=True):
    """account.fiscalyear.invoice_sequence: which sequence numbers the documents of a year or a period"""

    period: int | None
    out_credit_note_sequence: int
    out_invoice_sequence: int


class Dated(Shape, frozen=True, kw_only=True):
    """A numbered invoice."""

    invoice_date: Day | None


class Booking(msgspec.Struct, frozen=True):
    """A day, and the open period that it lies in."""

    day: date
    period: int


class Calendar:
    """Periods and numbers of one company."""

    def __init__(self, client: Client, company: int) -> None:
        self._client = client
        self._ours: Domain = [["company", "=", company]]

    async def booking(self, on: date) -> Booking:
        """The first day from `on` that lies in an open period. Raises Closed where none has begun by today."""
        day, period = await self._open(on)
        return Booking(day, period.id)

    async def invoice_day(self, on: date, *, credit: bool) -> date:
        """The first day from `on` on which a credit note (or an invoice) can be numbered. Raises Closed."""
        day = on
        for _ in range(ROUNDS):
            first, period = await self._open(day)
            day = max(first, await self._last_numbered(period, credit=credit) or first)
            if day <= period.end_date.date:
                return self._begun(day)
        raise Closed("the last numbers lie beyond every open period")

    async def _open(self, on: date) -> tuple[date, Period]:
        open_ones: Domain = [["type", "=", "standard"], ["state", "=", "open"], ["end_date", ">=", day_value(on)]]
        fields = ["start_date", "end_date", "fiscalyear"]
        rows = await self._client.search(
            PERIOD, [*self._ours, *open_ones], Period, fields, order=[("start_date", "ASC")], limit=1
        )
        if not rows.records:
            raise Closed(f"no period from {on} on is open")
        period = rows.records[0]
        return self._begun(max(on, period.start_date.date)), period

    async def _last_numbered(self, period: Period, *, credit: bool) -> date | None:
        numbering: Domain = [["fiscalyear", "=", period.fiscalyear]]
        fields = ["period", "out_credit_note_sequence", "out_invoice_sequence"]
        order = [("sequence", "ASC NULLS FIRST"), ("id", "ASC")]
        rows = await self._client.search(NUMBERING, [*self._ours, *numbering], Numbering, fields, order=order)
        found = next((row for row in rows.records if row.period in (None, period.id)), None)
        if found is None:
            raise Closed("the fiscal year has no sequence for invoices")
        sequence = found.out_credit_note_sequence if credit else found.out_invoice_sequence
        numbered: Domain = [["type", "=", "out"], ["sequence", "=", sequence], ["invoice_date", "!=", None]]
        last = await self._client.search(
            INVOICE, [*self._ours, *numbered], Dated, ["invoice_date"], order=[("invoice_date", "DESC")], limit=1
        )
        return next((row.invoice_date.date for row in last.records if row.invoice_date), None)

    def _begun(self, day: date) -> date:
        if day > datetime.now(UTC).date():
            raise Closed(f"the books would take it on {day} at the earliest, which is not yet")
        return day
