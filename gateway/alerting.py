"""Alerts on their way out: signed, posted to the receiver of their role. Source: Standard Webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook

from gateway.configuration.alerts import AlertsSection
from gateway.outbound import NotSent, Outbound
from mutations.governance.alerts import NotDelivered, Raised, Sender
from resolvers.ids import encode
from sources.database import Database

WORKFLOW = "Workflow"


class Webhooks:
    """The receivers of [alerts]."""

    def __init__(self, section: AlertsSection, outbound: Outbound) -> None:
        self._receivers = {
            role: (receiver.url, Webhook(receiver.secret.get_secret_value()))
            for role, receiver in section.receivers.items()
        }
        self._outbound = outbound

    def listen(self, role: str) -> bool:
        return role in self._receivers

    async def deliver(self, alert: Raised) -> None:
        """Post it once, with the same id at every attempt and the time of this one."""
        url, webhook = self._receivers[alert.role]
        body = content(alert)
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": alert.uid,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": webhook.sign(alert.uid, now, body.decode()),
        }
        try:
            await self._outbound.post(url, headers, body)
        except NotSent as failure:
            raise NotDelivered(str(failure)) from None


def content(alert: Raised) -> bytes:
    """What a receiver gets. `workflowId` is the id by which the graph knows the workflow."""
    told = {
        "kind": alert.kind.value,
        "role": alert.role,
        "workflowId": alert.workflow_uid and encode(WORKFLOW, "", alert.workflow_uid),
        "message": alert.message,
    }
    at = alert.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return msgspec.json.encode({"type": f"c360.alert.{alert.kind.value.lower()}", "timestamp": at, "data": told})


@asynccontextmanager
async def delivering(
    database: Database, section: AlertsSection, outbound: Outbound | None = None
) -> AsyncIterator[Sender]:
    """Deliver alerts meanwhile. What is under way at the end is delivered again by the next process."""
    sender = Sender(database, Webhooks(section, outbound or Outbound(section.allow)))
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
