"""What a request held is free as soon as it is over: nothing of it is a ring that waits for the garbage collector."""

import asyncio
import gc
import weakref

from gateway.app import context_opener
from mutations.schema import graph
from resolvers import ids
from sources.canonical.actor import Actor

TURNS = 5  # of the loop, until the tasks of a batch are forgotten


async def test_what_a_request_loaded_is_free_when_its_context_is_closed(house):
    context = context_opener(house.gateway, graph()[1])(Actor(issuer="tests", subject="ann"), "c-1")
    assert await context.customer(ids.decode(await house.id_of("C-000002")).id) is not None
    assert await context.trail("no-such-workflow") == []
    context.close()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    over = weakref.ref(context)
    gc.disable()
    try:
        del context
        assert over() is None
    finally:
        gc.enable()
