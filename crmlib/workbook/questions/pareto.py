"""The questions of *Who brings the money: Pareto, ABC and the 80/20 claim*.

Right answers are plain pandas and numpy on the log alone; nothing of crmlib.pareto or crmlib.concentration is used.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Labels, Number, Words, Wrong

__all__ = ["QUESTIONS"]

TENTH, FIFTH = 0.10, 0.20
CUTS = (0.70, 0.90)
NEAR = 0.05  # a claim held when the share is within five points of it, as in the report
_HAIR = 1e-9  # running sums of floats differ in their last digits


def _net(tx):
    """What everybody paid, refunds taken off, by customer."""
    # rounded, because sums of floats differ in their last digits with the order of the lines, and equal customers tie
    return tx.groupby("customer")["amount"].sum().round(6)


def _gross(tx):
    """What everybody paid, refunds ignored."""
    return _net(tx[tx["amount"] >= 0])


def _counted(tx):
    """Those with a purchase and no negative revenue; richest last."""
    net = _net(tx)
    net = net[net.index.isin(_gross(tx).index) & (net >= 0)]
    if not net.sum() > 0:
        raise DataError("No customer in it paid more than was paid back.")
    return net.sort_values()


def _top(values, q):
    """The share of the last ``q`` of the values, with a fraction of the customer at the border."""
    n, total = len(values), values.sum()
    height = np.concatenate([[0.0], np.cumsum(values.to_numpy())])
    return 1 - np.interp((1 - q) * n, np.arange(n + 1), height) / total if total > 0 else np.nan


# 1 top_share


def top_share(material):
    return _top(_counted(material.tx), TENTH)


def _top_lines(material):
    """The share of the largest lines instead of the best customers."""
    return _top(material.tx.loc[material.tx["amount"] >= 0, "amount"].sort_values(), TENTH)


def _whole(paid, q, *, up=True):
    """The share of whole customers, from the end of the values."""
    size = int(np.ceil(q * len(paid) - _HAIR) if up else np.floor(q * len(paid) + _HAIR))
    return paid.iloc[len(paid) - size :].sum() / paid.sum()


def _by_id(material):
    """In the order of the table, the first of it last."""
    return _counted(material.tx).sort_index()[::-1]


# 2 half_of_revenue


def _needed(ranked, goal=0.5):
    """How many of the values, in their order, it takes to reach half of the total."""
    return int((ranked.cumsum() < ranked.sum() * (goal - _HAIR)).sum()) + 1


def half_of_revenue(material):
    return _needed(_counted(material.tx)[::-1])


# 3 gini_orders


def _all_orders(material):
    """Orders of everybody who bought: order ids, or else days."""
    bought = material.tx[material.tx["amount"] >= 0]
    return bought.groupby("customer")["order" if "order" in bought else "date"].nunique()


def _orders(material):
    return _all_orders(material)[_counted(material.tx).index]


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
    hair = _HAIR if inclusive else -_HAIR
    letters = pd.Series(np.select([held < (cut + hair) * total for cut in cuts], ["A", "B"], "C"), ranked.index)
    return (letters if none == "in" else letters[ranked > 0]).reindex(values.index, fill_value="N")


def abc_classes(material):
    _counted(material.tx)
    return _classes(_net(material.tx), together=True)


def _abc(**how):
    """A wrong answer: the classes of net revenue, made in another way."""
    return lambda material: _classes(_net(material.tx), **how)


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
    everybody = _net(material.tx).index
    return _classes(_gross(material.tx).reindex(everybody, fill_value=0.0), together=True)


def _abc_by_count(material):
    net = _net(material.tx)
    better = (net > 0).sum() - net[net > 0].rank(method="max")
    letters = np.select([better < cut * len(better) - _HAIR for cut in CUTS], ["A", "B"], "C")
    return pd.Series(letters, better.index).reindex(net.index, fill_value="N")


# 5 recent_share, 6 claim


def _start(material):
    """The first day of the second half of the log, as crmlib.concentration.halfway has it."""
    first = material.tx["date"].min()
    return first + pd.Timedelta(days=((pd.Timestamp(material.as_of) - first).days + 1) // 2)


def _recent(material):
    return material.tx[material.tx["date"] >= _start(material)]


def recent_share(material):
    return _top(_counted(_recent(material)), FIFTH)


def _all_time_of_recent(material):
    """The customers who bought in the second half, with the money of the whole log."""
    recent = _counted(_recent(material)).index
    paid = _counted(material.tx)
    return _top(paid[paid.index.isin(recent)], FIFTH)


def _recent_with_silent(material):
    """Everybody counts, whoever was silent with zero."""
    everybody = _counted(material.tx).index
    return _top(_counted(_recent(material)).reindex(everybody, fill_value=0).sort_values(), FIFTH)


def _early_share(material):
    """The first half instead of the second."""
    return _top(_net(material.tx[material.tx["date"] < _start(material)]).clip(lower=0).sort_values(), FIFTH)


def _later_of_the_best(material):
    """What the best of the whole log bring of what the buyers of the second half paid in it."""
    recent, paid = _counted(_recent(material)), _counted(material.tx)
    best = paid.index[len(paid) - int(np.ceil(FIFTH * len(paid) - _HAIR)) :]
    return recent[recent.index.isin(best)].sum() / recent.sum()


def _whole_share(material):
    return _top(_counted(material.tx), FIFTH)


def _supported(share):
    near = [name for name, claimed in (("80/20", 0.80), ("60/20", 0.60)) if abs(share - claimed) <= NEAR + _HAIR]
    return near[0] if near else "neither"


def claim(material):
    return _supported(recent_share(material))


_FIRST_HALF = "This is the first half of the log, or the days before `start`."
_BY_COUNT = "You took whole customers. Here the customer at the border counts with a fraction."
_BEST = "You began with the poorest. Sort descending: the best customers come first."
_UNSORTED = "You took the customers in the order of the table. Sort them by revenue first."
_GROSS = "You ignored refunds. Revenue is net: what was paid back comes off."
_NEGATIVE = "Customers with a negative revenue are in it. A share of the total means nothing with them: leave them out."
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
            Wrong(lambda m: _whole(_counted(m.tx), TENTH), _BY_COUNT),
            Wrong(lambda m: _whole(_counted(m.tx), TENTH, up=False), _BY_COUNT),
            Wrong(lambda m: _top(_counted(m.tx)[::-1], TENTH), _BEST),
            Wrong(lambda m: _top(_by_id(m), TENTH), _UNSORTED),
            Wrong(lambda m: _top(_by_id(m)[::-1], TENTH), _UNSORTED),
            Wrong(lambda m: _whole(_by_id(m), TENTH), _UNSORTED),
            Wrong(lambda m: _whole(_by_id(m), TENTH, up=False), _UNSORTED),
            Wrong(lambda m: 1 - top_share(m), "This is what all the others bring."),
            Wrong(_whole_share, "This is the top 20 %; the question asks for the top 10 %."),
            Wrong(_top_lines, "These are the largest lines of the log. Add up the lines of each customer first."),
            Wrong(lambda m: _top(_gross(m.tx).sort_values(), TENTH), _GROSS),
            Wrong(lambda m: _top(_net(m.tx).sort_values(), TENTH), _NEGATIVE),
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
            Wrong(lambda m: _needed(_counted(m.tx)[::-1], 0.8), "These bring 80 %; the question asks for half."),
            Wrong(lambda m: _needed(_counted(m.tx)), _BEST),
            Wrong(lambda m: _needed(_counted(m.tx).sort_index()), _UNSORTED),
            Wrong(lambda m: half_of_revenue(m) / len(_counted(m.tx)), "This is their share of all; how many are they?"),
            Wrong(lambda m: len(_counted(m.tx)) // 2, _HALF_OF_ALL),
            Wrong(lambda m: -(-len(_counted(m.tx)) // 2), _HALF_OF_ALL),
            Wrong(lambda m: _needed(_gross(m.tx).sort_values(ascending=False)), _GROSS),
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
            Wrong(lambda m: _gini(_counted(m.tx)), "This is the Gini index of revenue; the question is about orders."),
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
                for order, message in (("poorest first", _BEST), ("by id", _UNSORTED))
                for none in ("late", "in")
                for inclusive in (False, True)
            ),
            Wrong(_abc_gross, _GROSS),
        ),
        hints=(
            "All customers get a class; those with a revenue of zero or less get N and are no part of the total.",
            "For each customer you need the share held by those with more revenue. Below 70 %: A. Below 90 %: B.",
            "The library's function takes the cuts as an argument.",
        ),
    ),
    "recent_share": Number(
        answer=recent_share,
        praise="The same shop, another window: a share says little without the window that it belongs to.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_all_time_of_recent, "The right customers with the money of the whole log. Drop older lines."),
            Wrong(_recent_with_silent, "Customers silent since `start` are in it, with zero. Leave them out."),
            Wrong(_whole_share, "This is the whole log; the question asks for the second half of it."),
            Wrong(_early_share, _FIRST_HALF),
            Wrong(lambda m: _top(_counted(m.tx[m.tx["date"] < _start(m)]), FIFTH), _FIRST_HALF),
            Wrong(lambda m: _whole(_counted(_recent(m)), FIFTH), _BY_COUNT),
            Wrong(lambda m: _whole(_counted(_recent(m)), FIFTH, up=False), _BY_COUNT),
            Wrong(_later_of_the_best, "The best of the whole log brought this. Rank anew, within the half."),
            Wrong(lambda m: _top(_counted(_recent(m)), TENTH), "This is the top 10 %; the question asks for 20 %."),
            Wrong(lambda m: _top(_counted(_recent(m))[::-1], FIFTH), _BEST),
            Wrong(lambda m: _top(_gross(_recent(m)).sort_values(), FIFTH), _GROSS),
            Wrong(lambda m: _top(_net(_recent(m)).sort_values(), FIFTH), _NEGATIVE),
            Wrong(lambda m: 1 - recent_share(m), "This is what the other 80 % bring."),
        ),
        hints=(
            "First the lines, then the customers: keep the lines from `start` on.",
            "Make a customer table of these lines alone, and from it the buyers who count.",
            "The rest is the same as for the whole log.",
        ),
    ),
    "claim": Choice(
        answer=claim,
        praise="Decided by a rule that stood there before the number did.",
        choices=("80/20", "60/20", "neither"),
        wrong=(
            Wrong(lambda m: _supported(_whole_share(m)), "That is what the whole log says, not its second half."),
            Wrong(lambda m: "80/20", "The share in the second half is more than five points away from 80 %."),
            Wrong(lambda m: "60/20", "The share in the second half is more than five points away from 60 %."),
            Wrong(lambda m: "neither", "Put your share beside each claim again: five points are enough."),
        ),
        hints=(
            "Put your answer to the last question beside 80 % and beside 60 %.",
            "Is one of the two at most five points away?",
        ),
    ),
    "class_c": Words(
        at_least=40,
        hints=(
            "Name a number from the table: what did class C of the first half bring in the second?",
            "Which cost would you save, and does this log know it?",
            "Between full service and none there is something: which channel costs almost nothing for each customer?",
        ),
    ),
}
