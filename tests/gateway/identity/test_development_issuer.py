import os
import stat

import httpx
import jwt
import pytest

from gateway.configuration.sections import IdentitySection
from gateway.development_issuer import ISSUER, KEY_FILE, TOKEN_SECONDS, DevelopmentIssuer, LoopbackOnly
from gateway.identity import Authenticator, Unauthenticated
from gateway.settings import SettingsError

SECTION = IdentitySection(development=True)


@pytest.fixture
def made(tmp_path):
    return DevelopmentIssuer(tmp_path / "data", SECTION)


def authenticator(made):
    return Authenticator(SECTION, made.keys, ISSUER, development=True)


async def test_its_tokens_are_taken_and_say_who_issued_them(made):
    actor = await authenticator(made).authenticate(f"Bearer {made.token('support_agent')}")
    assert (actor.subject, actor.roles, actor.person) == ("support_agent", ("support_agent",), True)
    assert actor.development
    assert actor.issuer == ISSUER


async def test_a_program_is_no_person_and_has_scopes(made):
    actor = await authenticator(made).authenticate(f"Bearer {made.token('integration', 'sync', ['read:tax'])}")
    assert (actor.subject, actor.person, actor.scopes) == ("sync", False, ("read:tax",))


async def test_another_issuers_key_is_another_issuer(made, tmp_path):
    other = DevelopmentIssuer(tmp_path / "other", SECTION)
    with pytest.raises(Unauthenticated):
        await authenticator(made).authenticate(f"Bearer {other.token('support_agent')}")


def test_a_token_lasts_twelve_hours(made):
    claims = jwt.decode(made.token("auditor"), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == TOKEN_SECONDS == 43_200


def test_the_key_is_its_owners_alone_and_lasts(made, tmp_path):
    path = tmp_path / "data" / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DevelopmentIssuer(tmp_path / "data", SECTION).jwks == made.jwks
    assert os.listdir(path.parent) == [KEY_FILE]


def test_the_published_key_has_no_private_half(made):
    assert set(made.jwks["keys"][0]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_a_key_that_others_may_read_is_refused(made, tmp_path):
    (tmp_path / "data" / KEY_FILE).chmod(0o644)
    with pytest.raises(SettingsError, match="others may read: chmod 600"):
        DevelopmentIssuer(tmp_path / "data", SECTION)


def test_a_file_that_is_no_key_is_refused(made, tmp_path):
    (tmp_path / "data" / KEY_FILE).write_text("scribble")
    with pytest.raises(SettingsError, match="delete it for a new one"):
        DevelopmentIssuer(tmp_path / "data", SECTION)


async def _fine(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("example.com", 403),
        ("127.0.0.1.example.com:8000", 403),
        ("localhost.example.com", 403),
        ("10.0.0.7:8000", 403),
        ("[::2]", 403),
        ("", 403),
    ],
)
async def test_only_a_loopback_host_is_answered(host, status):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(LoopbackOnly(_fine))) as client:
        assert (await client.get("http://127.0.0.1:8000/graphql", headers={"host": host})).status_code == status


async def test_a_web_socket_from_elsewhere_is_closed():
    sent = []

    async def send(message):
        sent.append(message)

    await LoopbackOnly(_fine)({"type": "websocket", "headers": [(b"host", b"evil.example")]}, None, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]
