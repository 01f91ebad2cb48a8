"""A Tryton server's REST API, filled with facts of the world.

Rules that a running server 8.2.1 was seen to follow: searches by POST with a body; dotted fields under "field.";
`__class__` values; a 500 that names an unknown model or field; 403 for a method that is not exposed; 401 for a key
that is none; 404 for another database; a credit limit only in the context of the company; `Connection: close`;
uncompressed answers. Not seen, and so unverified: locks (423), warnings (409), limits of the size of a request.
"""

from sources.tryton.simulator.simulator import TrytonSimulator

__all__ = ["TrytonSimulator"]
