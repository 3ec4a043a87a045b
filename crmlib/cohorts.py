"""Customers by the period of their first purchase, followed through the calendar; and how soon they buy again.

A log without contracts shows who bought and who was silent, so the share of a cohort that is active in a period is
named that and not retention. Age is a difference of calendar periods: the periods in which a cohort is silent count.
"""

from __future__ import annotations

import warnings

import narwhals as nw
import numpy as np

from crmlib.calendar_periods import check_unit, complete, period_label, period_of
from crmlib.counted import NEVER, Counted
from crmlib.customer_periods import by_customer_and_period, checked_log
from crmlib.errors import DataError, DataNotice
from crmlib.frames import collect, like, same_kind, table
from crmlib.numbering import changes, span
from crmlib.wording import lines as written_lines
from crmlib.wording import money

__all__ = ["cells", "cohort_columns", "cohort_table", "made_like", "repeat_curve", "wide"]

_WHOLE = ("active", "orders")
_SCHEMA = {"cohort": nw.String, "age": nw.Int64, "period": nw.String, "size": nw.Int64, "active": nw.Float64,
           "share_active": nw.Float64, "orders": nw.Float64, "revenue": nw.Float64, "profit": nw.Float64,
           "complete": nw.Boolean}  # fmt: skip


@same_kind
def cohort_table(tx, *, as_of, unit="month", partial=False):
    """Cohorts by calendar ``unit`` ("month", "quarter" or "year") of the first purchase: a row a cohort and age.

    ============================  =====================================================================================
    cohort                        the period of the first purchase: 1997-01, 1997 Q1 or 1997
    age                           calendar periods since then, from 0 to the period of ``as_of``
    period                        the calendar period that the row is about
    size                          customers of the cohort
    active                        of them, who bought in the period; 0 in a silent period
    share_active                  active / size; 1 at age 0
    orders                        their orders that began in the period; without an order column, days with a purchase
    revenue                       their amounts in the period, net of refunds
    profit                        their amounts less cost; only if the log has a ``cost``
    complete                      whether ``as_of`` is not before the last day of the period
    ============================  =====================================================================================

    Where ``as_of`` cuts a period short, the numbers of its rows are null, because they would look like a decline;
    ``partial=True`` keeps what was seen so far. Then, and when no period is cut, active, orders and revenue sum to
    those of the log. Customers of the first cohort may have bought before the log began.

    Refunds before the period of the first purchase, or without any purchase, belong to no cohort; they are left out
    and counted in a `DataNotice`, as are lines after ``as_of``. The same kind of table as ``tx``.

    Raises `DataError` for an unknown unit, or if ``as_of`` is before the first purchase.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-03-25", "2024-02-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": days, "amount": [10.0, 6.0, 5.0, 8.0]})
    >>> cohort_table(log, as_of="2024-03-31").drop(columns=["period", "complete"])
        cohort  age  size  active  share_active  orders  revenue
    0  2024-01    0     1       1           1.0       2     16.0
    1  2024-01    1     1       0           0.0       0      0.0
    2  2024-01    2     1       1           1.0       1      5.0
    3  2024-02    0     1       1           1.0       1      8.0
    4  2024-02    1     1       0           0.0       0      0.0
    """
    lines, columns = cohort_columns(tx, as_of=as_of, unit=unit, partial=partial)
    return made_like(lines, columns, {name: _SCHEMA[name] for name in columns})


def cohort_columns(tx, *, as_of, unit, partial=False):
    """The wrapped lines of a log, and the columns of its `cohort_table` as arrays; what a gap stands for is NaN.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> cohort_columns(log, as_of="2024-01-31", unit="month")[1]["revenue"].tolist()
    [10.0]
    """
    check_unit(unit)
    lines, as_of = checked_log(tx, as_of)
    cohort, period, refunds, numbers = cells(lines, unit)
    inside = period >= cohort
    if not inside.any():
        raise DataError("The log holds no purchase, only refunds; so there are no cohorts.")
    _say_what_is_left_out(refunds[~inside], numbers["revenue"][~inside])
    numbers = {name: values[inside] for name, values in numbers.items()}
    return lines, _with_silent_periods(cohort[inside], period[inside], numbers, as_of, unit, partial)


def cells(lines, unit):
    """One query on the lines of `checked_log`: cohort and period as numbers, lines of refunds, and a dict of active,
    orders, revenue and, if the log has a cost, profit; one array each, a row a cohort and period with a line.

    Rows whose period is before their cohort are refunds that answer no purchase in the log.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> cells(checked_log(log, "2024-01-31")[0], "year")
    (array([2024]), array([2024]), array([0]), {'active': array([1]), 'orders': array([1]), 'revenue': array([10.])})
    """
    if isinstance(lines, Counted):
        return lines.once(("cells", unit), lambda: _cells(lines.by_period(unit)))
    seen = by_customer_and_period(lines, unit)
    money = [name for name in ("amount", "profit") if name in seen.collect_schema().names()]
    found = seen.group_by("cohort", "period").agg(nw.col("refunds", "bought", "orders", *money).sum())
    found = collect(found.select("cohort", "period", "refunds", "bought", "orders", *money))
    cohort, period, refunds, *numbers = (found[name].to_numpy() for name in found.columns)
    return cohort, period, refunds, dict(zip(("active", "orders", "revenue", "profit"), numbers, strict=False))


def _cells(rows):
    """The same from arrays by column."""
    low, width = span(rows["period"])
    # cohorts begin in one of the periods, or never
    cell = np.where(rows["cohort"] < NEVER, rows["cohort"] - low, width) * np.int64(width) + rows["period"] - low
    there = np.flatnonzero(np.bincount(cell))
    total = lambda values: np.bincount(cell, values)[there]  # noqa: E731
    counts = [total(rows[name]).astype(np.int64) for name in ("refunds", "bought", "orders")]
    money = {name: total(rows[of]) for name, of in (("revenue", "amount"), ("profit", "profit")) if of in rows}
    refunds, active, orders = counts
    cohort = np.where(there // width < width, there // width + low, NEVER)
    return cohort, there % width + low, refunds, {"active": active, "orders": orders} | money


def made_like(frame, columns, schema, counts=_WHOLE):
    """A table of the same kind as the wrapped ``frame`` from arrays, of which ``counts`` are integers with gaps.

    >>> import pandas as pd
    >>> made_like(table(pd.DataFrame({"x": [1]})), {"n": [1.0, float("nan")]}, {"n": nw.Float64}, ["n"])
          n
    0     1
    1  <NA>
    """
    made = like(frame, columns, schema)
    if made.implementation.is_pandas():
        # pandas would turn integers with a gap into floats; nullable integers keep the type the same for every table
        whole = nw.maybe_convert_dtypes(made.select(*counts))
        return made.with_columns(*whole.iter_columns()).to_native()
    return made.with_columns(nw.col(*counts).cast(nw.Int64)).to_native()


def _say_what_is_left_out(lines, amounts):
    if count := int(lines.sum()):
        what = f"{written_lines(count)} of refunds ({money(amounts.sum())} in all)"
        message = f"{what} before the customer's first purchase, or without any, left out of the cohorts."
        warnings.warn(message, DataNotice, stacklevel=5)


def _with_silent_periods(cohort, period, numbers, as_of, unit, partial):
    """The columns of the finished table: every age of every cohort, in order."""
    last = period_of(as_of, unit)
    cohorts = np.unique(cohort)
    ages = last - cohorts + 1
    begin = np.cumsum(ages) - ages  # the row of each cohort's age 0
    which = np.repeat(np.arange(len(cohorts)), ages)
    age = np.arange(len(which)) - begin[which]
    row = begin[np.searchsorted(cohorts, cohort)] + period - cohort
    numbers = {name: np.bincount(row, one, minlength=len(which)) for name, one in numbers.items()}
    size = numbers["active"][begin][which]
    whole = complete(last, unit, as_of=as_of)
    masked = np.zeros(len(which), dtype=bool) if partial or whole else cohorts[which] + age == last
    for values in numbers.values():
        values[masked] = np.nan
    label = {number: period_label(int(number), unit) for number in range(int(cohorts[0]), last + 1)}
    return {
        "cohort": [label[number] for number in cohorts[which]],
        "age": age,
        "period": [label[number] for number in cohorts[which] + age],
        "size": size.astype(np.int64),
        "active": numbers["active"],
        "share_active": numbers["active"] / size,
        **{name: numbers[name] for name in ("orders", "revenue", "profit") if name in numbers},
        "complete": (cohorts[which] + age < last) | whole,
    }


def wide(cohorts, value="share_active", *, across="age"):
    """The result of `cohort_table` as a triangle to look at: a row a cohort, a column an age; always a pandas table.

    ``value`` is share_active, active, orders or revenue. ``across="period"`` sets the same numbers under the calendar:
    ages side by side compare the quality of cohorts, calendar periods show what hit all of them at once.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-03-25", "2024-02-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 5.0, 8.0]})
    >>> wide(cohort_table(log, as_of="2024-03-31"))
    age        0    1    2
    cohort
    2024-01  1.0  0.0  1.0
    2024-02  1.0  0.0  NaN
    """
    import pandas as pd

    if across not in ("age", "period"):
        raise DataError(f"across is {across!r}; choose 'age' or 'period'.")
    frame = collect(table(cohorts, list(dict.fromkeys(["cohort", across, value])), what="cohort table", eager=False))
    rows, columns = sorted(set(frame["cohort"].to_list())), sorted(set(frame[across].to_list()))
    place = {name: number for number, name in enumerate(columns)}
    cells = np.full((len(rows), len(columns)), np.nan)
    down = np.searchsorted(rows, frame["cohort"].to_list())
    cells[down, [place[name] for name in frame[across].to_list()]] = frame[value].cast(nw.Float64).to_numpy()
    made = pd.DataFrame(cells, index=pd.Index(rows, name="cohort"), columns=pd.Index(columns, name=across))
    return made.astype("Int64") if value in ("size", *_WHOLE) else made


@same_kind
def repeat_curve(tx, *, as_of, weeks=52):
    """How many customers had bought again within so many weeks of their own first purchase: weeks, customers, repeated,
    share_repeated; a row a week from 1 to ``weeks``.

    "Within one week" is at most 7 days later. A second purchase is another day with a purchase; two orders on the first
    day are one. Only customers whose first purchase was at least ``weeks`` weeks before ``as_of`` count, in every row:
    the others were not watched that long, and mixing them in could make the curve fall. The same kind of table as
    ``tx``.

    Raises `DataError` if there is no such customer.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-03", "2024-01-12", "2024-01-30"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "b", "c"], "date": days, "amount": 5.0})
    >>> repeat_curve(log, as_of="2024-01-31", weeks=2)
       weeks  customers  repeated  share_repeated
    0      1          2         1             0.5
    1      2          2         2             1.0
    """
    if not (isinstance(weeks, int) and weeks >= 1):
        raise DataError(f"weeks is {weeks!r}; give a whole number of at least 1, e.g. 52.")
    lines, as_of = checked_log(tx, as_of)
    again, counts = _second_days(lines, as_of.toordinal() - 7 * weeks)
    n = int(counts.sum())
    if not n:
        raise DataError(
            f"No customer bought for the first time {weeks} weeks or more before as_of {as_of}; choose fewer weeks."
        )
    week = np.minimum((again + 6) // 7, weeks + 1)  # days 1 to 7 are week 1
    repeated = np.cumsum(np.bincount(week, counts, minlength=weeks + 2))[1 : weeks + 1]
    columns = {"weeks": np.arange(1, weeks + 1), "customers": [n] * weeks, "repeated": repeated.astype(np.int64),
               "share_repeated": repeated / n}  # fmt: skip
    schema = {"weeks": nw.Int64, "customers": nw.Int64, "repeated": nw.Int64, "share_repeated": nw.Float64}
    return like(lines, columns, schema).to_native()


def _second_days(lines, latest):
    """After how many days customers whose first purchase was up to the day ``latest`` bought again, or `NEVER`, and how
    many did."""
    if isinstance(lines, Counted):
        customer, day = lines.purchase_days()
        begins = np.flatnonzero(changes(customer))
        repeats = np.diff(begins, append=len(customer)) > 1
        again = np.full(len(begins), NEVER)
        again[repeats] = day[begins[repeats] + 1] - day[begins[repeats]]
        return np.unique(again[day[begins] <= latest], return_counts=True)
    bought = lines.filter(nw.col("amount") >= 0).select("customer", day="__day")
    bought = bought.with_columns(first=nw.col("day").min().over("customer"))
    later = nw.col("day") > nw.col("first")
    bought = bought.with_columns(again=nw.when(later).then(nw.col("day") - nw.col("first")).otherwise(NEVER))
    customers = bought.group_by("customer").agg(nw.col("first", "again").min())
    watched = customers.filter(nw.col("first") <= latest)
    found = collect(watched.group_by("again").agg(nw.len().alias("customers")))
    return found["again"].to_numpy(), found["customers"].to_numpy()
