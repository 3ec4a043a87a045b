import datetime as dt
from types import SimpleNamespace

import pandas as pd
import pytest
from made_findings import FACTS, facts, held, methods, value

from crmlib import captions
from crmlib.captions import Said
from crmlib.moves_shown import moves_shown
from crmlib.overview import Refused, top_shares

PANEL = facts(panel=1.0, last_first=dt.date(2024, 3, 25))


def periods(first=10.0, repeat=90.0, refunds=0.0, customers=(10, 5), first_time=(1, 1), complete=(True, True)):
    return pd.DataFrame(
        {
            "period": ["2024-01", "2024-02"], "customers": customers, "first_time": first_time, "first_revenue": first / 2,
            "repeat_revenue": repeat / 2, "refunds": refunds / 2, "revenue": (first + repeat + refunds) / 2, "complete": complete,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "repeat", "meaning"),
    [
        (49.0, 51.0, "The money is in customers who come back."),
        (51.0, 49.0, "The money is in first purchases: each new customer has to be won."),
    ],
)
def test_revenue(first, repeat, meaning):
    said = captions.revenue(FACTS, periods(first, repeat, refunds=-60.0))  # which no share of purchases counts
    assert said == Said(
        f"Later purchases bring {repeat:.1f} % of the money of purchases before refunds, first purchases the rest", meaning
    )


def test_revenue_of_a_panel_is_no_course_of_a_firm():
    said = captions.revenue(PANEL, periods())
    assert said.title == "Nobody is new after 2024-03-25: all later revenue comes from the same customers"
    assert said.meaning == "Read this as one group of customers growing older, and not as the course of a firm."


def test_revenue_that_is_not_there():
    assert captions.revenue(FACTS, periods(refunds=-100.0)).title == "The log brings no revenue in all"


@pytest.mark.parametrize(
    ("complete", "said"),
    [
        ((True, False), " 2024-02 is not wholly in the log: do not compare."),
        ((False, False), " 2024-01 and 2024-02 are not wholly in the log: do not compare."),
    ],
)
def test_incomplete_periods_are_named(complete, said):
    assert captions.revenue(FACTS, periods(complete=complete)).meaning.endswith(said)
    assert captions.revenue(PANEL, periods(complete=complete)).meaning.endswith(said)



@pytest.mark.parametrize(
    ("index", "said"),
    [
        (0.19, "customers are much alike"),
        (0.21, "customers differ, and many of them bring the money"),
        (0.49, "customers differ, and many of them bring the money"),
        (0.51, "customers differ widely, and a minority brings most of the money"),
    ],
)
def test_gini(index, said):
    assert captions.gini(index) == f"Gini index {index} (0: all bring the same, near 1: one brings everything): {said}."


def test_lorenz_names_the_window_and_those_left_out():
    top = top_shares(pd.DataFrame({"revenue": [60.0, 10, 10, 10, 10]}))
    said = captions.lorenz(top, 1, facts(customers=5), 0.4, Refused("too few", "more", "all"))
    assert said.title == "The top 20 % bring 60.0 % of revenue"
    assert "All this holds for the 366 days (12 months) covered" in said.meaning
    assert "refunds" not in said.meaning
    assert (
        "Fewer than 5 customers with more refunds than purchases"
        in captions.lorenz(top, 1, facts(customers=5, negative=1), 0.4, Refused("too few", "more", "all")).meaning
    )



def test_segments_name_the_best_and_the_largest():
    table = pd.DataFrame({"segment": ["a", "b"], "customers": [10, 90], "revenue": [70.0, 30.0],
                          "share_of_customers": [0.1, 0.9], "share_of_revenue": [0.7, 0.3]})  # fmt: skip
    assert captions.segments(table) == Said(
        "“a” bring 70.0 % of revenue with 10.0 % of customers",
        "The largest group, “b”, is 90.0 % of customers and brings 30.0 %.",
    )
    assert captions.segments(table.assign(revenue=[30.0, 70.0])).meaning == "They are also the largest group."


def tiers(top, small, customers=8):
    return pd.DataFrame({"tier": ["top", "small"], "customers": [customers, 90], "share_of_revenue": [top, small]})


@pytest.mark.parametrize(
    ("top", "small", "meaning"),
    [
        (0.5, 0.3, "The top alone brings more than the small tier: one of them who leaves is felt."),
        (
            0.2,
            0.4,
            "The tiers above the small one bring 60.0 %: they can carry a service of their own. The small tier brings the "
            "other 40.0 %.",
        ),
        (0.3, 0.5, "The small tier brings 50.0 %: it is many hands that carry the business."),
    ],
)
def test_pyramid(top, small, meaning):
    said = captions.pyramid(FACTS, tiers(top, small))
    assert said == Said(f"8 customers at the top bring {top * 100:.1f} % of the last year's revenue", meaning)


def test_pyramid_of_one_of_nobody_and_of_a_short_log():
    few = captions.pyramid(FACTS, tiers(0.9, 0.5, 1))
    assert few.title == "Fewer than 5 customers are at the top; what they bring stands with the tier below them"
    assert few.meaning.startswith("The small tier brings 50.0 %")
    assert captions.pyramid(facts(as_of=dt.date(2024, 6, 1)), tiers(0.3, 0.5)).title.endswith("bring 30.0 % of revenue")
    assert captions.pyramid(FACTS, tiers(None, None, 0)).title == "Nobody brought revenue in the last 365 days"


def test_states():
    table = pd.DataFrame(
        {
            "state": ["loyal", "inactive"],
            "customers": [2, 8],
            "share_of_customers": [0.2, 0.8],
            "share_of_revenue": [0.6, 0.4],
        }
    )
    said = captions.states(FACTS, table, 180, 4)
    assert said.title == "The largest state is “inactive” with 80.0 % of customers"
    assert said.meaning.endswith("Loyal customers bring 60.0 % of revenue.")
    short = captions.states(facts(as_of=dt.date(2024, 3, 1)), table, 180, 4)
    assert short.meaning.endswith("The log covers 61 days, so nobody can be inactive yet.")


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.51, "More than half of the next year hangs on them"), (0.49, "The next year is spread over many")],
)
def test_tenths(share, said):
    table = pd.DataFrame({"group": [1], "customers": [10], "value": [5.0], "share_of_value": [share]})
    found = captions.tenths(table)
    assert found.title == f"The best tenth (10 customers) holds {share * 100:.1f} % of the expected value, before refunds"
    assert found.meaning.startswith(said)


@pytest.mark.parametrize(
    ("purchases", "revenue", "title", "meaning"),
    [
        (4.9, 4.9, "Expected purchase days agree with those that came (4.9 %)",
         "Expected money agrees with what came, both before refunds (4.9 %): no correction of the value above is called for."),
        (4.9, -30.0, "Expected purchase days agree with those that came (4.9 %)",
         "Expected money was 30.0 % below what came, both before refunds: if the next year goes like the test, the value above is too low."),
        (5.1, -14.3, "Expected purchase days were 5.1 % above those that came",
         "Expected money was 14.3 % below what came, both before refunds: if the next year goes like the test, the value above is too low."),
        (-14.3, 5.1, "Expected purchase days were 14.3 % below those that came",
         "Expected money was 5.1 % above what came, both before refunds: if the next year goes like the test, the value above is too high."),
        (5.1, 0.0, "Expected purchase days were 5.1 % above those that came",
         "Expected money agrees with what came, both before refunds (0.0 %): no correction of the value above is called for."),
        (5.1, float("inf"), "Expected purchase days were 5.1 % above those that came",
         "No money came in the days of the test: if the next year goes like it, the value above is too high."),
    ],
)  # fmt: skip
def test_holdout_corrects_the_value_by_the_error_in_revenue(purchases, revenue, title, meaning):
    assert captions.holdout(held(error=revenue, purchases_error=purchases)) == Said(title, meaning)


@pytest.mark.parametrize(
    ("model", "rule", "said"),
    [
        ((0.7, 0.47), (0.9, 0.48),
         "A customer's purchase days were missed by 0.70 on average by the model and by 0.90 by the best rule of thumb (“own "
         "rate”): the model earns its keep as a forecast. Of the best tenth by what came it found 47 %, “own rate” 48 %: to "
         "find the best customers, the rule does as well."),
        ((0.9, 0.60), (0.9, 0.48),
         "A customer's purchase days were missed by 0.90 on average by the model and by 0.90 by the best rule of thumb (“own "
         "rate”): the model does not earn its keep as a forecast. Of the best tenth by what came it found 60 %, “own rate” "
         "48 %: it also finds the best customers more often."),
        ((0.7, 0.40), (0.9, 0.48),
         "A customer's purchase days were missed by 0.70 on average by the model and by 0.90 by the best rule of thumb (“own "
         "rate”): the model earns its keep as a forecast. Of the best tenth by what came it found 40 %, “own rate” 48 %: to "
         "find the best customers, take the rule."),
    ],
)  # fmt: skip
def test_forecasts(model, rule, said):
    assert captions.forecasts(SimpleNamespace(methods=methods(model, rule))) == said


@pytest.mark.parametrize(
    ("changed", "about", "said"),
    [
        (
            {},
            {"as_of": dt.date(2024, 6, 1)},
            "The log covers 153 days (5 months): less than a year cannot show a season.",
        ),
        (
            {},
            {"panel": 1.0},
            "The customers were won at one time of the year; those won at another may behave otherwise.",
        ),
        (
            {"correlation": 0.3},
            {},
            "How often and how much go together here (correlation 0.30), which the model of spend takes to be 0.",
        ),
        (
            {"correlation": -0.3},
            {},
            "How often and how much go together here (correlation -0.30), which the model of spend takes to be 0.",
        ),
        (
            {"holdout": held(purchases_error=12.0)},
            {},
            "Expected purchase days were 12.0 % above those that came in the test.",
        ),
        (
            {"holdout": held(purchases_error=-12.0)},
            {},
            "Expected purchase days were 12.0 % below those that came in the test.",
        ),
        (
            {"free": 1},
            {},
            "Fewer than 5 customers whose later purchases were all free of charge are left out of the model of spend.",
        ),
        (
            {"free": 12},
            {},
            "12 customers whose later purchases were all free of charge are left out of the model of spend.",
        ),
    ],
)
def test_limits_are_said_only_where_they_apply(changed, about, said):
    plain = captions.limits(value(held()), FACTS)
    assert len(plain) == 3 and said not in plain
    found = value(held())
    assert said in captions.limits(SimpleNamespace(**{**vars(found), **changed}), facts(**about))


def test_limits_without_a_test():
    assert len(captions.limits(value(Refused("no", "more", "all")), FACTS)) == 3


def test_definitions_carry_the_thresholds_in_use():
    said = " ".join(captions.definitions(99, 7))
    assert "inactive after 99 days" in said and "loyal from 7 orders" in said


def test_only_a_report_without_costs_says_that_it_knows_none():
    without, with_costs = (" ".join(captions.definitions(99, 7, money)) for money in ("revenue", "profit"))
    assert "it is not profit, because the report knows no costs" in without
    assert "knows no costs" not in with_costs and "profit is that minus the costs" in with_costs


def test_the_top_share_says_how_far_chance_could_have_moved_it():
    interval = SimpleNamespace(customers=200, low=0.61, high=0.724, level=0.95, resamples=500)
    sentence = (
        "Among all customers of the kind of these 200, the share of the top 20 % lies between 61.0 % and 72.4 % "
        "(95 % interval, bootstrap percentiles of 500 resamples)."
    )
    assert captions.chance(interval) == sentence
    top = top_shares(pd.DataFrame({"revenue": [6.0, 1.0, 1.0, 1.0, 1.0]}))
    assert sentence in captions.lorenz(top, 1, facts(customers=5), 0.4, interval).meaning


def staged(**counts):
    n = sum(counts.values())
    names = list(counts)
    return pd.DataFrame(
        {"phase": names, "customers": counts.values(), "share_of_customers": [counts[name] / n for name in names],
         "share_of_revenue": 1 / len(names)}
    )  # fmt: skip


def test_stages_say_whose_silence_is_usual_and_where_an_effort_can_change_something():
    many = {"development": 10, "growth": 20, "maturity": 30, "decline": 15, captions.SILENT: 25}
    said = captions.stages(staged(**many))
    assert said.title == "The largest stage is “maturity” with 30.0 % of customers"
    # 20 + 30 of 100 bought on two days or more; the ten with one purchase day have shown no rhythm
    assert said.meaning.startswith(
        "50.0 % bought on two days or more, the last of them no longer ago than is usual (growth and maturity), 10.0 % on one day so "
        "far, not long ago (development); 40.0 % have been silent for longer than is usual, or spend less and less (decline and silent "
        "for long). What is usual is a customer's own only where there are three gaps between purchases; all others are judged by "
    )
    few = captions.stages(staged(**many | {"development": 3})).meaning
    assert "development" not in few and "; 43.0 % have been silent" in few  # 40 of 93
    assert "termination" not in said.title + said.meaning
    assert said.meaning.endswith("still change something: 15 customers with 20.0 % of the revenue so far.")
    assert "the pooled gaps of all customers that have ended, which are too short where many never come back" in said.meaning
    assert "without a proven decline, also those whose few orders shrink." in said.meaning
    nobody = captions.stages(staged(**many | {"decline": 0}))
    assert "Decline is where" not in nobody.meaning


def moved(**lines):
    """Moves of ``lines``: a tier before, and {tier after: customers}."""
    lines = {"(absent)" if one == "absent" else one: line for one, line in lines.items()}
    rows = [(one, other, n) for one, line in lines.items() for other, n in line.items()]
    return SimpleNamespace(before="in May", after="in June", pairs=pd.DataFrame(rows, columns=["from", "to", "customers"]))


def test_moves_speak_of_the_best_tier_that_is_no_handful():
    found = captions.moves(moved(top={"top": 5, "large": 5}, large={"large": 10, "small": 10, "inactive": 20}, absent={"small": 7}))
    assert found.title == "Of 40 customers in the large tier 25 % stayed in it, 50 % fell silent"
    assert found.meaning.startswith("A row is a tier in May, a column where its customers stood in June; who stayed is framed. ")
    assert " 40.0 % of those who were active fell silent." in found.meaning and "absent" not in found.meaning
    few = captions.moves(moved(top={"top": 1}, small={"small": 1, "inactive": 3}))
    assert few.title == "Who was in which tier in May, and where they went"
    assert captions.moves(moved(top={"top": 2, "inactive": 28})).title == "Who was in which tier in May, and where they went"
    assert captions.moves(moved(inactive={"inactive": 9})).title == "Nobody was in a tier in May"
    # two went to medium, so the square hides them and the smallest other cell of the row: the five who stayed
    row = {"top": 6, "large": 7, "inactive": 7}
    assert captions.moves(moved(top=row, large={"large": 90})).title.startswith("Of 20 customers in the top tier 30 % stayed")
    row = {"top": 5, "large": 8, "medium": 2, "inactive": 8}
    hides = moved(top=row, large={"large": 90}, medium={"medium": 80})
    assert not moves_shown(hides.pairs).open("top", "top")
    assert captions.moves(hides).title == "Who was in which tier in May, and where they went"


def test_moves_do_not_count_the_few_who_fell_silent():
    found = captions.moves(moved(top={"top": 47, "inactive": 3}))
    assert "under 10.0 % of those who were active fell silent" in found.meaning and "6 %" not in repr(found)


def test_moves_of_a_panel_say_that_everybody_was_active_before():
    found = captions.moves(moved(small={"small": 30, "inactive": 70}), panel=True)
    assert (
        " All customers were won in the first period, so all enter it active; 70.0 % of them did not buy in the second. " in found.meaning
    )


def test_what_champions_bring_by_definition_is_said_to_be_so_and_what_is_not_is_given():
    table = pd.DataFrame({"segment": ["champions", "hibernating"], "customers": [10, 90], "revenue": [70.0, 30.0],
                          "share_of_customers": [0.1, 0.9], "share_of_revenue": [0.7, 0.3]})  # fmt: skip
    said = captions.segments(table, {"champions": 30.0, "hibernating": 10.0}).meaning
    assert said.endswith(
        "brings 30.0 %. That “champions” bring much is so by definition: they are chosen by what they brought. It is no definition that "
        "they are expected to spend 75.0 % of the next year's money (before refunds)."
    )
    assert captions.segments(table).meaning.endswith("they are chosen by what they brought.")
    # whom their number of orders alone makes one
    assert "by definition" not in captions.segments(table.replace("champions", "silent regulars")).meaning


def test_definitions_explain_what_the_page_says_without_explaining_it():
    said = " ".join(captions.definitions(180, 4))
    for word in ("Gini index", "proven decline", "silent for long", "P(alive)", "“<5”", "“hidden”", "“under 10 %” of 50 customers", "Wilson",
                 "Newcombe", "Welch", "bootstrap percentiles", "delta method", "before refunds", "365 or 366 days"):  # fmt: skip
        assert word in said, word
    assert "termination" not in said
