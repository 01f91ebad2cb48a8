"""Whatever is sent to /graphql is answered at once, as GraphQL, in words of ours; others are served meanwhile."""

import gzip
import json
import zlib

from tests.interop.hostile import assault
from tests.interop.hostile_documents import BODIES, DOCUMENTS, VARIABLES

VIEWER = b'{"query": "{ viewer { subject } }"}'
ENCODINGS = {
    "plain that says gzip": ("gzip", VIEWER),
    "50 MB in a small gzip": ("gzip", gzip.compress(b" " * 50_000_000)),
    "gzip cut short": ("gzip", gzip.compress(VIEWER)[:-9]),
    "garbage after gzip": ("gzip", gzip.compress(VIEWER) + b"garbage"),
    "nothing as gzip": ("gzip", b""),
    "plain that says deflate": ("deflate", VIEWER),
    "20 MB of brackets deflated": ("deflate", zlib.compress(b"[" * 20_000_000)),
    "garbage that says br": ("br", b"\x00" * 100),
    "garbage that says zstd": ("zstd", b"\x28\xb5\x2f\xfd" + b"\xff" * 100),
    "four times gzip": ("gzip, gzip, gzip, gzip", gzip.compress(gzip.compress(VIEWER))),
    "an encoding that nobody knows": ("nonsense", VIEWER),
    "a weight": ("gzip;q=0", VIEWER),
}
CONTENT_TYPES = (
    "text/plain", "text/plain; application/json", "application/jsonx", "application/x-www-form-urlencoded",
    "multipart/form-data", "multipart/form-data; boundary=x", "application/graphql", "", ";", "application/json;",
    "application/json; charset=utf-16", "application/json; charset=nonsense", "APPLICATION/JSON", "a" * 5000,
)  # fmt: skip
ACCEPTS = (
    "", ",", ";", "*", "*/*;q=0", "text/html", "application/json;q=nan", "application/json;q=-1", "a/b;" * 1500,
    "multipart/mixed", "application/json," * 300, "application/json;q=1e999", '"\\',
)  # fmt: skip
QUERY_STRINGS = (
    "query", "query=", "query=%", "query=%ff%fe", "query=%00", "query=%ED%A0%80", "variables={}", "query={",
    "query=%7Bviewer%7Bsubject%7D%7D&query=%7Bnope%7D", "query=%7Bviewer%7Bsubject%7D%7D&variables=[",
    "query=%7Bviewer%7Bsubject%7D%7D&variables=null", "query=%7Bviewer%7Bsubject%7D%7D&variables=5",
    "query=%7Bviewer%7Bsubject%7D%7D&extensions=5", "query=%7Bviewer%7Bsubject%7D%7D&extensions=%ff",
    "query=%7Bviewer%7Bsubject%7D%7D&variables=" + "%5B" * 15_000, "&" * 30_000, "a=1&" * 10_000,
    "query=mutation%7Bx%7D", "query=subscription%7BcustomerChanged(id:1)%7Bat%7D%7D", "query=" + "%7B" * 10_000,
)  # fmt: skip
AUTHORIZATIONS = (
    b"", b"Bearer", b"Bearer a.b.c", b"Basic YTpi", b"Bearer " + b"a" * 8000, b"Bearer ..",
    b"Bearer eyJhbGciOiJub25lIn0.e30.", b"Bearer W10.W10.W10", b"Bearer " + b"." * 5000, b"bearer \xff\xfe",
    b"Bearer a.b.c d", b"Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6e319.e30.AAAA", b"Bearer bnVsbA.bnVsbA.AAAA",
)  # fmt: skip
METHODS = ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "post", "COPY")


def body_of(query, variables=b"{}"):
    return b'{"query": ' + json.dumps(query).encode() + b', "variables": ' + variables + b"}"


async def test_hostile_documents_are_answered_at_once(running_gateway):
    attacks = {name: {"content": body_of(document)} for name, document in DOCUMENTS.items()}
    assert await assault(running_gateway, attacks, (200, 400, 405, 413)) == {}


async def test_hostile_variables_are_answered_at_once(running_gateway):
    attacks = {name: {"content": body_of(document, given)} for name, (given, document) in VARIABLES.items()}
    assert await assault(running_gateway, attacks, (200, 400, 413)) == {}


async def test_a_body_that_is_no_request_is_the_client_s_fault(running_gateway):
    attacks = {name: {"content": body} for name, body in BODIES.items()}
    assert await assault(running_gateway, attacks, (200, 400, 404, 413), served=False) == {}


async def test_an_encoding_that_lies_or_explodes_is_the_client_s_fault(running_gateway):
    attacks = {
        name: {"content": content, "headers": {"content-encoding": encoding}}
        for name, (encoding, content) in ENCODINGS.items()
    }
    assert await assault(running_gateway, attacks, (400, 413, 415)) == {}


async def test_a_content_type_of_any_kind_is_answered(running_gateway):
    attacks = {kind: {"content": VIEWER, "headers": {"content-type": kind}} for kind in CONTENT_TYPES}
    assert await assault(running_gateway, attacks, (200, 400, 415)) == {}


async def test_an_accept_of_any_kind_is_answered(running_gateway):
    attacks = {accept: {"content": VIEWER, "headers": {"accept": accept}} for accept in ACCEPTS}
    assert await assault(running_gateway, attacks, (200, 400, 406)) == {}


async def test_a_query_string_of_any_kind_is_answered(running_gateway):
    url = running_gateway.url
    attacks = {text[:60]: {"method": "GET", "url": f"{url}?{text}"} for text in QUERY_STRINGS}
    assert await assault(running_gateway, attacks, (200, 400, 405, 414)) == {}


async def test_an_authorization_of_any_kind_is_401(running_gateway):
    attacks = {str(each): {"content": VIEWER, "headers": {"authorization": each}} for each in AUTHORIZATIONS}
    assert await assault(running_gateway, attacks, (401,)) == {}


async def test_other_methods_are_405(running_gateway):
    attacks = {method: {"method": method, "content": VIEWER} for method in METHODS}
    assert await assault(running_gateway, attacks, (200, 405)) == {}
