"""The value of a customer turned and tested: the explorer's callback, verdicts that can turn, what a log can carry."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib import DataError, customer_table, retention_value
from crmlib.explore_value import claim_says, medians_say, naive_worth, order_value, worth_by_model, worth_by_retention

KNOBS = {"retention": 0.80, "margin": 100, "discount": 0.10, "timing": "now"}


# the explorer


def test_the_explorer_shows_the_three_conventions_and_says_where_the_knobs_stand():
    view = worth_by_retention(**KNOBS, currency="$")
    assert view.sentence == (
        "A margin of $100.00 a period, retention 80.0 %, discount 10.0 %: $366.67 by m (1 + d) / (1 + d - r), if the first "
        "margin comes today, from everybody. On average a customer stays for 5.0 periods. Five points more of retention would "
        "raise it by 20.0 %."
    )
    (ax,) = view.figure.axes
    assert ax.get_title(loc="left") == "now, retention 80 %: $366.67"
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert set(retention_value.TIMINGS) < set(lines)
    assert [float(one[0]) for one in lines["_here"].get_data()] == pytest.approx([0.80, 366.67], abs=0.005)
    x, y = lines["renewal"].get_data()
    assert np.interp(0.80, x, y) == pytest.approx(266.67, abs=0.005)
    assert view.png().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"timing": "renewal"}, "266.67 by m r / (1 + d - r), if the first margin comes after one period, from those who stayed."),
        ({"timing": "arrears"}, "333.33 by m / (1 + d - r)"),
        ({"retention": 0.0}, "100.00 by"),
        ({"retention": 0.0, "timing": "renewal"}, "Five points more would make a value of none."),
        ({"retention": 0.99}, "stays for 100.0 periods. Five points more would keep everybody."),
    ],
)
def test_the_knobs_move_what_is_said(knobs, said):
    assert said in worth_by_retention(**KNOBS | knobs).sentence


@pytest.mark.parametrize("timing", retention_value.TIMINGS)
@pytest.mark.parametrize("retention", [0.0, 0.5, 0.95, 0.96, 0.99])
@pytest.mark.parametrize("discount", [0.01, 0.30])
def test_every_position_of_the_knobs_has_a_view(timing, retention, discount):
    view = worth_by_retention(retention=retention, margin=10, discount=discount, timing=timing)
    assert "nan" not in view.sentence and "inf" not in view.sentence
    (place,) = [line.get_xdata() for line in view.figure.axes[0].get_lines() if line.get_label() == "_here"]
    assert place == [retention]


def test_moves_of_a_slider_that_overlap_share_nothing():
    from matplotlib import pyplot

    open_before = pyplot.get_fignums()

    def picture(retention):
        return worth_by_retention(**KNOBS | {"retention": retention}).png()

    knobs = [0.2, 0.6, 0.9]
    alone = [picture(knob) for knob in knobs]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(picture, knobs)) == alone
    assert len(set(alone)) == 3 and pyplot.get_fignums() == open_before


def test_importing_the_module_loads_nothing_slow():
    slow = ("matplotlib", "IPython", "ipywidgets", "scipy", "lifelines")
    code = f"import sys, crmlib.explore_value; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# the claim


@pytest.mark.parametrize(
    ("lifts", "said"),
    [
        ([0.25, 0.50, 0.85], "held for 3 combinations: 3 lie in that band, 0 below it and 0 above; from 25.0 % to 85.0 %."),
        ([0.24, 0.50], "did not hold for 2 combinations: 1 lie in that band, 1 below it and 0 above; from 24.0 % to 50.0 %."),
        ([0.50, 0.86, np.nan], "did not hold for 2 combinations: 1 lie in that band, 0 below it and 1 above;"),
    ],
)
def test_the_claim_held_or_did_not(lifts, said):
    assert claim_says(pd.DataFrame({"lift": lifts})).startswith(
        f"'Five points more retention raise the value of a customer by 25 % to 85 %' {said}"
    )


def test_a_table_without_lifts_has_no_verdict():
    assert claim_says(pd.DataFrame({"lift": [np.nan]})) == "No row of this table has a lift, so there is nothing to hold the claim against."


# what a log carries


LOG = pd.DataFrame(
    [("a", "2023-01-01", 100.0), ("a", "2024-12-31", 100.0), ("b", "2024-01-01", 30.0), ("c", "2024-06-01", -9.0)],
    columns=["customer", "date", "amount"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def test_the_value_of_an_order_by_hand():
    assert order_value(LOG) == 76.67  # 230 / 3
    lines = pd.concat([LOG, LOG[:1]], ignore_index=True)
    assert order_value(lines) == 110.0  # two lines of one day are one order: 330 / 3
    assert order_value(lines.assign(order=[1, 2, 3, 4, 5])) == 82.5
    for tx in (LOG[-1:], LOG.assign(amount=0.0)):
        with pytest.raises(DataError) as raised:
            order_value(tx)
        assert str(raised.value) == "Nobody in this log paid for anything, so an order has no value."


def test_values_like_last_year_by_hand():
    found = naive_worth(LOG, as_of="2024-12-31", margin=0.3, serve=5)
    assert found["customer"].tolist() == ["a", "b"]  # c has a refund only
    assert found["current"].tolist() == [60 - 10, 9 - 5]  # 730 and 365 days
    assert found["future"].tolist() == [30 - 5, -5]  # 2024-01-01 is 365 days before: the last 365 begin on the 2nd


def test_lines_after_as_of_are_not_known():
    found = naive_worth(LOG, as_of="2024-12-30", margin=0.3, serve=0)
    assert found["current"].tolist() == [30.0, 9.0] and found["future"].tolist() == [0.0, 9.0]


@given(st.permutations(range(4)), st.floats(0.1, 10))
def test_order_of_rows_and_scale_of_money_change_nothing_else(order, scale):
    scaled = LOG.iloc[list(order)].assign(amount=lambda log: log["amount"] * scale)
    found = naive_worth(scaled, as_of="2024-12-31", margin=0.3, serve=5 * scale)
    plain = naive_worth(LOG, as_of="2024-12-31", margin=0.3, serve=5)
    assert found[["current", "future"]].to_numpy() == pytest.approx(plain[["current", "future"]].to_numpy() * scale, abs=0.011)


def test_values_by_the_model_are_margin_times_clv_less_the_cost(cdnow_sample_log):
    from crmlib.bgnbd import fit_bgnbd
    from crmlib.clv import clv
    from crmlib.gamma_gamma import fit_gamma_gamma

    as_of = "1998-06-30"
    found = worth_by_model(cdnow_sample_log, as_of=as_of, margin=0.30, serve=0.25)
    customers = customer_table(cdnow_sample_log, as_of=as_of)
    orders = customers["orders"].sum()
    assert found.said == "" and found.order_margin == pytest.approx(0.30 * customers["revenue"].sum() / orders, abs=0.002)
    serve = 0.25 * found.order_margin
    future = 0.30 * clv(customers, fit_bgnbd(customers), fit_gamma_gamma(customers)) - serve
    np.testing.assert_allclose(found.table["clv"], future, rtol=1e-9)
    one = cdnow_sample_log[cdnow_sample_log["customer"] == found.table["customer"][0]]
    ago = (pd.Timestamp(as_of) - one["date"]).dt.days
    past = (0.30 * one["amount"] * 1.10 ** (ago / 365)).sum() - serve * ago.max() / 365
    assert found.table["past_value"][0] == pytest.approx(past, rel=1e-9)
    with_refunds = pd.concat([cdnow_sample_log, LOG[-1:].assign(date=pd.Timestamp("1998-01-01"))], ignore_index=True)
    assert len(worth_by_model(with_refunds, as_of=as_of, margin=0.30, serve=0.25).table) == len(found.table)


@pytest.mark.parametrize(
    ("tx", "why"),
    [
        (LOG, "This log cannot carry a forecast of each customer. "),
        (LOG[-1:], "This log cannot carry a forecast of each customer. Nobody in this log paid for anything, so an order has no value."),
    ],
)
def test_a_log_that_carries_no_forecast_says_why(tx, why):
    found = worth_by_model(tx, as_of="2024-12-31", margin=0.3, serve=0.25)
    assert found.table is None and found.said.startswith(why) and len(found.said) > 60


def test_costs_that_nobody_covers_leave_no_quarters(cdnow_sample_log):
    found = worth_by_model(cdnow_sample_log, as_of="1998-06-30", margin=0.30, serve=1_000.0)
    assert found == ("With these costs every customer of this log is below zero, so there are no quarters to fill.", 0.0, None)


def test_medians_and_losses():
    typed = pd.DataFrame({"value_type": ["MVC"] * 4 + ["MGC"], "clv": [-1.0, 0, 2, 3, -5]})
    assert medians_say(typed) == (
        "The medians call 4 customers MVC; 1 of them (25.0 %) are expected to bring less in the next year than they cost. 'Who "
        "is MVC by the medians pays' did not hold here."
    )
    assert medians_say(typed[1:]).endswith("held here.") and "did not" not in medians_say(typed[1:])
    assert medians_say(typed[-1:]) == "The medians call nobody MVC in this log."


