"""The answers that come over one connection, as the parser tells of them. All that is kept of them is bounded.

Source: RFC 9112; the parser is llhttp, strict but for blanks behind a chunk's size, which old servers pad it with.
"""

from typing import Final

from httptools import HttpParserError, HttpResponseParser

from sources.wire.http.failures import HttpFailure, NotHttp, TooLarge
from sources.wire.messages import Response

MAX_HEAD_BYTES = 64 * 1024  # four times what vendors' proxies let through
MAX_HEADER_FIELDS = 256  # some vendors behind two proxies send more than 100
_NEVER_WITH_BODY: Final = (204, 304)


class Answers:
    """Reads one answer after another; `expect` stands before each."""

    __slots__ = (
        "_bare",
        "_body",
        "_fields",
        "_head_only",
        "_headers",
        "_max_body",
        "_parser",
        "_reading_body",
        "_size",
        "_status",
        "_until_close",
        "begun",
        "complete",
        "reusable",
    )

    def __init__(self, max_body_bytes: int) -> None:
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._max_body = max_body_bytes
        self.begun = self.complete = self.reusable = False
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)

    def expect(self, method: str) -> None:
        """A request with this method goes out: what is fed from now on answers it."""
        self._head_only = method == "HEAD"
        self.begun = self.complete = self.reusable = False
        self._status = 0
        self._body = []
        self._size = self._bare = 0
        self._start_head()

    def take(self) -> Response:
        """The complete answer, packed where it came packed; a kept connection does not hold it any longer."""
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        answer = Response(status=self._status, headers=self._headers, body=body)
        self._body = []
        self._headers = {}
        return answer

    def feed(self, data: bytes) -> None:
        """Take what came. Raises NotHttp or TooLarge; what comes behind a complete answer makes it not reusable."""
        self.begun = True
        self._bare += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserError as error:
            self.reusable = False
            if self.complete:
                return
            cause = error.__context__
            raise cause if isinstance(cause, HttpFailure) else NotHttp("the parser gave up") from None
        if self._bare > MAX_HEAD_BYTES and not self.complete:
            raise TooLarge(f"more than {MAX_HEAD_BYTES} bytes of head")

    def end(self) -> None:
        """The server closed, which is how an answer of no stated length ends."""
        self.complete = self.complete or self._until_close

    def forget(self) -> None:
        """Nothing comes any more: parser and reader let go of each other, so that no collector has to part them."""
        del self._parser

    # ------------------------------------------------------------------ what the parser tells

    def on_message_begin(self) -> None:
        """The first byte of an answer, perhaps of one that nobody asked for."""
        if self.complete:
            raise NotHttp("an answer to nothing")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field. A repeated one is one list, as it means. Source: RFC 9110, 5.3."""
        if self._reading_body:
            return  # a trailer: nothing of ours is said in one
        self._fields += 1
        self._size += len(name) + len(value)
        word = name.lower().decode()
        said = value.decode("utf-8", "surrogateescape")
        headers = self._headers
        headers[word] = f"{headers[word]}, {said}" if word in headers else said

    def on_headers_complete(self) -> None:
        """The head is there: what kind of body follows."""
        if self._fields > MAX_HEADER_FIELDS or self._size > MAX_HEAD_BYTES:
            raise TooLarge(f"more than {MAX_HEADER_FIELDS} fields or {MAX_HEAD_BYTES} bytes of head")
        self._status = self._parser.get_status_code()
        if self._status >= 200:
            self._start_body()
        elif self._status == 101:
            raise NotHttp("another protocol was not asked for")

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            return
        self._bare = 0
        self._size += len(data)
        if self._size > self._max_body:
            raise TooLarge(f"more than {self._max_body} bytes")
        self._body.append(data)

    def on_message_complete(self) -> None:
        """The end as the head told it. Behind an interim answer the real one follows."""
        if self._status < 200:
            self._start_head()
        elif not self.complete:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()

    def _start_head(self) -> None:
        self._headers = {}
        self._fields = 0
        self._size = 0
        self._reading_body = self._until_close = False

    def _start_body(self) -> None:
        length, coding = self._headers.get("content-length"), self._headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise NotHttp("the body is coded in a way that has no end")
        self._reading_body = True
        self._size = 0
        if self._head_only or (self._status in _NEVER_WITH_BODY and (coding or (length or "0") != "0")):
            self.complete = True  # the head tells of a body that does not come, so the parser must not go on
        elif length is not None and int(length) > self._max_body:
            raise TooLarge(f"more than {self._max_body} bytes")
        self._until_close = length is None and coding is None
