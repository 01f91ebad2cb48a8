"""Fills a real Tryton with the parties of a plan."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sources.simulation.facts import ERP, CustomerKnown, Place
from sources.tryton.real.founding import FIRST_YEAR
from sources.tryton.real.rpc import Rpc, day, number
from sources.tryton.simulator.bookkeeping import PER_EURO, in_euro
from sources.tryton.simulator.parties import PARENT_RELATION


class References:
    """Records that others refer to, created when they are first needed."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._known: dict[tuple[str, str], int] = {}

    def country(self, code: str) -> int:
        return self._get("country.country", code, [["code", "=", code]], name=code, code=code)

    def region(self, place: Place) -> int | None:
        if not place.region:
            return None
        code = place.region if "-" in place.region else f"{place.country}-{place.region}"
        values = {"name": place.region, "code": code, "type": "state", "country": self.country(place.country)}
        return self._get("country.subdivision", code, [["code", "=", code]], **values)

    def currency(self, code: str) -> int:
        rate = {"date": day(date(FIRST_YEAR, 1, 1)), "rate": number(Decimal(PER_EURO.get(code, "1")))}
        digits = {"JPY": 0, "KWD": 3}.get(code, 2)
        values = {"name": code, "code": code, "symbol": code, "digits": digits, "rates": [["create", [rate]]]}
        rounding = number(Decimal(1).scaleb(-digits))
        return self._get("currency.currency", code, [["code", "=", code]], rounding=rounding, **values)

    def term(self, days: int) -> int:
        line = {"type": "remainder", "relativedeltas": [["create", [{"days": days}]]]}
        name = f"Net {days}"
        return self._get(
            "account.invoice.payment_term", name, [["name", "=", name]], name=name, lines=[["create", [line]]]
        )

    def tax(self, rate: Decimal, company: int, account: int) -> int:
        name = f"VAT {rate.normalize():f} %"
        accounts = {"company": company, "invoice_account": account, "credit_note_account": account}
        values = {"name": name, "description": name, "type": "percentage", "rate": number(rate / 100), **accounts}
        return self._get("account.tax", name, [["name", "=", name]], **values)

    def exempt(self, company: int) -> int:
        values = {"name": "Exempt", "company": company, "kind": "sale", "lines": [["create", [{"tax": None}]]]}
        return self._get("account.tax.rule", "Exempt", [["name", "=", "Exempt"]], **values)

    def parent_relation(self) -> int:
        name = PARENT_RELATION
        return self._get("party.relation.type", name, [["name", "=", name]], name=name)

    def _get(self, model: str, key: str, domain: list[Any], **values: Any) -> int:
        if (model, key) not in self._known:
            self._known[model, key] = self._rpc.one(model, domain, **values)
        return self._known[model, key]


def create_parties(rpc: Rpc, references: References, customers: Sequence[CustomerKnown]) -> dict[str, int]:
    """The parties' ids by customer. Their tax numbers come later (`complete`): an unchecked one is a warning for
    every invoice that is posted."""
    company = rpc.context["company"]
    ids = rpc.create("party.party", [_values(fact, references, company) for fact in customers])
    return {fact.customer: number for fact, number in zip(customers, ids, strict=True)}


def complete(rpc: Rpc, references: References, customers: Sequence[CustomerKnown], ids: dict[str, int]) -> None:
    """Tax numbers (without a type: made-up ones do not pass the check of theirs), parents, credit limits."""
    rpc.create(
        "party.identifier",
        [{"party": ids[fact.customer], "type": None, "code": fact.tax_id} for fact in customers if fact.tax_id],
    )
    for fact in customers:
        if fact.parent in ids:
            relation = {"to": ids[fact.parent], "type": references.parent_relation()}
            rpc.call("model.party.party.write", [ids[fact.customer]], {"relations": [["create", [relation]]]})
    limits: dict[Decimal, list[int]] = {}
    for fact in customers:
        if fact.credit_limit is not None:
            limits.setdefault(in_euro(fact.credit_limit, fact.currency), []).append(ids[fact.customer])
    for limit, parties in limits.items():
        rpc.call("model.party.party.write", parties, {"credit_limit_amount": number(limit)})


def _values(fact: CustomerKnown, references: References, company: int) -> dict[str, Any]:
    place = fact.place
    address = {
        "party_name": fact.legal_name if fact.legal_name != fact.name else None,
        "street": place.line1,
        "city": place.city,
        "postal_code": place.postal_code,
        "country": references.country(place.country),
        "subdivision": references.region(place),
        "invoice": True,
        "delivery": True,
    }
    reached = {"email": fact.emails_by_system.get(ERP, fact.email), "phone": fact.phone, "website": fact.website}
    values: dict[str, Any] = {
        "name": fact.names_by_system.get(ERP, fact.name),
        "addresses": [["create", [address]]],
        "contact_mechanisms": [["create", [{"type": t, "value": v} for t, v in reached.items() if v]]],
        "customer_payment_term": references.term(fact.payment_terms_days),
    }
    if ERP in fact.keyed:
        values["code"] = fact.number
    if fact.tax_exempt:
        values["customer_tax_rule"] = references.exempt(company)
    return values
