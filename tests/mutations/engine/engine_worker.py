"""A process with an engine, for tests that kill, stop and starve it. Commands come on standard input, answers go out.

What it does to the world it appends to a file, one line each: `process uid:number what`. How a run behaves is in its
uid: plain-1, gated-2 (its payment waits until a file is there), crash-3 (its payment kills the process), raise-4,
pause-5, wait-6 (its payment takes a second).
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from mutations.governance.engine.opening import open_engine
from mutations.governance.engine.port import Journal, LostLease, Run
from sources.database import open_database

POLL = 0.02


class World:
    """What the drives act on."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    def note(self, run: Run, what: str) -> None:
        line = f"{self.name} {run.id} {what}\n".encode()
        file = os.open(self.folder / "effects", os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        os.write(file, line)
        os.close(file)

    async def opened(self, gate: str) -> None:
        while not (self.folder / gate).exists():  # noqa: ASYNC110  another process makes it
            await asyncio.sleep(POLL)

    async def drive(self, run: Run, journal: Journal) -> None:
        kind = run.workflow_uid.partition("-")[0]

        async def prepare() -> dict[str, str]:
            self.note(run, "prepared")
            return {"draft": f"d-{run.workflow_uid}"}

        async def pay() -> int:
            self.note(run, "asked")
            if kind == "crash":
                os._exit(9)
            if kind == "raise":
                raise KeyError("a name that must not be logged")
            if kind == "gated":
                await self.opened(f"gate-{self.name}")
            if kind == "wait":
                await asyncio.sleep(1.0)
            try:
                await journal.hold()
            except LostLease:
                self.note(run, "refrained")
                raise
            self.note(run, "paid")
            return 100

        draft = await journal.step("prepare", prepare)
        if kind == "pause":
            self.note(run, "paused")
            await journal.pause("a while", 2.0)
        amount = await journal.step("pay", pay)
        self.note(run, f"done {draft['draft']} {amount}")

    async def parked(self, run: Run, because: str) -> None:
        self.note(run, f"parked {because}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main(url: str, folder: str, name: str) -> None:
    world = World(Path(folder), name)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    database = open_database(url)
    async with open_engine(database, url, drain_seconds=4.0) as engine:
        await engine.open(world.drive, world.parked)
        say("ready")
        commands = asyncio.create_task(obey(engine, await lines()))
        await stopped.wait()
        say("stopping")
        commands.cancel()
    await database.close()
    say("closed")


async def obey(engine, commands: asyncio.StreamReader) -> None:
    while line := (await commands.readline()).decode().split():
        uid, number = line[1], int(line[2])
        try:
            await engine.submit(Run(workflow_uid=uid, number=number, direction="forward"))
        except Exception as error:
            say(f"refused {uid}:{number} {type(error).__name__}")
        else:
            say(f"submitted {uid}:{number}")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    asyncio.run(main(*sys.argv[1:4]))
