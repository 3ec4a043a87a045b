"""The questions of *RFM and the pyramid*.

Right answers are plain pandas and numpy on the log alone; nothing of the crmlib functions under study is used.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Labels, Number, Words, Wrong
from crmlib.workbook.questions._counting import days_since_last, order_column, orders, purchases

__all__ = ["QUESTIONS"]

BINS = 5
COST, MARGIN = 2.00, 0.30  # of a letter; of an order
YEAR = 365  # a customer is active with a purchase fewer days ago
RULES = (
    ("best", (3, 3), (2, 3), (2, 3)), ("steady", (2, 3), (2, 3), (1, 2)), ("new", (3, 3), (1, 1), (1, 3)),
    ("big", (2, 2), (1, 3), (3, 3)), ("quiet", (1, 1), (1, 3), (1, 2)),
)  # fmt: skip
FACTORS = ("customers", "probability", "orders", "amount")
_HAIR = 1e-9


def _net(material):
    """What everybody who bought paid, refunds taken off, by customer."""
    # rounded, because sums of floats differ in their last digits with the order of the lines, and equal customers tie
    net = material.tx.groupby("customer")["amount"].sum().round(9)
    return net[net.index.isin(purchases(material)["customer"])]


def _score(good, bins):
    """One more than the whole part of the share of strictly worse ones times the bins."""
    return (1 + (good.rank(method="min") - 1) * bins // len(good)).astype(int)


def _some(values):
    if not len(values):
        raise DataError("Nobody in it bought anything.")
    return values


# 1 f_scores


def f_scores(material):
    return _score(_some(orders(material)), BINS)


def _f(rank, bins=BINS):
    """A wrong answer: F by another rank of equal customers."""

    def scored(material):
        n = _some(orders(material))
        return np.ceil(n.rank(method=rank) * bins / len(n) - _HAIR).astype(int)

    return scored


def _qcut(turned=False):
    """A wrong answer: the recipe of the web, with ties broken by the order of the rows."""

    def scored(material):
        n = _some(orders(material))
        first = (n[::-1] if turned else n).rank(method="first")
        return pd.qcut(first, BINS, labels=False).sort_index() + 1

    return scored


def _f_with_refunds(material):
    """Refunds are taken for orders."""
    n = material.tx.groupby("customer")[order_column(material)].nunique()
    return _score(n[n.index.isin(orders(material).index)], BINS)


# 2 important


def _eight(material, cut="median"):
    """Near, often, much: three columns of True and False by customer."""
    good = pd.DataFrame({"r": -days_since_last(material), "f": orders(material), "m": _net(material)})
    _some(good)
    if cut == "mean":
        return good > good.mean() + _HAIR
    return good >= good.median() if cut == "at least" else good > good.median()


def _group(r, f, m, cut="median"):
    return lambda material: int((_eight(material, cut) == [bool(r), bool(f), bool(m)]).all(axis=1).sum())


important = _group(0, 0, 1)


# 3 holes


def _covering():
    """How many rules cover each cell of three scores."""
    cells = product(range(1, 4), repeat=3)
    return [sum(all(low <= s <= high for s, (low, high) in zip(c, rule[1:], strict=True)) for rule in RULES)
            for c in cells]  # fmt: skip


def holes(material):
    return _covering().count(0)


# 4 top_tiers


def _active(material, within=YEAR):
    """What active customers with a positive value paid, best first."""
    net = _net(material)
    net = net[(net > 0) & (days_since_last(material) < within)].sort_values(ascending=False)
    if not len(net):
        raise DataError("No customer in it is active with a positive value.")
    return net


def _best(net, share, *, ties=True):
    """The customers of the upper tiers; who equals the last of them belongs to them too."""
    size = int(np.ceil(share * len(net) - _HAIR))
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
    """The material of the first half of the log, and the lines of the second, as crmlib.explorers.halfway has it."""
    tx, first = material.tx, material.tx["date"].min()
    start = first + pd.Timedelta(days=((pd.Timestamp(material.as_of) - first).days + 1) // 2)
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
    r = _score(-days_since_last(early), BINS)
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
    return int(cells[column][cells["bought"] / cells["customers"] > even * (1 + _HAIR)].sum())


paying = _paying


def _paying_cells(material):
    cells = _cells(material)
    return int((cells["bought"] / cells["customers"] > _even(material) * (1 + _HAIR)).sum())


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
    if apart.max() < _HAIR:
        raise DataError("Both of its halves have the same factors.")
    return FACTORS[int(apart.argmax())]


def _largest(material, apart):
    return FACTORS[int(apart(*_two(material)).argmax())]


_ROWS = "Equal customers got different scores, by the order of the rows. Count who is strictly worse."
_REFUNDED = "You counted refunds as orders. F counts purchases only."
_MEAN = "You cut at the mean. Here the cut is at the median."
_ALL_ACTIVE = "Inactive customers are in it. The pyramid ranks those with a purchase in the last 365 days."
_RAW = "You took the whole order for the profit of a sale. Only the margin is left of it."

QUESTIONS = {
    "f_scores": Labels(
        answer=f_scores,
        praise="Equal customers have equal scores, whatever the order of the rows.",
        column="f",
        wrong=(
            Wrong(_f("first"), _ROWS),
            Wrong(_qcut(), _ROWS),
            Wrong(_qcut(turned=True), _ROWS),
            Wrong(_f("average"), "Equal customers got the middle of their ranks. Count only who is strictly worse."),
            Wrong(_f("max"), "Equal customers count as worse than one another. Count only who is strictly worse."),
            Wrong(
                lambda m: pd.qcut(_some(orders(m)), BINS, labels=False, duplicates="drop") + 1,
                "qcut dropped double edges, so there are fewer scores than five. Count who is worse.",
            ),
            Wrong(lambda m: f_scores(m) - 1, "Your scores begin with 0; they run from 1 to 5."),
            Wrong(lambda m: _score(-_some(orders(m)), BINS), "The sign is wrong: most orders is the best score."),
            Wrong(lambda m: _score(-_some(days_since_last(m)), BINS), "This is R. F is about the orders."),
            Wrong(lambda m: _score(_some(_net(m)), BINS), "This is M. F is about the orders."),
            Wrong(lambda m: _score(_some(orders(m)), 4), "You have four bins; the question asks for five."),
            Wrong(lambda m: _some(orders(m)), "These are the orders; turn them into scores from 1 to 5."),
            Wrong(lambda m: _score(purchases(m).groupby("customer").size(), BINS), "Lines of one order count once."),
            Wrong(_f_with_refunds, _REFUNDED),
        ),
        hints=(
            "For each customer: how many others have strictly fewer orders?",
            "In pandas, rank(method='min') - 1 counts them. Then 1 + that * 5 // n, with n customers.",
        ),
    ),
    "important": Number(
        answer=important,
        praise="They spent much, seldom, and long ago; and another cut would give another number.",
        within=0,
        wrong=(
            Wrong(_group(0, 0, 1, "mean"), _MEAN),
            Wrong(_group(0, 0, 1, "at least"), "Exactly the median is low: high is above it."),
            Wrong(_group(1, 0, 1), "R is the wrong way round: many days since the last purchase is low."),
            Wrong(_group(0, 0, 0), "This is the general win-back: for important, M is high."),
            Wrong(_group(0, 1, 1), "This is the important retention: for win-back, F is low as well."),
            Wrong(_group(1, 1, 1), "This is the important value: for win-back, R and F are low."),
            Wrong(lambda m: important(m) / len(_net(m)), "This is their share of all; how many are they?"),
        ),
        hints=(
            "Win-back (挽留) is low in R and low in F; important (重要) is high in M.",
            "Low R means more days since the last purchase than the median, or exactly as many.",
            "The library: scores with bins=2, then the map TWO_BY_TWO.",
        ),
    ),
    "holes": Number(
        answer=holes,
        praise="Look at who stands in them: money above all, and long silent. Somebody forgot the costliest group.",
        within=0,
        wrong=(
            Wrong(lambda m: 27 - sum(_covering()), "You took cells off twice that two rules cover."),
            Wrong(lambda m: 27 - holes(m), "These cells have a segment; how many have none?"),
            Wrong(lambda m: sum(n > 1 for n in _covering()), "These are the cells that two rules cover."),
            Wrong(lambda m: sum(_covering()), "This counts cells with a segment, and some of them twice."),
            Wrong(lambda m: holes(m) / 27, "This is a share; how many cells are it?"),
        ),
        hints=(
            "Three letters with three scores each make 27 cells.",
            "check_map in the library lists the cells that no rule covers; it needs to know the number of bins.",
        ),
    ),
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
                lambda m: _best(_active(m), 0.05).sum() / _net(m).sum(),
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
    "decision": Words(
        at_least=40,
        hints=(
            "Name a number from the table: how many customers, and what share of them bought anyway?",
            "Whom would a letter change: who comes anyway, who might, or who hardly does?",
            "What would you need to know that no log of purchases has? How would you find out?",
        ),
    ),
}
