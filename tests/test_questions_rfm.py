"""The questions of *RFM and the pyramid*: right answers from three sides, every mistake by its name."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

from crmlib import DataError, checkout, customer_table, factors, pyramid, response, rfm
from crmlib.explore_rfm import two_halves
from crmlib.wording import number
from crmlib.workbook.checks import Check, Choice, Labels, Material, Number, Words
from crmlib.workbook.questions import rfm as module
from crmlib.workbook.questions.rfm import QUESTIONS
from crmlib.workbook.source import Source, answers, notebooks

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


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
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


@pytest.fixture(scope="module", params=["cdnow", "messy", "tiny", "steady", "tied"])
def some(request, logs):
    return logs[request.param]


def check_on(some):
    return Check("rfm", QUESTIONS, some)


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


@pytest.mark.parametrize("slug", [slug for slug, question in QUESTIONS.items() if not isinstance(question, Words)])
def test_a_right_answer_is_correct(some, slug):
    question = QUESTIONS[slug]
    assert check_on(some)(slug, question.answer(some)) == ("correct", question.praise)


def test_a_table_of_scores_is_an_answer_too(some):
    everyone = customer_table(some.tx, as_of=some.as_of)
    table = rfm.scores(everyone[everyone["orders"] > 0])
    assert check_on(some)("f_scores", table).status == "correct"
    assert check_on(some)("f_scores", dict(zip(table["customer"], table["f"], strict=True))).status == "correct"


MISTAKES = [
    pytest.param(slug, wrong, id=f"{slug}-{position}")
    for slug, question in QUESTIONS.items()
    for position, wrong in enumerate(getattr(question, "wrong", ()))
]


def differs(question, wrong, some):
    """Whether a mistake can be seen on this log at all."""
    try:
        given, right = wrong.answer(some), question.answer(some)
    except DataError:
        return False
    if isinstance(question, Number):
        return np.isfinite(given) and abs(given - right) > max(question.within, 1e-9 * abs(right)) * 1.001
    if isinstance(question, Labels):
        return len(given) != len(right) or (given.sort_index() != right.sort_index()).any()
    return given != right


@pytest.mark.parametrize(("slug", "wrong"), MISTAKES)
def test_every_mistake_can_be_seen_and_gets_its_name_wherever_it_can(slug, wrong, logs):
    seen = [shop for shop in logs.values() if differs(QUESTIONS[slug], wrong, shop)]
    assert seen
    for shop in seen:
        outcome = check_on(shop)(slug, wrong.answer(shop))
        assert outcome.status == "not yet"
        assert wrong.message in outcome.message


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


def messages(question):
    return [wrong.message for wrong in getattr(question, "wrong", ())] + list(question.hints)


@pytest.mark.parametrize("slug", QUESTIONS)
def test_no_message_and_no_hint_holds_the_answer(slug, some):
    """However the right number may be written. The numbers that a question itself names may stand there."""
    question, check = QUESTIONS[slug], check_on(some)
    asked = {"0", "1", "2", "5", "27", "365"}
    if isinstance(question, Number):
        right = float(question.answer(some))
        forms = {number(right, decimals) for decimals in range(7)} | {f"{right:.{digits}g}" for digits in range(3, 9)}
        forms |= {f"{100 * right:.1f}", f"{100 * right:.0f}"} if question.share else set()
        forms |= {form.replace(",", "") for form in forms}
        shown = messages(question)
        shown += [check(slug, answer).message for answer in (right + 7, -right - 1, right * 1.5 + 3, "x")]
        for message in shown:
            assert not forms & set(re.findall(r"[\d.,]*\d", message)) - asked, message
    if isinstance(question, Choice):
        assert not any(repr(question.answer(some)) in message for message in messages(question))


WEIRD = [
    "many", b"2", None, ..., True, float("nan"), float("inf"), 10**400, -1, 1e300, [], {}, [1, 2], {"ann": 1}, set(),
    object, pd.NaT, pd.NA, np.array([]), np.zeros((2, 2)), pd.Series(dtype=float), pd.Series([1, 2]),
    pd.Series([4], index=["ann"]), pd.DataFrame(), pd.DataFrame({"customer": ["ann"]}),
    pd.DataFrame({"customer": ["ann", "ann"], "f": [5, 5]}), pd.Timestamp("2024-01-01"), pd.Timedelta(days=3), TINY,
    "champions", ("amount",),
]  # fmt: skip


@pytest.mark.parametrize("slug", QUESTIONS)
def test_no_answer_raises_and_none_of_these_is_correct(slug):
    check = check_on(material(TINY))
    for answer in WEIRD:
        assert check(slug, answer).status in {"not answered", "not yet", "could not compare"}


def test_the_log_is_left_as_it_was():
    some = material(TINY.copy())
    before = some.tx.copy()
    for slug, question in QUESTIONS.items():
        check_on(some)(slug, 1 if slug in NUMBERS else "orders")
        for wrong in getattr(question, "wrong", ()):
            wrong.answer(some)
    pd.testing.assert_frame_equal(some.tx, before)


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


def test_every_question_has_hints_and_the_last_is_argued_in_words():
    assert all(2 <= len(question.hints) <= 3 for question in QUESTIONS.values())
    assert list(QUESTIONS)[-1] == "decision" and isinstance(QUESTIONS["decision"], Words)
    assert check_on(material(TINY))("decision", "Write to all.").message.startswith("3 words are too few")


# the workbook


@pytest.fixture(scope="module")
def source():
    return (checkout.root() / PLACE).read_text(encoding="utf-8")


def test_the_workbook_asks_the_questions_in_their_order(source):
    import jupytext

    asked = [answer.question for answer in answers(jupytext.reads(source, fmt="py:percent"), PLACE)]
    assert asked == list(QUESTIONS) == re.findall(r'^check\("(\w+)", \w+\)', source, flags=re.MULTILINE)


def test_the_workbook_states_what_the_checks_ask(source):
    assert (module.BINS, module.COST, module.MARGIN, module.YEAR) == (5, 2.00, 0.30, 365)
    asked = " ".join(source.replace("\n# ", " ").split())
    assert "with five bins" in asked and "A letter costs 2.00, and a sale leaves 30 % of an order" in asked
    assert "a purchase less than 365 days before `as_of`" in asked
    given = source[source.index("rules = [") : source.index("]\n", source.index("rules = [")) + 1]
    assert ast.literal_eval(given.removeprefix("rules = ")) == list(module.RULES)


def run(source, target, **parameters):
    """Run one of the notebooks of the workbook here; gives what every check said, by question."""
    built = notebooks(Source(PLACE, "workbook", "33_rfm", "rfm"), source)[target]
    names, outcomes = {}, {}
    for cell in (cell for cell in built.cells if cell.cell_type == "code"):
        if "parameters" in cell.metadata.get("tags", ()):
            names |= parameters
            continue
        if found := re.fullmatch(r'check\("(\w+)", \w+\)', cell.source):
            outcomes[found[1]] = eval(cell.source, names)
        else:
            exec(compile(ast.parse(cell.source), target, "exec"), names)
    return outcomes


@pytest.fixture(scope="module", params=["messy", "tiny", "one line"])
def bound(request, logs, tmp_path_factory):
    """The parameters of a workbook bound to a file with other names and another currency."""
    tx = TINY[:1] if request.param == "one line" else logs[request.param].tx
    path = tmp_path_factory.mktemp("logs") / "log.csv"
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False, sep=";")
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    options |= {"order": "order"} if "order" in tx else {}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": "CHF", "OPTIONS": options}


def test_an_unanswered_workbook_runs_and_says_so(source, bound):
    outcomes = run(source, "exercises/33_rfm.ipynb", **bound)
    assert list(outcomes) == list(QUESTIONS)
    assert {outcome.status for outcome in outcomes.values()} == {"not answered"}


def test_the_solutions_pass_every_check(source, bound, capsys):
    outcomes = run(source, "solutions/33_rfm.ipynb", **bound)
    assert outcomes.pop("decision").message.startswith("Your text is taken down.")
    assert {slug: outcome.status for slug, outcome in outcomes.items()} == dict.fromkeys(outcomes, "correct")
    said = capsys.readouterr().out
    assert "nan" not in said
    assert "7 of 7 correct, 1 of 1 argued in words." in said
    one_day = "The log covers one day, so it has no halves to compare. cdnow_sample is read."
    assert (one_day in said) == ("$" in said)


def test_the_solutions_pass_on_cdnow_on_an_earlier_day(source):
    outcomes = run(source, "solutions/33_rfm.ipynb", DATA="cdnow", AS_OF="1998-03-31", CURRENCY="$", OPTIONS={})
    assert {slug for slug, outcome in outcomes.items() if outcome.status == "correct"} == set(QUESTIONS) - {"decision"}


def test_a_workbook_on_a_log_without_money_reads_another_and_passes(source, tmp_path, capsys):
    path = tmp_path / "free.csv"
    path.write_text("customer,date,amount\na,2024-05-01,0\nb,2024-05-02,0\n", encoding="utf-8")
    bound = {"DATA": str(path), "AS_OF": "2024-05-02", "CURRENCY": "CHF", "OPTIONS": {}}
    outcomes = run(source, "solutions/33_rfm.ipynb", **bound)
    outcomes.pop("decision")
    assert {outcome.status for outcome in outcomes.values()} == {"correct"}
    assert "Nobody in this log paid more than was paid back" in capsys.readouterr().out
