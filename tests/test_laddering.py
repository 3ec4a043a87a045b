"""Laddering: links counted by hand, the cut-off, the place of an element, laws, sentences."""

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, laddering

LADDERS = st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5), min_size=1, max_size=8)


def told(*ladders):
    rows = [(f"L{n}", 1, step, element) for n, ladder in enumerate(ladders) for step, element in enumerate(ladder, start=1)]
    return pd.DataFrame(rows, columns=["interview", "ladder", "step", "element"])


FOUR = told("abd", "abd", "acd", "ad")  # a leads to d at once in one, by b or c in three


def test_direct_and_indirect_links_by_hand():
    links = laddering.implications(FOUR)
    assert {(row[0], row[1]): (row[2], row[3]) for row in links.itertuples(index=False)} == {
        ("a", "b"): (2, 0), ("b", "d"): (2, 0), ("a", "d"): (1, 3), ("a", "c"): (1, 0), ("c", "d"): (1, 0),
    }  # fmt: skip
    assert laddering.matrix(links).loc["a", "d"] == "1.03" and laddering.matrix(links).loc["c", "b"] == ""


def test_the_cell_of_the_definitions():
    """12.05 = 12 direct + 5 indirect."""
    links = laddering.implications(told(*["ab"] * 12, *["axb"] * 5))
    assert laddering.matrix(links).loc["a", "b"] == "12.05"


def test_a_link_counts_once_a_ladder_and_a_direct_one_is_not_indirect_too():
    links = laddering.implications(told("abcab"))
    assert links.set_index(["from", "to"]).loc[("a", "b")].tolist() == [1, 0]


def test_cut_offs_and_the_map_by_hand():
    links = laddering.implications(FOUR)
    found = laddering.cut_offs(links)
    assert found["links"].tolist() == [5, 2] and found["mentions"].tolist() == [7, 4]
    assert found["share_of_mentions"].tolist() == [1, 4 / 7]
    assert len(laddering.value_map(links)) == 5  # a cut-off of 2 leaves 57 %, less than two thirds
    assert len(laddering.value_map(links, keep=0.5)) == 2 == len(laddering.value_map(links, cut_off=2))


def test_where_an_element_stands_by_hand():
    found = laddering.elements(laddering.implications(FOUR)).set_index("element")
    assert found.index.tolist() == ["a", "b", "c", "d"]
    assert found["abstractness"].tolist() == [0, 0.5, 0.5, 1]
    assert found["centrality"].tolist() == [4 / 7, 4 / 7, 2 / 7, 4 / 7]


@settings(max_examples=40)
@given(LADDERS, st.randoms())
def test_no_link_is_lost_and_the_order_of_rows_changes_nothing(ladders, random):
    table = told(*ladders)
    links = laddering.implications(table)
    pairs = sum(len({(one, other) for one, other in zip(ladder, ladder[1:]) if one != other}) for ladder in ladders)
    assert links["direct"].sum() == pairs and (links["direct"] + links["indirect"] > 0).all()
    shuffled = table.sample(frac=1, random_state=random.randint(0, 99))
    pd.testing.assert_frame_equal(laddering.implications(shuffled), links)
    pd.testing.assert_frame_equal(laddering.implications(pl.from_pandas(table)), links)
    if pairs:
        places = laddering.elements(links)
        assert places["out"].sum() == places["in"].sum() == pairs and places["abstractness"].between(0, 1).all()
        assert places["centrality"].sum() == pytest.approx(2)
        assert laddering.cut_offs(links)["mentions"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: laddering.implications(FOUR[:0]), "The table of ladders is empty."),
        (lambda: laddering.implications(pd.concat([FOUR, FOUR[:1]])), "Interview 'L0' has two elements on step 1 of ladder 1."),
        (lambda: laddering.cut_offs(laddering.implications(told("a"))), "The table of links has no direct link."),
        (lambda: laddering.value_map(laddering.implications(FOUR), cut_off=0), "cut_off is 0; it is a number of mentions above 0."),
        (lambda: laddering.value_map(laddering.implications(FOUR), keep=66), "keep is 66; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
    ],
)  # fmt: skip
def test_sentences(call, sentence):
    with pytest.raises(DataError) as error:
        call()
    assert str(error.value) == sentence
