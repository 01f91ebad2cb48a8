"""[audit] checkpoint_url: each checkpoint goes to a place of the auditor's, and to no place that nobody meant."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from gateway.auditing import audit_of
from gateway.configuration.audit import AuditSection
from gateway.settings import Settings
from mutations.governance.audit.checkpoints import Checkpoint
from mutations.governance.audit.events import AuditOutcome, Event
from mutations.governance.audit.migrations import migrate
from mutations.governance.audit.notes import read_notes
from sources.database import open_database
from sources.simulation.serving import serving


async def test_a_checkpoint_is_posted_to_who_is_to_keep_it(tmp_path, dummies):
    told = []

    async def take(request):
        told.append((await request.body()).decode())
        return Response(status_code=204)

    event = Event(
        at=datetime.now(UTC),
        actor="ada",
        issuer="urn:issuer",
        action="read",
        outcome=AuditOutcome.READ,
        correlation_id="c-1",
    )
    async with serving(Starlette(routes=[Route("/kept", take, methods=["POST"])])) as url:
        settings = Settings(
            gateway={"database_url": f"sqlite:///{tmp_path}/c360.db", "data_directory": tmp_path},
            identity={"development": True},
            audit={"checkpoint_url": f"{url}/kept", "checkpoint_hosts": ["127.0.0.1"]},
            sources={"billing": {"kind": "dummybilling", "base_url": "http://127.0.0.1:9", "api_key": "sk_1"}},
        )
        database = open_database(settings.gateway.database_url)
        await migrate(database)
        audit = audit_of(settings, database)
        await audit.write(event)
        await audit.catch_up()
        await database.close()
    assert [Checkpoint.read(read_notes(note)[0].text).size for note in told] == [1]


@pytest.mark.parametrize("url", ["http://audit.example.com/", "https://10.0.0.1/", "https://127.0.0.1/", "ftp://x/"])
def test_a_place_that_is_not_public_is_refused(url):
    with pytest.raises(ValidationError, match=r"checkpoint_url that .*(checkpoint_hosts|no https URL)"):
        AuditSection(checkpoint_url=url)
