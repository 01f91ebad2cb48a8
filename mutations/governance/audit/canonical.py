"""What is hashed, byte for byte: anyone can work it out again from an export, in any language.

JSON in UTF-8, keys sorted, no blanks, numbers only whole ones; times with microseconds and Z. The detail of an event
is not in it, only a commitment: SHA-256 of a random salt and the detail, so that the detail can be erased, and is not
guessed from what stays.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from mutations.governance.audit.merkle import leaf_hash
from mutations.governance.audit.records import AuditEvent

NOTHING = "0" * 64  # stands for the digest before the first event

_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(value: Any) -> bytes:
    """The one form of a JSON value."""
    return _encode(value)


def moment(at: datetime) -> str:
    """A time as it is hashed: 2026-01-31T23:59:59.000001Z."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def content_of(event: AuditEvent, commitment: str | None) -> dict[str, Any]:
    """An event as it is hashed and exported."""
    return {
        "id": event.uid,
        "at": moment(event.at),
        "actor": event.actor,
        "issuer": event.issuer,
        "action": event.action,
        "outcome": event.outcome.value,
        "customers": event.customer_uids,
        "workflow": event.workflow_uid,
        "correlationId": event.correlation_id,
        "operation": event.operation,
        "classes": sorted(each.value for each in event.classes),
        "system": event.system,
        "externalId": event.external_id,
        "rule": event.rule,
        "policyVersion": event.policy_version,
        "detail": commitment,
    }


def digest_of(sequence: int, previous_digest: str, content: Mapping[str, Any]) -> str:
    """The digest of an event in its place: the hash of a leaf (RFC 6962) whose data is all three."""
    return leaf_hash(canonical({"sequence": sequence, "previousDigest": previous_digest, "event": content})).hex()


def commitment_to(salt: str, detail: bytes) -> str:
    """What an event says of its detail; `detail` is its canonical form."""
    return hashlib.sha256(bytes.fromhex(salt) + detail).hexdigest()
