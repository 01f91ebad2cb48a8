"""The form of a write, checked as Stripe checks it before anything is done. Source: Stripe API, Metadata, Errors."""

import re
from urllib.parse import parse_qsl

from sources.stripe.money import LAST_DIGIT_ZERO, WHOLE_IN_HUNDREDTHS
from sources.stripe.simulator.asking import Wrong

MOST_METADATA = 50
LONGEST_KEY, LONGEST_VALUE = 40, 500
FIELD = re.compile(r"(?P<name>[a-z_]+)(?:\[(?P<part>[^\[\]]+)\])?")


class Form:
    """The parameters of one write. Methods raise Wrong."""

    def __init__(self, text: str, takes: frozenset[str]) -> None:
        self.values: dict[str, str] = {}
        self.metadata: dict[str, str] = {}
        for field, value in parse_qsl(text, keep_blank_values=True):
            match = FIELD.fullmatch(field)
            name = match["name"] if match else field
            if name not in takes:
                raise Wrong(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
            if match is not None and name == "metadata" and match["part"]:
                self.metadata[match["part"]] = value
            elif match is None or match["part"]:
                raise Wrong(400, f"Invalid object: {name}", param=name)
            elif not value:
                message = f"You passed an empty string for '{name}'."
                raise Wrong(400, message, code="parameter_invalid_empty", param=name)
            else:
                self.values[name] = value
        self._check_metadata()

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def required(self, name: str) -> str:
        if name not in self.values:
            raise Wrong(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        return self.values[name]

    def integer(self, name: str, *, least: int = 1) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", value) or int(value) < least:
            raise Wrong(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        return int(value)

    def one_of(self, name: str, words: frozenset[str]) -> str | None:
        value = self.values.get(name)
        if value is not None and value not in words:
            raise Wrong(400, f"Invalid {name}: must be one of {', '.join(sorted(words))}", param=name)
        return value

    def text(self, name: str, longest: int) -> str | None:
        value = self.values.get(name)
        if value is not None and len(value) > longest:
            raise Wrong(400, f"Invalid string: {name} is limited to {longest} characters.", param=name)
        return value

    def _check_metadata(self) -> None:
        if len(self.metadata) > MOST_METADATA:
            raise Wrong(400, f"Metadata may have up to {MOST_METADATA} keys.", param="metadata")
        for key, value in self.metadata.items():
            if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
                raise Wrong(400, "Metadata keys or values are too long.", param=f"metadata[{key[:LONGEST_KEY]}]")

    def kept_metadata(self) -> dict[str, str]:
        """What of the metadata is kept: an empty value removes a key."""
        return {key: value for key, value in self.metadata.items() if value}


def exact(amount: int, currency: str) -> int:
    """The amount, where Stripe takes one so fine in the currency."""
    code = currency.upper()
    step = 100 if code in WHOLE_IN_HUNDREDTHS else 10 if code in LAST_DIGIT_ZERO else 1
    if amount % step:
        raise Wrong(400, f"Invalid amount: {code} amounts are multiples of {step}.", param="amount")
    return amount


def sorted_content(path: str, text: str) -> str:
    """A write's path and parameters, whatever their order: what its idempotency key is bound to."""
    return repr((path, sorted(parse_qsl(text, keep_blank_values=True))))
