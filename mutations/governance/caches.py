"""After a write the next read shows it: what caches know of the customer and the touched records is forgotten."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import RowMapping

from mutations.governance.mutation import Mutation
from mutations.governance.plan import WorkflowPlan
from mutations.governance.records import decode_plan
from mutations.governance.seams import Forgotten, Parts
from sources.writing import Receipt


async def forget(parts: Parts, mutation: Mutation, row: RowMapping, told: Mapping[str, Receipt]) -> None:
    """Forget, in every process, what may be other than before. Returns when no process shows it any more."""
    command = msgspec.json.decode(row["command"], type=mutation.command)
    forgotten = [Forgotten(source, record_id=record) for source, record in mutation.touched(command, told)]
    forgotten += _made(decode_plan(row["plan"]), told)
    if row["customer_uid"]:
        parts.crosswalk.forget([row["customer_uid"]])
        links = (await parts.crosswalk.refs([row["customer_uid"]]))[row["customer_uid"]]
        forgotten += [Forgotten(link.source_uid, customer=link.ref) for link in links]
    for each in forgotten:
        await parts.systems.forget(each.source_uid, customer=each.customer, record_id=each.record_id)
    if parts.purges is not None:
        await parts.purges.tell(forgotten)


def _made(plan: WorkflowPlan, told: Mapping[str, Receipt]) -> list[Forgotten]:
    """The records that were made: that there were none may be known, too."""
    return [Forgotten(step.source, record_id=told[step.name].record_id) for step in plan.steps if step.name in told]
