"""Paths, credential, paging: SOQL in, rows out.

Every query travels in a composite call (see composite.py), so what is asked in the same moment costs one call and no
query is limited by the length of a URL. Source: REST API Developer Guide, Query, Query More Results, API usage header.
"""

from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from sources.faults import Malformed, NotOffered, Refused
from sources.salesforce.classify import UNAUTHORIZED, fault, renewable
from sources.salesforce.composite import Composite
from sources.salesforce.session import Session, Token, trusted_origin
from sources.salesforce.settings import SalesforceSettings
from sources.salesforce.shapes import Describe, Spoiled
from sources.salesforce.soql import STATEMENT_CHARACTERS, escaped
from sources.wire.messages import Request, Response, Sender

T = TypeVar("T")
DATA = "/services/data/"


class Rows(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a query's result. A row that did not fit its shape is Spoiled; `next` is None on the last page."""

    rows: list[T | Spoiled]
    total: int
    next: str | None


class _Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    totalSize: int
    done: bool
    records: list[T]
    nextRecordsUrl: str | None = None


class SalesforceClient:
    """Asks one organization."""

    def __init__(self, settings: SalesforceSettings, sender: Sender) -> None:
        self._settings = settings
        self._sender = sender
        self._session = Session(settings, sender)
        self._composite = Composite(self._post_composite)
        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
        self._base = f"{DATA}{settings.api_version}"
        self.server_date: str | None = None
        """The Date header of the latest answer: the vendor's own clock."""

    async def query(self, statement: str, shape: type[T], *, deleted: bool = False) -> Rows[T]:
        """The first page of a query; `deleted`: with the rows of the recycle bin."""
        if len(statement) > STATEMENT_CHARACTERS:
            raise NotOffered("a SOQL statement has at most 100,000 characters")
        resource = "queryAll" if deleted else "query"
        return await self._page(f"{self._base}/{resource}?q={escaped(statement)}", shape)

    async def more(self, page_url: str, shape: type[T]) -> Rows[T]:
        """The page to which a Rows' `next` leads."""
        return await self._page(page_url, shape)

    async def describe(self, entity: str) -> Describe | None:
        """The fields of an object that the integration user sees; None where it does not see the object."""
        part = await self._composite.get(f"{self._base}/sobjects/{entity}/describe", query=False)
        if part.httpStatusCode == 404:
            return None
        if part.httpStatusCode >= 400:
            raise fault(part.httpStatusCode, part.body)
        try:
            described: Describe = self._decoder(Describe).decode(part.body)
            return described
        except msgspec.MsgspecError:
            raise Malformed("a describe did not fit its shape") from None

    async def _page(self, url: str, shape: type[T]) -> Rows[T]:
        part = await self._composite.get(url)
        if part.httpStatusCode >= 400:
            raise fault(part.httpStatusCode, part.body)
        page, rows = self._decoded(part.body, shape)
        if page.done:
            return Rows(rows=rows, total=page.totalSize, next=None)
        if page.nextRecordsUrl is None:
            raise Malformed("a query page is not the last one and names no next one")
        return Rows(rows=rows, total=page.totalSize, next=self._own(page.nextRecordsUrl))

    def _own(self, url: str) -> str:
        """The host-relative form of a next page's URL; raises Malformed where it leads elsewhere."""
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            trusted_origin(url, self._settings)
        if not parts.path.startswith(DATA):
            raise Malformed("a query page names a next one outside the data API")
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _decoded(self, body: msgspec.Raw, shape: type[T]) -> tuple[_Page[Any], list[T | Spoiled]]:
        try:
            page = self._decoder(_Page[shape]).decode(body)  # type: ignore[valid-type]
            return page, page.records
        except msgspec.MsgspecError:
            return self._decoded_singly(body, shape)

    def _decoded_singly(self, body: msgspec.Raw, shape: type[T]) -> tuple[_Page[Any], list[T | Spoiled]]:
        try:
            page = self._decoder(_Page[msgspec.Raw]).decode(body)
            return page, [self._row(raw, shape) for raw in page.records]
        except msgspec.MsgspecError:
            raise Malformed("a query page did not fit its shape") from None

    def _row(self, raw: msgspec.Raw, shape: type[T]) -> T | Spoiled:
        try:
            row: T = self._decoder(shape).decode(raw)
            return row
        except msgspec.ValidationError:
            spoiled: Spoiled = self._decoder(Spoiled).decode(raw)
            return spoiled

    def _decoder(self, shape: Any) -> msgspec.json.Decoder[Any]:
        if shape not in self._decoders:
            self._decoders[shape] = msgspec.json.Decoder(shape)
        return self._decoders[shape]

    async def _post_composite(self, body: bytes) -> bytes:
        token = await self._session.token()
        response = await self._send(token, body)
        if response.status == UNAUTHORIZED and renewable(response.body):
            response = await self._send(await self._session.renewed(token), body)
        if response.status == UNAUTHORIZED:
            raise Refused("the credential was refused with status 401")
        return response.body

    async def _send(self, token: Token, body: bytes) -> Response:
        request = Request(
            method="POST",
            url=f"{token.instance_url}{self._base}/composite",
            headers={
                "authorization": f"Bearer {token.access_token}",
                "content-type": "application/json",
                "accept": "application/json",
            },
            body=body,
        )
        response = await self._sender.send(request)
        self.server_date = response.headers.get("date")
        usage = _usage(response.headers.get("sforce-limit-info", ""))
        if usage is not None:
            self._sender.report_quota(usage)
        return response


def _usage(limit_info: str) -> float | None:
    """What is left of the day's calls, 0 to 1, out of `api-usage=18/5000; per-app-api-usage=…`."""
    for pair in limit_info.split(";"):
        name, _, value = pair.strip().partition("=")
        used, _, allowed = value.partition("/")
        if name == "api-usage" and used.isdecimal() and allowed.isdecimal() and int(allowed):
            return max(0.0, 1 - int(used) / int(allowed))
    return None
