import math
from fractions import Fraction
from math import ceil

import pandas as pd
import polars as pl
import pytest
from engines import BUILD, EVERY_ENGINE, build, rows
from engines import kind as engine_of
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, by_customer, column, columns_of_customers, content, made, with_permutation

from crmlib.errors import DataError, DataNotice
from crmlib.pyramid import CLAIMS, TIERS, claims, law_split, migration, summary, tiers, worth_grading

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


# ---- every engine

SHARES = (("best", 0.10), ("good", 0.30), ("rest", 0.60))
CUSTOMERS = pd.DataFrame(  # 10 in the tiers, of whom three are equal across the end of "good", then those outside
    {
        "customer": [f"c{i:02d}" for i in range(14)],
        "orders": [3, 1, 1, 2, 1, 1, 1, 5, 1, 1, 1, 1, 4, 0],
        "days_since_last": [0.0, 364.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 365.0, 13.0, 14.0, None],
        "revenue": [10.0, 900.5, 40.1, 40.1, 700.0, 40.1, 0.3, 700.0, 0.1, 5.0, 50.0, 0.0, -7.0, -1.0],
    }
)
OUTSIDE = ["inactive", *["non_positive"] * 3]
BY_TIES = {
    "up": ["rest", "best", "good", "good", "good", "good", "rest", "good", "rest", "rest", *OUTSIDE],
    "id": ["rest", "best", "good", "rest", "good", "rest", "rest", "good", "rest", "rest", *OUTSIDE],
}
PROSPECTS = pd.DataFrame(
    {"customer": ["p1", "p2", "c00", "p3", "p4", "c13"], "need": [True, True, True, True, False, True],
     "contact": [True, False, True, False, True, False]}
)  # fmt: skip


@EVERY_ENGINE
@pytest.mark.parametrize("ties", ["up", "id"])
def test_tiers_on_every_engine(engine, ties):
    tiered = tiers(build(engine, CUSTOMERS), shares=SHARES, ties=ties)
    names, found = rows(tiered)
    assert engine_of(tiered) == engine and names == [*CUSTOMERS, "tier"]
    assert [row[-1] for row in found] == BY_TIES[ties]
    assert found == rows(CUSTOMERS.assign(tier=BY_TIES[ties]))[1]


@EVERY_ENGINE
def test_integer_money_and_ids_on_every_engine(engine):
    customers = CUSTOMERS.assign(customer=range(1, 15), revenue=(CUSTOMERS["revenue"] * 10).astype(int))
    for ties in ("up", "id"):
        found = rows(tiers(build(engine, customers), shares=SHARES, ties=ties))[1]
        assert {row[0]: row[-1] for row in found} == dict(zip(range(1, 15), BY_TIES[ties], strict=True))


@EVERY_ENGINE
def test_nobody_in_the_tiers_on_every_engine(engine):
    tiered = tiers(build(engine, CUSTOMERS.iloc[10:]))
    assert [row[-1] for row in rows(tiered)[1]] == OUTSIDE
    found = {row[0]: row[1:] for row in rows(summary(tiered))[1]}
    assert found["top"] == found["small"] == (0, None, 0.0, None, None)
    assert found["non_positive"] == (3, None, -8.0, None, pytest.approx(-8 / 3))


@EVERY_ENGINE
def test_summary_with_everybody_below_the_customers(engine):
    tiered = tiers(build(engine, CUSTOMERS), shares=SHARES)
    with pytest.warns(DataNotice, match=r"^2 of 6 prospects are in the customer table and left out\.$"):
        summarised = summary(tiered, build(engine, PROSPECTS), shares=SHARES)
    assert engine_of(summarised) == engine
    names, found = rows(summarised, sort=False)
    assert names == ["tier", "customers", "share_of_customers", "revenue", "share_of_revenue", "mean_revenue"]
    total = 900.5 + 1520.3 + 15.4
    assert found == [
        ("best", 1, 0.1, 900.5, pytest.approx(900.5 / total), 900.5),
        ("good", 5, 0.5, pytest.approx(1520.3), pytest.approx(1520.3 / total), pytest.approx(1520.3 / 5)),
        ("rest", 4, 0.4, pytest.approx(15.4), pytest.approx(15.4 / total), pytest.approx(15.4 / 4)),
        ("inactive", 1, None, 50.0, None, 50.0),
        ("non_positive", 3, None, -8.0, None, pytest.approx(-8 / 3)),
        ("prospect", 1, None, 0.0, None, 0.0),
        ("suspect", 2, None, 0.0, None, 0.0),
        ("rest of the world", 1, None, 0.0, None, 0.0),
    ]
    without = rows(summary(tiered, shares=SHARES), sort=False)
    assert without == (names, found[:5])


@EVERY_ENGINE
def test_gaps_are_refused_on_every_engine(engine):
    for gap in (None, math.nan, math.inf):
        broken = build(engine, CUSTOMERS.assign(revenue=[gap, *CUSTOMERS["revenue"][1:]]))
        with pytest.raises(DataError, match=r"^'revenue' is missing or infinite for 1 of 14 customers"):
            tiers(broken)
    with pytest.raises(DataError, match=r"^'days_since_last' is missing or infinite for 1 customer with orders"):
        tiers(build(engine, CUSTOMERS.assign(orders=1)))
    with pytest.raises(DataError, match=r"^The customer table is empty\.$"):
        tiers(build(engine, CUSTOMERS.iloc[:0]))
    with pytest.raises(DataError, match=r"^Column 'customer' holds String, not numbers; "):
        tiers(build(engine, CUSTOMERS), by="customer")


@settings(max_examples=10, deadline=None)
@given(columns_of_customers(), ties_)
@pytest.mark.parametrize("engine", ["polars lazy", "duckdb", "ibis"])
def test_engines_that_keep_their_rows_give_what_pandas_gives(engine, columns, ties):
    frame = pd.DataFrame(columns)
    tiered = tiers(frame, ties=ties)
    assert rows(tiers(build(engine, frame), ties=ties)) == rows(tiered)
    assert rows(summary(build(engine, tiered))) == rows(summary(tiered))


# ---- claims on revenue


def test_claims_sum_as_definitions_say():
    first, second = (split for split, _ in CLAIMS.values())
    assert sum(first[:3]) == 1 and first[3] == 0  # so the best 20 % would bring all, against 80/20
    assert sum(second[:3]) == pytest.approx(0.80, abs=1e-12) and sum(second) == pytest.approx(1, abs=1e-12)
    assert [round(100 * share, 1) for share in law_split()] == [52.8, 13.2, 14.0, 20.0]
    assert sum(law_split()[:3]) == pytest.approx(0.80, abs=1e-12) and sum(law_split()) == pytest.approx(1, abs=1e-12)
    assert all(len(split) == len(TIERS) and source for split, source in CLAIMS.values())


def test_the_law_is_that_of_its_exponent():
    alpha = 1 / (1 - math.log(0.8) / math.log(0.2))
    assert round(alpha, 6) == 1.160964
    assert law_split([("a", 0.3), ("b", 0.7)])[0] == pytest.approx(0.3 ** (1 - 1 / alpha), abs=1e-12)
    assert law_split([("a", 0.2), ("b", 0.8)], top=0.6) == pytest.approx((0.6, 0.4), abs=1e-12)
    with pytest.raises(DataError, match=r"^A Pareto law needs 0 < q < share < 1; q is 0\.2 and share is 0\.1\.$"):
        law_split(top=0.1)


@EVERY_ENGINE
def test_the_measured_split_stands_beside_the_claims(engine):
    names = ["top", "large", "medium", "small", "inactive"]
    tiered = pd.DataFrame({"tier": names, "revenue": [5.0, 2.0, 1.0, 2.0, 9.0]})
    found = claims(summary(build(engine, tiered)))
    assert engine_of(found) == engine
    names, content_ = rows(found, sort=False)
    assert names == ["tier", "measured", "50/30/20", "40/25/15", "Pareto law 80/20"]
    assert content_ == [
        ("top", 0.5, 0.5, 0.4, pytest.approx(0.528, abs=5e-4)),
        ("large", 0.2, 0.3, 0.25, pytest.approx(0.132, abs=5e-4)),
        ("medium", 0.1, 0.2, 0.15, pytest.approx(0.140, abs=5e-4)), ("small", 0.2, 0.0, 0.2, pytest.approx(0.2)),
    ]  # fmt: skip
    with pytest.raises(
        DataError,
        match=r"^The summary has no tier 'top'; the claims are about top, large, medium, small of 1, 4, 15 and 80 %\.$",
    ):
        claims(summary(tiers(build(engine, CUSTOMERS), shares=SHARES), shares=SHARES))


# ---- migration

MOVES = {  # customer: (before, after), a gap for who is not in the table
    "a": ("best", "best"), "b": ("best", "rest"), "c": ("best", "inactive"), "d": ("good", "best"),
    "e": ("good", "non_positive"), "f": ("good", None), "g": ("rest", "good"), "h": ("rest", "rest"),
    "i": ("non_positive", "rest"), "j": ("non_positive", "non_positive"), "k": ("non_positive", "inactive"),
    "l": ("inactive", "good"), "m": ("inactive", "inactive"), "n": ("inactive", "non_positive"),
    "o": ("inactive", None), "p": (None, "best"), "q": (None, "inactive"), "r": (None, "rest"),
}  # fmt: skip


def two_dates(engine):
    for place in (0, 1):
        there = {name: pair[place] for name, pair in MOVES.items() if pair[place]}
        yield build(engine, pd.DataFrame({"customer": list(there), "tier": list(there.values())}))


@EVERY_ENGINE
def test_curry_s_four_questions(engine):
    found = migration(*two_dates(engine), shares=SHARES)
    assert engine_of(found) == engine
    assert rows(found, sort=False) == (
        ["tier", "customers", "up", "stayed", "down", "left", "came"],
        [
            ("best", 3, 0, 1, 1, 1, 0),
            ("good", 3, 1, 0, 1, 1, 0),
            ("rest", 2, 1, 1, 0, 0, 0),
            ("non_positive", 3, 1, 1, 0, 1, 0),
            ("inactive", 4, 0, 2, 0, 0, 2),
            ("(absent)", 3, 0, 0, 0, 1, 2),
        ],
    )


@settings(max_examples=15, deadline=None)
@given(columns_of_customers(), columns_of_customers(), ties_)
def test_migration_conserves_everybody(one, other, ties):
    before, after = tiers(pd.DataFrame(one), ties=ties), tiers(pd.DataFrame(other), ties=ties)
    found = migration(before, after).set_index("tier")
    assert found.index.tolist()[:4] == [name for name, _ in TIERS]
    assert (found[["up", "stayed", "down", "left", "came"]].sum(axis=1) == found["customers"]).all()
    assert found["customers"].sum() == len({*before["customer"], *after["customer"]})
    sizes = before["tier"].value_counts()
    assert found["customers"].drop("(absent)", errors="ignore").to_dict() == {
        name: sizes.get(name, 0) for name in found.index if name != "(absent)"
    }
    assert found.loc["top", "up"] == 0 and (found["came"].iloc[:4] == 0).all()
    still = migration(before, before.sample(frac=1, random_state=1))
    assert (still["stayed"] == still["customers"]).all()


def test_migration_back_turns_up_into_down():
    before, after = two_dates("pandas")
    there, back = migration(before, after, shares=SHARES), migration(after, before, shares=SHARES)
    assert there["up"].sum() == back["down"].sum() and there["down"].sum() == back["up"].sum()


@EVERY_ENGINE
def test_migration_refuses_other_tiers_and_gaps(engine):
    before, after = two_dates(engine)
    with pytest.raises(DataError, match=r"^The class 'best' is not in order=\['top', 'large', 'medium', 'small', "):
        migration(before, after)
    gap = build(engine, pd.DataFrame({"customer": ["a", "b"], "tier": ["best", None]}))
    with pytest.raises(DataError, match=r"^'tier' is missing for 1 customers; use the tables of tiers\(\)\.$"):
        migration(gap, gap, shares=SHARES)


@pytest.mark.parametrize(("one", "other"), [("pandas", "polars"), ("polars", "polars lazy"), ("duckdb", "ibis")])
def test_migration_and_summary_refuse_two_kinds(one, other):
    assert {one, other} < set(BUILD)
    tiered, others = tiers(build(one, CUSTOMERS)), tiers(build(other, CUSTOMERS))
    with pytest.raises(DataError, match=r"pass two of one kind\.$"):
        migration(tiered, others)
    with pytest.raises(DataError, match=r"pass two of one kind\.$"):
        summary(tiered, build(other, PROSPECTS))


# ---- whether to grade at all


@EVERY_ENGINE
def test_the_three_conditions_by_hand(engine):
    found = worth_grading(build(engine, CUSTOMERS), span=9)
    assert (found.customers, found.repeat_share) == (10, 4 / 13)  # c00, c03, c07 and c12 bought again; c13 never did
    value = sorted(CUSTOMERS["revenue"][:10])
    gini = 2 * sum((i + 1) * x for i, x in enumerate(value)) / (10 * sum(value)) - 11 / 10
    assert found.gini == pytest.approx(gini, abs=1e-12)
    assert found.many and found.trading and found.different and found.worth_it
    assert found.verdict == "Grading is worth it."
    assert found.sentences == (
        "10 active customers with a positive value: more than the 9 customers whom one person can look after.",
        "30.8 % of all who ever bought did so more than once; it is enough that somebody does.",
        f"The Gini index of the active customers' values is {gini:.2f} (0 = all equal): above 0.20.",
    )


@EVERY_ENGINE
def test_at_the_threshold_is_not_enough(engine):
    equal = build(engine, CUSTOMERS[:4].assign(orders=1, revenue=5.0))
    found = worth_grading(equal, span=4, min_gini=0)
    assert (found.many, found.trading, found.different, found.worth_it) == (False, False, False, False)
    assert found.verdict == (
        "Grading is not worth it: there are too few customers, too few trade repeatedly and their values are too much "
        "alike."
    )
    assert found.sentences == (
        "4 active customers with a positive value: not more than the 4 customers whom one person can look after.",
        "0.0 % of all who ever bought did so more than once.",
        "The Gini index of the active customers' values is 0.00 (0 = all equal): not above 0.00.",
    )
    found = worth_grading(build(engine, CUSTOMERS), span=9, min_repeat_share=4 / 13)
    assert found.verdict == "Grading is not worth it: too few trade repeatedly."


@EVERY_ENGINE
def test_without_customers_there_is_nothing_to_grade(engine):
    found = worth_grading(build(engine, CUSTOMERS[10:]))
    assert (found.customers, found.repeat_share) == (0, 1 / 3) and math.isnan(found.gini) and not found.worth_it
    assert found.sentences[2] == "There are no values of active customers to compare."
    found = worth_grading(build(engine, CUSTOMERS[13:]))  # refunds only
    assert found.customers == 0 and math.isnan(found.repeat_share) and not found.trading


def test_cdnow_is_worth_grading(cdnow):
    for days in (365, None):
        found = worth_grading(cdnow, active_within=days)
        assert found.worth_it and found.customers >= 8332
        assert found.repeat_share == pytest.approx(0.489, abs=0.0005)  # 51.1 % of all bought once
    assert found.customers == (cdnow["revenue"] > 0).sum()


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
    for names in (("a", "a"), ("a", "inactive"), ("non_positive", "b"), ("suspect", "b"), ("a", "(absent)")):
        with pytest.raises(DataError, match=r"need names that differ, and from 'inactive', 'non_positive', 'prospect'"):
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
    with pytest.raises(DataError, match=r"^'days_since_last' is missing or infinite for 1 customer with orders"):
        tiers(active(kind, [1.0, 2.0], days_since_last=[None, 3.0]))
    with pytest.raises(
        DataError, match=r"^The tier 'small' is not among \['best', 'rest', 'inactive', 'non_positive'\]\.$"
    ):
        summary(tiers(customers), shares=[("best", 0.5), ("rest", 0.5)])


def test_thirds_sum_to_one():
    shares = [("a", 1 / 3), ("b", 1 / 3), ("c", 1 / 3)]
    assert column(tiers(active(pd.DataFrame, [3.0, 2.0, 1.0]), shares=shares), "tier") == ["a", "b", "c"]


def test_shares_may_be_a_dict():
    customers = active(pd.DataFrame, [5.0, 4.0, 3.0, 2.0, 1.0])
    tiered = tiers(customers, shares={"a": 0.2, "b": 0.8})
    assert column(tiered, "tier") == ["a", "b", "b", "b", "b"]
    assert column(summary(tiered, shares={"a": 0.2, "b": 0.8}), "customers") == [1, 4]
