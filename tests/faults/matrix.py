"""Every step of both sagas, in every way that a vendor can answer, and killed at every boundary: `make faults`.

`python -m tests.faults.matrix` runs all of it on SQLite and on PostgreSQL at once, prints a table, and ends with 1
where anything is wrong. `--ways late,silent` and `--steps erp_post` run less of it; `--write FILE` writes the page.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from sources.simulation.real.postgres import postgres
from tests.faults.proof.cases import Case, every_case
from tests.faults.proof.running import Result, run
from tests.faults.proof.tables import tables
from tests.faults.proof.town import open_town
from tests.faults.proof.verifying import events_in_order

PREFACE = Path(__file__).with_name("matrix.md")


async def on_database(name: str, url: str, directory: Path, cases: Sequence[Case]) -> tuple[list[Result], int]:
    """What came of the cases on one database, and how many events the audit log has in order."""
    began = time.monotonic()

    def told(result: Result) -> None:
        end = result.end.status if result.end else "?"
        wrong = f"  WRONG: {'; '.join(result.wrong)}" if result.wrong else ""
        case = result.case
        say(
            f"{time.monotonic() - began:7.1f} {name:10} {case.action:13} {case.step:15} {case.way:17} "
            f"{end:15} {result.found.shown}{wrong}"
        )

    async with open_town(url, directory) as town:
        results = await run(town, cases, told)
        await town.stop()
        return results, await events_in_order(town)


async def everything(cases: Sequence[Case], databases: Sequence[str]) -> dict[str, tuple[list[Result], int]]:
    """The same cases on each database, beside one another."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c360-faults-")))
        urls = {"SQLite": f"sqlite:///{place / 'SQLite' / 'c360.db'}"}
        if "PostgreSQL" in databases:
            urls["PostgreSQL"] = stack.enter_context(postgres()).create_database("faults")
        runs = {name: on_database(name, urls[name], place / name, cases) for name in databases}
        return dict(zip(runs, await asyncio.gather(*runs.values()), strict=True))


def page(results: dict[str, list[Result]], events: int, seconds: float) -> str:
    """The page in docs."""
    ends = Counter(result.end.status if result.end else "?" for each in results.values() for result in each)
    wrong = sum(bool(result.wrong) for each in results.values() for result in each)
    cases = sum(len(each) for each in results.values())
    summary = (
        f"{datetime.now(UTC):%Y-%m-%d}, on {' and '.join(results)}: {cases} cases in {seconds / 60:.0f} minutes, "
        f"{wrong} wrong. {', '.join(f'{count} {end}' for end, count in ends.most_common())}. "
        f"{events} events in the audit logs, each in order."
    )
    return f"{PREFACE.read_text()}\n## What came of it\n\n{summary}\n\n" + "\n".join(tables(results))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ways", default="", help="only these, with commas between")
    parser.add_argument("--steps", default="", help="only these, with commas between")
    parser.add_argument("--databases", default="SQLite,PostgreSQL")
    parser.add_argument("--write", type=Path, help="write the page to this file")
    chosen = parser.parse_args()
    ways, steps = set(filter(None, chosen.ways.split(","))), set(filter(None, chosen.steps.split(",")))
    cases = [case for case in every_case() if (not ways or case.way in ways) and (not steps or case.step in steps)]
    began = time.monotonic()
    told = asyncio.run(everything(cases, chosen.databases.split(",")))
    results = {name: found for name, (found, _) in told.items()}
    text = page(results, sum(events for _, events in told.values()), time.monotonic() - began)
    say("\n" + text.partition("## What came of it\n")[2])
    if chosen.write:
        chosen.write.write_text(text)
    return int(any(result.wrong for each in results.values() for result in each))


if __name__ == "__main__":
    sys.exit(main())
