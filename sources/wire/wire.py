"""The wire to one source: what a vendor's client sends with. The layers and their order: see the package."""

import time
from collections.abc import Callable, Iterable

import msgspec
from opentelemetry.trace import Tracer
from redis.asyncio import Redis

from sources.faults import CircuitOpen, Refused, SourceFault, Throttled, Timeout
from sources.plugin import SourceSettings
from sources.wire import correlation, spending
from sources.wire.breaker import Breaker, Permit
from sources.wire.deadline import Deadline, DeadlinePassed, Limit, in_force
from sources.wire.limiter import Limiter, LocalRate, Rate
from sources.wire.messages import Request, Response, Transport
from sources.wire.naming import asked
from sources.wire.origins import Origins
from sources.wire.recorder import Observer, Recorder, SourceHealth
from sources.wire.retry import TRIES, Retry
from sources.wire.shared_rate import SharedRate
from sources.wire.tracing import TracedTransport
from sources.wire.transport import HttpTransport

SLOW_SHARE = 0.75  # of a source's own time limit: slower answers are still used, and count towards opening the circuit
FAIR_SECONDS = 0.25  # a try that the caller's deadline ended earlier than this says nothing about the source

Classify = Callable[[Response], SourceFault | None]


class Wire:
    """Implements messages.Sender for one source. Belongs to one event loop; close it at the end."""

    def __init__(
        self,
        name: str,
        *,
        transport: Transport,
        classify: Classify,
        origins: Origins,
        breaker: Breaker,
        retry: Retry,
        limiter: Limiter,
        recorder: Recorder,
        timeout_seconds: float,
    ) -> None:
        self.name = name
        self._transport = transport
        self._classify = classify
        self._origins = origins
        self._breaker = breaker
        self._retry = retry
        self._limiter = limiter
        self._recorder = recorder
        self._timeout = timeout_seconds

    async def send(self, request: Request) -> Response:
        """A good answer, by the vendor's own judgement. Raises a SourceFault by the deadline."""
        request = self._prepared(request)
        deadline = in_force()
        if deadline.remaining() <= 0:
            raise Timeout(f"{asked(request.method, request.url)}: not asked, the deadline had passed", sent=False)
        spent = spending.in_force()
        spent.call(self.name)
        try:
            permit = self._breaker.admit()
        except CircuitOpen as fault:
            spent.not_made(self.name)
            self._recorder.withheld(fault)
            raise
        with permit:
            tries = TRIES if request.safe and not permit.probe else 1
            return await self._retry.run(
                lambda: self._try(request, permit, deadline),
                tries=tries,
                deadline=deadline,
                again=lambda: spent.retry(self.name),
            )

    def report_quota(self, remaining: float) -> None:
        """What is left of the vendor's quota, 0 to 1; shown in `systems`."""
        self._recorder.report_quota(remaining)

    @property
    def health(self) -> SourceHealth:
        """How the source is doing."""
        return self._recorder.health(self._breaker.state)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def _prepared(self, request: Request) -> Request:
        url = self._origins.admit(request.url)
        correlated = correlation.correlation_id.get()
        if not correlated and url is request.url:
            return request
        headers = {**request.headers, correlation.HEADER: correlated} if correlated else request.headers
        return msgspec.structs.replace(request, url=url, headers=headers)

    async def _try(self, request: Request, permit: Permit, deadline: Deadline) -> Response:
        try:
            await self._limiter.enter(deadline)
        except Throttled as fault:
            self._recorder.withheld(fault)
            raise
        error: BaseException | None = None
        started = time.perf_counter()
        try:
            response = await self._transport.send(request, Limit(self._timeout, deadline))
            self._judge(request, response)
            return response
        except BaseException as raised:
            error = raised
            raise
        finally:
            permit.seconds = time.perf_counter() - started
            permit.hurried = isinstance(error, DeadlinePassed) and permit.seconds < FAIR_SECONDS
            self._recorder.tried(error, permit.seconds)
            self._limiter.leave()

    def _judge(self, request: Request, response: Response) -> None:
        if 300 <= response.status < 400 and response.status != 304:
            raise Refused(f"{asked(request.method, request.url)}: {response.status}, redirects are not followed")
        fault = self._classify(response)
        if fault is not None:
            raise fault


def open_wire(
    name: str,
    settings: SourceSettings,
    classify: Classify,
    *,
    origins: Iterable[str] = (),
    workers: int = 1,
    redis: Redis | None = None,
    observer: Observer | None = None,
    tracer: Tracer | None = None,
    transport: Transport | None = None,
) -> Wire:
    """The wire to the source `name`, with its limits and its own state.

    `origins`: hosts or URLs that the vendor's client needs besides base_url and allowed_hosts. `redis` shares
    requests_per_second among all processes; without it, each of `workers` gets its part. `observer` is told of each
    try, `tracer` opens a span for each. `transport`: another way out than HTTP over sockets.
    """
    out = transport or HttpTransport(connections=settings.max_concurrency)
    if tracer is not None:
        out = TracedTransport(name, out, tracer)
    return Wire(
        name,
        transport=out,
        classify=classify,
        origins=Origins(settings.base_url, (*settings.allowed_hosts, *origins)),
        breaker=Breaker(name, slow_after_seconds=settings.timeout_seconds * SLOW_SHARE),
        retry=Retry(),
        limiter=Limiter(name, concurrency=settings.max_concurrency, rate=_rate(name, settings, workers, redis)),
        recorder=Recorder(name, observer),
        timeout_seconds=settings.timeout_seconds,
    )


def _rate(name: str, settings: SourceSettings, workers: int, redis: Redis | None) -> Rate | None:
    per_second = settings.requests_per_second
    if per_second is None:
        return None
    alone = LocalRate(per_second / workers)
    return alone if redis is None else SharedRate(name, per_second, redis, alone=alone)
