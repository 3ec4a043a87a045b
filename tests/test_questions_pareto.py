"""The questions of *Who brings the money*: right answers from three sides, every mistake by its name."""

import ast
import re

import numpy as np
import pandas as pd
import pytest

from crmlib import DataError, checkout, conclusions, customer_table, pareto
from crmlib.concentration import buyers, halfway
from crmlib.wording import number
from crmlib.workbook.checks import Check, Choice, Labels, Material, Number, Words
from crmlib.workbook.questions import pareto as module
from crmlib.workbook.questions.pareto import QUESTIONS
from crmlib.workbook.source import Source, answers, notebooks

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


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
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


@pytest.fixture(scope="module", params=["cdnow", "other", "messy", "tiny", "later"])
def some(request, logs):
    return logs[request.param]


def check_on(some):
    return Check("pareto", QUESTIONS, some)


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
    assert module.NEAR == conclusions.NEAR_80 == 0.05
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


@pytest.mark.parametrize("slug", [slug for slug, question in QUESTIONS.items() if not isinstance(question, Words)])
def test_a_right_answer_is_correct(some, slug):
    question = QUESTIONS[slug]
    assert check_on(some)(slug, question.answer(some)) == ("correct", question.praise)


def test_a_table_of_classes_is_an_answer_too(some):
    table = pareto.abc_classes(customer_table(some.tx, as_of=some.as_of), cuts=(0.70, 0.90))
    assert check_on(some)("abc_classes", table).status == "correct"
    assert check_on(some)("abc_classes", dict(zip(table["customer"], table["class"], strict=True))).status == "correct"


@pytest.mark.parametrize("slug", ["top_share", "gini_orders", "recent_share"])
def test_shares_may_be_rounded_to_three_decimals_and_not_to_one(some, slug):
    right = QUESTIONS[slug].answer(some)
    assert check_on(some)(slug, round(right, 3)).status == "correct"
    assert check_on(some)(slug, right + 0.002).status == "not yet"
    assert "per cent" in check_on(some)(slug, 100 * right).message


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
        return not given.sort_index().equals(right.sort_index())
    return given != right


@pytest.mark.parametrize(("slug", "wrong"), MISTAKES)
def test_every_mistake_can_be_seen_and_gets_its_name_wherever_it_can(slug, wrong, logs):
    shops = [*logs.values(), *(material(one_day(best, *[(100 - best) / 4] * 4)) for best in (80, 60))]
    seen = [shop for shop in shops if differs(QUESTIONS[slug], wrong, shop)]
    assert seen
    for shop in seen:
        outcome = check_on(shop)(slug, wrong.answer(shop))
        assert outcome.status == "not yet"
        assert wrong.message in outcome.message


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


def messages(question):
    return [wrong.message for wrong in getattr(question, "wrong", ())] + list(question.hints)


@pytest.mark.parametrize("slug", QUESTIONS)
def test_no_message_and_no_hint_holds_the_answer(slug, some):
    """However the right number may be written. The per cents that a question itself names may stand there."""
    question, check = QUESTIONS[slug], check_on(some)
    asked = {"0", "1", "10", "20", "60", "70", "80", "90", "95"}
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


def test_a_wrong_table_shows_the_given_value_only(some):
    right = QUESTIONS["abc_classes"].answer(some)
    outcome = check_on(some)("abc_classes", right.where(right.index != right.index[0], "X"))
    assert outcome.status == "not yet"
    assert f"1 of {len(right):,} customers differ, e.g. {right.index[0]}: you have 'X'" in outcome.message


WEIRD = [
    "many", b"2", None, ..., True, float("nan"), float("inf"), 10**400, -1, 1e300, [], {}, [1, 2], {"ann": 1}, set(),
    object, pd.NaT, pd.NA, np.array([]), np.zeros((2, 2)), pd.Series(dtype=float), pd.Series([1, 2]),
    pd.Series(["A"], index=["ann"]),
    pd.DataFrame(), pd.DataFrame({"customer": ["ann"]}),
    pd.DataFrame({"customer": ["ann", "ann"], "class": ["A", "A"]}),
    pd.Timestamp("2024-01-01"), pd.Timedelta(days=3), TINY, "80/20?", ("80/20",),
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
        check_on(some)(slug, 1 if slug in NUMBERS else "neither")
        for wrong in getattr(question, "wrong", ()):
            try:
                wrong.answer(some)
            except DataError:
                continue
    pd.testing.assert_frame_equal(some.tx, before)


@pytest.mark.parametrize("tx", [one_day(0, 0), one_day(-5, -7)], ids=["nothing paid", "refunds only"])
def test_a_log_without_revenue_says_so(tx):
    for slug in [*NUMBERS, "abc_classes", "claim"]:
        outcome = check_on(material(tx))(slug, "neither")
        assert outcome.status == "could not compare"
        assert outcome.message == "This log cannot carry the question. No customer in it paid more than was paid back."


def test_every_question_has_hints_and_the_last_is_argued_in_words():
    assert all(2 <= len(question.hints) <= 3 for question in QUESTIONS.values())
    assert list(QUESTIONS)[-1] == "class_c" and isinstance(QUESTIONS["class_c"], Words)
    assert check_on(material(TINY))("class_c", "Stop serving them.").message.startswith("3 words are too few")


# the workbook


@pytest.fixture(scope="module")
def source():
    return (checkout.root() / PLACE).read_text(encoding="utf-8")


def test_the_workbook_asks_the_questions_in_their_order(source):
    import jupytext

    asked = [answer.question for answer in answers(jupytext.reads(source, fmt="py:percent"), PLACE)]
    assert asked == list(QUESTIONS) == re.findall(r'^check\("(\w+)", \w+\)', source, flags=re.MULTILINE)


def test_the_workbook_states_what_the_checks_ask(source):
    assert (module.TENTH, module.FIFTH, module.CUTS) == (0.10, 0.20, (0.70, 0.90))
    asked = " ".join(source.split())
    assert "## 1. What do the top 10 % bring?" in asked and "with cuts at **70 % and 90 %**" in asked
    assert "What do the top 20 % bring among those who count **in that # half**" in asked


def run(source, target, **parameters):
    """Run one of the notebooks of the workbook here; gives what every check said, by question."""
    built = notebooks(Source(PLACE, "workbook", "30_pareto", "pareto"), source)[target]
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


@pytest.fixture(scope="module", params=["other", "messy", "tiny", "one line"])
def bound(request, logs, tmp_path_factory):
    """The parameters of a workbook bound to a file with other names and another currency."""
    tx = one_day(5) if request.param == "one line" else logs[request.param].tx
    path = tmp_path_factory.mktemp("logs") / "log.csv"
    tx.rename(columns={"customer": "Kunde", "date": "Datum", "amount": "Betrag"}).to_csv(path, index=False, sep=";")
    options = {"customer": "Kunde", "date": "Datum", "amount": "Betrag"}
    options |= {"order": "order"} if "order" in tx else {}
    return {"DATA": str(path), "AS_OF": "", "CURRENCY": "CHF", "OPTIONS": options}


def test_an_unanswered_workbook_runs_and_says_so(source, bound):
    outcomes = run(source, "exercises/30_pareto.ipynb", **bound)
    assert list(outcomes) == list(QUESTIONS)
    assert {outcome.status for outcome in outcomes.values()} == {"not answered"}


def test_the_solutions_pass_every_check(source, bound, capsys):
    outcomes = run(source, "solutions/30_pareto.ipynb", **bound)
    assert outcomes.pop("class_c").message.startswith("Your text is taken down.")
    assert {slug: outcome.status for slug, outcome in outcomes.items()} == dict.fromkeys(outcomes, "correct")
    said = capsys.readouterr().out
    assert "nan" not in said and "$" not in said
    assert "6 of 6 correct, 1 of 1 argued in words." in said


def test_the_solutions_pass_on_cdnow_on_an_earlier_day(source):
    outcomes = run(source, "solutions/30_pareto.ipynb", DATA="cdnow", AS_OF="1998-03-31", CURRENCY="$", OPTIONS={})
    assert {slug for slug, outcome in outcomes.items() if outcome.status == "correct"} == set(QUESTIONS) - {"class_c"}


def test_a_workbook_on_a_log_without_money_reads_another_and_passes(source, tmp_path, capsys):
    path = tmp_path / "free.csv"
    path.write_text("customer,date,amount\na,2024-05-01,0\nb,2024-05-02,0\n", encoding="utf-8")
    bound = {"DATA": str(path), "AS_OF": "2024-05-02", "CURRENCY": "CHF", "OPTIONS": {}}
    outcomes = run(source, "solutions/30_pareto.ipynb", **bound)
    outcomes.pop("class_c")
    assert {outcome.status for outcome in outcomes.values()} == {"correct"}
    assert "Nobody in this log paid more than was paid back" in capsys.readouterr().out
