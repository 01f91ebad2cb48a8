"""What is written is written once, and every answer of the vendor is told apart: done, not done, or nobody knows."""

from typing import Any

import msgspec
import pytest

from sources.canonical.money import Money
from sources.faults import Busy, OutcomeUnknown, Refused, SourceFault, Throttled
from sources.simulation.harness import Switches
from sources.writing import Receipt, ReceiptState, WriteOffers, nothing_was_done
from tests.contracts.source_under_test import Source
from tests.contracts.writes_under_test import WRITES, Write, common

HURRIED_SECONDS = 0.3
SECRET_OF_A_PERSON = "Paloma Garrano, paloma@garrano.example"
# How the vendor leaves open whether it was done, and how many effects there are then.
LEFT_OPEN = {
    "before": (Switches(write_fault="before"), 0),
    "after": (Switches(write_fault="after"), 1),
    "cut after": (Switches(write_fault="cut_after"), 1),
    "error after": (Switches(write_fault="error_after", status=500, body=SECRET_OF_A_PERSON), 1),
    "error before": (Switches(status=502, body=SECRET_OF_A_PERSON), 0),
    "garbage": (Switches(garbage=True), 0),
}
# How the vendor says that it was not done.
NOT_DONE = {
    "forbidden": (Switches(status=403, body=SECRET_OF_A_PERSON), Refused),
    "throttled": (Switches(throttle_retry_after="7"), Throttled),
    "in conflict": (Switches(status=409, body="{}"), Busy),
}

pytestmark = pytest.mark.writes


class Written:
    """A write of the connector under test, ordered and not yet sent."""

    def __init__(self, source: Source, write: Write, order: Any) -> None:
        self.source, self.write, self.order = source, write, order
        self.simulator = source.simulator
        self.hurried = source.another_adapter(timeout_seconds=HURRIED_SECONDS)

    async def send(self, adapter: Any = None) -> Receipt:
        receipt: Receipt = await getattr(adapter or self.source.adapter, self.write.method)(self.order)
        return receipt

    async def find(self) -> Receipt | None:
        return await self.write.find(self.source.adapter, self.order)

    @property
    def effects(self) -> int:
        count: int = self.simulator.effects(self.order.reference)
        return count

    def break_writes(self, switches: Switches) -> None:
        """Let the next write, and nothing that is read, go wrong."""
        self.simulator.harness.switches = msgspec.structs.replace(switches, writes_only=True, times=1)

    def mend(self) -> None:
        self.simulator.harness.switches = Switches()


@pytest.fixture
async def written(light: Source, written_as: str) -> Written:
    write = WRITES[written_as]
    order = await write.order(light, common())
    return Written(light, write, order)


async def test_what_is_written_is_there_once_and_found(written: Written) -> None:
    receipt = await written.send()
    assert receipt.state in (ReceiptState.PREPARED, ReceiptState.PENDING, ReceiptState.DONE)
    assert receipt.amount in (None, getattr(written.order, "amount", None))
    assert written.effects == 1
    found = await written.find()
    assert found is not None
    assert (found.record_id, found.state, found.amount) == (receipt.record_id, receipt.state, receipt.amount)


async def test_what_was_not_written_is_not_found(written: Written) -> None:
    assert await written.find() is None
    assert written.effects == 0


async def test_the_server_says_that_it_can_be_told(written: Written) -> None:
    assert isinstance(written.source.adapter, WriteOffers)
    assert written.write.method in await written.source.adapter.offered_writes()


@pytest.mark.parametrize("name", LEFT_OPEN)
async def test_nobody_knows_until_it_is_looked_for(written: Written, name: str) -> None:
    switches, effects = LEFT_OPEN[name]
    await warmed(written)
    written.break_writes(switches)
    with pytest.raises(OutcomeUnknown) as caught:
        await written.send(written.hurried)
    written.mend()
    assert SECRET_OF_A_PERSON not in str(caught.value)
    assert not nothing_was_done(caught.value)
    assert written.effects == effects
    found = await written.find()
    assert (found is not None) == bool(effects)
    if found is None:
        await written.send()
    assert written.effects == 1


async def test_what_is_done_late_is_found_late(written: Written) -> None:
    await warmed(written)
    written.break_writes(Switches(write_fault="late", late_seconds=2 * HURRIED_SECONDS))
    with pytest.raises(OutcomeUnknown):
        await written.send(written.hurried)
    assert await written.find() is None
    await written.simulator.harness.late.settled()
    assert await written.find() is not None
    assert written.effects == 1


@pytest.mark.parametrize("name", NOT_DONE)
async def test_what_the_vendor_refuses_is_not_done(written: Written, name: str) -> None:
    switches, kind = NOT_DONE[name]
    await warmed(written)
    written.break_writes(switches)
    with pytest.raises(SourceFault) as caught:
        await written.send()
    written.mend()
    assert isinstance(caught.value, kind)
    assert SECRET_OF_A_PERSON not in str(caught.value)
    assert written.effects == 0
    assert await written.find() is None


async def test_a_write_is_sent_once_whatever_the_answer(written: Written) -> None:
    await warmed(written)
    before = writes_of(written)
    written.break_writes(Switches(status=503))
    written.simulator.harness.switches.times = None
    with pytest.raises(OutcomeUnknown):
        await written.send(written.hurried)
    assert writes_of(written) == before + 1


async def test_the_same_order_twice_is_one_effect_where_the_vendor_keeps_keys(written: Written) -> None:
    if not written.simulator.keeps_keys:
        return
    once, twice = await written.send(), await written.send()
    assert once == twice
    assert written.effects == 1


async def test_an_amount_of_nothing_is_refused(written: Written) -> None:
    if not hasattr(written.order, "amount"):
        return
    written.order = msgspec.structs.replace(written.order, amount=Money(0, "EUR"))
    with pytest.raises(Refused):
        await written.send()
    assert written.effects == 0


async def warmed(written: Written) -> None:
    """Tokens and what is looked up once are there before anything is broken."""
    await written.write.find(written.hurried, written.order)


def writes_of(written: Written) -> int:
    harness = written.simulator.harness
    return sum(harness.is_write(call.method, call.path) for call in harness.calls)
