"""Asks the sources for a customer number that the crosswalk does not know yet."""

import asyncio
from collections.abc import Sequence

import structlog

from sources.canonical.customer import CustomerRecord
from sources.capabilities import CustomerReads
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.words import LookupKey
from sources.faults import SourceFault
from sources.systems import System

log = structlog.get_logger(__name__)


async def ask_for_number(crosswalk: Crosswalk, systems: Sequence[System], number: str) -> tuple[str, ...]:
    """The customers of a number: of the crosswalk, else of what the sources answer, which is taken in.

    One call to each source. A source that fails is left out; where nothing is found and one failed, its fault is
    raised, since the customer may be there.
    """
    key = LookupKey("number", number)
    if known := await crosswalk.find(key):
        return known
    readable = [system for system in systems if isinstance(system.adapter, CustomerReads)]
    answers = await asyncio.gather(*(_ask(system, number) for system in readable))
    faults: list[SourceFault] = []
    for system, answer in zip(readable, answers, strict=True):
        if isinstance(answer, SourceFault):
            log.warning("number_not_answered", source=system.name, fault=answer.code)
            faults.append(answer)
        elif answer:
            await crosswalk.observe(system.origin, answer)
    found = await crosswalk.find(key)
    if not found and faults:
        raise faults[0]
    return found


async def _ask(system: System, number: str) -> Sequence[CustomerRecord] | SourceFault:
    adapter = system.adapter
    if not isinstance(adapter, CustomerReads):
        return ()
    try:
        return (await adapter.customers_by_number([number])).get(number, ())
    except SourceFault as fault:
        return fault
