"""Sizes and names: what grows wants a reason, and only a vendor's own folder names the vendor."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import sources
from sources import registry

ROOT = Path(__file__).parents[2]
FLOORS = ("gateway", "mutations", "resolvers", "sources")
LONGEST_FILE = 300

# Files that are longer, each with its reason.
LONG_FILES: dict[str, str] = {}

# Shared files that a vendor's name is in, each with its reason.
NAMED_AFTER_ONE = {
    "sources/simulation/real/localstripe.py": "starts a server of that name",
}


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_grows_past_three_hundred_lines_without_a_reason() -> None:
    long = {relative(path) for path in files(*FLOORS) if path.read_text().count("\n") > LONGEST_FILE}
    assert long - set(LONG_FILES) == set()
    assert set(LONG_FILES) - long == set(), "a file that is short again needs no reason any more"


def vendor_words() -> re.Pattern[str]:
    kinds = [plugin.kind for _, plugin in registry.folders(sources)]
    return re.compile("|".join(map(re.escape, kinds)), re.IGNORECASE)


@pytest.mark.parametrize("floor", ["gateway", "resolvers", "mutations"])
def test_no_file_above_the_sources_names_a_vendor(floor: str) -> None:
    words = vendor_words()
    naming = [relative(path) for path in files(floor) if words.search(path.read_text())]
    assert naming == []


def test_the_shared_parts_of_the_sources_name_no_vendor_but_in_comments() -> None:
    """A comment may say where a threshold or an oddity was found; code may not depend on whose it is."""
    words = vendor_words()
    own = [ROOT / place.replace(".", "/") for place, _ in registry.folders(sources)]
    shared = [path for path in files("sources") if not any(path.is_relative_to(folder) for folder in own)]
    naming = {relative(path) for path in shared for text in spoken(path.read_text()) if words.search(text)}
    assert naming - set(NAMED_AFTER_ONE) == set()


def spoken(source: str) -> Iterator[str]:
    """The names and strings of a source text, without comments and docstrings."""
    documented = {(node.lineno, node.col_offset) for node in docstrings(ast.parse(source))}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME or (token.type == tokenize.STRING and token.start not in documented):
            yield token.string


def docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        for statement in getattr(node, "body", None) or [] if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.value


def test_a_vendor_in_code_would_be_seen_and_one_in_a_comment_not() -> None:
    text = '"""Acme says so."""\nLIMIT = 3  # as Acme has it\nif kind == "acme":\n    acme_limit = 4\n'
    assert [word for word in spoken(text) if "acme" in word.lower()] == ['"acme"', "acme_limit"]
