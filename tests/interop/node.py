"""Runs a script with Node.js beside the test, and takes what it prints as JSON lines."""

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
INSTALLED = FOLDER / "node_modules"
LOCK = FOLDER / "package-lock.json"
STAMP = INSTALLED / ".made-from-lock"
LEAST_NODE = 20  # graphql-ws 6 and Hive Gateway ask for it
INSTALL_SECONDS = 300
SCRIPT_SECONDS = 60


class ScriptFailed(AssertionError):
    """A script ended with another code than 0; says what it wrote."""


@cache
def what_is_missing() -> str | None:
    """A sentence on what the machine lacks to run JavaScript clients; None where nothing is."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return f"Node.js {LEAST_NODE} or newer with npm is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < LEAST_NODE:
        return f"Node.js is {version}, and the clients need {LEAST_NODE} or newer"
    return None


def install() -> None:
    """Install what the lock names, once for each lock; other test processes wait meanwhile."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    with (FOLDER / ".installing").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        command = ["npm", "ci", "--loglevel=error"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        if done.returncode:
            raise ScriptFailed(f"npm ci: {done.stderr[-2000:]}")
        STAMP.write_text(wanted)


async def run(*command: str, cwd: Path = FOLDER, seconds: float = SCRIPT_SECONDS, **environment: str) -> str:
    """What a program wrote to its standard output. Raises ScriptFailed with what it wrote elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        out, err = await process.communicate()
        raise ScriptFailed(f"{command} took longer than {seconds} s\n{out.decode()}\n{err.decode()[-3000:]}") from None
    if process.returncode:
        raise ScriptFailed(f"{command} ended with {process.returncode}\n{out.decode()}\n{err.decode()[-3000:]}")
    return out.decode()


async def run_node(script: str, *, seconds: float = SCRIPT_SECONDS, **environment: str) -> list[Any]:
    """The JSON lines that a script of scripts/ prints, such as `run_node("apollo.mjs", URL=…, TOKEN=…)`."""
    printed = await run("node", f"scripts/{script}", seconds=seconds, **environment)
    return [json.loads(line) for line in printed.splitlines()]
