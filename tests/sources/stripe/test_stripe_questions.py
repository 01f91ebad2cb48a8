"""How questions go into a URL."""

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from sources.stripe.client import query_of

words = st.text(st.sampled_from("ab01_.-[]'\":, %&+=ü\n~"), max_size=20)


@given(st.lists(st.tuples(words, words), max_size=4))
def test_parameters_are_written_as_in_any_url(params: list[tuple[str, str]]) -> None:
    assert query_of(tuple(params)) == urlencode(params)
