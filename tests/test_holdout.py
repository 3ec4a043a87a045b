import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmlib import customer_table
from crmlib.bgnbd import fit_bgnbd
from crmlib.customers import until
from crmlib.errors import DataError, FitError
from crmlib.gamma_gamma import fit_gamma_gamma
from crmlib.holdout import holdout


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


def of(methods, method, measure="purchases"):
    return methods[(methods["method"] == method) & (methods["measure"] == measure)].iloc[0]


def test_the_model_and_the_rules_of_thumb_make_the_same_forecast(tested):
    methods = tested.methods
    assert methods["method"].unique().tolist() == ["BGNBD", "same again", "own rate", "own rate, quiet 0", "mean"]
    assert len(methods) == 10 and set(methods["measure"]) == {"purchases", "revenue"}
    for _, row in methods.iterrows():
        assert row["actual"] == pytest.approx(1882 if row["measure"] == "purchases" else tested.actual_revenue)
        assert row["error"] == pytest.approx(row["predicted"] / row["actual"] - 1)
        assert row["mae"] <= row["rmse"] and 0 <= row["found"] <= 1
    model = of(methods, "BGNBD")
    assert model["predicted"] == pytest.approx(tested.predicted_purchases)
    assert model["correlation"] == pytest.approx(tested.correlation)
    # what the model must be able to do: fewer purchases off than any rule
    rules = methods[(methods["measure"] == "purchases") & (methods["method"] != "BGNBD")]
    assert model["mae"] < rules["mae"].min() and model["rmse"] < rules["rmse"].min()


def test_rules_of_thumb_recounted(cdnow_sample_log, tested):
    log, split = cdnow_sample_log, pd.Timestamp("1997-09-30")
    days = log[["customer", "date"]].drop_duplicates()
    before = days[days["date"] <= split]
    known = sorted(before["customer"].unique())
    seen = before[before["date"] > split - pd.Timedelta(days=273)].groupby("customer").size().reindex(known, fill_value=0)
    later = days[(days["date"] > split) & (days["date"] <= "1998-06-30")]
    came = later.groupby("customer").size().reindex(known, fill_value=0)
    again = of(tested.methods, "same again")
    assert again["predicted"] == seen.sum()
    assert again["mae"] == pytest.approx((seen - came).abs().mean(), rel=1e-12)
    assert again["rmse"] == pytest.approx(np.sqrt(((seen - came) ** 2).mean()), rel=1e-12)

    first, last = before.groupby("customer")["date"].min(), before.groupby("customer")["date"].max()
    observed = (split - first).dt.days
    repeats = before.groupby("customer").size() - 1
    own = 273 * repeats / observed.where(observed > 0, np.inf)
    assert of(tested.methods, "own rate")["predicted"] == pytest.approx(own.sum(), rel=1e-12)
    awake = own[(split - last).dt.days <= 180]
    assert of(tested.methods, "own rate, quiet 0")["predicted"] == pytest.approx(awake.sum(), rel=1e-12)
    mean = of(tested.methods, "mean")
    assert mean["predicted"] == pytest.approx(len(known) * 273 * repeats.sum() / observed.sum(), rel=1e-12)
    assert np.isnan(mean["correlation"])
    assert mean["found"] == pytest.approx(236 / 2357)  # a forecast that is the same for all finds no more than chance


def test_found_shares_out_ties_at_the_edge(tested):
    each, size = tested.customers, 236  # a tenth of 2,357

    def chosen(values):
        better = values.rank(ascending=False, method="min") - 1
        return ((size - better) / values.map(values.value_counts())).clip(0, 1)

    both = chosen(each["predicted_purchases"]) * chosen(each["actual_purchases"])
    assert of(tested.methods, "BGNBD")["found"] == pytest.approx(both.sum() / size, rel=1e-12)
    money = chosen(each["predicted_revenue"]) * chosen(each["actual_revenue"])
    assert of(tested.methods, "BGNBD", "revenue")["found"] == pytest.approx(money.sum() / size, rel=1e-12)


def test_a_longer_silence_lets_more_customers_count(cdnow_sample_log):
    predicted = [
        of(holdout(cdnow_sample_log, split="1997-09-30", as_of="1998-06-30", quiet=quiet).methods, "own rate, quiet 0")["predicted"]
        for quiet in (30, 180, 400)
    ]
    assert predicted == sorted(predicted)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"best": 2}, "best is 2; it is a share of the customers above 0 and at most 1, e.g. 0.1."),
        ({"best": 0}, "best is 0; it is a share of the customers above 0 and at most 1, e.g. 0.1."),
        ({"quiet": "a"}, "quiet is 'a'; it is a number of days above 0, e.g. 180."),
    ],
)
def test_options_that_cannot_be_say_why(cdnow_sample_log, option, message):
    with pytest.raises(DataError) as error:
        holdout(cdnow_sample_log, split="1997-09-30", as_of="1998-06-30", **option)
    assert str(error.value) == message
