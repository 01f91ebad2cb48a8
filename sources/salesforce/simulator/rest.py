"""The resources under /services/data: query, query more, describe, composite, limits, versions.

Source: REST API Developer Guide. [V] shapes of query and composite; 25 subrequests, 5 of them queries; an envelope
without a referenceId runs nothing; locators live two days and are host-relative; batchSize is a hint; the versions
list does not count. [M] the code for too many subrequests; INVALID_QUERY_LOCATOR with 400; METHOD_NOT_ALLOWED.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from sources.salesforce.simulator.engine import Query, entity_of
from sources.salesforce.simulator.errors import ApiRefusal, not_found, not_modelled
from sources.salesforce.simulator.ids import record_id
from sources.salesforce.simulator.objects import visible
from sources.salesforce.simulator.organization import Organization
from sources.salesforce.simulator.parser import parse

RETIRED_UP_TO, SUPPORTED_FROM, SUPPORTED_TO = 30, 31, 68
SUBREQUESTS, QUERIES = 25, 5
LOCATOR_SECONDS = 2 * 24 * 3600
OPEN_LOCATORS = 10_000
REFERENCE = re.compile(r"[A-Za-z0-9_]+")


class Answer(NamedTuple):
    """A status and what is to be JSON."""

    status: int
    body: Any


class _Cursor(NamedTuple):
    query: Query
    ids: list[str]
    expires: float


class Rest:
    """Answers requests that carry a good token.

    `page_rows`: rows of a page, at most; smaller makes short pages. `part_errors`: (status, errorCode) with which every
    query of an object is refused. `next_prefix`: put before every nextRecordsUrl, to lead a careless client astray.
    `spoil`: changes a record just before it is told, to break its shape.
    """

    def __init__(self, organization: Organization, clock: Callable[[], float]) -> None:
        self._organization = organization
        self._clock = clock
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self.page_rows = 2_000
        self.part_errors: dict[str, tuple[int, str]] = {}
        self.next_prefix = ""
        self.spoil: Callable[[dict[str, Any]], None] | None = None

    def answer(self, method: str, path: str, query: str, body: bytes, hint: int | None) -> Answer:
        """The answer to a request for `path` under /services/data. Raises ApiRefusal."""
        version, *rest = path.removeprefix("/services/data").strip("/").split("/")
        _check_version(version)
        if rest == ["composite"]:
            if method != "POST":
                raise ApiRefusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")
            return self._composite(body)
        if method != "GET":
            raise ApiRefusal(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed.")
        return self._get(version, rest, query, hint)

    def _get(self, version: str, rest: list[str], query: str, hint: int | None) -> Answer:
        if rest[:1] in (["query"], ["queryAll"]):
            if len(rest) == 2:
                return Answer(200, self._more(version, rest[1], hint))
            if len(rest) == 1:
                return Answer(200, self._query(version, query, rest[0] == "queryAll", hint))
        if len(rest) == 3 and (rest[0], rest[2]) == ("sobjects", "describe"):
            return Answer(200, self._describe(rest[1]))
        if rest and rest[0] in ("sobjects", "search", "analytics", "ui-api", "jobs"):
            raise not_modelled("/".join(rest[:1]))
        raise not_found()

    def _query(self, version: str, query: str, deleted: bool, hint: int | None) -> dict[str, Any]:
        statements = parse_qs(query, keep_blank_values=True).get("q", [""])
        bound = Query(self._organization, parse(statements[0]), deleted=deleted)
        if bound.entity.name in self.part_errors:
            status, code = self.part_errors[bound.entity.name]
            raise ApiRefusal(status, code, f"simulated {code}")
        ids = bound.ids()
        if bound.select.count:
            return {"totalSize": len(ids), "done": True, "records": []}
        return self._page(version, bound, ids, 0, hint)

    def _page(self, version: str, query: Query, ids: list[str], start: int, hint: int | None) -> dict[str, Any]:
        end = start + min(self.page_rows, hint or self.page_rows)
        page: dict[str, Any] = {"totalSize": len(ids), "done": end >= len(ids)}
        if end < len(ids):
            locator = record_id("0r8", f"{len(self._cursors)}:{self._clock()}:{id(ids)}")
            self._cursors[locator] = _Cursor(query, ids, self._clock() + LOCATOR_SECONDS)
            if len(self._cursors) > OPEN_LOCATORS:
                self._cursors.popitem(last=False)
            page["nextRecordsUrl"] = f"{self.next_prefix}/services/data/{version}/query/{locator}-{end}"
        page["records"] = [self._told(query.render(row_id)) for row_id in ids[start:end]]
        return page

    def _told(self, record: dict[str, Any]) -> dict[str, Any]:
        if self.spoil is not None:
            self.spoil(record)
        return record

    def _more(self, version: str, locator: str, hint: int | None) -> dict[str, Any]:
        name, _, offset = locator.rpartition("-")
        cursor = self._cursors.get(name)
        if cursor is None or not offset.isdecimal() or self._clock() >= cursor.expires:
            raise ApiRefusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(version, cursor.query, cursor.ids, int(offset), hint)

    def _describe(self, name: str) -> dict[str, Any]:
        try:
            entity = entity_of(self._organization, name)
        except ApiRefusal:
            raise not_found() from None
        fields = [
            {"name": column.name, "label": column.name, "type": column.type, "custom": column.name.endswith("__c")}
            for column in visible(self._organization, entity)
        ]
        return {"name": entity.name, "queryable": True, "fields": fields}

    def _composite(self, body: bytes) -> Answer:
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
        except msgspec.MsgspecError as error:
            raise ApiRefusal(400, "JSON_PARSER_ERROR", str(error)) from None
        parts = envelope.compositeRequest
        queries = sum(_is_query(part) for part in parts)
        if len(parts) > SUBREQUESTS or queries > QUERIES:
            raise ApiRefusal(400, "LIMIT_EXCEEDED", f"at most {SUBREQUESTS} subrequests, {QUERIES} of them queries")
        names = [part.referenceId for part in parts]
        if len(set(names)) < len(names) or not all(REFERENCE.fullmatch(name) for name in names):
            raise ApiRefusal(400, "INVALID_INPUT", "each subrequest needs a referenceId of its own")
        answers = [self._part(part) for part in parts]
        if envelope.allOrNone and any(answer.status >= 400 for answer in answers):
            halted = ApiRefusal(400, "PROCESSING_HALTED", "The transaction was rolled back").body()
            answers = [answer if answer.status >= 400 else Answer(400, halted) for answer in answers]
        told = [
            {"body": answer.body, "httpHeaders": {}, "httpStatusCode": answer.status, "referenceId": part.referenceId}
            for part, answer in zip(parts, answers, strict=True)
        ]
        return Answer(200, {"compositeResponse": told})

    def _part(self, part: "_Subrequest") -> Answer:
        url = urlsplit(part.url)
        try:
            if url.scheme or url.netloc or not url.path.startswith("/services/data/"):
                raise not_found()
            if part.method != "GET":
                raise not_modelled(f"{part.method} in a composite request")
            version, *rest = url.path.removeprefix("/services/data/").strip("/").split("/")
            return self._get(version, rest, url.query, None)
        except ApiRefusal as refusal:
            return Answer(refusal.status, refusal.body())


class _Subrequest(msgspec.Struct):
    method: str
    url: str
    referenceId: str


class _Envelope(msgspec.Struct):
    compositeRequest: list[_Subrequest]
    allOrNone: bool = False


def _is_query(part: _Subrequest) -> bool:
    return re.match(r"/services/data/[^/]+/query(All)?(/|\?|$)", part.url) is not None


def _check_version(version: str) -> None:
    match = re.fullmatch(r"v(\d{1,3})\.0", version)
    number = int(match.group(1)) if match else 0
    if match and 0 < number <= RETIRED_UP_TO:
        raise ApiRefusal(410, "UNSUPPORTED_API_VERSION", "This version was retired")
    if not SUPPORTED_FROM <= number <= SUPPORTED_TO:
        raise not_found()
