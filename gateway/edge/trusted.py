"""Trusted documents: the operations of our own clients, from a directory, by id or hash.

`*.graphql`: one document; its id is the file's name without the ending, or its path below the directory.
`*.json`: a manifest {id: text}, as graphql-codegen and Relay persist them, or Apollo's with `operations`.
Every document is also found by the SHA-256 of its text.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

HASH_PREFIX = "sha256:"  # Source: GraphQL over HTTP, persisted documents: an id that is a hash may say so


class UnreadableDocuments(Exception):
    """The directory, or a file of it, cannot be used; the text names the file."""


class _Operation(msgspec.Struct):
    id: str
    body: str


class _Manifest(msgspec.Struct, tag_field="format", tag="apollo-persisted-query-manifest"):
    operations: list[_Operation]


class TrustedDocuments:
    """The texts, by id and by hash."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {**{sha256_of(text): text for text in texts.values()}, **texts}

    def find(self, name: str) -> str | None:
        """The text of an id or a hash, with or without HASH_PREFIX."""
        text = self._texts.get(name)
        return self._texts.get(name.removeprefix(HASH_PREFIX).lower()) if text is None else text

    def items(self) -> list[tuple[str, str]]:
        """Each text once, under one of its names."""
        return [(name, text) for text, name in {text: name for name, text in self._texts.items()}.items()]


def read_directory(directory: Path) -> TrustedDocuments:
    """The documents of a directory and those below it. Raises UnreadableDocuments."""
    if not directory.is_dir():
        raise UnreadableDocuments(f"{directory} is not a directory")
    texts: dict[str, str] = {}
    for path in sorted(directory.rglob("*")):
        for name, text in _documents_of(path, directory):
            if texts.setdefault(name, text) != text:
                raise UnreadableDocuments(f"{path} has another document under the id {name}, which is taken")
    return TrustedDocuments(texts)


def sha256_of(text: str) -> str:
    """As clients work it out: of the text's UTF-8, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def _documents_of(path: Path, directory: Path) -> Iterator[tuple[str, str]]:
    try:
        if path.suffix == ".graphql":
            text = path.read_text(encoding="utf-8")
            yield path.relative_to(directory).with_suffix("").as_posix(), text
            yield path.stem, text
        elif path.suffix == ".json":
            yield from _of_manifest(path.read_bytes())
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        raise UnreadableDocuments(f"{path} cannot be read as documents") from None


def _of_manifest(content: bytes) -> Iterator[tuple[str, str]]:
    written: Any = msgspec.json.decode(content)
    if isinstance(written, dict) and "operations" in written:
        for operation in msgspec.convert(written, _Manifest).operations:
            yield operation.id, operation.body
    else:
        yield from msgspec.convert(written, dict[str, str]).items()
