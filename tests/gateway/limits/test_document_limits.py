"""How much one document may be: each limit with its code, and nothing that takes long to refuse."""

import time
from contextlib import suppress

import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.configuration.limits import LimitsSection
from gateway.edge.documents import Documents, Invalid
from gateway.edge.measuring import MAX_DEFINITIONS, Ruler, refuse_excess
from mutations.schema import graph
from resolvers.errors import GatewayError

SCHEMA = graph()[0]._schema
FAST_SECONDS = 0.050  # what a bomb may take on a machine of its own
PATIENCE = 3  # times that, in CPU seconds: CI runs several processes on a busy core


def customer(selection, more=""):
    return '{ customer(id: "x") { ' + selection + " } } " + more


def chain(levels, link, last="number"):
    """Fragments that each hold the next as `link` says, with %s for its spread."""
    parts = [f"fragment F{n} on Customer {{ {link.replace('%s', f'...F{n + 1}')} }}" for n in range(levels)]
    return customer("...F0", " ".join([*parts, f"fragment F{levels} on Customer {{ {last} }}"]))


def code_of(text, **limits):
    try:
        Documents(SCHEMA, LimitsSection(**limits)).get(text, introspection=True)
    except Invalid as invalid:
        return invalid.errors[0].extensions["code"]
    return None


@pytest.mark.parametrize(
    ("text", "limit", "code"),
    [
        ("{ viewer { subject } } #" + "x" * 1024, {"document_bytes": 1024}, "DOCUMENT_TOO_LARGE"),
        ("," * 1024 + "{ viewer { subject } }", {"document_bytes": 1024}, "DOCUMENT_TOO_LARGE"),
        (customer("number " * 100), {"tokens": 100}, "TOO_MANY_TOKENS"),
        (customer("parent { parent { number } }"), {"depth": 3}, "TOO_DEEP"),
        (customer("a: number b: kind"), {"aliases": 1}, "TOO_MANY_ALIASES"),
        ("{ a: viewer { subject } b: viewer { subject } }", {"root_fields": 1}, "TOO_MANY_ROOT_FIELDS"),
        (customer("number kind tier owner industry website flags emails phones"), {"fields": 10}, None),
        (customer("number kind tier owner industry website flags emails phones id"), {"fields": 10}, "TOO_MANY_FIELDS"),
        (customer("number " * 64), {}, "TOO_MANY_FIELDS"),
        ("{ nodes(ids: " + "[" * 9 + "]" * 9 + ") { id } }", {}, "TOO_DEEP"),
    ],
)
def test_each_limit_has_its_code(text, limit, code):
    assert code_of(text, **limit) == code


def test_what_is_within_the_limits_is_served():
    assert code_of(customer("a: number b: kind parent { number }"), aliases=2, depth=3, root_fields=1) is None


def test_fragments_count_as_often_as_they_are_spread():
    text = "{ ...R ...R } fragment R on Query { a: viewer { subject } }"
    assert code_of(text, root_fields=1) == "TOO_MANY_ROOT_FIELDS"
    assert code_of(text, aliases=1) == "TOO_MANY_ALIASES"
    assert code_of(text) is None


def test_a_fragment_that_leads_back_to_itself_is_not_valid():
    assert code_of(customer("...A", "fragment A on Customer { ...B } fragment B on Customer { ...A }")) == (
        "GRAPHQL_VALIDATION_FAILED"
    )


def test_more_definitions_than_anyone_sends_are_refused():
    assert code_of(" ".join(f"query Q{n} {{ __typename }}" for n in range(MAX_DEFINITIONS + 1))) == "TOO_MANY_FIELDS"


BOMBS = {
    "spreads that double 22 times": chain(22, "%s %s"),
    "spreads that double 90 times": chain(90, "%s %s"),
    "aliases that double 22 times": chain(22, "a: parent { %s } b: parent { %s }"),
    "inline fragments that double 22 times": chain(22, "... { %s } ... on Customer { %s }"),
    "the same field that doubles 22 times": chain(22, "parent { %s } parent { %s }"),
    "lists that double": chain(15, "cases { nodes { customer { %s } } } cases { nodes { customer { %s } } }"),
    "inline fragments in each other": customer("... { " * 900 + "number" + " }" * 900),
    "fields in each other": "{ node(id: 1) " + "{ ... on Customer { parent " * 400 + "{ id }" + "} }" * 400 + "}",
    "one field 1,300 times": customer("number " * 1300),
    "as many equal fields as are allowed": customer("number " * 63),
    "as many overlapping selections as are allowed": customer("parent { parent { number kind } } " * 25),
    "selections that overlap in fragments": customer(
        " ".join(f"...F{n}" for n in range(60)),
        " ".join(f"fragment F{n} on Customer {{ parent {{ number }} }}" for n in range(60)),
    ),
    "ninety fragments beside each other": customer(
        " ".join(f"...F{n}" for n in range(90)),
        " ".join(f"fragment F{n} on Customer {{ n{n}: number }}" for n in range(90)),
    ),
    "fifty operations over a chain of fragments": " ".join(
        [f'query Q{n} {{ customer(id: "x") {{ ...F0 }} }}' for n in range(49)]
        + [f"fragment F{n} on Customer {{ ...F{n + 1} parent {{ ...F{n + 1} }} }}" for n in range(49)]
        + ["fragment F49 on Customer { number }"]
    ),
    "a comment of sixty thousand characters": "#" + "x" * 60_000 + "\n{ viewer { subject } }",
    "sixty thousand commas": "," * 60_000 + "{ viewer { subject } }",
    "brackets in each other": "{ nodes(ids: " + "[" * 500 + "]" * 500 + ") { id } }",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_takes_longer_than_its_time(name):
    assert min(_seconds(name) for _ in range(3)) < FAST_SECONDS * PATIENCE


def _seconds(name):
    """The processor's time for one bomb; the collector of garbage, which may come in between, is the process's own."""
    documents = Documents(SCHEMA, LimitsSection())
    started = time.process_time()
    with suppress(Invalid):
        documents.get(BOMBS[name], introspection=True)
    return time.process_time() - started


@pytest.mark.parametrize("link", ["%s %s", "a: parent { %s } b: parent { %s }", "... { %s } ... { %s }"])
def test_twice_the_levels_cost_twice_the_time_not_its_square(link):
    def seconds(levels):
        document = parse(chain(levels, link))
        started = time.process_time()
        with pytest.raises(GatewayError):
            refuse_excess(document, LimitsSection(depth=64))
        return time.process_time() - started

    seconds(10)
    assert seconds(80) < FAST_SECONDS


names = st.sampled_from(["number", "kind", "tier", "owner"])
fragments = st.integers(0, 7).map(lambda n: f"...F{n}")
fields = st.one_of(names, st.tuples(st.sampled_from("abc"), names).map(": ".join), fragments)
texts = st.recursive(
    fields,
    lambda inner: st.tuples(
        st.sampled_from(["parent {", "a: parent {", "... {", "... on Customer {"]),
        st.lists(inner, min_size=1, max_size=4),
    ).map(lambda made: f"{made[0]} {' '.join(made[1])} }}"),
    max_leaves=12,
)


def counted(selections, ruler_fragments):
    """The slow truth about fields and depth: everything spread."""
    fields = depth = 0
    for each in selections.selections:
        if each.kind == "field":
            inner, below = counted(each.selection_set, ruler_fragments) if each.selection_set else (0, 0)
            fields, depth = fields + 1 + inner, max(depth, below + 1)
        else:
            target = each if each.kind == "inline_fragment" else ruler_fragments[each.name.value]
            inner, below = counted(target.selection_set, ruler_fragments)
            fields, depth = fields + inner, max(depth, below)
    return fields, depth


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(texts, min_size=1, max_size=4), min_size=8, max_size=8), st.lists(texts, min_size=1))
def test_the_measure_is_what_is_there_when_everything_is_spread(bodies, own):
    # Fragments may only lead to later ones, so that none leads back to itself.
    made = [
        f"fragment F{n} on Customer {{ number {' '.join(body)} }}".replace("...F", f"...F{n + 1}_")
        for n, body in enumerate(bodies)
    ]
    text = customer(" ".join(own), " ".join(made))
    for n in range(9):
        for m in range(8):
            target = n + m % max(1, 8 - n) if n < 8 else None
            text = text.replace(f"...F{n}_{m}", f"...F{target}" if target is not None else "kind")
    document = parse(text)
    found = {each.name.value: each for each in document.definitions[1:]}
    measure = Ruler(document).measured(document.definitions[0].selection_set)
    assert (measure.fields, measure.depth) == counted(document.definitions[0].selection_set, found)
