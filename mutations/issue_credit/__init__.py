"""Give a customer a credit: in the ledger and in billing, to the minor unit, and told in the case."""

from mutations.governance.mutation import Mutation
from mutations.issue_credit import facts, field, saga
from mutations.issue_credit.command import IssueCredit

MUTATION = Mutation(
    action=IssueCredit.action,
    command=IssueCredit,
    gather=facts.gather,
    steps=saga.steps,
    kinds=saga.KINDS,
    touched=saga.touched,
    fields=field.FIELDS,
    queries=field.QUERIES,
)
