"""All customers of the configured sources into the crosswalk, with a progress bar on standard error."""

from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sources.crosswalk.backfill import backfill, masters_first
from sources.crosswalk.crosswalk import Crosswalk
from sources.systems import System


async def backfill_all(crosswalk: Crosswalk, systems: Sequence[System]) -> dict[str, int]:
    """Read every source that holds customers, one after the other; gives the records read by source.

    Raises the SourceFault of the first source that fails; what was read until then is kept.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    read: dict[str, int] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:
        for system in masters_first(systems, crosswalk.settings.masters):
            task = bar.add_task(system.name, total=None)

            def told(count: int, total: int | None, task: object = task) -> None:
                bar.update(task, completed=count, total=total)  # type: ignore[arg-type]

            read[system.name] = (await backfill(crosswalk, system, told)).records
            bar.update(task, completed=read[system.name], total=read[system.name])
    return read
