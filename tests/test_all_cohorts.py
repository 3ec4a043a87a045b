"""All cohorts stacked: columns are the totals of the log, rows are the cohorts; what is new, carried over, planned."""

import math

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import busy_log, lines, log
from test_one_cohort import AS_OF, PERIOD, SMALL, UNITS, data_sets, in_cents, with_cents

from crmlib import DataError, all_cohorts
from crmlib.all_cohorts import BEFORE, base_by_period, cohort_chart, new_customers_needed
from crmlib.cohorts import cohort_table
from crmlib.one_cohort import repeat_buying

few = settings(max_examples=10, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore::crmlib.DataNotice")


def totals(tx, unit):
    """By period, from the log itself: customers, orders and money."""
    dated = tx.assign(period=tx["date"].dt.to_period(PERIOD[unit]))
    bought = dated[dated["amount"] >= 0]
    keys = ["customer", "order"] if "order" in tx else ["customer", "date"]
    found = {
        "customers": bought.groupby("period")["customer"].nunique(),
        "orders": bought.groupby(keys)["period"].min().value_counts(),
        "revenue": dated.groupby("period")["amount"].sum(),
    }
    if "cost" in tx:
        found["profit"] = (dated["amount"] - dated["cost"]).groupby(dated["period"]).sum()
    found = pd.DataFrame(found).fillna(0)
    label = {"month": "{0.year}-{0.month:02d}", "quarter": "{0.year} Q{0.quarter}", "year": "{0.year}"}[unit]
    found.index = [label.format(one) for one in found.index]
    return found


def lens(tx, as_of, unit):
    """The identities of the fifth lens on one log."""
    log_totals = totals(tx, unit)
    chart = cohort_chart(tx, as_of=as_of, unit=unit, partial=True)
    base = base_by_period(tx, as_of=as_of, unit=unit, partial=True).set_index("period")
    names = [name for name in ("active", "orders", "revenue", "profit") if name in chart]
    columns = chart.groupby("period")[names].sum()
    for name in log_totals:  # identity 6: a column of the chart is the total of the first lens
        stacked = columns["active" if name == "customers" else name]
        expected = log_totals[name].reindex(stacked.index, fill_value=0)
        assert stacked.round().tolist() == expected.round().tolist()
        assert base[name].round().tolist() == expected.round().tolist()
    rows_ = cohort_table(tx, as_of=as_of, unit=unit, partial=True)
    own = chart[chart["cohort"] != BEFORE].reset_index(drop=True)
    for name in ("cohort", "period", "size", "active", "orders", "revenue"):  # and a row that of the third
        assert own[name].tolist() == rows_[name].tolist()
    assert base["new"].sum() == tx.loc[tx["amount"] >= 0, "customer"].nunique()  # identity 1
    for money in [name for name in ("revenue", "profit") if name in chart]:
        assert (base[f"new_{money}"] + base[f"carried_{money}"]).round().tolist() == base[money].round().tolist()
        born = own[own["cohort"] == own["period"]].set_index("period")[money].reindex(base.index, fill_value=0)
        assert born.round().tolist() == base[f"new_{money}"].round().tolist()
        shares = chart.groupby("period")[f"share_of_{money}"].sum(min_count=1).dropna()
        assert shares.tolist() == pytest.approx([1] * len(shares), rel=1e-12)
    rates = repeat_buying(tx, as_of=as_of, unit=unit)  # identity 10
    again, active = (rates.groupby("period")[name].sum() for name in ("again", "active"))
    overall = base.loc[again.index]
    assert again.tolist() == overall["again"].tolist() and active.tolist() == overall["customers"].tolist()
    weighted = (rates["repeat_buying_rate"] * rates["active"]).groupby(rates["period"]).sum()
    assert weighted.tolist() == pytest.approx((overall["repeat_buying_rate"] * overall["customers"]).fillna(0).tolist())


@few
@given(lines, st.sampled_from(UNITS), st.booleans())
def test_the_identities_hold_on_made_logs(made, unit, cost):
    lens(with_cents(made, cost=cost), AS_OF, unit)


@pytest.mark.parametrize("name, as_of", data_sets())
def test_the_identities_hold_on_every_data_set(name, as_of):
    lens(in_cents(name), as_of, "quarter")


@few
@given(lines, st.sampled_from(["2023-02-10", "2023-07-01", "2024-03-31"]))
def test_a_window_changes_no_column_and_calls_nobody_new_who_is_not(made, since):
    tx = with_cents(made)
    whole, window = (cohort_chart(tx, as_of=AS_OF, since=day) for day in (None, since))
    sums = [part.groupby("period")[["active", "orders", "revenue", "profit"]].sum() for part in (whole, window)]
    assert sums[1].equals(sums[0].loc[sums[1].index])
    cut, full = (base_by_period(tx, as_of=AS_OF, since=day).set_index("period") for day in (since, None))
    pd.testing.assert_frame_equal(cut, full.loc[cut.index])
    assert list(sums[1].index) == list(cut.index)


@settings(max_examples=4, deadline=None)
@given(lines, st.randoms(use_true_random=False))
def test_order_of_rows_ids_and_currency_change_nothing(made, chance):
    shuffled = made.copy()
    chance.shuffle(shuffled)
    tx, turned = with_cents(made), with_cents(shuffled)
    turned["customer"] = turned["customer"].map(lambda name: f"customer {name}!")
    for function in (cohort_chart, base_by_period):
        before = function(tx, as_of=AS_OF)
        pd.testing.assert_frame_equal(function(turned, as_of=AS_OF), before)
        dearer = function(tx.assign(amount=tx["amount"] * 8, cost=tx["cost"] * 8), as_of=AS_OF)
        same = [name for name in before if "share" in name or "carry" in name or name in ("size", "new", "again")]
        pd.testing.assert_frame_equal(dearer[same], before[same])


def test_the_chart_of_a_small_log_by_hand():
    found = cohort_chart(SMALL, as_of="2023-04-30", unit="month", since="2023-02-01")
    assert found["cohort"].tolist() == [BEFORE] * 3 + ["2023-02"] * 3
    assert found["period"].tolist() == ["2023-02", "2023-03", "2023-04"] * 2
    assert found["size"].tolist() == [2, 2, 2, 1, 1, 1] and found["active"].tolist() == [1, 1, 0, 1, 0, 0]
    assert found["revenue"].tolist() == [0, 6, 0, 3, 0, -1]
    assert found["share_of_revenue"].tolist()[:2] == [0, 1] and math.isnan(found["share_of_revenue"][2])
    assert found["revenue_carry"].fillna(-9).tolist() == [0, -9, 0, -9, 0, -9]  # of nothing nothing is carried


def test_refunds_that_answer_no_purchase_stand_in_the_band():
    tx = log([("a", 5, -4.0), ("a", 40, 10.0), ("b", 50, -2.5), ("c", 33, 1.0)])
    found = cohort_chart(tx, as_of="2023-02-28", unit="month")
    assert found["cohort"].tolist() == [BEFORE, BEFORE, "2023-02"] and found["size"].tolist() == [0, 0, 2]
    assert found["revenue"].tolist() == [-4, -2.5, 11]
    base = base_by_period(tx, as_of="2023-02-28", unit="month")
    assert base["revenue"].tolist() == [-4, 8.5] and base["new_revenue"].tolist() == [0, 11]


def test_the_base_of_a_small_log_by_hand():
    found = base_by_period(SMALL, as_of="2023-04-30", unit="month")
    assert found["customers"].tolist() == [2, 2, 1, 0] and found["new"].tolist() == [2, 1, 0, 0]
    assert found["orders"].tolist() == [3, 2, 1, 0]
    assert found["repeat_order_share"].tolist()[:3] == [1 / 3, 0.5, 1] and math.isnan(found["repeat_order_share"][3])
    assert found["again"].tolist()[:3] == [1, 0, 0] and found["again"].isna().tolist()[3]
    assert found["revenue"].tolist() == [16, 3, 6, -1] and found["new_revenue"].tolist() == [16, 3, 0, 0]
    assert found["new_share"].fillna(-9).tolist() == [1, 1, 0, -9]
    assert found["carry_over"].fillna(-9).tolist() == [-9, 0, 2, -1 / 6]
    assert found["revenue_per_new"].fillna(-9).tolist() == [8, 3, -9, -9]
    cut = base_by_period(SMALL, as_of="2023-04-10", unit="month")
    assert cut.iloc[3].drop(["period", "complete"]).isna().all() and not cut["complete"].iloc[3]


def test_the_plan_by_hand():
    base = pd.DataFrame({
        "period": ["2023 Q1", "2023 Q2", "2023 Q3", "2023 Q4"], "complete": [True, True, True, False],
        "new": [10, 4, 6, None], "revenue": [100.0, 90.0, 110.0, None], "new_revenue": [100.0, 40.0, 50.0, None],
        "carried_revenue": [0.0, 50.0, 60.0, None],
    })  # fmt: skip
    found = new_customers_needed(base, target=115, over=2).iloc[0]
    carry, each = 110 / 190, 9.0
    assert found["last_period"] == "2023 Q3" and found["carry_over"] == pytest.approx(carry, rel=1e-12)
    assert found["new_needed"] == pytest.approx((115 - carry * 110) / each, rel=1e-12)
    # the plan leads back to the target
    assert found["carried"] + found["new_needed"] * found["per_new"] == pytest.approx(115, rel=1e-12)
    assert new_customers_needed(base, target=10, over=2)["new_needed"].tolist() == [0]


def pooled_share(tx):
    """A mistake of others: new share over all periods at once, where every first period counts as new for good."""
    chart = cohort_chart(tx, as_of="2023-04-30", unit="month")
    return chart.loc[chart["cohort"] == chart["period"], "revenue"].sum() / chart["revenue"].sum()


def without_the_band(tx):
    """A mistake of others: customers born before the window are left out of the chart."""
    found = cohort_chart(tx, as_of="2023-04-30", unit="month", since="2023-02-01")
    return found[found["cohort"] != BEFORE]


def test_a_chart_without_the_band_misses_the_total_and_a_pooled_share_no_period_has():
    whole = totals(SMALL, "month")["revenue"]
    full = cohort_chart(SMALL, as_of="2023-04-30", unit="month", since="2023-02-01")
    assert full.groupby("period")["revenue"].sum().tolist() == whole.tolist()[1:]
    assert without_the_band(SMALL).groupby("period")["revenue"].sum().tolist() != whole.tolist()[1:]
    base = base_by_period(SMALL, as_of="2023-04-30", unit="month")
    assert pooled_share(SMALL) not in base["new_share"].tolist()


def test_a_mean_of_cohorts_rates_is_not_the_overall_rate():
    rates = repeat_buying(TWO_COHORTS, as_of="2023-03-31", unit="month")
    base = base_by_period(TWO_COHORTS, as_of="2023-03-31", unit="month").set_index("period")
    february = rates[rates["period"] == "2023-02"]
    assert february["repeat_buying_rate"].tolist() == [1, 0]
    assert base.loc["2023-02", "repeat_buying_rate"] == 0.25  # weighted by 1 and 3 customers, and not 0.5


TWO_COHORTS = log([("a", 3, 1.0), ("a", 33, 1.0), ("a", 63, 1.0), ("b", 33, 1.0), ("c", 33, 1.0), ("d", 34, 1.0)])


def test_cdnow_shrinks_by_construction(cdnow_log):
    base = base_by_period(cdnow_log, as_of="1998-06-30")
    assert base["new"].tolist() == [23570, 0, 0, 0, 0, 0] and base["new_share"].tolist() == [1, 0, 0, 0, 0, 0]
    assert base["customers"].tolist() == [23570, 5376, 4263, 4221, 3817, 3317]
    assert base["orders"].sum() == 67591 and base["revenue"].sum() == pytest.approx(2500315.63, abs=1e-6)
    with pytest.raises(
        DataError, match=r"^Nobody was new in the last 4 complete periods, so a new customer has no value\.$"
    ):
        new_customers_needed(base, target=1e6)


@EVERY_ENGINE
def test_every_engine_gives_the_same_in_its_own_kind(engine):
    tx = busy_log()
    tx["cost"] = tx["amount"].abs() * 0.5
    native = build(engine, tx)
    for function in (cohort_chart, base_by_period):
        for options in ({"since": "2023-08-01"}, {"partial": True}):
            found = function(native, as_of="2024-11-15", **options)
            assert kind(found) == kind(native)
            assert rows(found) == rows(function(tx, as_of="2024-11-15", **options))
    base = base_by_period(tx, as_of="2024-11-15")
    plan = new_customers_needed(build(engine, base), target=1e6, over=6)
    assert kind(plan) == kind(native)
    assert rows(plan) == rows(new_customers_needed(base, target=1e6, over=6))


def test_refusals_say_what_to_do():
    for function in (cohort_chart, base_by_period):
        with pytest.raises(DataError, match=r"^since 2023-06-01 is after as_of; choose an earlier day\.$"):
            function(SMALL, as_of="2023-04-30", unit="month", since="2023-06-01")
        with pytest.raises(DataError, match=r"^unit 'week' is not known; choose 'month', 'quarter' or 'year'\.$"):
            function(SMALL, as_of="2023-04-30", unit="week")
        with pytest.raises(DataError, match=r"^The log holds no purchase, only refunds; so there are no cohorts\.$"):
            function(log([("b", 3, -2.0)]), as_of=AS_OF)
    base = base_by_period(SMALL, as_of="2023-04-30", unit="month")
    with pytest.raises(DataError, match=r"^The table has 4 complete periods; over=4 needs 5 of them\.$"):
        new_customers_needed(base, target=5)
    with pytest.raises(DataError, match=r"^over is 0; give a whole number of at least 1\.$"):
        new_customers_needed(base, target=5, over=0)
    with pytest.raises(DataError, match=r"^by is 'orders'; choose 'revenue' or 'profit'\.$"):
        new_customers_needed(base, target=5, by="orders")
    with pytest.raises(DataError, match=r"^target is 'much'; it must be a number\.$"):
        new_customers_needed(base, target="much")
    nothing = base.assign(new_revenue=0.0)
    with pytest.raises(DataError, match=r"^The revenue of the last 3 complete periods is not above 0, so there is "):
        new_customers_needed(nothing, target=5, over=3)


def test_words_are_those_of_a_log_without_contracts():
    functions = [getattr(all_cohorts, name) for name in all_cohorts.__all__ if name != "BEFORE"]
    text = "".join(one.__doc__ for one in (all_cohorts, *functions)).lower()
    assert not {"retention", "retained", "churn", "lost"} & set(text.replace(",", " ").split())


def test_a_plan_by_season_takes_the_period_a_year_ago_alone():
    base = pd.DataFrame({"period": ["2023 Q4", "2024 Q1", "2024 Q2", "2024 Q3", "2024 Q4"], "complete": True})
    base["new"], base["revenue"], base["new_revenue"] = [9, 5, 8, 8, 8], [80.0, 60.0, 70.0, 90.0, 120.0], [9.0, 20.0, 30.0, 30.0, 30.0]
    base["carried_revenue"] = base["revenue"] - base["new_revenue"]
    found = new_customers_needed(base, target=100, season=True).iloc[0]
    # the first quarter of 2024 carried 40 of 80 and a new customer brought 4: (100 - 0.5 x 120) / 4
    assert (found["carry_over"], found["per_new"], found["new_needed"]) == (0.5, 4.0, 10.0)
    assert new_customers_needed(base, target=100).iloc[0]["carry_over"] == pytest.approx((40 + 40 + 60 + 90) / (80 + 60 + 70 + 90))
