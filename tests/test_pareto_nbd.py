import dataclasses

import numpy as np
import pandas as pd
import pytest

from crmlib import ParetoNBD, customer_table, fit_pareto_nbd
from crmlib.customers import until
from crmlib.fitting import histories, tally
from crmlib.pareto_nbd import _likelihood


@pytest.fixture(scope="module")
def weeks(cdnow_sample_log):
    """CDNOW's 1/10 sample after 39 weeks, as in the paper."""
    days = customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30")
    return days.assign(t_x=days["t_x"] / 7, T=days["T"] / 7)


def test_the_fit_has_the_parameters_of_the_paper(weeks):
    # Fader, Hardie & Lee (2005), Marketing Science 24(2), Table 2; BTYD and CLVTools: -9594.976
    found = fit_pareto_nbd(weeks)
    np.testing.assert_allclose(dataclasses.astuple(found), [0.553, 10.578, 0.606, 11.669], rtol=0, atol=1e-3)
    assert found.log_likelihood(weeks).sum() == pytest.approx(-9594.976181, abs=5e-6)


# Fader, Hardie & Lee (2005), note 008, p. 7: the published code gives up from three of these
@pytest.mark.parametrize(
    "start",
    [(0.5, 1, 0.5, 1), (2, 2, 2, 2), (1.5, 1, 2, 0.5), (0.5, 0.6, 0.2, 0.1), (0.2, 0.5, 0.4, 0.1), (0.1, 0.5, 0.4, 3)],
)
def test_hard_starts_reach_the_top(weeks, start):
    assert fit_pareto_nbd(weeks, start=start).log_likelihood(weeks).sum() == pytest.approx(-9595.0, abs=0.05)


def test_expectation_for_a_new_customer():
    # BTYD 2.4.3, walkthrough
    model = ParetoNBD(0.5533, 10.5776, 0.6062, 11.6679)
    assert model.expected_purchases_new(52) == pytest.approx(1.473434, abs=1e-4)


@pytest.mark.parametrize(
    "parameters", [(0.5, 9.0, 0.7, 20.0), (0.5, 20.0, 1.0, 3.0), (3.0, 0.2, 0.1, 0.1), (40.0, 50.0, 9.0, 9.0)]
)
def test_what_the_fit_climbs_is_the_likelihood_of_the_rows_and_its_slope(weeks, parameters):
    heavy = pd.DataFrame({"x": [1000.0, 900.0], "t_x": [38.8, 3], "T": [39.0, 39]})
    rows = pd.concat([weeks[["x", "t_x", "T"]], heavy])
    climbed = _likelihood(tally(histories(rows)))
    value, slope = climbed(np.array(parameters))
    assert value == pytest.approx(ParetoNBD(*parameters).log_likelihood(rows).sum(), rel=1e-12)
    for i, step in enumerate(np.eye(4) * np.array(parameters) * 1e-5):
        ahead, behind = climbed(parameters + step)[0], climbed(parameters - step)[0]
        assert slope[i] == pytest.approx((ahead - behind) / (2 * step[i]), rel=1e-5, abs=1e-3)


def test_a_hand_computed_history():
    # no purchase by T = 1 with all parameters 1: alive 1/2 * 1/2; stopped before: the integral of (1 + t)**-3 = 3/8
    model, once = ParetoNBD(1, 1, 1, 1), pd.DataFrame({"x": [0], "t_x": [0], "T": [1]})
    assert model.log_likelihood(once)[0] == pytest.approx(np.log(0.625), rel=1e-12)
    assert model.p_alive(once)[0] == pytest.approx(0.4, rel=1e-12)
    assert model.pmf(0, 1) == pytest.approx(0.625, rel=1e-12)
    # s = 1: the rate 1 / 2 times 2 log((2 + 2) / 2), as the printed formula tends to
    assert model.expected_purchases(once, horizon=2)[0] == pytest.approx(0.4 * np.log(2), rel=1e-12)
