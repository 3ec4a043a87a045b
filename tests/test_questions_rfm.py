"""The questions of *RFM and the pyramid*: right answers from three sides, every mistake by its name."""

import ast

import numpy as np
import pandas as pd
import pytest
from workbooks import Workbook

from crmlib import checkout, customer_table, factors, pyramid, response, rfm
from crmlib.explore_rfm import two_halves
from crmlib.workbook.checks import Check, Material, Number
from crmlib.workbook.questions import _pyramid
from crmlib.workbook.questions import rfm as module
from crmlib.workbook.questions.rfm import QUESTIONS

NUMBERS = [slug for slug, question in QUESTIONS.items() if isinstance(question, Number)]
PLACE = "course/33_rfm/workbook.py"

# Worked out by hand. The second half begins on 2024-01-06; ida has a refund only.
#       orders  days since last on 2024-01-10   net    in the first half: orders, days on 2024-01-05, net, bought later
# ann      3                 3                   60                        2        4       50          yes
# bob      1                 7                   30                        1        2       30          no
# cy       1                 8                   12                        1        3       12          no
# di       1                 5                   10                        1        0       10          no
# eve      2                 2                    8                        1        3        2          yes
# fay      1                 0                    2                        -        -        -          (new)
TINY = pd.DataFrame(
    [
        ("ann", "2024-01-01", 40.0, "A"), ("ann", "2024-01-01", 10.0, "B"), ("ann", "2024-01-07", 10.0, "C"),
        ("bob", "2024-01-03", 35.0, "D"), ("bob", "2024-01-05", -5.0, "R1"), ("cy", "2024-01-02", 6.0, "E"),
        ("cy", "2024-01-02", 6.0, "E"), ("di", "2024-01-05", 10.0, "F"), ("eve", "2024-01-02", 2.0, "G"),
        ("eve", "2024-01-08", 6.0, "H"), ("fay", "2024-01-10", 2.0, "I"), ("ida", "2024-01-04", -7.0, "R2"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def material(tx, as_of=None):
    return Material(tx, None, as_of or f"{tx['date'].max():%Y-%m-%d}", "$")


def messy(tx):
    """The same log with customers who got more back than they paid, refunds only, and purchases of nothing."""
    owing = list(tx["customer"].unique()[::16])
    spent = tx[tx["amount"] > 0].groupby("customer")["amount"].sum()
    last = tx["date"].max()
    rows = [(customer, last, round(-1.2 * spent[customer] - 1, 2), f"{customer}-back") for customer in owing]
    rows += [(f"R{i}", last - pd.Timedelta(days=30 * i), -float(i + 5), f"R{i}") for i in range(9)]
    rows += [(f"Z{i}", last - pd.Timedelta(days=40 * i), 0.0, f"Z{i}") for i in range(9)]
    return pd.concat([tx, pd.DataFrame(rows, columns=tx.columns)], ignore_index=True)


def steady():
    """A log of two like halves: one third as many customers, each with more than one and a half times the orders."""
    early = [(f"c{i}", f"2024-01-{1 + i:02d}", 10.0 + i) for i in range(9)]
    late = [(f"c{i}", f"2024-01-{day}", 9.0) for i in range(3) for day in (12, 14, 16)] + [("c0", "2024-01-20", 1.0)]
    return pd.DataFrame(early + late, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})


def tied():
    """Forty customers; the second to the fifth paid the same, where 5 % end."""
    paid = [90.0, 50.0, 50.0, 50.0, 50.0, *(40.0 - i for i in range(35))]
    days = ["2024-01-01"] * 40
    rows = [(f"c{i:02d}", day, amount) for i, (day, amount) in enumerate(zip(days, paid, strict=True))]
    rows += [("c00", "2024-02-01", 5.0), ("c39", "2024-02-01", 5.0)]
    return pd.DataFrame(rows, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})


def made_logs(cdnow_sample_log, other_log):
    """Logs of five shapes; the second has an as_of later than its last line."""
    first = sorted(cdnow_sample_log["customer"].unique())[:350]
    some_of_it = other_log[other_log["customer"] < "K0060"].reset_index(drop=True)
    return {
        "cdnow": material(cdnow_sample_log[cdnow_sample_log["customer"].isin(first)]),
        "messy": material(messy(some_of_it), "2025-01-31"),
        "tiny": material(TINY),
        "steady": material(steady()),
        "tied": material(tied()),
    }


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
    return made_logs(cdnow_sample_log, other_log)


@pytest.fixture(scope="module", params=["cdnow", "messy", "tiny", "steady", "tied"])
def some(request, logs):
    return logs[request.param]


def check_on(some):
    return Check("rfm", QUESTIONS, some)


ONE_DAY = "The log covers one day, so it has no halves to compare. cdnow_sample is read."
WORKBOOK = Workbook(
    "33_rfm", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("messy", "tiny")} | {"one line": TINY[:1]},
    {"0", "1", "2", "5", "27", "365"}, ("top_tiers",), TINY, "decision",
    (pd.Series([4], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "f": [5, 5]}), TINY, "champions", ("amount",)),
    a_word="orders",
    also=lambda said, name: (ONE_DAY in said) == ("$" in said),
)  # fmt: skip


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    # of six, four with one order have nobody below: 1. eve has 4 below: 1 + 20 // 6; ann 5: 1 + 25 // 6
    scores = {"ann": 5, "bob": 1, "cy": 1, "di": 1, "eve": 4, "fay": 1}
    assert QUESTIONS["f_scores"].answer(tiny).to_dict() == scores
    # medians: 4 days, 1 order, 11. Low R, one order and more than 11: bob 7 days with 30, cy 8 days with 12
    assert QUESTIONS["important"].answer(tiny) == 2
    # r1 m3 with any f, and r2 f1 with m1 or m2
    assert QUESTIONS["holes"].answer(tiny) == 5
    assert QUESTIONS["top_tiers"].answer(tiny) == pytest.approx(60 / 122)  # 5 % of six is the first of them
    # mean orders: ann 25, bob 35, cy 12, di 10, eve 2; 16.8, of which 5.04 is left; break-even 2 / 5.04 = 40 %
    # R on 2024-01-05, five customers: ann 1, cy and eve 2, bob 4, di 5; ann and eve bought: 1 of 1, 1 of 2
    assert QUESTIONS["paying"].answer(tiny) == 3
    assert QUESTIONS["gone_quiet"].answer(tiny) == 0  # ann is the upper two tiers, and came again
    # customers 5 to 3, all of them buyers; orders 6 / 5 to 3 / 3; amount 104 / 6 to 18 / 3, a third of it
    assert QUESTIONS["factor"].answer(tiny) == "amount"


def test_the_factor_looks_at_falls_too():
    """Customers 9 to 3, orders 1 to 10 / 3, amount 14 to 8.2: ln 3 = 1.10, ln 3.33 = 1.20."""
    assert QUESTIONS["factor"].answer(material(steady())) == "orders"
    once = steady().drop(index=[10, 11, 13, 14, 16, 17, 18])  # each of the three comes once: orders stay at 1
    assert QUESTIONS["factor"].answer(material(once, "2024-01-20")) == "customers"


def test_who_paid_the_same_as_the_last_of_a_tier_is_in_it():
    # 5 % of forty is two; the second has 50, and so have three more. c00 paid 95 and c39 paid 11
    paid = 95 + 4 * 50
    assert QUESTIONS["top_tiers"].answer(material(tied())) == pytest.approx(paid / (paid + sum(range(7, 41)) + 11))


# against crmlib


def test_the_answers_are_those_of_crmlib(some):
    everyone = customer_table(some.tx, as_of=some.as_of)
    bought = everyone[everyone["orders"] > 0]
    scores = rfm.scores(bought).set_index("customer")["f"].astype("int64")
    pd.testing.assert_series_equal(QUESTIONS["f_scores"].answer(some).sort_index(), scores, check_names=False)
    eight = rfm.segments(rfm.scores(bought, bins=2), rfm.TWO_BY_TWO)["segment"]
    assert QUESTIONS["important"].answer(some) == (eight == "important win-back").sum()
    assert QUESTIONS["holes"].answer(some) == len(rfm.check_map(list(module.RULES), bins=3).uncovered)
    upper = pyramid.summary(pyramid.tiers(everyone))["share_of_revenue"][:2].sum()
    assert QUESTIONS["top_tiers"].answer(some) == pytest.approx(upper, rel=1e-9)
    halves = two_halves(some.tx, as_of=some.as_of)
    offer = response.Offer(cost_per_contact=2.0, profit_per_sale=0.3 * halves.before["mean_order"].mean())
    cells = response.by_cell(rfm.scores(halves.before), "bought", offer=offer, by="r")
    assert QUESTIONS["paying"].answer(some) == cells["customers"][cells["mail"]].sum()
    tiers = pyramid.tiers(halves.before)
    quiet = tiers["tier"].isin(["top", "large"]) & ~tiers["bought"]
    assert QUESTIONS["gone_quiet"].answer(some) == quiet.sum()
    first, second = factors.measured(halves.before), factors.measured(halves.after)
    apart = {name: abs(np.log(second[name] / first[name])) for name in first}
    assert QUESTIONS["factor"].answer(some) == max(apart, key=apart.get)


def test_cdnow_in_numbers(cdnow_log):
    cdnow = material(cdnow_log)
    counts = QUESTIONS["f_scores"].answer(cdnow).value_counts().to_dict()
    assert counts == {1: 12_054, 3: 4_040, 5: 3_835, 4: 3_641}
    assert QUESTIONS["important"].answer(cdnow) == 2_010
    assert QUESTIONS["top_tiers"].answer(cdnow) == pytest.approx(0.286295, abs=1e-6)
    assert QUESTIONS["paying"].answer(cdnow) == 9_421  # R 4 with 4,709 and R 5 with 4,712
    assert QUESTIONS["gone_quiet"].answer(cdnow) == 307
    assert QUESTIONS["factor"].answer(cdnow) == "customers"


# the check on each question


def test_a_table_of_scores_is_an_answer_too(some):
    everyone = customer_table(some.tx, as_of=some.as_of)
    table = rfm.scores(everyone[everyone["orders"] > 0])
    assert check_on(some)("f_scores", table).status == "correct"
    assert check_on(some)("f_scores", dict(zip(table["customer"], table["f"], strict=True))).status == "correct"


def test_what_learners_write_in_pandas_gets_its_name(logs):
    shop = logs["cdnow"]
    table = customer_table(shop.tx, as_of=shop.as_of).set_index("customer")["orders"]
    check = check_on(shop)
    for ranked in (table.rank(method="first"), table.sample(frac=1, random_state=3).rank(method="first")):
        given = pd.qcut(ranked, 5, labels=[1, 2, 3, 4, 5]).astype(int)
        assert check("f_scores", given).status == "not yet"
    given = pd.qcut(table.rank(method="first"), 5, labels=[1, 2, 3, 4, 5])
    assert "by the order of the rows" in check("f_scores", given).message  # a categorical column, as qcut makes it
    assert "fewer scores than five" in check("f_scores", pd.qcut(table, 5, duplicates="drop", labels=False) + 1).message
    assert check("f_scores", 1 + (table.rank(method="min") - 1) * 5 // len(table)).status == "correct"


@pytest.mark.parametrize(
    ("tx", "said"),
    [
        (TINY[TINY["amount"] < 0],
         {"f_scores": "Nobody in it bought anything.", "important": "Nobody in it bought anything.",
          "top_tiers": "No customer in it is active with a positive value.",
          "paying": "Nobody paid anything in its first half.", "factor": "Nobody paid anything in its first half."}),
        (TINY[TINY["date"] == "2024-01-02"],
         dict.fromkeys(["paying", "gone_quiet"], "Nobody paid anything in its first half.")),
        (TINY[TINY["date"] <= "2024-01-05"].assign(date=lambda t: t["date"].where(t["amount"] > 0, "2024-02-01")),
         {"paying": "Nobody bought anything in its second half."}),
    ],
)  # fmt: skip
def test_a_log_that_cannot_carry_a_question_says_so(tx, said):
    for slug, why in said.items():
        outcome = check_on(material(tx))(slug, 1)
        assert outcome.status == "could not compare"
        assert outcome.message == f"This log cannot carry the question. {why}"


# the workbook


def test_the_workbook_states_what_the_checks_ask():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    assert (_pyramid.BINS, _pyramid.COST, _pyramid.MARGIN, _pyramid.YEAR) == (5, 2.00, 0.30, 365)
    asked = " ".join(source.replace("\n# ", " ").split())
    assert "with five bins" in asked and "A letter costs 2.00, and a sale leaves 30 % of an order" in asked
    assert "a purchase less than 365 days before `as_of`" in asked
    given = source[source.index("rules = [") : source.index("]\n", source.index("rules = [")) + 1]
    assert ast.literal_eval(given.removeprefix("rules = ")) == list(module.RULES)
