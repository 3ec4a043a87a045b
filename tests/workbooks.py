"""What the tests of all workbooks share: running one, walking through its mistakes, never giving the answer away."""

import ast
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmlib import DataError, checkout, customer_table
from crmlib.wording import number
from crmlib.workbook.checks import Check, Choice, Labels, Material, Number
from crmlib.workbook.source import Source, answers, notebooks

# What nobody's answer is; a workbook adds its own near misses.
WEIRD = [
    "many", b"2", None, ..., True, float("nan"), float("inf"), 10**400, -1, 1e300, [], {}, [1, 2], {"ann": 1}, set(),
    object, pd.NaT, pd.NA, np.array([]), np.zeros((2, 2)), pd.Series(dtype=float), pd.Series([1, 2]), pd.DataFrame(),
    pd.DataFrame({"customer": ["ann"]}), pd.Timestamp("2024-01-01"), pd.Timedelta(days=3),
]  # fmt: skip


def material(tx, as_of=None):
    as_of = as_of or f"{tx['date'].max():%Y-%m-%d}"
    return Material(tx, customer_table(tx, as_of=as_of), as_of, "$")


def messy(tx):
    """The same log with refunds only, refunds at the end, and purchases in several lines and of nothing."""
    last = tx["date"].max()
    rows = [(f"R{i}", last - pd.Timedelta(days=30 * i), -float(i + 5), f"R{i}") for i in range(9)]
    rows += [(customer, last, -1.0, f"{customer}-back") for customer in tx["customer"].unique()[::9]]
    rows += [(f"Z{i}", last - pd.Timedelta(days=40 * i), 0.0, f"Z{i}") for i in range(9)]
    return pd.concat([tx, pd.DataFrame(rows, columns=tx.columns)], ignore_index=True)


class Workbook(NamedTuple):
    """What the tests of one workbook bring to those of all; `test_workbooks` has the list."""

    folder: str
    questions: dict
    logs: Callable  # from CDNOW's sample and another log to materials by name, odd ones among them
    files: Callable  # from those materials to logs that the whole workbook is run on
    asked: set[str]  # numbers that the questions themselves name
    rounded: tuple[str, ...]  # shares that may be rounded to three decimals
    tiny: Any  # a log worked out by hand
    words: str  # the question that is argued in words
    near_misses: tuple = ()
    more_logs: Callable = dict  # where further mistakes can be seen
    blurred: bool = False  # whether two mistakes may lead to one number, which gets the name of one of them
    a_word: str = "send"  # an answer that is no number
    not_carried: dict = {}  # by file: the questions that it cannot carry
    also: Callable = lambda said, name: True  # what else the solutions print on a file


def remembered(questions):
    """The same questions, each of whose answers is computed once a log: a walk through the mistakes asks for all of
    them again and again."""
    return {slug: _remembered(question) for slug, question in questions.items()}


def _remembered(question):
    if not hasattr(question, "wrong"):
        return question
    wrong = tuple(one._replace(answer=_once(one.answer)) for one in question.wrong)
    return question._replace(answer=_once(question.answer), wrong=wrong)


def _once(answer):
    known = {}  # by identity; the log is kept too, so that no other can take its place

    def computed(material):
        place = id(material.tx), material.as_of
        if place not in known:
            try:
                found = answer(material), None
            except DataError as error:
                found = None, error
            known[place] = material.tx, found
        given, error = known[place][1]
        if error is not None:
            raise DataError(str(error))
        return given.copy() if hasattr(given, "copy") else given

    return computed


def mistakes(questions):
    """Question and place of each mistake that a question knows."""
    return [(slug, place) for slug, one in questions.items() for place in range(len(getattr(one, "wrong", ())))]


def differs(question, wrong, material):
    """Whether a mistake can be seen on this log at all."""
    try:
        given, right = wrong.answer(material), question.answer(material)
    except DataError:  # a log without refunds or order ids cannot have mistakes about them
        return False
    if isinstance(question, Number):
        return np.isfinite(given) and abs(given - right) > max(question.within, 1e-9 * abs(right)) * 1.001
    if isinstance(question, Labels):
        given, right = given.sort_index(), right.sort_index()
        return not given.index.equals(right.index) or bool((given != right).any())
    return given != right


def messages(question):
    """All that a learner may be told."""
    return [wrong.message for wrong in getattr(question, "wrong", ())] + list(question.hints)


def given_away(key, questions, slug, material, asked):
    """The messages that hold the right number, however it may be written, or the right word.

    ``asked``: the numbers that the questions themselves name.
    """
    question, check = questions[slug], Check(key, questions, material)
    if isinstance(question, Choice):
        return [message for message in messages(question) if repr(question.answer(material)) in message]
    if not isinstance(question, Number):
        return []
    right = float(question.answer(material))
    forms = {number(right, decimals) for decimals in range(7)} | {f"{right:.{digits}g}" for digits in range(3, 9)}
    forms |= {f"{100 * right:.1f}", f"{100 * right:.0f}"} if question.share else set()
    forms |= {form.replace(",", "") for form in forms}
    said = messages(question) + [check(slug, answer).message for answer in (right + 7, -right - 1, right * 1.5 + 3, "x")]
    return [message for message in said if forms & set(re.findall(r"[\d.,]*\d", message)) - asked]


@cache
def source(folder):
    """The text of a workbook."""
    return (checkout.root() / place(folder)).read_text(encoding="utf-8")


def place(folder):
    """Where it lies."""
    return f"course/{folder}/workbook.py"


def asked_and_checked(folder):
    """The questions of its answer cells and of its checks, in order."""
    import jupytext

    asked = [one.question for one in answers(jupytext.reads(source(folder), fmt="py:percent"), place(folder))]
    return asked, re.findall(r'^check\("(\w+)", \w+\)', source(folder), flags=re.MULTILINE)


def run(folder, kind, **parameters):
    """Run the exercises or the solutions of a workbook here; gives what every check said, by question."""
    target, key = f"{kind}/{folder}.ipynb", folder.partition("_")[2]
    names, outcomes = {}, {}
    for cell in notebooks(Source(place(folder), "workbook", folder, key), source(folder))[target].cells:
        if cell.cell_type != "code":
            continue
        if "parameters" in cell.metadata.get("tags", ()):
            names |= parameters
        elif found := re.fullmatch(r'check\("(\w+)", \w+\)', cell.source):
            outcomes[found[1]] = eval(cell.source, names)
        else:
            exec(compile(ast.parse(cell.source), target, "exec"), names)
    return outcomes


def bound(tx, path):
    """The parameters of a workbook bound to a file with other names and another currency."""
    columns = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    tx.rename(columns=columns).to_csv(path, index=False, sep=";")
    options = columns | ({"order": "order"} if "order" in tx else {})
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": "CHF", "OPTIONS": options}
