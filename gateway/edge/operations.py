"""What happens to an operation whatever brings it: who asks, what is asked, may it run, its result as an answer.

Every transport asks here, so that the limits of one are the limits of all.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

import msgspec
from graphql import DocumentNode, ExecutionResult, GraphQLSchema
from graphql.execution import ExperimentalIncrementalExecutionResults

from gateway.admission import Admission, Slot
from gateway.configuration.limits import LimitsSection
from gateway.edge.breadth import Breadths, deferred_parts
from gateway.edge.costs import Costs, is_asked, told
from gateway.edge.deferring import Parts
from gateway.edge.deprecations import Deprecations
from gateway.edge.documents import Invalid, operation_of
from gateway.edge.execution import Running, begun, executed, log_unexpected
from gateway.edge.incremental import Format
from gateway.edge.pacing import Pace
from gateway.edge.parameters import Parameters
from gateway.edge.preparing import Preparation, Prepared
from gateway.edge.recording import Reads, Recording
from gateway.edge.refusals import Refusal
from gateway.edge.viewing import Authenticate, OpenContext, Viewing, introspects
from gateway.edge.wording import in_plain_words, plainly
from gateway.identity import Unauthenticated
from resolvers.costing import Estimate
from resolvers.errors import ErrorCode, formatted
from resolvers.plans import Plans
from sources.canonical.actor import Actor
from sources.wire.spending import Spending

Answer = dict[str, Any]
T = TypeVar("T")
MAX_PARTS = 500  # deferred in an answer: each costs some 0.15 ms of the processor beside what it holds


class Admitted:
    """An operation that may run. Its place is free again at the end of the block, unless it was kept for longer."""

    __slots__ = ("_kept", "headers", "slot")

    def __init__(self, headers: Mapping[str, str], slot: Slot) -> None:
        self.headers = headers
        """What tells the consumer how much is left."""
        self.slot = slot
        self._kept = False

    def __enter__(self) -> "Admitted":
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if not self._kept:
            self.slot.leave()
        if isinstance(error, Refusal):
            error.headers = {**self.headers, **error.headers}

    def kept(self) -> Slot:
        """The place, for who leaves it later."""
        self._kept = True
        return self.slot


class Operations:
    """The operations of one schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        preparation: Preparation,
        *,
        authenticate: Authenticate,
        open_context: OpenContext,
        deadline_seconds: float,
        limits: LimitsSection,
        admission: Admission | None = None,
        costs: Costs | None = None,
        deprecations: Deprecations | None = None,
        reads: Reads | None = None,
        plans: Plans | None = None,
    ) -> None:
        self.schema = schema
        self.limits = limits
        self.deadline_seconds = deadline_seconds
        self.open_context = open_context
        self._preparation = preparation
        self._breadths = Breadths(schema, limits.answer_fields)
        self._authenticate = authenticate
        self._deprecations = deprecations
        self._admission = admission or Admission(limits)
        self._pace = Pace(limits.fields_at_once, limits.queue_seconds)
        self._reads = reads
        self._plans = plans
        self._costs = costs or Costs(lambda prepared, viewing: Estimate({}), limits.cost)

    async def actor(self, authorization: str | None) -> Actor:
        """Who asks. Raises Refusal: 401, or 503 where nobody can say."""
        try:
            return await self._authenticate(authorization)
        except Unauthenticated as fault:
            code = ErrorCode(fault.code)
            raise Refusal(fault.status, code, fault.message, headers=fault.headers, retryable=fault.retryable) from None

    async def admitted(self, actor: Actor) -> Admitted:
        """A place for an operation of this consumer. Raises Refusal: 429."""
        headers = await self._admission.count(actor)
        try:
            return Admitted(headers, self._admission.running(actor))
        except Refusal as refusal:
            refusal.headers = {**headers, **refusal.headers}
            raise

    async def prepared(self, asked: Parameters, viewing: Viewing) -> Prepared:
        """What will run. Raises Refusal, and Invalid where it cannot be executed or may cost too much."""
        prepared = await self._preparation.prepared(asked, introspection=introspects(viewing))
        fields = self._breadths.of(prepared.document, prepared.operation, prepared.asked.variables)
        prepared = msgspec.structs.replace(prepared, fields=fields)
        self._costs.judged(prepared, viewing)
        if self._deprecations is not None:
            self._deprecations.note(prepared.document, viewing.actor)
        return prepared

    async def answer(
        self, prepared: Prepared, viewing: Viewing, event: Any = None, *, slot: Slot | None = None
    ) -> Answer:
        """The answer of a query or a mutation, or of one event of a subscription.

        `slot` is given up while a mutation waits for what it began. Raises Invalid where nothing ran: a variable
        that does not fit. Raises Refusal: 503 where it took too long.
        """
        running = await self._running(prepared, viewing, slot)
        try:
            result, _ = await self._told(
                prepared.document,
                prepared,
                viewing,
                lambda: running.step(lambda: executed(self.schema, prepared, viewing, event, plans=self._plans)),
            )
        finally:
            viewing.close()
            running.over()
        return {**answer_of(result, viewing), **self._cost(prepared, viewing, running.spending)}

    async def begun(
        self, prepared: Prepared, viewing: Viewing, form: Format, *, slot: Slot | None = None
    ) -> Answer | Parts:
        """The answer in parts where something in it is deferred. Raises as `answer` does."""
        document = self._deferring(prepared)
        running = await self._running(prepared, viewing, slot)
        with ExitStack() as closing:
            closing.callback(running.over)
            closing.callback(viewing.close)
            result, recording = await self._told(
                document,
                prepared,
                viewing,
                lambda: running.step(lambda: begun(self.schema, document, prepared.asked, viewing, plans=self._plans)),
            )
            if isinstance(result, ExperimentalIncrementalExecutionResults):
                cost = partial(self._cost, prepared, viewing, running.spending)
                parts = Parts(result, viewing, running, form, cost, recording)
                closing.pop_all()
                return parts
        return {**answer_of(result, viewing), **self._cost(prepared, viewing, running.spending)}

    async def _told(
        self, document: DocumentNode, prepared: Prepared, viewing: Viewing, work: Callable[[], Awaitable[T]]
    ) -> tuple[T, Recording | None]:
        """What the work gives, on record where reads are recorded."""
        if self._reads is None:
            return await work(), None
        return await self._reads.told(document, prepared.asked, viewing, work)

    def _deferring(self, prepared: Prepared) -> DocumentNode:
        """The document that runs for who prefers parts: too many of them are answered as one."""
        asked, document = prepared.asked, prepared.deferring or prepared.document
        operation = operation_of(document, asked.operation_name)
        parts = deferred_parts(self.schema, document, operation, asked.variables)
        return document if parts <= MAX_PARTS else prepared.document

    async def _running(self, prepared: Prepared, viewing: Viewing, slot: Slot | None) -> Running:
        place = await self._pace.place(prepared.fields)
        spending = Spending(self.limits.cost)
        running = Running(self.deadline_seconds, self.limits.grace_seconds, spending, place, slot)
        viewing.recess = running.recess
        return running

    def _cost(self, prepared: Prepared, viewing: Viewing, spending: Spending) -> Answer:
        if not is_asked(prepared):
            return {}
        return {"extensions": {"cost": told(self._costs.judged(prepared, viewing), spending)}}


def answer_of(result: ExecutionResult, viewing: Viewing) -> Answer:
    """The result as JSON: {"data": …} with "errors" where there are any. Raises Invalid where nothing ran."""
    errors = [*(result.errors or ()), *viewing.beside]
    log_unexpected(errors, viewing.correlation_id)
    if result.data is None and errors and all(error.path is None for error in errors):
        raise Invalid([in_plain_words(error, ErrorCode.BAD_USER_INPUT) for error in errors])
    answer: Answer = {"data": result.data}
    if errors:
        answer["errors"] = formatted(plainly(errors), viewing.correlation_id)
    return answer


def codes_of(answer: Answer) -> list[str]:
    """The codes of an answer's errors."""
    return [str(error["extensions"]["code"]) for error in answer.get("errors", ())]
