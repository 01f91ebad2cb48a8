"""What graphql-core says of bad input, in words that fit every client: short, and without those of Python."""

import re

from graphql import GraphQLError

from resolvers.errors import ErrorCode

LONGEST_MESSAGE = 400  # characters; graphql-core repeats a literal whole
CAUGHT = re.compile(r", but encountered error '.*?'; found: ", re.DOTALL)
SUGGESTION = re.compile(r" Did you mean .*", re.DOTALL)  # graphql-core makes some that it cannot be told to leave out
WORDS = {"None": "null", "True": "true", "False": "false"}
WORD = re.compile(r"\b(None|True|False)\b")


def plain(message: str) -> str:
    """The message without suggestions and the text of a scalar's exception; null and booleans named as in JSON."""
    said = WORD.sub(lambda found: WORDS[found[0]], SUGGESTION.sub("", CAUGHT.sub("; found: ", message)))
    return said if len(said) <= LONGEST_MESSAGE else said[:LONGEST_MESSAGE] + "…"


def in_plain_words(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    """The error, coded and plainly worded. One that has a code already is ours and stays as it is."""
    if error.extensions and "code" in error.extensions:
        return error
    extensions = {"code": code.value, "retryable": False}
    return GraphQLError(
        plain(error.message), error.nodes, error.source, error.positions, error.path, extensions=extensions
    )


def plainly(errors: list[GraphQLError]) -> list[GraphQLError]:
    """What graphql-core itself found wrong at a field is told in plain words; ours and exceptions stay as they are."""
    return [
        in_plain_words(each, ErrorCode.BAD_USER_INPUT)
        if isinstance(each.original_error or each, GraphQLError)
        else each
        for each in errors
    ]
