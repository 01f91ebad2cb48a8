"""What is wrong with a configuration: a sentence for each problem, with the key to change."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import ValidationError


class Problem(msgspec.Struct, frozen=True):
    """One thing to change. `section` and `key` are as in the file; key is "" where the section itself is wrong."""

    section: str
    key: str
    sentence: str

    def __str__(self) -> str:
        place = f"[{self.section}] " if self.section else ""
        return f"{place}{self.key} {self.sentence}".replace("  ", " ").strip()


class SettingsError(Exception):
    """The configuration cannot be used. Its text is one sentence with the file and the key; `problems` has them all."""

    def __init__(self, problems: Sequence[Problem], file: str = "") -> None:
        self.problems = tuple(problems)
        self.file = file
        super().__init__(f"{file}: {problems[0]}" if file else str(problems[0]))


WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key that is known here",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "string_type": "is not a string",
    "dict_type": "is not a table",
    "model_type": "is not a table",
}


def problems_of(error: ValidationError, prefix: tuple[str, ...] = ()) -> list[Problem]:
    """What a model of pydantic refused, in our words. Values are left out: one of them may be a secret."""
    details = error.errors(include_url=False, include_input=False, include_context=True)
    return [_problem((*prefix, *map(str, detail["loc"])), detail) for detail in details]


def _problem(place: tuple[str, ...], detail: Any) -> Problem:
    sentence = WORDS.get(detail["type"]) or _own_words(detail["msg"])
    depth = 2 if place[:1] == ("sources",) else 1
    return Problem(".".join(place[:depth]), ".".join(place[depth:]), sentence)


def _own_words(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"is wrong: {text[:1].lower()}{text[1:]}" if text.startswith("Input ") else text
