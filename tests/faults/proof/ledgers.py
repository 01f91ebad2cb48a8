"""What a ledger holds under our references: the simulator's tables, or those of a real server behind a proxy."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import httpx
import msgspec

from sources.simulation.facts import Fact
from sources.simulation.harness import Harness, Receive, Scope, Send, read_body
from sources.simulation.real.servers_environment import cache_directory, exclusively
from sources.tryton.real import documents as filling
from sources.tryton.real import founding, parties, plan, server
from sources.tryton.real.loading import TrytonLoader, tryton
from sources.tryton.real.rpc import Rpc
from sources.tryton.simulator.simulator import READS

PLACES = (("account.invoice", "reference"), ("account.move", "description"))
LINE = ("debit", "amount_second_currency")
HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive")
PROXY_SECONDS = 60.0


class Document(msgspec.Struct, frozen=True):
    """A document or entry; its amount in minor units of its own currency, positive."""

    state: str
    minor: int


class Ledger(Protocol):
    """Where documents are counted."""

    def documents(self, reference: str) -> list[Document]:
        """What carries a reference of ours, by id."""
        ...


class SimulatedLedger:
    """The simulator's tables."""

    def __init__(self, simulator: Any) -> None:
        self._database = simulator.database

    def documents(self, reference: str) -> list[Document]:
        tables = self._database.table
        rows = [row for model, field in PLACES for row in tables(model).by(field, [reference])]
        return [Document(row["state"], self._minor(row)) for row in sorted(rows, key=lambda row: int(row["id"]))]

    def _minor(self, row: Any) -> int:
        if row.get("total_amount") is not None:
            return int(abs(row["total_amount"]) * 100)
        return _of_lines([self._database.table("account.move.line").rows[number] for number in row["lines"]])


class RealLedger:
    """A real server on PostgreSQL. What the gateway asks goes through a proxy, so that it can be broken on the way."""

    def __init__(self, loader: TrytonLoader, rpc: Rpc) -> None:
        self._loader = loader
        self._rpc = rpc
        self._base = str(httpx.URL(loader.section()["base_url"]).copy_with(path=""))
        self._client: httpx.AsyncClient | None = None
        self.harness = Harness(self._forwarded, reads=READS)

    def section(self, url: str) -> dict[str, Any]:
        """The [sources.NAME] section; `url` is the proxy's."""
        own = self._loader.section()
        return {**own, "base_url": url + httpx.URL(own["base_url"]).path}

    def documents(self, reference: str) -> list[Document]:
        invoices = self._rpc.find("account.invoice", [["reference", "=", reference]], "state", "total_amount")
        found = [Document(row["state"], int(abs(_number(row["total_amount"])) * 100)) for row in invoices]
        for entry in self._rpc.find("account.move", [["description", "=", reference]], "state"):
            lines = self._rpc.find("account.move.line", [["move", "=", entry["id"]]], *LINE)
            values = [{name: _number(line[name]) for name in LINE} for line in lines]
            found.append(Document(entry["state"], _of_lines(values)))
        return found

    async def _forwarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        if self._client is None:
            self._client = httpx.AsyncClient(base_url=self._base, timeout=PROXY_SECONDS, trust_env=False)
        headers = [(key, value) for key, value in scope["headers"] if key != b"host"]
        path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        answer = await self._client.request(scope["method"], path, headers=headers, content=body)
        passed = [(k, v) for k, v in answer.headers.raw if k.decode().lower() not in HOP_BY_HOP]
        passed.append((b"content-length", str(len(answer.content)).encode()))
        await send({"type": "http.response.start", "status": answer.status_code, "headers": passed})
        await send({"type": "http.response.body", "body": answer.content})

    async def close(self) -> None:
        """Close the proxy's connections."""
        if self._client is not None:
            await self._client.aclose()


@contextmanager
def real_ledger(filled: Path, scratch: Path) -> Iterator[RealLedger]:
    """A running server over a copy of data that `filled_with` made."""
    copy = scratch / "data"
    shutil.copytree(filled, copy, symlinks=True)
    with tryton(copy) as loader:
        rpc = Rpc(loader.section()["base_url"], loader._server.state.password)
        try:
            yield RealLedger(loader, rpc)
        finally:
            rpc.close()


async def filled_with(history: Sequence[Fact]) -> Path:
    """The data of a server that knows this history: made once, which takes some minutes, and kept."""
    kept = cache_directory() / f"tryton-faults-{server.version()}-{_digest(history)}"
    with exclusively(cache_directory() / "tryton-faults.lock"):
        if not (kept / "filled").exists():
            shutil.rmtree(kept, ignore_errors=True)
            with tryton(kept / "data") as loader:
                await loader.absorb_all(history, lambda done, of: None)
            (kept / "filled").touch()
    return kept / "data"


def _digest(history: Sequence[Fact]) -> str:
    """Of all that the data are made of."""
    code = [Path(module.__file__ or "").read_bytes() for module in (filling, founding, parties, plan)]
    return hashlib.sha256(b"\0".join([*code, msgspec.json.encode(list(history))])).hexdigest()[:12]


def _of_lines(lines: Sequence[Any]) -> int:
    """What an entry moves, in its document's currency."""
    second = [abs(line["amount_second_currency"]) for line in lines if line.get("amount_second_currency")]
    return int(max(second or [Decimal(line["debit"]) for line in lines]) * 100)


def _number(told: Any) -> Decimal:
    return Decimal(told["decimal"]) if isinstance(told, dict) else Decimal(told or 0)
