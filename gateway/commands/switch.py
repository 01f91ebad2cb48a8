"""`c360 switch off | on | list`: the kill switch of an action or a source, for every process within a second."""

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeAlias

import typer

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from mutations.governance.audit.recording import record
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.switches import Switch, Switches, Target
from sources.crosswalk.crosswalk import Crosswalk

ActionOption: TypeAlias = Annotated[GovernedAction | None, typer.Option(help="An action, e.g. ISSUE_CREDIT.")]
SourceOption: TypeAlias = Annotated[str | None, typer.Option(help="A source by its configured name, e.g. erp.")]
ReasonOption: TypeAlias = Annotated[str, typer.Option(help="Why; kept with the switch, and in the audit log.")]

switch = typer.Typer(help="Switch an action, or all writes to a source, off and on.", no_args_is_help=True)


@switch.command()
def off(
    reason: ReasonOption,
    action: ActionOption = None,
    source: SourceOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Switch an action or a source off: requests are refused, and workflows stop before their next step."""
    _turn(load_settings(config), action, source, reason, off=True)


@switch.command()
def on(
    reason: ReasonOption,
    action: ActionOption = None,
    source: SourceOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Switch an action or a source on again."""
    _turn(load_settings(config), action, source, reason, off=False)


@switch.command("list")
def listed(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show every switch that was ever turned, as it stands."""
    found = run(_all(load_settings(config)))
    for each in found:
        state = "OFF" if each.off else "on"
        typer.echo(f"{state:<4}{each!s:<32}{each.at:%Y-%m-%d %H:%M:%S}Z  {each.by}  {each.reason}")
    if not found:
        typer.echo("everything is on")


def _turn(settings: Settings, action: GovernedAction | None, source: str | None, reason: str, *, off: bool) -> None:
    if (action is None) is (source is None):
        raise CommandFailed("say what to switch", "Either --action or --source", WRONG_USE)
    if not reason.strip():
        raise CommandFailed("say why", "--reason is kept with the switch", WRONG_USE)
    turned = run(_turned(settings, action, source, reason.strip(), off=off))
    typer.echo(f"{turned.kind} {turned.name} is {'off' if off else 'on'}")


async def _turned(
    settings: Settings, action: GovernedAction | None, source: str | None, reason: str, *, off: bool
) -> Target:
    async with _switches(settings) as (switches, crosswalk):
        target = Target.action(action) if action is not None else _source(crosswalk, str(source))
        await switches.turn(target, off=off, by=f"cli:{getpass.getuser()}", reason=reason)
        return target


def _source(crosswalk: Crosswalk, name: str) -> Target:
    for uid, origin in crosswalk.systems.items():
        if origin.system == name:
            return Target.source(uid, name)
    raise CommandFailed(
        f"there is no source {name}", "The sections [sources.*] of the configuration name them", WRONG_USE
    )


async def _all(settings: Settings) -> tuple[Switch, ...]:
    async with _switches(settings) as (switches, _):
        return await switches.all()


@asynccontextmanager
async def _switches(settings: Settings) -> AsyncIterator[tuple[Switches, Crosswalk]]:
    async with open_crosswalk(settings) as crosswalk:
        yield Switches(crosswalk.database, record), crosswalk
