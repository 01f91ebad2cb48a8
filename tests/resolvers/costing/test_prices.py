"""What is priced, and how near the estimate is to what is spent."""

import pytest
from graphql import GraphQLObjectType, parse

from mutations.schema import graph
from resolvers.costing import estimate
from resolvers.costing.prices import PRICES
from resolvers.costing.roots import ROOTS
from tests.support.asking import EVERYTHING

SCHEMA = graph()[0]._schema
# Fields with a resolver of their own that asks no source. A new field joins PRICES, ROOTS or these.
FREE = {
    "Contact.id", "Contract.id", "CreditMemo.id", "Customer.id", "CustomerSubscription.id", "Dispute.id",
    "IdentityConflict.id", "Invoice.id", "Opportunity.id", "Order.id", "Payment.id", "Refund.id", "SupportCase.id",
    "Customer.sources", "Customer.status", "Customer.survivorship", "CustomerChange.customer",
    "Invoice.overdueDays", "Money.amount", "Money.currency", "Provenance.ageSeconds", "Provenance.freshness",
    "AuditEvent.customers", "AuditEvent.id", "AuditEvent.workflowId", "CreditMemo.workflow", "Customer.actions",
    "GovernedPayload.workflow", "Subscription.approvalsChanged", "Subscription.workflowChanged", "Viewer.limits",
    "Workflow.auditEvents", "Workflow.id", "Workflow.idempotencyKey", "WorkflowPayload.workflow",
    "Query._service", "Query.systems", "Query.viewer", "Subscription.customerChanged", "TimelineConnection.gaps",
    "TimelineEntry.record", "_Service.sdl",
}  # fmt: skip


def resolved():
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                definition = (field.extensions or {}).get("strawberry-definition")
                if definition is not None and definition.base_resolver is not None:
                    yield f"{kind.name}.{name}"


def test_every_field_with_a_resolver_is_priced_or_known_to_be_free():
    assert set(resolved()) - {*PRICES, *ROOTS} == FREE


def test_no_price_is_of_a_field_that_is_not_there():
    for coordinate in {*PRICES, *ROOTS}:
        kind, _, name = coordinate.partition(".")
        assert name in SCHEMA.type_map[kind].fields, coordinate


def listed(selection, first):
    return f"{{ customers(first: {first}) {{ nodes {{ number {selection} }} }} }}"


@pytest.mark.parametrize(
    ("query", "times"),
    [
        (EVERYTHING, 5),  # lists of one customer may be read on four times each, and here they need not
        (listed("cases { nodes { number } } invoices { nodes { number } } erpAccount { creditHold }", 30), 3),
        (listed("invoices { nodes { number } }", 30), 1.5),
        (listed("erpAccount { receivable { amount } }", 30), 3),
        (listed("timeline(first: 5) { nodes { kind } }", 10), 3),
    ],
)
def test_the_estimate_is_near_to_what_is_spent(counted, query, times):
    variables = {"id": counted.customer_ids[0]} if query == EVERYTHING else {}
    cost, counts = counted.run(query, variables)
    assert sum(counts.values()) <= cost["estimatedCalls"] <= sum(counts.values()) * times


def estimated(systems, query, variables):
    document = parse(query)
    return estimate(SCHEMA, document, document.definitions[0], variables, systems=systems)


def calls(systems, query, **variables):
    return estimated(systems, query, variables).by_system


def test_the_same_question_under_two_names_is_asked_once(counted):
    once = "{ customers(first: 5) { nodes { invoices(first: 3) { nodes { number } } } } }"
    other = "b: invoices { edges { cursor } }"
    twice = once.replace("invoices", "a: invoices").replace("} } } }", "} } " + other + " } }")
    assert calls(counted.systems, once) == calls(counted.systems, twice)


def test_what_is_skipped_costs_nothing(counted):
    query = "query($no: Boolean!) { customers { nodes { invoices @include(if: $no) { nodes { number } } } } }"
    assert calls(counted.systems, query, no=False) == {}
    assert calls(counted.systems, query, no=True) != {}


@pytest.mark.parametrize(
    ("query", "variables", "read"),
    [
        ("query($id: ID!) { customer(id: $id) { number } }", {"id": "x"}, set()),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": "x"}, {"id"}),
        ("query($f: Int) { customers(first: $f) { nodes { invoices(first: $f) { nodes { id } } } } }", {}, {"f"}),
        (
            "query($no: Boolean!, $f: Int) { customers(first: $f) @include(if: $no) { nodes { id } } }",
            {"no": False},
            {"no"},
        ),
        (
            "query($f: InvoiceFilter) { customers { nodes { invoices(filter: $f) { nodes { id } } } } }",
            {"f": {}},
            {"f"},
        ),
    ],
)
def test_an_estimate_names_the_variables_that_it_depends_on(counted, query, variables, read):
    assert estimated(counted.systems, query, variables).read == read


def test_records_of_another_type_are_not_asked_for(counted):
    case = next(each for each in counted.record_ids if each not in counted.customer_ids)
    query = "query($id: ID!) { node(id: $id) { ... on Customer { invoices { nodes { number } } } } }"
    assert sum(calls(counted.systems, query, id=case).values()) < sum(
        calls(counted.systems, query, id=counted.customer_ids[0]).values()
    ) + sum(calls(counted.systems, "query($id: ID!) { node(id: $id) { id } }", id=case).values())


@pytest.mark.parametrize(
    "variables",
    [{}, {"first": "many"}, {"first": None}, {"first": True}, {"first": -5}, {"first": 10**30}, {"first": [1]}],
)
def test_variables_that_do_not_fit_are_estimated_and_refused_later(counted, variables):
    query = "query($first: Int) { customers(first: $first) { nodes { invoices { nodes { number } } } } }"
    assert sum(calls(counted.systems, query, **variables).values()) <= 150


@pytest.mark.parametrize("given", [5, "x", None, [None, 3], {"__typename": 4}, [{"__typename": "Customer"}]])
def test_representations_of_any_shape_are_estimated(counted, given):
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { number } } }"
    calls(counted.systems, query, r=given)
