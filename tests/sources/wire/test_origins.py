"""To whom a credential goes: base_url's origin, the listed ones, nobody else."""

from typing import Any

import pytest

from sources.faults import Refused
from sources.wire.messages import Request
from sources.wire.naming import asked
from sources.wire.origins import Origins

ACME = Origins("https://acme.example.com", ("files.example.com", "files.example.com:8443", "http://plain.example.com"))


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.example.com/api?cursor=a%2Bb%3D&x=[1]",
        "https://acme.example.com:443/api",
        "https://ACME.example.com/api",
        "https://acme.example.com",
        "https://acme.example.com?x=1",
        "https://files.example.com/a",
        "https://files.example.com:8443/a",
        "http://plain.example.com/a",
    ],
)
def test_an_allowed_url_is_sent_untouched(url: str) -> None:
    assert ACME.admit(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example.com/api",
        "https://acme.example.com:8443/api",
        "https://acme.example.com.evil.com/",
        "https://acme.example.com@evil.com/",
        "https://evil.com/https://acme.example.com/",
        "https://evil.com\\@acme.example.com/",
        "https://evil.com#@acme.example.com/",
        "https://evil.com?@acme.example.com/",
        "https://user:secret@acme.example.com/",
        "http://files.example.com/",
        "https://plain.example.com/",
        "//acme.example.com/api",
        "/api",
        "file:///etc/passwd",
        "https://[::1/",
        "https://acme.example.com:99999/",
        "https://acme.example.com\t.evil.com/",
        "https://acme\uff0eexample.com.evil.com/",
        "",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        ACME.admit(url)


def test_what_no_request_line_may_hold_is_escaped() -> None:
    hostile = "https://acme.example.com/q?name=a b\u00fc\r\nHost: evil"
    assert ACME.admit(hostile) == "https://acme.example.com/q?name=a%20b%C3%BC%0D%0AHost:%20evil"


def test_a_base_url_with_a_path_allows_its_whole_origin() -> None:
    assert Origins("http://127.0.0.1:8001/acme").admit("http://127.0.0.1:8001/") == "http://127.0.0.1:8001/"


async def test_nothing_leaves_for_a_foreign_host(wire_to: Any, serve: Any, answer_ok: Any) -> None:
    base, _ = await serve(answer_ok())
    foreign, thief = await serve(answer_ok())
    wire = wire_to(base)
    with pytest.raises(Refused):
        await wire.send(Request(url=foreign + "/next-page", headers={"Authorization": "Bearer secret"}))
    assert thief.connections == 0


async def test_a_listed_host_and_one_that_the_client_declares_are_reached(
    wire_to: Any, serve: Any, answer_ok: Any
) -> None:
    base, _ = await serve(answer_ok())
    files, _ = await serve(answer_ok(b"files"))
    login, _ = await serve(answer_ok(b"login"))
    wire = wire_to(base, allowed_hosts=(files.removeprefix("http://"),), options={"origins": (login,)})
    assert (await wire.send(Request(url=files + "/a"))).body == b"files"
    assert (await wire.send(Request(url=login + "/a"))).body == b"login"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://x.example/api/v2/tickets/123/comments.json?token=secret", "GET /api/v2/tickets/{}/comments.json"),
        ("https://x.example/v1/customers/cus_Nffr0/balance", "GET /v1/customers/{}/balance"),
        ("https://x.example/services/data/v61.0/sobjects/Account/001A", "GET /services/data/v61.0/sobjects/Account/{}"),
        ("https://x.example/users/anna@example.com", "GET /users/{}"),
        ("https://x.example/users/Anna%20Smith", "GET /users/{}"),
        ("https://x.example", "GET /"),
    ],
)
def test_what_was_asked_is_told_without_ids_and_persons(url: str, told: str) -> None:
    assert asked("GET", url) == told
