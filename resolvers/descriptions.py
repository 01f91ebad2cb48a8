"""The descriptions of the public schema: docstrings, and the string below each field of a record or an enum."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Mapping
from functools import cache

OUR_FLOORS = ("sources", "resolvers", "mutations", "gateway")


def field_descriptions(record: type) -> Mapping[str, str]:
    """The string below each field, own and inherited: {"number": "The number printed on it."}"""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if base.__module__.split(".")[0] in OUR_FLOORS:
            found |= _own_descriptions(base)
    return found


@cache
def _own_descriptions(record: type) -> Mapping[str, str]:
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(record))).body
    found = {}
    statements = getattr(body, "body", [])
    for statement, below in itertools.pairwise(statements):
        name = _assigned(statement)
        if name and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[name] = inspect.cleandoc(str(below.value.value))
    return found


def _assigned(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None
