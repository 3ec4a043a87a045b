"""The questions of *The customer life cycle*: right answers from three sides, every mistake by its name."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

from crmlib import DataError, activity, checkout, cohorts, customer_table, lifecycle, rates, survival
from crmlib.concentration import halfway
from crmlib.explore_activity import windows_checked
from crmlib.wording import number
from crmlib.workbook.checks import Check, Labels, Material, Number, Words
from crmlib.workbook.questions import _relations
from crmlib.workbook.questions import lifecycle as module
from crmlib.workbook.questions.lifecycle import QUESTIONS
from crmlib.workbook.source import Source, answers, notebooks

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


def material(tx, as_of=None):
    as_of = as_of or f"{tx['date'].max():%Y-%m-%d}"
    return Material(tx, customer_table(tx, as_of=as_of), as_of, "$")


def messy(tx):
    """The same log with customers of refunds only, refunds at the end, and purchases in several lines and of nothing."""
    last = tx["date"].max()
    rows = [(f"R{i}", last - pd.Timedelta(days=30 * i), -float(i + 5), f"R{i}") for i in range(9)]
    rows += [(customer, last, -1.0, f"{customer}-back") for customer in tx["customer"].unique()[::9]]
    rows += [(f"Z{i}", last - pd.Timedelta(days=40 * i), 0.0, f"Z{i}") for i in range(9)]
    return pd.concat([tx, pd.DataFrame(rows, columns=tx.columns)], ignore_index=True)


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
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


@pytest.fixture(scope="module", params=["cdnow", "other", "messy", "tiny", "later"])
def some(request, logs):
    return logs[request.param]


def check_on(some):
    return Check("lifecycle", QUESTIONS, some)


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


@pytest.mark.parametrize("slug", [slug for slug, question in QUESTIONS.items() if not isinstance(question, Words)])
def test_a_right_answer_is_correct(some, slug):
    question = QUESTIONS[slug]
    assert check_on(some)(slug, question.answer(some)) == ("correct", question.praise)


@pytest.mark.parametrize("slug", [slug for slug in NUMBERS if slug != "own_silent"])
def test_shares_may_be_rounded_to_three_decimals_and_not_to_one(some, slug):
    right = QUESTIONS[slug].answer(some)
    assert check_on(some)(slug, round(right, 3)).status == "correct"
    assert check_on(some)(slug, right + 0.002).status == "not yet"


MISTAKES = [
    pytest.param(slug, wrong, id=f"{slug}-{position}")
    for slug, question in QUESTIONS.items()
    for position, wrong in enumerate(getattr(question, "wrong", ()))
]


def differs(question, wrong, some):
    """Whether a mistake can be seen on this log at all."""
    try:
        given, right = wrong.answer(some), question.answer(some)
    except DataError:
        return False
    if isinstance(question, Number):
        return np.isfinite(given) and abs(given - right) > max(question.within, 1e-9 * abs(right)) * 1.001
    return not given.sort_index().equals(right.sort_index())


@pytest.mark.parametrize(("slug", "wrong"), MISTAKES)
def test_every_mistake_can_be_seen_and_has_a_name(slug, wrong, logs):
    """Two mistakes may lead to one number on one log; then it gets the name of one of them."""
    seen = [shop for shop in logs.values() if differs(QUESTIONS[slug], wrong, shop)]
    said = [check_on(shop)(slug, wrong.answer(shop)) for shop in seen]
    assert {outcome.status for outcome in said} == {"not yet"}
    assert any(wrong.message in outcome.message for outcome in said)
    named = tuple(other.message for other in QUESTIONS[slug].wrong)
    assert all(outcome.message.startswith(named) for outcome in said)


def messages(question):
    return [wrong.message for wrong in getattr(question, "wrong", ())] + list(question.hints)


@pytest.mark.parametrize("slug", NUMBERS)
def test_no_message_and_no_hint_holds_the_answer(slug, some):
    """However the right number may be written. The numbers that a question itself names may stand there."""
    question, check = QUESTIONS[slug], check_on(some)
    asked = {"0", "1", "2", "3", "30", "90", "180", "120", "0.90"}
    right = float(question.answer(some))
    forms = {number(right, decimals) for decimals in range(7)} | {f"{right:.{digits}g}" for digits in range(3, 9)}
    forms |= {f"{100 * right:.1f}", f"{100 * right:.0f}"} if question.share else set()
    shown = messages(question) + [check(slug, answer).message for answer in (right + 7, -right - 1, right * 1.5 + 3, "x")]
    for message in shown:
        assert not forms & set(re.findall(r"[\d.,]*\d", message)) - asked, message


WEIRD = [
    "many", b"2", None, ..., True, float("nan"), float("inf"), 10**400, -1, 1e300, [], {}, [1, 2], {"ann": 1}, set(),
    object, pd.NaT, pd.NA, np.array([]), np.zeros((2, 2)), pd.Series(dtype=float), pd.Series([1, 2]),
    pd.Series(["loyal"], index=["ann"]), pd.DataFrame(), pd.DataFrame({"customer": ["ann"]}),
    pd.DataFrame({"customer": ["ann", "ann"], "state": ["loyal", "loyal"]}), pd.Timestamp("2024-01-01"), TINY, ("loyal",),
]  # fmt: skip


@pytest.mark.parametrize("slug", QUESTIONS)
def test_no_answer_raises_and_none_of_these_is_correct(slug):
    check = check_on(material(TINY))
    for answer in WEIRD:
        assert check(slug, answer).status in {"not answered", "not yet", "could not compare"}


def test_the_log_is_left_as_it_was():
    some = material(TINY.copy())
    before = some.tx.copy()
    for slug, question in QUESTIONS.items():
        check_on(some)(slug, 1)
        for wrong in getattr(question, "wrong", ()):
            try:
                wrong.answer(some)
            except DataError:
                continue
    pd.testing.assert_frame_equal(some.tx, before)


def test_a_log_of_refunds_says_so():
    refunds = TINY[-1:]
    for slug in [*NUMBERS, "states"]:
        outcome = check_on(Material(refunds, None, "2024-04-30", "$"))(slug, 1)
        assert outcome == ("could not compare", "This log cannot carry the question. Nobody in it bought anything.")


def test_every_question_has_hints_and_the_last_is_argued_in_words():
    assert all(2 <= len(question.hints) <= 3 for question in QUESTIONS.values())
    assert list(QUESTIONS)[-1] == "reminder" and isinstance(QUESTIONS["reminder"], Words)
    assert isinstance(QUESTIONS["states"], Labels)
    assert check_on(material(TINY))("reminder", "Write to nobody.").message.startswith("3 words are too few")


# the workbook


@pytest.fixture(scope="module")
def source():
    return (checkout.root() / PLACE).read_text(encoding="utf-8")


def test_the_workbook_asks_the_questions_in_their_order(source):
    import jupytext

    asked = [answer.question for answer in answers(jupytext.reads(source, fmt="py:percent"), PLACE)]
    assert asked == list(QUESTIONS) == re.findall(r'^check\("(\w+)", \w+\)', source, flags=re.MULTILINE)


def test_the_workbook_states_what_the_checks_ask(source):
    thresholds = (module.WINDOW, module.OWN_GAPS, module.OWN_SHARE, _relations.INACTIVE_AFTER, _relations.LOYAL_ORDERS, _relations.AGE)
    assert thresholds == (90, 3, 0.90, 120, 3, 2)
    asked = " ".join(source.replace("\n#", "").split())
    assert "With a window of **90 days**" in asked and "**three completed gaps or more**" in asked
    assert "Inactive is a silence of **120 days** or more, loyal are **3 orders** or more" in asked
    assert "`quantile(0.90)`" in asked and "the month of **age 2**" in asked


def run(source, target, **parameters):
    """Run one of the notebooks of the workbook here; gives what every check said, by question."""
    built = notebooks(Source(PLACE, "workbook", "36_lifecycle", "lifecycle"), source)[target]
    names, outcomes = {}, {}
    for cell in (cell for cell in built.cells if cell.cell_type == "code"):
        if "parameters" in cell.metadata.get("tags", ()):
            names |= parameters
            continue
        if found := re.fullmatch(r'check\("(\w+)", \w+\)', cell.source):
            outcomes[found[1]] = eval(cell.source, names)
        else:
            exec(compile(ast.parse(cell.source), target, "exec"), names)
    return outcomes


NOT_CARRIED = {"one line": {"came_back", "own_silent", "gaps_ended", "cohort_active"}}


@pytest.fixture(scope="module", params=["other", "messy", "tiny", "one line"])
def bound(request, logs, tmp_path_factory):
    """The parameters of a workbook bound to a file with other names, and what that log cannot carry."""
    tx = TINY[:1] if request.param == "one line" else logs[request.param].tx
    path = tmp_path_factory.mktemp("logs") / "log.csv"
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False, sep=";")
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag", "order": "order"}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": "CHF", "OPTIONS": options}, NOT_CARRIED.get(request.param, set())


def test_an_unanswered_workbook_runs_and_says_so(source, bound):
    outcomes = run(source, "exercises/36_lifecycle.ipynb", **bound[0])
    assert list(outcomes) == list(QUESTIONS)
    assert {outcome.status for outcome in outcomes.values()} == {"not answered"}


def test_the_solutions_pass_every_check_that_the_log_can_carry(source, bound, capsys):
    outcomes = run(source, "solutions/36_lifecycle.ipynb", **bound[0])
    assert outcomes.pop("reminder").message.startswith("Your text is taken down.")
    wanted = {slug: "could not compare" if slug in bound[1] else "correct" for slug in outcomes}
    assert {slug: outcome.status for slug, outcome in outcomes.items()} == wanted
    said = capsys.readouterr().out
    assert "nan" not in said and f"{7 - len(bound[1])} of {7 - len(bound[1])} correct, 1 of 1 argued in words" in said


def test_the_solutions_pass_on_cdnow_on_an_earlier_day(source):
    outcomes = run(source, "solutions/36_lifecycle.ipynb", DATA="cdnow_sample", AS_OF="1998-03-31", CURRENCY="$", OPTIONS={})
    assert {slug for slug, outcome in outcomes.items() if outcome.status == "correct"} == set(QUESTIONS) - {"reminder"}
