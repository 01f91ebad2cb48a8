import asyncio

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.identity import IssuerUnavailable, Unauthenticated
from gateway.identity.issuer import ASK_AGAIN_SECONDS, DOCUMENT_BYTES, KEEP_SECONDS, REFRESH_SECONDS
from gateway.identity.keys import key_set
from sources.simulation.harness import Switches


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


async def test_many_tokens_cost_one_fetch(authenticate, issuer):
    await asyncio.gather(*(authenticate(issuer.token(sub=f"s{n}")) for n in range(20)))
    assert (issuer.fetches(), issuer.harness.count) == (1, 2)


async def test_a_new_key_is_fetched_when_a_token_names_it(authenticate, issuer, clock):
    await authenticate(issuer.token())
    issuer.add("k2", "ES256", ec_key())
    clock.now += ASK_AGAIN_SECONDS
    assert (await authenticate(issuer.token("k2"))).subject == "ann"
    assert issuer.fetches() == 2


async def test_a_stranger_cannot_make_us_hammer_the_issuer(authenticate, issuer):
    await authenticate(issuer.token())
    for n in range(20):
        with pytest.raises(Unauthenticated, match="does not publish"):
            await authenticate(issuer.token(headers={"kid": f"invented-{n}"}))
    assert issuer.fetches() == 1


async def test_a_withdrawn_key_is_forgotten_at_the_next_look(authenticate, issuer, keys, clock):
    issuer.add("k2", "ES256", ec_key())
    await authenticate(issuer.token("k2"))
    withdrawn = issuer.token("k2", sub="bo")
    del issuer.keys["k2"]
    clock.now += REFRESH_SECONDS + 1
    await authenticate(issuer.token())  # known key: goes on at once, the look happens behind it
    await keys._refresh
    with pytest.raises(Unauthenticated):
        await authenticate(withdrawn)


async def test_known_keys_go_on_while_the_issuer_is_down(authenticate, issuer, keys, clock):
    await authenticate(issuer.token())
    issuer.harness.switches = Switches(status=503)
    clock.now += REFRESH_SECONDS + 1
    await authenticate(issuer.token(sub="bo"))
    await keys._refresh
    assert keys.failure == "answers 503 at /.well-known/openid-configuration"
    assert (await authenticate(issuer.token(sub="cy"))).subject == "cy"


async def test_known_keys_do_not_go_on_for_ever(authenticate, issuer, clock):
    await authenticate(issuer.token())
    issuer.harness.switches = Switches(status=503)
    clock.now += KEEP_SECONDS + 1
    with pytest.raises(IssuerUnavailable):
        await authenticate(issuer.token(sub="bo"))


@pytest.mark.parametrize(
    ("switches", "why"),
    [
        (Switches(status=503), "answers 503"),
        (Switches(html=True), "answers 502"),
        (Switches(garbage=True), "sends no JSON object"),
        (Switches(status=200, body="[]"), "sends no JSON object"),
        (Switches(status=200, body="[" * 100_000), "sends no JSON object"),
        (Switches(status=200, body=" " * (DOCUMENT_BYTES + 1)), "sends more than"),
        (Switches(status=200, body="{}"), "names another issuer"),
        (Switches(status=307), "answers 307"),
        (Switches(only="jwks", status=200, body='{"keys":[{"kty":"oct","k":"c2VjcmV0"}, 7]}'), "publishes no key"),
        (Switches(only="jwks", status=200, body="{}"), "publishes no key"),
    ],
)
async def test_an_issuer_that_does_not_give_its_keys_is_a_503(authenticate, issuer, keys, switches, why):
    issuer.harness.switches = switches
    with pytest.raises(IssuerUnavailable) as caught:
        await authenticate(issuer.token())
    assert (caught.value.status, caught.value.retryable) == (503, True)
    assert why in keys.failure


async def test_an_issuer_that_hangs_costs_no_more_than_its_deadline(authenticate, issuer, keys, monkeypatch):
    monkeypatch.setattr("gateway.identity.issuer.FETCH_SECONDS", 0.1)
    issuer.harness.switches = Switches(hang=True)
    with pytest.raises(IssuerUnavailable):
        await authenticate(issuer.token())
    assert keys.failure == "does not answer (TimeoutError)"


@pytest.mark.parametrize("address", ["http://keys.example.com/jwks", "file:///etc/passwd", 7, None])
async def test_keys_are_not_fetched_from_just_anywhere(authenticate, issuer, keys, address):
    issuer.discovery = {"jwks_uri": address}
    with pytest.raises(IssuerUnavailable):
        await authenticate(issuer.token())
    assert keys.failure == "names no https address for its keys"


async def test_a_token_without_a_key_id_is_taken_where_one_key_alone_can_be_meant(authenticate, issuer, clock):
    token = issuer.token(headers={"kid": ...})
    assert (await authenticate(token)).subject == "ann"
    issuer.add("k2", "ES256", ec_key())
    clock.now += ASK_AGAIN_SECONDS
    with pytest.raises(Unauthenticated):
        await authenticate(issuer.token(headers={"kid": "k3"}))
    with pytest.raises(Unauthenticated, match="does not publish"):
        await authenticate(issuer.token(headers={"kid": ...}, sub="bo"))


async def test_a_short_rsa_key_is_not_used(issuer, rsa_key):
    issuer.add("strong", "PS256", rsa_key)
    issuer.add("weak", "PS256", rsa.generate_private_key(65537, 1024))
    assert {kid for kid, _ in key_set(issuer.jwks()["keys"]).by_id} == {"k1", "strong"}
