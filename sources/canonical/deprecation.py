"""What will be taken out of the public schema, declared on the field."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Deprecated:
    """Attached to an annotation: `Annotated[str | None, Deprecated("use legal_name")]`."""

    reason: str
    """What to use instead, and until when it stays."""


def deprecation_of(attached: tuple[object, ...]) -> str | None:
    """The reason among what is attached to an annotation; None where it stays."""
    return next((mark.reason for mark in attached if isinstance(mark, Deprecated)), None)
