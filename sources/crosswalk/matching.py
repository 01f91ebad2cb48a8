"""Which customer a record without a number is, by rules. Pure: evidence in, a verdict out.

Explicit keys and stewards come before all this (linker.py). A verdict never picks among several.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import msgspec

from sources.crosswalk.words import Candidate

AGREEMENT = 0.02  # what every further rule that agrees adds
CERTAIN = 0.99  # no number of rules makes more; 1.0 is for explicit keys and stewards
CONTRADICTED = 0.5  # two tax numbers of one country that differ: never a link, whatever else agrees
BELOW = 0.01  # how far under link_confidence a match stays that no sure record carries


class Evidence(NamedTuple):
    """A key that the record shares with a customer's record.

    `through` is how sure it is that the other record is the customer's: 1.0 for explicit keys and stewards.
    """

    customer_uid: str
    rule: str
    through: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a candidate besides the evidence."""

    vetoed: bool = False  # a steward said that it is not this customer
    occupied: bool = False  # it has, or may as well have, another record of the same system
    contradicted: bool = False


class Linked(msgspec.Struct, frozen=True):
    """One customer, surely enough."""

    candidate: Candidate


class Ambiguous(msgspec.Struct, frozen=True):
    """It is one of these, or of none: a steward decides. The record is not linked."""

    candidates: tuple[Candidate, ...]
    reason: str


class Doubtful(msgspec.Struct, frozen=True):
    """Something agrees, too little for a link: the record stands for itself meanwhile."""

    candidates: tuple[Candidate, ...]
    reason: str


class Unmatched(msgspec.Struct, frozen=True):
    """Nothing agrees."""


Verdict: TypeAlias = Linked | Ambiguous | Doubtful | Unmatched


def weigh(
    evidence: Iterable[Evidence],
    standings: Mapping[str, Standing],
    confidences: Mapping[str, float],
    link_confidence: float,
) -> tuple[Candidate, ...]:
    """The candidates, the surest first. Only a customer with evidence through a sure record can be a link."""
    sure: dict[str, set[str]] = {}
    unsure: dict[str, dict[str, float]] = {}
    for customer, rule, through in evidence:
        if rule not in confidences or standings.get(customer, Standing()).vetoed:
            continue
        if through >= 1.0:
            sure.setdefault(customer, set()).add(rule)
        else:
            rules = unsure.setdefault(customer, {})
            rules[rule] = max(rules.get(rule, 0.0), confidences[rule] * through)
    found = [_sure(uid, rules, confidences, standings) for uid, rules in sure.items()]
    limit = max(0.0, link_confidence - BELOW)
    found += [
        Candidate(uid, min(limit, max(rules.values())), tuple(sorted(rules)))
        for uid, rules in unsure.items()
        if uid not in sure
    ]
    return tuple(sorted(found, key=lambda c: (-c.confidence, c.customer_uid)))


def _sure(uid: str, rules: set[str], confidences: Mapping[str, float], standings: Mapping[str, Standing]) -> Candidate:
    ordered = sorted(rules, key=lambda rule: (-confidences[rule], rule))
    best = confidences[ordered[0]]
    confidence = max(best, min(CERTAIN, best + AGREEMENT * (len(ordered) - 1)))
    if standings.get(uid, Standing()).contradicted:
        confidence = min(confidence, CONTRADICTED)
    return Candidate(uid, round(confidence, 4), tuple(ordered))


def judge(candidates: tuple[Candidate, ...], standings: Mapping[str, Standing], link_confidence: float) -> Verdict:
    """What the candidates amount to. Hints below `link_confidence` do not disturb the one that is above it."""
    strong = tuple(c for c in candidates if _links(c, standings, link_confidence))
    if len(strong) == 1:
        if standings.get(strong[0].customer_uid, Standing()).occupied:
            return Ambiguous(strong, "same_system")
        return Linked(strong[0])
    if strong:
        return Ambiguous(strong, "several_candidates")
    if not candidates:
        return Unmatched()
    contradicted = standings.get(candidates[0].customer_uid, Standing()).contradicted
    return Doubtful(candidates, "contradicted" if contradicted else "below_link_confidence")


def _links(candidate: Candidate, standings: Mapping[str, Standing], link_confidence: float) -> bool:
    contradicted = standings.get(candidate.customer_uid, Standing()).contradicted
    return candidate.confidence >= link_confidence and not contradicted
