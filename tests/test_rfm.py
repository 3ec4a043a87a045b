import datetime as dt
import json

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from engines import EVERY_ENGINE, build, kind as engine_of, rows
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, reordered, with_permutation

from crmlib import rfm
from crmlib.errors import DataError
from crmlib.frames import score

few = settings(max_examples=25, deadline=None)
bins_ = st.sampled_from([2, 3, 4, 5, 7, 10])


def scored_by(kind, orders, **options):
    """F scores of customers who differ in orders alone."""
    return column(rfm.scores(made(kind, orders=orders, days_since_last=9.0, revenue=1.0), **options), "f")


def made(kind, customer=None, **columns):  # noqa: F811 - scalars are spread over all rows
    size = max(len(values) for values in columns.values() if isinstance(values, list))
    spread = {name: values if isinstance(values, list) else [values] * size for name, values in columns.items()}
    return kind({"customer": customer or [f"c{i:02d}" for i in range(size)]} | spread)


# ---- scores: hand-worked, and the traps of definitions 19


@pytest.mark.parametrize("kind", KINDS)
def test_three_customers_and_five_scores(kind):
    scored = rfm.scores(made(kind, orders=[1, 2, 3], days_since_last=[1.0, 20.0, 300.0], revenue=[30.0, 10.0, 20.0]))
    assert isinstance(scored, kind)
    assert [column(scored, axis) for axis in "rfm"] == [[4, 2, 1], [1, 2, 4], [4, 1, 2]]


SIXTY_ONE_TIME_BUYERS = [1] * 60 + [2] * 20 + [3] * 10 + [4] * 6 + [9] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_mass_of_one_time_buyers_gets_the_lowest_score_where_qcut_raises(kind):
    with pytest.raises(ValueError, match="Bin edges must be unique"):
        pd.qcut(pd.Series(SIXTY_ONE_TIME_BUYERS), 5)
    assert scored_by(kind, SIXTY_ONE_TIME_BUYERS) == [1] * 60 + [4] * 20 + [5] * 20


@pytest.mark.parametrize("kind", KINDS)
def test_shuffled_rows_change_no_score_where_ranking_by_row_does(kind):
    order = np.random.default_rng(0).permutation(100).tolist()
    shuffled = [SIXTY_ONE_TIME_BUYERS[i] for i in order]
    by_row = pd.qcut(pd.Series(shuffled).rank(method="first"), 5, labels=False)
    assert by_row[[orders == 1 for orders in shuffled]].nunique() == 3  # the trap: one group, three scores
    straight = scored_by(kind, SIXTY_ONE_TIME_BUYERS)
    assert scored_by(kind, shuffled) == [straight[i] for i in order]


@pytest.mark.parametrize("kind", KINDS)
def test_the_lowest_value_is_not_merged_with_the_next_one(kind):
    money = [0.0] * 3 + [1.0] * 3 + [2.0, 3.0, 4.0, 5.0]
    scored = rfm.scores(made(kind, orders=1, days_since_last=9.0, revenue=money))
    assert column(scored, "m") == [1, 1, 1, 2, 2, 2, 4, 4, 5, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_small_units_of_money_fill_all_scores(kind):
    scored = rfm.scores(made(kind, orders=1, days_since_last=9.0, revenue=[i / 10 for i in range(1, 11)]))
    assert column(scored, "m") == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_the_most_recent_frequent_and_valuable_customer_is_best_on_every_axis(kind):
    rising = [float(i) for i in range(10)]
    scored = content(
        rfm.scores(made(kind, orders=[i + 1 for i in range(10)], days_since_last=rising[::-1], revenue=rising))
    )
    assert [scored[axis][0] for axis in "rfm"] == [1, 1, 1]
    assert [scored[axis][-1] for axis in "rfm"] == [5, 5, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_forty_equal_customers_have_one_score(kind):
    assert scored_by(kind, [10] * 40) == [1] * 40


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_purchase_there_is_no_score_and_no_weight_in_those_of_others(kind):
    alone = rfm.scores(made(kind, orders=[1, 2], days_since_last=[9.0, 3.0], revenue=[5.0, 8.0]))
    beside = rfm.scores(made(kind, orders=[1, 0, 2], days_since_last=[9.0, None, 3.0], revenue=[5.0, -4.0, 8.0]))
    for axis in "rfm":
        assert column(beside, axis) == [column(alone, axis)[0], None, column(alone, axis)[1]]
    assert all(dtype.is_integer() for dtype in nw.from_native(beside).select("r", "f", "m").schema.values())


def test_pandas_scores_are_nullable_integers_for_every_table():
    full = rfm.scores(made(pd.DataFrame, orders=[1], days_since_last=9.0, revenue=5.0))
    gaps = rfm.scores(made(pd.DataFrame, orders=[1, 0], days_since_last=[9.0, None], revenue=[5.0, -1.0]))
    assert {str(dtype) for table in (full, gaps) for dtype in table[["r", "f", "m"]].dtypes} == {"Int64"}


# ---- scores: laws


@few
@given(columns_of_customers(), bins_)
def test_scores_are_one_plus_strictly_worse_times_bins_over_n(columns, bins):
    scored = content(rfm.scores(pd.DataFrame(columns), bins=bins))
    rows = [i for i, orders in enumerate(columns["orders"]) if orders > 0]
    for axis, name, sign in (("r", "days_since_last", -1), ("f", "orders", 1), ("m", "revenue", 1)):
        good = [sign * columns[name][i] for i in rows]
        assert [scored[axis][i] for i in rows] == [1 + sum(g < mine for g in good) * bins // len(good) for mine in good]


@few
@given(columns_of_customers(refunds=False), bins_)
def test_scores_equal_the_ranked_form_of_frames(columns, bins):
    frame = nw.from_native(pd.DataFrame(columns))
    ranked = frame.select(
        r=score(-1 * nw.col("days_since_last"), bins), f=score(nw.col("orders"), bins), m=score(nw.col("revenue"), bins)
    )
    scored = content(rfm.scores(frame.to_native(), bins=bins))
    assert {axis: scored[axis] for axis in "rfm"} == content(ranked.to_native())


@few
@given(columns_of_customers(), bins_)
def test_thresholds_give_the_same_customers_the_same_scores(columns, bins):
    customers = pd.DataFrame(columns)
    kept = rfm.thresholds(customers, bins=bins)
    assert kept.bins == (bins, bins, bins)
    assert content(rfm.scores(customers, thresholds=kept)) == content(rfm.scores(customers, bins=bins))
    part = customers.iloc[::2]
    assert content(rfm.scores(part, thresholds=kept)) == content(rfm.scores(customers, bins=bins).iloc[::2])


@few
@given(columns_of_customers(refunds=False), st.integers(1, 9), bins_)
def test_thresholds_give_a_new_customer_the_place_that_it_would_take(columns, orders, bins):
    newcomer = made(pd.DataFrame, orders=[orders], days_since_last=42.0, revenue=3.33)
    scored = content(rfm.scores(newcomer, thresholds=rfm.thresholds(pd.DataFrame(columns), bins=bins)))
    n = len(columns["orders"])
    worse = {
        "r": sum(days > 42 for days in columns["days_since_last"]),
        "f": sum(other < orders for other in columns["orders"]),
        "m": sum(revenue < 3.33 for revenue in columns["revenue"]),
    }
    assert {axis: scored[axis][0] for axis in "rfm"} == {
        axis: min(1 + count * bins // n, bins) for axis, count in worse.items()
    }


@few
@given(with_permutation(), bins_, st.sampled_from([0.001, 1 / 3, 7.0, 1e9]))
def test_order_of_rows_and_columns_and_unit_of_money_change_no_score(pair, bins, unit):
    first = rfm.scores(pd.DataFrame(pair[0]), bins=bins)
    second = rfm.scores(pd.DataFrame(pair[1]).assign(revenue=lambda table: table["revenue"] * unit), bins=bins)
    for axis in "rfm":
        assert by_customer(first, axis) == by_customer(second, axis)


@few
@given(columns_of_customers(), bins_)
def test_identical_customers_have_identical_scores_and_segments(columns, bins):
    twice = reordered(columns, [*range(len(columns["orders"]))] * 2)
    scored = rfm.scores(pd.DataFrame(twice), bins=5)
    half = len(scored) // 2
    segmented = content(rfm.segments(scored))
    for name in ("r", "f", "m", "segment"):
        assert segmented[name][:half] == segmented[name][half:]


@few
@given(columns_of_customers())
def test_polars_gives_what_pandas_gives_and_neither_input_changes(columns):
    one, other = pd.DataFrame(columns), pl.DataFrame(columns)
    before = one.copy(deep=True), other.clone()
    assert rfm.thresholds(one) == rfm.thresholds(other)
    tables = [rfm.segments(rfm.scores(table)) for table in (one, other)]
    assert content(tables[0]) == content(tables[1])
    assert column(tables[0], "customer") == columns["customer"]
    assert content(rfm.bin_counts(tables[0])) == content(rfm.bin_counts(tables[1]))
    summaries = [content(rfm.segment_summary(table)) for table in tables]
    assert summaries[0].keys() == summaries[1].keys()
    for name, values in summaries[0].items():
        expected = pytest.approx(summaries[1][name], abs=1e-12) if name != "segment" else summaries[1][name]
        assert values == expected
    assert one.equals(before[0]) and other.equals(before[1])


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_pandas_columns_of_other_backends_give_the_same(backend):
    plain = made(
        pd.DataFrame, orders=[1, 2, 0, 5], days_since_last=[3.0, 90.0, None, 7.0], revenue=[5.0, 9.5, -1.0, 30.0]
    )
    other = plain.convert_dtypes(dtype_backend=backend)
    first, second = (rfm.segments(rfm.scores(table)) for table in (plain, other))
    assert content(first) == content(second)
    assert content(rfm.segment_summary(first)) == content(rfm.segment_summary(second))


def test_a_pandas_index_is_kept():
    customers = made(pd.DataFrame, orders=[1, 2, 3], days_since_last=9.0, revenue=5.0).set_index(pd.Index([7, 7, 3]))
    segmented = rfm.segments(rfm.scores(customers))
    assert segmented.index.tolist() == [7, 7, 3] and segmented["f"].tolist() == [1, 2, 4]


# ---- counts, thresholds as a value


@pytest.mark.parametrize("kind", KINDS)
def test_bin_counts_show_the_empty_scores(kind):
    customers = made(kind, orders=[*SIXTY_ONE_TIME_BUYERS, 0], days_since_last=[9.0] * 100 + [None], revenue=1.0)
    counts = rfm.bin_counts(rfm.scores(customers))
    assert isinstance(counts, kind)
    assert content(counts) == {
        "score": [1, 2, 3, 4, 5],
        "r": [100, 0, 0, 0, 0],
        "f": [60, 0, 0, 20, 20],
        "m": [100, 0, 0, 0, 0],
    }


def test_thresholds_are_plain_values_in_the_units_of_the_table():
    customers = made(pd.DataFrame, orders=[1, 2, 7], days_since_last=[90, 30, 5], revenue=[9.0, 50.0, 20.0])
    kept = rfm.thresholds(customers, bins=3)
    assert kept == rfm.Thresholds(r=(90.0, 30.0), f=(1.0, 2.0), m=(9.0, 20.0))
    assert {type(edge) for axis in (kept.r, kept.f, kept.m) for edge in axis} == {float}
    assert hash(kept) == hash(rfm.Thresholds(r=(90, 30), f=(1, 2), m=(9, 20)))
    with pytest.raises(AttributeError):
        kept.r = (1.0, 2.0)


def test_thresholds_refuse_what_cannot_be_a_yardstick():
    with pytest.raises(
        DataError, match=r"^r, f and m have no thresholds; for 5 scores give an axis 4\.$"
    ):
        rfm.Thresholds(r=(), f=(), m=())
    for edges in ((1, np.nan), (1, np.inf), "ab", 5, None):
        with pytest.raises(DataError, match=r"^The thresholds f=.* are not a list of finite numbers\.$"):
            rfm.Thresholds(r=(30,), f=edges, m=(5, 9))
    with pytest.raises(DataError, match=r"are not in order: r falls, f and m rise"):
        rfm.Thresholds(r=(5, 30), f=(1, 2), m=(5, 9))
    with pytest.raises(DataError, match=r"thresholds must be what rfm\.thresholds\(\) returned"):
        rfm.scores(made(pd.DataFrame, orders=[1], days_since_last=9.0, revenue=5.0), thresholds=(30, 1, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_refuse_what_cannot_be_scored(kind):
    with pytest.raises(DataError, match=r"^No customer has a purchase, so there is nothing to score\.$"):
        rfm.scores(made(kind, orders=[0], days_since_last=[float("nan")], revenue=[-5.0]))
    for bins in (1, 2.5, "5", None, (5, 5), (1, 1, 1), (0, 5, 5)):
        with pytest.raises(DataError, match=r"^bins must be a whole number of at least 2, e\.g\. bins=5, or one each for r, f"):
            rfm.scores(made(kind, orders=[1], days_since_last=9.0, revenue=5.0), bins=bins)
    with pytest.raises(DataError, match=r"^'revenue' is missing or infinite for 1 of 2 customers"):
        rfm.scores(made(kind, orders=[1, 1], days_since_last=9.0, revenue=[5.0, float("nan")]))
    with pytest.raises(DataError, match=r"^The customer table has no column 'orders'"):
        rfm.scores(kind({"customer": ["a"]}))


# ---- segments


@pytest.mark.parametrize("kind", KINDS)
def test_the_eight_groups_from_two_bins(kind):
    customers = made(
        kind, orders=[9, 9, 1, 1, 9, 9, 1, 1], days_since_last=[1.0, 99.0] * 4, revenue=[9.0] * 4 + [1.0] * 4
    )
    # n is 8 with four on each side: the better half scores 1 + 4 * 2 // 8 = 2
    segmented = rfm.segments(rfm.scores(customers, bins=2), rfm.TWO_BY_TWO)
    assert isinstance(segmented, kind)
    assert column(segmented, "segment") == [
        "important value", "important retention", "important development", "important win-back",
        "general value", "general retention", "general development", "general win-back",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_ten_segments_by_cell(kind):
    cells = {
        "555": "champions", "455": "champions", "445": "regulars", "454": "regulars", "541": "regulars",
        "435": "big spenders", "423": "promising", "511": "newcomers",
        "341": "need attention", "314": "need attention", "333": "drifting",
        "255": "silent regulars", "141": "silent regulars", "115": "silent big spenders", "233": "hibernating",
        "111": "hibernating",
    }  # fmt: skip
    scored = kind({axis: [int(cell[i]) for cell in cells] for i, axis in enumerate("rfm")})
    assert column(rfm.segments(scored), "segment") == list(cells.values())


@pytest.mark.parametrize("kind", KINDS)
def test_no_score_is_no_purchase(kind):
    customers = made(kind, orders=[1, 0], days_since_last=[9.0, None], revenue=[5.0, -1.0])
    assert column(rfm.segments(rfm.scores(customers)), "segment") == ["hibernating", "no purchase"]


def test_scores_may_come_back_from_a_file_as_floats():
    assert rfm.segments(pd.DataFrame({"r": [5.0, np.nan], "f": [5.0, np.nan], "m": [5.0, np.nan]}))[
        "segment"
    ].tolist() == [
        "champions",
        "no purchase",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_with_holes_is_refused_by_name(kind):
    scored = kind({"r": [1], "f": [1], "m": [1]})
    with pytest.raises(
        DataError,
        match=r"^The map leaves 100 of 125 cells without a segment, e\.g\. 211, 212, 213, 214, 215 \(R, F, M\)",
    ):
        rfm.segments(scored, [("old", (1, 1), (1, 5), (1, 5))])


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_more_bins_than_the_map_are_refused(kind):
    scored = kind({"r": [1, 3], "f": [1, 2], "m": [1, 2]})
    message = (
        r"^The scores in 'r' run from 1 to 3, but 2 bins are expected; score and read with the same number, e\.g\. "
    )
    message += r"scores\(customers, bins=2\)\.$"
    for read in (lambda: rfm.segments(scored, rfm.TWO_BY_TWO), lambda: rfm.bin_counts(scored, bins=2)):
        with pytest.raises(DataError, match=message):
            read()
    with pytest.raises(DataError, match=r"^The scores in 'f' run from 0 to 5"):
        rfm.segments(kind({"r": [1, 5], "f": [0, 5], "m": [1, 5]}))


@few
@given(columns_of_customers())
def test_segment_summary_keeps_totals_in_the_order_of_the_map(columns):
    customers = pd.DataFrame(columns)
    summary = rfm.segment_summary(rfm.segments(rfm.scores(customers)))
    assert list(summary.columns) == [
        "segment", "customers", "share_of_customers", "revenue", "share_of_revenue", "median_days_since_last",
    ]  # fmt: skip
    anybody_without = [rfm.NO_PURCHASE] if 0 in columns["orders"] else []
    assert summary["segment"].tolist() == [*rfm.TEN_SEGMENTS.segments, *anybody_without]
    assert summary["customers"].sum() == len(customers)
    assert summary["revenue"].sum() == pytest.approx(customers["revenue"].sum(), abs=1e-9)
    assert summary["share_of_customers"].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_segment_summary_by_hand(kind):
    segmented = kind({
        "segment": ["important value", "general win-back", "important value", "general win-back"],
        "revenue": [50.0, 5.0, 40.0, 5.0],
        "days_since_last": [4.0, 90.0, 7.0, 80.0],
    })  # fmt: skip
    summary = content(rfm.segment_summary(segmented, map=rfm.TWO_BY_TWO))
    assert summary["customers"] == [2, 0, 0, 0, 0, 0, 0, 2]
    assert summary["share_of_revenue"] == [0.9, 0, 0, 0, 0, 0, 0, 0.1]
    assert summary["median_days_since_last"] == [5.5, None, None, None, None, None, None, 85.0]
    with pytest.raises(
        DataError,
        match=r"^The segment 'general win-back' is not in the map; pass the map that made it, e\.g\. map=TWO_BY_TWO",
    ):
        rfm.segment_summary(segmented)


def test_cdnow_by_segment(cdnow):
    summary = rfm.segment_summary(rfm.segments(rfm.scores(cdnow))).set_index("segment")
    assert summary["customers"].sum() == 23570
    assert summary["revenue"].sum() == pytest.approx(2500315.63, abs=0.005)
    # a panel of customers who all began in early 1997: nobody with one order is recent
    assert summary.loc["newcomers", "customers"] == 0
    assert summary.loc["champions", "share_of_revenue"] > summary.loc["champions", "share_of_customers"]
