"""The product lens against a plain loop, its identities, and what it says when a log cannot carry it."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START
from made_margins import AS_OF, busy_margins, by_loop, margins, quietly, some

from crmlib import DataError, datasets
from crmlib.one_period import by_customer, factors
from crmlib.products import basket, by_product, duplication, entry_products, ever_bought

few = settings(max_examples=12, deadline=None)
YEAR = dt.date(2024, 1, 1), dt.date(2024, 12, 31)


def cents(money):
    return round(float(money) * 100)


def dated(made):
    return [(line[0], START + dt.timedelta(days=line[1]), *line[2:]) for line in made]


def pairs_of(made):
    """{product: set of who bought it in the year}"""
    inside = [line for line in dated(made) if YEAR[0] <= line[1] <= YEAR[1] and line[2] >= 0]
    return {product: {line[0] for line in inside if line[4] == product} for product in {line[4] for line in inside}}


@few
@given(some, st.booleans())
def test_products_as_the_definitions_say(made, order):
    found = quietly(by_product, margins(made, order=order), as_of=AS_OF).set_index("product")
    pairs = pairs_of(made)
    everybody = set().union(*pairs.values())
    for product, row in found.iterrows():
        own = [line for line in made if line[4] == product]
        alone = by_loop(own, *YEAR, order=order)  # the log of this product only
        who = pairs.get(product, set())
        sole = {one for one in who if sum(one in others for others in pairs.values()) == 1}
        assert row[["customers", "sole_customers"]].tolist() == [len(who), len(sole)]
        assert row["penetration"] == len(who) / len(everybody)
        assert row["orders"] == sum(one["orders"] for one in alone.values())
        assert row["revenue"] == sum(one["revenue"] for one in alone.values())
        assert row["profit"] == sum(one["profit"] for one in alone.values())
    assert {product for product in pairs} <= set(found.index)


def holds(log, as_of):
    """Money sums exactly, customers and orders to at least all, and the factors multiply back in each row."""
    found = quietly(by_product, log, as_of=as_of)
    totals = factors(quietly(by_customer, log, as_of=as_of)).iloc[0]
    for name in [one for one in ("revenue", "profit") if one in totals]:
        assert cents(found[name].sum()) == cents(totals[name])
    assert found["penetration"].sum() >= 1 - 1e-12 and found["orders"].sum() >= totals["orders"]
    assert found["customers"].max() <= totals["customers"]
    for _, row in found.iterrows():
        if row["orders"] and row["revenue"]:
            value = totals["customers"] * row["penetration"] * row["orders_each"] * row["order_value"]
            assert math.isclose(value, row["revenue"], rel_tol=1e-12)
            if "margin" in row and row["revenue"] > 0:
                assert math.isclose(value * row["margin"], row["profit"], rel_tol=1e-12, abs_tol=1e-12)
            elif "margin" in row:
                assert math.isnan(row["margin"])  # of a loss there is no share
    one = basket(log, as_of=as_of).iloc[0] if "quantity" in log else None
    if one is not None and one["orders"] and one["units"] and one["revenue"]:
        product = one["products_each_order"] * one["units_each"] * one["price"]
        assert math.isclose(product, one["order_value"], rel_tol=1e-12)
        assert math.isclose(one["order_value"], totals["order_value"], rel_tol=1e-12)


@few
@given(some, st.booleans(), st.booleans())
def test_identities(made, order, cost):
    holds(margins(made, order=order, cost=cost), AS_OF)


def test_identities_on_lighthouse():
    log = datasets.load("lighthouse")
    holds(log, "2025-12-31")
    first = entry_products(log, as_of="2025-12-31")
    assert (first["index"] * first["customers"]).sum() == pytest.approx(first["customers"].sum(), rel=1e-12)
    assert first["share_of_customers"].sum() == pytest.approx(1, rel=1e-12)
    curve = ever_bought(log, as_of="2025-12-31")
    for _, one in curve.groupby("product"):
        assert (one["bought"].diff().dropna() >= 0).all() and one["share"].max() <= 1


@few
@given(some)
def test_duplication_counts_pairs(made):
    found = quietly(duplication, margins(made), as_of=AS_OF)
    pairs = pairs_of(made)
    listed = [(one, two) for one in pairs for two in pairs if one != two]
    wanted = {(one, two): (len(pairs[one]), len(pairs[one] & pairs[two])) for one, two in listed}
    assert wanted == {(row["product"], row["also"]): (row["customers"], row["both"]) for _, row in found.iterrows()}
    turned = {(row["also"], row["product"]): row["both"] for _, row in found.iterrows()}
    assert all(turned[pair] == both for pair, (_, both) in wanted.items())


@few
@given(some, st.integers(1, 400))
def test_entry_products_at_equal_age(made, days):
    as_of = dt.date(2024, 12, 31)
    log = dated(made)
    first = {}
    for line in log:
        if line[2] >= 0:
            first[line[0]] = min(first.get(line[0], line[1]), line[1])
    watched = {who: day for who, day in first.items() if (as_of - day).days >= days - 1}
    wanted = {}
    for who, start in watched.items():
        spent = {}
        for line in log:
            if line[0] == who and line[1] == start and line[2] >= 0:
                spent[line[4]] = spent.get(line[4], 0) + line[2]
        entry = min(name for name in spent if spent[name] == max(spent.values()))
        inside = [line for line in log if line[0] == who and 0 <= (line[1] - start).days < days]
        begun = {line[3]: min(one[1] for one in log if one[0] == who and one[3] == line[3] and one[2] >= 0)
                 for line in log if line[0] == who and line[2] >= 0}  # fmt: skip
        total = wanted.setdefault(entry, [0, 0, 0.0, 0.0])
        total[0] += 1
        total[1] += sum((day - start).days < days for day in begun.values())
        total[2] += sum(line[2] for line in inside)
        total[3] += sum(line[2] - line[5] for line in inside)
    if not wanted:
        return
    found = quietly(entry_products, margins(made), as_of=as_of, days=days)
    columns = ["customers", "orders", "revenue", "profit"]
    assert {row["product"]: row[columns].tolist() for _, row in found.iterrows()} == wanted


def test_a_large_first_basket_is_no_later_value():
    """Both bring 12 in all; who began with the tin paid 10 of it on the first day, who began with tea 2."""
    lines = [(f"{name}{n}", 300 + day, one, f"{name}{n}-{day}", product, 0.0) for n in range(2)
             for name, product, first, then in (("a", "tin", 10.0, 2.0), ("b", "tea", 2.0, 10.0))
             for day, one in ((0, first), (9, then))]  # fmt: skip
    found = entry_products(margins(lines, cost=False), as_of=AS_OF, days=30).set_index("product")
    assert found["index"].to_dict() == {"tea": 1.0, "tin": 1.0}
    assert found["later_index"].to_dict() == pytest.approx({"tea": 10 / 6, "tin": 2 / 6})
    once = entry_products(margins(lines[::2], cost=False), as_of=AS_OF, days=30)
    assert once["later_index"].isna().all()


def test_the_error_of_an_index_is_that_of_the_two_means():
    """By hand: tea 6, 8, 10 and milk 2, 4; the index of tea is 8 / 6, of milk 3 / 6."""
    brought = {"tea": [6.0, 8.0, 10.0], "milk": [2.0, 4.0]}
    lines = [(f"{product}{n}", 300, one, f"{product}{n}", product, 0.0) for product in brought
             for n, one in enumerate(brought[product])]  # fmt: skip
    found = entry_products(margins(lines, cost=False), as_of=AS_OF, days=30).set_index("product")
    by_tea, by_milk = 4 / 3, 2 / 2  # the square of each mean's standard error
    for product, share, means, errors in (("tea", 2 / 5, (8, 3), (by_tea, by_milk)), ("milk", 3 / 5, (3, 8), (by_milk, by_tea))):
        wanted = share / 36 * math.sqrt(means[1] ** 2 * errors[0] + means[0] ** 2 * errors[1])
        assert found.loc[product, "index_se"] == pytest.approx(wanted, rel=1e-12)
    alone = entry_products(margins(lines[:4], cost=False), as_of=AS_OF, days=30)
    assert alone["index_se"].isna().all()  # one customer began with milk, so that nobody knows how they differ


def test_the_error_of_an_index_is_what_samples_differ_by():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(120):
        amounts = np.concatenate([rng.gamma(2, 10, 60), rng.gamma(1, 12, 140)])
        log = pd.DataFrame({"customer": [f"c{n:03}" for n in range(200)], "date": pd.Timestamp("2024-01-05"),
                            "amount": amounts, "product": ["tea"] * 60 + ["milk"] * 140})  # fmt: skip
        found.append(entry_products(log, as_of="2024-03-31", days=30).set_index("product").loc["tea", ["index", "index_se"]])
    found = pd.DataFrame(found).astype(float)
    assert found["index_se"].mean() == pytest.approx(found["index"].std(), rel=0.15)


def test_unequal_age_is_a_mistake_that_shows():
    """Old customers bought tea first, young ones milk, all at the same pace: only the age differs."""
    lines = []
    for number, (product, begins) in enumerate([("tea", 0), ("tea", 10), ("milk", 400), ("milk", 410)]):
        days = range(begins, 731, 30)
        lines += [(f"c{number}", day, 5.0, f"{number}-{day}", product, 1.0) for day in days]
    log = margins(lines)
    whole = log.groupby("product")["amount"].sum()  # the mistake: value to date at any age
    assert whole["tea"] > 2 * whole["milk"]
    found = entry_products(log, as_of=AS_OF, days=300)
    assert found["index"].tolist() == [1.0, 1.0]


def test_ever_bought_by_hand():
    lines = [("a", 0, 5.0, "1", "P", 0.0), ("a", 7, 5.0, "2", "Q", 0.0), ("b", 1, 5.0, "1", "P", 0.0),
             ("b", 9, 5.0, "2", "Q", 0.0), ("c", 720, 5.0, "1", "Q", 0.0)]  # fmt: skip
    found = quietly(ever_bought, margins(lines), as_of=AS_OF, weeks=2)
    assert found.values.tolist() == [
        ["P", 0, 2, 2, 1.0], ["P", 1, 2, 2, 1.0], ["P", 2, 2, 2, 1.0],
        ["Q", 0, 2, 0, 0.0], ["Q", 1, 2, 1, 0.5], ["Q", 2, 2, 2, 1.0],
    ]  # fmt: skip


def test_lines_without_a_product_have_a_row():
    log = margins([("a", 500, 5.0, "1", "P", 0.0), ("b", 500, 3.0, "1", "Q", 0.0)])
    log.loc[1, "product"] = None
    found = by_product(log, as_of=AS_OF)
    assert found[["product", "customers", "revenue"]].values.tolist() == [["P", 1, 5.0], ["(no product)", 1, 3.0]]


@few
@given(some, st.randoms(use_true_random=False))
def test_order_and_currency_change_nothing(made, chance):
    shuffled = made[:]
    chance.shuffle(shuffled)
    dearer = [(*line[:2], line[2] * 4, *line[3:5], line[5] * 4) for line in shuffled]
    one, two, three = (quietly(by_product, margins(some), as_of=AS_OF) for some in (made, shuffled, dearer))
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    same = ["product", "customers", "penetration", "sole_share", "orders", "share_of_revenue", "margin", "units"]
    pd.testing.assert_frame_equal(one[same], three[same], check_exact=True)


@EVERY_ENGINE
def test_every_engine(engine):
    frame = margins(busy_margins())
    native = build(engine, frame)
    for function in (by_product, basket, duplication, entry_products, ever_bought):
        found, wanted = quietly(function, native, as_of=AS_OF), quietly(function, frame, as_of=AS_OF)
        assert kind(found) == engine and rows(found) == rows(wanted), function.__name__


def test_errors_in_one_sentence():
    log = margins([("a", 10, 5.0, "1", "P", 1.0)])
    calls = [
        (
            lambda: by_product(log[["customer", "date", "amount"]], as_of=AS_OF),
            "The table of transactions has no column 'product'; it has ['customer', 'date', 'amount'].",
        ),
        (
            lambda: basket(log[["customer", "date", "amount", "product"]], as_of=AS_OF),
            "The table of transactions has no column 'quantity'; it has ['customer', 'date', 'amount', 'product'].",
        ),
        (lambda: by_product(log, as_of=AS_OF), "Nobody bought in the period; choose another as_of or more months."),
        (lambda: duplication(log, as_of=AS_OF, most=0), "most is 0; give a whole number of at least 1."),
        (lambda: entry_products(log, as_of=AS_OF, days=0), "days is 0; give a whole number of at least 1, e.g. 365."),
        (lambda: ever_bought(log, as_of=AS_OF, weeks=0), "weeks is 0; give a whole number of at least 1, e.g. 52."),
        (
            lambda: entry_products(log, as_of="2023-02-01", days=99),
            "No customer was watched for 99 days up to as_of 2023-02-01; choose fewer days.",
        ),
        (
            lambda: ever_bought(log, as_of="2023-02-01", weeks=9),
            "No customer bought for the first time 9 weeks or more before as_of 2023-02-01; choose fewer weeks.",
        ),
    ]
    for call, message in calls:
        with pytest.raises(DataError) as error:
            call()
        assert str(error.value) == message
