import dataclasses
import itertools
import warnings

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from crmlib import customer_table
from crmlib.customers import until
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.gamma_gamma import GammaGamma, fit_gamma_gamma, spend_correlation

PAPER = GammaGamma(p=6.25, q=3.74, gamma=15.44)  # Fader, Hardie & Lee (2005), RFM and CLV, p. 17: CDNOW, dollars


def table(rows, **more):
    return pd.DataFrame(rows, columns=["x", "mean_repeat_value"], dtype=float).assign(**more)


def total(model, customers):
    """The log-likelihood of all customers."""
    weight = customers["weight"] if "weight" in customers else 1.0
    return float(np.nansum(model.log_likelihood(customers) * weight))


@pytest.fixture(scope="module")
def customers(cdnow_sample_log):
    """CDNOW's 1/10 sample after 39 weeks, as in the paper."""
    return customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30")


@pytest.fixture(scope="module")
def mle(customers):
    return fit_gamma_gamma(customers)


# published numbers


def test_the_fit_has_the_parameters_of_the_paper(customers, mle):
    assert (customers["x"] > 0).sum() == 946
    np.testing.assert_allclose(dataclasses.astuple(mle), [6.25, 3.74, 15.44], rtol=0, atol=0.01)
    # CLVTools' tests
    assert total(mle, customers) == pytest.approx(-4055.9177, abs=5e-5)
    assert mle.gamma == pytest.approx(15.4433, abs=0.002)


def test_the_population_mean_is_nine_cents_above_the_observed_one(customers, mle):
    observed = customers["mean_repeat_value"].mean()
    assert observed == pytest.approx(35.08, abs=0.005)
    assert mle.expected_value_new() - observed == pytest.approx(0.09, abs=0.005)


def test_spend_and_frequency_hardly_correlate(customers):
    # p. 13 of the paper, without and with one customer of 21 repeat purchases at $300
    assert spend_correlation(customers) == pytest.approx(0.11, abs=0.005)
    one = (customers["x"] == 21) & (customers["mean_repeat_value"] > 299)
    assert one.sum() == 1
    assert spend_correlation(customers[~one]) == pytest.approx(0.06, abs=0.005)


# against the definition of the model


@pytest.mark.parametrize(("x", "mean"), [(1, 12.0), (2, 35.0), (9, 80.0)])
def test_likelihood_and_expectation_are_the_integrals_they_stand_for(x, mean):
    from scipy import stats

    def seen(rate):
        """Density of the mean of x purchases, each gamma(p, rate), times that of the rate."""
        prior = stats.gamma.pdf(rate, PAPER.q, scale=1 / PAPER.gamma)
        return stats.gamma.pdf(mean, PAPER.p * x, scale=1 / (rate * x)) * prior

    def over(f):
        return integrate.quad(f, 0, 5, points=[0.1, 0.5], epsabs=0, epsrel=1e-10)[0]

    one = table([(x, mean)])
    assert total(PAPER, one) == pytest.approx(np.log(over(seen)), abs=1e-8)
    expected = over(lambda rate: seen(rate) * PAPER.p / rate) / over(seen)
    assert PAPER.expected_value(one)[0] == pytest.approx(expected, rel=1e-8)


def test_expected_value_lies_between_the_customers_mean_and_the_population_s():
    population = PAPER.expected_value_new()
    got = PAPER.expected_value(table([(0, np.nan), (1, 100.0), (5, 100.0), (500, 100.0), (5, 0.0)]))
    assert got[0] == population == pytest.approx(6.25 * 15.44 / 2.74, rel=1e-12)
    assert population < got[1] < got[2] < got[3] < 100
    assert got[3] == pytest.approx(100, abs=0.1)
    assert 0 < got[4] < population  # free purchases lower the estimate


def test_nothing_is_made_up_where_spend_is_unknown():
    got = PAPER.expected_value(table([(np.nan, np.nan), (2, np.nan), (2, -5.0), (0, np.nan)]))
    np.testing.assert_array_equal(np.isnan(got), [True, True, True, False])


money = st.floats(0.01, 1000)
spenders = st.lists(st.tuples(st.integers(0, 30), money), min_size=1, max_size=25).map(table)
parameters = st.builds(
    lambda *logs: GammaGamma(*np.exp(logs).tolist()), st.floats(-2, 4), st.floats(0.1, 4), st.floats(-3, 6)
)


@given(parameters, spenders, st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_the_currency_is_carried_by_gamma(model, customers, rate):
    other = customers.assign(mean_repeat_value=customers["mean_repeat_value"] * rate)
    same = dataclasses.replace(model, gamma=model.gamma * rate)
    np.testing.assert_allclose(same.expected_value(other), rate * model.expected_value(customers), rtol=1e-9)
    shift = (customers["x"] > 0).sum() * np.log(rate)
    assert total(same, other) == pytest.approx(total(model, customers) - shift, rel=1e-9, abs=1e-8)


@given(parameters, spenders, st.data())
@settings(max_examples=40, deadline=None)
def test_order_of_rows_and_splitting_a_weight_change_nothing(model, customers, data):
    weight = data.draw(st.lists(st.integers(0, 3), min_size=len(customers), max_size=len(customers)))
    merged = customers.assign(weight=weight)
    split = customers.loc[np.repeat(customers.index, weight)].sample(frac=1, random_state=1)
    assert total(model, split) == pytest.approx(total(model, merged), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(spend_correlation(split), spend_correlation(merged), rtol=1e-6, atol=1e-9)


# the fit


def simulate(model, customers, seed):
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.4, customers).astype(float)
    rate = rng.gamma(model.q, 1 / model.gamma, customers)
    return pd.DataFrame({"x": x, "mean_repeat_value": rng.gamma(model.p * x, 1 / (x * rate))})


def test_the_truth_is_recovered_from_simulated_customers():
    truth = GammaGamma(p=6.0, q=4.0, gamma=16.0)
    found = fit_gamma_gamma(simulate(truth, 20_000, seed=1))
    for name, value in dataclasses.asdict(truth).items():
        assert getattr(found, name) == pytest.approx(value, rel=0.1), name
    assert found.expected_value_new() == pytest.approx(truth.expected_value_new(), rel=0.02)


def test_every_sensible_start_leads_to_the_same_parameters(customers, mle):
    for start in itertools.product([0.1, 100.0], [0.1, 100.0], [0.1, 1000.0]):
        found = fit_gamma_gamma(customers, start=start)
        np.testing.assert_allclose(dataclasses.astuple(found), dataclasses.astuple(mle), rtol=1e-8, err_msg=str(start))


def test_the_fit_is_a_top(customers, mle):
    for name, factor in itertools.product(["p", "q", "gamma"], [0.999, 1.001]):
        off = dataclasses.replace(mle, **{name: getattr(mle, name) * factor})
        assert total(off, customers) < total(mle, customers)


@pytest.mark.parametrize("kind", ["polars", "shuffled", "weighted", "cents"])
def test_the_fit_depends_on_the_spend_alone(customers, mle, kind):
    expected = mle
    if kind == "polars":
        other = pl.from_pandas(customers[["x", "mean_repeat_value"]])
    elif kind == "shuffled":
        other = customers.sample(frac=1, random_state=3)
    elif kind == "weighted":
        other = customers.groupby(["x", "mean_repeat_value"], as_index=False).size().rename(columns={"size": "weight"})
        assert len(other) < 946
    else:
        other = customers.assign(mean_repeat_value=customers["mean_repeat_value"] * 100)
        expected = dataclasses.replace(mle, gamma=100 * mle.gamma)
    np.testing.assert_allclose(dataclasses.astuple(fit_gamma_gamma(other)), dataclasses.astuple(expected), rtol=1e-9)


def test_one_time_buyers_are_left_out_silently_and_unusable_repeat_buyers_with_a_notice(customers, mle):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_gamma_gamma(customers)
    unusable = table([(3, 0.0), (2, -10.0), (1, np.nan), (0, np.nan), (np.nan, np.nan)])
    more = pd.concat([customers[["x", "mean_repeat_value"]], unusable])
    with pytest.warns(DataNotice, match=r"leaves out 3 of 949 repeat buyers, for want of a positive mean_repeat_value"):
        found = fit_gamma_gamma(more)
    np.testing.assert_allclose(dataclasses.astuple(found), dataclasses.astuple(mle), rtol=1e-12)
    assert total(found, more) == pytest.approx(total(mle, customers), rel=1e-12)


@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
@pytest.mark.parametrize(
    ("customers", "message"),
    [
        (table([]), "No customer has a repeat purchase of positive value, so there is no spend to learn from."),
        (table([(0, np.nan)] * 9), "No customer has a repeat purchase of positive value"),
        (table([(2, 0.0), (1, -3.0), (1, np.nan)] * 9), "No customer has a repeat purchase of positive value"),
        (table([(1, 5.0), (2, 7.0)]), "3 parameters and needs more customers with repeat spend than 2."),
        (table([(1, 5.0), (2, 7.0)] * 9, weight=0.0), "No customer has a repeat purchase of positive value"),
        (table([(2, 10.0)] * 30), "Gamma-Gamma does not settle on these customers: their mean spend differs no more"),
        (table([(1.5, 10.0)] * 30), "Row 0 (from 0) of the customer table cannot be: x = 1.5, mean_repeat_value = 10;"),
        (table([(-1, 10.0)] * 30), "x counts repeat purchases, so it is a whole number from 0 up"),
        (table([(1, np.inf)] * 30), "and both are below 1e100"),
        (table([(1, 10.0)] * 3, weight=[1.0, 1.0, -1.0]), "Row 2 (from 0) of the customer table has weight -1"),
    ],
)
def test_what_the_data_cannot_carry_is_refused_with_the_reason(customers, message):
    with pytest.raises(FitError) as told:
        fit_gamma_gamma(customers)
    assert message in str(told.value)


def test_with_q_up_to_one_there_is_no_mean_and_it_says_so():
    for q in (0.3, 1.0):
        model = GammaGamma(p=6.0, q=q, gamma=16.0)
        with pytest.raises(FitError, match=rf"has q = {q:g}, and with q <= 1 spend per purchase has no mean"):
            model.expected_value(table([(3, 20.0)]))
        with pytest.raises(FitError, match="has no mean"):
            model.expected_value_new()
        assert np.isfinite(total(model, table([(3, 20.0)])))
    assert fit_gamma_gamma(simulate(GammaGamma(6.0, 0.7, 16.0), 3000, seed=2)).q == pytest.approx(0.7, rel=0.1)


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "1", None])
def test_parameters_are_positive_numbers(value):
    with pytest.raises(DataError, match="GammaGamma needs a positive number for q, not"):
        GammaGamma(p=6, q=value, gamma=15)


def test_lazy_tables_and_missing_columns_are_refused():
    with pytest.raises(DataError, match="collect it first"):
        PAPER.expected_value(pl.DataFrame({"x": [0], "mean_repeat_value": [1.0]}).lazy())
    with pytest.raises(DataError, match="no column 'mean_repeat_value'"):
        PAPER.expected_value(pd.DataFrame({"x": [0]}))


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_expected_value_is_in_the_order_of_the_rows(kind):
    got = PAPER.expected_value(kind({"x": [2, 0, 1], "mean_repeat_value": [10.0, None, 99.0]}))
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, [221.5 / 15.24, 96.5 / 2.74, 715.25 / 8.99], rtol=1e-12)  # by hand


def test_correlation_without_spread_is_not_a_number():
    assert np.isnan(spend_correlation(table([])))
    assert np.isnan(spend_correlation(table([(1, 10.0), (3, 10.0)])))
    assert spend_correlation(table([(1, 10.0), (3, 30.0), (0, 5.0), (4, -1.0)])) == pytest.approx(1)


def test_a_table_of_an_engine_is_fitted_as_the_rows_are(cdnow_sample):
    rows = cdnow_sample[["x", "mean_repeat_value"]]
    lazy = pl.from_pandas(rows).lazy()
    connection = duckdb.connect()
    for table in (lazy, connection.from_arrow(pl.from_pandas(rows).to_arrow())):
        for name, value in vars(fit_gamma_gamma(table)).items():
            assert value == pytest.approx(getattr(fit_gamma_gamma(rows), name), rel=1e-9)


def test_large_amounts_have_the_correlation_of_small_ones():
    small = pd.DataFrame({"x": [1.0, 2.0, 3.0], "mean_repeat_value": [1.0, 2.0, 5.0]})
    large = small.assign(mean_repeat_value=small["mean_repeat_value"] * 1e99)
    assert spend_correlation(large) == pytest.approx(spend_correlation(small), rel=1e-12) != 0
