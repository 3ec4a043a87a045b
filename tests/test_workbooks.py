"""What holds for every workbook: right answers are right, each mistake gets its name, nothing gives the answer away.

A further workbook is one name in `KEYS`; its `WORKBOOK` stands in the file of its own tests.
"""

from functools import cache
from importlib import import_module

import pandas as pd
import pytest
from workbooks import WEIRD, asked_and_checked, bound, differs, given_away, mistakes, remembered, run, source

from crmlib import DataError
from crmlib.checkout import course
from crmlib.workbook.checks import Check, Number, Words

KEYS = (
    "customers", "one_record", "pareto", "rfm", "lifecycle", "customer_base_audit", "worth_on_paper", "worth_in_a_log", "whom_to_contact", "needs_and_offers",
)  # fmt: skip
WORKBOOKS = {key: import_module(f"test_questions_{key}").WORKBOOK for key in KEYS}
QUESTIONS = {key: remembered(workbook.questions) for key, workbook in WORKBOOKS.items()}
each_workbook = pytest.mark.parametrize("key", KEYS)
each_question = pytest.mark.parametrize(("key", "slug"), [(key, slug) for key in KEYS for slug in QUESTIONS[key]])


@pytest.fixture(scope="module")
def logs_of(cdnow_sample_log, other_log):
    """The logs of a workbook by name, made once."""
    return cache(lambda key: WORKBOOKS[key].logs(cdnow_sample_log, other_log))


@pytest.fixture(scope="module")
def files_of(logs_of, tmp_path_factory):
    """The parameters of a workbook bound to each of its files."""

    def files(key):
        folder = tmp_path_factory.mktemp(key)
        return {name: bound(tx, folder / f"{name}.csv") for name, tx in WORKBOOKS[key].files(logs_of(key)).items()}

    return cache(files)


def test_every_workbook_is_here():
    assert {workbook.folder for workbook in WORKBOOKS.values()} == {path.parent.name for path in course().glob("*/workbook.py")}


# the check on each question


@each_question
def test_a_right_answer_is_correct(key, slug, logs_of):
    question = QUESTIONS[key][slug]
    if not isinstance(question, Words):
        for log in logs_of(key).values():
            assert Check(key, QUESTIONS[key], log)(slug, question.answer(log)) == ("correct", question.praise)


@pytest.mark.parametrize(("key", "slug"), [(key, slug) for key in KEYS for slug in WORKBOOKS[key].rounded])
def test_shares_may_be_rounded_to_three_decimals_and_not_to_one(key, slug, logs_of):
    for log in logs_of(key).values():
        check, right = Check(key, QUESTIONS[key], log), QUESTIONS[key][slug].answer(log)
        assert check(slug, round(right, 3)).status == "correct"
        assert check(slug, right + 0.002).status == "not yet"
        if abs(100 * right - right) > 0.001:
            assert "per cent" in check(slug, 100 * right).message


@pytest.mark.parametrize(("key", "slug", "place"), [(key, *one) for key in KEYS for one in mistakes(QUESTIONS[key])])
def test_every_mistake_can_be_seen_and_gets_its_name_wherever_it_can(key, slug, place, logs_of):
    """``blurred``: two mistakes may lead to one number on one log; then it gets the name of one of them."""
    question = QUESTIONS[key][slug]
    wrong, named = question.wrong[place], tuple(one.message for one in question.wrong)
    seen = [log for log in [*logs_of(key).values(), *_more(key).values()] if differs(question, wrong, log)]
    said = [Check(key, QUESTIONS[key], log)(slug, wrong.answer(log)) for log in seen]
    assert {outcome.status for outcome in said} == {"not yet"}
    rightly = [wrong.message in outcome.message for outcome in said]
    assert any(rightly) if WORKBOOKS[key].blurred else all(rightly)
    assert all(outcome.message.startswith(named) for outcome in said)


@cache
def _more(key):
    return WORKBOOKS[key].more_logs()


@each_question
def test_no_message_and_no_hint_holds_the_answer(key, slug, logs_of):
    """The numbers that a question itself names may stand there."""
    for log in logs_of(key).values():
        assert given_away(key, QUESTIONS[key], slug, log, WORKBOOKS[key].asked) == []


@each_question
def test_no_answer_raises_and_none_of_these_is_correct(key, slug, logs_of):
    check = Check(key, QUESTIONS[key], logs_of(key)["tiny"])
    for answer in [*WEIRD, *WORKBOOKS[key].near_misses]:
        assert check(slug, answer).status in {"not answered", "not yet", "could not compare"}


@each_workbook
def test_the_log_is_left_as_it_was(key, logs_of):
    questions, tiny = WORKBOOKS[key].questions, logs_of(key)["tiny"]
    some = tiny._replace(tx=tiny.tx.copy())
    for slug, question in questions.items():
        Check(key, questions, some)(slug, 1 if isinstance(question, Number) else WORKBOOKS[key].a_word)
        for wrong in getattr(question, "wrong", ()):
            try:
                wrong.answer(some)
            except DataError:
                continue
    pd.testing.assert_frame_equal(some.tx, WORKBOOKS[key].tiny)


@each_workbook
def test_every_question_has_hints_and_the_last_is_argued_in_words(key, logs_of):
    questions = QUESTIONS[key]
    assert all(2 <= len(question.hints) <= 3 for question in questions.values())
    last = WORKBOOKS[key].words
    assert list(questions)[-1] == last and isinstance(questions[last], Words)
    said = Check(key, questions, logs_of(key)["tiny"])(last, "Write to all.")
    assert said.message.startswith("3 words are too few")


# the workbook


@each_workbook
def test_the_workbook_asks_the_questions_in_their_order(key):
    asked, checked = asked_and_checked(WORKBOOKS[key].folder)
    assert asked == list(QUESTIONS[key]) == checked


@each_workbook
def test_an_unanswered_workbook_runs_and_says_so(key, files_of):
    for parameters in files_of(key).values():
        outcomes = run(WORKBOOKS[key].folder, "exercises", **parameters)
        assert list(outcomes) == list(QUESTIONS[key])
        assert {outcome.status for outcome in outcomes.values()} == {"not answered"}


@each_workbook
def test_the_solutions_pass_every_check_that_the_log_can_carry(key, files_of, capsys):
    workbook = WORKBOOKS[key]
    for name, parameters in files_of(key).items():
        outcomes = run(workbook.folder, "solutions", **parameters)
        assert outcomes.pop(workbook.words).message.startswith("Your text is taken down.")
        beyond = workbook.not_carried.get(name, set())
        wanted = {slug: "could not compare" if slug in beyond else "correct" for slug in outcomes}
        assert {slug: outcome.status for slug, outcome in outcomes.items()} == wanted
        said, n = capsys.readouterr().out, len(outcomes) - len(beyond)
        assert "nan" not in said
        if "print(check.progress())" in source(workbook.folder):  # elsewhere the notebook shows it
            assert f"{n} of {n} correct, 1 of 1 argued in words" in said
        assert workbook.also(said, name)


@each_workbook
def test_the_solutions_pass_on_cdnow_on_an_earlier_day(key):
    parameters = {"DATA": "cdnow_sample", "AS_OF": "1998-03-31", "CURRENCY": "$", "OPTIONS": {}}
    outcomes = run(WORKBOOKS[key].folder, "solutions", **parameters)
    right = {slug for slug, outcome in outcomes.items() if outcome.status == "correct"}
    assert right == {*QUESTIONS[key]} - {WORKBOOKS[key].words}


@pytest.mark.parametrize("key", ["pareto", "rfm", "worth_on_paper"])
def test_a_workbook_on_a_log_without_money_reads_another_and_passes(key, tmp_path, capsys):
    path = tmp_path / "free.csv"
    path.write_text("customer,date,amount\na,2024-05-01,0\nb,2024-05-02,0\n", encoding="utf-8")
    parameters = {"DATA": str(path), "AS_OF": "2024-05-02", "CURRENCY": "CHF", "OPTIONS": {}}
    outcomes = run(WORKBOOKS[key].folder, "solutions", **parameters)
    outcomes.pop(WORKBOOKS[key].words)
    assert {outcome.status for outcome in outcomes.values()} == {"correct"}
    assert "Nobody in this log paid more than was paid back" in capsys.readouterr().out
