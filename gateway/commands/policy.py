"""`c360 policy check` and `c360 policy simulate`: the rules of writes, validated, and tried on the past."""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.failures import WRONG_USE, CommandFailed
from gateway.settings import Settings, load_settings
from gateway.wiring import open_crosswalk
from mutations.governance.policy.decisions import decided_since
from mutations.governance.policy.rules import Rule
from mutations.governance.policy.simulating import Comparison, compared, in_words

SHOWN_AT_MOST = 200  # changed decisions in the table; the counts below it are of all
WIDTH = 160  # where the output is no terminal, so that a table in a file is not folded to 80

policy = typer.Typer(help="The rules of writes: validate them, and try them on the past.", no_args_is_help=True)


@policy.command()
def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the policy in force; prints its version and its rules."""
    read = load_settings(config).write_policy
    table = Table("rule", "says", "where", box=box.SIMPLE)
    for rule in read.rules:
        table.add_row(rule.name, _says(rule), f"{rule.file}:{rule.line}")
    _console().print(table)
    typer.echo(f"policy {read.version}: {len(read.rules)} rules, all is well")


def _says(rule: Rule) -> str:
    if rule.refusal is not None:
        return f"denies: {rule.refusal.code.value}"
    return f"permits after {rule.persons} {rule.approver}" if rule.approver else "permits alone"


@policy.command()
def simulate(
    since: Annotated[str, typer.Option(help="From which day (UTC), such as 2026-11-01.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Decide past requests again with the policy now in force, and show what would change."""
    settings = load_settings(config)
    changed, counts = run(_simulated(settings, _midnight(since)))
    if changed:
        _console().print(_table(changed))
    if (more := counts.total() - counts[None] - len(changed)) > 0:
        typer.echo(f"… and {more} more")
    for change, count in sorted((each for each in counts.items() if each[0] is not None), key=lambda each: -each[1]):
        typer.echo(f"{count:>7}  {change}")
    typer.echo(f"{counts.total()} decisions, {counts.total() - counts[None]} would change")


def _midnight(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        raise CommandFailed(f"{day} is no day", "Write it as 2026-11-01", WRONG_USE) from None


async def _simulated(settings: Settings, since: datetime) -> tuple[list[Comparison], Counter[str | None]]:
    """The first changed decisions, and how many there are of each change; under None those that stay."""
    shown: list[Comparison] = []
    counts: Counter[str | None] = Counter()
    async with open_crosswalk(settings) as crosswalk:
        async for each in compared(decided_since(crosswalk.database, since), settings.write_policy):
            if not each.differs:
                counts[None] += 1
                continue
            counts[_change(each)] += 1
            if len(shown) < SHOWN_AT_MOST:
                shown.append(each)
    return shown, counts


def _change(each: Comparison) -> str:
    return f"{each.past.request.action.value}: {in_words(each.past.decision)} -> {in_words(each.now)}"


def _table(changed: list[Comparison]) -> Table:
    table = Table("at", "workflow", "action", "who", "amount", "was", "would be", "by", box=box.SIMPLE)
    for each in changed:
        request = each.past.request
        table.add_row(
            each.past.at.strftime("%Y-%m-%d %H:%M"),
            each.past.workflow_uid or "-",
            request.action.value,
            request.subject,
            f"{request.amount.amount} {request.amount.currency}" if request.amount else "-",
            in_words(each.past.decision),
            in_words(each.now),
            ", ".join(each.now.rules),
        )
    return table


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)
