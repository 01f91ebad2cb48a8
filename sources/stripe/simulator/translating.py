"""What ids, amounts, times and lines of the world are in a simulated account."""

import hashlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from sources.simulation import facts
from sources.simulation.world.amounts import net_of, tax_of
from sources.stripe.money import stripe_exponent
from sources.stripe.simulator import records

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TAX_ID_TYPES = {"GB": "gb_vat", "US": "us_ein", "CH": "ch_vat", "NO": "no_vat", "JP": "jp_trn", "CA": "ca_bn"}


def derived_id(prefix: str, key: str) -> str:
    """An id such as Stripe gives, the same for the same key."""
    number = int.from_bytes(hashlib.sha256(f"{prefix}/{key}".encode()).digest()[:11], "big")
    letters = []
    for _ in range(14):
        number, digit = divmod(number, 62)
        letters.append(ALPHABET[digit])
    return f"{prefix}_{''.join(letters)}"


def units(amount: Decimal, currency: str) -> int:
    """An amount in major units in Stripe's minor units."""
    return int(amount.scaleb(stripe_exponent(currency)).to_integral_value(ROUND_HALF_UP))


def seconds(at: datetime | date) -> int:
    """Epoch seconds; of a date, its midnight in UTC."""
    moment = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
    return int(moment.timestamp())


def plain(number: Decimal) -> str:
    """A decimal as Stripe writes it: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def tax_id_of(fact: facts.CustomerKnown) -> tuple[str, str, str] | None:
    if fact.tax_id is None:
        return None
    return TAX_ID_TYPES.get(fact.place.country, "eu_vat"), fact.tax_id, fact.place.country


def lines_of(fact: facts.InvoiceIssued) -> tuple[records.Line, ...]:
    return tuple(
        records.Line(
            description=line.description,
            amount=units(net_of(line, fact.currency), fact.currency),
            tax=units(tax_of(line, fact.currency), fact.currency),
            quantity=line.quantity,
            unit_amount=line.unit_price.scaleb(stripe_exponent(fact.currency)),
        )
        for line in fact.lines
    )
