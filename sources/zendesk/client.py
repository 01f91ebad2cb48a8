"""Calls to the Zendesk Support API: paths, authorization, and what an answer's status means.

Source: Zendesk Support API, Requests, Rate limits, Errors. No URL of an answer is ever followed: lists go on by
their cursors, so that the credential only goes to the configured base.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol, TypeVar
from urllib.parse import quote_plus

import msgspec

from sources.faults import Busy, Malformed, NotOffered, Refused, SourceFault, Throttled, Unavailable
from sources.wire.messages import Request, Response, Sender
from sources.writing import sending
from sources.zendesk import shapes
from sources.zendesk.credentials import credentials_of
from sources.zendesk.settings import ZendeskSettings

MANY = 100  # ids in one *_many call; more is 400 TooManyValues
ROWS = 100  # rows on one page: the largest that lists give, and what is advised for exports
LISTED = re.compile(r"[A-Za-z0-9_.:, -]*")  # lists of ids, and what a search is mostly asked

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Params = Mapping[str, str | int]


class Decodes(Protocol[T_co]):
    """Makes a shape of a body; raises a msgspec error where it does not fit."""

    def decode(self, body: bytes, /) -> T_co: ...


_COMPLAINT = msgspec.json.Decoder(shapes.Complaint)


class QueryRefused(Refused):
    """A search was not understood (400 or 422)."""


def classify(response: Response) -> SourceFault | None:
    """The fault that an answer stands for. 400, 401, 404 and 422 are left to the client, which knows what it asked."""
    status = response.status
    if status < 300 or status in (401, 404):
        return None
    if status == 409:
        # Source: Zendesk, Protecting against ticket update collisions; contention gives it, too
        return Busy("409: somebody else is changing it", retry_after_seconds=_retry_after(response))
    if status == 429:
        return Throttled("the rate limit is used up", retry_after_seconds=_retry_after(response))
    if status >= 500:
        return Unavailable(f"answered {status}", retry_after_seconds=_retry_after(response))
    if status in (400, 422):
        # Source: Zendesk, Search, Errors: "unavailable" is the search's passing trouble, whatever its status
        return Unavailable("the search is unavailable just now") if _error_word(response) == "unavailable" else None
    if status < 400:
        return Refused(f"answered with a redirect ({status}): base_url is not the account's own address")
    if status == 403:
        return Refused("403: the credential lacks a scope or a role for this")
    return Refused(f"answered {status}")


def _retry_after(response: Response) -> float | None:
    value = response.headers.get("retry-after", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def _error_word(response: Response) -> str | None:
    try:
        error = _COMPLAINT.decode(response.body).error
    except msgspec.MsgspecError:  # Zendesk also complains in plain text
        return None
    return error if isinstance(error, str) else None


class Client:
    """Asks one account. `get` gives the decoded answer and the moment when it came."""

    def __init__(self, settings: ZendeskSettings, sender: Sender) -> None:
        self._base = f"{settings.base_url}/api/v2"
        self._sender = sender
        self._credentials = credentials_of(settings, sender)

    async def get(self, path: str, decoder: Decodes[T], params: Params | None = None) -> tuple[T, datetime]:
        """What is at a path. Raises Refused, also where there is no such record."""
        found = await self.find(path, decoder, params)
        if found is None:
            raise Refused(f"{_kind(path)}: 404")
        return found

    async def find(self, path: str, decoder: Decodes[T], params: Params | None = None) -> tuple[T, datetime] | None:
        """What is at a path; None where there is no such record."""
        query = f"?{query_of(params)}" if params else ""
        response = await self._authorized(f"{self._base}/{path}{query}")
        fetched_at = datetime.now(UTC)
        if response.status >= 300:
            _judge_missing(path, response)
            return None
        try:
            return decoder.decode(response.body), fetched_at
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Malformed(f"{_kind(path)} did not fit its shape") from None

    async def show_many(
        self, kind: str, by: str, values: Sequence[str], decoder: Decodes[T], include: str = ""
    ) -> tuple[T, datetime]:
        """Up to MANY records of a kind by "ids" or "external_ids"; unknown ones are absent."""
        params = {by: ",".join(values)} | ({"include": include} if include else {})
        return await self.get(f"{kind}/show_many", decoder, params)

    async def put(self, path: str, content: object, decoder: Decodes[T]) -> T:
        """Write once. Raises OutcomeUnknown where it was sent and no answer tells whether it was done.

        Every other fault says that nothing was done. A token that has just ended is one of those: then it goes out
        again, with a new one.
        """
        body = msgspec.json.encode(content)
        response = await self._authorized(f"{self._base}/{path}", body)
        if response.status >= 300:
            raise write_refused(path, response)
        with sending():
            try:
                return decoder.decode(response.body)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise Malformed(f"the answer to PUT {_kind(path)} did not fit its shape") from None

    async def may_write(self) -> bool:
        """Whether the credential's scope lets tickets be written."""
        return await self._credentials.may_write()

    async def _authorized(self, url: str, body: bytes | None = None) -> Response:
        """The answer to a GET, or to the PUT of a body."""
        header = await self._credentials.header()
        response = await self._send(url, header, body)
        if response.status == 401 and self._credentials.renewable and _error_word(response) == "invalid_token":
            response = await self._send(url, await self._credentials.header(refused=header), body)
        if response.status == 401:
            raise Refused("401: the credential was refused")
        return response

    async def _send(self, url: str, authorization: str, body: bytes | None) -> Response:
        headers = {"Authorization": authorization, "Accept": "application/json"}
        if body is None:
            response = await self._sender.send(Request(url=url, headers=headers))
        else:
            headers["Content-Type"] = "application/json"
            with sending():
                response = await self._sender.send(
                    Request(method="PUT", url=url, headers=headers, body=body, safe=False)
                )
        self._report_quota(response.headers)
        return response

    def _report_quota(self, headers: Mapping[str, str]) -> None:
        limit, remaining = headers.get("ratelimit-limit", ""), headers.get("ratelimit-remaining", "")
        if limit.isdigit() and remaining.isdigit() and int(limit):
            self._sender.report_quota(min(1.0, int(remaining) / int(limit)))


def query_of(params: Params) -> str:
    """The parameters as they go into a URL, as urlencode has them."""
    return "&".join([f"{_name(name)}={_value(str(value))}" for name, value in params.items()])


@lru_cache(maxsize=64)  # there are a dozen
def _name(text: str) -> str:
    return quote_plus(text)


def _value(text: str) -> str:
    """A parameter's value as it goes into a URL. quote_plus goes through hundreds of ids letter by letter."""
    if LISTED.fullmatch(text):
        return text.replace(":", "%3A").replace(",", "%2C").replace(" ", "+")
    return quote_plus(text)


def _judge_missing(path: str, response: Response) -> None:
    """Passes where the vendor says that there is no such record; raises otherwise."""
    if response.status == 404 and _error_word(response) == "InvalidEndpoint":
        raise NotOffered(f"{_kind(path)} is not offered on this account")
    if response.status == 404:
        return
    fault = QueryRefused if path.startswith("search") else Refused
    raise fault(f"{_kind(path)}: {response.status}")


def write_refused(path: str, response: Response) -> Refused:
    """Why an update was turned down, in our words: the vendor's may hold what was written."""
    if response.status == 404:
        return Refused(f"{_kind(path)}: 404, there is no such record")
    details = _details(response)
    if any("closed" in description for description in details.get("status", ())):
        return Refused("the case is closed for good: it takes no more comments, only a follow-up case can be opened")
    fields = ", ".join(sorted(field for field in details if field.isidentifier()))
    return Refused(f"{_kind(path)}: {response.status}" + (f", because of: {fields}" if fields else ""))


def _details(response: Response) -> dict[str, tuple[str, ...]]:
    """What is wrong, by field or "base". Source: Zendesk, Errors; envelopes differ, so nothing is taken for granted."""
    try:
        details = _COMPLAINT.decode(response.body).details
    except msgspec.MsgspecError:
        return {}
    if not isinstance(details, dict):
        return {}
    return {
        str(field): tuple(str(row.get("description", "")) for row in rows if isinstance(row, dict))
        for field, rows in details.items()
        if isinstance(rows, list)
    }


def _kind(path: str) -> str:
    """The path without ids, for an error's text."""
    return "/".join("{id}" if part.isdigit() else part for part in path.split("/"))
