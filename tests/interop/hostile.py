"""What every answer to an attack must be, and a neighbour who is answered meanwhile."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import msgspec
import psutil

from resolvers.errors import ErrorCode
from tests.interop.running_gateway import RunningGateway

ANSWER_SECONDS = 1.0  # of the gateway's own processor time: what an attack may cost
WAIT_SECONDS = 5.0  # by the wall clock, which other tests of the run share
NEIGHBOUR_SECONDS = 2.0  # by the wall clock too; nobody waits longer for the cheapest query there is
NEIGHBOUR_PAUSE_SECONDS = 0.05

AS_JSON = {"content-type": "application/json", "accept": "application/graphql-response+json"}

PYTHON_WORDS = re.compile(
    r"""Traceback|\b\w+Error\b(?!s)|NoneType|<class|\bobject\sat\s0x|has\sno\sattribute|unexpected\skeyword|positional\sarg
    |not\ssubscriptable|not\siterable|unhashable|(?-i:'(?:int|str|list|dict|tuple|float|bool)')|codec\scan't|recursion
    |\.py\b|site-packages|msgspec|graphql-core|starlette|fastapi|uvicorn|strawberry|asyncio|sqlalchemy|sqlite
    |max_str_digits|surrogates\snot\sallowed|Expected\s`""",
    re.VERBOSE | re.IGNORECASE,
)
CODES = frozenset(code.value for code in ErrorCode)


def problems_of(status: int, text: str) -> list[str]:
    """What is wrong with an answer to hostile input; empty where nothing is."""
    found = []
    if status >= 500:
        found.append(f"status {status}")
    if words := PYTHON_WORDS.search(text):
        found.append(f"it says {words.group()!r}")
    try:
        told = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except msgspec.DecodeError:
        return [*found, f"no JSON: {text[:200]!r}"]
    if not isinstance(told, dict) or not {"data", "errors"} & told.keys():
        return [*found, f"no answer of GraphQL: {text[:200]!r}"]
    return found + [problem for error in told.get("errors", ()) if (problem := _problem_of(error))]


def _problem_of(error: dict[str, Any]) -> str | None:
    code = error.get("extensions", {}).get("code")
    if code not in CODES:
        return f"an error with the code {code}: {str(error)[:300]}"
    return f"an error of ours: {str(error)[:300]}" if code == ErrorCode.INTERNAL_ERROR.value else None


class Cost:
    """What an attack cost."""

    processor_seconds = 0.0
    seconds = 0.0

    @property
    def problems(self) -> list[str]:
        slow = [f"{self.processor_seconds:.2f} s of the processor"] if self.processor_seconds > ANSWER_SECONDS else []
        return [*slow, f"{self.seconds:.2f} s until it was answered"] if self.seconds > WAIT_SECONDS else slow


@contextlib.contextmanager
def measured(running: RunningGateway) -> Iterator[Cost]:
    """Measures the gateway's processor time and the wall clock's while inside."""
    cost, process = Cost(), psutil.Process(running.pid)
    before, started = process.cpu_times(), time.perf_counter()
    yield cost
    after = process.cpu_times()
    cost.seconds = time.perf_counter() - started
    cost.processor_seconds = after.user + after.system - before.user - before.system


async def assault(
    running: RunningGateway,
    attacks: Mapping[str, Mapping[str, Any]],
    statuses: tuple[int, ...],
    *,
    served: bool = True,
) -> dict[str, list[str]]:
    """Send attacks (name -> arguments of httpx) one after another; gives those that were not answered as promised.

    `served` False: none of them may be answered with data.
    """
    found = {}
    headers = {"authorization": f"Bearer {running.token(subject='attacker')}", **AS_JSON}
    async with httpx.AsyncClient(headers=headers, timeout=30) as client, neighbour(running):
        for name, attack in attacks.items():
            with measured(running) as cost:
                answer = await client.request(**{"method": "POST", "url": running.url, **attack})
            unforeseen = [f"status {answer.status_code}"] if answer.status_code not in statuses else []
            if not served and '"data"' in answer.text:
                unforeseen.append("it was served")
            if problems := [*unforeseen, *problems_of(answer.status_code, answer.text), *cost.problems]:
                found[name] = problems
    return found


@contextlib.asynccontextmanager
async def neighbour(running: RunningGateway) -> AsyncIterator[None]:
    """A well-behaved client asks all the time; fails where one of its answers was late or wrong."""
    first = asyncio.Event()
    task = asyncio.create_task(_asking(running, first))
    await asyncio.wait({task, asyncio.create_task(first.wait())}, return_when=asyncio.FIRST_COMPLETED)
    yield
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(ended, asyncio.CancelledError):
        raise ended


async def _asking(running: RunningGateway, first: asyncio.Event) -> None:
    headers = {"authorization": f"Bearer {running.token(subject='neighbour')}"}
    async with httpx.AsyncClient(headers=headers, timeout=NEIGHBOUR_SECONDS) as client:
        while True:
            answer = await client.post(running.url, json={"query": "{ viewer { subject } }"})
            assert answer.status_code == 200, answer.text
            first.set()
            await asyncio.sleep(NEIGHBOUR_PAUSE_SECONDS)
