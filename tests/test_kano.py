"""The Kano model: the evaluation table, golden numbers, laws, sentences, every engine."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, kano

PAIRS = pd.DataFrame(list(kano.TABLE), columns=["functional", "dysfunctional"])
COUNTS = st.lists(st.integers(0, 60), min_size=6, max_size=6).filter(any)


def survey(**counts):
    return pd.DataFrame({"feature": "it", "category": list("".join(one * n for one, n in counts.items()))})


# the table


def test_the_cells_of_the_evaluation_table_have_the_counts_of_the_definitions():
    assert Counter(kano.TABLE.values()) == {"I": 9, "R": 7, "A": 3, "M": 3, "Q": 2, "O": 1}


def test_the_corners_of_the_table_make_sense():
    assert kano.TABLE["L", "D"] == "O" and kano.TABLE["D", "L"] == "R"
    assert kano.TABLE["L", "L"] == kano.TABLE["D", "D"] == "Q"
    assert kano.TABLE["M", "D"] == "M" and kano.TABLE["L", "N"] == "A" and kano.TABLE["N", "N"] == "I"


def test_every_pair_gets_its_category():
    assert kano.classify(PAIRS)["category"].tolist() == list(kano.TABLE.values())


def test_to_turn_the_questions_round_turns_attractive_into_reverse():
    """Asked about its absence, a feature that delights is one that annoys; what is one-dimensional is reverse as well."""
    turned = kano.classify(PAIRS, functional="dysfunctional", dysfunctional="functional")["category"]
    for asked, other in zip(kano.TABLE.values(), turned, strict=True):
        assert {asked, other} in ({"A", "R"}, {"O", "R"}, {"M", "R"}, {"I"}, {"Q"})


@EVERY_ENGINE
def test_every_engine_classifies_and_counts_alike(engine):
    answers = pd.concat([PAIRS.assign(feature="b"), PAIRS[:7].assign(feature="a")], ignore_index=True)
    found = kano.classify(build(engine, answers))
    assert kind(found) == engine and rows(found) == rows(kano.classify(answers))
    counted = kano.categories(found)
    assert kind(counted) == engine and rows(counted) == rows(kano.categories(kano.classify(answers)))


# categories


def test_better_and_worse_are_the_golden_numbers():
    row = kano.categories(survey(A=30, O=25, M=20, I=25)).iloc[0]
    assert row["better"] == pytest.approx(0.55, abs=1e-12) and row["worse"] == pytest.approx(-0.45, abs=1e-12)
    assert row["answers"] == 100 and row["left_out"] == 0


def test_reverse_and_questionable_are_in_no_denominator_and_reported():
    row = kano.categories(survey(A=3, O=1, R=5, Q=1)).iloc[0]
    assert (row["better"], row["worse"], row["left_out"], row["category"]) == (1.0, -0.25, 0.6, "R")
    only = kano.categories(survey(R=2)).iloc[0]
    assert math.isnan(only["better"]) and math.isnan(only["worse"]) and only["left_out"] == 1


@pytest.mark.parametrize(
    ("counts", "category"),
    [({"I": 2, "A": 2, "O": 2, "M": 2}, "M"), ({"I": 2, "A": 2, "O": 2}, "O"), ({"I": 2, "A": 2}, "A"), ({"R": 2, "I": 2}, "I")],
)  # fmt: skip
def test_a_tie_goes_to_must_be_then_one_dimensional_attractive_indifferent(counts, category):
    assert kano.categories(survey(**counts))["category"].tolist() == [category]


def test_by_two_columns():
    classified = pd.DataFrame({"group": list("bab"), "feature": list("xxy"), "category": list("AMI")})
    found = kano.categories(classified, ["group", "feature"])
    assert found[["group", "feature", "category"]].to_numpy().tolist() == [["a", "x", "M"], ["b", "x", "A"], ["b", "y", "I"]]


@settings(max_examples=20)
@given(COUNTS, st.randoms())
def test_the_order_of_rows_changes_nothing_and_no_answer_is_lost(counts, random):
    letters = [one for one, n in zip(kano.CATEGORIES, counts, strict=True) for _ in range(n)]
    there = kano.categories(pd.DataFrame({"feature": "it", "category": letters}))
    random.shuffle(letters)
    pd.testing.assert_frame_equal(kano.categories(pd.DataFrame({"feature": "it", "category": letters})), there)
    row = there.iloc[0]
    assert [row[one] for one in kano.CATEGORIES] == counts and row["answers"] == sum(counts)
    if row["left_out"] < 1:
        assert 0 <= row["better"] <= 1 and -1 <= row["worse"] <= 0


# whether the mode is clear


def test_fong_by_hand():
    # 40 and 25 of 100: 15 against 1.65 * sqrt(65 * 135 / 200) = 10.93; 35 and 25: 10 against 1.65 * sqrt(60 * 140 / 200) = 10.69
    assert kano.clear_mode([40, 25, 20, 15]) and not kano.clear_mode([35, 25, 20, 20])
    assert kano.clear_mode([35, 25, 20, 20], z=1.0)
    assert kano.clear_mode([5, 0]) and not kano.clear_mode([5, 5])


@given(COUNTS)
def test_a_tie_is_never_clear_and_the_order_of_counts_does_not_matter(counts):
    first, second = sorted(counts)[-1:-3:-1]
    assert kano.clear_mode(counts) == kano.clear_mode(sorted(counts))
    assert not (first == second and kano.clear_mode(counts))


def test_drawn_again_a_clear_mode_comes_back_and_a_tie_half_the_time():
    rng = np.random.default_rng(3)
    assert kano.agreement([60, 20, 10, 10], rng=rng) > 0.99
    assert kano.agreement([50, 50], rng=rng) == pytest.approx(0.54, abs=0.04)  # half, and the ties
    assert kano.agreement([50, 50], rng=np.random.default_rng(4)) == kano.agreement([50, 50], rng=np.random.default_rng(4))


# sentences


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: kano.classify(PAIRS.assign(functional="like")),
         "Column 'functional' of the answers has 'like'; an answer is one of L, M, N, W and D."),
        (lambda: kano.classify(PAIRS.assign(dysfunctional=[None] + ["L"] * 24)),
         "Column 'dysfunctional' of the answers has gaps; an answer is one of L, M, N, W and D."),
        (lambda: kano.classify(PAIRS[["functional"]]), "The table of answers has no column 'dysfunctional'; it has ['functional']."),
        (lambda: kano.categories(survey(A=1, X=1)), "The category 'X' is none of M, O, A, I, R, Q; use kano.classify()."),
        (lambda: kano.categories(survey()), "The table of categories is empty."),
        (lambda: kano.clear_mode([0, 0]), "counts is [0.0, 0.0]; it must be two or more counts, one of them above 0."),
        (lambda: kano.clear_mode([1, 2], z="90 %"), "z is '90 %'; it must be a number."),
        (lambda: kano.agreement([1], rng=None), "counts is [1]; it must be counts of M, O, A, I, R, Q."),
    ],
)  # fmt: skip
def test_sentences(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence
