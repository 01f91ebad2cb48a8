"""What the REST API of a Tryton lets a user of the books do: make, change, delete and post documents and entries.

Each request is a transaction. Nothing is unique on a reference. Tryton fills in nothing by itself, but the state, the
sums and the taxes, which are rounded half to even for each set of taxes. Numbers follow one another in time.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sources.canonical.money import exponent
from sources.tryton.simulator.bookkeeping import COMPANY, Bookkeeping, in_euro
from sources.tryton.simulator.database import Database, Record, UnknownName
from sources.tryton.simulator.ground import Ground
from sources.tryton.simulator.refusing import (
    forbidden,
    label,
    locked,
    not_called,
    not_there,
    outside_domain,
    required,
    user_error,
)

INVOICE, ENTRY = "account.invoice", "account.move"
LINES = {INVOICE: "account.invoice.line", ENTRY: "account.move.line"}
REQUIRED = {
    INVOICE: ("type", "company", "party", "invoice_address", "currency", "account"),
    ENTRY: ("company", "journal", "period", "date"),
    "account.invoice.line": ("type", "quantity", "unit_price"),
    "account.move.line": ("account", "debit", "credit"),
}
BUTTONS: dict[str, tuple[str, ...]] = {INVOICE: ("post", "cancel"), ENTRY: ("post",)}
UNENDED = ("draft", "validated")
ENDED = ("posted", "paid", "cancelled")
FIRST_ID = 2**52 + 1  # above every id that comes of a fact: what is made later has the higher one
ZERO = Decimal(0)


class Writing:
    """Makes and posts. `posting_seconds`: how long it takes, in which nobody else gets a number."""

    def __init__(self, database: Database, ground: Ground, books: Bookkeeping) -> None:
        self._database = database
        self._ground = ground
        self._books = books
        self._last_id = FIRST_ID
        self._posting = False
        self.posting_seconds = 0.0

    def create(self, model: str, values: Record) -> Record:
        """A new document or entry, a draft."""
        if model not in LINES:
            user_error(f'You are not allowed to access "{label(model)}".')
        lines = [line for command, part in values.get("lines") or () if command == "create" for line in part]
        self._check(model, {**values, "lines": None})
        for line in lines:
            self._check(LINES[model], line)
        row = self._put(model, {**values, "lines": [], "state": "draft", "number": None})
        try:
            (self._fill_invoice if model == INVOICE else self._fill_entry)(row, lines)
        except BaseException:
            self._database.table(model).drop(row["id"])
            raise
        return self._database.table(model).rows[row["id"]]

    def change(self, model: str, number: int, values: Record) -> Record:
        """Set fields of a draft."""
        row = self._row(model, number)
        if row.get("state") in ENDED:
            field = label(next(iter(values), "state"))
            user_error(f'You are not allowed to modify the field "{field}" of "{label(model)}".')
        self._check(model, values, whole=False)
        changed = {**row, **values, "write_date": datetime.now(UTC)}
        if model == ENTRY:
            self._in_period(changed)
        return self._database.table(model).put(changed)

    def delete(self, model: str, number: int) -> None:
        """Delete a draft, or what was cancelled before it had a number."""
        row = self._row(model, number)
        if row["state"] == "posted" and model == ENTRY:
            user_error(f'You cannot modify posted move "{self._name(row)}".')
        if row["state"] in ("posted", "paid") or row["number"]:
            user_error(f'You cannot modify invoice "{self._name(row)}" because it is posted, paid or cancelled.')
        if model == ENTRY:
            self._owe(row["lines"], -1)
        for line in row["lines"]:
            self._database.table(LINES[model]).drop(line)
        self._database.table(model).drop(number)

    async def press(self, model: str, number: int, button: str, *, skip_warnings: bool) -> Record:
        """Do what a button does."""
        if button not in BUTTONS.get(model, ()):
            forbidden()
        row = self._row(model, number)
        if row["state"] not in UNENDED:
            not_called(button, self._name(row), model)
        if button == "cancel":
            return self._database.table(model).put({**row, "state": "cancelled", "write_date": datetime.now(UTC)})
        if self._posting:
            locked()
        post = self._post_invoice if model == INVOICE else self._post_entry
        if not self.posting_seconds:
            return post(row, skip_warnings=skip_warnings)
        self._posting = True
        try:
            await asyncio.sleep(self.posting_seconds)
            return post(self._row(model, number), skip_warnings=skip_warnings)
        finally:
            self._posting = False

    def _post_invoice(self, row: Record, *, skip_warnings: bool) -> Record:
        today, day = datetime.now(UTC).date(), row["invoice_date"] or datetime.now(UTC).date()
        if day > today and not skip_warnings:
            user_error(f'The invoices "{self._name(row)}" have an invoice date in the future.')
        self._open_period(day)
        sequence = self._ground.sequence(day)
        later = [
            other
            for other in self._database.table(INVOICE).by("sequence", [sequence])
            if other["number"] and other["invoice_date"] > day
        ]
        if later:
            user_error(
                f'To number the invoice "{self._name(row)}", you must set an invoice date after "{day}" because the'
                f' sequence "Invoices {day.year}" has already been used for invoice "{self._name(later[-1])}".'
            )
        due = (row.get("payment_term_date") or day) + self._term(row)
        if due < today and not skip_warnings:
            user_error(f'The invoice "{self._name(row)}" generates a payment date "{due}" in the past.')
        return self._book_invoice({**row, "invoice_date": day}, sequence, due)

    def _book_invoice(self, row: Record, sequence: int, due: date) -> Record:
        worth = in_euro(abs(row["total_amount"]), self._code(row["currency"]))
        debit, credit = (worth, ZERO) if row["total_amount"] >= 0 else (ZERO, worth)
        owed = {"account": row["account"], "party": row["party"], "debit": debit, "credit": credit}
        line = self._put(LINES[ENTRY], {**owed, "maturity_date": due, "amount": row["total_amount"]})
        entry = self._put(
            ENTRY,
            {
                "state": "posted",
                "number": self._books.next_entry(),
                "date": row["invoice_date"],
                "post_date": datetime.now(UTC).date(),
                "journal": row.get("journal"),
                "company": COMPANY,
                "origin": f"{INVOICE},{row['id']}",
                "lines": [line["id"]],
            },
        )
        posted = {"state": "posted", "number": self._books.next_number(), "sequence": sequence, "move": entry["id"]}
        settled = {"lines_to_pay": [line["id"]], "write_date": datetime.now(UTC)}
        return self._database.table(INVOICE).put({**row, **posted, **settled})

    def _post_entry(self, row: Record, *, skip_warnings: bool) -> Record:
        lines = [self._database.table(LINES[ENTRY]).rows[number] for number in row["lines"]]
        self._open_period(row["date"])
        if sum(line["debit"] - line["credit"] for line in lines):
            user_error(f'To post move "{self._name(row)}", you must balance all its lines debits and credits.')
        now = datetime.now(UTC)
        posted = {"state": "posted", "number": self._books.next_entry(), "post_date": now.date(), "write_date": now}
        return self._database.table(ENTRY).put({**row, **posted})

    def _fill_invoice(self, row: Record, lines: list[Record]) -> None:
        step = Decimal(1).scaleb(-exponent(self._code(row["currency"])))
        made: list[int] = []
        origins: list[int] = []
        bases: dict[tuple[tuple[int, ...], bool], Decimal] = {}
        for place, line in enumerate(lines, 1):
            amount = (Decimal(str(line["quantity"])) * line["unit_price"]).quantize(step, ROUND_HALF_EVEN)
            taxes = [number for command, part in line.get("taxes") or () if command == "add" for number in part]
            values = {**line, "taxes": taxes, "amount": amount, "invoice": row["id"], "sequence": place}
            made.append(self._put(LINES[INVOICE], values)["id"])
            origins += self._origin_of(line)
            key = (tuple(taxes), amount >= 0)
            bases[key] = bases.get(key, ZERO) + amount
        net = sum((base for base in bases.values()), ZERO.quantize(step))
        tax = sum((self._tax(taxes, base, step) for (taxes, _), base in bases.items()), ZERO.quantize(step))
        sums = {"untaxed_amount": net, "tax_amount": tax, "total_amount": net + tax}
        nothing: dict[str, list[int]] = {"lines_to_pay": [], "payment_lines": []}
        self._database.table(INVOICE).put(
            {**row, **sums, **nothing, "move": None, "lines": made, "origin_invoices": list(dict.fromkeys(origins))}
        )

    def _fill_entry(self, row: Record, lines: list[Record]) -> None:
        self._in_period(row)
        made = [self._put(LINES[ENTRY], {**line, "move": row["id"]})["id"] for line in lines]
        self._owe(made, 1)
        self._database.table(ENTRY).put({**row, "lines": made})

    def _owe(self, lines: list[int], sign: int) -> None:
        """What is owed changes with an entry's draft already, not with its posting."""
        for line in (self._database.table(LINES[ENTRY]).rows[number] for number in lines):
            if line["account"] == self._ground.account["receivable"] and line["party"] is not None:
                owed = self._books.booked.get(line["party"], ZERO)
                self._books.booked[line["party"]] = owed + sign * (line["debit"] - line["credit"])

    def _tax(self, taxes: tuple[int, ...], base: Decimal, step: Decimal) -> Decimal:
        rates = [self._database.table("account.tax").rows[number]["rate"] for number in taxes]
        return sum(((base * rate).quantize(step, ROUND_HALF_EVEN) for rate in rates), ZERO.quantize(step))

    def _origin_of(self, line: Mapping[str, Any]) -> list[int]:
        model, _, number = (line.get("origin") or "").partition(",")
        origin = self._database.table(LINES[INVOICE]).rows.get(int(number)) if model == LINES[INVOICE] else None
        return [origin["invoice"]] if origin else []

    def _in_period(self, row: Record) -> None:
        period = self._database.table("account.period").rows[row["period"]]
        if period["state"] != "open":
            user_error(f'You cannot create a journal-period in closed period "{period["name"]}".')
        if not period["start_date"] <= row["date"] <= period["end_date"]:
            outside_domain(period["name"], "period", self._name(row), ENTRY)

    def _open_period(self, day: date) -> None:
        period = self._ground.period(day)
        if period is None:
            user_error(f'To continue, you must create a period for the date "{day}" and company "Demo".')
        elif period["state"] != "open":
            user_error(f'To continue, you must reopen the period "{period["name"]}" of company "Demo" for the date.')

    def _term(self, row: Record) -> timedelta:
        """The days of a term that is called "Net 30"."""
        term = self._database.table("account.invoice.payment_term").rows.get(row.get("payment_term") or 0)
        return timedelta(days=int(str(term["name"]).split()[-1])) if term else timedelta(days=0)

    def _check(self, model: str, values: Record, *, whole: bool = True) -> None:
        """Fields that are known, references to what is there, what is required."""
        fields = self._database.table(model).fields
        for name, value in values.items():
            if name not in fields:
                raise UnknownName(name)
            target = fields[name]
            if target and isinstance(value, int) and value not in self._database.table(target).rows:
                user_error(f'The value "{value}" for field "{label(name)}" in "{label(model)}" does not exist.')
        for name in REQUIRED[model] if whole else ():
            if values.get(name) is None:
                required(name, model)

    def _put(self, model: str, values: Record) -> Record:
        self._last_id += 1
        table = self._database.table(model)
        born = {"id": self._last_id, "create_date": datetime.now(UTC), "write_date": None}
        return table.put({**dict.fromkeys(table.fields), **values, **born})

    def _row(self, model: str, number: int) -> Record:
        return self._database.table(model).rows.get(number) or not_there()

    def _code(self, currency: int) -> str:
        return str(self._database.table("currency.currency").rows[currency]["code"])

    def _name(self, row: Record) -> str:
        number = row["number"] or (f"({row['id']})" if "reference" not in row else "")
        return " ".join(part for part in (number, f"[{row['reference']}]" if row.get("reference") else "") if part)
