"""localstripe, a fake Stripe, in a process of its own.

It listens on all interfaces (`::`) and takes any key that begins with sk_: nothing real belongs in it. At each write it
puts all that it holds into one file whose place is fixed, and reads it at its start where it is asked to: that is how
what was loaded once is kept. Every localstripe of a machine writes there, so what was kept wants to be checked.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources.simulation.real.processes import LOOPBACK, ServerProcess, listens, start_on_free_port
from sources.simulation.real.servers_environment import exclusively, servers_environment

STATE = Path("/tmp/localstripe.pickle")  # noqa: S108  fixed in localstripe 1.15.10
# The state begins as a pickle of the server's own mapping. That writes the whole file at each entry that it takes, and
# so over what a start is reading: all after the first thousand entries is lost, and those take eight seconds.
STORE = b"\x8c\x15localstripe.resources\x94\x8c\x05Store\x94\x93\x94"
OWN_MAPPING, PLAIN_MAPPING = STORE + b")\x81", STORE + b"0}"  # an instance of that class; or drop it, an empty dict


@contextmanager
def localstripe(environment: Path | None = None, *, kept: Path | None = None) -> Iterator[str]:
    """A running localstripe; gives its base URL. Raises ServerFailed.

    It holds what was kept in the file `kept`, where that is there; otherwise nothing.
    """
    programs = servers_environment(environment)
    anew = kept is None or not kept.is_file()
    with tempfile.TemporaryDirectory(prefix="c360-stripe-") as scratch:

        def start(port: int) -> ServerProcess:
            command = [str(programs / "localstripe"), "--port", str(port), *(["--from-scratch"] if anew else [])]
            return ServerProcess(command, log=Path(scratch) / "localstripe.log", environment={"TMPDIR": scratch})

        if kept is None or anew:
            server, port = start_on_free_port(start, listens)
        else:
            with exclusively(STATE.with_suffix(".lock")):
                STATE.write_bytes(kept.read_bytes().replace(OWN_MAPPING, PLAIN_MAPPING, 1))
                server, port = start_on_free_port(start, listens)
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            server.stop()


def keep_state(kept: Path, mark: str) -> bool:
    """Keep what the localstripe that wrote last holds now; False where that is not the one which holds the mark."""
    state = STATE.read_bytes()
    if mark.encode() not in state:
        return False
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(state)
    return True
