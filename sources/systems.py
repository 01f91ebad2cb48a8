"""Which source plays which role, and how all of them are asked: in batches, through the cache."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import msgspec
from cachetools import LRUCache

from sources.cache import Cache, Question
from sources.canonical.provenance import CustomerRef, Listed, Origin, Record
from sources.capabilities import DocumentSearch, Page
from sources.faults import NotOffered, SourceFault
from sources.methods import METHODS, Method
from sources.plugin import Adapter, SourcePlugin, SourceSettings
from sources.wire.recorder import SourceHealth

# Which role keeps which kind of record; the first role that is configured is the system of record.
ROLES_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "customer": ("erp", "crm"),
    "case": ("support",),
    "contact": ("crm", "support"),
    "contract": ("crm",),
    "opportunity": ("crm",),
    "subscription": ("billing",),
    "invoice": ("billing", "erp"),
    "payment": ("billing",),
    "credit_memo": ("billing", "erp"),
    "dispute": ("billing",),
    "order": ("erp",),
    "ledger": ("erp",),
    "tax": ("erp",),
}

QUESTIONS = 1000  # a method of a source with its window and filter; positions within lists make many


class Watched(Protocol):
    """What tells how a source is doing."""

    @property
    def health(self) -> SourceHealth: ...


class System(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One configured source, ready to be asked."""

    origin: Origin  # name, kind, uid, mapping version
    plugin: SourcePlugin
    settings: SourceSettings
    adapter: Adapter
    wire: Watched

    @property
    def name(self) -> str:
        return self.origin.system

    @property
    def uid(self) -> str:
        return self.origin.uid

    @property
    def role(self) -> str:
        return self.plugin.role


class Systems:
    """All configured sources, which of them is the system of record of what, and the cache before them."""

    def __init__(
        self,
        systems: Sequence[System],
        cache: Cache,
        *,
        records: Mapping[str, Sequence[str]] | None = None,
        cache_seconds: Mapping[str, float] | None = None,
    ) -> None:
        self.all = tuple(systems)
        self._by_uid = {system.uid: system for system in systems}
        self._by_name = {system.name: system for system in systems}
        self._cache = cache
        self._seconds = dict(cache_seconds or {})
        self._questions: LRUCache[Any, Question[Any] | None] = LRUCache(QUESTIONS)
        self._of_kind = {kind: self._systems_of_record(kind, records or {}) for kind in ROLES_BY_KIND}

    def by_uid(self, uid: str) -> System | None:
        return self._by_uid.get(uid)

    def by_name(self, name: str) -> System | None:
        return self._by_name.get(name)

    def of(self, kind: str) -> tuple[System, ...]:
        """The systems of record of a kind, e.g. "invoice"; several merge their lists."""
        return self._of_kind[kind]

    def with_role(self, role: str) -> tuple[System, ...]:
        return tuple(system for system in self.all if system.role == role)

    def fresh_seconds(self, source_uid: str, kind: str | None = None) -> float:
        """How long an answer of this source counts as fresh."""
        system = self._by_uid.get(source_uid)
        by_source = system.settings.cache_seconds if system else 0.0
        return self._seconds.get(kind, by_source) if kind else by_source

    async def ask(self, system: System, method_name: str, keys: Sequence[Any], *args: Any) -> Mapping[Any, Any]:
        """One batch to one source: every key holds its value or a SourceFault. Never raises a fault."""
        try:
            return await self._cache.batch(self._question(system, method_name, args), keys)
        except SourceFault as fault:
            return dict.fromkeys(keys, fault)

    async def ask_live(self, system: System, method_name: str, keys: Sequence[Any], *args: Any) -> Mapping[Any, Any]:
        """One batch as the source says now, never from the cache: what decides a write. Never raises a fault."""
        method = METHODS[method_name]
        if not isinstance(system.adapter, method.protocol):
            return dict.fromkeys(keys, NotOffered(f"{system.name} gives no {method.kind} records"))
        try:
            answer: Mapping[Any, Any] = await getattr(system.adapter, method_name)(keys, *args)
            return answer
        except SourceFault as fault:
            return dict.fromkeys(keys, fault)

    async def document_owners(self, system: System, number: str) -> tuple[CustomerRef, ...]:
        """Whose document carries a number, as the source says now; never cached. Raises SourceFault."""
        search: DocumentSearch = system.adapter  # type: ignore[assignment]
        return await search.customers_of_document(number)

    async def forget(
        self, source_uid: str, *, customer: CustomerRef | None = None, record_id: str | None = None
    ) -> None:
        """Drop what is cached of a customer or a record in a source, in every process."""
        await self._cache.purge(_tags_about(source_uid, customer, record_id))

    def forget_here(
        self, source_uid: str, *, customer: CustomerRef | None = None, record_id: str | None = None
    ) -> None:
        """The same in this process alone, at once: where word of a change came before word of the purge."""
        self._cache.purge_here(_tags_about(source_uid, customer, record_id))

    def last_known(self, system: System, ref: CustomerRef) -> float | None:
        """When this source last told something about a customer (epoch seconds), from the cache alone."""
        return self._cache.last_filled(customer_tag(system.uid, ref))

    def _question(self, system: System, method_name: str, args: tuple[Any, ...]) -> Question[Any]:
        """What is asked, as the cache knows it; kept, since every request asks much the same. Raises NotOffered."""
        try:
            question = self._questions[system, method_name, args]
        except KeyError:
            question = self._questions[system, method_name, args] = self._questioned(system, METHODS[method_name], args)
        if question is None:
            raise NotOffered(f"{system.name} gives no {METHODS[method_name].kind} records")
        return question

    def _questioned(self, system: System, method: Method, args: tuple[Any, ...]) -> Question[Any] | None:
        if not isinstance(system.adapter, method.protocol):
            return None
        ask = getattr(system.adapter, method.name)
        return Question(
            space=_space(system, method, args),
            ttl=self.fresh_seconds(system.uid, method.kind),
            stale=system.settings.stale_seconds,
            codec=method.codec,
            tags=partial(_tags, system.uid),
            fetch=lambda keys: ask(keys, *args),
        )

    def _systems_of_record(self, kind: str, records: Mapping[str, Sequence[str]]) -> tuple[System, ...]:
        if kind in records:
            return tuple(self._by_name[name] for name in records[kind])
        for role in ROLES_BY_KIND[kind]:
            if kept := self.with_role(role):
                return kept
        return ()


def customer_tag(source_uid: str, ref: CustomerRef) -> str:
    """The cache tag of everything that a source says about a customer."""
    return f"{source_uid}:c:{ref.type}:{ref.id}"


def record_tag(source_uid: str, record_id: str) -> str:
    """The cache tag of everything that holds a record."""
    return f"{source_uid}:r:{record_id}"


def _tags_about(source_uid: str, customer: CustomerRef | None, record_id: str | None) -> list[str]:
    tags = []
    if customer is not None:
        tags.append(customer_tag(source_uid, customer))
    if record_id is not None:
        tags.append(record_tag(source_uid, record_id))
    return tags


def _space(system: System, method: Method, args: Sequence[Any]) -> str:
    fingerprint = msgspec.json.encode([_sorted(arg) for arg in args]).decode()
    return f"{system.uid}:{system.origin.mapping_version}:{method.name}:{fingerprint}"


def _sorted(value: Any) -> Any:
    """The same for the same arguments in every process: sets of enum members as sorted lists of their names."""
    if isinstance(value, frozenset):
        return sorted(member.name for member in value)
    if isinstance(value, msgspec.Struct):
        return {name: _sorted(getattr(value, name)) for name in value.__struct_fields__}
    return value


def _tags(source_uid: str, key: Any, value: Any) -> list[str]:
    of_customer = isinstance(key, CustomerRef)
    tags = [customer_tag(source_uid, key) if of_customer else record_tag(source_uid, str(key))]
    records = value.records if isinstance(value, Page) else value if isinstance(value, tuple) else (value,)
    for record in records:
        if isinstance(record, Record):
            tags.append(record_tag(source_uid, record.provenance.record_id))
            if not of_customer and isinstance(record, Listed) and record.customer_ref is not None:
                tags.append(customer_tag(source_uid, record.customer_ref))
    return tags
