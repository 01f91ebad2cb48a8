"""The rules as data: how sure each is, from which confidence on a match is a link, whose word counts first."""

import importlib.resources
import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import msgspec


@cache
def packaged_rules() -> Mapping[str, float]:
    """The packaged table: rule -> confidence."""
    text = (importlib.resources.files("sources.crosswalk.data") / "rules.toml").read_text("utf-8")
    return MappingProxyType({name: float(value) for name, value in tomllib.loads(text).items()})


class CrosswalkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How records become customers.

    `masters` are the configured names of the systems of record for customers, most trusted first
    (`records.customer`); `orders` the same for single fields, e.g. {"legal_name": ("erp",)}
    (`records."customer.legal_name"`). `rules` overrides the packaged confidences.
    """

    masters: tuple[str, ...] = ("erp", "crm")
    orders: Mapping[str, tuple[str, ...]] = {}
    rules: Mapping[str, float] = {}
    link_confidence: float = 0.8
    phone_region: str | None = None  # ISO 3166: whose telephone numbers are written without a country

    def __post_init__(self) -> None:
        unknown = set(self.rules) - set(packaged_rules())
        if unknown:
            known = ", ".join(packaged_rules())
            raise ValueError(f"no such matching rule: {', '.join(sorted(unknown))}; there are {known}")
        for name, confidence in {"link_confidence": self.link_confidence, **self.rules}.items():
            if not 0 <= confidence <= 1:
                raise ValueError(f"{name} is a confidence: between 0 and 1")

    def confidences(self) -> dict[str, float]:
        """rule -> confidence, without rules that are off."""
        return {rule: sure for rule, sure in {**packaged_rules(), **self.rules}.items() if sure > 0}
