import dataclasses
import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from crmlib import customer_table
from crmlib.bgnbd import BGNBD, fit_bgnbd
from crmlib.customers import until
from crmlib.errors import DataError, FitError

PAPER = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie & Lee (2005), Table 2: CDNOW, weeks


def table(rows, **more):
    return pd.DataFrame(rows, columns=["x", "t_x", "T"], dtype=float).assign(**more)


def in_unit(customers, days):
    return customers.assign(t_x=customers["t_x"] / days, T=customers["T"] / days)


def total(model, customers):
    """The log-likelihood of all customers."""
    weight = customers["weight"] if "weight" in customers else 1.0
    return float(np.nansum(model.log_likelihood(customers) * weight))


@pytest.fixture(scope="module")
def days(cdnow_sample_log):
    """CDNOW's 1/10 sample after 39 weeks, as in the paper."""
    return customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30")


@pytest.fixture(scope="module")
def weeks(days):
    return in_unit(days, 7)


@pytest.fixture(scope="module")
def mle(weeks):
    return fit_bgnbd(weeks)


# published numbers


def test_the_fit_has_the_parameters_of_the_paper(weeks, mle):
    # Fader, Hardie & Lee (2005), Marketing Science 24(2), Table 2; half a unit of the last digit printed
    assert len(weeks) == 2357
    np.testing.assert_allclose(dataclasses.astuple(mle), [0.243, 4.414, 0.793, 2.426], rtol=0, atol=0.0005)
    assert total(mle, weeks) == pytest.approx(-9582.4, abs=0.05)


def test_the_fit_is_the_top_to_many_digits(weeks, mle):
    # found by an independent fit of the same data; the likelihood is flat there, so it is the sharper test
    assert total(mle, weeks) == pytest.approx(-9582.42921, abs=5e-6)
    np.testing.assert_allclose(dataclasses.astuple(mle), [0.2425945, 4.4136019, 0.7929199, 2.4258881], rtol=1e-5)
    for name, factor in itertools.product(["r", "alpha", "a", "b"], [0.999, 1.001]):
        off = dataclasses.replace(mle, **{name: getattr(mle, name) * factor})
        assert total(off, weeks) < total(mle, weeks)


@pytest.mark.parametrize(
    ("alpha", "t_x", "T", "value"),
    [(4.0, 38.0, 40.0, 100.7957), (1.0, 9.5, 10.0, 378.0546)],
    ids=["weeks", "quad-weeks"],
)
def test_two_hundred_purchases_do_not_underflow(alpha, t_x, T, value):
    # Fader & Hardie (2013), note 027, Overcoming the BG/NBD #NUM! error
    model = BGNBD(r=0.25, alpha=alpha, a=0.8, b=2.5)
    assert total(model, table([(200, t_x, T)])) == pytest.approx(value, abs=5e-5)


def test_a_thousand_purchases_have_a_likelihood_and_stay_finite():
    rows = table([(1000, 1094, 1095), (5000, 0.5, 1095)])
    model = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)
    assert np.isfinite(model.log_likelihood(rows)).all()
    assert model.p_alive(rows)[0] > 0.99 and model.p_alive(rows)[1] == 0
    # the printed formula in 60 digits
    assert model.expected_purchases(rows, horizon=365)[0] == pytest.approx(288.69104167395052, rel=1e-11)


def test_conditional_expectation_of_note_004(mle):
    # Fader, Hardie & Lee (2005), note 004
    one = table([(2, 30.43, 38.86)])
    assert mle.expected_purchases(one, horizon=39)[0] == pytest.approx(1.226, abs=0.001)
    assert mle.expected_purchases(one, horizon=39)[0] == pytest.approx(1.22591, abs=5e-6)
    assert PAPER.expected_purchases(one, horizon=39)[0] == pytest.approx(1.22603, abs=5e-6)


def test_unconditional_expectation_of_note_004(mle):
    published = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    got = mle.expected_purchases_new([0.1429, 1, 3, 31.8571, 32, 78])
    np.testing.assert_allclose(got, published, rtol=0, atol=0.0005)


def test_mean_expectation_by_past_purchases(weeks, mle):
    # BTYD 2.4.3, walkthrough: customers and mean expected purchases in the next 39 weeks, by x = 0..6, 7+
    group = np.minimum(weeks["x"], 7).astype(int)
    count = np.bincount(group)
    assert count.tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    mean = np.bincount(group, mle.expected_purchases(weeks, horizon=39)) / count
    published = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
    np.testing.assert_allclose(mean, published, rtol=0, atol=0.001)


@pytest.mark.parametrize("model", [PAPER, BGNBD(9, 0.1, 30, 0.1), BGNBD(0.01, 300, 0.01, 5)])
def test_who_bought_once_is_alive(model):
    # Fader, Hardie & Lee (2008), note 021: nobody stops before a repeat purchase
    np.testing.assert_array_equal(model.p_alive(table([(0, 0, 0), (0, 0, 1), (0, 0, 1e6)])), 1.0)


# against the definition of the model


@pytest.mark.parametrize("row", [(0, 0, 20), (1, 4, 20), (3, 19, 20), (6, 12, 20)])
@pytest.mark.parametrize("a", [0.3, 1.0, 1.4])
def test_likelihood_p_alive_and_expectation_are_the_integrals_they_stand_for(row, a):
    r, alpha, b, horizon = 1.7, 9.0, 2.6, 30.0
    x, t_x, T = row
    # every rate and every chance to stop, with their shares of customers (Gauss rules for the gamma and the beta)
    u, share_u = special.roots_genlaguerre(80, r - 1)
    s, share_s = special.roots_jacobi(80, b - 1, a - 1)
    rate, stop = u[:, np.newaxis] / (alpha + t_x), (s + 1) / 2
    share = share_u[:, np.newaxis] / share_u.sum() * (alpha / (alpha + t_x)) ** r * share_s / share_s.sum()
    # the factor exp(-rate * t_x) is in the rule
    alive = share * (1 - stop) ** x * rate**x * np.exp(-rate * (T - t_x))
    dead = share * stop * (1 - stop) ** (x - 1) * rate**x if x else 0 * share
    future = -np.expm1(-rate * stop * horizon) / stop

    model, one = BGNBD(r, alpha, a, b), table([row])
    assert total(model, one) == pytest.approx(np.log(np.sum(alive + dead)), abs=1e-9)
    assert model.p_alive(one)[0] == pytest.approx(np.sum(alive) / np.sum(alive + dead), rel=1e-9)
    expected = np.sum(alive * future) / np.sum(alive + dead)
    assert model.expected_purchases(one, horizon=horizon)[0] == pytest.approx(expected, rel=1e-9)


# r, alpha + T, a, b, x, horizon, and c / (a - 1) * (1 - 2F1(r + x, a - 1; c; -horizon / (alpha + T))) with
# c = a + b + x - 1, in 80 digits by mpmath 1.4.1, with the limit at a = 1 and at c = 0
IF_ALIVE = [
    (0.243, 4.414, 0.793, 2.426, 0, 78, 1.8605190579427685),
    (0.243, 30.9, 0.793, 2.426, 0, 0.001, 7.8640387045878168e-6),
    (0.243, 302.9, 0.793, 2.426, 0, 365, 0.25269494638167726),
    (0.243, 302.9, 0.793, 2.426, 3, 365, 3.0486798409188958),
    (0.243, 302.9, 0.793, 2.426, 200, 365, 172.45658385470149),
    (0.243, 395.9, 0.793, 2.426, 1000, 36500, 7531.5320598780396),
    (0.6, 50, 1, 2.5, 0, 365, 2.0993545033685252),  # a = 1: the printed formula is 0 / 0
    (0.6, 50, 1, 2.5, 40, 365, 88.218069100027506),
    (0.6, 50, 1, 2.5, 1000, 3650, 4312.9482530735922),
    (0.6, 50, 0.999999999, 2.5, 3, 365, 9.4679940081220486),  # next to it, from both sides
    (0.6, 50, 1.000000001, 2.5, 3, 365, 9.4679939931207432),
    (0.6, 50, 1.0001, 2.5, 3, 365, 9.4672439841510183),
    (0.6, 50, 0.2, 0.3, 0, 365, 2.3591438263018202),  # a + b + x < 1
    (0.6, 50, 0.05, 0.02, 0, 3650, 10.99735412041719),
    (0.6, 50, 0.2, 0.8, 0, 365, 3.0154264573503456),  # a + b + x = 1, and next to it
    (0.6, 50, 0.4, 0.6000001, 0, 365, 2.0866588842939552),
    (0.6, 50, 4, 2.5, 200, 36500, 68.499999811352935),
    (3, 1, 40, 90, 5, 10000, 3.4358974358974359),
    (50, 3000, 0.01, 0.01, 1, 365, 6.1093639443825283),
]


@pytest.mark.parametrize(("r", "waited", "a", "b", "x", "horizon", "value"), IF_ALIVE)
def test_expected_purchases_are_exact_where_the_printed_formula_is_not(r, waited, a, b, x, horizon, value):
    model = BGNBD(r, waited / 4, a, b)
    T = waited - waited / 4
    one = table([(x, T if x else 0, T)])
    assert model.expected_purchases(one, horizon=horizon)[0] == pytest.approx(value * model.p_alive(one)[0], rel=1e-11)
    if x == 0:
        assert BGNBD(r, waited, a, b).expected_purchases_new(horizon) == pytest.approx(value, rel=1e-11)


parameters = st.builds(
    lambda *logs: BGNBD(*np.exp(logs).tolist()), st.floats(-3, 3), st.floats(-2, 5), st.floats(-4, 3), st.floats(-4, 3)
)


@st.composite
def rows(draw, least=1, most=25):
    """Histories in whole days."""
    drawn = []
    for _ in range(draw(st.integers(least, most))):
        T = draw(st.integers(1, 60))
        x = draw(st.integers(0, min(T, 12)))
        drawn.append((x, draw(st.integers(x, T)) if x else 0, T))
    return table(drawn)


@given(parameters, rows())
@settings(max_examples=30, deadline=None)
def test_p_alive_is_a_chance_and_recent_buyers_have_a_better_one(model, customers):
    p = model.p_alive(customers)
    assert ((p >= 0) & (p <= 1)).all()
    earlier = customers.assign(t_x=customers["t_x"] / 2)
    assert (model.p_alive(earlier) <= p).all()


@given(parameters, rows(), st.floats(0, 500), st.floats(0.01, 500))
@settings(max_examples=30, deadline=None)
def test_expected_purchases_grow_with_the_horizon_and_stay_below_those_of_the_immortal(model, customers, first, more):
    now, sooner, later = model.expected_purchases(customers, horizon=[0, first, first + more]).T
    assert (now == 0).all()
    assert (later >= sooner * (1 - 1e-12)).all() and (sooner >= 0).all()
    rate = (model.r + customers["x"].to_numpy()) / (model.alpha + customers["T"].to_numpy())
    assert (later <= model.p_alive(customers) * rate * (first + more) * (1 + 1e-12)).all()


@given(parameters, st.lists(st.floats(0, 4000), max_size=5))
@settings(max_examples=25, deadline=None)
def test_a_sequence_of_horizons_gives_what_each_gives(model, horizons):
    customers = table([(0, 0, 5), (3, 4, 5)])
    together = model.expected_purchases(customers, horizon=horizons)
    assert together.shape == (2, len(horizons))
    for column, horizon in zip(together.T, horizons, strict=True):
        alone = model.expected_purchases(customers, horizon=horizon)  # the nodes depend on the longest horizon
        np.testing.assert_allclose(column, alone, rtol=1e-12, atol=1e-300)
    alone = [model.expected_purchases_new(horizon) for horizon in horizons]
    np.testing.assert_allclose(model.expected_purchases_new(horizons), alone, rtol=1e-12, atol=1e-300)


@given(parameters, rows(), st.floats(0.01, 100))
@settings(max_examples=30, deadline=None)
def test_the_unit_of_time_is_carried_by_alpha(model, customers, unit):
    other, same = in_unit(customers, unit), dataclasses.replace(model, alpha=model.alpha / unit)
    # densities of x moments of purchase
    shift = customers["x"].sum() * np.log(unit)
    assert total(same, other) == pytest.approx(total(model, customers) + shift, rel=1e-9, abs=1e-8)
    np.testing.assert_allclose(same.p_alive(other), model.p_alive(customers), rtol=1e-9, atol=1e-300)
    got = same.expected_purchases(other, horizon=30 / unit)
    np.testing.assert_allclose(got, model.expected_purchases(customers, horizon=30), rtol=1e-9, atol=1e-300)


@given(rows(), parameters, st.data())
@settings(max_examples=30, deadline=None)
def test_order_of_rows_and_splitting_a_weight_change_nothing(customers, model, data):
    weight = data.draw(st.lists(st.integers(0, 3), min_size=len(customers), max_size=len(customers)))
    merged = customers.assign(weight=weight)
    split = customers.loc[np.repeat(customers.index, weight)].sample(frac=1, random_state=1)
    assert total(model, split) == pytest.approx(total(model, merged), rel=1e-12, abs=1e-12)


# the fit


def simulate(model, customers, T, rng):
    """Histories of customers who follow the model exactly."""
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    stop = rng.beta(model.a, model.b, customers)
    x, t_x, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    living = np.arange(customers)
    while len(living):
        now[living] += rng.exponential(1 / rate[living])
        living = living[now[living] <= T[living]]
        x[living] += 1
        t_x[living] = now[living]
        living = living[rng.random(len(living)) >= stop[living]]
    return pd.DataFrame({"x": x, "t_x": t_x, "T": T})


@pytest.fixture(scope="module")
def simulated():
    rng = np.random.default_rng(20)
    return simulate(BGNBD(0.6, 6.0, 0.8, 2.5), 8000, rng.uniform(26, 52, 8000), rng)


def test_the_truth_is_recovered_from_simulated_customers(simulated):
    found = fit_bgnbd(simulated)
    # four standard deviations over seeds at 8,000 customers: 2, 3, 4 and 7 %
    for name, truth, sd in [("r", 0.6, 0.02), ("alpha", 6.0, 0.03), ("a", 0.8, 0.04), ("b", 2.5, 0.07)]:
        assert getattr(found, name) == pytest.approx(truth, rel=4 * sd), name
    # what decisions rest on is far better known
    truth = BGNBD(0.6, 6.0, 0.8, 2.5)
    assert found.expected_purchases_new(52) == pytest.approx(truth.expected_purchases_new(52), rel=0.05)


def test_every_sensible_start_leads_to_the_same_parameters(weeks, mle):
    for start in itertools.product([0.05, 5.0], [0.5, 100.0], [0.05, 20.0], [0.05, 20.0]):
        np.testing.assert_allclose(
            dataclasses.astuple(fit_bgnbd(weeks, start=start)), dataclasses.astuple(mle), rtol=1e-8, err_msg=str(start)
        )


@pytest.mark.parametrize("kind", ["polars", "shuffled", "weighted"])
def test_the_fit_depends_on_the_histories_alone(weeks, mle, kind):
    if kind == "polars":
        other = pl.from_pandas(weeks[["x", "t_x", "T"]])
    elif kind == "shuffled":
        other = weeks.sample(frac=1, random_state=3)
    else:
        other = weeks.groupby(["x", "t_x", "T"], as_index=False).size().rename(columns={"size": "weight"})
        assert len(other) < len(weeks)
    np.testing.assert_allclose(dataclasses.astuple(fit_bgnbd(other)), dataclasses.astuple(mle), rtol=1e-12)


def test_a_fit_in_days_differs_from_one_in_weeks_by_alpha_alone(days, mle):
    found = fit_bgnbd(days)
    expected = dataclasses.replace(mle, alpha=7 * mle.alpha)
    np.testing.assert_allclose(dataclasses.astuple(found), dataclasses.astuple(expected), rtol=1e-9)


def test_customers_without_a_purchase_and_without_weight_are_left_out(weeks, mle):
    nobody = pd.DataFrame({"x": [np.nan] * 50, "t_x": np.nan, "T": np.nan, "weight": np.nan})
    no_weight = weeks[["x", "t_x", "T"]].head(500).assign(weight=0.0)
    more = pd.concat([nobody, weeks[["x", "t_x", "T"]].assign(weight=1.0), no_weight], ignore_index=True)
    np.testing.assert_allclose(dataclasses.astuple(fit_bgnbd(more)), dataclasses.astuple(mle), rtol=1e-12)
    p = mle.p_alive(more)
    assert np.isnan(p[:50]).all() and not np.isnan(p[50:]).any()
    assert np.isnan(mle.expected_purchases(more, horizon=[1, 2])[:50]).all()


def test_a_thousand_purchases_of_two_customers_are_fitted(weeks, mle):
    heavy = pd.concat([weeks, table([(1000, 38, 38.5), (980, 37, 38.5)])])
    found = fit_bgnbd(heavy)
    assert found.r == pytest.approx(0.17, abs=0.005)  # two of 2,359 move r from 0.243: influence is shown, not hidden
    assert total(found, heavy) > total(mle, heavy)


@pytest.mark.parametrize(
    ("customers", "message"),
    [
        (table([(0, 0, 9)] * 50), "Nobody bought twice, so these customers say nothing about when they come back; take"),
        (table([(0, 0, 9)] * 9 + [(2, 3, 9)], weight=[1] * 9 + [0]), "Nobody bought twice"),
        (table([(1, 5, 9), (0, 0, 9), (2, 5, 9)]), "4 parameters and needs more customers with a purchase than 3; take in more."),
        (table([(1, 5, 9)] * 4, weight=0.5), "needs more customers with a purchase than 2; take in more."),
        (table([]), "needs more customers with a purchase than 0; take in more."),
        (table([(1, 10, 20)] * 50), "Every customer bought again and the fit does not settle; BG/NBD needs those who"),
        (table([(0, 0, 20)] * 99 + [(1, 10, 20)]), "does not settle on these customers: only 1 of 100 bought again; take in more customers or a longer time."),
        (table([(0, 0, 20)] * 99 + [(50, 19, 20)]), "does not settle on these customers: only 1 of 100 bought"),
        (table([(1, 9, 5)] * 9), "Row 0 (from 0) of the customer table cannot be: x = 1, t_x = 9, T = 5"),
        (table([(1, 0, 5)] * 9), "t_x is 0 for those who bought once, and only for them"),
        (table([(-1, 1, 5)] * 9), "x counts repeat purchases"),
        (table([(1, 2, np.nan)] * 9), "x, t_x and T must all be numbers"),
    ],
)
def test_what_the_data_cannot_carry_is_refused_with_the_reason(customers, message):
    with pytest.raises(FitError) as told:
        fit_bgnbd(customers)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (BGNBD(1.0, 10.0, 3e5, 7e5), "customers seem to be all alike in how soon they stop"),
        (BGNBD(1e6, 1e7, 0.8, 2.5), "customers buy at rates that differ no more than chance would make them"),
        (BGNBD(1.0, 10.0, 1.0, 1e9), "hardly anybody seems to have stopped buying"),
    ],
    ids=["stop", "rate", "immortal"],
)
def test_customers_without_differences_are_refused_by_name(model, message):
    """The likelihood of some such samples has no top: a parameter grows without end."""
    for seed in range(6):
        try:
            fit_bgnbd(simulate(model, 1000, np.full(1000, 50.0), np.random.default_rng(seed)))
        except FitError as told:
            assert message in str(told)
            return
    pytest.fail("no sample of such customers was refused")


@given(rows(least=4), st.floats(0.1, 50))
@settings(max_examples=25, deadline=None)
def test_small_tables_are_fitted_at_a_top_or_refused_whatever_the_unit(customers, unit):
    try:
        found = fit_bgnbd(customers)
    except FitError:
        with pytest.raises(FitError):
            fit_bgnbd(in_unit(customers, unit))
        return
    other = fit_bgnbd(in_unit(customers, unit))
    np.testing.assert_allclose(other.alpha * unit, found.alpha, rtol=1e-5)
    best = total(found, customers)
    for name in ("r", "alpha", "a", "b"):
        for factor in (0.97, 1.03):
            off = dataclasses.replace(found, **{name: getattr(found, name) * factor})
            assert total(off, customers) <= best + 1e-9


# what else is refused


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", None])
def test_parameters_are_positive_numbers(value):
    with pytest.raises(DataError, match="BGNBD needs a positive number for alpha, not"):
        BGNBD(r=0.2, alpha=value, a=1, b=1)


def test_a_model_is_a_frozen_value():
    assert PAPER == BGNBD(0.243, 4.414, 0.793, 2.426)
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER.r = 1.0


@pytest.mark.parametrize("horizon", [-1, float("nan"), float("inf"), [1, -1], [[1, 2]], "a year", None])
def test_a_horizon_is_a_length_of_time(horizon):
    with pytest.raises(DataError, match="it must be a length of time from 0 up"):
        PAPER.expected_purchases(table([(0, 0, 1)]), horizon=horizon)
    with pytest.raises(DataError, match="it must be a length of time from 0 up"):
        PAPER.expected_purchases_new(horizon)


@pytest.mark.parametrize("method", ["log_likelihood", "p_alive", "expected_purchases"])
def test_methods_refuse_lazy_tables_and_impossible_rows(method):
    options = {"horizon": 1} if method == "expected_purchases" else {}
    with pytest.raises(DataError, match="collect it first"):
        getattr(PAPER, method)(pl.DataFrame({"x": [0], "t_x": [0], "T": [1]}).lazy(), **options)
    with pytest.raises(DataError, match="0 <= t_x <= T"):
        getattr(PAPER, method)(table([(1, 2, 1)]), **options)


def test_an_empty_table_gives_empty_answers():
    nothing = table([])
    assert PAPER.log_likelihood(nothing).shape == (0,)
    assert PAPER.p_alive(nothing).shape == (0,)
    assert PAPER.expected_purchases(nothing, horizon=1).shape == (0,)
    assert PAPER.expected_purchases(nothing, horizon=[1, 2]).shape == (0, 2)


def test_methods_answer_in_the_order_of_the_rows(weeks, mle):
    order = np.random.default_rng(5).permutation(len(weeks))
    shuffled = weeks.iloc[order]
    for kind in (shuffled, pl.from_pandas(shuffled[["x", "t_x", "T"]])):
        np.testing.assert_array_equal(mle.p_alive(kind), mle.p_alive(weeks)[order])
        got = mle.expected_purchases(kind, horizon=39)
        np.testing.assert_array_equal(got, mle.expected_purchases(weeks, horizon=39)[order])
        assert got.dtype == np.float64
