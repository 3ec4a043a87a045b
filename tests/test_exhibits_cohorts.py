"""The exhibits on cohorts: each sentence's branches on lenses made by hand, and the sections of real logs."""

import dataclasses
import datetime as dt
import re
from types import SimpleNamespace

import made_lenses as made
import pandas as pd
import pytest
from companies import class_set

from crmlib import datasets
from crmlib.exhibits import acquisition, all_cohorts, answers_on_cohorts, cohort_gaps, cohort_repeats, cohorts_compared, one_cohort, parts, products
from crmlib.inert import Exhibit, Picture, Prose, Table
from crmlib.carries import Carried
from crmlib.lenses import lenses
from crmlib.opened import Opened
from crmlib.overview import Refused

NOT_OF_A_LOG = ("retention", "churn", "lost", "lapsed", "defect", "loyal")
SHOWN = {
    "one_cohort": one_cohort.one_cohort, "cohorts_compared": cohorts_compared.cohorts_compared,
    "all_cohorts": all_cohorts.all_cohorts,
}  # fmt: skip


def exhibits(section):
    return {part.key: part for part in section.parts if isinstance(part, Exhibit)}


def said(exhibit):
    return " ".join(sentence for part in exhibit.parts if isinstance(part, Prose) for sentence in part.sentences)


def tables(exhibit):
    return [part for part in exhibit.parts if isinstance(part, Table)]


def of_cohort(**parts):
    return exhibits(one_cohort.one_cohort(made.opened(one_cohort=made.one_cohort(**parts))))


def factors_of(active, orders, revenue):
    return of_cohort(by_age=made.by_age(active, orders, revenue))["cohort-factors"]


@pytest.fixture(autouse=True)
def unseen(request, monkeypatch):
    """Charts of made lenses are not drawn, which takes most of the time; those of real logs are."""
    if "logs" not in request.fixturenames:
        monkeypatch.setattr(parts, "picture", lambda ax, *, words: Picture(b"", 760, words))


# ---- one cohort: the factors


def test_the_factor_that_carries_the_decay_is_named_with_its_share():
    found = of_cohort()["cohort-factors"]
    assert found.title == (
        "Revenue per member falls from $8.00 at age 1 to $4.80 at age 5; fewer active members make up all of the fall"
    )
    assert said(found) == (
        "The work is to bring members back, and not to sell more to those who come. The share active still falls "
        "(50.0 % at age 1, 30.0 % a year later): it is not yet a level to plan with."
    )
    (table,) = tables(found)
    assert table.rows[1] == ("1", "2023 Q2", "50", "50.0 %", "1.60", "$10.00", "$8.00")


def test_another_factor_asks_for_another_decision():
    orders = factors_of([100, 50, 50, 50, 50, 50], [100, 100, 90, 80, 60, 50], [1000, 1000, 900, 800, 600, 500])
    assert orders.title.endswith("at age 5; fewer orders each make up all of the fall")
    assert said(orders).startswith("Those who come order less often")
    assert "levelled off (50.0 % at age 1, 50.0 % a year later): that is a level to plan with." in said(orders)
    smaller = factors_of([100, 50, 50, 50, 50, 50], [100] * 6, [1000, 1000, 900, 800, 600, 500])
    assert smaller.title.endswith("smaller orders make up all of the fall")
    assert said(smaller).startswith("Those who come spend less an order")


def test_two_factors_share_the_fall_and_one_may_outweigh_it():
    # 50 x 2 x 10 to 25 x 1 x 20: halves twice, doubles once; ln 2 each, so each factor makes up all of a fall of ln 2
    found = factors_of([100, 50, 50, 50, 50, 25], [100, 100, 100, 100, 100, 25], [1000] * 5 + [500])
    assert "make up all of the fall" in found.title
    # 50 x 2 x 10 to 20 x 2 x 15: ln 0.4 of ln 0.6 is 179 %
    found = factors_of([100, 50, 50, 50, 50, 20], [100, 100, 100, 100, 100, 40], [1000] * 5 + [600])
    assert found.title.endswith("fewer active members make up more than all of the fall")
    # 50 x 2 x 10 to 30 x 2 x 9: ln 0.6 of ln 0.54 is 83 %
    found = factors_of([100, 50, 50, 50, 50, 30], [100, 100, 100, 100, 100, 60], [1000] * 5 + [540])
    assert found.title.endswith("fewer active members make up 83 % of the fall")


def test_a_rise_a_steady_cohort_and_a_silent_age_have_their_own_words():
    rise = factors_of([100, 40, 40, 40, 40, 50], [100, 40, 40, 40, 40, 50], [1000, 400, 400, 400, 400, 500])
    assert rise.title.endswith("rises from $4.00 at age 1 to $5.00 at age 5; more active members make up all of the rise")
    assert said(rise).startswith("See what brought more active members, and whether it was meant to.")
    steady = factors_of([100, 40, 40, 40, 40, 40], [100, 40, 40, 40, 40, 40], [1000, 400, 400, 400, 400, 390])
    assert steady.title == "Revenue per member holds: $4.00 at age 1 to $3.90 at age 5"
    assert said(steady).startswith("What they bring does not decay at this age")
    silent = factors_of([100, 40, 40, 40, 40, 0], [100, 40, 40, 40, 40, 0], [1000, 400, 400, 400, 400, 0])
    assert silent.title == "Revenue per member goes from $4.00 at age 1 to $0.00 at age 5"
    assert said(silent).startswith("In one of these quarters nobody bought")


def test_ages_of_different_seasons_are_said_to_be_so_and_one_age_is_no_decay():
    short = factors_of([100, 50, 40, 30], [100, 50, 40, 30], [1000, 500, 400, 300])
    assert "from $5.00 at age 1 to $3.00 at age 3" in short.title
    assert "The two ages lie in different seasons, which is part of the difference." in said(short)
    assert "cohort-factors" not in of_cohort(by_age=made.by_age([100, 50], [100, 50], [1000, 500]))


def test_few_active_members_are_hidden_and_so_is_what_would_give_them_away():
    found = of_cohort(by_age=made.by_age([100, 50, 3, 40, 36, 30], [120, 80, 4, 64, 58, 48], [1200, 800, 77, 640, 580, 480]))
    (table,) = tables(found["cohort-factors"])
    assert [row[2] for row in table.rows] == ["100", "50", "<5", "40", "36", "hidden"]
    assert table.rows[2][3:] == ("hidden",) * 4 and table.rows[5][3:] == ("hidden",) * 4
    (to_date,) = tables(found["value-to-date"])
    # hidden from the first hidden age up to the last one, or the steps would tell
    assert [row[2] for row in to_date.rows] == ["$12.00", "$20.00", "hidden", "hidden", "hidden", "$37.77"]
    assert "77" not in str(found["cohort-factors"])


# ---- one cohort: who comes back


def test_the_second_order_with_its_interval_its_half_time_and_the_step_to_pay_for():
    found = of_cohort()["next-orders"]
    assert found.title == "60.0 % bought a second time within 52 weeks of their first purchase, 30.0 % within 13"
    text = said(found)
    assert "That is 60.0 % (95 % interval 50.2 % to 69.1 %) of 100 members watched that long." in text
    assert "Half of those who came back did so by week 13, so that an offer that is to bring a second purchase comes before it" in text
    assert "Of the 60 whose second purchase lies 52 weeks or more before the end, 80.0 % made a third. That later curves" in text
    (table,) = tables(found)
    assert [row[:2] for row in table.rows] == [("1st", "100"), ("2nd", "60"), ("3rd", "<5")]
    assert table.rows[2][2:] == ("hidden",) * 3 and table.rows[0][-1] == "60.0 %"


def test_a_third_order_that_is_no_surer_than_the_second():
    found = of_cohort(next_orders=made.next_orders((100, (20, 30, 40, 60)), (60, (10, 20, 25, 30))))["next-orders"]
    assert "Of the 60 whose second purchase lies 52 weeks or more before the end, 50.0 % made a third: after the" in said(found)
    assert "next-orders" not in of_cohort(next_orders=made.next_orders((0, (0, 0, 0, 0))))


def test_silence_is_counted_in_the_patterns():
    lens = made.one_cohort()
    assert cohort_repeats.silence(lens) == (100, 40, 18, 58, 18)
    found = of_cohort()["cohort-patterns"]
    assert found.title == "18.0 % were silent for a quarter or longer and came back; 40.0 % bought in their first quarter only"
    assert "Of the 58 who were silent in the quarter after their first, 31.0 % bought later. Most stay silent, and yet" in said(found)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"Ynn": 10, "YnY": 30, "YYY": 60}, "75.0 % bought later. More often than not a silent quarter is a pause"),
        ({"Ynn": 90, "YnY": 8, "YYY": 20}, "8.2 % bought later. Few come back once they are silent"),
    ],
)
def test_how_many_come_back_decides_what_to_do(counts, words):
    assert words in said(of_cohort(patterns=made.patterns(**counts))["cohort-patterns"])


def test_rare_patterns_stand_together_and_never_as_fewer_than_five():
    found = of_cohort(patterns=made.patterns(Ynn=80, YnY=12, YYY=6, YYn=2))["cohort-patterns"]
    (table,) = tables(found)
    assert [row[:2] for row in table.rows] == [("Ynn", "80"), ("YnY", "12"), ("all others (2 patterns)", "8")]
    assert "cohort-patterns" not in of_cohort(patterns=made.patterns(Ynn=80, YYn=17, YnY=3))  # the title would tell


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ([50, 30, 24], "After age 0 it is 60.0 %. That it rises is sorting"),
        ([50, 25, 20], "After age 0 it is 50.0 %, about the same."),
        ([60, 20, 20], "Sorting alone would raise it"),
    ],
)
def test_a_repeat_buying_rate_that_rises_is_sorting(again, words):
    found = of_cohort(repeat_buying=made.repeat_buying([100, 50, 40], again))["cohort-rates"]
    assert words in said(found)
    assert found.title.startswith("Of those active in one quarter, so many bought in the next one too: ")


# ---- one cohort: value


def test_value_after_the_first_year_is_what_winning_a_member_may_cost():
    found = of_cohort()["value-to-date"]
    assert one_cohort.value_in_first_year(made.one_cohort()) == (3, pytest.approx(32.8))
    assert found.title == "By the end of its first four quarters a member of 2023 Q1 had brought $32.80 of revenue"
    assert said(found) == (
        "That is revenue and no profit: what winning a member may cost is its margin, a part of $32.80. $9.00 of it (27.4 %) came "
        "on the day of the first purchase. By age 5 it is $10.60 more: who can wait longer for the payback may win dearer customers."
    )
    early = of_cohort(by_age=made.by_age([100, 50, 40, 40, 9], [120, 80, 64, 64, 9], [1200, 800, 640, 640, 90]))
    assert said(early["value-to-date"]).endswith("little is added later, so that winning a member has to pay back early.")
    short = of_cohort(by_age=made.by_age([100, 50], [120, 80], [1200, 800]))["value-to-date"]
    assert short.title.startswith("By the end of age 1 a member of 2023 Q1 had brought $20.00")


def test_the_best_tenth_and_how_many_of_them_are_silent():
    found = of_cohort()["cohort-deciles"]
    assert found.title == "The best tenth of the cohort brought 50.0 % of its revenue; 50.0 % of them did not buy in the last quarter"
    assert said(found).endswith("one silent quarter may be a pause: ask some of the 5 why they are silent before anything is spent on them.")
    active = of_cohort(deciles=made.deciles([500, 200, 100, 90, 80, 10, 8, 6, 4, 2], [1.0] + [0.3] + [0.0] * 8))["cohort-deciles"]
    assert said(active).endswith("All of them bought in the last complete quarter: what they get is worth protecting as it is.")
    assert tables(active)[0].rows[1][-1] == "under 50.0 %"  # three of ten would be three people
    assert "; “under 50.0 %”: fewer than 5 customers" in tables(active)[0].caption


@pytest.mark.parametrize(("customers", "active"), [(7, 3), (8, 4), (10, 1), (10, 9)])
def test_a_share_that_a_few_people_make_says_nothing_of_the_best_tenth(customers, active):
    shares = [active / customers] + [0.0] * 9
    best = made.deciles([500, 200, 100, 90, 80, 10, 8, 6, 4, 2], shares, customers=customers)
    found = of_cohort(deciles=best)["cohort-deciles"]
    assert "did not buy" not in found.title and "All of them" not in said(found) and "silent" not in said(found)
    few = of_cohort(by_age=made.by_age([40, 20, 10], [40, 20, 10], [400, 200, 100]))
    assert "cohort-deciles" not in few


# ---- cohorts compared


def pair(second_value, *, first_value=(10.0,) * 9, ages=5, **options):
    """Cohorts of 100 and 80 with the order values given, an order each, active 100, 50, 50 ... and 80, 40, 40 ..."""
    active = [100, *[50] * 8]
    first = made.by_age(active, active, [n * value for n, value in zip(active, first_value, strict=True)])
    active = [80, *[40] * (ages - 1)]
    worth = [n * value for n, value in zip(active, second_value, strict=True)]
    return made.compared(first, made.by_age(active, active, worth, cohort="2024 Q1"), **options)


def of_pair(lens, **options):
    return exhibits(cohorts_compared.cohorts_compared(made.opened(cohorts_compared=lens, **options)))


def test_a_gap_that_remains_in_the_calendar_view_belongs_to_the_cohort():
    lens = pair([12.0] * 5)
    gap = cohort_gaps.widest(lens)
    assert (gap.measure, gap.verdict) == ("order_value", cohort_gaps.COHORT)
    assert gap.by_age == pytest.approx((0.2, 0.2, 0.2)) and gap.by_period == pytest.approx((0.2, 0.2, 0.2))
    found = of_pair(lens)["cohorts-pair"]
    # 12 + 4 x 6 and 10 + 4 x 5
    assert found.title == "A member of 2024 Q1 had brought $36.00 of revenue by age 4, one of 2023 Q1 $30.00 (+20.0 %): beyond chance"
    # 6 +- 1.96 x sqrt(100 / 100 + 100 / 80)
    assert said(found).startswith("The difference is +$6.00 a member (95 % interval +$3.06 to +$8.94): more than chance makes.")
    assert "It remains in the calendar view and so belongs to 2024 Q1: look at how they were won." in said(found)
    assert "At age 4, 50.0 % of 2024 Q1 were active and 50.0 % of 2023 Q1" in said(found)
    assert "no difference can be told" in said(found)


def test_whether_a_difference_in_value_can_be_told_depends_on_the_spread_between_members():
    wide = of_pair(pair([12.0] * 5, spread=100.0))["cohorts-pair"]
    assert wide.title.endswith("(+20.0 %): within chance")
    assert "(95 % interval -$23.40 to +$35.40): no difference in value can be told." in said(wide)
    # a gap of 4.8 %, and hardly any spread: chance does not make it, and it is small
    near = of_pair(pair([10.48] * 5, spread=0.1, same_season=False))["cohorts-pair"]
    assert "more than chance makes, but less than 10 % of the value." in said(near)
    assert said(near).endswith("What one has brought may be used to plan for the other.")
    restless = of_pair(pair([10.5] * 5, spread=0.1, wobble=0.9))["cohorts-pair"]
    assert "No gap can be told from chance, so look above for what sets them apart." in said(restless)


def test_the_figure_of_the_pair_draws_the_numbers_of_its_title(monkeypatch):
    drawn = {}
    monkeypatch.setattr(parts, "picture", lambda ax, *, words: drawn.setdefault(words, ax) and Picture(b"", 760, words))
    of_pair(pair([12.0] * 5))
    words, ax = next(iter(drawn.items()))
    left, right = ax.child_axes
    assert [line.get_ydata()[-1] for line in left.lines] == [30, 36]
    assert [line.get_ydata().tolist() for line in right.lines] == [[5.0] * 5, [12.0, *[6.0] * 4]]
    assert words.startswith("Revenue to date per member of 2023 Q1 and 2024 Q1: age 0 $10.00 and $12.00;")
    alone = pair([12.0] * 5, calendar=Refused("They share no period.", "a longer log", "the pair by age"))
    drawn.clear()
    of_pair(alone)
    assert [line.get_ydata()[-1] for line in next(iter(drawn.values())).lines] == [30, 36]


def test_a_gap_that_vanishes_in_the_calendar_view_hit_all_customers():
    lens = pair([12.0] * 4, first_value=[10.0] * 4 + [12.0] * 5, ages=4)
    gap = cohort_gaps.widest(lens)
    assert gap.verdict == cohort_gaps.EVERYBODY and gap.by_period == pytest.approx((0, 0, 0), abs=1e-8)
    assert "it says nothing about the quality of 2024 Q1" in said(of_pair(lens)["cohorts-pair"])


def test_a_gap_that_chance_explains_or_that_no_calendar_can_tell():
    restless = pair([10.5] * 5, wobble=0.9)
    assert cohort_gaps.widest(restless).verdict == cohort_gaps.NONE
    assert "No gap can be told from chance: treat both alike." in said(of_pair(restless)["cohorts-pair"])
    alone = pair([12.0] * 5, calendar=Refused("They share no period.", "a longer log", "the pair by age"))
    assert cohort_gaps.widest(alone).verdict == cohort_gaps.UNKNOWN
    found = of_pair(alone)["cohorts-pair"]
    assert "the calendar view cannot tell" in said(found) and len(tables(found)) == 1
    nothing = pair([0.0] * 5)
    assert {gap.measure: gap.by_age for gap in cohort_gaps.gaps(nothing)}["order_value"] is None


def test_a_gap_that_turns_round_in_the_calendar_view_is_not_said_to_vanish():
    # 12 against 10 at equal age, and 12 against 24 in the same quarters
    lens = pair([12.0] * 4, first_value=[10.0] * 4 + [24.0] * 5, ages=4)
    gap = cohort_gaps.widest(lens)
    assert gap.by_age[1] > 0 > gap.by_period[2] and gap.verdict == cohort_gaps.UNKNOWN
    assert "the calendar view cannot tell" in said(of_pair(lens)["cohorts-pair"])


def test_ages_that_are_left_out_are_not_said_to_be_pooled():
    few = [100, 50, 4, 50, 50]
    lens = made.compared(made.by_age(few, few, [10.0 * n for n in few]), made.by_age(few, few, [12.0 * n for n in few], cohort="2024 Q1"))
    assert "(ages 0, 1, 3 and 4 together: " in said(of_pair(lens)["cohorts-pair"])


def test_the_interval_of_a_gap_is_by_the_scatter_of_the_members():
    # every other member brings 1.5 or 0.5 times the mean: of the first cohort 50 in five quarters and 50 in the first alone are
    # off by 0.5 x 10 an order, 50 x 25 + 50 = 1,300 times 25, over 3,000 squared; of the second 1,040 times 36 over 2,880 squared;
    # x 100 / 99 and x 80 / 79, and the root 0.0906566; t with 79 degrees at 2.5 % / 2, for the two measures, is 2.284926
    gap = next(one for one in cohort_gaps.gaps(pair([12.0] * 5, wobble=0.5)) if one.measure == "order_value")
    assert gap.by_age == pytest.approx((0.2, -0.0245164, 0.4761909), abs=1e-6) and gap.among == 2


def test_all_gaps_are_told_pooled_and_the_one_beyond_chance_as_one_of_several():
    words = said(of_pair(pair([12.0] * 5))["cohorts-pair"])
    assert (
        "In what they buy 2024 Q1 differs by +20.0 % in the value of an order and 0.0 % in orders each active customer (ages 0 to 4 together: all "
        "revenue over all orders, orders over active customers). Beyond chance is that of the value of an order (95 % interval, as one of 2 "
        "measures, +20.0 % to +20.0 %); in the same periods it is +20.0 % (95 % interval, as one of 2 measures, +20.0 % to +20.0 %). It remains"
    ) in words
    assert "widest" not in words


def test_a_calendar_that_may_hold_the_gap_of_the_ages_cannot_make_it_vanish():
    # in 2024 Q2 to Q4 12 each against 14, 8 and 12: 36 / 34, and what the spread of the members leaves open around it
    lens = pair([12.0] * 4, first_value=[10.0] * 5 + [14.0, 8.0, 12.0, 10.0], ages=4, wobble=0.4)
    gap = cohort_gaps.widest(lens)
    assert gap.by_age[0] == pytest.approx(0.2) and gap.by_age[1] > 0 and gap.by_period[0] == pytest.approx(36 / 34 - 1)
    assert gap.verdict == cohort_gaps.UNKNOWN and "wait before acting on it" in said(of_pair(lens)["cohorts-pair"])


def test_the_gap_of_the_company_is_that_of_its_lines(logs):
    tx, _ = datasets.admit_log("lighthouse")
    born, orders = {}, {}
    for day, customer, order, amount in sorted(tx[["date", "customer", "order", "amount"]].itertuples(index=False, name=None)):
        quarter = 4 * day.year + (day.month - 1) // 3
        if amount >= 0:
            born.setdefault(customer, quarter)
            orders.setdefault((customer, order), quarter)
    sums = {}
    for first in (4 * 2024, 4 * 2025):
        inside = lambda customer, quarter: born.get(customer) == first and first <= quarter < first + 4  # noqa: B023, E731
        money = [one.amount for one in tx.itertuples() if inside(one.customer, 4 * one.date.year + (one.date.month - 1) // 3)]
        sums[first] = sum(money) / sum(inside(customer, quarter) for (customer, _), quarter in orders.items())
    lens = logs["lighthouse"].lenses.cohorts_compared
    gap = next(one for one in cohort_gaps.gaps(lens) if one.measure == "order_value")
    assert lens.pair == ("2024 Q1", "2025 Q1") and gap.by_age[0] == pytest.approx(sums[4 * 2025] / sums[4 * 2024] - 1, rel=1e-9)
    assert gap.among == 3


@pytest.mark.parametrize(
    ("repeated", "verdict", "words"),
    [
        (60, cohorts_compared.BETTER, "Whatever was done in another way to win or welcome 2024 Q1, keep it."),
        (12, cohorts_compared.WORSE, "Before more is spent on winning customers, find out which channels"),
        (33, cohorts_compared.UNTOLD, "change nothing because of it."),
    ],
)
def test_second_purchases_are_compared_within_the_longest_shared_window(repeated, verdict, words):
    rows = [("2023 Q1", 13, 100, 30), ("2023 Q1", 26, 100, 50), ("2024 Q1", 13, 100, repeated), ("2024 Q1", 26, 100, None)]
    lens = pair([10.0] * 5, seconds=rows)
    found = cohorts_compared.seconds(lens)
    assert (found.weeks, found.before, found.after, found.verdict) == (13, (30, 100), (repeated, 100), verdict)
    shown = of_pair(lens)["cohorts-second"]
    assert shown.title.startswith(f"Within 13 weeks {repeated}.0 % of 2024 Q1 bought a second time, 30.0 % of 2023 Q1: ")
    assert words in said(shown)
    assert tables(shown)[0].rows == (("2023 Q1", "100", "30.0 %", "50.0 %"), ("2024 Q1", "100", f"{repeated}.0 %", "–"))


def test_without_a_shared_window_nothing_is_said_of_second_purchases():
    assert cohorts_compared.seconds(pair([10.0] * 5, seconds=[("2023 Q1", 13, 100, 30)])) is None
    assert "cohorts-second" not in of_pair(pair([10.0] * 5, seconds=[("2023 Q1", 13, 100, 30)]))


def test_cohorts_of_different_seasons_are_a_check_of_stability():
    limited = Carried("limited", "quarter", None, "two cohorts of one season", "a longer log", "a check")
    rows = [("2023 Q1", 13, 100, 30), ("2024 Q1", 13, 100, 60)]
    lens = pair([10.0] * 5, seconds=rows, same_season=False)
    log = made.opened(cohorts_compared=lens, verdict=limited)
    section = cohorts_compared.cohorts_compared(log)
    assert section.heading == "Cohorts compared: do they behave alike?"
    assert section.parts[0].sentences == (
        "A check of stability, and not of quality: the log lacks two cohorts of one season. What would mend it: a longer log.",
    )
    found = exhibits(section)
    assert "(95 % interval -$2.94 to +$2.94): no difference in value can be told." in said(found["cohorts-pair"])
    assert said(found["cohorts-pair"]).endswith("What one has brought may be used to plan for the other.")
    assert found["cohorts-second"].title == "Within 13 weeks 60.0 % of 2024 Q1 bought a second time, 30.0 % of 2023 Q1"
    assert said(found["cohorts-second"]).endswith("of their quality. That is more than chance, and the interval reaches 5 % of the rate or more: plan with a range.")
    apart = exhibits(cohorts_compared.cohorts_compared(made.opened(cohorts_compared=pair([15.0] * 5, same_season=False), verdict=limited)))
    assert said(apart["cohorts-pair"]).endswith("neither is a yardstick for the other.")


@pytest.mark.parametrize(
    ("size", "repeated", "words"),
    [
        # one point in thirty, but with a hundred customers the difference may be thirteen points
        (100, 31, "No difference can be told, and the interval reaches 5 % of the rate or more: plan with a range."),
        # the interval is 0.4 points to each side and 5 % of the rate 1.5 points
        (100_000, 30_100, "No difference can be told, and all of the interval is less than 5 % of the rate: one rate will do for both."),
        (100_000, 30_900, "That is more than chance, but all of the interval is less than 5 % of the rate: one rate will do for both."),
        (100_000, 31_200, "That is more than chance, and the interval reaches 5 % of the rate or more: plan with a range."),
        (100_000, 33_000, "That is more than chance, and the interval reaches 5 % of the rate or more: plan with a range."),
    ],
)
def test_size_and_chance_are_told_apart(size, repeated, words):
    rows = [("2023 Q1", 13, size, 3 * size // 10), ("2024 Q1", 13, size, repeated)]
    found = of_pair(pair([10.0] * 5, seconds=rows, same_season=False))["cohorts-second"]
    assert said(found).endswith(f"says nothing of their quality. {words}")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((10, 9, 8, 7), "The last 3 cohorts each brought less than the one before: a steady slide."),
        ((10, 11, 10, 10), "They lie close together, and that is good"),
        ((10, 14, 9, 12), "They differ by $10.00 without a steady slide"),
    ],
)
def test_a_steady_slide_of_cohorts_is_the_alarm(values, words):
    import pandas as pd

    cohorts = [made.by_age([100, 100], [100, 100], [100 * value] * 2, cohort=f"2023 Q{number}") for number, value in enumerate(values, 1)]
    lens = dataclasses.replace(pair([10.0] * 5), by_age=pd.concat(cohorts, ignore_index=True), pair=("2023 Q1", "2023 Q2"))
    found = cohorts_compared._at_one_age(made.opened(), lens)
    least, most = min(values), max(values)
    assert found.title.startswith(f"By age 1 a member had brought between ${2 * least}.00")
    assert f"${2 * most}.00" in found.title and words in said(found)


# ---- all cohorts


def of_base(base, chart=None):
    chart = made.chart(before=[100.0] * 4 + [60.0] * 4, q2023_1=[50.0] * 8, q2024_1=[80.0] * 4) if chart is None else chart
    return exhibits(all_cohorts.all_cohorts(made.opened(all_cohorts=made.all_cohorts(base, chart))))


@pytest.mark.parametrize(
    ("later", "share", "words"),
    [(60.0, "60.0 %", "The old layers thin:"), (90.0, "90.0 %", "The old layers hold:"), (40.0, "40.0 %", "The old layers thin fast:")],
)
def test_whether_the_old_layers_hold(later, share, words):
    chart = made.chart(before=[100.0] * 4 + [later] * 4, q2023_1=[50.0] * 8, q2024_1=[80.0] * 4)
    found = of_base(made.base([200.0] * 8, [50.0] * 8), chart)["all-chart"]
    assert found.title == f"Customers from before 2023 Q1 brought {share} of the revenue in the last year that they had a year before"
    assert said(found).startswith(words)
    # 4 x 80 of 2024 against 4 x 50 of 2023
    assert "New customers of the last year brought 60.0 % more than those of the year before in theirs" in said(found)
    assert ("it is new layers that hold up the total" in said(found)) == (later < 80)
    assert tables(found)[0].headings == ("quarter", "before 2023 Q1", "2023", "2024", "all revenue")


def test_less_than_two_years_cannot_tell_whether_layers_hold():
    lens = made.all_cohorts(made.base([200.0] * 6, [50.0] * 6), made.chart(before=[100.0] * 6, q2023_1=[100.0] * 6))
    assert all_cohorts.hold(lens) is None
    found = exhibits(all_cohorts.all_cohorts(made.opened(all_cohorts=lens)))["all-chart"]
    assert found.title == "In 2024 Q2 customers of before 2023 Q1 bring 50.0 % of revenue"


@pytest.mark.parametrize(
    ("last", "words"),
    [(60.0, "The base matures"), (140.0, "The base leans more on customers who have just come"), (101.0, "The mix of new and old holds.")],
)
def test_new_share_against_the_same_season(last, words):
    found = of_base(made.base([200.0] * 8, [100.0] * 7 + [last]))["all-new"]
    assert found.title == f"New customers bring {last / 2:.1f} % of revenue in 2024 Q4, 50.0 % in 2023 Q4"
    assert said(found).startswith(words)
    assert "Older customers brought" in said(found) and "83.3 % of the orders of 2024 Q4 were repeat orders." in said(found)
    year = (300 + last) / 8  # of 4 x 200
    assert said(found).endswith(f"Over the last 4 quarters together the new share is {year:.1f} %, 50.0 % in the year before.")
    rates = tables(found)[1]
    assert rates.rows == (("2023 Q1", "50.0 %", "60.0 %", "50.0 %"), ("all", "50.0 %", "60.0 %", "50.0 %"))


def test_a_bound_is_explained_where_it_is_used():
    rates = made.repeat_buying([100, 50, 40], [50, 3, 20])
    lens = dataclasses.replace(made.all_cohorts(made.base([200.0] * 8, [50.0] * 8), made.chart(before=[1.0] * 8)), repeat_buying=rates)
    shown = tables(exhibits(all_cohorts.all_cohorts(made.opened(all_cohorts=lens)))["all-new"])[1]
    assert shown.rows[0][2] == "under 10.0 %" and shown.caption.endswith("; “under 10.0 %”: fewer than 5 customers")
    assert "“" not in tables(of_base(made.base([200.0] * 8, [50.0] * 8))["all-new"])[1].caption


def test_few_customers_of_a_period_are_hidden():
    base = made.base([200.0] * 8, [100.0] * 8, new=[50, 50, 50, 2, 50, 50, 50, 50])
    row = tables(of_base(base)["all-new"])[0].rows[3]
    assert row[2] == "<5" and row[3] == row[4] == row[5] == "hidden" and row[8] == "hidden"


@pytest.mark.parametrize(
    ("revenue", "needed", "words"),
    [
        # target 100 x 1, carry-over of the season a year ago 50 / 100, a new customer 1: (100 - 50) / 1
        ([100.0] * 8, 50, "That is about as many as a year ago"),
        # pace 2, target 200; carry-over 50 / 50
        ([50.0] * 4 + [100.0] * 4, 100, "That is 50 more than a year ago: fund them, carry more over, or lower the plan."),
        # pace 1 / 2, target 50; carry-over 50 / 200
        ([200.0] * 4 + [100.0] * 4, 25, "That is 25 fewer than a year ago"),
        # pace 400 / 2460, target 16.26; carry-over 50 / 60
        ([800.0] * 3 + [60.0] + [100.0] * 4, 0, "Acquisition is free to be choosy"),
    ],
)
def test_how_many_to_win_so_that_the_next_period_keeps_pace(revenue, needed, words):
    lens = made.all_cohorts(made.base(revenue, [min(50.0, one) for one in revenue]), made.chart(before=[1.0] * 8))
    plan = acquisition.plan(lens)
    assert (plan.period, plan.year_before, plan.won_then) == ("2025 Q1", "2024 Q1", 50)
    assert round(plan.needed["new_needed"]) == needed
    found = exhibits(all_cohorts.all_cohorts(made.opened(all_cohorts=lens)))["all-plan"]
    assert words in said(found) and "are those of that season" in said(found)
    assert found.title.startswith(f"To bring ${plan.target:.2f} of revenue in 2025 Q1 takes {'no new' if not needed else f'about {needed} new'}")
    # the base begins with 2023 Q1, which has no period before it and so no carry-over
    assert plan.ends is None and "The log has the carry-over of one such season alone (2024 Q1), so that no range is known." in said(found)
    if needed:
        assert "One point more carry-over spares about 1 of them." in said(found)


@pytest.mark.parametrize(
    ("first", "then", "low", "high"),
    [
        # target 100, last 100, a new customer brings 1: carry-over 60 / 100 and then 50 / 100, or the other way round
        (40.0, 50.0, 40, 50),
        (70.0, 50.0, 50, 70),
    ],
)
def test_the_range_of_a_plan_is_that_of_its_own_season(first, then, low, high):
    base = made.base([100.0] * 12, [50.0] * 4 + [first] + [50.0] * 3 + [then] + [50.0] * 3, first=2022)
    plan = acquisition.plan(made.all_cohorts(base, made.chart(before=[1.0] * 8)))
    assert (plan.seasons, plan.ends) == ([("2023 Q1", (100 - first) / 100), ("2024 Q1", 0.5)], pytest.approx((low, high)))
    shares = f"{100 - first:.1f} % and 50.0 %"
    assert acquisition.range_said(plan) == (
        f"With the carry-over of this season in the years that the log has (2023 Q1 and 2024 Q1: {shares}) it would be {low} to {high}."
    )


@pytest.mark.parametrize(
    ("new", "needed", "verdict", "turn"),
    [
        # 50 new in 2024 Q1 brought 50, and the plan needs 50 / 1; the intake of 2023 is 4 x 50
        ([50] * 8, 50, "about as many as", ""),
        ([50] * 4 + [50, 30, 30, 30], 50, "about as many as", "The last year won 140 new customers, 30.0 % fewer than the year before (200): a plan for as many has to turn that round. "),
        ([50] * 4 + [50, 70, 70, 70], 50, "about as many as", "The last year won 260 new customers, 30.0 % more than the year before (200). "),
        ([50] * 4 + [50, 43, 43, 44], 50, "about as many as", ""),  # 10.0 % fewer
    ],
)  # fmt: skip
def test_the_answer_and_the_lens_have_one_word_for_the_plan_and_tell_the_intake(new, needed, verdict, turn):
    lens = made.all_cohorts(made.base([100.0] * 8, [50.0] * 8, new=new), made.chart(before=[1.0] * 8))
    log = made.opened(all_cohorts=lens)
    found, shown = answers_on_cohorts.needed(log, lens), exhibits(all_cohorts.all_cohorts(log))["all-plan"]
    assert (found.figure, found.verdict) == (str(needed), f"{verdict} a year before") and found.link == "all-plan"
    assert found.detail.startswith(turn or "Planned with") and (turn in said(shown))
    assert f"That is {verdict} a year ago." in said(shown)
    assert ("which moves the new share too" in answers_on_cohorts.new_share(log, lens).detail) == bool(turn)


@pytest.mark.parametrize(("needed", "word"), [(94, "fewer than"), (96, "about as many as"), (104, "about as many as"), (106, "more than")])
def test_five_in_a_hundred_more_or_fewer_are_about_as_many(needed, word):
    plan = acquisition.Plan("2025 Q1", "2024 Q1", 100, 1.0, 1.0, "the last year", 1.0, {"new_needed": float(needed)}, [], None, None)
    assert acquisition.against_last(plan) == word


def test_a_new_share_that_falls_with_the_intake_is_no_maturing():
    # 2024 Q4: 30 of 50 new came; older ones brought 120 after 100, or 90
    base = made.base([200.0] * 7 + [160.0], [100.0] * 7 + [40.0], new=[50] * 7 + [30])
    assert said(of_base(base)["all-new"]).startswith("The share fell as older customers bring more, and as fewer new ones came (30 after 50)")
    base = made.base([200.0] * 7 + [130.0], [100.0] * 7 + [40.0], new=[50] * 7 + [30])
    assert said(of_base(base)["all-new"]).startswith("The share fell as fewer new customers came (30 after 50), and not because older ones bring more")


@pytest.mark.parametrize(
    ("repeated", "pace"),
    [
        # 60 within a year: half of them are 30
        ((30, 40, 50, 60), "half of them or more within six weeks"),
        ((20, 30, 40, 60), "half of them or more within a quarter"),
        ((10, 29, 40, 60), "fewer than half of them within a quarter"),
    ],
)
def test_how_soon_they_buy_twice_and_a_reminder_is_to_be_tested(repeated, pace):
    lens = made.one_cohort(next_orders=made.next_orders((100, repeated), weeks=(1, 13, 26, 52)))
    found = answers_on_cohorts.second_purchase(made.opened(one_cohort=lens), lens)
    assert found.verdict.endswith(pace)
    assert "test it on new customers chosen by lot." in found.detail and "Remind" not in found.detail


def test_a_plan_that_is_not_there_is_refused():
    lens = made.all_cohorts(made.base([100.0] * 4, [50.0] * 4), made.chart(before=[1.0] * 4))
    assert acquisition.plan(lens).why == "The log has 4 whole quarters since 2023-01-01, and a plan takes 5."
    # five quarters of a log that begins in the first of them: in that one all are new, and some of its days may lack
    young = dataclasses.replace(made.all_cohorts(made.base([9.0, *[100.0] * 4], [9.0, *[50.0] * 4]), made.chart(before=[1.0] * 5)), since=None)
    assert acquisition.plan(young).why == "The log has 4 whole quarters after its first quarter, in which all are new, and a plan takes 5."
    assert acquisition.acquisition(made.opened(all_cohorts=young), young) is None


@pytest.mark.parametrize(
    "revenue",
    [[100.0] * 7 + [-10.0], [100.0] * 4 + [-5.0] + [100.0] * 3, [100.0, -250.0, 20.0, 20.0] + [100.0] * 4, [100.0] * 5 + [-200.0, 10.0, 10.0]],
    ids=["the last quarter", "the season of a year ago", "the year before the last", "the last year"],
)
def test_no_plan_is_made_from_a_loss(revenue):
    lens = made.all_cohorts(made.base(revenue, [20.0] * 8), made.chart(before=[1.0] * 8))
    refused = acquisition.plan(lens)
    assert refused.why.startswith("A plan takes revenue above zero") and refused.mends == "a log with revenue above zero in its last two years"
    assert "all-plan" not in exhibits(all_cohorts.all_cohorts(made.opened(all_cohorts=lens)))


@pytest.mark.parametrize(("new", "customers"), [(19, 200), (150, 169), (0, 200)])
def test_no_plan_rests_on_a_few_customers_who_could_be_found(new, customers):
    base = made.base([100.0] * 8, [50.0] * 8, new=[50] * 4 + [new] + [50] * 3, customers=[200] * 4 + [customers] + [200] * 3)
    refused = acquisition.plan(made.all_cohorts(base, made.chart(before=[1.0] * 8)))
    assert refused.why == "In 2024 Q1 fewer than 20 customers were new, or fewer than 20 older ones bought."


def test_a_plan_of_a_log_without_two_years_keeps_the_pace_of_the_quarters_it_can_compare():
    # 2023 Q1 to 2024 Q3: the last three quarters brought 3 x 120 after 3 x 100
    lens = made.all_cohorts(made.base([100.0] * 4 + [120.0] * 3, [50.0] * 7), made.chart(before=[1.0] * 7))
    plan = acquisition.plan(lens)
    assert (plan.pace, plan.paced) == (pytest.approx(1.2), "the last 3 quarters")
    assert plan.target == pytest.approx(120) and plan.year_before == "2023 Q4"
    assert "and the last 3 quarters changed by +20.0 % on the year before" in answers_on_cohorts.needed(made.opened(all_cohorts=lens), lens).sentence


@pytest.mark.parametrize("new", [[1, 1, 1, 0] + [30] * 4, [30] * 4 + [1, 1, 1, 1]])
def test_an_intake_of_fewer_than_five_is_not_told(new):
    lens = made.all_cohorts(made.base([100.0] * 8, [50.0] * 8, new=new), made.chart(before=[1.0] * 8))
    assert acquisition.intake(lens) is None


def test_a_few_older_customers_of_a_quarter_are_hidden_beside_the_new_ones():
    base = made.base([100.0] * 8, [50.0] * 8, new=[50] * 3 + [198] + [50] * 4)
    rows = tables(of_base(base)["all-new"])[0].rows
    assert [row[2] for row in rows] == ["50"] * 3 + ["hidden"] + ["50"] * 4
    assert [str(row[3]) for row in rows] == ["50.0 %"] * 3 + ["hidden"] + ["50.0 %"] * 4


@pytest.mark.parametrize(("last", "unit", "label"), [("2024 Q4", "quarter", "2025 Q1"), ("2024-09", "month", "2024-10"), ("2024", "year", "2025")])
def test_the_next_period(last, unit, label):
    assert acquisition._after(last, unit) == label


# ---- every log


@pytest.mark.parametrize("name", SHOWN)
def test_a_lens_that_the_log_cannot_carry_says_what_is_missing(name):
    refused = Refused("The log lacks a year.", "a longer log", "One month", "data")
    section = SHOWN[name](made.opened(**{name: refused}))
    (said,) = section.parts
    assert repr(said) == "The log lacks a year. What would mend it: a longer log. The nearest view that is valid: one month."
    assert 'The nearest view that is valid: <a href="#data">one month</a>.</p>' in said._repr_html_()


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Three logs with their lenses alone."""
    found = {}
    for name, data in [("lighthouse", "lighthouse"), ("cdnow", "cdnow"), ("class", class_set(tmp_path_factory))]:
        tx, _ = datasets.admit_log(data)
        as_of = tx["date"].max().date()
        facts = SimpleNamespace(revenue=float(tx["amount"].sum()), is_panel=name == "cdnow")
        found[name] = Opened(name, SimpleNamespace(facts=facts), lenses(tx, as_of=as_of), (), "$", "none")
    return found


@pytest.mark.parametrize("name", ["lighthouse", "cdnow", "class"])
@pytest.mark.parametrize("lens", SHOWN)
def test_sections_of_real_logs_say_numbers_in_strict_words(logs, name, lens):
    section = SHOWN[lens](logs[name])
    words = str(section).lower()
    assert not [word for word in NOT_OF_A_LOG if word in words]
    assert "nan" not in re.findall(r"[a-z]+", words) and "none" not in re.findall(r"[a-z]+", words)
    shown = exhibits(section)
    assert bool(shown) == (not (name == "cdnow" and lens == "all_cohorts"))
    for key, found in shown.items():
        assert re.search(r"\d", found.title) and not found.title.endswith("."), key
        assert len(found.title) < 160
        assert said(found).endswith(".") and "  " not in said(found)
        pictures = [part for part in found.parts if isinstance(part, Picture)]
        assert tables(found) and len(pictures) == 1 and pictures[0].words.endswith("."), key
    assert sum(data.get("text/html", "").count("<h3") for data, _ in section.outputs()) == len(shown)


def test_the_spread_between_members_is_that_of_their_money_to_date():
    tx, _ = datasets.admit_log("cdnow_sample")
    lens = lenses(tx, as_of="1998-06-30").cohorts_compared
    month = pd.PeriodIndex(tx["date"], freq="M")
    born = pd.Series(month, index=tx.index).groupby(tx["customer"]).transform("min")
    age = pd.Series([(one - other).n for one, other in zip(month, born, strict=True)], index=tx.index)
    for label in lens.pair:
        own = (born.astype(str) == label).to_numpy()
        for last in (0, 5):
            money = tx["amount"].where(age <= last, 0.0)[own].groupby(tx["customer"][own]).sum()
            assert lens.spread[label][last] == pytest.approx(money.std(), rel=1e-12)


def test_cdnow_as_it_is_in_the_notes_of_the_audit(logs):
    found = exhibits(one_cohort.one_cohort(logs["cdnow"]))
    assert found["next-orders"].title == "45.8 % bought a second time within 52 weeks of their first purchase, 29.3 % within 13"
    rows = tables(found["cohort-factors"])[0].rows
    assert [row[3] for row in rows] == ["100.0 %", "22.8 %", "18.1 %", "17.9 %", "16.2 %", "14.1 %"]
    assert all(1.71 <= float(row[4]) <= 1.76 for row in rows[1:])
    assert "fewer active members" in found["cohort-factors"].title
    compared = exhibits(cohorts_compared.cohorts_compared(logs["cdnow"]))
    assert "says nothing of their quality" in said(compared["cohorts-second"])
    refused = str(all_cohorts.all_cohorts(logs["cdnow"]))
    assert "customers who join after the beginning" in refused and "What would mend it: the log of all customers." in refused


def test_what_as_of_cuts_short_is_not_shown(logs, monkeypatch):
    monkeypatch.setattr(parts, "picture", lambda ax, *, words: Picture(b"", 760, words))
    tx, _ = datasets.admit_log("lighthouse")
    cut = lenses(tx[tx["date"] <= "2025-11-10"], as_of=dt.date(2025, 11, 10))
    log = dataclasses.replace(logs["lighthouse"], lenses=cut)
    shown = {key: found for show in SHOWN.values() for key, found in exhibits(show(log)).items()}
    assert [key for key, found in shown.items() if "2025 Q4" in str(found)] == ["all-plan"]  # which it is made for


def test_a_cohort_of_seventy_quarters_is_followed_without_patterns():
    rows = [(f"c{n}", f"{1990 + year}-0{2 + 3 * (n % 2)}-03", 5.0) for n in range(60) for year in range(0, 19, 1 + n % 3)]
    tx = pd.DataFrame(rows, columns=["customer", "date", "amount"]).assign(date=lambda one: pd.to_datetime(one["date"]))
    lens = lenses(tx, as_of="2008-12-31").one_cohort
    assert isinstance(lens.patterns, Refused) and "too many for patterns" in lens.patterns.why
    found = exhibits(one_cohort.one_cohort(made.opened(one_cohort=lens)))
    assert "cohort-factors" in found and "cohort-patterns" not in found


def test_the_triangle_of_second_purchases_never_falls_and_ends_where_the_log_does(logs):
    for name in ("lighthouse", "cdnow"):
        section = cohorts_compared.cohorts_compared(logs[name])
        triangle = tables(exhibits(section)["cohorts-second"])[1]
        for row in triangle.rows:
            shares = [cell.value for cell in row[1:] if hasattr(cell, "value")]
            assert shares == sorted(shares)
        seen = [sum(cell != "" for cell in row[1:]) for row in triangle.rows]
        assert seen == sorted(seen, reverse=True)


def test_the_best_of_many_products_stands_out_only_beyond_the_choice_among_them():
    """1.3 with an error of 0.12 is 2.5 errors above the mean: enough for one of two, not for the best of nine."""
    rows = [{"product": f"P{n}", "customers": 40, "index": 1.0, "index_se": 0.1} for n in range(8)]
    best = {"product": "tea", "customers": 40, "index": 1.3, "index_se": 0.12}
    tiny = {"product": "tin", "customers": 29, "index": 9.0, "index_se": 0.1}
    door = lambda *some: products.best_entry(SimpleNamespace(entry=pd.DataFrame(some)))  # noqa: E731
    of_two, of_nine = door(best, rows[0], tiny), door(best, *rows, tiny)
    assert of_two.row["product"] == of_nine.row["product"] == "tea" and (of_two.among, of_nine.among) == (2, 9)
    assert of_two.stands_out and not of_nine.stands_out
    assert of_nine.low == pytest.approx(1.3 - 2.7729 * 0.12, abs=1e-4) and of_nine.high == pytest.approx(1.3 + 2.7729 * 0.12, abs=1e-4)
    assert door(best, tiny) is None


def test_a_member_is_worth_what_came_by_the_year_and_most_of_it_after_the_first_day():
    lens = made.one_cohort(on_first_day=12.0)
    found = answers_on_cohorts.worth(made.opened(one_cohort=lens), lens)
    assert found.sentence == (  # 12 + 8 + 6.40 + 6.40, of which 12 are more than a third
        "A member of the cohort 2023 Q1 has brought $32.80 of revenue by the end of 4 calendar quarters, 9 to 12 months after their "
        "first purchase, $12.00 of it on the first day: more than half of it comes after the first day."
    )
    most = made.one_cohort(on_first_day=25.0)
    assert "$25.00 of it on the first day: most of it comes on the first day." in answers_on_cohorts.worth(made.opened(), most).sentence
    loss = made.one_cohort(by_age=made.by_age([100, 50, 40, 40], [120, 80, 64, 64], [100, -200, -100, 0]))
    assert answers_on_cohorts.worth(made.opened(), loss).verdict == "a member has cost more than they brought by then"
    nothing = made.one_cohort(by_age=made.by_age([100, 50, 40, 40], [120, 80, 64, 64], [100, -50, -50, 0]))
    assert answers_on_cohorts.worth(made.opened(), nothing).verdict == "a member has brought nothing by then"


def test_what_came_on_the_first_day_is_counted_over_the_lines_of_that_day():
    log = datasets.load("cdnow")
    bought = log[log["amount"] >= 0]
    first = log["customer"].map(bought.groupby("customer")["date"].min())
    wanted = log.loc[log["date"] == first, "amount"].sum() / bought["customer"].nunique()
    assert lenses(log, as_of="1998-06-30").one_cohort.on_first_day == pytest.approx(wanted, rel=1e-12)


def test_the_weeks_of_a_second_purchase_are_those_that_every_member_was_watched_for():
    """112 members of a quarter, one of them watched for a year: the year would be told of one person."""
    days = ["2025-01-01", *["2025-03-20"] * 111]
    first = pd.DataFrame({"customer": [f"c{n:03}" for n in range(112)], "date": pd.to_datetime(days), "amount": 5.0})
    again = first[:60].assign(date=first["date"][:60] + pd.Timedelta(days=30))
    log = pd.concat([first, again, first[60:63].assign(date=pd.Timestamp("2025-12-31"))], ignore_index=True)
    found = lenses(log, as_of="2025-12-31").one_cohort
    rows = found.next_orders[found.next_orders["order"] == 1]
    assert (rows["weeks"].max(), set(rows["customers"]), rows["repeated"].iloc[-1]) == (39, {112}, 60)


def test_an_opener_whose_lead_is_the_first_basket_opens_no_relationship():
    rows = [{"product": "tea", "customers": 90, "index": 1.0, "index_se": 0.01, "later_index": 1.1},
            {"product": "tin", "customers": 60, "index": 1.5, "index_se": 0.01, "later_index": 0.9}]  # fmt: skip
    lens = SimpleNamespace(entry=pd.DataFrame(rows))
    assert answers_on_cohorts.door(None, lens).verdict == "“tin” opens the largest first baskets"
    better = SimpleNamespace(entry=pd.DataFrame(rows).assign(later_index=1.2))
    assert answers_on_cohorts.door(None, better).verdict == "“tin” opens the best relationships"
    alike = SimpleNamespace(entry=pd.DataFrame(rows).assign(index=[1.0, 1.02]))
    assert answers_on_cohorts.door(None, alike).verdict == "no product opens clearly better relationships"


def test_the_first_quarter_of_a_log_in_which_all_are_new_is_no_part_of_the_new_share():
    """100 all new, then 20 of 100 in each quarter: a year after it has 20 %, with it the share would be 40 %."""
    five = made.base([100.0] * 5, [100.0, 20, 20, 20, 20])
    lens = dataclasses.replace(made.all_cohorts(five, made.chart(q2023_1=[100.0] * 5)), since=None)
    assert all_cohorts.new_in_year(lens) == (pytest.approx(0.2), None)
    four = dataclasses.replace(lens, base=five[:4])
    refused = answers_on_cohorts.new_share(made.opened(all_cohorts=four), four)
    assert refused.why == "The log has no whole year of revenue above zero after its first quarter, in which everybody counts as new."
    found = all_cohorts.new_and_carried(lens)
    assert (found.earlier, found.earlier_share, found.new_share) == ("2023 Q2", pytest.approx(0.2), pytest.approx(0.2))
