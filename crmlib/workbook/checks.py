"""Checking an answer: four outcomes, the mistake by name, never the answer.

A question computes its right answer on a private copy of the learner's own data, by a short plain function written for
the check and not by the crmlib function under study. It knows wrong but plausible answers by name.
"""

from __future__ import annotations

import html
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crmlib.errors import DataError

__all__ = ["Check", "Choice", "Labels", "Material", "Number", "Outcome", "Words", "Wrong"]

NOT_ANSWERED, CORRECT, NOT_YET, COULD_NOT_COMPARE = "not answered", "correct", "not yet", "could not compare"
_SIGNS = {NOT_ANSWERED: "○", CORRECT: "✓", NOT_YET: "✗", COULD_NOT_COMPARE: "?"}
_COLOURS = {NOT_ANSWERED: "#767676", CORRECT: "#1a7f37", NOT_YET: "#b35900", COULD_NOT_COMPARE: "#0550ae"}


class Outcome(NamedTuple):
    """What a check says: a ``status`` and one or two sentences."""

    status: str
    message: str

    def __repr__(self):
        return f"{_SIGNS[self.status]} {self.status.capitalize()}. {self.message}".rstrip()

    def _repr_html_(self):
        colour = _COLOURS[self.status]
        return (
            f'<div style="border-left: 4px solid {colour}; padding: .3em .8em"><b style="color: {colour}">'
            f"{_SIGNS[self.status]} {self.status.capitalize()}.</b> {html.escape(self.message)}</div>"
        )


class Material(NamedTuple):
    """What the right answers are computed from: a private copy of the learner's data."""

    tx: Any
    customers: Any
    as_of: str
    currency: str


class Wrong(NamedTuple):
    """A wrong but plausible answer and what to say to it. The sentence names the mistake, never the answer."""

    answer: Callable[[Material], Any]
    message: str


class NotComparable(Exception):
    """The answer is of a kind that cannot be compared; the text says what kind is asked for."""


class Number(NamedTuple):
    """A number, right when it is within ``within`` of the right one. A ``share`` lies between 0 and 1."""

    answer: Callable[[Material], float]
    praise: str
    within: float
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...] = ()
    share: bool = False

    def compare(self, given, material):
        given = _number(given)
        right = float(self.answer(material))
        if self._equal(given, right):
            return Outcome(CORRECT, self.praise)
        for wrong in self.wrong:
            if self._equal(given, float(wrong.answer(material))):
                return Outcome(NOT_YET, wrong.message)
        if self.share and abs(given - 100 * right) <= 100 * self.within:
            return Outcome(NOT_YET, "This is in per cent; the question asks for a share between 0 and 1.")
        if self.share and not 0 <= given <= 1:
            return Outcome(NOT_YET, f"A share lies between 0 and 1; yours is {given:,.4g}.")
        return Outcome(NOT_YET, f"{given:,.6g} is not it.")

    def _equal(self, given, other):
        return abs(given - other) <= self.within


class Choice(NamedTuple):
    """One of a few words."""

    answer: Callable[[Material], str]
    praise: str
    choices: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...] = ()

    def compare(self, given, material):
        if not isinstance(given, str) or given.strip().lower() not in self.choices:
            raise NotComparable(f"the answer is one of {', '.join(map(repr, self.choices))}, not {_shown(given)}")
        given = given.strip().lower()
        if given == self.answer(material):
            return Outcome(CORRECT, self.praise)
        for wrong in self.wrong:
            if given == wrong.answer(material):
                return Outcome(NOT_YET, wrong.message)
        return Outcome(NOT_YET, f"{given!r} does not follow from the numbers of this log.")


class Labels(NamedTuple):
    """One value a customer: a Series by customer, a dict, or a table with columns ``customer`` and ``column``."""

    answer: Callable[[Material], Any]
    praise: str
    column: str
    within: float = 0.0
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...] = ()

    def compare(self, given, material):
        given, right = self._series(given), self._series(self.answer(material))
        if outcome := _other_customers(given, right):
            return outcome
        differ = self._differ(given, right)
        if not differ.any():
            return Outcome(CORRECT, self.praise)
        for wrong in self.wrong:
            other = self._series(wrong.answer(material))
            if len(other) == len(given) and other.index.isin(given.index).all() and not self._differ(given, other).any():
                return Outcome(NOT_YET, wrong.message)
        customer = differ.index[differ][0]
        value = given[customer]
        value = f"{value:,.6g}" if isinstance(value, numbers.Real) else repr(value)
        return Outcome(
            NOT_YET, f"{differ.sum():,} of {len(right):,} customers differ, e.g. {customer}: you have {value}."
        )

    def _differ(self, given, other):
        """Which customers have another value, in the order of ``given``. Two gaps are equal."""
        import pandas as pd

        given, other = given.sort_index(), other.sort_index()
        both_missing = given.isna() & other.isna()
        if self.within and pd.api.types.is_numeric_dtype(given) and pd.api.types.is_numeric_dtype(other):
            return ~((given - other).abs() <= self.within) & ~both_missing
        return ~(given.astype(object) == other.astype(object)) & ~both_missing

    def _series(self, values):
        import pandas as pd

        if isinstance(values, Mapping):
            values = pd.Series(dict(values))
        if isinstance(values, pd.DataFrame):
            table = values.reset_index() if values.index.name == "customer" else values
            missing = [name for name in ("customer", self.column) if name not in table.columns]
            if missing:
                raise NotComparable(f"the table needs a column {missing[0]!r}; it has {list(table.columns)}")
            values = table.set_index("customer")[self.column]
        if not isinstance(values, pd.Series):
            raise NotComparable(
                f"the answer is a Series with one value a customer, or a table with columns 'customer' and "
                f"{self.column!r}, not {_shown(values)}"
            )
        values = values.set_axis(values.index.astype(str))
        if not values.index.is_unique:
            customer = values.index[values.index.duplicated()][0]
            raise NotComparable(f"customer {customer} stands there more than once; the answer has one value a customer")
        return values


class Words(NamedTuple):
    """A decision argued in words. It is not graded here: it counts as answered from ``at_least`` words on."""

    at_least: int = 20
    hints: tuple[str, ...] = ()

    def compare(self, given, material):
        if not isinstance(given, str):
            raise NotComparable(f"the answer is a text in quotes, not {_shown(given)}")
        words = len(given.split())
        if words < self.at_least:
            return Outcome(NOT_YET, f"{words} words are too few for a decision and its reason; write {self.at_least} or more.")
        return Outcome(
            COULD_NOT_COMPARE,
            "No program can judge an argument. Does yours name a number, a decision and what would change your mind? "
            "Then read one way of arguing it with check.solution(...), or show yours to someone.",
        )


class Check:
    """The checks of one workbook: call it with a question's slug and your answer. It never raises."""

    def __init__(self, key, questions, material):
        self._key, self._questions, self._material = key, questions, material
        self._hints_given, self._last = {}, {}

    def __repr__(self):
        return f"Check({self._key!r}: {', '.join(self._questions)})"

    def __call__(self, slug, answer) -> Outcome:
        """`Outcome` of an answer: not answered, correct, not yet, or could not compare."""
        outcome = self._outcome(slug, answer)
        if slug in self._questions:
            self._last[slug] = outcome.status
        return outcome

    def _outcome(self, slug, answer):
        if slug not in self._questions:
            return Outcome(COULD_NOT_COMPARE, f"There is no question {slug!r}; there are {', '.join(self._questions)}.")
        question = self._questions[slug]
        if answer is ... or answer is None or (isinstance(answer, str) and answer.strip() in ("", "...")):
            return Outcome(NOT_ANSWERED, f"Put your answer in place of the three dots, or ask check.hint({slug!r}).")
        try:
            outcome = question.compare(answer, self._material)
        except NotComparable as error:
            return Outcome(COULD_NOT_COMPARE, f"{str(error)[0].upper()}{str(error)[1:]}.")
        except DataError as error:
            return Outcome(COULD_NOT_COMPARE, f"This log cannot carry the question. {error}")
        except Exception as error:  # a check never stops a notebook: whatever an answer is, it gets a sentence
            return Outcome(COULD_NOT_COMPARE, f"The answer could not be compared ({type(error).__name__}: {error}).")
        if outcome.status == NOT_YET and question.hints:
            return Outcome(NOT_YET, f"{outcome.message} A hint: check.hint({slug!r}).")
        return outcome

    def hint(self, slug) -> Outcome:
        """The next hint; asked again after the last one, it starts over."""
        if slug not in self._questions or not self._questions[slug].hints:
            return Outcome(COULD_NOT_COMPARE, f"There is no hint for {slug!r}.")
        hints = self._questions[slug].hints
        number = self._hints_given.get(slug, 0) % len(hints)
        self._hints_given[slug] = number + 1
        return Outcome(NOT_ANSWERED, f"Hint {number + 1} of {len(hints)}: {hints[number]}")

    def solution(self, slug):
        """One way to answer, from the solved workbook. Shown only when asked for."""
        from crmlib.workbook.start import solution_of

        try:
            return Solution(solution_of(self._key, slug))
        except DataError as error:
            return Outcome(COULD_NOT_COMPARE, str(error))

    def progress(self):
        """How far this workbook is, as one sentence."""
        done = sum(status == CORRECT for status in self._last.values())
        written = sum(self._last.get(slug) == COULD_NOT_COMPARE for slug, q in self._questions.items() if isinstance(q, Words))
        return f"{done} of {len(self._questions)} correct" + (f", {written} argued in words" if written else "") + "."


class Solution(str):
    """Text that shows itself as it is written."""

    def __repr__(self):
        return str(self)


def _number(value):
    """A float from anything that holds exactly one number."""
    if hasattr(value, "size") and hasattr(value, "dtype"):  # numpy or pandas
        if value.size != 1:
            raise NotComparable(f"the answer is one number, not {value.size:,} of them")
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise NotComparable(f"the answer is one number, not {_shown(value)}")
    value = float(value)
    if math.isnan(value) or math.isinf(value):
        raise NotComparable(f"the answer is one number, not {value}")
    return value


def _shown(value):
    text = repr(value)
    kind = type(value).__name__
    return text if len(text) <= 40 and "\n" not in text else f"a {kind}"


def _other_customers(given, right):
    missing, extra = right.index.difference(given.index), given.index.difference(right.index)
    if len(missing) and len(missing) == len(right):
        return Outcome(COULD_NOT_COMPARE, "None of the customers of this log is in the index; index the Series by customer.")
    if len(missing):
        return Outcome(NOT_YET, f"{len(missing):,} of {len(right):,} customers are missing, e.g. {missing[0]}.")
    if len(extra):
        return Outcome(NOT_YET, f"{len(extra):,} customers should not be there, e.g. {extra[0]}.")
    return None
