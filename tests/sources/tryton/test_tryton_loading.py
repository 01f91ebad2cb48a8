"""A real Tryton that was filled once: what a later start finds in its directory."""

from pathlib import Path

import pytest

from sources.tryton.real import loading
from sources.tryton.real.loading import tryton
from tests.sources.tryton.small_ledger import HISTORY


async def test_a_later_start_fills_nothing_and_asks_the_server_for_nothing(
    filled_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tryton(filled_directory) as first:
        credit = first.section()["credit"]
    assert credit.keys() == {"account", "journal"}
    monkeypatch.delattr(loading, "Rpc")
    steps: list[int] = []
    with tryton(filled_directory) as later:
        assert await later.absorb_all(HISTORY, lambda done, total: steps.append(done))
        assert (later.section()["credit"], steps) == (credit, [])
