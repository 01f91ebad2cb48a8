"""What linking and unlinking a record share: which record is meant, and whether the actor may touch it."""

from mutations.governance.live import known_customer
from mutations.governance.mutation import Facts, Reading
from mutations.governance.plan import PlannedStep, Reversibility
from mutations.governance.refusals import RefusalCode, Refused, refused
from sources.canonical.actor import Actor
from sources.canonical.provenance import CustomerRef
from sources.systems import System


class RecordFacts(Facts, frozen=True, kw_only=True):
    """The customer, and the record that is or is not to be theirs."""

    system: System
    ref: CustomerRef


async def record_facts(customer_uid: str, source: str, record_id: str, actor: Actor, reading: Reading) -> RecordFacts:
    """What the crosswalk knows of both. Raises Refused.

    A record that now is a customer's whom the actor may not see is as unknown as one that is not there.
    """
    known = await known_customer(customer_uid, actor, reading)
    system = reading.systems.by_uid(source)
    if system is None:
        raise refused(RefusalCode.INVALID_INPUT, "there is no such system", rule="system.unknown", field="system")
    found = await reading.crosswalk.named(source, record_id)
    if len(found) != 1:
        raise _unknown(system)
    ((ref, owner_uid),) = found.items()
    if owner_uid is not None and owner_uid != known.uid:
        try:
            await known_customer(owner_uid, actor, reading)
        except Refused:
            raise _unknown(system) from None
    return RecordFacts(customer_uid=known.uid, attributes={}, system=system, ref=ref)


def crosswalk_step(name: str, effect: str, facts: RecordFacts, why: str) -> PlannedStep:
    """The one step: it changes what we believe, and nothing in the system itself."""
    return PlannedStep(
        name=name,
        system=facts.system.name,
        source=facts.system.uid,
        effect=effect,
        reversibility=Reversibility.REVERSIBLE,
        params={"ref": list(facts.ref), "customer": facts.customer_uid, "evidence": why},
    )


def ref_of(params: object) -> CustomerRef:
    """The record of a planned step's params."""
    return CustomerRef(*params)  # type: ignore[misc]


def _unknown(system: System) -> Refused:
    message = f"{system.name} has no such record of a customer that is known here"
    return refused(RefusalCode.PRECONDITION_FAILED, message, rule="record.unknown", field="recordId")
