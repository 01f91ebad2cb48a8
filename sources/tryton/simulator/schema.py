"""The models and fields of Tryton that the simulator has. Source: Tryton 8.2, modules named in the package.

A party's tier, industry and account manager are of a module of the company's own, as customers have one.
"""

STAMPED: dict[str, str | None] = {"id": None, "create_date": None, "write_date": None}
COUNTRY, SUBDIVISION, CURRENCY = "country.country", "country.subdivision", "currency.currency"

MODELS: dict[str, dict[str, str | None]] = {
    COUNTRY: {**STAMPED, "code": None, "name": None},
    SUBDIVISION: {**STAMPED, "code": None, "name": None, "country": COUNTRY},
    CURRENCY: {**STAMPED, "code": None, "name": None, "digits": None},
    "company.company": {**STAMPED, "party": "party.party", "currency": CURRENCY},
    "company.employee": {**STAMPED, "name": None},
    "party.party": {
        **STAMPED,
        **dict.fromkeys(["code", "name", "active", "receivable", "receivable_today", "credit_amount"]),
        **dict.fromkeys(["credit_limit_amount", "tier", "industry"]),
        "account_manager": "company.employee",
        "replaced_by": "party.party",
        "addresses": "party.address",
        "identifiers": "party.identifier",
        "contact_mechanisms": "party.contact_mechanism",
        "relations": "party.relation.all",
        "customer_payment_term": "account.invoice.payment_term",
        "customer_tax_rule": "account.tax.rule",
    },
    "party.address": {
        **STAMPED,
        **dict.fromkeys(["party_name", "street", "city", "postal_code", "invoice", "delivery"]),
        "country": COUNTRY,
        "subdivision": SUBDIVISION,
    },
    "party.identifier": {**STAMPED, "type": None, "code": None},
    "party.contact_mechanism": {**STAMPED, "type": None, "value": None},
    "party.relation.type": {**STAMPED, "name": None},
    "party.relation.all": {**STAMPED, "to": "party.party", "type": "party.relation.type"},
    "account.invoice.payment_term": {**STAMPED, "name": None},
    "account.tax": {**STAMPED, "name": None, "type": None, "rate": None},
    "account.tax.rule": {**STAMPED, "name": None, "lines": "account.tax.rule.line"},
    "account.tax.rule.line": {**STAMPED, "tax": "account.tax"},
    "account.move": {**STAMPED, "post_date": None, "lines": "account.move.line"},
    "account.move.line": {**STAMPED, "maturity_date": None, "reconciliation": None, "amount": None},
    "account.invoice": {
        **STAMPED,
        **dict.fromkeys(["type", "number", "reference", "description", "state", "invoice_date"]),
        **dict.fromkeys(["total_amount", "tax_amount", "untaxed_amount", "amount_to_pay"]),
        "company": "company.company",
        "party": "party.party",
        "currency": CURRENCY,
        "lines": "account.invoice.line",
        "lines_to_pay": "account.move.line",
        "move": "account.move",
        "origin_invoices": "account.invoice",
    },
    "account.invoice.line": {
        **STAMPED,
        **dict.fromkeys(["type", "description", "quantity", "unit_price", "amount", "sequence"]),
        "invoice": "account.invoice",
        "taxes": "account.tax",
    },
    "account.dunning.level": {**STAMPED, "credit_limit": None},
    "account.dunning": {**STAMPED, "party": "party.party", "level": "account.dunning.level", "blocked": None},
    "sale.sale": {
        **STAMPED,
        **dict.fromkeys(["number", "reference", "state", "sale_date", "total_amount"]),
        "company": "company.company",
        "party": "party.party",
        "currency": CURRENCY,
    },
}
INDEXED = {
    "party.party": ("code",),
    "account.invoice": ("party", "number", "reference"),
    "account.invoice.line": ("invoice",),
    "account.dunning": ("party",),
    "sale.sale": ("party", "number", "reference"),
}
UNSEARCHABLE = frozenset([("account.invoice", "lines_to_pay")])  # worked out; a domain on it is a 500
