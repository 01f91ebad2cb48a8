"""Everything that one gateway holds open, in the order in which it is opened; closed in the reverse order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from gateway.admission import Admission
from gateway.announcing import Announcer
from gateway.auditing import open_audit
from gateway.configuration.sections import IdentitySection
from gateway.development_issuer import ISSUER, DevelopmentIssuer
from gateway.edge.streams.connections import Connections
from gateway.edge.texts import Texts
from gateway.failures import CommandFailed
from gateway.fronting import known_texts
from gateway.health import Check, Readiness
from gateway.identity import Authenticator
from gateway.identity.issuer import IssuerKeys
from gateway.policy import ReadPolicy, packaged_policy
from gateway.reaching import reached
from gateway.settings import Problem, Settings, SettingsError
from gateway.stores import database_answers, open_redis
from gateway.telemetry import Metrics, Tracing
from mutations.governance.audit.audit import Audit
from sources import registry
from sources.announcements import Announcements
from sources.cache import Cache
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.migrations import migrate
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
    readiness: Readiness


@asynccontextmanager
async def open_gateway(settings: Settings, *, workers: int = 1) -> AsyncIterator[Gateway]:
    """Open everything and bring the tables to their newest form. `workers`: how many processes share the work."""
    async with AsyncExitStack() as opened:
        metrics = Metrics()
        tracing = Tracing(settings.telemetry.otlp_endpoint)
        opened.callback(tracing.close)
        redis = await opened.enter_async_context(open_redis(settings.gateway.redis_url))
        cache = Cache(l1_entries=settings.cache.entries, redis=redis.client)
        opened.push_async_callback(cache.close)
        metrics.watch_cache(cache.counts)
        crosswalk = await opened.enter_async_context(open_crosswalk(settings))
        audit = await opened.enter_async_context(open_audit(settings, crosswalk.database))
        systems = await opened.enter_async_context(
            reached(
                settings.sources,
                {origin.system: uid for uid, origin in crosswalk.systems.items()},
                workers=workers,
                redis=redis.client,
                observer=metrics.source_call,
                tracer=tracing.tracer,
            )
        )
        issuer = development_issuer(settings)
        authenticator, issuer_check = await opened.enter_async_context(open_identity(settings.identity, issuer))
        asked = Systems(
            systems, cache, records=settings.systems_of_record.systems, cache_seconds=settings.cache.seconds
        )

        announcements = Announcements(settings.streams.queued_changes)
        announcer = Announcer(asked, announcements, redis.client)
        await opened.enter_async_context(announcer.hearing())

        yield Gateway(
            settings=settings,
            database=crosswalk.database,
            crosswalk=crosswalk,
            systems=asked,
            audit=audit,
            poller=Poller(crosswalk, systems, announcer.on_change, settings.gateway.poll_seconds),
            announcements=announcements,
            connections=Connections(settings.streams),
            admission=Admission(settings.limits, workers=workers, redis=redis.client),
            authenticator=authenticator,
            issuer=issuer,
            policy=packaged_policy(),
            texts=known_texts(settings.gateway, redis.client),
            metrics=metrics,
            tracing=tracing,
            readiness=Readiness(
                required={"database": lambda: database_answers(crosswalk.database)},
                others={**issuer_check, **({"redis": redis.check} if redis.client else {})},
                sources=systems,
            ),
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
