"""What pages of other sites may do: nothing, unless [cors] lists their origin.

A browser asks first (preflight) before it sends a bearer token, a JSON body or a header of the page's own. What it
sends without asking is refused here: a GET that it marks as another site's and that has none of the headers which
would have made it ask. Source: Fetch, CORS protocol; Apollo Server, preventing cross-site request forgery.
"""

from urllib.parse import urlsplit

from starlette.responses import Response

from gateway.configuration.sections import CorsSection
from gateway.edge.refusals import Refusal
from gateway.edge.requests import Request
from resolvers.errors import ErrorCode

METHODS = "GET, POST"
# What Apollo Client, urql, Relay's and graphql-request's users send, and what tracing adds.
REQUEST_HEADERS = (
    "accept, authorization, content-encoding, content-type, apollo-require-preflight, apollographql-client-name, "
    "apollographql-client-version, graphql-require-preflight, x-apollo-operation-name, x-correlation-id, "
    "traceparent, tracestate, baggage"
)
ANSWER_HEADERS = "x-correlation-id, retry-after, ratelimit, ratelimit-policy"
PREFLIGHTED = ("apollo-require-preflight", "x-apollo-operation-name", "graphql-require-preflight")
SIMPLE_TYPES = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
PREFLIGHT_SECONDS = 600  # Chromium keeps one no longer than two hours, Safari ten minutes


class Browsers:
    """Origins that may ask, and the headers that say so to a browser."""

    def __init__(self, section: CorsSection | None = None) -> None:
        self._section = section or CorsSection()
        self._origins = frozenset(self._section.allow_origins)

    def admits(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of that origin may ask: no page at all, one of this very host, or a listed one."""
        return origin is None or origin in self._origins or _same_host(origin, host)

    def preflight(self, request: Request) -> Response | None:
        """The answer to a browser that asks first; None where this is no such question, or nothing is listed."""
        asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
        if not (asks and self._origins):
            return None
        if request.headers.get("origin") not in self._origins:
            raise Refusal(403, ErrorCode.CROSS_SITE_REQUEST, "this origin is not among allow_origins of [cors]")
        headers = {
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": REQUEST_HEADERS,
            "access-control-max-age": str(PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=headers)

    def refuse_cross_site(self, request: Request) -> None:
        """Raise Refusal for a GET that a page of an unlisted site can make a browser send without asking."""
        if request.method != "GET" or _would_have_asked(request):
            return
        origin = request.headers.get("origin")
        elsewhere = request.headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
        if not self.admits(origin, request.headers.get("host")) or (elsewhere and origin not in self._origins):
            message = f"a page of another site asks: send the header {PREFLIGHTED[0]}, from an origin that [cors] lists"
            raise Refusal(403, ErrorCode.CROSS_SITE_REQUEST, message)

    def headers(self, request: Request) -> dict[str, str]:
        """What an answer carries for the browser. An origin that is not listed is never repeated."""
        if not self._origins:
            return {}
        told = {"vary": "origin"}
        origin = request.headers.get("origin")
        if origin in self._origins:
            told["access-control-allow-origin"] = origin
            told["access-control-expose-headers"] = ANSWER_HEADERS
            if self._section.allow_credentials:
                told["access-control-allow-credentials"] = "true"
        return told


def _would_have_asked(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type not in SIMPLE_TYPES or any(request.headers.get(name) for name in PREFLIGHTED)


def _same_host(origin: str, host: str | None) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and parts.netloc == host
