import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import customer_table
from crmlib.bgnbd import BGNBD, fit_bgnbd
from crmlib.clv import clv, holdout
from crmlib.customers import until
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


@pytest.mark.parametrize("horizon", [-1, 1.5, float("nan"), float("inf"), "365", None])
def test_a_horizon_is_a_whole_number_of_days(horizon):
    with pytest.raises(DataError, match="clv counts whole days, e.g. horizon=365"):
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


@pytest.fixture(scope="module")
def tested(cdnow_sample_log):
    return holdout(cdnow_sample_log, split="1997-09-30", as_of="1998-06-30")


def test_the_holdout_of_the_paper(tested):
    # BTYD 2.4.3, walkthrough: actual and expected mean purchases in weeks 40-78 by x = 0..6, 7+
    by_x = tested.by_x
    assert by_x["x"].tolist() == ["0", "1", "2", "3", "4", "5", "6", "7+"]
    assert by_x["customers"].tolist() == [1411, 439, 214, 100, 62, 38, 29, 64]
    actual = [0.2367116, 0.6970387, 1.392523, 1.56, 2.532258, 2.947368, 3.862069, 6.359375]
    expected = [0.2250893, 0.5231364, 1.044126, 1.520256, 2.163824, 2.653789, 3.503957, 6.157036]
    np.testing.assert_allclose(by_x["actual"], actual, rtol=0, atol=5e-7)
    np.testing.assert_allclose(by_x["expected"], expected, rtol=0, atol=0.001)
    assert tested.actual_purchases == round(np.dot(actual, by_x["customers"])) == 1882
    assert tested.predicted_purchases == pytest.approx(np.dot(expected, by_x["customers"]), rel=1e-4)


def test_a_holdout_is_made_of_the_parts_it_names(cdnow_sample_log, tested):
    log = cdnow_sample_log
    known = customer_table(until(log, "1997-09-30"), as_of="1997-09-30")
    assert tested.purchase_model == fit_bgnbd(known)
    assert tested.spend_model == fit_gamma_gamma(known)
    assert (tested.split, tested.as_of) == (dt.date(1997, 9, 30), dt.date(1998, 6, 30))

    # recounted with pandas alone
    later = log[(log["date"] > "1997-09-30") & (log["date"] <= "1998-06-30")]
    days = later.groupby("customer")["date"].nunique().reindex(known["customer"], fill_value=0)
    money = later.groupby("customer")["amount"].sum().reindex(known["customer"], fill_value=0.0)
    each = tested.customers
    assert each["customer"].tolist() == known["customer"].tolist()
    assert each["actual_purchases"].tolist() == days.tolist()
    np.testing.assert_allclose(each["actual_revenue"], money, rtol=1e-12)
    assert tested.actual_revenue == pytest.approx(money.sum(), rel=1e-12)
    assert tested.correlation == pytest.approx(np.corrcoef(each["predicted_purchases"], days)[0, 1], rel=1e-12)

    expected = fit_bgnbd(known).expected_purchases(known, horizon=273)
    value = expected * fit_gamma_gamma(known).expected_value(known)
    np.testing.assert_allclose(each["predicted_revenue"], value, rtol=1e-12)
    assert tested.predicted_revenue == pytest.approx(value.sum(), rel=1e-12)
    assert tested.purchases_error == pytest.approx(100 * (expected.sum() - days.sum()) / days.sum(), rel=1e-12)
    assert tested.revenue_error == pytest.approx(100 * (value.sum() - money.sum()) / money.sum(), rel=1e-12)
    assert -13 < tested.purchases_error < -11


def test_a_holdout_counts_days_not_lines_and_takes_no_refund_off(cdnow_sample_log, tested):
    log = cdnow_sample_log[["customer", "date", "amount"]]
    late = log["date"] > "1997-09-30"
    halves = pd.concat([log[~late], *[log[late].assign(amount=log["amount"] / 2)] * 2])
    buyers = log["customer"].drop_duplicates().head(300)
    refunds = pd.DataFrame({"customer": buyers, "date": pd.Timestamp("1998-01-15"), "amount": -20.0})
    strangers = pd.DataFrame({"customer": ["new"] * 3, "date": pd.Timestamp("1998-02-01"), "amount": 9.0})
    after = log[late].assign(date=pd.Timestamp("1998-07-01"))
    odd = pd.concat([halves, refunds, strangers, after], ignore_index=True).astype({"date": log["date"].dtype})
    got = holdout(odd, split=dt.date(1997, 9, 30), as_of=pd.Timestamp("1998-06-30"))
    assert got.actual_purchases == tested.actual_purchases
    assert got.actual_revenue == pytest.approx(tested.actual_revenue, rel=1e-12)
    assert got.predicted_revenue == pytest.approx(tested.predicted_revenue, rel=1e-9)
    pd.testing.assert_frame_equal(got.by_x, tested.by_x)


def test_customers_with_refunds_only_are_no_part_of_a_holdout(cdnow_sample_log, tested):
    log = cdnow_sample_log[["customer", "date", "amount"]]
    dates = pd.to_datetime(["1997-03-01", "1998-03-01"])
    odd = pd.DataFrame({"customer": ["r", "r"], "date": dates, "amount": [-5.0, 8.0]})
    got = holdout(pd.concat([log, odd.astype(log.dtypes)]), split="1997-09-30", as_of="1998-06-30")
    assert got.actual_purchases == tested.actual_purchases
    assert "r" not in got.customers["customer"].tolist()


def test_polars_in_polars_out(cdnow_sample_log, tested):
    log = pl.from_pandas(cdnow_sample_log[["customer", "date", "amount"]]).with_columns(pl.col("date").cast(pl.Date))
    got = holdout(log, split="1997-09-30", as_of="1998-06-30")
    assert isinstance(got.by_x, pl.DataFrame) and isinstance(got.customers, pl.DataFrame)
    pd.testing.assert_frame_equal(got.by_x.to_pandas(), tested.by_x, check_dtype=False)
    pd.testing.assert_frame_equal(got.customers.to_pandas(), tested.customers, check_dtype=False)


def test_a_log_with_orders_and_refunds_has_a_holdout(other_log):
    got = holdout(other_log, split="2023-12-31", as_of="2024-06-30")
    assert got.by_x["customers"].sum() == len(got.customers)
    assert np.dot(got.by_x["actual"], got.by_x["customers"]) == pytest.approx(got.actual_purchases)
    assert np.dot(got.by_x["expected"], got.by_x["customers"]) == pytest.approx(got.predicted_purchases)
    assert 0 < got.correlation < 1


def test_a_result_is_frozen_and_prints_without_its_tables(tested):
    with pytest.raises(dataclasses.FrozenInstanceError):
        tested.correlation = 1.0
    assert "predicted_purchases=1653." in repr(tested) and "by_x" not in repr(tested)


@pytest.mark.parametrize(
    ("split", "as_of", "message"),
    [
        ("1997-09-30", "1997-09-30", "as_of 1997-09-30 is not after split 1997-09-30; the days between"),
        ("1996-12-31", "1998-06-30", "Nobody bought by 1996-12-31, so there is nothing to fit; choose a later split."),
        ("1998-06-30", "1998-12-31", "None of the 2,357 customers known by 1998-06-30 bought again by 1998-12-31"),
        ("30/09/1997", "1998-06-30", "split '30/09/1997' is not a date"),
        ("1997-09-30", "soon", "as_of 'soon' is not a date"),
    ],
)
def test_a_holdout_that_cannot_be_says_why(cdnow_sample_log, split, as_of, message):
    with pytest.raises(DataError, match=message):
        holdout(cdnow_sample_log, split=split, as_of=as_of)


def test_a_holdout_says_what_the_lines_before_the_split_lack(cdnow_sample_log):
    once = cdnow_sample_log.drop_duplicates("customer")
    later = cdnow_sample_log[cdnow_sample_log["date"] > "1997-09-30"]
    with pytest.raises(FitError, match="Nobody bought twice"):
        holdout(pd.concat([once, later]), split="1997-09-30", as_of="1998-06-30")


def test_free_purchases_are_purchases_and_their_error_in_money_is_infinite(cdnow_sample_log):
    late = cdnow_sample_log["date"] > "1997-09-30"
    free = cdnow_sample_log.assign(amount=cdnow_sample_log["amount"].mask(late, 0.0))
    got = holdout(free, split="1997-09-30", as_of="1998-06-30")
    assert got.actual_purchases == 1882 and got.actual_revenue == 0 and got.revenue_error == float("inf")
