"""The questions of *Which needs, which offer*: right answers from three sides, every mistake by its name."""

import pandas as pd
import pytest
from made_wants import TX, company, tiny
from workbooks import Workbook, source

from crmlib import kano, laddering, needs_value
from crmlib.need_groups import gower
from crmlib.workbook.checks import Check, Material
from crmlib.workbook.questions import needs_and_offers as module
from crmlib.workbook.questions.needs_and_offers import QUESTIONS

TINY = Material(TX, None, "2024-06-30", "€", tiny)


def made(seed, differ=1.0):
    tables, tx, _ = company(seed, differ)
    return Material(tx, None, "2024-12-31", "€", lambda name: tables[name].copy())


def made_logs(cdnow_sample_log, other_log):
    """Tiny, two companies, and one where most customers want the same."""
    return {"tiny": TINY, "one": made(1), "other": made(2), "alike": made(3, 0.2)}


WORKBOOK = Workbook(
    "80_needs_and_offers", QUESTIONS, made_logs, lambda logs: {"a log alone": logs["one"].tx},
    set("0 1 4 8 30 0.5".split()), ("better", "distance", "diversity"), TX, "offer",
    (pd.Series(["M"], index=["ann"]), pd.DataFrame({"customer": ["ann", "ann"], "category": ["M", "A"]}), ("M",), "A"),
    blurred=True, a_word="mass",
    also=lambda said, name: "this one has no tables kano, needs and laddering. From here on lighthouse is read." in " ".join(said.split()),
)  # fmt: skip


def test_the_answers_are_those_worked_out_by_hand():
    assert QUESTIONS["pairs"].answer(TINY).to_dict() == dict(zip("ann bob cy di eve fay gus".split(), "AORQAIM", strict=True))
    assert QUESTIONS["better"].answer(TINY) == pytest.approx(3 / 5)
    # taste: ann, cy, di, gus; bag A, R, Q, M: must-be by the tie, all: attractive; date: must-be in both
    assert QUESTIONS["differ"].answer(TINY) == 1
    # ann and bob: when, why and pay differ; 1 of 1 to 5, 9 of 10 to 30, 1 of 1 to 3
    assert QUESTIONS["distance"].answer(TINY) == pytest.approx((3 + 1 / 4 + 9 / 20 + 1 / 2) / 8)
    assert QUESTIONS["diversity"].answer(TINY) == pytest.approx(1 - (16 + 4 + 1) / 49)
    # zoe told no needs; 10 10 10 10 10 20 30: 2 * (15 * 10 + 6 * 20 + 7 * 30) / 700 - 8 / 7
    assert module._skew(TINY) == pytest.approx(2 * 480 / 700 - 8 / 7)
    assert QUESTIONS["way"].answer(TINY) == "target or niche"
    # taste: 21 (1 kg), 14 (4 and 1), 30 (1): at 14 (14 - 8) * 7 = 42, at 21 13 * 2 = 26, at 30 22
    assert QUESTIONS["best_price"].answer(TINY) == 14
    # two ladders in each of three interviews: a-b in six of them, b-c in the four of L1 and L3, a-c only indirectly
    assert QUESTIONS["links"].answer(TINY) == 2


@pytest.mark.parametrize("name", ["one", "other", "alike"])
def test_the_answers_are_those_of_crmlib(name):
    some = made_logs(None, None)[name]
    classified, needs = kano.classify(some.table("kano")), some.table("needs")
    feature = classified["feature"].min()
    own = classified[classified["feature"] == feature].set_index("customer")["category"]
    assert QUESTIONS["pairs"].answer(some).to_dict() == own.to_dict()
    assert QUESTIONS["better"].answer(some) == pytest.approx(kano.categories(classified)["better"][0], rel=1e-12)
    counts = needs["why"].value_counts()
    reason = min(counts.index[counts == counts.max()])
    told = classified.merge(needs[["customer", "why"]], on="customer")
    theirs, everybody = (kano.categories(one)["category"] for one in (told[told["why"] == reason], told))
    assert QUESTIONS["differ"].answer(some) == (theirs != everybody).sum()
    assert QUESTIONS["distance"].answer(some) == pytest.approx(gower(needs)[0, 1], rel=1e-12)
    diversity = needs_value.need_diversity(needs, by="why")
    assert QUESTIONS["diversity"].answer(some) == pytest.approx(diversity, rel=1e-12)
    worth = some.tx.groupby("customer")["amount"].sum().reset_index(name="revenue")
    skew = needs_value.value_skew(worth[worth["customer"].isin(needs["customer"])])
    assert module._skew(some) == pytest.approx(skew, rel=1e-12)
    assert QUESTIONS["way"].answer(some) == needs_value.marketing_mode(skew, diversity).name
    demand = needs_value.demand(needs[needs["why"] == reason], cost=8, prices=range(8, 31))
    assert QUESTIONS["best_price"].answer(some) == demand.loc[demand["best"], "price"].iloc[0]
    assert QUESTIONS["links"].answer(some) == (laddering.implications(some.table("laddering"))["direct"] >= 4).sum()


@pytest.mark.parametrize("name", ["tiny", "one", "alike"])
def test_every_wrong_way_gets_one_message(name):
    """Four ways to choose from: a message for each would name the right one."""
    some = made_logs(None, None)[name]
    check, right = Check("needs_and_offers", QUESTIONS, some), QUESTIONS["way"].answer(some)
    said = {check("way", one).message.replace(repr(one), "it") for one in module.MODES if one != right}
    assert said == {"it does not follow from the numbers of this log. A hint: check.hint('way')."}


def test_the_evaluation_table_is_that_of_the_library():
    assert {pair: module._category(*pair) for pair in kano.TABLE} == kano.TABLE


def test_a_log_without_the_tables_says_so():
    for slug in ("pairs", "better", "differ", "distance", "diversity", "way", "best_price", "links"):
        outcome = Check("needs_and_offers", QUESTIONS, Material(TX, None, "2024-06-30", "€"))(slug, "mass" if slug == "way" else 1)
        assert outcome.status == "could not compare" and "This log cannot carry the question. It has no table " in outcome.message


def test_the_workbook_states_what_the_checks_ask():
    asked = " ".join(source(WORKBOOK.folder).replace("\n#", "").split())
    assert (module.COST, module.PRICES, module.CUT_OFF, module.CUT) == (8, range(8, 31), 4, 0.5)
    for words in (
        "A kilo costs the company **8**", "**whole price from 8 to 30**", "**direct** links with **4 or more** mentions",
        "customers differ from **0.5** on", "the first of M, O, A, I, R, Q", "**1 less the sum of the squared shares**",
        "cost=8, prices=range(8, 31)",
    ):  # fmt: skip
        assert words in asked, words
