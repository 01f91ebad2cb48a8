"""The parties that the facts of the world make."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sources.simulation.facts import ERP, CustomerKnown
from sources.tryton.simulator.bookkeeping import in_euro
from sources.tryton.simulator.database import Database, Record

PARENT_RELATION = "is subsidiary of"
EUROPEAN = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# Source: Tryton, party.identifier, the types of python-stdnum, for countries outside the union.
OWN_TYPES = {
    "GB": "gb_vat",
    "CH": "ch_vat",
    "NO": "no_mva",
    "US": "us_ein",
    "CA": "ca_bn",
    "AU": "au_abn",
    "JP": "jp_cn",
}


class PartyBook:
    """Takes what is known of customers into a database."""

    def __init__(self, database: Database, make: Callable[..., Record]) -> None:
        self._database = database
        self._make = make
        self._codes = 1  # the party sequence; 1 is the company's own
        self.ids: dict[str, int] = {}  # the world's key -> the party
        self._waiting: dict[str, list[str]] = {}  # parent's key -> children known before it

    def known(self, fact: CustomerKnown) -> None:
        """A party, or what is new about it."""
        row = self._make(
            "party.party",
            fact.customer,
            fact.at,
            code=self._code(fact),
            name=fact.names_by_system.get(ERP, fact.name),
            active=True,
            replaced_by=None,
            addresses=[self._address(fact)],
            identifiers=self._identifiers(fact),
            contact_mechanisms=self._mechanisms(fact),
            relations=[],
            customer_payment_term=self._term(fact),
            customer_tax_rule=self._tax_rule(fact.at) if fact.tax_exempt else None,
            tier=fact.tier,
            industry=fact.industry,
            account_manager=self._id("company.employee", fact.owner, fact.at, name=fact.owner),
            credit_limit_amount=None if fact.credit_limit is None else in_euro(fact.credit_limit, fact.currency),
        )
        self.ids[fact.customer] = row["id"]
        self._relate(fact, row)
        self._dun(fact, row)

    def _code(self, fact: CustomerKnown) -> str:
        if ERP in fact.keyed:
            return fact.number
        known = self._database.table("party.party").rows.get(self.ids.get(fact.customer, -1))
        if known is not None:
            return str(known["code"])
        self._codes += 1
        return str(self._codes)

    def _address(self, fact: CustomerKnown) -> int:
        place = fact.place
        country = self._make("country.country", place.country, fact.at, code=place.country, name=place.country)
        region = None
        if place.region:
            code = place.region if "-" in place.region else f"{place.country}-{place.region}"
            region = self._make(
                "country.subdivision", code, fact.at, code=code, name=place.region, country=country["id"]
            )["id"]
        return self._id(
            "party.address",
            fact.customer,
            fact.at,
            party_name=fact.legal_name if fact.legal_name != fact.name else None,
            street=place.line1,
            city=place.city,
            postal_code=place.postal_code,
            country=country["id"],
            subdivision=region,
            invoice=True,
            delivery=True,
        )

    def _identifiers(self, fact: CustomerKnown) -> list[int]:
        if not fact.tax_id:
            return []
        european = fact.tax_id[:2] in EUROPEAN
        kind = "eu_vat" if european else OWN_TYPES.get(fact.place.country)
        return [self._id("party.identifier", fact.customer, fact.at, type=kind, code=fact.tax_id)]

    def _mechanisms(self, fact: CustomerKnown) -> list[int]:
        reached = {"email": fact.emails_by_system.get(ERP, fact.email), "phone": fact.phone, "website": fact.website}
        return [
            self._id("party.contact_mechanism", f"{fact.customer}/{kind}", fact.at, type=kind, value=value)
            for kind, value in reached.items()
            if value
        ]

    def _term(self, fact: CustomerKnown) -> int:
        days = fact.payment_terms_days
        return self._id("account.invoice.payment_term", str(days), fact.at, name=f"Net {days}")

    def _tax_rule(self, at: datetime) -> int:
        line = self._id("account.tax.rule.line", "exempt", at, tax=None)
        return self._id("account.tax.rule", "exempt", at, name="Exempt", lines=[line])

    def _relate(self, fact: CustomerKnown, row: Record) -> None:
        if fact.parent in self.ids:
            kind = self._id("party.relation.type", PARENT_RELATION, fact.at, name=PARENT_RELATION)
            to = self.ids[fact.parent]
            row["relations"] = [self._id("party.relation.all", fact.customer, fact.at, to=to, type=kind)]
        elif fact.parent is not None:
            self._waiting.setdefault(fact.parent, []).append(fact.customer)
        for child in self._waiting.pop(fact.customer, []):
            kind = self._id("party.relation.type", PARENT_RELATION, fact.at, name=PARENT_RELATION)
            relation = self._id("party.relation.all", child, fact.at, to=row["id"], type=kind)
            self._database.table("party.party").rows[self.ids[child]]["relations"] = [relation]

    def _dun(self, fact: CustomerKnown, row: Record) -> None:
        """A hold is a level of dunning that stops credit."""
        if fact.credit_hold:
            level = self._id("account.dunning.level", "stop", fact.at, credit_limit=True)
            self._id("account.dunning", fact.customer, fact.at, party=row["id"], level=level, blocked=False)
        else:
            for dunning in self._database.table("account.dunning").by("party", [row["id"]]):
                self._database.table("account.dunning").drop(dunning["id"])

    def _id(self, model: str, key: str, at: datetime, **fields: Any) -> int:
        return int(self._make(model, key, at, **fields)["id"])
