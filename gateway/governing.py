"""Governed writes, open: the audit log, the policy in force, the kill switch, alerts, the engine, and the workflows."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec

from gateway.alerting import delivering
from gateway.auditing import open_audit
from gateway.settings import Settings
from mutations import registry
from mutations.governance.alerts import Sender
from mutations.governance.audit.audit import Audit
from mutations.governance.engine.opening import DRAIN_SECONDS, open_engine
from mutations.governance.governance import Governance
from mutations.governance.mutation import Mutation
from mutations.governance.pace import Pace
from mutations.governance.plan import GovernedAction
from mutations.governance.policy.decisions import Decisions, keep_texts
from mutations.governance.policy.switches import Switches
from sources.cache import Cache
from sources.crosswalk.crosswalk import Crosswalk
from sources.systems import Systems


class Governed(msgspec.Struct, frozen=True, kw_only=True):
    """What the writes need, open and running."""

    governance: Governance
    audit: Audit
    switches: Switches
    alerts: Sender
    mutations: Mapping[GovernedAction, Mutation]


@asynccontextmanager
async def open_governed(
    settings: Settings,
    systems: Systems,
    crosswalk: Crosswalk,
    cache: Cache,
    *,
    pace: Pace | None = None,
    drain_seconds: float = DRAIN_SECONDS,
) -> AsyncIterator[Governed]:
    """Open everything in the order in which it is needed; workflows that were left behind go on from here.

    At the end who waits is answered, what runs has `drain_seconds` to come to a rest, and the audit log is chained.
    """
    database, mutations = crosswalk.database, registry.installed()
    async with (
        open_audit(settings, database) as audit,
        delivering(database, settings.alerts) as sender,
        open_engine(database, settings.gateway.database_url, drain_seconds=drain_seconds) as engine,
    ):
        await keep_texts(database, settings.write_policy.version, settings.write_policy.texts)
        switches = Switches(database, audit.record)
        governance = Governance(
            database=database,
            systems=systems,
            crosswalk=crosswalk,
            policy=settings.write_policy,
            decisions=Decisions(),
            switches=switches,
            engine=engine,
            audit=audit,
            mutations=mutations,
            pace=pace,
            cache=cache if settings.gateway.redis_url is None else None,
            alone=settings.gateway.on_sqlite,
        )
        await governance.open()
        try:
            yield Governed(governance=governance, audit=audit, switches=switches, mutations=mutations, alerts=sender)
        finally:
            await governance.close()
