"""Persisted queries as Apollo Client and urql speak them, and trusted documents from a directory."""

import json

import pytest
from redis.asyncio import Redis

from gateway.edge import persisted
from gateway.edge.persisted import PersistedQueries
from gateway.edge.texts import Texts
from gateway.edge.trusted import TrustedDocuments, UnreadableDocuments, read_directory, sha256_of
from sources.simulation.real.valkey import valkey

HELLO = "query Hello { hello }"
NUMBER = "query Number { number }"
WORLD = {"data": {"hello": "world"}}
SEVEN = {"data": {"number": 7}}


def persisted_query(text, version=1):
    return {"persistedQuery": {"version": version, "sha256Hash": sha256_of(text)}}


async def test_a_hash_that_is_not_known_is_told_so_as_clients_look_for_it(small, code_of):
    answer = await small.post({"operationName": "Hello", "extensions": persisted_query(HELLO)})
    assert code_of(answer) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert answer.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert answer.headers["content-type"].startswith("application/json")


async def test_a_query_is_registered_with_its_hash_and_then_known_by_it(small):
    first = await small.post({"query": HELLO, "extensions": persisted_query(HELLO)})
    again = await small.post({"extensions": persisted_query(HELLO)})
    by_url = await small.get(extensions=json.dumps(persisted_query(HELLO)), operationName="Hello")
    assert first.json() == again.json() == by_url.json() == WORLD


async def test_a_query_may_be_registered_by_get(small):
    extensions = json.dumps(persisted_query(HELLO))
    assert (await small.get(extensions=extensions)).json()["errors"]
    assert (await small.get(extensions=extensions, query=HELLO)).json() == WORLD
    assert (await small.get(extensions=extensions)).json() == WORLD


async def test_a_hash_of_another_query_is_400_and_nothing_is_kept(small, code_of):
    wrong = await small.post({"query": NUMBER, "extensions": persisted_query(HELLO)})
    assert code_of(wrong) == (400, "BAD_REQUEST")
    assert small.ran == []
    known = await small.post({"extensions": persisted_query(HELLO)})
    assert code_of(known) == (200, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize("text", ["{ nope }", "{"])
async def test_a_document_that_is_not_valid_is_not_kept(small, code_of, text):
    assert (await small.post({"query": text, "extensions": persisted_query(text)})).json()["errors"]
    again = await small.post({"extensions": persisted_query(text)})
    assert code_of(again) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_known_mutation_is_not_served_over_get(small, code_of):
    text = "mutation { issue { id } }"
    await small.post({"query": text, "extensions": persisted_query(text)})
    answer = await small.get(extensions=json.dumps(persisted_query(text)))
    assert code_of(answer) == (405, "METHOD_NOT_ALLOWED")
    assert small.ran == ["issue"]


async def test_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(persisted, "KEPT_CHARACTERS", 1000)
    store = PersistedQueries()
    texts = [f"query Q{number} {{ hello }}" + " " * 80 for number in range(50)]
    for text in texts:
        await store.put(sha256_of(text), text)
    known = [text for text in texts if await store.get(sha256_of(text))]
    assert 0 < sum(map(len, known)) <= 1000
    await store.put("long", " " * (persisted.LONGEST_KEPT + 1))
    assert await store.get("long") is None


async def test_what_one_process_was_told_another_knows_through_redis(monkeypatch):
    with valkey() as url:
        one, other = Redis.from_url(url), Redis.from_url(url)
        await PersistedQueries(one).put(sha256_of(HELLO), HELLO)
        assert await PersistedQueries(other).get(sha256_of(HELLO)) == HELLO
        assert await PersistedQueries(other).get(sha256_of(NUMBER)) is None
        assert await PersistedQueries(other).get("not a hash") is None
        (key,) = await other.keys()
        assert 0 < await other.ttl(key) <= persisted.SHARED_SECONDS
        await other.set(key, "query Hello { number }")
        assert await PersistedQueries(other).get(sha256_of(HELLO)) is None
        await one.aclose()
        await other.aclose()


async def test_redis_holds_no_more_texts_than_it_has_slots(monkeypatch):
    monkeypatch.setattr(persisted, "SHARED_SLOTS", 4)
    with valkey() as url:
        redis = Redis.from_url(url)
        store = PersistedQueries(redis)
        texts = [f"query Q{number} {{ hello }}" for number in range(30)]
        for text in texts:
            await store.put(sha256_of(text), text)
        assert len(await redis.keys()) <= 4
        fresh = PersistedQueries(redis)
        assert [text for text in texts if await fresh.get(sha256_of(text))]
        await redis.aclose()


async def test_a_redis_that_is_gone_costs_a_registration_and_nothing_else(small_endpoint):
    with valkey() as url:
        redis = Redis.from_url(url)
    async with small_endpoint(texts=Texts(PersistedQueries(redis))) as small:
        assert (await small.post({"extensions": persisted_query(HELLO)})).json()["errors"]
        assert (await small.post({"query": HELLO, "extensions": persisted_query(HELLO)})).json() == WORLD
        assert (await small.post({"extensions": persisted_query(HELLO)})).json() == WORLD
    await redis.aclose()


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "portal").mkdir()
    (tmp_path / "hello.graphql").write_text(HELLO)
    (tmp_path / "portal" / "number.graphql").write_text(NUMBER)
    (tmp_path / "persisted.json").write_text(
        json.dumps({"d41d8cd98f00b204e9800998ecf8427e": "query Codegen { hello }"})
    )
    manifest = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "app-1", "name": "Apollo", "type": "query", "body": "query Apollo { number }"}],
    }
    (tmp_path / "apollo.json").write_text(json.dumps(manifest))
    (tmp_path / "README.md").write_text("not a document")
    return tmp_path


BY_NAME = ["app-1", "d41d8cd98f00b204e9800998ecf8427e", "hello", "number"]
BY_ID = [
    ("hello", WORLD),
    ("portal/number", SEVEN),
    ("number", SEVEN),
    ("d41d8cd98f00b204e9800998ecf8427e", WORLD),
    ("app-1", SEVEN),
    (sha256_of(HELLO), WORLD),
    ("sha256:" + sha256_of(HELLO), WORLD),
    ("sha256:" + sha256_of("query Codegen { hello }").upper(), WORLD),
]


@pytest.mark.parametrize("trust", ["prefer", "only"])
@pytest.mark.parametrize(("document_id", "expected"), BY_ID)
async def test_a_trusted_document_is_known_by_its_id_and_by_its_hash(
    small_endpoint, directory, trust, document_id, expected
):
    async with small_endpoint(texts=Texts(trusted=read_directory(directory), trust=trust)) as small:
        for name in ("documentId", "id", "doc_id"):
            assert (await small.post({name: document_id})).json() == expected
            assert (await small.get(**{name: document_id})).json() == expected
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": document_id}}
        assert (await small.post({"extensions": extensions})).json() == expected


async def test_only_trusted_documents_run_where_no_others_may(small_endpoint, directory, code_of):
    async with small_endpoint(texts=Texts(trusted=read_directory(directory), trust="only")) as small:
        bodies = [
            {"query": "{ hello }"},
            {"documentId": "unknown"},
            {"query": "{ hello }", "documentId": "hello2"},
            {"query": "{ hello }", "documentId": "hello"},
            {"extensions": persisted_query("{ hello }")},
            {"query": "{ hello }", "extensions": persisted_query("{ hello }")},
        ]
        for body in bodies:
            assert code_of(await small.post(body)) == (400, "DOCUMENT_NOT_TRUSTED")
        assert small.ran == []
        assert (await small.ask(HELLO)).json() == WORLD
        assert (await small.post({"query": HELLO, "extensions": persisted_query(HELLO)})).json() == WORLD


async def test_others_run_as_well_where_trusted_ones_are_preferred(small_endpoint, directory, code_of):
    async with small_endpoint(texts=Texts(trusted=read_directory(directory), trust="prefer")) as small:
        assert (await small.ask("{ hello }")).json() == WORLD
        assert code_of(await small.post({"documentId": "unknown"})) == (400, "DOCUMENT_NOT_TRUSTED")
        unknown = await small.post({"extensions": persisted_query("{ hello }")})
        assert code_of(unknown) == (200, "PERSISTED_QUERY_NOT_FOUND")


async def test_an_id_is_not_known_where_nothing_is_trusted(small, code_of):
    assert code_of(await small.post({"documentId": "hello"})) == (400, "DOCUMENT_NOT_TRUSTED")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"["),
        ("a.json", b"[]"),
        ("a.json", b'{"a": 1}'),
        ("a.graphql", b"\xff"),
        ("a.json", b'{"operations": 1}'),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDocuments, match=r"a\.(json|graphql)"):
        read_directory(tmp_path)


def test_two_documents_under_one_id_are_refused(tmp_path):
    (tmp_path / "a.json").write_text('{"x": "{ hello }"}')
    (tmp_path / "b.json").write_text('{"x": "{ number }"}')
    with pytest.raises(UnreadableDocuments, match=r"b\.json has another document under the id x"):
        read_directory(tmp_path)


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UnreadableDocuments, match="nowhere is not a directory"):
        read_directory(tmp_path / "nowhere")


def test_documents_are_counted_once_each(directory):
    assert sorted(name for name, _ in read_directory(directory).items()) == BY_NAME
    assert TrustedDocuments({}).find("x") is None
