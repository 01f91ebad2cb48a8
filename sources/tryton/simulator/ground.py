"""What the books stand on: accounts, journals, fiscal years with their periods and numbers.

As `real/founding.py` founds a company: one strict sequence numbers all customer invoices of a fiscal year, credit notes
included.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime

from sources.tryton.simulator.database import Database, Record

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
FIRST_YEAR = 2020
ACCOUNTS = ("receivable", "revenue", "tax", "cash")
JOURNALS = {"REV": "revenue", "CASH": "cash", "MISC": "general"}


class Ground:
    """Ids of what documents are posted to."""

    def __init__(self, database: Database, make: Callable[..., Record], company: int) -> None:
        self._database = database
        self._make = make
        self._company = company
        self.account = {
            kind: self._id("account.account", kind, name=kind.title(), type=kind, closed=False, active=True)
            for kind in ACCOUNTS
        }
        self.journal = {
            code: self._id("account.journal", code, name=code, code=code, type=kind) for code, kind in JOURNALS.items()
        }
        self._id("account.configuration", "configuration", default_account_receivable=self.account["receivable"])
        for year in range(FIRST_YEAR, datetime.now(UTC).year + 2):
            self._year(year)

    def period(self, day: date) -> Record | None:
        """The period that a day lies in."""
        rows = self._database.table("account.period").rows.values()
        return next((row for row in rows if row["start_date"] <= day <= row["end_date"]), None)

    def sequence(self, day: date) -> int:
        """What numbers the customer invoices of a day."""
        return self._id("ir.sequence.strict", str(day.year), name=f"Invoices {day.year}")

    def _year(self, year: int) -> None:
        first, last = date(year, 1, 1), date(year, 12, 31)
        ours = {"company": self._company}
        number = self._id("account.fiscalyear", str(year), name=str(year), state="open", **span(first, last), **ours)
        for month in range(1, 13):
            days = span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
            self._id(
                "account.period",
                f"{year}-{month:02}",
                name=f"{year}-{month:02}",
                type="standard",
                state="open",
                fiscalyear=number,
                **days,
                **ours,
            )
        sequence = self.sequence(first)
        self._id(
            "account.fiscalyear.invoice_sequence",
            str(year),
            sequence=None,
            fiscalyear=number,
            period=None,
            out_invoice_sequence=sequence,
            out_credit_note_sequence=sequence,
            **ours,
        )

    def _id(self, model: str, key: str, **fields: object) -> int:
        return int(self._make(model, key, BEGINNING, **fields)["id"])


def span(first: date, last: date) -> dict[str, date]:
    """The days of a period."""
    return {"start_date": first, "end_date": last}
