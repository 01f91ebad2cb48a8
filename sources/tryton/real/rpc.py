"""JSON-RPC to a Tryton server, as its own client speaks it: for building and filling one. The gateway uses REST.

Source: Tryton server, RPC: `POST /<database>/rpc/`; errors come with status 200.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from sources.tryton.values import day_value

TIMEOUT_SECONDS = 600.0  # posting a batch on a busy machine takes minutes
ADMINISTRATOR = "admin"


class RpcError(RuntimeError):
    """The server refused a call. The text names the method and the kind of error."""


class Rpc:
    """A session of the administrator. Call `close` at the end."""

    def __init__(self, url: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False)
        user, token, *_ = self._post("common.db.login", [ADMINISTRATOR, {"password": password}, "en"])
        self.user: int = user
        session = base64.b64encode(f"{ADMINISTRATOR}:{user}:{token}".encode()).decode()
        self._client.headers["authorization"] = f"Session {session}"
        self.context: dict[str, Any] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take the user's company and language into the context."""
        preferences = self._post("model.res.user.get_preferences", [True, {}])
        self.context = {name: preferences[name] for name in ("company", "language") if name in preferences}

    def call(self, method: str, *parameters: Any, **context: Any) -> Any:
        """The result of a method, e.g. "model.party.party.create". Raises RpcError."""
        return self._post(method, [*parameters, {**self.context, **context}])

    def create(self, model: str, records: Sequence[dict[str, Any]]) -> list[int]:
        """The ids of new records."""
        created: list[int] = self.call(f"model.{model}.create", list(records)) if records else []
        return created

    def find(self, model: str, domain: list[Any], *fields: str, order: list[Any] | None = None) -> list[dict[str, Any]]:
        """Records that fit a domain."""
        found: list[dict[str, Any]] = self.call(f"model.{model}.search_read", domain, 0, None, order, list(fields))
        return found

    def one(self, model: str, domain: list[Any], **values: Any) -> int:
        """The id of the first record that fits a domain; created from `values` where there is none."""
        found: list[int] = self.call(f"model.{model}.search", domain, 0, 1, [["id", "ASC"]])
        if found:
            return found[0]
        if not values:
            raise RpcError(f"there is no {model} for {domain}")
        return self.create(model, [values])[0]

    def accept(self, model: str, ids: Sequence[int], warnings: Sequence[str]) -> None:
        """Answer warnings before they are raised. Source: Tryton, res.user.warning, format."""
        names = (f"{hashlib.md5(f'{model},{n}'.encode()).hexdigest()}.{w}" for n in ids for w in warnings)  # noqa: S324
        self.create("res.user.warning", [{"name": n, "user": self.user, "always": False} for n in names])

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _post(self, method: str, parameters: list[Any]) -> Any:
        body = msgspec.json.encode({"id": 1, "method": method, "params": parameters})
        # its answers claim to be compressed only truly where compression was asked for
        response = self._client.post(
            "/rpc/", content=body, headers={"content-type": "application/json", "accept-encoding": "gzip"}
        )
        if response.status_code != httpx.codes.OK:
            raise RpcError(f"{method}: answered {response.status_code}")
        answer = msgspec.json.decode(response.content)
        if isinstance(answer, dict) and "error" in answer:
            raise RpcError(f"{method}: {answer['error'][0]}: {str(answer['error'][1])[:300]}")
        return answer["result"] if isinstance(answer, dict) and "result" in answer else answer


def number(value: Decimal) -> dict[str, str]:
    """A decimal as Tryton takes it."""
    return {"__class__": "Decimal", "decimal": str(value)}


def day(value: date) -> Any:
    """A day as Tryton takes it."""
    return day_value(value)
