import pandas as pd
import polars as pl
import pytest
from engines import BUILD, EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, with_permutation

from crmlib.errors import DataError
from crmlib.lifecycle import CHINESE, STATES, TYPES, states, summary, types

few = settings(max_examples=25, deadline=None)


BUYERS = pd.DataFrame(
    {
        "customer": [f"c{i}" for i in range(8)],
        "orders": [1, 1, 2, 3, 4, 9, 9, 0],
        "days_since_last": [0.0, 180.0, 179.0, 10.0, 10.0, 179.0, 180.0, None],
        "revenue": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, -80.0],
        "flag": [None] * 7 + ["no_purchase"],
    }
)
PROSPECTS = pd.DataFrame(  # c1 and c7 stand in the customer table already
    {
        "customer": ["c1", "c7", "p1", "p2", "p3", "p4"],
        "need": [True, True, True, True, False, False],
        "contact": [True, True, True, False, True, False],
    }
)
EXPECTED = ["first-time", "inactive", "repeat", "repeat", "loyal", "loyal", "inactive", "no purchase"]


def in_order(native, *names):
    """Those columns by customer, in the order of the customers."""
    columns, found = rows(native)
    return [tuple(row[columns.index(name)] for name in names) for row in sorted(found, key=lambda row: row[0])]


@EVERY_ENGINE
def test_each_state_and_each_edge(engine):
    stated = states(build(engine, BUYERS))
    assert kind(stated) == engine
    assert rows(stated)[0] == [*BUYERS, "state"]
    assert in_order(stated, "state") == [(state,) for state in EXPECTED]


@EVERY_ENGINE
def test_prospects_bring_the_first_three_of_the_seven_states(engine):
    stated = states(build(engine, BUYERS), build(engine, PROSPECTS))
    assert kind(stated) == engine
    assert rows(stated)[0] == [*BUYERS, "state"]
    found = in_order(stated, "customer", "state", "orders", "days_since_last", "revenue", "flag")
    assert [row[1] for row in found[:8]] == EXPECTED
    assert found[8:] == [
        ("p1", "target", 0, None, 0.0, None),
        ("p2", "potential", 0, None, 0.0, None),
        ("p3", "non-customer", 0, None, 0.0, None),
        ("p4", "non-customer", 0, None, 0.0, None),
    ]
    assert {row[1] for row in found} == {*STATES, "no purchase"} == {*CHINESE, "no purchase"}
    # the sizes of the whole table by hand: 12 rows, 200 of revenue
    assert rows(summary(stated), sort=False)[1] == [
        ("non-customer", 2, pytest.approx(2 / 12), 0, 0),
        ("potential", 1, pytest.approx(1 / 12), 0, 0),
        ("target", 1, pytest.approx(1 / 12), 0, 0),
        ("first-time", 1, pytest.approx(1 / 12), 10, 0.05),
        ("repeat", 2, pytest.approx(2 / 12), 70, 0.35),
        ("loyal", 2, pytest.approx(2 / 12), 110, 0.55),
        ("inactive", 2, pytest.approx(2 / 12), 90, 0.45),
        ("no purchase", 1, pytest.approx(1 / 12), -80, -0.4),
    ]


@EVERY_ENGINE
def test_the_four_types_are_made_of_the_seven_states(engine):
    typed = types(build(engine, pd.DataFrame({"customer": list("abcdefgh"), "state": [*STATES, "no purchase"]})))
    assert kind(typed) == engine
    expected = ["none", "potential", "potential", "consumer", "consumer", "loyal", "inactive", "none"]
    assert in_order(typed, "type") == [(name,) for name in expected]
    assert set(TYPES) < set(STATES) and set(TYPES.values()) == {"potential", "consumer", "loyal", "inactive"}


def test_rows_of_prospects_follow_and_the_customer_table_does_not_change():
    before = BUYERS.copy(deep=True)
    stated = states(BUYERS, PROSPECTS)
    assert stated["customer"].tolist() == [*BUYERS["customer"], "p1", "p2", "p3", "p4"]
    assert stated.index.tolist() == list(range(12))
    assert stated["orders"].dtype == BUYERS["orders"].dtype
    assert BUYERS.equals(before)
    nobody = states(BUYERS, PROSPECTS.head(2))
    assert content(nobody) == content(states(BUYERS))


@pytest.mark.parametrize("other", [name for name in BUILD if name not in ("pandas", "spark")])
def test_prospects_must_be_of_the_kind_of_the_customers(other):
    with pytest.raises(DataError, match=r"pass two of one kind\.$"):
        states(BUYERS, build(other, PROSPECTS))


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
    assert found["state"].tolist() == [*STATES[3:], *(["no purchase"] if 0 in columns["orders"] else [])]
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
