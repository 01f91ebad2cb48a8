"""Everything that one gateway holds open, in the order in which it is opened; closed in the reverse order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from gateway.admission import Admission
from gateway.announcing import Announcer
from gateway.configuration.sections import IdentitySection
from gateway.development_issuer import ISSUER, DevelopmentIssuer
from gateway.edge.streams.connections import Connections
from gateway.edge.texts import Texts
from gateway.failures import CommandFailed
from gateway.fronting import known_texts
from gateway.governing import Governed, open_governed
from gateway.health import Check, Readiness
from gateway.identity import Authenticator
from gateway.identity.issuer import IssuerKeys
from gateway.migrating import migrate
from gateway.policy import ReadPolicy, packaged_policy
from gateway.reaching import reached
from gateway.settings import Problem, Settings, SettingsError
from gateway.stores import SharedRedis, database_answers, open_redis
from gateway.telemetry import Metrics, Tracing
from mutations.governance.audit.audit import Audit
from mutations.governance.engine.opening import DRAIN_SECONDS
from mutations.governance.pace import Pace
from sources import registry
from sources.announcements import Announcements
from sources.cache import Cache
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.refresh import Poller
from sources.database import Database, UnsupportedDatabase, open_database
from sources.systems import Systems


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway's parts, open and ready."""

    settings: Settings
    database: Database
    crosswalk: Crosswalk
    systems: Systems
    audit: Audit
    """Who asked, decided, did and looked at what."""
    poller: Poller
    """Keeps crosswalk and cache fresh while its `run` runs."""
    announcements: Announcements
    """Tells the streams of this process what changed."""
    connections: Connections
    """The streams that are open in this process."""
    admission: Admission
    """How much each consumer may ask."""
    authenticator: Authenticator
    issuer: DevelopmentIssuer | None
    """The development issuer; None where an external one is configured."""
    policy: ReadPolicy
    texts: Texts
    """The documents that are known by an id or a hash."""
    metrics: Metrics
    tracing: Tracing
    governed: Governed
    """The governed writes: workflows, their audit log, the kill switch."""
    readiness: Readiness


@asynccontextmanager
async def open_gateway(
    settings: Settings, *, workers: int = 1, pace: Pace | None = None, drain_seconds: float = DRAIN_SECONDS
) -> AsyncIterator[Gateway]:
    """Open everything and bring the tables to their newest form. `workers`: how many processes share the work.

    `pace`: how long workflows wait for what, where that is not as usual.
    """
    async with AsyncExitStack() as opened:
        tools = await opened.enter_async_context(open_tools(settings))
        crosswalk = await opened.enter_async_context(open_crosswalk(settings))
        systems = await opened.enter_async_context(open_systems(settings, crosswalk, tools, workers))
        issuer = development_issuer(settings)
        authenticator, issuer_check = await opened.enter_async_context(open_identity(settings.identity, issuer))
        announcements = Announcements(settings.streams.queued_changes)
        announcer = Announcer(systems, announcements, tools.redis.client)
        await opened.enter_async_context(announcer.hearing())
        governed = await opened.enter_async_context(
            open_governed(settings, systems, crosswalk, tools.cache, pace=pace, drain_seconds=drain_seconds)
        )
        redis = tools.redis
        yield Gateway(
            settings=settings,
            database=crosswalk.database,
            crosswalk=crosswalk,
            systems=systems,
            poller=Poller(crosswalk, systems.all, announcer.on_change, settings.gateway.poll_seconds),
            announcements=announcements,
            connections=Connections(settings.streams),
            admission=Admission(settings.limits, workers=workers, redis=redis.client),
            authenticator=authenticator,
            issuer=issuer,
            policy=packaged_policy(),
            texts=known_texts(settings.gateway, redis.client),
            metrics=tools.metrics,
            tracing=tools.tracing,
            governed=governed,
            audit=governed.audit,
            readiness=Readiness(
                required={"database": lambda: database_answers(crosswalk.database)},
                others={
                    **issuer_check,
                    **({"redis": redis.check} if redis.client else {}),
                    "alerts": governed.alerts.check,
                },
                sources=systems.all,
            ),
        )


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What the parts are built with."""

    metrics: Metrics
    tracing: Tracing
    redis: SharedRedis
    cache: Cache


@asynccontextmanager
async def open_tools(settings: Settings) -> AsyncIterator[Tools]:
    """Telemetry, Redis where it is configured, and the cache over both."""
    metrics = Metrics()
    tracing = Tracing(settings.telemetry.otlp_endpoint)
    try:
        async with open_redis(settings.gateway.redis_url) as redis:
            cache = Cache(l1_entries=settings.cache.entries, redis=redis.client)
            metrics.watch_cache(cache.counts)
            try:
                yield Tools(metrics=metrics, tracing=tracing, redis=redis, cache=cache)
            finally:
                await cache.close()
    finally:
        tracing.close()


@asynccontextmanager
async def open_systems(settings: Settings, crosswalk: Crosswalk, tools: Tools, workers: int) -> AsyncIterator[Systems]:
    """Every configured source behind the cache."""
    uids = {origin.system: uid for uid, origin in crosswalk.systems.items()}
    observer, tracer = tools.metrics.source_call, tools.tracing.tracer
    async with reached(
        settings.sources, uids, workers=workers, redis=tools.redis.client, observer=observer, tracer=tracer
    ) as systems:
        yield Systems(
            systems,
            tools.cache,
            records=settings.systems_of_record.systems,
            cache_seconds=settings.cache.seconds,
        )


@asynccontextmanager
async def open_crosswalk(settings: Settings) -> AsyncIterator[Crosswalk]:
    """The crosswalk in its newest form, the configured sources registered.

    Raises SettingsError where the URL names no database, CommandFailed where the database does not answer.
    """
    try:
        database = open_database(settings.gateway.database_url)
    except UnsupportedDatabase as error:
        raise SettingsError([Problem("gateway", "database_url", str(error))]) from None
    directory = settings.gateway.sqlite_directory
    if directory is not None and not directory.is_dir():
        raise SettingsError([Problem("gateway", "database_url", f"lies in {directory}, which is not there")])
    try:
        yield await _registered(Crosswalk(database, settings.crosswalk), settings)
    finally:
        await database.close()


async def _registered(crosswalk: Crosswalk, settings: Settings) -> Crosswalk:
    try:
        await migrate(crosswalk.database)
        await crosswalk.register_systems(
            [
                (name, source.kind, source.base_url, registry.plugin(source.kind).mapping_version)
                for name, source in settings.sources.items()
            ]
        )
    except (SQLAlchemyError, OSError) as error:
        raise CommandFailed(
            f"the database does not answer as it should ({type(error).__name__})",
            "Look at database_url in [gateway], and at the database itself",
        ) from error
    return crosswalk


def development_issuer(settings: Settings) -> DevelopmentIssuer | None:
    """The development issuer with its key; None where an external issuer is configured."""
    if not settings.identity.development:
        return None
    return DevelopmentIssuer(settings.gateway.data_directory, settings.identity)


@asynccontextmanager
async def open_identity(
    section: IdentitySection, development: DevelopmentIssuer | None
) -> AsyncIterator[tuple[Authenticator, dict[str, Check]]]:
    """Who verifies tokens, and how its issuer is doing."""
    if development is not None:
        yield Authenticator(section, development.keys, ISSUER, development=True), {}
        return
    issuer = str(section.issuer)
    async with httpx.AsyncClient(follow_redirects=False) as client:
        keys = IssuerKeys(issuer, client)

        async def check() -> str | None:
            return keys.failure

        keys.start()
        try:
            yield Authenticator(section, keys, issuer), {"issuer": check}
        finally:
            await keys.close()
