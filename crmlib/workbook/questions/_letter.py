"""The last question of *From purchases to customers*: a letter to the lapsed customers, and whether it pays."""

from __future__ import annotations

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Number, Words, Wrong
from crmlib.workbook.questions._counting import (
    days_since, days_since_first, days_since_last, order_column, purchases,
)  # fmt: skip

__all__ = ["LAPSED_AFTER", "LAST_RESPONSE", "LETTER", "LETTER_COST", "MARGIN"]

# The letter of the last question, in the currency of the log: the workbook shows the same three numbers.
LETTER_COST, MARGIN, LAST_RESPONSE = 0.80, 0.25, 0.03
LAPSED_AFTER = 180  # days, the threshold of crmlib.lifecycle


def _lapsed(material, after=LAPSED_AFTER):
    """The purchases of customers whose last one lies more than ``after`` days back."""
    bought = purchases(material)
    last = bought.groupby("customer")["date"].transform("max")
    lapsed = bought[days_since(material, last) > after]
    if lapsed["amount"].sum() <= 0:
        raise DataError(f"No customer with revenue has been silent for more than {after} days on {material.as_of}.")
    return lapsed


def lapsed(material):
    """How many customers are lapsed; nobody need have paid anything."""
    return _silent(material, lambda days: days > LAPSED_AFTER)


def _silent(material, rule):
    return int(rule(days_since_last(material)).sum())


def _active(material):
    bought = purchases(material)
    last = bought.groupby("customer")["date"].transform("max")
    return bought[days_since(material, last) <= LAPSED_AFTER]


def _net_order(material):
    bought = _lapsed(material)
    net = material.tx[material.tx["customer"].isin(bought["customer"])]["amount"].sum()
    return net / len(bought[["customer", order_column(material)]].drop_duplicates())


def _mean_order(material, bought):
    return bought["amount"].sum() / len(bought[["customer", order_column(material)]].drop_duplicates())


def _needed(mean_order):
    return LETTER_COST / (MARGIN * mean_order)


def break_even(material):
    return _needed(_mean_order(material, _lapsed(material)))


def _needed_by_means(material):
    lapsed = _lapsed(material)
    means = lapsed.groupby("customer")["amount"].sum() / lapsed.groupby("customer")[order_column(material)].nunique()
    return _needed(means.mean())


def letter(material):
    return "send" if break_even(material) <= LAST_RESPONSE else "do not send"


def _other_decision(material):
    return "do not send" if letter(material) == "send" else "send"


LETTER = {
    "lapsed": Number(
        answer=lapsed,
        praise="These are the people the letter would go to.",
        within=0,
        wrong=(
            Wrong(
                lambda m: _silent(m, lambda days: days >= LAPSED_AFTER),
                f"You took customers with exactly {LAPSED_AFTER} days too; lapsed means more than {LAPSED_AFTER}.",
            ),
            Wrong(
                lambda m: _silent(m, lambda days: days <= LAPSED_AFTER),
                "These are the others, who are not lapsed; count those who have been silent for longer.",
            ),
            Wrong(lambda m: len(_lapsed(m)), "These are lines of lapsed customers; a customer counts once."),
            Wrong(
                lambda m: int((days_since_first(m) > LAPSED_AFTER).sum()),
                "You counted from the first purchase; silence begins after the last.",
            ),
        ),
        hints=("Use your days_since_last from question 5.", "The sum of a column of True and False counts the True."),
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
                lambda m: _needed(_mean_order(m, purchases(m))),
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
                lambda m: _needed(_mean_order(m, _active(m))),
                "You took the customers who are not lapsed; the letter goes to the others.",
            ),
            Wrong(
                lambda m: _needed(_net_order(m)),
                "You took the refunds off; the question asks for all they ever paid for purchases.",
            ),
            Wrong(
                lambda m: _needed(_lapsed(m)["amount"].sum() / _lapsed(m)["customer"].nunique()),
                "You took the money of a customer; the margin is that of one order.",
            ),
            Wrong(
                lambda m: LETTER_COST / ((1 - MARGIN) * _mean_order(m, _lapsed(m))),
                "You took what the goods cost; the margin is what remains.",
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
