"""BG/BB and the beta-binomial: published numbers, the definition of the model, 60 digits, sentences, every engine."""

import dataclasses
import itertools
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import crmlib
from crmlib import checkout, datasets
from crmlib.bgbb import BGBB, BetaBinomial, fit_beta_binomial, fit_bgbb
from crmlib.errors import DataError, FitError

PAPER = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)  # Fader, Hardie & Shang (2010), Table 4


def table(rows, **more):
    return pd.DataFrame(rows, columns=["x", "t_x", "n"], dtype=float).assign(**more)


@pytest.fixture(scope="module")
def donors():
    return datasets.load("donors", "histories")


@pytest.fixture(scope="module")
def mle(donors):
    return fit_bgbb(donors)


# published numbers


def test_the_fit_has_the_parameters_of_the_paper(donors, mle):
    np.testing.assert_allclose(dataclasses.astuple(mle), [1.204, 0.750, 0.657, 2.783], rtol=0, atol=0.0005)
    np.testing.assert_allclose(dataclasses.astuple(mle), [1.20352251, 0.7497164, 0.65671814, 2.78344171], rtol=2e-6)
    value = float(np.dot(mle.log_likelihood(donors), donors["weight"]))
    assert value == pytest.approx(-33225.6, abs=0.05) and value == pytest.approx(-33225.58127, abs=5e-6)
    for name, factor in itertools.product(["alpha", "beta", "gamma", "delta"], [0.999, 1.001]):
        off = dataclasses.replace(mle, **{name: getattr(mle, name) * factor})
        assert np.dot(off.log_likelihood(donors), donors["weight"]) < value


def test_the_baseline_has_the_parameters_of_the_paper(donors):
    found = fit_beta_binomial(donors)
    np.testing.assert_allclose(dataclasses.astuple(found), [0.487, 0.826], rtol=0, atol=0.0005)
    assert np.dot(found.log_likelihood(donors), donors["weight"]) == pytest.approx(-35516.1, abs=0.05)


def test_single_likelihoods_of_figure_2():
    rows = table([(6, 6, 6), (1, 6, 6), (4, 5, 6), (1, 5, 6), (0, 0, 6)])
    np.testing.assert_allclose(np.exp(PAPER.log_likelihood(rows)), [0.1129, 0.0076, 0.0061, 0.0085, 0.3111], rtol=0, atol=0.00015)
    # the figure has them from unrounded parameters
    precise = BGBB(1.20352251, 0.7497164, 0.65671814, 2.78344171)
    np.testing.assert_allclose(np.exp(precise.log_likelihood(rows)), [0.1129, 0.0076, 0.0061, 0.0085, 0.3111], rtol=0, atol=5e-5)


# the data set


def test_the_card_of_the_donors_holds(donors):
    text = (checkout.datasets() / "donors" / "README.md").read_text(encoding="utf-8")
    stated = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", text, flags=re.M))
    w = donors["weight"]
    assert stated == {
        "fact": "figure",
        "histories": f"{len(donors)}",
        "donors": f"{w.sum():,}",
        "years observed after the first gift": f"{donors['n'].max()}",
        "donors who never gave again": f"{w[donors['x'] == 0].sum():,}",
        "donors who gave every year": f"{w[donors['x'] == 6].sum():,}",
        "donors who gave in the last year": f"{w[donors['t_x'] == 6].sum():,}",
        "years with a gift, over all donors": f"{(donors['x'] * w).sum():,}",
    }
    assert f"{w.sum():,}" in datasets.describe("donors")["title"]
    possible = [(x, t) for t in range(7) for x in range(7) if (x == t == 0) or 1 <= x <= t]
    assert sorted(zip(donors["x"], donors["t_x"], strict=True)) == sorted(possible)  # each possible history is there


def test_the_donors_are_no_log():
    with pytest.raises(DataError, match="The data set donors has no table 'transactions'; it has 'histories'"):
        datasets.load("donors")


# the definition of the model


@pytest.mark.parametrize("row", [(0, 0, 5), (1, 1, 5), (2, 4, 5), (5, 5, 5), (3, 5, 7)])
def test_likelihood_p_alive_and_expectation_are_the_integrals_they_stand_for(row):
    alpha, beta, gamma, delta = 1.7, 2.6, 1.3, 3.1
    x, t_x, n = row
    horizon, discount = 4, 0.3

    def rule(a, b):  # nodes and shares of a beta
        s, w = special.roots_jacobi(60, b - 1, a - 1)
        return (s + 1) / 2, w / w.sum()

    (p, share_p), (theta, share_t) = rule(alpha, beta), rule(gamma, delta)
    p, share = p[:, np.newaxis], share_p[:, np.newaxis] * share_t
    alive = share * p**x * (1 - p) ** (n - x) * (1 - theta) ** n
    gone = sum(share * p**x * (1 - p) ** (m - x) * theta * (1 - theta) ** m for m in range(t_x, n))
    total = np.sum(alive + gone)
    model, one = BGBB(alpha, beta, gamma, delta), table([row])
    assert model.log_likelihood(one)[0] == pytest.approx(np.log(total), rel=1e-10)
    assert model.p_alive(one)[0] == pytest.approx(np.sum(alive * (1 - theta)) / total, rel=1e-10)
    ahead = sum((1 - theta) ** k for k in range(1, horizon + 1))
    assert model.expected_purchases(one, horizon=horizon)[0] == pytest.approx(np.sum(alive * p * ahead) / total, rel=1e-9)
    later = (1 - theta) / (discount + theta)
    assert model.dert(one, discount=discount)[0] == pytest.approx(np.sum(alive * p * later) / total, rel=1e-9)


@pytest.mark.parametrize("model", [PAPER, BGBB(0.1, 3, 5, 0.2), BetaBinomial(0.5, 0.8)], ids=str)
def test_all_courses_of_six_years_have_a_chance_that_sums_to_one(model):
    courses = list(itertools.product([0, 1], repeat=6))
    x = [sum(course) for course in courses]
    t_x = [max((year for year, used in enumerate(course, 1) if used), default=0) for course in courses]
    chances = np.exp(model.log_likelihood(pd.DataFrame({"x": x, "t_x": t_x, "n": 6})))
    assert chances.sum() == pytest.approx(1, rel=1e-12)
    by_count = np.bincount(x, chances)
    np.testing.assert_allclose(model.pmf(range(7), 6), by_count, rtol=1e-12)


positive = st.floats(-4, 5).map(np.exp).map(float)


@given(st.tuples(positive, positive, positive, positive), st.integers(0, 30))
@settings(max_examples=40)
def test_pmf_sums_to_one_and_has_the_expected_mean(parameters, horizon):
    for model in (BGBB(*parameters), BetaBinomial(*parameters[:2])):
        counts = np.arange(horizon + 3)
        chances = model.pmf(counts, horizon)
        assert chances.sum() == pytest.approx(1, rel=1e-9) and (chances >= 0).all() and chances[horizon + 1 :].sum() == 0
        assert np.dot(chances, counts) == pytest.approx(model.expected_purchases_new(horizon), rel=1e-9, abs=1e-12)


@st.composite
def histories(draw, most=12):
    rows = []
    for _ in range(draw(st.integers(1, 25))):
        n = draw(st.integers(0, most))
        t_x = draw(st.integers(0, n))
        x = draw(st.integers(1, t_x)) if t_x else 0
        rows.append((x, t_x, n))
    return table(rows)


@given(st.tuples(positive, positive, positive, positive), histories(), st.floats(0.01, 1))
@settings(max_examples=40)
def test_what_holds_for_every_history(parameters, frame, discount):
    model = BGBB(*parameters)
    alive, value = model.p_alive(frame), model.log_likelihood(frame)
    assert ((alive >= 0) & (alive <= 1)).all() and (value <= 1e-12).all() and np.isfinite(value).all()
    near, far = (model.expected_purchases(frame, horizon=horizon) for horizon in (3, 5))
    assert (near <= far + 1e-12).all() and (far <= 5).all()
    # without end and with a discount is the limit of horizons
    steps = np.array([model.expected_purchases(frame, horizon=horizon) for horizon in range(0, 40)])
    summed = np.sum(np.diff(steps, axis=0) / (1 + discount) ** np.arange(1, 40)[:, np.newaxis], axis=0)
    dert = model.dert(frame, discount=discount)
    assert (summed <= dert * (1 + 1e-9) + 1e-12).all()
    assert (dert - summed <= (1 + discount) ** -39.0 / discount + 1e-9).all()
    # the order of the rows changes nothing
    np.testing.assert_array_equal(model.p_alive(frame.iloc[::-1]), alive[::-1])


def test_the_limit_without_dropout_is_the_beta_binomial(donors):
    few_stop = BGBB(0.487, 0.826, 1e-9, 100.0)
    plain = BetaBinomial(0.487, 0.826)
    np.testing.assert_allclose(few_stop.log_likelihood(donors), plain.log_likelihood(donors), atol=1e-8)
    np.testing.assert_allclose(few_stop.expected_purchases(donors, horizon=9), plain.expected_purchases(donors, horizon=9), rtol=1e-8)
    np.testing.assert_allclose(few_stop.dert(donors, discount=0.1), plain.dert(donors, discount=0.1), rtol=1e-6)
    assert plain.p_alive(donors).tolist() == [1.0] * 22


# ((alpha, beta, gamma, delta), (x, t_x, n), log-likelihood, P(alive at n + 1), E(37), DERT at 0.00026): the formulas of
# the paper in 60 digits, by mpmath 1.4.1
DIGITS = [
    ((1.204, 0.75, 0.657, 2.783), (1, 5, 6), -4.7676226829218665, 0.8280673360232374, 4.6967338885960067, 38.562648230273953),
    ((0.001, 0.001, 0.001, 0.001), (3, 3, 50), -9.395937575769331, 5.4046245592157351e-5, 0.0001199827692898843, 0.012428333762083695),
    ((1000.0, 2.0, 0.01, 500.0), (40, 41, 1000), -17.230672010083248, 3.3622710507415917e-590, 6.4617779824315456e-589, 6.6469682663414191e-587),
    ((0.3, 9000.0, 1.0, 1.0), (0, 0, 365), -0.00018105217404831542, 0.0026929778824558537, 3.0449050651935339e-6, 6.5000731546432111e-5),
    ((5000.0, 8000.0, 3.0, 0.02), (200, 520, 1000), -372.65837129998637, 1.0204004208541648e-98, 1.3302593266422932e-97, 1.5749754714478307e-96),
    ((2.0, 3.0, 1.0000001, 4.0), (2, 7, 9), -6.3643276545848617, 0.69620878529566408, 3.6733966750313047, 14.190188305244643),
    ((0.05, 20.0, 40.0, 0.5), (1, 1, 400), -10.390319320862986, 2.6214525331406628e-58, 7.1259448834709879e-60, 7.3791731467303351e-60),
]


@pytest.mark.parametrize(("parameters", "row", "value", "alive", "expected", "dert"), DIGITS)
def test_extreme_parameters_have_the_digits_of_mpmath(parameters, row, value, alive, expected, dert):
    model, one = BGBB(*parameters), table([row])
    assert model.log_likelihood(one)[0] == pytest.approx(value, rel=1e-10)
    # a chance below the smallest float is 0
    assert model.p_alive(one)[0] == pytest.approx(alive, rel=1e-9, abs=1e-300)
    assert model.expected_purchases(one, horizon=37)[0] == pytest.approx(expected, rel=1e-9, abs=1e-300)
    assert model.dert(one, discount=0.00026)[0] == pytest.approx(dert, rel=1e-9, abs=1e-300)


# the fit


def simulated(model, customers, n, rng):
    p, theta = rng.beta(model.alpha, model.beta, customers), rng.beta(model.gamma, model.delta, customers)
    lived = rng.geometric(theta) - 1
    used = (rng.random((customers, n)) < p[:, np.newaxis]) & (np.arange(n) < lived[:, np.newaxis])
    last = np.where(used.any(axis=1), n - np.argmax(used[:, ::-1], axis=1), 0)
    return pd.DataFrame({"x": used.sum(axis=1), "t_x": last, "n": n})


@pytest.mark.parametrize("seed", range(3))
def test_planted_parameters_come_back(seed):
    truth = BGBB(1.2, 0.75, 0.66, 2.78)
    found = fit_bgbb(simulated(truth, 40_000, 12, np.random.default_rng(seed)))
    np.testing.assert_allclose(dataclasses.astuple(found), dataclasses.astuple(truth), rtol=0.15)
    assert found.expected_purchases_new(24) == pytest.approx(truth.expected_purchases_new(24), rel=0.02)


def test_weights_rows_and_starts_change_nothing(donors, mle):
    few = donors.assign(weight=donors["weight"] // 100)
    single = few.loc[few.index.repeat(few["weight"])].drop(columns="weight")
    np.testing.assert_allclose(dataclasses.astuple(fit_bgbb(single)), dataclasses.astuple(fit_bgbb(few)), rtol=1e-6)
    again = fit_bgbb(donors, start=(3, 3, 3, 3))
    np.testing.assert_allclose(dataclasses.astuple(again), dataclasses.astuple(mle), rtol=1e-6)
    empty = pd.concat([donors, table([(None, None, None)], weight=5), table([(0, 0, 0)], weight=9)])
    np.testing.assert_allclose(dataclasses.astuple(fit_bgbb(empty)), dataclasses.astuple(mle), rtol=1e-6)


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb", "ibis"])
def test_fits_from_other_engines(engine, donors, mle):
    found = fit_bgbb(build(engine, donors))
    np.testing.assert_allclose(dataclasses.astuple(found), dataclasses.astuple(mle), rtol=1e-6)


@given(histories())
@settings(max_examples=100)
def test_any_customers_give_a_finite_model_or_a_sentence(frame):
    for fit in (fit_bgbb, fit_beta_binomial):
        try:
            found = fit(frame)
        except FitError as error:
            assert str(error).endswith(".")
        else:
            for values in (found.log_likelihood(frame), found.p_alive(frame), found.dert(frame, discount=0.01),
                           found.expected_purchases(frame, horizon=50)):  # fmt: skip
                assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (
            table([(0, 0, 6)] * 9),
            "Nobody used an opportunity, so these customers say nothing about how often and how long they do; take in "
            "more of them.",
        ),
        (
            table([(6, 6, 6)] * 9),
            "Everybody used every opportunity, so these customers say nothing about how they stop; take in more of them.",
        ),
        (table([(1, 1, 6)] * 3), "BG/BB has 4 parameters and needs more customers with an opportunity than 3."),
        (
            table([(1, 1, 1), (0, 0, 1)] * 3),
            "Each customer had one opportunity at most, so nothing tells who stops from who pauses.",
        ),
        (
            table([(1, 1, 6), (3, 2, 6)]),
            "Row 1 (from 0) of the customer table cannot be: x = 3, t_x = 2, n = 6; x opportunities up to number t_x were "
            "used, so x is t_x at most.",
        ),
        (
            table([(1, 7, 6)]),
            "Row 0 (from 0) of the customer table cannot be: x = 1, t_x = 7, n = 6; t_x is the number of the last "
            "opportunity used, so it is n at most.",
        ),
        (
            table([(0, 2, 6)]),
            "Row 0 (from 0) of the customer table cannot be: x = 0, t_x = 2, n = 6; t_x is 0 for those who used none, and "
            "only for them.",
        ),
        (
            table([(1, 1.5, 6)]),
            "Row 0 (from 0) of the customer table cannot be: x = 1, t_x = 1.5, n = 6; x, t_x and n are whole numbers from "
            "0 up.",
        ),
        (
            table([(1, 1, 20_000)]),
            "Row 0 (from 0) of the customer table cannot be: x = 1, t_x = 1, n = 20000; n counts opportunities, and more "
            "than 10,000 are a matter of time, for BG/NBD.",
        ),
    ],
)
def test_what_customers_lack(frame, sentence):
    with pytest.raises(FitError) as told:
        fit_bgbb(frame)
    assert str(told.value) == sentence


def test_customers_who_never_stop_are_left_to_the_baseline():
    rng = np.random.default_rng(5)
    x = (rng.random((4000, 12)) < rng.beta(2, 2, 4000)[:, np.newaxis]).astype(int)
    last = np.where(x.any(axis=1), 12 - np.argmax(x[:, ::-1], axis=1), 0)
    frame = pd.DataFrame({"x": x.sum(axis=1), "t_x": last, "n": 12})
    np.testing.assert_allclose(dataclasses.astuple(fit_beta_binomial(frame)), [2, 2], rtol=0.1)
    try:
        assert fit_bgbb(frame).p_alive(frame).mean() > 0.98
    except FitError as error:
        assert "BG/BB does not settle on these customers" in str(error)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: BGBB(1, 2, -1, 3), "BGBB needs a positive number for gamma, not -1."),
        (
            lambda: PAPER.expected_purchases(table([(1, 1, 6)]), horizon=1.5),
            "horizon is 1.5; it is a whole number from 0 to 1,000,000.",
        ),
        (
            lambda: PAPER.dert(table([]), discount=0),
            "discount is 0, and without discounting the future of these customers has no end; give one above 0.",
        ),
        (
            lambda: BetaBinomial(1, 1).dert(table([(1, 1, 6)]), discount=0),
            "discount is 0, and customers who never stop buy without end; give one above 0.",
        ),
        (lambda: PAPER.pmf(1, 20_000), "horizon is 20000; pmf counts up to 10,000 opportunities."),
        (lambda: PAPER.pmf(-1, 6), "n is -1; it is a whole number from 0 to 1,000,000, or a sequence of such."),
    ],
)
def test_sentences(call, sentence):
    with pytest.raises(DataError) as told:
        call()
    assert str(told.value) == sentence


def test_methods_want_the_rows_in_memory():
    with pytest.raises(DataError, match="only a fit and a model's score"):
        PAPER.p_alive(pl.LazyFrame({"x": [1], "t_x": [1], "n": [6]}))


# score, JSON

CUSTOMERS = table([(1, 5, 6), (None, None, None), (6, 6, 6), (0, 0, 2)], customer=list("abcd"))


@EVERY_ENGINE
@pytest.mark.parametrize("model", [PAPER, BetaBinomial(0.487, 0.826)], ids=["BGBB", "BetaBinomial"])
def test_score_on_every_engine(engine, model):
    native = build(engine, CUSTOMERS)
    found = model.score(native, horizon=5, discount=0.1)
    assert kind(found) == kind(native)
    assert rows(found) == rows(model.score(CUSTOMERS, horizon=5, discount=0.1))


def test_score_has_the_values_of_the_methods():
    found = PAPER.score(CUSTOMERS, horizon=5, discount=0.1)
    np.testing.assert_array_equal(found["p_alive"], PAPER.p_alive(CUSTOMERS))
    np.testing.assert_array_equal(found["expected_purchases"], PAPER.expected_purchases(CUSTOMERS, horizon=5))
    np.testing.assert_array_equal(found["dert"], PAPER.dert(CUSTOMERS, discount=0.1))
    assert np.isnan(found["dert"][1]) and np.isfinite(found["dert"][[0, 2, 3]]).all()


@pytest.mark.parametrize("model", [BGBB(0.1 + 0.2, 1, 2, 3), BetaBinomial(0.7, 1e-5)], ids=str)
def test_models_become_json_and_back(model):
    assert crmlib.from_json(crmlib.to_json(model)) == model
