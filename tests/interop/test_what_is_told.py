"""What tools such as graphql-cop and clairvoyance look for, and do not find here."""

import pytest

INTROSPECTION = "{ __schema { queryType { name fields { name } } } }"


@pytest.fixture
def ask(running_gateway, client):
    async def asked(body, *, token=None, method="POST", **more):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        request = {"json": body} if method == "POST" else {"params": body}
        return await client.request(method, running_gateway.url, headers=headers, **request, **more)

    return asked


def code(answer):
    return answer.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    "query",
    [
        "{ custome(id: 1) { id } }",
        "{ customer(idd: 1) { id } }",
        "{ customer(id: 1) { displayNam } }",
        "{ customers(first: 1, filter: {searc: 1}) { totalCount } }",
        "{ customer(id: 1) { cases(filter: {status: [OPE]}) { totalCount } } }",
        "{ node(id: 1) { ... on Custome { id } } }",
        "query($a: CustomerFilte) { viewer { subject } }",
        "{ viewer { subject @includ(if: true) } }",
        "{ viewer { ...Fragmen } } fragment Fragment on Viewer { subject }",
        "subscription { customerChange { kind } }",
        "{ customer { id } }",
        "{ customers(first: 1) }",
    ],
)
async def test_a_wrong_name_brings_no_right_one(ask, query):
    message = (await ask({"query": query})).json()["errors"][0]["message"]
    assert "did you mean" not in message.lower()
    names = ("customers", "displayName", "search", "OPEN", "@include", "customerChanged")
    assert not [name for name in names if name in message and name not in query]


async def test_a_variable_that_does_not_fit_brings_no_names_of_fields(ask):
    query = "query($k: CustomerKey!) { customerBy(key: $k) { id } }"
    message = (await ask({"query": query, "variables": {"k": {"numbe": "1"}}})).json()["errors"][0]["message"]
    assert "did you mean" not in message.lower()
    assert "number" not in message


async def test_get_serves_no_mutation_whatever_it_is_called(ask):
    for query in ("mutation { a }", "query q { viewer { subject } } mutation m { a }"):
        answer = await ask({"query": query, "operationName": "m" if "query q" in query else ""}, method="GET")
        assert "data" not in answer.json()


async def test_batches_are_refused(ask):
    answer = await ask([{"query": "{ viewer { subject } }"}] * 10)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")


async def test_forms_that_a_page_elsewhere_could_send_are_refused(client, running_gateway):
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = await client.post(
            running_gateway.url, content=b"query=%7Bviewer%7Bsubject%7D%7D", headers={"content-type": kind}
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"a{n}: viewer {{ subject }}" for n in range(101)) + " }",
        "{ viewer { " + " ".join(f"a{n}: subject" for n in range(101)) + " } }",
        "{ " + "viewer { subject } " * 1000 + "}",
        "{ viewer { subject " + "@skip(if: false)" * 100 + " } }",
        "{ viewer { subject " + "@nope " * 100 + " } }",
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
        "{ customer(id: 1) " + "{ parent " * 20 + "{ id }" + "}" * 20 + " }",
    ],
)
async def test_overloading_is_refused_before_anything_runs(ask, query):
    answer = await ask({"query": query})
    assert "data" not in answer.json()
    assert answer.status_code in (200, 400)


async def test_nobody_without_a_token_learns_anything(running_gateway, client):
    for query in (INTROSPECTION, "{ __typename }", "{ nope }", "{"):
        answer = await client.post(running_gateway.url, json={"query": query}, headers={"authorization": ""})
        assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


async def test_the_server_does_not_say_what_it_is_made_of(running_gateway, client):
    answer = await client.post(running_gateway.url, json={"query": "{ __typename }"})
    assert not {"server", "x-powered-by", "via"} & answer.headers.keys()


async def test_no_other_path_gives_a_page_a_schema_or_a_trace(running_gateway, client):
    base = running_gateway.url.removesuffix("/graphql")
    for path in ("/docs", "/redoc", "/openapi.json", "/graphiql", "/playground", "/altair", "/voyager", "/schema",
                 "/graphql/", "/graphql/console", "/metrics", "/debug", "/.env", "/%2e%2e/"):  # fmt: skip
        answer = await client.get(base + path)
        assert answer.status_code == 404, path
        assert "Traceback" not in answer.text
