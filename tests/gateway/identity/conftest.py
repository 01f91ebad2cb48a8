import json
import ssl
import time

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gateway.configuration.sections import IdentitySection
from gateway.identity import Authenticator
from gateway.identity.issuer import IssuerKeys
from sources.simulation.harness import Harness, answer
from sources.simulation.serving import serving

AUDIENCE = "urn:c360:gateway"
RSA_KEY = rsa.generate_private_key(65537, 2048)  # slow to make: once for all tests
TRUST = ssl.create_default_context()  # likewise
ALGORITHM_CLASSES = {"RS": jwt.algorithms.RSAAlgorithm, "PS": jwt.algorithms.RSAAlgorithm}
ALGORITHM_CLASSES |= {"ES": jwt.algorithms.ECAlgorithm, "Ed": jwt.algorithms.OKPAlgorithm}


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """An OpenID issuer: discovery, a key set that a test may change, and any token that it is asked to sign."""

    def __init__(self) -> None:
        self.harness = Harness(self._app)
        self.url = ""
        self.keys = {}
        self.add("k1", "ES256", ec.generate_private_key(ec.SECP256R1()))
        self.discovery = {}

    def add(self, kid, algorithm, key, **extra):
        self.keys[kid] = (algorithm, key, extra)

    def jwks(self):
        entries = []
        for kid, (algorithm, key, extra) in self.keys.items():
            public = ALGORITHM_CLASSES[algorithm[:2]].to_jwk(key.public_key(), as_dict=True)
            entries.append({key: value for key, value in (public | {"kid": kid} | extra).items() if value is not None})
        return {"keys": entries}

    async def _app(self, scope, receive, send):
        if scope["path"].endswith("openid-configuration"):
            document = {"issuer": self.url, "jwks_uri": f"{self.url}jwks"} | self.discovery
        else:
            document = self.jwks()
        await answer(send, 200, json.dumps(document).encode())

    def fetches(self):
        return sum(call.path == "/jwks" for call in self.harness.calls)

    def claims(self, **changed):
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 600, "tenant": "acme"}
        claims |= {"roles": ["support_agent"], "email": "ann@acme.example", "name": "Ann"} | changed
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, kid="k1", headers=None, **changed):
        algorithm, key, _ = self.keys[kid]
        head = {"kid": kid, "typ": "at+jwt"} | (headers or {})
        given = {name: value for name, value in head.items() if value is not ...}
        return jwt.encode(self.claims(**changed), key, algorithm, given)


@pytest.fixture
async def issuer():
    made = Issuer()
    async with serving(made.harness) as url:
        made.url = url + "/"
        yield made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def keys(issuer, clock):
    async with httpx.AsyncClient(verify=TRUST) as client:
        made = IssuerKeys(issuer.url, client, clock)
        yield made
        await made.close()


@pytest.fixture
def section(issuer):
    return IdentitySection(issuer=issuer.url, audience=AUDIENCE, tenant="acme")


@pytest.fixture
def authenticate(section, keys, issuer):
    authenticator = Authenticator(section, keys, issuer.url)

    async def of_token(token):
        return await authenticator.authenticate(f"Bearer {token}")

    return of_token


@pytest.fixture
def rsa_key():
    return RSA_KEY


@pytest.fixture
def ed_key():
    return ed25519.Ed25519PrivateKey.generate()
