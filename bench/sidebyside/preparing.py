"""Before the bench: the simulators are filled, asked once for everything through a gateway, and recorded.

What is left in the directory is all that the contestants need: the canned answers, a database with the crosswalk, a
gateway.toml, and the same knowledge as JSON for the peers, which have no crosswalk and get it as a table in memory.
"""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import ECAlgorithm

from bench.sidebyside.canned import Recording, save
from bench.sidebyside.operations import Operation, operations
from bench.sidebyside.world import LISTS, history, numbers_listed, numbers_viewed
from gateway.app import create_app
from gateway.development_issuer import ISSUER
from gateway.settings import Settings
from gateway.telemetry import configure_logs
from gateway.wiring import Gateway, open_gateway
from sources import registry
from sources.crosswalk.backfill import backfill
from sources.simulation.facts import Fact
from sources.simulation.serving import serving

ROLE = "finance_analyst"
WARM_SECONDS = 3600.0
POLL_SECONDS = 3600.0  # once, at the start: nothing changes at these vendors
DEADLINE_SECONDS = 60.0  # no answer is cut short on a machine that is busy
# No contestant waits for room at a vendor, and no call is given up.
PATIENT = {"max_concurrency": 256, "timeout_seconds": 60.0}

CUSTOMERS = """query($after: String) {
  customers(first: 100, after: $after) {
    nodes { id number displayName legalName tier owner identities { system recordId } }
    pageInfo { hasNextPage endCursor }
  }
}"""


class Prepared(msgspec.Struct):
    """What is there to be asked, and with which token."""

    directory: Path
    ports: dict[str, int]
    operations: list[Operation]
    token: str
    redis_url: str | None = None
    """Of the second level of the cache, where one is measured."""

    @property
    def canned(self) -> Path:
        return self.directory / "canned.msgpack"

    @property
    def peers(self) -> Path:
        return self.directory / "peers.json"


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def side_by_side(ids: dict[str, str]) -> list[Operation]:
    """What everybody is asked; `ids` are the customers' by their numbers."""
    lists = [[ids[number] for number in numbers_listed(nth)] for nth in range(LISTS)]
    return operations([ids[number] for number in numbers_viewed()], lists)


async def prepare(
    directory: Path,
    past: Callable[[], list[Fact]] = history,
    asking: Callable[[dict[str, str]], list[Operation]] = side_by_side,
) -> Prepared:
    """Fill with what happened, ask, record."""
    configure_logs("error")
    kinds = {plugin.role: kind for kind, plugin in registry.installed().items()}
    ports = {name: free_port() for name in kinds}
    facts = past()
    async with AsyncExitStack() as opened:
        recordings, sections = {}, {}
        for name, kind in kinds.items():
            simulator = registry.plugin(kind).simulator()
            for fact in facts:
                simulator.absorb(fact)
            recordings[name] = recording = Recording(simulator.harness)
            url = await opened.enter_async_context(serving(recording, ports[name]))
            sections[name] = simulator.section(url) | PATIENT
        tables = settings_tables(directory, sections, cache_seconds=0)
        gateway = await opened.enter_async_context(open_gateway(Settings(**tables)))
        for system in gateway.systems.all:
            await backfill(gateway.crosswalk, system, lambda done, total: None)
        asked, known = await ask_everything(gateway, asking)
        for system in gateway.poller.systems:
            recordings[system.name].polled = True
            await gateway.poller.poll(system)
        token = gateway.issuer.token(ROLE)  # type: ignore[union-attr]
        knowledge = knowledge_of(gateway, known, sections)
    prepared = Prepared(directory, ports, asked, token)
    save({str(ports[name]): recording.vendor for name, recording in recordings.items()}, prepared.canned)
    prepared.peers.write_bytes(msgspec.json.encode(knowledge))
    (directory / "sections.json").write_bytes(msgspec.json.encode(sections))
    return prepared


def settings_tables(
    directory: Path,
    sections: dict[str, Any],
    *,
    cache_seconds: float,
    cache: dict[str, Any] | None = None,
    redis_url: str | None = None,
    port: int = 0,
) -> dict[str, Any]:
    """The tables of gateway.toml: all duties on, no limit that one busy consumer would meet."""
    return {
        "gateway": {
            "port": port,
            "database_url": f"sqlite:///{directory / 'c360.db'}",
            "data_directory": str(directory),
            "poll_seconds": POLL_SECONDS,
            "deadline_seconds": DEADLINE_SECONDS,
            **({"redis_url": redis_url} if redis_url else {}),
        },
        "cache": cache or {},
        "identity": {"development": True},
        "limits": {
            "requests_per_minute": 10_000_000,
            "fields_at_once": 1_000_000,
            "answer_fields": 1_000_000,
            "cost": 10_000,  # a list of a thousand may make 1,396 calls
        },
        "telemetry": {"log_level": "warning"},
        "sources": {
            name: section | {"cache_seconds": cache_seconds, "stale_seconds": 0} for name, section in sections.items()
        },
    }


async def ask_everything(
    gateway: Gateway, asking: Callable[[dict[str, str]], list[Operation]]
) -> tuple[list[Operation], list[dict[str, Any]]]:
    """Ask each operation of the bench once; gives them, and what the crosswalk knows of each customer."""
    transport = httpx.ASGITransport(app=create_app(gateway))
    headers = {"authorization": f"Bearer {gateway.issuer.token(ROLE)}"}  # type: ignore[union-attr]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60
    ) as client:
        known: list[dict[str, Any]] = []
        after = None
        while True:
            page = (await _asked(client, CUSTOMERS, {"after": after}))["customers"]
            known += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        asked = asking({customer["number"]: customer["id"] for customer in known})
        for operation in asked:
            for variables in operation.variables:
                await _asked(client, operation.query, variables)
    return asked, known


async def _asked(client: httpx.AsyncClient, query: str, variables: dict[str, Any]) -> Any:
    answer = (await client.post("/graphql", json={"query": query, "variables": variables})).json()
    if "errors" in answer:
        raise SystemExit(f"the gateway answered with an error while recording: {answer['errors'][0]}")
    return answer["data"]


def knowledge_of(gateway: Gateway, known: list[dict[str, Any]], sections: dict[str, Any]) -> dict[str, Any]:
    """What a peer is told: whom the ids mean, where the vendors are, and whose tokens are good."""
    issuer = gateway.issuer
    assert issuer is not None  # noqa: S101
    public: Any = ECAlgorithm.from_jwk(issuer.jwks["keys"][0])
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "issuer": ISSUER,
        "audience": gateway.settings.identity.audience,
        "public_key": pem.decode(),
        "currency": "EUR",
        "upstreams": {name: section["base_url"] for name, section in sections.items()},
        "tryton_context": "eyJjb21wYW55IjoxLCJsYW5ndWFnZSI6ImVuIn0=",
        "uids": {system.name: system.uid for system in gateway.systems.all},
        "customers": {
            customer["id"]: {
                **{name: customer[name] for name in ("id", "number", "displayName", "legalName", "tier", "owner")},
                **{link["system"]: link["recordId"] for link in customer["identities"]},
            }
            for customer in known
        },
    }
