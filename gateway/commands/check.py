"""`c360 check`: what is wrong with a configuration, in order, with the key to change."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import httpx
import typer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.commands.running import run
from gateway.configuration.alerts import AlertsSection
from gateway.failures import FAILED, WRONG_USE
from gateway.fronting import wrong_documents
from gateway.identity.issuer import IssuerKeys
from gateway.outbound import NotSent, Outbound
from gateway.reaching import reached
from gateway.settings import Problem, Settings, SettingsError, load_settings
from gateway.stores import open_redis
from sources import registry
from sources.database import UnsupportedDatabase, open_database
from sources.faults import Refused, SourceFault
from sources.systems import System
from sources.wire.deadline import Deadline, within

SOURCE_SECONDS = 15.0  # for all that one adapter looks at; a person waits for it
STORE_SECONDS = 5.0


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Read the configuration, reach every source and store, and say what is wrong and which key to change."""
    try:
        settings = load_settings(config)
    except SettingsError as error:
        _tell(config, error.problems)
        raise typer.Exit(WRONG_USE) from None
    wrong = run(_checked(settings))
    _tell(config, wrong)
    for note in _notes(settings):
        typer.echo(f"note: {note}")
    if wrong:
        raise typer.Exit(FAILED)
    typer.echo(f"{config}: all is well, {len(settings.sources)} sources answer")


def _tell(config: Path, problems: Iterable[Problem]) -> None:
    for problem in problems:
        typer.echo(f"{config}: {problem}", err=True)


async def _checked(settings: Settings) -> list[Problem]:
    """The stores first, then the issuer, then the sources as they are configured."""
    names = {name: name for name in settings.sources}
    async with reached(settings.sources, names) as systems:
        found = await asyncio.gather(
            _database(settings),
            _redis(settings),
            _issuer(settings),
            *(_source(system) for system in systems),
            _alerts(settings.alerts),
        )
    return [*wrong_documents(settings), *(problem for problems in found for problem in problems)]


async def _database(settings: Settings) -> list[Problem]:
    directory = settings.gateway.sqlite_directory
    if directory is not None and not directory.is_dir():
        return [Problem("gateway", "database_url", f"lies in {directory}, which is not there")]
    try:
        database = open_database(settings.gateway.database_url)
    except UnsupportedDatabase as error:
        return [Problem("gateway", "database_url", str(error))]
    try:
        async with asyncio.timeout(STORE_SECONDS), database.reading() as connection:
            await connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        return [Problem("gateway", "database_url", f"leads to no database that answers ({type(error).__name__})")]
    finally:
        await database.close()
    return []


async def _redis(settings: Settings) -> list[Problem]:
    async with open_redis(settings.gateway.redis_url) as redis:
        reason = await redis.check()
    return [Problem("gateway", "redis_url", f"leads to no Redis that answers ({reason})")] if reason else []


async def _issuer(settings: Settings) -> list[Problem]:
    if settings.identity.issuer is None:
        return []
    async with httpx.AsyncClient(follow_redirects=False) as client:
        keys = IssuerKeys(settings.identity.issuer, client)
        await keys.warm()
    return [Problem("identity", "issuer", keys.failure)] if keys.failure else []


async def _alerts(section: AlertsSection) -> list[Problem]:
    """Whether each receiver could be posted to; none of them is told anything."""
    outbound, found = Outbound(section.allow), []
    for role, receiver in section.receivers.items():
        try:
            await outbound.look_up(receiver.url)
        except NotSent as failure:
            found.append(Problem("alerts", f"{role}.url", f"cannot be posted to: {failure}"))
    return found


async def _source(system: System) -> list[Problem]:
    section = f"sources.{system.name}"
    try:
        with within(Deadline(SOURCE_SECONDS)):
            sentences = await system.adapter.check()
    except Refused as fault:
        return [Problem(section, "", f"refuses us: {fault.reason}; are the credential and its rights correct?")]
    except SourceFault as fault:
        return [Problem(section, "base_url", f"leads to no source that answers: {fault.reason}")]
    return [Problem(section, "", sentence) for sentence in sentences]


def _notes(settings: Settings) -> list[str]:
    """What is no error and yet may surprise: optional fields that nobody mapped."""
    return [
        f"[sources.{name}] fields.{field} is not set, so that it stays null"
        for name, source in settings.sources.items()
        for field in registry.plugin(source.kind).optional_fields
        if field not in source.fields
    ]
