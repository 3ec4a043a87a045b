"""Needs by value: hand-computed measures, the four cells, demand at a price, sentences."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.need_groups import need_groups
from crmlib.needs_value import MODES, demand, marketing_mode, modes, need_distance, need_diversity, value_skew

NEEDS = pd.DataFrame({"customer": list("abcd"), "what": ["beans", "beans", "tea", "tea"], "price": [10.0, 12, 20, 20], "how_many": [4.0, 1, 1, 1]})
WORTH = pd.DataFrame({"customer": list("dcba"), "revenue": [5.0, 5.0, 1.0, 9.0]})


def test_skew_by_hand():
    assert value_skew(pd.DataFrame({"revenue": [1, 2, 3, 4]})) == pytest.approx(0.25, abs=1e-12)
    assert value_skew(pd.DataFrame({"clv": [1.0, 1, 1, 1, 6]}), by="clv", measure="top_share") == pytest.approx(0.6)


@EVERY_ENGINE
def test_diversity_by_hand_on_every_engine(engine):
    grouped = pd.DataFrame({"group": [1, 1, 2, 3]})
    assert need_diversity(build(engine, grouped)) == pytest.approx(1 - (0.25 + 1 / 16 + 1 / 16), abs=1e-12)


@settings(max_examples=30)
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
def test_diversity_lies_below_that_of_even_groups(groups):
    found = need_diversity(pd.DataFrame({"group": groups}))
    assert -1e-12 <= found <= 1 - 1 / len(set(groups)) + 1e-12


def test_mean_distance_leaves_the_diagonal_out():
    assert need_distance(np.array([[0, 0.2, 0.4], [0.2, 0, 0.6], [0.4, 0.6, 0]])) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("skew", "diversity", "name"),
    [(0.2, 0.2, "mass"), (0.2, 0.5, "target or niche"), (0.5, 0.2, "frequency"), (0.5, 0.5, "one-to-one")],
)
def test_the_four_cells_at_the_cut_and_above(skew, diversity, name):
    assert marketing_mode(skew, diversity).name == name


def test_three_modes_are_in_the_source_and_the_fourth_is_a_reconstruction():
    assert [mode.name for mode in MODES if not mode.in_source] == ["target or niche"]
    assert len({(mode.values_differ, mode.needs_differ) for mode in MODES}) == 4


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_cut_never_makes_customers_differ_more(skew, diversity, cut, more):
    low, high = (marketing_mode(skew, diversity, skew_cut=one, diversity_cut=one) for one in (cut, cut + more))
    assert high.values_differ <= low.values_differ and high.needs_differ <= low.needs_differ


def test_modes_of_all_and_within_groups_by_hand():
    found = modes(need_groups(NEEDS, features="what", groups=2), WORTH, skew_cut=0.3)
    assert found["group"].tolist() == ["all", "1", "2"] and found["customers"].tolist() == [4, 2, 2]
    # 1 5 5 9: 2 * (1 + 10 + 15 + 36) / 80 - 5 / 4; two of six pairs are 0 apart; 1 9: 2 * (1 + 18) / 20 - 3 / 2
    np.testing.assert_allclose(found["skew"], [0.3, 0.4, 0], atol=1e-12)
    np.testing.assert_allclose(found["diversity"], [4 / 6, 0, 0], atol=1e-12)
    assert found["mode"].tolist() == ["one-to-one", "frequency", "mass"]
    assert found["value"].tolist() == [5, 5, 5] and found["share_of_value"].tolist() == [1, 0.5, 0.5]


def test_customers_without_a_value_are_left_out():
    found = modes(need_groups(NEEDS, features="what", groups=1), WORTH[:3])
    assert found["customers"].tolist() == [3, 3] and found["value"][0] == pytest.approx(11 / 3)


def test_demand_by_hand():
    found = demand(NEEDS, cost=9)
    assert found["price"].tolist() == [10, 12, 20] and found["buyers"].tolist() == [4, 3, 2]
    assert found["share"].tolist() == [1, 0.75, 0.5] and found["quantity"].tolist() == [7, 3, 2]
    assert found["revenue"].tolist() == [70, 36, 40] and found["profit"].tolist() == [7, 9, 22]
    assert found["best"].tolist() == [False, False, True]
    assert demand(NEEDS, prices=[20.01, 5])["buyers"].tolist() == [0, 4]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 10)), min_size=1, max_size=20), st.randoms())
def test_demand_falls_with_the_price_whatever_the_order_of_rows(rows, random):
    needs = pd.DataFrame(rows, columns=["price", "how_many"])
    found = demand(needs)
    assert (found["buyers"].diff().dropna() < 0).all() and (found["quantity"].diff().dropna() <= 1e-9).all()
    assert found["quantity"].iloc[0] == pytest.approx(needs["how_many"].sum()) and found["best"].sum() == 1
    random.shuffle(rows)
    other = demand(pd.DataFrame(rows, columns=["price", "how_many"]))
    pd.testing.assert_frame_equal(other.drop(columns="best"), found.drop(columns="best"), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: value_skew(WORTH, measure="mean"), "measure 'mean' is not known; choose 'gini' or 'top_share'."),
        (lambda: need_diversity(NEEDS[:0].assign(group=[])), "The table of groups is empty."),
        (lambda: need_distance(np.zeros((1, 1))), "The distances are no square of two customers or more; use need_groups.gower()."),
        (lambda: marketing_mode(50, 0.5), "skew is 50; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        (lambda: modes(need_groups(NEEDS, features="what", groups=2), WORTH[:2]),
         "Group 1 has 0 customers with a value in 'revenue'; it needs two."),
        (lambda: demand(NEEDS.assign(price=None)), "Nobody has both a 'price' and a 'how_many'."),
        (lambda: demand(NEEDS, cost=None), "cost is None; it must be a number."),
    ],
)  # fmt: skip
def test_sentences(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence
