"""Several gateways on one port: a process each, started anew where one dies."""

import asyncio
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import msgspec
import structlog

from gateway.commands.running import STOP_SIGNALS, run, stop_signal
from gateway.failures import CommandFailed
from gateway.hosting import WORKFLOWS_DRAIN_SECONDS, hosted
from gateway.serving import DRAIN_SECONDS
from gateway.settings import Settings, load_settings
from gateway.telemetry import configure_logs

START_SECONDS = 60.0
STOP_SECONDS = DRAIN_SECONDS + WORKFLOWS_DRAIN_SECONDS + 3.0  # a worker drains by itself; then it is killed
RESTART_SECONDS = 1.0  # so that a worker that dies at once does not take a processor with it

log = structlog.get_logger("gateway.workers")


class Worker(msgspec.Struct):
    """One process, and the event that it sets when it answers."""

    process: SpawnProcess
    ready: Any


def supervise(config: Path, listener: socket.socket, count: int, announce: Callable[[socket.socket], None]) -> None:
    """Run `count` workers until SIGINT or SIGTERM. `announce` is called when all of them answer."""
    told, tell = socket.socketpair()
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: tell.send(b"."))
    workers = [_started(config, listener, count, index) for index in range(count)]
    try:
        _await_ready(workers)
        announce(listener)
        while True:
            fired = wait([told, *(worker.process.sentinel for worker in workers)])
            if told in fired:
                return
            time.sleep(RESTART_SECONDS)
            for index, worker in enumerate(workers):
                if not worker.process.is_alive():
                    log.error("a worker died and is started anew", index=index, status=worker.process.exitcode)
                    workers[index] = _started(config, listener, count, index)
    finally:
        _stop(workers)


def _started(config: Path, listener: socket.socket, count: int, index: int) -> Worker:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_work, args=(config, listener, count, index, ready), daemon=True)
    process.start()
    return Worker(process, ready)


def _await_ready(workers: list[Worker]) -> None:
    until = time.monotonic() + START_SECONDS
    while not all(worker.ready.is_set() for worker in workers):
        if any(not worker.process.is_alive() for worker in workers) or time.monotonic() > until:
            raise CommandFailed("a worker did not start", "Its log on standard error says why")
        time.sleep(0.05)


def _stop(workers: list[Worker]) -> None:
    until = time.monotonic() + STOP_SECONDS
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        worker.process.kill()
        worker.process.join()


def _work(config: Path, listener: socket.socket, count: int, index: int, ready: Any) -> None:
    settings = load_settings(config)
    configure_logs(settings.telemetry.log_level, settings.secrets())
    run(_serve(settings, listener, count, index, ready))


async def _serve(settings: Settings, listener: socket.socket, count: int, index: int, ready: Any) -> None:
    async with stop_signal() as stop, hosted(settings, listener, workers=count, index=index):
        parent = multiprocessing.parent_process()
        if parent is not None:  # a supervisor that was killed leaves nobody to stop its workers
            asyncio.get_running_loop().add_reader(parent.sentinel, stop.set)
        ready.set()
        await stop.wait()
