import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.bgbb import BetaBinomial
from crmlib.bgnbd import BGNBD, fit_bgnbd
from crmlib.clv import clv
from crmlib.errors import DataError, FitError
from crmlib.gamma_gamma import GammaGamma, fit_gamma_gamma

PURCHASES = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)
SPEND = GammaGamma(p=6.25, q=3.74, gamma=15.44)
CUSTOMERS = pd.DataFrame(
    [(0, 0, 0, None), (0, 0, 500, None), (1, 5, 6, 12.0), (3, 30, 31, 50.0), (40, 90, 100, 9.0), (300, 360, 365, 33.0),
     (1000, 1094, 1095, 20.0)],
    columns=["x", "t_x", "T", "mean_repeat_value"],
    dtype=float,
)  # fmt: skip


def day_by_day(customers, purchases, spend, horizon, annual_discount):
    """The definition, term by term."""
    days = np.arange(horizon + 1)
    by_day = np.diff(purchases.expected_purchases(customers, horizon=days), axis=1)
    return np.sum(by_day / (1 + annual_discount) ** (days[1:] / 365), axis=1) * spend.expected_value(customers)


MODELS = [
    PURCHASES,
    BGNBD(0.01, 0.5, 0.1, 0.2),
    BGNBD(5, 2000, 3, 3),
    BGNBD(0.5, 0.01, 1, 1),
    BGNBD(50, 5, 0.01, 100),
]


@pytest.mark.parametrize("purchases", MODELS, ids=str)
@pytest.mark.parametrize("horizon", [0, 1, 2, 30, 365, 3650])
@pytest.mark.parametrize("annual_discount", [0, 0.10, 2.0])
def test_clv_is_the_sum_over_days(purchases, horizon, annual_discount):
    got = clv(CUSTOMERS, purchases, SPEND, horizon=horizon, annual_discount=annual_discount)
    np.testing.assert_allclose(got, day_by_day(CUSTOMERS, purchases, SPEND, horizon, annual_discount), rtol=1e-10)


@given(
    st.tuples(st.floats(-3, 3), st.floats(-3, 8), st.floats(-4, 3), st.floats(-4, 3)),
    st.integers(1, 1500),
    st.floats(0, 1),
)
@settings(max_examples=25, deadline=None)
def test_clv_is_the_sum_over_days_for_any_model(logs, horizon, annual_discount):
    purchases = BGNBD(*np.exp(logs).tolist())
    got = clv(CUSTOMERS, purchases, SPEND, horizon=horizon, annual_discount=annual_discount)
    np.testing.assert_allclose(got, day_by_day(CUSTOMERS, purchases, SPEND, horizon, annual_discount), rtol=1e-9)


def test_without_discount_clv_is_purchases_times_value():
    got = clv(CUSTOMERS, PURCHASES, SPEND, horizon=365, annual_discount=0)
    expected = PURCHASES.expected_purchases(CUSTOMERS, horizon=365) * SPEND.expected_value(CUSTOMERS)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_one_day_is_discounted_by_one_of_365():
    # 365 discounts of a day make one of a year: no 360-day year
    got = clv(CUSTOMERS, PURCHASES, SPEND, horizon=1, annual_discount=0.21)
    now = clv(CUSTOMERS, PURCHASES, SPEND, horizon=1, annual_discount=0)
    np.testing.assert_allclose((now / got) ** 365, 1.21, rtol=1e-9)


def test_clv_adds_up_over_customers_and_over_time():
    whole = clv(CUSTOMERS, PURCHASES, SPEND)
    parts = [clv(CUSTOMERS.iloc[rows], PURCHASES, SPEND) for rows in ([0, 3, 5], [1, 2, 4, 6])]
    np.testing.assert_allclose(sum(part.sum() for part in parts), whole.sum(), rtol=1e-12)
    # the second year is worth what one year is worth after one year, less a year's discount
    half, full = (clv(CUSTOMERS, PURCHASES, SPEND, horizon=h) for h in (365, 730))
    days = np.arange(365, 731)
    rest = np.sum(
        np.diff(PURCHASES.expected_purchases(CUSTOMERS, horizon=days), axis=1) / 1.1 ** (days[1:] / 365), axis=1
    )
    np.testing.assert_allclose(full - half, rest * SPEND.expected_value(CUSTOMERS), rtol=1e-9)


def test_one_time_buyers_get_the_population_s_spend_and_refunds_only_nan():
    rows = pd.DataFrame({"x": [0, None], "t_x": [0, None], "T": [100, None], "mean_repeat_value": [None, None]})
    got = clv(rows, PURCHASES, SPEND, annual_discount=0)
    assert got[0] == pytest.approx(PURCHASES.expected_purchases(rows, horizon=365)[0] * SPEND.expected_value_new())
    assert np.isnan(got[1])


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_clv_is_in_the_order_of_the_rows(kind):
    shuffled = CUSTOMERS.iloc[[6, 0, 3]]
    got = clv(shuffled if kind == "pandas" else pl.from_pandas(shuffled), PURCHASES, SPEND)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, clv(CUSTOMERS, PURCHASES, SPEND)[[6, 0, 3]], rtol=1e-12)


@pytest.mark.parametrize("horizon", [-1, 1.5, float("nan"), float("inf"), "365", None, 36_526])
def test_a_horizon_is_a_whole_number_of_days(horizon):
    with pytest.raises(DataError, match="clv counts whole days up to 36,525, e.g. horizon=365"):
        clv(CUSTOMERS, PURCHASES, SPEND, horizon=horizon)


@pytest.mark.parametrize("discount", [-0.1, float("nan"), float("inf"), "10 %", None])
def test_a_discount_is_not_negative(discount):
    with pytest.raises(DataError, match="it must be 0 or more, e.g. 0.10 for 10 % a year"):
        clv(CUSTOMERS, PURCHASES, SPEND, annual_discount=discount)


def test_clv_refuses_lazy_tables_and_spend_without_a_mean():
    with pytest.raises(DataError, match="collect it first"):
        clv(pl.from_pandas(CUSTOMERS).lazy(), PURCHASES, SPEND)
    with pytest.raises(FitError, match="has no mean"):
        clv(CUSTOMERS, PURCHASES, GammaGamma(6, 0.9, 15))


@pytest.mark.filterwarnings("ignore:The Gamma-Gamma fit leaves out 1 of:crmlib.errors.DataNotice")
def test_all_of_cdnow_is_valued(cdnow):
    purchases, spend = fit_bgnbd(cdnow), fit_gamma_gamma(cdnow)
    value = clv(cdnow, purchases, spend)
    assert len(value) == 23_570 and (value > 0).all()
    some = cdnow.iloc[::997]
    np.testing.assert_allclose(value[::997], day_by_day(some, purchases, spend, 365, 0.10), rtol=1e-10)


# holdout


def test_clv_names_the_models_it_needs():
    swapped, other = (SPEND, PURCHASES), (BetaBinomial(1, 1), SPEND)
    for models, found in [(swapped, "GammaGamma and BGNBD"), (other, "BetaBinomial and GammaGamma")]:
        with pytest.raises(DataError) as error:
            clv(CUSTOMERS, *models)
        assert str(error.value) == f"clv needs a model of purchases in days and then a GammaGamma; it got {found}."
