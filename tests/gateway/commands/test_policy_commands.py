"""`c360 policy` and `c360 switch`."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from mutations.governance.audit.tables import audit_events
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.cedar import load_policy
from mutations.governance.policy.decisions import Decisions
from mutations.governance.policy.migrations import migrate
from mutations.governance.policy.switches import Switches
from mutations.governance.policy.texts import packaged_texts
from sources.database import open_database, to_the_end
from tests.mutations.policy.requests_in_words import credit

CONFIG = """
[identity]
development = true
[sources.billing]
kind = "dummybilling"
base_url = "http://127.0.0.1:9"
api_key = "sk_1"
[policy]
directory = "policy"
"""
PAST = datetime(2026, 11, 3, 9, tzinfo=UTC)


@pytest.fixture
def config(tmp_path, dummies):
    (tmp_path / "policy").mkdir()
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
async def database(config):
    opened = open_database(f"sqlite:///{config.parent}/c360.db")
    yield opened
    await opened.close()


@to_the_end
async def decided(database, *requests):
    await migrate(database)
    policy = load_policy()
    async with database.transaction() as connection:
        for each in requests:
            await Decisions().store(
                connection, each, policy.decide(each), workflow_uid=None, correlation_id="r1", at=PAST
            )


async def test_check_prints_the_rules_and_the_version(c360, config):
    status, out, err = await c360("policy", "check", "--config", config)
    assert (status, err) == (0, "")
    assert re.search(r"credit\.cap +denies: OVER_LIMIT +credit\.cedar:\d+", out)
    assert re.search(r"refund\.limit\.two_approvers +permits after 2 finance_approver", out)
    assert out.endswith(f"policy {load_policy().version}: {len(load_policy().rules)} rules, all is well\n")


@pytest.mark.parametrize("command", [("policy", "check"), ("check",), ("switch", "list")])
async def test_a_rule_that_cannot_be_used_is_told_with_file_and_line(c360, config, command):
    (config.parent / "policy" / "house.cedar").write_text('\n@id("x") permit (principal, action, resource);')
    status, _, err = await c360(*command, "--config", config)
    assert status == 2
    assert "[policy] directory holds what cannot be used: house.cedar, line 2: x: a permit says" in err


async def test_a_directory_that_is_missing_is_wrong_configuration(c360, config):
    (config.parent / "policy").rmdir()
    status, _, err = await c360("policy", "check", "--config", config)
    assert status == 2
    assert f"{config.parent / 'policy'}: is no directory that can be read" in err


async def test_simulate_shows_what_a_changed_policy_would_have_decided(c360, config, database):
    await decided(
        database,
        credit("50.00 EUR", "support_agent", subject="rita"),
        credit("30.00 EUR", "support_agent", subject="rolf"),
        credit("10.00 EUR", "support_agent", subject="rosa"),
    )
    limits = packaged_texts()["limits.toml"]
    lower = limits.replace('support_agent = { EUR = "50.00"', 'support_agent = { EUR = "20.00"')
    (config.parent / "policy" / "limits.toml").write_text(lower)
    status, out, err = await c360("policy", "simulate", "--since", "2026-11-01", "--config", config)
    assert (status, err) == (0, "")
    assert re.search(r"2026-11-03 09:00 .* rita +50\.00 EUR +ALLOWED +NEEDS_APPROVAL 1 support_lead", out)
    assert "rolf" in out
    assert "rosa" not in out
    assert "      2  ISSUE_CREDIT: ALLOWED -> NEEDS_APPROVAL 1 support_lead\n" in out
    assert out.endswith("3 decisions, 2 would change\n")
    status, out, _ = await c360("policy", "simulate", "--since", "2026-11-04", "--config", config)
    assert out == "0 decisions, 0 would change\n"


async def test_simulate_wants_a_day(c360, config):
    status, _, err = await c360("policy", "simulate", "--since", "yesterday", "--config", config)
    assert status == 2
    assert "yesterday is no day" in err


async def test_a_switch_is_turned_listed_and_audited(c360, config, database):
    turn = ("--config", config, "--reason")
    assert (await c360("switch", "list", "--config", config))[1] == "everything is on\n"
    assert (await c360("switch", "off", "--source", "billing", *turn, "month end"))[1] == "source billing is off\n"
    assert (await c360("switch", "off", "--action", "ISSUE_CREDIT", *turn, "rates"))[0] == 0
    assert (await c360("switch", "on", "--action", "ISSUE_CREDIT", *turn, "right"))[0] == 0
    _, out, _ = await c360("switch", "list", "--config", config)
    assert re.search(r"^on  action ISSUE_CREDIT .*Z  cli:\S+  right$", out, re.MULTILINE)
    assert re.search(r"^OFF source billing .*Z  cli:\S+  month end$", out, re.MULTILINE)
    async with database.reading() as connection:
        audited = list((await connection.execute(select(audit_events.c.action))).scalars())
    assert sorted(audited) == ["policy.switch_off", "policy.switch_off", "policy.switch_on"]


async def test_a_running_process_sees_a_switch_without_a_restart(c360, config, database):
    await c360("switch", "list", "--config", config)

    async def no_record(connection, *events):
        raise AssertionError("it only reads")

    running = Switches(database, no_record, cache_seconds=0.05)
    assert await running.off(GovernedAction.REFUND_PAYMENT, ()) == ()
    await c360("switch", "off", "--action", "REFUND_PAYMENT", "--reason", "stop", "--config", config)
    await asyncio.sleep(0.06)
    assert await running.off(GovernedAction.REFUND_PAYMENT, ()) == ("action REFUND_PAYMENT",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("off", "--reason", "r"), "say what to switch"),
        (("off", "--reason", "r", "--action", "ISSUE_CREDIT", "--source", "billing"), "say what to switch"),
        (("off", "--reason", " ", "--source", "billing"), "say why"),
        (("off", "--source", "billing"), "Missing option '--reason'"),
        (("on", "--reason", "r", "--source", "payroll"), "there is no source payroll"),
        (("off", "--reason", "r", "--action", "FIRE"), "Invalid value for '--action'"),
    ],
)
async def test_a_switch_that_makes_no_sense_is_refused(c360, config, arguments, said):
    status, _, err = await c360("switch", *arguments, "--config", config)
    assert status == 2
    assert said in err
    assert "Traceback" not in err
