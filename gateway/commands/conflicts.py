"""`c360 conflicts` and `c360 link`: identities that the rules could not decide, decided by a person."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from gateway.auditing import audit_of
from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from mutations.governance.audit.events import AuditOutcome, Event
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.words import Conflict, LookupKey, UnknownConflict

SHOWN = 100  # the newest; a person works through them one by one


def conflicts(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the records that could not be linked without a guess, with the customers that they may be."""
    found = run(_conflicts(load_settings(config)))
    for lines in found:
        typer.echo("\n".join(lines))
    if not found:
        typer.echo("no open conflict")


async def _conflicts(settings: Settings) -> list[list[str]]:
    async with open_crosswalk(settings) as crosswalk:
        page = await crosswalk.conflicts(SHOWN)
        return [await _described(crosswalk, conflict) for conflict in page.conflicts]


async def _described(crosswalk: Crosswalk, conflict: Conflict) -> list[str]:
    head = f"{conflict.uid}  {conflict.system} {conflict.ref.type} {conflict.ref.id}  ({', '.join(conflict.evidence)})"
    customers = await crosswalk.customers([candidate.customer_uid for candidate in conflict.candidates])
    lines = [head]
    for candidate in conflict.candidates:
        customer = customers[candidate.customer_uid]
        name = f"{customer.number or '-'}  {customer.display_name}" if customer else "-"
        lines.append(f"    {candidate.customer_uid}  {candidate.confidence:.2f}  {name}")
    return lines


def link(
    conflict: Annotated[str, typer.Argument(help="The conflict, as `c360 conflicts` shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    customer: Annotated[str | None, typer.Option(help="Whose record it is: a customer's id or number.")] = None,
    none: Annotated[bool, typer.Option("--none", help="It is none of the candidates.")] = False,
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
) -> None:
    """Decide a conflict by hand. The decision outlives every re-run of the rules, and is on record with your name."""
    if (customer is None) is not none:
        raise CommandFailed("say whose record it is", "Either --customer with an id or a number, or --none", WRONG_USE)
    settings = load_settings(config)
    evidence = (reason,) if reason else ()
    run(_link(settings, conflict, customer, evidence))
    typer.echo(f"{conflict} is decided")


async def _link(settings: Settings, conflict: str, customer: str | None, evidence: tuple[str, ...]) -> None:
    """The intent is on record before anything is changed."""
    async with open_crosswalk(settings) as crosswalk:
        uid = await _uid(crosswalk, customer) if customer is not None else None
        found = await crosswalk.conflict(conflict)
        if found is None:
            raise CommandFailed(f"there is no conflict {conflict}", "`c360 conflicts` lists them")
        audit = audit_of(settings, crosswalk.database)
        await audit.write(_event(found, uid, AuditOutcome.INTENT, evidence))
        try:
            await crosswalk.resolve(conflict, uid, _who(), evidence)
        except UnknownConflict:
            raise CommandFailed(
                f"the conflict {conflict} has been decided", "`c360 conflicts` lists the open"
            ) from None
        await audit.write(_event(found, uid, AuditOutcome.SUCCEEDED, evidence))


def _who() -> str:
    return f"cli:{getpass.getuser()}"


def _event(conflict: Conflict, uid: str | None, outcome: AuditOutcome, evidence: tuple[str, ...]) -> Event:
    """A person at the command line decided: whose record it is, or with no uid that it is none of the candidates'."""
    return Event(
        at=datetime.now(UTC),
        actor=_who(),
        issuer="cli",
        action="identity.resolve",
        outcome=outcome,
        customers=(uid,) if uid else tuple(each.customer_uid for each in conflict.candidates),
        correlation_id=conflict.uid,
        system=conflict.system,
        external_id=conflict.ref.id,
        detail={"linked": uid is not None, "reason": " ".join(evidence)},
    )


async def _uid(crosswalk: Crosswalk, customer: str) -> str:
    if (await crosswalk.customers([customer]))[customer] is not None:
        return customer
    found = await crosswalk.find(LookupKey("number", customer))
    if len(found) != 1:
        raise CommandFailed(f"there is no customer {customer}", "`c360 conflicts` shows ids and numbers")
    return found[0]
