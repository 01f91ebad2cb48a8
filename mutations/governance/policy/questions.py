"""Questions to the rules: who asks, for what, and what is known. Every number is a Long, in minor units."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from mutations.governance.plan import ApprovalRequirement
from mutations.governance.policy.limits import LimitTable
from mutations.governance.policy.words import PolicyRequest
from sources.canonical.actor import Actor

Question = dict[str, Any]
Entity = dict[str, Any]


def requester_of(request: PolicyRequest) -> Actor:
    """Who asked, as the token said it then."""
    return Actor(
        issuer=request.issuer,
        subject=request.subject,
        person=request.person,
        roles=request.roles,
        scopes=request.scopes,
        acting=request.acting,
    )


def entity(actor: Actor) -> Entity:
    """An actor as Cedar sees it."""
    attributes: dict[str, Any] = {"person": actor.person, "roles": actor.roles, "scopes": actor.scopes}
    if actor.acting:
        attributes["acting"] = _reference(actor.issuer, actor.acting)
    return {
        "uid": _uid(actor.issuer, actor.subject),
        "attrs": attributes,
        "parents": [{"type": "Role", "id": role} for role in actor.roles],
    }


def _uid(issuer: str, subject: str) -> dict[str, str]:
    """As JSON, so that no issuer and subject run together into those of another."""
    return {"type": "Actor", "id": json.dumps([issuer, subject])}


def _reference(issuer: str, subject: str) -> dict[str, Any]:
    return {"__entity": _uid(issuer, subject)}


def question(action: str, actor: Actor, customer_uid: str, context: Mapping[str, Any]) -> Question:
    """One question, in cedarpy's words."""
    return {
        "principal": _uid(actor.issuer, actor.subject),
        "action": {"type": "Action", "id": action},
        "resource": {"type": "Customer", "id": customer_uid},
        "context": dict(context),
    }


def asked(request: PolicyRequest, limits: LimitTable) -> dict[str, Any]:
    """The context of what is asked for; what a rule reads and this does not hold leaves that rule undecided."""
    context: dict[str, Any] = {"switched_off": list(request.switched_off), "read_only": list(request.read_only)}
    if request.attributes:
        context["facts"] = dict(request.attributes)
    if request.amount is None:
        return context
    sums = request.sums
    context |= {
        "amount": request.amount.minor,
        "currency": request.amount.currency,
        "currency_listed": request.amount.currency in limits.currencies,
        "limit": _limit(request, request.amount.currency, limits),
        "sums": {
            "alone_for_customer": sums.alone_for_customer,
            "alone_in_all": sums.alone_in_all,
            "credited": sums.credited,
        },
    }
    if request.cap is not None:
        context |= {"cap": request.cap.minor, "cap_currency": request.cap.currency}
    return context


def _limit(request: PolicyRequest, currency: str, limits: LimitTable) -> dict[str, int]:
    by_approver = limits.with_approval(request.action, request.roles, currency)
    found = {f"with_{role}": minor for role, minor in by_approver.items()}
    alone = limits.alone(request.action, request.roles, currency)
    if alone is not None:
        found |= {"alone": alone, "alone_in_all": alone * limits.all_customers_times}
    return found


def approving(request: PolicyRequest, requirement: ApprovalRequirement) -> dict[str, Any]:
    """The context of an approval."""
    facts = request.attributes
    originators = (facts.get("original_requester"), facts.get("original_acting"))
    return {
        "requesters": _people(request.issuer, (request.subject, request.acting)),
        "originators": _people(request.issuer, originators),
        "roles": list(requirement.roles),
    }


def canceling(request: PolicyRequest) -> dict[str, Any]:
    """The context of a calling off."""
    return {"requesters": _people(request.issuer, (request.subject, request.acting))}


def _people(issuer: str, subjects: Iterable[str | None]) -> list[dict[str, Any]]:
    return [_reference(issuer, subject) for subject in subjects if subject]
