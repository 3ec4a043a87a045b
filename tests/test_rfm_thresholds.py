"""Thresholds as a value: quantiles, means and cut-offs that stay, in any measure; three classes by every rule."""

import json
import math
from fractions import Fraction
from itertools import combinations

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, column, columns_of_customers, content, made

from crmlib import customer_table, rfm
from crmlib.customers import until
from crmlib.errors import DataError

few = settings(max_examples=25, deadline=None)
SIX = pd.DataFrame(
    {
        "customer": list("abcdef"),
        "orders": [1, 1, 2, 4, 9, 0],
        "days_since_last": [200.0, 31.0, 30.0, 366.0, 0.0, None],
        "revenue": [10.0, 50.0, 50.01, 201.0, 60.0, -8.0],
        "units": [40, 1, 2, 3, 4, 0],
    }
)


def all_rows(native):
    return rows(native)[1]


def rfm_rows(native):
    return all_rows(nw.from_native(native).select("customer", "r", "f", "m").to_native())


# ---- the value


def test_a_way_through_json_changes_nothing():
    kept = rfm.thresholds(SIX, measure="units", bins=(4, 3, 5))
    text = json.dumps(kept.to_dict(), allow_nan=False)
    assert json.loads(text).keys() == {"r", "f", "m", "measure"}
    assert rfm.Thresholds.from_dict(json.loads(text)) == kept
    assert content(rfm.scores(SIX, thresholds=rfm.Thresholds.from_dict(json.loads(text)))) == content(
        rfm.scores(SIX, measure="units", bins=(4, 3, 5))
    )


@pytest.mark.parametrize("kept", [{}, {"r": [9], "f": [1]}, {"r": [9], "f": [1], "m": [5], "bins": 2}, [9, 1, 5], None])
def test_other_things_are_no_thresholds(kept):
    with pytest.raises(DataError, match=r"^Thresholds are kept as \['r', 'f', 'm', 'measure'\]; this is "):
        rfm.Thresholds.from_dict(kept)


def test_thresholds_from_an_older_file_mean_revenue():
    assert rfm.Thresholds.from_dict({"r": [9], "f": [1], "m": [5]}).measure == "revenue"


def test_scores_that_nobody_can_have_are_named_before_anybody_is_scored():
    orders = [1] * 60 + [2] * 20 + [3] * 10 + [4] * 6 + [9] * 4
    customers = made(pd.DataFrame, orders=orders, days_since_last=[9.0] * 100, revenue=[float(i) for i in range(100)])
    kept = rfm.thresholds(customers)
    assert kept.f == (1, 1, 1, 2)
    # all days are equal: score 1 for these customers, and 5 for one who bought later than all of them
    assert kept.unreachable == {"r": (2, 3, 4), "f": (2, 3), "m": ()}
    counts = content(rfm.bin_counts(rfm.scores(customers)))
    assert all(counts[axis][score - 1] == 0 for axis, scores in kept.unreachable.items() for score in scores)


# ---- cut-offs that stay


@pytest.mark.parametrize("kind", KINDS)
def test_fixed_days_are_the_published_ones(kind):
    days = [0.0, 30.0, 31.0, 90.0, 91.0, 180.0, 181.0, 365.0, 366.0, 4000.0]
    fixed = rfm.Thresholds(r=rfm.FIXED_DAYS, f=(1,), m=(100,))
    scored = rfm.scores(made(kind, orders=[1] * 10, days_since_last=days, revenue=[100.0] * 10), thresholds=fixed)
    assert column(scored, "r") == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


@EVERY_ENGINE
def test_axes_may_have_different_numbers_of_scores(engine):
    fixed = rfm.Thresholds(r=rfm.FIXED_DAYS, f=(1, 2, 4), m=(50, 200))
    scored = rfm.scores(build(engine, SIX), thresholds=fixed)
    found = content(pd.DataFrame(rfm_rows(scored), columns=["customer", "r", "f", "m"]))
    assert found == {
        "customer": list("abcdef"),
        "r": [2, 4, 5, 1, 5, None],
        "f": [1, 1, 2, 3, 4, None],
        "m": [1, 1, 2, 3, 2, None],
    }
    counts = rfm.bin_counts(scored, bins=fixed.bins)
    assert all_rows(counts) == [(1, 1, 2, 2), (2, 1, 1, 2), (3, 0, 1, 1), (4, 1, 1, 0), (5, 2, 0, 0)]
    map = rfm.SegmentMap([("lately", (4, 5), (1, 4), (1, 3)), ("before", (1, 3), (1, 4), (1, 3))], bins=fixed.bins)
    assert [row[-1] for row in all_rows(rfm.segments(scored, map))] == [
        "before", "lately", "lately", "before", "lately", "no purchase",
    ]  # fmt: skip


def test_fixed_cut_offs_do_not_move_when_other_customers_come_and_go():
    fixed = rfm.Thresholds(r=rfm.FIXED_DAYS, f=(1, 2, 4), m=(50, 200))
    alone = rfm.scores(SIX.iloc[[3]], thresholds=fixed)
    assert content(alone)["f"] == [3] and content(rfm.scores(SIX, thresholds=fixed).iloc[[3]]) == content(alone)
    assert content(rfm.scores(SIX.iloc[[3]]))["f"] == [1]  # among themselves they do


# ---- the mean and the median


@EVERY_ENGINE
def test_the_mean_cuts_above_the_median(engine):
    # mean of days 125.4, of orders 17/5 = 3.4, of revenue 371.01/5 = 74.202; the refund-only customer does not count
    kept = rfm.mean_thresholds(build(engine, SIX))
    assert kept.bins == (2, 2, 2)
    assert [kept.r[0], kept.f[0], kept.m[0]] == pytest.approx([125.4, 3.4, 74.202], rel=1e-12)
    high = {axis: [value == 2 for value in column(rfm.scores(SIX, thresholds=kept), axis)[:5]] for axis in "rfm"}
    assert high == {
        "r": [False, True, True, False, True],
        "f": [False, False, False, True, True],
        "m": [False, False, False, True, False],
    }
    median = rfm.scores(SIX, bins=2)
    assert [value == 2 for value in column(median, "m")[:5]] == [False, False, False, True, True]  # above 50.01


@pytest.mark.parametrize("kind", KINDS)
def test_the_eight_groups_by_the_mean(kind):
    customers = made(kind, orders=[1, 2, 9], days_since_last=[100.0, 10.0, 10.0], revenue=[5.0, 5.0, 90.0])
    segmented = rfm.segments(rfm.scores(customers, thresholds=rfm.mean_thresholds(customers)), rfm.TWO_BY_TWO)
    assert column(segmented, "segment") == ["general win-back", "general development", "important value"]


@few
@given(columns_of_customers())
def test_two_bins_are_above_the_median(columns):
    customers = pd.DataFrame(columns)
    buyers = customers[customers["orders"] > 0]
    scored = rfm.scores(customers, bins=2).loc[buyers.index]
    for axis, name, sign in (("r", "days_since_last", -1), ("f", "orders", 1), ("m", "revenue", 1)):
        above = sign * buyers[name] > sign * buyers[name].median()
        assert (scored[axis] == 2).tolist() == above.tolist()


@few
@given(columns_of_customers(), st.permutations(range(8)), st.sampled_from([0.001, 1 / 3, 7.0, 1e9]))
def test_the_mean_is_exact_whatever_the_order_and_the_unit(columns, order, unit):
    customers = pd.DataFrame(columns)
    buyers = customers[customers["orders"] > 0]
    cents = [round(100 * revenue) for revenue in buyers["revenue"]]
    mean = Fraction(sum(cents), len(cents))
    shuffled = buyers.sample(frac=1, random_state=order[0]).assign(revenue=lambda table: table["revenue"] * unit)
    scored = rfm.scores(shuffled, thresholds=rfm.mean_thresholds(shuffled))
    found = dict(zip(shuffled["customer"], scored["m"], strict=True))
    assert [found[name] == 2 for name in buyers["customer"]] == [cent > mean for cent in cents]


def test_equal_customers_are_not_better_than_their_mean():
    customers = made(pd.DataFrame, orders=[3] * 7, days_since_last=[9.0] * 7, revenue=[0.1] * 7)
    assert sum([0.1] * 7) / 7 < 0.1  # the trap: by floats all seven lie above the mean
    scored = rfm.scores(customers, thresholds=rfm.mean_thresholds(customers))
    assert [column(scored, axis) for axis in "rfm"] == [[1] * 7] * 3


# ---- RFA and other measures


@EVERY_ENGINE
def test_rfa_measures_units(engine):
    scored = rfm.scores(build(engine, SIX), measure="units")
    # units 40, 1, 2, 3, 4 of five buyers: 4, 0, 1, 2 and 3 are worse
    assert [row[3] for row in rfm_rows(scored)] == [5, 1, 2, 3, 4, None]
    kept = rfm.thresholds(build(engine, SIX), measure="units")
    assert kept.measure == "units" and kept.m == (1, 2, 3, 4)
    assert rfm_rows(rfm.scores(build(engine, SIX), thresholds=kept)) == rfm_rows(scored)


def test_units_come_from_the_quantities_of_the_log():
    days = pd.to_datetime(["2024-01-05", "2024-01-05", "2024-01-06"])
    log = pd.DataFrame({"customer": ["a", "b", "b"], "date": days, "amount": [90.0, 5.0, 5.0], "quantity": [1, 2, 3]})
    customers = customer_table(log, as_of="2024-01-31")
    assert column(rfm.scores(customers, bins=2), "m") == [2, 1]
    assert column(rfm.scores(customers, bins=2, measure="units"), "m") == [1, 2]
    with pytest.raises(
        DataError, match=r"^The customer table has no column 'units'; it has one if the log has a column quantity\.$"
    ):
        rfm.scores(customer_table(log.drop(columns="quantity"), as_of="2024-01-31"), measure="units")
    assert column(rfm.scores(customers, bins=2, measure="mean_order"), "m") == [2, 1]
    assert column(rfm.scores(customers, bins=2, measure="orders"), "m") == [1, 2]


@EVERY_ENGINE
def test_refusals_are_the_same_everywhere(engine):
    def table(**changes):
        return build(engine, SIX.assign(**changes))

    kept = rfm.thresholds(SIX)
    calls = (rfm.thresholds, rfm.mean_thresholds, rfm.scores, lambda native: rfm.scores(native, nested=True),
             lambda native: rfm.scores(native, thresholds=kept))  # fmt: skip
    first = 0 if engine == "pandas" else 3  # on the engines only the last two send queries of their own
    for call in calls[first:]:
        for name in ("revenue", "orders", "days_since_last"):
            with pytest.raises(
                DataError, match=rf"^'{name}' is missing or infinite for 1 of 6 customers; fill it or leave them out"
            ):
                call(table(**{name: SIX[name].where(SIX.index != 4)}))
        with pytest.raises(DataError, match=r"^Column 'revenue' holds String, not numbers; choose one that does for M"):
            call(table(revenue=list("123456")))
    for call in calls[first:4]:
        with pytest.raises(DataError, match=r"^No customer has a purchase, so there is nothing to score\.$"):
            call(table(orders=0))
    nobody = rfm.scores(table(orders=0), thresholds=kept)
    assert [row[1:] for row in rfm_rows(nobody)] == [(None, None, None)] * 6


def test_options_that_do_not_go_together_are_refused():
    kept = rfm.thresholds(SIX)
    with pytest.raises(DataError, match=r"^Nested scores depend on who else is in the table; leave out nested=True or"):
        rfm.scores(SIX, nested=True, thresholds=kept)
    with pytest.raises(DataError, match=r"^The thresholds are in 'revenue', not in 'units'; leave out measure\.$"):
        rfm.scores(SIX, measure="units", thresholds=kept)
    with pytest.raises(DataError, match=r"^The customer table has no column 'profit'"):
        rfm.scores(SIX, measure="profit")
    with pytest.raises(DataError, match=r"^measure is 5; name a column, e\.g\. measure='revenue'\.$"):
        rfm.scores(SIX, measure=5)


def test_the_value_of_a_repeat_is_missing_for_those_who_bought_once_and_says_so():
    """Definitions 19, 11: the "monetary" of the BTYD papers leaves out the first purchase; M does not."""
    days = pd.to_datetime(["2024-01-05", "2024-01-05", "2024-01-06"])
    log = pd.DataFrame({"customer": ["a", "b", "b"], "date": days, "amount": [90.0, 5.0, 5.0]})
    customers = customer_table(log, as_of="2024-01-31")
    assert column(rfm.scores(customers), "m") == [3, 1]
    with pytest.raises(DataError, match=r"^'mean_repeat_value' is missing or infinite for 1 of 2 customers"):
        rfm.scores(customers, measure="mean_repeat_value")


# ---- high, medium and low, as the seeds have them without a number (inventory C33, C35, C38)

THREE = rfm.SegmentMap.from_table(
    pd.DataFrame({"segment": ["high", "medium", "low"], "r": "any", "f": "any", "m": [3, 2, 1]}), bins=(1, 1, 3)
)
SPENT = [1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 100.0, 101.0, 4.0]


def spenders(kind):
    return made(kind, orders=[1] * 9, days_since_last=[9.0] * 9, revenue=SPENT)


@pytest.mark.parametrize("kind", KINDS)
def test_value_classes_by_terciles(kind):
    segmented = rfm.segments(rfm.scores(spenders(kind), bins=(1, 1, 3)), THREE)
    assert column(segmented, "segment") == ["low", "low", "low", "medium", "medium", "high", "high", "high", "medium"]


@pytest.mark.parametrize("kind", KINDS)
def test_value_classes_by_fixed_cut_offs(kind):
    scored = rfm.scores(spenders(kind), thresholds=rfm.Thresholds(r=(), f=(), m=(10, 100)))
    assert column(rfm.segments(scored, THREE), "segment") == [
        "low", "low", "low", "low", "medium", "medium", "medium", "high", "low",
    ]  # fmt: skip


def natural_breaks(values, classes):
    """Fisher and Jenks by trying every cut: the smallest sum of squared distances to the means of the classes."""
    rising = np.sort(values)

    def spread(cuts):
        return sum(((part - part.mean()) ** 2).sum() for part in np.split(rising, cuts))

    best = min(combinations(range(1, len(rising)), classes - 1), key=spread)
    return [float(rising[cut - 1]) for cut in best]


@pytest.mark.parametrize("kind", KINDS)
def test_value_classes_by_natural_breaks(kind):
    breaks = natural_breaks(np.array(SPENT), 3)
    assert breaks == [4.0, 12.0]
    scored = rfm.scores(spenders(kind), thresholds=rfm.Thresholds(r=(), f=(), m=breaks))
    assert column(rfm.segments(scored, THREE), "segment") == [
        "low", "low", "low", "medium", "medium", "medium", "high", "high", "low",
    ]  # fmt: skip


def test_frequency_classes_of_one_period_high_low_and_zero():
    """Orders of the last quarter; who bought before and not in it has zero."""
    days = pd.to_datetime(["2024-01-05", "2024-02-01", "2024-04-02", "2024-05-02", "2024-06-03", "2024-06-30"])
    log = pd.DataFrame({"customer": ["a", "b", "b", "c", "c", "c"], "date": days, "amount": 1.0})
    quarter = customer_table(log[log["date"] > "2024-03-31"], as_of="2024-06-30")
    everybody = customer_table(until(log, "2024-06-30"), as_of="2024-06-30", columns=["customer"])
    period = everybody.merge(quarter, how="left").fillna({"orders": 0, "revenue": 0.0})
    scored = rfm.scores(period, thresholds=rfm.Thresholds(r=(), f=(2,), m=()))
    map = [("high", (1, 1), (2, 2), (1, 1)), ("low", (1, 1), (1, 1), (1, 1))]
    segmented = rfm.segments(scored, rfm.SegmentMap(map, bins=(1, 2, 1)))
    assert column(segmented, "segment") == [rfm.NO_PURCHASE, "low", "high"]


def test_infinite_edges_cannot_be_kept_as_json():
    with pytest.raises(DataError, match=r"^The thresholds m=\(5, inf\) are not a list of finite numbers\.$"):
        rfm.Thresholds(r=(9,), f=(1,), m=(5, math.inf))
