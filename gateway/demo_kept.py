"""What is kept beside the demo's real servers: of which world they tell, and whether the crosswalk has read them."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.failures import CommandFailed
from sources.crosswalk.backfill import finished_at
from sources.crosswalk.crosswalk import Crosswalk
from sources.systems import System

WORLD_FILE = "world.json"


class KeptWorld(msgspec.Struct, frozen=True):
    """The world as the real servers were told of it: the simulators beside them must tell of the same."""

    customers: int
    until: datetime


class Read(msgspec.Struct, frozen=True):
    """A backfill that came to its end."""

    system: str
    mapping_version: int
    finished: datetime


def kept_world(directory: Path, customers: int) -> KeptWorld:
    """The world of the servers below a directory; of that many customers, and up to now, where they are new.

    Raises CommandFailed where they hold another number of customers.
    """
    path = directory / WORLD_FILE
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        new = KeptWorld(customers, datetime.now(UTC).replace(microsecond=0))
        path.write_bytes(msgspec.json.encode(new))
        return new
    kept = msgspec.json.decode(path.read_bytes(), type=KeptWorld)
    if kept.customers != customers:
        raise CommandFailed(
            f"the real servers below {directory} were filled with {kept.customers} customers",
            f"Give --customers {kept.customers}, or another --data",
        )
    return kept


def kept_read(path: Path) -> Read | None:
    """The backfill that was kept for a server; None where none was."""
    return msgspec.json.decode(path.read_bytes(), type=Read) if path.exists() else None


def keep_read(path: Path, read: Read) -> None:
    """Keep that what a server holds was read."""
    path.write_bytes(msgspec.json.encode(read))


async def last_read(crosswalk: Crosswalk, system: System) -> Read | None:
    """The last backfill of a source, from whichever server; None where there was none, or it was broken off."""
    at = await finished_at(crosswalk, system.origin.uid)
    return Read(system.origin.uid, system.origin.mapping_version, at) if at else None
