"""What was asked, in words that may stand in a log: no host, no query, no id, no person."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

_WORD = re.compile(r"(?:[A-Za-z_][A-Za-z_.-]{0,39}|v\d{1,3}(?:\.\d{1,2})?)\Z")


@lru_cache(maxsize=1024)
def asked(method: str, url: str) -> str:
    """The method and the path with `{}` for what looks like an id, e.g. "GET /api/v2/tickets/{}/comments"."""
    path = urlsplit(url).path or "/"
    return f"{method} " + "/".join(part if not part or _WORD.match(part) else "{}" for part in path.split("/"))
