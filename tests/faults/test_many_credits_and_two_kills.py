"""Many credits, kill -9 in the middle, twice, and vendors that say nothing after doing it: then both books are counted.

Two gateways on each database. `C360_CREDITS=100` gives a hundred of them.
"""

import os

import pytest

from tests.faults.proof.story import credits_to_give, told
from tests.faults.proof.town import open_town
from tests.faults.proof.verifying import events_in_order

CREDITS = int(os.environ.get("C360_CREDITS", "40"))


@pytest.mark.timeout(400)
async def test_every_credit_is_given_once_whoever_is_killed(proof_url, tmp_path, seed):
    cases = credits_to_give(CREDITS, seed)
    async with open_town(proof_url, tmp_path / "town") as town:
        end = await told(town, cases)
        assert end.wrong == ()
        assert end.ends == {"SUCCEEDED": CREDITS}
        assert end.workflows == CREDITS
        assert end.in_billing == end.in_ledger == sum(case.minor for case in cases)
        await town.stop()
        assert await events_in_order(town) > CREDITS
