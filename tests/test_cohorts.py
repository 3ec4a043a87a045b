"""Cohorts against a plain loop, the laws that catch the usual mistakes, and the figures of CDNOW."""

import datetime as dt
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START, busy_log, lines, log

from crmlib import DataError, DataNotice
from crmlib.cohorts import cohort_table, repeat_curve, wide

few = settings(max_examples=25, deadline=None)
AS_OF = "2024-12-31"
UNITS = {"month": 1, "quarter": 3, "year": 12}


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return function(*arguments, **options)


def cells(cohorts, *names):
    """{(cohort, age): one value or a tuple of values}"""
    frame = cohorts[["cohort", "age", *names]].astype(object)
    values = frame[names[0]] if len(names) == 1 else zip(*(frame[name] for name in names), strict=True)
    return dict(zip(zip(frame["cohort"], frame["age"], strict=True), values, strict=True))


def by_loop(made, unit, as_of, *, has_orders=True):
    """(cohort, age) -> (active, orders, revenue) as period numbers, from the definitions."""
    number = lambda day: (day.year * 12 + day.month - 1) // UNITS[unit]  # noqa: E731
    dated = [(line[0], START + dt.timedelta(days=line[1]), *line[2:]) for line in made]
    dated = [line for line in dated if line[1] <= as_of]
    found = defaultdict(lambda: [set(), 0, 0.0])
    for who in {line[0] for line in dated}:
        own = [line for line in dated if line[0] == who]
        bought = [line for line in own if line[2] >= 0]
        if not bought:
            continue
        first = min(number(line[1]) for line in bought)
        for line in own:
            if number(line[1]) >= first:
                found[first, number(line[1]) - first][2] += line[2]
        for line in bought:
            found[first, number(line[1]) - first][0].add(who)
        for order in {line[3] if has_orders else line[1] for line in bought}:
            days = [line[1] for line in bought if (line[3] if has_orders else line[1]) == order]
            found[first, number(min(days)) - first][1] += 1
    return {cell: (len(who), orders, revenue) for cell, (who, orders, revenue) in found.items()}


@few
@given(lines, st.sampled_from(list(UNITS)), st.booleans(), st.integers(60, 800))
def test_every_cell_is_what_the_definitions_say(made, unit, has_orders, last):
    as_of = START + dt.timedelta(days=last)
    expected = by_loop(made, unit, as_of, has_orders=has_orders)
    found = quietly(cohort_table, log(made, order=has_orders), as_of=as_of, unit=unit, partial=True)
    firsts = sorted({cohort for cohort, _ in expected})
    labels = list(dict.fromkeys(found["cohort"]))
    got = {
        (firsts[labels.index(cohort)], age): values
        for (cohort, age), values in cells(found, "active", "orders", "revenue").items()
    }
    end = (as_of.year * 12 + as_of.month - 1) // UNITS[unit]
    grid = {(first, age): expected.get((first, age), (0, 0, 0.0)) for first in firsts for age in range(end - first + 1)}
    assert got == grid


@few
@given(lines, st.sampled_from(list(UNITS)))
def test_laws(made, unit):
    tx = log(made)
    found = quietly(cohort_table, tx, as_of=AS_OF, unit=unit)
    assert (found.loc[found["age"] == 0, "share_active"] == 1).all()
    assert (found["active"] <= found["size"]).all() and (found["orders"] >= 0).all()
    assert found["share_active"].tolist() == pytest.approx((found["active"] / found["size"]).tolist(), abs=1e-15)
    assert found.groupby("cohort")["size"].first().sum() == tx.loc[tx["amount"] >= 0, "customer"].nunique()
    assert found["orders"].sum() == len(tx[tx["amount"] >= 0][["customer", "order"]].drop_duplicates())
    period = tx["date"].dt.to_period({"month": "M", "quarter": "Q", "year": "Y"}[unit])
    first = period.where(tx["amount"] >= 0).groupby(tx["customer"]).transform("min")
    inside = first.notna() & (period >= first)
    assert found["revenue"].sum() == tx.loc[inside, "amount"].sum()
    assert sorted(set(found["age"])) == list(range(found["age"].max() + 1))  # no age is skipped


@few
@given(lines, st.randoms(use_true_random=False))
def test_order_of_rows_and_columns_names_and_money_change_nothing_else(made, chance):
    tx = log(made)
    before = quietly(cohort_table, tx, as_of=AS_OF)
    shuffled = made.copy()
    chance.shuffle(shuffled)
    turned = log(shuffled)[["order", "amount", "date", "customer"]]
    turned["customer"] = turned["customer"].map(lambda name: f"customer {name}!")
    pd.testing.assert_frame_equal(quietly(cohort_table, turned, as_of=AS_OF), before)
    tripled = quietly(cohort_table, tx.assign(amount=tx["amount"] * 3), as_of=AS_OF)
    pd.testing.assert_frame_equal(tripled, before.assign(revenue=before["revenue"] * 3))


# a buys in January, is silent for three months and comes back in May; b keeps buying
SILENT = log([("a", 5, 10.0), ("b", 9, 4.0), ("b", 40, 4.0), ("b", 70, 4.0), ("a", 125, 7.0)])


def share_by_age(make):
    """The share of the one cohort that is active, by age, from a function (log) -> (age, share) pairs."""
    return dict(make(SILENT))


def calendar_age(tx):
    found = cohort_table(tx, as_of="2023-05-31")
    return zip(found["age"], found["share_active"], strict=True)


def kth_active_period(tx):
    """The usual mistake: the k-th period with a purchase counts as age k, and silence vanishes."""
    months = tx.assign(month=tx["date"].dt.to_period("M"))[["customer", "month"]].drop_duplicates().sort_values("month")
    age = months.groupby("customer").cumcount()
    return (age.value_counts() / months["customer"].nunique()).items()


def test_a_silent_cohort_keeps_its_ages():
    assert share_by_age(calendar_age) == {0: 1.0, 1: 0.5, 2: 0.5, 3: 0.0, 4: 0.5}
    assert share_by_age(kth_active_period) == {0: 1.0, 1: 1.0, 2: 0.5}  # b's third month, and a's May as a February


@few
@given(lines, st.integers(1, 6))
def test_a_longer_silence_moves_what_follows_by_as_many_ages(made, months):
    """The law that the mistake breaks: the year after an empty pause has the same numbers at higher ages."""
    early = [line for line in made if line[1] < 59] or [("a", 45, 10.0, "w")]  # January and February 2023
    births = {line[0] for line in early if line[2] >= 0}
    late = [(who, 365 + day % 28, amount, "l" + order) for who, day, amount, order in made if who in births]
    pause = (dt.date(2024, 1 + months, 1) - dt.date(2024, 1, 1)).days
    moved = [(who, day + pause, amount, order) for who, day, amount, order in late]
    one, other = (quietly(cohort_table, log([*early, *some]), as_of=AS_OF) for some in (late, moved))
    one, other = (cells(table, "active", "orders", "revenue") for table in (one, other))
    for (cohort, age), values in one.items():
        if cohort < "2024" and age >= 10 and (cohort, age + months) in other:
            assert other[cohort, age + months] == values


def test_periods_that_as_of_cuts_are_null_and_can_be_kept():
    tx = log([("a", 5, 10.0), ("a", 33, 2.0), ("b", 40, 4.0), ("a", 60, 1.0)])  # as_of: 5 March 2023
    found = cohort_table(tx, as_of="2023-03-05")
    assert found["complete"].tolist() == [True, True, False, True, False]
    for name in ("active", "share_active", "orders", "revenue"):
        assert found[name].isna().tolist() == [False, False, True, False, True]
    assert found["size"].tolist() == [1, 1, 1, 1, 1]
    kept = cohort_table(tx, as_of="2023-03-05", partial=True)
    assert kept["active"].tolist() == [1, 1, 1, 1, 0] and kept["revenue"].sum() == 17.0
    assert kept["complete"].tolist() == found["complete"].tolist()
    assert found.dtypes.equals(kept.dtypes)  # a gap changes no type
    whole = cohort_table(tx, as_of="2023-03-31")
    assert whole["complete"].all() and whole["active"].notna().all()


def test_lines_after_as_of_do_not_count_and_cohorts_without_customers_have_no_row():
    tx = log([("a", 5, 10.0), ("b", 120, 4.0), ("c", 200, 9.0)])
    with pytest.warns(DataNotice, match=r"^1 line after as_of 2023-05-31 left out\.$"):
        found = cohort_table(tx, as_of="2023-05-31")
    assert found["cohort"].unique().tolist() == ["2023-01", "2023-05"]
    assert found["period"].tolist() == ["2023-01", "2023-02", "2023-03", "2023-04", "2023-05", "2023-05"]


def test_an_order_counts_where_it_begins_and_a_refund_where_it_is_paid():
    tx = log([("a", 30, 10.0, "o1"), ("a", 31, 5.0, "o1"), ("a", 62, -5.0, "o1")])
    found = cohort_table(tx, as_of="2023-03-31")
    assert found["orders"].tolist() == [1, 0, 0]
    assert found["active"].tolist() == [1, 1, 0]  # the second line of the order is a purchase in February
    assert found["revenue"].tolist() == [10.0, 5.0, -5.0]


def test_refunds_that_answer_no_purchase_are_left_out_and_counted():
    tx = log([("a", 5, -4.0), ("a", 40, 10.0), ("b", 50, -2.5), ("c", 3, 1.0)])
    with pytest.warns(
        DataNotice,
        match=r"^2 lines of refunds \(-6\.50 in all\) before the customer's first purchase, or without any, left out "
        r"of the cohorts\.$",
    ):
        found = cohort_table(tx, as_of="2023-02-28")
    assert cells(found, "revenue") == {("2023-01", 0): 1.0, ("2023-01", 1): 0.0, ("2023-02", 0): 10.0}


@EVERY_ENGINE
@pytest.mark.parametrize("unit", list(UNITS))
@pytest.mark.parametrize("partial", [False, True])
def test_every_engine_gives_the_same_in_its_own_kind(engine, unit, partial):
    tx = busy_log()
    native = build(engine, tx)
    options = {"as_of": "2024-11-15", "unit": unit, "partial": partial}
    found = quietly(cohort_table, native, **options)
    assert kind(found) == kind(native)
    assert rows(found) == rows(quietly(cohort_table, tx, **options))
    days = quietly(cohort_table, build(engine, tx.drop(columns="order")), **options)
    assert rows(days) == rows(quietly(cohort_table, tx.drop(columns="order"), **options))


@EVERY_ENGINE
def test_every_engine_gives_the_same_curve_and_the_same_triangle(engine):
    tx = busy_log()
    native = build(engine, tx)
    found = repeat_curve(native, as_of=AS_OF, weeks=30)
    assert kind(found) == kind(native)
    assert rows(found) == rows(repeat_curve(tx, as_of=AS_OF, weeks=30))
    cohorts = quietly(cohort_table, tx, as_of="2024-11-15", unit="quarter")
    for value in ("share_active", "orders", "revenue", "active"):
        pd.testing.assert_frame_equal(wide(build(engine, cohorts), value), wide(cohorts, value))


def test_the_triangle_lines_up_ages_or_the_calendar():
    tx = log([("a", 5, 10.0), ("b", 40, 4.0), ("a", 65, 2.0)])
    cohorts = cohort_table(tx, as_of="2023-04-10")
    ages = wide(cohorts, "active")
    assert ages.columns.tolist() == [0, 1, 2, 3] and ages.index.tolist() == ["2023-01", "2023-02"]
    assert (ages.columns.name, ages.index.name) == ("age", "cohort")
    assert ages.astype(object).where(ages.notna(), None).values.tolist() == [[1, 0, 1, None], [1, 0, None, None]]
    calendar = wide(cohorts, "revenue", across="period")
    assert calendar.columns.tolist() == ["2023-01", "2023-02", "2023-03", "2023-04"]
    assert calendar.fillna(-1).values.tolist() == [[10, 0, 2, -1], [-1, 4, 0, -1]]


@few
@given(lines, st.sampled_from(list(UNITS)))
def test_the_triangle_holds_every_row(made, unit):
    cohorts = quietly(cohort_table, log(made), as_of=AS_OF, unit=unit)
    for across in ("age", "period"):
        assert np.nansum(wide(cohorts, "revenue", across=across)) == cohorts["revenue"].sum()
        assert wide(cohorts, "revenue", across=across).notna().sum().sum() == len(cohorts)


def test_cdnow_by_quarter(cdnow_log):
    """The figures of the customer-base audit: active 100/22.8/18.1/17.9/16.2/14.1 %."""
    found = cohort_table(cdnow_log, as_of="1998-06-30", unit="quarter")
    assert found["size"].tolist() == [23570] * 6
    assert found["active"].tolist() == [23570, 5376, 4263, 4221, 3817, 3317]
    assert found["share_active"].tolist() == pytest.approx([1, 0.228, 0.181, 0.179, 0.162, 0.141], abs=6e-4)
    each = (found["orders"] / found["active"]).tolist()[1:]  # by customer-day, not by line
    assert min(each) == pytest.approx(1.71, abs=5e-3) and max(each) == pytest.approx(1.76, abs=5e-3)
    assert found["orders"].sum() == 67591 and found["revenue"].sum() == pytest.approx(2500315.63, abs=1e-6)


def test_cdnow_by_month_has_three_cohorts(cdnow_log):
    triangle = wide(cohort_table(cdnow_log, as_of="1998-06-30"), "active")
    assert triangle[0].to_dict() == {"1997-01": 7846, "1997-02": 8476, "1997-03": 7248}
    assert triangle.notna().sum(axis=1).tolist() == [18, 17, 16]
    cut = wide(quietly(cohort_table, cdnow_log, as_of="1998-06-29"), "active")
    assert cut.notna().sum(axis=1).tolist() == [17, 16, 15]


# ---- how soon they buy again


def curve_by_loop(made, weeks, as_of):
    gaps = []
    for who in {line[0] for line in made}:
        days = sorted({line[1] for line in made if line[0] == who and line[2] >= 0 and line[1] <= as_of})
        if days and days[0] <= as_of - 7 * weeks:
            gaps.append(days[1] - days[0] if len(days) > 1 else 10**6)
    return [(week, len(gaps), sum(gap <= 7 * week for gap in gaps)) for week in range(1, weeks + 1)]


@few
@given(lines, st.integers(1, 80), st.integers(605, 800))
def test_the_curve_is_what_the_definitions_say_and_never_falls(made, weeks, as_of):
    found = quietly(repeat_curve, log(made), as_of=START + dt.timedelta(days=as_of), weeks=weeks)
    got = list(zip(found["weeks"], found["customers"], found["repeated"], strict=True))
    assert got == curve_by_loop(made, weeks, as_of)
    assert (np.diff(found["repeated"]) >= 0).all()
    assert found["share_repeated"].between(0, 1).all()


def test_seven_days_are_one_week_and_the_same_day_is_no_second_purchase():
    tx = log([("a", 0, 1.0, "u"), ("a", 0, 1.0, "v"), ("a", 7, 1.0, "w"), ("b", 0, 1.0, "x"), ("b", 8, 1.0, "y")])
    assert repeat_curve(tx, as_of="2023-01-31", weeks=2)["repeated"].tolist() == [1, 2]


def test_only_customers_watched_long_enough_count():
    tx = log([("a", 0, 1.0), ("b", 21, 1.0), ("b", 22, 1.0)])  # b: 22 January
    assert repeat_curve(tx, as_of="2023-01-29", weeks=2)["customers"].tolist() == [1, 1]  # b: 7 days
    assert repeat_curve(tx, as_of="2023-02-05", weeks=2)["customers"].tolist() == [2, 2]  # b: 14 days


def test_cdnow_buys_again(cdnow_log):
    found = repeat_curve(cdnow_log, as_of="1998-06-30")
    assert set(found["customers"]) == {23570} and len(found) == 52
    share = dict(zip(found["weeks"], found["share_repeated"], strict=True))
    assert share[13] == pytest.approx(0.293, abs=5e-4)
    assert share[52] == pytest.approx(0.458, abs=5e-4)


# ---- refusals


@EVERY_ENGINE
def test_refusals_say_what_to_do(engine):
    tx = build(engine, log([("a", 5, 10.0), ("b", 9, 2.0)]))
    with pytest.raises(DataError, match=r"^unit 'week' is not known; choose 'month', 'quarter' or 'year'\.$"):
        cohort_table(tx, as_of=AS_OF, unit="week")
    for refused in (cohort_table, repeat_curve):
        with pytest.raises(
            DataError,
            match=r"^as_of 2023-01-05 is before the first purchase \(2023-01-06\); choose that day or a later one\.$",
        ):
            refused(tx, as_of="2023-01-05")
    with pytest.raises(DataError, match=r"^The log holds no purchase, only refunds; so there are no cohorts\.$"):
        cohort_table(build(engine, log([("b", 3, -2.0)])), as_of=AS_OF)
    gap = log([("a", 5, 10.0), ("b", 9, float("nan"))])
    with pytest.raises(DataError, match=r"^Column 'amount' of the transactions has gaps; let transactions\(\) read "):
        cohort_table(build(engine, gap), as_of=AS_OF)
    with pytest.raises(
        DataError,
        match=r"^No customer bought for the first time 52 weeks or more before as_of 2023-06-30; choose fewer weeks\.$",
    ):
        repeat_curve(tx, as_of="2023-06-30")
    with pytest.raises(DataError, match=r"^weeks is 0; give a whole number of at least 1, e\.g\. 52\.$"):
        repeat_curve(tx, as_of="2023-06-30", weeks=0)
    with pytest.raises(DataError, match=r"^across is 'date'; choose 'age' or 'period'\.$"):
        wide(cohort_table(tx, as_of=AS_OF), across="date")
    with pytest.raises(DataError, match=r"^The cohort table has no column 'customer'; it has "):
        wide(cohort_table(tx, as_of=AS_OF), "customer")


def test_tables_are_not_changed():
    tx = busy_log()
    before = tx.copy(deep=True)
    cohorts = quietly(cohort_table, tx, as_of=AS_OF)
    kept = cohorts.copy(deep=True)
    wide(cohorts)
    repeat_curve(tx, as_of=AS_OF, weeks=10)
    assert tx.equals(before) and cohorts.equals(kept)
