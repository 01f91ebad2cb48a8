"""What a client of deferred parts is told: one payload for each part, in the format that it reads.

Source: GraphQL over HTTP, Incremental Delivery; graphql.org's "Incremental delivery" RFC for pending, incremental and
completed, which Apollo calls incremental v0.2; graphql-js 17.0.0-alpha.2 for the earlier format, deferSpec=20220824.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from graphql import GraphQLError
from graphql.execution import (
    IncrementalDeferResult,
    InitialIncrementalExecutionResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from gateway.edge.answers import EVENT_TYPE, MULTIPART_TYPE, OFFERS
from gateway.edge.execution import log_unexpected
from gateway.edge.negotiation import parameters_of, prefers
from gateway.edge.viewing import Viewing
from gateway.edge.wording import plainly
from resolvers.errors import formatted

Payload = dict[str, Any]
Path = list[str | int]


class Format(Enum):
    """A format of payloads, by the parameter of the media type that asks for it."""

    CURRENT = "incrementalspec=v0.2"
    EARLIER = "deferspec=20220824"


def wanted(accept: str | None) -> Format | None:
    """The format in which the client prefers parts to an answer of another type; None where it does not."""
    if not prefers(accept, MULTIPART_TYPE, (*OFFERS, EVENT_TYPE)):
        return None
    for parameters in parameters_of(accept, MULTIPART_TYPE):
        specified = [each for each in parameters if each.partition("=")[0].endswith("spec")]
        if not specified:
            return Format.CURRENT
        for known in Format:
            if specified == [known.value]:
                return known
    return None


class Telling:
    """The payloads of one operation, and the codes of the errors in them."""

    def __init__(self, viewing: Viewing, form: Format) -> None:
        self.form = form
        self.codes: list[str] = []
        self._viewing = viewing
        self._pending: dict[str, PendingResult] = {}
        self._beside: list[GraphQLError] = []

    def first(self, result: InitialIncrementalExecutionResult) -> Payload:
        """The payload of what is not deferred, with the errors so far."""
        payload: Payload = {"data": result.data}
        self._tell_errors(payload, [*(result.errors or ()), *self._arisen()])
        payload["pending"] = self._opened(result.pending)
        payload["hasNext"] = True
        return self._formed(payload)

    def next(self, result: SubsequentIncrementalExecutionResult) -> Payload:
        """The payload of parts that are done, each with its errors."""
        self._beside += self._arisen()
        payload: Payload = {"hasNext": result.has_next}
        if result.pending:
            payload["pending"] = self._opened(result.pending)
        incremental = [each for each in result.incremental or () if isinstance(each, IncrementalDeferResult)]
        if incremental:
            payload["incremental"] = [self._part(each) for each in incremental]
        if result.completed:
            payload["completed"] = [self._completed(each.id, each.errors) for each in result.completed]
        return self._formed(payload)

    def cut_off(self, error: GraphQLError) -> Payload:
        """The last payload where what is pending will not come."""
        return self._formed({"hasNext": False, "completed": [self._completed(each, [error]) for each in self._pending]})

    def _opened(self, pending: Iterable[PendingResult]) -> list[Payload]:
        told = []
        for each in pending:
            self._pending[each.id] = each
            told.append({"id": each.id, "path": each.path, **_label(each)})
        return told

    def _part(self, result: IncrementalDeferResult) -> Payload:
        part: Payload = {"id": result.id, "data": result.data}
        if result.sub_path:
            part["subPath"] = result.sub_path
        path = [*self._pending[result.id].path, *(result.sub_path or ())]
        self._tell_errors(part, [*(result.errors or ()), *self._beside_of(path, result.data)])
        return part

    def _completed(self, identifier: str, errors: Sequence[GraphQLError] | None) -> Payload:
        completed: Payload = {"id": identifier}
        if errors:
            self._tell_errors(completed, [*errors, *self._beside_of(self._pending[identifier].path, None)])
        return completed

    def _tell_errors(self, part: Payload, errors: list[GraphQLError]) -> None:
        if errors:
            log_unexpected(errors, self._viewing.correlation_id)
            part["errors"] = formatted(plainly(errors), self._viewing.correlation_id)
            self.codes += [str(each["extensions"]["code"]) for each in part["errors"]]

    def _arisen(self) -> list[GraphQLError]:
        arisen = list(self._viewing.beside)
        self._viewing.beside.clear()
        return arisen

    def _beside_of(self, path: Path, data: Any) -> list[GraphQLError]:
        """Takes the errors that stand beside data of this part."""
        here = [error for error in self._beside if _holds(path, data, error.path or [])]
        self._beside = [error for error in self._beside if error not in here]
        return here

    def _formed(self, payload: Payload) -> Payload:
        formed = payload if self.form is Format.CURRENT else self._earlier(payload)
        for each in payload.get("completed", ()):
            del self._pending[each["id"]]
        return formed

    def _earlier(self, payload: Payload) -> Payload:
        """The payload with paths in place of ids; what failed as a whole is a part without data."""
        failed = [{**each, "data": None} for each in payload.get("completed", ()) if "errors" in each]
        parts = [self._placed(each) for each in (*payload.get("incremental", ()), *failed)]
        kept = {key: value for key, value in payload.items() if key not in ("pending", "incremental", "completed")}
        return {**kept, "incremental": parts} if parts else kept

    def _placed(self, part: Payload) -> Payload:
        pending = self._pending[part["id"]]
        errors = {"errors": part["errors"]} if "errors" in part else {}
        return {"data": part["data"], "path": [*pending.path, *part.get("subPath", ())], **_label(pending), **errors}


def _label(pending: PendingResult) -> Payload:
    return {} if pending.label is None else {"label": pending.label}


def _holds(path: Path, data: Any, place: Sequence[str | int]) -> bool:
    """Whether the place in the answer lies within the data that stand at the path."""
    if list(place[: len(path)]) != path:
        return False
    for key in place[len(path) :]:
        if data is None:
            return True
        if isinstance(data, dict) and key not in data:
            return False
        data = data[key]
    return True
