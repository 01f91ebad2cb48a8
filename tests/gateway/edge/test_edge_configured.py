"""[gateway] trusted_documents, documents_dir and [cors], from the file to the answer."""

import json

import pytest

from gateway.fronting import wrong_documents
from gateway.settings import Settings, SettingsError, load_settings
from tests.support.house import open_house

SOURCE = {"kind": "dummybilling", "base_url": "http://127.0.0.1:9", "api_key": "sk_1"}
REST = """
[identity]
development = true
[sources.billing]
kind = "dummybilling"
base_url = "http://127.0.0.1:9"
api_key = "sk_1"
"""


@pytest.fixture
def documents(tmp_path):
    directory = tmp_path / "documents"
    directory.mkdir()
    (directory / "who.graphql").write_text("query Who { viewer { subject } }")
    return directory


def settings(documents):
    return Settings(
        gateway={"trusted_documents": "only", "documents_dir": documents},
        identity={"development": True},
        sources={"billing": SOURCE},
    )


async def test_a_gateway_of_trusted_documents_serves_those_alone(documents, tmp_path):
    section = {"trusted_documents": "only", "documents_dir": documents}
    async with open_house((), tmp_path, gateway=section, fill=False) as house:
        headers = {"authorization": f"Bearer {house.token('auditor')}"}
        known = await house.client.post("/graphql", json={"documentId": "who"}, headers=headers)
        assert known.json() == {"data": {"viewer": {"subject": "auditor"}}}
        other = await house.post("{ viewer { roles } }", token=house.token("auditor"))
        assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (400, "DOCUMENT_NOT_TRUSTED")


async def test_a_listed_origin_is_told_by_the_whole_gateway(tmp_path):
    more = {"cors": {"allow_origins": ["https://portal.example.com"]}}
    async with open_house((), tmp_path, more=more, fill=False) as house:
        origin = {"origin": "https://portal.example.com"}
        asked = {**origin, "access-control-request-method": "POST"}
        assert (await house.client.options("/graphql", headers=asked)).status_code == 204
        refused = await house.client.post("/graphql", json={"query": "{ viewer { subject } }"}, headers=origin)
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://portal.example.com"


def test_the_directory_lies_beside_the_file_that_names_it(dummies, tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text('[gateway]\ntrusted_documents = "prefer"\ndocuments_dir = "documents"\n' + REST)
    assert load_settings(path).gateway.documents_dir == tmp_path / "documents"


@pytest.mark.parametrize("keys", ['trusted_documents = "only"', 'documents_dir = "d"', 'trusted_documents = "some"'])
def test_half_a_configuration_is_refused_with_its_key(dummies, tmp_path, keys):
    path = tmp_path / "gateway.toml"
    path.write_text(f"[gateway]\n{keys}\n{REST}")
    with pytest.raises(SettingsError, match="trusted_documents"):
        load_settings(path)


def test_documents_that_would_run_are_no_problem(dummies, documents):
    assert wrong_documents(settings(documents)) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.graphql", "{ nope }", "holds a, which would not run: Cannot query field 'nope' on type 'Query'."),
        ("a.graphql", "{", "holds a, which would not run: Syntax Error"),
        ("a.json", json.dumps({"old": "{ viewer { shoe } }"}), "holds old, which would not run"),
        ("a.json", "[", "cannot be used: "),
    ],
)
def test_a_document_that_would_not_run_is_named_by_check(dummies, documents, name, content, said):
    (documents / name).write_text(content)
    (problem,) = wrong_documents(settings(documents))
    assert (problem.section, problem.key) == ("gateway", "documents_dir")
    assert said in problem.sentence


async def test_a_directory_that_cannot_be_read_stops_the_start(tmp_path):
    section = {"trusted_documents": "only", "documents_dir": tmp_path / "nowhere"}
    with pytest.raises(SettingsError, match="nowhere is not a directory"):
        async with open_house((), tmp_path, gateway=section, fill=False):
            pass
