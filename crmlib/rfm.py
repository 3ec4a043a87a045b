"""RFM: how recently, how often and for how much each customer bought, as scores and segments.

R is ``days_since_last`` (fewer is better, so its score is reversed), F is ``orders``, M is ``revenue`` net of refunds;
with ``measure="units"`` it is the RFA of Chinese texts, A for the amount bought. One of the course's sources has R for
how active a customer is and F for the time of the last purchase: it swapped the letters.

The score is ``1 + (customers strictly worse) * bins // n`` among the n customers with a purchase: equal customers get
equal scores whatever the order of the rows, and where many are tied some scores stay empty, which `bin_counts` shows.
"""

from __future__ import annotations

import warnings

import narwhals as nw
import numpy as np

from crmlib.classes import by_class, check_known, is_gap
from crmlib.errors import DataError, DataNotice
from crmlib.frames import collect, like, same_kind, table, with_names
from crmlib.rfm_thresholds import FIXED_DAYS, Thresholds, axes, checked, edges, mean_thresholds, thresholds
from crmlib.segment_maps import (
    ACTIONS,
    CORE_TO_GENERAL,
    NO_PURCHASE,
    TEN_SEGMENTS,
    TWO_BY_TWO,
    MapCheck,
    Rule,
    SegmentMap,
    as_map,
    cell_name,
    check_map,
    scores_per_axis,
)

__all__ = [
    "ACTIONS", "CORE_TO_GENERAL", "FIXED_DAYS", "NO_PURCHASE", "TEN_SEGMENTS", "TWO_BY_TWO", "MapCheck", "Rule",
    "SegmentMap", "Thresholds", "bin_counts", "check_map", "grid", "mean_thresholds", "scores", "segment_summary", "segments",
    "thresholds",
]  # fmt: skip
_BOUGHT = nw.col("orders") > 0


@same_kind
def scores(customers, *, bins=5, measure="revenue", nested=False, thresholds=None):
    """The customer table with integer columns r, f and m: 1 to ``bins``, the best is ``bins``.

    ``bins`` is one number or one each for r, f and m. Null without a purchase. ``measure`` is the column of M: "units"
    for RFA, or any other, such as "mean_order".

    ``nested``: F is scored among those of equal R, and M among those of equal R and F (the nested binning of IBM SPSS).
    The cells are more even, but F 5 beside R 5 is not F 5 beside R 4, and the scores say nothing of other customers.

    ``thresholds`` (see `thresholds` and `Thresholds`) scores by an earlier or a fixed yardstick, on its own bins and
    measure. Raises `DataError` if nobody bought, and for a gap in what is scored.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 2, 7], "days_since_last": [90.0, 30.0, 5.0, 5.0],
    ...                           "revenue": [9.0, 50.0, 20.0, 80.0]})
    >>> scores(customers)[["r", "f", "m"]].values.tolist()
    [[1, 1, 1], [2, 1, 3], [3, 3, 2], [3, 4, 4]]
    >>> scores(customers, bins=2, nested=True)[["r", "f", "m"]].values.tolist()
    [[1, 1, 1], [1, 1, 2], [2, 1, 1], [2, 2, 1]]
    """
    if thresholds is None:
        if nested:
            return _nested(checked(customers, measure), scores_per_axis(bins), measure).to_native()
        cut = _thresholds(customers, bins=bins, measure=measure)
        return _passed(table(customers, eager=False), cut).to_native()
    if not isinstance(thresholds, Thresholds):
        raise DataError("thresholds must be what rfm.thresholds() returned, or a Thresholds(r=, f=, m=).")
    if nested:
        raise DataError("Nested scores depend on who else is in the table; leave out nested=True or the thresholds.")
    if measure not in ("revenue", thresholds.measure):
        raise DataError(f"The thresholds are in {thresholds.measure!r}, not in {measure!r}; leave out measure.")
    return _passed(checked(customers, thresholds.measure, somebody=False), thresholds).to_native()


_thresholds = thresholds  # `scores` has an option of that name


@same_kind
def bin_counts(scored, *, bins=5):
    """How many customers really got each score: score, r, f, m, from 1 to the highest of ``bins``.

    Ties make the counts uneven: where 60 % bought once, nobody has F 2 or 3 (`Thresholds.unreachable` says so before).

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 2], "days_since_last": 9.0, "revenue": [1.0, 2.0, 3.0]})
    >>> bin_counts(scores(customers, bins=3), bins=3)
       score  r  f  m
    0      1  3  2  1
    1      2  0  0  1
    2      3  0  1  1
    """
    bins = scores_per_axis(bins)
    frame, *_ = _scored(scored, bins)
    cells = collect(frame.group_by("r", "f", "m").agg(nw.len().alias("customers")))
    customers = cells["customers"].to_numpy()
    columns = {"score": list(range(1, max(bins) + 1))}
    for axis in "rfm":
        score = cells[axis].fill_null(0).cast(nw.Int64).to_numpy()
        columns[axis] = np.bincount(score, weights=customers, minlength=max(bins) + 1).astype(np.int64)[1:]
    return like(frame, columns, dict.fromkeys(columns, nw.Int64)).to_native()


@same_kind
def grid(scored, *, bins=5, by="revenue"):
    """The matrix of recency and frequency: r, f, customers, share_of_customers, ``by``, share_of_``by``.

    A row for each pair of scores, also where nobody is. Customers without scores are left out, of the shares too; a
    share of a total that is not above 0 is null. Raises `DataError` where ``by`` is missing or infinite.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 1, 4], "days_since_last": [90.0, 9.0, 5.0], "revenue": [10.0, 20, 70]})
    >>> grid(scores(customers, bins=2), bins=2)
       r  f  customers  share_of_customers  revenue  share_of_revenue
    0  1  1          2            0.666667     30.0               0.3
    1  1  2          0            0.000000      0.0               0.0
    2  2  1          0            0.000000      0.0               0.0
    3  2  2          1            0.333333     70.0               0.7
    """
    bins = scores_per_axis(bins)
    frame, *_ = _scored(table(scored, ["r", "f", "m", by], what="scored table", eager=False), bins)
    cells = frame.filter(~nw.col("r").is_null()).select("r", "f", nw.col(by).cast(nw.Float64), __gaps=is_gap(by))
    cells = collect(cells.group_by("r", "f").agg(nw.len().alias("customers"), nw.col(by, "__gaps").sum()))
    if gaps := int(cells["__gaps"].sum()):
        check_known(by, gaps, int(cells["customers"].sum()))
    across, up = bins[0], bins[1]
    place = (cells["r"].cast(nw.Int64).to_numpy() - 1) * up + cells["f"].cast(nw.Int64).to_numpy() - 1
    columns = {"r": np.repeat(np.arange(1, across + 1), up), "f": np.tile(np.arange(1, up + 1), across)}
    for name, kind in (("customers", np.int64), (by, float)):
        found = np.bincount(place, weights=cells[name].to_numpy(), minlength=across * up)
        total = found.sum()
        columns |= {name: found.astype(kind), f"share_of_{name}": found / total if total > 0 else found * np.nan}
    schema = {name: nw.Int64 if name in ("r", "f", "customers") else nw.Float64 for name in columns}
    return like(frame, columns, schema).to_native()


@same_kind
def segments(scored, map=TEN_SEGMENTS):
    """The scored table with the column ``segment``; "no purchase" where the scores are null.

    The scores must have as many bins as the map: ``scores(customers, bins=2)`` for `TWO_BY_TWO`, the default for
    `TEN_SEGMENTS`. ``map`` may be a table of your own, see `SegmentMap.from_table`. Where rules overlap the first one
    wins; see `check_map`.

    Raises `DataError` if the map leaves a cell without a segment, or a score is not one of its bins.

    >>> import pandas as pd
    >>> segments(pd.DataFrame({"r": [5, 1], "f": [5, 1], "m": [5, 1]}))["segment"].tolist()
    ['champions', 'hibernating']
    """
    map = as_map(map)
    cells = map.cells()
    names = [map.winner(cell) for cell in cells]
    if None in names:
        holes = [cell_name(cell) for cell, name in zip(cells, names, strict=True) if name is None]
        raise DataError(
            f"The map leaves {len(holes)} of {len(cells)} cells without a segment, e.g. {', '.join(holes[:5])} "
            "(R, F, M); add rules for them, or a last one for all the rest."
        )
    frame, customers, highest = _scored(scored, map.bins)
    if customers >= 10 * max(map.bins) and len(highest) == 1 and not highest & {0, 1, *map.bins}:
        # no law forbids it, but on all axes and with that many customers it is hardly ever chance
        warnings.warn(
            f"No score is above {max(highest)}, but the map has {max(map.bins)}; were the customers scored with "
            f"bins={max(highest)}?",
            DataNotice,
            stacklevel=3,
        )
    _, f_bins, m_bins = map.bins
    place = ((nw.col("r") - 1) * f_bins + nw.col("f") - 1) * m_bins + nw.col("m") - 1
    place = place.fill_null(len(cells)).cast(nw.Int64)
    return with_names(frame, "segment", place, [*names, NO_PURCHASE]).to_native()


@same_kind
def segment_summary(segmented, *, map=TEN_SEGMENTS, by="revenue"):
    """What each segment holds, in the order of the map: segment, customers, share_of_customers, ``by``,
    share_of_``by``, median_days_since_last.

    Every segment of the map has a row, even an empty one; "no purchase" only if there are such customers. Shares are of
    the whole table. Raises `DataError` if the table was made with another map.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 9], "days_since_last": [90.0, 5.0], "revenue": [10.0, 90.0]})
    >>> segment_summary(segments(scores(customers, bins=2), TWO_BY_TWO), map=TWO_BY_TWO)["share_of_revenue"].tolist()
    [0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1]
    """
    frame = table(segmented, ["segment", by, "days_since_last"], what="segmented table", eager=False)
    order = (*as_map(map).segments, NO_PURCHASE)
    found = collect(frame.select("segment").unique())["segment"].drop_nulls().to_list()
    if unknown := sorted(set(found) - set(order)):
        raise DataError(
            f"The segment {unknown[0]!r} is not in the map; pass the map that made it, e.g. map=TWO_BY_TWO."
        )
    medians = ("days_since_last",)
    return by_class(frame, "segment", order=order, by=by, optional=(NO_PURCHASE,), medians=medians).to_native()


def _passed(frame, cut):
    """The score on each axis: 1 and one more for every threshold passed."""
    if frame.implementation.is_pandas():
        begins = {axis: sign * np.array(getattr(cut, axis)) for axis, (_, sign) in axes(cut.measure).items()}
        return _in_numpy(frame, cut.measure, lambda axis, good, _: _passes(good, begins[axis]))
    made = {}
    for axis, (column, sign) in axes(cut.measure).items():
        number = nw.col(column).cast(nw.Float64)
        better = [number > edge if sign > 0 else number < edge for edge in getattr(cut, axis)]
        points = [nw.when(one).then(nw.lit(1)).otherwise(nw.lit(0)) for one in better]
        made[axis] = nw.when(_BOUGHT).then(sum(points, nw.lit(1)).cast(nw.Int64))
    return frame.with_columns(**made)


def _nested(frame, bins, measure):
    """Each axis by its rank among the customers with equal scores on the axes before it."""
    bins = dict(zip("rfm", bins, strict=True))
    if frame.implementation.is_pandas():
        return _in_numpy(frame, measure, lambda axis, good, group: _in_groups(good, group, bins[axis]))
    before = []
    for axis, (column, sign) in axes(measure).items():
        frame = frame.with_columns(__good=nw.when(_BOUGHT).then(nw.col(column).cast(nw.Float64) * sign))
        rank, rows = nw.col("__good").rank("min"), nw.col("__good").count()
        if before:
            rank, rows = rank.over(*before), rows.over(*before)
        frame = frame.with_columns(__worse=rank.cast(nw.Int64) - 1, __rows=rows.cast(nw.Int64))
        score = nw.col("__worse") * bins[axis] // nw.col("__rows") + 1
        frame = frame.with_columns(nw.when(_BOUGHT).then(score).alias(axis))
        before.append(axis)
    return frame.drop("__good", "__worse", "__rows")


def _in_numpy(frame, measure, score):
    """A pandas table with its scores from arrays: its groups, ranks and nullable integers are many times slower.

    ``score`` gets the axis, its values among those who bought, larger is better, and their scores on the axes before,
    as one number for each.
    """
    import pandas as pd

    bought = frame["orders"].cast(nw.Float64).to_numpy() > 0
    made, group = {}, np.zeros(np.count_nonzero(bought), np.int32)
    for axis, (column, sign) in axes(measure).items():
        found = score(axis, frame[column].cast(nw.Float64).to_numpy()[bought] * sign, group)
        group = (group * (int(found.max(initial=0)) + 1) + found).astype(np.int32)
        whole = np.zeros(len(bought), np.int64)
        whole[bought] = found
        made[axis] = pd.arrays.IntegerArray(whole, ~bought)
    return nw.from_native(frame.to_native().assign(**made))


def _passes(good, edges):
    return sum(((good > edge).astype(np.int16) for edge in edges), np.ones(len(good), np.int16))


def _in_groups(good, group, k):
    """Scores 1 to k within each group."""
    found = np.empty(len(good), np.int16)
    ends = np.cumsum(np.bincount(group))
    for rows in np.split(np.argsort(group, kind="stable"), ends[:-1]):
        if len(rows):
            mine = good[rows]
            found[rows] = _passes(mine, edges(np.sort(mine), k))
    return found


def _scored(scored, bins):
    """The wrapped table of scores, its rows and highest scores; scores are whole, from 1 to the bins of the axis."""
    frame = table(scored, ["r", "f", "m"], what="scored table", eager=False)
    schema = frame.collect_schema()
    for axis in "rfm":
        if not schema[axis].is_numeric():
            raise DataError(f"Column {axis!r} holds {schema[axis]}, not scores; use scores() first.")
    ends = [end for axis in "rfm" for end in (nw.col(axis).min().alias(f"{axis}_low"), nw.col(axis).max())]
    ends += [(nw.col(axis) % 1).max().alias(f"{axis}_part") for axis in "rfm" if schema[axis].is_float()]
    found = collect(frame, *ends, nw.len().alias("customers"))
    found = {name: found[name].drop_nulls().to_list() for name in found.columns}
    expected = bins[0] if len(set(bins)) == 1 else bins
    for axis, best in zip("rfm", bins, strict=True):
        if found.get(f"{axis}_part", [0]) not in ([], [0]):
            raise DataError(f"The scores in {axis!r} are not whole numbers; use scores() first.")
        if found[axis] and (found[f"{axis}_low"][0] < 1 or found[axis][0] > best):
            raise DataError(
                f"The scores in {axis!r} run from {found[f'{axis}_low'][0]:g} to {found[axis][0]:g}, but {best} bins "
                f"are expected; score and read with the same number, e.g. scores(customers, bins={expected})."
            )
    return frame, found["customers"][0], {int(found[axis][0]) if found[axis] else 0 for axis in "rfm"}
