"""From a command to its plan: facts read live, the sums, the decision, the steps, and the hash of it all."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.mutation import Command, Facts, Mutation, Reading
from mutations.governance.plan import GovernedAction, PlannedStep, Verdict, WorkflowPlan, plan_hash
from mutations.governance.policy.words import Decision, PolicyRequest, Sums
from mutations.governance.refusals import Refusal, Refused
from mutations.governance.seams import Parts, encoded, now
from mutations.governance.sums import sums
from sources.canonical.actor import Actor


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What was read live for a command, before anything is decided."""

    command: Command
    fingerprint: str
    facts: Facts
    steps: tuple[PlannedStep, ...]
    switched_off: tuple[str, ...]
    read_only: tuple[str, ...]  # the names of systems that are configured so


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and the decision that it came from."""

    plan: WorkflowPlan
    request: PolicyRequest
    decision: Decision


def fingerprint_of(action: GovernedAction, command: Command) -> str:
    """The same for the same input, in every process: a hash of the action and the command's canonical JSON."""
    return hashlib.sha256(f"{action.value} {encoded(command)}".encode()).hexdigest()


async def gather(parts: Parts, actor: Actor, mutation: Mutation, command: Any) -> Gathered:
    """Read what must be known, live. Raises Refused, every reason at once."""
    reading = Reading(systems=parts.systems, crosswalk=parts.crosswalk, now=now())
    facts: Facts = await mutation.gather(command, actor, reading)
    steps = mutation.steps(command, facts)
    sources = sorted({step.source for step in steps if step.source})
    return Gathered(
        command=command,
        fingerprint=fingerprint_of(mutation.action, command),
        facts=facts,
        steps=steps,
        switched_off=await parts.switches.off(mutation.action, sources),
        read_only=tuple(_read_only(parts, sources)),
    )


def _read_only(parts: Parts, sources: Iterable[str]) -> Iterable[str]:
    for uid in sources:
        system = parts.systems.by_uid(uid)
        if system is not None and system.settings.read_only:
            yield system.name


async def decided(
    parts: Parts, connection: AsyncConnection, actor: Actor, gathered: Gathered, *, but: str | None = None
) -> Planned:
    """The plan as the sums of this transaction make it. `but`: a workflow that does not count against itself."""
    at = now()
    action = gathered.command.action
    amount = gathered.command.amount_moved
    request = PolicyRequest(
        action=action,
        issuer=actor.issuer,
        subject=actor.subject,
        person=actor.person,
        roles=actor.roles,
        scopes=actor.scopes,
        customer_uid=gathered.facts.customer_uid,
        amount=amount,
        attributes=gathered.facts.attributes,
        cap=gathered.facts.cap,
        sums=await _sums(connection, actor, gathered, at, but),
        switched_off=gathered.switched_off,
        read_only=gathered.read_only,
        acting=actor.acting,
    )
    decision = parts.policy.decide(request)
    return Planned(
        plan=_plan(gathered, decision, at + timedelta(seconds=parts.pace.plan)), request=request, decision=decision
    )


async def _sums(connection: AsyncConnection, actor: Actor, gathered: Gathered, at: datetime, but: str | None) -> Sums:
    amount = gathered.command.amount_moved
    if amount is None:
        return Sums()
    facts = gathered.facts
    found = await sums(connection, gathered.command.action, actor, facts.customer_uid, amount.currency, at, but=but)
    elsewhere = facts.credited_elsewhere
    if elsewhere is None or elsewhere.currency != amount.currency:
        return found
    return msgspec.structs.replace(found, credited=found.credited + elsewhere.minor)


def _plan(gathered: Gathered, decision: Decision, valid_until: datetime) -> WorkflowPlan:
    steps = gathered.steps
    return WorkflowPlan(
        hash=plan_hash(gathered.fingerprint, steps, decision.verdict, decision.approvals, decision.policy_version),
        verdict=decision.verdict,
        refusals=decision.refusals,
        approvals=decision.approvals,
        steps=steps,
        valid_until=valid_until,
    )


def denied(parts: Parts, refusals: Iterable[Refusal], fingerprint: str = "") -> WorkflowPlan:
    """The plan of what was refused before there was anything to decide."""
    return WorkflowPlan(
        hash=plan_hash(fingerprint, (), Verdict.DENIED, (), parts.policy.version),
        verdict=Verdict.DENIED,
        refusals=tuple(refusals),
        valid_until=now() + timedelta(seconds=parts.pace.plan),
    )


async def planned(parts: Parts, actor: Actor, mutation: Mutation, command: Any) -> WorkflowPlan:
    """What would be done, before anyone does it. What is refused is a plan too, with the reasons."""
    try:
        gathered = await gather(parts, actor, mutation, command)
    except Refused as refused:
        return denied(parts, refused.refusals, fingerprint_of(mutation.action, command))
    async with parts.database.reading() as connection:
        return (await decided(parts, connection, actor, gathered)).plan
