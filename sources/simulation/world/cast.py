"""The customers with a story: what a person can look for in the demo, and tests can rely on.

The first customers of every world play these parts; `plots.py` tells what happens to them.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from sources.simulation.facts import BILLING, CRM, ERP, SUPPORT

EVERYWHERE = frozenset((SUPPORT, BILLING, ERP, CRM))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part in the world: which customer plays it, what there is to see, and how it differs from the others."""

    key: str
    number: str
    story: str
    country: str = "DE"
    size: str = "medium"
    known: Mapping[str, Any] = MappingProxyType({})  # fields of CustomerKnown that the part demands


def _known(**fields: Any) -> Mapping[str, Any]:
    return MappingProxyType(
        {"systems": EVERYWHERE, "keyed": EVERYWHERE, "tax_exempt": False, "names_by_system": {}, **fields}
    )


CAST: tuple[Part, ...] = (
    Part(key="everything", number="C-000001", size="big",
         known=_known(vip=True, tier="enterprise", credit_limit=Decimal(200_000)),
         story="A large customer with records in every system: the one to start with."),
    Part(key="ledger-mismatch", number="C-000002", known=_known(),
         story="One invoice has another total in the ledger than in billing."),
    Part(key="ledger-missing", number="C-000003", country="FR", known=_known(credit_limit=Decimal(100_000)),
         story="An invoice of two months ago never reached the ledger."),
    Part(key="ambiguous", number="C-000004", country="NL",
         known=_known(keyed=EVERYWHERE - {BILLING}, name="Zwartveen Lighting North", domain="zwartveen.example",
                      legal_name="Zwartveen Lighting North B.V.", email="office@zwartveen.example", tax_id=None,
                      names_by_system={BILLING: "Zwartveen"}, phone="+31850900100"),
         story="Its billing record has no customer number, and fits the sister company C-000005 just as well."),
    Part(key="ambiguous-sister", number="C-000005", country="NL",
         known=_known(systems=EVERYWHERE - {BILLING}, keyed=EVERYWHERE - {BILLING}, name="Zwartveen Lighting South",
                      domain="zwartveen.example", legal_name="Zwartveen Lighting South B.V.",
                      email="office@zwartveen.example", phone="+31850900100"),
         story="Shares its domain and its mailbox with C-000004, and has no billing record of its own."),
    Part(key="parent", number="C-000006", size="big", known=_known(tier="enterprise"),
         story="A holding with three subsidiaries."),
    Part(key="child-1", number="C-000007", known=_known(parent="C-000006"), story="A subsidiary of C-000006."),
    Part(key="child-2", number="C-000008", country="FR", known=_known(parent="C-000006"),
         story="A subsidiary of C-000006 in another country."),
    Part(key="child-3", number="C-000009", country="GB", known=_known(parent="C-000006"),
         story="A subsidiary of C-000006 with another currency."),
    Part(key="credit-hold", number="C-000010", known=_known(credit_hold=True),
         story="Owes for months, is over its credit limit, and gets nothing more on credit."),
    Part(key="sla-breach", number="C-000011", country="GB", known=_known(tier="enterprise"),
         story="An urgent case without an answer since the promised time, about an invoice that is owed; the contract "
               "allows a credit for it, and what was paid before can be refunded."),
    Part(key="yen", number="C-000012", country="JP", known=_known(),
         story="Pays in yen, which has no decimals."),
    Part(key="dinar", number="C-000013", country="KW", known=_known(),
         story="Pays in Kuwaiti dinar, which has three decimals."),
    Part(key="custom-status", number="C-000014", country="US", known=_known(),
         story="A case is in a status that only this support team has."),
    Part(key="legal-hold", number="C-000015", known=_known(legal_hold=True, vip=True, tier="enterprise"),
         story="A VIP under legal hold: nothing may be changed or deleted."),
    Part(key="crm-only", number="C-000016", size="small",
         known=_known(systems=frozenset((CRM,)), keyed=frozenset((CRM,))),
         story="A prospect: only the CRM knows it."),
    Part(key="person", number="C-000017", country="ES", size="small",
         known=_known(person=True, name="Paloma Garrano", legal_name="Paloma Garrano", domain=None, website=None,
                      email="paloma@garrano.example", industry="Sole trader"),
         story="A natural person, not a company."),
    Part(key="tax-id-only", number="C-000018",
         known=_known(keyed=EVERYWHERE - {BILLING}, domain=None, website=None, tax_id="DE900000018",
                      email="office@kaldequist-brewing.example", name="Kaldequist Brewing",
                      emails_by_system={BILLING: "payables@bookkeepers-abroad.example"},
                      legal_name="Kaldequist Brewing GmbH", names_by_system={BILLING: "KB Gruppe"}),
         story="Its billing record has another name and another e-mail address; only the tax number is the same."),
    Part(key="free-mail", number="C-000019", country="US", size="small",
         known=_known(keyed=EVERYWHERE - {SUPPORT}, domain=None, website=None, person=True,
                      email="rowan.fairbourne@freemail.example", name="Rowan Fairbourne",
                      legal_name="Rowan Fairbourne"),
         story="Writes from a free mailbox whose domain says nothing about who it is."),
    Part(key="many-invoices", number="C-000020", country="US", size="big", known=_known(),
         story="Has more than 250 invoices: three pages of a hundred."),
    Part(key="duplicate-reference", number="C-000021", known=_known(),
         story="The ledger has two documents with the same invoice number."),
    Part(key="failed-payment", number="C-000022", country="US", known=_known(),
         story="The card was declined two hours ago; the subscription is past due."),
    Part(key="credited", number="C-000023", country="GB", known=_known(tier="premium"),
         story="Got a credit memo for a breach of its service level, with the case behind it."),
    Part(key="disputed", number="C-000024", country="US", known=_known(),
         story="Disputes a payment at its bank, and a refund to it is under way."),
)  # fmt: skip

BY_KEY: Mapping[str, Part] = MappingProxyType({part.key: part for part in CAST})
BY_NUMBER: Mapping[str, Part] = MappingProxyType({part.number: part for part in CAST})
