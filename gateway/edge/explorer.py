"""A page to try queries on, for development only: one file of ours, which loads nothing from anywhere."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.responses import Response

from gateway.edge.answers import OFFERS, SECURITY_HEADERS
from gateway.edge.negotiation import prefers
from gateway.edge.requests import Request

PAGE = Path(__file__).with_name("explorer.html")
HTML_TYPE = "text/html"


class Explorer:
    """The page, and who gets it. By its policy only its own script and style run, known by their hashes."""

    def __init__(self) -> None:
        self._content = PAGE.read_text(encoding="utf-8")
        policy = (
            f"default-src 'none'; script-src {_hashes(self._content, 'script')}; "
            f"style-src {_hashes(self._content, 'style')}; connect-src 'self'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'"
        )
        self._headers = {**SECURITY_HEADERS, "content-security-policy": policy, "vary": "accept"}

    def wanted(self, request: Request) -> bool:
        """Whether a person opens the address in a browser."""
        bare = request.method == "GET" and not request.query_string
        return bare and prefers(request.headers.get("accept"), HTML_TYPE, OFFERS)

    def page(self) -> Response:
        """The page."""
        return Response(self._content, 200, self._headers, media_type=HTML_TYPE)


def _hashes(page: str, tag: str) -> str:
    """Source: Content Security Policy Level 3, hash-source."""
    parts = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'" for part in parts)
