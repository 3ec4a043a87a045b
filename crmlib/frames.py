"""What every table function shares: wrapping a table, day numbers, scores.

Table functions are written once on narwhals and give back the kind of table they got.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw

from crmlib.errors import DataError, quote

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
    native = nw.to_native(native, pass_through=True)
    if nw.dependencies.is_pandas_dataframe(native):
        _check_names(native.columns, what)
    try:
        frame = nw.from_native(native)
    except TypeError:
        raise DataError(f"The {what} is a {type(native).__name__}; pass a pandas or polars DataFrame.") from None
    if eager and isinstance(frame, nw.LazyFrame):
        raise DataError(f"The {what} is a lazy {type(native).__name__}; collect it first, e.g. with .collect().")
    columns = frame.collect_schema().names()
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"The {what} has no column {quote(missing[0])}; it has {quote(columns)}.")
    return frame


def _check_names(columns, what):
    """Only pandas allows column names that are not text or that occur twice."""
    odd = [name for name in columns if not isinstance(name, str)]
    if odd:
        raise DataError(f"The {what} has a column named {quote(odd[0])}, which is not text; give its columns names.")
    if not columns.is_unique:
        raise DataError(f"The {what} has two columns named {quote(columns[columns.duplicated()][0])}; rename one.")


def as_day(day, *, name="as_of") -> dt.date:
    """A date from a date, a datetime, a numpy datetime64 or text like 1998-06-30; the time of day is cut off.

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
    elif type(day).__name__ == "datetime64":
        return as_day(day.astype("datetime64[D]").item(), name=name)
    elif isinstance(day, str):
        try:
            return dt.date.fromisoformat(day.strip())
        except ValueError:
            pass
    raise DataError(f"{name} {quote(day)} is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.")


def day_number(date: nw.Expr) -> nw.Expr:
    """Days since 0001-01-01 as an integer, equal to Python's ``date.toordinal()``; null where there is no date.

    Integers rather than durations: every engine has them, and a difference is a number of days.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"date": pd.to_datetime(["2024-02-29"])}))
    >>> frame.select(day_number(nw.col("date")))["date"].to_list()
    [738945]
    """
    before = _whole(date.dt.year()) - 1  # whole years passed
    leap_days = before // 4 - before // 100 + before // 400
    return nw.when(~date.is_null()).then(before * 365 + leap_days + _whole(date.dt.ordinal_day()))


def _whole(number):
    """As integers; pandas refuses that while there are gaps, so the caller puts these back."""
    return number.fill_null(1).cast(nw.Int64)


def score(value: nw.Expr, k: int) -> nw.Expr:
    """``1 + (customers strictly worse) * k // n``: larger is better, equal values share a score, null has none.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"orders": [1, 1, 1, 2, 9]}))
    >>> frame.select(score(nw.col("orders"), 5))["orders"].to_list()
    [1, 1, 1, 4, 5]
    """
    worse = _whole(value.rank("min")) - 1
    return nw.when(~value.is_null()).then(worse * k // value.count() + 1)
