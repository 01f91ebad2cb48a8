import pytest

from gateway.edge.negotiation import chosen, prefers

JSON, GRAPHQL, STREAM = "application/json", "application/graphql-response+json", "text/event-stream"
OFFERS = (JSON, GRAPHQL)
URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, {STREAM}, multipart/mixed"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON};q=0.9", JSON),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"*/*, {GRAPHQL};q=0.1", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{JSON};q=0, {GRAPHQL};q=0, */*", None),
        ("*/*;q=0", None),
        ("text/html", None),
        ("text/*", None),
        (f"{JSON};q=nan", None),
        (f"{JSON};q=", None),
        (f"{JSON};q=²", None),
        (f"{JSON};q=-1", None),
        (f"APPLICATION/JSON;Q=0.3, {GRAPHQL};q=0.2", JSON),
        (",,,", None),
        (f", {JSON}", JSON),
        (URQL, GRAPHQL),
        (BROWSER, JSON),
    ],
)
def test_the_higher_q_wins_and_then_the_order(accept, expected):
    assert chosen(accept, OFFERS) == expected


def test_another_type_is_preferred_only_where_it_is_named_before_ours():
    assert not prefers(URQL, STREAM, OFFERS)
    assert prefers(f"{STREAM}, {JSON}", STREAM, OFFERS)
    assert not prefers("*/*", STREAM, ())
    assert not prefers(None, STREAM, OFFERS)
    assert prefers(BROWSER, "text/html", OFFERS)
