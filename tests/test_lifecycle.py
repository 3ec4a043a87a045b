import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, with_permutation

from crmlib.errors import DataError
from crmlib.lifecycle import STATES, states, summary

few = settings(max_examples=25, deadline=None)


@pytest.mark.parametrize("kind", KINDS)
def test_each_state_and_each_edge(kind):
    orders = [1, 1, 2, 3, 4, 9, 9, 0]
    days = [0.0, 180.0, 179.0, 10.0, 10.0, 179.0, 180.0, None]
    stated = states(made(kind, orders=orders, days_since_last=days))
    assert isinstance(stated, kind)
    assert column(stated, "state") == [
        "first-time", "inactive", "repeat", "repeat", "loyal", "loyal", "inactive", "no purchase",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_thresholds_are_parameters(kind):
    customers = made(kind, orders=[1, 2, 2], days_since_last=[30.0, 29.0, 31.0])
    assert column(states(customers, inactive_after=30, loyal_orders=2), "state") == ["inactive", "loyal", "inactive"]
    assert column(states(customers, inactive_after=1000), "state") == ["first-time", "repeat", "repeat"]


@few
@given(columns_of_customers(), st.sampled_from([1, 90, 180, 365]), st.integers(2, 6))
def test_states_follow_the_words_of_the_rule(columns, after, loyal):
    found = column(states(pd.DataFrame(columns), inactive_after=after, loyal_orders=loyal), "state")

    def state(orders, days):
        if orders == 0:
            return "no purchase"
        if days >= after:
            return "inactive"
        return "loyal" if orders >= loyal else "repeat" if orders > 1 else "first-time"

    assert found == [state(*row) for row in zip(columns["orders"], columns["days_since_last"], strict=True)]


@few
@given(with_permutation())
def test_order_of_rows_and_columns_changes_no_state(pair):
    first, second = (states(pd.DataFrame(columns)) for columns in pair)
    assert by_customer(first, "state") == by_customer(second, "state")
    assert second["customer"].tolist() == pair[1]["customer"]


@few
@given(columns_of_customers())
def test_polars_gives_what_pandas_gives_totals_are_kept_and_inputs_do_not_change(columns):
    one, other = pd.DataFrame(columns), pl.DataFrame(columns)
    before = one.copy(deep=True), other.clone()
    stated = states(one), states(other)
    assert content(stated[0]) == content(stated[1])
    assert one.equals(before[0]) and other.equals(before[1])
    found = summary(stated[0])
    assert found["state"].tolist() == [*STATES, *(["no purchase"] if 0 in columns["orders"] else [])]
    assert found["customers"].sum() == len(one)
    assert found["revenue"].sum() == pytest.approx(sum(columns["revenue"]), abs=1e-9)
    assert found["share_of_customers"].sum() == pytest.approx(1, abs=1e-12)
    assert column(summary(stated[1]), "customers") == found["customers"].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_summary_by_hand(kind):
    customers = made(
        kind, orders=[1, 1, 4, 0], days_since_last=[5.0, 400.0, 5.0, None], revenue=[20.0, 30.0, 60.0, -10.0]
    )
    assert content(summary(states(customers))) == {
        "state": ["first-time", "repeat", "loyal", "inactive", "no purchase"],
        "customers": [1, 0, 1, 1, 1],
        "share_of_customers": [0.25, 0, 0.25, 0.25, 0.25],
        "revenue": [20.0, 0, 60.0, 30.0, -10.0],
        "share_of_revenue": [0.2, 0, 0.6, 0.3, -0.1],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_say_what_to_type(kind):
    customers = made(kind, orders=[1], days_since_last=[5.0])
    with pytest.raises(DataError, match=r"^inactive_after is 0; give a number of days above 0, e\.g\. 180\.$"):
        states(customers, inactive_after=0)
    with pytest.raises(DataError, match=r"^loyal_orders is 1; loyalty needs at least 2 orders, e\.g\. 4\.$"):
        states(customers, loyal_orders=1)
    with pytest.raises(DataError, match=r"^The customer table has no column 'days_since_last'"):
        states(made(kind, orders=[1]))
    with pytest.raises(DataError, match=r"^The state 'gone' is not among "):
        summary(kind({"state": ["gone"], "revenue": [1.0]}))
