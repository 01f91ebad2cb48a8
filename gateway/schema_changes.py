"""What a client of the last release would miss in the schema as it is now."""

from pathlib import Path

import msgspec
from graphql import GraphQLError, GraphQLSchema, build_schema, find_breaking_changes

from gateway.failures import WRONG_USE, CommandFailed


class Breaking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A breaking change that was decided."""

    change: str
    """As the check prints it."""
    reason: str
    """Why, and what clients do instead."""


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The breaking changes since the last release."""

    breaking: tuple[Breaking, ...] = ()


class SchemaBreaks(CommandFailed):
    """The schema breaks clients, and nobody said so; or the list names what is not so."""


def check_against(released: Path, declared: Path, now: str) -> None:
    """Compare the schema with the released one. Raises SchemaBreaks, and CommandFailed for files that do not read."""
    found = {each.description for each in find_breaking_changes(_schema(released), build_schema(now))}
    known = {each.change for each in _declared(declared).breaking}
    lines = [f"breaking: {change}" for change in sorted(found - known)]
    lines += [f"declared and not so: {change}" for change in sorted(known - found)]
    if lines:
        raise SchemaBreaks(
            f"the schema and {released} differ:\n  " + "\n  ".join(lines),
            f"Take it back, or declare it in {declared}: [[breaking]], change = the sentence, reason = why",
        )


def _schema(path: Path) -> GraphQLSchema:
    try:
        return build_schema(path.read_text())
    except (OSError, UnicodeError, GraphQLError, TypeError):
        raise CommandFailed(f"{path} is not a schema that can be read", "", WRONG_USE) from None


def _declared(path: Path) -> Declared:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Declared)
    except (OSError, msgspec.MsgspecError):
        hint = "It holds [[breaking]] tables with change and reason"
        raise CommandFailed(f"{path} is not a list of breaking changes", hint, WRONG_USE) from None
