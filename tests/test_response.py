"""Response by cell: counts, break-even, intervals, the roll-out; Hughes's figures as far as they can be computed."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import content

from crmlib import rfm
from crmlib.errors import DataError
from crmlib.response import Offer, by_cell, roll_out, totals, wilson
from crmlib.segment_maps import cell_name

few = settings(max_examples=25, deadline=None)
OFFER = Offer(cost_per_contact=1.0, profit_per_sale=20.0)  # break-even at 5 %


def mailed(**cells):
    """A scored table from (customers, responses) by cell, e.g. c555=(100, 6)."""
    found = {"customer": [], "r": [], "f": [], "m": [], "responded": []}
    for cell, (customers, responses) in cells.items():
        scores = [None] * 3 if cell == "nobody" else [int(score) for score in cell[1:]]
        for number in range(customers):
            found["customer"].append(f"{cell}-{number:03d}")
            found["responded"].append(number < responses)
            for axis, score in zip("rfm", scores, strict=True):
                found[axis].append(score)
    return pd.DataFrame(found).astype({"r": "Int64", "f": "Int64", "m": "Int64"})


# break-even needs 5 of 100: one cell far above, one a little, one exactly at, one below, one without scores
TEST = mailed(c555=(100, 20), c541=(100, 6), c215=(100, 5), c111=(200, 0), nobody=(10, 1))


# ---- by hand


@EVERY_ENGINE
@pytest.mark.parametrize("how", ["column", "integers", "ids"])
def test_cells_by_hand_on_every_engine(engine, how):
    table = TEST.astype({"responded": "int64"}) if how == "integers" else TEST
    native = build(engine, table.drop(columns="responded") if how == "ids" else table)
    responded = TEST.loc[TEST["responded"], "customer"].tolist() if how == "ids" else "responded"
    found = by_cell(native, responded, offer=OFFER)
    assert kind(found) == kind(native)
    names, cells = rows(found)
    assert names == [
        "cell", "customers", "responses", "rate", "rate_low", "rate_high", "break_even", "index", "profit", "mail",
        "sure",
    ]  # fmt: skip
    found = {row[0]: dict(zip(names, row, strict=True)) for row in cells}
    assert {cell: (row["customers"], row["responses"]) for cell, row in found.items()} == {
        "555": (100, 20), "541": (100, 6), "215": (100, 5), "111": (200, 0), "no purchase": (10, 1),
    }  # fmt: skip
    assert {row["break_even"] for row in found.values()} == {0.05}
    assert {cell: round(row["index"], 9) for cell, row in found.items()} == {
        "555": 300, "541": 20, "215": 0, "111": -100, "no purchase": 100,
    }  # fmt: skip
    assert {cell: row["profit"] for cell, row in found.items()} == {
        "555": 300, "541": 20, "215": 0, "111": -200, "no purchase": 10,
    }  # fmt: skip
    assert [cell for cell, row in found.items() if row["mail"]] == ["541", "555", "no purchase"]
    # 6 of 100 has an interval from 2.8 to 12.5 %, and 1 of 10 one from 1.8 to 40 %: too few to tell
    assert [cell for cell, row in found.items() if row["sure"]] == ["111", "555"]


def test_the_best_cells_come_first_and_customers_without_scores_last():
    assert content(by_cell(TEST, "responded", offer=OFFER))["cell"] == ["555", "541", "215", "111", "no purchase"]
    ten = pd.DataFrame({"customer": list("abc"), "r": [2, 10, 9], "f": 1, "m": 1, "responded": 0})
    assert content(by_cell(ten, "responded", offer=OFFER))["cell"] == ["10-1-1", "911", "211"]


def test_cells_may_be_segments_or_one_axis():
    segmented = rfm.segments(TEST)
    found = content(by_cell(segmented, "responded", offer=OFFER, by="segment"))
    assert found["cell"] == ["champions", "hibernating", "no purchase", "regulars", "silent big spenders"]
    assert found["customers"] == [100, 200, 10, 100, 100]
    assert content(by_cell(TEST, "responded", offer=OFFER, by="r"))["cell"] == ["5", "2", "1", "no purchase"]


def test_wilson_by_published_values():
    low, high = wilson([0, 5, 10, 1], [10, 10, 10, 10])
    assert low.round(4).tolist() == [0, 0.2366, 0.7225, 0.0179]
    assert high.round(4).tolist() == [0.2775, 0.7634, 1, 0.4042]
    assert wilson(50, 100, level=0.9)[0] == pytest.approx(0.4188, abs=5e-5)
    for level in (0, 1, 95, "0.95", None):
        with pytest.raises(DataError, match=r"^level is .*; give the confidence of the interval between 0 and 1, e\.g"):
            wilson(1, 2, level=level)


@few
@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_stays_a_share(pair):
    responses, customers = pair
    low, high = (float(end) for end in wilson(responses, customers))
    assert 0 <= low <= responses / customers <= high <= 1 and low < high


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    for truth, trials in ((0.013, 240), (0.05, 100), (0.3, 40)):
        low, high = wilson(rng.binomial(trials, truth, 20_000), np.full(20_000, trials))
        assert ((low <= truth) & (truth <= high)).mean() == pytest.approx(0.95, abs=0.03)


# ---- the roll-out


@EVERY_ENGINE
def test_roll_out_by_hand_on_every_engine(engine):
    rest = mailed(c555=(50, 0), c541=(30, 0), c111=(40, 0), c333=(5, 0)).drop(columns="responded")
    tested = by_cell(build(engine, TEST), "responded", offer=OFFER)
    rolled = roll_out(tested, build(engine, rest), offer=OFFER)
    assert kind(rolled) == engine
    names, cells = rows(rolled)
    assert names == ["cell", "customers", "rate", "mail", "sure", "responses", "profit", "profit_low", "profit_high"]
    assert sorted(row[:7] for row in cells) == [
        ("111", 40, 0, False, True, 0, -40),
        ("333", 5, None, False, False, None, None),  # nobody of them was in the test
        ("541", 30, 0.06, True, False, 1.8, 6),
        ("555", 50, 0.2, True, True, 10, 150),
    ]
    ends = {row[0]: row[-2:] for row in cells}
    assert ends["555"] == pytest.approx([50 * (20 * end - 1) for end in (0.13336, 0.28883)], abs=0.01)
    assert ends["541"][0] < 0 < ends["541"][1] and ends["333"] == (None, None)

    summed = totals(rolled)
    assert kind(summed) == engine
    names, plans = rows(summed)
    assert names == ["plan", "cells", "customers", "responses", "rate", "profit"]
    assert plans == [("chosen", 2, 80, 11.8, 0.1475, 156), ("everybody", 4, 125, None, None, None)]


def test_only_the_sure_cells_by_changing_the_choice():
    tested = by_cell(TEST, "responded", offer=OFFER)
    careful = tested.assign(mail=tested["mail"] & tested["sure"])
    rolled = roll_out(careful, TEST, offer=OFFER)
    assert rolled.loc[rolled["mail"], "cell"].tolist() == ["555"]
    nothing = totals(roll_out(tested.assign(mail=False), TEST, offer=OFFER))
    assert content(nothing)["customers"] == [0, 510] and content(nothing)["rate"][0] is None


@few
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=6), st.floats(0.01, 50))
def test_rolling_out_to_the_customers_of_the_test_gives_back_the_test(cells, unit):
    table = mailed(**{f"c1{i + 1}1": (n, min(n, k)) for i, (n, k) in enumerate(cells)})
    offer = Offer(cost_per_contact=unit, profit_per_sale=20 * unit)
    tested = by_cell(table, "responded", offer=offer)
    rolled = roll_out(tested, table, offer=offer)
    for name in ("cell", "customers", "rate", "mail", "sure"):
        assert rolled[name].tolist() == tested[name].tolist()
    assert rolled["responses"].tolist() == pytest.approx(tested["responses"].tolist(), abs=1e-9)
    assert rolled["profit"].tolist() == pytest.approx(tested["profit"].tolist(), rel=1e-9, abs=1e-9)
    assert tested["customers"].sum() == len(table) and tested["responses"].sum() == table["responded"].sum()
    assert tested["mail"].tolist() == (tested["index"] > 0).tolist()
    # the unit of money changes no choice, the order of the rows neither
    shuffled = by_cell(table.sample(frac=1, random_state=1), "responded", offer=OFFER)
    assert shuffled.drop(columns=["profit", "break_even", "index"]).equals(
        tested.drop(columns=["profit", "break_even", "index"])
    )


# ---- Hughes (definitions 5): what his figures let one compute

NAMES, TESTED, MAILED, RATE, PROFIT = 2_000_000, 30_000, 554_000, 0.0276, 307_000


def test_hughes_responders_and_what_the_rest_must_have_answered():
    """The 34 cells stand as one here: he does not give their rates. Of 10,000 tested in them 276 answered, 2.76 %.

    Nor does he give the money. At 0.55 a piece and 40 a sale, our guess, 15,290.4 answers leave 306,916: his $307,000.
    """
    others = NAMES - TESTED - MAILED
    test = mailed(c555=(10_000, 276), c111=(20_000, 146))  # the rest must have answered at 0.73 % to make 1.3 % in all
    offer = Offer(cost_per_contact=0.55, profit_per_sale=40.0)
    tested = by_cell(test, "responded", offer=offer)
    assert tested["mail"].tolist() == [True, False] and tested["sure"].all()
    assert tested["index"].to_list() == pytest.approx([(0.0276 / 0.01375 - 1) * 100, (0.0073 / 0.01375 - 1) * 100])
    rest = pd.DataFrame(np.repeat([[5, 5, 5], [1, 1, 1]], [MAILED, others], axis=0), columns=list("rfm"))
    chosen, everybody = totals(roll_out(tested, rest, offer=offer)).to_dict("records")
    assert chosen["customers"] == MAILED and everybody["customers"] == NAMES - TESTED
    assert chosen["responses"] == pytest.approx(15_290, abs=0.5) and chosen["rate"] == pytest.approx(RATE, abs=1e-12)
    assert chosen["profit"] == pytest.approx(PROFIT, abs=100)
    assert everybody["rate"] == pytest.approx(0.013, abs=1e-4) and everybody["profit"] < 0


def test_hughes_cells_had_too_few_names_to_be_trusted_one_by_one():
    """30,000 names in 125 cells are 240 a cell: at 2.76 % that is 6 or 7 answers, and anything from 1.3 to 5.7 %."""
    size = TESTED // 125
    assert size == 240
    low, high = wilson(RATE * size, size)
    assert (low, high) == pytest.approx((0.0133, 0.0567), abs=0.0005)
    # so a break-even as near as the 1.3 % of the whole list cannot be told from it, while 34 such cells together can
    together = wilson(RATE * size * 34, size * 34)
    assert low < 0.0135 < together[0]


def test_choosing_by_a_test_pays_and_the_projection_promises_too_much():
    """A list with known rates: 125 cells from 0.3 to 3.2 %, break-even at 1.4 %, 20 tests of 240 names a cell."""
    rng = np.random.default_rng(11)
    offer = Offer(cost_per_contact=0.55, profit_per_sale=40.0)
    cells = np.array(list(product(range(1, 6), repeat=3)))
    truth = dict(zip(map(cell_name, cells), np.geomspace(0.0032, 0.032, 125), strict=True))
    rest = pd.DataFrame(np.repeat(cells, 40, axis=0), columns=list("rfm"))
    promised, realised = [], []
    for _ in range(20):
        test = pd.DataFrame(np.repeat(cells, 240, axis=0), columns=list("rfm"))
        test["responded"] = rng.random(len(test)) < np.repeat(list(truth.values()), 240)
        rolled = roll_out(by_cell(test, "responded", offer=offer), rest, offer=offer)
        promised.append(totals(rolled)["profit"][0])
        chosen = rolled[rolled["mail"]]
        realised.append(offer.profit(chosen["customers"], chosen["customers"] * chosen["cell"].map(truth)).sum())
    everybody = offer.profit(len(rest), 40 * sum(truth.values()))
    assert everybody < min(realised)
    assert np.mean(promised) > 1.1 * np.mean(realised)  # chosen for doing well, and partly for luck


# ---- refusals


@EVERY_ENGINE
def test_responses_that_cannot_be_counted_are_refused(engine):
    native = build(engine, TEST)
    with pytest.raises(
        DataError, match=r"^2 of 3 who responded are not among the customers mailed, e\.g\. 'nobody-999'\.$"
    ):
        by_cell(native, ["c555-001", "nobody-999", "x"], offer=OFFER)
    twice = build(engine, pd.concat([TEST, TEST.iloc[:1]]))
    with pytest.raises(DataError, match=r"^The customers mailed are listed more than once; give the table one row a"):
        by_cell(twice, ["c555-000"], offer=OFFER)
    counted = build(engine, TEST.assign(responded=2))
    with pytest.raises(
        DataError, match=r"^Column 'responded' has 2; it must say True or False \(or 1 or 0\) for everybody\.$"
    ):
        by_cell(counted, "responded", offer=OFFER)
    gaps = build(engine, TEST.assign(responded=TEST["responded"].astype("boolean").where(TEST["r"] == 5)))
    with pytest.raises(DataError, match=r"^Column 'responded' has a gap; it must say True or False"):
        by_cell(gaps, "responded", offer=OFFER)
    with pytest.raises(DataError, match=r"^The scored table has no column 'answered'; it has "):
        by_cell(native, "answered", offer=OFFER)
    nobody = by_cell(native, [], offer=OFFER)
    assert sum(row[2] for row in rows(nobody)[1]) == 0


def test_ids_may_be_of_any_collection():
    expected = content(by_cell(TEST, ["c555-001"], offer=OFFER))
    for kind_of in (set, tuple, np.array, pd.Series, pd.Index, lambda ids: pd.Series(ids * 2)):
        assert content(by_cell(TEST, kind_of(["c555-001"]), offer=OFFER)) == expected
    numbered = TEST.assign(customer=range(len(TEST)))
    assert content(by_cell(numbered, np.array([1]), offer=OFFER)) == expected
    with pytest.raises(DataError, match=r"^responded is 5; name a column, or list the ids of who responded\.$"):
        by_cell(TEST, 5, offer=OFFER)


@pytest.mark.parametrize("amount", [0, -1, math.nan, math.inf, "0.5", None])
@pytest.mark.parametrize("name", ["cost_per_contact", "profit_per_sale"])
def test_an_offer_needs_amounts(name, amount):
    with pytest.raises(DataError, match=rf"^{name} is .*; give an amount of money above 0, e\.g\. {name}=0\.5\.$"):
        Offer(**{"cost_per_contact": 1, "profit_per_sale": 1, name: amount})


def test_the_offer_is_one_for_test_and_roll_out():
    tested = by_cell(TEST, "responded", offer=OFFER)
    with pytest.raises(
        DataError,
        match=r"^The test was read with break-even at 5\.0000%, the roll-out at 4\.0000%; pass the same offer to both",
    ):
        roll_out(tested, TEST, offer=Offer(cost_per_contact=1, profit_per_sale=25))
    with pytest.raises(DataError, match=r"^offer is 0\.05; pass Offer\(cost_per_contact=0\.5, profit_per_sale=40\)\.$"):
        by_cell(TEST, "responded", offer=0.05)


@pytest.mark.parametrize("answers", [[True, False], np.array([False, True]), pd.Series([True, True])], ids=str)
def test_answers_by_customer_belong_into_the_table(answers):
    table = pd.DataFrame({"customer": ["a", "b"], "r": 1, "f": 1, "m": 1})
    with pytest.raises(DataError) as refused:
        by_cell(table, answers, offer=OFFER)
    assert str(refused.value) == (
        "responded holds True and False, not ids; make it a column of the mailed table, e.g. 'responded', and give its "
        "name: by_cell(mailed, 'responded', ...)."
    )
    found = by_cell(table.assign(responded=answers), "responded", offer=OFFER)
    assert found["responses"].tolist() == [int(sum(answers))]
