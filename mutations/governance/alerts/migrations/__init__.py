"""How the outbox of alerts came to be: alembic scripts, run by `migrate`."""

from sources.database import Database, upgrade

VERSION_TABLE = "alerts_version"


async def migrate(database: Database) -> None:
    """Bring the outbox to its newest form; does nothing where it is."""
    await upgrade(database, __name__, VERSION_TABLE)
