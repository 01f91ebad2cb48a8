"""How an exchange over HTTP can fail.

HttpFailure
├── NotSendable    a header or the URL holds what HTTP forbids: nothing was sent
├── NotConnected   nobody took the connection: nothing was sent
│   └── NotTrusted   the server's certificate
├── NoAnswer       the connection was lost before a byte of an answer
├── BrokenOff      the answer, or what is packed in it, ends too early
├── NotHttp        what came is no answer in HTTP, or one that could be read in two ways
└── TooLarge       the answer goes beyond a bound
"""


class HttpFailure(Exception):
    """An exchange over HTTP failed. Its text holds nothing of what was sent or came."""


class NotSendable(HttpFailure):
    """A header or the URL holds what HTTP forbids."""


class NotConnected(HttpFailure):
    """Nobody took the connection."""


class NotTrusted(NotConnected):
    """The server's certificate is not one for its name, or nobody vouches for it."""


class NoAnswer(HttpFailure):
    """The connection was lost before a byte of an answer."""


class BrokenOff(HttpFailure):
    """The answer ends too early, or does not unpack."""


class NotHttp(HttpFailure):
    """What came is no answer in HTTP, or could be read in two ways."""


class TooLarge(HttpFailure):
    """The answer goes beyond a bound, which is the text."""
