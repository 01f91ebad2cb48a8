"""Query.viewer: who asks, and what is withheld."""

from typing import Any

import msgspec
from strawberry.types import Info

from resolvers.context import context
from resolvers.exposure import exposed, field


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as the token says. Of no class: everyone may know what is withheld from them."""

    subject: str
    """The token's subject."""
    name: str | None
    """The name that the token gives."""
    roles: tuple[str, ...]
    """The roles that the token gives."""
    scopes: tuple[str, ...]
    """The scopes that the token gives."""
    withheld: tuple[str, ...]
    """Field coordinates that this viewer never sees, e.g. "Customer.taxContext"."""


def viewer(info: Info[Any, Any]) -> Viewer:
    shared = context(info)
    actor = shared.actor
    return Viewer(
        subject=actor.subject,
        name=actor.name,
        roles=actor.roles,
        scopes=actor.scopes,
        withheld=tuple(sorted(shared.mask.coordinates)),
    )


VIEWER = field(viewer, exposed(Viewer), "Who asks, and what is withheld from them.")
