"""Where RFM scores begin: at quantiles, at the mean or at fixed values, kept as a value that scores new customers."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise

import narwhals as nw
import numpy as np

from crmlib.classes import values
from crmlib.errors import DataError, quote
from crmlib.frames import collect, same_kind, table
from crmlib.segment_maps import scores_per_axis

__all__ = ["FIXED_DAYS", "Thresholds", "axes", "checked", "edges", "mean_thresholds", "thresholds"]

# 5 for a last purchase up to 30 days ago, 4 to 90, 3 to 180, 2 to 365, 1 before: the cut-offs that partners of HubSpot
# publish (makewebbetter, unific); a score begins with *fewer* days than its threshold, hence a day more
FIXED_DAYS = (366.0, 181.0, 91.0, 31.0)


@dataclass(frozen=True)
class Thresholds:
    """Where the scores 2, 3 ... begin, in the units of the customer table; scores new customers by an old yardstick.

    A customer has at least score s on R with *fewer* days since the last purchase than ``r[s - 2]``, on F with *more*
    orders than ``f[s - 2]``, on M with *more* ``measure`` than ``m[s - 2]``: each is a value that just does not make
    it. The axes may have different numbers of scores; one without thresholds gives everybody the score 1.

    Made by `thresholds` from customers, or by hand for cut-offs that stay the same for ever. With `FIXED_DAYS`, 1 order
    or 2, 3-4, 5 and more, and money up to 50, up to 200 and more:

    >>> fixed = Thresholds(r=FIXED_DAYS, f=(1, 2, 4), m=(50, 200))
    >>> fixed.bins
    (5, 4, 3)
    >>> Thresholds.from_dict(fixed.to_dict()) == fixed
    True
    """

    r: tuple[float, ...]
    f: tuple[float, ...]
    m: tuple[float, ...]
    measure: str = "revenue"

    def __post_init__(self):
        for axis in "rfm":
            try:
                edges = tuple(float(edge) for edge in getattr(self, axis))
            except (TypeError, ValueError):
                edges = (math.nan,)
            if not all(map(math.isfinite, edges)):
                raise DataError(f"The thresholds {axis}={quote(getattr(self, axis))} are not a list of finite numbers.")
            object.__setattr__(self, axis, edges)
        if not self.r + self.f + self.m:
            raise DataError("r, f and m have no thresholds; for 5 scores give an axis 4.")
        for axis, edges in (("r", [-edge for edge in self.r]), ("f", self.f), ("m", self.m)):
            if not all(low <= high for low, high in pairwise(edges)):
                raise DataError(f"The thresholds {axis}={getattr(self, axis)} are not in order: r falls, f and m rise.")

    @property
    def bins(self) -> tuple[int, int, int]:
        """The best score on r, f and m."""
        return len(self.r) + 1, len(self.f) + 1, len(self.m) + 1

    @property
    def unreachable(self) -> dict[str, tuple[int, ...]]:
        """The scores that nobody can have, because two scores begin at the same value.

        >>> Thresholds(r=(90, 30), f=(1, 1), m=(9, 20)).unreachable
        {'r': (), 'f': (2,), 'm': ()}
        """
        pairs = {axis: enumerate(pairwise(getattr(self, axis)), start=2) for axis in "rfm"}
        return {axis: tuple(score for score, (low, high) in pairs[axis] if low == high) for axis in pairs}

    def to_dict(self) -> dict:
        """As plain lists, numbers and text, for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, kept):
        """From what `to_dict` gave, also after a way through JSON."""
        names = [field.name for field in fields(cls)]
        if not isinstance(kept, dict) or not {"r", "f", "m"} <= set(kept) <= set(names):
            raise DataError(f"Thresholds are kept as {names}; this is {quote(kept)}.")
        return cls(**kept)


@same_kind
def thresholds(customers, *, bins=5, measure="revenue"):
    """The thresholds that cut these customers into scores 1 to ``bins``; customers without a purchase do not count.

    ``bins`` is one number or one each for r, f and m; ``measure`` is the column of M. With ``bins=2`` the 2 is above
    the median. `scores` with the thresholds gives these customers the scores they have among themselves, and any other
    customer the score of the place that they would take. Raises `DataError` if nobody bought.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 2, 7], "days_since_last": [90, 30, 5], "revenue": [9, 50, 20]})
    >>> thresholds(customers, bins=3)
    Thresholds(r=(90.0, 30.0), f=(1.0, 2.0), m=(9.0, 20.0), measure='revenue')
    """
    bins = scores_per_axis(bins)
    risings = _ascending(customers, measure).values()
    r, f, m = (edges(rising, k) for rising, k in zip(risings, bins, strict=True))
    return Thresholds(r=tuple(-r), f=tuple(f), m=tuple(m), measure=measure)


def edges(rising, k):
    """Where the scores 2 to k begin among values sorted from the worst: each is the last that does not make it.

    >>> edges(np.array([1, 1, 1, 2, 9]), 5).tolist()
    [1, 1, 1, 2]
    """
    # score s begins where (strictly worse) * k >= (s - 1) * n: after this many values, counted from the worst
    worse = np.array([-(-(s - 1) * len(rising) // k) for s in range(2, k + 1)], dtype=np.int64)
    return rising[worse - 1]


@same_kind
def mean_thresholds(customers, *, measure="revenue"):
    """Two scores an axis, 2 for better than the mean of the customers with a purchase, as many Chinese texts cut.

    For `TWO_BY_TWO`. The mean lies above most customers where a few buy much; ``thresholds(customers, bins=2)`` cuts at
    the median. Exactly the mean is 1.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 7], "days_since_last": [90, 30, 30], "revenue": [10, 20, 30]})
    >>> mean_thresholds(customers)
    Thresholds(r=(50.0,), f=(3.0,), m=(20.0,), measure='revenue')
    """
    means = {}
    for axis, rising in _ascending(customers, measure).items():
        mean = math.fsum(rising) / len(rising)
        # who is the mean, but for the rounding of floats, is not better than it
        same = rising[np.isclose(rising, mean, rtol=1e-12, atol=0)]
        means[axis] = same[-1] if len(same) else mean
    return Thresholds(r=(-means["r"],), f=(means["f"],), m=(means["m"],), measure=measure)


def axes(measure):
    """The column of each axis, and its sign: +1 where more is better.

    >>> axes("units")
    {'r': ('days_since_last', -1), 'f': ('orders', 1), 'm': ('units', 1)}
    """
    return {"r": ("days_since_last", -1), "f": ("orders", 1), "m": (measure, 1)}


def checked(customers, measure, *, somebody=True):
    """The wrapped customer table; what is scored has no gaps among those who bought. One query on lazy tables.

    Raises `DataError` for gaps, for text, and, if there should be ``somebody``, when nobody bought.

    >>> import pandas as pd
    >>> checked(pd.DataFrame({"orders": [1], "days_since_last": [9.0], "revenue": ["5"]}), "revenue")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: Column 'revenue' holds String, not numbers; choose one that does for M.
    """
    frame, columns = _numeric(customers, measure)
    bought = nw.col("orders") > 0
    counts = {"__rows": nw.lit(True), "__buyers": bought}
    for column in columns:
        number = nw.col(column).cast(nw.Float64)
        counts[column] = number.is_null() | ~number.is_finite()
        counts[column] = counts[column] if column == "orders" else bought & counts[column]
    # booleans cannot be summed on Spark
    counted = frame.select(**{name: nw.when(one).then(nw.lit(1)).otherwise(nw.lit(0)) for name, one in counts.items()})
    counted = collect(counted, nw.all().sum()).row(0)
    rows, buyers, *gaps = (0 if count is None or count != count else int(count) for count in counted)
    for column, count in zip(columns, gaps, strict=True):
        if count:
            raise DataError(
                f"{column!r} is missing or infinite for {count:,} of {rows:,} customers; "
                "fill it or leave them out first."
            )
    if somebody and not buyers:
        raise DataError("No customer has a purchase, so there is nothing to score.")
    return frame


def _numeric(customers, measure):
    """The wrapped customer table and the columns that are scored, all of them numbers."""
    if not isinstance(measure, str):
        raise DataError(f"measure is {quote(measure)}; name a column, e.g. measure='revenue'.")
    frame = table(customers, ["orders", "days_since_last"], eager=False)
    schema = frame.collect_schema()
    if measure == "units" and measure not in schema:
        raise DataError("The customer table has no column 'units'; it has one if the log has a column quantity.")
    table(frame, [measure], eager=False)
    columns = list(dict.fromkeys(column for column, _ in axes(measure).values()))
    for column in columns:
        if not schema[column].is_numeric():
            raise DataError(f"Column {column!r} holds {schema[column]}, not numbers; choose one that does for M.")
    return frame, columns


def _ascending(customers, measure):
    """For each axis the values of the customers with a purchase from the worst up; days are negative.

    Of a lazy table the numbers come into memory by one query: it may be the whole way from the log, which is not gone
    again for each axis.
    """
    frame, columns = _numeric(customers, measure)
    numbers = checked(collect(frame.select(*columns)), measure)
    buyers = numbers.filter(nw.col("orders") > 0)
    rising = {axis: values(buyers, column) * sign for axis, (column, sign) in axes(measure).items()}
    return {axis: np.sort(good) for axis, good in rising.items()}
