"""What an actor may see, by its roles and scopes: data, read from policy_defaults/roles.toml."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Literal

import msgspec

from sources.canonical.actor import Actor, Grants
from sources.canonical.sensitivity import Sensitivity

SYSTEMS_READ = "systems:read"
SYSTEMS_CHANGE = "systems:change"
AUDIT_READ = "audit:read"
INTROSPECT = "schema:introspect"
CLASS_PREFIX = "class:"
KEPT_SUMS = 1000  # roles and scopes come together in few ways

PERMISSIONS_BY_SYSTEMS: Mapping[str, frozenset[str]] = {
    "none": frozenset(),
    "read": frozenset({SYSTEMS_READ}),
    "change": frozenset({SYSTEMS_READ, SYSTEMS_CHANGE}),
}


class Role(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A role of the table."""

    description: str
    classes: frozenset[Sensitivity] = frozenset()
    systems: Literal["none", "read", "change"] = "none"
    audit: bool = False
    scopes: bool = False

    @property
    def grants(self) -> Grants:
        audit = frozenset({AUDIT_READ}) if self.audit else frozenset()
        return Grants(self.classes, PERMISSIONS_BY_SYSTEMS[self.systems] | audit)


class ReadPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which roles and scopes grant what."""

    version: int
    roles: dict[str, Role]
    scopes: dict[str, str]

    def grants(self, actor: Actor) -> Grants:
        """The sum of what the actor's roles grant. A role that is not known grants nothing.

        On the development issuer's word everyone introspects, so that a tool on a laptop finds the schema.
        """
        roles = tuple([self.roles[name] for name in actor.roles if name in self.roles])
        asked = actor.scopes if any(role.scopes for role in roles) else ()
        scopes = tuple([self.scopes[name] for name in asked if name in self.scopes])
        return _sum_of(roles, scopes, actor.development)


@lru_cache(KEPT_SUMS)
def _sum_of(roles: Sequence[Role], scopes: Sequence[str], development: bool) -> Grants:
    given = [*(role.grants for role in roles), *map(_of_scope, scopes)]
    if development:
        given.append(Grants(permissions=frozenset({INTROSPECT})))
    return Grants(
        frozenset().union(*(each.classes for each in given)),
        frozenset().union(*(each.permissions for each in given)),
    )


def _of_scope(grant: str) -> Grants:
    if grant.startswith(CLASS_PREFIX):
        return Grants(classes=frozenset({Sensitivity(grant.removeprefix(CLASS_PREFIX))}))
    return Grants(permissions=frozenset({grant}))


def packaged_policy() -> ReadPolicy:
    """The policy that comes with the gateway."""
    table = resources.files("gateway").joinpath("policy_defaults/roles.toml").read_bytes()
    return msgspec.toml.decode(table, type=ReadPolicy)
