"""Groups of needs: distances by hand, laws, how many groups, sentences; held against scipy and planted groups elsewhere."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.need_groups import by_chance, describe, gower, need_groups, silhouette

THREE = pd.DataFrame({"customer": list("abc"), "what": ["beans", "beans", None], "gift": [True, False, True], "price": [10.0, 20, None]})
TWO_SORTS = pd.DataFrame(
    {"customer": list("abcdef"), "what": ["beans"] * 4 + ["tea"] * 2, "why": ["taste"] * 3 + ["price"] * 3,
     "price": [9.0, 8.7, 8.3, 8, 3, 3]}
)  # fmt: skip
WANTS = ["what", "why", "price"]
TABLES = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from("uv"), st.integers(0, 9)), min_size=4, max_size=14
).map(lambda rows: pd.DataFrame(rows, columns=WANTS).assign(customer=[f"C{n:02d}" for n in range(len(rows))]))  # fmt: skip


# distances


def test_gower_by_hand():
    # a-b: beans alike, gift differs, price 10 of a range of 10: (0 + 1 + 1) / 3; a-c: only gift is answered by both
    np.testing.assert_allclose(gower(THREE, ["what", "gift", "price"]), [[0, 2 / 3, 0], [2 / 3, 0, 1], [0, 1, 0]])


def test_what_nobody_answered_alike_or_at_all():
    apart = gower(pd.DataFrame({"what": ["beans", None], "price": [None, 3.0]}), ["what", "price"])
    assert apart.tolist() == [[0, 1], [1, 0]]  # no feature in common
    assert gower(pd.DataFrame({"price": [4, 4]}), "price").tolist() == [[0, 0], [0, 0]]


@settings(max_examples=30)
@given(TABLES)
def test_a_distance_is_symmetric_between_0_and_1_and_keeps_the_triangle(needs):
    apart = gower(needs, WANTS)
    assert (apart == apart.T).all() and (np.diag(apart) == 0).all() and apart.min() >= 0 and apart.max() <= 1
    assert (apart[:, :, None] <= apart[:, None, :] + apart.T[None] + 1e-12).all()
    scaled = needs.assign(price=needs["price"] * 1.95583 + 3)  # another currency
    np.testing.assert_allclose(gower(scaled, WANTS), apart, atol=1e-12)


@pytest.mark.parametrize("make", [pl.from_pandas, lambda frame: pa.Table.from_pandas(frame, preserve_index=False)])
def test_other_tables_in_memory(make):
    np.testing.assert_array_equal(gower(make(THREE), ["what", "gift", "price"]), gower(THREE, ["what", "gift", "price"]))
    found, plain = need_groups(make(TWO_SORTS), features=WANTS), need_groups(TWO_SORTS, features=WANTS)
    assert type(found.table) is type(make(TWO_SORTS)) and found.silhouettes == plain.silhouettes


# silhouette


def test_silhouette_by_hand():
    # two pairs, 1 apart inside and 9 between: 1 - 1/9; a single one counts 0: (2 * 8/9 + 0) / 3
    far = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 1], [9, 9, 1, 0]])
    assert silhouette(far, list("aabb")) == pytest.approx(8 / 9)
    assert silhouette(far[:3, :3], [1, 1, 2]) == pytest.approx(16 / 27)
    assert silhouette(np.zeros((3, 3)), [1, 1, 2]) == 0


@settings(max_examples=30)
@given(TABLES, st.data())
def test_silhouette_is_that_of_its_formula(needs, data):
    apart = gower(needs, WANTS)
    groups = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(needs), max_size=len(needs)).filter(lambda g: len(set(g)) > 1)))
    widths = []
    for place, own in enumerate(groups):
        inside = [apart[place, other] for other in range(len(groups)) if other != place and groups[other] == own]
        nearest = min(apart[place, groups == other].mean() for other in set(groups) - {own})
        largest = max(np.mean(inside), nearest) if inside else 0
        widths.append((nearest - np.mean(inside)) / largest if largest > 0 else 0)
    assert silhouette(apart, groups) == pytest.approx(np.mean(widths), abs=1e-12)


# groups


def test_two_sorts_of_customers():
    # by hand, a to d against e and f, prices over a range of 6: 1 - .1481/1, 1 - .1370/.9833, 1 - .1370/.9611,
    # 1 - .3704/.6111, and 1 for each of the two that are alike; 4.9638 / 6
    found = need_groups(TWO_SORTS, features=WANTS, most=3)
    assert found.number == 2 and found.said == "Of 2 to 3 groups, 2 have the largest silhouette, 0.83."
    assert dict(found.silhouettes)[2] == pytest.approx(0.8273, abs=5e-5)
    two = need_groups(TWO_SORTS, features=WANTS, groups=2)
    assert two.table["group"].tolist() == [1, 1, 1, 1, 2, 2] and two.said == "2 groups were asked for."
    assert need_groups(TWO_SORTS, features=WANTS, groups=1).table["group"].tolist() == [1] * 6


@settings(max_examples=30)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_no_group(needs, random):
    there = need_groups(needs, features=WANTS, groups=3)
    order = random.sample(range(len(needs)), len(needs))
    other = need_groups(needs.iloc[order][["price", "customer", "why", "what"]], features=WANTS[::-1], groups=3)
    assert dict(zip(other.table["customer"], other.table["group"], strict=True)) == dict(
        zip(there.table["customer"], there.table["group"], strict=True)
    )
    sizes = there.table["group"].value_counts().sort_index()
    assert sizes.index.tolist() == [1, 2, 3] and sizes.is_monotonic_decreasing  # none is empty, the largest first


def test_where_all_want_the_same_there_is_one_group():
    same = pd.DataFrame({"customer": range(9), "what": "beans", "price": 9.0})
    found = need_groups(same, features=["what", "price"], most=4)
    assert found.number == 1 and set(found.table["group"]) == {1}
    assert found.said == (
        "Of 2 to 4 groups, 2 have the largest silhouette, 0.00; that is not above 0.25, so all are one group."
    )


def test_shuffled_answers_make_no_groups_like_those_that_go_together():
    rng = np.random.default_rng(2)
    sort = rng.integers(0, 2, 60)
    needs = pd.DataFrame({"customer": range(60)} | {name: np.where(rng.random(60) < 0.9, sort, 1 - sort).astype(str) for name in "abcd"})
    found = need_groups(needs, features=list("abcd"))
    shuffled = by_chance(needs, features=list("abcd"), rng=np.random.default_rng(1), draws=5)
    assert len(shuffled) == 5 and max(shuffled) < max(one for _, one in found.silhouettes)
    assert shuffled == by_chance(needs, features=list("abcd"), rng=np.random.default_rng(1), draws=5)


# what they want


def test_what_each_group_wants_by_hand():
    grouped = pd.DataFrame({"group": [1, 1, 1, 2], "what": ["tea", "tea", "beans", None], "price": [3.0, 5, 10, 9]})
    found = describe(grouped, features=["what", "price"])
    assert found.columns.tolist() == ["group", "customers", "feature", "typical", "in_group", "in_all"]
    assert found.iloc[0].tolist() == [1, 3, "what", "tea", 2 / 3, 2 / 3]
    assert found.iloc[1].tolist() == [1, 3, "price", "5", 5.0, 7.0]
    assert found.iloc[2, :4].tolist() == [2, 1, "what", ""] and math.isnan(found["in_group"][2])
    assert found.iloc[3].tolist() == [2, 1, "price", "9", 9.0, 7.0]


# sentences


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: gower(THREE, []), "There are no features to compare customers by."),
        (lambda: gower(THREE[:0], ["what"]), "The table of needs is empty."),
        (lambda: gower(pd.DataFrame({"what": ["x"] * 5001}), "what"),
         "There are 5,001 customers; distances between all of them need a sample of 5,000 or fewer."),
        (lambda: need_groups(THREE), "The table of needs has no column 'when'; it has ['customer', 'what', 'gift', 'price']."),
        (lambda: need_groups(THREE[:2], features="what"), "The table of needs has 2 customers; groups need 3 or more."),
        (lambda: need_groups(TWO_SORTS, features=WANTS, groups=7), "groups is 7; it is a whole number from 1 to 6."),
        (lambda: need_groups(TWO_SORTS, features=WANTS, most=1), "most is 1; it is a whole number from 2 to 1,000,000."),
        (lambda: need_groups(TWO_SORTS, features=WANTS, least="0"), "least is '0'; it must be a number."),
        (lambda: silhouette(np.zeros((2, 2)), [1, 1]), "A silhouette needs the distances of 2 customers in two groups or more."),
    ],
)  # fmt: skip
def test_sentences(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence
