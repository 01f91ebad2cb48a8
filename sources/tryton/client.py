"""Calls to the REST API of a Tryton server: searches with a body, chunks of ids, writes, and what a status means.

Source: Tryton server 8.2, REST API, found by asking a running one: `POST …/rest/model/<model>/search_read` takes the
arguments as a JSON object, so that no list of ids meets a limit of the URL. An unknown model or field is a 500 whose
page names it; what the user may not read is a 403. Answers are not compressed and close their connection.

A request that writes is one transaction: where the answer is an error, nothing was done. What errors say: refusals.py.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from sources.faults import Busy, Malformed, NotOffered, Refused, SourceFault, Throttled, Unavailable
from sources.tryton.refusals import locked_out, refusal
from sources.tryton.settings import TrytonSettings
from sources.tryton.shapes import Company, Shape
from sources.tryton.values import Domain
from sources.wire.messages import Request, Response, Sender
from sources.writing import sending

T = TypeVar("T", bound=Shape)

BATCH = 500  # ids in one search: 20,000 were taken, but the answer's time grows with the records (about 1 ms each)
NO_CONTENT = 204
_NAME = re.compile(rb"<p>(?:&#39;|')([A-Za-z0-9_.]+)(?:&#39;|')</p>")


class NotAllowed(Refused):
    """The user of the key may not read, or do, that."""


class NotThere(Refused):
    """There is no such database, or no such record."""


class Row(msgspec.Struct, frozen=True):
    """What is needed of a record that does not fit its shape, to say whose it is."""

    id: int
    party: int | None = None


class Rows(msgspec.Struct, Generic[T], frozen=True):
    """Records as they came, those that do not fit their shape apart."""

    records: tuple[T, ...]
    spoilt: tuple[Row, ...]
    fetched_at: datetime
    extras: dict[int, dict[str, Any]]  # the configured optional fields, by record


def unknown_name(response: Response) -> str | None:
    """The model or field that a 500 says it does not know."""
    found = _NAME.search(response.body) if response.status == 500 else None
    return found.group(1).decode() if found else None


def classify(response: Response) -> SourceFault | None:
    """The fault that an answer stands for. 403 and a 500 for an unknown name are left to the client."""
    status = response.status
    if 200 <= status < 300 or status == 403 or unknown_name(response):
        return None
    if status == 401:
        return Refused("401: the key is not that of a validated user application of the kind rest")
    if status == 404:
        return NotThere("404: base_url does not lead to a database")
    if status == 400:
        return refusal(response.body)
    if status in (409, 423) or locked_out(response):
        return Busy(f"{status}: what is needed is locked just now")
    if status == 429:
        return Throttled("too many requests", retry_after_seconds=_retry_after(response))
    if status >= 500:
        return Unavailable(f"answered {status}", retry_after_seconds=_retry_after(response))
    return Refused(f"answered {status}")


def _retry_after(response: Response) -> float | None:
    value = response.headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


class Client:
    """Asks one database in the context of one company."""

    def __init__(self, settings: TrytonSettings, sender: Sender) -> None:
        self._base = f"{settings.base_url}/rest/model"
        self._sender = sender
        self._company_id = settings.company
        self._company: Company | None = None
        self._lacking: set[tuple[str, str]] = set()  # model and name, as this server said
        self._headers = {
            "authorization": f"bearer {settings.key.get_secret_value()}",
            "content-type": "application/json",
            "x-tryton-context": _context(company=settings.company, language="en"),
        }
        unwarned = _context(company=settings.company, language="en", _skip_warnings=True)
        self._unwarned = {**self._headers, "x-tryton-context": unwarned}

    async def search(
        self,
        model: str,
        domain: Domain,
        shape: type[T],
        fields: Sequence[str],
        *,
        optional: Sequence[str] = (),
        extras: Sequence[str] = (),
        order: Sequence[tuple[str, str]] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> Rows[T]:
        """The records that fit the domain. `optional` fields are left out where this server has no such thing.

        `extras` are paths that the configuration names; their values come beside the records. Raises NotOffered for
        an unknown model or field, NotAllowed for what the user may not read.
        """
        wanted = [field for field in optional if not self._lacks(model, field)] if self._lacking else optional
        question = {
            "domain": domain,
            "offset": offset,
            "limit": limit,
            "order": list(order) or None,
            "fields_names": [*fields, *wanted, *extras],
        }
        response = await self._post(f"{model}/search_read", question)
        name = unknown_name(response)
        if name is None:
            return _rows(response.body, model, shape, extras)
        doubtful = [field for field in wanted if name in field.split(".")]
        if not doubtful:
            raise NotOffered(f"this server's {model} has no {name}" if name != model else f"this server has no {model}")
        self._lacking.add((model, name))
        return await self.search(
            model, domain, shape, fields, optional=optional, extras=extras, order=order, limit=limit, offset=offset
        )

    async def create(self, model: str, values: dict[str, Any]) -> int:
        """The id of a new record. Raises OutcomeUnknown where no answer tells whether it was made."""
        return await self._written("POST", f"{model}?f=id", values)

    async def change(self, model: str, record: int, values: dict[str, Any]) -> None:
        """Set fields of a record."""
        await self._written("PUT", f"{model}/{record}?f=id", values)

    async def press(self, model: str, record: int, button: str, *, passing_warnings: bool = False) -> None:
        """Do what a button of a record does. `passing_warnings`: without asking back."""
        headers = self._unwarned if passing_warnings else self._headers
        await self._written("POST", f"{model}/{record}/{button}?f=id", {}, headers)

    async def delete(self, model: str, record: int) -> None:
        """Delete a record; one that is gone already is deleted."""
        with sending(), suppress(NotThere):
            response = await self._write("DELETE", f"{model}/{record}", {}, self._headers)
            if response.status != NO_CONTENT:
                raise Malformed(f"{model} was not said to be deleted")

    async def count(self, model: str, domain: Domain) -> int:
        """How many records fit the domain."""
        response = await self._post(f"{model}/search_count", {"domain": domain})
        number: int = _decoded(response.body, int, model)
        return number

    async def company(self) -> Company:
        """The configured company, asked for once. Raises Refused where there is none of that id."""
        if self._company is None:
            fields = ["party.name", "currency.code"]
            found = await self.search("company.company", [["id", "=", self._company_id]], Company, fields)
            if not found.records:
                raise Refused(f"there is no company {self._company_id} that the key's user may see")
            self._company = found.records[0]
        return self._company

    def _lacks(self, model: str, field: str) -> bool:
        return not self._lacking.isdisjoint([(model, part) for part in field.split(".")])

    async def _written(
        self, method: str, path: str, values: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> int:
        with sending():
            response = await self._write(method, path, values, headers or self._headers)
            written: Shape = _decoded(response.body, Shape, path.partition("?")[0])
        return written.id

    async def _write(self, method: str, path: str, values: dict[str, Any], headers: Mapping[str, str]) -> Response:
        request = Request(
            method=method,
            url=f"{self._base}/{path}",
            headers=headers,
            body=msgspec.json.encode(values),
            safe=False,
        )
        response = await self._sender.send(request)
        model = path.partition("?")[0].partition("/")[0]
        if response.status == 403:
            raise NotAllowed(f"403: the key's user may not do that to {model}")
        if name := unknown_name(response):
            raise NotOffered(f"this server's {model} has no {name}")
        return response

    async def _post(self, path: str, question: object) -> Response:
        request = Request(
            method="POST", url=f"{self._base}/{path}", headers=self._headers, body=msgspec.json.encode(question)
        )
        response = await self._sender.send(request)
        if response.status == 403:
            raise NotAllowed(f"403: the key's user may not read {path.partition('/')[0]}")
        return response


def _context(**values: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def _decoded(body: bytes, shape: Any, model: str) -> Any:
    return _by(_decoder(shape), body, model)


@cache  # of a shape once for all: that of a list would be worked out at every call
def _decoder(shape: Any, *, listed: bool = False) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[shape] if listed else shape)


def _by(decoder: msgspec.json.Decoder[Any], body: bytes, model: str) -> Any:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Malformed(f"the answer for {model} did not fit its shape") from None


def _rows(body: bytes, model: str, shape: type[T], extras: Sequence[str]) -> Rows[T]:
    spoilt: list[Row] = []
    try:
        records: list[T] = _by(_decoder(shape, listed=True), body, model)
    except Malformed:
        records, spoilt = _row_by_row(body, model, shape)
    beside = {row["id"]: row for row in _decoded(body, list[dict[str, Any]], model)} if extras else {}
    return Rows(tuple(records), tuple(spoilt), datetime.now(UTC), beside)


def _row_by_row(body: bytes, model: str, shape: type[T]) -> tuple[list[T], list[Row]]:
    records: list[T] = []
    spoilt: list[Row] = []
    for raw in _decoded(body, list[msgspec.Raw], model):
        try:
            records.append(msgspec.json.decode(raw, type=shape))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            spoilt.append(_decoded(bytes(raw), Row, model))
    return records, spoilt


def value_at(row: dict[str, Any], path: str) -> Any:
    """The value of a path such as "manager.name" in a record's extras; None where it is not set."""
    head, _, rest = path.partition(".")
    if not rest:
        return row.get(head)
    inner = row.get(f"{head}.")
    return value_at(inner, rest) if isinstance(inner, dict) else None
