"""The matrix as Markdown: a row for each way, a column for each step, and in each cell what came of it."""

from collections.abc import Iterator, Mapping, Sequence

from tests.faults.proof.cases import COLUMNS
from tests.faults.proof.running import Result
from tests.faults.proof.ways import KILLS, SETTLING, WAYS

WORDS = {
    "SUCCEEDED": "done",
    "COMPENSATED": "undone",
    "FAILED": "failed",
    "NEEDS_ATTENTION": "attention",
    "OUTCOME_UNKNOWN": "unknown",
}


def tables(results: Mapping[str, Sequence[Result]]) -> Iterator[str]:
    """The lines of a table for each action; `results` by the name of the database."""
    for action, columns in COLUMNS.items():
        yield f"### {action}"
        yield ""
        yield f"| | {' | '.join(columns)} |"
        yield f"|---|{'---|' * len(columns)}"
        for way, told in _rows():
            cells = [_cell([_of(each, action, step, way) for each in results.values()]) for step in columns]
            if any(cells):
                yield f"| {told} | {' | '.join(cells)} |"
        yield ""


def _rows() -> Iterator[tuple[str, str]]:
    yield from ((name, way.told) for name, way in (*WAYS.items(), *SETTLING.items()))
    yield from ((name, f"killed: {told}") for name, told in KILLS.items())


def _of(results: Sequence[Result], action: str, step: str, way: str) -> Result | None:
    wanted = (action, step, way)
    return next((each for each in results if (each.case.action, each.case.step, each.case.way) == wanted), None)


def _cell(results: Sequence[Result | None]) -> str:
    """What came of one step in one way; both, where the databases differ."""
    told = list(dict.fromkeys(_told(result) for result in results if result is not None))
    return " / ".join(told)


def _told(result: Result) -> str:
    if result.wrong:
        return f"**WRONG: {'; '.join(result.wrong)}**"
    end = WORDS.get(result.end.status, result.end.status) if result.end else "?"
    meanwhile = WORDS.get(result.meanwhile, result.meanwhile) if result.meanwhile else None
    before = f"{meanwhile}, then " if meanwhile and meanwhile != end else ""
    return f"{before}{end} {result.found.shown}"
