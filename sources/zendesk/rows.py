"""Pages of tickets in which one that does not fit its shape spoils itself alone."""

import msgspec

from sources.zendesk.shapes import NamedUser, Ticket, TicketPage, TicketWithFields


class Spoilt(msgspec.Struct, frozen=True):
    """Of a ticket that does not fit: which it is."""

    id: int


class TicketRows(msgspec.Struct, frozen=True):
    """The tickets that fit, and the ids of those that do not."""

    page: TicketPage[Ticket]
    spoilt: tuple[int, ...] = ()


class _Loose(msgspec.Struct, frozen=True):
    tickets: tuple[msgspec.Raw, ...]
    users: tuple[NamedUser, ...] = ()
    next_page: str | None = None


class TicketDecoder:
    """Decodes strictly, and row by row only where that failed: a good page costs nothing more.

    `with_fields`: with the fields of the account's own. Raises msgspec.ValidationError or DecodeError where not even
    the page, or a spoilt ticket's id, can be made out.
    """

    def __init__(self, *, with_fields: bool) -> None:
        ticket: type[Ticket] = TicketWithFields if with_fields else Ticket
        self._page = msgspec.json.Decoder(TicketPage[ticket])  # type: ignore[valid-type]
        self._loose = msgspec.json.Decoder(_Loose)
        self._ticket = msgspec.json.Decoder(ticket)
        self._spoilt = msgspec.json.Decoder(Spoilt)

    def decode(self, body: bytes) -> TicketRows:
        """The rows of a page."""
        try:
            return TicketRows(self._page.decode(body))
        except msgspec.ValidationError:
            return self._row_by_row(self._loose.decode(body))

    def _row_by_row(self, loose: _Loose) -> TicketRows:
        tickets, spoilt = [], []
        for row in loose.tickets:
            try:
                tickets.append(self._ticket.decode(row))
            except msgspec.ValidationError:
                spoilt.append(self._spoilt.decode(row).id)
        return TicketRows(TicketPage(tuple(tickets), loose.users, loose.next_page), tuple(spoilt))
