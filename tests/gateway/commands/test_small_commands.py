import tomllib

import jwt
import pytest

from sources import registry

CONFIG = """
[identity]
development = true
[sources.billing]
kind = "dummybilling"
base_url = "http://127.0.0.1:9"
api_key = "sk_1"
"""
EXTERNAL = CONFIG.replace("development = true", 'issuer = "https://id.example.com"\naudience = "a"\ntenant = "t"')


@pytest.fixture
def config(tmp_path, dummies):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing command."),
        (["demno"], "No such command 'demno'."),
        (["token"], "Missing option '--role'."),
        (["simulate"], "Missing argument 'VENDOR'."),
        (["simulate", "cobol"], 'there is no source kind "cobol"'),
        (["serve", "--workers", "0"], "Invalid value for '--workers'"),
        (["check", "--config", "/nowhere/gateway.toml"], "/nowhere/gateway.toml: cannot be read"),
        (["serve", "--config", "/nowhere/gateway.toml"], "c360: /nowhere/gateway.toml: cannot be read"),
        (["link", "x"], "say whose record it is"),
    ],
)
async def test_wrong_use_is_a_sentence_and_a_hint(c360, arguments, said):
    status, out, err = await c360(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 2


async def test_an_error_that_nobody_foresaw_shows_no_traceback(c360, config, monkeypatch):
    def broken(*_):
        raise RuntimeError("with a secret")

    monkeypatch.setattr("gateway.commands.token.load_settings", broken)
    status, _, err = await c360("token", "--role", "auditor", "--config", config)
    assert status == 1
    assert err.splitlines()[0] == "c360: something went wrong inside (RuntimeError)"
    assert "secret" not in err


async def test_a_token_names_its_role_and_subject(c360, config, tmp_path):
    status, out, _ = await c360("token", "--config", config, "--role", "finance_approver", "--subject", "ann")
    claims = jwt.decode(out.strip(), options={"verify_signature": False})
    assert status == 0
    assert (claims["roles"], claims["sub"]) == (["finance_approver"], "ann")
    assert (tmp_path / "development-issuer-key.pem").exists()


async def test_a_token_of_a_role_that_is_not_there_is_refused(c360, config):
    status, out, err = await c360("token", "--config", config, "--role", "king")
    assert (status, out) == (2, "")
    assert 'there is no role "king"' in err
    assert "support_agent" in err


async def test_an_external_issuer_makes_its_own_tokens(c360, config, tmp_path):
    config.write_text(EXTERNAL)
    status, out, err = await c360("token", "--config", config, "--role", "auditor")
    assert (status, out) == (2, "")
    assert "names an external issuer" in err
    assert not (tmp_path / "development-issuer-key.pem").exists()


async def test_several_workers_on_sqlite_are_refused(c360, config):
    status, _, err = await c360("serve", "--config", config, "--workers", "2")
    assert status == 2
    assert "2 workers cannot share a SQLite file" in err


async def test_sources_lists_what_each_connector_gives(c360):
    status, out, _ = await c360("sources")
    assert status == 0
    for kind, plugin in registry.installed().items():
        assert f"{kind} " in out
        assert plugin.role in out
    assert "Customer, Change" in out


async def test_the_schema_is_printed_from_the_code(c360):
    status, out, _ = await c360("schema")
    assert status == 0
    assert "type Query {" in out


async def test_migrating_twice_is_migrating_once(c360, config):
    for _ in range(2):
        assert (await c360("migrate", "--config", config))[0] == 0


async def test_after_a_restore_it_says_how_many_workflows_are_in_doubt(c360, config):
    status, out, _ = await c360("migrate", "--restored", "--config", config)
    assert status == 0
    assert out.endswith("nobody knows what became of them since the backup: 0\n")


async def test_a_database_that_cannot_be_used_is_a_sentence(c360, config):
    config.write_text('[gateway]\ndatabase_url = "sqlite:////nowhere/at/all.db"\n' + CONFIG)
    status, _, err = await c360("migrate", "--config", config)
    assert status == 2
    assert "[gateway] database_url lies in /nowhere/at, which is not there" in err


async def test_check_tells_everything_that_is_wrong_with_the_file(c360, config):
    config.write_text(CONFIG.replace('api_key = "sk_1"', 'shoe = "1"\nseats = 0'))
    status, _, err = await c360("check", "--config", config)
    assert status == 2
    keys = [line.partition("] ")[2].partition(" ")[0] for line in err.splitlines()]
    assert keys == ["api_key", "seats", "shoe"]


async def test_simulate_prints_the_section_that_reaches_it(started):
    kind = next(iter(registry.installed()))
    async with started("simulate", kind, "--customers", "1") as program:
        ready = await program.line()
        section = "\n".join([await program.line() for _ in range(5)])
        status, rest = await program.stopped()
    assert ready.startswith("ready http://127.0.0.1:")
    assert status == 0
    (source,) = tomllib.loads(f"{section}\n{rest}")["sources"].values()
    assert source["kind"] == kind
    assert ready.endswith(source["base_url"].removeprefix("http://127.0.0.1").partition("/")[0])
