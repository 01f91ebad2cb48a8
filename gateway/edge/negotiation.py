"""Which of our media types an Accept header prefers. Source: RFC 9110, section 12.5.1; GraphQL over HTTP, Accept.

The higher q wins, and of equals the one that is named first. A wildcard takes the first offer that is not named.
"""

from collections.abc import Sequence


def chosen(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that the client prefers; the first where it does not say; None where it takes none of them."""
    if not accept or not accept.strip():
        return offers[0]
    ranges = [_range(part) for part in accept.lower().split(",") if part.strip()]
    named = {kind for kind, _ in ranges}
    for kind, quality in sorted(ranges, key=lambda each: -each[1]):  # stable: equals stay in their order
        if quality <= 0:
            continue
        if kind in offers:
            return kind
        for offer in offers:
            if offer not in named and _covers(kind, offer):
                return offer
    return None


def prefers(accept: str | None, kind: str, offers: Sequence[str]) -> bool:
    """Whether the header names `kind` and prefers it to the offers."""
    return chosen(accept, [*offers, kind]) == kind and kind in (accept or "").lower()


def parameters_of(accept: str | None, kind: str) -> list[list[str]]:
    """The parameters of each range that names the kind, in lower case and without q."""
    ranges = [[piece.strip() for piece in part.split(";")] for part in (accept or "").lower().split(",")]
    return [[each for each in rest if not each.startswith("q=")] for name, *rest in ranges if name == kind]


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip() for piece in part.split(";"))
    return kind, next((_quality(each[2:]) for each in parameters if each.startswith("q=")), 1.0)


def _quality(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() and len(text) <= len("0.000") else 0.0


def _covers(kind: str, offer: str) -> bool:
    return kind == "*/*" or (kind.endswith("/*") and offer.startswith(kind[:-1]))
