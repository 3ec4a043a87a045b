"""New and earlier customers of two periods: by hand, on every engine, and that they sum to the periods."""

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given
from hypothesis import strategies as st

from crmlib.errors import DataError
from crmlib.intakes import new_and_earlier
from crmlib.two_periods import GROUPS, bridge, changes

# in 2023 and 2024: a buys in both and since 2022; b began in 2023 and is silent; c came back; d is new; e only sends back
LOG = pd.DataFrame(
    [("a", "2022-05-01", 9.0), ("c", "2022-05-01", 9.0), ("e", "2022-05-01", 9.0), ("a", "2023-05-01", 10.0), ("b", "2023-06-01", 20.0),
     ("e", "2023-06-01", -4.0), ("a", "2024-05-01", 11.0), ("c", "2024-05-01", 12.0), ("d", "2024-06-01", 30.0), ("d", "2024-07-01", -5.0)],
    columns=["customer", "date", "amount"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def test_by_hand():
    found = new_and_earlier(changes(LOG, as_of="2024-12-31"))
    assert found.to_dict("list") == {
        "who": ["new", "earlier"], "customers_before": [1, 1], "customers_after": [1, 2], "revenue_before": [20.0, 6.0],
        "revenue_after": [25.0, 23.0], "revenue_change": [5.0, 17.0],
    }  # fmt: skip


@EVERY_ENGINE
def test_every_engine(engine):
    log = LOG.assign(cost=1.0)
    expected = new_and_earlier(changes(log, as_of="2024-12-31"))
    people = changes(build(engine, log), as_of="2024-12-31")
    found = new_and_earlier(people)
    assert kind(found) == kind(people) and rows(found) == rows(expected)
    assert expected["profit_before"].tolist() == [19.0, 4.0]


def test_where_the_log_begins_with_the_first_period_all_are_new_in_it():
    found = new_and_earlier(changes(LOG[LOG["date"] >= "2023-01-01"].assign(amount=10.0), as_of="2024-12-31"))
    assert found["customers_before"].tolist() == [3, 0] and found["customers_after"].tolist() == [2, 1]


people = st.lists(st.tuples(st.sampled_from(GROUPS), st.booleans(), st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=30)


@given(people)
def test_both_rows_sum_to_the_bridge_in_any_order(drawn):
    frame = pd.DataFrame(drawn, columns=["group", "settled", "revenue_before", "revenue_after"]).assign(orders_before=1, orders_after=1)
    found, whole = new_and_earlier(frame), bridge(frame)
    for name in ("revenue_before", "revenue_after", "revenue_change"):
        assert found[name].sum() == whole[name].sum()
    pd.testing.assert_frame_equal(found, new_and_earlier(frame[::-1].reset_index(drop=True)))


def test_a_table_of_something_else_is_refused():
    with pytest.raises(DataError, match="settled"):
        new_and_earlier(pd.DataFrame({"group": ["new"], "revenue_before": [1.0], "revenue_after": [1.0]}))
