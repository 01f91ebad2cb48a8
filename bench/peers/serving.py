"""How the Python peers are served: uvicorn with uvloop and httptools, no access log, on a free port.

Garbage is looked for as seldom as in the gateway: what was made at the start never again.
"""

import asyncio
import gc
import socket
import sys
from typing import Any

import uvicorn

BACKLOG = 2048
GARBAGE_THRESHOLDS = (50_000, 10, 5)  # the gateway's own


def serve(app: Any) -> None:
    """Serve until ended; says `ready URL` once it answers."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http="httptools", loop="uvloop", lifespan="off", log_level="warning", access_log=False, server_header=False
    )

    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    listener.listen(BACKLOG)  # who connects from now on is answered
    sys.stdout.write(f"ready http://127.0.0.1:{listener.getsockname()[1]}/graphql\n")
    sys.stdout.flush()
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))
