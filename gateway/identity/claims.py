"""The claims of a verified token as an Actor."""

from collections.abc import Mapping
from typing import Any

from gateway.configuration.sections import IdentitySection
from gateway.identity.faults import Unauthenticated
from sources.canonical.actor import Actor, RowLimit

WORD_LENGTH = 256  # of a subject, a role, a scope: longer ones are no names, and they go to every log line
WORDS_AT_MOST = 200
CUSTOMERS_AT_MOST = 1000  # in one token's row limit


def actor_of(claims: Mapping[str, Any], section: IdentitySection, *, development: bool = False) -> Actor:
    """The actor; raises Unauthenticated where a claim has a shape that could be misread as more than was meant.

    A token without a tenant claim is taken: its audience already names this deployment.
    """
    if section.tenant_claim in claims and claims[section.tenant_claim] != section.tenant:
        raise Unauthenticated("The token is for another tenant")
    return Actor(
        issuer=str(claims["iss"]),
        subject=_word(claims, "sub") or _missing("sub"),
        name=_name(claims),
        person=bool(_word(claims, section.human_claim)),
        roles=_words(section.roles_claim, _at(claims, section.roles_claim)),
        scopes=_words("scope", claims.get("scope", claims.get("scp")), separated=True),
        rows=_rows(claims),
        expires_at=float(claims["exp"]),
        development=development,
        acting=_acting(claims),
    )


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path with dots (Keycloak: realm_access.roles); a URL as a name has dots too."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _name(claims: Mapping[str, Any]) -> str | None:
    """For show only, so that a strange one is left out and refuses nobody."""
    name = claims.get("name", claims.get("preferred_username"))
    return name if isinstance(name, str) and len(name) <= WORD_LENGTH else None


def _acting(claims: Mapping[str, Any]) -> str | None:
    """Who acts now in the subject's name; actors before it (nested) say nothing about rights. Source: RFC 8693, 4.1."""
    if "act" not in claims:
        return None
    act = claims["act"]
    if not isinstance(act, Mapping):
        raise _misshapen("act")
    return _word(act, "sub") or _missing("act.sub")


def _rows(claims: Mapping[str, Any]) -> RowLimit:
    customers = None
    if "customers" in claims:
        customers = frozenset(_list("customers", claims["customers"], CUSTOMERS_AT_MOST))
    return RowLimit(customers=customers, owner=_limit(claims, "owner"), tier=_limit(claims, "tier"))


def _limit(claims: Mapping[str, Any], name: str) -> str | None:
    """A limit that is there but says nothing is an error: read as "no limit" it would show every row."""
    if name not in claims:
        return None
    return _word(claims, name) or _missing(name)


def _word(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > WORD_LENGTH):
        raise _misshapen(name)
    return value


def _words(name: str, value: Any, *, separated: bool = False) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split() if separated else [value]
    return tuple(_list(name, value, WORDS_AT_MOST))


def _list(name: str, value: Any, at_most: int) -> list[str]:
    if not isinstance(value, list) or len(value) > at_most:
        raise _misshapen(name)
    if not all(isinstance(item, str) and 0 < len(item) <= WORD_LENGTH for item in value):
        raise _misshapen(name)
    return value


def _missing(name: str) -> str:
    raise Unauthenticated(f"The token's claim {name} is empty or missing")


def _misshapen(name: str) -> Unauthenticated:
    return Unauthenticated(f"The token's claim {name} has a shape that is not understood")
