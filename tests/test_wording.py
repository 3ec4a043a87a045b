"""Numbers as text that remembers the number."""

import copy
import datetime as dt
import pickle

import numpy as np
import pandas as pd
import pytest

from crmlib.wording import NOTHING, Figure, count, day, money, number, percent

FIGURES = {
    "number": (number(1234.56, 1), "1,234.6", 1234.56, 1, ""),
    "percent": (percent(0.678412), "67.8 %", 0.678412, 1, ""),
    "under": (percent(0.00001), "under 0.1 %", 0.00001, 1, ""),
    "over": (percent(0.99999), "over 99.9 %", 0.99999, 1, ""),
    "minus nothing": (percent(-0.00001), "0.0 %", -0.00001, 1, ""),
    "money": (money(-1200.5, "CHF", 0), "-CHF 1,200", -1200.5, 0, "CHF"),
    "day": (day(dt.datetime(1997, 3, 25, 12)), "1997-03-25", dt.date(1997, 3, 25), 0, ""),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_text_that_remembers_its_number(name):
    found, text, value, decimals, currency = FIGURES[name]
    assert found == text and isinstance(found, Figure)
    kind = name if name in ("number", "money", "day") else "percent"
    assert (found.value, found.kind, found.decimals, found.currency) == (value, kind, decimals, currency)


def test_nothing_is_plain_text():
    for text in (number(None), number(float("nan")), percent(None), money(float("nan"), "$"), day(None)):
        assert text == NOTHING and type(text) is str


def test_what_is_made_of_a_figure_is_plain_text():
    for text in (f"{number(5)}", number(5) + "", number(1000).replace(",", ""), count(3, "line")):
        assert type(text) is str


def test_numbers_of_numpy_and_days_of_pandas_become_pythons_own():
    assert type(number(np.int64(5)).value) is int and type(percent(np.float64(0.5)).value) is float
    assert type(day(pd.Timestamp("2024-01-31")).value) is dt.date


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_remembers_too(again):
    found = again(money(12.5, "€"))
    assert (found, found.value, found.kind, found.decimals, found.currency) == ("€12.50", 12.5, "money", 2, "€")
