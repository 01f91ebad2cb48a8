"""A Cedar file as its statements, each with the line where it begins: cedarpy's errors name none."""

import re
from collections.abc import Iterator

import msgspec

from mutations.governance.policy.texts import BadPolicy

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;')  # what can hold a semicolon, and the semicolon itself
BLANK = re.compile(r"(?:\s|//[^\n]*)*")


class Statement(msgspec.Struct, frozen=True):
    """One permit or forbid, annotations included."""

    file: str
    line: int
    text: str

    def wrong(self, what: str) -> BadPolicy:
        """What is wrong with it, to be raised."""
        return BadPolicy(self.file, self.line, what)


def statements(file: str, text: str) -> Iterator[Statement]:
    """The statements in order. Raises BadPolicy where the last one has no end."""
    begin = _after_blank(text, 0)
    for token in TOKEN.finditer(text):
        if token[0] == ";" and token.start() >= begin:
            yield Statement(file, _line(text, begin), text[begin : token.end()])
            begin = _after_blank(text, token.end())
    if begin < len(text):
        raise BadPolicy(file, _line(text, begin), "the statement that begins here has no end (;)")


def _after_blank(text: str, position: int) -> int:
    blank = BLANK.match(text, position)
    return blank.end() if blank else position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
