import warnings

import numpy as np
import pandas as pd
import pytest

from crmlib import BGNBD, GammaGamma, customer_table, fit_bgnbd, fit_gamma_gamma, fit_mbgnbd, fit_pareto_nbd, fit_sbg
from crmlib.clv import clv
from crmlib.customers import until
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.scoring import count_cells
from crmlib.simulate import simulate
from crmlib.uncertainty import bootstrap, uncertainty


@pytest.fixture(scope="module")
def customers(cdnow_sample_log):
    return customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30")


@pytest.fixture(scope="module")
def purchases(customers):
    return fit_bgnbd(customers)


@pytest.fixture(scope="module")
def spend(customers):
    return fit_gamma_gamma(customers)


@pytest.fixture(scope="module")
def sure(customers, purchases, spend):
    return uncertainty(customers, purchases, spend)


@pytest.fixture(scope="module")
def refits(customers, purchases, spend):
    return bootstrap(customers, purchases, spend, rng=np.random.default_rng(1), n=200, progress=False)


def curvature(customers, model, step=0.01):
    """Second differences (of fourth order) of the summed log-likelihood in the logarithms of the parameters."""
    logs = np.log([*vars(model).values()])
    points = {-2: -1 / 12, -1: 8 / 12, 1: -8 / 12, 2: 1 / 12}
    found = np.zeros((len(logs), len(logs)))
    for i, one in enumerate(np.eye(len(logs))):
        for j, other in enumerate(np.eye(len(logs))):
            for up, first in points.items():
                for right, second in points.items():
                    parameters = np.exp(logs + step * (up * one + right * other))
                    value = np.nansum(type(model)(*parameters).log_likelihood(customers))
                    found[i, j] += first * second * value / step**2
    return found


@pytest.mark.parametrize("fit", [fit_bgnbd, fit_mbgnbd, fit_pareto_nbd, fit_gamma_gamma])
def test_the_covariance_is_the_inverse_of_the_observed_information(customers, fit):
    model = fit(customers)
    inverse = np.linalg.inv(-curvature(customers, model))
    np.testing.assert_allclose(uncertainty(customers, model).covariance, inverse, rtol=1e-3, atol=1e-7)


def test_intervals_hold_the_estimate_and_stay_above_zero(sure, purchases, spend):
    found = sure.intervals(level=0.90)
    assert found["model"].tolist() == ["BGNBD"] * 4 + ["GammaGamma"] * 3
    assert found["parameter"].tolist() == ["r", "alpha", "a", "b", "p", "q", "gamma"]
    assert found["estimate"].tolist() == [*vars(purchases).values(), *vars(spend).values()]
    assert ((0 < found["low"]) & (found["low"] < found["estimate"]) & (found["estimate"] < found["high"])).all()
    wider = sure.intervals(level=0.99)
    assert (wider["low"] < found["low"]).all() and (wider["high"] > found["high"]).all()
    # symmetric on the logarithms: 1.645 standard errors each way
    np.testing.assert_allclose(np.log(found["high"] / found["estimate"]), np.log(found["estimate"] / found["low"]))
    np.testing.assert_allclose(
        np.log(found["high"] / found["estimate"]), 1.6448536 * found["standard_error"] / found["estimate"], rtol=1e-6
    )


def test_the_covariance_of_two_models_has_two_blocks(sure, customers, purchases, spend):
    assert (sure.covariance[:4, 4:] == 0).all()
    np.testing.assert_array_equal(sure.covariance[:4, :4], uncertainty(customers, purchases).covariance)
    np.testing.assert_array_equal(sure.covariance[4:, 4:], uncertainty(customers, spend).covariance)


def test_bootstrap_and_curvature_agree(sure, refits):
    assert refits.failed == 0 and len(refits.refitted) == 200
    one, other = sure.intervals(), refits.intervals()
    # the standard deviation of 200 draws is itself off by 5 %
    np.testing.assert_allclose(one["standard_error"], other["standard_error"], rtol=0.25)
    total = lambda purchases, spend: np.nansum(clv(CUSTOMERS, purchases, spend))  # noqa: E731
    one, other = sure.interval_of(total), refits.interval_of(total)
    np.testing.assert_allclose(one["standard_error"], other["standard_error"], rtol=0.25)
    assert one["estimate"].tolist() == other["estimate"].tolist()


CUSTOMERS = pd.DataFrame(
    {"x": [0.0, 2.0, 7.0], "t_x": [0.0, 200.0, 250.0], "T": [272.0] * 3, "mean_repeat_value": [np.nan, 40.0, 12.0]}
)


def test_the_delta_method_by_hand(sure, purchases):
    # the mean rate r / alpha: its logarithm has the variance of log r - log alpha
    found = sure.interval_of(lambda purchases, spend: purchases.r / purchases.alpha, level=0.95)
    c = sure.covariance
    error = np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
    estimate = purchases.r / purchases.alpha
    assert found["standard_error"][0] == pytest.approx(estimate * error, rel=1e-6)
    assert found["low"][0] == pytest.approx(estimate * np.exp(-1.959964 * error), rel=1e-6)
    plain = sure.interval_of(lambda purchases, spend: purchases.r / purchases.alpha, scale="plain")
    assert plain["high"][0] == pytest.approx(estimate * (1 + 1.959964 * error), rel=1e-6)


def test_a_row_a_customer_and_a_chance_stays_a_chance(sure):
    alive = sure.interval_of(lambda purchases, spend: purchases.p_alive(CUSTOMERS), scale="logit")
    assert len(alive) == 3
    assert alive.loc[0, ["estimate", "standard_error", "low", "high"]].tolist() == [1, 0, 1, 1]  # x = 0: always 1
    assert ((alive["low"] >= 0) & (alive["high"] <= 1) & (alive["low"] <= alive["high"])).all()
    assert (alive["standard_error"][1:] > 0).all()


def test_customers_without_a_purchase_have_no_interval(sure):
    nobody = pd.DataFrame({"x": [np.nan, 1.0], "t_x": [np.nan, 5.0], "T": [np.nan, 9.0]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sure.interval_of(lambda purchases, spend: purchases.expected_purchases(nobody, horizon=100))
    assert found.loc[0].isna().all() and found.loc[1].notna().all()


@pytest.mark.parametrize("fit", [fit_mbgnbd, fit_pareto_nbd])
def test_every_model_can_be_drawn_and_fitted_again(customers, fit):
    model = fit(customers)
    found = bootstrap(customers, model, rng=np.random.default_rng(1), n=3, progress=False)
    assert all(type(one) is type(model) for (one,) in found.refitted)


def test_nine_of_ten_intervals_hold_the_truth():
    truth, rng = BGNBD(r=0.6, alpha=6.0, a=0.8, b=2.5), np.random.default_rng(5)
    observed = pd.DataFrame({"T": np.linspace(20, 39, 1000)})
    expected = truth.expected_purchases_new(52)
    inside = []
    for _ in range(150):
        drawn = simulate(truth, observed, rng)
        sure = uncertainty(drawn, fit_bgnbd(drawn))
        found = sure.intervals(level=0.90)
        of_52 = sure.interval_of(lambda model: model.expected_purchases_new(52), level=0.90)
        low, high = [*found["low"], of_52["low"][0]], [*found["high"], of_52["high"][0]]
        inside.append((np.array(low) <= [*vars(truth).values(), expected]) & ([*vars(truth).values(), expected] <= np.array(high)))
    # 150 draws: 90 % is seen as 90 +- 2.4 %
    share = np.mean(inside, axis=0)
    assert (share > 0.82).all() and (share < 0.97).all()


COHORT = pd.DataFrame({"period": range(8), "survivors": [1000.0, 869, 743, 653, 593, 551, 517, 491]})


def test_a_cohort_has_standard_errors_too():
    model = fit_sbg(COHORT)
    sure = uncertainty(COHORT, model)
    refits = bootstrap(COHORT, model, rng=np.random.default_rng(1), n=200, progress=False)
    np.testing.assert_allclose(sure.intervals()["standard_error"], refits.intervals()["standard_error"], rtol=0.25)
    one, other = (each.interval_of(lambda model: model.survival(12)) for each in (sure, refits))
    np.testing.assert_allclose(one["standard_error"], other["standard_error"], rtol=0.25)


def test_a_cell_of_several_customers_counts_as_they_do(customers, purchases):
    cells = count_cells(customers)
    np.testing.assert_allclose(uncertainty(cells, purchases).covariance, uncertainty(customers, purchases).covariance)


def test_the_same_seed_gives_the_same_refits(customers, purchases):
    one, other = (
        bootstrap(customers, purchases, rng=np.random.default_rng(3), n=3, progress=False).refitted for _ in range(2)
    )
    assert one == other


def small_base():
    """60 customers whose own fit settles; those of many bases like it do not."""
    for seed in range(100):
        few = simulate(BGNBD(0.3, 9.0, 0.8, 2.5), pd.DataFrame({"T": [39.0] * 60}), np.random.default_rng(seed))
        try:
            return few, fit_bgnbd(few)
        except FitError:
            continue
    raise AssertionError("no base settled")


def test_refits_that_do_not_settle_are_counted():
    few, model = small_base()
    with pytest.warns(DataNotice, match=r"^\d+ of 30 refits did not settle and are left out\.$"):
        found = bootstrap(few, model, rng=np.random.default_rng(1), n=30, progress=False)
    assert 0 < found.failed < 30 and found.failed + len(found.refitted) == 30


def test_a_bar_shows_the_progress(customers, purchases, capsys):
    bootstrap(customers, purchases, rng=np.random.default_rng(3), n=2)
    assert "refits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda c, p: uncertainty(c), DataError,
         "Name the models whose uncertainty is wanted, e.g. uncertainty(customers, fit_bgnbd(customers))."),
        (lambda c, p: bootstrap(c, rng=None), DataError,
         "Name the models to draw from, e.g. bootstrap(customers, fit_bgnbd(customers), rng=rng)."),
        (lambda c, p: uncertainty(c, BGNBD(0.26, 31.0, 0.8, 2.4)), DataError,
         "This BGNBD is not the fit to these customers; standard errors belong to the best fit."),
        (lambda c, p: uncertainty(c, p).intervals(level=95), DataError,
         "level is 95; it must be a number between 0 and 1, e.g. 0.95."),
        (lambda c, p: uncertainty(c, p).interval_of(lambda p: p.r, scale="square"), DataError,
         "scale is 'square'; choose one of log, logit, plain."),
        (lambda c, p: uncertainty(c, BGNBD(1.0, 30.0, 1.0, 1.0)), DataError,
         "This BGNBD is not the fit to these customers; standard errors belong to the best fit."),
        (lambda c, p: uncertainty(c, "x"), DataError,
         "'x' is no fitted model; pass one of BGNBD, MBGNBD, ParetoNBD, BGBB, BetaBinomial, SBG, GammaGamma."),
        (lambda c, p: uncertainty(c, p).interval_of(lambda p: p.r - 1), DataError,
         "The figure is -0.757405, and scale='log' has no place for it; use scale='plain'."),
        (lambda c, p: uncertainty(c, p).interval_of(lambda p: p.b, scale="logit"), DataError,
         "The figure is 2.42591, and scale='logit' has no place for it; use scale='plain'."),
        (lambda c, p: bootstrap(c, p, rng=np.random.default_rng(1), n=1), DataError,
         "n is 1; it counts the draws, so it is a whole number from 2 up, e.g. 200."),
        (lambda c, p: uncertainty(pd.DataFrame({"x": [np.nan], "t_x": [np.nan], "T": [np.nan]}), p), FitError,
         "The likelihood of this BGNBD is flat at these customers, so its parameters have no standard errors."),
    ],
)  # fmt: skip
def test_what_cannot_be_said_says_why(customers, purchases, call, kind, message):
    with pytest.raises(kind) as error:
        call(customers, purchases)
    assert str(error.value) == message


def test_rounded_parameters_of_the_paper_pass_for_the_fit(customers):
    rounded = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    assert uncertainty(customers, rounded).intervals()["estimate"].tolist() == [6.25, 3.74, 15.44]
