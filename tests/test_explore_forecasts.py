"""What the lesson on value in a log says: verdicts that can turn, reasons why a log cannot carry it, the explorer."""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from crmlib import BGNBD, DataNotice, GammaGamma, explore_forecasts
from crmlib.errors import FitError

PAPER = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)


def methods(model, rule, other=(0.9, 0.1)):
    rows = [("BGNBD", *model), ("same again", *rule), ("own rate", *other)]
    return pd.DataFrame(rows, columns=["method", "error", "found"]).assign(measure="revenue")


@pytest.mark.parametrize(("rule", "verdict"), [(-0.3, "held"), (0.2, "did not hold"), (0.1, "did not hold")])
def test_whether_the_model_forecasts_the_sum_better(rule, verdict):
    said = explore_forecasts.forecast_said(methods((-0.2, 0.5), (rule, 0.5)), "revenue")
    assert said == (
        f"Revenue in all: BG/NBD was off by -20.0 %, the nearest rule of thumb, 'same again', by {rule:+.1%}. 'The model "
        f"forecasts the sum better than every rule of thumb' {verdict} here.".replace("%.", " %.").replace("  %", " %")
    )


@pytest.mark.parametrize(("rule", "verdict"), [(0.48, "held here."), (0.481, "did not hold here: the rule finds as many."),
    (0.51, "did not hold here: the rule finds as many."), (0.52, "did not hold here: the rule finds more.")])  # fmt: skip
def test_whether_the_model_finds_more_of_the_best(rule, verdict):
    said = explore_forecasts.found_said(methods((0, 0.5), (0, rule)), "revenue")
    assert said == (
        f"Of the best tenth by revenue BG/NBD found 50.0 %, the best rule of thumb, 'same again', {100 * rule:.1f} %. 'The model "
        f"finds more of the best customers' (we ask for 2 points) {verdict}"
    )


@pytest.mark.parametrize(("expected", "verdict"), [(55.0, "held"), (54.0, "did not hold")])
def test_a_fit_by_frequency(expected, verdict):
    found = pd.DataFrame({"x": ["0", "1", "2+"], "customers": [60.0, 30, 10], "expected": [expected, 90 - expected, 10.0]})
    said = explore_forecasts.fit_said(found)
    assert said.startswith(f"{60 - expected:.1f} % of the customers stand in another bar")
    assert said.endswith(f"'The model fits by frequency' (we take at most 5 %) {verdict} here.")


@pytest.mark.parametrize(("expected", "said"), [(11.0, "10.0 % too many. 'The forecast is within 10 %' held"),
                                                (8.9, "11.0 % too few. 'The forecast is within 10 %' did not hold")])  # fmt: skip
def test_tracking_beyond_the_fit(expected, said):
    tracked = pd.DataFrame({"period": [1, 2], "actual": [99, 10], "expected": [1.0, expected]})
    assert f"and 10 came: {said} here." in explore_forecasts.tracking_said(tracked, fitted_to=1)
    assert explore_forecasts.tracking_said(tracked, fitted_to=2).startswith("Beyond the split nobody bought again")


def test_parameters_in_words():
    """Rates as an exponential of mean 0.1 a day, coins as a uniform: their medians are known."""
    said = explore_forecasts.parameters_said(BGNBD(r=1, alpha=10, a=1, b=1))
    assert f"makes 36.5 repeat purchases a year on average, and half of them make fewer than {36.5 * np.log(2):.1f}." in said
    assert "with a chance of 50.0 % on average; for half of them it is below 50.0 %." in said


def spenders(slope):
    x = np.arange(1.0, 41)
    return pd.DataFrame({"x": x, "mean_repeat_value": 50 + slope * x + 10 * (-1) ** x})


@pytest.mark.parametrize(("slope", "verdict"), [(0, "held here."), (1, "did not hold here. Who buys often spends more"),
                                                (-1, "did not hold here. Who buys often spends less")])  # fmt: skip
def test_whether_number_and_size_are_related(slope, verdict):
    assert verdict in explore_forecasts.spend_said(spenders(slope))
    assert explore_forecasts.spend_said(spenders(slope)[:19]).startswith("With 19 repeat buyers nothing can be said")


def test_thirds_by_hand():
    """Of six repeat buyers four come back; d and e tie and stay together."""
    customers = pd.DataFrame({"customer": list("abcdefg"), "x": [1, 1, 1, 1, 1, 1, 0],
                              "mean_repeat_value": [10.0, 20, 30, 40, 40, 60, np.nan]})  # fmt: skip
    lines = [("a", "2024-03-01", 30.0), ("a", "2024-03-01", 10.0), ("c", "2024-02-01", 7.0), ("d", "2024-01-31", 1.0),
             ("d", "2024-03-02", 50.0), ("f", "2024-03-03", 20.0), ("f", "2024-03-04", 40.0), ("f", "2024-03-05", -9.0)]  # fmt: skip
    tx = pd.DataFrame(lines, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})
    spend = GammaGamma(p=4.0, q=4.0, gamma=22.5)
    found = explore_forecasts.spend_again(tx, customers, spend, split="2024-01-31", as_of="2024-03-31")
    assert found["third"].tolist() == ["lowest", "middle", "highest"]
    assert found["customers"].tolist() == [1, 2, 1]
    assert found["before"].tolist() == [10, 35, 60] and found["after"].tolist() == [40, 28.5, 30]
    assert found["expected"].tolist() == pytest.approx([4 / 7 * own + 3 / 7 * 30 for own in (10, 35, 60)])


def test_the_heaviest_in_words():
    table = pd.DataFrame({"left_out": [0, 1, 5], "r": [0.5, 0.55, np.nan], "alpha": [10.0, 9.9, np.nan],
                          "p_alive_moved": [0, 0.021, np.nan]})  # fmt: skip
    assert explore_forecasts.influence_said(table) == (
        "Without the 1 heaviest customer r moves most, by +10.0 %, and the greatest change of anybody's P(alive) is 2.1 points. "
        "Without 5 the fit does not settle: it hangs on them."
    )
    assert explore_forecasts.influence_said(table.iloc[[0, 2]]).startswith("Without the heaviest customers the fit does not")


@pytest.mark.parametrize(("clv", "rfm", "exact", "rough"), [(0.6, 0.5, "held", "held"), (0.56, 0.55, "did not hold", "did not hold")])
def test_the_claim_of_the_textbook(clv, rfm, exact, rough):
    compared = pd.DataFrame({"method": ["ABC", "RFM", "CLV", "chance"], "found": [0.55, rfm, clv, 0.2]})
    said = explore_forecasts.methods_said(compared)
    assert f"(we ask for 2 points) {exact} here; 'RFM is rougher than ABC' {rough}." in said


def test_models_side_by_side(other_log):
    past = explore_forecasts.past_of(other_log, as_of=other_log["date"].max().date())
    came = np.ones(len(past.customers))
    found, missing = explore_forecasts.models_compared(past.customers, came, horizon=100)
    assert found["model"].tolist() == ["BG/NBD", "MBG/NBD", "Pareto/NBD"] and missing == []
    assert found["alive_once"][0] == 1 and (found["alive_once"][1:] < 1).all()
    expected = past.model.expected_purchases(past.customers, horizon=100)
    assert found["expected"][0] == pytest.approx(expected.sum()) and found["mae"][0] == pytest.approx(np.abs(expected - 1).mean())


def test_an_attempt_keeps_reasons_and_notices():
    def noticed():
        warnings.warn("One line was left out.", DataNotice, stacklevel=1)
        return 5

    def failed():
        raise FitError("Nobody came.")

    assert explore_forecasts.attempt(noticed) == (5, "", "One line was left out.")
    assert explore_forecasts.attempt(failed) == (None, "Nobody came.", "")
    with pytest.raises(ZeroDivisionError):
        explore_forecasts.attempt(lambda: 1 / 0)


def test_logs_that_cannot_carry_it_say_why(other_log):
    as_of = other_log["date"].max().date()
    refunds = other_log[other_log["amount"] < 0]
    assert explore_forecasts.past_of(refunds, as_of=as_of).missing == (
        "This log holds refunds and no purchase, so there is nothing to forecast."
    )
    once = other_log[other_log["amount"] >= 0].drop_duplicates("customer")
    assert explore_forecasts.past_of(once, as_of=as_of).missing.startswith("Nobody bought twice")
    past = explore_forecasts.past_of(other_log, as_of=as_of)
    silent = other_log[other_log["date"] <= pd.Timestamp(past.split)]
    assert "bought again by" in explore_forecasts.held_out(silent, split=past.split, as_of=as_of).missing
    free = other_log.assign(amount=other_log["amount"].where(other_log["date"] <= pd.Timestamp(past.split), 0.0))
    said = explore_forecasts.held_out(free, split=past.split, as_of=as_of).missing
    assert said == "All that was bought in the second half was free."


# the explorer


def test_the_knobs_by_the_model():
    view = explore_forecasts.knobs(PAPER, x=3, silent=50, seen=200, horizon=90)
    one = pd.DataFrame({"x": [3.0], "t_x": [150.0], "T": [200.0]})
    assert view.sentence == (
        f"3 repeat purchases, the last one 50 days ago, first seen 200 days ago: P(alive) {100 * PAPER.p_alive(one)[0]:.1f} %, and "
        f"{PAPER.expected_purchases(one, horizon=90)[0]:.2f} purchases expected in the next 90 days."
    )
    (ax,) = view.figure.axes
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["1 repeat purchase", "3 repeat purchases"]
    (point,) = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert point.get_xydata().tolist() == [[50, pytest.approx(PAPER.p_alive(one)[0])]]
    assert len(explore_forecasts.knobs(PAPER, x=1, silent=50, seen=200).figure.axes[0].lines) == 2


def test_knobs_at_their_ends():
    nobody = explore_forecasts.knobs(PAPER, x=0, silent=50, seen=200)
    assert nobody.sentence.startswith("No repeat purchase, first seen 200 days ago, and so silent all the time: P(alive) 100.0 %")
    cannot = explore_forecasts.knobs(PAPER, x=2, silent=200, seen=200)
    assert cannot.sentence == (
        "Seen for 200 days, nobody with a repeat purchase can have been silent for 200 days: the first purchase was earlier "
        "than the last."
    )
    assert cannot.png().startswith(b"\x89PNG")


def test_moves_of_a_slider_that_overlap_share_nothing():
    from matplotlib import pyplot

    open_before, places = pyplot.get_fignums(), [(1, 30), (5, 90), (12, 10)]

    def picture(place):
        return explore_forecasts.knobs(PAPER, x=place[0], silent=place[1], seen=200).png()

    alone = [picture(place) for place in places]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(picture, places)) == alone
    assert len(set(alone)) == 3 and pyplot.get_fignums() == open_before


def test_importing_the_module_loads_nothing_slow():
    slow = ("matplotlib", "IPython", "ipywidgets", "scipy")
    code = f"import sys, crmlib.explore_forecasts; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
