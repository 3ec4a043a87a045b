"""The questions on the second half of a log, and what all questions of the 80/20 claim count with."""

from __future__ import annotations

import numpy as np

from crmlib.errors import DataError
from crmlib.workbook.checks import Choice, Number, Wrong
from crmlib.workbook.questions._counting import HAIR, half_way, net_revenue

__all__ = [
    "BEST", "BY_COUNT", "FIFTH", "GROSS", "NEAR", "NEGATIVE", "RECENT", "TENTH", "counted", "gross", "top", "whole",
    "whole_share",
]  # fmt: skip

TENTH, FIFTH = 0.10, 0.20
NEAR = 0.05  # a claim held when the share is within five points of it, as in the report


def gross(tx):
    """What everybody paid, refunds ignored."""
    return net_revenue(tx[tx["amount"] >= 0])


def counted(tx):
    """Those with a purchase and no negative revenue; richest last."""
    net = net_revenue(tx)
    net = net[net.index.isin(gross(tx).index) & (net >= 0)]
    if not net.sum() > 0:
        raise DataError("No customer in it paid more than was paid back.")
    return net.sort_values()


def top(values, q):
    """The share of the last ``q`` of the values, with a fraction of the customer at the border."""
    n, total = len(values), values.sum()
    height = np.concatenate([[0.0], np.cumsum(values.to_numpy())])
    return 1 - np.interp((1 - q) * n, np.arange(n + 1), height) / total if total > 0 else np.nan


def whole(paid, q, *, up=True):
    """The share of whole customers, from the end of the values."""
    size = int(np.ceil(q * len(paid) - HAIR) if up else np.floor(q * len(paid) + HAIR))
    return paid.iloc[len(paid) - size :].sum() / paid.sum()


# 5 recent_share, 6 claim


def _start(material):
    """The first day of the second half of the log."""
    return half_way(material, material.tx["date"].min())


def _recent(material):
    return material.tx[material.tx["date"] >= _start(material)]


def recent_share(material):
    return top(counted(_recent(material)), FIFTH)


def _all_time_of_recent(material):
    """The customers who bought in the second half, with the money of the whole log."""
    recent = counted(_recent(material)).index
    paid = counted(material.tx)
    return top(paid[paid.index.isin(recent)], FIFTH)


def _recent_with_silent(material):
    """Everybody counts, whoever was silent with zero."""
    everybody = counted(material.tx).index
    return top(counted(_recent(material)).reindex(everybody, fill_value=0).sort_values(), FIFTH)


def _early_share(material):
    """The first half instead of the second."""
    return top(net_revenue(material.tx[material.tx["date"] < _start(material)]).clip(lower=0).sort_values(), FIFTH)


def _later_of_the_best(material):
    """What the best of the whole log bring of what the buyers of the second half paid in it."""
    recent, paid = counted(_recent(material)), counted(material.tx)
    best = paid.index[len(paid) - int(np.ceil(FIFTH * len(paid) - HAIR)) :]
    return recent[recent.index.isin(best)].sum() / recent.sum()


def whole_share(material):
    """The share of the top 20 % in the whole log."""
    return top(counted(material.tx), FIFTH)


def _supported(share):
    near = [name for name, claimed in (("80/20", 0.80), ("60/20", 0.60)) if abs(share - claimed) <= NEAR + HAIR]
    return near[0] if near else "neither"


def claim(material):
    return _supported(recent_share(material))


_FIRST_HALF = "This is the first half of the log, or the days before `start`."
BY_COUNT = "You took whole customers. Here the customer at the border counts with a fraction."
BEST = "You began with the poorest. Sort descending: the best customers come first."
GROSS = "You ignored refunds. Revenue is net: what was paid back comes off."
NEGATIVE = "Customers with a negative revenue are in it. A share of the total means nothing with them: leave them out."

RECENT = {
    "recent_share": Number(
        answer=recent_share,
        praise="The same shop, another window: a share says little without the window that it belongs to.",
        within=0.0005,
        share=True,
        wrong=(
            Wrong(_all_time_of_recent, "The right customers with the money of the whole log. Drop older lines."),
            Wrong(_recent_with_silent, "Customers silent since `start` are in it, with zero. Leave them out."),
            Wrong(whole_share, "This is the whole log; the question asks for the second half of it."),
            Wrong(_early_share, _FIRST_HALF),
            Wrong(lambda m: top(counted(m.tx[m.tx["date"] < _start(m)]), FIFTH), _FIRST_HALF),
            Wrong(lambda m: whole(counted(_recent(m)), FIFTH), BY_COUNT),
            Wrong(lambda m: whole(counted(_recent(m)), FIFTH, up=False), BY_COUNT),
            Wrong(_later_of_the_best, "The best of the whole log brought this. Rank anew, within the half."),
            Wrong(lambda m: top(counted(_recent(m)), TENTH), "This is the top 10 %; the question asks for 20 %."),
            Wrong(lambda m: top(counted(_recent(m))[::-1], FIFTH), BEST),
            Wrong(lambda m: top(gross(_recent(m)).sort_values(), FIFTH), GROSS),
            Wrong(lambda m: top(net_revenue(_recent(m)).sort_values(), FIFTH), NEGATIVE),
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
            Wrong(lambda m: _supported(whole_share(m)), "That is what the whole log says, not its second half."),
            Wrong(lambda m: "80/20", "The share in the second half is more than five points away from 80 %."),
            Wrong(lambda m: "60/20", "The share in the second half is more than five points away from 60 %."),
            Wrong(lambda m: "neither", "Put your share beside each claim again: five points are enough."),
        ),
        hints=(
            "Put your answer to the last question beside 80 % and beside 60 %.",
            "Is one of the two at most five points away?",
        ),
    ),
}
