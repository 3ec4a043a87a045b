"""The questions of *The customer life cycle*: right answers from three sides, every mistake by its name."""


import pandas as pd
import pytest
from workbooks import Workbook, material, messy

from crmlib import activity, checkout, cohorts, lifecycle, rates, survival
from crmlib.concentration import halfway
from crmlib.explore_activity import windows_checked
from crmlib.workbook.checks import Check, Material, Number
from crmlib.workbook.questions import _relations
from crmlib.workbook.questions import lifecycle as module
from crmlib.workbook.questions.lifecycle import QUESTIONS

NUMBERS = [slug for slug, question in QUESTIONS.items() if isinstance(question, Number)]
PLACE = "course/36_lifecycle/workbook.py"

# As of 2024-04-30: 121 days from the first purchase, so that the second half begins on 2024-03-01 and the window is 20.
TINY = pd.DataFrame(
    [
        ("ann", "2024-01-01", 5.0, "A1"), ("ann", "2024-01-11", 5.0, "A2"), ("ann", "2024-01-21", 5.0, "A3"),
        ("ann", "2024-01-31", 5.0, "A4"), ("ann", "2024-01-31", 3.0, "A4"),
        ("bob", "2024-01-10", 5.0, "B1"), ("bob", "2024-03-20", 5.0, "B2"), ("bob", "2024-04-10", 5.0, "B3"),
        ("bob", "2024-04-30", 5.0, "B4"),
        ("cy", "2024-01-31", 5.0, "C1"), ("cy", "2024-01-31", 5.0, "C2"), ("cy", "2024-04-30", -5.0, "CR"),
        ("di", "2024-02-01", 5.0, "D1"), ("di", "2024-02-09", 5.0, "D2"),
        ("eve", "2024-03-05", 5.0, "E1"), ("eve", "2024-03-05", 1.0, "E1"), ("eve", "2024-03-05", 1.0, "E1"),
        ("fay", "2024-01-02", -9.0, "FR"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def made_logs(cdnow_sample_log, other_log):
    """Logs of five shapes, the last with an as_of later than its last line, in the middle of a month."""
    some_of_it = other_log[other_log["customer"] < "K0120"].reset_index(drop=True)
    first = sorted(cdnow_sample_log["customer"].unique())[:350]
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


def check_on(some):
    return Check("lifecycle", QUESTIONS, some)


WORKBOOK = Workbook(
    "36_lifecycle", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("other", "messy", "tiny")} | {"one line": TINY[:1]},
    {"0", "1", "2", "3", "30", "90", "180", "120", "0.90"},
    ("active_share", "came_back", "gaps_ended", "repurchase", "cohort_active"), TINY, "reminder",
    (pd.Series(["loyal"], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "state": ["loyal", "loyal"]}), TINY,
     ("loyal",)),
    blurred=True, a_word="loyal",
    not_carried={"one line": {"came_back", "own_silent", "gaps_ended", "cohort_active"}},
)  # fmt: skip


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    # silences: ann 90 (not active), bob 0, cy 90, di 81, eve 56
    assert QUESTIONS["active_share"].answer(tiny) == 3 / 5
    # on 29 February: ann 29, bob 50, cy 29, di 20; of the four called inactive only bob buys later
    assert QUESTIONS["came_back"].answer(tiny) == pytest.approx(1 / 4)
    # ann has gaps of 10, 10, 10 and is silent for 90; bob has 70, 21, 20 and bought today
    assert QUESTIONS["own_silent"].answer(tiny) == 1
    # completed 8, 10, 10, 10, 20, 21, 70; open 0, 56, 81, 90, 90. Going on: 10/11 * 7/10 * 6/7 by day 20
    assert QUESTIONS["gaps_ended"].answer(tiny) == pytest.approx(1 - 10 / 11 * 7 / 10 * 6 / 7)
    assert QUESTIONS["states"].answer(tiny).to_dict() == {
        "ann": "loyal", "bob": "loyal", "cy": "repeat", "di": "repeat", "eve": "first-time", "fay": "no purchase",
    }  # fmt: skip
    assert QUESTIONS["repurchase"].answer(tiny) == pytest.approx((4 + 4 + 2 + 2 + 1 - 5) / 13)
    assert QUESTIONS["cohort_active"].answer(tiny) == pytest.approx(1 / 3)  # of ann, bob and cy, bob bought in March


def test_the_window_of_the_workbook_by_hand():
    assert f"{module.second_half_of(material(TINY)):%Y-%m-%d}" == "2024-03-01" and module._window(material(TINY)) == 20


# against crmlib


def test_the_answers_are_those_of_crmlib(some):
    bought = some.tx[some.tx["amount"] >= 0]
    by_window = activity.sensitivity(some.customers, windows=[90])
    assert QUESTIONS["active_share"].answer(some) == pytest.approx(by_window["share_active"][0], rel=1e-12)
    start, window = pd.Timestamp(halfway(bought, as_of=some.as_of)), module._window(some)
    assert start == module.second_half_of(some)
    row = windows_checked(bought, as_of=some.as_of, windows=[window]).iloc[0]
    assert QUESTIONS["came_back"].answer(some) == pytest.approx(row["share_back"], rel=1e-12)
    rules = activity.activity(bought, as_of=some.as_of)
    own = rules["customer"].map(some.customers.set_index("customer")["x"]) >= 3
    assert QUESTIONS["own_silent"].answer(some) == (rules.loc[own, "by_own_gaps"] != "active").sum()
    curve = survival.gap_survival(bought, as_of=some.as_of)
    assert QUESTIONS["gaps_ended"].answer(some) == pytest.approx(curve.ended(window), rel=1e-9)
    stated = lifecycle.states(some.customers, inactive_after=120, loyal_orders=3).set_index("customer")["state"]
    pd.testing.assert_series_equal(
        QUESTIONS["states"].answer(some), stated.sort_index(), check_names=False, check_dtype=False, check_index_type=False
    )
    value = rates.rates(bought, as_of=some.as_of).set_index("rate")["value"]["repurchase rate"]
    assert QUESTIONS["repurchase"].answer(some) == pytest.approx(value, rel=1e-12)
    share = cohorts.wide(cohorts.cohort_table(bought, as_of=some.as_of)).iloc[0][2]
    assert QUESTIONS["cohort_active"].answer(some) == pytest.approx(share, rel=1e-12)


def test_cdnow_in_numbers(cdnow_log):
    cdnow = material(cdnow_log)
    assert QUESTIONS["active_share"].answer(cdnow) == pytest.approx(3_301 / 23_570, abs=1e-9)
    assert QUESTIONS["own_silent"].answer(cdnow) == 1_940
    assert QUESTIONS["repurchase"].answer(cdnow) == pytest.approx((67_591 - 23_570) / 67_591, abs=1e-9)


# the check on each question


def test_a_log_of_refunds_says_so():
    refunds = TINY[-1:]
    for slug in [*NUMBERS, "states"]:
        outcome = check_on(Material(refunds, None, "2024-04-30", "$"))(slug, 1)
        assert outcome == ("could not compare", "This log cannot carry the question. Nobody in it bought anything.")


# the workbook


def test_the_workbook_states_what_the_checks_ask():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    thresholds = (module.WINDOW, module.OWN_GAPS, module.OWN_SHARE, _relations.INACTIVE_AFTER, _relations.LOYAL_ORDERS, _relations.AGE)
    assert thresholds == (90, 3, 0.90, 120, 3, 2)
    asked = " ".join(source.replace("\n#", "").split())
    assert "With a window of **90 days**" in asked and "**three completed gaps or more**" in asked
    assert "Inactive is a silence of **120 days** or more, loyal are **3 orders** or more" in asked
    assert "`quantile(0.90)`" in asked and "the month of **age 2**" in asked
