"""The policy in force: Cedar rules and a table of limits, loaded once, asked for each decision. Pure.

Forbids come first, and every one that holds is told. Then what may be done alone, then what needs approval: the
cheapest kind that covers the amount. What no rule permits is denied, and so is what a rule could not decide.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from cachetools import LRUCache

from mutations.governance.answers import ActionAvailability
from mutations.governance.plan import ApprovalRequirement, GovernedAction, Verdict
from mutations.governance.policy.limits import read_limits
from mutations.governance.policy.questions import approving, asked, canceling, entity, question, requester_of
from mutations.governance.policy.rules import Answer, Rule, Rules
from mutations.governance.policy.texts import LIMITS, BadPolicy, read_texts, version_of
from mutations.governance.policy.words import Decision, Limit, PolicyRequest
from mutations.governance.refusals import Refusal, RefusalCode
from sources.canonical.actor import Actor
from sources.canonical.money import Money

NOT_PERMITTED = "policy.not_permitted"
INCOMPLETE = "policy.incomplete"
LEAST_MINOR = 1  # an availability is asked for the smallest amount there is
GENERAL_ANSWERS = 4096  # a list of customers asks the same of each; a thousand viewers with four actions
NOTHING: Mapping[Any, Any] = MappingProxyType({})


class CedarPolicy:
    """Rules and limits out of texts. Raises BadPolicy where one cannot be used."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = MappingProxyType(dict(texts))
        self.version = version_of(texts)
        self._rules = Rules(texts)
        self._limits = read_limits(texts[LIMITS], self._rules.knows_role)
        self._general: LRUCache[bytes, Answer] = LRUCache(GENERAL_ANSWERS)
        self._rank = {role: place for place, role in enumerate(self._limits.cheapest_first)}
        for rule in self._rules.all:
            if rule.approver is not None and rule.approver not in self._rank:
                what = f"{rule.name}: {LIMITS} has no {rule.approver} in cheapest_first"
                raise BadPolicy(rule.file, rule.line, what)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the files."""
        return self._rules.all

    def decide(self, request: PolicyRequest) -> Decision:
        """What may be done with a request: at once, after approvals, or not, and by which rules."""
        answer = self._answer(request)
        refusals = [rule.refusal for rule in answer.forbids if rule.refusal is not None]
        if answer.undecided:
            refusals.append(_incomplete(answer.undecided))
        if not refusals and not answer.permits:
            message = "No rule permits this"
            refusals.append(Refusal(code=RefusalCode.NOT_ALLOWED, message=message, rule=NOT_PERMITTED))
        if refusals:
            return self._decision(Verdict.DENIED, [str(each.rule) for each in refusals], refusals=tuple(refusals))
        if alone := [rule for rule in answer.permits if rule.approver is None]:
            return self._decision(Verdict.ALLOWED, [rule.name for rule in alone])
        cheapest = min(answer.permits, key=self._price)
        return self._decision(Verdict.NEEDS_APPROVAL, [cheapest.name], approvals=(_requirement(cheapest),))

    def approver_role(self, request: PolicyRequest, requirement: ApprovalRequirement, approver: Actor) -> str | Refusal:
        """The role by which a person may give this approval; else why not."""
        refusal = self._refusal("APPROVE", approver, request.customer_uid, approving(request, requirement))
        return refusal or next(role for role in requirement.roles if role in approver.roles)

    def may_cancel(self, request: PolicyRequest, actor: Actor) -> Refusal | None:
        """None where the actor may call off what was asked for; else why not."""
        return self._refusal("CANCEL", actor, request.customer_uid, canceling(request))

    def limits(self, actor: Actor) -> tuple[Limit, ...]:
        """Of each action that moves money and that the actor may ask for, by currency."""
        return tuple(
            Limit(
                action=action,
                without_approval=self._alone(action, actor),
                with_approval=self._with_approval(action, actor),
            )
            for action in self._limits.actions
            if not self._in_general(actor, action, self._limits.currencies[0], (), NOTHING).forbids
        )

    def availability(
        self,
        actor: Actor,
        currency: str,
        *,
        switched_off: Mapping[GovernedAction, tuple[str, ...]] = NOTHING,
        known: Mapping[str, Any] = NOTHING,
    ) -> tuple[ActionAvailability, ...]:
        """Of each action on a customer, whether the actor could do it; rules whose facts are not known say nothing."""
        return tuple(
            self._available(actor, action, currency, switched_off.get(action, ()), known)
            for action in GovernedAction
            if action not in (GovernedAction.REPLAY, GovernedAction.COMPENSATE)  # those are of a workflow
        )

    def _available(
        self, actor: Actor, action: GovernedAction, currency: str, off: tuple[str, ...], known: Mapping[str, Any]
    ) -> ActionAvailability:
        answer = self._in_general(actor, action, currency, off, known)
        approvals = sorted((rule for rule in answer.permits if rule.approver is not None), key=self._price)
        alone = [rule for rule in answer.permits if rule.approver is None]
        limit = self._limits.alone(action, actor.roles, currency) if alone else None
        verdict = Verdict.ALLOWED if alone else Verdict.NEEDS_APPROVAL if approvals else Verdict.DENIED
        reasons = answer.forbids or tuple(alone) or tuple(approvals[:1])
        return ActionAvailability(
            action=action,
            verdict=verdict,
            reasons=tuple(rule.name for rule in reasons) or (NOT_PERMITTED,),
            limit=Money(limit, currency) if limit is not None else None,
            approver_roles=tuple(dict.fromkeys(str(rule.approver) for rule in approvals)),
        )

    def _in_general(
        self, actor: Actor, action: GovernedAction, currency: str, off: tuple[str, ...], known: Mapping[str, Any]
    ) -> Answer:
        moves_money = action in self._limits.actions
        request = PolicyRequest(
            action=action,
            issuer=actor.issuer,
            subject=actor.subject,
            person=actor.person,
            roles=actor.roles,
            scopes=actor.scopes,
            acting=actor.acting,
            customer_uid="",
            amount=Money(LEAST_MINOR, currency) if moves_money else None,
            attributes=dict(known),
            switched_off=off,
        )
        key = msgspec.json.encode(request, order="sorted")
        if key not in self._general:
            self._general[key] = self._answer(request)
        return self._general[key]

    def _answer(self, request: PolicyRequest) -> Answer:
        actor = requester_of(request)
        context = asked(request, self._limits)
        return self._rules.ask(question(request.action.value, actor, request.customer_uid, context), entity(actor))

    def _refusal(self, action: str, actor: Actor, customer_uid: str, context: Mapping[str, Any]) -> Refusal | None:
        answer = self._rules.ask(question(action, actor, customer_uid, context), entity(actor))
        if answer.forbids:
            return answer.forbids[0].refusal
        if answer.undecided or not answer.permits:
            return _incomplete(answer.undecided or (NOT_PERMITTED,))
        return None

    def _alone(self, action: GovernedAction, actor: Actor) -> tuple[Money, ...]:
        found = [(self._limits.alone(action, actor.roles, each), each) for each in self._limits.currencies]
        return tuple(Money(minor, currency) for minor, currency in found if minor is not None)

    def _with_approval(self, action: GovernedAction, actor: Actor) -> tuple[Money, ...]:
        found = []
        for currency in self._limits.currencies:
            by_role = self._limits.with_approval(action, actor.roles, currency)
            found += [Money(by_role[role], currency) for role in self._limits.cheapest_first if role in by_role][:1]
        return tuple(found)

    def _price(self, rule: Rule) -> tuple[int, int]:
        return rule.persons, self._rank[str(rule.approver)]

    def _decision(self, verdict: Verdict, rules: list[str], **more: Any) -> Decision:
        return Decision(verdict=verdict, rules=tuple(rules), policy_version=self.version, **more)


def load_policy(directory: Path | None = None) -> CedarPolicy:
    """The packaged policy, with what a directory puts in its place. Raises BadPolicy."""
    return CedarPolicy(read_texts(directory))


def _requirement(rule: Rule) -> ApprovalRequirement:
    return ApprovalRequirement(roles=(str(rule.approver),), count=rule.persons, reason=rule.name)


def _incomplete(undecided: tuple[str, ...]) -> Refusal:
    message = f"What {', '.join(dict.fromkeys(undecided))} must know is missing, so that nothing is permitted"
    return Refusal(code=RefusalCode.PRECONDITION_FAILED, message=message, rule=INCOMPLETE)
