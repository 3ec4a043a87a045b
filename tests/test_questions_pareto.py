"""The questions of *Who brings the money*: right answers from three sides, every mistake by its name."""


import numpy as np
import pandas as pd
import pytest
from workbooks import Workbook

from crmlib import checkout, conclusions, customer_table, pareto
from crmlib.concentration import buyers, halfway
from crmlib.workbook.checks import Check, Material, Number
from crmlib.workbook.questions import _shares
from crmlib.workbook.questions import pareto as module
from crmlib.workbook.questions.pareto import QUESTIONS

NUMBERS = [slug for slug, question in QUESTIONS.items() if isinstance(question, Number)]
PLACE = "course/30_pareto/workbook.py"

# Worked out by hand. Net: ann 50, bob 20, cy 10, di 10, eve 8, fay 2, gus 0; hal has a refund only, ida owes 4.
# The seven who count brought 100. The second half begins on 2024-01-06: ann 10, eve 6, fay 2, and ida's refund.
TINY = pd.DataFrame(
    [
        ("ann", "2024-01-01", 40.0, "A"), ("ann", "2024-01-07", 10.0, "B"), ("bob", "2024-01-02", 25.0, "C"),
        ("bob", "2024-01-03", -5.0, "R1"), ("cy", "2024-01-03", 6.0, "D"), ("cy", "2024-01-03", 4.0, "D"),
        ("di", "2024-01-05", 10.0, "E"), ("eve", "2024-01-02", 2.0, "F"), ("eve", "2024-01-08", 4.0, "G"),
        ("eve", "2024-01-08", 2.0, "H"), ("fay", "2024-01-10", 2.0, "I"), ("gus", "2024-01-04", 0.0, "J"),
        ("hal", "2024-01-03", -7.0, "R2"), ("ida", "2024-01-02", 5.0, "K"), ("ida", "2024-01-08", -9.0, "R3"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def material(tx, as_of=None):
    return Material(tx, None, as_of or f"{tx['date'].max():%Y-%m-%d}", "$")


def one_day(*amounts):
    """One purchase a customer, all on one day."""
    customers = [f"c{place:02d}" for place in range(len(amounts))]
    return pd.DataFrame(
        {"customer": customers, "date": pd.Timestamp("2024-05-01"), "amount": [float(a) for a in amounts]}
    )


def messy(tx):
    """The same log with customers who got more back than they paid, refunds only, and purchases of nothing."""
    owing = [customer for customer in tx["customer"].unique()[::16]]
    spent = tx[tx["amount"] > 0].groupby("customer")["amount"].sum()
    last = tx["date"].max()
    rows = [(customer, last, round(-1.2 * spent[customer] - 1, 2), f"{customer}-back") for customer in owing]
    rows += [(f"R{i}", last - pd.Timedelta(days=30 * i), -float(i + 5), f"R{i}") for i in range(9)]
    rows += [(f"Z{i}", last - pd.Timedelta(days=40 * i), 0.0, f"Z{i}") for i in range(9)]
    return pd.concat([tx, pd.DataFrame(rows, columns=tx.columns)], ignore_index=True)


def made_logs(cdnow_sample_log, other_log):
    """Logs of five shapes, the last with an as_of later than its last line.

    In the first, 350 customers of CDNOW's sample up to 1997-06-30, customers are tied at the cuts of 70 % and 90 %.
    """
    first = sorted(cdnow_sample_log["customer"].unique())[:350]
    tied = cdnow_sample_log[cdnow_sample_log["customer"].isin(first) & (cdnow_sample_log["date"] <= "1997-06-30")]
    some_of_it = other_log[other_log["customer"] < "K0120"].reset_index(drop=True)
    return {
        "cdnow": material(tied),
        "other": material(some_of_it),
        "messy": material(messy(some_of_it)),
        "tiny": material(TINY),
        "later": material(some_of_it.drop(columns="order"), "2025-01-31"),
    }


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
    return made_logs(cdnow_sample_log, other_log)


@pytest.fixture(scope="module", params=["cdnow", "other", "messy", "tiny", "later"])
def some(request, logs):
    return logs[request.param]


def check_on(some):
    return Check("pareto", QUESTIONS, some)


WORKBOOK = Workbook(
    "30_pareto", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("other", "messy", "tiny")} | {"one line": one_day(5)},
    {"0", "1", "10", "20", "60", "70", "80", "90", "95"}, ("top_share", "gini_orders", "recent_share"), TINY, "class_c",
    (pd.Series(["A"], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "class": ["A", "A"]}), TINY, "80/20?",
     ("80/20",)),
    lambda: {best: material(one_day(best, *[(100 - best) / 4] * 4)) for best in (80, 60)}, a_word="neither",
    also=lambda said, name: "$" not in said,
)  # fmt: skip


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    assert QUESTIONS["top_share"].answer(tiny) == pytest.approx(0.7 * 50 / 100)  # 10 % of seven is 0.7 of ann
    assert QUESTIONS["half_of_revenue"].answer(tiny) == 1  # ann has half exactly, and at least half is asked
    # orders from the fewest: 1 1 1 1 1 2 3, so 2 * (1+2+3+4+5+12+21) / (7 * 10) - 8 / 7
    assert QUESTIONS["gini_orders"].answer(tiny) == pytest.approx(16 / 70)
    # held before: ann 0, bob 50, cy and di 70, eve 90, fay 98
    assert QUESTIONS["abc_classes"].answer(tiny).to_dict() == {
        "ann": "A", "bob": "A", "cy": "B", "di": "B", "eve": "C", "fay": "C", "gus": "N", "hal": "N", "ida": "N",
    }  # fmt: skip
    assert QUESTIONS["recent_share"].answer(tiny) == pytest.approx(0.6 * 10 / 18)  # 20 % of three is 0.6 of ann
    assert QUESTIONS["claim"].answer(tiny) == "neither"


def test_customers_tied_at_a_cut_share_the_better_class():
    tied = material(one_day(60, 10, 10, 10, 5, 5))  # before: 0, then 60 for the three, then 90
    assert "".join(QUESTIONS["abc_classes"].answer(tied)) == "AAAACC"
    assert (
        "share the better one"
        in check_on(tied)("abc_classes", dict(zip(tied.tx["customer"], "AABBCC", strict=True))).message
    )


def test_equal_amounts_in_another_order_are_equal_customers():
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in the last digit of a float, and not in money."""
    tx = one_day(0.1, 0.2, 0.3, 0.3, 0.2, 0.1, 3.0, 0.25).assign(customer=list("aaabbbcd"))
    assert tx.groupby("customer")["amount"].sum().nunique() == 4
    classes = {"a": "A", "b": "A", "c": "A", "d": "C"}  # before: c 0, a and b 0.67, d 0.94 of 4.45
    assert QUESTIONS["abc_classes"].answer(material(tx)).to_dict() == classes
    table = pareto.abc_classes(customer_table(tx, as_of="2024-05-01"), cuts=(0.70, 0.90))
    assert check_on(material(tx))("abc_classes", table).status == "correct"


@pytest.mark.parametrize(
    ("best", "claim"),
    [(80, "80/20"), (75, "80/20"), (85, "80/20"), (85.1, "neither"), (74.9, "neither"), (70, "neither"), (65, "60/20"),
     (60, "60/20"), (55, "60/20"), (54.9, "neither")],
)  # fmt: skip
def test_five_points_are_near_enough(best, claim):
    rest = (100 - best) / 4
    shop = material(one_day(best, rest, rest, rest, rest))
    assert QUESTIONS["claim"].answer(shop) == claim
    check = check_on(shop)
    assert {name for name in ("80/20", "60/20", "neither") if check("claim", name).status == "correct"} == {claim}


def test_lesson_workbook_and_report_judge_by_one_rule():
    assert _shares.NEAR == conclusions.NEAR_80 == 0.05
    lesson = (checkout.course() / "30_pareto" / "lesson.py").read_text(encoding="utf-8")
    assert 'verdict = "held" if abs(share - 0.80) <= 0.05 else "did not hold"' in lesson
    workbook = (checkout.root() / PLACE).read_text(encoding="utf-8")
    assert "within five points" in " ".join(workbook.split()) and "<= 0.05" in workbook


# against crmlib


def test_the_answers_are_those_of_crmlib(some):
    everyone = customer_table(some.tx, as_of=some.as_of)
    counted = buyers(everyone)
    assert QUESTIONS["top_share"].answer(some) == pytest.approx(pareto.top_share(counted, 0.10), rel=1e-9)
    assert QUESTIONS["gini_orders"].answer(some) == pytest.approx(pareto.gini(counted, by="orders"), rel=1e-9)
    classes = pareto.abc_classes(everyone, cuts=(0.70, 0.90)).set_index("customer")["class"].sort_index()
    pd.testing.assert_series_equal(QUESTIONS["abc_classes"].answer(some), classes, check_names=False, check_dtype=False)
    start = pd.Timestamp(halfway(some.tx, as_of=some.as_of))
    recent = buyers(customer_table(some.tx[some.tx["date"] >= start], as_of=some.as_of))
    assert QUESTIONS["recent_share"].answer(some) == pytest.approx(pareto.top_share(recent, 0.20), rel=1e-9)
    half = QUESTIONS["half_of_revenue"].answer(some)
    reached = 1 - pareto.lorenz(counted)["share_of_value"].to_numpy()[::-1]  # with 0, 1, 2 ... of the best
    assert reached[half] >= 0.5 - 1e-9 and reached[half - 1] < 0.5


def test_cdnow_in_numbers(cdnow_log):
    cdnow = material(cdnow_log)
    assert QUESTIONS["top_share"].answer(cdnow) == pytest.approx(0.509427, abs=1e-6)
    assert QUESTIONS["half_of_revenue"].answer(cdnow) == 2_262
    assert QUESTIONS["gini_orders"].answer(cdnow) == pytest.approx(0.492721, abs=1e-6)
    assert QUESTIONS["abc_classes"].answer(cdnow).value_counts().to_dict() == {
        "C": 11_471,
        "B": 6_882,
        "A": 5_149,
        "N": 68,
    }
    assert QUESTIONS["recent_share"].answer(cdnow) == pytest.approx(0.623505, abs=1e-6)
    assert QUESTIONS["claim"].answer(cdnow) == "60/20"


# the check on each question


def test_a_table_of_classes_is_an_answer_too(some):
    table = pareto.abc_classes(customer_table(some.tx, as_of=some.as_of), cuts=(0.70, 0.90))
    assert check_on(some)("abc_classes", table).status == "correct"
    assert check_on(some)("abc_classes", dict(zip(table["customer"], table["class"], strict=True))).status == "correct"


def learner(tx, *, ascending=False, sort=True, inclusive=False, none=False):
    """What somebody writes in pandas with no rule for ties and perhaps none for customers without revenue."""
    net = customer_table(tx, as_of=tx["date"].max()).set_index("customer")["revenue"]
    ranked = net.sort_values(ascending=ascending) if sort else net
    reached = ranked.cumsum() / ranked.sum()
    before = reached.shift(fill_value=0)
    held = [reached <= 0.70, reached <= 0.90] if inclusive else [before < 0.70, before < 0.90]
    classes = pd.Series(np.select(held, ["A", "B"], "C"), ranked.index)
    return classes.where(ranked > 0, "N") if none else classes


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"none": True}, "Almost: at a cut, customers with the same revenue got different classes."),
        ({}, "Two things. Whoever brought nothing, or less, is N, and customers of one revenue share"),
        ({"inclusive": True, "none": True}, "You sent the customer who crosses a cut to the lower class."),
        ({"inclusive": True}, "Two things. Whoever crosses a cut belongs to the better class, and whoever brought"),
        ({"ascending": True}, "You began with the poorest."),
        ({"ascending": True, "none": True}, "You began with the poorest."),
        ({"ascending": True, "inclusive": True}, "You began with the poorest."),
        ({"sort": False}, "You took the customers in the order of the table."),
        ({"sort": False, "none": True}, "You took the customers in the order of the table."),
    ],
)
def test_what_learners_write_in_pandas_gets_its_name(logs, how, said):
    """With customers tied at the cuts, where the kind of sort decides who stands where."""
    outcome = check_on(logs["cdnow"])("abc_classes", learner(logs["cdnow"].tx, **how))
    assert outcome.status == "not yet" and outcome.message.startswith(said), outcome


def test_a_wrong_table_shows_the_given_value_only(some):
    right = QUESTIONS["abc_classes"].answer(some)
    outcome = check_on(some)("abc_classes", right.where(right.index != right.index[0], "X"))
    assert outcome.status == "not yet"
    assert f"1 of {len(right):,} customers differ, e.g. {right.index[0]}: you have 'X'" in outcome.message


@pytest.mark.parametrize("tx", [one_day(0, 0), one_day(-5, -7)], ids=["nothing paid", "refunds only"])
def test_a_log_without_revenue_says_so(tx):
    for slug in [*NUMBERS, "abc_classes", "claim"]:
        outcome = check_on(material(tx))(slug, "neither")
        assert outcome.status == "could not compare"
        assert outcome.message == "This log cannot carry the question. No customer in it paid more than was paid back."


# the workbook


def test_the_workbook_states_what_the_checks_ask():
    source = (checkout.root() / PLACE).read_text(encoding="utf-8")
    assert (_shares.TENTH, _shares.FIFTH, module.CUTS) == (0.10, 0.20, (0.70, 0.90))
    asked = " ".join(source.split())
    assert "## 1. What do the top 10 % bring?" in asked and "with cuts at **70 % and 90 %**" in asked
    assert "What do the top 20 % bring among those who count **in that # half**" in asked
