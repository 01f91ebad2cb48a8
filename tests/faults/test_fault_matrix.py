"""A sample of the matrix that `make faults` runs whole: other cases each day, the same ones under the same seed."""

import random

import pytest

from tests.faults.matrix import everything
from tests.faults.proof.cases import Case, every_case
from tests.faults.proof.judging import as_good_as_can_be
from tests.faults.proof.ways import KILLS, WAYS

QUICK = [name for name, way in WAYS.items() if not way.silent and name not in ("errors", "timeouts_applied")]
WAYS_AT_ONCE, KILLS_AT_ONCE = 3, 1
DATABASES = ("SQLite", "PostgreSQL")


def sample(seed: int) -> list[Case]:
    """Every step in some of the ways, and at one of the boundaries."""
    chance = random.Random(seed)
    chosen = {*chance.sample(QUICK, WAYS_AT_ONCE), *chance.sample(sorted(KILLS), KILLS_AT_ONCE)}
    return [case for case in every_case() if case.way in chosen]


@pytest.mark.timeout(400)
async def test_the_money_moved_once_or_not_at_all_or_somebody_was_told(seed):
    cases = sample(seed)
    told = await everything(cases, DATABASES)
    for name in DATABASES:
        results, events = told[name]
        assert {result.case.id: result.wrong for result in results if result.wrong} == {}, name
        short = [result.case.id for result in results if not as_good_as_can_be(result.case, result.end)]
        assert short == [], f"{name}: it ended well, and not as well as it can"
        assert events > len(cases)
