"""Two cohorts at equal age and in the same calendar, second purchases within equal windows."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START, busy_log, lines, log
from test_one_cohort import AS_OF, UNITS

from crmlib import DataError
from crmlib.cohort_comparison import of_season, pooled_gap, second_purchase, second_purchase_by_age, two_cohorts
from crmlib.one_cohort import by_age

few = settings(max_examples=10, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore::crmlib.DataNotice")

# the same behaviour in both cohorts, but in March everybody buys for half
SHOCK = log([
    ("a", 5, 8.0), ("a", 36, 8.0), ("a", 64, 4.0), ("a", 95, 8.0), ("b", 36, 8.0), ("b", 64, 4.0), ("b", 95, 8.0),
])  # fmt: skip


def measure(table, name):
    return table[table["measure"] == name].reset_index(drop=True)


def test_a_shock_to_all_is_a_gap_by_age_and_none_by_calendar():
    cohorts = by_age(SHOCK, as_of="2023-04-30", unit="month")
    ages = measure(two_cohorts(cohorts, first="2023-01", second="2023-02"), "revenue_per_member")
    assert ages["age"].tolist() == [0, 1, 2]  # age 3 of the younger one has not come yet
    assert ages["difference"].tolist() == [0, -4, 4] and ages["ratio"].tolist() == [1, 0.5, 2]
    calendar = measure(two_cohorts(cohorts, first="2023-01", second="2023-02", across="period"), "revenue_per_member")
    assert calendar["period"].tolist() == ["2023-02", "2023-03", "2023-04"]
    assert calendar["difference"].tolist() == [0, 0, 0]
    assert not ages["same_season"].any()


def test_ages_that_as_of_cuts_are_not_compared():
    cohorts = by_age(SHOCK, as_of="2023-04-10", unit="month", partial=True)
    assert measure(two_cohorts(cohorts, first="2023-01", second="2023-02"), "share_active")["age"].tolist() == [0, 1]


@few
@given(lines, st.sampled_from(["age", "period"]))
def test_two_cohorts_are_antisymmetric_and_a_cohort_equals_itself(made, across):
    cohorts = by_age(log(made), as_of=AS_OF, unit="quarter")
    one, other = cohorts["cohort"].iloc[0], cohorts["cohort"].iloc[-1]
    there, back = (two_cohorts(cohorts, first=a, second=b, across=across) for a, b in ((one, other), (other, one)))
    pd.testing.assert_series_equal(there["difference"], -back["difference"])
    itself = two_cohorts(cohorts, first=one, second=one, across=across)
    assert (itself["difference"].dropna() == 0).all() and itself["same_season"].all()


def test_the_same_season_of_other_years():
    cohorts = by_age(busy_log(), as_of=AS_OF, unit="quarter")
    assert of_season(cohorts, "Q2")["cohort"].str[5:].unique().tolist() == ["Q2"]
    later = by_age(log([("a", 5, 1.0), ("b", 370, 2.0)]), as_of=AS_OF, unit="quarter")
    found = two_cohorts(later, first="2023 Q1", second="2024 Q1")
    assert found["same_season"].all()
    with pytest.raises(DataError, match=r"^No cohort began in the season 'Q5'; there are \['Q1', 'Q2', "):
        of_season(cohorts, "Q5")


def gaps(made, as_of):
    """(first day, days to the second purchase or None) of each customer."""
    days = {}
    for who, day, amount, _ in made:
        if amount >= 0 and day <= as_of:
            days.setdefault(who, set()).add(day)
    own = [sorted(some) for some in days.values()]
    return [(some[0], some[1] - some[0] if len(some) > 1 else None) for some in own]


@few
@given(lines, st.sampled_from(UNITS), st.integers(200, 800))
def test_second_purchases_are_what_the_definitions_say(made, unit, last):
    as_of, weeks = START + pd.Timedelta(days=last), (1, 13, 40)
    label = {
        "month": lambda d: f"{d:%Y-%m}",
        "quarter": lambda d: f"{d.year} Q{(d.month + 2) // 3}",
        "year": lambda d: str(d.year),
    }
    expected = {}
    for first, gap in gaps(made, last):
        for week in weeks:
            cell = expected.setdefault((label[unit](START + pd.Timedelta(days=first)), week), [0, 0, 0])
            cell[0] += 1
            cell[1] += first + 7 * week <= last
            cell[2] += gap is not None and gap <= 7 * week
    found = second_purchase(log(made), as_of=as_of, unit=unit, weeks=weeks).astype(object)
    names = ["cohort", "weeks", "size", "watched", "repeated"]
    got = {(cohort, week): numbers for cohort, week, *numbers in found[names].itertuples(index=False)}
    assert got.keys() == expected.keys()
    for cell, (size, watched, repeated) in expected.items():
        assert got[cell][:2] == [size, watched]
        assert pd.isna(got[cell][2]) if watched < size else got[cell][2] == repeated


@few
@given(lines, st.sampled_from(UNITS))
def test_the_triangle_never_falls_and_ends_with_all_who_bought_twice(made, unit):
    """Identity 8."""
    found = second_purchase_by_age(log(made), as_of=AS_OF, unit=unit)
    assert (found.groupby("cohort")["repeated"].diff().dropna() >= 0).all()
    assert found["share_repeated"].between(0, 1).all()
    once = sum(gap is None for _, gap in gaps(made, 730))
    ends = found.groupby("cohort").tail(1)
    assert ends["size"].sum() - ends["repeated"].sum() == once
    sizes = by_age(log(made), as_of=AS_OF, unit=unit)
    assert found[["cohort", "age", "period", "size"]].equals(sizes[["cohort", "age", "period", "size"]])


def test_the_triangle_by_hand():
    days = [("a", 0), ("a", 30), ("b", 3), ("b", 59), ("c", 4), ("d", 40), ("d", 89)]
    tx = log([(who, day, 1.0) for who, day in days])
    found = second_purchase_by_age(tx, as_of="2023-03-31", unit="month")
    assert found["repeated"].tolist() == [1, 1, 2, 0, 1] and found["size"].tolist() == [3, 3, 3, 1, 1]
    cut = second_purchase_by_age(tx, as_of="2023-03-30", unit="month")
    assert cut["repeated"].isna().tolist() == [False, False, True, False, True]


def test_cdnow_cohorts_are_alike(cdnow_log):
    """Three adjacent months: a check of stability."""
    found = second_purchase(cdnow_log, as_of="1998-06-30", unit="month", weeks=(13, 52))
    assert found["size"].tolist() == [7846] * 2 + [8476] * 2 + [7248] * 2 and (found["watched"] == found["size"]).all()
    whole = found.groupby("weeks")[["repeated", "size"]].sum()
    shares = (whole["repeated"] / whole["size"]).tolist()
    assert shares == pytest.approx([0.293, 0.458], abs=5e-4)
    spread = found.groupby("weeks")["share_repeated"].agg(np.ptp)
    assert spread.max() < 0.06


@EVERY_ENGINE
def test_every_engine_gives_the_same_in_its_own_kind(engine):
    tx = busy_log()
    native = build(engine, tx)
    for function in (second_purchase, second_purchase_by_age):
        found = function(native, as_of="2024-11-15")
        assert kind(found) == kind(native)
        assert rows(found) == rows(function(tx, as_of="2024-11-15"))
    cohorts = by_age(tx, as_of="2024-11-15")
    made = build(engine, cohorts)
    options = {"first": "2023 Q1", "second": "2023 Q3"}
    assert rows(of_season(made, "Q1")) == rows(of_season(cohorts, "Q1"))
    for across in ("age", "period"):
        found = two_cohorts(made, **options, across=across)
        assert kind(found) == kind(native)
        assert rows(found) == rows(two_cohorts(cohorts, **options, across=across))


def test_refusals_say_what_to_do():
    cohorts = by_age(SHOCK, as_of="2023-04-30", unit="month")
    with pytest.raises(DataError, match=r"^across is 'date'; choose 'age' or 'period'\.$"):
        two_cohorts(cohorts, first="2023-01", second="2023-02", across="date")
    with pytest.raises(DataError, match=r"^There is no cohort '2022-01'; there are \['2023-01', '2023-02'\]\.$"):
        two_cohorts(cohorts, first="2022-01", second="2023-02")
    early = by_age(SHOCK, as_of="2023-02-10", unit="month")
    with pytest.raises(DataError, match=r"^The cohorts 2023-01 and 2023-02 share no complete age; choose a later "):
        two_cohorts(early, first="2023-01", second="2023-02")
    with pytest.raises(DataError, match=r"^weeks is \[0\]; give whole numbers of at least 1, e\.g\. \(13, 52\)\.$"):
        second_purchase(SHOCK, as_of="2023-04-30", weeks=0)


def test_a_pooled_gap_is_of_ratios_of_totals():
    # 230 / 23 and 420 / 23, whoever of the members brought it
    assert pooled_gap([(10, 1), (200, 20), (20, 2)], [(10, 1), (400, 20), (10, 2)])[0] == pytest.approx(420 / 230 - 1)


def test_a_pooled_gap_needs_two_members_and_sums_above_zero():
    assert pooled_gap([(1, 1)], [(1, 1)] * 2) is None and pooled_gap([], [(1, 1)] * 2) is None
    assert pooled_gap([(0, 1)] * 3, [(1, 1)] * 3) is None and pooled_gap([(1, 1)] * 3, [(1, 0)] * 3) is None
    with pytest.raises(DataError, match="level is 95; give the confidence"):
        pooled_gap([(1, 1)] * 3, [(1, 1)] * 3, level=95)


def test_sums_that_differ_by_rounding_alone_are_no_gap():
    change, low, high = pooled_gap([(0.1, 1), (0.2, 2)], [(0.1 * (1 + 1e-15), 1), (0.2, 2)])
    assert low < 0 < high and abs(change) < 1e-12


def customers(rng, *, members, ages):
    """Orders each of an own size: what they bought in ``ages`` and how often."""
    orders = rng.poisson(1.0, (members, ages)) + (np.arange(ages) == 0)
    own = rng.lognormal(0, 0.6, members)
    money = (orders * own[:, None] * np.exp(rng.normal(0, 0.4, (members, ages)))).sum(axis=1)
    return np.column_stack([money, orders.sum(axis=1)])


@pytest.mark.parametrize(("members", "ages"), [(40, 4), (40, 8), (200, 8)])
def test_a_gap_that_is_none_is_told_five_times_in_a_hundred(members, ages):
    """Cohorts drawn alike, of customers who differ: by the scatter of the ages a third to a half of the gaps would be told."""
    rng = np.random.default_rng(7)
    told = 0
    for _ in range(600):
        _, low, high = pooled_gap(*(customers(rng, members=members, ages=ages) for _ in range(2)))
        told += low > 0 or high < 0
    assert 0.03 < told / 600 < 0.075


def test_a_surer_interval_is_wider_about_the_same_gap():
    first, second = [(10, 1)] * 4, [(11, 1), (12, 1), (13, 1), (12, 1)]
    (change, low, high), (same, lower, higher) = (pooled_gap(first, second, level=level) for level in (0.95, 0.99))
    assert change == same and lower < low < change < high < higher
