"""Systems, a crosswalk and governance that answer with made records: the same for the same seed, whoever asks."""

import types
import typing
import zlib
from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import Any

from mutations.governance.answers import ActionAvailability, Touched, WorkflowPage
from mutations.governance.audit.records import AuditEvent, AuditPage
from mutations.governance.policy.words import Limit
from mutations.governance.workflow import Workflow
from resolvers.views.standing import StandingTable
from sources.canonical.customer import Customer, Identity
from sources.canonical.provenance import CustomerRef
from sources.crosswalk.words import CustomerHits
from sources.faults import NotOffered, SourceFault, Throttled, Timeout, Unavailable
from sources.methods import METHODS
from sources.systems import ROLES_BY_KIND
from tests.resolvers.plans.made_records import NOW, SOURCES, Maker

STANDING = StandingTable.packaged()
FAULTS = (Unavailable("is down"), Timeout("no answer"), Throttled("busy"), NotOffered("gives none"))


class Told:
    """What a system says of its health."""

    reachable = True
    circuit = None
    latency_p95_ms = 12.5
    error_rate = 0.0
    quota_remaining = None
    last_fault = None


class MadeSystem:
    """A system that is asked through `MadeSystems` alone."""

    def __init__(self, number: int) -> None:
        self.uid, self.name, self.role = (
            SOURCES[number],
            f"system-{number}",
            ("support", "billing", "erp", "crm")[number],
        )
        self.origin = types.SimpleNamespace(kind="made")
        self.wire = types.SimpleNamespace(health=Told())
        self.adapter = object()


SYSTEMS = tuple(MadeSystem(number) for number in range(4))


class MadeSystems:
    """Systems of record, and what was asked of them."""

    all = SYSTEMS

    def __init__(self, seed: int, broken: int, faults: int, several: bool) -> None:
        self._seed, self._broken, self._faults = seed, broken, faults
        self._of = {kind: self._kept(kind, several) for kind in ROLES_BY_KIND}
        self.asked: list[tuple[str, str, str, Any]] = []
        self._answers: dict[Any, Any] = {}

    def anew(self) -> "MadeSystems":
        """The same systems with the same answers, asked by another."""
        made = copy(self)
        made.asked = []
        return made

    def _kept(self, kind: str, several: bool) -> tuple[MadeSystem, ...]:
        found = tuple(each for each in SYSTEMS if each.role in ROLES_BY_KIND[kind])
        chance = zlib.crc32(f"{self._seed}{kind}".encode()) % 10
        if chance == 0:
            return ()
        return found if several and chance < 6 else found[:1]

    def of(self, kind: str) -> tuple[MadeSystem, ...]:
        return self._of[kind]

    def by_uid(self, uid: str) -> MadeSystem | None:
        return next((each for each in SYSTEMS if each.uid == uid), None)

    def by_name(self, name: str) -> MadeSystem | None:
        return next((each for each in SYSTEMS if each.name == name), None)

    def fresh_seconds(self, source_uid: str, kind: str | None = None) -> float:
        return 60.0

    def last_known(self, system: MadeSystem, ref: CustomerRef) -> float | None:
        return NOW.timestamp() if ref.id == "o1" else None

    async def ask(self, system: MadeSystem, method: str, keys: Sequence[Any], *args: Any) -> dict[Any, Any]:
        told = repr(args)
        self.asked += [(system.uid, method, told, key) for key in keys]
        return {key: self._known(system, method, key, args, told) for key in keys}

    def _known(self, system: MadeSystem, method: str, key: Any, args: tuple[Any, ...], told: str) -> Any:
        place = (system.uid, method, told, key)
        if place not in self._answers:
            self._answers[place] = self._answer(system, method, key, args)
        return self._answers[place]

    def _answer(self, system: MadeSystem, method: str, key: Any, args: tuple[Any, ...]) -> Any:
        maker = Maker(zlib.crc32(f"{self._seed}{system.uid}{method}{key}{args}".encode()), self._broken)
        if maker.random.randrange(1000) < self._faults:
            return maker.random.choice(FAULTS)
        return maker.value(answer_type(method))


@cache
def answer_type(method: str) -> Any:
    """What a method gives for one key, where it does not fail."""
    function = vars(METHODS[method].protocol)[method]
    _, value = typing.get_args(typing.get_type_hints(function)["return"])
    return typing.Union[tuple(each for each in typing.get_args(value) if each is not SourceFault)]  # noqa: UP007


class MadeCrosswalk:
    """Customers by their uids, c0 to c9."""

    def __init__(self, seed: int, broken: int) -> None:
        self._seed, self._broken = seed, broken
        self._customers: dict[str, Customer | None] = {}

    def _customer(self, uid: str) -> Customer | None:
        number = zlib.crc32(f"{self._seed}{uid}".encode())
        if number % 9 == 0:
            return None
        maker = Maker(number, self._broken)
        made = maker.record(Customer)
        identities = tuple(maker.record(Identity) for _ in range(maker.random.randrange(5)))
        placed = tuple(_linked(each, maker) for each in identities)
        fields = {name: getattr(made, name) for name in made.__struct_fields__}
        return Customer(**{**fields, "uid": uid, "identities": placed, "parent_uid": maker.random.choice((None, "c1"))})

    async def customers(self, uids: Sequence[str]) -> dict[str, Customer | None]:
        self._customers |= {uid: self._customer(uid) for uid in uids if uid not in self._customers}
        return {uid: self._customers[uid] for uid in uids}

    async def owners(self, refs: Sequence[Any]) -> dict[Any, str | None]:
        return {ref: f"c{zlib.crc32(repr(ref).encode()) % 5}" for ref in refs}

    async def find(self, key: Any) -> tuple[str, ...]:
        return ("c2",) if key.value < "b" else ("c2", "c3")

    async def of_numbers(self, numbers: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(numbers, ("c4",))

    async def search(self, query: Any) -> CustomerHits:
        uids = tuple(f"c{number}" for number in range(min(query.first, 6)))
        return CustomerHits(uids=uids, cursors=tuple(f"at-{uid}" for uid in uids), has_next=True, total=10)

    async def freshness(self, uid: str) -> Any:
        return types.SimpleNamespace(last_change_at=NOW, lag_seconds=1.0)

    async def conflicts(self, first: int, after: str | None) -> Any:
        return types.SimpleNamespace(conflicts=(), cursors=(), has_next=False)

    async def conflict(self, uid: str) -> None:
        return None


def _linked(identity: Identity, maker: Maker) -> Identity:
    fields = {name: getattr(identity, name) for name in identity.__struct_fields__}
    linked = {
        "source": maker.random.choice(SOURCES),
        "record_type": "organization",
        "record_id": maker.random.choice("abc"),
    }
    return Identity(**{**fields, **linked})


class MadeGovernance:
    """Workflows and their trails."""

    def __init__(self, seed: int, broken: int) -> None:
        self._seed, self._broken = seed, broken
        self._known: dict[tuple[str, Any], Any] = {}

    def _made(self, what: str, kind: Any) -> Any:
        if (what, kind) not in self._known:
            maker = Maker(zlib.crc32(f"{self._seed}{what}".encode()), self._broken)
            self._known[what, kind] = maker.value(kind)
        return self._known[what, kind]

    async def workflows(self, uids: Sequence[str]) -> dict[str, Any]:
        return {uid: self._made(uid, Workflow | None) for uid in uids}

    async def workflows_of_customers(self, uids: Sequence[str], first: int, after: str | None) -> dict[str, Any]:
        return {uid: self._page(uid) for uid in uids}

    async def search(self, query: Any, first: int, after: str | None) -> WorkflowPage:
        return self._page("search")

    def _page(self, what: str) -> WorkflowPage:
        found = (self._made(what, Workflow), self._made(what + "2", Workflow))
        return WorkflowPage(workflows=found, cursors=("1", "2"), has_next=False, total=2)

    async def records(self, uids: Sequence[str]) -> dict[str, Any]:
        return {uid: tuple(Touched(step="s", source_uid=each, record_id="r1", kind="Invoice") for each in SOURCES[:2])
                for uid in uids}  # fmt: skip

    def limits(self, actor: Any) -> tuple[Limit, ...]:
        return self._made("limits", tuple[Limit, ...])

    async def availability(self, actor: Any, uid: str, currency: str) -> tuple[ActionAvailability, ...]:
        return self._made(f"actions {uid}", tuple[ActionAvailability, ...])

    async def page(self, query: Any, first: int, after: str | None) -> AuditPage:
        events = (self._made("event1", AuditEvent), self._made("event2", AuditEvent))
        return AuditPage(events=events, positions=("1", "2"), has_next=True)

    async def count(self, query: Any) -> int | None:
        return 2

    async def of_workflows(self, uids: Sequence[str]) -> dict[str, Any]:
        return {uid: self._made(uid, tuple[AuditEvent, ...]) for uid in uids}
