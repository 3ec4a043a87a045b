"""The first lens against a plain loop, its identities, the mistakes they catch, and the figures of CDNOW."""

import datetime as dt
import math
import random

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_margins import AS_OF, busy_margins, by_loop, margins, quietly, some

from crmlib import DataError, DataNotice, datasets
from crmlib.one_period import (
    averages, by_customer, customer_deciles, decile_of_rank, distribution, equal_slices, factors,
)  # fmt: skip
from crmlib.windows import ratio, ratios

few = settings(max_examples=15, deadline=None)
YEAR = dt.date(2024, 1, 1), dt.date(2024, 12, 31)
EVERY_DATA_SET = pytest.mark.parametrize(
    ("name", "as_of"), [("cdnow", "1997-12-31"), ("cdnow_sample", "1998-06-30"), ("lighthouse", "2025-12-31")]
)


def people_of(lines, **options):
    return quietly(by_customer, margins(lines, **options), as_of=AS_OF)


def in_year(log, as_of):
    """The lines of the twelve calendar months up to the last day of one."""
    end = pd.Timestamp(as_of)
    return log[(log["date"] > end - pd.DateOffset(years=1)) & (log["date"] <= end)]


def cents(money):
    return round(float(money) * 100)


@few
@given(some, st.booleans())
def test_customers_as_the_definitions_say(made, order):
    found = people_of(made, order=order).set_index("customer").to_dict("index")
    wanted = by_loop(made, *YEAR, order=order)
    assert found == {who: {key: one[key] for key in ("bought", "orders", "revenue", "profit")} for who, one in
                     wanted.items()}  # fmt: skip


def multiplies_back(row):
    """Identity 2, for one row."""
    product = row["customers"] * row["orders_each"] * row["order_value"]
    assert math.isclose(product, row["revenue"], rel_tol=1e-12)
    assert math.isclose(product * row.get("margin", 1), row.get("profit", row["revenue"]), rel_tol=1e-12, abs_tol=1e-9)


def holds(lines_of_the_year, people):
    """Identities 1 and 2 of this lens, in whole cents."""
    totals = factors(people).iloc[0]
    deciles, slices = customer_deciles(people), None
    for name in ("revenue", "profit"):
        if name not in people:
            continue
        amount = lines_of_the_year["amount"] - (lines_of_the_year["cost"] if name == "profit" else 0)
        total = cents(amount.sum())
        assert total == cents(people[name].sum()) == cents(totals[name]) == cents(deciles[name].sum())
        bought = people[people["bought"]]
        if bought[name].sum() > 0:
            slices = equal_slices(people, by=name)
            assert cents(slices[name].sum()) == cents(bought[name].sum())
            assert slices["customers"].sum() == len(bought)
        histogram = distribution(people, by=name)
        assert histogram["customers"].sum() == len(bought)
    assert deciles["customers"].sum() == totals["customers"] == people["bought"].sum()
    assert deciles["orders"].sum() == totals["orders"] == people["orders"].sum()
    for row in [totals, *(row for _, row in deciles.iterrows())]:
        if row["customers"] and row["orders"] and row["revenue"]:
            multiplies_back(row)


@few
@given(some, st.booleans(), st.booleans())
def test_identities(made, order, cost):
    frame = margins(made, order=order, cost=cost)
    days = frame["date"].dt.date
    holds(frame[(days >= YEAR[0]) & (days <= YEAR[1])], quietly(by_customer, frame, as_of=AS_OF))


@EVERY_DATA_SET
def test_identities_on_every_data_set(name, as_of):
    log = datasets.load(name)
    holds(in_year(log, as_of), quietly(by_customer, log, as_of=as_of))


@few
@given(some, st.randoms(use_true_random=False))
def test_order_names_and_currency_change_nothing(made, chance):
    shuffled = made[:]
    chance.shuffle(shuffled)
    renamed = [("x" + chr(201 - ord(line[0])), *line[1:]) for line in shuffled]
    people, other = people_of(made), people_of(renamed)
    for function in (factors, averages, customer_deciles, distribution):
        pd.testing.assert_frame_equal(function(people), function(other), check_exact=True)
    dearer = [(*line[:2], line[2] * 4, *line[3:5], line[5] * 4) for line in made]
    deciles, scaled = customer_deciles(people), customer_deciles(people_of(dearer))
    same = ["decile", "customers", "orders", "share_of_profit", "orders_each", "margin"]
    pd.testing.assert_frame_equal(deciles[same], scaled[same], check_exact=True)
    np.testing.assert_array_equal(deciles["profit"] * 4, scaled["profit"])


@few
@given(some)
def test_lines_of_an_order_are_not_orders(made):
    split = [
        (*line[:2], part, *line[3:5], line[5] / 2) for line in made for part in (line[2] / 2, line[2] / 2)
    ]  # fmt: skip
    pd.testing.assert_frame_equal(people_of(made), people_of(split), check_exact=True)


def test_the_mean_of_customers_averages_is_no_order_value():
    people = pd.DataFrame({"bought": True, "orders": [1, 9], "revenue": [100.0, 90.0]})
    totals = factors(people).iloc[0]
    assert totals["order_value"] == 19.0  # 190 / 10
    own = averages(people).set_index("measure").loc["own_order_value", "mean"]
    assert own == 55.0  # (100 + 10) / 2
    multiplies_back(totals)
    with pytest.raises(AssertionError):  # the mistake is caught by the identity
        multiplies_back({**totals, "order_value": own})


def test_an_order_counts_where_it_begins():
    lines = [("a", 364, 5.0, "1", "P", 0.0), ("a", 365, 7.0, "1", "P", 0.0), ("b", 365, 1.0, "2", "P", 0.0)]
    before = quietly(by_customer, margins(lines), as_of="2023-12-31")
    after = by_customer(margins(lines), as_of=AS_OF)
    assert before[["customer", "orders", "revenue"]].values.tolist() == [["a", 1, 5.0]]
    wanted = [["a", True, 0, 7.0], ["b", True, 1, 1.0]]
    assert after[["customer", "bought", "orders", "revenue"]].values.tolist() == wanted


@given(st.integers(1, 300), st.integers(1, 12))
def test_deciles_by_the_floor_rule(n, groups):
    assert decile_of_rank(n, groups).tolist() == [math.floor(groups * (rank - 1) / n) + 1 for rank in range(1, n + 1)]


def test_refunds_of_who_bought_nothing_have_their_row():
    people = pd.DataFrame({"bought": [True, True, False], "orders": [1, 2, 0], "revenue": [9.0, 6.0, -4.0]})
    people["profit"] = [3.0, 4.0, -4.0]
    deciles = customer_deciles(people, groups=2)
    assert deciles[["decile", "customers", "orders", "revenue", "profit"]].values.tolist() == [
        ["1", 1, 2, 6.0, 4.0], ["2", 1, 1, 9.0, 3.0], ["no order", 0, 0, -4.0, -4.0]
    ]  # fmt: skip
    assert deciles.iloc[2][["least", "orders_each", "order_value", "margin", "profit_each"]].isna().all()
    assert factors(people)[["customers", "orders", "revenue", "profit"]].values.tolist() == [[2, 3, 11.0, 3.0]]


def test_what_cannot_be_is_null_and_not_zero():
    people = pd.DataFrame({"bought": [True], "orders": [0], "revenue": [0.0], "profit": [-2.0]})
    row = factors(people).iloc[0]
    assert math.isnan(row["order_value"]) and math.isnan(row["margin"]) and row["orders_each"] == 0
    assert ratio([1.0], [0]).tolist()[0] != 0
    measured = averages(people).set_index("measure")
    assert measured.loc["own_margin", "customers"] == 0 and math.isnan(measured.loc["own_margin", "mean"])


def test_slices_by_hand():
    people = pd.DataFrame({"bought": True, "orders": 1, "revenue": [60.0, 30.0, 20.0, -10.0]})
    found = equal_slices(people, slices=4)
    # the first brings 60 of 100 and fills two slices and more; the loser is in the last one
    assert found[["slice", "customers", "revenue"]].values.tolist() == [[1, 1, 60], [2, 0, 0], [3, 1, 30], [4, 2, 10]]


def test_bins_hold_their_lower_edge():
    people = pd.DataFrame({"bought": True, "orders": [1, 1, 2, 3, 50], "revenue": [0.1, 0.2, 0.3, 0.3, 0.9]})
    found = distribution(people, width=0.1, bins=3)
    assert found[["bin", "customers"]].values.tolist() == [
        ["0 to 0.1", 0], ["0.1 to 0.2", 1], ["0.2 to 0.3", 1], ["0.3 or more", 3],
    ]  # fmt: skip
    orders = distribution(people, by="orders", bins=4)
    assert orders["bin"].tolist()[:3] == ["0 to 20", "20 to 40", "40 to 60"]
    assert distribution(people, by="orders", bins=3, width=1)[["bin", "customers"]].values.tolist() == [
        ["0", 0], ["1", 2], ["2", 1], ["3 or more", 2],
    ]  # fmt: skip


def test_cdnow_in_the_year_of_its_cohort():
    people = by_customer(datasets.load("cdnow"), as_of="1998-12-31", months=24)
    assert len(people) == 23_570 and people["orders"].sum() == 67_591  # customer-days, not the 69,659 lines
    people = quietly(by_customer, datasets.load("cdnow"), as_of="1997-12-31")
    row = factors(people).iloc[0]
    assert row["customers"] == 23_570
    assert row["orders_each"] == pytest.approx(55_319 / 23_570, abs=1e-12)
    assert equal_slices(people)["customers"].iloc[:5].sum() == 2_551  # 10.8 % bring half


@EVERY_ENGINE
def test_every_engine(engine):
    frame = margins(busy_margins())
    wanted = quietly(by_customer, frame, as_of=AS_OF)
    people = quietly(by_customer, build(engine, frame), as_of=AS_OF)
    assert kind(people) == engine and rows(people) == rows(wanted)
    for function in (factors, averages, distribution, customer_deciles, equal_slices):
        found = function(people)
        assert kind(found) == engine and rows(found) == rows(function(wanted)), function.__name__


def test_ratios_need_no_profit():
    found = ratios({"customers": [1], "orders": [1], "revenue": [1.0]})
    assert set(found) == {"orders_each", "order_value", "revenue_each"}


def test_errors_in_one_sentence():
    made = margins([("a", 10, 5.0, "1", "P", 1.0)])
    with pytest.raises(DataError) as error:
        by_customer(made, as_of=AS_OF, months=2)
    assert str(error.value) == "Nobody bought from 2024-11-01 to 2024-12-31; choose another as_of or more months."
    made = margins([("a", 400, 5.0, "1", "P", 1.0)]).assign(cost=math.nan)
    with pytest.warns(DataNotice, match=r"^Column 'cost' of the transactions has gaps in 1 of 1 lines, so profit is left out\.$"):
        assert "profit" not in by_customer(made, as_of=AS_OF)
    people = pd.DataFrame({"bought": [True], "orders": [1], "revenue": [-5.0]})
    for options, message in (
        ({"by": "profit"}, "by is 'profit'; choose one of orders, revenue, own_order_value."),
        ({"bins": 0}, "bins is 0; give a whole number of at least 1."),
        ({"width": 0}, "width is 0; give a number above 0."),
    ):
        with pytest.raises(DataError) as error:
            distribution(people, **options)
        assert str(error.value) == message
    with pytest.raises(DataError) as error:
        equal_slices(people)
    assert str(error.value) == "The revenue of all customers is -5.00; slices of it need a total above 0."


def test_equal_customers_are_interchangeable():
    rng = random.Random(5)
    people = [(True, rng.choice([1, 2]), rng.choice([5.0, 10.0]), rng.choice([1.0, 2.0])) for _ in range(37)]
    frame = pd.DataFrame(people, columns=["bought", "orders", "revenue", "profit"])
    for seed in range(5):
        other = frame.sample(frac=1, random_state=seed)
        for by in ("orders", "revenue", "profit"):
            pd.testing.assert_frame_equal(customer_deciles(frame, by=by), customer_deciles(other, by=by))
