"""Every verdict with data on both sides of it."""

import datetime as dt

import pandas as pd
import pytest
from made_findings import facts, held, value

from crmlib import conclusions, rfm
from crmlib.conclusions import Finding
from crmlib.overview import Refused


def money(amount):
    return f"€{amount:,.0f}"


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (0.30, "the 80/20 claim does not hold here"),
        (0.749, "the 80/20 claim does not hold here"),
        (0.751, "the 80/20 claim roughly holds here"),
        (0.80, "the 80/20 claim roughly holds here"),
        (0.849, "the 80/20 claim roughly holds here"),
        (0.851, "revenue is more concentrated here than the 80/20 claim says"),
    ],
)
def test_concentration(share, verdict):
    found = conclusions.concentration(share, 7, 100)
    assert found.sentence == f"The top 20 % of customers bring {share * 100:.1f} % of revenue: {verdict}."
    assert found.figure == f"{share * 100:.1f} %"
    assert found.detail == "Half of the revenue comes from 7 customers (7.0 % of all); know these first."


@pytest.mark.parametrize(
    ("once", "verdict"),
    [
        (39, "That is less than the 40 to 70 % that are usual where no contract binds: customers here come back."),
        (40, "That is within the 40 to 70 % that are usual where no contract binds."),
        (70, "That is within the 40 to 70 % that are usual where no contract binds."),
        (
            71,
            "That is more than the 40 to 70 % that are usual where no contract binds: win the second purchase before "
            "anything else.",
        ),
    ],
)
def test_once(once, verdict):
    found = conclusions.once(facts(once=once))
    assert found.sentence == f"{once}.0 % of customers bought once ({once} of 100)."
    assert found.detail == f"{verdict} Those who bought again brought 80.0 % of revenue."


def test_once_in_a_short_log_is_not_judged():
    short = facts(as_of=dt.date(2024, 6, 27))  # 179 days
    assert conclusions.once(short).detail.startswith("The log covers 179 days (6 months), which is too short")
    assert "usual" in conclusions.once(facts(as_of=dt.date(2024, 6, 28))).detail


def test_once_leaves_out_those_who_never_bought_and_money_that_is_not_there():
    assert conclusions.once(facts(never=50)).sentence == "100.0 % of customers bought once (50 of 50)."
    assert "brought" not in conclusions.once(facts(once=100)).detail
    assert "brought" not in conclusions.once(facts(revenue=0.0)).detail


@pytest.mark.parametrize(
    ("counts", "figure", "sentence"),
    [
        ({"once": 4}, "<5", "Fewer than 5 of 100 customers bought once."),
        ({"once": 97}, "over 95 %", "All but fewer than 5 of 100 customers bought once."),
        ({"once": 1, "customers": 4}, "<5", "Fewer than 5 customers bought; how often each of them did is not shown."),
        ({"once": 1, "customers": 6}, "<5", "Fewer than 5 of 6 customers bought once."),
        ({"once": 5, "customers": 6}, "over 17 %", "All but fewer than 5 of 6 customers bought once."),
    ],
)
def test_once_counts_no_few_and_tells_no_money_of_theirs(counts, figure, sentence):
    found = conclusions.once(facts(**counts))
    assert (found.figure, found.sentence) == (figure, sentence) and "brought" not in found.detail


def test_half_of_the_revenue_may_come_from_few():
    found = conclusions.concentration(0.7, 3, 100)
    assert found.detail == "Half of the revenue comes from fewer than 5 customers; know these first."


def test_segments_of_few_are_passed_over():
    of_few = summary({"champions": 900.0, QUIET[0]: 400.0, QUIET[1]: 60.0})
    of_few.loc[of_few["segment"] == QUIET[0], "customers"] = 4
    assert f"“{QUIET[1]}”" in conclusions.to_act_on(of_few, {}, money).sentence
    assert conclusions.to_act_on(of_few.assign(customers=3), {}, money) is None


@pytest.mark.parametrize(("once", "orders", "said"), [(1, 1, "bought once"), (0, 12, "bought 12 times")])
def test_once_with_one_buyer(once, orders, said):
    assert conclusions.once(facts(customers=1, once=once, orders=orders)).sentence == f"The only buyer {said}."


SEGMENTS = list(rfm.TEN_SEGMENTS.segments)
QUIET = conclusions.quiet_segments()


def summary(revenue):
    total = sum(revenue.values())
    rows = [
        {"segment": name, "customers": 10 if name in revenue else 0, "revenue": revenue.get(name, 0.0),
         "share_of_revenue": revenue.get(name, 0.0) / total, "share_of_customers": 0.1, "median_days_since_last": 200.0}
        for name in SEGMENTS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_quiet_segments_are_those_of_former_worth():
    assert len(QUIET) >= 2
    assert not set(QUIET) & {"champions", "hibernating", "drifting", "newcomers"}
    assert set(QUIET) <= set(rfm.ACTIONS)


def test_act_on_the_quiet_segment_that_brought_most():
    found = conclusions.to_act_on(summary({"champions": 900.0, QUIET[0]: 40.0, QUIET[1]: 60.0}), {}, money)
    assert found.sentence == (
        f"Gone quiet: “{QUIET[1]}”, 10 customers who brought €60 (6.0 % of revenue); half of them last bought 200 "
        "days "
        "(7 months) ago or earlier."
    )
    assert found.detail == rfm.ACTIONS[QUIET[1]]
    assert found.figure == "€60"


def test_what_is_expected_of_them_is_said():
    expected = dict.fromkeys(SEGMENTS, 12.0)
    found = conclusions.to_act_on(summary({"champions": 900.0, QUIET[0]: 60.0}), expected, money)
    told = (
        "Try it on some of them first: they are expected to spend €12 in the next year, €1 each, before refunds and costs, if they are "
        "contacted as they were so far."
    )
    assert found.detail.endswith(told)  # twelve of ten customers
    about = [conclusions.to_act_on(summary({"champions": 900.0, QUIET[0]: 60.0}), expected, money, order).detail for order in (2.0, 3.0)]
    assert about[0].endswith(told)
    assert about[1].endswith(
        "That is less than half an order (€3 on average), so a call or a letter by hand to each would have to cost less than what it "
        "adds to €1: begin with the cheapest channel."
    )


@pytest.mark.parametrize(
    ("quiet", "said"),
    [(19.0, "No group of former worth has gone quiet. Look after “champions”"), (21.0, "Gone quiet: ")],
)
def test_little_worth_is_not_acted_on_first(quiet, said):
    found = conclusions.to_act_on(summary({"champions": 1000.0 - quiet, QUIET[0]: quiet}), {}, money)
    assert found.sentence.startswith(said)


@pytest.mark.parametrize(
    ("error", "missed", "verdict"),
    [
        (9.9, "9.9 % too much", "close enough to plan with"),
        (-9.9, "9.9 % too little", "close enough to plan with"),
        (-10.1, "10.1 % too little", "good for ranking customers, too rough for a budget"),
        (24.9, "24.9 % too much", "good for ranking customers, too rough for a budget"),
        (25.1, "25.1 % too much", "do not plan with this number"),
        (float("inf"), "many times too much", "do not plan with this number"),
    ],
)
def test_one_year_says_how_the_test_went(error, missed, verdict):
    found = conclusions.one_year(value(held(error)), facts(customers=2), money)
    assert found.figure == "€40"
    better = "" if error == float("inf") else f"; how far next year may be off the error of the test, {error:+.1f} %, tells better"
    assert (
        found.sentence
        == "Today's customers are expected to spend €40 in the next year, €20 each on average (purchases before refunds, discounted; "
        "BG/NBD foretells how often, Gamma-Gamma how much). The 95 % interval, €35 to €46 (delta method), holds only how exactly these "
        "customers tell the parameters of the models, and neither next year's luck nor what the models leave out" + better + "."
    )
    # the first day that the fit has not seen
    assert found.detail.startswith("A test on the days from 2024-07-01 to 2024-12-31: from the days before, €")
    assert found.detail.endswith(f"and €1,000 came (both before refunds), {missed}: {verdict}.")


def test_one_year_says_what_refunds_were():
    about = facts(customers=2, revenue=96.0, refunds=-4.0)  # of 100 bought
    said = conclusions.one_year(value(held(1.0)), about, money).sentence
    assert " Refunds were 4.0 % of purchases so far: take off as much for a plan of revenue. The 95 % interval" in said
    assert conclusions.refunded(facts(revenue=-4.0, refunds=-4.0)) == 0


def test_one_year_without_an_interval_names_none():
    found = conclusions.one_year(value(held(1.0), interval=Refused("The likelihood is flat.", "more", "all")), facts(customers=2), money)
    assert found.sentence.endswith("(purchases before refunds, discounted; BG/NBD foretells how often, Gamma-Gamma how much).")


def test_one_year_without_a_test_says_so():
    found = conclusions.one_year(value(Refused("Nobody bought twice, so nothing can be said.", "a longer log", "the rest")), facts(customers=2), money)
    said = "Nothing in this log tests that number: nobody bought twice, so nothing can be said. What would mend it: a longer log."
    assert found.detail == f"{said} The nearest view that is valid: the rest."


@pytest.mark.parametrize(
    ("silent", "said"),
    [
        (6, "60.0 % of customers have not bought for 180 days or more: most of the base is silent."),
        (5, "50.0 % of customers bought within the last 180 days: half of the base is active."),
        (4, "60.0 % of customers bought within the last 180 days: most of the base is active."),
    ],
)
def test_activity(silent, said):
    stated = pd.DataFrame(
        {"customer": [f"c{n}" for n in range(10)], "state": ["inactive"] * silent + ["loyal"] * (10 - silent)}
    )
    found = conclusions.activity(stated, 180, Refused("no", "more", "all"), money)
    assert found.sentence == said
    assert "expected" not in found.detail


def test_activity_says_what_the_silent_may_bring():
    stated = pd.DataFrame({"customer": [*"abcdef"], "state": ["inactive"] * 5 + ["loyal"]})
    worth = value(held())
    worth.customers = pd.DataFrame({"customer": [*"abcdef"], "value": [2.0] * 5 + [90.0], "x": [0.0, 1, 1, 1, 1, 0]})
    found = conclusions.activity(stated, 180, worth, money)
    assert found.detail.endswith("The silent ones are still expected to spend €10 in the next year, before refunds.")  # one bought once
    assert "expected" not in conclusions.activity(stated.iloc[1:], 180, worth, money).detail  # four of them


def test_activity_says_what_of_it_rests_on_those_who_bought_once():
    names = [f"c{n}" for n in range(12)]
    stated = pd.DataFrame({"customer": names, "state": ["inactive"] * 11 + ["loyal"]})
    worth = value(held())
    # six with one purchase day are expected to spend 3 each, five others 1.20 each: 18 of 24
    worth.customers = pd.DataFrame({"customer": names, "value": [3.0] * 6 + [1.2] * 5 + [90.0], "x": [0.0] * 6 + [2.0] * 5 + [0.0]})
    assert conclusions.activity(stated, 180, worth, money).detail.endswith(
        "expected to spend €24 in the next year, before refunds; 75.0 % of it is expected of those with one purchase day, of whom the "
        "model (BG/NBD) takes it that all of them still buy, because in it nobody stops before a second purchase: that part is rather "
        "too high."
    )


def test_read():
    assert conclusions.read(facts(refunds=-7.0), money) == (
        "300 lines, 250 orders of 100 customers from 2024-01-01 to 2024-12-30, worth €5,000 in all. Refunds of €7 "
        "are taken off."
    )
    assert "Refunds" not in conclusions.read(facts(), money)


def test_a_panel_says_what_it_cannot_tell():
    what, cannot = conclusions.panel(facts(panel=0.97, last_first=dt.date(2024, 2, 5)))
    assert what.startswith("The log is a cohort panel: 97.0 % of customers") and "2024-02-05" in what
    assert "nothing about the growth of a firm" in cannot and "How this one group falls silent is what the log shows best" in cannot
    assert "churn" not in cannot and "lost" not in cannot


def test_a_log_without_a_purchase():
    (found,) = conclusions.nothing(facts(orders=0, lines=3))
    assert found == Finding("nothing", "0", "The log holds 3 lines and no purchase: there is nothing to conclude.")


@pytest.mark.parametrize(("n", "said"), [(0, "0 customers"), (1, "Fewer than 5 customers"), (4, "Fewer than 5 customers"), (5, "5 customers")])
def test_few_customers_are_not_counted(n, said):
    assert conclusions.few(n, "customer") == said
