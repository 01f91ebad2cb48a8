"""Who asks: a person or a program, with roles, scopes, and the rows it is limited to."""

import msgspec


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
