"""The texts of a policy: those that are packaged, and over them those of the operator's directory."""

import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import msgspec

RULES = ".cedar"
SCHEMA = "schema.cedarschema"
LIMITS = "limits.toml"


class BadPolicy(Exception):
    """A policy that cannot be used. Its text names the file, the line where one is known, and what is wrong."""

    def __init__(self, file: str, line: int | None, what: str) -> None:
        super().__init__(f"{file}, line {line}: {what}" if line is not None else f"{file}: {what}")
        self.file = file
        self.line = line
        self.what = what


def packaged_texts() -> dict[str, str]:
    """The policy that comes with the gateway, by file name."""
    folder = resources.files(__package__).joinpath("defaults")
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if _counts(each.name)}


def read_texts(directory: Path | None) -> dict[str, str]:
    """The packaged texts; a file of the directory replaces the packaged one of its name, other rules are added.

    Raises BadPolicy.
    """
    packaged = packaged_texts()
    return packaged if directory is None else {**packaged, **_own(directory, frozenset(packaged))}


def _own(directory: Path, packaged: frozenset[str]) -> dict[str, str]:
    try:
        files = sorted(file for file in directory.iterdir() if _counts(file.name))
    except OSError as error:
        raise BadPolicy(str(directory), None, f"is no directory that can be read ({error.strerror})") from None
    found: dict[str, str] = {}
    for file in files:
        if file.suffix != RULES and file.name not in packaged:
            known = f"{LIMITS}, {SCHEMA} or a name that ends in {RULES}"
            raise BadPolicy(str(file), None, f"would count for nothing under this name; use {known}")
        try:
            found[file.name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadPolicy(str(file), None, f"cannot be read ({type(error).__name__})") from None
    return found


def _counts(name: str) -> bool:
    """Whether a file looks like part of a policy: a README beside it is none."""
    return not name.startswith(".") and name.endswith((RULES, ".cedarschema", ".toml"))


def version_of(texts: Mapping[str, str]) -> str:
    """One word for all texts: the SHA-256 of their names and contents."""
    return hashlib.sha256(msgspec.json.encode(sorted(texts.items()))).hexdigest()
