"""What every table function shares: wrapping a table, day numbers, scores.

Table functions are written once on narwhals and give back the kind of table they got.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw

from crmlib.errors import DataError

__all__ = ["as_day", "day_number", "score", "table"]


def table(native, needed=(), *, what="customer table", eager=True):
    """Wrap a pandas or polars table and make sure that it has the columns ``needed``.

    Raises DataError if it is no table, has not all the columns, or is lazy where ``eager`` is needed.

    >>> import pandas as pd
    >>> table(pd.DataFrame({"x": [1]}), ["x", "T"])
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The customer table has no column 'T'; it has ['x'].
    """
    try:
        frame = nw.from_native(native)
    except TypeError:
        raise DataError(f"The {what} is a {type(native).__name__}; pass a pandas or polars DataFrame.") from None
    if eager and isinstance(frame, nw.LazyFrame):
        raise DataError(f"The {what} is a lazy {type(native).__name__}; collect it first, e.g. with .collect().")
    columns = frame.collect_schema().names()
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"The {what} has no column {missing[0]!r}; it has {columns}.")
    return frame


def as_day(day, *, name="as_of") -> dt.date:
    """A date from a date, a datetime or ISO text; the time of day is cut off.

    >>> as_day("1998-06-30")
    datetime.date(1998, 6, 30)
    >>> as_day("30/06/1998")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: as_of '30/06/1998' is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.
    """
    if isinstance(day, dt.datetime):  # pandas.Timestamp is one too; NaT is not a real one
        if day == day:
            return day.date()
    elif isinstance(day, dt.date):
        return day
    elif hasattr(day, "astype") and "datetime64" in str(getattr(day, "dtype", "")):
        return as_day(day.astype("datetime64[D]").item(), name=name)
    elif isinstance(day, str):
        try:
            return dt.date.fromisoformat(day.strip())
        except ValueError:
            pass
    raise DataError(f"{name} {str(day)!r} is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.")


def day_number(date: nw.Expr) -> nw.Expr:
    """Days since 0001-01-01 as an integer, equal to Python's ``date.toordinal()``.

    Integers rather than durations: every engine has them, and a difference is a number of days.
    """
    before = date.dt.year().cast(nw.Int64) - 1  # whole years passed
    leap_days = before // 4 - before // 100 + before // 400
    return before * 365 + leap_days + date.dt.ordinal_day().cast(nw.Int64)


def score(value: nw.Expr, k: int) -> nw.Expr:
    """``1 + (customers strictly worse) * k // n``: larger is better, equal values share a score.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"orders": [1, 1, 1, 2, 9]}))
    >>> frame.select(score(nw.col("orders"), 5))["orders"].to_list()
    [1, 1, 1, 4, 5]
    """
    worse = value.rank("min").cast(nw.Int64) - 1
    return worse * k // value.count() + 1
