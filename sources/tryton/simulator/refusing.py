"""How Tryton refuses over REST: status, body, and its own words. Seen at a running server 8.2.1."""

from typing import Any, NoReturn

import msgspec

HTML = [(b"content-type", b"text/html; charset=utf-8")]
LOCKED = "could not obtain lock on row in relation &#34;ir_sequence_strict&#34;"


class Refusal(Exception):
    """An answer that is no success; nothing of the request is done."""

    def __init__(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


def page(title: str, text: str) -> bytes:
    """A page of werkzeug's."""
    return f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n".encode()


def user_error(message: str) -> NoReturn:
    """UserError, and UserWarning alike."""
    raise Refusal(400, msgspec.json.encode({"status": 400, "message": message, "description": ""}), [])


def not_there() -> NoReturn:
    """No such record."""
    raise Refusal(404, page("404 Not Found", "The requested URL was not found on the server."), HTML)


def forbidden() -> NoReturn:
    """A method that is not exposed, or not to this user."""
    raise Refusal(403, page("403 Forbidden", "You don&#39;t have the permission."), HTML)


def locked() -> NoReturn:
    """Two transactions want a number of the same sequence: Tryton waits for neither."""
    raise Refusal(503, page("503 Service Unavailable", LOCKED), HTML)


def not_called(button: str, name: str, model: str) -> NoReturn:
    """A button that the record's state does not show."""
    user_error(f'You can not call "{button}" on "{name}" of "{label(model)}".')


def required(field: str, model: str) -> NoReturn:
    user_error(f'A value is required for field "{label(field)}" in "{label(model)}".')


def outside_domain(value: Any, field: str, name: str, model: str) -> NoReturn:
    user_error(
        f'The value "{value}" for field "{label(field)}" in record "{name}" of "{label(model)}" is not valid'
        " according to its domain."
    )


def label(name: str) -> str:
    """What a field or model is called on the screen."""
    return name.replace(".", " ").replace("_", " ").title()
