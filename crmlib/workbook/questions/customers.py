"""The questions of *From purchases to customers*.

Right answers are plain pandas on the log alone; nothing of crmlib.customers is used.
"""

from __future__ import annotations

import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Labels, Number, Wrong
from crmlib.workbook.questions._counting import (
    days_since, days_since_first, days_since_last, order_column, orders, purchases,
)  # fmt: skip
from crmlib.workbook.questions._letter import LETTER

__all__ = ["QUESTIONS"]


def _lines(material):
    return purchases(material).groupby("customer").size()


def _days(material):
    return purchases(material).groupby("customer")["date"].nunique()


def _everyone(material):
    return material.tx["customer"].nunique()


# Mistakes that need something in the log; without it another mistake gives the same numbers and has a better name.


def _all_lines(material):
    if (material.tx["amount"] >= 0).all():
        raise DataError("The log has no refunds.")
    return material.tx.groupby("customer").size().reindex(orders(material).index)


def _all_orders(material):
    if "order" not in material.tx:
        raise DataError("The log has no order ids.")
    return orders(material).sum()


# 1 customers_early


def _early(material):
    """The day on which a tenth of the time between the first line and as_of has passed."""
    first = material.tx["date"].min()
    return first + pd.Timedelta(days=(pd.Timestamp(material.as_of) - first).days // 10)


def _until_early(material):
    bought = purchases(material)
    return bought[bought["date"] <= _early(material)]


def customers_early(material):
    return _until_early(material)["customer"].nunique()


def _before_early(material):
    bought = purchases(material)
    return bought[bought["date"] < _early(material)]["customer"].nunique()


def _after_early(material):
    bought = purchases(material)
    return bought[bought["date"] > _early(material)]["customer"].nunique()


def _everyone_early(material):
    """With the customers of refunds among them."""
    return material.tx[material.tx["date"] <= _early(material)]["customer"].nunique()


def _days_early(material):
    lines, days = _until_early(material), _until_early(material)[["customer", "date"]].drop_duplicates()
    if len(lines) == len(days):
        raise DataError("No customer has two lines on one day.")
    return len(days)


# 3 repeat_days, 4 bought_once


def repeat_days(material):
    return (_days(material) - 1).sum()


def _all_days(material):
    if (material.tx["amount"] >= 0).all():
        raise DataError("The log has no refunds.")
    return (material.tx.groupby("customer")["date"].nunique() - 1).sum()


def bought_once(material):
    return (_days(material) == 1).mean()


# 5 days_since_last


def _days_since_last_line(material):
    last = material.tx.groupby("customer")["date"].max()
    return days_since(material, last[_days(material).index])


# 6 revenue_per_customer


def revenue_per_customer(material):
    return material.tx["amount"].sum() / _everyone(material)


def _median_revenue(material):
    return material.tx.groupby("customer")["amount"].sum().median()


QUESTIONS = {
    "customers_early": Number(
        answer=customers_early,
        praise="Everyone who had bought by the end of that day, once each. The number belongs to its day.",
        within=0,
        wrong=(
            Wrong(_before_early, "The day itself is left out; as_of is inclusive, so its purchases count."),
            Wrong(lambda m: len(_until_early(m)), "These are lines up to that day; a customer can have several."),
            Wrong(_days_early, "These are purchase days up to that day; a customer can have several."),
            Wrong(
                lambda m: (purchases(m)["date"] < _early(m)).sum(),
                "These are lines before that day; the day itself counts, and a customer can have several lines.",
            ),
            Wrong(
                lambda m: _until_early(m).query("amount > 0")["customer"].nunique(),
                "Customers whose purchases cost nothing are missing; zero counts as a purchase.",
            ),
            Wrong(_everyone_early, "Refunds are among these lines; who has refunds only by that day has not bought."),
            Wrong(lambda m: len(_days(m)), "These are the customers at the end of the log; `early` is an earlier day."),
            Wrong(_everyone, "These are the customers at the end of the log; `early` is an earlier day."),
            Wrong(
                _after_early,
                "These are the customers who bought after that day; count those who had bought by its end.",
            ),
        ),
        hints=(
            "First keep the lines that had been written by the end of that day; the day itself belongs to them.",
            "A purchase is a line with an amount of zero or more. Keep those.",
            "A customer with several lines counts once: .nunique().",
        ),
    ),
    "orders": Labels(
        answer=orders,
        praise="Orders, not lines: what the customer decided, not what the till wrote down.",
        column="orders",
        wrong=(
            Wrong(_lines, "You counted lines. Lines of one order count once."),
            Wrong(
                _all_lines,
                "You counted all lines, refunds among them. A refund is no order, and lines of one order count once.",
            ),
            Wrong(
                lambda m: m.tx.groupby("customer")[order_column(m)].nunique().reindex(orders(m).index),
                "You counted refunds as orders. Keep the lines with an amount of zero or more first.",
            ),
            Wrong(lambda m: orders(m) - 1, "One order is missing for every customer: the first is an order too."),
            Wrong(_days, "You counted purchase days. This log has order ids, and two orders can fall on one day."),
            Wrong(
                lambda m: orders(m).reindex(m.tx["customer"].unique(), fill_value=0),
                "The counts are right, but customers with refunds only are among them. They never "
                "bought: leave them out.",
            ),
        ),
        hints=(
            "Keep purchases only, then group by customer.",
            "Count what is distinct within a customer: the order ids, or the days if the log has no order ids.",
            ".groupby('customer')['...'].nunique() gives a Series by customer.",
        ),
    ),
    "repeat_days": Number(
        answer=repeat_days,
        praise="Every customer's first day is taken off; what remains is people coming back.",
        within=0,
        wrong=(
            Wrong(
                lambda m: len(purchases(m)) - len(_days(m)),
                "You took the first line off, not the first day: lines of one day are one visit.",
            ),
            Wrong(
                lambda m: _all_orders(m) - len(_days(m)),
                "You took one order off; but two orders on one day are one purchase day.",
            ),
            Wrong(
                lambda m: _days(m).sum(), "These are all purchase days; the first day of each customer is no repeat."
            ),
            Wrong(_all_days, "Days of a refund are among these. A refund is no purchase."),
            Wrong(_all_orders, "These are all orders; the first day of each customer is no repeat."),
            Wrong(
                lambda m: (_days(m) > 1).sum(),
                "These are customers who came back, each counted once; count the days on which they did.",
            ),
        ),
        hints=(
            "How many different days did each customer buy on?",
            "One of these days is the first. The others are repeats.",
            "Add up the others over all customers.",
        ),
    ),
    "bought_once": Number(
        answer=bought_once,
        praise="Of each of these customers the shop knows a single day.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(
                lambda m: (_days(m) == 1).sum(), "This is a count of customers; divide it by all customers who bought."
            ),
            Wrong(
                lambda m: (_lines(m) == 1).mean(),
                "These customers have one line. Several lines on one day are still one day.",
            ),
            Wrong(
                lambda m: (orders(m) == 1).mean(),
                "These customers have one order. Two orders on one day are still one day.",
            ),
            Wrong(lambda m: (_days(m) > 1).mean(), "This is the share of those who did come back."),
            Wrong(lambda m: (_days(m) == 1).sum() / len(purchases(m)), "You divided by lines; divide by customers."),
            Wrong(
                lambda m: (_days(m) == 1).sum() / _days(m).sum(), "You divided by purchase days; divide by customers."
            ),
            Wrong(
                lambda m: (_days(m) == 1).sum() / _everyone(m),
                "You divided by everyone in the log; customers with refunds only never bought.",
            ),
        ),
        hints=(
            "You need the number of purchase days of each customer again.",
            "The mean of a column of True and False is the share of True.",
        ),
    ),
    "days_since_last": Labels(
        answer=days_since_last,
        praise="Counted to as_of, from the last purchase: the R of RFM.",
        column="days_since_last",
        wrong=(
            Wrong(
                days_since_first,
                "You counted from the first purchase. That is T, how long we have known the customer.",
            ),
            Wrong(
                lambda m: days_since_first(m) - days_since_last(m),
                "These are the days between first and last purchase. That is t_x, the recency of the BTYD papers.",
            ),
            Wrong(
                lambda m: days_since_last(m) + 1,
                "Every customer has one day too many. as_of is the last day observed: who bought on it has 0 days.",
            ),
            Wrong(lambda m: -days_since_last(m), "The sign is turned round: take the last purchase from as_of."),
            Wrong(_days_since_last_line, "Some of these days are days of a refund. A refund is no purchase."),
            Wrong(
                lambda m: (m.tx["date"].max() - purchases(m).groupby("customer")["date"].max()).dt.days,
                "You counted to the last line of the log; count to as_of.",
            ),
        ),
        hints=(
            "Find the last purchase day of each customer first. Refunds are no purchases.",
            "Take it from as_of. Dates give a span of time; .dt.days makes a number of it.",
        ),
    ),
    "revenue_per_customer": Number(
        answer=revenue_per_customer,
        praise="Total by total: what one customer brought on average, refunds taken off.",
        within=0.005,
        wrong=(
            Wrong(
                lambda m: m.tx["amount"].sum(),
                "This is the revenue of all customers together; divide it by their number.",
            ),
            Wrong(
                lambda m: purchases(m)["amount"].sum() / _everyone(m),
                "Refunds are missing; net revenue takes them off.",
            ),
            Wrong(
                lambda m: m.tx["amount"].abs().sum() / _everyone(m),
                "Refunds were added; they are below zero and come off.",
            ),
            Wrong(lambda m: m.tx["amount"].mean(), "This is a mean over lines; the question is about customers."),
            Wrong(
                lambda m: m.tx["amount"].sum() / len(_days(m)),
                "You divided by those who bought; customers with refunds only are in the log too.",
            ),
            Wrong(
                lambda m: m.tx["amount"].sum() / (m.tx.groupby("customer")["amount"].sum() > 0).sum(),
                "You divided by paying customers; those who brought nothing or less count too.",
            ),
            Wrong(
                lambda m: m.tx.groupby("customer")["amount"].mean().mean(),
                "You took the mean of the customers' mean lines; divide all money by all customers.",
            ),
            Wrong(
                lambda m: m.tx["amount"].sum() / _all_orders(m),
                "This is revenue by order; the question is about customers.",
            ),
            Wrong(
                lambda m: m.tx["amount"].sum() / _days(m).sum(),
                "This is revenue by purchase day; the question is about customers.",
            ),
            Wrong(_median_revenue, "This is the median customer; the question asks for the mean."),
        ),
        hints=(
            "Refunds stand in the log with a minus sign. What does a plain sum do with them?",
            "Divide by the number of different customers in the log.",
        ),
    ),
    **LETTER,
}
