"""Requests to the policy in few words."""

from typing import Any

from mutations.governance.plan import GovernedAction
from mutations.governance.policy.words import PolicyRequest
from sources.canonical.actor import Actor
from sources.canonical.money import Money

ISSUER = "https://id.example.com/"
CREDIT_FACTS = {
    "reason": "GOODWILL",
    "case_given": False,
    "case_is_theirs": False,
    "case_breached": False,
    "invoice_given": False,
    "invoice_is_theirs": False,
    "invoice_in_ledger": True,
    "invoice_creditable_minor": 0,
    "invoice_state": "",
    "legal_hold": False,
    "fraud": False,
    "credit_hold": False,
    "links_ok": True,
    "stale": False,
    "writes_offered": True,
    "systems": ["billing", "erp"],
}
REFUND_FACTS = {
    "refundable_minor": 100_000_000,
    "payment_is_theirs": True,
    "disputed": False,
    "case_given": False,
    "case_is_theirs": False,
    "legal_hold": False,
    "fraud": False,
    "credit_hold": False,
    "links_ok": True,
    "stale": False,
    "writes_offered": True,
    "systems": ["billing", "erp"],
}
WIDE_CAP = 1_000_000_000_000  # where a test is about another rule than the cap


def credit(amount: str | Money, *roles: str, facts: dict[str, Any] | None = None, **more: Any) -> PolicyRequest:
    """issueCredit of e.g. "50.00 EUR" by somebody with these roles, where nothing else stands in its way."""
    money = _money(amount)
    return _request(
        GovernedAction.ISSUE_CREDIT,
        money,
        roles,
        **{"attributes": {**CREDIT_FACTS, **(facts or {})}, "cap": Money(WIDE_CAP, money.currency), **more},
    )


def refund(amount: str | Money, *roles: str, facts: dict[str, Any] | None = None, **more: Any) -> PolicyRequest:
    """refundPayment, in the same way."""
    attributes = {**REFUND_FACTS, **(facts or {})}
    return _request(GovernedAction.REFUND_PAYMENT, _money(amount), roles, **{"attributes": attributes, **more})


def request(action: GovernedAction, *roles: str, **more: Any) -> PolicyRequest:
    """An action that moves no money."""
    return _request(action, None, roles, **more)


def rerun(action: GovernedAction, *roles: str, original: str = "ann", acting: str = "", **more: Any) -> PolicyRequest:
    """REPLAY or COMPENSATE of what `original` had asked for."""
    attributes = {"original_requester": original, "original_acting": acting}
    return _request(action, None, roles, **{"attributes": attributes, **more})


def _request(action: GovernedAction, amount: Money | None, roles: tuple[str, ...], **more: Any) -> PolicyRequest:
    said = {"issuer": ISSUER, "subject": "rita", "person": True, "scopes": (), "customer_uid": "c1", **more}
    return PolicyRequest(action=action, amount=amount, roles=roles, **said)


def _money(amount: str | Money) -> Money:
    return amount if isinstance(amount, Money) else Money.of(*amount.split())


def actor(subject: str, *roles: str, **more: Any) -> Actor:
    return Actor(**{"issuer": ISSUER, "subject": subject, "person": True, "roles": roles, **more})
