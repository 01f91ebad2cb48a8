"""What the fields of governed writes cost, as calls to sources.

Facts are read live, so planning and requesting cost the same. What a workflow does afterwards is not the operation's:
it runs on its own, bounded by the engine.
"""

from collections.abc import Mapping

from resolvers.costing.demand import Demand, Population
from resolvers.costing.prices import Arguments, Price, length_of
from resolvers.costing.roots import Root
from resolvers.exposure import camel_case

WORKFLOW = "Workflow"
RECORDS_EACH = 3  # that a workflow makes and the graph knows: a credit memo or a refund, and documents in the ledger
FACTS = (
    ("case", "cases"),
    ("invoice", "invoices"),
    ("invoice", "invoice_lines"),
    ("payment", "payments"),
    ("credit_memo", "credit_memos_of"),
    ("contract", "contracts_of"),
    ("ledger", "ledger_accounts"),
    ("ledger", "ledger_documents"),
)  # what the facts of the costliest of them read, once each; the flags besides
FLAGS = "customer_records"


def asked(demand: Demand, _: Arguments) -> list[Population]:
    """Facts, read live for one customer."""
    one = Population(1)
    for kind, method in FACTS:
        demand.each_of(kind, method, one)
    for system in demand.systems.all:
        demand.records(system, FLAGS, one)
    return [Population(1, type_name=WORKFLOW)]


def decided(demand: Demand, arguments: Arguments) -> list[Population]:
    """An approval plans anew, from live facts."""
    return asked(demand, arguments)


def _one(_: Demand, __: Arguments) -> list[Population]:
    return [Population(1, type_name=WORKFLOW)]


def _page(_: Demand, arguments: Arguments) -> list[Population]:
    return [Population(length_of(arguments), type_name=WORKFLOW)]


def _events(_: Demand, arguments: Arguments) -> list[Population]:
    return [Population(length_of(arguments), type_name="AuditEvent")]


def _of_customer(_: Demand, who: Population, arguments: Arguments) -> Population:
    return who.within("workflows", length_of(arguments))


def _records(demand: Demand, who: Population, _: Arguments) -> Population:
    made = who.within("workflow records", RECORDS_EACH)
    for kind, method in (("credit_memo", "credit_memos"), ("payment", "refunds")):
        demand.each_of(kind, method, made)
    return made


def _customer(_: Demand, who: Population, __: Arguments) -> Population:
    return who.owners


PRICES: Mapping[str, Price] = {
    "Customer.workflows": _of_customer,
    "Workflow.customer": _customer,
    "Workflow.records": _records,
}


def roots(mutations: Mapping[str, object], queries: Mapping[str, object]) -> Mapping[str, Root]:
    """The costs of the fields with which an operation begins, given those of the folders, by Python name."""
    return {
        "Query.workflow": _one,
        "Query.workflows": _page,
        "Query.auditEvents": _events,
        **{f"Query.{camel_case(name)}": asked for name in queries},
        **{f"Mutation.{camel_case(name)}": asked for name in mutations},
    }
