"""`c360 audit` and `c360 subject`: what an auditor and a data protection officer do, by the program."""

import asyncio
import json
import re
import sqlite3
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mutations.governance.audit.audit import Audit
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.migrations import migrate
from sources.canonical.customer import Address, CustomerRecord
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.crosswalk import Crosswalk
from sources.crosswalk.migrations import migrate as migrate_crosswalk
from sources.crosswalk.words import CustomerQuery, LookupKey
from sources.database import open_database

CONFIG = """
[identity]
development = true
[sources.billing]
kind = "dummybilling"
base_url = "http://127.0.0.1:9"
api_key = "sk_1"
"""


def event(**said) -> Event:
    usual = {
        "at": datetime.now(UTC),
        "actor": "ada",
        "issuer": "urn:issuer",
        "action": "issueCredit",
        "outcome": AuditOutcome.ALLOWED,
        "correlation_id": "c-1",
    }
    return Event(**{**usual, **said})


@pytest.fixture
def config(tmp_path, dummies):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
async def database(tmp_path):
    opened = open_database(f"sqlite:///{tmp_path}/c360.db")
    await migrate(opened)
    await migrate_crosswalk(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def exported(c360, config, database, tmp_path):
    """An export of twenty events with its checkpoints and key; gives the arguments that verify it, and the export."""
    await Audit(database).write(*(event(actor=f"a{n}", detail={"comment": f"text {n}"}) for n in range(20)))
    out, key = tmp_path / "export.jsonl", tmp_path / "key"
    status, _, err = await c360("audit", "export", "--config", config, "--out", out, "--details")
    assert status == 0
    assert err.endswith(" events\n")
    key.write_text((await c360("audit", "key", "--config", config))[1])
    return ["audit", "verify", out, "--checkpoint", tmp_path / "audit-checkpoints", "--public-key", key], out


async def test_an_export_verifies_with_checkpoints_and_key_alone(c360, exported, tmp_path):
    (tmp_path / "c360.db").unlink()
    (tmp_path / "gateway.toml").unlink()
    status, out, err = await c360(*exported[0])
    assert (status, err) == (0, "")
    assert out.startswith("20 events are in order; 20 of them up to the checkpoint of 2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [each.replace('"a7"', '"a8"') for each in lines], "event 8 does not fit"),
        (lambda lines: lines[:4] + lines[5:], "event 5 is missing"),
        (lambda lines: lines[:4] + lines[3:], "event 5 does not fit"),
        (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], "event 3 is missing"),
        (lambda lines: lines[:-1], "event 20 is missing: the export ends after 19 events"),
        (lambda lines: [each.replace("text 3", "text 4") for each in lines], "event 4 does not fit: its detail"),
    ],
)
async def test_a_changed_export_exits_with_one_and_names_the_first_event(c360, exported, change, said):
    arguments, export = exported
    export.write_text("".join(change(export.read_text().splitlines(keepends=True))))
    status, out, err = await c360(*arguments)
    assert (status, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


async def test_what_is_edited_in_the_database_is_found_in_the_next_export(c360, exported, config, tmp_path):
    with sqlite3.connect(tmp_path / "c360.db") as connection:
        connection.execute("DROP TRIGGER audit_events_no_update")
        connection.execute("UPDATE audit_events SET actor = 'mallory' WHERE actor = 'a11'")
    connection.close()
    arguments, export = exported
    assert (await c360("audit", "export", "--config", config, "--out", export))[0] == 0
    status, _, err = await c360(*arguments)
    assert status == 1
    assert "event 12 does not fit" in err


async def test_a_database_that_was_made_anew_does_not_fit_the_checkpoints(c360, exported, config, database, tmp_path):
    arguments, export = exported
    with sqlite3.connect(tmp_path / "c360.db") as connection:
        for name in ("audit_chain_no_delete", "audit_events_no_update", "audit_checkpoints_no_delete"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("INSERT INTO audit_pending SELECT event_uid FROM audit_chain")
        connection.execute("DELETE FROM audit_chain")
        connection.execute("DELETE FROM audit_checkpoints")
        connection.execute(f"UPDATE audit_head SET size = 0, digest = '{'0' * 64}', frontier = ''")
        connection.execute("UPDATE audit_events SET actor = 'mallory' WHERE actor = 'a11'")
    connection.close()
    assert (await c360("audit", "export", "--config", config, "--out", export))[0] == 0
    status, _, err = await c360(*arguments)
    assert status == 1
    assert "the chain was made anew" in err


async def test_an_event_that_was_taken_out_of_the_line_is_told_by_the_export(c360, config, database, tmp_path):
    await Audit(database).write(event())
    async with database.transaction() as connection:
        await connection.execute(text("DELETE FROM audit_pending"))
    status, _, err = await c360("audit", "export", "--config", config, "--out", tmp_path / "out")
    assert status == 1
    assert "1 events stand in the table and not in the chain" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["audit", "verify", "nowhere", "--checkpoint", "nowhere", "--public-key", "nowhere"],
            "nowhere cannot be read",
        ),
        (["audit", "verify"], "Missing"),
        (["subject", "erase"], "Missing option '--customer'"),
    ],
)
async def test_wrong_use_of_audit_commands_is_a_sentence(c360, arguments, said):
    status, _, err = await c360(*arguments)
    assert status == 2
    assert said in err


async def test_another_key_verifies_nothing(c360, exported, tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "other.pem").write_bytes(pem.public_bytes(serialization.Encoding.PEM, form))
    arguments = [*exported[0][:-1], tmp_path / "other.pem"]
    status, _, err = await c360(*arguments)
    assert status == 1
    assert "that public key was not given" in err


async def test_the_development_key_is_for_its_owner_alone(c360, exported, config, tmp_path):
    path = tmp_path / "audit-signing-key.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    status, _, err = await c360("audit", "key", "--config", config)
    assert status == 2
    assert "which others may read" in err


async def test_a_checkpoint_file_without_a_key_is_refused(c360, config, tmp_path):
    external = 'issuer = "https://id.example.com"\naudience = "a"\ntenant = "t"'
    config.write_text(
        CONFIG.replace("development = true", external) + f'[audit]\ncheckpoint_file = "{tmp_path}/checkpoints"\n'
    )
    status, _, err = await c360("audit", "export", "--config", config, "--out", tmp_path / "out")
    assert status == 2
    assert "signing_key is missing" in err


async def test_a_key_that_is_none_is_refused_without_being_shown(c360, config):
    config.write_text(CONFIG + '[audit]\nsigning_key = "c2VjcmV0"\n')
    status, _, err = await c360("audit", "key", "--config", config)
    assert status == 2
    assert "[audit] signing_key is neither PEM nor base64" in err
    assert "c2VjcmV0" not in err


@pytest.fixture
async def customer(database):
    """A customer with two records, personal data in both, and details in the audit log."""
    crosswalk = Crosswalk(database)
    origins = await crosswalk.register_systems([("billing", "dummybilling", "http://127.0.0.1:9", 1)])
    said = CustomerRecord(
        ref=CustomerRef("customer", "cus_1"),
        number="C-7",
        name="Ada Lovelace",
        emails=("ada@example.com",),
        phones=("+441632960000",),
        addresses=(Address(line1="12 St James's Square", city="London", country="GB"),),
    )
    await crosswalk.observe(origins["billing"], [said])
    (uid,) = await crosswalk.find(LookupKey("number", "C-7"))
    await Audit(database).write(
        event(customers=(uid,), detail={"comment": "Ada is cross"}), event(customers=("other", uid)), event()
    )
    return crosswalk, origins["billing"], said, uid


async def test_everything_that_is_kept_of_a_customer_is_told(c360, config, customer):
    status, out, _ = await c360("subject", "export", "--config", config, "--customer", "C-7")
    assert status == 0
    told = json.loads(out)
    assert told["crosswalk"]["records"][0]["says"]["name"] == "Ada Lovelace"
    assert "email:ada@example.com" in told["crosswalk"]["records"][0]["keys"]
    assert [each["detail"] for each in told["audit"]["details"]] == [{"comment": "Ada is cross"}]
    assert len(told["audit"]["events"]) == 2
    assert "other" not in json.dumps(told["audit"])


async def test_after_erasure_nothing_says_who_the_customer_is_and_the_log_still_verifies(
    c360, config, customer, exported, tmp_path
):
    uid = customer[3]
    status, out, _ = await c360("subject", "erase", "--config", config, "--customer", "C-7", "--yes")
    assert (status, out.splitlines()[0]) == (0, "C-7 is erased from the crosswalk, with 1 details of the audit log")
    status, told, _ = await c360("subject", "export", "--config", config, "--customer", uid)
    assert not re.search("ada|lovelace|square|1632960", told.replace('"ada"', ""), re.IGNORECASE)
    arguments, export = exported
    await c360("audit", "export", "--config", config, "--out", export, "--details")
    status, out, _ = await c360(*arguments)
    assert status == 0
    actions = [json.loads(line)["event"]["action"] for line in export.read_text().splitlines()]
    assert actions.count("subject.erase") == 2


async def test_an_erased_customer_keeps_its_number_and_links_and_is_found_by_nothing_else(c360, config, customer):
    crosswalk, origin, said, uid = customer
    await c360("subject", "erase", "--config", config, "--customer", "C-7", "--yes")
    crosswalk.forget([uid])
    found = (await crosswalk.customers([uid]))[uid]
    assert (found.number, found.display_name, found.emails) == ("C-7", "erased", None)
    assert await crosswalk.owners([(origin.uid, said.ref)]) == {(origin.uid, said.ref): uid}
    assert await crosswalk.find(LookupKey("email", "ada@example.com")) == ()
    assert (await crosswalk.search(CustomerQuery(text="lovelace", first=5))).uids == ()


async def test_what_a_source_says_as_before_does_not_come_back_and_what_it_says_anew_does(c360, config, customer):
    import msgspec

    crosswalk, origin, said, uid = customer
    await c360("subject", "erase", "--config", config, "--customer", "C-7", "--yes")
    again = Crosswalk(crosswalk.database)
    await again.register_systems([("billing", "dummybilling", "http://127.0.0.1:9", 1)])
    await again.observe(origin, [said])
    assert (await again.customers([uid]))[uid].display_name == "erased"
    await again.observe(origin, [msgspec.structs.replace(said, name="Ada King")])
    assert (await again.customers([uid]))[uid].display_name == "Ada King"


async def test_nothing_is_erased_without_a_yes(c360, config, customer, monkeypatch):
    monkeypatch.setattr("typer.confirm", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    crosswalk, _, _, uid = customer
    assert (await c360("subject", "erase", "--config", config, "--customer", "C-7"))[0] == 130
    assert (await crosswalk.customers([uid]))[uid].display_name == "Ada Lovelace"
    await asyncio.sleep(0)
