import dataclasses

import numpy as np
import pandas as pd
import pytest

from crmlib import MBGNBD, customer_table, fit_bgnbd, fit_mbgnbd
from crmlib.customers import until


@pytest.fixture(scope="module")
def weeks(cdnow_sample_log):
    days = customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30")
    return days.assign(t_x=days["t_x"] / 7, T=days["T"] / 7)


def test_the_fit_has_the_reference_values(weeks):
    # BTYDplus on CDNOW's 1/10 sample after 39 weeks
    found = fit_mbgnbd(weeks)
    np.testing.assert_allclose(dataclasses.astuple(found), [0.525, 6.183, 0.891, 1.614], rtol=0, atol=0.0005)


@pytest.mark.parametrize(
    "model", [MBGNBD(0.525, 6.183, 0.891, 1.614), MBGNBD(9, 0.1, 30, 0.1), MBGNBD(0.01, 300, 0.01, 5)]
)
def test_who_bought_once_may_have_stopped_at_once(model):
    once = pd.DataFrame({"x": [0, 0, 0], "t_x": [0, 0, 0], "T": [0, 1, 1e6]})
    p = model.p_alive(once)
    assert p[0] == pytest.approx(model.b / (model.a + model.b), rel=1e-12)
    assert 1 > p[0] > p[1] > p[2] > 0


def test_one_time_buyers_get_less_than_from_bgnbd(weeks):
    once = weeks[weeks["x"] == 0]
    ours = fit_mbgnbd(weeks).expected_purchases(once, horizon=39)
    assert (ours < fit_bgnbd(weeks).expected_purchases(once, horizon=39)).all()


def test_a_hand_computed_history():
    # one purchase at 0, none by T: 1 - p lives on and has not bought, p stopped. r = 1, alpha = 1, T = 1: no purchase
    # with 1 / 2; a = b = 1: half stop. So 1/2 * 1/2 + 1/2 = 3/4, a third of it alive.
    model, once = MBGNBD(1, 1, 1, 1), pd.DataFrame({"x": [0], "t_x": [0], "T": [1]})
    assert model.log_likelihood(once)[0] == pytest.approx(np.log(0.75), rel=1e-12)
    assert model.p_alive(once)[0] == pytest.approx(1 / 3, rel=1e-12)
    assert model.pmf(0, 1) == pytest.approx(0.75, rel=1e-12)
