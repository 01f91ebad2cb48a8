"""unlinkIdentity: one step, in our own tables; no system is told."""

from collections.abc import Mapping

from mutations.governance.identities import RecordFacts, crosswalk_step, ref_of
from mutations.governance.mutation import Call, StepKind
from mutations.governance.plan import PlannedStep
from mutations.unlink_identity.command import UnlinkIdentity
from sources.writing import Receipt, ReceiptState

STEP = "crosswalk_unlink"
EFFECT = "Say in our crosswalk that the record is not this customer's."


def steps(command: UnlinkIdentity, facts: RecordFacts) -> tuple[PlannedStep, ...]:
    """What would be done."""
    return (crosswalk_step(STEP, EFFECT, facts, command.reason),)


async def unlink(call: Call) -> Receipt:
    """Doing it twice is doing it once."""
    params, ref = call.step.params, ref_of(call.step.params["ref"])
    await call.crosswalk.unlink(call.system.uid, ref, params["customer"], call.requested_by, (params["evidence"],))
    return Receipt(record_id=ref.id, state=ReceiptState.DONE)


async def find(call: Call) -> Receipt | None:
    """Done, where the record is not the customer's, whoever said so."""
    customer, ref = call.step.params["customer"], ref_of(call.step.params["ref"])
    owner = (await call.crosswalk.owners([(call.system.uid, ref)]))[call.system.uid, ref]
    return Receipt(record_id=ref.id, state=ReceiptState.DONE) if owner != customer else None


# Our own tables: what a probe does not find is not there.
KINDS: Mapping[str, StepKind] = {
    STEP: StepKind(do=unlink, probe=find, pivot=True, no_counts_after_seconds=0.0),
}
