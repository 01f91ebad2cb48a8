"""The suite is worth something: connectors that are wrong on purpose fail it, by the test that says what is wrong."""

import os
import re
import subprocess
import sys
from string import ascii_lowercase

import pytest

from tests.contracts.installed_page import ROOT, install_page

# (what is wrong, file, the right text, the wrong text, the test that must fail)
MISTAKES = [
    ("stops after the first page", "adapter.py", "exhausted=not more)", "exhausted=True)", "test_every_case_is_there"),
    ("loses records of the same time", "client.py", ', "before_id": before.record_id}', "}",
     "test_every_case_is_there"),
    ("filters the first page only", "adapter.py", "        before = position_of(some[-1])",
     "        return page_of(records, window, exhausted=True)", "test_a_filter_gives_exactly_the_cases"),
    ("repeats what it gave", "adapter.py", "    before, more = window.after, True", "    before, more = None, True",
     "test_a_long_list_comes_window_by_window"),
    ("does not tell slow down from gone", "client.py", 'return Throttled("Helpline asks to slow down", ',
     'return Unavailable("Helpline asks to slow down", ', "test_misbehaviour_is_the_right_fault and 429"),
    ("tells the vendor's body", "client.py", 'return Refused(f"Helpline answered {response.status}:',
     'return Refused(f"Helpline answered {response.body!r}:', "test_misbehaviour_is_the_right_fault and 403"),
    ("fails for an unknown id", "client.py", "if unknown is None:", "if unknown is not unknown or True:",
     "test_an_unknown_key_of_a_list_holds_an_empty_page"),
    ("forgets the zone", "mapping.py", "\n        at=case.opened.astimezone(UTC)",
     "\n        at=case.opened.replace(tzinfo=None)", "test_times_are_aware"),
    ("skips a change", "adapter.py", "str(answer.last))", "str(answer.last + 1))", "test_nothing_is_lost_between"),
    ("takes an old mapping for the new", "mapping.py", '"blocked": CaseStatus.ON_HOLD', '"blocked": CaseStatus.OPEN',
     "test_every_case_is_there"),
    ("asks for nothing", "adapter.py", "        for ids in batches(id_of(ref) for ref in refs):",
     "        for ids in [*batches(id_of(ref) for ref in refs)] or [['c0']]:",
     "test_nothing_asked_is_nothing_answered"),
]  # fmt: skip


LEAN = ("--assert=plain", "-p", "no:hypothesispytest", "-p", "no:randomly", "-p", "no:xdist")  # starts in half the time

RIGHT = "helplinez"  # the page's own connector, beside the wrong ones


def kind_of(place: int) -> str:
    return "helpline" + ascii_lowercase[place]  # letters: no such name is a part of another


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of all the wrong connectors, installed side by side, each asked for the test that must fail."""
    site = tmp_path_factory.mktemp("mistakes")
    asked = []
    for place, (_, file, right, wrong, test) in enumerate(MISTAKES):
        install_page(site, kind_of(place))
        path = site / kind_of(place) / file
        text = path.read_text()
        assert text.count(right) == 1, f"the page's {file} has changed: {right}"
        path.write_text(text.replace(right, wrong))
        asked.append(f"(({kind_of(place)} or {RIGHT}) and {test})")
    install_page(site, RIGHT)
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "pytest", "tests/contracts", *LEAN, "--tb=no", "-k", " or ".join(asked)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110).stdout


@pytest.mark.parametrize("place", range(len(MISTAKES)), ids=[one[0] for one in MISTAKES])
def test_a_connector_that_is_wrong_fails(failed: str, place: int) -> None:
    test = MISTAKES[place][4].split(" and ")[0]
    assert re.search(rf"^FAILED .*::{test}\w*\[{kind_of(place)}", failed, re.MULTILINE), failed[-3000:]


def test_the_same_connector_without_a_mistake_passes_the_same_tests(failed: str) -> None:
    assert f"[{RIGHT}" not in failed
    assert " passed" in failed
