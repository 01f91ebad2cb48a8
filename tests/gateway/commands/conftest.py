import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from gateway.cli import run_program
from gateway.configuration.writing import toml_text
from sources import registry
from sources.simulation.serving import serving
from sources.simulation.world import world

START_SECONDS = 60
CUSTOMERS = 30


@pytest.fixture
def c360(capsys):
    """Run a command in a thread; gives (exit status, standard output, standard error)."""

    async def run(*arguments):
        status = await asyncio.to_thread(run_program, [str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


class Program:
    """A running c360, line by line."""

    def __init__(self, process):
        self.process = process

    async def line(self):
        return (await asyncio.wait_for(self.process.stdout.readline(), START_SECONDS)).decode().rstrip("\n")

    async def until(self, text):
        """The lines up to the one that holds `text`."""
        lines = []
        while not lines or text not in lines[-1]:
            lines.append(await self.line())
            if not lines[-1] and self.process.stdout.at_eof():
                raise AssertionError((await self.process.stderr.read()).decode())
        return lines

    async def stopped(self, number=signal.SIGINT):
        """Send the signal; gives the exit status and what was still said."""
        self.process.send_signal(number)
        rest = await asyncio.wait_for(self.process.stdout.read(), START_SECONDS)
        return await self.process.wait(), rest.decode()


@pytest.fixture
def started():
    """Start c360 as a process of its own."""

    @asynccontextmanager
    async def start(*arguments):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from gateway.cli import main; main()",
            *map(str, arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            yield Program(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return start


@pytest.fixture
async def simulated(tmp_path):
    """A configuration that reaches a simulator of every connector; gives (its path, the simulators by kind)."""
    history = world(customers=CUSTOMERS)
    simulators, sections = {}, {}
    async with AsyncExitStack() as stack:
        for kind, plugin in registry.installed().items():
            simulator = simulators[kind] = plugin.simulator()
            for fact in history:
                simulator.absorb(fact)
            sections[f"sources.{kind}"] = simulator.section(await stack.enter_async_context(serving(simulator.harness)))
        path = tmp_path / "gateway.toml"
        path.write_text(
            toml_text({"gateway": {"port": 0}, "identity": {"development": True}, "telemetry": {}, **sections})
        )
        yield path, simulators
