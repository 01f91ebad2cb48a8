"""How questions go into a URL."""

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from sources.zendesk.client import query_of

words = st.text(st.sampled_from('ab01_.-[]<>":, %&+=ü\n~'), max_size=20)


@given(st.dictionaries(words, st.one_of(words, st.integers()), max_size=4))
def test_parameters_are_written_as_in_any_url(params: dict[str, str | int]) -> None:
    assert query_of(params) == urlencode(params)
