"""Writes which customers are another one from now on."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BindParameter, bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.crosswalk.tables import customers

_ID: BindParameter[Any] = bindparam("row")
MERGED = update(customers).where(customers.c.uid == _ID).values(merged_into=bindparam("into"), live=False)
# A chain of merges stays one link long, so that a read follows it with one join.
SHORTEN = update(customers).where(customers.c.merged_into == _ID).values(merged_into=bindparam("into"))
ADOPT = (
    update(customers)
    .where(customers.c.parent_uid == _ID, customers.c.uid != bindparam("into"))
    .values(parent_uid=bindparam("into"))
    .returning(customers.c.uid)
)
ORPHAN = (
    update(customers).where(customers.c.parent_uid == _ID, customers.c.uid == bindparam("into")).values(parent_uid=None)
)


async def write_merges(connection: AsyncConnection, merged: Mapping[str, str]) -> set[str]:
    """Write each customer's survivor; gives the customers that have another parent thereby."""
    adopted: set[str] = set()
    for uid, into in merged.items():
        both = {"row": uid, "into": into}
        await connection.execute(SHORTEN, both)
        adopted |= set((await connection.execute(ADOPT, both)).scalars())
        await connection.execute(ORPHAN, both)
        await connection.execute(MERGED, both)
    return adopted
