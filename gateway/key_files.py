"""Private keys that a gateway on a developer's machine makes for itself, in its data directory."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from gateway.configuration.problems import Problem, SettingsError


def kept_key(path: Path, new: Callable[[], bytes]) -> bytes:
    """The key in the file, made by `new` where there is none. Raises SettingsError where others may read it."""
    if not path.exists():
        _write(path, new())
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        sentence = f"holds {path.name}, which others may read: chmod 600 it, or delete it for a new one"
        raise SettingsError([Problem("gateway", "data_directory", sentence)])
    return path.read_bytes()


def no_key(path: Path) -> SettingsError:
    """What is in the file is not what belongs there."""
    sentence = f"holds {path.name}, which is not the key that it should be: delete it for a new one"
    return SettingsError([Problem("gateway", "data_directory", sentence)])


def _write(path: Path, pem: bytes) -> None:
    """Whole or not at all, never readable by others, and the first of two processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
