"""What the demo says: who may ask, and three things to try."""

import json
from collections.abc import Mapping
from pathlib import Path

from gateway.policy import ReadPolicy
from sources.simulation.world import BY_KEY

DEMO_HINT = "c360 demo --port 0 takes a free one (make demo PORT=0)"

WHOLE = """{ customerBy(key: {number: "%s"}) { displayName tier
  status { standing reasons { code system } openExposure { amount currency } incomplete }
  identities { system recordId method confidence }
  cases(first: 3) { nodes { number subject status } }
  invoices(first: 3) { nodes { number status balance { amount currency } ledger { state } } } } }"""
TAX = """{ viewer { roles withheld }
  customerBy(key: {number: "%s"}) { displayName taxContext { taxIds { type value } } } }"""


def personas(policy: ReadPolicy, tokens: Mapping[str, str]) -> str:
    """A line for each role with its token."""
    width = max(map(len, tokens))
    return "\n".join(f"{role:<{width}}  {token}" for role, token in tokens.items())


def things_to_try(url: str, headers: Mapping[str, Path], addresses: Mapping[str, str]) -> str:
    """Three commands that work as they stand."""
    everything, held = BY_KEY["everything"].number, BY_KEY["credit-hold"].number
    asked = _curl(url, headers["support_agent"], WHOLE % everything)
    parts = [
        f"1. One customer whole, live from {len(addresses)} systems ({everything}):\n{asked}",
        "2. The same person may not see everything; a finance_analyst in the place of support_agent may:\n"
        + _curl(url, headers["support_agent"], TAX % held),
    ]
    broken = addresses.get("billing") or next(iter(addresses.values()))
    parts.append(
        "3. Break a system, ask 1 again and see what is left; then mend it:\n"
        f"curl -s -X PUT {broken}/_simulate -d '{{\"status\": 503}}'\n"
        f"curl -s -X DELETE {broken}/_simulate"
    )
    return "\n\n".join(parts)


def _curl(url: str, header: Path, query: str) -> str:
    body = json.dumps({"query": " ".join(query.split())})
    return f"curl -s {url} -H @{header} -H 'content-type: application/json' -d '{body}'"
