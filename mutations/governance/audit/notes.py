"""Signed notes, in the form that transparency logs use: a text, a blank line, a line for each signature.

Source: C2SP signed-note, golang.org/x/mod/sumdb/note. A key has a name and an id of four bytes,
SHA-256(name, newline, 0x01, public key); a verifier key is `name+id+base64(0x01, public key)`.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
DASH = "— "  # begins a line of a signature
ID_BYTES, SIGNATURE_BYTES = 4, 64


class BadNote(ValueError):
    """It is no signed note, or no key that is known signed it. Its text is a sentence."""


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def read(cls, text: str) -> "VerifierKey":
        """The key in a line as __str__ gives it. Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        identifier, _, encoded = rest.partition("+")
        try:
            decoded = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            decoded = b""
        key = cls(name, decoded[1:])
        if not name or decoded[:1] != ED25519 or len(key.public) != 32 or key.id.hex() != identifier:
            raise BadNote("it is no verifier key such as name+1234abcd+AbCd…")
        return key

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """Signs notes with one key."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.key = VerifierKey(name, key.public_key().public_bytes_raw())
        self._private = key

    def signed(self, text: str) -> str:
        """The note of a text; the text ends with a newline."""
        signature = base64.b64encode(self.key.id + self._private.sign(text.encode())).decode()
        return f"{text}\n{DASH}{self.key.name} {signature}\n"


class Note(msgspec.Struct, frozen=True):
    """A note as it was read: its text, and its signatures as (name, key id, signature)."""

    text: str
    signatures: Sequence[tuple[str, bytes, bytes]]

    def signed_by(self, keys: Iterable[VerifierKey]) -> VerifierKey:
        """The key that signed it. Raises BadNote where none of these did, or one of their signatures is wrong."""
        by_id = {(key.name, key.id): key for key in keys}
        for name, identifier, signature in self.signatures:
            key = by_id.get((name, identifier))
            if key is None:
                continue
            if not key.verifies(self.text, signature):
                raise BadNote(f"its signature by {name}+{identifier.hex()} does not verify: it was changed, or forged")
            return key
        told = ", ".join(f"{name}+{identifier.hex()}" for name, identifier, _ in self.signatures)
        raise BadNote(f"it is signed by {told or 'nobody'}, and that public key was not given")


def read_notes(content: str) -> list[Note]:
    """The notes of a file, one after the other. Raises BadNote."""
    notes: list[Note] = []
    text: list[str] = []
    signatures: list[tuple[str, bytes, bytes]] = []
    in_signatures = False
    for line in content.splitlines():
        if in_signatures and line.startswith(DASH):
            signatures.append(_signature(line))
        elif in_signatures and not line:
            continue
        elif in_signatures and signatures:
            notes.append(Note("".join(text), tuple(signatures)))
            text, signatures, in_signatures = [line + "\n"], [], False
        elif not line and text:
            in_signatures = True
        elif in_signatures:
            raise BadNote("a checkpoint in it has no signature")
        elif line:
            text.append(line + "\n")
    if text and not signatures:
        raise BadNote("its last checkpoint has no signature: it was cut off")
    if text:
        notes.append(Note("".join(text), tuple(signatures)))
    return notes


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        decoded = b""
    if len(decoded) != ID_BYTES + SIGNATURE_BYTES:
        raise BadNote("a signature in it is none of Ed25519")
    return name, decoded[:ID_BYTES], decoded[ID_BYTES:]
