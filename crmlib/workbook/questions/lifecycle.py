"""The questions of *The customer life cycle: who is active, who is silent, and what comes next*.

Right answers are plain pandas and numpy on the log alone; nothing of the modules under study is used.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Labels, Number, Words, Wrong

__all__ = ["QUESTIONS"]

WINDOW = 90  # days of silence, of the first question
OWN_GAPS, OWN_SHARE = 3, 0.90
INACTIVE_AFTER, LOYAL_ORDERS = 120, 3
AGE = 2  # calendar months


def _bought(material):
    bought = material.tx[material.tx["amount"] >= 0]
    if bought.empty:
        raise DataError("Nobody in it bought anything.")
    return bought


def _last_day(material):
    return pd.Timestamp(material.as_of)


def _silence(lines, day):
    """Days from the last line of each customer to ``day``."""
    return (day - lines.groupby("customer")["date"].max()).dt.days


def _gaps(lines):
    """Completed gaps in days between the days of each customer, indexed by customer."""
    days = lines[["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
    return days.assign(gap=days.groupby("customer")["date"].diff().dt.days).dropna().set_index("customer")["gap"]


# 1 active_share


def _active(material, window=WINDOW):
    return _silence(_bought(material), _last_day(material)) < window


def active_share(material):
    return _active(material).mean()


def _since_first(material):
    first = _bought(material).groupby("customer")["date"].min()
    return ((_last_day(material) - first).dt.days < WINDOW).mean()


def _refunds_are_life(material):
    _bought(material)
    return (_silence(material.tx, _last_day(material)) < WINDOW).mean()


# 2 came_back


def _start(material):
    """The first day of the second half, counted from the first purchase, as crmlib.concentration.halfway has it."""
    first = _bought(material)["date"].min()
    return first + pd.Timedelta(days=((_last_day(material) - first).days + 1) // 2)


def _window(material):
    """The window that the workbook prints: a third of the first half, and a day at least."""
    return max(1, (_start(material) - _bought(material)["date"].min()).days // 3)


def _half_way(material):
    """Silences at the end of the first half, and who bought in the second."""
    bought, start = _bought(material), _start(material)
    silence = _silence(bought[bought["date"] < start], start - pd.Timedelta(days=1))
    return silence, silence.index.isin(bought.loc[bought["date"] >= start, "customer"])


def _called(material):
    silence, again = _half_way(material)
    called = (silence >= _window(material)).to_numpy()
    if not called.any():
        raise DataError("Half-way nobody had been silent that long.")
    return silence, again, called


def came_back(material):
    _, again, called = _called(material)
    return again[called].mean()


def _active_came_back(material):
    _, again, called = _called(material)
    return again[~called].mean()


def _came_back_of_all(material):
    _, again, called = _called(material)
    return (again & called).mean()


def _called_of_back(material):
    _, again, called = _called(material)
    return called[again].mean()


def _came_back_longer(material):
    silence, again, _ = _called(material)
    return again[(silence > _window(material)).to_numpy()].mean()


def _called_by_today(material):
    """Called inactive by what is known on the last day of the log."""
    _called(material)
    bought, start = _bought(material), _start(material)
    silence = _silence(bought, _last_day(material))
    called = silence.index[silence >= _window(material)]
    return called.isin(bought.loc[bought["date"] >= start, "customer"]).mean()


# 3 own_silent


def _beyond(material, *, share=OWN_SHARE, at_least=OWN_GAPS, gaps=None):
    """Who of those with enough gaps has been silent for longer than that share of them; a mask."""
    gaps = _gaps(_bought(material)) if gaps is None else gaps
    usual = gaps.groupby(level=0).quantile(share)[gaps.groupby(level=0).size() >= at_least]
    if usual.empty:
        raise DataError(f"Nobody in it has {OWN_GAPS} gaps between purchases.")
    return _silence(_bought(material), _last_day(material))[usual.index] > usual.round(9)


def own_silent(material):
    return int(_beyond(material).sum())


def _line_gaps(material):
    """Gaps between lines, so that lines of one day make gaps of zero."""
    lines = _bought(material).sort_values(["customer", "date"], kind="stable")
    gaps = lines.groupby("customer")["date"].diff().dt.days
    return gaps.set_axis(lines["customer"]).dropna()


# 4 gaps_ended


def _both_kinds(material):
    gaps = _gaps(_bought(material)).to_numpy()
    still_open = _silence(_bought(material), _last_day(material)).to_numpy()
    if not len(gaps):
        raise DataError("Nobody in it bought on two days.")
    if max(gaps.max(), still_open.max()) < _window(material):
        raise DataError("No gap in it is that long.")
    return gaps, still_open


def gaps_ended(material, *, strict=False):
    gaps, still_open = _both_kinds(material)
    going_on = 1.0
    for length in np.unique(gaps[gaps < _window(material) if strict else gaps <= _window(material)]):
        at_risk = (gaps >= length).sum() + (still_open >= length).sum()
        going_on *= 1 - (gaps == length).sum() / at_risk
    return 1 - going_on


def _completed_only(material):
    return (_both_kinds(material)[0] <= _window(material)).mean()


def _open_never_ends(material):
    gaps, still_open = _both_kinds(material)
    return (gaps <= _window(material)).sum() / (len(gaps) + len(still_open))


def _open_has_ended(material):
    return (np.concatenate(_both_kinds(material)) <= _window(material)).mean()


# 5 states


def _orders(material):
    """Orders of everybody in the log: order ids, or else days; 0 with refunds only."""
    bought = _bought(material)
    orders = bought.groupby("customer")["order" if "order" in bought else "date"].nunique()
    return orders.reindex(np.sort(material.tx["customer"].unique()), fill_value=0)


def _states(material, *, after=INACTIVE_AFTER, loyal=LOYAL_ORDERS, orders=None, loyal_first=False, longer=False):
    orders = _orders(material) if orders is None else orders
    silence = _silence(_bought(material), _last_day(material)).reindex(orders.index)
    rules = [(silence > after) if longer else (silence >= after), orders >= loyal]
    names = ["inactive", "loyal"]
    if loyal_first:
        rules, names = rules[::-1], names[::-1]
    found = np.select([orders == 0, *rules, orders >= 2], ["no purchase", *names, "repeat"], "first-time")
    return pd.Series(found, orders.index)


def states(material):
    return _states(material)


def _by_lines(material):
    return _bought(material).groupby("customer").size().reindex(_orders(material).index, fill_value=0)


def _by_days(material):
    return _bought(material).groupby("customer")["date"].nunique().reindex(_orders(material).index, fill_value=0)


# 6 repurchase


def _all_orders(material):
    """One row an order, with its first day and whether it is the customer's first ever."""
    bought = _bought(material)
    key = "order" if "order" in bought else "date"
    orders = bought.groupby(["customer", key])["date"].min().rename("day").reset_index()
    orders = orders.sort_values(["customer", "day"], kind="stable")
    return orders.assign(first=~orders["customer"].duplicated())


def repurchase(material):
    return (~_all_orders(material)["first"]).mean()


def _repeat_rate(material):
    return (_all_orders(material).groupby("customer").size() >= 2).mean()


def _orders_of_repeaters(material):
    """All orders of the customers with two or more, their first ones too."""
    return _all_orders(material)["customer"].duplicated(keep=False).mean()


def _orders_a_buyer(material):
    return len(_all_orders(material)) / _all_orders(material)["customer"].nunique()


def _second_half(material):
    orders = _all_orders(material)
    return (~orders.loc[orders["day"] >= _start(material), "first"]).mean()


def _lines_again(material):
    """Lines that are not the first line of a customer."""
    return _bought(material)["customer"].duplicated().mean()


# 7 cohort_active


def _by_month(material):
    """Active customers of the first cohort by calendar age, its size, and customers by age."""
    bought = _bought(material)
    month = bought["date"].dt.year * 12 + bought["date"].dt.month
    first = month.groupby(bought["customer"]).transform("min")
    cohort = bought.assign(age=month - first)[first == first.min()]
    last = _last_day(material) + pd.Timedelta(days=1)
    whole = last.year * 12 + last.month - 1 - int(first.min())  # the age up to which months are over
    return cohort[cohort["age"] <= whole], cohort["customer"].nunique(), whole


def _cohort_share(material, age=AGE):
    cohort, size, whole = _by_month(material)
    if whole < AGE or whole < age:
        raise DataError(f"Its first cohort is not wholly seen at age {AGE}.")
    return cohort.loc[cohort["age"] == age, "customer"].nunique() / size


def cohort_active(material):
    return _cohort_share(material)


def _again_by_then(material):
    _cohort_share(material)
    cohort, size, _ = _by_month(material)
    return cohort.loc[cohort["age"].between(1, AGE), "customer"].nunique() / size


def _still_later(material):
    _cohort_share(material)
    cohort, size, _ = _by_month(material)
    return cohort.loc[cohort["age"] >= AGE, "customer"].nunique() / size


def _of_those_before(material):
    before = _cohort_share(material, AGE - 1)
    return cohort_active(material) / before if before else np.nan


def _third_month_with_a_purchase(material):
    """Months with a purchase numbered instead of calendar months."""
    _cohort_share(material)
    cohort, size, _ = _by_month(material)
    return (cohort.groupby("customer")["age"].nunique() > AGE).sum() / size


def _of_all(material):
    cohort, _, _ = _by_month(material)
    return cohort_active(material) * cohort["customer"].nunique() / _bought(material)["customer"].nunique()


_RATE = "This is a rate of customers. The repurchase rate counts orders, and divides by orders."

QUESTIONS = {
    "active_share": Number(
        answer=active_share,
        praise="Quote the window with it: with another one, the same customers give another share.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: (~_active(m)).mean(), "This is the share that is inactive."),
            Wrong(lambda m: _active(m, WINDOW + 1).mean(), "A silence of exactly 90 days is inactive: active is less."),
            Wrong(lambda m: _active(m).sum() / m.tx["customer"].nunique(),
                  "Customers with refunds only are in your denominator. They never bought: leave them out."),
            Wrong(_refunds_are_life, "Refunds end a silence in yours. Only purchases do."),
            Wrong(_since_first, "You counted from the first purchase. Silence begins with the last one."),
            Wrong(lambda m: _active(m, 180).mean(), "Your window has 180 days, the longest of the others in the lesson."),
            Wrong(lambda m: _active(m, 30).mean(), "Your window has 30 days."),
            Wrong(lambda m: _active(m).sum(), "This is the number of active customers; the question asks for a share."),
        ),
        hints=(
            "`customers` has the silence of each: look for the days since the last purchase.",
            "Which of them are below the window? The mean of true and false is a share.",
        ),
    ),
    "came_back": Number(
        answer=came_back,
        praise="So many would have got a farewell too early. Nobody knows how many of the others come later still.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: 1 - came_back(m), "This is the share that stayed silent."),
            Wrong(_active_came_back, "These are the customers called active, and the question is about the others."),
            Wrong(_came_back_of_all, "You divided by all customers of that day. Divide by those called inactive."),
            Wrong(_called_of_back, "You divided by those who bought later. Divide by those called inactive."),
            Wrong(_came_back_longer, "A silence of exactly `window` days is inactive too."),
            Wrong(_called_by_today, "You called them inactive by what is known today. Use the lines before `start` only."),
            Wrong(lambda m: int(came_back(m) * _called(m)[2].sum() + 0.5), "This is their number; what share is it?"),
        ),
        hints=(
            "Two steps: who had been silent for `window` days or more on the day before `start`, and who bought from then on?",
            "For the first step keep only the lines before `start`, and make a customer table as of the day before it.",
            "For the second, ask of each customer called inactive whether their id is among the later lines.",
        ),
    ),
    "own_silent": Number(
        answer=own_silent,
        praise="They are silent for longer than is usual for them, whatever a window says.",
        within=0,
        wrong=(
            Wrong(lambda m: int((~_beyond(m)).sum()), "These are the ones within their rhythm."),
            Wrong(lambda m: int(_beyond(m, at_least=1).sum()), "Yours has customers with fewer than three gaps."),
            Wrong(lambda m: int(_beyond(m, at_least=2).sum()),
                  "Yours has customers with two gaps. Three purchase days make two gaps; three gaps are asked for."),
            Wrong(lambda m: int(_beyond(m, at_least=4).sum()), "You left out those with just three gaps."),
            Wrong(lambda m: int(_beyond(m, share=0.5).sum()), "You took the median of the gaps, not the 90th percentile."),
            Wrong(lambda m: int(_beyond(m, share=1.0).sum()), "You took the longest gap, not the 90th percentile."),
            Wrong(lambda m: int(_beyond(m, gaps=_line_gaps(m)).sum()),
                  "Lines of one day make gaps of zero in yours. A gap lies between two days with a purchase."),
            Wrong(lambda m: _beyond(m).mean(), "This is a share; the question asks how many they are."),
        ),
        hints=(
            "Days with a purchase, sorted, their differences within each customer: these are the gaps.",
            "Group the gaps by customer: `size` says who has three, `quantile(0.90)` what is usual.",
            "Then compare with the silence on the last day: longer than usual counts, exactly as long does not.",
        ),
    ),
    "gaps_ended": Number(
        answer=gaps_ended,
        praise="With the open gaps in, as gaps of at least so many days.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_completed_only, "These are the completed gaps alone. The open ones count as long as they are seen."),
            Wrong(_open_never_ends, "You took every open gap for one that never ends. It leaves only when it is no longer seen."),
            Wrong(_open_has_ended, "You took the open gaps for completed ones. They have not ended."),
            Wrong(lambda m: 1 - gaps_ended(m), "This is the share that still goes on."),
            Wrong(lambda m: gaps_ended(m, strict=True), "Gaps of exactly `window` days have ended by then: count them in."),
        ),
        hints=(
            "Every customer has one open gap: from the last purchase to the last day.",
            "At each length at which a gap ended: which share of those that had got so far ended? Multiply what goes on.",
            "The library has a module for it, and its result a method `ended`.",
        ),
    ),
    "states": Labels(
        answer=states,
        praise="Silence first, and only then the number of orders.",
        column="state",
        wrong=(
            Wrong(lambda m: _states(m, after=180, loyal=4), "These are the defaults; the question has its own thresholds."),
            Wrong(lambda m: _states(m, after=180), "You left 180 days, the default; the question has its own."),
            Wrong(lambda m: _states(m, loyal=4), "You left 4 orders, the default; the question has its own."),
            Wrong(lambda m: _states(m, loyal_first=True), "Loyal customers who fell silent are inactive: ask silence first."),
            Wrong(lambda m: _states(m, longer=True), "Exactly 120 days are inactive already."),
            Wrong(lambda m: _states(m, loyal=LOYAL_ORDERS + 1), "Exactly 3 orders are loyal already."),
            Wrong(lambda m: _states(m, orders=_by_days(m)), "You counted days with a purchase. Count orders."),
            Wrong(lambda m: _states(m, orders=_by_lines(m)), "You counted lines. Lines of one order count once."),
            Wrong(lambda m: states(m).replace("no purchase", "first-time"),
                  'Customers with refunds only never bought: they are "no purchase".'),
            Wrong(lambda m: states(m)[lambda found: found != "no purchase"],
                  'Customers with refunds only are missing: they are "no purchase".'),
        ),
        hints=(
            "The order of the questions matters: never bought, silent, many orders, two orders, one.",
            "The library's function takes both thresholds as arguments; look at inactive_after and loyal_orders.",
        ),
    ),
    "repurchase": Number(
        answer=repurchase,
        praise="Orders over orders. A few customers with many orders can raise it alone.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: 1 - repurchase(m), "This is the share of first orders."),
            Wrong(_repeat_rate, f"{_RATE} Yours is the repeat rate."),
            Wrong(_orders_of_repeaters, "First orders of customers who came back are in it. No first order is a repeat order."),
            Wrong(_orders_a_buyer, "These are orders a customer. The rate is a share of the orders."),
            Wrong(_second_half, "This is the second half only; the question asks for the whole log."),
            Wrong(_lines_again, "You counted lines. Lines of one order count once."),
        ),
        hints=(
            "How many orders are there? Every customer has one first order; all others are repeat orders.",
            "The library has a module of rates; without `since` it takes the whole log.",
        ),
    ),
    "cohort_active": Number(
        answer=cohort_active,
        praise="A share that is active in that month, and no share that is left.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: _cohort_share(m, AGE - 1), "This is age 1. The month of the first purchase is age 0."),
            Wrong(lambda m: _cohort_share(m, AGE + 1), "This is age 3. The month of the first purchase is age 0."),
            Wrong(_again_by_then, "These bought again *by* age 2; the question asks who bought *in* that month."),
            Wrong(_still_later, "These bought at age 2 *or later*; the question asks who bought in that month."),
            Wrong(_of_those_before, "You divided by those active the month before. Divide by the whole cohort."),
            Wrong(_third_month_with_a_purchase, "You numbered the months with a purchase. Silent months count too."),
            Wrong(_of_all, "You divided by all customers of the log. Divide by the cohort."),
            Wrong(lambda m: 1 - cohort_active(m), "This is the share that was silent in that month."),
        ),
        hints=(
            "The cohort: everybody whose first purchase lies in the month of the log's first purchase.",
            "Two calendar months later: how many of them bought in that month?",
            "The library makes the whole table; take the row of the first cohort and age 2.",
        ),
    ),
    "reminder": Words(
        at_least=40,
        hints=(
            "Name two numbers of one row: who would be written to although they come anyway, and who would be missed?",
            "What does each of the two mistakes cost this shop, and does the log know it?",
            "Say what you would measure before you make the window shorter or longer.",
        ),
    ),
}
