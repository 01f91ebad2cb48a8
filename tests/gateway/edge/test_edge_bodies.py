"""Bad input of any kind is a 4xx of ours, soon."""

import gzip
import json
import time
import zlib

import pytest

from gateway.configuration.limits import LimitsSection
from gateway.edge import bodies

QUERY = b'{"query": "{ hello }"}'
LIMITS = LimitsSection()
SOON_SECONDS = 0.05  # of the processor, which others use as well


async def send(small, content, encoding=None, **headers):
    sent = {"content-type": "application/json", **headers}
    if encoding is not None:
        sent["content-encoding"] = encoding
    return await small.client.post("/graphql", content=content, headers=sent)


PACKED = {
    "gzip": gzip.compress(QUERY, mtime=0),
    "GZIP": gzip.compress(QUERY, mtime=0),
    "x-gzip": gzip.compress(QUERY, mtime=0),
    "deflate": zlib.compress(QUERY),
    "identity": QUERY,
    "": QUERY,
}


@pytest.mark.parametrize(("encoding", "content"), PACKED.items(), ids=PACKED)
async def test_a_body_may_come_packed(small, encoding, content):
    assert (await send(small, content, encoding)).json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "deflate, gzip", "x"])
async def test_an_encoding_that_is_not_known_is_415_and_the_known_ones_are_told(small, code_of, encoding):
    answer = await send(small, gzip.compress(QUERY), encoding)
    assert code_of(answer) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert answer.headers["accept-encoding"] == "gzip, deflate"


WHOLE = PACKED["gzip"]
LYING = {
    "not packed": ("gzip", QUERY),
    "nothing": ("gzip", b""),
    "deflate as gzip": ("gzip", PACKED["deflate"]),
    "gzip as deflate": ("deflate", WHOLE),
    "not deflated": ("deflate", QUERY),
    "the end is missing": ("gzip", WHOLE[:-4]),
    "the start alone": ("gzip", WHOLE[:10]),
    "more behind it": ("gzip", WHOLE + b"more"),
    "two of them": ("gzip", WHOLE + WHOLE),
    "junk": ("gzip", b"\x1f\x8b\x08" + b"\xff" * 200),
    "packed and not said": (None, WHOLE),
}


@pytest.mark.parametrize(("encoding", "content"), LYING.values(), ids=LYING)
async def test_an_encoding_that_lies_is_400(small, code_of, encoding, content):
    assert code_of(await send(small, content, encoding)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_body_that_unpacks_to_a_gigabyte_is_refused_when_it_passes_the_bound(small, code_of, encoding, pack):
    bomb = pack(b" " * 100_000_000)
    assert len(bomb) < LIMITS.body_bytes
    started = time.process_time()
    answer = await send(small, bomb, encoding)
    assert code_of(answer) == (413, "DECOMPRESSED_TOO_LARGE")
    assert time.process_time() - started < SOON_SECONDS


async def test_a_body_that_is_too_large_is_413(small, code_of):
    assert code_of(await send(small, b" " * (LIMITS.body_bytes + 1))) == (413, "BODY_TOO_LARGE")


async def test_a_body_that_comes_too_slowly_is_408(small, code_of, monkeypatch):
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.02)

    async def slowly():
        import asyncio

        yield b"{"
        await asyncio.sleep(5)

    assert code_of(await send(small, slowly())) == (408, "BAD_REQUEST")


def variables(text: bytes) -> bytes:
    return b'{"query": "{ hello }", "variables": {"a": ' + text + b"}}"


BAD = {
    "empty": b"",
    "null": b"null",
    "string": b'"x"',
    "number": b"5",
    "array": b"[]",
    "batch": b'[{"query": "{ hello }"}]',
    "batch of numbers": b"[1]",
    "broken UTF-8": b'{"query": "{ hello }\xff"}',
    "UTF-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + QUERY,
    "surrogate in bytes": b'{"query": "{ hello }\xed\xa0\x80"}',
    "surrogate in query": b'{"query": "{ hello } # \\ud800"}',
    "surrogate in operationName": b'{"query": "{ hello }", "operationName": "\\udc00"}',
    "surrogate in variables": variables(b'"\\ud800"'),
    "surrogate in a name": b'{"query": "{ hello }", "variables": {"\\ud800": 1}}',
    "surrogate twice": variables(b'"\\ud800\\ud800"'),
    "surrogate in an escape of the document": json.dumps({"query": '{ hello(name: "\\ud800") }'}).encode(),
    "NaN": variables(b"NaN"),
    "Infinity": variables(b"-Infinity"),
    "a float without end": variables(b"1e999"),
    "5,000 digits": variables(b"1" * 5000),
    "5,000 digits in the document": json.dumps({"query": "{ hello(times: %s) }" % ("9" * 5000)}).encode(),
    "20,000 deep": variables(b"[" * 20_000 + b"]" * 20_000),
    "20,000 deep objects": variables(b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    "20,000 deep and unclosed": variables(b"[" * 20_000),
    "90 deep": variables(b"[" * 90 + b"]" * 90),
    "90 deep extensions": b'{"query": "{ hello }", "extensions": {"a": ' + b"[" * 90 + b"]" * 90 + b"}}",
    "20,000 deep besides": b'{"query": "{ hello }", "besides": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep document": json.dumps({"query": "{ hello(name: " + "[" * 3000 + "]" * 3000 + ") }"}).encode(),
    "deep selection": json.dumps({"query": "{ a" * 1900 + " }" * 1900}).encode(),
    "nul": b'{"query": "{ hello \\u0000 }"}',
    "query is a number": b'{"query": 1}',
    "operationName is a number": b'{"query": "{ hello }", "operationName": 1}',
    "variables are an array": b'{"query": "{ hello }", "variables": []}',
    "persistedQuery is a word": b'{"query": "{ hello }", "extensions": {"persistedQuery": "x"}}',
    "persistedQuery of version 2": b'{"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "a"}}}',
    "persistedQuery without a hash": b'{"extensions": {"persistedQuery": {"version": 1}}}',
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
async def test_bad_input_is_a_4xx_of_ours_soon(small, content):
    started = time.process_time()
    answer = await send(small, content, accept="application/graphql-response+json")
    assert time.process_time() - started < SOON_SECONDS
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/")
    for error in answer.json()["errors"]:
        assert error["extensions"]["code"] not in ("INTERNAL_ERROR", None)
        assert not any(
            word in error["message"] for word in ("ValueError", "TypeError", "None", "Exceeds", "decode", "object of")
        )
        assert len(error["message"]) < 500
    assert small.ran == []


@pytest.mark.parametrize(
    "query_string",
    [
        b"query=%ff", b"query=%ED%A0%80", b"query=%7Bhello%7D&variables=5", b"query=%7Bhello%7D&variables=%5B%5D",
        b"query=%7Bhello%7D&variables=%7B%22a%22:NaN%7D", b"query=%7Bhello%7D&extensions=x", b"", b"query=",
        b"query=%7Bhello%7D&variables=" + b"%5B" * 3000, b"&".join(b"a%d=1" % n for n in range(500)),
        b"query=%7Bhello%7D&operationName=%ff", b"variables=%7B%7D",
    ],
)  # fmt: skip
async def test_a_bad_url_is_400(small, code_of, query_string):
    answer = await small.client.get(f"/graphql?{query_string.decode()}")
    assert code_of(answer)[0] == 400


async def test_duplicate_keys_are_tolerated_and_the_last_counts(small):
    answer = await send(small, b'{"query": "{ hello }", "query": "{ number }"}')
    assert answer.json() == {"data": {"number": 7}}


async def test_empty_variables_and_extensions_are_none(small):
    answer = await small.get(query="{ hello }", variables="", extensions="null", operationName="")
    assert answer.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data",
             "text/plain; application/json", "application/jsonx", "application/json; charset=utf-16"],
)  # fmt: skip
async def test_only_json_in_utf_8_is_taken(small, code_of, kind):
    assert code_of(await send(small, QUERY, **{"content-type": kind})) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("value", [None, True, [None, True], {"a": None}, 1e300, 10**30, "x" * 5000])
async def test_a_variable_that_does_not_fit_is_told_without_words_of_python(small, value):
    query = "query($n: Int!) { hello(times: $n) }"
    answer = await small.post({"query": query, "variables": {"n": value}}, accept="application/graphql-response+json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert not any(word in error["message"] for word in ("None", "True", "inf"))
    assert len(error["message"]) < 500


async def test_what_a_scalar_says_of_a_value_is_not_repeated(small):
    for query, sent in (("{ scalar(at: 5) }", None), ("query($a: Date) { scalar(at: $a) }", {"a": "x"})):
        answer = await small.ask(query, variables=sent)
        assert "isoformat" not in answer.text
        assert answer.json()["errors"]
