"""Who the customers are: one company for each index, from nothing but the seed and the index."""

import random
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from sources.canonical.money import exponent
from sources.simulation.facts import BILLING, CRM, ERP, SUPPORT, CustomerKnown, Place
from sources.simulation.world import names
from sources.simulation.world.cast import BY_NUMBER, Part

ALL_SYSTEMS = frozenset((SUPPORT, BILLING, ERP, CRM))
HISTORY_DAYS = 730  # the world tells two years
SCATTER = 48_271  # coprime to the number of names, so that neighbours are not called alike
NAMES = len(names.HEADS) * len(names.TAILS) * len(names.TRADES)
MINOR_PRICE_FACTOR = {"JPY": 100, "SEK": 10}  # what a price list in these currencies is multiplied with


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """A customer before its story is told."""

    index: int
    known: CustomerKnown
    market: names.Market
    size: str  # "small" | "medium" | "big"
    part: Part | None = None  # what it plays, where it is one of the cast

    @property
    def key(self) -> str:
        return self.known.customer


def number_of(index: int) -> str:
    """The customer number of an index, e.g. C-000123."""
    return f"C-{index:06}"


def company(index: int, seed: int, until: datetime) -> Company:
    """The customer of that index; the same for the same seed, whatever the number of customers."""
    rng = random.Random(f"{seed}/company/{index}")
    part = BY_NUMBER.get(number_of(index))
    market = _market(rng, part.country if part else None)
    size = part.size if part else rng.choices(("small", "medium", "big"), (60, 33, 7))[0]
    known = _known(index, rng, market, size, until)
    if part is not None:
        known = msgspec.structs.replace(known, at=until - timedelta(days=HISTORY_DAYS - index), **part.known)
    return Company(index=index, known=known, market=market, size=size, part=part)


def _market(rng: random.Random, country: str | None) -> names.Market:
    drawn = rng.choices(names.MARKETS, [market.weight for market in names.MARKETS])[0]
    return next((market for market in names.MARKETS if market.country == country), drawn)


def _name(index: int) -> tuple[str, str, str]:
    """The name's root, the trade in the name, and the industry; no two indexes below NAMES share the first two."""
    place = index * SCATTER % NAMES
    place, trade = divmod(place, len(names.TRADES))
    head, tail = divmod(place, len(names.TAILS))
    root = names.HEADS[head % len(names.HEADS)] + names.TAILS[tail]
    if index >= NAMES:
        root += f" {index // NAMES + 1}"
    return root, *names.TRADES[trade]


def _known(index: int, rng: random.Random, market: names.Market, size: str, until: datetime) -> CustomerKnown:
    root, trade, industry = _name(index)
    domain = f"{root}-{trade}.example".lower().replace(" ", "-")
    city, postal_code, region = rng.choice(market.cities)
    systems = _systems(rng)
    tier = rng.choices(("standard", "premium", "enterprise"), {"small": (8, 2, 0), "medium": (5, 4, 1)}.get(
        size, (1, 4, 5)))[0]  # fmt: skip
    return CustomerKnown(
        at=_joined(rng, size, until),
        customer=number_of(index),
        number=number_of(index),
        name=f"{root} {trade}",
        legal_name=f"{root} {trade} {market.legal_form}",
        systems=systems,
        keyed=_keyed(rng, systems),
        names_by_system={BILLING: f"{root.upper()} {trade.upper()}"} if rng.random() < 0.1 else {},
        domain=domain,
        email=f"billing@{domain}",
        phone=_phone(index, market),
        place=Place(line1=f"{rng.randint(1, 180)} {rng.choice(names.STREETS)}", city=city, postal_code=postal_code,
                    country=market.country, region=region),
        tax_id=market.tax_id.format(index) if market.tax_id and rng.random() < 0.85 else None,
        currency=market.currency,
        industry=industry,
        tier=tier,
        owner=names.OWNERS[index % len(names.OWNERS)],
        website=f"https://www.{domain}",
        credit_limit=price(rng.choice((2_000, 5_000, 10_000, 50_000)), market.currency),
        payment_terms_days=rng.choice((14, 30, 30, 60)),
        tax_exempt=rng.random() < 0.02,
    )  # fmt: skip


def _phone(index: int, market: names.Market) -> str:
    digits = int(market.phone.split("{:0")[1].split("}")[0])
    return market.phone.format(index % 10**digits)


def _joined(rng: random.Random, size: str, until: datetime) -> datetime:
    days = rng.randint(45, 270) if size == "small" else rng.randint(270, HISTORY_DAYS)
    return until - timedelta(days=days, seconds=rng.randint(0, 80_000))


def _systems(rng: random.Random) -> frozenset[str]:
    systems = set(ALL_SYSTEMS)
    if rng.random() < 0.12:
        systems.discard(SUPPORT)
    if rng.random() < 0.06:
        systems.discard(CRM)
    return frozenset(systems)


def _keyed(rng: random.Random, systems: frozenset[str]) -> frozenset[str]:
    """The ledger and the CRM always carry the number; billing and support now and then do not."""
    keyed = set(systems)
    for system in (BILLING, SUPPORT):
        if rng.random() < 0.08:
            keyed.discard(system)
    return frozenset(keyed)


def price(amount: int, currency: str) -> Decimal:
    """A price-list amount in whole euros as an amount of the currency, with the currency's decimals."""
    return Decimal(amount * MINOR_PRICE_FACTOR.get(currency, 1)).quantize(Decimal(1).scaleb(-exponent(currency)))
