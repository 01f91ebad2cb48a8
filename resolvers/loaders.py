"""An aiodataloader for each edge and its arguments, made for one request.

Keys of a level go out together, also across aliases and list items: everything asked of one method of one
source with the same arguments in the same turn of the event loop is one batch.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from aiodataloader import DataLoader

from resolvers.lines import Ask, Line
from sources.canonical.customer import Customer
from sources.canonical.provenance import CustomerRef, Listed
from sources.capabilities import MAX_UPSTREAM_PAGES, Page, Window
from sources.crosswalk.asking import ask_for_numbers
from sources.crosswalk.crosswalk import Crosswalk
from sources.faults import SourceFault
from sources.systems import System, Systems

T = TypeVar("T")
WAVE_SECONDS = 0.1  # two lists of one source differ by less; a list that is slower is waited for by nobody
WAVE_TURNS = 25  # of the event loop, until the records of a list have come to ask for what they need
EVERYTHING = Window()  # the newest of a list, unfiltered: what most edges ask for and so share


class Loaders:
    """The loaders of one request. Close them at its end: what they still fetch is for nobody."""

    def __init__(self, systems: Systems, crosswalk: Crosswalk) -> None:
        self._systems = systems
        self._crosswalk = crosswalk
        self._closed = False
        self._batches: set[asyncio.Task[Any]] = set()
        self._lists: dict[str, set[asyncio.Task[Any]]] = {}  # batches as well, by method
        self._waves: dict[tuple[str, ...], asyncio.Task[None]] = {}
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    async def one(self, system: System, method: str, key: Any, *args: Any) -> Any:
        """What a method of a source gives for one key; raises its SourceFault."""
        # a field that is given up must not take others' answers along
        return await asyncio.shield(self.loading(system, method, key, *args))

    def loading(self, system: System, method: str, key: Any, *args: Any) -> asyncio.Future[Any]:
        """The same on its way, to be waited for and never to be cancelled; many of one batch come together."""
        return self.line(system, method, *args).load(key)

    def line(self, system: System, method: str, *args: Any) -> DataLoader[Any, Any]:
        """Where keys of one question to one source stand in line."""
        loader = self._loaders.get((system.uid, method, args))
        if loader is None:
            loader = self._loaders[system.uid, method, args] = self._asking(system, method, args)
        return loader

    async def wave(self, *methods: str) -> None:
        """Let the lists of these methods that are under way come in first, so that their records ask in one batch.

        Without it, what the records of two lists need of a third system would be asked of it once for each list.
        """
        wave = self._waves.get(methods)
        if wave is None or wave.done():
            wave = self._waves[methods] = asyncio.create_task(self._gathered(methods))
        await asyncio.shield(wave)

    async def _gathered(self, methods: Sequence[str]) -> None:
        lists = [task for method in methods for task in self._lists.get(method, ())]
        if lists:
            await asyncio.wait(lists, timeout=WAVE_SECONDS)
        for _ in range(WAVE_TURNS):
            await asyncio.sleep(0)

    async def everything(self, system: System, method: str, key: Any) -> tuple[Any, ...]:
        """All records of a list, as far as MAX_UPSTREAM_PAGES windows reach; the first is the one all edges share."""
        page: Page[Any] = await self.one(system, method, key, EVERYTHING)
        records = page.records
        for _ in range(MAX_UPSTREAM_PAGES - 1):
            if page.next is None:
                break
            page = await self.one(system, method, key, Window(after=page.next))
            records += page.records
        return records

    async def customer(self, uid: str) -> Customer | None:
        return await asyncio.shield(self.known(self._customers).load(uid))

    async def customers(self, uids: Sequence[str]) -> list[Customer | None]:
        loader = self.known(self._customers)
        loading = [loader.load(uid) for uid in uids]
        await arrived(loading)
        return [future.result() for future in loading]

    async def uids_of_number(self, number: str) -> tuple[str, ...]:
        """The customers of a number; raises the fault of a source that may know it."""
        return await asyncio.shield(self.known(self._numbers).load(number))

    async def owner(self, record: Listed) -> Customer | None:
        """The customer whose record this is."""
        if record.customer_ref is None:
            return None
        uid = await self.owner_of(record.provenance.source, record.customer_ref)
        return None if uid is None else await self.customer(uid)

    async def owner_of(self, source_uid: str, ref: CustomerRef) -> str | None:
        """The uid of the customer that a source's record stands for."""
        return await asyncio.shield(self.known(self._owners).load((source_uid, ref)))

    def known(self, ask: Ask) -> DataLoader[Any, Any]:
        """The one loader of something else, by the name of the function; made when it is first asked."""
        loader = self._loaders.get(ask.__name__)
        if loader is None:
            loader = self._loaders[ask.__name__] = self.more(ask)
        return loader

    def more(self, ask: Ask) -> DataLoader[Any, Any]:
        """A loader of something else, which ends with these; ask it by `shared`."""
        return Line(self._unless_closed(ask), self._batches)

    async def shared(self, loading: Awaitable[T]) -> T:
        """What is being loaded; a field that is given up does not take others' answers along."""
        return await asyncio.shield(loading)

    def close(self) -> None:
        """Cancel the batches under way; those that are about to begin will not. What was loaded is forgotten.

        Else all that the request held would be a ring, which only the garbage collector finds.
        """
        self._closed = True
        self._loaders.clear()
        for tasks in (self._batches, *self._lists.values()):
            for task in tuple(tasks):
                task.cancel()

    def _asking(self, system: System, method: str, args: tuple[Any, ...]) -> DataLoader[Any, Any]:
        async def ask(keys: Sequence[Any]) -> list[Any]:
            answer = await self._systems.ask(system, method, keys, *args)
            return [answer[key] for key in keys]

        return Line(self._unless_closed(ask), self._lists.setdefault(method, set()))

    def _unless_closed(self, ask: Ask) -> Ask:
        def asked(keys: Sequence[Any]) -> Awaitable[Sequence[Any]]:
            if self._closed:
                raise asyncio.CancelledError
            return ask(keys)

        return asked

    async def _customers(self, uids: Sequence[str]) -> list[Customer | None]:
        found = await self._crosswalk.customers(uids)
        return [found.get(uid) for uid in uids]

    async def _owners(self, refs: Sequence[tuple[str, CustomerRef]]) -> list[str | None]:
        found = await self._crosswalk.owners(refs)
        return [found.get(ref) for ref in refs]

    async def _numbers(self, numbers: Sequence[str]) -> list[Any]:
        found = await ask_for_numbers(self._crosswalk, self._systems.all, numbers)
        return [found[number] for number in numbers]


async def arrived(loading: Sequence[asyncio.Future[Any] | None]) -> None:
    """Wait until all are there. Those of one batch come together, so few are waited for."""
    for future in loading:
        if future is not None and not future.done():
            try:
                await asyncio.shield(future)  # who gives up must not take others' answers along
            except SourceFault:
                continue  # it is looked at in its place


async def settled(awaitables: Sequence[Any]) -> list[Any]:
    """Await all; a SourceFault is a value, anything else is raised."""
    results = await asyncio.gather(*awaitables, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, SourceFault):
            raise result
    return results
