"""What people are told of, that nobody asked for: raised with what it tells, delivered at least once.

`raise_` writes it in the transaction of what it tells. A Sender logs it and hands it to whoever reaches the role.
"""

from mutations.governance.alerts.outbox import raise_
from mutations.governance.alerts.sending import NotDelivered, Receivers, Sender
from mutations.governance.alerts.words import TOLD, Alert, AlertKind, Raised

__all__ = ["TOLD", "Alert", "AlertKind", "NotDelivered", "Raised", "Receivers", "Sender", "raise_"]
