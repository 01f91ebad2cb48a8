"""What the bench prints."""

import os

from rich.console import Console
from rich.table import Table

from bench.sidebyside.bars import bars, ratio
from bench.sidebyside.contestants import GATEWAY
from bench.sidebyside.measuring import Results

COLUMNS = ("CPU ms", "gateway /", "req/s", "p50 ms", "p99 ms", "calls", "RSS MB")


def show(console: Console, results: Results, names: list[str], clients: tuple[int, ...]) -> None:
    """A table for each operation, the added latency, then the bars."""
    for title, (leaves, size) in results.answers.items():
        table = Table(title=f"{title}: {leaves} leaves, {size / 1000:.1f} kB", title_justify="left")
        table.add_column("clients", justify="right")
        table.add_column("")
        for column in COLUMNS:
            table.add_column(column, justify="right")
        for number in clients:
            for name in names:
                _row(table, results, title, number, name)
            table.add_section()
        console.print(table)
    show_paced(console, results)
    _bars(console, results)
    for sentence in dict.fromkeys(results.differing + results.complaints):
        console.print(f"! {sentence}", markup=False)
    console.print(footer())


def footer() -> str:
    """How the figures were made, and how busy the machine was."""
    return (
        "Each figure is the median of its rounds. CPU is user and system time of the process and its children; the\n"
        "vendors and the load generator are not counted. Absolute times belong to this machine and hour: load average\n"
        f"{', '.join(f'{each:.1f}' for each in os.getloadavg())} on {os.cpu_count()} cores."
    )


def _row(table: Table, results: Results, title: str, clients: int, name: str) -> None:
    cell = results.cell(title, clients, name)
    if cell is None:
        return
    ours = ratio(results, title, GATEWAY.name, name, clients)
    table.add_row(
        str(clients),
        name,
        f"{cell.of('cpu_ms'):.2f}",
        "" if ours is None or name == GATEWAY.name else f"{ours:.2f}",
        f"{cell.of('per_second'):.0f}",
        f"{cell.of('p50'):.1f}",
        f"{cell.of('p99'):.1f}",
        f"{cell.of('calls'):.2f}",
        f"{cell.of('rss') / 2**20:.0f}",
    )


def show_paced(console: Console, results: Results) -> None:
    """What is added to the vendors' latency; nothing where it was not measured."""
    if not results.paced:
        return
    table = Table(title="Latency added, on a beat that leaves time to spare", title_justify="left")
    table.add_column("")
    table.add_column("")
    for column in ("req/s", "waiting ms", "p50 ms", "p99 ms", "added p50", "added p99"):
        table.add_column(column, justify="right")
    for (title, name), turn in results.paced.items():
        figures = (turn.waiting, turn.p50, turn.p99, turn.p50 - turn.waiting, turn.p99 - turn.waiting)
        table.add_row(title, name, f"{turn.per_second:.0f}", *(f"{figure:.1f}" for figure in figures))
    console.print(table)


def _bars(console: Console, results: Results) -> None:
    table = Table(title="Bars, at 16 clients", title_justify="left")
    for column in ("what", "at most", "found", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for bar in bars(results):
        table.add_row(bar.what, f"{bar.limit:g}", "" if bar.found is None else f"{bar.found:.2f}", bar.verdict)
    console.print(table)
