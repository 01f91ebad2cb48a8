"""What Tryton's words mean when it refuses a write. They may name people and documents: none of them are passed on.

Refused
├── Warned       it asks back first; `kind` is the warning's name
├── Closed       no open period holds the date
└── WrongState   the record is not in the state for that: posted already, deleted, changed meanwhile
Busy
└── TooEarly     a later document was numbered meanwhile: the date must be moved first

Source: Tryton 8.2, the English messages of account, account_invoice, account_credit_limit and ir; a running server
answers UserError and UserWarning alike: 400 with {"status", "message", "description"}. A lock that is not had at once
is a 503 with PostgreSQL's words for it; the transaction was rolled back.
"""

import re

import msgspec

from sources.faults import Busy, Refused, SourceFault
from sources.wire.messages import Response

_LOCKS = (b"could not obtain lock", b"deadlock detected", b"could not serialize access", b"lock timeout")
_FIELD = re.compile(r'for field "([A-Za-z ]{1,40})"|required for field "([A-Za-z ]{1,40})"')


class Warned(Refused):
    """Tryton warns before it does that."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"the ledger warns of {kind}, which is for a person to judge")
        self.kind = kind


class Closed(Refused):
    """No open period holds the date."""


class WrongState(Refused):
    """The record is not in the state for that."""


class TooEarly(Busy):
    """A later document was numbered meanwhile."""


WARNINGS = {
    "generates a payment date": "invoice_payment_term",
    "have an invoice date in the future": "invoice_date_future",
    "does not have the default taxes": "invoice_taxes",
    "has not been validated": "invoice_tax_identifier",
    "is similar to invoice": "invoice_similar",
    "credit limit": "credit_limit",
}


class Said(msgspec.Struct, frozen=True):
    """The body of a 400."""

    message: str


def locked_out(response: Response) -> bool:
    """Whether a 503 says that the database did not get a lock, after which nothing is left of the transaction."""
    return response.status == 503 and any(words in response.body for words in _LOCKS)


def refusal(body: bytes) -> SourceFault:
    """What a 400 stands for."""
    try:
        message = msgspec.json.decode(body, type=Said).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused("answered 400")
    kind = next((kind for words, kind in WARNINGS.items() if words in message), None)
    if kind is not None:
        return Warned(kind)
    if "must set an invoice date after" in message:
        return TooEarly("400: a later document was numbered meanwhile")
    if "you must reopen" in message or "closed period" in message or "you must create a" in message:
        return Closed("400: no open period holds the date")
    if "You can not call" in message or "posted" in message or "because it has a number" in message:
        return WrongState("400: the document is not in the state for that")
    if "must balance" in message:
        return Refused("400: debit and credit of the entry are not equal")
    if "not allowed" in message:
        return Refused("400: the key's user may not do that")
    field = _FIELD.search(message)
    if field:
        return Refused(f"400: the ledger does not take what was given as {(field[1] or field[2]).lower()}")
    return Refused("400: the ledger does not take it")
