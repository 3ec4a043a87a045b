"""The questions of *What is a customer worth: on paper*.

Right answers are sums term by term and plain pandas; nothing of the modules under study is used. Prices, and the table of
question 7, are those that the workbook shows.
"""

from __future__ import annotations

import pandas as pd

from crmlib.errors import DataError
from crmlib.explore_value import naive_worth, order_value
from crmlib.workbook.checks import Labels, Number, Words, Wrong

__all__ = ["QUESTIONS"]

SHARE = 0.30  # margin of what is paid
A_MONTH, A_SEASON, A_YEAR = 1.10 ** (1 / 12) - 1, 1.10**0.5 - 1, 0.10
STAY, SUBSCRIBE, WITH_OFFER, WITHOUT = 0.95, 0.04, 0.20, 0.08
HIGH_END = (100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4)
CHANCES = (0.35, 0.25, 0.12, 0.06, 0.03)


def _margin(material):
    return round(SHARE * order_value(material.tx), 2)


def _part(material, parts):
    """What a person reached, a letter, a year of service cost: a part of the margin, to the cent."""
    return round(_margin(material) / parts, 2)


# 1 subscriber


def _endless(payment, *, discount=A_MONTH, stay=STAY, first=0, later=0):
    """Payments from period ``first`` on, each ``later`` periods late, for 6,000 periods."""
    return sum(payment * stay**t / (1 + discount) ** (t + later) for t in range(first, 6_000))


def subscriber(material, **options):
    return _endless(_margin(material), **options)


def _won_for(material):
    """What it costs to win one subscriber."""
    return _part(material, 2) / SUBSCRIBE


# 2 advertised


def advertised(material, **options):
    return SUBSCRIBE * subscriber(material, **options) - _part(material, 2)


# 3 missed


def _constant(rate=None):
    """Per cent left after year 12 with this rate, or with the mean rate of seven years."""
    return 100 * ((HIGH_END[7] / 100) ** (1 / 7) if rate is None else rate) ** 12


def missed(material, rate=None):
    return HIGH_END[12] - _constant(rate)


def _arithmetic(material):
    return missed(material, sum(HIGH_END[t + 1] / HIGH_END[t] for t in range(7)) / 7)


# 4 stopping


def _rule(material, until, *, discount=A_SEASON, letter=None):
    """What a customer who has just bought is worth: V = earned + V * back, along a life without a purchase."""
    letter = _part(material, 10) if letter is None else letter
    earned, back, silent = _margin(material), 0.0, 1.0
    for state in range(until):
        earned -= silent * letter / (1 + discount) ** state
        back += silent * CHANCES[state] / (1 + discount) ** (state + 1)
        silent *= 1 - CHANCES[state]
    return earned / (1 - back)


def _rules(material, **options):
    return [_rule(material, until, **options) for until in range(len(CHANCES) + 1)]


def stopping(material, **options):
    values = _rules(material, **options)
    return max(values) - values[-1]


def _next_best(step):
    """Wrong: stops a state too early or too late."""

    def gain(material):
        values = _rules(material)
        return values[values.index(max(values)) + step] - values[-1]

    return gain


# 5 five_points


def _club(stay, payments=range(10), discount=0.12):
    return sum((stay / (1 + discount)) ** t for t in payments)


def five_points(material, raised=0.80, **options):
    return _club(raised, **options) / _club(0.75, **options) - 1


# 6 win_back


def win_back(material, more=0.0, **options):
    return (WITH_OFFER - WITHOUT) * (subscriber(material, **options) + more)


# 7 types


def _worth(material):
    worth = naive_worth(material.tx, as_of=material.as_of, margin=SHARE, serve=_part(material, 4)).set_index("customer")
    if worth.empty:
        raise DataError("Nobody in it bought anything.")
    return worth["current"], worth["future"]


def _named(low_first, high_now, high_later):
    kinds = pd.Series("abandon", index=low_first.index)
    kinds[high_now] = "maintain"
    kinds[high_later] = "MGC"
    kinds[high_now & high_later] = "MVC"
    kinds[low_first] = "below zero"
    return kinds


def _below(current, future):
    return (current + future).round(2) < 0


def types(material, cut=None, future_cut=0.0):
    current, future = _worth(material)
    return _named(_below(current, future), current >= (_margin(material) if cut is None else cut), future >= future_cut)


def _medians(material):
    current, future = _worth(material)
    living = ~_below(current, future)
    return types(material, current[living].median(), future[living].median())


def _quarters_only(material):
    return _named(_worth(material)[0] == float("inf"), *_high(material))


def _high(material):
    current, future = _worth(material)
    return current >= _margin(material), future >= 0


def _above(axis):
    """Wrong: a customer exactly at the cut is low."""

    def kinds(material):
        current, future = _worth(material)
        now, later = _high(material)
        now, later = (current > _margin(material), later) if axis == "current" else (now, future > 0)
        return _named(_below(current, future), now, later)

    return kinds


def _swapped(material):
    return types(material).replace({"MGC": "maintain", "maintain": "MGC"})


def _future_below(material):
    return _named(_worth(material)[1] < 0, *_high(material))


def _at_zero(material):
    current, future = _worth(material)
    return _named((current + future).round(2) <= 0, *_high(material))


_YEARLY = "The discount is a year's in yours; parcels and retention are by the month."
_RENEWAL = "Your first margin comes in a month, from those who stay. Here everybody pays the first parcel today."
_PRICE = "You took the price of a parcel. Only the margin is profit."

QUESTIONS = {
    "subscriber": Number(
        answer=subscriber,
        praise="Margin, retention and discount by the month, and the first parcel today: say so when you quote it.",
        within=0.005,
        wrong=(
            Wrong(lambda m: subscriber(m, discount=A_YEAR), _YEARLY),
            Wrong(lambda m: subscriber(m, discount=A_YEAR / 12),
                  "A twelfth of a yearly rate, applied twelve times, makes more than the rate. Take the twelfth root."),
            Wrong(lambda m: subscriber(m, first=1), _RENEWAL),
            Wrong(lambda m: subscriber(m, later=1), "You let everybody pay a month late. The first parcel is paid today."),
            Wrong(lambda m: _endless(order_value(m.tx)), _PRICE),
            Wrong(lambda m: subscriber(m, discount=0), "You did not discount."),
            Wrong(lambda m: subscriber(m, stay=STAY**12, discount=A_YEAR),
                  "Retention and discount are a year's in yours, and the margin is a month's."),
            Wrong(lambda m: _endless(12 * _margin(m), stay=STAY**12, discount=A_YEAR),
                  "You let twelve parcels be paid today, and nobody cancel within a year. Count by the month."),
            Wrong(lambda m: subscriber(m) - _won_for(m), "You took off what it costs to win them. Leave that out here."),
        ),
        hints=(
            "All three numbers must belong to one period. Which discount a month makes 10 % when applied twelve times?",
            "Which of the three timings has its first margin today, from everybody?",
            "The formula of that timing is in section 3 of the lesson; the library has `retention_value`.",
        ),
    ),
    "advertised": Number(
        answer=advertised,
        praise="The cost is paid for all who see it, the value comes from the few who subscribe.",
        within=0.005,
        wrong=(
            Wrong(lambda m: SUBSCRIBE * (subscriber(m) - _part(m, 2)),
                  "You took the cost off for those who subscribe only. It is paid for everybody who sees it."),
            Wrong(lambda m: SUBSCRIBE * (subscriber(m) - _won_for(m)) - _part(m, 2),
                  "The cost of winning is in it twice: once in the value of the subscriber, and once more."),
            Wrong(lambda m: SUBSCRIBE * subscriber(m), "You did not take off what the advertisement costs."),
            Wrong(lambda m: subscriber(m) - _won_for(m), "This is by subscriber; the question is about one person who sees it."),
            Wrong(lambda m: subscriber(m) - _part(m, 2), "You let everybody subscribe who sees it."),
            Wrong(lambda m: advertised(m, discount=A_YEAR), _YEARLY),
            Wrong(lambda m: advertised(m, first=1), _RENEWAL),
            Wrong(lambda m: SUBSCRIBE * _endless(order_value(m.tx)) - _part(m, 2), _PRICE),
        ),
        hints=(
            "Think of a hundred people who see it: what do they cost together, and how many subscribe?",
            "The chance to subscribe times the value of a subscriber; then the cost of one person once.",
        ),
    ),
    "missed": Number(
        answer=missed,
        praise="The rate of the first years is the rate of a mixture; those left in the end are the ones who stay.",
        within=0.005,
        wrong=(
            Wrong(lambda m: -missed(m), "The sign is the wrong way round: more people stayed than the forecast says."),
            Wrong(lambda m: missed(m) / 100, "This is a share of the cohort; in points it is a hundred times as much."),
            Wrong(lambda m: 100 * missed(m) / _constant(),
                  "This is per cent of the forecast. Points are the plain difference of the two percentages."),
            Wrong(lambda m: 100 * missed(m) / HIGH_END[12],
                  "This is per cent of those who stayed. Points are the plain difference of the two percentages."),
            Wrong(lambda m: _constant(), "This is the forecast itself; how far is it from what came?"),
            Wrong(lambda m: missed(m, HIGH_END[1] / 100), "You took the rate of the first year alone."),
            Wrong(lambda m: missed(m, HIGH_END[7] / HIGH_END[6]), "You took the rate of the seventh year alone."),
            Wrong(_arithmetic, "You averaged the seven rates by adding. Rates multiply: which one rate leads to year 7?"),
            Wrong(lambda m: missed(m, (HIGH_END[7] / 100) ** (1 / 8)), "From year 0 to year 7 there are seven steps, not eight."),
        ),
        hints=(
            "A rate that is applied seven times and leads from 100 to the survivors of year 7: take a root.",
            "Apply it twelve times to 100, and compare with the survivors of year 12.",
        ),
    ),
    "stopping": Number(
        answer=stopping,
        praise="The last letters cost more than their returns bring, and everybody who has just bought pays for them.",
        within=0.0005,
        wrong=(
            Wrong(lambda m: stopping(m, discount=A_YEAR), "The discount is a year's in yours; a season is half a year."),
            Wrong(lambda m: stopping(m, discount=A_MONTH), "The discount is a month's in yours; a season is half a year."),
            Wrong(lambda m: stopping(m, discount=0), "You did not discount."),
            Wrong(lambda m: max(_rules(m)), "This is the value under the best rule; how much more is it than with all five?"),
            Wrong(lambda m: _rules(m)[-1], "This is the value if all five are written to; how much more is the best?"),
            Wrong(lambda m: max(_rules(m)) - _rules(m)[0], "You compared with no letters at all; compare with all five."),
            Wrong(lambda m: max(_rules(m)) - _rules(m)[1], "You compared with a stop after 1; compare with all five."),
            Wrong(lambda m: -stopping(m), "The sign is the wrong way round: the best rule is worth more."),
            Wrong(lambda m: stopping(m) / _rules(m)[-1], "This is a share; the question asks for money."),
            Wrong(_next_best(1), "There is a better rule: you stop a state too late."),
            Wrong(_next_best(-1), "There is a better rule: you stop a state too early."),
        ),
        hints=(
            "First the discount of half a year: applied twice it makes 10 %.",
            "Then the value of somebody who has just bought under each rule; the library has them in one table.",
            "The difference of two rows of that table is asked for: the best, and the last.",
        ),
    ),
    "five_points": Number(
        answer=five_points,
        praise="Points, not per cent; and a look of ten payments gives less than a look without end.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: five_points(m, 0.75 * 1.05), "You raised retention by five per cent of itself. Points are added."),
            Wrong(lambda m: five_points(m, 1 - 0.25 * 0.95), "You cut the defections by five per cent of themselves."),
            Wrong(lambda m: five_points(m, payments=range(3_000)), "You looked ahead without end; there are ten payments."),
            Wrong(lambda m: five_points(m, payments=range(11)), "There are eleven payments in yours; today's is one of ten."),
            Wrong(lambda m: five_points(m, payments=range(9)), "There are nine payments in yours."),
            Wrong(lambda m: five_points(m, payments=range(1, 11)), "Your first fee comes in a year; it is due today."),
            Wrong(lambda m: five_points(m, discount=0.10), "Your discount is 10 %; this club's is another."),
            Wrong(lambda m: five_points(m, discount=0), "You did not discount."),
            Wrong(lambda m: 0.05 / 0.75, "This is how much retention rises by; how much does the value?"),
            Wrong(lambda m: _club(0.80) - _club(0.75), "This is the rise in fees. Divide by the value before."),
            Wrong(lambda m: 1 - _club(0.75) / _club(0.80), "You divided by the value after. Divide by the value before."),
            Wrong(lambda m: _club(0.80) / _club(0.75), "This is the ratio of the two; by which share is it more than one?"),
        ),
        hints=(
            "The fee falls out: compute both values for a fee of 1.",
            "Ten terms: year 0 to 9, each retention over discount to the power of the year.",
            "The library has `lift`, and it takes a number of periods.",
        ),
    ),
    "win_back": Number(
        answer=win_back,
        praise="Only those count whom the offer changes, and only what is still to come.",
        within=0.005,
        wrong=(
            Wrong(lambda m: WITH_OFFER * subscriber(m), "Some come back without any offer. Count only those whom it changes."),
            Wrong(lambda m: WITHOUT * subscriber(m), "These come without the offer; it cannot pay for them."),
            Wrong(lambda m: subscriber(m), "This is the value of one who is back. The offer does not bring back everybody."),
            Wrong(lambda m: win_back(m, -_won_for(m)), "What it once cost to win them is spent; it changes nothing now."),
            Wrong(lambda m: win_back(m, _won_for(m)), "What it once cost to win them is not brought back by the offer."),
            Wrong(lambda m: win_back(m, 12 * _margin(m)), "The parcels of the past are paid, with or without the offer."),
            Wrong(lambda m: win_back(m, first=1), _RENEWAL),
            Wrong(lambda m: win_back(m, discount=A_YEAR), _YEARLY),
            Wrong(lambda m: (WITH_OFFER - WITHOUT) * _endless(order_value(m.tx)), _PRICE),
        ),
        hints=(
            "Who comes back pays at once: which value of this workbook is that?",
            "Of a hundred with the offer, how many come back *because* of it?",
        ),
    ),
    "types": Labels(
        answer=types,
        praise="Below zero first, then by cuts that the business can name.",
        column="value_type",
        wrong=(
            Wrong(_medians, "You cut at the medians. Here the cuts are amounts."),
            Wrong(_quarters_only, "Below zero is asked first: current and future together."),
            Wrong(_above("current"), "Somebody exactly at the cut of `current` is high."),
            Wrong(_above("future"), "A future of exactly 0 covers the cost: it is high."),
            Wrong(_swapped, "MGC and maintain are the wrong way round: MGC is the one with a high future only."),
            Wrong(_future_below, "Below zero looks at current and future together, and not at the future alone."),
            Wrong(_at_zero, "Together exactly 0 is not below zero."),
            Wrong(lambda m: types(m, cut=0.0), "You cut `current` at 0; its cut is another."),
            Wrong(lambda m: types(m, future_cut=_margin(m)), "You cut `future` where `current` is cut; its own cut is 0."),
            Wrong(lambda m: types(m, cut=order_value(m.tx)), "You cut `current` at the price; it is the margin."),
        ),
        hints=(
            "Two columns of True and False: high on `current`, high on `future`. They make four types.",
            "Give the four first, and then overwrite those who are below zero.",
            "The library has `value_types`; it must be told your two columns and both cuts.",
        ),
    ),
    "service": Words(
        at_least=40,
        hints=(
            "Name a row of the table: how many customers, and what do they cost more than they bring?",
            "Which of the numbers behind it did nobody measure? Which customers look worse in one year than they are?",
            "What could be tried with some of them by lot before it is done to all?",
        ),
    ),
}  # fmt: skip
