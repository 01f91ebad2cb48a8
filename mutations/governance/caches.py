"""After a write the next read shows it: what caches know of the customer and the touched records is forgotten."""

import msgspec
from sqlalchemy import RowMapping

from mutations.governance.mutation import Mutation
from mutations.governance.seams import Parts
from sources.writing import Receipt


async def forget(parts: Parts, mutation: Mutation, row: RowMapping, told: dict[str, Receipt]) -> None:
    """Forget in every process what may be other than before."""
    command = msgspec.json.decode(row["command"], type=mutation.command)
    if row["customer_uid"]:
        parts.crosswalk.forget([row["customer_uid"]])
        links = await parts.crosswalk.refs([row["customer_uid"]])
        for link in links[row["customer_uid"]]:
            await parts.systems.forget(link.source_uid, customer=link.ref)
    for source_uid, record_id in mutation.touched(command, told):
        await parts.systems.forget(source_uid, record_id=record_id)
