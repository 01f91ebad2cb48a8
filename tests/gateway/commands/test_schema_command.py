"""The schema as a product: printed, federated, and never broken without a word."""

import re
import subprocess
from pathlib import Path

import pytest

from mutations.schema import federated_sdl, sdl

ROOT = Path(__file__).parents[3]
RELEASED, DECLARED = ROOT / "docs/schema/released.graphql", ROOT / "docs/schema/breaking.toml"
WAYS_TO_BREAK = [
    ("type Money {", 'type Money {\n  "Of the tests."\n  gone: Int\n', "Field Money.gone was removed."),
    (
        "  totalCount: Int\n",
        "  totalCount: Int!\n",
        "Field AuditEventConnection.totalCount changed type from Int! to Int.",
    ),
    ("enum Standing {", "enum Standing {\n  GONE\n", "Enum value Standing.GONE was removed."),
]


async def test_it_prints_the_schema_and_the_subgraph(c360):
    assert await c360("schema") == (0, sdl(), "")
    assert await c360("schema", "--federation") == (0, federated_sdl(), "")
    assert (ROOT / "schema.graphql").read_text() == sdl()


async def test_the_schema_breaks_no_client_of_the_last_release_unless_that_is_declared(c360):
    assert await c360("schema", "--released", RELEASED, "--declared", DECLARED) == (0, "", "")


@pytest.mark.parametrize(("now", "before", "change"), WAYS_TO_BREAK, ids=lambda text: text[:20])
async def test_a_breaking_change_is_refused_until_it_is_declared(c360, tmp_path, now, before, change):
    released, declared = tmp_path / "released.graphql", tmp_path / "breaking.toml"
    assert now in sdl()
    released.write_text(sdl().replace(now, before, 1))
    declared.write_text("")
    status, out, err = await c360("schema", "--released", released, "--declared", declared)
    assert (status, out) == (1, "")
    assert change in err
    declared.write_text(f'[[breaking]]\nchange = "{change}"\nreason = "a test"\n')
    assert await c360("schema", "--released", released, "--declared", declared) == (0, "", "")


async def test_an_addition_breaks_nobody(c360, tmp_path):
    released = tmp_path / "released.graphql"
    released.write_text(re.sub(r'  """[^"]*"""\n  totalCount: Int\n', "", sdl()))
    assert "totalCount" not in released.read_text()
    assert await c360("schema", "--released", released, "--declared", DECLARED) == (0, "", "")


async def test_what_is_declared_and_not_so_is_refused(c360, tmp_path):
    declared = tmp_path / "breaking.toml"
    declared.write_text('[[breaking]]\nchange = "Field Money.amount was removed."\nreason = "a test"\n')
    status, _, err = await c360("schema", "--released", RELEASED, "--declared", declared)
    assert status == 1
    assert "declared and not so: Field Money.amount was removed." in err


@pytest.mark.parametrize(
    "text", ["[[breaking]]\nchange = 'x'\n", "= 5", "[[breaking]]\nchange='x'\nreason='y'\nby='z'\n"]
)
async def test_files_that_do_not_read_are_a_sentence(c360, tmp_path, text):
    declared = tmp_path / "breaking.toml"
    declared.write_text(text)
    status, _, err = await c360("schema", "--released", RELEASED, "--declared", declared)
    assert (status, err.count("\n")) == (2, 2)
    assert (await c360("schema", "--released", "/nowhere", "--declared", DECLARED))[0] == 2
    assert (await c360("schema", "--released", RELEASED))[0] == 2


def test_make_check_asks():
    printed = subprocess.run(["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "schema --released docs/schema/released.graphql --declared docs/schema/breaking.toml" in printed.stdout
