"""A new database's company: chart of accounts, fiscal years, tax account, bank, a user for the gateway and its key."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sources.tryton.real.rpc import Rpc, day, number

COMPANY_NAME = "Customer 360 Demo GmbH"
GROUPS = ["Accounting", "Dunning", "Sales"]
FIRST_YEAR = 2023  # the demo's history is of two years
KINDS = ("receivable", "payable", "revenue", "expense")
CODES = {"cash": "1.1.1", "tax": "6.3.6"}  # of the generic chart


def last_year() -> int:
    """The last fiscal year: due dates may lie in the next year, numbers too."""
    return datetime.now(UTC).year + 1


def found(rpc: Rpc) -> str:
    """Found the company; gives the key of the gateway's user application."""
    currency = rpc.one(
        "currency.currency",
        [["code", "=", "EUR"]],
        name="Euro",
        code="EUR",
        symbol="€",
        numeric_code="978",
        digits=2,
        rounding=number(Decimal("0.01")),
        rates=[["create", [{"date": day(date(FIRST_YEAR, 1, 1)), "rate": number(Decimal(1))}]]],
    )
    party = rpc.create("party.party", [{"name": COMPANY_NAME, "addresses": [["create", [{"city": "Berlin"}]]]}])[0]
    company = rpc.create("company.company", [{"party": party, "currency": currency}])[0]
    rpc.call("model.res.user.write", [rpc.user], {"companies": [["add", [company]]], "company": company})
    rpc.refresh()
    _chart(rpc, company)
    _exchange(rpc, company)
    _years(rpc, company)
    return _gateway_key(rpc, company)


def accounts(rpc: Rpc, company: int) -> dict[str, int]:
    """The accounts that documents are posted to."""
    ours: list[Any] = [["company", "=", company], ["closed", "!=", True]]
    by_kind = {kind: rpc.one("account.account", [[f"type.{kind}", "=", True], *ours]) for kind in KINDS}
    return by_kind | {name: rpc.one("account.account", [["code", "=", code], *ours]) for name, code in CODES.items()}


def _chart(rpc: Rpc, company: int) -> None:
    template = rpc.call("model.ir.model.data.get_id", "account", "account_template_root_en")
    wizard = "wizard.account.create_chart"
    session, *_ = rpc.call(f"{wizard}.create")
    rpc.call(f"{wizard}.execute", session, {}, "account")
    chosen = {"account_template": template, "company": company}
    rpc.call(f"{wizard}.execute", session, {"account": chosen}, "create_account")
    ids = accounts(rpc, company)
    properties = {
        "company": company,
        "account_receivable": ids["receivable"],
        "account_payable": ids["payable"],
        "category_account_expense": ids["expense"],
        "category_account_revenue": ids["revenue"],
    }
    rpc.call(f"{wizard}.execute", session, {"properties": properties}, "create_properties")
    rpc.call(f"{wizard}.delete", session)


def _exchange(rpc: Rpc, company: int) -> None:
    """Where differences between currencies are booked: no invoice in another currency is posted without."""
    ids = accounts(rpc, company)
    journal = rpc.one("account.journal", [["type", "=", "write-off"]])
    values = {
        "currency_exchange_journal": journal,
        "currency_exchange_credit_account": ids["revenue"],
        "currency_exchange_debit_account": ids["expense"],
    }
    configuration = rpc.one("account.configuration", [])
    rpc.call("model.account.configuration.write", [configuration], values)


def _years(rpc: Rpc, company: int) -> None:
    moves = rpc.one("ir.sequence.type", [["name", "=", "Account Move"]])
    invoices = rpc.one("ir.sequence.type", [["name", "=", "Invoice"]])
    for year in range(FIRST_YEAR, last_year() + 1):
        sequences = [
            {"name": f"Moves {year}", "sequence_type": moves, "company": company},
            {"name": f"Invoices {year}", "sequence_type": invoices, "company": company, "prefix": f"{year}/"},
        ]
        move_sequence, invoice_sequence = rpc.create("ir.sequence.strict", sequences)
        kinds = ("out_invoice", "out_credit_note", "in_invoice", "in_credit_note")
        numbered = {"company": company, **{f"{kind}_sequence": invoice_sequence for kind in kinds}}
        made = rpc.create(
            "account.fiscalyear",
            [
                {
                    "name": str(year),
                    "company": company,
                    "start_date": day(date(year, 1, 1)),
                    "end_date": day(date(year, 12, 31)),
                    "move_sequence": move_sequence,
                    "invoice_sequences": [["create", [numbered]]],
                }
            ],
        )
        rpc.call("model.account.fiscalyear.create_period", made)


def _gateway_key(rpc: Rpc, company: int) -> str:
    groups = [group["id"] for group in rpc.find("res.group", [["name", "in", GROUPS]], "name")]
    user = {"name": "Gateway", "login": "gateway", "groups": [["add", groups]], "companies": [["add", [company]]]}
    user_id = rpc.create("res.user", [user])[0]
    rpc.call("model.res.user.write", [user_id], {"company": company})
    application = rpc.create("res.user.application", [{"user": user_id, "application": "rest"}])
    key: str = rpc.call("model.res.user.application.read", application, ["key"])[0]["key"]
    return key
