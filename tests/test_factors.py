import math
from fractions import Fraction
from itertools import permutations

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, build_with_nan
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import columns_of_customers

from crmlib.errors import DataError, DataNotice
from crmlib.factors import LI, WANG, measured, product, split

few = settings(max_examples=50, deadline=None)
NAMES = ("customers", "probability", "orders", "amount")


# ---- Wang and Li


def test_wang_and_li_to_the_yuan():
    assert WANG == {"customers": 1000, "probability": 0.05, "orders": 1, "amount": 10_000}
    assert LI == {"customers": 50, "probability": 0.5, "orders": 10, "amount": 100_000}
    assert product(WANG) == 500_000 and product(LI) == 25_000_000


def test_a_twentieth_of_the_customers_and_ten_times_everything_else():
    found = split(WANG, LI)
    assert found.ratio == 50 and found.change == 24_500_000
    assert found.ratios == {"customers": 1 / 20, "probability": 10, "orders": 10, "amount": 10}
    assert math.prod(found.ratios.values()) == pytest.approx(50, rel=1e-14)
    # L = 24,500,000 / ln 50 = 6,262,744.3566 (worked out with 40 digits); times ln 10 and ln 1/20
    for name in NAMES[1:]:
        assert found.changes[name] == pytest.approx(14_420_501.796661, abs=1e-5)
        assert found.log_shares[name] == pytest.approx(0.588591910067778, abs=1e-14)
    assert found.changes["customers"] == pytest.approx(-18_761_505.389982, abs=1e-5)
    assert found.log_shares["customers"] == pytest.approx(-0.765775730203337, abs=1e-14)
    assert math.fsum(found.changes.values()) == pytest.approx(24_500_000, abs=1e-6)
    assert math.fsum(found.log_shares.values()) == pytest.approx(1, abs=1e-14)


def test_the_table_ends_with_the_product():
    found = split(WANG, LI).table()
    assert found.columns.tolist() == ["factor", "ratio", "log_share", "change"]
    assert found["factor"].tolist() == [*NAMES, "product"]
    assert found["ratio"].tolist() == [0.05, 10, 10, 10, 50]
    assert found["change"].iloc[-1] == 24_500_000 and found["log_share"].iloc[-1] == pytest.approx(1)


def test_shapley_of_wang_and_li_by_all_24_orders():
    first, last = ({name: Fraction(str(value)) for name, value in case.items()} for case in (WANG, LI))
    brought = dict.fromkeys(NAMES, Fraction(0))
    for order in permutations(NAMES):
        now = dict(first)
        for name in order:
            before = math.prod(now.values())
            now[name] = last[name]
            brought[name] += Fraction(math.prod(now.values()) - before, 24)
    found = split(WANG, LI, method="shapley")
    assert sum(brought.values()) == 24_500_000
    assert found.changes == pytest.approx({name: float(part) for name, part in brought.items()}, rel=1e-13)
    assert found.ratios == split(WANG, LI).ratios and found.log_shares == split(WANG, LI).log_shares


# ---- splits by hand


def test_a_factor_of_zero_brings_all_of_its_product():
    found = split({"visits": 0, "amount": 5}, {"visits": 4, "amount": 10}, method="shapley")
    assert found.changes == {"visits": 30, "amount": 10}  # alone 4 x 5 and 0; after the other 4 x 10 and 4 x 5
    assert math.isnan(found.ratio) and math.isnan(found.ratios["visits"]) and found.ratios["amount"] == 2
    assert all(map(math.isnan, found.log_shares.values()))
    assert math.isnan(found.table()["log_share"].iloc[-1]) and found.table()["change"].iloc[-1] == 40


def test_equal_products_have_no_log_shares_but_changes():
    found = split({"a": 2, "b": 3}, {"a": 3, "b": 2})
    assert found.change == 0 and found.ratio == 1 and all(map(math.isnan, found.log_shares.values()))
    assert found.changes["a"] == pytest.approx(6 * math.log(1.5), rel=1e-14)  # the mean of 6 and 6 is 6
    assert found.changes["b"] == pytest.approx(-6 * math.log(1.5), rel=1e-14)


def test_products_that_nearly_agree():
    found = split({"a": 1.0, "b": 7.0}, {"a": 1 + 1e-9, "b": 7.0})
    assert found.changes == {"a": pytest.approx(7e-9, rel=1e-6), "b": 0}


# ---- laws

values = st.floats(1e-3, 1e6)
cases = st.integers(1, 5).flatmap(
    lambda n: st.tuples(*[st.lists(values, min_size=n, max_size=n)] * 2).map(
        lambda pair: tuple(dict(zip("abcde", case, strict=False)) for case in pair)
    )
)


def scale(before, after):
    """The largest number on the way, whose last digit is what rounding may cost: parts can be far above their sum."""
    logs = sum(abs(math.log(after[name] / before[name])) for name in before)
    return math.prod(max(before[name], after[name]) for name in before) * (1 + logs)


@few
@given(cases, st.sampled_from(["log", "shapley"]))
def test_the_parts_sum_to_the_change(pair, method):
    before, after = pair
    found = split(before, after, method=method)
    assert math.fsum(found.changes.values()) == pytest.approx(found.change, abs=1e-12 * scale(before, after))
    assert found.change == product(after) - product(before)
    if abs(math.log(found.ratio)) > 1e-6:
        assert math.fsum(found.log_shares.values()) == pytest.approx(1, abs=1e-6)


@few
@given(cases, st.sampled_from(["log", "shapley"]))
def test_there_and_back_is_nothing_and_the_order_of_factors_does_not_matter(pair, method):
    before, after = pair
    there, back = split(before, after, method=method), split(after, before, method=method)
    turned = split(dict(reversed(before.items())), dict(reversed(after.items())), method=method)
    for name in before:
        assert there.changes[name] == pytest.approx(-back.changes[name], abs=1e-11 * scale(before, after))
        assert there.changes[name] == pytest.approx(turned.changes[name], abs=1e-11 * scale(before, after))


@few
@given(cases, st.sampled_from(["log", "shapley"]))
def test_a_factor_that_stays_brings_nothing_and_its_sign_is_that_of_its_move(pair, method):
    before, after = ({**case, "still": 3.0} for case in pair)
    found = split(before, after, method=method)
    assert found.changes["still"] == 0
    for name, change in found.changes.items():
        assert change * (after[name] - before[name]) >= 0


@few
@given(cases, st.sampled_from(["log", "shapley"]))
def test_another_unit_scales_every_part(pair, method):
    before, after = pair
    thousands = split(*({**case, "a": case["a"] * 1024} for case in pair), method=method)
    found = split(before, after, method=method)
    for name in before:
        assert thousands.changes[name] == pytest.approx(1024 * found.changes[name], rel=1e-6, abs=1e-6)


# ---- measured

CUSTOMERS = pd.DataFrame(
    {"customer": ["a", "b", "c", "d"], "orders": [1, 3, 0, 4], "revenue": [30.0, 50.0, -8.0, 104.0]}
)
PROSPECTS = pd.DataFrame(
    {"customer": ["p", "q", "r", "a"], "need": [True, True, False, True], "contact": [True, False, True, True]}
)


@EVERY_ENGINE
def test_factors_of_a_table_by_hand(engine):
    customers = build(engine, CUSTOMERS)
    assert measured(customers) == {"customers": 4, "probability": 0.75, "orders": pytest.approx(8 / 3), "amount": 22.0}
    with pytest.warns(DataNotice, match=r"^1 of 4 prospects is in the customer table and left out\.$"):
        found = measured(customers, build(engine, PROSPECTS))
    assert found == {"customers": 6, "probability": 0.5, "orders": pytest.approx(8 / 3), "amount": 22.0}
    assert product(found) == pytest.approx(176)


@EVERY_ENGINE
def test_gaps_and_nobody_are_refused(engine):
    with pytest.raises(DataError, match=r"^'revenue' is missing or infinite for some customers; fill it or leave "):
        measured(build(engine, CUSTOMERS.assign(revenue=[1.0, 2.0, 3.0, None])))
    with pytest.raises(DataError, match=r"^Nobody in the customer table bought, so there are no orders and no amount "):
        measured(build(engine, CUSTOMERS[2:3]))
    with pytest.raises(DataError, match=r"^Nobody in the customer table bought"):
        measured(build(engine, CUSTOMERS[:0]))
    with pytest.raises(DataError, match=r"^The customer table has no column 'orders'; it has \["):
        measured(build(engine, CUSTOMERS[["customer", "revenue"]]))


@EVERY_ENGINE
@pytest.mark.parametrize("column", ["orders", "revenue"])
@pytest.mark.parametrize("gap", [math.nan, math.inf])
def test_a_number_that_is_none_is_a_gap_on_every_engine(engine, column, gap):
    customers = CUSTOMERS.astype({"orders": float})
    customers.loc[1, column] = gap
    with pytest.raises(DataError) as refused:
        measured(build_with_nan(engine, customers))
    said = f"{column!r} is missing or infinite for some customers; fill it or leave them out first."
    assert str(refused.value) == said


@settings(max_examples=25, deadline=None)
@given(columns_of_customers(), columns_of_customers())
def test_the_factors_make_the_revenue(one, other):
    tables = pd.DataFrame(one), pd.DataFrame(other)
    cases = [measured(customers) for customers in tables]
    for customers, case in zip(tables, cases, strict=True):
        assert product(case) == pytest.approx(customers["revenue"].sum(), abs=1e-9)
    found = split(*cases, method="shapley")
    change = tables[1]["revenue"].sum() - tables[0]["revenue"].sum()
    assert math.fsum(found.changes.values()) == pytest.approx(change, abs=1e-7)


# ---- refusals


@pytest.mark.parametrize(
    ("before", "after", "options", "said"),
    [
        ({"a": 0, "b": 1}, {"a": 2, "b": 1}, {},
         "The factor 'a' goes from 0 to 2, and only numbers above 0 have a logarithm; use method='shapley'."),
        ({"a": 1}, {"a": -2}, {},
         "The factor 'a' goes from 1 to -2, and only numbers above 0 have a logarithm; use method='shapley'."),
        ({"a": 1, "b": 1}, {"a": 1}, {},
         "The factor 'b' is in only one of before and after; both need the same factors."),
        ({"a": 1}, {"a": 1}, {"method": "mean"}, "method 'mean' is not known; choose 'log' or 'shapley'."),
        ({}, {}, {}, "before must be a dict from names of factors to finite numbers, e.g. {'customers': 50, 'amount': "
         "9.5}."),
        ({"a": 1}, {"a": "many"}, {}, "after must be a dict from names of factors to finite numbers, e.g. "
         "{'customers': 50, 'amount': 9.5}."),
        ({"a": math.nan}, {"a": 1}, {}, "before must be a dict from names of factors to finite numbers, e.g. "
         "{'customers': 50, 'amount': 9.5}."),
        ({"a": 1e300, "b": 1e300}, {"a": 1, "b": 1}, {},
         "The product of the factors is too large for a number; give them in larger units."),
        (dict.fromkeys("abcdefghijklm", 1), dict.fromkeys("abcdefghijklm", 2), {"method": "shapley"},
         "There are 13 factors; a Shapley split takes at most 12."),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(before, after, options, said):
    with pytest.raises(DataError) as refused:
        split(before, after, **options)
    assert str(refused.value) == said
