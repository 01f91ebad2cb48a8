"""Parses SOQL: a scanner and a recursive descent.

Source: SOQL and SOSL Reference. [V] any other backslash than the listed escapes is an error; 100,000 characters for a
statement, 4,000 for a WHERE clause; dateTimes are not quoted. [M] an empty IN list and IS NULL are MALFORMED_QUERY;
AND beside OR without parentheses is MALFORMED_QUERY.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sources.salesforce.simulator.errors import ApiRefusal, malformed_query, not_modelled
from sources.salesforce.simulator.syntax import Comparison, Condition, Group, Literal, Select

STATEMENT_CHARACTERS = 100_000
WHERE_CHARACTERS = 4_000
MOST_OFFSET = 2_000

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?\d+(?:\.\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<mark><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_AFTER_FROM = {"USING", "WITH", "GROUP", "HAVING", "FOR", "ALL", "UPDATE"}
_OPERATORS = {"=", "!=", "<>", "<", "<=", ">", ">="}


class _Token(NamedTuple):
    kind: str
    text: str
    start: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text


def parse(statement: str) -> Select:
    """The statement as a tree. Raises ApiRefusal as Salesforce would, or NOT_MODELLED."""
    if len(statement) > STATEMENT_CHARACTERS:
        raise malformed_query("SOQL statements should not be longer than 100000 characters.")
    return _Parser(statement).select()


def _scan(statement: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    statement = statement.rstrip()
    while place < len(statement):
        match = _TOKEN.match(statement, place)
        if match is None or match.lastgroup is None:
            raise malformed_query(f"unexpected token: '{statement[place:].strip()[:1]}'")
        tokens.append(_Token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
        place = match.end()
    return [*tokens, _Token("end", "<EOF>", len(statement))]


class _Parser:
    def __init__(self, statement: str) -> None:
        self._tokens = _scan(statement)
        self._place = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def select(self) -> Select:
        self._expect("SELECT")
        columns, count = self._columns()
        self._expect("FROM")
        entity = self._word()
        if self._next.kind == "word" and self._next.word in _AFTER_FROM:
            raise not_modelled(self._next.word)
        where = self._where() if self._accept("WHERE") else None
        order = self._order() if self._accept("ORDER") else ()
        limit = self._whole_number() if self._accept("LIMIT") else None
        offset = self._whole_number() if self._accept("OFFSET") else 0
        if self._next.kind == "word" and self._next.word in _AFTER_FROM:
            raise not_modelled(self._next.word)
        if self._next.kind != "end":
            raise self._unexpected()
        if offset > MOST_OFFSET:
            raise ApiRefusal(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return Select(columns, entity, where, order, limit, offset, count)

    def _columns(self) -> tuple[tuple[str, ...], bool]:
        columns: list[str] = []
        while True:
            if self._next.text == "(":
                raise not_modelled("a sub-query")
            name = self._word()
            if self._next.text == "(":
                return self._counted(name)
            columns.append(name)
            if not self._accept(","):
                break
        names = [column.lower() for column in columns]
        twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
        if twice:
            raise malformed_query(f"duplicate field selected: {twice}")
        return tuple(columns), False

    def _counted(self, name: str) -> tuple[tuple[str, ...], bool]:
        self._expect("(")
        if name.upper() != "COUNT" or not self._accept(")"):
            raise not_modelled(f"the function {name}")
        return (), True

    def _where(self) -> Condition:
        start = self._next.start
        condition = self._chain()
        last = self._tokens[self._place - 1]
        if last.start + len(last.text) - start > WHERE_CHARACTERS:
            raise malformed_query("a WHERE clause should not be longer than 4000 characters")
        return condition

    def _chain(self) -> Condition:
        parts = [self._term()]
        operator = None
        while self._next.word in ("AND", "OR"):
            word = self._next.word
            if operator not in (None, word):
                raise self._unexpected()
            operator = word
            self._place += 1
            parts.append(self._term())
        return parts[0] if operator is None else Group(operator, tuple(parts))

    def _term(self) -> Condition:
        if self._accept("NOT"):
            return Group("NOT", (self._term(),))
        if self._accept("("):
            condition = self._chain()
            self._expect(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Comparison:
        column = self._word()
        if self._next.text in _OPERATORS:
            operator = "!=" if self._next.text == "<>" else self._next.text
            self._place += 1
            return Comparison(column, operator, (self._literal(),))
        if self._accept("LIKE"):
            return Comparison(column, "LIKE", (self._literal(like=True),))
        if self._accept("IN"):
            return Comparison(column, "IN", self._list())
        if self._accept("NOT"):
            self._expect("IN")
            return Comparison(column, "NOT IN", self._list())
        if self._next.word in ("INCLUDES", "EXCLUDES") or self._next.text == "(":
            raise not_modelled(self._next.text)
        raise self._unexpected()

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        if self._next.word == "SELECT":
            raise not_modelled("a semi-join")
        values = [self._literal()]
        while self._accept(","):
            values.append(self._literal())
        self._expect(")")
        return tuple(values)

    def _literal(self, *, like: bool = False) -> Literal:
        kind, text, _ = token = self._next
        self._place += 1
        if kind == "string":
            return _unescaped(text[1:-1], like)
        if kind == "datetime":
            return datetime.fromisoformat(text)
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "number":
            return Decimal(text)
        if token.word in ("TRUE", "FALSE"):
            return token.word == "TRUE"
        if token.word == "NULL":
            return None
        self._place -= 1
        if kind == "word":
            raise not_modelled(f"the literal {text}")
        raise self._unexpected()

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._expect("BY")
        order: list[tuple[str, bool]] = []
        while True:
            column = self._word()
            descending = self._accept("DESC")
            if not descending:
                self._accept("ASC")
            if self._next.word == "NULLS":
                raise not_modelled("NULLS")
            order.append((column, descending))
            if not self._accept(","):
                return tuple(order)

    def _whole_number(self) -> int:
        token = self._next
        if token.kind != "number" or not token.text.isdecimal():
            raise self._unexpected()
        self._place += 1
        return int(token.text)

    def _word(self) -> str:
        token = self._next
        if token.kind != "word":
            raise self._unexpected()
        self._place += 1
        return token.text

    def _accept(self, word: str) -> bool:
        if self._next.kind in ("word", "mark") and self._next.word == word:
            self._place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _unexpected(self) -> ApiRefusal:
        return malformed_query(f"unexpected token: '{self._next.text}'")


def _unescaped(text: str, like: bool) -> str:
    def one(match: re.Match[str]) -> str:
        escape = match.group(1)
        if escape[0] in "uU" and len(escape) == 5:
            return chr(int(escape[1:], 16))
        if like and escape in "_%":
            return match.group(0)
        if escape.lower() not in _ESCAPED:
            raise malformed_query(f"Illegal string escape: \\{escape}")
        return _ESCAPED[escape.lower()]

    return _ESCAPE.sub(one, text)
