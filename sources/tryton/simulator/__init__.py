"""A Tryton server's REST API, filled with facts of the world.

Rules that a running server 8.2.1 was seen to follow: searches by POST with a body; dotted fields under "field.";
`__class__` values; a 500 that names an unknown model or field; 403 for a method that is not exposed; 401 for a key
that is none; 404 for another database or record; a credit limit only in the context of the company;
`Connection: close`; uncompressed answers. Of writes: one transaction each; nothing unique on a reference; a UserError
and a UserWarning alike as 400 with {"status", "message", "description"}; a warning is passed over where the context
says `_skip_warnings`, and `res.user.warning` is closed to an ordinary user; numbers do not go back in time; a draft is
deleted or cancelled, what is posted is neither; a posting that cannot have the sequence's lock at once is a 503; it
goes on where the client has gone. Not seen, and so unverified: limits of the size of a request; that the lines of an
entry made here are only those that are owed (a real posting books revenue and taxes beside them).
"""

from sources.tryton.simulator.simulator import TrytonSimulator

__all__ = ["TrytonSimulator"]
