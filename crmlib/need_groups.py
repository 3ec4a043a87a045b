"""Groups of customers who want the same: how far two answers lie apart, how many groups there are, what each wants.

Answers are mixed: words (what, when, where) and numbers (how much, at which price). Gower (Biometrics 27, 1971) has one
distance for both. Groups begin with Ward's method on the roots of these distances, which lie in a Euclidean space (Gower
and Legendre, Journal of Classification 3, 1986); then everybody goes to the nearest of the most central customers, the
medoids (Kaufman and Rousseeuw, Finding Groups in Data, 1990). Their number is found by the silhouette (Rousseeuw 1987).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers, is_number
from crmlib.errors import DataError, quote
from crmlib.frames import table

__all__ = ["FEATURES", "NeedGroups", "by_chance", "describe", "gower", "need_groups", "silhouette"]

# the eight need features of the Chinese course (客户需求特征)
FEATURES = ("what", "when", "where", "why", "how_many", "price", "pay", "frequency")
_MOST = 5000  # customers: all their distances take 200 MB


def gower(needs, features=FEATURES) -> np.ndarray:
    """How far any two customers lie apart, 0 to 1: a matrix with a row and a column a customer, in row order.

    The mean over the features: for words and booleans 0 if equal, else 1; for numbers the difference over the range of
    all customers, so that one outlier brings the others closer together. A feature that one of the two has not answered
    is left out for them; who share no answered feature have 1. A number that is equal for all counts 0.

    Raises `DataError` for an empty table and for more than 5,000 customers: take a sample.

    >>> import pandas as pd
    >>> gower(pd.DataFrame({"what": ["beans", "beans", "tea"], "price": [10.0, 20.0, 30.0]}), ["what", "price"]).tolist()
    [[0.0, 0.25, 1.0], [0.25, 0.0, 0.75], [1.0, 0.75, 0.0]]
    """
    features = [features] if isinstance(features, str) else list(features)
    if not features:
        raise DataError("There are no features to compare customers by.")
    frame = table(needs, features, what="table of needs")
    n = len(frame)
    if not n:
        raise DataError("The table of needs is empty.")
    if n > _MOST:
        raise DataError(f"There are {n:,} customers; distances between all of them need a sample of {_MOST:,} or fewer.")
    apart, compared = np.zeros((n, n)), np.zeros((n, n))
    for name in features:
        codes, known, numeric = _codes(frame, name)
        if numeric:
            spread = np.ptp(codes[known]) if known.any() else 0.0
            difference = np.abs(codes[:, None] - codes) / spread if spread > 0 else np.zeros((n, n))
        else:
            difference = (codes[:, None] != codes).astype(float)
        both = known[:, None] & known
        apart += np.where(both, difference, 0.0)
        compared += both
    found = np.divide(apart, compared, out=np.ones((n, n)), where=compared > 0)
    np.fill_diagonal(found, 0.0)
    return found


def _codes(frame, name):
    """A column as numbers, which of them are known, and whether they are numbers of their own right."""
    column = frame[name]
    if column.dtype.is_numeric():
        values = column.cast(nw.Float64).to_numpy().astype(float)
        known = np.isfinite(values)
        return np.where(known, values, 0.0), known, True
    values = column.to_list()
    known = np.array([value is not None and value == value for value in values])
    places = {}
    codes = [places.setdefault(value, len(places)) if k else -1 for value, k in zip(values, known, strict=True)]
    return np.array(codes), known, False


def silhouette(distances, groups) -> float:
    """How well customers lie in their groups, -1 to 1: the mean of (b - a) / max(a, b) over them (Rousseeuw 1987).

    a is the mean distance to the others of the own group, b that to the nearest other group; alone in a group makes 0.

    >>> far = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 1], [9, 9, 1, 0]])
    >>> round(silhouette(far, [1, 1, 2, 2]), 3)
    0.889
    """
    distances, groups = np.asarray(distances, dtype=float), np.asarray(groups)
    names, place = np.unique(groups, return_inverse=True)
    if distances.shape != (len(groups),) * 2 or len(names) < 2:
        raise DataError(f"A silhouette needs the distances of {len(groups)} customers in two groups or more.")
    member = np.eye(len(names))[place]
    size, total = member.sum(axis=0), distances @ member
    own = np.arange(len(groups)), place
    alone = size[place] == 1
    inside = total[own] / np.maximum(size[place] - 1, 1)
    others = total / size
    others[own] = np.inf
    nearest = others.min(axis=1)
    larger = np.maximum(inside, nearest)
    width = np.divide(nearest - inside, larger, out=np.zeros(len(groups)), where=(larger > 0) & ~alone)
    return float(width.mean())


@dataclass(frozen=True, eq=False)
class NeedGroups:
    """Customers in groups of needs, as `need_groups` finds them.

    table
        the table of needs with the column ``group``, 1 to ``number``, the largest group first
    number
        how many groups; 1 where nothing speaks for more
    silhouettes
        groups and silhouette for each number that was tried (a list of pairs)
    distances
        as `gower` gives them, in the rows' order
    said
        how the number came about, in a sentence
    """

    table: Any
    number: int
    silhouettes: list
    distances: np.ndarray
    said: str


def need_groups(needs, *, features=FEATURES, groups=None, most=8, least=0.25, customer="customer") -> NeedGroups:
    """Group customers by what they want; the table may be pandas, polars or pyarrow.

    ``groups`` fixes the number; else it is that from 2 to ``most`` with the largest `silhouette`, the fewest of equal
    ones, and 1 if even that is at ``least`` or below: up to 0.25 there is no structure to speak of, and up to 0.50 it may
    be made by chance (Kaufman and Rousseeuw): see `by_chance`. The order of rows changes nothing. Raises `DataError` for
    fewer than 3 customers, or fewer than groups.

    >>> import pandas as pd
    >>> needs = pd.DataFrame({"customer": list("abcdef"), "what": ["beans"] * 4 + ["tea"] * 2, "price": [9, 8.7, 8.3, 8, 3, 3]})
    >>> found = need_groups(needs, features=["what", "price"], most=3)
    >>> found.number, found.table["group"].tolist()
    (2, [1, 1, 1, 1, 2, 2])
    """
    from scipy.cluster.hierarchy import cut_tree, linkage
    from scipy.spatial.distance import squareform

    check_numbers(least=least)
    features = [features] if isinstance(features, str) else list(features)
    frame = table(needs, [customer, *features], what="table of needs")
    distances = gower(frame.to_native(), features)
    n = len(frame)
    _check_number("groups", groups, n, none=True)
    _check_number("most", most, 10**6, none=False)
    if n < 3:
        raise DataError(f"The table of needs has {n} customers; groups need 3 or more.")
    names = np.array([str(one) for one in frame[customer].to_list()])
    order = np.argsort(names, kind="stable")  # a tie between two merges goes by the id, not by the row
    rank = np.argsort(order)
    ordered = distances[np.ix_(order, order)]
    numbers = sorted({*range(2, min(most, n - 1) + 1), groups or 1, 1})
    cuts = cut_tree(linkage(squareform(np.sqrt(ordered), checks=False), method="ward"), n_clusters=numbers)
    labels = {}
    for number, cut in zip(numbers, cuts.T, strict=True):
        labels[number] = np.empty(n, dtype=int)
        labels[number][order] = _settled(ordered, cut)
    tried = [(number, silhouette(distances, labels[number])) for number in range(2, min(most, n - 1) + 1)]
    if groups is not None:
        number, said = groups, f"{groups} groups were asked for."
    else:
        number, best = max(tried, key=lambda pair: (round(pair[1], 12), -pair[0]))
        said = f"Of 2 to {tried[-1][0]} groups, {number} have the largest silhouette, {best:.2f}"
        if best <= least:
            number, said = 1, f"{said}; that is not above {least:.2f}, so all are one group"
        said += "."
    column = nw.new_series("group", _largest_first(labels[number], rank).tolist(), nw.Int64, backend=frame.implementation)
    return NeedGroups(frame.with_columns(column).to_native(), number, tried, distances, said)


def _settled(distances, labels):
    """Everybody with the nearest of the most central customers, until nobody moves (at most 100 times)."""
    number = labels.max() + 1
    for _ in range(100):
        within = [np.flatnonzero(labels == one) for one in range(number)]
        centre = [places[distances[np.ix_(places, places)].sum(axis=1).argmin()] for places in within]
        moved = distances[:, centre].argmin(axis=1)
        moved[centre] = range(number)  # also where two centres have answered alike
        if (moved == labels).all():
            break
        labels = moved
    return labels


def _largest_first(labels, rank):
    """Groups numbered from 1 by size, the largest first; of equal ones that with the first customer."""
    found = [(np.flatnonzero(labels == one)) for one in np.unique(labels)]
    found.sort(key=lambda places: (-len(places), rank[places].min()))
    numbered = np.empty(len(labels), dtype=int)
    for number, places in enumerate(found, start=1):
        numbered[places] = number
    return numbered


def _check_number(name, number, most, *, none):
    if none and number is None:
        return
    least = 1 if none else 2
    if not is_number(number) or number != int(number) or not least <= number <= most:
        raise DataError(f"{name} is {quote(number)}; it is a whole number from {least} to {most:,}.")


def by_chance(needs, *, rng, features=FEATURES, draws=20, most=8, customer="customer") -> list[float]:
    """The largest silhouettes of as many tables in which every column is shuffled by itself.

    Each answer is as frequent as before, and none goes with another any more. What `need_groups` finds says something
    only if its silhouette lies above these.

    >>> import pandas as pd
    >>> needs = pd.DataFrame({"customer": range(40), "what": ["beans", "tea"] * 20, "where": ["home", "shop"] * 20})
    >>> real = need_groups(needs, features=["what", "where"])
    >>> found = by_chance(needs, features=["what", "where"], rng=np.random.default_rng(1), draws=3, most=3)
    >>> max(found) < real.silhouettes[0][1]
    True
    """
    frame = table(needs, [customer, *features], what="table of needs")
    found = []
    for _ in range(draws):
        shuffled = [frame[name][rng.permutation(len(frame)).tolist()].alias(name) for name in features]
        again = frame.select(customer).with_columns(*shuffled)
        found.append(max(one for _, one in need_groups(again, features=features, most=most, customer=customer).silhouettes))
    return found


def describe(grouped, *, features=FEATURES, group="group"):
    """What each group wants: a row a group and feature, in pandas.

    Columns: ``group``, customers, feature, typical (the most frequent answer, as text; of numbers the median), in_group
    and in_all: the share who gave that answer, in the group and among all; of numbers both medians. The larger in_group
    is beside in_all, the more the feature tells the group from the others. Gaps are left out.

    >>> import pandas as pd
    >>> grouped = pd.DataFrame({"group": [1, 1, 2], "what": ["tea", "tea", "beans"], "price": [3, 5, 9]})
    >>> describe(grouped, features=["what", "price"])[["group", "feature", "typical", "in_group", "in_all"]]
       group feature typical  in_group    in_all
    0      1    what     tea       1.0  0.666667
    1      1   price       4       4.0  5.000000
    2      2    what   beans       1.0  0.333333
    3      2   price       9       9.0  5.000000
    """
    import pandas as pd

    features = [features] if isinstance(features, str) else list(features)
    frame = table(grouped, [group, *features], what="table of groups")
    made = pd.DataFrame({name: frame[name].to_list() for name in (group, *features)})
    rows = []
    for name, members in made.groupby(group, sort=True):
        for feature in features:
            answers, everyone = members[feature].dropna(), made[feature].dropna()
            if frame[feature].dtype.is_numeric():
                inside = float(answers.median()) if len(answers) else math.nan
                typical, both = f"{inside:.4g}", (inside, float(everyone.median()))
            elif len(answers):
                typical = answers.value_counts().sort_index().idxmax()
                both = float((answers == typical).mean()), float((everyone == typical).mean())
            else:
                typical, both = "", (math.nan, math.nan)
            rows.append((name, len(members), feature, str(typical), *both))
    return pd.DataFrame(rows, columns=[group, "customers", "feature", "typical", "in_group", "in_all"])
