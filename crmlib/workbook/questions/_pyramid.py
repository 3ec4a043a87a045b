"""The questions on the pyramid, on response by cell and on moves, and the scores that all questions of RFM rest on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Number, Wrong
from crmlib.workbook.questions._counting import HAIR, days_since_last, half_way, net_revenue, orders, purchases

__all__ = ["BINS", "COST", "MARGIN", "PYRAMID", "YEAR", "net_of_buyers", "score"]

BINS = 5
COST, MARGIN = 2.00, 0.30  # of a letter; of an order
YEAR = 365  # a customer is active with a purchase fewer days ago
FACTORS = ("customers", "probability", "orders", "amount")


def net_of_buyers(material):
    """What everybody who bought paid, refunds taken off, by customer."""
    paid = net_revenue(material.tx, 9)
    return paid[paid.index.isin(purchases(material)["customer"])]


def score(good, bins):
    """One more than the whole part of the share of strictly worse ones times the bins."""
    return (1 + (good.rank(method="min") - 1) * bins // len(good)).astype(int)


# 4 top_tiers


def _active(material, within=YEAR):
    """What active customers with a positive value paid, best first."""
    net = net_of_buyers(material)
    net = net[(net > 0) & (days_since_last(material) < within)].sort_values(ascending=False)
    if not len(net):
        raise DataError("No customer in it is active with a positive value.")
    return net


def _best(net, share, *, ties=True):
    """The customers of the upper tiers; who equals the last of them belongs to them too."""
    size = int(np.ceil(share * len(net) - HAIR))
    return net[net >= net.iloc[size - 1]] if ties else net.iloc[:size]


def _share(net, share, **how):
    return _best(net, share, **how).sum() / net.sum()


def top_tiers(material):
    return _share(_active(material), 0.05)


def _interpolated(material):
    net = _active(material)
    size = 0.05 * len(net)
    whole = int(size)
    return (net.iloc[:whole].sum() + (size - whole) * net.iloc[whole]) / net.sum()


# 5 paying, 6 gone_quiet, 7 factor


def _halves(material):
    """The material of the first half of the log, and the lines of the second."""
    tx = material.tx
    start = half_way(material, tx["date"].min())
    early = material._replace(tx=tx[tx["date"] < start], as_of=f"{start - pd.Timedelta(days=1):%Y-%m-%d}")
    late = material._replace(tx=tx[tx["date"] >= start])
    if not (early.tx["amount"] > 0).any():
        raise DataError("Nobody paid anything in its first half.")
    if not len(purchases(late)):
        raise DataError("Nobody bought anything in its second half.")
    return early, late


def _cells(material):
    """By R score of the first half: customers, and how many of them bought in the second."""
    early, late = _halves(material)
    r = score(-days_since_last(early), BINS)
    bought = pd.Series(r.index.isin(purchases(late)["customer"]), r.index)
    return pd.DataFrame({"customers": bought.groupby(r).size(), "bought": bought.groupby(r).sum()})


def _even(material, margin=MARGIN):
    """The break-even rate, at the mean of the customers' mean orders."""
    early, _ = _halves(material)
    spent = purchases(early).groupby("customer")["amount"].sum()
    return COST / (margin * (spent / orders(early)).mean())


def _paying(material, even=None, column="customers"):
    cells = _cells(material)
    even = _even(material) if even is None else even
    return int(cells[column][cells["bought"] / cells["customers"] > even * (1 + HAIR)].sum())


paying = _paying


def _paying_cells(material):
    cells = _cells(material)
    return int((cells["bought"] / cells["customers"] > _even(material) * (1 + HAIR)).sum())


def _above_mean(material):
    cells = _cells(material)
    return _paying(material, even=cells["bought"].sum() / cells["customers"].sum())


def _of_upper(material, share=0.05, *, again=False, only=None):
    """How many of the upper tiers of the first half bought nothing (or something) in the second."""
    early, late = _halves(material)
    net = _active(early)
    upper = _best(net, share)
    if only is not None:  # without those of the tiers above
        upper = upper.drop(_best(net, only).index)
    bought = upper.index.isin(purchases(late)["customer"])
    return int((bought if again else ~bought).sum())


gone_quiet = _of_upper


def _all_quiet(material):
    early, late = _halves(material)
    return int((~orders(early).index.isin(purchases(late)["customer"])).sum())


def _factors(half):
    """customers, probability, orders, amount of one half."""
    n, everybody = orders(half), half.tx["customer"].nunique()
    paid = round(half.tx["amount"].sum(), 6)
    if not paid > 0:
        raise DataError("In one of its halves more was paid back than paid, and a loss has no ratio.")
    return np.array([everybody, len(n) / everybody, n.mean(), paid / n.sum()])


def _two(material):
    early, late = _halves(material)
    early = early._replace(tx=early.tx[early.tx["customer"].isin(purchases(early)["customer"])])
    return _factors(early), _factors(late)


def factor(material):
    first, second = _two(material)
    apart = np.abs(np.log(second / first))
    if apart.max() < HAIR:
        raise DataError("Both of its halves have the same factors.")
    return FACTORS[int(apart.argmax())]


def _largest(material, apart):
    return FACTORS[int(apart(*_two(material)).argmax())]


_ALL_ACTIVE = "Inactive customers are in it. The pyramid ranks those with a purchase in the last 365 days."
_RAW = "You took the whole order for the profit of a sale. Only the margin is left of it."

PYRAMID = {
    "top_tiers": Number(
        answer=top_tiers,
        praise="Measured, and not taken from a textbook.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: _share(_active(m, np.inf), 0.05), _ALL_ACTIVE),
            Wrong(_interpolated, "You took a part of a customer. A tier is made of whole ones, rounded up."),
            Wrong(lambda m: _share(_active(m), 0.05, ties=False), "Who paid the same as the last of a tier is in it."),
            Wrong(lambda m: _share(_active(m), 0.01), "This is the top tier alone; the large one belongs to it."),
            Wrong(lambda m: top_tiers(m) - _share(_active(m), 0.01), "This is the large tier alone; add the top one."),
            Wrong(lambda m: _share(_active(m), 0.20), "These are three tiers; the question asks for the upper two."),
            Wrong(
                lambda m: _best(_active(m), 0.05).sum() / net_of_buyers(m).sum(),
                "Your total is that of all customers. The shares are of the active ones with a positive value.",
            ),
            Wrong(lambda m: 1 - top_tiers(m), "This is what the other tiers bring."),
        ),
        hints=(
            "Leave out who last bought 365 days ago or more, and who brought nothing; rank the others.",
            "The upper two tiers are 5 % of them, rounded up to whole customers.",
            "The library has tiers and a summary of them.",
        ),
    ),
    "paying": Number(
        answer=paying,
        praise="Each cell against break-even. But nobody was mailed: who bought anyway is no response.",
        within=0,
        wrong=(
            Wrong(lambda m: _paying(m, even=_even(m, margin=1)), _RAW),
            Wrong(_above_mean, "You held the cells against the mean rate. What counts is break-even."),
            Wrong(lambda m: _paying(m, column="bought"), "These are the buyers in those cells; the letters go to all."),
            Wrong(_paying_cells, "This is the number of cells; how many customers are in them?"),
            Wrong(lambda m: int(_cells(m)["customers"].sum()) - paying(m), "These are in the other cells."),
            Wrong(lambda m: int(_cells(m)["customers"].sum()), "This is everybody. Which cells pay?"),
        ),
        hints=(
            "Break-even is the cost of a letter by what a sale leaves.",
            "For each R score: how many customers, and what share of them bought later?",
            "Add up the customers of the cells whose rate is above break-even.",
        ),
    ),
    "gone_quiet": Number(
        answer=gone_quiet,
        praise="Silent, and not lost: the log cannot tell. But this is a list for a call.",
        within=0,
        wrong=(
            Wrong(lambda m: _of_upper(m, again=True), "These bought again; how many did not?"),
            Wrong(lambda m: _of_upper(m, 0.01), "This is the top tier alone; the large one belongs to it."),
            Wrong(lambda m: _of_upper(m, 0.05, only=0.01), "This is the large tier alone; add the top one."),
            Wrong(_all_quiet, "These are the silent ones of all tiers; the question asks for the upper two."),
            Wrong(lambda m: gone_quiet(m) / len(_best(_active(_halves(m)[0]), 0.05)), "A share; how many are they?"),
            Wrong(lambda m: _of_upper(m, 0.20), "These are three tiers; the question asks for the upper two."),
        ),
        hints=(
            "Make the tiers of `before`, the customers as they stood at the end of the first half.",
            "Its column bought says who bought in the second half.",
        ),
    ),
    "factor": Choice(
        answer=factor,
        praise="The furthest from a ratio of 1. It says whose task it is, and no cause.",
        choices=FACTORS,
        wrong=(
            Wrong(
                lambda m: _largest(m, lambda first, second: second / first),
                "It has the largest ratio. But a fall counts too: half is as far from 1 as double.",
            ),
            Wrong(
                lambda m: _largest(m, lambda first, second: np.abs(second - first)),
                "It has the largest difference. Factors have units: compare their ratios.",
            ),
        ),
        hints=(
            "Measure the four factors in `before` and in `after`, and divide each by what it was.",
            "Which ratio is furthest from 1? A half is as far as a double; logarithms see that.",
        ),
    ),
}
