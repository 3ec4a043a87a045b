"""Concentration over time: windows, who stays on top, and sentences whose verdict can turn."""

import datetime as dt
import io

import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, column, content
from made_periods import AS_OF, PAIR, both_kinds, log

from crmlib import DataError, concentration, plots


# days


@pytest.mark.parametrize(
    ("as_of", "months", "start"),
    [
        ("1998-06-30", 3, "1998-04-01"),
        ("1998-06-30", 18, "1997-01-01"),
        ("2024-03-30", 1, "2024-02-29"),  # there is no 31 February; the leap day is the nearest there is
        ("2023-12-31", 12, "2023-01-01"),
        ("2024-02-29", 12, "2023-03-01"),
        ("2024-01-15", 13, "2022-12-16"),
    ],
)
def test_a_window_begins_the_day_after_the_same_day_months_ago(as_of, months, start):
    assert concentration.window_start(as_of, months) == dt.date.fromisoformat(start)


@settings(max_examples=60)
@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 60))
def test_a_longer_window_begins_earlier_and_lasts_as_long_as_its_months(as_of, months):
    start = concentration.window_start(as_of, months)
    assert concentration.window_start(as_of, months + 1) < start <= as_of
    assert 28 * months <= (as_of - start).days + 1 <= 31 * months


@pytest.mark.parametrize("months", [0, -1, 2.5])
def test_a_window_of_no_whole_month_is_refused(months):
    with pytest.raises(DataError, match="give a whole number from 1 on"):
        concentration.window_start(AS_OF, months)


@settings(max_examples=30)
@given(st.dates(dt.date(2020, 1, 1), dt.date(2021, 1, 1)), st.integers(0, 900))
def test_the_longest_window_is_the_shortest_that_holds_the_whole_log(first, days):
    as_of = first + dt.timedelta(days=days)
    months = concentration.months_to_cover(log(("a", str(first), 1.0)), as_of=as_of)
    assert concentration.window_start(as_of, months) <= first
    assert months == 1 or concentration.window_start(as_of, months - 1) > first


@pytest.mark.parametrize(("days", "second_half"), [(1, 1), (2, 1), (3, 2), (10, 5), (11, 6)])
def test_the_halves_of_a_log_differ_by_a_day_at_most(days, second_half):
    last = dt.date(2024, 1, 1) + dt.timedelta(days=days - 1)
    split = concentration.halfway(log(("a", "2024-01-01", 1.0)), as_of=last)
    assert (last - split).days + 1 == second_half


@pytest.mark.parametrize("kind", KINDS)
def test_buyers_have_a_purchase_and_no_negative_revenue(kind):
    table = kind({"customer": list("abcd"), "orders": [2, 1, 0, 1], "revenue": [5.0, 0.0, -2.0, -0.01]})
    assert column(concentration.buyers(table), "customer") == ["a", "b"]


# windows


def test_cdnow_by_window(cdnow_log):
    windows = concentration.shares_by_window(cdnow_log, as_of="1998-06-30", months=(18, 3, 6, 12, 24))
    assert windows["months"].tolist() == [3, 6, 12, 18]  # sorted, and 24 months are not in the log
    assert windows["start"].dt.strftime("%Y-%m-%d").tolist() == ["1998-04-01", "1998-01-01", "1997-07-01", "1997-01-01"]
    assert windows["customers"].tolist() == [3_317, 5_374, 8_332, 23_570]
    assert windows["top_share"].to_numpy() == pytest.approx([0.573087, 0.604808, 0.635383, 0.677774], abs=1e-6)
    assert windows["gini"].to_numpy() == pytest.approx([0.520603, 0.560458, 0.596770, 0.634571], abs=1e-6)
    assert windows["orders_top"].to_numpy() == pytest.approx([3.2500, 5.0130, 7.9358, 7.5936], abs=1e-4)
    assert windows["orders_rest"].to_numpy() == pytest.approx([1.3215, 1.6011, 2.0627, 1.6862], abs=1e-4)


def test_a_window_counts_its_own_buyers_and_their_own_money():
    """By hand: in the last half-year u 100, q 50, r 30, p 20; s only asked money back. 0.8 of u is the top 20 %."""
    (row,) = concentration.shares_by_window(PAIR, as_of=AS_OF, months=(6,)).to_dict("records")
    assert (row["customers"], row["revenue"]) == (4, 200.0)
    assert row["top_share"] == pytest.approx(0.8 * 100 / 200)
    assert row["gini"] == pytest.approx((20 * -3 + 30 * -1 + 50 * 1 + 100 * 3) / (4 * 200))
    assert (row["orders_top"], row["orders_rest"]) == (1.0, 1.0)


def test_windows_of_pandas_and_polars_are_the_same(other_log):
    as_of = other_log["date"].max().date()
    first, second = (concentration.shares_by_window(tx, as_of=as_of) for tx in both_kinds(other_log))
    assert isinstance(second, pl.DataFrame) and second.schema["start"] == pl.Date
    assert column(first.assign(start=first["start"].dt.date), "start") == column(second, "start")
    for name in ("months", "customers", "revenue", "top_share", "gini", "orders_top", "orders_rest"):
        assert column(first, name) == pytest.approx(column(second, name), rel=1e-12)


def test_a_window_without_money_or_before_the_log_has_no_row():
    gap = log(("a", "2023-01-01", 5.0), ("b", "2024-06-01", 0.0))
    windows = concentration.shares_by_window(gap, as_of=AS_OF, months=(1, 12, 18, 24))
    assert windows["months"].tolist() == [18]
    empty = concentration.shares_by_window(gap, as_of=AS_OF, months=(36,))
    assert list(empty.columns) == list(windows.columns) and len(empty) == 0


def test_one_buyer_has_nobody_beside():
    windows = concentration.shares_by_window(log(("a", "2024-01-01", 5.0)), as_of=AS_OF, months=(3, 5))
    assert len(windows) == 0  # silent since January
    windows = concentration.shares_by_window(log(("a", "2024-01-01", 5.0)), as_of=AS_OF, months=(6,))
    assert windows["orders_top"].tolist() == [1.0] and windows["orders_rest"].isna().all()


# who stays on top


def test_who_stays_by_hand():
    """p is the top fifth of five; q is on top later; of the 100 that the five paid later p brought 20; u is new."""
    halves = concentration.still_on_top(PAIR, as_of=AS_OF)
    assert (halves.first, halves.split, halves.last) == (
        dt.date(2023, 7, 1),
        dt.date(2023, 12, 31),
        dt.date(2024, 6, 30),
    )
    pair = concentration.still_on_top(PAIR, as_of=AS_OF, months=6)
    assert (pair.first, pair.split) == (dt.date(2023, 7, 1), dt.date(2024, 1, 1))
    assert (pair.customers, pair.top, pair.stayed, pair.silent) == (5, 1, 0, 0)
    assert (pair.share_before, pair.share_after, pair.share_hindsight) == pytest.approx((0.6, 0.2, 0.5))
    assert (pair.rest_after, pair.newcomers) == pytest.approx((80.0, 0.5))
    assert pair.turnover() == (
        "Top 20 % (by count) from 2023-07-01 to 2023-12-31: 1 customer. Again in the top 20 % from 2024-01-01 to "
        "2024-06-30: 0. 100.0 % of this group are not; 0.0 % of this group bought nothing. Of names drawn at random 80.0 % "
        "would not be. "
        "With 5 "
        "customers (we ask for 20) there is no verdict on 'About half are not'."
    )
    assert pair.fallback() == (
        "The top 20 % (by count) brought 60.0 % of the money in the period that chose them and 20.0 % of what the same "
        "customers paid in the next; chosen with hindsight, a group of that size would have brought 50.0 %. With 5 "
        "customers (we "
        "ask for 20) there is no verdict on 'The chosen fall back'."
    )
    assert pair.rest("$") == (
        "Serving only the top 20 % of the first period would have given up $80 in the second, 80.0 % of what these "
        "customers paid, and 1 of the 1 on top by then. Whoever did not count in the first period brought 50.0 % "
        "of all money of the "
        "second."
    )


def test_who_stays_among_two_fifths():
    pair = concentration.still_on_top(PAIR, as_of=AS_OF, months=6, q=0.4)  # p and q before, q and r after
    assert (pair.top, pair.stayed) == (2, 1)
    assert (pair.share_before, pair.share_after, pair.share_hindsight) == pytest.approx((0.8, 0.7, 0.8))
    assert pair.came_up == 1
    assert (
        "50.0 % of this group are not; 0.0 % of this group bought nothing. Of names drawn at random 60.0 %"
        in pair.turnover()
    )


def many(tx, times=4):
    """The same log with every customer ``times`` over, so that there are enough for a verdict."""
    return pd.concat([tx.assign(customer=tx["customer"] + str(i)) for i in range(times)], ignore_index=True)


@pytest.mark.parametrize(("times", "verdict"), [(3, False), (4, True)])
def test_fewer_than_twenty_customers_get_no_verdict(times, verdict):
    pair = concentration.still_on_top(many(PAIR, times), as_of=AS_OF, months=6, q=0.4)
    assert (pair.customers, pair.top, pair.stayed, pair.came_up) == (5 * times, 2 * times, times, times)
    held = "'About half are not' (we take 40 % to 60 %) held here."
    refused = f"With {5 * times} customers (we ask for 20) there is no verdict on"
    assert pair.turnover().endswith(held) == verdict and (refused in pair.turnover()) == (not verdict)
    assert pair.fallback().endswith("'The chosen fall back' held here.") == verdict
    assert (refused in pair.fallback()) == (not verdict)


def test_names_drawn_at_random_miss_a_top_that_is_not_filled():
    """Of four, two are the top half before; later only one pays, so that three of four names are not on top."""
    tx = log(("a", "2024-01-01", 9.0), ("b", "2024-01-01", 8.0), ("c", "2024-01-01", 2.0), ("d", "2024-01-01", 1.0),
             ("d", "2024-06-30", 5.0))  # fmt: skip
    halves = concentration.still_on_top(tx, as_of=AS_OF, q=0.5)
    assert (halves.top, halves.stayed, halves.came_up) == (2, 0, 1)
    assert "Of names drawn at random 75.0 % would not be." in halves.turnover()
    assert "and 1 of the 1 on top by then" in halves.rest()


def test_the_chosen_need_not_fall_back():
    grown = PAIR.assign(amount=PAIR["amount"].replace(20.0, 320.0))  # p pays 360 before and 320 later, q 320 before
    pair = concentration.still_on_top(many(grown), as_of=AS_OF, months=6)
    assert (pair.share_before, pair.share_after) == pytest.approx((360 / 700, 320 / 400))
    assert pair.fallback().endswith("'The chosen fall back' did not hold here.")


def test_who_stays_on_cdnow(cdnow_log):
    halves = concentration.still_on_top(cdnow_log, as_of="1998-06-30")
    assert (halves.customers, halves.top, halves.stayed, halves.silent) == (23_570, 4_714, 2_380, 1_889)
    assert halves.split == dt.date(1997, 10, 1)
    assert (halves.share_before, halves.share_after) == pytest.approx((0.629067, 0.661376), abs=1e-6)
    assert halves.share_hindsight == pytest.approx(0.938742, abs=1e-6)
    assert halves.newcomers == 0
    assert "49.5 % of this group are not; 40.1 % of this group bought nothing" in halves.turnover()
    assert "Of names drawn at random 80.0 %" in halves.turnover() and halves.turnover().endswith(
        "40 % to 60 %) held here."
    )
    assert "did not hold here" in halves.fallback()
    assert "$263,097 in the second, 33.9 % of" in halves.rest("$") and "2,334 of the 4,714 on top" in halves.rest("$")
    later = concentration.still_on_top(cdnow_log, as_of="1998-06-30", months=6)
    assert (later.customers, later.top, later.stayed) == (6_421, 1_285, 676)
    assert "60.0 % of the money in the period that chose them and 56.4 %" in later.fallback()
    assert "did not" not in later.fallback()


def test_nobody_is_on_top_with_nothing():
    pair = log(("a", "2024-01-01", 9.0), ("b", "2024-01-02", 5.0), ("c", "2024-01-03", 1.0), ("c", "2024-06-30", 1.0))
    halves = concentration.still_on_top(pair, as_of=AS_OF, q=0.7)
    assert (halves.top, halves.stayed, halves.silent) == (3, 1, 2)


@pytest.mark.parametrize(
    ("tx", "months", "said"),
    [
        (log(("a", AS_OF, 5.0)), None, "The log covers one day, so it has no halves to compare."),
        (log(("a", "2024-06-29", 5.0), ("b", AS_OF, 5.0)), None,
         "No customer paid both before 2024-06-30 and from then on, so there is nothing to compare."),
        (log(("a", "2024-06-01", 5.0), ("a", AS_OF, -5.0)), None,
         "No customer paid both before 2024-06-16 and from then on, so there is nothing to compare."),
        (log(("a", "2024-01-01", -5.0), ("a", AS_OF, 5.0)), None,
         "No customer paid both before 2024-04-01 and from then on, so there is nothing to compare."),
        (log(("a", "2023-12-01", 5.0)), 6,
         "The log covers 213 days (7 months), too few for two periods of 6 months each."),
    ],
)  # fmt: skip
def test_a_log_that_cannot_carry_the_comparison_says_why(tx, months, said):
    result = concentration.still_on_top(tx, as_of=AS_OF, months=months)
    assert result.missing == result.turnover() == result.fallback() == result.rest("$") == said
    assert len(concentration.later_by_class(tx, as_of=AS_OF, months=months)) == 0


def test_pandas_and_polars_agree_on_who_stays(other_log):
    as_of = other_log["date"].max().date()
    first, second = (concentration.still_on_top(tx, as_of=as_of, months=6) for tx in both_kinds(other_log))
    assert first.turnover() == second.turnover() and first.fallback() == second.fallback()
    first, second = (concentration.later_by_class(tx, as_of=as_of) for tx in both_kinds(other_log))
    for name in content(first):
        assert column(first, name) == (column(second, name) if name == "class" else pytest.approx(column(second, name)))


_lines = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60), st.integers(-20, 400)), min_size=1, max_size=40
)


@settings(max_examples=20, deadline=None)
@given(_lines, st.sampled_from([0.1, 0.2, 0.5, 1.0]))
def test_laws_of_staying(lines, q):
    first = pd.Timestamp("2024-01-01")
    tx = log(*((customer, first + pd.Timedelta(days=day), float(amount)) for customer, day, amount in lines))
    as_of = tx["date"].max().date()
    found = concentration.still_on_top(tx, as_of=as_of, q=q)
    if found.missing:
        return
    assert 0 <= found.stayed <= found.top <= found.customers and found.silent <= found.top - found.stayed
    assert 0 < found.stayed + found.came_up <= found.top
    assert 0 <= found.share_after <= found.share_hindsight <= 1 + 1e-12 and found.newcomers <= 1
    if q == 1:
        assert found.share_before == found.share_after == 1 and found.rest_after == 0
    dearer = concentration.still_on_top(tx.assign(amount=tx["amount"] * 4), as_of=as_of, q=q)
    assert dearer.turnover() == found.turnover() and dearer.rest_after == 4 * found.rest_after
    later = concentration.later_by_class(tx, as_of=as_of)
    assert later["customers"].sum() == found.customers and later["share_after"].sum() == pytest.approx(1)
    both = concentration.still_on_top(tx.iloc[::-1], as_of=as_of, q=q)
    assert both.turnover() == found.turnover()


def test_what_the_classes_brought_later_by_hand():
    """p holds 60 before q, so both are A; r has 80 before it: B; s 90: B; t 96: C. Later s owes and counts as zero."""
    later = concentration.later_by_class(PAIR, as_of=AS_OF, months=6)
    assert content(later) == {
        "class": ["A", "B", "C"],
        "customers": [2, 2, 1],
        "bought_again": [2, 1, 0],
        "before": [80.0, 16.0, 4.0],
        "after": [70.0, 30.0, 0.0],
        "share_after": [0.7, 0.3, 0.0],
    }
    assert later.index.tolist() == [0, 1, 2]


def test_what_the_classes_brought_later_on_cdnow(cdnow_log):
    """The same as in whole cents, where customers with the same revenue are equal to the last digit."""
    later = concentration.later_by_class(cdnow_log, as_of="1998-06-30").set_index("class")
    assert later["customers"].to_dict() == {"A": 9_055, "B": 7_978, "C": 6_467, "N": 70}
    assert later["bought_again"].to_dict() == {"A": 4_416, "B": 1_757, "C": 883, "N": 2}
    assert later["after"].to_numpy() == pytest.approx([640_229.06, 98_221.97, 38_419.67, 90.43])
    assert later["share_after"].to_numpy() == pytest.approx([0.824017, 0.126418, 0.049449, 0.000116], abs=1e-6)


# the same on every engine


@EVERY_ENGINE
def test_windows_of_every_engine_are_those_of_pandas(engine):
    tx = build(engine, PAIR)
    days = [str(day(tx)) for day in (concentration.first_day, lambda log: concentration.halfway(log, as_of=AS_OF))]
    assert days == ["2023-07-01", "2023-12-31"]
    assert concentration.months_to_cover(tx, as_of=AS_OF) == 12
    for months in ((6, 12), (24,)):  # the last one gives a table without rows
        windows = concentration.shares_by_window(tx, as_of=AS_OF, months=months, q=0.4)
        assert kind(windows) == engine
        assert rows(windows) == rows(concentration.shares_by_window(PAIR, as_of=AS_OF, months=months, q=0.4))
    for days in (("2024-01-01", "2024-06-30"), ("2022-01-01", "2022-01-31")):
        found = concentration.buyers_between(tx, *days)
        assert kind(found) == engine
        assert rows(found) == rows(concentration.buyers_between(PAIR, *days))


@EVERY_ENGINE
def test_who_stays_on_every_engine_is_who_stays_on_pandas(engine):
    for lines in (PAIR, PAIR[:1]):  # the second cannot be compared
        tx = build(engine, lines)
        assert concentration.still_on_top(tx, as_of=AS_OF, q=0.4) == concentration.still_on_top(lines, as_of=AS_OF, q=0.4)
        later = concentration.later_by_class(tx, as_of=AS_OF)
        assert kind(later) == engine
        assert rows(later) == rows(concentration.later_by_class(lines, as_of=AS_OF))


@EVERY_ENGINE
def test_buyers_stay_with_their_engine(engine):
    customers = pd.DataFrame({"customer": list("abcd"), "orders": [2, 1, 0, 1], "revenue": [5.0, 0.0, -2.0, -0.01]})
    found = concentration.buyers(build(engine, customers))
    assert kind(found) == engine and rows(found)[1] == [("a", 2, 5.0), ("b", 1, 0.0)]


def test_equal_customers_at_the_edge_of_the_top_are_taken_by_id():
    """All paid the same; a has three orders. Whatever the order of the lines, the top 20 % of five is a."""
    tx = log(("a", "2024-06-01", 2.0), ("a", "2024-06-02", 2.0), ("a", "2024-06-03", 2.0),
             *((name, "2024-06-04", 6.0) for name in "bcde"))  # fmt: skip
    for lines in (tx, tx.iloc[::-1], tx.sample(frac=1, random_state=3)):
        windows = concentration.shares_by_window(lines, as_of=AS_OF, months=(1,))
        assert windows[["orders_top", "orders_rest"]].to_numpy().tolist() == [[3.0, 1.0]]


# the chart


@pytest.mark.parametrize("kind", KINDS)
def test_the_chart_of_windows_draws_what_was_measured_and_what_was_claimed(kind):
    windows = kind({"months": [3, 12], "top_share": [0.5, 0.625]})
    ax = plots.share_by_window(windows, title="It rises", ax=plots.canvas())
    claimed, measured = ax.get_lines()
    assert set(claimed.get_ydata()) == {0.80}
    assert (measured.get_xdata().tolist(), measured.get_ydata().tolist()) == ([3, 12], [0.5, 0.625])
    assert [text.get_text() for text in ax.texts] == ["50.0 %", "62.5 %"]
    assert ax.get_title(loc="left") == "It rises" and "months" in ax.get_xlabel() and "top 20 %" in ax.get_ylabel()


def test_the_chart_of_no_windows_can_be_drawn():
    ax = plots.share_by_window(pd.DataFrame({"months": [], "top_share": []}), title="None", ax=plots.canvas())
    ax.figure.savefig(io.BytesIO())
    assert not ax.texts


def test_one_window_needs_no_list_and_no_window_is_refused():
    one = concentration.shares_by_window(PAIR, as_of=AS_OF, months=3)
    assert one.equals(concentration.shares_by_window(PAIR, as_of=AS_OF, months=[3]))
    for months in (0, 2.5, float("nan"), None, "3"):
        with pytest.raises(DataError) as refused:
            concentration.window_start(AS_OF, months)
        assert str(refused.value) == f"months is {months}; give a whole number from 1 on."
