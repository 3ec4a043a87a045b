"""What is counted of a log in memory is what the queries of lazy engines find: every lens, on logs of all kinds."""

import datetime as dt
import warnings

import pandas as pd
import polars as pl
import pytest
from engines import build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START, busy_log, lines, log
from pandas.testing import assert_frame_equal

from crmlib import (
    all_cohorts, carries, cohort_comparison, cohorts, customer_table, one_cohort, one_period, products, two_periods,
)  # fmt: skip
from crmlib.counted import count
from crmlib.errors import DataError, DataNotice

AS_OF = START + dt.timedelta(days=729)
LENSES = {
    "one period": one_period.by_customer,
    "two periods": two_periods.changes,
    "by product": products.by_product,
    "basket": products.basket,
    "duplication": lambda tx, as_of: products.duplication(tx, as_of=as_of, most=2),
    "entry products": lambda tx, as_of: products.entry_products(tx, as_of=as_of, days=90),
    "ever bought": lambda tx, as_of: products.ever_bought(tx, as_of=as_of, weeks=13, most=2),
    "cohort by age": one_cohort.by_age,
    "next orders": lambda tx, as_of: one_cohort.next_order_curves(tx, as_of=as_of, weeks=8, orders=3),
    "repeat buying": one_cohort.repeat_buying,
    "patterns": lambda tx, as_of: one_cohort.patterns(tx, as_of=as_of, cohort="2023 Q1"),
    "value deciles": lambda tx, as_of: one_cohort.value_deciles(tx, as_of=as_of, cohort="2023 Q1", groups=3),
    "second purchase": cohort_comparison.second_purchase,
    "second purchase by age": cohort_comparison.second_purchase_by_age,
    "cohort chart": all_cohorts.cohort_chart,
    "base by period": all_cohorts.base_by_period,
    "cohort table": cohorts.cohort_table,
    "repeat curve": lambda tx, as_of: cohorts.repeat_curve(tx, as_of=as_of, weeks=8),
    "carries": carries.carries,
}  # fmt: skip
EVERY_LENS = pytest.mark.parametrize("lens", LENSES)


def found(lens, tx, as_of):
    """The rows of a lens or why it refused; and what it said."""
    with warnings.catch_warnings(record=True) as notices:
        warnings.simplefilter("always", DataNotice)
        try:
            table = rows(LENSES[lens](tx, as_of=as_of))
        except DataError as error:
            table = str(error)
    return table, {str(notice.message) for notice in notices if notice.category is DataNotice}


def with_products(made, gap=False):
    """The log with products, some of them not known, quantities and costs; with ``gap`` one cost is missing."""
    n = len(made)
    kinds = ["tea", "milk", None, "tea", "soap", "milk", "tea"]
    made["product"] = pd.Series([kinds[(3 * i + i // 5) % 7] for i in range(n)], dtype="str")
    made["quantity"] = [float(i % 3) for i in range(n)]
    made["cost"] = [0.25 * (i % 9) for i in range(n)]
    if gap:
        made.loc[n // 2, "cost"] = None
    return made


@EVERY_LENS
@given(lines, st.booleans(), st.booleans(), st.integers(40, 729))
@settings(max_examples=12, deadline=None)
def test_a_counted_log_gives_what_the_queries_give(lens, made, order, gap, days):
    made = with_products(log(made, order=order), gap)
    as_of = START + dt.timedelta(days=days)
    by_query, said = found(lens, pl.from_pandas(made).lazy(), as_of)
    in_memory, also_said = found(lens, made, as_of)
    assert in_memory == by_query
    assert also_said <= said  # a lens that shows no profit need not say that there is none
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        assert found(lens, count(made, as_of=AS_OF), as_of)[0] == by_query


@EVERY_LENS
def test_a_busy_log_too_on_every_engine_in_memory(lens):
    made = with_products(busy_log())
    expected = found(lens, pl.from_pandas(made).lazy(), AS_OF)
    for engine in ("pandas", "polars", "pyarrow"):
        counted = count(build(engine, made), as_of=AS_OF)
        assert found(lens, counted, AS_OF) == expected
        assert kind(LENSES[lens](counted, as_of=AS_OF)) == ("pandas" if engine == "pandas" else "polars")


def test_ids_of_every_type_come_back_as_they_were():
    made = log([("a", 3, 5.0), ("b", 1, -2.0), ("b", 9, 4.0)])
    for ids in ([7, 300, 300], pd.Categorical(["y", "x", "x"]), ["a longer id", "x" * 70, "x" * 70]):
        made["customer"] = ids
        by_table = one_period.by_customer(count(made, as_of=AS_OF), as_of=AS_OF, months=24)
        assert by_table["customer"].dtype == made["customer"].dtype
        assert dict(zip(by_table["customer"], by_table["revenue"], strict=True)) == {ids[0]: 5.0, ids[1]: 2.0}


def test_orders_over_two_days_and_of_one_name_with_two_customers_count_where_they_begin():
    made = [("a", 0, 1.0, "w"), ("a", 40, 1.0, "w"), ("b", 0, 1.0, "w"), ("b", 40, -1.0, "v"), ("b", 41, 1.0, "v")]
    counted = count(log(made), as_of=AS_OF)
    assert counted.day.tolist() == [day + START.toordinal() for day in (0, 40, 0, 40, 41)]
    assert counted.orders.tolist() == [1, 0, 1, 0, 1]
    assert counted.refunded.tolist() == [0, 0, 0, -1, 0]


def test_what_cannot_be_counted_says_why():
    made = log([("a", 3, 5.0), ("a", 9, 4.0)])
    with pytest.raises(DataError, match="it needs the rows in memory"):
        count(pl.from_pandas(made).lazy(), as_of=AS_OF)
    with pytest.raises(DataError, match=r"^as_of 2023-01-01 is before the first purchase \(2023-01-04\)"):
        count(made, as_of="2023-01-01")
    counted = count(made, as_of="2023-02-01")
    with pytest.raises(
        DataError, match=r"^The log was counted up to 2023-02-01; count it again for as_of 2023-02-02\.$"
    ):
        one_period.by_customer(counted, as_of="2023-02-02")
    with pytest.raises(DataError, match=r"^as_of 2023-01-03 is before the first purchase \(2023-01-04\)"):
        one_period.by_customer(counted, as_of="2023-01-03", months=1)
    with pytest.warns(DataNotice, match=r"^1 line after as_of 2023-01-31 left out\.$"):
        count(log([("a", 3, 5.0), ("a", 39, 4.0)]), as_of="2023-01-31")
    with pytest.warns(DataNotice, match=r"^1 line after as_of 2023-01-05 left out\.$") as notices:
        one_period.by_customer(counted, as_of="2023-01-05", months=1)
    assert [one.filename for one in notices] == [__file__]


@given(lines, st.booleans(), st.integers(45, 729))
@settings(max_examples=40, deadline=None)
def test_the_customer_table_of_any_day_is_that_of_the_log(made, order, days):
    made = with_products(log(made, order=order))
    as_of = START + dt.timedelta(days=days)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        expected = customer_table(made, as_of=as_of)
        assert_frame_equal(count(made, as_of=AS_OF).customer_table(as_of), expected)
