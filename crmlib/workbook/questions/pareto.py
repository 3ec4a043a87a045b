"""The questions of *Who brings the money: Pareto, ABC and the 80/20 claim*.

Right answers are plain pandas and numpy on the log alone; nothing of crmlib.pareto or crmlib.concentration is used.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Labels, Number, Words, Wrong
from crmlib.workbook.questions._counting import HAIR, net_revenue
from crmlib.workbook.questions._shares import (
    BEST, BY_COUNT, GROSS, NEGATIVE, RECENT, TENTH, counted, gross, top, whole, whole_share,
)  # fmt: skip

__all__ = ["QUESTIONS"]

CUTS = (0.70, 0.90)


# 1 top_share


def top_share(material):
    return top(counted(material.tx), TENTH)


def _top_lines(material):
    """The share of the largest lines instead of the best customers."""
    return top(material.tx.loc[material.tx["amount"] >= 0, "amount"].sort_values(), TENTH)


def _by_id(material):
    """In the order of the table, the first of it last."""
    return counted(material.tx).sort_index()[::-1]


# 2 half_of_revenue


def _needed(ranked, goal=0.5):
    """How many of the values, in their order, it takes to reach half of the total."""
    return int((ranked.cumsum() < ranked.sum() * (goal - HAIR)).sum()) + 1


def half_of_revenue(material):
    return _needed(counted(material.tx)[::-1])


# 3 gini_orders


def _all_orders(material):
    """Orders of everybody who bought: order ids, or else days."""
    bought = material.tx[material.tx["amount"] >= 0]
    return bought.groupby("customer")["order" if "order" in bought else "date"].nunique()


def _orders(material):
    return _all_orders(material)[counted(material.tx).index]


def _gini(values):
    n, ranked = len(values), np.sort(values.to_numpy(dtype=float))
    return 2 * (np.arange(1, n + 1) * ranked).sum() / (n * ranked.sum()) - (n + 1) / n if ranked.sum() > 0 else np.nan


def gini_orders(material):
    return _gini(_orders(material))


def _gini_unbiased(material):
    n = len(_orders(material))
    return gini_orders(material) * n / (n - 1) if n > 1 else np.nan


# 4 abc_classes


def _classes(values, cuts=CUTS, *, order="best first", inclusive=False, together=False, none="apart", losses=False):
    """A, B or C for every value, by what is held before it, or by what is reached with it (``inclusive``).

    Zero and less: ``none`` is "apart" (class N), "late" (ranked with the others, then made N) or "in" (one of them).
    ``losses`` takes them off the total.
    """
    ranked = values[values > 0] if none == "apart" else values
    if order != "by id":
        # the usual sort, not the stable one: a learner's usual sort must split equal values at a cut in the same way
        ranked = ranked.sort_values(ascending=order == "poorest first")
    total = values.sum() if losses else values[values > 0].sum()
    held = ranked.cumsum() - (0 if inclusive else ranked)
    if together:  # equal customers take the place of the first of them
        held = held.groupby(ranked).transform("min")
    hair = HAIR if inclusive else -HAIR
    letters = pd.Series(np.select([held < (cut + hair) * total for cut in cuts], ["A", "B"], "C"), ranked.index)
    return (letters if none == "in" else letters[ranked > 0]).reindex(values.index, fill_value="N")


def abc_classes(material):
    counted(material.tx)
    return _classes(net_revenue(material.tx), together=True)


def _abc(**how):
    """A wrong answer: the classes of net revenue, made in another way."""
    return lambda material: _classes(net_revenue(material.tx), **how)


def _unlike(answer, *simpler):
    """An answer with more than one mistake, where it differs from the answers with one of them."""

    def several(material):
        given = answer(material)
        if any(given.equals(other(material)) for other in simpler):
            raise DataError("On this log one of the mistakes changes nothing.")
        return given

    return several


def _abc_none_is_c(material):
    return abc_classes(material).replace("N", "C")


def _abc_gross(material):
    everybody = net_revenue(material.tx).index
    return _classes(gross(material.tx).reindex(everybody, fill_value=0.0), together=True)


def _abc_by_count(material):
    net = net_revenue(material.tx)
    better = (net > 0).sum() - net[net > 0].rank(method="max")
    letters = np.select([better < cut * len(better) - HAIR for cut in CUTS], ["A", "B"], "C")
    return pd.Series(letters, better.index).reindex(net.index, fill_value="N")


_UNSORTED = "You took the customers in the order of the table. Sort them by revenue first."
_NO_CLASS_N = _abc(together=True, none="in", losses=True)
_HALF_OF_ALL = "This is half of the customers; take as many as bring half of the revenue."
_CROSSES = "You sent the customer who crosses a cut to the lower class. What counts is what better ones hold before."
_SHARE = "Almost: at a cut, customers with the same revenue got different classes. They share the better one."
_OTHERS = "Customers are in it who do not count: without a purchase, or with a negative revenue. Take `counted`."

QUESTIONS = {
    "top_share": Number(
        answer=top_share,
        praise="Read off the Lorenz curve, with a fraction of a customer where there is one.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: whole(counted(m.tx), TENTH), BY_COUNT),
            Wrong(lambda m: whole(counted(m.tx), TENTH, up=False), BY_COUNT),
            Wrong(lambda m: top(counted(m.tx)[::-1], TENTH), BEST),
            Wrong(lambda m: top(_by_id(m), TENTH), _UNSORTED),
            Wrong(lambda m: top(_by_id(m)[::-1], TENTH), _UNSORTED),
            Wrong(lambda m: whole(_by_id(m), TENTH), _UNSORTED),
            Wrong(lambda m: whole(_by_id(m), TENTH, up=False), _UNSORTED),
            Wrong(lambda m: 1 - top_share(m), "This is what all the others bring."),
            Wrong(whole_share, "This is the top 20 %; the question asks for the top 10 %."),
            Wrong(_top_lines, "These are the largest lines of the log. Add up the lines of each customer first."),
            Wrong(lambda m: top(gross(m.tx).sort_values(), TENTH), GROSS),
            Wrong(lambda m: top(net_revenue(m.tx).sort_values(), TENTH), NEGATIVE),
        ),
        hints=(
            "Sort what the customers in `counted` paid, best first, and add it up along the way.",
            "10 % of the customers is rarely a whole number; the next customer counts with the fraction that is left.",
            "The library has a function that reads this off the curve; look at its argument q.",
        ),
    ),
    "half_of_revenue": Number(
        answer=half_of_revenue,
        praise="Whoever loses these loses half of the business, so it pays to know them by name.",
        within=0,
        wrong=(
            Wrong(lambda m: half_of_revenue(m) - 1, "They bring less than half. The one who crosses it is needed too."),
            Wrong(lambda m: half_of_revenue(m) + 1, "One fewer is enough; do you count whoever crosses half twice?"),
            Wrong(lambda m: _needed(counted(m.tx)[::-1], 0.8), "These bring 80 %; the question asks for half."),
            Wrong(lambda m: _needed(counted(m.tx)), BEST),
            Wrong(lambda m: _needed(counted(m.tx).sort_index()), _UNSORTED),
            Wrong(lambda m: half_of_revenue(m) / len(counted(m.tx)), "This is their share of all; how many are they?"),
            Wrong(lambda m: len(counted(m.tx)) // 2, _HALF_OF_ALL),
            Wrong(lambda m: -(-len(counted(m.tx)) // 2), _HALF_OF_ALL),
            Wrong(lambda m: _needed(gross(m.tx).sort_values(ascending=False)), GROSS),
        ),
        hints=(
            "Best first, what share of the revenue is reached with each customer?",
            "Count the customers with whom less than half is reached. One more crosses it.",
        ),
    ),
    "gini_orders": Number(
        answer=gini_orders,
        praise="Compare it with the Gini index of revenue. Part of the difference is that orders differ in value, and "
        "that those who order often may spend more, or less, each time.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(lambda m: _gini(counted(m.tx)), "This is the Gini index of revenue; the question is about orders."),
            Wrong(lambda m: gini_orders(m) / 2, "This is the area between diagonal and curve. Double it."),
            Wrong(lambda m: (1 - gini_orders(m)) / 2, "This is the area under the curve, not the one above it."),
            Wrong(lambda m: 1 - gini_orders(m), "This is 1 minus the index: how equal they are, not how unequal."),
            Wrong(lambda m: -gini_orders(m), "The sign is wrong: begin with the customer who has fewest orders."),
            Wrong(_gini_unbiased, "This is the unbiased version; the question asks for the plain index."),
            Wrong(
                lambda m: _gini(m.tx[m.tx["amount"] >= 0].groupby("customer").size()),
                "This is the Gini index of lines; lines of one order count once.",
            ),
            Wrong(lambda m: _gini(_all_orders(m)), _OTHERS),
            Wrong(lambda m: _gini(_all_orders(m).reindex(m.tx["customer"].unique(), fill_value=0)), _OTHERS),
        ),
        hints=(
            "It is the same index as for revenue, on another column of `counted`.",
            "crmlib's function has an argument `by`.",
        ),
    ),
    "abc_classes": Labels(
        answer=abc_classes,
        praise="By value, best first, with the customer who crosses a cut in the better class.",
        column="class",
        wrong=(
            Wrong(_abc(cuts=(0.80, 0.95), together=True), "Your cuts are 80 % and 95 %, and not 70 % and 90 %."),
            Wrong(_abc(inclusive=True), _CROSSES),
            Wrong(_abc(inclusive=True, none="late"), _CROSSES),
            Wrong(
                _unlike(_abc(inclusive=True, none="in", losses=True), _abc(inclusive=True, none="late")),
                "Two things. Whoever crosses a cut belongs to the better class, and whoever brought nothing is N.",
            ),
            Wrong(_abc(), _SHARE),
            Wrong(_abc(none="late"), _SHARE),
            Wrong(_abc_none_is_c, "Whoever brought nothing, or less, is class N. C brings little, N nothing."),
            Wrong(_abc(together=True, losses=True), "The losses are in your total. Class N is no part of it."),
            Wrong(
                _unlike(_NO_CLASS_N, _abc_none_is_c, _abc(together=True, losses=True)),
                "Whoever brought nothing, or less, is class N, and the losses are no part of the total.",
            ),
            Wrong(
                _unlike(_abc(none="in", losses=True), _abc_none_is_c, _abc(none="late"), _NO_CLASS_N),
                "Two things. Whoever brought nothing, or less, is N, and customers of one revenue share a class.",
            ),
            Wrong(lambda m: abc_classes(m).str.lower(), "The classes are capital letters."),
            Wrong(_abc_by_count, "You cut on the number of customers. Here the cut is on the cumulative revenue."),
            *(
                Wrong(_abc(order=order, none=none, inclusive=inclusive, losses=none == "in"), message)
                for order, message in (("poorest first", BEST), ("by id", _UNSORTED))
                for none in ("late", "in")
                for inclusive in (False, True)
            ),
            Wrong(_abc_gross, GROSS),
        ),
        hints=(
            "All customers get a class; those with a revenue of zero or less get N and are no part of the total.",
            "For each customer you need the share held by those with more revenue. Below 70 %: A. Below 90 %: B.",
            "The library's function takes the cuts as an argument.",
        ),
    ),
    **RECENT,
    "class_c": Words(
        at_least=40,
        hints=(
            "Name a number from the table: what did class C of the first half bring in the second?",
            "Which cost would you save, and does this log know it?",
            "Between full service and none there is something: which channel costs almost nothing for each customer?",
        ),
    ),
}
