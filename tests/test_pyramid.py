from fractions import Fraction
from math import ceil

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, with_permutation

from crmlib.errors import DataError
from crmlib.pyramid import TIERS, summary, tiers

few = settings(max_examples=25, deadline=None)
ties_ = st.sampled_from(["up", "id"])


def active(kind, revenue, **columns):
    n = len(revenue)
    return made(kind, **({"orders": [1] * n, "days_since_last": [9.0] * n, "revenue": revenue} | columns))


def counts(native):
    found = column(native, "tier")
    return {
        name: found.count(name)
        for name in ("top", "large", "medium", "small", "inactive", "non_positive")
        if name in found
    }


@pytest.mark.parametrize("ties", ["up", "id"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, {"top": 1}),
        (2, {"top": 1, "small": 1}),
        (5, {"top": 1, "small": 4}),
        (20, {"top": 1, "medium": 3, "small": 16}),
        (100, {"top": 1, "large": 4, "medium": 15, "small": 80}),
        (101, {"top": 2, "large": 4, "medium": 15, "small": 80}),
        (1000, {"top": 10, "large": 40, "medium": 150, "small": 800}),
    ],
)
def test_tiers_end_at_the_ceiling_of_the_cumulative_share(kind, ties, n, expected):
    tiered = tiers(active(kind, [float(i + 1) for i in range(n)]), ties=ties)
    assert isinstance(tiered, kind)
    assert counts(tiered) == expected
    assert column(tiered, "tier")[-1] == "top"


@pytest.mark.parametrize("n", [7, 60, 100, 140, 300, 700])
def test_ends_do_not_follow_the_rounding_of_floats(n):
    shares = [("a", 0.07), ("b", 0.07), ("c", 0.14), ("d", 0.72)]
    exact = [ceil(Fraction(percent, 100) * n) for percent in (7, 14, 28, 100)]
    found = column(tiers(active(pd.DataFrame, [float(i + 1) for i in range(n)]), shares=shares), "tier")
    assert [found.count(name) for name in "abcd"] == [
        end - start for start, end in zip([0, *exact], exact, strict=False)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_equal_customers_move_up_together_or_keep_the_numbers_by_id(kind):
    # 20 customers: ends at 1, 1 and 4; the fourth to the sixth are equal
    customers = active(kind, [99.0, 50.0, 50.0, 40.0, 40.0, 40.0, *[1.0] * 14])
    assert column(tiers(customers), "tier") == ["top", *["medium"] * 5, *["small"] * 14]
    assert column(tiers(customers, ties="id"), "tier") == ["top", *["medium"] * 3, *["small"] * 16]
    turned = customers[::-1] if kind is pl.DataFrame else customers.iloc[::-1]
    assert by_customer(tiers(turned, ties="id"), "tier") == by_customer(tiers(customers, ties="id"), "tier")


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_equal_is_everybody_on_top_or_the_first_ids(kind):
    customers = active(kind, [5.0] * 20)
    assert counts(tiers(customers)) == {"top": 20}
    assert counts(tiers(customers, ties="id")) == {"top": 1, "medium": 3, "small": 16}
    assert column(tiers(customers, ties="id"), "tier")[:4] == ["top", "medium", "medium", "medium"]


@pytest.mark.parametrize("kind", KINDS)
def test_integer_ids_break_ties_by_number(kind):
    customers = active(kind, [5.0] * 20, customer=[*range(1, 21)])
    assert by_customer(tiers(customers, ties="id"), "tier")[1] == "top"


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_day_of_the_window(kind):
    customers = active(kind, [9.0, 8.0], days_since_last=[364.0, 365.0])
    assert column(tiers(customers), "tier") == ["top", "inactive"]
    assert column(tiers(customers, active_within=366), "tier") == ["top", "small"]
    assert column(tiers(customers, active_within=None), "tier") == ["top", "small"]
    assert column(tiers(customers, active_within=364), "tier") == ["inactive", "inactive"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_stands_outside_the_tiers(kind):
    customers = active(
        kind, [10.0, 0.0, -3.0, -2.0, -4.0], orders=[1, 1, 1, 1, 0], days_since_last=[9.0, 9.0, 9.0, 400.0, None]
    )
    assert column(tiers(customers), "tier") == ["top", "non_positive", "non_positive", "inactive", "non_positive"]


@pytest.mark.parametrize("kind", KINDS)
def test_summary_by_hand(kind):
    customers = active(kind, [60.0, 25.0, 15.0, -5.0, 45.0], days_since_last=[9.0] * 4 + [500.0])
    found = content(summary(tiers(customers)))
    assert found == {
        "tier": ["top", "large", "medium", "small", "inactive", "non_positive"],
        "customers": [1, 0, 0, 2, 1, 1],
        "share_of_customers": [1 / 3, 0, 0, 2 / 3, None, None],
        "revenue": [60.0, 0, 0, 40.0, 45.0, -5.0],
        "share_of_revenue": [0.6, 0, 0, 0.4, None, None],
        "mean_revenue": [60.0, None, None, 20.0, 45.0, -5.0],
    }


# ---- laws


@settings(max_examples=40, deadline=None)
@given(columns_of_customers(), ties_)
def test_tiers_follow_the_rule_counted_customer_by_customer(columns, ties):
    found = by_customer(tiers(pd.DataFrame(columns), ties=ties), "tier")
    rows = list(zip(*columns.values(), strict=True))
    ranked = sorted(
        (row for row in rows if row[1] > 0 and row[2] < 365 and row[3] > 0), key=lambda row: (-row[3], row[0])
    )
    expected, start = {}, 0
    for name, cumulative in (("top", 1), ("large", 5), ("medium", 20), ("small", 100)):
        end = ceil(Fraction(cumulative, 100) * len(ranked))
        while ties == "up" and 0 < end < len(ranked) and ranked[end][3] == ranked[end - 1][3]:
            end += 1
        expected |= {row[0]: name for row in ranked[start:end]}
        start = max(start, end)
    for customer, orders, days, _ in rows:
        if customer not in expected:
            expected[customer] = "inactive" if orders and days >= 365 else "non_positive"
    assert found == expected


@few
@given(with_permutation(), ties_, st.sampled_from([0.001, 1 / 3, 7.0, 1e9]))
def test_order_of_rows_and_columns_and_unit_of_money_change_no_tier(pair, ties, unit):
    first = tiers(pd.DataFrame(pair[0]), ties=ties)
    second = tiers(pd.DataFrame(pair[1]).assign(revenue=lambda table: table["revenue"] * unit), ties=ties)
    assert by_customer(first, "tier") == by_customer(second, "tier")
    assert second["customer"].tolist() == pair[1]["customer"]


@few
@given(columns_of_customers())
def test_equal_customers_share_a_tier_and_totals_are_kept(columns):
    tiered = tiers(pd.DataFrame(columns))
    assert (tiered.groupby(["orders", "days_since_last", "revenue"], dropna=False)["tier"].nunique() == 1).all()
    found = summary(tiered)
    assert found["tier"].tolist()[:4] == [name for name, _ in TIERS]
    assert found["customers"].sum() == len(tiered)
    assert found["revenue"].sum() == pytest.approx(sum(columns["revenue"]), abs=1e-9)
    in_tiers = found.iloc[:4]
    if in_tiers["customers"].sum():
        assert in_tiers["share_of_customers"].sum() == pytest.approx(1, abs=1e-12)
        assert in_tiers["share_of_revenue"].sum() == pytest.approx(1, abs=1e-12)
        assert in_tiers["customers"].iloc[0] >= 1


@few
@given(columns_of_customers(), ties_)
def test_polars_gives_what_pandas_gives_and_neither_input_changes(columns, ties):
    one, other = pd.DataFrame(columns), pl.DataFrame(columns)
    before = one.copy(deep=True), other.clone()
    first, second = tiers(one, ties=ties), tiers(other, ties=ties)
    assert content(first) == content(second)
    assert one.equals(before[0]) and other.equals(before[1])
    sums = [content(summary(table)) for table in (first, second)]
    assert sums[0].pop("tier") == sums[1].pop("tier")
    for name in sums[0]:
        assert sums[0][name] == pytest.approx(sums[1][name], abs=1e-12)


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("ties", ["up", "id"])
def test_pandas_columns_of_other_backends_give_the_same(backend, ties):
    plain = active(pd.DataFrame, [5.0, 9.5, -1.0, 9.5], orders=[1, 2, 0, 5], days_since_last=[3.0, 90.0, None, 7.0])
    first, second = (tiers(table, ties=ties) for table in (plain, plain.convert_dtypes(dtype_backend=backend)))
    assert content(first) == content(second)
    assert content(summary(first)) == content(summary(second))


def test_a_pandas_index_is_kept():
    tiered = tiers(active(pd.DataFrame, [1.0, 2.0, 3.0]).set_index(pd.Index([7, 7, 3])))
    assert tiered.index.tolist() == [7, 7, 3] and tiered["tier"].tolist() == ["small", "small", "top"]


def test_cdnow_has_curry_s_numbers(cdnow):
    tiered = tiers(cdnow)
    found = summary(tiered).set_index("tier")
    n = found["customers"].iloc[:4].sum()
    assert found["customers"].sum() == 23570
    for name, end in (("top", 0.01), ("large", 0.05), ("medium", 0.20)):
        reached = found["customers"].loc[:name].sum()
        assert 0 <= reached - end * n < 20  # a ceiling, and a few ties
    assert found["mean_revenue"].iloc[:4].is_monotonic_decreasing


# ---- refusals


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_say_what_to_type(kind):
    customers = active(kind, [1.0, 2.0])
    with pytest.raises(DataError, match=r"^The shares of the tiers must be above 0 and sum to 1; these sum to 0\.9: "):
        tiers(customers, shares=[("top", 0.2), ("rest", 0.7)])
    with pytest.raises(DataError, match=r"above 0 and sum to 1"):
        tiers(customers, shares=[("top", 1.2), ("rest", -0.2)])
    with pytest.raises(
        DataError, match=r"^shares must be pairs of a name and a share, best first, e\.g\. \(\('top', 0\.01\)"
    ):
        tiers(customers, shares=[0.2, 0.8])
    for names in (("a", "a"), ("a", "inactive"), ("non_positive", "b")):
        with pytest.raises(DataError, match=r"need names that differ, none of them 'inactive' or 'non_positive'"):
            tiers(customers, shares=[(names[0], 0.2), (names[1], 0.8)])
    with pytest.raises(
        DataError,
        match=r"^ties 'down' is not known; choose 'up' \(equal customers move up\) or 'id' \(by customer\)\.$",
    ):
        tiers(customers, ties="down")
    with pytest.raises(
        DataError, match=r"^active_within is 0; give a number of days above 0, e\.g\. 365, or None for no limit\.$"
    ):
        tiers(customers, active_within=0)
    with pytest.raises(DataError, match=r"^'revenue' is missing or infinite for 1 of 2 customers"):
        tiers(active(kind, [1.0, None]))
    with pytest.raises(DataError, match=r"^'days_since_last' is missing for 1 customers with orders"):
        tiers(active(kind, [1.0, 2.0], days_since_last=[None, 3.0]))
    with pytest.raises(
        DataError, match=r"^The tier 'small' is not among \['best', 'rest', 'inactive', 'non_positive'\]\.$"
    ):
        summary(tiers(customers), shares=[("best", 0.5), ("rest", 0.5)])


def test_thirds_sum_to_one():
    shares = [("a", 1 / 3), ("b", 1 / 3), ("c", 1 / 3)]
    assert column(tiers(active(pd.DataFrame, [3.0, 2.0, 1.0]), shares=shares), "tier") == ["a", "b", "c"]
