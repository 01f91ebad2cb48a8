import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import ids

words = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)


@given(words, words, words)
def test_an_id_gives_back_what_it_was_made_of(kind, source, record):
    assert ids.decode(ids.encode(kind, source, record)) == (kind, source, record)


@pytest.mark.parametrize("bad", ["", "x", "Q3VzdG9tZXI", "=", "ä", "A" * 600, ids.encode("Customer", "", "1") + "="])
def test_what_is_no_id_is_refused(bad):
    with pytest.raises(ids.NotAnId):
        ids.decode(bad)
