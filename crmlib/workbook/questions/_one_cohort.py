"""The cohort of *The customer-base audit*, and the questions on it: what a member brought, and a fair comparison."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Number, Wrong
from crmlib.workbook.questions._counting import purchases

__all__ = ["FAIR", "TO_DATE", "WEEKS", "Members", "cohort_months", "members"]

FEW, AGES = 20, 4  # customers of a cohort and its complete periods, as crmlib.explore_audit has them
WEEKS = 12
_LONG = {"quarter": 3, "month": 1, "year": 12}


class Members(NamedTuple):
    """The cohort: its customers' first purchases, all lines of the log with their age, how many months a period has."""

    first: Any
    lines: Any
    starts: Any


def _number(dates, months):
    return (dates.dt.year * 12 + dates.dt.month - 1) // months


def cohort_months(material):
    """How many months a period has, and the number of the cohort's first period in periods of that length."""
    bought = purchases(material)
    if not len(bought):
        raise DataError("Nobody in it bought anything.")
    first = bought.groupby("customer")["date"].min()
    next_day = pd.Timestamp(material.as_of) + pd.Timedelta(days=1)
    for months, few in [*((one, FEW) for one in _LONG.values()), (1, 1)]:
        complete = (next_day.year * 12 + next_day.month - 1) // months  # the first period that is not wholly seen
        sizes = _number(first, months).value_counts().sort_index()
        enough = sizes.index[(sizes >= few) & (complete - sizes.index >= AGES)]
        if len(enough):
            year_ends = material.tx["date"].min() + pd.Timedelta(days=364)
            inside = enough[enough > (year_ends.year * 12 + year_ends.month - 1) // months]
            return months, int(inside[0] if len(inside) else sizes[enough].idxmax())
    raise DataError(f"No cohort in it has {AGES} complete periods.")


def members(material):
    """The cohort that the workbook follows: the first that began after the log's first year, or else the largest."""
    months, number = cohort_months(material)
    first = purchases(material).groupby("customer")["date"].min()
    own = first[_number(first, months) == number]
    lines = material.tx[material.tx["customer"].isin(own.index)]
    lines = lines.assign(age=_number(lines["date"], months) - number)
    start, end = ((number + one) * months for one in (0, 1))
    starts = [pd.Timestamp(one // 12, one % 12 + 1, 1) for one in (start, end)]
    return Members(own, lines, starts)


# 7 to_date


def to_date(material):
    own = members(material)
    return _money(own, own.lines["age"].between(0, AGES - 1))


def _money(own, which):
    return own.lines.loc[which, "amount"].sum() / len(own.first)


def _active(own, ages=AGES):
    bought = own.lines[(own.lines["amount"] >= 0) & own.lines["age"].between(0, ages - 1)]
    return bought.groupby("age")["customer"].nunique().reindex(range(ages), fill_value=0)


def _of_survivors(material):
    own = members(material)
    seen = own.lines[own.lines["age"].between(0, AGES - 1)]
    active = _active(own)
    return (
        seen.groupby("age")["amount"].sum().reindex(range(AGES), fill_value=0.0)[active > 0] / active[active > 0]
    ).sum()


def _of_the_last(material):
    own = members(material)
    last = _active(own).iloc[-1]
    if not last:
        raise DataError("Nobody of the cohort was active at that age.")
    return to_date(material) * len(own.first) / last


def _kth_period(material):
    """The first four periods with a purchase, instead of the first four of the calendar."""
    own = members(material)
    bought = own.lines[own.lines["amount"] >= 0]
    pairs = bought[["customer", "age"]].drop_duplicates().sort_values(["customer", "age"])
    kept = pairs[pairs.groupby("customer").cumcount() < AGES]
    return own.lines.merge(kept, on=["customer", "age"])["amount"].sum() / len(own.first)


# 8 fair


def _shares(material, again):
    """The share that is true of ``again``, late less early; from the dates of the first and second purchase days."""
    own = members(material)
    days = (
        own.lines.loc[own.lines["amount"] >= 0, ["customer", "date"]]
        .drop_duplicates()
        .sort_values(["customer", "date"])
    )
    second = days[days["customer"].duplicated()].groupby("customer")["date"].min().reindex(own.first.index)
    middle = own.starts[0] + (own.starts[1] - own.starts[0]) // 2
    late = own.first >= middle.normalize()
    if late.all() or not late.any():
        raise DataError("All of its cohort began in the same half of the period.")
    came = again(own, second)
    return came[late].mean() - came[~late].mean()


def _in_weeks(own, second, days=7 * WEEKS):
    return (second - own.first).dt.days <= days


def fair(material):
    return _shares(material, _in_weeks)


def _by_end_of_period(material):
    return _shares(material, lambda own, second: second < own.starts[1])


def _by_end_of_log(material):
    return _shares(material, lambda own, second: second.notna())


def _of_those_who_came(material):
    def came(own, second):
        return _in_weeks(own, second).astype(float).where(second.notna())

    found = _shares(material, came)
    if not math.isfinite(found):
        raise DataError("In one half of its cohort nobody came back.")
    return found


def _lines_count(material):
    def came(own, second):
        bought = own.lines[own.lines["amount"] >= 0].sort_values(["customer", "date"])
        lines = bought[bought.duplicated("customer")].groupby("customer")["date"].min()
        return _in_weeks(own, lines.reindex(own.first.index))

    return _shares(material, came)


def _profit_to_date(material):
    own = members(material)
    if "cost" not in own.lines or own.lines["cost"].isna().any():
        raise DataError("It has no cost of every line.")
    lines = own.lines.assign(amount=own.lines["amount"] - own.lines["cost"])
    return _money(own._replace(lines=lines), lines["age"].between(0, AGES - 1))


def _zero_is_no_purchase(material):
    return to_date(material._replace(tx=material.tx[material.tx["amount"] != 0]))


TO_DATE = Number(
    answer=to_date,
    praise="Nobody dropped out of the denominator, and silent periods counted.",
    within=0.005,
    wrong=(
        Wrong(
            _of_survivors,
            "You divided each period's money by who was active in it. These are survivors: divide by all members.",
        ),
        Wrong(_of_the_last, "You divided by those active at the last age. Divide by all members."),
        Wrong(
            _kth_period,
            "You took each customer's first four periods *with a purchase*. Age is counted by the calendar, and "
            "silent periods have an age too.",
        ),
        Wrong(
            lambda m: _money(members(m), members(m).lines["age"] == AGES - 1),
            "This is the last age alone; add up from age 0.",
        ),
        Wrong(lambda m: _money(members(m), members(m).lines["age"].between(1, AGES - 1)), "You left out age 0."),
        Wrong(lambda m: _money(members(m), members(m).lines["age"].between(0, AGES)), "You took one age too many."),
        Wrong(
            lambda m: _money(members(m), members(m).lines["age"].between(0, AGES - 2)),
            "You took one age too few: 0 to 3 are four.",
        ),
        Wrong(lambda m: _money(members(m), members(m).lines["age"] >= 0), "You took all that they ever brought."),
        Wrong(
            lambda m: _money(
                members(m), members(m).lines["age"].between(0, AGES - 1) & (members(m).lines["amount"] >= 0)
            ),
            "You left out the refunds. They lower what a member brought.",
        ),
        Wrong(_profit_to_date, "This is profit; the question asks for revenue."),
        Wrong(_zero_is_no_purchase, "A line of zero is a purchase too: only amounts below zero are refunds."),
        Wrong(
            lambda m: to_date(m) * len(members(m).first),
            "This is the money of all; the question asks for that of a member.",
        ),
    ),
    hints=(
        "Who are the members? Those whose first purchase lies in the cohort's period.",
        "All their money of four calendar periods, divided by all of them, silent ones too.",
        "`one_cohort.by_age` has it in a column, with a row for each age.",
    ),
)

FAIR = Number(
    answer=fair,
    praise="Both halves had the same time to come back, so what is left is the customers, or chance.",
    within=0.00001,
    wrong=(
        Wrong(
            _by_end_of_period,
            "By the end of the period the late ones had less time: unequal exposure. Give each the same weeks.",
        ),
        Wrong(
            _by_end_of_log, "You took the whole log; the early ones were watched for longer. Give each the same weeks."
        ),
        Wrong(lambda m: -fair(m), "The sign is turned round: late less early."),
        Wrong(
            _of_those_who_came,
            "You took only those who came back at all: survivors. Divide by all members of each half.",
        ),
        Wrong(_lines_count, "A second line on the first day is no second purchase: count days."),
        Wrong(
            lambda m: _shares(m, lambda own, second: _in_weeks(own, second, 7 * WEEKS - 1)),
            f"Exactly {WEEKS} weeks after the first purchase counts too.",
        ),
        Wrong(
            lambda m: 100 * fair(m), "This is in per cent; the question asks for a difference of shares, such as 0.05."
        ),
    ),
    hints=(
        "Of each member two dates: the first day with a purchase and the second one. How many days lie between?",
        f"Which share has at most {7 * WEEKS} days between them: of those before `middle`, and of those from then on?",
    ),
)
