"""A gateway in a process of its own, to be killed: `gateway_process.py FILE`, whose JSON says how it is configured.

It says `ready URL` when it answers, and `held CASE` when a case has come to the boundary that its correlation id names,
where it stays until the process is killed. SIGTERM ends it in order, and so does the end of who started it.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from gateway.app import create_app
from gateway.settings import Settings
from gateway.telemetry import configure_logs
from gateway.wiring import open_gateway
from mutations.governance import effects
from mutations.governance.engine import carrying
from mutations.governance.pace import Pace
from sources.crosswalk.backfill import backfill
from sources.simulation.serving import serving
from tests.faults.proof.ways import AFTER_INTENT, AFTER_RECEIPT, BEFORE_INTENT, BEFORE_RECEIPT, directives

HELD_AT_ONCE = 16  # those that are held must not keep others from coming to their boundaries

begin, record = effects.begin, effects.record


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def held(boundary: str, drive: effects.Drive, effect: effects.Effect) -> None:
    """Stay here for ever, where the case is to die at this boundary."""
    if directives(drive.correlation_id).get(effect.name) == boundary:
        say(f"held {drive.correlation_id}")
        await asyncio.Event().wait()


async def begin_or_hold(drive: effects.Drive, effect: effects.Effect, *args: Any, **kwargs: Any) -> Any:
    await held(BEFORE_INTENT, drive, effect)
    begun = await begin(drive, effect, *args, **kwargs)
    await held(AFTER_INTENT, drive, effect)
    return begun


async def record_or_hold(drive: effects.Drive, effect: effects.Effect, *args: Any) -> Any:
    await held(BEFORE_RECEIPT, drive, effect)
    told = await record(drive, effect, *args)
    await held(AFTER_RECEIPT, drive, effect)
    return told


async def main(told: dict[str, Any]) -> None:
    if told["doomed"]:
        carrying.IN_FLIGHT = HELD_AT_ONCE
        effects.begin, effects.record = begin_or_hold, record_or_hold  # type: ignore[assignment]
    configure_logs(told["log"])
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_reader(sys.stdin, stopped.set)
    pace = Pace(**told["pace"])
    async with open_gateway(Settings(**told["settings"]), pace=pace, drain_seconds=2.0) as gateway:
        if told["fill"]:
            for system in gateway.systems.all:
                await backfill(gateway.crosswalk, system, lambda done, total: None)
        async with serving(create_app(gateway)) as url:
            say(f"ready {url}")
            await stopped.wait()
            await gateway.governed.governance.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
