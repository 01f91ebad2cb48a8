"""The audit log as it is configured: its tables, its signing key, where its checkpoints go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from gateway.failures import CommandFailed
from gateway.key_files import kept_key, no_key
from gateway.settings import Problem, Settings, SettingsError
from mutations.governance.audit.audit import Audit
from mutations.governance.audit.checkpoint_file import CheckpointFile
from mutations.governance.audit.checkpointing import Checkpoints, Pace
from mutations.governance.audit.checkpoints import origin_of
from mutations.governance.audit.keys import BadKey, new_signing_key, signing_key
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.notes import Signer
from sources.database import Database

KEY_FILE = "audit-signing-key.pem"  # of a gateway on the development issuer
CHECKPOINT_FILE = "audit-checkpoints"  # of the same


async def opened_audit(settings: Settings, database: Database) -> Audit:
    """The audit log in its newest form; nothing runs yet.

    Raises SettingsError where key or checkpoint file cannot be used, CommandFailed where the database does not answer.
    """
    checkpoints = checkpoints_of(settings)
    try:
        await migrate(database)
    except (SQLAlchemyError, OSError) as error:
        raise CommandFailed(
            f"the tables of the audit log could not be brought to their newest form ({type(error).__name__})",
            "Look at database_url in [gateway], and at the database itself",
        ) from error
    return Audit(database, checkpoints)


@asynccontextmanager
async def open_audit(settings: Settings, database: Database) -> AsyncIterator[Audit]:
    """The audit log while its sequencer runs."""
    audit = await opened_audit(settings, database)
    async with audit.running():
        yield audit


def signer_of(settings: Settings) -> Signer | None:
    """Who signs the checkpoints; None where no key is configured, and no development issuer stands in for one."""
    name = origin_of(settings.identity.tenant)
    if settings.audit.signing_key is not None:
        return Signer(name, signing_key(settings.audit.signing_key))
    if settings.identity.development:
        return Signer(name, _development_key(settings.gateway.data_directory / KEY_FILE))
    return None


def checkpoints_of(settings: Settings) -> Checkpoints | None:
    """How checkpoints are made; None where nobody signs them. Raises SettingsError."""
    signer = signer_of(settings)
    path = _checkpoint_path(settings)
    if signer is None:
        if path is not None:
            raise SettingsError(
                [Problem("audit", "signing_key", "is missing: nobody signs what checkpoint_file holds")]
            )
        return None
    section = settings.audit
    return Checkpoints(
        settings.identity.tenant,
        signer,
        pace=Pace(events=section.checkpoint_events, seconds=section.checkpoint_seconds),
        file=CheckpointFile(path) if path is not None else None,
    )


def _checkpoint_path(settings: Settings) -> Path | None:
    path = settings.audit.checkpoint_file
    if path is None:
        return settings.gateway.data_directory / CHECKPOINT_FILE if settings.identity.development else None
    if not path.parent.is_dir():
        raise SettingsError([Problem("audit", "checkpoint_file", f"lies in {path.parent}, which is not there")])
    if path.is_dir():
        raise SettingsError([Problem("audit", "checkpoint_file", "is a directory: name a file in it")])
    return path


def _development_key(path: Path) -> Ed25519PrivateKey:
    try:
        return signing_key(kept_key(path, new_signing_key).decode("ascii", "replace"))
    except BadKey:
        raise no_key(path) from None
