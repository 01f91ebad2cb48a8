"""Records as Zendesk's JSON. Every field is there, null where it is unset."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sources.zendesk.simulator.records import Audit, Comment, CustomStatus, Organization, Records, Ticket, User

Json = dict[str, Any]
INVOICE_FIELD = 36001


def time_of(at: datetime | None) -> str | None:
    """ISO 8601, UTC, whole seconds."""
    return f"{at.isoformat()[:19]}Z" if at else None


def organization(found: Organization, base: str) -> Json:
    return {
        "id": found.id,
        "url": f"{base}/api/v2/organizations/{found.id}.json",
        "name": found.name,
        "external_id": found.external_id,
        "domain_names": [found.domain] if found.domain else [],
        "details": "",
        "notes": "",
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "tags": [],
        "organization_fields": found.fields,
        "created_at": time_of(found.created_at),
        "updated_at": time_of(found.updated_at),
    }


def user(found: User, base: str) -> Json:
    return {
        "id": found.id,
        "url": f"{base}/api/v2/users/{found.id}.json",
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "role": found.role,
        "organization_id": found.organization_id,
        "external_id": found.external_id,
        "active": True,
        "suspended": False,
        "verified": True,
        "locale": "en-US",
        "time_zone": "UTC",
        "tags": [],
        "user_fields": found.fields,
        "created_at": time_of(found.created_at),
        "updated_at": time_of(found.updated_at),
    }


def ticket(found: Ticket, base: str, *, own_statuses: bool) -> Json:
    fields = [{"id": INVOICE_FIELD, "value": ", ".join(found.invoices) or None}]
    return {
        "id": found.id,
        "url": f"{base}/api/v2/tickets/{found.id}.json",
        "external_id": None,
        "via": {"channel": found.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": time_of(found.created_at),
        "updated_at": time_of(found.updated_at),
        "generated_timestamp": int(found.updated_at.timestamp()),
        "type": None,
        "subject": found.subject,
        "raw_subject": found.subject,
        "description": found.description,
        "priority": found.priority,
        "status": found.status,
        "custom_status_id": found.custom_status_id if own_statuses else None,
        "recipient": None,
        "requester_id": found.requester_id,
        "submitter_id": found.requester_id,
        "assignee_id": found.assignee_id,
        "organization_id": found.organization_id,
        "group_id": None,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": list(found.tags),
        "custom_fields": fields,
        "fields": fields,
        "satisfaction_rating": None,
        "sharing_agreement_ids": [],
        "followup_ids": [],
        "ticket_form_id": None,
        "brand_id": None,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": False,
    }


def comment(found: Comment) -> Json:
    return {
        "id": found.id,
        "type": "Comment",
        "author_id": found.author_id,
        "body": found.text,
        "html_body": f'<div class="zd-comment"><p>{found.text}</p></div>',
        "plain_body": found.text,
        "public": found.public,
        "attachments": [],
        "audit_id": found.id + 1,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": time_of(found.at),
        "metadata": {"system": {}, "custom": {}},
    }


def audit(found: Audit, ticket_id: int) -> Json:
    """An update with what it did; values are strings. Source: Zendesk, Ticket audits."""
    events: list[Json] = []
    if found.comment is not None:
        events.append(comment(found.comment) | {"audit_id": found.id})
    events += [
        {"id": found.id + number, "type": "Change", "field_name": field, "value": value, "previous_value": before}
        for number, (field, value, before) in enumerate(found.changes, start=2)
    ]
    return {
        "id": found.id,
        "ticket_id": ticket_id,
        "created_at": time_of(found.at),
        "author_id": found.author_id,
        "metadata": {"system": {"client": "simulated", "ip_address": "192.0.2.1"}, "custom": found.custom},
        "via": {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
        "events": events,
    }


def custom_status(found: CustomStatus) -> Json:
    return {
        "id": found.id,
        "status_category": found.category,
        "agent_label": found.label,
        "end_user_label": found.label,
        "active": True,
        "default": found.id < 15000,
    }


def metric_set(found: Ticket) -> Json:
    return {
        "ticket_id": found.id,
        "solved_at": time_of(found.solved_at),
        "requester_updated_at": time_of(found.requester_at),
        "reopens": 0,
        "replies": 1 if found.first_reply_at else 0,
    }


def slas(found: Ticket, now: datetime, *, null_breach_at: bool) -> Json:
    """The first reply's promise; what is left of it in minutes, hours or days, negative once it is past."""
    due = found.first_reply_due
    if due is None:
        return {"policy_metrics": []}
    left = int((due - (found.first_reply_at or now)).total_seconds() // 60)
    unit, size = ("minutes", 1) if abs(left) < 60 else ("hours", 60) if abs(left) < 2880 else ("days", 1440)
    metric = {
        "breach_at": None if null_breach_at else time_of(due),
        "stage": "achieved" if found.first_reply_at else "active",
        "metric": "first_reply_time",
        unit: int(left / size),
    }
    return {"policy_metrics": [metric]}


def named_in(records: Records, tickets: Iterable[Ticket], base: str) -> list[Json]:
    """The users that tickets name, each once."""
    ids = {id for found in tickets for id in (found.requester_id, found.assignee_id) if id is not None}
    return [user(records.users[id], base) for id in sorted(ids)]
