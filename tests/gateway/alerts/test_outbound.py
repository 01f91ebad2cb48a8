"""Posts go where the operator meant, and nowhere else."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.configuration.places import is_public, why_not
from gateway.outbound import NotSent, Outbound
from tests.gateway.alerts.receiving import Receiver, certified


class Names:
    """A resolver that gives one answer after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


async def test_a_listed_loopback_host_is_posted_to_over_http() -> None:
    receiver = Receiver()
    async with receiver.listening() as port:
        await Outbound(["localhost"]).post(f"http://localhost:{port}/a?b=c", {"x-one": "1"}, b"{}")
    [(body, headers)] = receiver.got
    assert body == b"{}"
    assert (headers["x-one"], headers["host"]) == ("1", f"localhost:{port}")


async def test_https_is_held_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    server, trust = certified("hooks.example.com", tmp_path)
    receiver = Receiver()
    async with receiver.listening(server) as port:
        names = Names(["127.0.0.1"])
        outbound = Outbound(["hooks.example.com"], resolve=names, trust=trust)
        await outbound.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert len(receiver.got) == 1
    assert names.asked == ["hooks.example.com"]


async def test_a_certificate_of_another_name_is_not_taken(tmp_path: Path) -> None:
    server, trust = certified("other.example.com", tmp_path)
    receiver = Receiver()
    async with receiver.listening(server) as port:
        outbound = Outbound(["hooks.example.com"], resolve=Names(["127.0.0.1"]), trust=trust)
        with pytest.raises(NotSent, match="no connection"):
            await outbound.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert receiver.got == []


async def test_a_certificate_that_nobody_trusts_is_not_taken(tmp_path: Path) -> None:
    server, _ = certified("hooks.example.com", tmp_path)
    receiver = Receiver()
    async with receiver.listening(server) as port:
        outbound = Outbound(["hooks.example.com"], resolve=Names(["127.0.0.1"]))
        with pytest.raises(NotSent):
            await outbound.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert receiver.got == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"]])
async def test_a_public_name_that_leads_into_the_house_is_refused_and_nothing_is_connected(
    addresses: list[str], tmp_path: Path
) -> None:
    server, trust = certified("evil.example.com", tmp_path)
    receiver = Receiver()
    async with receiver.listening(server) as port:
        outbound = Outbound(resolve=Names(addresses), trust=trust)
        with pytest.raises(NotSent, match="not public"):
            await outbound.post(f"https://evil.example.com:{port}/", {}, b"{}")
    assert receiver.connections == 0


async def test_a_name_is_asked_for_once_so_that_it_cannot_change_its_answer(tmp_path: Path) -> None:
    server, trust = certified("hooks.example.com", tmp_path)
    receiver, inside = Receiver(), Receiver()
    async with receiver.listening(server) as port, inside.listening(server, "127.0.0.2"):
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        outbound = Outbound(["hooks.example.com"], resolve=names, trust=trust)
        await outbound.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert (receiver.connections, inside.connections, len(names.asked)) == (1, 0, 1)


async def test_where_one_address_does_not_answer_the_next_is_tried(tmp_path: Path) -> None:
    server, trust = certified("hooks.example.com", tmp_path)
    receiver = Receiver()
    async with receiver.listening(server) as port:
        outbound = Outbound(["hooks.example.com"], resolve=Names(["127.0.0.9", "127.0.0.1"]), trust=trust)
        await outbound.post(f"https://hooks.example.com:{port}/", {}, b"{}")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_everything_but_a_success_is_not_sent_and_redirects_are_not_followed(answer: bytes) -> None:
    receiver = Receiver(answer)
    async with receiver.listening() as port:
        with pytest.raises(NotSent, match=f"answered {answer[9:12].decode()}"):
            await Outbound(["127.0.0.1"]).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert receiver.connections == 1


async def test_a_body_without_an_end_is_not_waited_for() -> None:
    receiver = Receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000)
    started = time.monotonic()
    async with receiver.listening() as port:
        await Outbound(["127.0.0.1"]).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
async def test_who_does_not_answer_is_left_at_the_deadline(answer: bytes) -> None:
    receiver = Receiver(answer)
    async with receiver.listening() as port:
        with pytest.raises(NotSent):
            await Outbound(["127.0.0.1"], deadline_seconds=0.3).post(f"http://127.0.0.1:{port}/", {}, b"{}")


async def test_bytes_that_are_no_http_are_no_clear_answer() -> None:
    receiver = Receiver(b"\xff\xfe\r\n\r\n")
    async with receiver.listening() as port:
        with pytest.raises(NotSent, match="no clear answer"):
            await Outbound(["127.0.0.1"]).post(f"http://127.0.0.1:{port}/", {}, b"{}")


async def test_a_url_is_looked_up_without_being_posted_to() -> None:
    outbound = Outbound(resolve=Names(["93.184.216.34"], ["10.0.0.1"]))
    assert await outbound.look_up("https://hooks.example.com/") == ["93.184.216.34"]
    with pytest.raises(NotSent, match="not public"):
        await outbound.look_up("https://hooks.example.com/")


async def test_a_name_that_nobody_knows() -> None:
    async def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(NotSent, match="not known"):
        await Outbound(resolve=unknown).post("https://nowhere.example.com/", {}, b"{}")


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    receiver = Receiver()
    async with receiver.listening() as port:
        await Outbound(["127.0.0.1"]).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_what_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://hooks.example.com/", "not https"),
        ("http://localhost:1/", "not https"),
        ("http://listed.example.com/", "not https"),
        ("ftp://hooks.example.com/", "no https URL"),
        ("https:///path", "no https URL"),
        ("https://user:word@hooks.example.com/", "credential"),
        ("https://10.0.0.1/", "not public"),
        ("https://[::1]/", "not public"),
        ("https://169.254.169.254/latest", "not public"),
    ],
)
def test_urls_that_are_wrong_from_the_start(url: str, word: str) -> None:
    assert word in (why_not(url, {"listed.example.com"}) or "")


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/a", "https://10.0.0.2/", "http://127.0.0.1:9/", "https://93.184.216.34/"]
)
def test_urls_that_are_right(url: str) -> None:
    assert why_not(url, {"10.0.0.2", "127.0.0.1"}) is None
