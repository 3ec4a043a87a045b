"""The first page: fifteen questions that a customer-base audit answers, each with its number, its verdict and its exhibit.

A question that the log cannot carry is not answered: the page says what is missing and what would mend it. The questions
are those of Fader, Hardie and Ross, The Customer-Base Audit (2022), through its public companion; bands that turn a
number into a verdict are our convention.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crmlib.carries import (
    ALL_COHORTS,
    COHORTS_COMPARED,
    ONE_COHORT,
    ONE_PERIOD,
    PRODUCTS,
    TWO_PERIODS,
)
from crmlib.conclusions import Finding, carried
from crmlib.exhibits import answers_on_cohorts, answers_on_periods
from crmlib.exhibits.parts import reason
from crmlib.inert import Findings
from crmlib.opened import Opened
from crmlib.overview import Refused
from crmlib.wording import several

__all__ = ["QUESTIONS", "Question", "answers", "first_page", "lens_order"]


class Question(NamedTuple):
    """A question: its number, its words, the lens that answers it, and the function from the log to a finding."""

    number: int
    words: str
    lens: str
    answer: Callable


def lens_order(log: Opened) -> list[str]:
    """The lenses in the order in which this log tells them best: of a log that follows one group, the cohort first."""
    order = [ONE_PERIOD, TWO_PERIODS, ONE_COHORT, COHORTS_COMPARED, ALL_COHORTS, PRODUCTS]
    return (
        [ONE_COHORT, COHORTS_COMPARED, ONE_PERIOD, TWO_PERIODS, ALL_COHORTS, PRODUCTS]
        if log.audit.facts.is_panel
        else order
    )


def answers(log: Opened) -> list[tuple[Question, Finding | Refused]]:
    """Every question with its finding, or with why the log cannot answer it; in the order of `lens_order`."""
    order = lens_order(log)
    asked = sorted(QUESTIONS, key=lambda question: (order.index(question.lens), question.number))
    return [(question, _answer(log, question)) for question in asked]


def _answer(log, question):
    """Of a log with a stretch without lines the finding says so."""
    lens = getattr(log.lenses, question.lens.replace(" ", "_"))
    if not carried(lens):
        return question.answer(log, lens)._replace(link="data") if question.number in OF_ALL else lens
    found, silent = question.answer(log, lens), log.lenses.silent.get(question.lens)
    if silent and carried(found) and question.number not in OF_ALL:
        advice = "" if question.lens == TWO_PERIODS else found.detail  # it speaks of customers who changed
        return found._replace(detail=f"The log holds no line {silent}, which moves this number. {advice}".strip())
    return found


def first_page(log: Opened) -> Findings:
    """The questions that this log can answer, then those that it cannot, by reason."""
    said, unsaid = [], {}
    for question, found in answers(log):
        if carried(found):
            said.append(found._replace(key=f"question-{question.number}", question=question.words))
        else:
            unsaid.setdefault(found, []).append(question)
    refusals = [reason(refused, several([question.words for question in asked])) for refused, asked in unsaid.items()]
    return Findings(tuple(said), tuple(refusals))


OF_ALL = (2, 4)  # questions on the whole log, which need no lens
QUESTIONS = (
    Question(1, "How many customers are there, by what definition?", ONE_PERIOD, answers_on_periods.how_many),
    Question(2, "What share of revenue is identified?", ONE_PERIOD, answers_on_periods.identified),
    Question(3, "Who makes half of the money?", ONE_PERIOD, answers_on_periods.half),
    Question(4, "How many bought once?", ONE_PERIOD, answers_on_periods.once),
    Question(5, "What sets the best apart: frequency, basket or margin?", ONE_PERIOD, answers_on_periods.what_differs),
    Question(6, "Who loses us money?", ONE_PERIOD, answers_on_periods.loss_makers),
    Question(7, "Does growth come from more or from better customers?", TWO_PERIODS, answers_on_periods.growth),
    Question(8, "Who did not come back, and who returned?", TWO_PERIODS, answers_on_periods.came_back),
    Question(9, "How do the same customers trend?", TWO_PERIODS, answers_on_periods.same_customers),
    Question(10, "How many buy twice, and how fast?", ONE_COHORT, answers_on_cohorts.second_purchase),
    Question(11, "What is a cohort worth by month 12?", ONE_COHORT, answers_on_cohorts.worth),
    Question(12, "Are new cohorts worse?", COHORTS_COMPARED, answers_on_cohorts.worse),
    Question(13, "What share is new, and what is carried over?", ALL_COHORTS, answers_on_cohorts.new_share),
    Question(14, "How many must we acquire to hit plan?", ALL_COHORTS, answers_on_cohorts.needed),
    Question(15, "Which products open good relationships?", PRODUCTS, answers_on_cohorts.door),
)
