"""What the Pareto lesson says of windows, laws and chance: the verdict turns with the numbers."""

import numpy as np
import pandas as pd
import pytest

from crmlib import concentration
from crmlib.workbook import sentences_pareto as sentences


# windows


@pytest.mark.parametrize(
    ("months", "shares", "said"),
    [
        (
            [3, 6],
            [0.5, 0.6],
            "'The longer the window, the more the top brings' held here: 50.0 % in 3 months and 60.0 % in 6 months.",
        ),
        (
            [3, 6, 12],
            [0.5, 0.7, 0.6],
            "did not hold here: 50.0 % in 3 months, 70.0 % in 6 months and 60.0 % in 12 months.",
        ),
        ([3, 6], [0.5, 0.5], "did not hold here"),
        ([1], [0.5], "The log is too short to compare windows: it carries only the one of 1 month."),
        ([], [], "The log is too short to compare windows: it carries none of them."),
    ],
)
def test_steeper_means_a_rise_at_every_step(months, shares, said):
    assert said in sentences.longer_is_steeper(pd.DataFrame({"months": months, "top_share": shares}))


def test_windows_of_cdnow_are_steeper(cdnow_log):
    windows = concentration.shares_by_window(cdnow_log, as_of="1998-06-30", months=(18, 3, 6, 12, 24))
    assert sentences.longer_is_steeper(windows) == (
        "'The longer the window, the more the top brings' held here: 57.3 % in 3 months, 60.5 % in 6 months, 63.5 % in "
        "12 months and 67.8 % in 18 months."
    )


# a law?


def test_a_pareto_law_through_one_point_says_nothing_of_the_others(cdnow):
    assert sentences.one_law(cdnow) == (
        "In the Pareto law of 80/20 (alpha 1.1610) the Gini index is 0.756. Measured here: the top 20 % bring 67.8 %, "
        "Gini 0.635. The law through this top share (alpha 1.3187) has Gini 0.611 and lets the top 1 % bring 32.9 %; "
        "here they bring 15.9 %."
    )


def test_customers_of_one_law_are_described_by_it():
    places = (np.arange(50_000) + 0.5) / 50_000
    law = pd.DataFrame({"revenue": places ** (-1 / 1.464974)})  # the alpha of 60/20
    said = sentences.one_law(law)
    assert "The law through this top share (alpha 1.4" in said
    expected, measured = (
        float(part.split(" bring ")[1].split(" %")[0]) for part in said.split("top 1 %")[1].split("; here they")
    )
    assert expected == pytest.approx(measured, abs=1)


def test_no_pareto_law_goes_through_equal_customers():
    assert sentences.one_law(pd.DataFrame({"revenue": [3.0] * 10})).endswith(
        "Gini 0.000; no Pareto law goes through that."
    )


def test_two_ways_to_alpha_on_cdnow(cdnow):
    said = sentences.two_exponents(cdnow)
    assert said.startswith("Alpha from the share of the top 20 %: 1.319. By likelihood, from 133.95 up (4,715 customers): ")
    assert "1.361, standard error 0.020. These customers lie up to 6.0 % from that law; chance alone seldom" in said
    assert said.endswith("'The top 20 % follow a Pareto law' did not hold here.")


@pytest.mark.parametrize("alpha", [1.4, 3.0])
def test_customers_of_a_law_hold_to_it(alpha):
    customers = pd.DataFrame({"revenue": 5 * ((np.arange(4000) + 0.5) / 4000) ** (-1 / alpha)})
    said = sentences.two_exponents(customers)
    assert f"(800 customers): {alpha:.1f}" in said and said.endswith("follow a Pareto law' held here.")


def test_a_law_that_bends_does_not_hold_although_its_beginning_fits():
    """The top 20 % follow alpha 2 down to their best fifth, which stops short: there alpha is far larger."""
    places = (np.arange(2000) + 0.5) / 2000
    value = places ** -0.5
    bent = np.where(places < 0.05, 0.05 ** -0.5 * (0.05 / places) ** 0.3, value)  # alpha 1 / 0.3 up there
    said = sentences.two_exponents(pd.DataFrame({"revenue": bent}))
    assert "did not hold" in said and "From the top 5 % up: 3.3" in said


@pytest.mark.parametrize(
    ("revenue", "said"),
    [
        ([5.0] * 30, "share of the top 20 %: none. By likelihood: none. All 30 customers with a 'revenue' of 5"),
        ([1.0, 2.0, 9.0], "By likelihood: none. A Pareto law needs at least 20 customers with a 'revenue' of 9 or more;"),
        ([0.0] * 90 + [5.0] * 10, "By likelihood: none. Fewer than 20 % of the customers have a 'revenue' above 0"),
        ([float(i) for i in range(1, 121)], "The top 5 % are too few or too equal for a second fit."),
    ],
)
def test_no_law_can_be_fitted_to_these(revenue, said):
    assert said in sentences.two_exponents(pd.DataFrame({"revenue": revenue}))


# chance


def test_chance_on_cdnow(cdnow):
    said = sentences.by_chance(cdnow, rng=np.random.default_rng(30))
    assert said.startswith("The top 20 % bring 67.8 %; in 95 % of 1,000 resamples it was 66.9 % to 68.6 %.")
    assert said.endswith(
        "The claimed 80 % do not lie in that interval, so chance in who came does not explain the difference."
    )


def test_few_customers_leave_room_for_the_claim():
    customers = pd.DataFrame({"revenue": [200.0, 90.0, 60.0, 40.0, *[6.0] * 18]})
    said = sentences.by_chance(customers, rng=np.random.default_rng(1))
    assert "The claimed 80 % lie in that interval, so chance in who came can explain the difference." in said


def test_too_few_customers_have_no_interval():
    assert sentences.by_chance(pd.DataFrame({"revenue": [1.0, 2.0]}), rng=np.random.default_rng(1)) == (
        "There is no interval here. An interval needs at least 20 customers; there are 2."
    )
