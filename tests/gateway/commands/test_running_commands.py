import signal
import stat

import httpx
import pytest

from sources.simulation.harness import Switches

ASK = {"query": '{ customerBy(key: {number: "C-000001"}) { displayName identities { system method } } }'}


async def ask(url, token, query=ASK):
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.post(url, json=query, headers={"authorization": f"Bearer {token}"})
        return answer.status_code, answer.json()


async def test_backfill_then_serve_then_stop(c360, started, simulated):
    config, simulators = simulated
    status, out, err = await c360("backfill", "--config", config)
    assert status == 0, err
    assert len(out.splitlines()) == len(simulators)
    token = (await c360("token", "--config", config, "--role", "support_agent"))[1].strip()
    async with started("serve", "--config", config) as program:
        ready = await program.line()
        assert ready.startswith("ready http://127.0.0.1:")
        code, answer = await ask(ready.removeprefix("ready "), token)
        assert code == 200
        assert len(answer["data"]["customerBy"]["identities"]) == len(simulators)
        assert (await ask(ready.removeprefix("ready "), "nonsense"))[0] == 401
        status, rest = await program.stopped(signal.SIGTERM)
    assert (status, rest) == (0, "")  # standard output has the one line


async def test_an_ambiguous_identity_is_decided_by_hand(c360, simulated, tmp_path):
    config, _ = simulated
    await c360("backfill", "--config", config)
    listed = (await c360("conflicts", "--config", config))[1]
    head = next(line for line in listed.splitlines() if not line.startswith(" "))
    candidates = [line for line in listed.splitlines() if line.startswith(" ")]
    assert len(candidates) >= 2
    uid, number = head.split()[0], candidates[0].split()[2]
    status, out, _ = await c360("link", uid, "--customer", number, "--reason", "asked them", "--config", config)
    assert (status, out) == (0, f"{uid} is decided\n")
    assert uid not in (await c360("conflicts", "--config", config))[1]
    out = tmp_path / "events.jsonl"
    assert (await c360("audit", "export", "--config", config, "--out", str(out)))[0] == 0
    events = [line for line in out.read_text().splitlines() if "identity.resolve" in line]
    assert len(events) == 2, "the intent, and that it was done"
    assert "asked them" not in "".join(events), "what a person wrote stands apart, so that it can be erased"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["link", "0000000000000000", "--none"], "there is no conflict 0000000000000000"),
        (["link", "0000000000000000", "--customer", "C-999999"], "there is no customer C-999999"),
        (["backfill", "--source", "nowhere"], 'there is no source "nowhere"'),
    ],
)
async def test_what_is_not_there_is_named(c360, simulated, arguments, said):
    status, _, err = await c360(*arguments, "--config", simulated[0])
    assert status in (1, 2)
    assert said in err


async def test_check_reaches_every_source(c360, simulated):
    config, simulators = simulated
    status, out, err = await c360("check", "--config", config)
    assert (status, err) == (0, "")
    assert f"all is well, {len(simulators)} sources answer" in out


async def test_check_names_the_source_that_does_not_answer(c360, simulated):
    config, simulators = simulated
    kind, simulator = next(iter(simulators.items()))
    simulator.harness.switches = Switches(status=503)
    status, _, err = await c360("check", "--config", config)
    assert status == 1
    assert f"[sources.{kind}] base_url leads to no source that answers" in err
    simulator.harness.switches = Switches(status=401)
    status, _, err = await c360("check", "--config", config)
    assert status == 1
    assert f"[sources.{kind}] refuses us" in err


async def test_a_port_in_use_is_a_sentence(c360, started, simulated, tmp_path):
    config, _ = simulated
    async with started("serve", "--config", config) as program:
        port = (await program.line()).rpartition(":")[2].partition("/")[0]
        status, out, err = await c360("demo", "--port", port, "--data", tmp_path / "demo")
    assert (status, out) == (1, "")
    assert f"port {port} on 127.0.0.1 is in use" in err


async def test_the_demo_answers_every_persona_and_stops_at_ctrl_c(started, tmp_path):
    data = tmp_path / "demo"
    async with started("demo", "--port", "0", "--data", data, "--customers", "30") as program:
        lines = await program.until("-X DELETE")
        url = lines[0].removeprefix("ready ")
        tokens = dict(line.split() for line in lines if line.count(" ") and line.split()[-1].startswith("eyJ"))
        assert len(tokens) == 7
        for role, token in tokens.items():
            code, answer = await ask(url, token, {"query": "{ viewer { roles } }"})
            assert (code, answer["data"]["viewer"]["roles"]) == (200, [role])
        assert (await ask(url, tokens["support_agent"]))[1]["data"]["customerBy"]["displayName"]
        assert sum(line.startswith("curl ") for line in lines) == 8
        status, rest = await program.stopped()
    assert (status, rest) == (0, "stopped\n")
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.glob("*.header")} == {0o600}
