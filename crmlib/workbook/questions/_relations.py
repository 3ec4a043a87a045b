"""The questions on relation states, orders and cohorts, and what all questions of the life cycle count with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Labels, Number, Wrong
from crmlib.workbook.questions._counting import half_way

__all__ = [
    "AGE", "INACTIVE_AFTER", "LOYAL_ORDERS", "RELATIONS", "last_day_of", "purchases_of", "second_half_of", "silence_of",
]  # fmt: skip

INACTIVE_AFTER, LOYAL_ORDERS = 120, 3
AGE = 2  # calendar months


def purchases_of(material):
    """The lines of the log that are no refunds."""
    bought = material.tx[material.tx["amount"] >= 0]
    if bought.empty:
        raise DataError("Nobody in it bought anything.")
    return bought


def last_day_of(material):
    """The day ``as_of``."""
    return pd.Timestamp(material.as_of)


def silence_of(lines, day):
    """Days from the last line of each customer to ``day``."""
    return (day - lines.groupby("customer")["date"].max()).dt.days


def second_half_of(material):
    """The first day of the second half, counted from the first purchase."""
    return half_way(material, purchases_of(material)["date"].min())


# 5 states


def _orders(material):
    """Orders of everybody in the log: order ids, or else days; 0 with refunds only."""
    bought = purchases_of(material)
    orders = bought.groupby("customer")["order" if "order" in bought else "date"].nunique()
    return orders.reindex(np.sort(material.tx["customer"].unique()), fill_value=0)


def _states(material, *, after=INACTIVE_AFTER, loyal=LOYAL_ORDERS, orders=None, loyal_first=False, longer=False):
    orders = _orders(material) if orders is None else orders
    silence = silence_of(purchases_of(material), last_day_of(material)).reindex(orders.index)
    rules = [(silence > after) if longer else (silence >= after), orders >= loyal]
    names = ["inactive", "loyal"]
    if loyal_first:
        rules, names = rules[::-1], names[::-1]
    found = np.select([orders == 0, *rules, orders >= 2], ["no purchase", *names, "repeat"], "first-time")
    return pd.Series(found, orders.index)


def states(material):
    return _states(material)


def _by_lines(material):
    return purchases_of(material).groupby("customer").size().reindex(_orders(material).index, fill_value=0)


def _by_days(material):
    return purchases_of(material).groupby("customer")["date"].nunique().reindex(_orders(material).index, fill_value=0)


# 6 repurchase


def _all_orders(material):
    """One row an order, with its first day and whether it is the customer's first ever."""
    bought = purchases_of(material)
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
    return (~orders.loc[orders["day"] >= second_half_of(material), "first"]).mean()


def _lines_again(material):
    """Lines that are not the first line of a customer."""
    return purchases_of(material)["customer"].duplicated().mean()


# 7 cohort_active


def _by_month(material):
    """Active customers of the first cohort by calendar age, its size, and customers by age."""
    bought = purchases_of(material)
    month = bought["date"].dt.year * 12 + bought["date"].dt.month
    first = month.groupby(bought["customer"]).transform("min")
    cohort = bought.assign(age=month - first)[first == first.min()]
    last = last_day_of(material) + pd.Timedelta(days=1)
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
    return cohort_active(material) * cohort["customer"].nunique() / purchases_of(material)["customer"].nunique()


_RATE = "This is a rate of customers. The repurchase rate counts orders, and divides by orders."

RELATIONS = {
    "states": Labels(
        answer=states,
        praise="Silence first, and only then the number of orders.",
        column="state",
        wrong=(
            Wrong(lambda m: _states(m, after=180, loyal=4), "These are the defaults; the question has its own."),
            Wrong(lambda m: _states(m, after=180), "You left 180 days, the default; the question has its own."),
            Wrong(lambda m: _states(m, loyal=4), "You left 4 orders, the default; the question has its own."),
            Wrong(lambda m: _states(m, loyal_first=True), "Whoever fell silent is inactive: ask silence first."),
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
            Wrong(_orders_of_repeaters, "First orders of those who came back are in it. None of them is a repeat."),
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
}
