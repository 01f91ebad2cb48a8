"""The envelopes in which Zendesk complains: four of JSON, and plain text."""

from typing import Any

import msgspec
from starlette.responses import Response

Json = dict[str, Any]


class Complaint(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}

    def response(self, *, plain_text: bool = False) -> Response:
        """The answer; as text/plain where the account's faults come so."""
        if plain_text:
            return Response("Bad request", self.status, self.headers, "text/plain")
        return Response(msgspec.json.encode(self.body), self.status, self.headers, "application/json")


def unauthenticated() -> Complaint:
    return Complaint(401, {"error": "Couldn't authenticate you"})


def invalid_token() -> Complaint:
    text = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    return Complaint(401, {"error": "invalid_token", "error_description": text})


def missing_scope(scope: str = "read") -> Complaint:
    return Complaint(403, {"error": "Forbidden", "description": f"Missing the following required scopes: {scope}"})


def forbidden() -> Complaint:
    body = {"title": "Forbidden", "message": "You do not have access to this page. Please contact the account owner."}
    return Complaint(403, {"error": body})


def not_found() -> Complaint:
    return Complaint(404, {"error": "RecordNotFound", "description": "Not found"})


def no_such_endpoint() -> Complaint:
    return Complaint(404, {"error": "InvalidEndpoint", "description": "Not found"})


def too_many(what: str) -> Complaint:
    body = {"error": "TooManyValues", "description": f"{what} has more than 100 values", "max_count": 100}
    return Complaint(400, body)


def coded(status: int, code: str, title: str) -> Complaint:
    """The envelope of paging: a list of errors."""
    return Complaint(status, {"errors": [{"code": code, "title": title}]})


def invalid(status: int, description: str) -> Complaint:
    return Complaint(status, {"error": "invalid", "description": description})


def record_invalid(field: str, description: str) -> Complaint:
    """The envelope of a record that may not be so."""
    details = {field: [{"description": description}]}
    return Complaint(422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details})


def update_conflict() -> Complaint:
    text = "Safe Update prevented an update because the ticket changed since it was last read."
    return Complaint(409, {"error": "UpdateConflict", "description": text})


def throttled(seconds: int, headers: dict[str, str]) -> Complaint:
    body = {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests per minute exceeded"}
    return Complaint(429, body, headers | {"Retry-After": str(seconds)})
