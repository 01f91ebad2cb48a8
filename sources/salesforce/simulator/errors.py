"""The errors of the REST API, as arrays of message and errorCode; the token endpoint has objects instead."""

from typing import Any


class ApiRefusal(Exception):
    """An answer that is an error. `fields` is told where the error is about some."""

    def __init__(self, status: int, code: str, message: str, fields: list[str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error if self.fields is None else {**error, "fields": self.fields}]


def malformed_query(message: str) -> ApiRefusal:
    return ApiRefusal(400, "MALFORMED_QUERY", message)


def not_modelled(what: str) -> ApiRefusal:
    """Valid at Salesforce, absent here: an honest refusal instead of a guess."""
    return ApiRefusal(400, "NOT_MODELLED", f"not modelled: {what}")


def not_found() -> ApiRefusal:
    return ApiRefusal(404, "NOT_FOUND", "The requested resource does not exist")
