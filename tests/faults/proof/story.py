"""The story: many credits, two gateways, both killed in the middle, and vendors that often say nothing after doing it.

Who asks does what a client should: an answer that does not come is asked for again, under the same idempotency key, at
the other gateway.
"""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx
import msgspec
from sqlalchemy import select

from mutations.governance.tables import workflows
from tests.faults.proof.cases import CREDIT, SMALLEST_MINOR, Case, request
from tests.faults.proof.counting import Effects, effects_of, ends_of
from tests.faults.proof.judging import faults_of
from tests.faults.proof.town import GatewayProcess, Town

STEPS = ("erp_draft", "billing_credit", "erp_post", "case_note", "case_reply")
TROUBLES = ("timeout_applied", "timeout_applied", "cut_applied", "error_applied", "late")
TROUBLED_SHARE = 0.3
ASKED_AT_ONCE = 4
REST_SECONDS = 120.0
GONE = (httpx.TransportError, RuntimeError)  # its gateway was killed, or is not yet there


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How the story ended."""

    ends: Counter[str]
    wrong: tuple[str, ...]
    workflows: int
    in_billing: int
    in_ledger: int


def credits_to_give(count: int, seed: int) -> list[Case]:
    """Credits of amounts of their own, some of which a vendor does without saying so."""
    chance = random.Random(seed)
    cases = []
    for number in range(1, count + 1):
        way = chance.choice(TROUBLES) if chance.random() < TROUBLED_SHARE else "ok"
        step = chance.choice(STEPS)
        cases.append(Case(number=number, action=CREDIT, step=step, way=way, minor=SMALLEST_MINOR + number))
    return cases


async def told(town: Town, cases: list[Case]) -> Told:
    """Give the credits while one gateway after the other is killed; then count."""
    gateways = [await town.start(), await town.start()]
    await town.learn_story(gateways[0])
    killer = asyncio.create_task(_killing(town, gateways, len(cases)))
    waiting = list(cases)
    await asyncio.gather(*(_asking(town, gateways, waiting, n) for n in range(ASKED_AT_ONCE)))
    await killer
    return await _counted(town, cases)


async def _asking(town: Town, gateways: list[GatewayProcess], waiting: list[Case], n: int) -> None:
    while waiting:
        case, at = waiting.pop(0), n
        while True:
            try:
                payload = await request(town, gateways[at % len(gateways)], case)
            except GONE:
                at += 1
                await asyncio.sleep(0.1)
                continue
            if payload["workflow"] is None:
                raise AssertionError(f"{case.id}: {payload['refusals']}")
            break


async def _killing(town: Town, gateways: list[GatewayProcess], count: int) -> None:
    """Kill one when a third has been asked for, the other at two thirds; another takes its place each time."""
    for place, share in ((0, 3), (1, 1.5)):
        while await _asked(town) < count / share:  # noqa: ASYNC110  other processes take them
            await asyncio.sleep(0.05)
        await gateways[place].kill()
        gateways[place] = await town.start()


async def _asked(town: Town) -> int:
    async with town.database.reading() as connection:
        return len((await connection.execute(select(workflows.c.uid))).all())


async def _counted(town: Town, cases: list[Case]) -> Told:
    ids = [case.id for case in cases]
    ends: dict[str, Any] = {}
    try:
        async with asyncio.timeout(REST_SECONDS):
            while len(ends) < len(ids) or any(end.status in MOVING for end in ends.values()):
                await asyncio.sleep(0.3)
                ends = await ends_of(town.database, ids)
    except TimeoutError:
        pass  # what moves still is no end: it is told as wrong
    await town.settled()
    found = {case.id: effects_of(town, ends[case.id].uid) if case.id in ends else Effects() for case in cases}
    wrong = [f"{case.id}: {each}" for case in cases for each in faults_of(case, ends.get(case.id), found[case.id])]
    return Told(
        ends=Counter(end.status for end in ends.values()),
        wrong=tuple(wrong),
        workflows=await _asked(town),
        in_billing=sum(sum(effects.billing) for effects in found.values()),
        in_ledger=sum(sum(effects.ledger) for effects in found.values()),
    )


MOVING = ("APPROVED", "RUNNING", "COMPENSATING", "SETTLING", "OUTCOME_UNKNOWN")
