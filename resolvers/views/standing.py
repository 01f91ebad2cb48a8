"""How an account stands: a decision table that is configuration ([standing]), with a packaged default."""

import tomllib
from collections.abc import Mapping
from enum import Enum
from importlib.resources import files
from typing import Any

import msgspec

from sources.canonical.sensitivity import Sensitivity, classified


class Standing(Enum):
    """How an account stands."""

    GOOD = "GOOD"
    """Nothing speaks against it."""
    WATCH = "WATCH"
    """Something needs an eye."""
    AT_RISK = "AT_RISK"
    """The relation or the money is in danger."""
    ON_HOLD = "ON_HOLD"
    """Nothing is to be delivered or changed."""
    UNKNOWN = "UNKNOWN"
    """A system that decides is silent."""


@classified(Sensitivity.INTERNAL)
class StandingReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an account stands as it does."""

    code: str
    """The reason of the rule that holds."""
    system: str | None = None
    """The system whose word it is; null where several add to it."""


class AtLeast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fact is a number and not below this."""

    at_least: float

    def holds(self, fact: Any) -> bool:
        return bool(fact >= self.at_least)


class OneOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fact is one of these."""

    one_of: tuple[str, ...]

    def holds(self, fact: Any) -> bool:
        return fact in self.one_of


FACTS = frozenset(
    {
        "credit_hold",
        "legal_hold",
        "fraud",
        "sla_breached",
        "overdue",
        "oldest_overdue_days",
        "open_cases",
        "highest_priority",
        "subscription_state",
    }
)


class Fact(msgspec.Struct, frozen=True):
    """What is known about an account: a value, or that a system is silent; and which system says so."""

    value: Any = None  # None: there is nothing of the kind, e.g. no invoice is overdue
    system: str | None = None
    silent: bool = False


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table."""

    standing: Standing
    reason: str
    when: Mapping[str, Any]

    def judged(self, facts: Mapping[str, Fact]) -> bool | None:
        """True or False; None where a silent system would have to be heard."""
        verdicts = [_holds(wanted, facts[name]) for name, wanted in self.when.items()]
        if False in verdicts:
            return False
        return None if None in verdicts else True


class BadTable(ValueError):
    """The table has a rule that cannot be read; the text says which and why."""


class StandingTable:
    """The rules, in order."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.facts = frozenset(name for rule in rules for name in rule.when)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "StandingTable":
        """The table of a parsed [standing] section; raises BadTable."""
        try:
            rules = msgspec.convert(table.get("rule", ()), tuple[Rule, ...])
        except msgspec.ValidationError as error:
            raise BadTable(f"[standing]: {error}") from None
        for number, rule in enumerate(rules, 1):
            if unknown := rule.when.keys() - FACTS:
                raise BadTable(f"[standing] rule {number}: no such fact: {', '.join(sorted(unknown))}")
        return cls(tuple(msgspec.structs.replace(rule, when=_conditions(rule.when)) for rule in rules))

    @classmethod
    def packaged(cls) -> "StandingTable":
        """The default table."""
        return cls.read(tomllib.loads(files("resolvers.views").joinpath("standing.toml").read_text()))

    def decide(self, facts: Mapping[str, Fact]) -> tuple[Standing, tuple[StandingReason, ...]]:
        """The standing, and the reasons of all rules that hold and are worse than GOOD."""
        decided: Standing | None = None
        reasons = []
        for rule in self.rules:
            verdict = rule.judged(facts)
            if verdict is None and decided is None:
                decided = Standing.UNKNOWN
            if verdict and rule.standing is not Standing.GOOD:
                reasons.append(StandingReason(code=rule.reason, system=_system(rule, facts)))
            if verdict and decided is None:
                decided = rule.standing
        return decided or Standing.UNKNOWN, tuple(reasons)


def _conditions(when: Mapping[str, Any]) -> Mapping[str, Any]:
    made = {}
    for name, wanted in when.items():
        if isinstance(wanted, Mapping):
            kind = AtLeast if "at_least" in wanted else OneOf
            try:
                made[name] = msgspec.convert(wanted, kind)
            except msgspec.ValidationError as error:
                raise BadTable(f"[standing] {name}: {error}") from None
        else:
            made[name] = wanted
    return made


def _holds(wanted: Any, fact: Fact) -> bool | None:
    if fact.silent:
        return None
    if fact.value is None:
        return False
    if isinstance(wanted, AtLeast | OneOf):
        return wanted.holds(fact.value)
    return bool(fact.value == wanted)


def _system(rule: Rule, facts: Mapping[str, Fact]) -> str | None:
    systems = {facts[name].system for name in rule.when}
    return systems.pop() if len(systems) == 1 else None
