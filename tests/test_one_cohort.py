"""One cohort by age: the identities of the audit, the mistakes that they catch, and the figures of CDNOW."""

import math

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START, busy_log, lines, log

import crmlib
from crmlib import DataError, DataNotice, one_cohort
from crmlib.cohorts import cohort_table, repeat_curve
from crmlib.one_cohort import by_age, by_member, next_order_curves, patterns, repeat_buying, value_deciles

few = settings(max_examples=12, deadline=None)
pytestmark = pytest.mark.filterwarnings("ignore::crmlib.DataNotice")
AS_OF = "2024-12-31"
UNITS = ["month", "quarter", "year"]
PERIOD = {"month": "M", "quarter": "Q", "year": "Y"}


def with_cents(made, *, cost=True):
    """A log in whole cents, so that money is exact, with costs of which some exceed the amount."""
    tx = log(made)
    tx["amount"] = (tx["amount"] * 100).round()
    if cost:
        tx["cost"] = (tx["amount"].abs() * 7 // 11) + 13
    return tx


def data_sets():
    return [("cdnow", "1998-06-30"), ("cdnow_sample", "1998-06-30"), ("lighthouse", "2025-12-31")]


def in_cents(name):
    tx = crmlib.datasets.load(name)
    money = [column for column in ("amount", "cost") if column in tx]
    return tx.assign(**{column: (tx[column] * 100).round() for column in money})


def assert_factors_multiply_back(found):
    """Identity 2, row by row."""
    known = found[(found["orders"] > 0) & found["share_active"].notna()]
    product = known["size"] * known["share_active"] * known["orders_each"] * known["order_value"]
    assert product.tolist() == pytest.approx(known["revenue"].tolist(), rel=1e-12, abs=1e-9)
    if "profit" in found:
        sold = known[known["revenue"] > 0]
        product = sold["size"] * sold["share_active"] * sold["orders_each"] * sold["order_value"] * sold["margin"]
        assert product.tolist() == pytest.approx(sold["profit"].tolist(), rel=1e-12, abs=1e-9)


def assert_value_to_date_is_the_sum(found):
    """Identity 11: what a member brought to date is the sum of the periods, over all members."""
    for money in ("revenue", "profit"):
        if money in found:
            cents = found[money].groupby(found["cohort"]).cumsum()
            to_date = found[f"{money}_to_date"] * found["size"]
            assert to_date.tolist() == pytest.approx(cents.tolist(), rel=1e-12, abs=1e-6)


def lens(tx, as_of, unit):
    """The identities of the third lens on one log."""
    found = by_age(tx, as_of=as_of, unit=unit)
    assert_factors_multiply_back(found)
    assert_value_to_date_is_the_sum(found)
    assert (found.loc[(found["age"] == 0) & found["complete"], "share_active"] == 1).all()
    rates = repeat_buying(tx, as_of=as_of, unit=unit)
    assert (rates["again"] <= rates["active"]).all()
    cells = found.set_index(["cohort", "age"])["active"]
    for cohort, age, active in zip(rates["cohort"], rates["age"], rates["active"], strict=True):
        assert cells[cohort, age] == active
    for cohort, own in found.groupby("cohort"):
        size = own["size"].iloc[0]
        if own["complete"].iloc[0]:
            table = patterns(tx, cohort=cohort, as_of=as_of, unit=unit)
            assert table["customers"].sum() == size  # identity 9
            whole = own[own["complete"]]
            for age, active in zip(whole["age"], whole["active"], strict=True):
                assert table.loc[table["pattern"].str[age] == "Y", "customers"].sum() == active
        deciles = value_deciles(tx, cohort=cohort, as_of=as_of, unit=unit)
        assert deciles["customers"].sum() == size  # identity 1
        every = by_age(tx, as_of=as_of, unit=unit, cohort=cohort, partial=True)
        for name in ("orders", "revenue", "profit"):
            if name in every:
                assert round(deciles[name].sum()) == round(every[name].sum())
        members = by_member(tx, as_of=as_of, unit=unit, cohort=cohort)
        assert len(members["orders"]) == size and (members["active"].max(axis=1) == 1).all()
        for name, each in members.items():
            assert each.sum(axis=0).tolist() == pytest.approx(every[name].fillna(0).tolist(), rel=1e-12, abs=1e-6)
    return found


@few
@given(lines, st.sampled_from(UNITS), st.booleans())
def test_the_identities_hold_on_made_logs(made, unit, cost):
    lens(with_cents(made, cost=cost), AS_OF, unit)


@pytest.mark.parametrize("name, as_of", data_sets())
def test_the_identities_hold_on_every_data_set(name, as_of):
    found = lens(in_cents(name), as_of, "quarter")
    assert ("profit" in found) == (name == "lighthouse")


@settings(max_examples=4, deadline=None)
@given(lines, st.randoms(use_true_random=False))
def test_order_of_rows_ids_currency_and_split_orders_change_nothing(made, chance):
    """Identity 12."""
    tx = with_cents(made)
    shuffled = made.copy()
    chance.shuffle(shuffled)
    turned = with_cents(shuffled)[["order", "cost", "amount", "date", "customer"]]
    turned["customer"] = turned["customer"].map(lambda name: f"customer {name}!")
    halves = pd.concat([tx.assign(amount=tx["amount"] * part, cost=tx["cost"] * part) for part in (0.25, 0.75)])
    cohort = by_age(tx, as_of=AS_OF)["cohort"].iloc[0]
    functions = [
        lambda one: by_age(one, as_of=AS_OF),
        lambda one: repeat_buying(one, as_of=AS_OF),
        lambda one: next_order_curves(one, as_of=AS_OF, weeks=4, orders=3),
        lambda one: patterns(one, cohort=cohort, as_of=AS_OF),
        lambda one: value_deciles(one, cohort=cohort, as_of=AS_OF),
    ]
    for function in functions:
        before = function(tx)
        for other in (turned, halves):
            pd.testing.assert_frame_equal(function(other), before)
        dearer = function(tx.assign(amount=tx["amount"] * 8, cost=tx["cost"] * 8))
        same = [name for name in before if not name.startswith(("revenue", "profit", "order_value", "value_per"))]
        pd.testing.assert_frame_equal(dearer[same], before[same])


def curves_by_loop(made, weeks, orders, as_of):
    days = {}
    for who, day, amount, _ in made:
        if amount >= 0 and day <= as_of:
            days.setdefault(who, set()).add(day)
    found = []
    for order in range(1, orders + 1):
        own = [sorted(some) for some in days.values()]
        own = [some for some in own if len(some) >= order and some[order - 1] <= as_of - 7 * weeks]
        gaps = [some[order] - some[order - 1] for some in own if len(some) > order]
        found += [(order, week, len(own), sum(gap <= 7 * week for gap in gaps)) for week in range(1, weeks + 1)]
    return found


@few
@given(lines, st.integers(1, 30), st.integers(1, 4), st.integers(300, 800))
def test_the_curves_are_what_the_definitions_say_and_never_fall(made, weeks, orders, as_of):
    found = next_order_curves(log(made), as_of=START + pd.Timedelta(days=as_of), weeks=weeks, orders=orders)
    got = list(zip(found["order"], found["weeks"], found["customers"], found["repeated"], strict=True))
    assert got == curves_by_loop(made, weeks, orders, as_of)
    assert (found.groupby("order")["repeated"].diff().dropna() >= 0).all()
    assert found["share_repeated"].dropna().between(0, 1).all()


# a and b are born in January; a pauses; c is born in February
SMALL = log([
    ("a", 5, 10.0, "o1"), ("a", 7, 2.0, "o2"), ("a", 70, 6.0, "o3"), ("b", 20, 4.0, "o1"), ("b", 33, 5.0, "o2"),
    ("b", 34, -5.0, "o2"), ("c", 40, 3.0, "o1"), ("c", 95, -1.0, "o1"),
])  # fmt: skip


def test_by_age_of_a_small_log_by_hand():
    found = by_age(SMALL.assign(cost=1.0), as_of="2023-04-30", unit="month", cohort="2023-01")
    assert found["period"].tolist() == ["2023-01", "2023-02", "2023-03", "2023-04"]
    assert found["size"].tolist() == [2, 2, 2, 2]
    assert found["active"].tolist() == [2, 1, 1, 0] and found["orders"].tolist() == [3, 1, 1, 0]
    assert found["share_active"].tolist() == [1, 0.5, 0.5, 0]
    assert found["orders_each"].tolist()[:3] == [1.5, 1, 1] and math.isnan(found["orders_each"][3])
    assert found["order_value"].tolist()[:3] == [16 / 3, 0, 6] and math.isnan(found["order_value"][3])
    assert found["revenue"].tolist() == [16, 0, 6, 0] and found["profit"].tolist() == [13, -2, 5, 0]
    assert found["margin"].isna().tolist() == [False, True, False, True]  # of no revenue there is no margin
    assert found["revenue_to_date"].tolist() == [8, 8, 11, 11]
    assert found["profit_to_date"].tolist() == [6.5, 5.5, 8, 8]


def test_a_period_with_refunds_alone_has_no_order_value():
    found = by_age(SMALL, as_of="2023-04-30", unit="month", cohort="2023-02")
    assert found["revenue"].tolist() == [3, 0, -1] and found["order_value"].isna().tolist() == [False, True, True]
    assert found["revenue_to_date"].tolist() == [3, 3, 2]


def test_periods_cut_by_as_of_are_null():
    found = by_age(SMALL, as_of="2023-03-15", unit="month", cohort="2023-01")
    assert found.iloc[2].drop(["cohort", "age", "period", "size", "complete"]).isna().all()
    kept = by_age(SMALL, as_of="2023-03-15", unit="month", cohort="2023-01", partial=True)
    assert kept["revenue_to_date"].tolist() == [8, 8, 11]
    assert repeat_buying(SMALL, as_of="2023-03-15", unit="month", cohort="2023-01")["age"].tolist() == [0]


def test_repeat_buying_and_patterns_by_hand():
    rates = repeat_buying(SMALL, as_of="2023-04-30", unit="month")
    assert rates["cohort"].tolist() == ["2023-01"] * 3 + ["2023-02"] * 2
    assert rates["active"].tolist() == [2, 1, 1, 1, 0] and rates["again"].tolist() == [1, 0, 0, 0, 0]
    found = patterns(SMALL, cohort="2023-01", as_of="2023-04-30", unit="month")
    assert found["pattern"].tolist() == ["YYnn", "YnYn"]
    assert found["returned"].tolist() == [False, True] and found["periods_active"].tolist() == [2, 2]


def test_deciles_keep_equal_customers_together_and_rank_by_profit_where_there_are_costs():
    made = log([(who, 5, amount) for who, amount in zip("abcde", [9.0, 5.0, 5.0, 5.0, 1.0], strict=True)])
    found = value_deciles(made, cohort="2023-01", as_of="2023-01-31", unit="month", groups=5)
    assert found["customers"].tolist() == [1, 3, 0, 0, 1] and found["revenue"].tolist() == [9, 15, 0, 0, 1]
    assert found["share_of_revenue"].tolist() == [0.36, 0.6, 0, 0, 0.04]
    costly = made.assign(cost=[9.0, 4.0, 4.0, 4.0, 0.0])
    found = value_deciles(costly, cohort="2023-01", as_of="2023-01-31", unit="month", groups=5)
    assert found["profit"].tolist() == [4, 0, 0, 0, 0] and found["customers"].tolist() == [4, 0, 0, 0, 1]
    by_revenue = value_deciles(costly, cohort="2023-01", as_of="2023-01-31", unit="month", groups=5, by="revenue")
    assert by_revenue["customers"].tolist() == [1, 3, 0, 0, 1] and by_revenue["profit"].tolist() == [0, 3, 0, 0, 1]


def test_costs_with_gaps_make_no_profit():
    with pytest.warns(
        DataNotice,
        match=r"^Column 'cost' of the transactions has gaps in 1 of 8 lines, so profit is left out\.$",
    ):
        found = by_age(SMALL.assign(cost=[1.0] * 7 + [None]), as_of="2023-04-30", unit="month")
    assert "profit" not in found and "margin" not in found


# ---- mistakes of others, each caught by an identity


def kth_active_period(tx, as_of, unit):
    """Age as the k-th period with a purchase, so that silence vanishes."""
    found = by_age(tx, as_of=as_of, unit=unit, partial=True)
    found = found[found["active"] > 0].copy()
    found["age"] = found.groupby("cohort").cumcount()
    return found


def mean_of_ratios(tx, as_of, unit):
    """The mean of the customers' own order values as the order value."""
    found = by_age(tx, as_of=as_of, unit=unit)
    period = tx["date"].dt.to_period(PERIOD[unit])
    each = tx[tx["amount"] >= 0].groupby(["customer", period])["amount"].agg(["sum", "count"])
    means = (each["sum"] / each["count"]).groupby(level=1).mean()
    return found.assign(order_value=found["period"].map({str(one): mean for one, mean in means.items()}))


def over_survivors(tx, as_of, unit):
    """Value to date over those who are still active: it jumps, and it falls when some come back."""
    found = by_age(tx, as_of=as_of, unit=unit)
    return found.assign(revenue_to_date=found["revenue_to_date"] * found["size"] / found["active"])


TWO = log([("a", 5, 10.0), ("a", 6, 20.0), ("b", 9, 2.0), ("a", 40, 3.0), ("a", 100, 1.0), ("b", 101, 1.0)])


def test_age_as_the_kth_active_period_is_caught():
    """Identity 13: a cohort that is silent keeps its ages."""
    right, wrong = by_age(TWO, as_of="2023-04-30", unit="month"), kth_active_period(TWO, "2023-04-30", "month")
    assert right["age"].tolist() == [0, 1, 2, 3] and right["active"].tolist() == [2, 1, 0, 2]
    assert wrong["age"].tolist() != right["age"].tolist()
    month = lambda one: one["period"].str[5:].astype(int) - one["cohort"].str[5:].astype(int)  # noqa: E731
    assert (month(right) == right["age"]).all() and not (month(wrong) == wrong["age"]).all()


def test_a_mean_of_ratios_as_order_value_is_caught():
    wrong = mean_of_ratios(TWO, "2023-04-30", "month")
    assert wrong["order_value"][0] == 8.5  # (15 + 2) / 2, where 32 / 3 is spent an order
    with pytest.raises(AssertionError):
        assert_factors_multiply_back(wrong)


def test_a_cumulative_curve_that_falls_is_caught():
    wrong = over_survivors(TWO, "2023-04-30", "month")
    assert wrong["revenue_to_date"].dropna().diff().min() < 0
    with pytest.raises(AssertionError):
        assert_value_to_date_is_the_sum(wrong)
    assert by_age(TWO, as_of="2023-04-30", unit="month")["revenue_to_date"].diff().min() >= 0


def test_a_curve_of_unequal_exposure_is_caught():
    """Identity 8: over whoever was watched for w weeks, the share of those who bought again can fall."""
    days = [("a", 0), ("a", 3), ("b", 0), ("c", 20), ("c", 22), ("d", 20), ("d", 22)]
    made = log([(who, day, 1.0) for who, day in days])
    as_of = START + pd.Timedelta(days=27)
    watched = [repeat_curve(made, as_of=as_of, weeks=weeks).iloc[-1]["share_repeated"] for weeks in (1, 2)]
    assert watched == [0.75, 0.5]
    assert next_order_curves(made, as_of=as_of, weeks=2, orders=1)["share_repeated"].tolist() == [0.5, 0.5]


# ---- CDNOW


def test_cdnow_by_quarter(cdnow_log):
    """The figures of audit.md: active 100/22.8/18.1/17.9/16.2/14.1 %, 1.71 to 1.76 orders after the first quarter."""
    found = by_age(cdnow_log, as_of="1998-06-30")
    assert found["share_active"].tolist() == pytest.approx([1, 0.2281, 0.1809, 0.1791, 0.1619, 0.1407], abs=5e-5)
    each = found["orders_each"].tolist()
    assert min(each[1:]) == pytest.approx(1.7105, abs=5e-3) and max(each[1:]) == pytest.approx(1.76, abs=5e-3)
    assert found["revenue_to_date"].iloc[-1] == pytest.approx(2500315.63 / 23570, rel=1e-12)


def test_cdnow_buys_again(cdnow_log):
    found = next_order_curves(cdnow_log, as_of="1998-06-30", orders=3, cohort="1997 Q1")
    share = found.set_index(["order", "weeks"])["share_repeated"]
    assert (share[1, 13], share[1, 52]) == (pytest.approx(0.293, abs=5e-4), pytest.approx(0.458, abs=5e-4))
    curve = repeat_curve(cdnow_log, as_of="1998-06-30")
    pd.testing.assert_frame_equal(found[found["order"] == 1].drop(columns="order").reset_index(drop=True), curve)
    assert share[1, 52] < share[2, 52] < share[3, 52]


# ---- engines and refusals


@EVERY_ENGINE
def test_every_engine_gives_the_same_in_its_own_kind(engine):
    tx = busy_log()
    tx["cost"] = tx["amount"].abs() * 0.5
    native = build(engine, tx)
    options = {"as_of": "2024-11-15", "unit": "quarter"}
    calls = [
        (by_age, options), (by_age, options | {"cohort": "2023 Q2", "partial": True}), (repeat_buying, options),
        (next_order_curves, {"as_of": "2024-11-15", "weeks": 6, "orders": 2, "cohort": "2023 Q1"}),
        (patterns, options | {"cohort": "2023 Q1"}), (value_deciles, options | {"cohort": "2023 Q1"}),
    ]  # fmt: skip
    for function, some in calls:
        found = function(native, **some)
        assert kind(found) == kind(native), function.__name__
        assert rows(found) == rows(function(tx, **some)), function.__name__
    here, there = (by_member(one, **options, cohort="2023 Q1") for one in (tx, native))
    assert {name: sorted(each.tolist()) for name, each in here.items()} == {name: sorted(each.tolist()) for name, each in there.items()}
    days = by_age(build(engine, tx.drop(columns=["order", "cost"])), **options)
    assert rows(days) == rows(by_age(tx.drop(columns=["order", "cost"]), **options))


def test_by_age_counts_what_the_cohort_table_counts():
    tx = busy_log()
    found, table = (function(tx, as_of="2024-11-15", unit="quarter") for function in (by_age, cohort_table))
    pd.testing.assert_frame_equal(found[table.columns.tolist()], table)


def test_refusals_say_what_to_do():
    for function in (by_age, repeat_buying, patterns, value_deciles, next_order_curves):
        with pytest.raises(DataError, match=r"^There is no cohort '2022 Q1'; there are \['2023 Q1'\]\.$"):
            function(SMALL, as_of="2023-04-30", cohort="2022 Q1")
        with pytest.raises(DataError, match=r"^unit 'week' is not known; choose 'month', 'quarter' or 'year'\.$"):
            function(SMALL, as_of="2023-04-30", unit="week", cohort="2023 Q1")
        with pytest.raises(DataError, match=r"^The log holds no purchase, only refunds; so there are no cohorts\.$"):
            function(log([("b", 3, -2.0)]), as_of=AS_OF, cohort="2023 Q1")
    with pytest.raises(DataError, match=r"^The first period of the cohort 2023 Q1 is not complete; choose a later "):
        patterns(SMALL, as_of="2023-03-30", cohort="2023 Q1")
    with pytest.raises(DataError, match=r"^The cohort 2023-01 has 96 complete periods, too many for patterns; "):
        patterns(SMALL, as_of="2030-12-31", cohort="2023-01", unit="month")
    with pytest.raises(DataError, match=r"^weeks is 0; give a whole number of at least 1\.$"):
        next_order_curves(SMALL, as_of=AS_OF, weeks=0)
    with pytest.raises(DataError, match=r"^by is 'orders'; choose 'revenue' or 'profit'\.$"):
        value_deciles(SMALL, as_of=AS_OF, cohort="2023 Q1", by="orders")
    with pytest.raises(DataError, match=r"^groups is 0\.5; give a whole number of at least 1\.$"):
        value_deciles(SMALL, as_of=AS_OF, cohort="2023 Q1", groups=0.5)
    with pytest.raises(DataError, match=r"^The log has no 'cost' of every line, so there is no profit; choose "):
        value_deciles(SMALL, as_of=AS_OF, cohort="2023 Q1", by="profit")


def test_words_are_those_of_a_log_without_contracts():
    text = (one_cohort.__doc__ + "".join(getattr(one_cohort, name).__doc__ for name in one_cohort.__all__)).lower()
    assert not {"retention", "retained", "churn", "lost"} & set(text.replace(",", " ").split())
