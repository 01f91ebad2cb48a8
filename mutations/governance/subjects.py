"""What the workflows keep about a customer. It is accounting evidence and stays; see docs/audit.md."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mutations.governance.tables import workflow_approvals, workflows

SHOWN = ("uid", "action", "status", "currency", "minor", "reason", "requester", "requested_at", "correlation_id")


async def held_of(connection: AsyncConnection, customer_uids: Sequence[str]) -> list[dict[str, Any]]:
    """The workflows about a customer as JSON, oldest first: what was asked with its texts, who decided what and why."""
    asked = select(workflows).where(workflows.c.customer_uid.in_(customer_uids)).order_by(workflows.c.requested_at)
    rows = (await connection.execute(asked)).all()
    decided = select(workflow_approvals).where(workflow_approvals.c.workflow_uid.in_([row.uid for row in rows]))
    approvals = (await connection.execute(decided.order_by(workflow_approvals.c.id))).all()
    return [
        {
            **{name: getattr(row, name) for name in SHOWN},
            "command": msgspec.json.decode(row.command),
            "approvals": [
                {"by": each.subject, "at": each.at, "decision": each.decision, "comment": each.comment}
                for each in approvals
                if each.workflow_uid == row.uid
            ],
        }
        for row in rows
    ]
