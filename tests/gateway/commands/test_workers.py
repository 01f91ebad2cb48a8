import asyncio
import os
import re
import signal

import httpx
import psutil
import pytest

from sources.simulation.real.postgres import postgres


@pytest.fixture
async def on_postgres(simulated):
    """The simulated configuration on a PostgreSQL of its own, with two operations ports."""
    path, _ = simulated
    manager = postgres()
    cluster = await asyncio.to_thread(manager.__enter__)
    path.write_text(
        path.read_text().replace("port = 0\n", f'port = 0\ndatabase_url = "{cluster.url()}"\n', 1)
        + "\n[operations]\nport = 0\n"
    )
    yield path
    await asyncio.to_thread(manager.__exit__, None, None, None)


async def healthy(url):
    async with httpx.AsyncClient() as client:
        return (await client.get(url.replace("/graphql", "/readyz"))).text == "ready\n"


def workers_of(program):
    children = psutil.Process(program.process.pid).children()
    living = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
    return [child.pid for child in living if "spawn_main" in " ".join(child.cmdline())]


async def until(holds):
    for _ in range(300):
        if holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("did not come to pass")


async def test_two_workers_share_a_port_and_a_dead_one_is_started_anew(started, on_postgres):
    async with started("serve", "--config", on_postgres, "--workers", "2") as program:
        url = (await program.line()).removeprefix("ready ")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/graphql", url)
        assert await healthy(url)
        first, other = workers_of(program)
        os.kill(first, signal.SIGKILL)
        await until(lambda: len(set(workers_of(program)) - {first}) == 2)
        assert other in workers_of(program)
        assert await healthy(url)
        replaced = workers_of(program)
        assert await program.stopped(signal.SIGTERM) == (0, "")
    assert not any(psutil.pid_exists(pid) for pid in replaced)
