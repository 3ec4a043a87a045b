from fractions import Fraction
from math import ceil

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from engines import EVERY_ENGINE, build, build_with_nan
from made_customers import KINDS, column, content, made

from crmlib.classes import ascending, by_class, check_days, values, whole_customers, with_classes
from crmlib.errors import DataError


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 100), st.integers(0, 10**7))
def test_whole_customers_is_the_exact_ceiling_for_whole_percents(percent, n):
    assert whole_customers(percent / 100, n) == ceil(Fraction(percent, 100) * n)


def test_whole_customers_does_not_follow_the_rounding_of_floats():
    assert 0.07 * 100 > 7 and whole_customers(0.07, 100) == 7
    assert (0.1 + 0.2) * 10 > 3 and whole_customers(0.1 + 0.2, 10) == 3
    assert whole_customers(0.01, 101) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_floats_in_row_order(kind):
    assert values(nw.from_native(made(kind, orders=[3, 1, 2])), "orders").tolist() == [3.0, 1.0, 2.0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gap", [None, float("nan"), float("inf")])
def test_values_refuse_gaps(kind, gap):
    frame = nw.from_native(made(kind, revenue=[1.0, gap, 3.0]))
    with pytest.raises(
        DataError, match=r"^'revenue' is missing or infinite for 1 of 3 customers; fill it or leave them out first\.$"
    ):
        values(frame, "revenue")


@EVERY_ENGINE
def test_ascending_counts_every_customer(engine):
    native = build(engine, pd.DataFrame({"revenue": [3.0, 1.0, 3.0, 2.0]}))
    frame = nw.from_native(pl.from_arrow(native) if engine == "pyarrow" else native)
    assert ascending(frame, "revenue").tolist() == [1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize("kind", KINDS)
def test_values_refuse_text_and_nothing(kind):
    with pytest.raises(DataError, match=r"Column 'customer' holds String, not numbers; choose a numeric column"):
        values(nw.from_native(made(kind, revenue=[1.0])), "customer")
    with pytest.raises(DataError, match=r"^The customer table is empty\.$"):
        values(nw.from_native(kind({"revenue": []})), "revenue")


@pytest.mark.parametrize("kind", KINDS)
def test_days_must_be_known_for_buyers_only(kind):
    check_days(nw.from_native(made(kind, orders=[0, 1], days_since_last=[None, 3.0])))
    with pytest.raises(
        DataError,
        match=r"^'days_since_last' is missing or infinite for 1 customer with orders; use the table of customer_table\(",
    ):
        check_days(nw.from_native(made(kind, orders=[0, 1], days_since_last=[3.0, None])))


UNKNOWN = pytest.mark.parametrize("gap", [None, float("nan"), float("inf")])


def made_with(engine, gap, column):
    """A wrapped table of four customers, the last without a purchase; the first has a gap."""
    frame = pd.DataFrame({"class": list("aabb"), "orders": [1, 2, 3, 0], "days_since_last": [5.0, 6.0, 7.0, None]})
    frame = frame.assign(revenue=[1.0, 2.0, 4.0, 0.0])
    frame[column] = [gap, *frame[column].tolist()[1:]]
    native = (build if gap is None else build_with_nan)(engine, frame)
    return nw.from_native(pl.from_arrow(native) if engine == "pyarrow" else native)


@EVERY_ENGINE
@UNKNOWN
def test_an_unknown_day_or_number_of_orders_is_refused_on_every_engine(engine, gap):
    with pytest.raises(DataError) as refused:
        check_days(made_with(engine, gap, "days_since_last"))
    assert str(refused.value) == (
        "'days_since_last' is missing or infinite for 1 customer with orders; use the table of customer_table()."
    )
    with pytest.raises(DataError) as refused:
        check_days(made_with(engine, gap, "orders"))
    assert str(refused.value) == (
        "'orders' is missing or infinite for 1 customer; use the table of customer_table()."
    )
    check_days(made_with(engine, 5.0, "days_since_last"))


@EVERY_ENGINE
@UNKNOWN
def test_a_summary_refuses_unknown_values_on_every_engine(engine, gap):
    with pytest.raises(DataError) as refused:
        by_class(made_with(engine, gap, "revenue"), "class", order="ab")
    assert str(refused.value) == (
        "'revenue' is missing or infinite for 1 of 4 customers; fill it or leave them out first."
    )
    found = by_class(made_with(engine, gap, "days_since_last"), "class", order="ab", medians=["days_since_last"])
    assert content(nw.from_native(found).lazy().collect("pandas").to_native())["median_days_since_last"] == [6.0, 7.0]


@pytest.mark.parametrize("kind", KINDS)
def test_with_classes_takes_the_first_and_a_gap_matches_nothing(kind):
    frame = nw.from_native(kind({"x": [1.0, 2.0, 3.0, None]}))
    frame = with_classes(frame, "name", [(nw.col("x") > 2, "high"), (nw.col("x") > 1, "middle")], "else")
    assert frame["name"].to_list() == ["else", "middle", "high", "else"]


@pytest.mark.parametrize("kind", KINDS)
def test_summary_has_a_row_for_each_class_in_order(kind):
    frame = nw.from_native(
        kind({"class": ["b", "a", "b", "out"], "revenue": [1, 2, 5, 9], "days": [1.0, 4.0, 2.0, 7.0]})
    )
    found = by_class(
        frame, "class", order=("b", "none", "a", "out", "odd"), whole=("a", "b"), optional=("odd",), medians=("days",)
    )
    assert content(found.to_native()) == {
        "class": ["b", "none", "a", "out"],
        "customers": [2, 0, 1, 1],
        "share_of_customers": [2 / 3, None, 1 / 3, None],
        "revenue": [6.0, 0.0, 2.0, 9.0],
        "share_of_revenue": [0.75, None, 0.25, None],
        "median_days": [1.5, None, 4.0, 7.0],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_summary_gives_no_share_of_a_total_that_is_not_positive(kind):
    frame = nw.from_native(kind({"class": ["a", "b"], "revenue": [1.0, -2.0]}))
    assert column(by_class(frame, "class", order=("a", "b")).to_native(), "share_of_revenue") == [None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_summary_loses_nobody(kind):
    frame = nw.from_native(kind({"class": ["a", None], "revenue": [1.0, 2.0]}))
    with pytest.raises(DataError, match=r"^'class' is missing for 1 of 2 customers\.$"):
        by_class(frame, "class", order=("a",))
    with pytest.raises(DataError, match=r"^The class 'z' is not among \['a'\]\.$"):
        by_class(nw.from_native(kind({"class": ["a", "z"], "revenue": [1.0, 2.0]})), "class", order=("a",))


def test_summary_is_of_the_kind_of_its_input():
    for kind in (pd.DataFrame, pl.DataFrame):
        assert isinstance(
            by_class(nw.from_native(kind({"c": ["a"], "revenue": [1.0]})), "c", order="a").to_native(), kind
        )
