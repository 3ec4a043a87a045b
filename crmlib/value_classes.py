"""Three classes with names and no thresholds in the texts: high, medium and low spending; high, low and zero frequency.

The texts (lecture notes on Three Squirrels, a Chinese snack shop, and on customer data) say no cuts. `three_ways` sets
side by side what thirds, natural breaks and fixed cuts make of the same customers; `frequency` takes the length of the
period and the numbers of orders as options. Core, potential and general customers are a map of RFM scores,
`crmlib.segment_maps.CORE_TO_GENERAL`.
"""

from __future__ import annotations

import math
from itertools import pairwise

import narwhals as nw
import numpy as np

from crmlib.classes import ascending, with_classes
from crmlib.customers import check_log
from crmlib.errors import DataError, quote
from crmlib.frames import as_day, day_number, like, same_kind, table

__all__ = ["FREQUENCY", "LEVELS", "by_cuts", "frequency", "natural_breaks", "three_ways"]

LEVELS = ("high", "medium", "low")
FREQUENCY = {"high": 4, "low": 1, "zero": 0}  # orders from which on; 4 in a year is our convention


@same_kind
def by_cuts(customers, *, cuts, by="revenue", names=LEVELS, column="level"):
    """The customer table with a text ``column``: the first of ``names`` whose cut is reached, best first.

    ``cuts`` are one fewer than the names and fall; exactly at a cut belongs to the better class, and whoever reaches
    none has the last name. Fixed cuts stay the same for ever, so that two dates can be compared; a year of rising
    prices moves everybody up. Raises `DataError` for cuts that do not fall, and where ``by`` is missing or infinite.

    >>> import pandas as pd
    >>> by_cuts(pd.DataFrame({"revenue": [100.0, 99.9, 5.0]}), cuts=(100, 30))["level"].tolist()
    ['high', 'medium', 'low']
    """
    cuts, names = _check_cuts(cuts, names)
    frame = table(customers, [by], eager=False)
    ascending(frame, by)  # refuses gaps, which would get the last name without a word
    value = nw.col(by).cast(nw.Float64)
    return with_classes(frame, column, [(value >= cut, name) for cut, name in zip(cuts, names, strict=False)],
                        names[-1]).to_native()  # fmt: skip


@same_kind
def natural_breaks(customers, *, by="revenue", classes=3) -> tuple[float, ...]:
    """The cuts between ``classes`` groups of values that differ least within, best first, for `by_cuts`.

    Each is the smallest value of a better class. Natural breaks (Jenks 1967) by Fisher's exact way (1958): the sum of
    squares about the means of the classes is as small as it can be. A few large customers make a class of their own.
    The distinct values come into memory; 300,000 take about three seconds. Raises `DataError` for fewer distinct
    values than classes.

    >>> import pandas as pd
    >>> natural_breaks(pd.DataFrame({"revenue": [1.0, 2.0, 3.0, 40.0, 41.0, 90.0]}))
    (90.0, 40.0)
    """
    value, count = np.unique(ascending(table(customers, [by], eager=False), by), return_counts=True)
    n = len(value)
    if not (isinstance(classes, int | np.integer) and classes >= 2):
        raise DataError(f"classes is {quote(classes)}; give a whole number from 2 on, e.g. 3.")
    if n < classes:
        raise DataError(f"{by!r} has {n:,} distinct values; {classes} classes need at least as many.")
    centred = value - np.average(value, weights=count)  # sums of squares of large numbers would lose their digits
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (count, count * centred, count * centred**2)]

    def apart(start, end):
        """The squares about the mean of the values from ``start`` up to and without ``end``."""
        number, total, squares = (part[end] - part[start] for part in sums)
        return squares - total**2 / np.where(number > 0, number, 1)

    ends = np.arange(n + 1)
    least, starts = apart(np.zeros(n + 1, int), ends), []
    for _ in range(classes - 1):
        least, start = _one_class_more(least, apart, n)
        starts.append(start)
    cuts, end = [], n
    for start in reversed(starts):
        end = int(start[end])
        cuts.append(float(value[end]))
    return tuple(cuts)


def _one_class_more(least, apart, n):
    """For each number of values the least sum of squares with one class more, and where the last class starts.

    The start moves only up with the end (Fisher's squares are concave Monge), so that each end looks between the
    starts of its neighbours: n log n steps instead of n squared.
    """
    start, found = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1)
    done = np.zeros(0, dtype=np.int64)
    step = 1 << n.bit_length()
    while step:
        ends = np.arange(step, n + 1, 2 * step) if len(done) else np.array([n])
        ends = np.setdiff1d(ends, done)
        if len(ends):
            place = np.searchsorted(done, ends)
            low = np.where(place > 0, start[done[np.maximum(place - 1, 0)]], 0) if len(done) else np.zeros(1, int)
            high = start[done[np.minimum(place, len(done) - 1)]] if len(done) else ends - 1
            high = np.maximum(np.minimum(high, ends - 1), low)
            sizes = high - low + 1
            first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
            tried = np.arange(sizes.sum()) - np.repeat(first - low, sizes)
            total = least[tried] + apart(tried, np.repeat(ends, sizes))
            best = np.minimum.reduceat(total, first)
            hits = np.flatnonzero(total == np.repeat(best, sizes))
            _, once = np.unique(np.repeat(np.arange(len(ends)), sizes)[hits], return_index=True)
            start[ends], found[ends] = tried[hits[once]], best
            done = np.union1d(done, ends)
        step //= 2
    return found, start


@same_kind
def three_ways(customers, *, cuts, by="revenue", names=LEVELS):
    """The same customers cut in three ways: way, class, from, customers, share_of_customers, ``by``, share_of_``by``.

    "thirds" (with three names) are equal numbers of customers, where equal customers move up together; "natural breaks"
    are `natural_breaks`; "fixed" are your ``cuts``. ``from`` is the smallest value of the class, for "fixed" the cut;
    null for the last class and for one without customers. A share of a total that is not above 0 is null.

    >>> import pandas as pd
    >>> found = three_ways(pd.DataFrame({"revenue": [1.0, 2.0, 3.0, 40.0, 41.0, 90.0]}), cuts=(50, 2))
    >>> found.pivot(index="class", columns="way", values="customers").loc[["high", "medium", "low"]].values.tolist()
    [[1, 1, 2], [4, 2, 2], [1, 3, 2]]
    """
    cuts, names = _check_cuts(cuts, names)
    frame = table(customers, [by], eager=False)
    value, k = ascending(frame, by), len(names)
    # the customer with whom a share is full, and everybody who equals them
    parts = tuple(float(value[len(value) - math.ceil(len(value) * part / k)]) for part in range(1, k))
    counted = nw.from_dict({by: value}, backend="pandas").to_native()
    ways = {"thirds" if k == 3 else "equal numbers": parts, "natural breaks": natural_breaks(counted, by=by, classes=k)}
    columns = {name: [] for name in ("way", "class", "from", "customers", by)}
    for way, ends in (ways | {"fixed": cuts}).items():
        places = [len(value), *(int(np.searchsorted(value, end)) for end in ends), 0]
        for name, cut, (end, start) in zip(names, [*ends, math.nan], pairwise(places), strict=True):
            row = (way, name, cut, max(end - start, 0), float(value[start:end].sum()))
            for column, one in zip(columns.values(), row, strict=True):
                column.append(one)
    total = float(value.sum())
    columns["share_of_customers"] = [count / len(value) for count in columns["customers"]]
    columns[f"share_of_{by}"] = [one / total if total > 0 else math.nan for one in columns[by]]
    order = ["way", "class", "from", "customers", "share_of_customers", by, f"share_of_{by}"]
    kinds = dict.fromkeys(order, nw.Float64) | {"way": nw.String, "class": nw.String, "customers": nw.Int64}
    return like(frame, {name: columns[name] for name in order}, kinds).to_native()


@same_kind
def frequency(tx, *, as_of, period=365, cuts=FREQUENCY):
    """One row a customer of the log: customer, orders_in_period, frequency.

    The period are the ``period`` days that end with ``as_of``; a purchase ``period`` days before it is outside. Orders
    are counted as in the customer table: distinct orders, or without an order column days with a purchase. ``cuts`` is
    a dict from a name to the orders from which on it holds, the most first; the last has 0: high, low and zero, or
    {"high": 12, "medium": 4, "low": 1, "zero": 0}. Zero is who bought before, and who has refunds only.

    Raises `DataError` as `customer_table` does, and for cuts that do not fall to 0.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-11-02", "2024-12-01", "2024-12-30", "2024-12-31"])
    >>> log = pd.DataFrame({"customer": list("abbbb"), "date": days, "amount": 10.0})
    >>> frequency(log, as_of="2024-12-31", period=90).values.tolist()
    [['a', 0, 'zero'], ['b', 4, 'high']]
    """
    as_of = as_day(as_of)
    if not (isinstance(period, int | np.integer) and period >= 1):
        raise DataError(f"period is {quote(period)}; give a whole number of days from 1 on, e.g. 365.")
    if not hasattr(cuts, "items") or len(cuts) < 2 or [*cuts.values()][-1] != 0:
        raise DataError(f"cuts is {quote(cuts)}; give a dict from names to orders that falls to 0, e.g. {FREQUENCY}.")
    ends, names = _check_cuts([*cuts.values()][:-1], cuts)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of)
    day, last = day_number(nw.col("date")), as_of.toordinal()
    frame = frame.with_columns(__day=day).filter(nw.col("__day") <= last)
    key = "order" if "order" in frame.collect_schema().names() else "__day"
    inside = frame.filter((nw.col("amount") >= 0) & (nw.col("__day") > last - int(period)))
    orders = inside.select("customer", key).unique().group_by("customer").agg(nw.len().alias("orders_in_period"))
    found = frame.select("customer").unique().join(orders, on="customer", how="left")
    found = found.with_columns(nw.col("orders_in_period").fill_null(0).cast(nw.Int64))
    rules = [(nw.col("orders_in_period") >= end, name) for end, name in zip(ends, names, strict=False)]
    return nw.maybe_reset_index(with_classes(found, "frequency", rules, names[-1]).sort("customer")).to_native()


def _check_cuts(cuts, names):
    """Cuts as floats and names as text; the cuts are one fewer and fall."""
    names = tuple(str(name) for name in names)
    try:
        ends = tuple(float(cut) for cut in cuts)
    except (TypeError, ValueError):
        ends = ()
    falls = all(high > low for high, low in pairwise(ends)) and all(map(math.isfinite, ends))
    if not (ends and falls and len(ends) == len(names) - 1 and len(set(names)) == len(names)):
        raise DataError(
            f"cuts {quote(cuts)} must fall and be one fewer than the names {names}, which differ, e.g. cuts=(100, 30) "
            "for three."
        )
    return ends, names
