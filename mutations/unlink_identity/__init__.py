"""A steward says that a record of a source is not a customer's."""

from mutations.governance.mutation import Mutation
from mutations.unlink_identity import facts, field, saga
from mutations.unlink_identity.command import UnlinkIdentity

MUTATION = Mutation(
    action=UnlinkIdentity.action,
    command=UnlinkIdentity,
    gather=facts.gather,
    steps=saga.steps,
    kinds=saga.KINDS,
    fields=field.FIELDS,
)
