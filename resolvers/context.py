"""What every resolver of one request shares."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeVar

from graphql import GraphQLError
from strawberry.types import Info

from resolvers.disclosure import Shown
from resolvers.errors import from_fault
from resolvers.loaders import Loaders, settled
from resolvers.masks import Mask
from resolvers.rows import admits, normalized
from resolvers.views.standing import StandingTable
from sources.announcements import Announcements
from sources.canonical.actor import Actor, Grants
from sources.canonical.customer import Customer
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.crosswalk import Crosswalk
from sources.faults import SourceFault
from sources.systems import System, Systems

T = TypeVar("T")


class Recess(Protocol):
    """Awaits what takes long, while the operation's clock stands still and it holds nothing that others wait for."""

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T: ...


async def without_recess(work: Callable[[], Awaitable[T]]) -> T:
    """Awaits it as it is: for contexts that no edge has opened."""
    return await work()


class Context:
    """One request: who asks, what may be seen, until when, and the loaders that batch what is asked."""

    def __init__(
        self,
        *,
        actor: Actor,
        grants: Grants,
        mask: Mask,
        correlation_id: str,
        systems: Systems,
        crosswalk: Crosswalk,
        standing: StandingTable,
        posting_lag_seconds: float,
        announcements: Announcements,
        max_entities: int,
    ) -> None:
        self.actor = actor
        self.rows = normalized(actor.rows)
        self.grants = grants
        self.mask = mask
        self.correlation_id = correlation_id
        self.systems = systems
        self.crosswalk = crosswalk
        self.standing = standing
        self.posting_lag_seconds = posting_lag_seconds
        self.announcements = announcements
        self.max_entities = max_entities  # representations of one _entities field
        self.started_at = datetime.now(UTC)
        self.today: date = self.started_at.date()
        self.loaders = Loaders(systems, crosswalk)
        self.recess: Recess = without_recess  # the edge puts its own here
        self.shown: Shown | None = None  # the edge puts one here where the answer is recorded
        self.done: dict[str, Any] = {}  # what the mutation did, by the name of its field in the answer
        self.beside: list[GraphQLError] = []  # errors beside data that is there: one of several systems is silent

    async def customer(self, uid: str) -> Customer | None:
        """A customer that the viewer's rows admit; None otherwise."""
        customer = await self.loaders.customer(uid)
        return customer if customer is not None and admits(self.rows, customer) else None

    async def customers(self, uids: Iterable[str]) -> list[Customer]:
        """Those of the customers that exist and that the viewer's rows admit, in order."""
        found = await self.loaders.customers(list(uids))
        return [customer for customer in found if customer is not None and admits(self.rows, customer)]

    async def owner_uids(self, refs: Iterable[tuple[str, CustomerRef]]) -> list[str | None]:
        """The uids of the customers for whom records in sources stand; None where nobody knows."""
        return await settled([self.loaders.owner_of(*ref) for ref in refs])

    def close(self) -> None:
        """The request is over or its caller has gone: end what is still being loaded for it."""
        self.loaders.close()

    def tell(self, info: Info[Any, Any], faults: Mapping[str, SourceFault]) -> None:
        """Put errors beside a field's data: systems that should have added to it and did not."""
        for system, fault in faults.items():
            error = from_fault(system, fault)
            self.beside.append(GraphQLError(error.message, path=info.path.as_list(), extensions=error.extensions))


def context(info: Info[Any, Any]) -> Context:
    """The request's context, typed."""
    shared: Context = info.context
    return shared


def named(faults: Sequence[tuple[System, SourceFault]]) -> dict[str, SourceFault]:
    """The first fault of each system, by its configured name."""
    found: dict[str, SourceFault] = {}
    for system, fault in faults:
        found.setdefault(system.name, fault)
    return found
