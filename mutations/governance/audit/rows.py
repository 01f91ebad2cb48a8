"""Between events and the rows that keep them."""

import secrets
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mutations.governance.audit.canonical import canonical, commitment_to
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.records import AuditEvent
from sources.canonical.sensitivity import Sensitivity

BITS = {Sensitivity.PERSONAL: 1, Sensitivity.FINANCIAL: 2, Sensitivity.TAX: 4, Sensitivity.INTERNAL: 8}
SALT_BYTES = 16


class _Clock:
    """Microseconds since 1970, never the same twice in a process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            return self._last


_clock = _Clock()


def new_uid() -> str:
    """26 hexadecimal digits in the order in which they were made: microseconds, then chance."""
    return f"{_clock.next():014x}{secrets.token_hex(6)}"


def bits_of(classes: Iterable[Sensitivity]) -> int:
    """Classes as a number."""
    return sum({BITS[each] for each in classes})


def classes_of(bits: int) -> tuple[Sensitivity, ...]:
    """The classes in a number."""
    return tuple(each for each, bit in BITS.items() if bits & bit)


class Rows:
    """The rows of some events, by table."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events: list[dict[str, Any]] = []
        self.customers: list[dict[str, Any]] = []
        self.details: list[dict[str, Any]] = []
        for event in events:
            self._add(new_uid(), event)

    def _add(self, uid: str, event: Event) -> None:
        first, *others = dict.fromkeys(event.customers) or (None,)
        self.customers += [
            {"event_uid": uid, "position": position, "customer_uid": each} for position, each in enumerate(others, 1)
        ]
        self.events.append(
            {
                "uid": uid,
                "at": event.at,
                "actor": _storable(event.actor),
                "issuer": _storable(event.issuer),
                "action": event.action,
                "outcome": event.outcome.value,
                "customer_uid": first,
                "workflow_uid": event.workflow_uid,
                "correlation_id": _storable(event.correlation_id),
                "operation": _storable(event.operation),
                "classes": bits_of(event.classes),
                "system": event.system,
                "external_id": _storable(event.external_id),
                "rule": event.rule,
                "policy_version": event.policy_version,
                "commitment": self._committed(uid, event.detail) if event.detail else None,
            }
        )

    def _committed(self, uid: str, detail: Mapping[str, Any]) -> str:
        salt, text = secrets.token_hex(SALT_BYTES), canonical(detail)
        self.details.append({"event_uid": uid, "salt": salt, "detail": text.decode()})
        return commitment_to(salt, text)


def event_of(row: Any, others: Sequence[str] = (), link: tuple[int, str, str] | None = None) -> AuditEvent:
    """The event of a row, its further customers, and its place: sequence, previous digest, digest."""
    sequence, previous_digest, digest = link or (None, None, None)
    return AuditEvent(
        uid=row.uid,
        sequence=None if sequence is None else str(sequence),
        at=row.at,
        actor=row.actor,
        issuer=row.issuer,
        action=row.action,
        outcome=AuditOutcome(row.outcome),
        customer_uids=(row.customer_uid, *others) if row.customer_uid else tuple(others),
        workflow_uid=row.workflow_uid,
        correlation_id=row.correlation_id,
        operation=row.operation,
        classes=classes_of(row.classes),
        system=row.system,
        external_id=row.external_id,
        rule=row.rule,
        policy_version=row.policy_version,
        digest=digest,
        previous_digest=previous_digest,
    )


def _storable(text: str | None) -> str | None:
    """The text without what no database takes: a token's claims may hold NUL and halves of characters."""
    if text is None or (text.isascii() and "\x00" not in text):
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")
