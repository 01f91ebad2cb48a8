"""What changed since a watermark: nothing is lost, whatever happens between two questions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import time_machine

from sources.capabilities import Change
from sources.simulation.facts import CaseOpened, ContractSigned, CustomerKnown, Fact, InvoiceIssued
from tests.contracts import small_world
from tests.contracts.small_world import RICH
from tests.contracts.source_under_test import Source

ROUNDS = 4
GRAIN_SECONDS = 20  # between two things that happen; some vendors' times are whole seconds
MINUTES_UNTIL_ALL_IS_TOLD = 10  # some vendors hold back the newest changes for a minute or more
MAX_QUESTIONS = 40  # until a source that holds back its newest changes has given them all


def happening(role: str, round_: int, at: datetime) -> Fact:
    """Something new that a source of this role must tell about."""
    if role == "support":
        return msgspec.structs.replace(small_world.case(RICH, 500 + round_, 0), at=at)
    if role == "crm":
        return msgspec.structs.replace(small_world.contract(RICH, 500 + round_, 0), at=at)
    invoice = small_world.invoice(RICH, 500 + round_, 0)
    return msgspec.structs.replace(invoice, at=at, issued=at.date(), due=at.date() + timedelta(days=30))


async def drain(source: Source, watermark: str | None) -> tuple[list[Change], str]:
    """All changes that the source gives now, and where to go on."""
    changes: list[Change] = []
    for _ in range(MAX_QUESTIONS):
        answer = await source.adapter.changes(watermark)
        changes += answer.changes
        watermark = answer.watermark
        if not answer.more:
            return changes, watermark
    raise AssertionError("changes() has always more")


@pytest.mark.methods("changes")
async def test_no_watermark_starts_now_and_gives_no_changes(light: Source, method: str) -> None:
    answer = await light.adapter.changes(None)
    assert answer.changes == ()
    assert not answer.more
    assert answer.watermark


@contextmanager
def later(**span: float) -> Iterator[datetime]:
    """Everything, the simulator too, takes it to be so much later. Gives that time, UTC."""
    moment = (datetime.now(UTC) + timedelta(**span)).replace(microsecond=0)
    with time_machine.travel(moment, tick=True):
        yield moment


@pytest.mark.methods("changes")
async def test_nothing_is_lost_between_two_watermarks(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    before = await known_ids(light, ref)
    watermark = (await light.adapter.changes(None)).watermark
    seen: list[Change] = []
    for round_ in range(ROUNDS):
        with later(seconds=GRAIN_SECONDS * round_) as now:
            light.absorb([happening(light.plugin.role, round_, now)])
            changes, watermark = await drain(light, watermark)
            seen += changes
    with later(minutes=MINUTES_UNTIL_ALL_IS_TOLD):
        new = await known_ids(light, ref) - before
        changes, watermark = await drain(light, watermark)
        seen += changes
    assert len(new) == ROUNDS
    assert not new - {change.record_id for change in seen}
    assert all(change.customer_ref in (None, ref) for change in seen if change.record_id in new)
    assert all(change.at.utcoffset() == timedelta(0) for change in seen)


@pytest.mark.methods("changes")
async def test_a_changed_customer_is_told_as_one(light: Source, method: str) -> None:
    ref = await light.ref_of(RICH)
    watermark = (await light.adapter.changes(None)).watermark
    with later(seconds=GRAIN_SECONDS) as now:
        light.absorb([small_world.known(RICH, at=now, name="Contract Company Renamed")])
    with later(minutes=MINUTES_UNTIL_ALL_IS_TOLD):
        changes, _ = await drain(light, watermark)
    told = [change for change in changes if change.record_id == ref.id or change.customer_ref == ref]
    assert "customer" in {change.kind for change in told}


async def known_ids(source: Source, ref: Any) -> set[str]:
    method = {"support": "cases_of", "crm": "contracts_of"}.get(source.plugin.role, "invoices_of")
    return {record.provenance.record_id for record in await source.whole_list(method, ref)}


def test_what_happens_is_of_each_role() -> None:
    kinds = {role: type(happening(role, 1, datetime.now(UTC))) for role in ("support", "crm", "billing", "erp")}
    assert kinds == {"support": CaseOpened, "crm": ContractSigned, "billing": InvoiceIssued, "erp": InvoiceIssued}
    assert CustomerKnown not in kinds.values()
