"""graphql-codegen makes types of our schema and a client's documents, and `tsc --strict` takes them."""

import shutil

from tests.interop.listening import NUMBER
from tests.interop.node import FOLDER, run

GENERATED = FOLDER / "generated"


async def test_what_codegen_makes_of_the_schema_compiles_under_strict(node_clients):
    shutil.rmtree(GENERATED, ignore_errors=True)
    bin_folder = FOLDER / "node_modules" / ".bin"
    told = await run(str(bin_folder / "graphql-codegen"), "--config", "codegen.mjs")
    assert "FAILED" not in told
    assert {path.name for path in GENERATED.iterdir()} == {"client", "operations.ts", "schema.ts"}
    await run(str(bin_folder / "tsc"), "--project", "tsconfig.json")


async def test_the_documents_of_the_typed_client_are_answered(client, running_gateway):
    document = "".join(path.read_text() for path in sorted((FOLDER / "documents").glob("*.graphql")))
    asked = {"query": document, "operationName": "CustomerOnThePhone", "variables": {"number": NUMBER}}
    answer = (await client.post(running_gateway.url, json=asked)).json()
    assert "errors" not in answer
    assert answer["data"]["customerBy"]["number"] == NUMBER
