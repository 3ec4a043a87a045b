"""RFM: how recently, how often and for how much each customer bought, as scores and segments.

R is ``days_since_last`` (fewer is better, so its score is reversed), F is ``orders``, M is ``revenue`` net of refunds.
The score is ``1 + (customers strictly worse) * bins // n`` among the n customers with a purchase: equal customers get
equal scores whatever the order of the rows, and where many are tied some scores stay empty, which `bin_counts` shows.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from itertools import pairwise

import narwhals as nw
import numpy as np

from crmlib.classes import by_class, values
from crmlib.errors import DataError
from crmlib.frames import table
from crmlib.segment_maps import (
    ACTIONS,
    NO_PURCHASE,
    TEN_SEGMENTS,
    TWO_BY_TWO,
    MapCheck,
    Rule,
    SegmentMap,
    cell_name,
    check_map,
)

__all__ = [
    "ACTIONS", "NO_PURCHASE", "TEN_SEGMENTS", "TWO_BY_TWO", "MapCheck", "Rule", "SegmentMap", "Thresholds",
    "bin_counts", "check_map", "scores", "segment_summary", "segments", "thresholds",
]  # fmt: skip

_NEEDED = ["orders", "days_since_last", "revenue"]


@dataclass(frozen=True)
class Thresholds:
    """Where the scores 2, 3 ... begin, in the units of the customer table; scores new customers by an old yardstick.

    A customer has at least score s on R with *fewer* days since the last purchase than ``r[s - 2]``, on F with *more*
    orders than ``f[s - 2]``, on M with *more* revenue than ``m[s - 2]``: each is a value that just does not make it.
    """

    r: tuple[float, ...]
    f: tuple[float, ...]
    m: tuple[float, ...]

    def __post_init__(self):
        for axis in "rfm":
            object.__setattr__(self, axis, tuple(float(edge) for edge in getattr(self, axis)))
        if not len(self.r) == len(self.f) == len(self.m) > 0:
            raise DataError("r, f and m need the same number of thresholds, at least one; for 5 scores give 4 each.")
        for axis, edges in (("r", [-edge for edge in self.r]), ("f", self.f), ("m", self.m)):
            if not all(low <= high for low, high in pairwise(edges)):
                raise DataError(f"The thresholds {axis}={getattr(self, axis)} are not in order: r falls, f and m rise.")

    @property
    def bins(self) -> int:
        """The best score."""
        return len(self.r) + 1


def thresholds(customers, *, bins=5):
    """The thresholds that cut these customers into scores 1 to ``bins``; customers without a purchase do not count.

    `scores` with them gives these customers the scores they have among themselves, and any other customer the score of
    the place that they would take. Raises `DataError` if nobody bought.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 2, 7], "days_since_last": [90, 30, 5], "revenue": [9, 50, 20]})
    >>> thresholds(customers, bins=3)
    Thresholds(r=(90.0, 30.0), f=(1.0, 2.0), m=(9.0, 20.0))
    """
    frame = table(customers, _NEEDED)
    try:
        bins = operator.index(bins)
    except TypeError:
        bins = 0
    if bins < 2:
        raise DataError("bins must be a whole number of at least 2, e.g. bins=5.")
    buyers = frame.filter(nw.col("orders") > 0)
    if not len(buyers):
        raise DataError("No customer has a purchase, so there is nothing to score.")
    n = len(buyers)
    # score s begins where (strictly worse) * bins >= (s - 1) * n: after this many customers, counted from the worst
    worse = np.array([-(-(s - 1) * n // bins) for s in range(2, bins + 1)])

    def edges(good):
        return np.partition(good, np.unique(worse - 1))[worse - 1]

    return Thresholds(
        r=tuple(-edges(-values(buyers, "days_since_last"))),
        f=tuple(edges(values(buyers, "orders"))),
        m=tuple(edges(values(buyers, "revenue"))),
    )


def scores(customers, *, bins=5, thresholds=None):
    """The customer table with integer columns r, f and m: 1 to ``bins``, the best is ``bins``.

    Null without a purchase. ``thresholds`` (see `thresholds`) scores by an earlier yardstick; then ``bins`` is its own.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 2, 7], "days_since_last": [90.0, 30.0, 5.0, 5.0],
    ...                           "revenue": [9.0, 50.0, 20.0, 80.0]})
    >>> scores(customers)[["r", "f", "m"]].values.tolist()
    [[1, 1, 1], [2, 1, 3], [3, 3, 2], [3, 4, 4]]
    """
    frame = table(customers, _NEEDED)
    cut = thresholds if thresholds is not None else _thresholds(customers, bins=bins)
    if not isinstance(cut, Thresholds):
        raise DataError("thresholds must be what rfm.thresholds() returned, or a Thresholds(r=, f=, m=).")
    bought = nw.col("orders") > 0
    beaten = {
        "r": [nw.col("days_since_last") < edge for edge in cut.r],
        "f": [nw.col("orders") > edge for edge in cut.f],
        "m": [nw.col("revenue") > edge for edge in cut.m],
    }
    scored = frame.with_columns(
        nw.when(bought).then(1 + sum(better.cast(nw.Int64) for better in conditions)).alias(axis)
        for axis, conditions in beaten.items()
    )
    # pandas would turn integers with a gap into floats; nullable integers keep the type the same for every table
    whole = nw.maybe_convert_dtypes(scored.select("r", "f", "m"))
    return scored.with_columns(*whole.iter_columns()).to_native()


_thresholds = thresholds  # `scores` has an option of that name


def bin_counts(scored, *, bins=5):
    """How many customers really got each score: score, r, f, m, from 1 to ``bins``.

    Ties make the counts uneven: where 60 % bought once, nobody has F 2 or 3.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 2], "days_since_last": 9.0, "revenue": [1.0, 2.0, 3.0]})
    >>> bin_counts(scores(customers, bins=3), bins=3)
       score  r  f  m
    0      1  3  2  1
    1      2  0  0  1
    2      3  0  1  1
    """
    frame = table(scored, ["r", "f", "m"], what="scored table")
    _check_scores(frame, bins)
    counts = {"score": list(range(1, bins + 1))}
    for axis in "rfm":
        found = frame.filter(~nw.col(axis).is_null()).group_by(axis).agg(nw.len().alias("customers"))
        found = dict(zip(found[axis].to_list(), found["customers"].to_list(), strict=True))
        counts[axis] = [found.get(score, 0) for score in counts["score"]]
    return nw.from_dict(counts, dict.fromkeys(counts, nw.Int64), backend=frame.implementation).to_native()


def segments(scored, map=TEN_SEGMENTS):
    """The scored table with the column ``segment``; "no purchase" where the scores are null.

    The scores must have as many bins as the map: ``scores(customers, bins=2)`` for `TWO_BY_TWO`, the default for
    `TEN_SEGMENTS`. Where rules overlap the first one wins; see `check_map`.

    Raises `DataError` if the map leaves a cell without a segment, or a score is above its bins.

    >>> import pandas as pd
    >>> segments(pd.DataFrame({"r": [5, 1], "f": [5, 1], "m": [5, 1]}))["segment"].tolist()
    ['champions', 'hibernating']
    """
    map = map if isinstance(map, SegmentMap) else SegmentMap(map)
    frame = table(scored, ["r", "f", "m"], what="scored table")
    _check_scores(frame, map.bins)
    cells = map.cells()
    names = [map.winner(cell) for cell in cells]
    if None in names:
        holes = [cell_name(cell) for cell, name in zip(cells, names, strict=True) if name is None]
        raise DataError(
            f"The map leaves {len(holes)} of {len(cells)} cells without a segment, e.g. {', '.join(holes[:5])} "
            "(R, F, M); add rules for them, or a last one for all the rest."
        )
    place = ((nw.col("r") - 1) * map.bins + nw.col("f") - 1) * map.bins + nw.col("m") - 1
    place = place.fill_null(len(cells)).cast(nw.Int64)
    name = place.replace_strict(list(range(len(cells) + 1)), [*names, NO_PURCHASE], return_dtype=nw.String)
    return frame.with_columns(name.alias("segment")).to_native()


def segment_summary(segmented, *, map=TEN_SEGMENTS):
    """What each segment holds, in the order of the map: segment, customers, share_of_customers, revenue,
    share_of_revenue, median_days_since_last.

    Every segment of the map has a row, even an empty one; "no purchase" only if there are such customers. Shares are of
    the whole table. Raises `DataError` if the table was made with another map.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 9], "days_since_last": [90.0, 5.0], "revenue": [10.0, 90.0]})
    >>> segment_summary(segments(scores(customers, bins=2), TWO_BY_TWO), map=TWO_BY_TWO)["share_of_revenue"].tolist()
    [0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1]
    """
    map = map if isinstance(map, SegmentMap) else SegmentMap(map)
    frame = table(segmented, ["segment", "revenue", "days_since_last"], what="segmented table")
    order = (*map.segments, NO_PURCHASE)
    if unknown := sorted(set(frame["segment"].unique().to_list()) - set(order)):
        raise DataError(
            f"The segment {unknown[0]!r} is not in the map; pass the map that made it, e.g. map=TWO_BY_TWO."
        )
    summary = by_class(frame, "segment", order=order, optional=(NO_PURCHASE,), medians=("days_since_last",))
    return summary.to_native()


def _check_scores(frame, bins):
    for axis in "rfm":
        known = frame[axis].drop_nulls()
        if len(known) and (known.min() < 1 or known.max() > bins):
            raise DataError(
                f"The scores in {axis!r} run from {known.min():g} to {known.max():g}, but {bins} bins are expected; "
                f"score and read with the same number, e.g. scores(customers, bins={bins})."
            )
