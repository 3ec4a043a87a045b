"""Three ways to cut the same customers, natural breaks against every possible cut, frequency in a period."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, build_with_nan, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import rfm
from crmlib.errors import DataError
from crmlib.value_classes import by_cuts, frequency, natural_breaks, three_ways

few = settings(max_examples=60, deadline=None)
SPEND = pd.DataFrame({"customer": list("abcdef"), "revenue": [1.0, 2.0, 3.0, 40.0, 41.0, 90.0]})


@EVERY_ENGINE
def test_exactly_at_a_cut_is_the_better_class(engine):
    found = by_cuts(build(engine, SPEND), cuts=(41, 2))
    assert kind(found) == engine
    assert rows(found) == (["customer", "revenue", "level"], [
        ("a", 1.0, "low"), ("b", 2.0, "medium"), ("c", 3.0, "medium"), ("d", 40.0, "medium"), ("e", 41.0, "high"),
        ("f", 90.0, "high"),
    ])  # fmt: skip
    with pytest.raises(DataError) as refused:
        by_cuts(build_with_nan(engine, SPEND.replace(3.0, np.nan)), cuts=(41, 2))
    assert str(refused.value) == (
        "'revenue' is missing or infinite for 1 of 6 customers; fill it or leave them out first."
    )


@EVERY_ENGINE
def test_three_ways_by_hand(engine):
    found = three_ways(build(engine, SPEND), cuts=(50, 2))
    assert kind(found) == engine
    names, cut = rows(found)
    assert names == ["way", "class", "from", "customers", "share_of_customers", "revenue", "share_of_revenue"]
    assert {row[:4] + (row[5],) for row in cut} == {
        ("thirds", "high", 41.0, 2, 131.0), ("thirds", "medium", 3.0, 2, 43.0), ("thirds", "low", None, 2, 3.0),
        ("natural breaks", "high", 90.0, 1, 90.0), ("natural breaks", "medium", 40.0, 2, 81.0),
        ("natural breaks", "low", None, 3, 6.0),
        ("fixed", "high", 50.0, 1, 90.0), ("fixed", "medium", 2.0, 4, 86.0), ("fixed", "low", None, 1, 1.0),
    }  # fmt: skip


@few
@given(st.lists(st.integers(-50, 500), min_size=2, max_size=14), st.integers(2, 4))
def test_no_other_cuts_leave_less_within_the_classes(values, classes):
    distinct = sorted(set(values))
    if len(distinct) < classes:
        return

    def within(cuts):
        place = np.searchsorted(sorted(cuts), values, side="right")
        groups = [[one for one, at in zip(values, place, strict=True) if at == group] for group in range(classes)]
        return sum(sum((one - sum(group) / len(group)) ** 2 for one in group) for group in groups if group)

    found = natural_breaks(pd.DataFrame({"revenue": values}), classes=classes)
    assert list(found) == sorted(set(found), reverse=True) and set(found) <= set(distinct)
    assert within(found) == pytest.approx(min(map(within, combinations(distinct[1:], classes - 1))), abs=1e-6)


@few
@given(st.lists(st.integers(0, 200), min_size=3, max_size=30), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_class_and_totals_are_kept(values, random):
    if len(set(values)) < 3:
        return
    found = three_ways(pd.DataFrame({"revenue": values}), cuts=(100, 10))
    random.shuffle(values)
    assert found.equals(three_ways(pd.DataFrame({"revenue": values}), cuts=(100, 10)))
    assert (found.groupby("way")["customers"].sum() == len(values)).all()
    assert found.groupby("way")["revenue"].sum().tolist() == pytest.approx([sum(values)] * 3)


LOG = pd.DataFrame(
    {
        "customer": list("aabbbbccd"),
        "date": pd.to_datetime([
            "2024-01-01", "2024-12-31", "2024-10-03", "2024-10-04", "2024-12-01", "2024-12-01", "2024-10-03",
            "2025-01-01", "2024-12-01",
        ]),
        "amount": [5.0, 5.0, 5.0, 5.0, 5.0, 7.0, 5.0, 5.0, -5.0],
    }
)  # fmt: skip


@EVERY_ENGINE
@pytest.mark.filterwarnings("ignore:1 line after as_of")
def test_frequency_counts_the_last_days_only(engine):
    # 90 days that end with 31 December begin on 3 October + 1; a refund is no order, and two lines of a day are one
    found = frequency(build(engine, LOG), as_of="2024-12-31", period=89, cuts={"high": 2, "low": 1, "zero": 0})
    assert kind(found) == engine
    assert rows(found) == (["customer", "orders_in_period", "frequency"], [
        ("a", 1, "low"), ("b", 2, "high"), ("c", 0, "zero"), ("d", 0, "zero"),
    ])  # fmt: skip
    longer = frequency(build(engine, LOG), as_of="2024-12-31", period=90, cuts={"high": 2, "low": 1, "zero": 0})
    assert [row[1] for row in rows(longer)[1]] == [1, 3, 1, 0]
    by_order = build(engine, LOG.assign(order=["1", "2", "3", "3", "4", "5", "6", "7", "8"]))
    assert [row[1] for row in rows(frequency(by_order, as_of="2024-12-31", period=90))[1]] == [1, 3, 1, 0]


def test_core_customers_are_high_on_money_and_orders_whatever_their_recency():
    customers = pd.DataFrame(
        {"orders": [9, 9, 1, 1], "days_since_last": [400.0, 1.0, 2.0, 3.0], "revenue": [90.0, 2.0, 80.0, 1.0]}
    )
    found = rfm.segments(rfm.scores(customers, bins=2), rfm.CORE_TO_GENERAL)
    assert found["segment"].tolist() == ["core", "potential", "potential", "general"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: by_cuts(SPEND, cuts=(2, 41)),
         "cuts (2, 41) must fall and be one fewer than the names ('high', 'medium', 'low'), which differ, e.g. "
         "cuts=(100, 30) for three."),
        (lambda: three_ways(SPEND, cuts=5),
         "cuts 5 must fall and be one fewer than the names ('high', 'medium', 'low'), which differ, e.g. "
         "cuts=(100, 30) for three."),
        (lambda: natural_breaks(SPEND, classes=7), "'revenue' has 6 distinct values; 7 classes need at least as many."),
        (lambda: natural_breaks(SPEND, classes=1), "classes is 1; give a whole number from 2 on, e.g. 3."),
        (lambda: frequency(LOG, as_of="2024-12-31", period=0),
         "period is 0; give a whole number of days from 1 on, e.g. 365."),
        (lambda: frequency(LOG, as_of="2024-12-31", cuts=(4, 1)),
         "cuts is (4, 1); give a dict from names to orders that falls to 0, e.g. {'high': 4, 'low': 1, 'zero': 0}."),
    ],
)  # fmt: skip
def test_refusals_say_what_to_type(call, said):
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value) == said
