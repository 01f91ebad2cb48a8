"""What an operation may cost in calls to sources: judged before it runs, told afterwards where it was asked for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec
from cachetools import LRUCache
from graphql import DocumentNode

from gateway.edge.documents import Invalid
from gateway.edge.preparing import Prepared
from resolvers import ids
from resolvers.costing import Estimate
from resolvers.errors import ErrorCode, GatewayError
from sources.wire.spending import Spending

Estimator: TypeAlias = Callable[[Prepared, Any], Estimate]
KEPT_OPERATIONS = 500  # an application asks tens, each for a few masks
KEPT_ESTIMATES = 20  # of one operation: it asks for a few lengths of its lists
LONGEST_KEPT = 500  # bytes of what a cost depends on in the variables; what is longer is seldom asked twice
MOST_IDS = 1000  # that are looked into: ten times what a field takes, and 5 ms where none of them is one
ASKED_BY = "cost"  # in the extensions of a request: {"cost": true}


class _Known(NamedTuple):
    """What is known of an operation for one mask. It keeps both, so that their ids are nobody else's."""

    document: DocumentNode
    mask: object
    read: tuple[str, ...]
    """The variables that its estimates depend on."""
    estimates: LRUCache[bytes, Estimate]
    """By the values of these."""


class Costs:
    """Estimates operations and refuses those above the limit."""

    def __init__(self, estimator: Estimator, limit: int) -> None:
        self.limit = limit
        self._estimator = estimator
        self._known: LRUCache[tuple[int, str | None, int], _Known] = LRUCache(KEPT_OPERATIONS)

    def judged(self, prepared: Prepared, viewing: Any) -> Estimate:
        """The estimate. Raises Invalid with COST_EXCEEDED, which tells it and the limit."""
        estimate = self._estimated(prepared, viewing)
        if estimate.calls > self.limit:
            message = (
                f"the operation may make {estimate.calls} calls to sources, more than {self.limit}: "
                "ask for fewer records, or for less of each"
            )
            raise Invalid(
                [GatewayError(ErrorCode.COST_EXCEEDED, message, estimatedCalls=estimate.calls, limit=self.limit)]
            )
        return estimate

    def _estimated(self, prepared: Prepared, viewing: Any) -> Estimate:
        document, mask = prepared.document, getattr(viewing, "mask", None)
        place = (id(document), prepared.asked.operation_name, id(mask))
        known = self._known.get(place)
        if known is None or known.document is not document or known.mask is not mask:
            known = _Known(document, mask, (), LRUCache(KEPT_ESTIMATES))
        variables = prepared.asked.variables or {}
        estimate = known.estimates.get(_values(known.read, variables))
        if estimate is None:
            estimate = self._estimator(prepared, viewing)
            self._known[place] = _with(known, estimate, variables)
        return estimate


def _with(known: _Known, estimate: Estimate, variables: Mapping[str, Any]) -> _Known:
    """An estimate more. Where it depends on other variables than those before, these are forgotten."""
    read = {*known.read, *estimate.read}
    if len(read) > len(known.read):
        known = known._replace(read=tuple(sorted(read)), estimates=LRUCache(KEPT_ESTIMATES))
    values = _values(known.read, variables)
    if len(values) <= LONGEST_KEPT:
        known.estimates[values] = estimate
    return known


def _values(names: Sequence[str], variables: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({name: _shape(variables[name]) for name in names if name in variables})


def _shape(value: Any) -> Any:
    """A value as far as a cost depends on it: of ids, how many different ones there are of which type and source.

    Only ids and lists of them are looked into. What else a stranger sends, and how deep it is nested, is left as it is.
    """
    if isinstance(value, str):
        return _kind_of_id(value)
    if isinstance(value, list) and len(value) <= MOST_IDS and all(isinstance(each, str) for each in value):
        return sorted(Counter(_kind_of_id(each) for each in set(value)).items())
    return value


def _kind_of_id(text: str) -> tuple[str, ...]:
    """The type and the source of an id; any other text is of a kind by itself."""
    try:
        parts = ids.decode(text)
    except ids.NotAnId:
        return (text,)
    return (parts.type, parts.source)


def is_asked(prepared: Prepared) -> bool:
    """Whether the request wants to be told what it cost."""
    return prepared.asked.extensions.get(ASKED_BY) is True


def told(estimate: Estimate, spent: Spending) -> dict[str, Any]:
    """`extensions.cost` of an answer."""
    systems = sorted({*estimate.by_system, *spent.calls})
    return {
        "estimatedCalls": estimate.calls,
        "actualCalls": spent.calls.total(),
        "retries": spent.retries.total(),
        "bySystem": {
            name: {"estimatedCalls": estimate.by_system.get(name, 0), "actualCalls": spent.calls[name]}
            for name in systems
        },
    }
