"""What an operation may cost in calls to sources: judged before it runs, told afterwards where it was asked for."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from cachetools import LRUCache
from graphql import DocumentNode

from gateway.edge.documents import Invalid
from gateway.edge.preparing import Prepared
from resolvers.costing import Estimate
from resolvers.errors import ErrorCode, GatewayError
from sources.wire.spending import Spending

Estimator: TypeAlias = Callable[[Prepared, Any], Estimate]
KEPT_ESTIMATES = 2000  # an application asks a few operations with many ids, which cost the same and are soon forgotten
LONGEST_KEPT = 2000  # bytes of variables; longer ones are seldom sent twice
ASKED_BY = "cost"  # in the extensions of a request: {"cost": true}


class Costs:
    """Estimates operations and refuses those above the limit."""

    def __init__(self, estimator: Estimator, limit: int) -> None:
        self.limit = limit
        self._estimator = estimator
        self._kept: LRUCache[tuple[int, str | None, int, bytes], tuple[DocumentNode, object, Estimate]] = LRUCache(
            KEPT_ESTIMATES
        )

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
        variables = msgspec.json.encode(prepared.asked.variables)
        if len(variables) > LONGEST_KEPT:
            return self._estimator(prepared, viewing)
        key = (id(document), prepared.asked.operation_name, id(mask), variables)
        kept = self._kept.get(key)
        if kept is None or kept[0] is not document or kept[1] is not mask:
            kept = self._kept[key] = document, mask, self._estimator(prepared, viewing)
        return kept[2]


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
