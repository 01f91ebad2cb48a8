"""What the parser's events become: the same answer however its bytes are cut, and nothing that can be read two ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.wire.http.answers import MAX_HEAD_BYTES, MAX_HEADER_FIELDS, Answers
from sources.wire.http.failures import HttpFailure, NotHttp, TooLarge

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MAX_BODY = 1000

Read = tuple[bool, bool, int, dict[str, str], bytes]


def read(pieces: list[bytes], method: str = "GET", *, closed: bool = False) -> Read | type[HttpFailure]:
    answers = Answers(MAX_BODY)
    answers.expect(method)
    try:
        for piece in pieces:
            answers.feed(piece)
    except HttpFailure as failure:
        return type(failure)
    if closed:
        answers.end()
    complete, reusable, answer = answers.complete, answers.reusable, answers.take()
    return complete, reusable, answer.status, answer.headers, answer.body


def plain(body: bytes = b"{}", *lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", *lines, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body


ANSWERS = {
    "plain": plain(),
    "chunked": CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
    "chunk extensions and trailers": CHUNKED + b'2;a=b;c="d"\r\n{}\r\n0;x\r\nTrail: er\r\nStatus: 500\r\n\r\n',
    "a padded chunk size": CHUNKED + b"2  \r\n{}\r\n0\r\n\r\n",
    "chunk sizes in capitals and zeros": CHUNKED + b"00A\r\n0123456789\r\n000\r\n\r\n",
    "interim answers before": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + plain(),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified with a length": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "old and kept": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n{}",
    "until the end": OK + b"\r\n{}",
    "an offer to upgrade": plain(b"{}", b"Connection: Upgrade", b"Upgrade: h2,h2c"),
    "a second one behind": plain() + plain(b"evil"),
    "bytes behind": plain() + b"x",
    "bad chunk": CHUNKED + b"ZZZ\r\nnonsense",
    "a length in a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 7\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": CHUNKED[:-2] + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a head only": OK + b"X: " + b"x" * 2 * MAX_HEAD_BYTES,
    "a trailer without end": CHUNKED + b"0\r\nX: " + b"x" * 2 * MAX_HEAD_BYTES,
    "a chunk extension without end": CHUNKED + b"1;" + b"x" * 2 * MAX_HEAD_BYTES,
    "interim answers without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 4000,
}


@pytest.mark.parametrize("answer", [each for each in ANSWERS.values() if len(each) < 1000])
def test_an_answer_is_the_same_when_each_byte_comes_alone(answer: bytes) -> None:
    alone = [answer[at : at + 1] for at in range(len(answer))]
    assert read(alone, closed=True) == read([answer], closed=True)


@pytest.mark.parametrize("answer", [each for each in ANSWERS.values() if len(each) < 1000])
def test_an_answer_is_the_same_wherever_it_is_cut_in_two(answer: bytes) -> None:
    whole = read([answer], closed=True)
    for at in range(len(answer) + 1):
        assert read([answer[:at], answer[at:]], closed=True) == whole


@settings(deadline=None)
@given(st.sampled_from(sorted(ANSWERS)), st.lists(st.integers(1, 100_000), max_size=12))
def test_an_answer_is_the_same_however_it_is_cut(name: str, lengths: list[int]) -> None:
    answer, pieces, at = ANSWERS[name], [], 0
    for length in lengths:
        pieces.append(answer[at : at + length])
        at += length
    pieces.append(answer[at:])
    assert read([piece for piece in pieces if piece], closed=True) == read([answer], closed=True)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", OK, CHUNKED, OK + b"Content-Length: 50\r\n\r\n"]))
def test_whatever_comes_is_an_answer_or_a_failure(noise: bytes, before: bytes) -> None:
    outcome = read([before + noise], closed=True) if before + noise else TooLarge
    assert isinstance(outcome, tuple) or issubclass(outcome, HttpFailure)


KEEPING = ("plain", "chunked", "chunk extensions and trailers", "a padded chunk size", "interim answers before")


@pytest.mark.parametrize("name", [*KEEPING, "no reason", "old and kept", "an offer to upgrade"])
def test_an_answer_that_ended_where_it_said_leaves_the_connection_for_the_next(name: str) -> None:
    outcome = read([ANSWERS[name]])
    assert isinstance(outcome, tuple)
    assert outcome[:3] == (True, True, 200)
    assert outcome[4] == b"{}"


@pytest.mark.parametrize("name", ["old", "a second one behind", "bytes behind", "until the end"])
def test_after_an_answer_with_a_doubtful_end_the_connection_is_not_used_again(name: str) -> None:
    outcome = read([ANSWERS[name]], closed=True)
    assert isinstance(outcome, tuple)
    assert outcome[:3] == (True, False, 200)
    assert outcome[4] == b"{}"


def test_connection_close_is_honoured() -> None:
    outcome = read([plain(b"{}", b"Connection: close")])
    assert isinstance(outcome, tuple)
    assert outcome[:2] == (True, False)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n",
        b"Content-Length: 2, 2\r\n",
        b"Content-Length: +2\r\n",
        b"Content-Length: -2\r\n",
        b"Content-Length: 2x\r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b" folded: x\r\n",
        b"X: a\r\n folded\r\n",
        b"X: a\0b\r\n",
        b"X\0: a\r\n",
        b": nameless\r\n",
    ],
)
def test_a_head_that_could_be_read_in_two_ways_is_not_http(head: bytes) -> None:
    assert read([OK + head + b"\r\n2\r\n{}\r\n0\r\n\r\n"]) is NotHttp


@pytest.mark.parametrize(
    "start",
    [b"GET / HTTP/1.1\r\n\r\n", b"<html>\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\n", b"HTTP/1.1 2000 High\r\n\r\n",
     b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nx",
     b"SSH-2.0-OpenSSH_9.2p1\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
)  # fmt: skip
def test_what_does_not_begin_as_an_answer_is_not_http(start: bytes) -> None:
    assert read([start]) is NotHttp


def test_a_length_in_a_trailer_is_not_http() -> None:
    assert read([ANSWERS["a length in a trailer"]]) is NotHttp


def test_names_are_in_lower_case_and_a_repeated_field_is_one_list() -> None:
    outcome = read([plain(b"{}", b"LINK: <a>", b"link: <b>", b"X-Mixed: As It Came", "X-Name: Jörg".encode())])
    assert isinstance(outcome, tuple)
    assert outcome[3] == {"link": "<a>, <b>", "x-mixed": "As It Came", "x-name": "Jörg", "content-length": "2"}


@pytest.mark.parametrize("status", [b"200", b"204", b"304"])
def test_the_answer_to_head_ends_with_its_head(status: bytes) -> None:
    outcome = read([b"HTTP/1.1 " + status + b" OK\r\nContent-Length: 5\r\n\r\n"], "HEAD")
    assert outcome == (True, False, int(status), {"content-length": "5"}, b"")


def test_a_body_where_none_belongs_is_not_read_and_ends_the_connection() -> None:
    outcome = read([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello"])
    assert outcome == (True, False, 304, {"content-length": "5"}, b"")


def test_a_trailer_is_not_a_header() -> None:
    outcome = read([ANSWERS["chunk extensions and trailers"]])
    assert isinstance(outcome, tuple)
    assert outcome[2:4] == (200, {"transfer-encoding": "chunked"})


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 1001\r\n\r\n",
        CHUNKED + b"3e9\r\n" + b"x" * 1001,
        OK + b"\r\n" + b"x" * 1001,
        OK + b"X: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n",
        OK + b"".join(b"X-%d: x\r\n" % n for n in range(MAX_HEADER_FIELDS + 1)) + b"\r\n",
        ANSWERS["a head only"],
        ANSWERS["a trailer without end"],
        ANSWERS["a chunk extension without end"],
        ANSWERS["interim answers without end"],
    ],
)
def test_each_part_of_an_answer_is_bounded(answer: bytes) -> None:
    assert read([answer]) is TooLarge
    assert read([answer[at : at + 1000] for at in range(0, len(answer), 1000)]) is TooLarge


def test_a_body_of_just_the_bound_is_fine() -> None:
    outcome = read([plain(b"x" * MAX_BODY)])
    assert isinstance(outcome, tuple)
    assert len(outcome[4]) == MAX_BODY


@pytest.mark.parametrize("answer", [plain(), ANSWERS["chunked"]])
def test_an_answer_that_breaks_off_is_not_complete(answer: bytes) -> None:
    for at in range(1, len(answer)):
        outcome = read([answer[:at]], closed=True)
        assert isinstance(outcome, tuple)
        assert not outcome[0]


def test_answers_come_one_after_the_other() -> None:
    answers = Answers(MAX_BODY)
    for body in (b"one", b"", b"three"):
        answers.expect("GET")
        assert (answers.begun, answers.complete, answers.reusable) == (False, False, False)
        answers.feed(plain(body))
        assert (answers.complete, answers.reusable, answers.take().body) == (True, True, body)
