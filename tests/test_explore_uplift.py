"""Whom to contact, turned and tested: tables up to a day, what was known before, verdicts that can turn, the explorer."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from companies import company
from hypothesis import given, settings
from hypothesis import strategies as st
from made_campaigns import by_lot
from tiny_campaigns import TABLES

from crmlib import uplift, uplift_scores
from crmlib.explore_uplift import (
    NEEDED, Tables, all_draws, best_respond_says, campaign_tables, known_before, later_orders, more_contact_says, pressed_later,
    profit_at, profit_by_share, segments_title, truth_of, truth_says,
)  # fmt: skip

TINY = Tables("", "tiny", **TABLES, as_of="2024-06-30")


def known():
    return known_before(TINY, uplift.outcomes(TINY.offers, TINY.responses))


# the tables


def test_the_tables_of_the_public_set_end_on_a_day():
    tables = campaign_tables("lighthouse", as_of="2025-06-30")
    assert (tables.said, tables.as_of) == ("", "2025-06-30")
    assert set(tables.campaigns["campaign"]) == {"M01", "M02", "M03", "M04"} == set(tables.offers["campaign"])
    assert tables.contacts["date"].max() <= pd.Timestamp("2025-06-30") >= tables.orders["date"].max()


@pytest.mark.parametrize("data", ["cdnow", "donors", "no such data"])
def test_data_without_campaigns_says_what_is_missing(data):
    assert campaign_tables(data).said == (
        "This data holds no campaigns; needed is a data set with the tables campaigns, offers, responses, contacts, customers "
        "and orders, which says who was contacted and who was held back."
    )


def test_a_day_before_the_first_lots_says_so():
    said = "No campaign of this data that ended by 2024-05-31 drew by lot whom to contact."
    assert campaign_tables("lighthouse", as_of="2024-05-31").said == said


# by hand


def test_what_was_known_before_by_hand():
    found = known().set_index(["campaign", "customer"])
    a = found.loc[("M2", "a")]  # orders on 2023-12-01, 2024-02-06 and 2024-03-05; four contacts out
    assert (a["days_since_last"], a["orders_lately"], a["contacts_before"]) == (62, 3, 4)
    assert (a["price"], a["buyer"], a["pressure"], a["bought"]) == ("first", "two or more", "two or more", "within 90 days")
    f = found.loc[("M2", "f")]  # one order on 2023-05-05, a year before
    assert (f["days_since_last"], f["buyer"], f["pressure"], f["bought"]) == (367, "none", "none", "earlier")
    assert found.loc[("M2", "d"), "pressure"] == "one"  # what the customer said to us is none
    assert found.loc[("M2", "h"), "price"] == "unknown" and found.loc[("M2", "g"), "price"] == "not first"
    assert found.loc["M1", "buyer"].to_dict() == {
        "a": "two or more", "e": "two or more", "b": "one", "g": "two or more", "c": "one", "h": "one", "d": "one", "f": "none"
    }  # fmt: skip


def test_later_orders_by_hand():
    """After the window of M2, 2024-05-13, g orders once and a once; that on the last day of the window is in it."""
    found = later_orders(TINY, known()).set_index(["campaign", "customer"])["later"]
    assert found["M2"].to_dict() == {"a": 1, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0, "g": 1, "h": 0}
    assert found["M0"]["a"] == 4 and found["M1"]["f"] == 1


def test_all_draws_by_hand():
    assert all_draws([0, 0, 1], [1, 0, 1], 1).tolist() == [0.5, -0.5, 1.0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=7), st.data())
def test_lots_are_right_on_average(lives, data):
    without, with_offer = map(np.array, zip(*lives, strict=True))
    draws = all_draws(without, with_offer, data.draw(st.integers(1, len(lives) - 1)))
    assert draws.mean() == pytest.approx((with_offer - without).mean(), abs=1e-9)


# verdicts


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (["sells", "sells"], "'More contact sells more' (orders in the window) held: whatever the number of contacts before, more "
         "ordered with the offer than without."),
        (["sells", "too few to tell"], "'More contact sells more' (orders in the window) cannot be told: the interval of those with "
         "two or more contacts before holds 0."),
        (["too few to tell", "keeps away"], "'More contact sells more' (orders in the window) did not hold: of those with two or "
         "more contacts in the quarter before, fewer ordered with the offer than without."),
    ],
)  # fmt: skip
def test_more_contact_has_three_verdicts(verdicts, said):
    assert more_contact_says(pd.DataFrame({"pressure": ["none", "two or more"], "verdict": verdicts})) == said


def test_the_test_of_pressure_says_another_thing_in_another_world():
    """The same seed with and without the harm: it is found where it was planted, and only there."""
    here, elsewhere = (pressed_later(company(1901, **claims)) for claims in ({}, {"contact_drives_some_away": 0.0}))
    verdict = [found.set_index("pressure")["verdict"]["two or more"] for found in (here, elsewhere)]
    assert verdict[0] == "keeps away" != verdict[1]
    assert [found["pressure"].tolist() for found in (here, elsewhere)] == [["none", "one", "two or more"]] * 2


def test_pressure_in_a_made_company_is_that_of_the_lesson():
    """Step by step on its tables, as the lesson goes; only campaigns by lot, and later orders only."""
    made = company(1901)
    tables = Tables("", "made", **{name: made.clean[name] for name in NEEDED})
    listed = later_orders(tables, known_before(tables, uplift.outcomes(tables.offers, tables.responses)))
    lots = listed[listed["campaign"].isin(tables.campaigns["campaign"][tables.campaigns["chosen"] == "at random"])]
    pressed = lots[lots["pressure"] == "two or more"]
    rates = (pressed["later"] > 0).groupby(pressed["contacted"]).mean()
    found = pressed_later(made).set_index("pressure")
    assert found["uplift"]["two or more"] == pytest.approx(rates[True] - rates[False])


@pytest.mark.parametrize(
    ("classes", "uplift", "said"),
    [
        (["none", "one", "two or more"], [0.021, 0.5, -0.1], "It changed +2.1 points with no, -10.0 points with two or more orders"),
        (["none", "two or more"], [np.nan, 0.0], "It changed +0.0 points with two or more orders"),
        (["one"], [0.5], "Too few to tell by orders"),
    ],
)
def test_a_title_states_what_was_found(classes, uplift, said):
    assert segments_title(pd.DataFrame({"buyer": classes, "uplift": uplift}), "buyer", "It changed", "orders") == said


def trial(**rates):
    """400 customers a group: responses by (best, contacted)."""
    rows = [(best, contacted, number < 400 * rates[f"{best}_{contacted}"]) for best, contacted in product(("best", "rest"), ("yes", "no"))
            for number in range(400)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["best", "contacted", "responded"])
    frame["buyer"] = np.where(frame["best"] == "best", "two or more", "none")
    return frame.assign(contacted=frame["contacted"] == "yes")


def test_the_best_may_respond_more_and_change_less():
    said = best_respond_says(trial(best_yes=0.5, best_no=0.5, rest_yes=0.3, rest_no=0.1))
    assert "'The best customers respond best' held for the response: 50.0 % of those contacted" in said
    assert "For what the offer changed it did not hold: +0.0 points of the best, +20.0 of the others" in said
    assert "it held: +30.0 points" in best_respond_says(trial(best_yes=0.5, best_no=0.2, rest_yes=0.1, rest_no=0.1))
    said = best_respond_says(trial(best_yes=0.2, best_no=0.1, rest_yes=0.2, rest_no=0.1))
    assert said.count("cannot be told") == 2
    assert "did not hold for the response" in best_respond_says(trial(best_yes=0.1, best_no=0.1, rest_yes=0.4, rest_no=0.1))
    nobody = trial(best_yes=0.1, best_no=0.1, rest_yes=0.4, rest_no=0.1).assign(buyer="none")
    assert best_respond_says(nobody).startswith("Nobody, or everybody, bought twice")


def test_scores_are_held_against_the_truth_where_it_is_open():
    tables = campaign_tables("lighthouse")
    listed = uplift.outcomes(tables.offers, tables.responses)
    planted = truth_of(listed, "lighthouse")
    assert len(planted) == len(listed) and {"without", "uplift", "kind"} <= set(planted)
    dogs = planted["kind"] == "sleeping dog"
    said = truth_says(planted.assign(score=planted["uplift"], flagged=dogs), "lighthouse")
    assert said.startswith("Against the truth: the correlation of score and planted uplift is 1.00. 100.0 % of ")
    assert said.endswith("100.0 % are sleeping dogs.")
    nobody = truth_says(planted.assign(score=0.0, flagged=False), "lighthouse")
    assert nobody == f"Against the truth: 0.0 % of {dogs.sum()} sleeping dogs are flagged."
    none = truth_says(planted[~dogs].assign(score=0.0, flagged=True), "lighthouse")
    assert none == "Against the truth: No customer of these campaigns is a sleeping dog."
    assert truth_of(listed, "cdnow") is None
    assert truth_says(listed, "cdnow").startswith("No truth lies beside this data, so the scores stay unscored")


# the explorer

SCORED = uplift_scores.cross_fit(by_lot(1, 3000), ["attitude", "pressure"], rng=np.random.default_rng(1))
KNOBS = {"share": 0.4, "contact_cost": 1.0, "profit_per_sale": 20.0}


def test_the_profit_is_gain_times_sale_less_cost():
    profits = profit_at(SCORED, contact_cost=1.0, profit_per_sale=20.0)
    rates = SCORED.groupby("contacted")["responded"].mean()
    everybody = 1000 * (20 * (rates[True] - rates[False]) - 1)
    assert profits.iloc[-1].tolist() == pytest.approx([1.0, everybody, everybody])
    assert profits.iloc[0].tolist() == [0, 0, 0]


def test_the_explorer_shows_where_the_knobs_stand():
    view = profit_by_share(SCORED, **KNOBS, currency="$")
    (ax,) = view.figure.axes
    lines = {line.get_label(): line for line in ax.get_lines()}
    here = float(lines["the knob"].get_ydata()[0])
    assert list(lines["the knob"].get_xdata()) == [0.4]
    assert f"brings ${here:,.0f} for 1,000 listed" in view.sentence and "more than 5.0 % of customers" in view.sentence
    assert ax.get_title(loc="left").startswith("Most profit: contact ")
    assert view.png().startswith(b"\x89PNG")


@pytest.mark.parametrize("share", [0.0, 0.35, 1.0])
@pytest.mark.parametrize("contact_cost", [0.1, 10.0])
@pytest.mark.parametrize("profit_per_sale", [1.0, 80.0])
def test_every_position_of_the_knobs_has_a_view(share, contact_cost, profit_per_sale):
    view = profit_by_share(SCORED, share=share, contact_cost=contact_cost, profit_per_sale=profit_per_sale)
    assert "nan" not in view.sentence
    if contact_cost == 10.0 and profit_per_sale == 1.0:
        assert view.sentence.endswith("Every share loses: contact nobody.")
        assert view.figure.axes[0].get_title(loc="left") == "Most profit: contact nobody"
