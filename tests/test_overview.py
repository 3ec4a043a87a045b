import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import customer_table, overview
from crmlib.errors import DataError
from crmlib.overview import best_for, by_period, last_year, order_counts, top_shares, value_by

KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])


def log(rows, kind=pd.DataFrame):
    names = ["customer", "date", "amount", "order"][: len(rows[0])]
    frame = pd.DataFrame(rows, columns=names)
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[us]")
    return frame if kind is pd.DataFrame else pl.from_pandas(frame).with_columns(pl.col("date").cast(pl.Date))


BY_HAND = [
    ("a", "2023-12-01", 10.0),
    ("a", "2023-12-01", 5.0),  # the same day: one order, and still the first purchase day
    ("b", "2024-02-10", 20.0),
    ("a", "2024-02-11", 7.0),
    ("a", "2024-02-12", 0.0),
    ("b", "2024-02-20", -4.0),
]


@KINDS
def test_by_period_by_hand(kind):
    table = nw.from_native(by_period(log(BY_HAND, kind), as_of="2024-03-15"))
    assert table.implementation == nw.from_native(kind()).implementation
    assert list(table.iter_rows()) == [
        ("2023-12", 1, 1, 0, 1, 15.0, 0.0, 0.0, 15.0, True),
        ("2024-01", 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, True),
        ("2024-02", 2, 1, 1, 3, 20.0, 7.0, -4.0, 23.0, True),
        ("2024-03", 0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, False),
    ]


@pytest.mark.parametrize(
    ("unit", "periods"),
    [("quarter", ["2023 Q4", "2024 Q1"]), ("year", ["2023", "2024"]), ("month", ["2023-12", "2024-01", "2024-02"])],
)
def test_units(unit, periods):
    assert by_period(log(BY_HAND), as_of="2024-02-20", unit=unit)["period"].tolist() == periods


def test_what_the_log_does_not_wholly_cover_is_marked():
    late = [("a", "2024-01-02", 1.0), ("a", "2024-03-31", 1.0)]
    assert by_period(log(late), as_of="2024-03-31")["complete"].tolist() == [False, True, True]
    assert by_period(log(late), as_of="2024-03-30")["complete"].tolist() == [False, True, False]


def test_an_order_of_several_days_counts_once_where_it_begins():
    rows = [("a", "2024-01-31", 1.0, "7"), ("a", "2024-02-01", 1.0, "7"), ("a", "2024-02-03", 1.0, "8")]
    assert by_period(log(rows), as_of="2024-02-28")["orders"].tolist() == [1, 1]


def test_bad_units_and_dates_are_named():
    with pytest.raises(DataError, match="unit 'week' is not known; choose 'month', 'quarter' or 'year'"):
        by_period(log(BY_HAND), as_of="2024-02-20", unit="week")
    with pytest.raises(DataError, match=r"as_of 2020-01-01 is before the first purchase \(2023-12-01\)"):
        by_period(log(BY_HAND), as_of="2020-01-01")


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.dates(dt.date(2023, 11, 1), dt.date(2024, 3, 1)), st.integers(-300, 900)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_periods_sum_to_the_log(rows):
    lines = log([(customer, day, cents / 100) for customer, day, cents in rows])
    table = by_period(lines, as_of="2024-03-01")
    assert table["revenue"].sum() == pytest.approx(lines["amount"].sum(), abs=1e-9)
    parts = table["first_revenue"] + table["repeat_revenue"] + table["refunds"]
    assert np.allclose(parts, table["revenue"], atol=1e-9)
    buyers = lines[lines["amount"] >= 0]
    assert table["first_time"].sum() == buyers["customer"].nunique()
    assert table["orders"].sum() == len(buyers[["customer", "date"]].drop_duplicates())
    assert (table["first_time"] + table["returning"] == table["customers"]).all()


def test_cdnow_by_month(cdnow_log):
    table = by_period(cdnow_log, as_of="1998-06-30")
    assert table["first_time"].tolist() == [7846, 8476, 7248] + [0] * 15
    assert table["revenue"].sum() == pytest.approx(2_500_315.63)
    assert table["orders"].sum() == 67_591
    assert table["complete"].all()


@KINDS
def test_order_counts(kind):
    table = order_counts(kind({"orders": [1, 1, 2, 11, 40, 0]}))
    assert list(nw.from_native(table)["orders"]) == [*map(str, range(1, 10)), "10+"]
    assert nw.from_native(table)["customers"].to_list() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert nw.from_native(table)["share_of_customers"].sum() == pytest.approx(1)
    ten = order_counts(kind({"orders": [10, 1]}))
    assert nw.from_native(ten)["orders"].to_list()[-1] == "10"  # nobody has more, so no plus


def test_nobody_ordered():
    table = order_counts(pd.DataFrame({"orders": [0, 0]}))
    assert table["customers"].tolist() == [0]


@KINDS
def test_top_shares_and_those_who_bring_half(kind):
    customers = kind({"revenue": [70.0, 10.0, 5.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0]})
    table = nw.from_native(top_shares(customers, (0.1, 0.25)))
    assert table["customers"].to_list() == [1, 3]
    assert table["share_of_revenue"].to_list() == pytest.approx([0.70, 0.85])  # three whole customers, not two and a half
    assert best_for(customers, 0.5) == 1
    assert best_for(customers, 0.70) == 1
    assert best_for(customers, 0.71) == 2
    assert best_for(customers, 1.0) == 10


@KINDS
def test_last_year_counts_365_days_and_keeps_everybody(kind):
    rows = [
        ("a", "2023-01-01", 10.0),
        ("a", "2024-01-01", 5.0),
        ("b", "2023-01-02", 3.0),
        ("c", "2022-06-01", 9.0),
        ("a", "2024-02-02", 99.0),
    ]
    lines = log(rows, kind)
    customers = customer_table(log(rows[:4], kind), as_of="2024-01-01")
    year = nw.from_native(last_year(lines, customers, as_of="2024-01-01"))
    assert year.columns == nw.from_native(customers).columns
    # 2023-01-01 is day 366 before and counts no more
    assert dict(zip(year["customer"], year["revenue"], strict=True)) == {"a": 5.0, "b": 3.0, "c": 0.0}


@KINDS
def test_value_by_tenths(kind):
    table = nw.from_native(value_by(kind({"value": [*map(float, range(1, 11)), None]}), groups=5))
    assert table["customers"].to_list() == [2] * 5
    assert table["value"].to_list() == [9.5, 7.5, 5.5, 3.5, 1.5]
    assert table["share_of_value"].sum() == pytest.approx(1)


def test_everything_exported_exists():
    assert all(hasattr(overview, name) for name in overview.__all__)
