"""The gateway's own tables, all parts of them, in their newest form. Each part has its own history."""

from mutations.governance.alerts.migrations import migrate as alerts
from mutations.governance.audit.migrations import migrate as audit
from mutations.governance.migrations import migrate as workflows
from mutations.governance.policy.migrations import migrate as policy
from sources.crosswalk.migrations import migrate as crosswalk
from sources.database import Database

PARTS = (crosswalk, audit, policy, workflows, alerts)


async def migrate(database: Database) -> None:
    """Bring the tables of every part to their newest form; the engine's own are its own matter."""
    for part in PARTS:
        await part(database)
