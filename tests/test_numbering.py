"""Ids as integers: equal, ordered and led back, whatever the way that is taken."""

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crmlib import numbering
from crmlib.numbering import Numbering, as_integers, distinct, numbered

LONG = ["5d41402abc4b2a76b9719d911017c592", "7d793037a0760186574b0282f2f435e7", "5d41402abc4b2a76b9719d911017c593"]
VALUES = {
    "small integers": [3, 1, 2, 1],
    "negative integers": [-3, 7, -3],
    "integers from end to end": [-(2**63), 2**63 - 1, 5, 5],
    "texts of one length": ["C0002", "C0001", "C0002"],
    "texts of many lengths": ["10", "9", "", "100", "9"],
    "a text that goes on with the lowest letter": ["a", "a\0", "a", "aa"],
    "no letters": ["", ""],
    "texts of many alphabets": ["王", "é", "e", "王王", "🙂", "e"],
    "too long for one integer": LONG * 2,
    "too long, sorted": sorted(LONG * 3),
    "too long and too short": [*LONG, "a", LONG[0]],
    "more than 64 bytes": ["x" * 70 + "b", "x" * 70 + "a", "x" * 9],
    "dates": [dt.date(2024, 1, 2), dt.date(2024, 1, 1), dt.date(2024, 1, 2)],
    "yes and no": [True, False, True],
}
BOTH = pytest.mark.parametrize("make", [pd.Series, pl.Series], ids=["pandas", "polars"])


def hold(series, values):
    """The laws of a `Numbering`: one code for equal ids, the order of the ids, and the way back."""
    found = Numbering(nw.from_native(series, series_only=True))
    assert found.codes.min() >= 0 and found.codes.max() < found.size
    back = found.values(found.codes)
    assert back.to_pylist() == values if hasattr(back, "to_pylist") else list(back) == values
    code_of = dict(zip(values, found.codes.tolist(), strict=True))
    assert [code_of[value] for value in values] == found.codes.tolist()
    assert sorted(code_of, key=code_of.get) == sorted(code_of)
    assert len(set(code_of.values())) == len(code_of)


@BOTH
class TestNumbering:
    @pytest.mark.parametrize("case", VALUES)
    def test_equal_ordered_and_led_back(self, make, case):
        hold(make(VALUES[case]), VALUES[case])

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text(max_size=12), min_size=1, max_size=30))
    @example(["a\0", "a", ""])
    def test_any_texts(self, make, texts):
        hold(make(texts), texts)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.text("0123456789abcdef-", min_size=8, max_size=40), min_size=1, max_size=30), st.booleans())
    def test_long_texts(self, make, texts, in_order):
        hold(make(sorted(texts * 3) if in_order else texts), sorted(texts * 3) if in_order else texts)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9), min_size=1, max_size=30), st.booleans())
    def test_any_integers(self, make, numbers, in_order):
        hold(make(sorted(numbers * 3) if in_order else numbers), sorted(numbers * 3) if in_order else numbers)

    def test_many_blocks_of_texts(self, make, monkeypatch):
        monkeypatch.setattr(numbering, "_BLOCK", 4)
        for texts in ([f"{number % 37}" for number in range(99)], [f"{LONG[0]}{number % 37}" for number in range(299)]):
            hold(make(texts), texts)

    def test_part_of_a_longer_array(self, make):
        texts = [f"C{number % 7:04d}" for number in range(40)]
        hold(make(texts)[11:30], texts[11:30])

    def test_two_texts_that_share_a_hash_stay_two(self, make, monkeypatch):
        monkeypatch.setattr(numbering, "_hashes", lambda letters: np.zeros(len(letters.ends) - 1, np.int64))
        hold(make(LONG * 2), LONG * 2)

    @pytest.mark.parametrize("values", [["a", None, "b", None], [LONG[0], None, None, LONG[1]], [1, None, 2**60, None]])
    def test_gaps_are_one_value(self, make, values):
        for ordered in (True, False):
            codes, _ = as_integers(nw.from_native(make(values), series_only=True), ordered=ordered)
            assert len(set(codes.tolist())) == 3
            gaps = [code for code, value in zip(codes.tolist(), values, strict=True) if value is None]
            assert gaps[0] == gaps[1]


class TestHashes:
    def test_all_letters_and_the_length_count(self):
        """One letter changed at any place, or one more at the end: never the same hash."""
        texts = ["a" * length for length in range(8, 41)]
        texts += [f"{'a' * place}b{'a' * (39 - place)}" for place in range(40)]
        letters = numbering._Letters(numbering._texts(nw.from_native(pd.Series(texts), series_only=True)))
        assert len(set(numbering._hashes(letters).tolist())) == len(set(texts))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_a_numbered_table_groups_as_the_one_with_names(make):
    frame = nw.from_native(make({"customer": ["b", "a", "b"], "x": [1, 2, 4]})).filter(nw.col("x") > 0)
    found = numbered(frame).group_by("customer").agg(nw.col("x").sum()).sort("customer")
    assert found.schema["customer"] == nw.Int64 and found["x"].to_list() == [2, 5]
    lazy = nw.from_native(pl.LazyFrame({"customer": ["a"]}))
    assert numbered(lazy) is lazy


def test_a_table_with_gaps_in_its_index_is_numbered_row_by_row():
    frame = pd.DataFrame({"customer": ["a", "b", "a", "c"], "x": [1, 2, 3, 4]}).iloc[[3, 1, 0]]
    found = numbered(nw.from_native(frame)).to_native()
    assert found["x"].tolist() == [4, 2, 1] and found["customer"].rank().tolist() == [3, 2, 1]


@given(st.lists(st.integers(-(2**40), 2**40) | st.integers(-3, 3), max_size=30))
@example([])
@example([7, 5, 7])
def test_distinct_integers_are_those_of_numpy_near_and_far(numbers):
    numbers = np.array(numbers, np.int64)
    assert distinct(numbers).tolist() == np.unique(numbers).tolist()
