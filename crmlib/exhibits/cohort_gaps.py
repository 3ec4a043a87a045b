"""Lens 4, what two cohorts buy: the gaps in the value of an order, orders each and margin, and whether they are the cohort's own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from crmlib.cohort_comparison import pooled_gap
from crmlib.conclusions import carried
from crmlib.frames import rows_of
from crmlib.small_groups import LEAST
from crmlib.wording import several, signed

__all__ = ["COHORT", "EVERYBODY", "NONE", "UNKNOWN", "Gap", "gap_sentence", "gaps", "pair_rows", "widest"]

NONE, COHORT, EVERYBODY, UNKNOWN = "no gap", "remains", "vanishes", "cannot be told"
_WORDS = {"order_value": "the value of an order", "orders_each": "orders each active customer", "margin": "the margin"}
_OVER = {"order_value": ("revenue", "orders"), "orders_each": ("orders", "active"), "margin": ("profit", "revenue")}


class Gap(NamedTuple):
    """How much higher a measure is in the second cohort, as a ratio less 1: pooled over the same ages and over the same calendar
    periods, each (change, low, high) with its 95 % interval, or None where none can be compared; ``among``: how many measures
    the interval allows for; ``verdict`` is `NONE`, `COHORT`, `EVERYBODY` or `UNKNOWN`."""

    measure: str
    by_age: tuple[float, float, float] | None
    by_period: tuple[float, float, float] | None
    among: int
    verdict: str


def gaps(lens) -> list[Gap]:
    """The gaps of what does not fall with age by itself: value of an order, orders each, margin.

    Pooled: all revenue over all orders, all orders over all who were active, all profit over all revenue, of the ages (of the
    periods after the second cohort's first) in which both cohorts had five or more active customers. The interval is by the
    scatter between members, at the level of 5 % / measures, as the widest of several is told (Bonferroni). If it includes no gap by
    age, none is told. Else the gap remains if the calendar view shows it too, vanishes if no gap can be told there, which is less
    than half as wide and whose interval leaves out the gap of the ages, and cannot be told otherwise.
    """
    names = [name for name in _WORDS if name != "margin" or lens.money == "profit"]
    found = []
    for measure in names:
        by_age, by_period = (_pooled(lens, across, measure, 1 - 0.05 / len(names)) for across in ("age", "period"))
        found.append(Gap(measure, by_age, by_period, len(names), _verdict(by_age, by_period)))
    return found


def widest(lens) -> Gap:
    """The measure with the widest gap that is told from chance; if there is none, that with the widest gap."""
    told = lambda gap: gap.by_age is not None and gap.by_age[1] * gap.by_age[2] > 0  # noqa: E731
    return max(gaps(lens), key=lambda gap: (told(gap), abs(gap.by_age[0]) if gap.by_age else 0))


def _verdict(by_age, by_period):
    if by_age is None:
        return UNKNOWN
    if by_age[1] <= 0 <= by_age[2]:
        return NONE
    if by_period is None:
        return UNKNOWN
    if by_period[1] * by_period[2] > 0 and by_period[0] * by_age[0] > 0:
        return COHORT
    seen = by_period[1] <= by_age[0] <= by_period[2]  # the gap of the ages may be there in the calendar as well
    gone = by_period[1] <= 0 <= by_period[2] and by_period[0] / by_age[0] < 0.5
    return EVERYBODY if gone and not seen else UNKNOWN


def pair_rows(lens, across) -> dict:
    """{age or period: {measure: (first, second)}} where both cohorts had five or more active customers."""
    table = lens.by_own_age if across == "age" else lens.by_period
    if not carried(table):
        return {}
    active = {(row["cohort"], row[across]): row["active"] or 0 for row in rows_of(lens.by_age)}
    found = {}
    for row in rows_of(table):
        if all(active[label, row[across]] >= LEAST for label in lens.pair):
            found.setdefault(row[across], {})[row["measure"]] = (row["first"], row["second"])
    return {place: found[place] for place in sorted(found)}


def _pooled(lens, across, measure, level):
    # in their first period all members buy, so that it is like no later one of another cohort in the same days
    places = [place for place in pair_rows(lens, across) if across == "age" or place != lens.pair[1]]
    age = {(row["cohort"], row[across]): row["age"] for row in rows_of(lens.by_age)}
    sides = []
    for label in lens.pair:
        ages = [age[label, place] for place in places]
        sides.append(np.column_stack([lens.members[label][name][:, ages].sum(axis=1) for name in _OVER[measure]]))
    return pooled_gap(*sides, level=level)


def gap_sentence(lens, told) -> str:
    """Every gap in what they buy, whether one is beyond chance and remains in the calendar view, and what to do about it;
    ``told``: the value of both differs."""
    found, gap = gaps(lens), widest(lens)
    if gap.by_age is None:
        return f"What they buy cannot be compared: no {lens.unit} has five active customers of both, or they brought nothing: wait."
    second, places = lens.pair[1], list(pair_rows(lens, "age"))
    pooled = {"order_value": "all revenue over all orders", "orders_each": "orders over active customers", "margin": "profit over revenue"}
    known = [one for one in found if one.by_age]
    parts = [f"{signed(one.by_age[0])} in {_WORDS[one.measure]}" for one in known]
    said = (
        f"In what they buy {second} differs by {several(parts)} ({_ages(places)} together: "
        f"{', '.join(pooled[one.measure] for one in known)}). "
    )
    if gap.verdict == NONE:
        return f"{said}No gap can be told from chance{', so look above for what sets them apart' if told else ': treat both alike'}."
    said += f"Beyond chance is that of {_WORDS[gap.measure]}{_ends(gap.by_age, gap.among)}"
    if gap.by_period is not None:
        said += f"; in the same periods it is {signed(gap.by_period[0])}{_ends(gap.by_period, gap.among)}"
    if gap.verdict == COHORT:
        return f"{said}. It remains in the calendar view and so belongs to {second}: look at how they were won."
    if gap.verdict == EVERYBODY:
        return (
            f"{said}. It vanishes in the calendar view: prices, range or season moved all customers at once, so it says "
            f"nothing about the quality of {second}."
        )
    return f"{said}. Whether it is theirs or that of all customers, the calendar view cannot tell: wait before acting on it."


def _ages(places) -> str:
    """The ages that were pooled.

    >>> _ages([0, 1, 2]), _ages([0, 1, 3])
    ('ages 0 to 2', 'ages 0, 1 and 3')
    """
    if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"ages {places[0]} to {places[-1]}"
    return f"age{'s' if len(places) > 1 else ''} {several(list(map(str, places)))}"


def _ends(gap, among) -> str:
    """The interval of a gap, and that it allows for the choice among several measures."""
    return f" (95 % interval, as one of {among} measures, {signed(gap[1])} to {signed(gap[2])})"
