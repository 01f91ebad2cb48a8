"""Gives each configured source a uid, once and for all, so that no id of ours holds a configured name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.canonical.provenance import Origin
from sources.crosswalk.rows import new_uid
from sources.crosswalk.tables import systems

UID_DIGITS = 8  # a deployment has a handful of systems; global ids hold it


async def register(connection: AsyncConnection, sections: Sequence[tuple[str, str, str, int]]) -> dict[str, Origin]:
    """The origin of each (name, kind, base_url, mapping_version)."""
    known = list((await connection.execute(select(systems))).mappings())
    taken = {s["uid"] for s in known for name, kind, _, _ in sections if (s["name"], s["kind"]) == (name, kind)}
    found: dict[str, str] = {}
    for name, kind, base_url, _ in sections:
        uid = _again(known, name, kind, base_url, taken)
        if uid is not None:
            taken.add(uid)
            found[name] = uid
    await _release_names(connection, {name: found.get(name) for name, *_ in sections}, known)
    return {section[0]: await _store(connection, section, found.get(section[0])) for section in sections}


def _again(known: Sequence[Any], name: str, kind: str, base_url: str, taken: set[str]) -> str | None:
    """The uid that a section had before; a name that another kind has now is another system."""
    by_name = (s["uid"] for s in known if (s["name"], s["kind"]) == (name, kind))
    by_place = (s["uid"] for s in known if (s["kind"], s["base_url"]) == (kind, base_url) and s["uid"] not in taken)
    return next(by_name, None) or next(by_place, None)


async def _release_names(connection: AsyncConnection, holders: dict[str, str | None], known: Sequence[Any]) -> None:
    """Take names from systems that have others now, or are gone."""
    for system in known:
        if system["name"] in holders and holders[system["name"]] != system["uid"]:
            await connection.execute(update(systems).where(systems.c.uid == system["uid"]).values(name=None))


async def _store(connection: AsyncConnection, section: tuple[str, str, str, int], uid: str | None) -> Origin:
    name, kind, base_url, version = section
    values = {"name": name, "kind": kind, "base_url": base_url, "mapping_version": version}
    if uid is None:
        uid = new_uid()[-UID_DIGITS:]
        await connection.execute(insert(systems).values(uid=uid, registered_at=datetime.now(UTC), **values))
    else:
        await connection.execute(update(systems).where(systems.c.uid == uid).values(**values))
    return Origin(name, kind, uid, version)


async def all_systems(connection: AsyncConnection) -> dict[str, Origin]:
    """Every system that was ever registered, by uid; one that lost its name goes by its uid."""
    rows = (await connection.execute(select(systems))).mappings()
    return {s["uid"]: Origin(s["name"] or s["uid"], s["kind"], s["uid"], s["mapping_version"]) for s in rows}
