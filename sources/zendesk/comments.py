"""Comments written on tickets, and found again.

| what | calls |
|---|---|
| a comment | 1 PUT of the ticket |
| a comment found by its reference | 1, one more for each further 100 updates of the ticket |

There is no key: what is sent twice is there twice. Source: Zendesk, Update ticket. So each update carries our reference
in the metadata of its audit, and the audits, which come out of the database, tell whether it was done. Source: Zendesk,
Tickets, Setting metadata; Ticket audits.

That an account keeps the metadata could not be tried on a live one. An internal note therefore also ends with a short
mark, which is looked for in the same audits. A public reply is mailed to the customer and carries no mark at all: a
customer should not have to wonder about it. Where an account drops the metadata, which shows by notes of ours without
it, a public reply cannot be told from one that was never written: then `find` is a fault and no "no", so that a person
looks before the customer gets it twice.
"""

import hashlib
import re
from collections.abc import Sequence

import msgspec

from sources.faults import Malformed, Refused
from sources.writing import CommentOrder, Receipt, ReceiptState, sending
from sources.zendesk.audits import Audit, AuditEvent, AuditPage, UpdatedTicket
from sources.zendesk.batching import is_id
from sources.zendesk.client import ROWS, Client
from sources.zendesk.mapping import Mapper

REFERENCE = "c360_reference"  # the key in an audit's custom metadata
AUDIT_PAGES = 100  # 10,000 updates: a ticket has 5,000 comments at most, and few updates without one
COMMENT = "Comment"
MARK = re.compile(r"\[c360 [0-9a-f]{12}\]")

_UPDATED = msgspec.json.Decoder(UpdatedTicket)
_AUDITS = msgspec.json.Decoder(AuditPage)


class Comments:
    """Writes comments."""

    def __init__(self, client: Client, mapper: Mapper) -> None:
        self._client = client
        self._map = mapper

    async def add(self, order: CommentOrder) -> Receipt:
        """DONE. A public comment is mailed to the customer by the account's own rules."""
        if not is_id(order.case_id):
            raise Refused("there is no such case: its id is no number")
        text = order.text if order.public else f"{order.text}\n\n{mark(order.reference)}"
        # public is always said: left out, it is as the ticket's first comment was
        ticket = {
            "comment": {"body": text, "public": order.public},
            "metadata": {REFERENCE: order.reference},
        }
        updated = await self._client.put(f"tickets/{order.case_id}", {"ticket": ticket}, _UPDATED)
        with sending():
            if updated.audit is None or (comment := _comment(updated.audit)) is None:
                raise Malformed("the update was accepted, and its audit has no comment")
        return self._receipt(order.case_id, comment)

    async def find(self, case_id: str, reference: str) -> Receipt | None:
        """DONE where an update of the ticket carries the reference; the first that was written, where several do.

        Raises Malformed where the account drops what would tell.
        """
        written = await self._written(case_id) if is_id(case_id) else ()
        found = min((each for each in written if _carries(each, reference)), key=lambda each: each.id, default=None)
        if found is not None and (comment := _comment(found)) is not None:
            return self._receipt(case_id, comment)
        if any(map(_marked, written)) and not any(map(_referenced, written)):
            raise Malformed("the account keeps no metadata of updates: whether this comment was written cannot be told")
        return None

    async def _written(self, case_id: str) -> Sequence[Audit]:
        """The updates of a ticket that wrote a comment; none where there is no such ticket."""
        params: dict[str, str | int] = {"page[size]": ROWS}
        found: list[Audit] = []
        for _ in range(AUDIT_PAGES):
            answer = await self._client.find(f"tickets/{case_id}/audits", _AUDITS, params)
            if answer is None:
                return ()
            page, _at = answer
            found += [audit for audit in page.audits if _comment(audit) is not None]
            if not page.meta.has_more or page.meta.after_cursor is None:
                return found
            params["page[after]"] = page.meta.after_cursor
        raise Malformed("tickets/{id}/audits goes on beyond the most updates that are read")

    def _receipt(self, case_id: str, comment: AuditEvent) -> Receipt:
        return Receipt(record_id=str(comment.id), state=ReceiptState.DONE, url=self._map.case_url(case_id))


def mark(reference: str) -> str:
    """What an internal note ends with: the same for the same reference, and nothing that it tells."""
    return f"[c360 {hashlib.sha256(reference.encode()).hexdigest()[:12]}]"


def _carries(audit: Audit, reference: str) -> bool:
    return _referenced(audit, reference) or mark(reference) in _note(audit)


def _referenced(audit: Audit, reference: str | None = None) -> bool:
    """Whether it carries this reference in its metadata; any of ours, where none is given."""
    held = (audit.metadata.custom or {}).get(REFERENCE) if audit.metadata else None
    return held is not None if reference is None else held == reference


def _marked(audit: Audit) -> bool:
    return MARK.search(_note(audit)) is not None


def _note(audit: Audit) -> str:
    """The text of an internal note; nothing of what a customer may have written."""
    comment = _comment(audit)
    return comment.body or "" if comment is not None and comment.public is False else ""


def _comment(audit: Audit) -> AuditEvent | None:
    return next((event for event in audit.events if event.type == COMMENT and event.id is not None), None)
