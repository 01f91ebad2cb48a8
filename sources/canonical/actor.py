"""Who asks: a person or a program, with roles, scopes, and the rows it is limited to."""

import msgspec

from sources.canonical.sensitivity import Sensitivity


class RowLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Which customers an actor may see. What is None does not limit; what is given must all hold."""

    customers: frozenset[str] | None = None  # global ids or customer numbers
    owner: str | None = None
    tier: str | None = None

    @property
    def unlimited(self) -> bool:
        return self.customers is None and self.owner is None and self.tier is None


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """The caller, as its token says."""

    issuer: str
    subject: str
    name: str | None = None
    person: bool = False
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    rows: RowLimit = RowLimit()
    expires_at: float = 0.0  # epoch seconds
    development: bool = False  # the token is of the development issuer
    acting: str | None = None  # who acts in the subject's name, by its own subject. Source: RFC 8693, 4.1 ("act")


class Grants(msgspec.Struct, frozen=True):
    """What an actor's roles and scopes let it see. Hashable, so that a mask is worked out once for each Grants."""

    classes: frozenset[Sensitivity] = frozenset()
    permissions: frozenset[str] = frozenset()
    """E.g. "systems:read", "systems:change", "audit:read", "schema:introspect"."""

    @property
    def fingerprint(self) -> str:
        """The same for the same grants, in every process."""
        return " ".join([*sorted(each.value for each in self.classes), *sorted(self.permissions)])
