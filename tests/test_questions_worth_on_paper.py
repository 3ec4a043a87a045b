"""The questions of *What is a customer worth: on paper*: right answers from three sides, every mistake by its name."""

import math

import pandas as pd
import pytest
from workbooks import Workbook

from crmlib import checkout, customer_table, defection_value, migration_value, retention_value, value_matrix
from crmlib.explore_value import naive_worth, order_value
from crmlib.workbook.checks import Check, Material
from crmlib.workbook.questions import worth_on_paper as module
from crmlib.workbook.questions.worth_on_paper import QUESTIONS

PLACE = "course/42_worth_on_paper/workbook.py"

# Seven orders worth 280: a price of 40, a margin of 12; service costs 3 a year. As of 2024-12-31.
TINY = pd.DataFrame(
    [
        ("ann", "2024-12-31", 40.0, "A1"),
        ("bob", "2024-12-31", 10.0, "B1"),
        ("cy", "2023-01-01", 100.0, "C1"),
        ("di", "2023-01-01", 30.0, "D1"),
        ("eve", "2023-01-01", 20.0, "E1"),
        ("gus", "2023-01-01", 60.0, "G1"), ("gus", "2024-06-01", -50.0, "GR"),
        ("hal", "2024-12-01", 12.0, "H1"), ("hal", "2024-12-01", 8.0, "H1"),
        ("fay", "2024-01-02", -9.0, "FR"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def material(tx, as_of=None):
    as_of = as_of or f"{tx['date'].max():%Y-%m-%d}"
    return Material(tx, customer_table(tx, as_of=as_of), as_of, "$")


def made_logs(cdnow_sample_log, other_log):
    """Logs of four shapes, one with an as_of later than its last line and without order ids."""
    some_of_it = other_log[other_log["customer"] < "K0120"].reset_index(drop=True)
    first = sorted(cdnow_sample_log["customer"].unique())[:350]
    return {
        "cdnow": material(cdnow_sample_log[cdnow_sample_log["customer"].isin(first)].reset_index(drop=True)),
        "other": material(some_of_it),
        "tiny": material(TINY),
        "later": material(some_of_it.drop(columns="order"), "2025-01-13"),
    }


@pytest.fixture(scope="module", params=["cdnow", "other", "tiny", "later"])
def some(request, cdnow_sample_log, other_log):
    return made_logs(cdnow_sample_log, other_log)[request.param]


WORKBOOK = Workbook(
    "42_worth_on_paper", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("other", "tiny")} | {"one line": TINY[:1]},
    set("0 1 2 3 4 5 6 7 8 10 12 20 30 75 95 100".split()), ("five_points",), TINY, "service",
    (pd.Series(["MVC"], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "value_type": ["MVC", "MVC"]}), ("MVC",)),
    blurred=True, a_word="MVC",
)  # fmt: skip


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    a_month = 1.1 ** (1 / 12)
    worth = 12 * a_month / (a_month - 0.95)
    assert QUESTIONS["subscriber"].answer(tiny) == pytest.approx(worth) and 208 < worth < 209
    assert QUESTIONS["advertised"].answer(tiny) == pytest.approx(0.04 * worth - 6)
    assert QUESTIONS["missed"].answer(tiny) == pytest.approx(39.4 - 100 * 0.491 ** (12 / 7))
    assert QUESTIONS["win_back"].answer(tiny) == pytest.approx(0.12 * worth)
    assert QUESTIONS["five_points"].answer(tiny) == pytest.approx(  # two geometric sums of ten terms
        (1 - (0.8 / 1.12) ** 10) / (1 - 0.8 / 1.12) * (1 - 0.75 / 1.12) / (1 - (0.75 / 1.12) ** 10) - 1
    )
    # ann: 12 so far, 9 to come; bob 3 and 0; cy 30 - 6 and -3; di 9 - 6 and -3; eve 0 and -3; gus -3 and -18;
    # hal 6 - 3 * 30 / 365 and 3
    assert QUESTIONS["types"].answer(tiny).to_dict() == {
        "ann": "MVC", "bob": "MGC", "cy": "maintain", "di": "abandon", "eve": "below zero", "gus": "below zero", "hal": "MGC",
    }  # fmt: skip


def test_stopping_by_hand():
    """Never writing leaves the margin; one letter a purchase is the retention model with a retention of 35 %."""
    tiny, season = material(TINY), math.sqrt(1.1)
    assert module._rule(tiny, 0) == 12
    assert module._rule(tiny, 1) == pytest.approx((12 - 1.2) * season / (season - 0.35))


# against crmlib


def test_the_answers_are_those_of_crmlib(some):
    margin = round(0.30 * order_value(some.tx), 2)
    worth = retention_value.retention_value(margin, retention=0.95, discount=1.1 ** (1 / 12) - 1, timing="now")
    assert QUESTIONS["subscriber"].answer(some) == pytest.approx(worth, rel=1e-12)
    rules = migration_value.stopping_rules(
        module.CHANCES, margin=margin, contact=round(margin / 10, 2), discount=math.sqrt(1.1) - 1
    )
    assert module._rules(some) == pytest.approx(rules["value"].tolist(), rel=1e-12)
    assert QUESTIONS["stopping"].answer(some) == pytest.approx(rules["value"].max() - rules["value"].iloc[-1], rel=1e-9)
    lift = retention_value.lift(0.75, points=0.05, discount=0.12, periods=10)
    assert QUESTIONS["five_points"].answer(some) == pytest.approx(lift, rel=1e-12)
    ceiling = defection_value.win_back_ceiling(worth, success=0.20, without=0.08)
    assert QUESTIONS["win_back"].answer(some) == pytest.approx(ceiling, rel=1e-12)
    table = naive_worth(some.tx, as_of=some.as_of, margin=0.30, serve=round(margin / 4, 2))
    typed = value_matrix.value_types(table, current="current", future="future", current_cut=margin, future_cut=0.0)
    assert QUESTIONS["types"].answer(some).to_dict() == dict(zip(typed["customer"], typed["value_type"], strict=True))


def test_below_zero_in_whole_cents(some):
    """Sums of cents are compared as cents, so that 0.10 - 0.30 + 0.20 is not below zero."""
    assert module._below(pd.Series([0.1 - 0.3]), pd.Series([0.2])).tolist() == [False]


# the workbook


def test_a_log_of_refunds_says_so():
    refunds = Material(TINY[-1:], None, "2024-12-31", "$")
    for slug in ("subscriber", "advertised", "stopping", "win_back", "types"):
        outcome = Check("worth_on_paper", QUESTIONS, refunds)(slug, 1)
        assert outcome.status == "could not compare"
        assert outcome.message == (
            "This log cannot carry the question. Nobody in this log paid for anything, so an order has no value."
        )


def test_the_workbook_states_what_the_checks_ask():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    asked = " ".join(source.replace("\n#", "").split())
    assert (module.SHARE, module.STAY, module.SUBSCRIBE, module.WITH_OFFER, module.WITHOUT) == (0.30, 0.95, 0.04, 0.20, 0.08)
    for words in (
        "30 % is margin", "95 % of those there in one month", "discount is 10 % **a year**", "first parcel today**", "**4 %**",
        "**mean retention rate of the first seven years**", "**percentage points**", "**season of six months**",
        "**75 %** of its members", "discount is **12 %**", "**10 payments**", "**five percentage points**", "**20 %** of them",
        "without it **8 %**", "**`margin` or more**", "**0 or more**",
        f"survivors = {list(module.HIGH_END)}", f"chances = {list(module.CHANCES)}", "reach = round(margin / 2, 2)",
        "letter = round(margin / 10, 2)", "serve = round(margin / 4, 2)", "margin = round(0.30 * price, 2)",
    ):  # fmt: skip
        assert words in asked, words
