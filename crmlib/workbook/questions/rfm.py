"""The questions of *RFM and the pyramid*.

Right answers are plain pandas and numpy on the log alone; nothing of the crmlib functions under study is used.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Labels, Number, Words, Wrong
from crmlib.workbook.questions._counting import HAIR, days_since_last, order_column, orders, purchases
from crmlib.workbook.questions._pyramid import BINS, PYRAMID, net_of_buyers, score

__all__ = ["QUESTIONS"]

RULES = (
    ("best", (3, 3), (2, 3), (2, 3)), ("steady", (2, 3), (2, 3), (1, 2)), ("new", (3, 3), (1, 1), (1, 3)),
    ("big", (2, 2), (1, 3), (3, 3)), ("quiet", (1, 1), (1, 3), (1, 2)),
)  # fmt: skip


def _some(values):
    if not len(values):
        raise DataError("Nobody in it bought anything.")
    return values


# 1 f_scores


def f_scores(material):
    return score(_some(orders(material)), BINS)


def _f(rank, bins=BINS):
    """A wrong answer: F by another rank of equal customers."""

    def scored(material):
        n = _some(orders(material))
        return np.ceil(n.rank(method=rank) * bins / len(n) - HAIR).astype(int)

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
    return score(n[n.index.isin(orders(material).index)], BINS)


# 2 important


def _eight(material, cut="median"):
    """Near, often, much: three columns of True and False by customer."""
    good = pd.DataFrame({"r": -days_since_last(material), "f": orders(material), "m": net_of_buyers(material)})
    _some(good)
    if cut == "mean":
        return good > good.mean() + HAIR
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


_ROWS = "Equal customers got different scores, by the order of the rows. Count who is strictly worse."
_REFUNDED = "You counted refunds as orders. F counts purchases only."
_MEAN = "You cut at the mean. Here the cut is at the median."

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
            Wrong(lambda m: score(-_some(orders(m)), BINS), "The sign is wrong: most orders is the best score."),
            Wrong(lambda m: score(-_some(days_since_last(m)), BINS), "This is R. F is about the orders."),
            Wrong(lambda m: score(_some(net_of_buyers(m)), BINS), "This is M. F is about the orders."),
            Wrong(lambda m: score(_some(orders(m)), 4), "You have four bins; the question asks for five."),
            Wrong(lambda m: _some(orders(m)), "These are the orders; turn them into scores from 1 to 5."),
            Wrong(lambda m: score(purchases(m).groupby("customer").size(), BINS), "Lines of one order count once."),
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
            Wrong(lambda m: important(m) / len(net_of_buyers(m)), "This is their share of all; how many are they?"),
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
    **PYRAMID,
    "decision": Words(
        at_least=40,
        hints=(
            "Name a number from the table: how many customers, and what share of them bought anyway?",
            "Whom would a letter change: who comes anyway, who might, or who hardly does?",
            "What would you need to know that no log of purchases has? How would you find out?",
        ),
    ),
}
