"""Who asks: a bearer token of an OpenID issuer becomes an Actor, or the request is refused."""

from gateway.identity.authenticator import Authenticator
from gateway.identity.faults import IssuerUnavailable, Unauthenticated

__all__ = ["Authenticator", "IssuerUnavailable", "Unauthenticated"]
