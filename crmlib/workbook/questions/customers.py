"""The questions of *From purchases to customers*.

Right answers are plain pandas on the log alone; nothing of crmlib.customers is used.
"""

from __future__ import annotations

import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Labels, Number, Words, Wrong

__all__ = ["QUESTIONS"]

# The letter of the last question, in the currency of the log: the workbook shows the same three numbers.
LETTER_COST, MARGIN, LAST_RESPONSE = 0.80, 0.25, 0.03
LAPSED_AFTER = 180  # days, the threshold of crmlib.lifecycle


def _purchases(material):
    return material.tx[material.tx["amount"] >= 0]


def _by(material):
    """What makes an order: its id, or else the customer's day."""
    return "order" if "order" in material.tx else "date"


def _lines(material):
    return _purchases(material).groupby("customer").size()


def _orders(material):
    return _purchases(material).groupby("customer")[_by(material)].nunique()


def _days(material):
    return _purchases(material).groupby("customer")["date"].nunique()


def _everyone(material):
    return material.tx["customer"].nunique()


# Mistakes that need something in the log; without it another mistake gives the same numbers and has a better name.


def _all_lines(material):
    if (material.tx["amount"] >= 0).all():
        raise DataError("The log has no refunds.")
    return material.tx.groupby("customer").size().reindex(_orders(material).index)


def _all_orders(material):
    if "order" not in material.tx:
        raise DataError("The log has no order ids.")
    return _orders(material).sum()


# 1 customers_early


def _early(material):
    """The day on which a tenth of the time between the first line and as_of has passed."""
    first = material.tx["date"].min()
    return first + pd.Timedelta(days=(pd.Timestamp(material.as_of) - first).days // 10)


def _until_early(material):
    purchases = _purchases(material)
    return purchases[purchases["date"] <= _early(material)]


def customers_early(material):
    return _until_early(material)["customer"].nunique()


def _before_early(material):
    purchases = _purchases(material)
    return purchases[purchases["date"] < _early(material)]["customer"].nunique()


def _after_early(material):
    purchases = _purchases(material)
    return purchases[purchases["date"] > _early(material)]["customer"].nunique()


# 3 repeat_days, 4 bought_once


def repeat_days(material):
    return (_days(material) - 1).sum()


def bought_once(material):
    return (_days(material) == 1).mean()


# 5 days_since_last


def _days_since(material, dates):
    return (pd.Timestamp(material.as_of) - dates).dt.days


def days_since_last(material):
    return _days_since(material, _purchases(material).groupby("customer")["date"].max())


def _days_since_first(material):
    return _days_since(material, _purchases(material).groupby("customer")["date"].min())


def _days_since_last_line(material):
    last = material.tx.groupby("customer")["date"].max()
    return _days_since(material, last[_days(material).index])


# 6 revenue_per_customer


def revenue_per_customer(material):
    return material.tx["amount"].sum() / _everyone(material)


def _median_revenue(material):
    return material.tx.groupby("customer")["amount"].sum().median()


# 7 break_even, letter


def _lapsed(material, after=LAPSED_AFTER):
    """The purchases of customers whose last one lies more than ``after`` days back."""
    purchases = _purchases(material)
    last = purchases.groupby("customer")["date"].transform("max")
    lapsed = purchases[_days_since(material, last) > after]
    if lapsed["amount"].sum() <= 0:
        raise DataError(f"No customer with revenue has been silent for more than {after} days on {material.as_of}.")
    return lapsed


def _mean_order(material, purchases):
    return purchases["amount"].sum() / len(purchases[["customer", _by(material)]].drop_duplicates())


def _needed(mean_order):
    return LETTER_COST / (MARGIN * mean_order)


def break_even(material):
    return _needed(_mean_order(material, _lapsed(material)))


def _needed_by_means(material):
    lapsed = _lapsed(material)
    means = lapsed.groupby("customer")["amount"].sum() / lapsed.groupby("customer")[_by(material)].nunique()
    return _needed(means.mean())


def letter(material):
    return "send" if break_even(material) <= LAST_RESPONSE else "do not send"


def _other_decision(material):
    return "do not send" if letter(material) == "send" else "send"


QUESTIONS = {
    "customers_early": Number(
        answer=customers_early,
        praise="Everyone who had bought by the end of that day, once each. The number belongs to its day.",
        within=0,
        wrong=(
            Wrong(_before_early, "The day itself is left out; as_of is inclusive, so its purchases count."),
            Wrong(lambda m: len(_until_early(m)), "These are lines up to that day; a customer can have several."),
            Wrong(
                lambda m: len(_until_early(m)[["customer", "date"]].drop_duplicates()),
                "These are purchase days up to that day; a customer can have several.",
            ),
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
        answer=_orders,
        praise="Orders, not lines: what the customer decided, not what the till wrote down.",
        column="orders",
        wrong=(
            Wrong(_lines, "You counted lines. Lines of one order count once."),
            Wrong(
                _all_lines,
                "You counted all lines, refunds among them. A refund is no order, and lines of one order count once.",
            ),
            Wrong(
                lambda m: m.tx.groupby("customer")[_by(m)].nunique().reindex(_orders(m).index),
                "You counted refunds as orders. Keep the lines with an amount of zero or more first.",
            ),
            Wrong(_days, "You counted purchase days. This log has order ids, and two orders can fall on one day."),
            Wrong(
                lambda m: _orders(m).reindex(m.tx["customer"].unique(), fill_value=0),
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
                lambda m: len(_purchases(m)) - len(_days(m)),
                "You took the first line off, not the first day: lines of one day are one visit.",
            ),
            Wrong(
                lambda m: _all_orders(m) - len(_days(m)),
                "You took one order off; but two orders on one day are one purchase day.",
            ),
            Wrong(
                lambda m: _days(m).sum(), "These are all purchase days; the first day of each customer is no repeat."
            ),
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
                lambda m: (_orders(m) == 1).mean(),
                "These customers have one order. Two orders on one day are still one day.",
            ),
            Wrong(lambda m: (_days(m) > 1).mean(), "This is the share of those who did come back."),
            Wrong(lambda m: (_days(m) == 1).sum() / len(_purchases(m)), "You divided by lines; divide by customers."),
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
                _days_since_first,
                "You counted from the first purchase. That is T, how long we have known the customer.",
            ),
            Wrong(
                lambda m: _days_since_first(m) - days_since_last(m),
                "These are the days between first and last purchase. That is t_x, the recency of the BTYD papers.",
            ),
            Wrong(
                lambda m: days_since_last(m) + 1,
                "Every customer has one day too many. as_of is the last day observed: who bought on it has 0 days.",
            ),
            Wrong(_days_since_last_line, "Some of these days are days of a refund. A refund is no purchase."),
            Wrong(
                lambda m: (m.tx["date"].max() - _purchases(m).groupby("customer")["date"].max()).dt.days,
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
                lambda m: _purchases(m)["amount"].sum() / _everyone(m),
                "Refunds are missing; net revenue takes them off.",
            ),
            Wrong(
                lambda m: m.tx["amount"].abs().sum() / _everyone(m),
                "Refunds were added; they are below zero and come off.",
            ),
            Wrong(lambda m: m.tx["amount"].mean(), "This is a mean over lines; the question is about customers."),
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
    "break_even": Number(
        answer=break_even,
        praise="Below this share of answers, a letter costs more than it brings.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(
                lambda m: LETTER_COST / _mean_order(m, _lapsed(m)),
                "You let the whole order pay for the letter; only its margin does.",
            ),
            Wrong(
                lambda m: 1 / break_even(m), "Upside down: this is how many letters the margin of one order pays for."
            ),
            Wrong(
                lambda m: _needed(_mean_order(m, _purchases(m))),
                "You took the mean order of all customers; the letter goes to the lapsed ones.",
            ),
            Wrong(
                lambda m: _needed(_lapsed(m)["amount"].mean()),
                "You took the mean line; an order can have several lines.",
            ),
            Wrong(
                _needed_by_means,
                "You took the mean of the customers' means; divide all their money by all their orders.",
            ),
            Wrong(
                lambda m: _needed(_mean_order(m, _lapsed(m, LAPSED_AFTER - 1))),
                f"You took customers with exactly {LAPSED_AFTER} days too; lapsed means more than {LAPSED_AFTER}.",
            ),
        ),
        hints=(
            f"Pick the lapsed customers by your days_since_last, then their purchases: more than {LAPSED_AFTER} days.",
            "Their mean order is all they paid for purchases, divided by the number of their orders.",
            "A letter pays when response times margin times mean order is at least its cost. Solve for the response.",
        ),
    ),
    "letter": Choice(
        answer=letter,
        praise="That is what these numbers say. Whether they are the right numbers is the next question.",
        choices=("send", "do not send"),
        wrong=(
            Wrong(_other_decision, "Put the share you need beside the share the last letter got: which is larger?"),
        ),
        hints=(
            "Which share of the letters must lead to an order, and which share did last time?",
            "If fewer answer than needed, every letter loses money on average.",
        ),
    ),
    "letter_why": Words(
        at_least=40,
        hints=(
            "Name the two shares you compared and what follows from them.",
            "Who among these customers would have come back without a letter? Can this log tell?",
            "What could you try on a few customers first, and which number would change your mind?",
        ),
    ),
}
