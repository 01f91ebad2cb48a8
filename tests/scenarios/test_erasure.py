"""A customer is erased at the command line while a gateway runs: it forgets its copies within seconds."""

import asyncio

from gateway.subjects import Subjects
from sources.cache import Cache
from sources.crosswalk.words import LookupKey

CONTACTS = "query($id: ID!) { customer(id: $id) { contacts { nodes { name email } } } }"
NUMBER = "C-000001"


async def test_a_running_gateway_forgets_what_another_process_erases(house):
    customer = await house.id_of(NUMBER)
    await house.data(CONTACTS, {"id": customer})
    house.forget_calls()
    await house.data(CONTACTS, {"id": customer})
    assert house.counts()["crm"] == 0, "kept in memory"

    crosswalk, elsewhere = house.gateway.crosswalk, Cache(l1_entries=10)
    (uid,) = await crosswalk.find(LookupKey("number", NUMBER))
    await Subjects(crosswalk, house.gateway.audit, elsewhere, by="officer", issuer="cli").erase(uid)
    async with asyncio.timeout(15):
        while house.counts()["crm"] == 0:
            await asyncio.sleep(0.2)
            await house.ask(CONTACTS, {"id": customer})
    await elsewhere.close()
