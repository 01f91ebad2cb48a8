"""The checkpoints as a file that only grows: each is on the disk before the next one is made."""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from mutations.governance.audit.checkpoints import Checkpoint
from mutations.governance.audit.notes import DASH, read_notes

TAIL_BYTES = 4096  # the last checkpoint lies in them: one has some 400


class CheckpointFile:
    """One file for all processes of a machine. Its methods wait for the disk: call them in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last_size(self) -> int:
        """How many events the last checkpoint in it counts; 0 where there is none. Raises OSError, BadNote."""
        return _last_size(self._tail()) if self.path.exists() else 0

    def append(self, following: Callable[[int], Sequence[str]]) -> int:
        """Add the notes that `following` gives for the last size in the file; how many they were.

        Raises OSError, BadNote.
        """
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            notes = following(_last_size(self._tail()))
            for note in notes:
                file.write(f"{note}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        return len(notes)

    def _tail(self) -> str:
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            tail = file.read().decode("utf-8", "replace")
        return tail if size <= TAIL_BYTES else _from_a_beginning(tail)


def _from_a_beginning(tail: str) -> str:
    """What was cut anywhere, from where a note begins."""
    blocks = tail.split("\n\n")[1:]
    return "\n\n".join(blocks[1:] if blocks and blocks[0].startswith(DASH) else blocks)


def _last_size(tail: str) -> int:
    notes = read_notes(tail)
    return Checkpoint.read(notes[-1].text).size if notes else 0
