"""The keys that sign checkpoints, and those that verify them."""

import base64
import binascii

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mutations.governance.audit.notes import BadNote, VerifierKey

SEED_BYTES = 32
PEM_BEGINS = "-----BEGIN"


class BadKey(ValueError):
    """It is no key of Ed25519. Its text is a sentence, and holds nothing of the key."""


def signing_key(text: str) -> Ed25519PrivateKey:
    """The private key in a text: PEM (PKCS 8), or base64 of 32 bytes. Raises BadKey."""
    text = text.strip().replace("\\n", "\n")  # an environment has one line
    try:
        if text.startswith(PEM_BEGINS):
            key = serialization.load_pem_private_key(text.encode(), None)
        else:
            key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True))
    except (ValueError, TypeError, binascii.Error):
        raise BadKey("is neither PEM nor base64 of the 32 bytes of an Ed25519 key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey("is a key of another kind than Ed25519")
    return key


def new_signing_key() -> bytes:
    """A new private key as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def verifier_keys(content: str, name: str) -> list[VerifierKey]:
    """The public keys of a file: verifier keys, one a line, or one key as PEM, which then has `name`. Raises BadKey."""
    if content.strip().startswith(PEM_BEGINS):
        return [VerifierKey(name, _public(content))]
    lines = [line for line in content.splitlines() if line.strip() and not line.startswith("#")]
    try:
        found = [VerifierKey.read(line) for line in lines]
    except BadNote:
        found = []
    if not found:
        raise BadKey("holds no public key, as `c360 audit key` prints it or as PEM")
    return found


def _public(pem: str) -> bytes:
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadKey("holds no public key of Ed25519")
    return key.public_bytes_raw()
