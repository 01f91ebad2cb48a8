import base64
import json
import time

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.identity import Authenticator, Unauthenticated
from gateway.identity.authenticator import TOKEN_CHARACTERS
from gateway.identity.verification import LEEWAY_SECONDS
from sources.canonical.actor import RowLimit


async def refused(authenticate, token) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await authenticate(token)
    assert (caught.value.code, caught.value.status) == ("UNAUTHENTICATED", 401)
    assert 'error="invalid_token"' in caught.value.headers["www-authenticate"]
    if token:
        assert token not in str(caught.value)
    return caught.value.message


async def test_a_good_token_is_an_actor(authenticate, issuer):
    actor = await authenticate(issuer.token(scope="read:internal introspect"))
    assert (actor.issuer, actor.subject, actor.name) == (issuer.url, "ann", "Ann")
    assert actor.person
    assert actor.roles == ("support_agent",)
    assert actor.scopes == ("read:internal", "introspect")
    assert actor.rows.unlimited
    assert actor.expires_at > time.time() + 500
    assert not actor.development


async def test_a_token_without_the_human_claim_is_of_a_program(authenticate, issuer):
    assert not (await authenticate(issuer.token(email=...))).person


async def test_the_second_use_of_a_token_looks_nothing_up(section, issuer):
    class Counting:
        asked = 0

        async def find(self, kid, algorithm):
            self.asked += 1
            return jwt.PyJWK(issuer.jwks()["keys"][0], algorithm)

    counting = Counting()
    authenticator = Authenticator(section, counting, issuer.url)
    token = issuer.token()
    first, second = [await authenticator.authenticate(f"Bearer {token}") for _ in range(2)]
    assert first is second
    assert counting.asked == 1


async def test_a_remembered_token_expires_all_the_same(authenticate, issuer):
    token = issuer.token(exp=int(time.time()) + 100)
    await authenticate(token)
    with time_machine.travel(time.time() + 100 + LEEWAY_SECONDS + 1):
        assert await refused(authenticate, token) == "The token has expired"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA"])
async def test_the_other_public_key_algorithms_are_taken(authenticate, issuer, rsa_key, ed_key, algorithm):
    issuer.add("k2", algorithm, ed_key if algorithm == "EdDSA" else rsa_key)
    assert (await authenticate(issuer.token("k2"))).subject == "ann"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"aud": "urn:other"}, "The token is for another audience"),
        ({"aud": ...}, "The token's claim aud is empty or missing"),
        ({"iss": "https://evil.example.com/"}, "The token is of another issuer"),
        ({"tenant": "globex"}, "The token is for another tenant"),
        ({"tenant": ["acme"]}, "The token is for another tenant"),
        ({"exp": 1}, "The token has expired"),
        ({"exp": ...}, "The token's claim exp is empty or missing"),
        ({"exp": 1e400}, "The token's signature or claims are not valid"),
        ({"nbf": 4102444800}, "The token is not valid yet"),
        ({"iat": 4102444800}, "The token is not valid yet"),
        ({"sub": ...}, "The token's claim sub is empty or missing"),
        ({"sub": ""}, "The token's claim sub is empty or missing"),
        ({"sub": "x" * 300}, "The token's claim sub has a shape that is not understood"),
        ({"roles": {"admin": True}}, "The token's claim roles has a shape that is not understood"),
        ({"roles": ["support_agent", 7]}, "The token's claim roles has a shape that is not understood"),
        ({"scope": 7}, "The token's claim scope has a shape that is not understood"),
        ({"customers": "C-1"}, "The token's claim customers has a shape that is not understood"),
        ({"customers": None}, "The token's claim customers has a shape that is not understood"),
        ({"customers": [1]}, "The token's claim customers has a shape that is not understood"),
        ({"owner": ""}, "The token's claim owner is empty or missing"),
        ({"owner": None}, "The token's claim owner is empty or missing"),
        ({"tier": ["gold"]}, "The token's claim tier has a shape that is not understood"),
        ({"act": "bot"}, "The token's claim act has a shape that is not understood"),
        ({"act": None}, "The token's claim act has a shape that is not understood"),
        ({"act": {}}, "The token's claim act.sub is empty or missing"),
        ({"act": {"sub": ""}}, "The token's claim act.sub is empty or missing"),
        ({"act": {"sub": ["bot"]}}, "The token's claim sub has a shape that is not understood"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(authenticate, issuer, changed, said):
    assert await refused(authenticate, issuer.token(**changed)) == said


async def test_clocks_may_differ_a_little(authenticate, issuer):
    now = int(time.time())
    await authenticate(issuer.token(exp=now - LEEWAY_SECONDS + 5))
    await authenticate(issuer.token(nbf=now + LEEWAY_SECONDS - 5))


async def test_a_token_without_a_tenant_is_of_the_only_one(authenticate, issuer):
    assert (await authenticate(issuer.token(tenant=...))).subject == "ann"


async def test_a_token_says_who_acts_in_the_subjects_name(authenticate, issuer):
    actor = await authenticate(issuer.token(act={"sub": "bot", "act": {"sub": "an earlier one"}}))
    assert (actor.subject, actor.acting) == ("ann", "bot")
    assert (await authenticate(issuer.token())).acting is None


async def test_a_token_may_narrow_the_rows(authenticate, issuer):
    actor = await authenticate(issuer.token(customers=["C-1", "C-2"], owner="Bo", tier="gold"))
    assert actor.rows == RowLimit(customers=frozenset({"C-1", "C-2"}), owner="Bo", tier="gold")
    assert (await authenticate(issuer.token(customers=[]))).rows.customers == frozenset()


async def test_roles_are_found_under_a_url_or_along_a_path(keys, issuer, section):
    for claim, changed in (("https://a.example/roles", {"https://a.example/roles": ["x"]}), ("realm.roles", {})):
        authenticator = Authenticator(section.model_copy(update={"roles_claim": claim}), keys, issuer.url)
        token = issuer.token(**changed, realm={"roles": ["x"]})
        assert (await authenticator.authenticate(f"Bearer {token}")).roles == ("x",)


async def test_scp_stands_in_for_scope(authenticate, issuer):
    assert (await authenticate(issuer.token(scp=["read:tax", "introspect"]))).scopes == ("read:tax", "introspect")
    assert (await authenticate(issuer.token(scp="read:tax"))).scopes == ("read:tax",)


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


async def test_a_token_that_nobody_signed_is_refused(authenticate, issuer):
    unsigned = jwt.encode(issuer.claims(), None, "none", {"kid": "k1"})
    for algorithm in ("none", "None", "NONE", ""):
        header = part(json.dumps({"alg": algorithm, "kid": "k1"}).encode())
        token = ".".join([header, unsigned.split(".")[1], ""])
        assert await refused(authenticate, token) == "The token is signed in a way that is not allowed here"


async def test_the_public_key_is_no_shared_secret(authenticate, issuer, rsa_key):
    issuer.add("k2", "RS256", rsa_key)
    pem = rsa_key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    import hashlib
    import hmac

    head = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "k2"}).encode())
    body = part(json.dumps(issuer.claims()).encode())
    token = f"{head}.{body}.{part(hmac.new(pem, f'{head}.{body}'.encode(), hashlib.sha256).digest())}"
    assert await refused(authenticate, token) == "The token is signed in a way that is not allowed here"
    assert issuer.harness.count == 0


async def test_a_key_bound_to_one_algorithm_verifies_no_other(authenticate, issuer, rsa_key):
    issuer.add("k2", "PS256", rsa_key, alg="RS256")
    await refused(authenticate, issuer.token("k2"))


async def test_a_key_for_encryption_verifies_nothing(authenticate, issuer, rsa_key):
    issuer.add("k2", "RS256", rsa_key, use="enc")
    await refused(authenticate, issuer.token("k2"))


async def test_a_foreign_signature_is_refused(authenticate, issuer):
    foreign = jwt.encode(issuer.claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": "k1"})
    assert await refused(authenticate, foreign) == "The token's signature or claims are not valid"


async def test_a_changed_body_is_refused(authenticate, issuer):
    head, _, signature = issuer.token().split(".")
    body = part(json.dumps(issuer.claims(roles=["platform_admin"])).encode())
    assert await refused(authenticate, f"{head}.{body}.{signature}") == "The token's signature or claims are not valid"


async def test_an_id_token_by_its_type_is_refused(authenticate, issuer):
    said = await refused(authenticate, issuer.token(headers={"typ": "logout+jwt"}))
    assert said == "The token is not an access token"


async def test_critical_headers_that_nobody_understands_are_refused(authenticate, issuer):
    await refused(authenticate, issuer.token(headers={"crit": ["b64x"], "b64x": True}))


async def test_a_huge_token_is_refused_unread(authenticate, issuer):
    await refused(authenticate, issuer.token(padding="x" * TOKEN_CHARACTERS))
    assert issuer.harness.count == 0


NESTED = part(b'{"alg":"ES256","kid":' + b"[" * 5000 + b"]" * 5000 + b"}") + ".e30.e30"


@pytest.mark.parametrize(
    "token",
    ["", "x", "a.b", "a.b.c", "....", "é.é.é", "\ud800", part(b"[]") + ".e30.e30", NESTED, "e30.e30.e30", "a b"],
)
async def test_garbage_is_refused(authenticate, issuer, token):
    await refused(authenticate, token)
    assert issuer.harness.count == 0


@pytest.mark.parametrize("header", [None, ""])
async def test_without_a_token_there_is_a_bare_challenge(keys, issuer, section, header):
    with pytest.raises(Unauthenticated) as caught:
        await Authenticator(section, keys, issuer.url).authenticate(header)
    assert caught.value.headers == {"www-authenticate": "Bearer"}


async def test_another_scheme_is_refused(keys, issuer, section):
    with pytest.raises(Unauthenticated, match="not a bearer token"):
        await Authenticator(section, keys, issuer.url).authenticate("Basic YTpi")
