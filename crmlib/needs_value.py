"""Which marketing fits: how much customers differ in what they want and in what they are worth.

Peppers and Rogers set the two against each other. The Chinese course (企业营销模式选择) names three of the four cells and
its figure is lost; the fourth, and the cuts, are a reconstruction.

====================  =======================  ==================
valuations             needs uniform            needs diverse
====================  =======================  ==================
uniform                mass                     target or niche
diverse                frequency                one-to-one
====================  =======================  ==================
"""

from __future__ import annotations

from typing import NamedTuple

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers, check_share
from crmlib.errors import DataError, quote
from crmlib.frames import collect, table
from crmlib.pareto import gini, top_share

__all__ = ["MODES", "Mode", "demand", "marketing_mode", "modes", "need_distance", "need_diversity", "value_skew"]


class Mode(NamedTuple):
    """A cell of the matrix: ``values_differ`` and ``needs_differ`` place it, ``in_source`` is False for the fourth."""

    name: str
    chinese: str
    values_differ: bool
    needs_differ: bool
    in_source: bool
    does: str


MODES = (
    Mode("mass", "大众营销", False, False, True, "one offer for all, at the lowest cost"),
    Mode("target or niche", "目标营销", False, True, False, "an offer for each group of needs, and the same effort for everybody"),
    Mode("frequency", "频次营销", True, False, True, "one offer, and cards, clubs or key accounts for those who bring much"),
    Mode("one-to-one", "一对一营销", True, True, True, "a dialogue with those who bring much, and an offer made for each"),
)  # fmt: skip
SKEWS = ("gini", "top_share")


def value_skew(customers, *, by="revenue", measure="gini") -> float:
    """How unequal customers are in value, 0 to 1: the Gini index, or the share of the best fifth.

    Both lie near 0.5 for a moderate inequality, but they are two scales: equal customers have a Gini of 0 and a top
    share of 0.2. ``by`` may be revenue, profit or a lifetime value; customers below zero are refused, as shares of the
    total mean nothing then.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"revenue": [1.0, 1, 1, 1, 6]})
    >>> round(value_skew(customers), 6), value_skew(customers, measure="top_share")
    (0.4, 0.6)
    """
    if measure not in SKEWS:
        raise DataError(f"measure {quote(measure)} is not known; choose 'gini' or 'top_share'.")
    return gini(customers, by=by) if measure == "gini" else top_share(customers, 0.20, by=by)


def need_diversity(grouped, *, by="group") -> float:
    """The chance that two customers want different things: 1 less the sum of the squared shares of the groups (Herfindahl).

    0 with one group; with k groups of one size 1 - 1 / k, so that four cannot pass 0.75. It knows of no distance
    between groups: see `need_distance`. One query on a lazy table.

    >>> import pandas as pd
    >>> need_diversity(pd.DataFrame({"group": [1, 1, 2, 3]}))
    0.625
    """
    frame = table(grouped, [by], what="table of groups", eager=False)
    counts = collect(frame.select(by).group_by(by).agg(nw.len().alias("__rows")))["__rows"].to_numpy().astype(float)
    if not counts.sum() > 0:
        raise DataError("The table of groups is empty.")
    return float(1 - np.square(counts / counts.sum()).sum())


def need_distance(distances) -> float:
    """The mean distance between two different customers, 0 to 1, from the matrix of `need_groups.gower`.

    >>> round(need_distance(np.array([[0, 0.2, 0.4], [0.2, 0, 0.6], [0.4, 0.6, 0]])), 6)
    0.4
    """
    distances = np.asarray(distances, dtype=float)
    n = len(distances)
    if distances.shape != (n, n) or n < 2:
        raise DataError("The distances are no square of two customers or more; use need_groups.gower().")
    return float(distances.sum() / (n * (n - 1)))


def marketing_mode(skew, diversity, *, skew_cut=0.5, diversity_cut=0.5) -> Mode:
    """The cell of the matrix, one of `MODES`: customers differ on an axis at its cut or above.

    The cuts of 0.5 are ours; move them before you believe a cell.

    >>> marketing_mode(0.65, 0.7).name, marketing_mode(0.65, 0.3).name, marketing_mode(0.2, 0.7).in_source
    ('one-to-one', 'frequency', False)
    """
    check_share(skew=skew, diversity=diversity)
    check_numbers(skew_cut=skew_cut, diversity_cut=diversity_cut)
    place = bool(skew >= skew_cut), bool(diversity >= diversity_cut)
    return next(mode for mode in MODES if (mode.values_differ, mode.needs_differ) == place)


def modes(found, customers, *, by="revenue", measure="gini", skew_cut=0.5, diversity_cut=0.5, customer="customer"):
    """The mode for all customers together and within each group of `need_groups`: a pandas table.

    Columns: group ("all", then 1, 2 ... as text), customers, value (their mean), share_of_value, skew, diversity
    (`need_distance`, which means something within a group too) and mode. Customers of whom ``customers`` has no value
    are left out.

    Raises `DataError` where a group has fewer than two customers with a value, or a value is below 0.

    >>> import pandas as pd
    >>> from crmlib.need_groups import need_groups
    >>> needs = pd.DataFrame({"customer": list("abcd"), "what": ["beans", "beans", "tea", "tea"]})
    >>> worth = pd.DataFrame({"customer": list("abcd"), "revenue": [9.0, 1.0, 5.0, 5.0]})
    >>> modes(need_groups(needs, features="what", groups=2), worth, skew_cut=0.3)[["group", "skew", "diversity", "mode"]]
      group  skew  diversity             mode
    0   all   0.3   0.666667       one-to-one
    1     1   0.4   0.000000        frequency
    2     2   0.0   0.000000             mass
    """
    import pandas as pd

    grouped = table(found.table, [customer, "group"], what="table of groups")
    values = table(customers, [customer, by], what="customer table")
    ids = pd.Series([str(one) for one in values[customer].to_list()])
    known = pd.Series(values[by].to_numpy().astype(float), index=ids)
    worth = known[~known.index.duplicated()].reindex([str(one) for one in grouped[customer].to_list()]).to_numpy()
    group = grouped["group"].to_numpy()
    inside = np.isfinite(worth)
    rows = []
    for name in ("all", *range(1, found.number + 1)):
        places = np.flatnonzero(inside & (True if name == "all" else group == name))
        if len(places) < 2:
            raise DataError(f"Group {name} has {len(places)} customers with a value in {by!r}; it needs two.")
        skew = value_skew(pd.DataFrame({by: worth[places]}), by=by, measure=measure)
        diversity = need_distance(found.distances[np.ix_(places, places)])
        mode = marketing_mode(skew, diversity, skew_cut=skew_cut, diversity_cut=diversity_cut)
        share = worth[places].sum() / worth[inside].sum()
        rows.append((str(name), len(places), worth[places].mean(), share, skew, diversity, mode.name))
    return pd.DataFrame(rows, columns=["group", "customers", "value", "share_of_value", "skew", "diversity", "mode"])


def demand(needs, *, cost=0.0, prices=None, price="price", quantity="how_many"):
    """Effective demand: at each price, who wants it and can pay (the Chinese course's need with the means to meet it).

    A pandas table with a row for each of ``prices`` (default: every price that somebody is ready to pay): price, buyers
    (those ready to pay it or more), share, quantity (of theirs, a month), revenue = price * quantity and profit =
    (price - ``cost``) * quantity; and best, True for the price with the largest profit, the lowest of equal ones. People
    who say what they would pay do not pay for saying it: such prices are high.

    >>> import pandas as pd
    >>> needs = pd.DataFrame({"price": [10.0, 20.0, 30.0], "how_many": [1.0, 1.0, 2.0]})
    >>> demand(needs, cost=8)[["price", "buyers", "revenue", "profit", "best"]]
       price  buyers  revenue  profit   best
    0   10.0       3     40.0     8.0  False
    1   20.0       2     60.0    36.0  False
    2   30.0       1     60.0    44.0   True
    """
    import pandas as pd

    check_numbers(cost=cost)
    frame = table(needs, [price, quantity], what="table of needs")
    ready, amount = (frame[name].cast(nw.Float64).to_numpy().astype(float) for name in (price, quantity))
    known = np.isfinite(ready) & np.isfinite(amount)
    if not known.any():
        raise DataError(f"Nobody has both a {price!r} and a {quantity!r}.")
    ready, amount = ready[known], amount[known]
    at = np.unique(ready) if prices is None else np.asarray(prices, dtype=float)
    order = np.argsort(ready)
    below = np.searchsorted(ready[order], at, side="left")
    wanted = amount.sum() - np.concatenate([[0.0], np.cumsum(amount[order])])[below]
    made = pd.DataFrame({"price": at, "buyers": len(ready) - below, "share": 1 - below / len(ready), "quantity": wanted})
    made["revenue"], made["profit"] = at * wanted, (at - cost) * wanted
    made["best"] = made.index == made["profit"].idxmax()
    return made
