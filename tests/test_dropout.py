"""Expected purchases of many customers go by polynomials, those of one by the sum itself; both must be the same."""

import numpy as np
import pandas as pd
import pytest

from crmlib import BGNBD, MBGNBD

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
