"""The questions of *Whom should we contact*: right answers from three sides, every mistake by its name."""

import functools
import warnings

import numpy as np
import pandas as pd
import pytest
from tiny_campaigns import TX, table
from workbooks import Workbook, source

from crmlib import DataNotice, contact_pressure, datasets, two_rates, uplift
from crmlib.explore_uplift import LATELY, PRESSURE_DAYS, campaign_tables, known_before
from crmlib.workbook.checks import Check, Material
from crmlib.workbook.questions import whom_to_contact as module
from crmlib.workbook.questions.whom_to_contact import QUESTIONS


TINY = Material(TX, None, "2024-06-30", "€", table)


@functools.cache
def _read(name):
    return datasets.load("lighthouse", name)


def lighthouse(as_of="2025-12-31"):
    tx = datasets.load("lighthouse")
    return Material(tx[tx["date"] <= as_of], None, as_of, "€", lambda name: _read(name).copy())


def made_logs(cdnow_sample_log, other_log):
    """Tiny, the public set, and the public set before its last campaign."""
    return {"tiny": TINY, "lighthouse": lighthouse(), "earlier": lighthouse("2025-06-30")}


def _uneven():
    """The tiny campaigns with other orders after the contact, where more of the mistakes differ."""
    responses = pd.concat([table("responses"), pd.DataFrame([("M2", "c", "O90", 7.0)], columns=table("responses").columns)])
    offers = pd.concat([table("offers"), pd.DataFrame([("M2", "i", False), ("M2", "j", False)], columns=table("offers").columns)])
    tables = {"responses": responses, "offers": offers}
    return TINY._replace(table=lambda name: tables[name].copy() if name in tables else table(name))


WORKBOOK = Workbook(
    "60_whom_to_contact", QUESTIONS, made_logs, lambda logs: {"a log alone": logs["tiny"].tx},
    {"0.025", "0.05", "0", "1", "2", "80", "95", "180", "91"}, (), TX, "decision",
    ("everybody", pd.Series([True, False]), TX), lambda: {"uneven": _uneven()}, blurred=True,
    also=lambda said, name: "This data holds no campaigns" in said and "lighthouse is read." in said,
)  # fmt: skip


def test_the_answers_are_those_worked_out_by_hand():
    assert QUESTIONS["uplift"].answer(TINY) == pytest.approx(2 / 5 - 1 / 3)
    # margins: 24 / 5 of the contacted, 5 / 3 of the held back, five contacted at 1.00
    assert QUESTIONS["profit"].answer(TINY) == pytest.approx(5 * (24 / 5 - 5 / 3) - 5)
    # orders lately 2: a and e contacted, 1 of 2, g held back, 0 of 1; 1: b 1 of 1, c, h and d 2 of 3; nobody contacted has 0
    within = (2 * (1 / 2 - 0) + 1 * (1 - 2 / 3)) / 3
    assert QUESTIONS["selection"].answer(TINY) == pytest.approx((2 / 3 - 2 / 5) - within)
    # break-even 2 / (33 / 4); price first and no contact before: a 1, e 0, against b 0: half; not first: 0 of 1, 1 of 4
    assert QUESTIONS["paying"].answer(TINY) == 3
    # 2 * (1.959964 * sqrt(2 * .343333 * .656667) + .841621 * sqrt(.222222 + .228489))^2 / .02^2
    assert QUESTIONS["test_size"].answer(TINY) == pytest.approx(17693, abs=2)
    assert QUESTIONS["collisions"].answer(TINY) == 1  # a, in two weeks


@pytest.mark.parametrize("name", ["lighthouse", "earlier"])
def test_the_answers_are_those_of_crmlib(name):
    some = made_logs(None, None)[name]
    tables = campaign_tables("lighthouse", as_of=some.as_of)
    listed = known_before(tables, uplift.outcomes(tables.offers, tables.responses))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        effects = uplift.effects(listed, tables.campaigns)
    assert QUESTIONS["uplift"].answer(some) == pytest.approx(effects["uplift"].iloc[-1], rel=1e-9)
    assert QUESTIONS["profit"].answer(some) == pytest.approx(effects["profit"].iloc[-1], rel=1e-9)
    plan = tables.campaigns
    last = plan["campaign"][plan["chosen"] == "by marketing"].iloc[-1]
    split = uplift.selection(listed[listed["campaign"] == last], by="buyer").iloc[0]
    assert QUESTIONS["selection"].answer(some) == pytest.approx(split["selection"], rel=1e-9)
    lots = listed[listed["campaign"].isin(plan["campaign"][plan["chosen"] == "at random"])]
    cells = uplift.by_segment(lots, ["price", "pressure"])
    bar = plan["contact_cost"].median() / lots["margin"][lots["responded"]].mean()
    good = cells[cells["uplift"] > bar]
    assert QUESTIONS["paying"].answer(some) == (good["contacted"] + good["held_back"]).sum()
    assert QUESTIONS["test_size"].answer(some) == two_rates.sample_size(effects["rate_held_back"].iloc[-1], 0.02)
    assert QUESTIONS["collisions"].answer(some) == contact_pressure.collisions(tables.contacts)["customer"].nunique()


def test_data_that_cannot_carry_a_question_says_so():
    plan = table("campaigns").query("chosen == 'at random'")
    lots = TINY._replace(table=lambda name: plan.copy() if name == "campaigns" else table(name))
    said = Check("whom_to_contact", QUESTIONS, lots)("selection", 0.1)
    assert said == ("could not compare", "This log cannot carry the question. It has no campaign by marketing that ended by 2024-06-30.")
    log = Check("whom_to_contact", QUESTIONS, Material(TX, None, "2024-06-30", "€"))
    assert log("uplift", 0.1).message == "This log cannot carry the question. It has no table 'campaigns'."


def test_a_size_may_be_rounded_up_in_each_group():
    check = Check("whom_to_contact", QUESTIONS, TINY)
    right = QUESTIONS["test_size"].answer(TINY)
    assert check("test_size", 2 * np.ceil(right / 2)).status == "correct"
    assert "of each group" in check("test_size", np.ceil(right / 2)).message


def test_the_workbook_states_what_the_checks_ask():
    asked = " ".join(source("60_whom_to_contact").replace("\n# ", " ").split())
    assert (module.LATELY, module.PRESSURE, module.CHANGE, module.POWER) == (LATELY, PRESSURE_DAYS, 0.02, 0.80)
    assert "(orders in 180 days)" in asked and "(our contacts in 91 days)" in asked
    assert "**two points of a hundred**" in asked and "with a chance of 80 %, at 95 % confidence" in asked
