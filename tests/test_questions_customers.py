"""The questions of *From purchases to customers*: right answers from three sides, every mistake by its name."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

from crmlib import DataError, checkout, customer_table
from crmlib.wording import number
from crmlib.workbook import workbook
from crmlib.workbook.checks import Check, Choice, Labels, Material, Number, Words
from crmlib.workbook.questions import _letter as module
from crmlib.workbook.questions.customers import QUESTIONS
from crmlib.workbook.source import Source, answers, notebooks

NUMBERS = [slug for slug, question in QUESTIONS.items() if isinstance(question, Number)]
LABELS = [slug for slug, question in QUESTIONS.items() if isinstance(question, Labels)]
PLACE = "course/10_customers/workbook.py"

# Worked out by hand as of 2024-07-19, 200 days after the first line; `early` is twenty days after it, 2024-01-21.
# ann: three lines on the first day, two of them one order; back on 01-21; a refund. bob: one free order on 01-21.
# cy: two orders, long ago. di: a refund only. eve: two orders on the last day.
TINY = pd.DataFrame(
    [
        ("ann", "2024-01-01", 20.0, "A"),
        ("ann", "2024-01-01", 5.0, "A"),
        ("ann", "2024-01-01", 15.0, "B"),
        ("ann", "2024-01-21", 30.0, "C"),
        ("ann", "2024-02-14", -30.0, "R"),
        ("bob", "2024-01-21", 0.0, "D"),
        ("cy", "2024-01-02", 6.0, "E"),
        ("cy", "2024-01-05", 4.0, "F"),
        ("di", "2024-03-01", -7.0, "S"),
        ("eve", "2024-07-19", 8.0, "G"),
        ("eve", "2024-07-19", 2.0, "H"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})


def material(tx, as_of=None):
    as_of = as_of or f"{tx['date'].max():%Y-%m-%d}"
    return Material(tx, None, as_of, "$")


@pytest.fixture(scope="module", params=["cdnow", "other", "without order ids", "tiny"])
def some(request, cdnow_sample_log, other_log):
    """Logs of four shapes, the third with an as_of later than its last line."""
    if request.param == "without order ids":
        return material(other_log.drop(columns="order"), "2025-01-31")
    return material({"cdnow": cdnow_sample_log, "other": other_log, "tiny": TINY}[request.param])


def check_on(some):
    return Check("customers", QUESTIONS, some)


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    assert QUESTIONS["customers_early"].answer(tiny) == 3  # ann, bob, cy; bob on the day itself
    assert QUESTIONS["orders"].answer(tiny).to_dict() == {"ann": 3, "bob": 1, "cy": 2, "eve": 2}
    assert QUESTIONS["repeat_days"].answer(tiny) == 2  # one of ann, one of cy
    assert QUESTIONS["bought_once"].answer(tiny) == 2 / 4  # bob and eve of the four who bought
    assert QUESTIONS["days_since_last"].answer(tiny).to_dict() == {"ann": 180, "bob": 180, "cy": 196, "eve": 0}
    assert QUESTIONS["revenue_per_customer"].answer(tiny) == pytest.approx((40 + 0 + 10 - 7 + 10) / 5)
    assert QUESTIONS["lapsed"].answer(tiny) == 1  # cy; ann and bob lie on the border
    # only cy is silent for more than 180 days: 10.00 by 2 orders, a quarter of 5.00 is 1.25, and 0.80 / 1.25
    assert QUESTIONS["break_even"].answer(tiny) == pytest.approx(0.64)
    assert QUESTIONS["letter"].answer(tiny) == "do not send"


def test_a_dear_order_makes_the_letter_worth_it():
    dear = material(TINY.assign(amount=TINY["amount"] * 100))
    assert QUESTIONS["break_even"].answer(dear) == pytest.approx(0.0064)
    assert QUESTIONS["letter"].answer(dear) == "send"


def test_without_order_ids_a_day_is_an_order():
    tiny = material(TINY.drop(columns="order"))
    assert QUESTIONS["orders"].answer(tiny).to_dict() == {"ann": 2, "bob": 1, "cy": 2, "eve": 1}


# against crmlib


def test_the_answers_are_those_of_the_customer_table(some):
    everyone = customer_table(some.tx, as_of=some.as_of).set_index("customer")
    buyers = everyone[everyone["orders"] > 0]
    for slug in ("orders", "days_since_last"):
        pd.testing.assert_series_equal(QUESTIONS[slug].answer(some), buyers[slug], check_dtype=False, check_names=False)
    assert QUESTIONS["repeat_days"].answer(some) == buyers["x"].sum()
    assert QUESTIONS["bought_once"].answer(some) == pytest.approx((buyers["x"] == 0).mean(), rel=1e-12)
    assert QUESTIONS["revenue_per_customer"].answer(some) == pytest.approx(everyone["revenue"].mean(), rel=1e-12)
    early = some.tx["date"].min() + pd.Timedelta(days=(pd.Timestamp(some.as_of) - some.tx["date"].min()).days // 10)
    then = customer_table(some.tx[some.tx["date"] <= early], as_of=early)
    assert QUESTIONS["customers_early"].answer(some) == (then["orders"] > 0).sum()
    lapsed = buyers[buyers["days_since_last"] > 180]
    assert QUESTIONS["lapsed"].answer(some) == len(lapsed)
    mean_order = (lapsed["mean_order"] * lapsed["orders"]).sum() / lapsed["orders"].sum()
    assert QUESTIONS["break_even"].answer(some) == pytest.approx(0.80 / (0.25 * mean_order), rel=1e-12)


def test_cdnow_in_numbers(cdnow_log):
    cdnow = material(cdnow_log)
    assert QUESTIONS["customers_early"].answer(cdnow) == 15_053
    assert QUESTIONS["repeat_days"].answer(cdnow) == 67_591 - 23_570
    assert QUESTIONS["bought_once"].answer(cdnow) == 12_054 / 23_570
    assert QUESTIONS["revenue_per_customer"].answer(cdnow) == pytest.approx(2_500_315.63 / 23_570, abs=1e-9)


# the check on each question


@pytest.mark.parametrize("slug", NUMBERS + LABELS + ["letter"])
def test_a_right_answer_is_correct(some, slug):
    question = QUESTIONS[slug]
    assert check_on(some)(slug, question.answer(some)) == ("correct", question.praise)


@pytest.mark.parametrize("slug", ["bought_once", "break_even"])
def test_shares_may_be_rounded_to_three_decimals_and_not_to_one(some, slug):
    right = QUESTIONS[slug].answer(some)
    assert check_on(some)(slug, round(right, 3)).status == "correct"
    assert check_on(some)(slug, right + 0.002).status == "not yet"
    if abs(100 * right - right) > 0.001:
        assert "per cent" in check_on(some)(slug, 100 * right).message


def test_money_may_be_rounded_to_the_cent(some):
    right = QUESTIONS["revenue_per_customer"].answer(some)
    assert check_on(some)("revenue_per_customer", round(right, 2)).status == "correct"
    assert check_on(some)("revenue_per_customer", right + 0.02).status == "not yet"


MISTAKES = [
    pytest.param(slug, wrong, id=f"{slug}-{position}")
    for slug, question in QUESTIONS.items()
    for position, wrong in enumerate(getattr(question, "wrong", ()))
]


def differs(question, wrong, some):
    """Whether a mistake can be seen on this log at all."""
    try:
        given, right = wrong.answer(some), question.answer(some)
    except DataError:  # a log without refunds or order ids cannot have mistakes about them
        return False
    if isinstance(question, Number):
        return abs(given - right) > question.within
    if isinstance(question, Labels):
        return not given.sort_index().equals(right.sort_index().astype(given.dtype))
    return given != right


@pytest.mark.parametrize(("slug", "wrong"), MISTAKES)
def test_every_mistake_gets_its_name_wherever_it_can_be_seen(slug, wrong, some):
    check = check_on(some)
    if differs(QUESTIONS[slug], wrong, some):
        outcome = check(slug, wrong.answer(some))
        assert outcome.status == "not yet"
        assert wrong.message in outcome.message
    elif slug not in ("customers_early", "orders", "repeat_days", "revenue_per_customer"):
        # there a mistake may need what the log lacks
        assert check(slug, wrong.answer(some)).status == "correct"


def test_a_mistake_that_another_log_would_need_does_not_blur_the_name_of_this_one(cdnow_sample_log):
    some = material(cdnow_sample_log)  # no refunds and no order ids
    check = check_on(some)
    assert check("orders", some.tx.groupby("customer").size()).message.startswith(
        "You counted lines. Lines of one order count once. A hint"
    )
    assert check("repeat_days", QUESTIONS["orders"].answer(some).sum()).message.startswith(
        "These are all purchase days; the first day of each customer is no repeat. A hint"
    )


@pytest.mark.parametrize(("slug", "wrong"), MISTAKES)
def test_every_mistake_can_be_seen_on_some_log(slug, wrong, cdnow_sample_log, other_log):
    soon = TINY.assign(date=TINY["date"].mask(TINY["customer"] == "di", pd.Timestamp("2024-01-03")))  # a refund first
    logs = [material(TINY), material(soon), material(cdnow_sample_log), material(other_log)]
    logs.append(material(TINY, "2024-08-01"))
    assert any(differs(QUESTIONS[slug], wrong, log) for log in logs)


def messages(question):
    return [wrong.message for wrong in getattr(question, "wrong", ())] + list(question.hints)


@pytest.mark.parametrize("slug", QUESTIONS)
def test_no_message_and_no_hint_holds_the_answer(slug, some):
    """However the right number may be written."""
    question, check = QUESTIONS[slug], check_on(some)
    if isinstance(question, Number):
        right = float(question.answer(some))
        forms = {number(right, decimals) for decimals in range(7)} | {f"{right:.{digits}g}" for digits in range(3, 9)}
        forms |= {f"{100 * right:.1f}", f"{100 * right:.0f}"} if question.share else set()
        forms |= {form.replace(",", "") for form in forms}
        shown = messages(question)
        shown += [check(slug, answer).message for answer in (right + 7, -right - 1, right * 1.5 + 3, "x")]
        for message in shown:
            assert not forms & set(re.findall(r"[\d.,]*\d", message)) - {"0", "1"}, message
    if isinstance(question, Choice):
        assert not any(repr(question.answer(some)) in message for message in messages(question))


@pytest.mark.parametrize("slug", LABELS)
def test_a_wrong_table_shows_the_given_value_only(slug, some):
    right = QUESTIONS[slug].answer(some)
    outcome = check_on(some)(slug, right + 12_345)
    assert outcome.status == "not yet"
    assert f"you have {right.sort_index().iloc[0] + 12_345:,}" in outcome.message


WEIRD = [
    "many", b"2", None, ..., True, float("nan"), float("inf"), 10**400, -1, 1e300, [], {}, [1, 2], {"ann": 1},
    set(), object, pd.NaT, pd.NA, np.array([]), np.zeros((2, 2)),
    pd.Series(dtype=float), pd.Series([1, 2]), pd.Series(["a"], index=["ann"]), pd.DataFrame(),
    pd.DataFrame({"customer": ["ann"]}), pd.DataFrame({"customer": ["ann", "ann"], "orders": [1, 1]}),
    pd.Timestamp("2024-01-01"), pd.Timedelta(days=3), TINY, "send it", ("send",),
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
        check_on(some)(slug, 1 if slug in NUMBERS else "send")
        for wrong in getattr(question, "wrong", ()):
            wrong.answer(some)
    pd.testing.assert_frame_equal(some.tx, before)


def test_a_log_without_lapsed_customers_says_so():
    young = material(TINY[TINY["customer"] != "cy"])
    assert check_on(young)("lapsed", 0).status == "correct"
    expected = (
        "This log cannot carry the question. No customer with revenue has been silent for more "
        "than 180 days on 2024-07-19."
    )
    for slug in ("break_even", "letter"):
        for answer in (0.1, float("nan"), "do not send"):
            assert check_on(young)(slug, answer) == ("could not compare", expected)


def test_every_question_has_hints_and_ends_in_words():
    assert all(2 <= len(question.hints) <= 3 for question in QUESTIONS.values())
    assert isinstance(list(QUESTIONS.values())[-1], Words)


# the workbook


@pytest.fixture(scope="module")
def source():
    return (checkout.root() / PLACE).read_text(encoding="utf-8")


def test_the_workbook_asks_the_questions_in_their_order(source):
    import jupytext

    asked = [answer.question for answer in answers(jupytext.reads(source, fmt="py:percent"), PLACE)]
    checked = re.findall(r'^check\("(\w+)", (\w+)\)', source, flags=re.MULTILINE)
    assert asked == list(QUESTIONS)
    assert checked == [(slug, slug) for slug in QUESTIONS]


def test_the_workbook_states_the_numbers_that_the_check_uses(source):
    stated = {name: float(value) for name, value in re.findall(r"^([A-Z_]+) = ([\d.]+)", source, flags=re.MULTILINE)}
    assert stated == {name: getattr(module, name) for name in ("LETTER_COST", "MARGIN", "LAST_RESPONSE")}
    assert "more than** 180 days" in source and module.LAPSED_AFTER == 180


def run(source, target, **parameters):
    """Run one of the notebooks of the workbook here; gives what every check said, by question."""
    built = notebooks(Source(PLACE, "workbook", "10_customers", "customers"), source)[target]
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


@pytest.fixture(scope="module", params=["other", "tiny", "young", "one line"])
def bound(request, other_log, tmp_path_factory):
    """The parameters of a workbook bound to a file with other names and another currency."""
    young = TINY[TINY["customer"] != "cy"]
    tx = {"other": other_log, "tiny": TINY, "young": young, "one line": TINY[:1].drop(columns="order")}[request.param]
    path = tmp_path_factory.mktemp("logs") / "log.csv"
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False, sep=";")
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": "CHF", "OPTIONS": options}


def test_an_unanswered_workbook_runs_and_says_so(source, bound):
    outcomes = run(source, "exercises/10_customers.ipynb", **bound)
    assert list(outcomes) == list(QUESTIONS)
    assert {outcome.status for outcome in outcomes.values()} == {"not answered"}


def test_the_solutions_pass_every_check(source, bound, capsys):
    outcomes = run(source, "solutions/10_customers.ipynb", **bound)
    assert outcomes.pop("letter_why").message.startswith("Your text is taken down.")
    statuses = {slug: outcome.status for slug, outcome in outcomes.items()}
    carried = workbook("customers", data=bound["DATA"], **bound["OPTIONS"]).check("break_even", 0).status == "not yet"
    expected = dict.fromkeys(outcomes, "correct")
    assert statuses == (
        expected if carried else expected | dict.fromkeys(("break_even", "letter"), "could not compare")
    )
    said = capsys.readouterr().out
    assert "nan" not in said
    assert ("I recommend:" in said) == carried


def test_the_solutions_pass_on_cdnow(source):
    outcomes = run(source, "solutions/10_customers.ipynb", DATA="cdnow", AS_OF="1998-03-31", CURRENCY="$", OPTIONS={})
    assert {slug for slug, outcome in outcomes.items() if outcome.status == "correct"} == set(QUESTIONS) - {
        "letter_why"
    }
