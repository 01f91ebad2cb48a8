"""dbos: remembers what steps gave. The only module that knows it, imported when there is something to run.

One process has one dbos. Nothing leaves the process: no console, no telemetry, no server, no log of its own; and
nothing is pickled. A body that raises Unfinished leaves its workflow as it is, to be resumed later.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, error
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL

from mutations.governance.engine.port import AnotherEngine
from mutations.governance.engine.system_database import open_system_database

T = TypeVar("T")
Body = Callable[[str], Awaitable[None]]

APPLICATION = "c360-gateway"
# dbos takes up only what has its own version. Pinned, so that a deploy takes up what the old one left; what a
# workflow's steps are is versioned by its name.
APPLICATION_VERSION = "1"
WORKFLOW = "saga.v1"
SHUTDOWN_POLL_SECONDS = 0.05  # dbos's listener wakes up this often to see whether it shall end

_body: Body | None = None


class Unfinished(BaseException):
    """Ends a workflow here, not for good. No Exception: dbos would write it down as the workflow's end."""


class _NotRemembered(BaseException):
    """A step's work raised. No Exception: dbos would write it down, and give it again after a crash."""


class Conflict(Exception):
    """Another execution has the workflow; nothing of this one is remembered any more."""


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
async def _saga(run_id: str) -> None:
    if _body is None:
        raise Unfinished
    await _body(run_id)


class Dbos:
    """dbos, launched."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def start(self, journal: str, run_id: str) -> None:
        """Begin a workflow here; one that is known under this journal is left alone."""
        with SetWorkflowID(journal):
            await DBOS.start_workflow_async(_saga, run_id)

    async def resume(self, journal: str, run_id: str) -> None:
        """Let any process go on with a workflow; begin it here where it never was begun."""
        try:
            await DBOS.resume_workflow_async(journal)
        except error.DBOSNonExistentWorkflowError:
            await self.start(journal, run_id)

    async def close(self) -> None:
        """End dbos's threads and connections; what runs is left as it is."""
        global _body
        # A thread of dbos's that comes late must not leave its connection open in a pool that is gone.
        event.listen(self._engine, "checkin", lambda _, record: record.invalidate())
        await asyncio.to_thread(DBOS.destroy)
        _body = None
        self._engine.dispose()
        # dbos made its own threads the loop's, and has just ended them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))


def launch(url: URL, executor_id: str, body: Body) -> Dbos:
    """Launch dbos on this loop, its tables in their newest form. Raises AnotherEngine.

    `executor_id` must never have been used before: dbos would begin at once whatever that one left.
    """
    global _body
    if _body is not None:
        raise AnotherEngine("another gateway's engine runs in this process: one process runs one engine")
    _silence()
    engine = open_system_database(url)
    _body = body
    try:
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": url.render_as_string(hide_password=False),
                "system_database_engine": engine,
                "application_version": APPLICATION_VERSION,
                "executor_id": executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "enable_otlp": False,
                "log_level": "CRITICAL",  # what is worth knowing, the engine says itself, without tracebacks
                "use_listen_notify": False,  # nothing here waits for messages
                "notification_listener_polling_interval_sec": SHUTDOWN_POLL_SECONDS,
            }
        )
        DBOS.launch()
    except BaseException:
        DBOS.destroy()
        _body = None
        engine.dispose()
        raise
    return Dbos(engine)


def migrate(url: URL) -> None:
    """Bring dbos's tables to their newest form; blocks, so it is for a thread."""
    _silence()
    DBOS.migrate(url.render_as_string(hide_password=False))


async def remembered(name: str, work: Callable[[], Awaitable[T]]) -> T:
    """What `work` gives, or gave. What it raises is raised and not remembered. Raises Conflict."""
    raised: list[Exception] = []

    async def attempt() -> Any:
        try:
            return await work()
        except Exception as failure:
            raised.append(failure)
            raise _NotRemembered from failure

    try:
        gave: T = await DBOS.run_step_async({"name": name}, attempt)
    except _NotRemembered:
        raise raised[0] from None
    except error.DBOSWorkflowConflictIDError as conflict:
        raise Conflict(name) from conflict
    return gave


async def slept(seconds: float) -> None:
    """Sleep until `seconds` after this was first asked for. Raises Conflict."""
    try:
        await DBOS.sleep_async(seconds)
    except error.DBOSWorkflowConflictIDError as conflict:
        raise Conflict from conflict


def _silence() -> None:
    """Keep dbos from making a handler of its own for standard error."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.propagate = False
    log.setLevel(logging.CRITICAL)
