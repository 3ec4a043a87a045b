"""Expected purchases of many customers go by polynomials, those of one by the sum itself; both must be the same.

And what the fit climbs has the derivatives that it says.
"""

import mpmath
import numpy as np
import pandas as pd
import pytest

from crmlib import BGNBD, MBGNBD
from crmlib.dropout import likelihood
from crmlib.fitting import histories, tally

MODELS = [
    BGNBD(0.243, 30.9, 0.793, 2.43),
    BGNBD(0.01, 0.5, 0.1, 0.2),
    BGNBD(5, 2000, 3, 3),
    BGNBD(0.5, 0.01, 1, 1),
    BGNBD(50, 5, 0.01, 100),
    BGNBD(20, 1e4, 20, 0.02),
    BGNBD(3, 0.1, 50, 0.1),
    BGNBD(0.2, 1e-6, 1e-3, 1e-3),
    BGNBD(100, 1e3, 1e-4, 1e3),
    MBGNBD(0.5, 43, 0.9, 1.6),
]


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_many_customers_get_what_each_alone_gets(model):
    rng = np.random.default_rng(0)
    x, T = (values.ravel() for values in np.meshgrid([0, 1, 2, 3, 10, 100, 1000.0], rng.integers(1, 1500, 300)))
    many = pd.DataFrame({"x": x, "t_x": np.where(x > 0, T * 0.9, 0), "T": T.astype(float)})
    horizons = [1e-3, 1, 30, 365, 36500]
    together = model.expected_purchases(many, horizon=horizons)
    for row in rng.choice(len(many), 40, replace=False):
        alone = model.expected_purchases(many.iloc[[row]], horizon=horizons)[0]
        np.testing.assert_allclose(together[row], alone, rtol=1e-10)


def test_no_time_ahead_brings_nothing():
    many = pd.DataFrame({"x": 1.0, "t_x": 1.0, "T": np.arange(1.0, 400.0)})
    assert (MODELS[0].expected_purchases(many, horizon=0) == 0).all()


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_weighted_sum_of_horizons_is_that(model):
    customers = pd.DataFrame({"x": [0.0, 3.0, np.nan], "t_x": [0.0, 30.0, np.nan], "T": [50.0, 31.0, np.nan]})
    horizons, weights = [1.0, 30.0, 365.0], np.array([0.5, -0.2, 1.0])
    expected = model.expected_purchases(customers, horizon=horizons) @ weights
    got = model.weighted_purchases(customers, horizons=horizons, weights=weights)
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    assert np.isnan(got[2])


HISTORIES = pd.DataFrame({
    "x": [0.0, 1, 2, 2, 40, 1000], "t_x": [0.0, 9, 30.43, 5, 38, 3], "T": [38.86, 9, 38.86, 200, 39, 39],
    "weight": [50.0, 3, 4, 1, 2, 1],
})  # fmt: skip


def exact(first, *parameters):
    """The log-likelihood of HISTORIES as Fader, Hardie & Lee and Batislam et al. print it, in 50 digits."""
    r, alpha, a, b = parameters
    total = mpmath.mpf(0)
    for x, t_x, T, weight in HISTORIES.itertuples(index=False):
        k = x + first
        bought = mpmath.loggamma(r + x) - mpmath.loggamma(r) + r * mpmath.log(alpha)
        alive = mpmath.beta(a, b + k) / (alpha + T) ** (r + x)
        stopped = mpmath.beta(a + 1, b + k - 1) / (alpha + t_x) ** (r + x) if k else 0
        total += weight * (bought + mpmath.log(alive + stopped) - mpmath.log(mpmath.beta(a, b)))
    return total


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("parameters", [(0.243, 4.414, 0.793, 2.426), (3.0, 0.2, 0.1, 0.1), (40.0, 500.0, 9.0, 0.02)])
def test_value_gradient_and_second_derivatives_are_those_of_the_printed_likelihood(first, parameters):
    value, gradient, second = likelihood(first)(tally(histories(HISTORIES)))(np.array(parameters))
    orders = np.eye(4, dtype=int)
    with mpmath.workdps(50):

        def derivative(*order):
            return float(mpmath.diff(lambda *point: exact(first, *point), parameters, tuple(order)))

        assert value == pytest.approx(float(exact(first, *map(mpmath.mpf, parameters))), rel=1e-12)
        np.testing.assert_allclose(gradient, [derivative(*one) for one in orders], rtol=1e-9)
        expected = [[derivative(*(one + other)) for other in orders] for one in orders]
    np.testing.assert_allclose(second, expected, rtol=1e-9, atol=1e-12)
