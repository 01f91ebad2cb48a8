"""The audit log as it is configured: its tables, its signing key, where its checkpoints go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.configuration.audit import AuditSection
from gateway.key_files import kept_key, no_key
from gateway.outbound import Outbound
from gateway.settings import Problem, Settings, SettingsError
from mutations.governance.audit.audit import Audit
from mutations.governance.audit.checkpoint_file import CheckpointFile
from mutations.governance.audit.checkpointing import Checkpoints, Pace, Publish
from mutations.governance.audit.checkpoints import origin_of
from mutations.governance.audit.keys import BadKey, new_signing_key, signing_key
from mutations.governance.audit.notes import Signer
from sources.database import Database

KEY_FILE = "audit-signing-key.pem"  # of a gateway on the development issuer
CHECKPOINT_FILE = "audit-checkpoints"  # of the same


def audit_of(settings: Settings, database: Database) -> Audit:
    """The audit log of a database whose tables are there; nothing runs yet.

    Raises SettingsError where key or checkpoint file cannot be used.
    """
    return Audit(database, checkpoints_of(settings))


@asynccontextmanager
async def open_audit(settings: Settings, database: Database) -> AsyncIterator[Audit]:
    """The audit log while its sequencer runs. Raises as `audit_of` does."""
    audit = audit_of(settings, database)
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
        publish=_publisher(section) if section.checkpoint_url is not None else None,
    )


def _publisher(section: AuditSection) -> Publish:
    outbound, url = Outbound(section.checkpoint_hosts), str(section.checkpoint_url)

    async def publish(note: str) -> None:
        await outbound.post(url, {"content-type": "text/plain; charset=utf-8"}, note.encode())

    return publish


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
