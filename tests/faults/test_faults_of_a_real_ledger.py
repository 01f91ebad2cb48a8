"""The same with a real Tryton on PostgreSQL as the ledger: it answers, is cut off, and is left alone by a kill."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.proof.cases import every_case
from tests.faults.proof.judging import as_good_as_can_be
from tests.faults.proof.ledgers import RealLedger, filled_with, real_ledger
from tests.faults.proof.running import run
from tests.faults.proof.town import facts_of, open_town

UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)  # the same history each day, so that a server is filled with it once
WAYS = ("ok", "timeout_applied", "timeout", "at_vendor_late")
STEPS = ("erp_draft", "erp_post", "erp_draft.undo")
TIMEOUT_SECONDS = 8.0  # a real server posts in a second, and this machine may be busy


@pytest.fixture(scope="session")
def filled(servers: Path) -> Path:
    return asyncio.run(filled_with(facts_of(until=UNTIL)))


@pytest.fixture
async def ledger(filled: Path, tmp_path: Path):
    with real_ledger(filled, tmp_path) as running:
        yield running
        await running.close()


@pytest.mark.timeout(600)
async def test_a_real_ledger_has_each_once_or_not_at_all(ledger: RealLedger, proof_server, tmp_path: Path):
    url = str(proof_server.create_database("real_ledger"))
    cases = [case for case in every_case() if case.way in WAYS and case.step in STEPS]
    async with open_town(url, tmp_path / "town", facts_of(until=UNTIL), ledger) as town:
        town.timeout_seconds = TIMEOUT_SECONDS
        results = await run(town, cases)
        assert {result.case.id: result.wrong for result in results if result.wrong} == {}
        assert [result.case.id for result in results if not as_good_as_can_be(result.case, result.end)] == []
