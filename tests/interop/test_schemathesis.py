"""schemathesis makes queries out of the schema that the gateway tells, and none of them breaks it."""

import sys
from pathlib import Path

from tests.interop.node import run

EXAMPLES = 12  # for each root field; the run takes ten seconds
SLOWEST_SECONDS = 6  # one deadline of the gateway, and a second for a busy machine
PROGRAM = Path(sys.executable).with_name("st")
ROOT = Path(__file__).parents[2]


async def test_generated_queries_meet_no_server_error(running_gateway, tmp_path):
    told = await run(
        str(PROGRAM),
        "run",
        running_gateway.url,
        *("--header", f"authorization: Bearer {running_gateway.token('auditor', subject='schemathesis')}"),
        *("--checks", "not_a_server_error"),
        *("--phases", "fuzzing"),
        *("--max-examples", str(EXAMPLES)),
        *("--max-response-time", str(SLOWEST_SECONDS)),
        *("--suppress-health-check", "all"),
        *("--seed", "1"),
        "--no-color",
        cwd=tmp_path,
        seconds=110,
        SCHEMATHESIS_HOOKS="tests.interop.schemathesis_scalars",
        PYTHONPATH=str(ROOT),
    )
    assert " passed" in told
    assert "failed" not in told
