"""Record ids: made out of the world's keys, and compared as 15 or 18 characters."""

from functools import lru_cache
from hashlib import blake2b

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@lru_cache(maxsize=10_000)  # the few names of users are asked for with every row
def record_id(prefix: str, key: str) -> str:
    """The same 18 characters for the same key, always."""
    number = int.from_bytes(blake2b(f"{prefix}:{key}".encode(), digest_size=9).digest(), "big")
    letters = []
    for _ in range(12):
        number, place = divmod(number, 62)
        letters.append(_LETTERS[place])
    return with_suffix(prefix + "".join(letters))


def with_suffix(short: str) -> str:
    """The 18 characters of an id of 15. [V] the rule of the suffix."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place in range(5) if "A" <= short[start + place] <= "Z")
        suffix += _SUFFIX[bits]
    return short + suffix


def canonical(text: str) -> str | None:
    """The 18 characters of what may be an id of 15 or 18; None where it is none."""
    if len(text) not in (15, 18) or not (text.isascii() and text.isalnum()):
        return None
    full = with_suffix(text[:15])
    return full if len(text) == 15 or text == full else None
