"""The questions of *What is a customer worth: in a log*: right answers from three sides, every mistake by its name."""

import numpy as np
import pandas as pd
import pytest
from conftest import generated_log
from workbooks import Workbook, material, messy

from crmlib import BGNBD, GammaGamma, checkout, clv
from crmlib.explore_forecasts import held_out, past_of
from crmlib.workbook.checks import Check, Material
from crmlib.workbook.questions import _first_half
from crmlib.workbook.questions import worth_in_a_log as module
from crmlib.workbook.questions.worth_in_a_log import QUESTIONS

PLACE = "course/45_worth_in_a_log/workbook.py"
TINY = generated_log(customers=60, days=400, seed=3)
REFUNDS = pd.DataFrame({"customer": ["fay"], "date": pd.to_datetime(["2024-01-02"]), "amount": [-9.0]})


def made_logs(cdnow_sample_log, other_log):
    """Logs of five shapes, the last with an as_of later than its last line, in the middle of a month."""
    some_of_it = other_log[other_log["customer"] < "K0200"].reset_index(drop=True)
    first = sorted(cdnow_sample_log["customer"].unique())[:400]
    return {
        "cdnow": material(cdnow_sample_log[cdnow_sample_log["customer"].isin(first)].reset_index(drop=True)),
        "other": material(some_of_it),
        "messy": material(messy(some_of_it)),
        "tiny": material(TINY),
        "later": material(some_of_it.drop(columns="order"), "2025-01-13"),
    }


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
    return made_logs(cdnow_sample_log, other_log)


@pytest.fixture(scope="module", params=["cdnow", "other", "messy", "tiny", "later"])
def some(request, logs):
    return logs[request.param]


WORKBOOK = Workbook(
    "45_worth_in_a_log", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("other", "messy", "cdnow")} | {"one line": TINY[:1]},
    {"0", "1", "2", "10", "40", "365", "0.25", "52"}, (), TINY, "model_or_rule",
    (pd.Series([1.0], index=["K0001"]), TINY, "alive"), blurred=True, a_word="model",
)  # fmt: skip


# by hand


def case(monkeypatch, past, model, spend=None, **more):
    """A case made by hand instead of the one of a log."""
    made = _first_half.Case(past, model, spend, **{"days": 10, "came": None, "before": None} | more)
    for one in (module, _first_half):
        monkeypatch.setattr(one, "case_of", lambda _: made)


PAPER = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # CDNOW, in weeks


def test_t_x_by_hand():
    days = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-31", "2024-01-05", "2024-01-06"])
    tx = pd.DataFrame({"customer": list("aaabb"), "date": days, "amount": [5.0, 5, 5, 5, -5]})
    assert QUESTIONS["t_x"].answer(material(tx)).to_dict() == {"a": 30, "b": 0}


def test_the_published_customer_has_the_published_expectation(monkeypatch):
    """E[Y(39)] of x = 2, t_x = 30.43, T = 38.86 is 1.226; p. 281 of Fader, Hardie & Lee (2005)."""
    past = pd.DataFrame({"x": [2], "t_x": [30.43], "T": [38.86]}, index=["0001"])
    case(monkeypatch, past, PAPER, days=39, came=pd.Series([2]), before=pd.Series([1]))
    assert QUESTIONS["expected"].answer(None) == pytest.approx(1.226, abs=5e-4)
    assert module.alive(None)["0001"] == pytest.approx(0.7266, abs=5e-4)
    assert QUESTIONS["doubtful"].answer(None) == 0
    # the rule: 2 / 38.86 a week over 39 weeks is 2.0072, and 2 came
    assert QUESTIONS["own_rate"].answer(None) == pytest.approx(39 / 38.86 - 1)
    assert QUESTIONS["nearest"].answer(None) == "own rate"  # same again 1, mean 2.0072 as well, model 1.226


def test_spend_by_hand(monkeypatch):
    """p 4, q 4, gamma 22.5: the mean is 30, and one purchase weighs 4 / 7."""
    columns = {"x": [1, 1, 3], "mean_repeat_value": [10.0, 200.0, 900.0], "mean_order": [10.0, 100.0, 900.0]}
    case(monkeypatch, pd.DataFrame(columns), PAPER, GammaGamma(p=4, q=4, gamma=22.5))
    assert QUESTIONS["next_purchase"].answer(None) == pytest.approx(4 / 7 * 200 + 3 / 7 * 30)


def test_a_year_of_one_customer_by_hand(monkeypatch):
    """Everybody alike, with a coin that hardly ever shows tails: a purchase each ten days, each worth 30."""
    alike = BGNBD(r=0.1 * 1e7, alpha=1e7, a=1.0, b=1e7)
    case(monkeypatch, pd.DataFrame({"x": [0], "t_x": [0], "T": [5], "mean_repeat_value": [np.nan]}), alike,
         GammaGamma(p=4, q=4, gamma=22.5))  # fmt: skip
    by_hand = sum(0.1 * 30 * 1.10 ** (-day / 365) for day in range(1, 366))
    assert QUESTIONS["mean_clv"].answer(None) == pytest.approx(by_hand, rel=1e-4)


# against crmlib


def test_the_answers_are_those_of_crmlib(some):
    past, test = past_of(some.tx, as_of=some.as_of), None
    test = held_out(some.tx, split=past.split, as_of=some.as_of)
    customers, days = past.customers, (pd.Timestamp(some.as_of) - pd.Timestamp(past.split)).days
    mine = _first_half.case_of(some)
    theirs = customers.set_index("customer").loc[mine.past.index]
    for column in ("x", "t_x", "T", "mean_repeat_value", "orders", "mean_order"):
        assert mine.past[column].to_numpy(float) == pytest.approx(theirs[column].to_numpy(float), nan_ok=True, rel=1e-12), column
    counted = some.customers.set_index("customer")["t_x"].dropna()
    assert QUESTIONS["t_x"].answer(some).loc[counted.index].tolist() == counted.tolist()
    assert QUESTIONS["doubtful"].answer(some) == (past.model.p_alive(customers) < 0.5).sum()
    assert QUESTIONS["expected"].answer(some) == pytest.approx(past.model.expected_purchases(customers, horizon=days).sum(), rel=1e-6)
    methods = test.holdout.methods.query("measure == 'purchases'").set_index("method")["error"].rename({"BGNBD": "model"})
    assert QUESTIONS["own_rate"].answer(some) == pytest.approx(methods["own rate"], rel=1e-9)
    assert QUESTIONS["nearest"].answer(some) == methods.drop("own rate, quiet 0").abs().idxmin()
    for name, forecast in module._forecasts(some).items():
        assert module._error(some, forecast) == pytest.approx(methods[name], abs=1e-6), name
    spend = test.holdout.spend_model
    once = customers[customers["x"] == 1].nlargest(1, "mean_repeat_value")
    assert QUESTIONS["next_purchase"].answer(some) == pytest.approx(spend.expected_value(once)[0], rel=1e-6)
    value = clv.clv(customers, past.model, spend, horizon=365, annual_discount=0.10).mean()
    assert QUESTIONS["mean_clv"].answer(some) == pytest.approx(value, rel=1e-6)


def test_cdnow_in_numbers(cdnow_log):
    cdnow = material(cdnow_log)
    assert QUESTIONS["expected"].answer(cdnow) == pytest.approx(16_873.73, abs=0.05)
    assert QUESTIONS["own_rate"].answer(cdnow) == pytest.approx(29_010.6446 / 19_684 - 1, abs=1e-6)
    assert QUESTIONS["nearest"].answer(cdnow) == "model"


# the check on each question


def test_a_log_of_refunds_says_so():
    for slug in [one for one in QUESTIONS if one not in ("t_x", "model_or_rule")]:
        outcome = Check("worth_in_a_log", QUESTIONS, Material(REFUNDS, None, "2024-04-30", "$"))(slug, 1)
        assert outcome == ("could not compare", "This log cannot carry the question. Nobody in it bought anything.")


def test_a_first_half_that_cannot_be_fitted_says_why():
    tx = pd.DataFrame({"customer": list("abcdea"), "amount": 5.0,
                       "date": pd.to_datetime(["2024-01-01"] * 5 + ["2024-03-01"])})  # fmt: skip
    outcome = Check("worth_in_a_log", QUESTIONS, material(tx))("doubtful", 1)
    assert outcome.message.startswith("This log cannot carry the question. Its first half cannot be fitted: Nobody bought twice")


# the workbook


def test_the_workbook_states_what_the_checks_ask():
    asked = " ".join((checkout.root() / PLACE).read_text(encoding="utf-8").replace("\n#", "").split())
    assert (module.HORIZON, module.DISCOUNT, module.UNLIKELY) == (365, 0.10, 0.5)
    assert "the next **365 days**" in asked and "**10 % a year**" in asked and "**below one half**" in asked
    assert all(f'`"{name}"`' in asked for name in module.FORECASTS)
