"""SOQL text out of typed values only: literals, lists within the documented lengths, and ids.

Source: SOQL and SOSL Reference, Quoted String Escape Sequences, Date Formats; SOQL limits.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

WHERE_CHARACTERS = 4_000  # of one WHERE clause, documented
STATEMENT_CHARACTERS = 100_000  # of one statement, documented
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})
_CODES = tuple((sign, quote(sign)) for sign in " '(),=<>:")
_USUAL = re.compile(r"[A-Za-z0-9_.\-' (),=<>:]*")  # what statements consist of, but for names out of the settings


def select(columns: Sequence[str], entity: str, rest: str) -> str:
    """A statement. Columns and entity are names that the settings or our shapes allow, `rest` is made of literals."""
    return f"SELECT {', '.join(columns)} FROM {entity} {rest}"  # noqa: S608 - there are no bind variables


def quoted(text: str) -> str:
    """The text as a SOQL string literal. Any backslash that is not one of SOQL's own escapes would be an error."""
    return f"'{text.translate(_ESCAPES)}'"


def moment(at: datetime) -> str:
    """An aware time as a SOQL dateTime literal: unquoted, UTC, to the second, as CreatedDate and SystemModstamp are."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def escaped(statement: str) -> str:
    """The statement as it goes into a URL. `quote` alone goes through its hundreds of ids letter by letter."""
    if not _USUAL.fullmatch(statement):
        return quote(statement, safe="")
    for sign, code in _CODES:
        statement = statement.replace(sign, code)
    return statement


def lists(values: Sequence[str], room: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """The values cut into the parts of which each fits into `room` characters as `('a','b')`; with that text."""
    part: list[str] = []
    literals: list[str] = []
    length = 2
    for value in values:
        literal = quoted(value)
        if part and length + len(literal) + 1 > room:
            yield tuple(part), f"({','.join(literals)})"
            part, literals, length = [], [], 2
        part.append(value)
        literals.append(literal)
        length += len(literal) + 1
    if part:
        yield tuple(part), f"({','.join(literals)})"


@lru_cache(maxsize=1024)  # a customer's edges ask by the same id
def full_id(record_id: str) -> str | None:
    """The 18 characters of a record id given with 15 or 18; None for what is no id and would spoil the query.

    The three last characters say which of the first fifteen are capitals. Source: Salesforce, Record ids.
    """
    if len(record_id) not in (15, 18) or not (record_id.isascii() and record_id.isalnum()):
        return None
    full = record_id[:15] + "".join(_letter(record_id[start : start + 5]) for start in (0, 5, 10))
    return full if len(record_id) == 15 or record_id == full else None


def _letter(block: str) -> str:
    return _SUFFIX[sum(1 << place for place, letter in enumerate(block) if letter.isupper())]
