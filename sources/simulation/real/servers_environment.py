"""The virtual environment of the servers that run beside the gateway: made once out of a hash-locked list.

Tryton and localstripe are under the GPL: they are installed and run apart, and no module of ours imports them.
`python -m sources.simulation.real.servers_environment` makes it beforehand.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources.simulation.real.processes import ServerFailed

REQUIREMENTS = Path(__file__).with_name("servers_requirements.txt")
CHECKOUT = Path(__file__).resolve().parents[3]
STAMP = "c360-requirements"  # in the environment: the digest of what was installed


def default_directory() -> Path:
    """In the checkout, where there is one, else in the user's cache."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".venv-servers"
    return Path.home() / ".cache" / "c360" / "venv-servers"


def cache_directory() -> Path:
    """Where built data of the servers is kept from run to run."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".cache"
    return Path.home() / ".cache" / "c360"


def servers_environment(directory: Path | None = None) -> Path:
    """The directory of the servers' programs; makes the environment where it is missing or out of date.

    Takes about 15 s the first time. Raises ServerFailed where it cannot be made.
    """
    place = directory or default_directory()
    with exclusively(cache_directory() / "servers.lock"):
        stamp, digest = place / STAMP, hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != digest:
            _make(place)
            stamp.write_text(digest)
    return place / "bin"


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """One process at a time inside, over all processes of this machine."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    command = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(  # noqa: S603
        [*command, "--require-hashes", "--requirement", str(REQUIREMENTS)], capture_output=True, check=False
    )
    if done.returncode:
        raise ServerFailed(f"pip could not install the servers: {done.stderr.decode()[-1000:].strip()}")


if __name__ == "__main__":
    sys.stderr.write(f"{servers_environment()}\n")
