"""How the workflows' tables came to be: alembic scripts, run by `migrate`."""

from sources.database import Database, upgrade

VERSION_TABLE = "workflows_version"


async def migrate(database: Database) -> None:
    """Bring the workflows' tables to their newest form; does nothing where they are. The crosswalk's come first."""
    await upgrade(database, __name__, VERSION_TABLE)
