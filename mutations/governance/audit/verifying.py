"""Verifying an export with nothing but checkpoints and public keys: no database, no gateway, no network.

Each event must follow the one before, fit its digest, and the tree over all events up to a checkpoint must have the
root that was signed. The chain finds what was changed in place; only the checkpoints find a chain that was made anew,
or that ends too early.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mutations.governance.audit.canonical import NOTHING, canonical, commitment_to, digest_of
from mutations.governance.audit.checkpoints import Checkpoint, hash_of
from mutations.governance.audit.merkle import Frontier
from mutations.governance.audit.notes import BadNote, VerifierKey, read_notes


class DoesNotFit(Exception):
    """Something was changed. Its text says which event is the first that does not fit, or which checkpoint."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in order."""

    events: int
    signed: int
    """How many of them a checkpoint covers; those after it are chained, and nothing is signed for them."""
    last: Checkpoint


class Line(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of an export."""

    sequence: int
    previous_digest: str
    event: dict[str, Any]
    digest: str
    salt: str | None = None
    detail: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(Line).decode


def read_checkpoints(content: str, keys: Sequence[VerifierKey]) -> list[Checkpoint]:
    """The checkpoints of a file, each signed by one of the keys. Raises DoesNotFit."""
    found: list[Checkpoint] = []
    try:
        notes = read_notes(content)
    except BadNote as error:
        raise DoesNotFit(f"the checkpoint file cannot be read: {error}") from None
    for number, note in enumerate(notes, 1):
        try:
            note.signed_by(keys)
            made = Checkpoint.read(note.text)
        except BadNote as error:
            raise DoesNotFit(f"checkpoint {number} does not fit: {error}") from None
        if found and (made.previous != hash_of(found[-1].text) or made.origin != found[-1].origin):
            raise DoesNotFit(f"checkpoint {number}, of {made.size} events, does not follow the one before it")
        if found and made.size <= found[-1].size:
            raise DoesNotFit(f"checkpoint {number} counts {made.size} events, not more than the one before it")
        found.append(made)
    if not found:
        raise DoesNotFit("the checkpoint file holds no checkpoint")
    return found


def verify(lines: Iterable[bytes], checkpoints: Sequence[Checkpoint]) -> Verified:
    """Verify an export. Raises DoesNotFit at the first event that does not fit."""
    signed = {each.size: each for each in checkpoints}
    tree, previous, covered = Frontier(), NOTHING, 0
    for line in lines:
        if not line.strip():
            continue
        previous = _verified(line, tree.size + 1, previous)
        tree.add(bytes.fromhex(previous))
        checkpoint = signed.get(tree.size)
        if checkpoint is not None:
            if tree.root() != checkpoint.root:
                raise DoesNotFit(_other_events(covered + 1, checkpoint))
            covered = tree.size
    last = checkpoints[-1]
    if covered < last.size:
        raise DoesNotFit(
            f"event {tree.size + 1} is missing: the export ends after {tree.size} events, "
            f"and the checkpoint of {last.time} counts {last.size}"
        )
    return Verified(events=tree.size, signed=covered, last=last)


def _verified(content: bytes, expected: int, previous: str) -> str:
    try:
        line = _decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DoesNotFit(f"event {expected} does not fit: its line is none of an export") from None
    if line.sequence > expected:
        raise DoesNotFit(f"event {expected} is missing: event {line.sequence} stands in its place")
    if line.sequence < expected:
        raise DoesNotFit(f"event {expected} does not fit: event {line.sequence} stands in its place, once more")
    if digest_of(line.sequence, line.previous_digest, line.event) != line.digest:
        raise DoesNotFit(f"event {expected} does not fit: its digest is not that of what it says")
    if line.previous_digest != previous:
        raise DoesNotFit(f"event {expected} does not fit: it follows another event than the one before it")
    if line.detail is not None:
        _verify_detail(line, expected)
    return line.digest


def _verify_detail(line: Line, expected: int) -> None:
    try:
        fits = line.event.get("detail") == commitment_to(line.salt or "", canonical(line.detail))
    except ValueError:
        fits = False
    if not fits:
        raise DoesNotFit(f"event {expected} does not fit: its detail is not the one that was recorded")


def _other_events(first: int, checkpoint: Checkpoint) -> str:
    if first == checkpoint.size:
        return f"event {first} does not fit: the checkpoint of {checkpoint.time} was signed over another one"
    return (
        f"event {first} does not fit, or one up to event {checkpoint.size}: the chain was made anew; the checkpoint of "
        f"{checkpoint.time} was signed over other events"
    )
