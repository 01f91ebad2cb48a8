"""How the policy's tables came to be: alembic scripts, run by `migrate`."""

from sources.database import Database, upgrade

VERSION_TABLE = "policy_version"


async def migrate(database: Database) -> None:
    """Bring the policy's tables to their newest form; does nothing where they are."""
    await upgrade(database, __name__, VERSION_TABLE)
