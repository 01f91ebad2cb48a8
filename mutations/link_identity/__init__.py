"""A steward says that a record of a source is a customer's."""

from mutations.governance.mutation import Mutation
from mutations.link_identity import facts, field, saga
from mutations.link_identity.command import LinkIdentity

MUTATION = Mutation(
    action=LinkIdentity.action,
    command=LinkIdentity,
    gather=facts.gather,
    steps=saga.steps,
    kinds=saga.KINDS,
    fields=field.FIELDS,
)
