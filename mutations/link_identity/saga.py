"""linkIdentity: one step, in our own tables; no system is told."""

from collections.abc import Mapping

from mutations.governance.identities import RecordFacts, crosswalk_step, ref_of
from mutations.governance.mutation import Call, StepKind
from mutations.governance.plan import PlannedStep
from mutations.link_identity.command import LinkIdentity
from sources.canonical.customer import MatchMethod
from sources.writing import Receipt, ReceiptState

STEP = "crosswalk_link"
EFFECT = "Say in our crosswalk that the record is this customer's."


def steps(command: LinkIdentity, facts: RecordFacts) -> tuple[PlannedStep, ...]:
    """What would be done."""
    return (crosswalk_step(STEP, EFFECT, facts, command.evidence),)


async def link(call: Call) -> Receipt:
    """Doing it twice is doing it once."""
    params, ref = call.step.params, ref_of(call.step.params["ref"])
    await call.crosswalk.link(call.system.uid, ref, params["customer"], call.requested_by, (params["evidence"],))
    return Receipt(record_id=ref.id, state=ReceiptState.DONE)


async def find(call: Call) -> Receipt | None:
    """Done, where the record is the customer's by a steward's word."""
    customer, ref = call.step.params["customer"], ref_of(call.step.params["ref"])
    call.crosswalk.forget([customer])
    links = (await call.crosswalk.refs([customer]))[customer]
    wanted = (call.system.uid, ref, MatchMethod.STEWARD)
    there = any((each.source_uid, each.ref, each.method) == wanted for each in links)
    return Receipt(record_id=ref.id, state=ReceiptState.DONE) if there else None


# Our own tables: what a probe does not find is not there.
KINDS: Mapping[str, StepKind] = {
    STEP: StepKind(do=link, probe=find, pivot=True, no_counts_after_seconds=0.0),
}
