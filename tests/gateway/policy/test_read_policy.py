import pytest

from gateway.policy import packaged_policy
from sources.canonical.actor import Actor, Grants
from sources.canonical.sensitivity import Sensitivity

INT, P, F, T = (Sensitivity[name] for name in ("INTERNAL", "PERSONAL", "FINANCIAL", "TAX"))
READ, CHANGE, AUDIT, INTROSPECT = "systems:read", "systems:change", "audit:read", "schema:introspect"


def grants(*roles, scopes=(), development=False):
    actor = Actor(issuer="i", subject="s", roles=roles, scopes=tuple(scopes), development=development)
    return packaged_policy().grants(actor)


@pytest.mark.parametrize(
    ("role", "classes", "permissions"),
    [
        ("support_agent", {INT, P, F}, set()),
        ("support_lead", {INT, P, F}, {READ}),
        ("finance_analyst", {INT, P, F, T}, {READ}),
        ("finance_approver", {INT, P, F, T}, {READ, AUDIT}),
        ("auditor", {INT, P, F, T}, {READ, AUDIT}),
        ("platform_admin", {INT}, {READ, CHANGE}),
        ("integration", set(), set()),
        ("king", set(), set()),
    ],
)
def test_a_role_grants_what_the_table_says(role, classes, permissions):
    assert grants(role) == Grants(frozenset(classes), frozenset(permissions))


def test_no_role_grants_nothing():
    assert grants() == Grants()


def test_roles_add_up():
    assert grants("support_agent", "platform_admin", "king") == Grants(
        frozenset({INT, P, F}), frozenset({READ, CHANGE})
    )


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("read:internal", Grants(frozenset({INT}))),
        ("read:personal", Grants(frozenset({P}))),
        ("read:financial", Grants(frozenset({F}))),
        ("read:tax", Grants(frozenset({T}))),
        ("introspect", Grants(permissions=frozenset({INTROSPECT}))),
        ("read:everything", Grants()),
        ("class:TAX", Grants()),
        ("systems:change", Grants()),
    ],
)
def test_an_integration_has_what_its_scopes_say(scope, expected):
    assert grants("integration", scopes=[scope]) == expected


def test_scopes_without_the_role_grant_nothing():
    assert grants("support_agent", scopes=["read:tax", "introspect"]) == grants("support_agent")


def test_everyone_introspects_on_the_development_issuers_word():
    assert grants("auditor", development=True).permissions == {READ, AUDIT, INTROSPECT}


def test_a_fingerprint_tells_grants_apart():
    prints = {grants(role).fingerprint for role in packaged_policy().roles}
    assert len(prints) == 6  # finance_approver and auditor see the same
    assert grants("auditor").fingerprint == "FINANCIAL INTERNAL PERSONAL TAX audit:read systems:read"
