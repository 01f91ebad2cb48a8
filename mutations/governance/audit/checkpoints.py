"""Checkpoints: how many events there are, and the root of the tree over them, signed.

Kept where who runs the database cannot change them, they are what makes a rewritten or shortened log show.
Source: C2SP tlog-checkpoint (origin, size, root; then lines of our own: tenant, time, the checkpoint before).
"""

import base64
import binascii
import hashlib
from datetime import datetime

import msgspec

from mutations.governance.audit.canonical import moment
from mutations.governance.audit.notes import BadNote

ORIGIN_PREFIX = "c360.audit/"


def origin_of(tenant: str) -> str:
    """The name of a tenant's log, and of the keys that sign for it."""
    return ORIGIN_PREFIX + "".join(each if each.isalnum() or each in "._-" else "_" for each in tenant)


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes
    tenant: str
    time: str
    previous: str | None
    """The hash of the checkpoint before; None of the first."""

    @property
    def text(self) -> str:
        lines = [
            self.origin,
            str(self.size),
            base64.b64encode(self.root).decode(),
            f"tenant {self.tenant}",
            f"time {self.time}",
            f"previous {self.previous or '-'}",
        ]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """The checkpoint in a note's text. Raises BadNote."""
        try:
            origin, size, root, tenant, time, previous = text.splitlines()
            hashed = previous.removeprefix("previous ")
            made = cls(
                origin=origin,
                size=int(size),
                root=base64.b64decode(root, validate=True),
                tenant=tenant.removeprefix("tenant "),
                time=time.removeprefix("time "),
                previous=None if hashed == "-" else hashed,
            )
        except (ValueError, binascii.Error):
            raise BadNote("a note in it is no checkpoint of an audit log") from None
        if made.text != text:
            raise BadNote("a note in it is no checkpoint of an audit log")
        return made


def checkpoint_of(tenant: str, size: int, root: bytes, at: datetime, previous: str | None) -> Checkpoint:
    """The checkpoint of a tree. `previous` is the text of the checkpoint before."""
    return Checkpoint(
        origin=origin_of(tenant),
        size=size,
        root=root,
        tenant=" ".join(tenant.split()),
        time=moment(at),
        previous=None if previous is None else hash_of(previous),
    )


def hash_of(text: str) -> str:
    """By what the next checkpoint names this one."""
    return hashlib.sha256(text.encode()).hexdigest()
