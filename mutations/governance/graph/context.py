"""What every resolver of one request shares where there are governed writes."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiodataloader import DataLoader
from strawberry.types import Info

from mutations.governance.answers import WorkflowPage
from mutations.governance.audit.log import AuditLog
from mutations.governance.audit.records import AuditEvent
from mutations.governance.governance import Governance
from mutations.governance.mutation import Mutation
from mutations.governance.plan import GovernedAction
from mutations.governance.workflow import Workflow
from resolvers.context import Context


class GovernedContext(Context):
    """A request's context, with the writes beside the reads."""

    def __init__(
        self, *, governance: Governance, mutations: Mapping[GovernedAction, Mutation], audit: AuditLog, **read: Any
    ) -> None:
        super().__init__(**read)
        self.governance = governance
        self.mutations = mutations
        self.audit = audit
        self._pages: dict[tuple[int, str | None], DataLoader[str, WorkflowPage]] = {}

    async def workflow(self, uid: str) -> Workflow | None:
        """A workflow that the viewer's rows admit; None otherwise. Those of a level are read at once."""
        found: Workflow | None = await self.loaders.shared(self.loaders.known(self._read_workflows).load(uid))
        return found if found is not None and await self.admits(found) else None

    async def admits(self, workflow: Workflow) -> bool:
        """Whether the viewer's rows admit the workflow's customer; one without a customer is for who sees all."""
        if self.rows.unlimited:
            return True
        return workflow.customer_uid is not None and await self.customer(workflow.customer_uid) is not None

    async def workflows_of(self, customer_uid: str, first: int, after: str | None) -> WorkflowPage:
        """A page of a customer's workflows; the pages of several customers are read at once."""
        loader = self._pages.get((first, after))
        if loader is None:
            loader = self._pages[first, after] = self.loaders.more(self._page_reader(first, after))
        page: WorkflowPage = await self.loaders.shared(loader.load(customer_uid))
        return page

    async def trail(self, uid: str) -> list[AuditEvent]:
        """The events of a workflow, oldest first; those of several are read at once."""
        return list(await self.loaders.shared(self.loaders.known(self._read_trails).load(uid)))

    async def _read_trails(self, uids: Sequence[str]) -> list[Sequence[AuditEvent]]:
        found = await self.audit.of_workflows(uids)
        return [found[uid] for uid in uids]

    async def _read_workflows(self, uids: Sequence[str]) -> list[Workflow | None]:
        found = await self.governance.workflows(uids)
        return [found.get(uid) for uid in uids]

    def _page_reader(self, first: int, after: str | None) -> Any:
        async def read(uids: Sequence[str]) -> list[WorkflowPage]:
            found = await self.governance.workflows_of_customers(uids, first, after)
            return [found[uid] for uid in uids]

        return read


def governed(info: Info[Any, Any]) -> GovernedContext:
    """The request's context, typed."""
    shared: GovernedContext = info.context
    return shared
