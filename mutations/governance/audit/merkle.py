"""The Merkle tree over the chain. Source: RFC 6962, section 2.1 (Merkle Hash Trees).

Only the roots of its full subtrees are kept, at most one for each power of two.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows at its end. `size` leaves; `roots` of its full subtrees, the largest first."""

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)

    def add(self, leaf: bytes) -> None:
        """Append the hash of a leaf."""
        rest, grown = self.size, leaf
        while rest & 1:
            grown = node_hash(self.roots.pop(), grown)
            rest >>= 1
        self.roots.append(grown)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for each in reversed(self.roots[:-1]):
            root = node_hash(each, root)
        return root
