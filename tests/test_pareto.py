from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, with_permutation

from crmlib.errors import DataError
from crmlib.pareto import abc_classes, abc_summary, gini, lorenz, pareto_exponent, top_share

few = settings(max_examples=25, deadline=None)
positive_money = (
    st.lists(st.integers(0, 2000), min_size=2, max_size=40).filter(any).map(lambda cents: [c / 100 for c in cents])
)


# ---- published and hand-worked numbers


@pytest.mark.parametrize("kind", KINDS)
def test_gini_of_one_to_four(kind):
    customers = made(kind, revenue=[3, 1, 4, 2])
    assert gini(customers) == pytest.approx(0.25, abs=1e-15)
    assert gini(customers, unbiased=True) == pytest.approx(1 / 3, abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_abc_by_the_crossing_rule(kind):
    classes = abc_classes(made(kind, revenue=[700, 150, 60, 40, 30, 10, 5, 3, 1, 1]))
    assert "".join(column(classes, "class")) == "AABBCCCCCC"
    assert column(classes, "cumulative_share")[:3] == pytest.approx([0.70, 0.85, 0.91], abs=1e-12)
    assert isinstance(classes, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_abc_is_never_without_an_a(kind):
    assert column(abc_classes(made(kind, revenue=[900, 60, 40])), "class") == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("share", "alpha", "index"),
    [(0.8, 1.160964, 0.756471), (0.6, 1.464974, 0.518149), (0.7, 1.284711, 0.637178), (0.9, 1.070050, 0.877116)],
)
def test_pareto_exponent_and_its_gini(share, alpha, index):
    found = pareto_exponent(share, 0.20)
    assert found == pytest.approx(alpha, abs=5e-7)
    assert 1 / (2 * found - 1) == pytest.approx(index, abs=5e-7)
    assert 0.20 ** (1 - 1 / found) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_top_share_by_curve_and_by_count(kind):
    customers = made(kind, revenue=[10.0, 70.0, 20.0])
    assert top_share(customers, 1 / 3) == pytest.approx(0.7, abs=1e-12)
    assert top_share(customers, 0.20) == pytest.approx(0.6 * 0.7, abs=1e-12)
    assert top_share(customers, 0.20, method="count") == pytest.approx(0.7, abs=1e-12)
    assert (top_share(customers, 0), top_share(customers, 1), top_share(customers, 1, method="count")) == (0, 1, 1)


def test_count_of_the_top_does_not_follow_the_rounding_of_floats():
    customers = made(pd.DataFrame, revenue=[1.0] * 100)
    assert top_share(customers, 0.07, method="count") == pytest.approx(0.07, abs=1e-12)


def test_top_fifth_of_cdnow_brings_67_8_percent(cdnow):
    assert round(top_share(cdnow, 0.20), 3) == 0.678
    assert abs(top_share(cdnow, 0.20) - top_share(cdnow, 0.20, method="count")) < 1e-4


# ---- laws


@few
@given(positive_money, st.integers(0, 1000).map(lambda q: q / 1000))
def test_top_share_is_read_off_the_lorenz_curve(money, q):
    customers = made(pd.DataFrame, revenue=money)
    curve = lorenz(customers)
    expected = 1 - np.interp(1 - q, curve["share_of_customers"], curve["share_of_value"])
    assert top_share(customers, q) == pytest.approx(expected, abs=1e-12)
    assert top_share(customers, q, method="count") >= top_share(customers, q) - 1e-12


@few
@given(positive_money)
def test_lorenz_curve_rises_ever_faster_from_0_0_to_1_1(money):
    curve = lorenz(made(pd.DataFrame, revenue=money))
    assert curve.iloc[0].tolist() == [0, 0] and curve.iloc[-1].tolist() == [1, 1]
    assert len(curve) == len(money) + 1
    steps = np.diff(curve["share_of_value"])
    assert (steps >= 0).all() and (np.diff(steps) >= -1e-12).all()


@few
@given(positive_money)
def test_gini_is_half_the_relative_mean_difference_and_twice_the_area_above_the_curve(money):
    customers, value = made(pd.DataFrame, revenue=money), np.array(money)
    difference = np.abs(value[:, None] - value).mean()
    assert gini(customers) == pytest.approx(difference / (2 * value.mean()), abs=1e-12)
    curve = lorenz(customers)
    area = np.trapezoid(curve["share_of_value"], curve["share_of_customers"])
    assert gini(customers) == pytest.approx(1 - 2 * area, abs=1e-12)
    assert 0 <= gini(customers) <= 1 - 1 / len(money) + 1e-12


def test_gini_at_its_ends():
    for n in range(1, 21):  # about half of these would be -1e-17 by rounding
        assert 0 <= gini(made(pd.DataFrame, revenue=[0.1] * n)) < 1e-15
    assert gini(made(pd.DataFrame, revenue=[0, 0, 0, 5])) == pytest.approx(0.75, abs=1e-15)
    assert gini(made(pd.DataFrame, revenue=[0, 0, 0, 5]), unbiased=True) == pytest.approx(1, abs=1e-15)


@few
@given(with_permutation(refunds=False))
def test_shares_do_not_depend_on_the_order_of_rows(pair):
    first, second = (pd.DataFrame(columns) for columns in pair)
    assert gini(first) == gini(second)
    assert top_share(first) == top_share(second)
    assert lorenz(first).equals(lorenz(second))


def exact_classes(cents, cuts):
    """The crossing rule in whole cents: no rounding anywhere."""
    total = sum(cent for cent in cents if cent > 0)

    def letter(cent):
        if cent <= 0:
            return "N"
        better = sum(other for other in cents if other > cent)
        return "ABC"[sum(Fraction(better, total) >= cut for cut in cuts)]

    return [letter(cent) for cent in cents]


@settings(max_examples=40, deadline=None)
@given(with_permutation(), st.sampled_from([1.0, 0.001, 1 / 3, 7.0, 1e9]))
def test_abc_is_the_exact_rule_whatever_the_order_of_rows_and_the_unit_of_money(pair, unit):
    columns, shuffled = pair
    cents = [round(100 * revenue) for revenue in columns["revenue"]]
    exact = dict(zip(columns["customer"], exact_classes(cents, (Fraction(4, 5), Fraction(19, 20))), strict=True))
    scaled = pd.DataFrame(shuffled).assign(revenue=lambda table: table["revenue"] * unit)
    assert by_customer(abc_classes(pd.DataFrame(columns)), "class") == exact
    assert by_customer(abc_classes(scaled), "class") == exact
    assert abc_classes(pd.DataFrame(columns)).equals(abc_classes(pd.DataFrame(shuffled)))


@pytest.mark.parametrize("unit", [1, 0.001, 0.1, 0.3, 1 / 3, 7, 1e-7, 1e12])
def test_a_share_of_exactly_80_percent_has_reached_the_cut_in_every_unit(unit):
    classes = abc_classes(made(pd.DataFrame, revenue=[value * unit for value in (40, 25, 15, 12, 3, 5)]))
    assert "".join(classes["class"]) == "AAABBC"  # held by better customers: 0 40 65 | 80 92 | 97


@few
@given(columns_of_customers())
def test_abc_keeps_totals_and_ties_together(columns):
    customers = pd.DataFrame(columns)
    classes = abc_classes(customers)
    assert (classes.groupby("revenue")["class"].nunique() == 1).all()
    assert list(classes["revenue"]) == sorted(customers["revenue"], reverse=True)
    assert classes["class"].is_monotonic_increasing and classes["class"].iloc[0] == "A"
    assert np.cumsum(classes["share"]).to_numpy() == pytest.approx(classes["cumulative_share"], abs=1e-9)
    summary = abc_summary(classes).set_index("class")
    assert summary["customers"].sum() == len(customers)
    assert summary["share_of_customers"].sum() == pytest.approx(1, abs=1e-12)
    assert summary["revenue"].sum() == pytest.approx(customers["revenue"].sum(), abs=1e-9)
    assert summary.drop("N", errors="ignore")["share_of_revenue"].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_zero_and_negative_customers_are_class_n_and_stand_outside_the_total(kind):
    classes = abc_classes(made(kind, revenue=[-5.0, 80.0, 0.0, 20.0]))
    assert column(classes, "customer") == ["c01", "c03", "c02", "c00"]
    assert column(classes, "class") == ["A", "B", "N", "N"]
    assert column(classes, "share") == pytest.approx([0.8, 0.2, 0.0, -0.05], abs=1e-12)
    assert column(classes, "cumulative_share") == pytest.approx([0.8, 1.0, 1.0, 0.95], abs=1e-12)
    assert content(abc_summary(classes)) == {
        "class": ["A", "B", "N"],
        "customers": [1, 1, 2],
        "share_of_customers": [0.25, 0.25, 0.5],
        "revenue": [80.0, 20.0, -5.0],
        "share_of_revenue": [0.8, 0.2, -0.05],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_more_cuts_give_more_letters_and_any_column_can_be_classed(kind):
    classes = abc_classes(made(kind, orders=[50, 30, 15, 5], revenue=[0.0] * 4), by="orders", cuts=(0.5, 0.8, 0.9))
    assert list(content(classes)) == ["customer", "orders", "share", "cumulative_share", "class"]
    assert column(classes, "class") == ["A", "B", "C", "D"]
    assert column(abc_summary(classes), "share_of_orders") == [0.5, 0.3, 0.15, 0.05]


@few
@given(columns_of_customers(refunds=False))
def test_polars_gives_what_pandas_gives(columns):
    one, other = pd.DataFrame(columns), pl.DataFrame(columns)
    assert content(lorenz(one)) == content(lorenz(other))
    assert (gini(one), top_share(one)) == (gini(other), top_share(other))
    assert content(abc_classes(one)) == content(abc_classes(other))


def test_pandas_index_and_input_stay_out_of_it():
    customers = made(pd.DataFrame, revenue=[5.0, 80.0, 15.0]).set_index(pd.Index([7, 7, 3]))
    before = customers.copy(deep=True)
    classes = abc_classes(customers)
    assert classes.index.tolist() == [0, 1, 2] and classes["customer"].tolist() == ["c01", "c02", "c00"]
    assert customers.equals(before)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_values_are_listed_by_customer(kind):
    names = [f"c{i:03d}" for i in np.random.default_rng(0).permutation(300)]
    classes = abc_classes(kind({"customer": names, "revenue": [1.0, 2.0, 3.0] * 100}))
    assert list(
        zip([-value for value in column(classes, "revenue")], column(classes, "customer"), strict=True)
    ) == sorted(zip([-1.0, -2.0, -3.0] * 100, names, strict=True))


# ---- refusals


@pytest.mark.parametrize("function", [lorenz, top_share, gini])
def test_negative_values_are_refused_with_a_way_out(function):
    message = r"^'revenue' is negative for 1 of 3 customers, so a share of the total means nothing\. "
    message += "Leave them out and say so: "
    with pytest.raises(DataError, match=message + r"customers\[customers\['revenue'\] >= 0\]\.$"):
        function(made(pd.DataFrame, revenue=[-1.0, 0.0, 5.0]))
    with pytest.raises(DataError, match=message + r"customers\.filter\(pl\.col\('revenue'\) >= 0\)\.$"):
        function(made(pl.DataFrame, revenue=[-1.0, 0.0, 5.0]))


@pytest.mark.parametrize("function", [lorenz, top_share, gini])
@pytest.mark.parametrize("kind", KINDS)
def test_a_total_of_zero_is_refused(function, kind):
    with pytest.raises(DataError, match=r"^The total of 'revenue' is 0, so there is nothing to share out\.$"):
        function(made(kind, revenue=[0.0, 0.0]))


@pytest.mark.parametrize("kind", KINDS)
def test_other_refusals_say_what_to_type(kind):
    customers = made(kind, revenue=[1.0, 2.0])
    with pytest.raises(DataError, match=r"^q is 20, but a share lies between 0 and 1; for 20 % write 0\.20\.$"):
        top_share(customers, 20)
    with pytest.raises(DataError, match=r"^method 'exact' is not known; choose 'interpolated' or 'count'\.$"):
        top_share(customers, method="exact")
    with pytest.raises(DataError, match=r"^The unbiased Gini index needs at least two customers; there is 1\.$"):
        gini(made(kind, revenue=[1.0]), unbiased=True)
    with pytest.raises(
        DataError, match=r"^The customer table has no column 'profit'; it has \['customer', 'revenue'\]\.$"
    ):
        gini(customers, by="profit")
    with pytest.raises(DataError, match=r"^No customer has a positive 'revenue', so there is no total to share out\.$"):
        abc_classes(made(kind, revenue=[0.0, -2.0]))
    with pytest.raises(DataError, match=r"by='customer' cannot be classed"):
        abc_classes(customers, by="customer")
    for cuts in [(0.95, 0.80), (80, 95), (), (0.8, 0.8), (0.0, 0.5), (0.5, 1.0)]:
        with pytest.raises(
            DataError, match=r"must rise and lie between 0 and 1; for 80 % and 95 % write cuts=\(0\.80, 0\.95\)"
        ):
            abc_classes(customers, cuts=cuts)
    with pytest.raises(DataError, match=r"pass what abc_classes returned"):
        abc_summary(kind({"customer": ["a"], "share": [1.0], "cumulative_share": [1.0], "class": ["A"]}))


@pytest.mark.parametrize(("share", "q"), [(0.2, 0.2), (0.2 + 1e-16, 0.2), (0.20000000000000004, 0.2), (0.1, 0.2), (1.0, 0.2), (0.8, 0.0), (80, 20)])
def test_pareto_exponent_needs_a_top_that_brings_more_than_its_number(share, q):
    with pytest.raises(DataError, match=r"^A Pareto law needs 0 < q < share < 1; q is "):
        pareto_exponent(share, q)
