"""What is sent, to the byte, and what is never sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.wire.http.failures import NotSendable
from sources.wire.http.request import written
from sources.wire.http.servers import Server, located

SERVER = Server(False, "source.example", 80, "source.example")


def test_a_request_is_one_piece_to_the_byte() -> None:
    given_ = {"Authorization": "Bearer x", "accept": "application/json"}
    assert written("PATCH", "/a?b=c", SERVER, given_, b"{}") == (
        b"PATCH /a?b=c HTTP/1.1\r\nHost: source.example\r\nAccept-Encoding: gzip, deflate\r\n"
        b"User-Agent: customer360-gateway\r\nContent-Length: 2\r\nAuthorization: Bearer x\r\n"
        b"accept: application/json\r\n\r\n{}"
    )


def test_what_the_caller_does_not_say_is_said_for_him() -> None:
    assert written("GET", "/", SERVER, {}, b"") == (
        b"GET / HTTP/1.1\r\nHost: source.example\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
        b"User-Agent: customer360-gateway\r\n\r\n"
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_method_with_a_body_says_its_length_even_where_it_has_none(method: str) -> None:
    assert b"\r\nContent-Length: 0\r\n" in written(method, "/", SERVER, {}, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_method_without_a_body_says_no_length_unless_it_has_one(method: str) -> None:
    assert b"Content-Length" not in written(method, "/", SERVER, {}, b"")
    assert b"Content-Length: 2\r\n" in written(method, "/", SERVER, {}, b"{}")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\n", "a\r", "a\0", "a\x7f", "\x1b[0m", "a\udc00"])
def test_a_value_that_http_forbids_is_neither_sent_nor_told(value: str) -> None:
    with pytest.raises(NotSendable) as caught:
        written("GET", "/", SERVER, {"Authorization": value}, b"")
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "Ä", "X\t", "(x)"])
def test_a_name_that_is_no_token_is_not_sent(name: str) -> None:
    with pytest.raises(NotSendable):
        written("GET", "/", SERVER, {name: "x"}, b"")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Upgrade", "Expect"])
def test_what_only_the_connection_may_say_is_not_taken_from_a_caller(name: str) -> None:
    with pytest.raises(NotSendable):
        written("GET", "/", SERVER, {name: "x"}, b"")


@pytest.mark.parametrize("method", ["", "GET /evil HTTP/1.1\r\nX:", "G T"])
def test_a_method_that_is_no_token_is_not_sent(method: str) -> None:
    with pytest.raises(NotSendable):
        written(method, "/", SERVER, {}, b"")


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4))
def test_no_header_adds_a_line_of_its_own(headers: dict[str, str]) -> None:
    try:
        head = written("GET", "/", SERVER, headers, b"")
    except NotSendable:
        return
    lines = head.decode().split("\r\n")
    said_for_him = {"accept", "accept-encoding", "user-agent"} - {name.lower() for name in headers}
    assert len(lines) == 2 + len(said_for_him) + len(headers) + 2
    assert "\n" not in "".join(lines)


@pytest.mark.parametrize(
    ("url", "server", "target"),
    [
        ("http://source.example/a/b?c=d%20e", Server(False, "source.example", 80, "source.example"), "/a/b?c=d%20e"),
        ("https://source.example", Server(True, "source.example", 443, "source.example"), "/"),
        ("https://source.example:8443?a=b", Server(True, "source.example", 8443, "source.example:8443"), "/?a=b"),
        ("http://source.example:80/a#part", Server(False, "source.example", 80, "source.example"), "/a"),
        ("HTTP://Source.Example/A", Server(False, "source.example", 80, "source.example"), "/A"),
        ("http://[::1]:8080/a", Server(False, "::1", 8080, "[::1]:8080"), "/a"),
        ("http://127.0.0.1/a//b/../c", Server(False, "127.0.0.1", 80, "127.0.0.1"), "/a//b/../c"),
    ],
)
def test_a_url_names_a_server_and_a_target_that_stays_as_it_is(url: str, server: Server, target: str) -> None:
    assert located(url) == (server, target)


@pytest.mark.parametrize(
    "url",
    ["", "/a", "source.example/a", "//source.example/a", "ftp://source.example/a", "http:///a", "http://", "http://:80/",
     "http://user@source.example/", "http://user:secret@source.example/", "http://source.example:port/",
     "http://source.example:99999/", "http://source.example/a b", "http://source.example/\r\nX: y",
     "http://source.example/ä", "http://sou rce.example/", "http://source.example\r\n/", "http://[::1/"],
)  # fmt: skip
def test_a_url_that_names_no_server_or_is_not_encoded_is_not_sent_to(url: str) -> None:
    with pytest.raises(NotSendable):
        located(url)
