"""The page on workflows says what the code does."""

import re
from pathlib import Path

from mutations.governance.refusals import RefusalCode
from mutations.governance.workflow import TRANSITIONS

PAGE = (Path(__file__).parents[3] / "docs" / "workflows.md").read_text()


def test_the_table_of_states_is_the_one_in_force():
    rows = re.findall(r"^\| ([A-Z_]+) \| [^|]+ \|([A-Z_, ]*)\|$", PAGE, re.MULTILINE)
    told = {state: {each.strip() for each in following.split(",") if each.strip()} for state, following in rows}
    assert told == {state.value: {each.value for each in following} for state, following in TRANSITIONS.items()}


def test_every_code_of_a_refusal_is_explained():
    assert {code.value for code in RefusalCode} <= set(re.findall(r"[A-Z_]{6,}", PAGE))
