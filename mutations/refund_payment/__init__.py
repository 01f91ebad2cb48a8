"""Give back what was paid: in billing and in the ledger, to the minor unit, and told in the case."""

from mutations.governance.mutation import Mutation
from mutations.refund_payment import facts, field, saga
from mutations.refund_payment.command import RefundPayment

MUTATION = Mutation(
    action=RefundPayment.action,
    command=RefundPayment,
    gather=facts.gather,
    steps=saga.steps,
    kinds=saga.KINDS,
    touched=saga.touched,
    fields=field.FIELDS,
    queries=field.QUERIES,
)
