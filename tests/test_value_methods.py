"""The textbook's methods of customer value: published and hand-worked numbers, laws, sentences, every engine."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crmlib import defection_value as defection
from crmlib import event_value as events
from crmlib import migration_value as migration
from crmlib import retention_value as retained
from crmlib import value_matrix as matrix
from crmlib.errors import DataError, DataNotice

RATE, DISCOUNT = st.floats(0, 0.999), st.floats(0.001, 1)


def value(margin=100, **options):
    return retained.retention_value(margin, **{"retention": 0.8, "discount": 0.1, "timing": "now"} | options)


# -- the retention model --------------------------------------------------------------------------------------------


def test_the_conventions_have_the_values_of_the_definitions():
    # m = 100, r = .8, d = .1: 100 * 1.1 / .3, 100 * .8 / .3, 100 / .3
    assert value() == pytest.approx(366.6666666667, abs=1e-9)
    assert value(timing="renewal") == pytest.approx(266.6666666667, abs=1e-9)
    assert value(timing="arrears") == pytest.approx(333.3333333333, abs=1e-9)
    assert value(periods=5) == pytest.approx(292.06, abs=0.005)
    # by hand: 1 + 8/11 + 64/121 + 512/1331 + 4096/14641
    assert value(periods=5) == pytest.approx(100 * (1 + 8 / 11 + 64 / 121 + 512 / 1331 + 4096 / 14641), rel=1e-14)


def test_the_first_margin_and_the_costs_of_winning_the_customer():
    assert value(retention=0) == 100 and value(retention=0, timing="renewal") == 0
    assert value(retention=0, timing="arrears") == pytest.approx(100 / 1.1)
    assert value(acquisition=366.6666666667) == pytest.approx(0, abs=1e-9)
    assert value(periods=0) == 0 and value(periods=1) == 100
    assert value(margin=-3, periods=2, discount=0, retention=1) == -6
    assert value(periods=10, retention=1, discount=0) == 1000
    assert value(periods=3, growth=0.10, retention=1, discount=0) == pytest.approx(100 + 110 + 121)


@given(RATE, DISCOUNT, st.sampled_from(list(retained.TIMINGS)), st.floats(-0.5, 0.001))
def test_without_end_is_the_limit_of_many_periods(r, d, timing, growth):
    assume((1 + growth) * r < 0.99 * (1 + d))
    endless = value(retention=r, discount=d, timing=timing, growth=growth)
    many = value(retention=r, discount=d, timing=timing, growth=growth, periods=5000)
    assert many == pytest.approx(endless, rel=1e-9)


@given(RATE, DISCOUNT, st.integers(0, 60), st.sampled_from(list(retained.TIMINGS)))
def test_the_closed_form_is_the_sum(r, d, periods, timing):
    margins = [100.0] * (periods + 1)
    total = retained.margins_value(margins, retention=r, discount=d)
    now = retained.margins_value(margins[1:] or [0.0], retention=r, discount=d)
    by_hand = {"now": now, "renewal": total - 100, "arrears": now / (1 + d)}
    assert value(retention=r, discount=d, periods=periods, timing=timing) == pytest.approx(by_hand[timing], rel=1e-9, abs=1e-9)


@given(st.floats(0, 0.9), st.floats(0.01, 0.09), DISCOUNT)
def test_value_rises_with_retention_and_the_conventions_keep_their_order(r, more, d):
    assert value(retention=r + more, discount=d) > value(retention=r, discount=d)
    now, renewal, arrears = (value(retention=r, discount=d, timing=timing) for timing in ("now", "renewal", "arrears"))
    assert now == pytest.approx(renewal + 100) == pytest.approx(arrears * (1 + d))
    assert renewal <= arrears <= now


def test_margins_of_any_course_and_a_survival_that_was_seen():
    assert retained.margins_value([100] * 5, retention=0.8, discount=0.1) == pytest.approx(292.06, abs=0.005)
    # 50 + 60 * .6 / 1.1 + 80 * .5 / 1.21 - 40
    assert retained.margins_value([50, 60, 80], survival=[1, 0.6, 0.5], discount=0.1, acquisition=40) == pytest.approx(
        10 + 36 / 1.1 + 40 / 1.21
    )
    assert retained.margins_value([7], retention=0, discount=0.1) == 7


def test_the_table_of_conventions_has_a_row_for_each_rate_and_timing():
    found = retained.conventions(100, retention=[0.5, 0.8], discount=0.1)
    assert found["retention"].tolist() == [0.5] * 3 + [0.8] * 3
    assert found["timing"].tolist() == ["now", "renewal", "arrears"] * 2
    np.testing.assert_allclose(found["value"], [110 / 0.6, 50 / 0.6, 100 / 0.6, 110 / 0.3, 80 / 0.3, 100 / 0.3])
    assert found["formula"].tolist()[0] == "m (1 + d) / (1 + d - r)"
    # the formulas are of sums without end and constant margins
    assert retained.conventions(100, retention=0.5, discount=0.1, periods=5)["formula"].isna().all()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: value(retention=80), "retention is 80; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        (lambda: value(retention=math.nan), "retention is nan; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        (lambda: value(discount=-0.1), "discount is -0.1; it must be 0 or more, e.g. 0.10 for 10 %."),
        (lambda: value("100"), "margin is '100'; it must be a number."),
        (lambda: value(True), "margin is True; it must be a number."),
        (lambda: value(growth=-1), "growth is -1; it must be above -1."),
        (lambda: value(periods=2.5), "periods is 2.5; it is a whole number from 0 up, or None for a sum without end."),
        (lambda: value(timing="end"), "timing 'end' is not known; choose 'now', 'renewal' or 'arrears' (see TIMINGS)."),
        (
            lambda: value(retention=1, discount=0),
            "The sum has no end: (1 + growth) * retention is not below 1 + discount; give a number of periods, or a "
            "larger discount.",
        ),
        (
            lambda: value(growth=9, periods=10**6),
            "A margin that grows 7.27273-fold over 1,000,000 periods has no finite value.",
        ),
        (
            lambda: retained.margins_value([1], discount=0.1),
            "Give either retention, one rate for all periods, or survival, the share still there at each t.",
        ),
        (
            lambda: retained.margins_value([1, 2], survival=[1], discount=0.1),
            "There are 2 margins and 1 values of survival; give as many.",
        ),
        (lambda: retained.margins_value([1, 2], survival=[0.5, 1], discount=0.1), "survival is a share of 0 to 1 that never rises."),
        (lambda: retained.margins_value([], retention=1, discount=0.1), "margins is []; it must be a sequence of one or more numbers."),
        (
            lambda: retained.lifetime_value(1, 2, scope="wide"),
            "scope 'wide' is not known; choose 'broad' (history and future) or 'narrow' (future only).",
        ),
        (lambda: retained.lift(0.97), "retention 0.97 and points 0.05 make 1.02; that is no share of 0 to 1."),
        (
            lambda: retained.lift(0, timing="renewal"),
            "The value before is 0, so that it cannot rise by a share of it; take a retention above 0.",
        ),
    ],
)  # fmt: skip
def test_sentences_of_the_retention_model(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence


# -- history and future ---------------------------------------------------------------------------------------------


def test_broad_and_narrow():
    past, future = np.array([10.0, 20.0]), np.array([5.0, 7.0])
    assert retained.lifetime_value(past, future).tolist() == [15, 27]
    assert retained.lifetime_value(past, future, scope="narrow").tolist() == [5, 7]
    assert retained.lifetime_value(3, 4) == 7


LOG = pd.DataFrame(
    {
        "customer": ["b", "a", "a", "a", "c"],
        "date": pd.to_datetime(["2024-06-30", "2023-06-30", "2024-06-29", "2024-06-30", "2024-07-01"]),
        "amount": [-5.0, 100.0, 10.0, 0.0, 99.0],
    }
)


def test_history_is_compounded_to_the_day_or_plainly_summed():
    # 2023-06-30 to 2024-06-29 are 365 days, and one more to the 30th; what comes after as_of does not count
    with pytest.warns(DataNotice, match="3 lines after as_of 2024-06-29 left out."):
        found = retained.past_values(LOG, as_of="2024-06-29", margin=0.5)
    assert found["customer"].tolist() == ["a"]
    assert found["past_value"].tolist() == [pytest.approx(0.5 * (110 + 10))]
    until = LOG.head(4)
    found = retained.past_values(until, as_of="2024-06-30", compounded=False)
    assert found.to_dict("list") == {"customer": ["a", "b"], "past_value": [110.0, -5.0]}
    found = retained.past_values(until, as_of="2024-06-30", annual_discount=0.0)
    assert found["past_value"].tolist() == [110.0, -5.0]


@EVERY_ENGINE
def test_history_on_every_engine(engine):
    native = build(engine, LOG)
    found = retained.past_values(native, as_of="2024-07-01")
    assert kind(found) == kind(native)
    assert rows(found) == rows(retained.past_values(LOG, as_of="2024-07-01"))


# -- five points of retention ---------------------------------------------------------------------------------------


def test_five_points_by_base_rate_are_those_of_the_definitions():
    # d = .1, first margin now: lift = .05 / (1.1 - r - .05)
    assert [round(100 * retained.lift(base)) for base in (0.60, 0.70, 0.80, 0.90)] == [11, 14, 20, 33]
    for base in (0.60, 0.70, 0.80, 0.90):
        assert retained.lift(base) == pytest.approx(0.05 / (1.05 - base), rel=1e-12)
    # without end it is the same for the margin in arrears; from those who stayed it is (r + .05) / r as much again
    assert retained.lift(0.8, timing="arrears") == pytest.approx(0.2)
    assert retained.lift(0.8, timing="renewal") == pytest.approx(1.2 * 0.85 / 0.8 - 1)


def test_what_gives_25_and_85_per_cent():
    assert retained.retention_for_lift(0.25) == pytest.approx(0.85, abs=1e-12)
    assert retained.lift(0.85) == pytest.approx(0.25)
    # a constant margin never gives 85 %: at most .05 / .1 = 50 %, where nobody leaves any more
    with pytest.raises(DataError) as told:
        retained.retention_for_lift(0.85)
    assert str(told.value) == (
        "No retention gives a lift of 85 %: with these margins and this discount it lies between 4.8 % (from 0 %) and "
        "50 % (from 95 %)."
    )
    # with margins that rise by 9.5 % a year it does
    base = retained.retention_for_lift(0.85, growth=0.095)
    assert 0.85 < base < 0.95 and retained.lift(base, growth=0.095) == pytest.approx(0.85)


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.09), DISCOUNT, st.floats(-0.2, 0.05))
def test_lift_and_the_retention_for_it_are_inverse(base, points, d, growth):
    assume((1 + growth) * (base + points) < 0.99 * (1 + d))
    lift = retained.lift(base, points=points, discount=d, growth=growth)
    assert lift > 0
    assert retained.retention_for_lift(lift, points=points, discount=d, growth=growth) == pytest.approx(base, abs=1e-7)


@given(st.floats(0.5, 0.9), st.integers(2, 20))
def test_a_longer_horizon_and_rising_margins_raise_the_lift(base, periods):
    assert retained.lift(base, periods=periods + 1) > retained.lift(base, periods=periods)
    assert retained.lift(base, periods=periods, growth=0.05) > retained.lift(base, periods=periods)
    assert retained.lift(base, periods=periods) < retained.lift(base)


def test_the_table_of_lifts_has_every_combination_and_gaps_where_there_is_none():
    found = retained.lifts([0.8, 0.97], growth=[0, 0.2], periods=[5, None])
    assert len(found) == 8 and found["periods"].isna().tolist() == [False, True] * 4
    known = found["lift"].notna().tolist()
    # .85 * 1.2 is below 1.1; .97 + .05 is no rate
    assert known == [True] * 4 + [False] * 4
    assert retained.lifts([0.9], growth=[0.2])["lift"].isna().all()
    assert found["lift"][1] == pytest.approx(0.2) and found["lift"][0] == pytest.approx(retained.lift(0.8, periods=5))
    assert list(retained.lifts(0.8)["periods"].isna()) == [True]
    assert retained.lift(0.7, points=0.1 + 0.2) == pytest.approx(retained.lift(0.7, points=0.3))  # 1 in all but rounding


# -- migration ------------------------------------------------------------------------------------------------------

CHAIN = {"margin": 40, "contact": 4, "discount": 0.2}
P = [0.30, 0.20, 0.15, 0.05]


def test_values_of_the_recency_states_and_of_every_stopping_rule():
    # definitions.md, section 7: own parameters
    np.testing.assert_allclose(migration.recency_values(P, **CHAIN), [52.320, 5.554, 1.251, -1.820, 0], atol=5e-4)
    found = migration.stopping_rules(P, **CHAIN)
    assert found["contacts_until"].tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found["value"], [40, 48.000, 51.574, 53.149, 52.320], atol=5e-4)
    assert found["best"].tolist() == [False, False, False, True, False]
    # by hand: with contacts in state 1 only, V = 36 + .3 V / 1.2
    assert found["value"][1] == pytest.approx(36 / 0.75, rel=1e-14)


def test_a_stop_makes_the_states_behind_it_worth_nothing():
    values = migration.recency_values(P, contacts_until=2, **CHAIN)
    assert values[2:].tolist() == [0, 0, 0]
    assert migration.recency_values(P, contacts_until=0, **CHAIN).tolist() == [40, 0, 0, 0, 0]


def test_of_equal_rules_the_one_with_fewest_contacts_is_best():
    found = migration.stopping_rules([0.3, 0.0], margin=40, contact=0, discount=0.2)
    assert found["value"][1] == pytest.approx(found["value"][2]) and found["best"].tolist() == [False, True, False]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 50), st.floats(0, 9), DISCOUNT)
def test_the_matrix_form_is_the_sum_over_periods(p, margin, contact, d):
    d = max(d, 0.05)
    moves, rewards = migration.recency_chain(p, margin=margin, contact=contact)
    np.testing.assert_allclose(moves.sum(axis=1), 1)
    now, total = np.eye(len(rewards)), np.zeros(len(rewards))
    for _ in range(900):
        total += now @ rewards
        now = now @ moves / (1 + d)
    np.testing.assert_allclose(migration.chain_values(moves, rewards, discount=d), total, rtol=1e-9, atol=1e-9)


@given(RATE, DISCOUNT)
def test_with_one_state_it_is_the_retention_model(r, d):
    assert migration.recency_values([r], margin=100, contact=0, discount=d)[0] == pytest.approx(value(retention=r, discount=d))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: migration.chain_values([[1]], [1], discount=0),
            "discount is 0; the value of a state that is never left has no end then, so give one above 0.",
        ),
        (lambda: migration.chain_values([[1, 0]], [1], discount=0.1), "moves must be 1 rows of 1 numbers, as many as there are rewards."),
        (
            lambda: migration.chain_values([[0.5, 0.5], [0.5, 0.6]], [1, 1], discount=0.1),
            "Row 1 (from 0) of moves is [0.5, 0.6]; it must be chances that sum to 1.",
        ),
        (lambda: migration.recency_values([0.3, 1.2], **CHAIN), "probabilities is [0.3, 1.2]; each is a chance of 0 to 1."),
        (lambda: migration.recency_values([0.3], contacts_until=2, **CHAIN), "contacts_until is 2, but there are 1 recency states."),
        (
            lambda: migration.recency_values([0.3], contacts_until=None, margin=None, contact=4, discount=0.1),
            "margin is None; it must be a number.",
        ),
    ],
)  # fmt: skip
def test_sentences_of_the_migration_model(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence


# -- events ---------------------------------------------------------------------------------------------------------

EVENTS = pd.DataFrame(
    {
        "customer": ["a", "a", "b", "b"],
        "event": ["order", "complaint", "order", "referral"],
        "period": [1, 2, 0, 0.5],
        "probability": [0.8, 0.1, 1.0, 0.25],
        "benefit": [110.0, 0.0, 40.0, 80.0],
        "cost": [0.0, 60.5, 10.0, 0.0],
    }
)


def test_events_are_weighed_by_their_chance_and_discounted():
    found = events.event_values(EVENTS, discount=0.1)
    # by hand: 88 / 1.1, -6.05 / 1.21, 30, 20 / 1.1 ** .5
    np.testing.assert_allclose(found["expected"], [88, -6.05, 30, 20])
    np.testing.assert_allclose(found["present_value"], [80, -5, 30, 20 / math.sqrt(1.1)])
    assert events.event_value(EVENTS, discount=0.1) == pytest.approx(105 + 20 / math.sqrt(1.1))
    assert events.event_value(EVENTS, discount=0) == pytest.approx(88 - 6.05 + 50)
    each = events.customer_values(EVENTS, discount=0.1)
    assert each["customer"].tolist() == ["a", "b"] and each["events"].tolist() == [2, 2]
    assert each["value"].tolist() == pytest.approx([75, 30 + 20 / math.sqrt(1.1)])


@EVERY_ENGINE
def test_events_on_every_engine(engine):
    native = build(engine, EVENTS)
    for function in (events.event_values, events.customer_values):
        found = function(native, discount=0.1)
        assert kind(found) == kind(native)
        assert rows(found) == rows(function(EVENTS, discount=0.1))
    assert events.event_value(native, discount=0.1) == pytest.approx(events.event_value(EVENTS, discount=0.1))


@pytest.mark.parametrize(
    ("column", "wrong", "sentence"),
    [
        ("probability", 1.1, "'probability' is not a chance of 0 to 1 for 1 of 4 events."),
        ("probability", math.nan, "'probability' is not a chance of 0 to 1 for 1 of 4 events."),
        ("period", -1, "'period' is not a number from 0, now, up for 1 of 4 events."),
        ("benefit", math.inf, "'benefit' is not an amount for 1 of 4 events."),
        ("cost", None, "'cost' is not an amount for 1 of 4 events."),
    ],
)
@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow", "duckdb"])
def test_sentences_on_events(engine, column, wrong, sentence):
    native = build(engine, EVENTS.assign(**{column: [wrong, *EVENTS[column][1:]]}))
    with pytest.raises(DataError) as told:
        events.event_value(native, discount=0.1)
    assert str(told.value) == sentence


def test_events_in_words_are_no_numbers():
    with pytest.raises(DataError, match="Column 'cost' of the events holds String, not numbers."):
        events.event_values(EVENTS.assign(cost="ten"), discount=0.1)
    assert events.event_value(EVENTS.head(0), discount=0.1) == 0


# -- defection, decline, referrals ----------------------------------------------------------------------------------


def test_what_defection_costs_and_what_winning_back_may_cost():
    assert defection.lost_value(120, value=266.67) == pytest.approx(32000.4)
    assert defection.lost_value(10, value=50, sunk=20) == 700
    assert defection.win_back_ceiling(266.67, success=0.25) == pytest.approx(66.6675)
    assert defection.win_back_ceiling(200, success=0.25, without=0.15) == pytest.approx(20)
    assert defection.win_back_ceiling(-200, success=0.25) == 0
    assert defection.win_back_ceiling(200, success=0.1, without=0.2) == 0


def test_referrals():
    # four friends, of whom a tenth come because of it, each worth 250 less a reward of 20
    assert defection.referral_value(4, conversion=0.1, value=250, reward=20) == pytest.approx(92)
    found = defection.referral_value([0, 2.5], conversion=0.2, value=100)
    np.testing.assert_allclose(found, [0, 50])


DECLINING = pd.DataFrame(
    {
        "customer": list("abcd"),
        "value": [400.0, 100.0, -50.0, 100.0],
        "success": [0.3, 0.3, 0.9, 0.5],
        "cost": [40.0, 40.0, 1.0, 50.0],
    }
)


def test_response_to_decline_is_the_expected_value_rule():
    found = defection.decline_responses(DECLINING)
    np.testing.assert_allclose(found["ceiling"], [120, 30, 0, 50])
    np.testing.assert_allclose(found["expected_gain"], [80, -10, -46, 0])
    assert found["response"].tolist() == ["invest", "let go", "let go", "let go"]
    found = defection.decline_responses(DECLINING, without=0.2, cost=20)
    np.testing.assert_allclose(found["expected_gain"], [20, -10, -55, 10])
    assert found["response"].tolist() == ["invest", "let go", "let go", "invest"]


@EVERY_ENGINE
def test_responses_on_every_engine(engine):
    native = build(engine, DECLINING)
    found = defection.decline_responses(native)
    assert kind(found) == kind(native)
    assert rows(found) == rows(defection.decline_responses(DECLINING))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: defection.decline_responses(DECLINING, success=1.5), "success is 1.5; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        (lambda: defection.decline_responses(DECLINING, success="value"), "'value' is not a chance of 0 to 1 for 4 of 4 customers."),
        (
            lambda: defection.decline_responses(DECLINING.assign(value=[1, 2, 3, None])),
            "'value' is not an amount for 1 of 4 customers.",
        ),
        (lambda: defection.lost_value(-1, value=3), "customers is -1; it is a number of customers from 0 up."),
        (
            lambda: defection.referral_value([1, -2], conversion=0.1, value=3),
            "referrals is [1, -2]; it is a number from 0 up, or one for each customer.",
        ),
        (
            lambda: defection.decline_responses(DECLINING.drop(columns="cost")),
            "The customer table has no column 'cost'; it has ['customer', 'value', 'success'].",
        ),
    ],
)  # fmt: skip
def test_sentences_on_decline(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence


# -- the matrix -----------------------------------------------------------------------------------------------------

VALUED = pd.DataFrame(
    {
        "customer": list("abcdefgh"),
        "past_value": [90.0, 80.0, 10.0, 5.0, 5.0, -9.0, -9.0, 40.0],
        "clv": [70.0, 5.0, 60.0, 5.0, -20.0, 9.0, 8.0, 30.0],
    }
)


def types(frame=VALUED, **options):
    return matrix.value_types(frame, **options)["value_type"].tolist()


def test_below_zero_is_asked_first_and_the_cut_itself_is_high():
    # six are not below zero: the past of them -9, 5, 10, 40, 80, 90 has the median 25, the future 5, 5, 9, 30, 60, 70 has 19.5
    assert types() == ["MVC", "maintain", "MGC", "abandon", "below zero", "abandon", "below zero", "MVC"]
    assert matrix.cuts(VALUED)["cut"].tolist() == [25, 19.5]
    assert types(current_cut=40, future_cut=30)[7] == "MVC"
    assert types(current_cut=40.01, future_cut=30)[7] == "MGC"
    assert types(current_cut=40, future_cut=30.01)[7] == "maintain"
    assert types(current_cut=0, future_cut=0) == ["MVC", "MVC", "MVC", "MVC", "below zero", "MGC", "below zero", "MVC"]


def test_summary_conserves_customers_and_money():
    found = matrix.summary(matrix.value_types(VALUED))
    assert found["value_type"].tolist() == ["MVC", "MGC", "maintain", "abandon", "below zero"]
    assert found["customers"].tolist() == [2, 1, 1, 2, 2]
    assert found["past_value"].tolist() == [130, 10, 80, -4, -4] and found["clv"].tolist() == [100, 60, 5, 14, -12]
    assert found["share_of_customers"].sum() == pytest.approx(1) == found["share_of_clv"].sum()


@EVERY_ENGINE
@pytest.mark.parametrize("options", [{}, {"current_cut": 40, "future_cut": 30}])
def test_the_matrix_on_every_engine(engine, options):
    native, typed = build(engine, VALUED), matrix.value_types(VALUED, **options)
    found = matrix.value_types(native, **options)
    assert kind(found) == kind(native) and rows(found) == rows(typed)
    held = matrix.summary(found)
    assert kind(held) == kind(native) and rows(held) == rows(matrix.summary(typed))
    at = matrix.cuts(native, **options)
    assert kind(at) == kind(native) and rows(at) == rows(matrix.cuts(VALUED, **options))


_money = st.integers(-50, 100).map(float)


@given(st.lists(st.tuples(_money, _money), min_size=1, max_size=30), st.integers(1, 9), st.randoms())
@settings(max_examples=30)
def test_order_and_currency_change_no_type(pairs, factor, random):
    frame = pd.DataFrame(pairs, columns=["past_value", "clv"])
    assume((frame["past_value"] + frame["clv"] >= 0).any())
    found = types(frame)
    assert types(frame * factor) == found
    order = list(range(len(pairs)))
    random.shuffle(order)
    assert types(frame.iloc[order]) == [found[place] for place in order]
    assert set(found) <= set(matrix.TYPES) and set(matrix.CHINESE) == set(matrix.TYPES)


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        (VALUED.assign(clv=-999.0), {}, "All customers are below zero, so there is no median; give current_cut and future_cut."),
        (VALUED.head(0), {}, "The customer table is empty."),
        (VALUED, {"future_cut": "10"}, "future_cut is '10'; it must be a number."),
        (
            VALUED.assign(clv=[None, *VALUED["clv"][1:]]),
            {"current_cut": 1, "future_cut": 1},
            "'clv' is missing or infinite for 1 of 8 customers; fill it or leave them out first.",
        ),
    ],
)  # fmt: skip
def test_sentences_of_the_matrix(frame, options, sentence):
    for native in (frame, pa.Table.from_pandas(frame)):
        with pytest.raises(DataError) as told:
            matrix.value_types(native, **options)
        assert str(told.value) == sentence
