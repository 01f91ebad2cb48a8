"""An operation whose deferred parts come later: an iterator of payloads over what graphql-core gives."""

from collections.abc import Callable

import structlog
from graphql import GraphQLError
from graphql.execution import ExperimentalIncrementalExecutionResults, SubsequentIncrementalExecutionResult

from gateway.edge.execution import Running
from gateway.edge.incremental import Format, Payload, Telling
from gateway.edge.recording import Recording, not_recorded
from gateway.edge.refusals import Refusal
from gateway.edge.viewing import Viewing
from resolvers.errors import GatewayError

log = structlog.get_logger("gateway.edge")
OVER = SubsequentIncrementalExecutionResult(has_next=False)


class Parts:
    """The payloads of one operation; what goes wrong in one is told in it. Close it at the end."""

    def __init__(
        self,
        results: ExperimentalIncrementalExecutionResults,
        viewing: Viewing,
        running: Running,
        form: Format,
        last_extensions: Callable[[], Payload],
        recording: Recording | None = None,
    ) -> None:
        self.telling = Telling(viewing, form)
        self._viewing = viewing
        self._subsequent = results.subsequent_results
        self._running = running
        self._last_extensions = last_extensions
        self._recording = recording
        self._first: Payload | None = self.telling.first(results.initial_result)
        self._over = False

    def __aiter__(self) -> "Parts":
        return self

    async def __anext__(self) -> Payload:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._over:
            raise StopAsyncIteration
        payload = await self._next()
        self._over = not payload["hasNext"]
        return {**payload, **self._last_extensions()} if self._over else payload

    async def _next(self) -> Payload:
        try:
            result = await self._running.step(lambda: anext(self._subsequent, OVER))
            if self._recording is not None and not await self._recording.durable():
                return self.telling.cut_off(not_recorded())
            return self.telling.next(result)
        except Refusal as refusal:
            return self.telling.cut_off(GatewayError(refusal.code, refusal.message, retryable=refusal.retryable))
        except Exception as fault:
            log.exception("deferred part failed", correlation_id=self._viewing.correlation_id)
            return self.telling.cut_off(GraphQLError("deferred part failed", original_error=fault))

    async def aclose(self) -> None:
        """End what is still being worked out."""
        try:
            await self._subsequent.aclose()
        finally:
            self._viewing.close()
            self._running.over()
