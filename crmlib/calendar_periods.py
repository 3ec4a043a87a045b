"""Calendar months, quarters and years as numbers that can be subtracted, on every engine, and as people write them.

A period is the number of months, quarters or years since the beginning of the year 0, so that the difference of two
is how many periods lie between them.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np

from crmlib.errors import DataError
from crmlib.frames import as_day

__all__ = ["check_unit", "complete", "period_label", "period_number", "period_of", "period_start", "periods_a_year", "periods_of"]

_BEFORE_1970 = dt.date(1970, 1, 1).toordinal()
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def check_unit(unit):
    """Raise `DataError` unless ``unit`` is "month", "quarter" or "year".

    >>> check_unit("week")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: unit 'week' is not known; choose 'month', 'quarter' or 'year'.
    """
    if unit not in _MONTHS:
        raise DataError(f"unit {unit!r} is not known; choose 'month', 'quarter' or 'year'.")


def periods_a_year(unit) -> int:
    """How many periods make a year.

    >>> periods_a_year("quarter")
    4
    """
    check_unit(unit)
    return 12 // _MONTHS[unit]


def period_number(date: nw.Expr, unit) -> nw.Expr:
    """The number of the period that a date without gaps lies in.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"date": pd.to_datetime(["1996-12-31", "1997-01-01"])}))
    >>> frame.select(period_number(nw.col("date"), "quarter"))["date"].to_list()
    [7987, 7988]
    """
    months = date.dt.year().cast(nw.Int64) * 12 + date.dt.month().cast(nw.Int64) - 1
    return months // _MONTHS[unit]


def period_of(day, unit) -> int:
    """The same for one day.

    >>> period_of("1997-01-01", "quarter")
    7988
    """
    day = as_day(day)
    return (day.year * 12 + day.month - 1) // _MONTHS[unit]


def periods_of(days, unit) -> np.ndarray:
    """The same for an array of day numbers, as Python's ``date.toordinal()`` has them.

    >>> periods_of(np.array([729024, 729025]), "quarter").tolist()
    [7987, 7988]
    """
    low, high = (int(days.min()), int(days.max())) if len(days) else (0, 0)
    if high - low < len(days):  # each day of the calendar once
        return _periods(np.arange(low, high + 1), unit)[days - low]
    return _periods(days, unit)


def _periods(days, unit):
    months = (days - _BEFORE_1970).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return months // _MONTHS[unit]


def period_start(number, unit) -> dt.date:
    """The first day of a period.

    >>> period_start(7988, "quarter")
    datetime.date(1997, 1, 1)
    """
    months = number * _MONTHS[unit]
    return dt.date(months // 12, months % 12 + 1, 1)


def period_label(number, unit) -> str:
    """The period as text; texts of one unit sort as the periods do.

    >>> period_label(23964, "month"), period_label(7988, "quarter"), period_label(1997, "year")
    ('1997-01', '1997 Q1', '1997')
    """
    first = period_start(number, unit)
    year = f"{first.year:04d}"
    return {"month": f"{year}-{first.month:02d}", "quarter": f"{year} Q{(first.month + 2) // 3}", "year": year}[unit]


def complete(number, unit, *, first=None, as_of) -> bool:
    """Whether the days from ``first`` (None: from ever) to ``as_of`` cover the whole period.

    >>> complete(1997, "year", as_of="1997-12-31"), complete(1997, "year", as_of="1997-12-30")
    (True, False)
    """
    begun = first is None or as_day(first) <= period_start(number, unit)
    return begun and period_start(number + 1, unit) <= as_day(as_of) + dt.timedelta(days=1)
