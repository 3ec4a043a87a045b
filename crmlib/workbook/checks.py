"""Checking an answer: four outcomes, the mistake by name, never the answer.

A question computes its right answer on a private copy of the learner's own data, by a short plain function written for
the check and not by the crmlib function under study. It knows wrong but plausible answers by name.
"""

from __future__ import annotations

import html
import math
import numbers
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crmlib import wording
from crmlib.errors import DataError
from crmlib.workbook.values import NotComparable, as_text, equals, number, shown

__all__ = ["Check", "Choice", "Labels", "Material", "Number", "Outcome", "Words", "Wrong"]

NOT_ANSWERED, CORRECT, NOT_YET, COULD_NOT_COMPARE = "not answered", "correct", "not yet", "could not compare"
_SIGNS = {NOT_ANSWERED: "○", CORRECT: "✓", NOT_YET: "✗", COULD_NOT_COMPARE: "?"}
_COLOURS = {NOT_ANSWERED: "#767676", CORRECT: "#1a7f37", NOT_YET: "#b35900", COULD_NOT_COMPARE: "#0550ae"}
_DECIMALS = {2: "two", 3: "three", 4: "four"}
_JUDGE_YOURSELF = (
    "Your text is taken down. No program can judge an argument. Does yours name a number, a decision and what would "
    "change your mind? Show it to someone."
)


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


def _no_table(name):
    raise DataError(f"It has no table {name!r}.")


class Material(NamedTuple):
    """What the right answers are computed from: a private copy of the learner's data.

    ``table`` reads a further table of the data set by its name, anew at each call.
    """

    tx: Any
    customers: Any
    as_of: str
    currency: str
    table: Callable[[str], Any] = _no_table


class Wrong(NamedTuple):
    """A wrong but plausible answer and what to say to it. The sentence names the mistake, never the answer."""

    answer: Callable[[Material], Any]
    message: str


class Number(NamedTuple):
    """A number, right when it is within ``within`` of the right one. A ``share`` lies between 0 and 1.

    ``within`` is there for rounding, so it must be far smaller than the distance to any wrong answer.
    """

    answer: Callable[[Material], float]
    praise: str
    within: float
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...] = ()
    share: bool = False

    def compare(self, given, material):
        right = float(self.answer(material))  # first: a log that cannot carry the question says so whatever is given
        if not math.isfinite(right):
            raise DataError("The answer is not defined on it.")
        given = number(given)
        if self._equal(given, right):
            return Outcome(CORRECT, self.praise)
        if named := _named(self.wrong, material, lambda other: self._equal(given, float(other))):
            return named
        if self.share and self._equal(given / 100, right):
            return Outcome(NOT_YET, "This is in per cent; the question asks for a share between 0 and 1.")
        if self.share and not 0 <= given <= 1:
            return Outcome(NOT_YET, f"A share lies between 0 and 1; yours is {given:,.10g}.")
        if abs(given - right) < 0.05 * abs(right) and given in (round(right, digits) for digits in range(6)):
            decimals = _DECIMALS.get(round(-math.log10(2 * self.within))) if self.within else None
            needed = f"{decimals} decimals are needed" if decimals else "give the number as it is computed"
            return Outcome(NOT_YET, f"You rounded too much: {needed}.")
        return Outcome(NOT_YET, f"{given:,.10g} is not it.")

    def _equal(self, given, other):
        # a hair more than `within`: 0.505 - 0.5 is above 0.005, and large sums differ in their last digits
        return abs(given - other) <= max(self.within * (1 + 1e-9), 1e-9 * abs(other))


class Choice(NamedTuple):
    """One of a few words, all in small letters; ``orders_each`` is taken for ``orders each``."""

    answer: Callable[[Material], str]
    praise: str
    choices: tuple[str, ...]
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...] = ()

    def compare(self, given, material):
        right = self.answer(material)
        plain = given.strip().lower() if isinstance(given, str) else None
        known = [one for one in (plain, plain and plain.replace("_", " ")) if one in self.choices]
        if not known:
            raise NotComparable(f"the answer is one of {', '.join(map(repr, self.choices))}, not {shown(given)}")
        given = known[0]
        if given == right:
            return Outcome(CORRECT, self.praise)
        if named := _named(self.wrong, material, given.__eq__):
            return named
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
        import pandas as pd

        right = self._series(self.answer(material))
        given = self._series(given)
        is_date, is_number = pd.api.types.is_datetime64_any_dtype, pd.api.types.is_numeric_dtype
        if is_date(given.dtype) and is_number(right.dtype):
            raise NotComparable("these are dates; the answer is a number for each customer")
        if self._same(given, right):
            return Outcome(CORRECT, self.praise)
        if named := _named(self.wrong, material, lambda other: self._same(given, self._series(other))):
            return named
        if outcome := _other_customers(given, right, material):
            return outcome
        given = given.loc[right.index]
        differ = self._differ(given, right)
        customer, value = given.index[differ][0], given[differ].iloc[0]
        value = f"{value:,.10g}" if isinstance(value, numbers.Real) else shown(value)
        all_of_them = wording.count(len(right), "customer")
        message = f"{differ.sum():,} of {all_of_them} differ, e.g. {customer}: you have {value}."
        return Outcome(NOT_YET, message + _shifted(given, right))

    def _same(self, given, other):
        alike = len(given) == len(other) and given.index.isin(other.index).all()
        return alike and not self._differ(given, other.loc[given.index]).any()

    def _differ(self, given, other):
        """Which customers, in the same order in both, have another value; an array. Two gaps are equal."""
        import numpy as np
        import pandas as pd

        gaps = given.isna().to_numpy(), other.isna().to_numpy()
        if pd.api.types.is_datetime64_any_dtype(other.dtype) and not pd.api.types.is_numeric_dtype(given.dtype):
            given = pd.to_datetime(given.astype(object), errors="coerce", format="ISO8601")  # date or text
        if all(pd.api.types.is_numeric_dtype(values.dtype) for values in (given, other)):
            numeric = (values.to_numpy(dtype=float, na_value=np.nan) for values in (given, other))
            equal = np.isclose(*numeric, rtol=1e-9, atol=self.within * (1 + 1e-9))
        else:
            pairs = zip(given.astype(object), other.astype(object), strict=True)
            equal = np.array([equals(one, two) for one, two in pairs], dtype=bool)
        return np.where(gaps[0] | gaps[1], gaps[0] != gaps[1], ~equal)

    def _series(self, values):
        """One value a customer, with the ids as text."""
        import pandas as pd

        if isinstance(values, Mapping):
            values = pd.Series(dict(values))
        elif hasattr(values, "to_pandas"):  # polars
            values = values.to_pandas()
        if isinstance(values, pd.DataFrame):
            table = values
            if values.index.name == "customer" and "customer" not in values.columns:
                table = values.reset_index()
            missing = [name for name in ("customer", self.column) if name not in table.columns]
            if missing:
                found = ", ".join(map(repr, table.columns[:12]))
                raise NotComparable(f"the table needs a column {missing[0]!r}; it has {found}")
            values = table.set_index("customer")[self.column]
        if not isinstance(values, pd.Series):
            raise NotComparable(
                f"the answer is a Series with one value a customer, or a table with columns 'customer' and "
                f"{self.column!r}, not {shown(values)}"
            )
        if isinstance(values.index, pd.MultiIndex):
            names = ", ".join(map(str, values.index.names))
            raise NotComparable(
                f"the index has {values.index.nlevels} parts ({names}); the answer has one value a customer"
            )
        if pd.api.types.is_timedelta64_dtype(values.dtype):
            raise NotComparable("the values are spans of time; the answer is a number of days, which .dt.days gives")
        values = values.set_axis(as_text(values.index))
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
            raise NotComparable(f"the answer is a text in quotes, not {shown(given)}")
        # Chinese is written without spaces; two characters make about one word
        words = len(re.findall(r"[^\s\u3400-\u9fff]+", given)) + len(re.findall(r"[\u3400-\u9fff]", given)) // 2
        if words < self.at_least:
            return Outcome(
                NOT_YET, f"{words} words are too few for a decision and its reason; write {self.at_least} or more."
            )
        return Outcome(COULD_NOT_COMPARE, _JUDGE_YOURSELF)


class Check:
    """The checks of one workbook: call it with a question's slug and your answer. It never raises."""

    def __init__(self, key, questions, material):
        self._key, self._questions, self._material = key, questions, material
        self._hints_given, self._last = {}, {}

    def __repr__(self):
        return f"Check({self._key!r}: {', '.join(self._questions)})"

    def __call__(self, slug, answer) -> Outcome:
        """`Outcome` of an answer: not answered, correct, not yet, or could not compare."""
        if unknown := self._unknown(slug):
            return unknown
        outcome = self._last[slug] = self._outcome(slug, answer)
        return outcome

    def _unknown(self, slug):
        if not isinstance(slug, str) or slug not in self._questions:
            return Outcome(
                COULD_NOT_COMPARE, f"There is no question {shown(slug)}; there are {', '.join(self._questions)}."
            )
        return None

    def _outcome(self, slug, answer):
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
        if outcome.message == _JUDGE_YOURSELF:
            return Outcome(COULD_NOT_COMPARE, f"{_JUDGE_YOURSELF} One way of arguing it: check.solution({slug!r}).")
        if outcome.status == NOT_YET and question.hints:
            return Outcome(NOT_YET, f"{outcome.message} A hint: check.hint({slug!r}).")
        return outcome

    def hint(self, slug):
        """The next hint; asked again after the last one, it starts over."""
        if unknown := self._unknown(slug):
            return unknown
        if not self._questions[slug].hints:
            return Outcome(COULD_NOT_COMPARE, f"There is no hint for {slug!r}.")
        hints = self._questions[slug].hints
        number = self._hints_given.get(slug, 0) % len(hints)
        self._hints_given[slug] = number + 1
        return Hint(f"Hint {number + 1} of {len(hints)}: {hints[number]}")

    def solution(self, slug):
        """One way to answer, from the solved workbook. Shown only when asked for."""
        if unknown := self._unknown(slug):
            return unknown
        from crmlib.workbook.start import solution_of

        try:
            return Solution(solution_of(self._key, slug))
        except DataError as error:
            return Outcome(COULD_NOT_COMPARE, str(error))

    def progress(self):
        """How far this workbook is, as one sentence; what this log cannot carry does not count."""
        carried = {slug: question for slug, question in self._questions.items() if self._carries(question)}
        words = [slug for slug, question in carried.items() if isinstance(question, Words)]
        done = sum(outcome.status == CORRECT for outcome in self._last.values())
        written = sum(outcome.message.startswith(_JUDGE_YOURSELF) for outcome in self._last.values())
        said = f"{done} of {len(carried) - len(words)} correct"
        said += f", {written} of {len(words)} argued in words" if words else ""
        left_out = [slug for slug in self._questions if slug not in carried]
        return said + (f"; this log cannot carry {wording.several(left_out)}." if left_out else ".")

    def _carries(self, question):
        try:
            question.compare(None, self._material)
        except DataError:
            return False
        except Exception:  # None is no answer, which a question says only when the log can carry it
            return True
        return True


class Hint(NamedTuple):
    """One hint, which shows itself without a status."""

    message: str

    def __repr__(self):
        return self.message


class Solution(str):
    """Text that shows itself as it is written."""

    def __repr__(self):
        return str(self)


def _named(wrongs, material, is_it):
    """The outcome for an answer that is one of the known mistakes. Where two give the same, it says both."""
    messages = []
    for wrong in wrongs:
        try:
            found = is_it(wrong.answer(material))
        except (DataError, NotComparable, ArithmeticError, LookupError, TypeError, ValueError):
            continue  # this mistake cannot be made on this log
        if found and wrong.message not in messages:
            messages.append(wrong.message)
    return Outcome(NOT_YET, " Or: ".join(messages)) if messages else None


def _shifted(given, right):
    """A mistake that moves all values by the same number; its size would give the answer away."""
    import pandas as pd

    if len(right) < 2 or not all(pd.api.types.is_numeric_dtype(values.dtype) for values in (given, right)):
        return ""
    differences = given.astype(float) - right.astype(float)
    low, high = differences.min(), differences.max()
    if not differences.notna().all() or low * high <= 0 or high - low > 1e-9 * max(abs(low), abs(high)):
        return ""
    return f" Every value is too {'high' if low > 0 else 'low'} by the same number."


def _other_customers(given, right, material):
    missing, extra = right.index.difference(given.index), given.index.difference(right.index)
    if len(missing) == len(right):
        if len(given) and given.index.isin(right.index.str.lstrip("0")).all():
            stripped = next(name for name in right.index if name.startswith("0"))
            return Outcome(
                COULD_NOT_COMPARE,
                f"The ids lost their leading zeros: {stripped!r} became {stripped.lstrip('0')!r}. Keep "
                "customer as text.",
            )
    positions = len(given.index) and (given.index == [str(position) for position in range(len(given))]).all()
    if len(missing) and (positions or len(missing) == len(right)):
        return Outcome(
            COULD_NOT_COMPARE, "The index does not hold the customers of this log; index the Series by customer."
        )
    if len(missing):
        return Outcome(
            NOT_YET, f"{len(missing):,} of {wording.count(len(right), 'customer')} missing, e.g. {missing[0]}."
        )
    if len(extra):
        tx = material.tx
        never = set(tx["customer"]) - set(tx["customer"][tx["amount"] >= 0])
        why = " Customers with refunds only never bought: leave them out." if never.issuperset(extra) else ""
        what = f"{wording.count(len(extra), 'customer')} should not be there, e.g. {extra[0]}.{why}"
        return Outcome(NOT_YET, what)
    return None
