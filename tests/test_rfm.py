import inspect
import warnings

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from engines import EVERY_ENGINE, build, build_with_nan, rows
from engines import kind as engine_of
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, reordered, with_permutation

from crmlib import customer_table, rfm
from crmlib.customers import until
from crmlib.errors import DataError, DataNotice
from crmlib.frames import score
from crmlib.periods import ABSENT, moves

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
def test_a_mass_gets_the_score_of_its_best_place_where_other_ranks_give_2_and_3(kind):
    """definitions 5.2: scores by ceil(rank * 5 / n), of the average and of the highest rank of the 60 % at F = 1."""
    orders = pd.Series(SIXTY_ONE_TIME_BUYERS)
    found = {how: np.ceil(orders.rank(method=how) * 5 / 100).astype(int).tolist() for how in ("min", "average", "max")}
    assert [found[how][0] for how in ("min", "average", "max")] == [1, 2, 3]
    assert scored_by(kind, SIXTY_ONE_TIME_BUYERS) == found["min"]


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


def test_dropping_equal_edges_shrinks_the_scale_where_ours_leaves_scores_empty():
    orders = pd.Series(SIXTY_ONE_TIME_BUYERS)
    assert pd.qcut(orders, 5, duplicates="drop").value_counts(sort=False).tolist() == [60, 20, 20]
    with pytest.raises(ValueError, match="Bin labels must be one fewer than the number of bin edges"):
        pd.qcut(orders, 5, labels=[1, 2, 3, 4, 5], duplicates="drop")
    scored = rfm.scores(made(pd.DataFrame, orders=SIXTY_ONE_TIME_BUYERS, days_since_last=9.0, revenue=1.0))
    assert content(rfm.bin_counts(scored))["f"] == [60, 0, 0, 20, 20]


def test_quantiles_plus_one_put_small_money_into_one_bin_where_ours_fill_five():
    money = np.arange(1, 11) / 10
    assert np.digitize(money, np.quantile(money, [0.2, 0.4, 0.6, 0.8]) + 1).tolist() == [0] * 10
    scored = rfm.scores(made(pd.DataFrame, orders=1, days_since_last=9.0, revenue=money.tolist()))
    assert content(rfm.bin_counts(scored))["m"] == [2] * 5


def test_a_missing_value_is_refused_where_cutting_keeps_it_silently():
    assert pd.qcut(pd.Series([1.0, 2.0, np.nan]), 2, labels=False).isna().sum() == 1
    kept = rfm.Thresholds(r=(30,), f=(1,), m=(50,))
    customers = made(pd.DataFrame, orders=1, days_since_last=9.0, revenue=[1.0, 2.0, np.nan])
    for options in ({}, {"nested": True}, {"thresholds": kept}):
        with pytest.raises(DataError, match=r"^'revenue' is missing or infinite for 1 of 3 customers"):
            rfm.scores(customers, **options)


def test_the_least_and_the_greatest_customer_decide_no_score_but_their_own():
    """Scaling between minimum and maximum, as some shops do, lets one customer push all others to the bottom."""
    money = [float(i) for i in range(1, 101)]
    with_outlier = [*money[:-1], 1e9]
    scaled = (np.array(with_outlier) - 1) / (1e9 - 1)
    assert (scaled < 0.2).sum() == 99
    customers = (made(pd.DataFrame, orders=1, days_since_last=9.0, revenue=one) for one in (money, with_outlier))
    first, second = (column(rfm.scores(one), "m") for one in customers)
    assert first == second


def test_refunds_are_no_orders_shorten_no_silence_and_leave_the_customer_in_the_table():
    lines = [("A", "2024-01-01", 100.0), ("A", "2024-01-05", 50.0), ("A", "2024-01-09", -150.0),
             ("B", "2024-01-02", 80.0), ("B", "2024-01-20", -80.0)]  # fmt: skip
    log = pd.DataFrame(lines, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})
    customers = customer_table(log, as_of="2024-01-31")
    scored = content(rfm.scores(customers, thresholds=rfm.Thresholds(r=(27,), f=(1,), m=(0,))))
    assert (scored["orders"], scored["days_since_last"], scored["revenue"]) == ([2, 1], [26, 29], [0, 0])
    assert scored["flag"] == ["non_positive_revenue"] * 2
    assert (scored["r"], scored["f"], scored["m"]) == ([2, 1], [2, 1], [1, 1])


def test_the_day_of_the_snapshot_has_no_default():
    assert inspect.signature(customer_table).parameters["as_of"].default is inspect.Parameter.empty
    assert not {"as_of", "today"} & set(inspect.signature(rfm.scores).parameters)


# ---- nested scores


@EVERY_ENGINE
def test_nested_scores_by_hand(engine):
    """Three recent and three earlier customers; F counts among the three, M among those of equal R and F."""
    customers = build(
        engine,
        made(
            pd.DataFrame,
            orders=[9, 9, 2, 3, 2, 2, 0],
            days_since_last=[1.0, 1.0, 1.0, 90.0, 90.0, 90.0, None],
            revenue=[50.0, 40.0, 99.0, 10.0, 20.0, 30.0, -1.0],
        ),
    )
    names, found = rows(rfm.scores(customers, bins=2, nested=True))
    assert names[-3:] == ["r", "f", "m"]
    # 1 + worse * 2 // 3: of three only the one with two worse has 2, so c00 and c01, who tie on F, share 1 with c02;
    # on M c02 is then the best of three, and c05 the better of the two with R 1 and F 1
    assert [row[-3:] for row in found] == [
        (2, 1, 1), (2, 1, 1), (2, 1, 2), (1, 2, 1), (1, 1, 1), (1, 1, 2), (None, None, None),
    ]  # fmt: skip


def nested_by_counting(columns, bins):
    buyers = [i for i, orders in enumerate(columns["orders"]) if orders > 0]
    found = {i: () for i in buyers}
    for axis, (name, sign) in enumerate([("days_since_last", -1), ("orders", 1), ("revenue", 1)]):
        before = dict(found)
        for i in buyers:
            group = [sign * columns[name][j] for j in buyers if before[j] == before[i]]
            worse = sum(value < sign * columns[name][i] for value in group)
            found[i] = (*before[i], 1 + worse * bins[axis] // len(group))
    return [found.get(i, (None,) * 3) for i in range(len(columns["orders"]))]


@few
@given(columns_of_customers(), st.tuples(bins_, bins_, bins_), st.sampled_from(KINDS))
def test_nested_scores_are_the_rule_within_each_group(columns, bins, kind):
    scored = content(rfm.scores(kind(columns), bins=bins, nested=True))
    assert list(zip(*(scored[axis] for axis in "rfm"), strict=True)) == nested_by_counting(columns, bins)
    if len(set(bins)) == 1:
        assert scored["r"] == content(rfm.scores(kind(columns), bins=bins))["r"]


@few
@given(with_permutation(), bins_)
def test_order_changes_no_nested_score_and_equals_stay_equal(pair, bins):
    first, second = (rfm.scores(pd.DataFrame(columns), bins=bins, nested=True) for columns in pair)
    for axis in "rfm":
        assert by_customer(first, axis) == by_customer(second, axis)
    same = first.groupby(["orders", "days_since_last", "revenue"])[["r", "f", "m"]].nunique()
    assert (same <= 1).all(axis=None)


def test_nested_cells_are_more_even_than_independent_ones(cdnow):
    cells = [rfm.scores(cdnow, nested=nested).groupby(["r", "f", "m"]).size() for nested in (False, True)]
    assert all(sizes.sum() == 23570 for sizes in cells)
    assert cells[1].std() < cells[0].std() and cells[1].max() < cells[0].max()


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


# ---- every engine

MANY = pd.DataFrame({
    "customer": [f"{number:03d}" for number in range(120)],
    "orders": [0 if number % 17 == 0 else 1 + number * number % 7 for number in range(120)],
    "days_since_last": [None if number % 17 == 0 else float(number * 37 % 200) for number in range(120)],
    "revenue": [-3.0 if number % 17 == 0 else number * 53 % 90 + 0.25 for number in range(120)],
})  # fmt: skip


@EVERY_ENGINE
class TestEngines:
    def test_thresholds_are_equal(self, engine):
        assert rfm.thresholds(build(engine, MANY)) == rfm.thresholds(MANY)

    @pytest.mark.parametrize(
        "options",
        [{}, {"bins": 2}, {"bins": (5, 3, 2)}, {"nested": True}, {"thresholds": rfm.thresholds(MANY[:50])}],
        ids=["quintiles", "halves", "three numbers", "nested", "an older yardstick"],
    )
    def test_scores_are_equal_integers_of_the_same_kind(self, engine, options):
        native = build(engine, MANY)
        scored = rfm.scores(native, **options)
        assert engine_of(scored) == engine_of(native)
        assert rows(scored) == rows(rfm.scores(MANY, **options))
        schema = nw.from_native(scored).collect_schema()
        assert {schema[axis] for axis in "rfm"} == {nw.Int64}

    def test_segments_and_what_is_counted_from_them_are_equal(self, engine):
        segmented = rfm.segments(rfm.scores(build(engine, MANY)))
        expected = rfm.segments(rfm.scores(MANY))
        assert engine_of(segmented) == engine
        assert rows(segmented) == rows(expected)
        for count in (rfm.bin_counts, rfm.segment_summary):
            found = count(segmented)
            assert engine_of(found) == engine
            assert rows(found) == rows(count(expected))

    def test_scores_that_do_not_fit_are_refused(self, engine):
        scored = build(engine, pd.DataFrame({"r": [1.0, 3.0], "f": [1.0, 2.0], "m": [1.0, 1.5]}))
        with pytest.raises(DataError, match=r"^The scores in 'r' run from 1 to 3, but 2 bins are expected"):
            rfm.segments(scored, rfm.TWO_BY_TWO)
        with pytest.raises(DataError, match=r"^The scores in 'm' are not whole numbers; use scores\(\) first\.$"):
            rfm.segments(scored)
        with pytest.raises(DataError, match=r"^Column 'f' holds String, not scores; use scores\(\) first\.$"):
            rfm.bin_counts(build(engine, pd.DataFrame({"r": [1], "f": ["1"], "m": [1]})))
        with pytest.raises(DataError, match=r"^The segment 'best' is not in the map"):
            rfm.segment_summary(build(engine, MANY.assign(segment="best")))

    def test_scores_of_fewer_bins_than_the_map_are_noticed(self, engine):
        scored = rfm.scores(build(engine, MANY), bins=2)
        message = r"^No score is above 2, but the map has 5; were the customers scored with bins=2\?$"
        with pytest.warns(DataNotice, match=message):
            rfm.segments(scored)
        with warnings.catch_warnings():
            warnings.simplefilter("error", DataNotice)
            rfm.segments(scored, rfm.TWO_BY_TWO)


# ---- from one date to the next


def test_segments_move_by_the_yardstick_of_the_first_date(cdnow_log):
    """By its own thresholds each date has about as many fives; by the first date's, one sees who went quiet."""
    first = customer_table(until(cdnow_log, "1997-09-30"), as_of="1997-09-30")
    second = customer_table(cdnow_log, as_of="1998-06-30")
    kept = rfm.thresholds(first)
    before, after = (rfm.segments(rfm.scores(one, thresholds=kept)) for one in (first, second))
    moved = moves(before, after, column="segment", order=[*rfm.TEN_SEGMENTS.segments, rfm.NO_PURCHASE])
    assert moved["customers"].sum() == 23570 and ABSENT not in {*moved["from"], *moved["to"]}
    assert moved.groupby("from")["customers"].sum().to_dict() == before["segment"].value_counts().to_dict()
    assert moved.groupby("to")["customers"].sum().to_dict() == after["segment"].value_counts().to_dict()
    lately = {"champions", "regulars", "big spenders", "promising", "newcomers"}
    assert after["segment"].isin(lately).sum() < before["segment"].isin(lately).sum()
    scores_moved = moves(before, after, column="f", order=range(1, 6))
    assert (scores_moved["to"].astype(int) >= scores_moved["from"].astype(int)).all()  # orders only ever grow


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
        with pytest.raises(DataError, match=r"^bins must be a whole number of at least 2, e\.g\. bins=5, or one each"):
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


def test_segment_summary_shares_any_column():
    segmented = rfm.segments(rfm.scores(MANY))
    summary = rfm.segment_summary(segmented, by="orders")
    assert list(summary.columns)[3:5] == ["orders", "share_of_orders"]
    assert summary["orders"].sum() == MANY["orders"].sum()
    assert summary["share_of_orders"].sum() == pytest.approx(1, abs=1e-12)


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


# ---- recency by frequency


@EVERY_ENGINE
def test_grid_has_every_pair_of_scores_and_leaves_nobody_out(engine):
    scored = pd.DataFrame({"r": [1, 2, 2, None], "f": [2, 3, 3, None], "m": [1, 1, 2, None]})
    scored["revenue"] = [9.0, 1.0, -2.0, 5.0]
    scored[["r", "f", "m"]] = scored[["r", "f", "m"]].astype("Int64")
    native = build(engine, scored)
    found = rfm.grid(native, bins=(2, 3, 2))
    assert engine_of(found) == engine_of(native)
    names, cells = rows(found)
    assert names == ["r", "f", "customers", "share_of_customers", "revenue", "share_of_revenue"]
    third = float(f"{1 / 3:.12g}")
    assert cells == [
        (1, 1, 0, 0, 0, 0), (1, 2, 1, third, 9, 1.125), (1, 3, 0, 0, 0, 0),
        (2, 1, 0, 0, 0, 0), (2, 2, 0, 0, 0, 0), (2, 3, 2, float(f"{2 / 3:.12g}"), -1, -0.125),
    ]  # fmt: skip


def test_grid_of_cdnow_holds_all_customers_and_all_revenue(cdnow):
    scored = rfm.scores(cdnow)
    found = rfm.grid(scored)
    assert len(found) == 25 and found["customers"].sum() == 23570
    assert found["revenue"].sum() == pytest.approx(2500315.63, abs=1e-6)
    counts = rfm.bin_counts(scored)
    assert found.groupby("r")["customers"].sum().tolist() == counts["r"].tolist()
    assert found.groupby("f")["customers"].sum().tolist() == counts["f"].tolist()
    assert rfm.grid(scored.assign(revenue=0.0))["share_of_revenue"].isna().all()


def test_grid_needs_scores_of_its_bins():
    with pytest.raises(DataError, match=r"^The scores in 'r' run from 1 to 5, but 3 bins are expected; "):
        rfm.grid(pd.DataFrame({"r": [1, 5], "f": [1, 1], "m": [1, 1], "revenue": [1.0, 2.0]}), bins=3)
    with pytest.raises(DataError, match=r"^The scored table has no column 'units'; it has "):
        rfm.grid(pd.DataFrame({"r": [1], "f": [1], "m": [1]}), by="units")


@EVERY_ENGINE
@pytest.mark.parametrize("gap", [float("nan"), float("inf")])
def test_summaries_refuse_unknown_money_on_every_engine(engine, gap):
    scored = pd.DataFrame({"r": [1, 2, 2], "f": [1, 2, 2], "m": [1, 2, 2], "segment": "general value"})
    scored = scored.assign(days_since_last=[1.0, 2.0, 3.0], revenue=[gap, 5.0, 6.0])
    for read in (
        lambda: rfm.grid(build_with_nan(engine, scored), bins=2),
        lambda: rfm.segment_summary(build_with_nan(engine, scored), map=rfm.TWO_BY_TWO),
    ):
        with pytest.raises(DataError) as refused:
            read()
        said = "'revenue' is missing or infinite for 1 of 3 customers; fill it or leave them out first."
        assert str(refused.value) == said
