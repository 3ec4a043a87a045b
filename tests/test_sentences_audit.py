"""Sentences of the lesson on the audit: their words follow the numbers, and every claim can turn."""

import numpy as np
import pandas as pd
import pytest

from crmlib import all_cohorts, carries, one_cohort, one_period, two_periods
from crmlib.explore_audit import both_by_birth, both_ways, by_birth
from crmlib.workbook import sentences_audit as say
from crmlib.workbook import sentences_cohorts as of_cohorts

AS_OF = "2024-12-30"


@pytest.fixture(scope="module")
def people(other_log):
    return one_period.by_customer(other_log, as_of=AS_OF, months=6)


@pytest.fixture(scope="module")
def changed(other_log):
    return two_periods.changes(other_log, as_of=AS_OF, months=6)


# what a log carries


def test_a_lens_that_is_carried_has_no_refusal_and_one_in_part_is_said_where_asked(other_log):
    carried = carries.carries(other_log, as_of=AS_OF)
    assert say.refusal(carried, "one period") == ""
    assert say.refusal(carried, "products") == (
        "This log cannot carry 'products': it lacks a column 'product'. What would mend it: lines by product. The nearest view "
        "that is valid: orders as a whole, in one period."
    )
    assert say.refusal(carried, "all cohorts") == ""
    assert say.refusal(carried, "all cohorts", limited=True).startswith("This log carries in part 'all cohorts': it lacks birth dates")
    wanting = (carried["verdict"] != "yes").sum()
    assert len(say.limits(carried)) == wanting > 0
    assert say.limits(carried[carried["verdict"] == "yes"]) == ["This log carries all lenses, products and profit."]


# one period


def a_period(orders, revenue):
    return pd.DataFrame({"bought": True, "orders": orders, "revenue": np.array(revenue, float)})


def test_the_mean_of_means_and_what_it_would_make():
    said = say.mean_of_means(a_period([1, 1, 4], [30, 50, 40]), "$")
    assert said == (
        "Revenue an order is $20.00; the mean of the customers' own averages is $30.00, 50.0 % above it. Multiplied back it "
        "would make $180 of a revenue of $120."
    )
    assert say.mean_of_means(a_period([1, 2], [10, 20]), "$").endswith("averages is $10.00: the same here.")
    assert "$13.75, 21.4 % below it" in say.mean_of_means(a_period([1, 4], [7.5, 80]), "$")


@pytest.mark.parametrize(
    ("orders", "revenue", "held"),
    [
        ([1] * 10, [10] * 7 + [20, 30, 60], [True, True, False]),
        ([1] * 10, [10] * 10, [False, False, False]),
        ([1] * 9 + [9], [10] * 9 + [90], [False, True, True]),  # nine of ten are below the mean: more than the claim has
    ],
)
def test_the_claims_of_a_period_can_turn(orders, revenue, held):
    said = say.textbook_of_a_period(a_period(orders, revenue), "revenue")
    assert [" held here" in one for one in said] == held
    assert ["did not hold here" in one for one in said] == [not one for one in held]


# two periods


def test_the_group_that_moved_most_is_named_with_its_sign(changed):
    steps = two_periods.bridge(changed)
    said = say.bridge(steps, "revenue", "$")
    change = steps.set_index("group")["revenue_change"]
    assert f"The group '{change.abs().idxmax()}' moved it most" in said
    assert said.startswith("Revenue rose" if change.sum() > 0 else "Revenue fell")
    turned = steps.assign(revenue_change=-steps["revenue_change"])
    assert say.bridge(turned, "revenue").startswith("Revenue fell" if change.sum() > 0 else "Revenue rose")


def test_a_panel_is_read_with_care(cdnow_sample_log):
    carried = carries.carries(cdnow_sample_log, as_of="1998-06-30")
    steps = two_periods.bridge(two_periods.changes(cdnow_sample_log, as_of="1998-06-30", months=6))
    said = say.bridge(steps, "revenue", "$", limited=carried)
    assert said.endswith("Read it with care: the log lacks customers who join later: it follows one group, in which nobody can be new.")


def test_factors_with_and_against_the_change():
    parts = pd.DataFrame({"factor": ["customers", "orders_each", "order_value", "revenue"], "change": [50.0, -10, 0, 40]})
    assert say.drivers(parts, "$") == (
        "The parts sum to +$40. The largest is that of customers, +$50; with the change go customers, against it orders each."
    )
    fell = parts.assign(change=-parts["change"])
    assert say.drivers(fell, "$").startswith("The parts sum to -$40. The largest is that of customers, -$50;")
    assert say.drivers(parts[parts["change"] >= 0], "").endswith("against it nothing.")


def test_falling_back_can_turn(changed):
    assert " held here" in say.regression(both_ways(changed), "revenue")
    everybody_alike = pd.DataFrame({"group": "both", "revenue_before": [1.0, 2, 3, 4] * 5, "revenue_after": [2.0, 4, 6, 8] * 5})
    assert "did not hold here" in say.regression(both_ways(everybody_alike), "revenue")


def two_years(before, after):
    shape = {"group": ["before only"] * len(before) + ["new"] * len(after)}
    shape |= {"orders_before": [1] * len(before) + [0] * len(after), "orders_after": [0] * len(before) + [1] * len(after)}
    shape["revenue_before"] = np.r_[before, np.zeros(len(after))]
    shape["revenue_after"] = np.r_[np.zeros(len(before)), after]
    return pd.DataFrame(shape)


@pytest.mark.parametrize(
    ("factor", "words", "reach"), [(2.0, "wider", "51"), (0.5, "thinner", "0"), (1.0, "neither wider nor thinner", "10")]
)
def test_the_top_by_the_cuts_of_before(factor, words, reach):
    """A hundred customers with 1 to 100 before; then each times a factor. By tenths of their own nothing changes."""
    said = say.own_cuts(two_years(np.arange(1.0, 101), factor * np.arange(1.0, 101)), "revenue", "$")
    if factor == 2.0:
        reach = "55"  # 91 or more: from 46 on, doubled
    assert said == (
        "Wrong: by tenths of their own 10 of 100 customers were on top and 10 of 100 are, a tenth each time, by construction. "
        f"Right: the best tenth of the period before began at $91.00; 10 reached that then and {reach} do now, {reach}.0 % of the "
        f"customers: the top is {words} than before, as far as chance lets us say."
    )


# one cohort


def by_age(share, each, value):
    rows = pd.DataFrame({"cohort": "2024 Q1", "age": range(len(share)), "size": 100, "share_active": share})
    rows["active"] = 100 * rows["share_active"]
    rows["orders_each"], rows["order_value"], rows["complete"] = each, value, True
    rows["revenue"] = rows["active"] * rows["orders_each"] * rows["order_value"]
    rows["revenue_to_date"] = rows["revenue"].cumsum() / 100
    return rows


def test_where_decay_sits_can_turn():
    assert of_cohorts.decay(by_age([1, 0.4, 0.2], [1, 2, 2], [10, 10, 10])) == (
        "'Decay sits in the share that is active' (we take the largest fall of the three) held here: from age 1 to 2 the share active moved by -50.0 %, orders a "
        "customer moved by 0.0 % and the value of an order moved by 0.0 %."
    )
    assert "did not hold here" in of_cohorts.decay(by_age([1, 0.4, 0.4], [1, 2, 2], [10, 10, 5]))
    assert of_cohorts.decay(by_age([1, 0.4, 0], [1, 2, np.nan], [10, 10, np.nan])).startswith("The cohort is seen at fewer than")


def test_survivors_by_hand():
    """100 members bring 10 each, then 20 of them 20 each: 14 a member, and 10 + 20 = 30 by active customer."""
    said = of_cohorts.survivors(by_age([1, 0.2], [1, 1], [10, 20]), "$")
    assert "added up over 2 ages, makes $30.00. Right: all 100 members brought $14.00 each." in said


def test_what_a_cohort_is_said_to_have_done_stands_in_the_title():
    title = of_cohorts.factors_title(by_age([1, 0.4, 0.2], [1, 1, 1], [10, 10, 10]), "$")
    assert title == "2024 Q1: 40.0 % active at age 1, 20.0 % active at age 2; $16.00 a member so far"


@pytest.mark.parametrize(("shares", "held"), [([0.3, 0.5, 0.6], True), ([0.6, 0.5, 0.7], False)])
def test_next_orders_can_turn(shares, held):
    curves = pd.DataFrame({"order": [1, 2, 3], "weeks": 26, "customers": 50, "share_repeated": shares})
    said = of_cohorts.next_orders(curves)
    assert (" held here: after order 1 to 3 it was " in said) == held and "within 26 weeks" in said
    assert of_cohorts.next_orders(curves[:1]).startswith("Too few customers")
    assert of_cohorts.next_orders(curves.assign(customers=9)).startswith("Too few customers")


# cohorts compared


def test_exposure_says_what_chance_makes(other_log):
    births = by_birth(other_log, as_of=AS_OF, weeks=12)
    said = of_cohorts.exposure(births, weeks=12)
    assert f"of those born in {births['born'].iloc[0]}" in said and "19 times out of 20" in said
    rows = pd.DataFrame({"born": ["a", "b"], "customers": [100, 100], "by_year_end": [0.8, 0.1], "in_weeks": [0.5, 0.5]})
    assert "a difference of +0.0 points, no more than chance makes (13.9 points" in of_cohorts.exposure(rows, weeks=12)
    assert "a difference of -40.0 points, more than chance makes" in of_cohorts.exposure(rows.assign(in_weeks=[0.5, 0.1]), weeks=12)
    assert of_cohorts.exposure(None, weeks=12).startswith("So this log cannot show")


def a_shop(price_of, cohorts=("2023-01", "2023-02", "2024-01")):
    """25 customers of each month who buy once a month for four months, at a price that the month and cohort set."""
    rows = []
    for number, cohort in enumerate(cohorts):
        for step in range(17):
            month = pd.Timestamp(f"{cohort}-05") + pd.DateOffset(months=step)
            if month <= pd.Timestamp("2024-05-31"):
                rows += [(f"{number}-{n}", month, price_of(cohort, month)) for n in range(25)]
    return pd.DataFrame(rows, columns=["customer", "date", "amount"])


@pytest.mark.parametrize(
    ("price_of", "said"),
    [
        (lambda cohort, month: 20.0 if month.year == 2024 else 10.0, "most of the gap is gone there, so it hit both at once."),
        (lambda cohort, month: 20.0 if cohort == "2024-01" else 10.0, "the calendar does not explain the gap."),
        (lambda cohort, month: 10.0, "no gap can be told from chance."),
        (lambda cohort, month: 10.2 if cohort == "2024-01" else 10.0, "more than chance makes, and hardly a gap in either view."),
    ],
    ids=["a price rise", "other customers", "the same", "a small gap"],
)
def test_a_price_rise_is_told_from_other_customers(price_of, said):
    log = a_shop(price_of)
    carried = carries.carries(log, as_of="2024-05-31")
    carried.loc[carried["lens"] == "cohorts compared", "verdict"] = "yes"
    found = of_cohorts.season(log, as_of="2024-05-31", unit="month", carried=carried)
    assert found.names == ("2023-01", "2024-01") and said in found.said


def test_a_gap_that_chance_may_have_made_is_not_called_one():
    # every fifth customer pays three times the price, the others half of it: 25 members off by 2 or by 1/2 of the mean
    log = a_shop(lambda cohort, month: 11.0 if cohort == "2024-01" else 10.0)
    log["amount"] *= np.where(log["customer"].str[2:].astype(int) % 5 == 0, 3.0, 0.5)
    carried = carries.carries(log, as_of="2024-05-31")
    carried.loc[carried["lens"] == "cohorts compared", "verdict"] = "yes"
    found = of_cohorts.season(log, as_of="2024-05-31", unit="month", carried=carried)
    # the squares sum to 5 x 4 + 20 / 4 = 25 of 25 squared, x 25 / 24, twice: the root 0.2887 times 2.064, t with 24 degrees
    assert "10.0 % more than one of 2023-01 at equal age (95 % interval -39.4 to +99.6 %)" in found.said
    assert found.said.count("no gap can be told from chance.") == 1


def test_customers_of_both_periods_who_came_within_the_first_had_only_part_of_it():
    days = pd.to_datetime(["2023-12-01", "2024-01-05", "2024-02-05", "2024-01-31", "2024-02-03"])
    tx = pd.DataFrame({"customer": list("aaabb"), "date": days, "amount": [9.0, 8.0, 8.0, 2.0, 6.0]})
    people = two_periods.changes(tx, as_of="2024-02-29", months=1)
    split = both_by_birth(people)
    said = say.newcomers(split, "revenue")
    assert said.startswith("Wrong: customers of both periods bring +40.0 % revenue. Right: the 1 who had bought before")
    assert "changed by 0.0 %; the 1 who came within it had a part of it, and changed by +200.0 %." in said
    one_side = both_by_birth(people[people["customer"] == "b"])
    assert say.newcomers(one_side, "revenue").endswith("nothing to take apart.")


def test_without_two_of_one_season_it_is_a_check_of_stability(cdnow_sample_log):
    carried = carries.carries(cdnow_sample_log, as_of="1998-06-30")
    found = of_cohorts.season(cdnow_sample_log, as_of="1998-06-30", unit="month", carried=carried)
    assert found.names == ("1997-02", "1997-03") and "It is a check of stability only" in found.said
    refused = carried.assign(verdict="no")
    assert of_cohorts.season(cdnow_sample_log, as_of="1998-06-30", unit="month", carried=refused).names is None


# all cohorts


def a_base(new, revenue, carried):
    rows = pd.DataFrame({"period": [f"20{20 + n // 4} Q{n % 4 + 1}" for n in range(len(new))], "complete": True})
    rows["new"], rows["revenue"], rows["carried_revenue"] = new, revenue, carried
    rows["new_revenue"] = rows["revenue"] - rows["carried_revenue"]
    return rows


def test_maturing_can_turn():
    young, old = [40.0] * 5, [60.0] * 4
    held = of_cohorts.maturing(a_base([9] * 9, [100.0] * 9, [*young, *old]), unit="quarter")
    assert held.endswith("the new share went from 60.0 % to 40.0 %, carry-over from 40.0 % to 60.0 %.") and " held here" in held
    assert "did not hold here" in of_cohorts.maturing(a_base([9] * 9, [100.0] * 9, [60.0] * 5 + [40.0] * 4), unit="quarter")
    assert of_cohorts.maturing(a_base([9] * 5, [100.0] * 5, [60.0] * 5), unit="quarter").startswith("The log has 5 complete periods")


def test_the_plan_by_hand():
    """60 of 100 are carried over, a new one brings 40 / 8 = 5; 110 need 50 more, which is 10 new customers."""
    base = a_base([8] * 5, [100.0] * 5, [60.0] * 5)
    assert of_cohorts.plan(base, unit="quarter", growth=0.10, currency="$") == (
        "Target $110, 10 % more than 2021 Q1. Of that period's revenue 60.0 % is carried over, which is the rate of "
        "the last 4 quarters together: $60; the gap is $50. A new customer "
        "brings $5.00 at first: 10 new customers needed, more than the 8 of 2021 Q1. With both as in 2020 Q2, the same season a "
        "year ago (60.0 % and $5.00), it takes 10."
    )
    # a year ago 30 of 100 were carried, and 8 new ones brought 70: 110 need 80 more, at 8.75 each
    seasonal = of_cohorts.plan(a_base([8] * 5, [100.0] * 5, [60.0, 30, 60, 60, 60]), unit="quarter", growth=0.10)
    assert seasonal.endswith("With both as in 2020 Q2, the same season a year ago (30.0 % and 8.75), it takes 10.")
    nobody_new = a_base([8, 0, 8, 8, 8], [100.0] * 5, [60.0, 100, 60, 60, 60])
    assert of_cohorts.plan(nobody_new, unit="quarter", growth=0.10).endswith("of 2021 Q1.")
    assert "a year ago" not in of_cohorts.plan(a_base([8] * 3, [100.0] * 3, [60.0] * 3), unit="year", growth=0.10)
    assert "8 new customers needed, as many as the 8" in of_cohorts.plan(base, unit="quarter", growth=0.0)
    assert of_cohorts.plan(base[:4], unit="quarter", growth=0.1).startswith("The log has 4 complete periods; a plan needs a year")


def test_the_titles_follow_the_tables(other_log):
    chart = all_cohorts.cohort_chart(other_log, as_of=AS_OF, unit="quarter", since="2024-01-01")
    title = of_cohorts.chart_title(chart)
    assert title.startswith("In 2024 Q3 new customers brought ") and "those from before the chart" in title
    whole = all_cohorts.cohort_chart(other_log, as_of=AS_OF, unit="quarter")
    bare = whole[whole["cohort"] != "before"]
    assert of_cohorts.chart_title(bare).endswith("of the revenue")
    curves = one_cohort.next_order_curves(other_log, as_of=AS_OF, weeks=26, orders=2)
    assert of_cohorts.next_orders_title(curves).startswith("Within 26 weeks ")
    ends = pd.DataFrame({"order": [1, 2], "weeks": 26, "customers": 50, "share_repeated": [0.61, 0.564]})
    said = "Within 26 weeks 61.0 % buy a second time; of all with a second order, 56.4 % a third"
    assert of_cohorts.next_orders_title(ends) == said
    short = one_cohort.next_order_curves(other_log, as_of=AS_OF, weeks=200, orders=2)
    assert of_cohorts.next_orders_title(short) == "No customer was watched for 200 weeks"


# products


def test_the_product_with_most_buyers_and_that_with_most_money():
    sold = pd.DataFrame({"product": ["tea", "tin"], "customers": [8, 2], "penetration": [0.8, 0.2], "revenue": [30.0, 70.0],
                         "share_of_revenue": [0.3, 0.7]})  # fmt: skip
    assert of_cohorts.products_title(sold) == "tea has most buyers (80.0 %), tin most revenue (70.0 %)"
    assert of_cohorts.products_title(sold.assign(revenue=[90.0, 10.0])) == "tea has most buyers (80.0 %) and most revenue"


def test_entry_products_of_enough_customers_are_compared():
    rows = []
    for n in range(30):
        tin = n % 3 == 0
        rows.append((f"a{n}", "2023-01-05", (24.0, 36.0)[n % 2] if tin else 10.0, "tin" if tin else "tea"))
    log = pd.DataFrame(rows, columns=["customer", "date", "amount", "product"]).astype({"date": "datetime64[us]"})
    said, rows = of_cohorts.entry(log, as_of="2024-12-30", least=10)
    assert rows.to_dict("list") == {
        "product": ["tin", "tea"], "customers": [10, 20], "orders_each": [1.0, 1.0], "revenue_each": [30.0, 10.0],
        "index": pytest.approx([1.8, 0.6]),
    }  # fmt: skip
    assert said == (
        "Of products that 10 or more customers bought first, tin has the highest value: 1.80 times the mean customer in the first "
        "365 days (10 customers; 95 % interval 1.71 to 1.89). Most began with tea (20), 0.60 times."
    )
    assert of_cohorts.entry(log, as_of="2024-12-30").said.startswith("No two products opened the relation with 100 or more")
    losing = log.assign(cost=100.0)
    assert of_cohorts.entry(losing, as_of="2024-12-30", least=10).said.endswith("nothing to compare.")
    unseen = of_cohorts.entry(log, as_of="2023-03-01")
    assert "No customer was watched for 365 days" in unseen.said and unseen.rows is None
