"""Asks the sources for customer numbers that the crosswalk does not know yet."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from sources.canonical.customer import CustomerRecord
from sources.capabilities import Answer, CustomerReads
from sources.crosswalk import normal
from sources.crosswalk.crosswalk import Crosswalk
from sources.faults import NotOffered, SourceFault
from sources.systems import System

log = structlog.get_logger(__name__)


async def ask_for_number(crosswalk: Crosswalk, systems: Sequence[System], number: str) -> tuple[str, ...]:
    """The customers of one number; raises the fault where `ask_for_numbers` gives one."""
    found = (await ask_for_numbers(crosswalk, systems, [number]))[number]
    if isinstance(found, SourceFault):
        raise found
    return found


async def ask_for_numbers(
    crosswalk: Crosswalk, systems: Sequence[System], numbers: Sequence[str]
) -> Mapping[str, tuple[str, ...] | SourceFault]:
    """The customers of each number: of the crosswalk, else of what the sources answer, which is taken in.

    Each source is asked once for all that are not known. One that fails is left out; a number that is found nowhere
    while one failed is that one's fault, since the customer may be there.
    """
    known = await crosswalk.of_numbers(numbers)
    unknown = [number for number, uids in known.items() if not uids and normal.number(number)]
    readable = [system for system in systems if isinstance(system.adapter, CustomerReads)]
    if not unknown or not readable:
        return known
    answers = await asyncio.gather(*(_ask(system, unknown) for system in readable))
    faults: dict[str, SourceFault] = {}
    for system, answer in zip(readable, answers, strict=True):
        await _take_in(crosswalk, system, answer, faults)
    found = await crosswalk.of_numbers(unknown)
    return {**known, **{number: uids or faults.get(number, ()) for number, uids in found.items()}}


async def _take_in(
    crosswalk: Crosswalk,
    system: System,
    answer: Answer[str, tuple[CustomerRecord, ...]],
    faults: dict[str, SourceFault],
) -> None:
    records: dict[tuple[str, str], CustomerRecord] = {}
    failed: dict[str, SourceFault] = {}
    for number, given in answer.items():
        if isinstance(given, NotOffered):
            continue
        if isinstance(given, SourceFault):
            failed[number] = given
        else:
            records |= {(record.ref.type, record.ref.id): record for record in given}
    if failed:
        log.warning("number_not_answered", source=system.name, fault=next(iter(failed.values())).code)
    if records:
        await crosswalk.observe(system.origin, list(records.values()))
    for number, fault in failed.items():
        faults.setdefault(number, fault)


async def _ask(system: System, numbers: Sequence[str]) -> Answer[str, tuple[CustomerRecord, ...]]:
    adapter = system.adapter
    if not isinstance(adapter, CustomerReads):
        return {}
    try:
        return await adapter.customers_by_number(numbers)
    except SourceFault as fault:
        return dict.fromkeys(numbers, fault)
