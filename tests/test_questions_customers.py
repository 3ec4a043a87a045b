"""The questions of *From purchases to customers*: right answers from three sides, every mistake by its name."""

import re

import pandas as pd
import pytest
from workbooks import Workbook, differs, mistakes, remembered

from crmlib import checkout, customer_table
from crmlib.workbook.checks import Check, Labels, Material, Number
from crmlib.workbook.questions import _letter as module
from crmlib.workbook.questions.customers import QUESTIONS

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
    return made_logs(cdnow_sample_log, other_log)[request.param]


def check_on(some):
    return Check("customers", QUESTIONS, some)


YOUNG = TINY[TINY["customer"] != "cy"]


def made_logs(cdnow_sample_log, other_log):
    """Logs of four shapes, the third with an as_of later than its last line."""
    logs = {"cdnow": material(cdnow_sample_log), "other": material(other_log), "tiny": material(TINY)}
    return logs | {"without order ids": material(other_log.drop(columns="order"), "2025-01-31")}


def more_logs():
    soon = TINY.assign(date=TINY["date"].mask(TINY["customer"] == "di", pd.Timestamp("2024-01-03")))  # a refund first
    return {"soon": material(soon), "late": material(TINY, "2024-08-01")}


WORKBOOK = Workbook(
    "10_customers", QUESTIONS, made_logs, lambda logs: {name: logs[name].tx for name in ("other", "tiny")}
    | {"young": YOUNG, "one line": TINY[:1].drop(columns="order")},
    {"0", "1"}, ("bought_once", "break_even"), TINY, "letter_why",
    (pd.Series(["a"], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "orders": [1, 1]}), TINY, "send it",
     ("send",)),
    more_logs,
    not_carried={name: {"break_even", "letter"} for name in ("young", "one line")},
    also=lambda said, name: ("I recommend:" in said) == (name in ("other", "tiny")),
)  # fmt: skip


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


def test_money_may_be_rounded_to_the_cent(some):
    right = QUESTIONS["revenue_per_customer"].answer(some)
    assert check_on(some)("revenue_per_customer", round(right, 2)).status == "correct"
    assert check_on(some)("revenue_per_customer", right + 0.02).status == "not yet"


REMEMBERED = remembered(QUESTIONS)
NEEDS_MORE = ("customers_early", "orders", "repeat_days", "revenue_per_customer")  # what a log may lack


@pytest.mark.parametrize(("slug", "place"), [one for one in mistakes(QUESTIONS) if one[0] not in NEEDS_MORE])
def test_a_mistake_that_cannot_be_seen_is_no_mistake(slug, place, some):
    wrong = REMEMBERED[slug].wrong[place]
    if not differs(REMEMBERED[slug], wrong, some):
        assert Check("customers", REMEMBERED, some)(slug, wrong.answer(some)).status == "correct"


def test_a_mistake_that_another_log_would_need_does_not_blur_the_name_of_this_one(cdnow_sample_log):
    some = material(cdnow_sample_log)  # no refunds and no order ids
    check = check_on(some)
    assert check("orders", some.tx.groupby("customer").size()).message.startswith(
        "You counted lines. Lines of one order count once. A hint"
    )
    assert check("repeat_days", QUESTIONS["orders"].answer(some).sum()).message.startswith(
        "These are all purchase days; the first day of each customer is no repeat. A hint"
    )


@pytest.mark.parametrize("slug", LABELS)
def test_a_wrong_table_shows_the_given_value_only(slug, some):
    right = QUESTIONS[slug].answer(some)
    outcome = check_on(some)(slug, right + 12_345)
    assert outcome.status == "not yet"
    assert f"you have {right.sort_index().iloc[0] + 12_345:,}" in outcome.message


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


# the workbook


def test_the_workbook_states_the_numbers_that_the_check_uses():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    assert re.findall(r'^check\("(\w+)", (\w+)\)', source, flags=re.MULTILINE) == [(slug, slug) for slug in QUESTIONS]
    stated = {name: float(value) for name, value in re.findall(r"^([A-Z_]+) = ([\d.]+)", source, flags=re.MULTILINE)}
    assert stated == {name: getattr(module, name) for name in ("LETTER_COST", "MARGIN", "LAST_RESPONSE")}
    assert "more than** 180 days" in source and module.LAPSED_AFTER == 180
