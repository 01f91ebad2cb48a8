"""Runs cases over one database: asks for them, kills what is to be killed, waits until they rest, and counts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from tests.faults.proof.cases import Case, batches, request
from tests.faults.proof.counting import Effects, End, effects_of, ends_of
from tests.faults.proof.judging import faults_of
from tests.faults.proof.town import GatewayProcess, Town
from tests.faults.proof.ways import WAYS

AT_ONCE = 12  # every step of both sagas
REST_SECONDS = 240.0  # a silent vendor is asked for half a minute each time
RESTING = {"SUCCEEDED", "FAILED", "COMPENSATED", "NEEDS_ATTENTION", "REJECTED", "EXPIRED", "CANCELED"}
KILL_TIMEOUT_SECONDS = 20.0  # of calls in a process that is to be killed: they hang until it is


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a case. `meanwhile`: the state in which it waited for a vendor that did not answer."""

    case: Case
    end: End | None
    found: Effects
    wrong: tuple[str, ...]
    meanwhile: str | None = None


async def run(town: Town, cases: Sequence[Case], told: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Run cases, those of one way at a time."""
    results: list[Result] = []
    async for batch in _carried(town, cases):
        for result in await _judged(town, batch):
            results.append(result)
            told(result)
    return results


async def _carried(town: Town, cases: Sequence[Case]) -> AsyncIterator[list[Case]]:
    standing = await town.start()
    await town.learn_story(standing)
    for batch in batches([case for case in cases if not case.kills], AT_ONCE):
        await _ask_all(town, standing, batch)
        yield batch
    for batch in batches([case for case in cases if case.kills], AT_ONCE):
        await _killed(town, batch)
        yield batch


async def _killed(town: Town, batch: Sequence[Case]) -> None:
    """Ask a process for cases, kill it when each is at its boundary, and start the one that goes on."""
    await town.stop()
    doomed = await town.start(doomed=True, timeout_seconds=KILL_TIMEOUT_SECONDS)
    town.held.clear()
    await _ask_all(town, doomed, batch)
    wanted = {case.id for case in batch}
    try:
        async with asyncio.timeout(REST_SECONDS):
            while not wanted <= town.held:  # noqa: ASYNC110  another process says so
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise RuntimeError(f"never came to its boundary: {sorted(wanted - town.held)}") from None
    await doomed.kill()
    await town.start()


async def _ask_all(town: Town, process: GatewayProcess, batch: Sequence[Case]) -> None:
    async def ask(case: Case) -> None:
        payload = await request(town, process, case)
        if payload["refusals"]:
            raise RuntimeError(f"{case.id}: {payload['refusals']}")

    await asyncio.gather(*(ask(case) for case in batch))


async def _judged(town: Town, batch: Sequence[Case]) -> list[Result]:
    silent = bool(batch) and batch[0].way in WAYS and WAYS[batch[0].way].silent
    meanwhile: dict[str, End] = {}
    if silent:
        meanwhile = await rested(town, batch, {*RESTING, "OUTCOME_UNKNOWN"})
        before = [_result(town, case, meanwhile.get(case.id)) for case in batch]
        town.relent()
        ends = await rested(town, batch, RESTING)
        after = [_result(town, case, ends.get(case.id)) for case in batch]
        return [
            msgspec.structs.replace(
                last, wrong=(*first.wrong, *last.wrong), meanwhile=first.end.status if first.end else None
            )
            for first, last in zip(before, after, strict=True)
        ]
    ends = await rested(town, batch, RESTING)
    return [_result(town, case, ends.get(case.id)) for case in batch]


def _result(town: Town, case: Case, end: End | None) -> Result:
    found = effects_of(town, end.uid) if end else Effects()
    return Result(case=case, end=end, found=found, wrong=tuple(faults_of(case, end, found)))


async def rested(town: Town, batch: Sequence[Case], resting: set[str]) -> dict[str, End]:
    """How cases stood when each first came to rest, or when nobody waits any longer.

    What is unknown is asked for again and again: it does not stay at rest, and others come to it later.
    """
    until, rest = time.monotonic() + REST_SECONDS, dict[str, End]()
    while True:
        ends = await ends_of(town.database, [case.id for case in batch])
        rest |= {id: end for id, end in ends.items() if id not in rest and end.status in resting}
        if len(rest) == len(batch) or time.monotonic() > until:
            await town.settled()
            return ends | rest
        await asyncio.sleep(0.2)
