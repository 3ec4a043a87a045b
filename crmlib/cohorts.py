"""Customers by the period of their first purchase, followed through the calendar; and how soon they buy again.

A log without contracts shows who bought and who was silent, so the share of a cohort that is active in a period is
named that and not retention. Age is a difference of calendar periods: the periods in which a cohort is silent count.
"""

from __future__ import annotations

import warnings

import narwhals as nw
import numpy as np

from crmlib.calendar_periods import check_unit, complete, period_label, period_number, period_of
from crmlib.customers import check_log
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, collect, day_number, like, same_kind, table
from crmlib.numbering import numbered
from crmlib.wording import lines as written_lines
from crmlib.wording import money

__all__ = ["cohort_table", "repeat_curve", "wide"]

_NEVER = 10**9  # later than any period: the cohort of a customer without a purchase
_WHOLE = ("active", "orders")
_SCHEMA = {"cohort": nw.String, "age": nw.Int64, "period": nw.String, "size": nw.Int64, "active": nw.Float64,
           "share_active": nw.Float64, "orders": nw.Float64, "revenue": nw.Float64, "complete": nw.Boolean}  # fmt: skip


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
    check_unit(unit)
    as_of = as_day(as_of)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of)
    names = frame.collect_schema().names()
    lines = numbered(frame).with_columns(__day=day_number(nw.col("date"))).filter(nw.col("__day") <= as_of.toordinal())
    cells = collect(_by_cohort_and_period(lines, unit, "order" in names))
    cohort, period, *numbers, refunds = (cells[name].to_numpy() for name in cells.columns)
    inside = period >= cohort
    if not inside.any():
        raise DataError("The log holds no purchase, only refunds; so there are no cohorts.")
    _say_what_is_left_out(refunds[~inside], numbers[-1][~inside])
    numbers = [values[inside] for values in numbers]
    return _with_silent_periods(frame, cohort[inside], period[inside], numbers, as_of, unit, partial)


def _by_cohort_and_period(lines, unit, has_orders):
    """One query: cohort, period, active, orders, amount, refunds (lines); in the period numbers of ``unit``."""
    purchase = nw.col("amount") >= 0
    lines = lines.select(
        "customer", "__day", *(["order"] if has_orders else []),
        amount=nw.col("amount").cast(nw.Float64),
        period=period_number(nw.col("date"), unit),
        bought=nw.when(purchase).then(1).otherwise(0),
        refunds=nw.when(purchase).then(0).otherwise(1),
    )  # fmt: skip
    keys = ["customer", "period"]
    sums = [nw.col("amount", "refunds").sum(), nw.col("bought").max()]
    days = lines.group_by(*keys, "__day").agg(*sums)
    seen = days.group_by(*keys).agg(*sums, nw.col("bought").sum().alias("orders"))
    if has_orders:
        orders = lines.filter(nw.col("bought") > 0).group_by("customer", "order").agg(nw.col("period").min())
        orders = orders.group_by(*keys).agg(nw.len().alias("orders"))
        seen = seen.drop("orders").join(orders, on=keys, how="left").with_columns(nw.col("orders").fill_null(0))
    seen = seen.with_columns(first=nw.when(nw.col("bought") > 0).then(nw.col("period")).otherwise(_NEVER))
    seen = seen.with_columns(cohort=nw.col("first").min().over("customer"))
    found = seen.group_by("cohort", "period").agg(nw.col("bought", "orders", "amount", "refunds").sum())
    return found.select("cohort", "period", "bought", "orders", "amount", "refunds")


def _say_what_is_left_out(lines, amounts):
    if count := int(lines.sum()):
        what = f"{written_lines(count)} of refunds ({money(amounts.sum())} in all)"
        message = f"{what} before the customer's first purchase, or without any, left out of the cohorts."
        warnings.warn(message, DataNotice, stacklevel=4)


def _with_silent_periods(frame, cohort, period, numbers, as_of, unit, partial):
    """The finished table: every age of every cohort, in order."""
    last = period_of(as_of, unit)
    cohorts = np.unique(cohort)
    ages = last - cohorts + 1
    begin = np.cumsum(ages) - ages  # the row of each cohort's age 0
    which = np.repeat(np.arange(len(cohorts)), ages)
    age = np.arange(len(which)) - begin[which]
    row = begin[np.searchsorted(cohorts, cohort)] + period - cohort
    active, orders, revenue = (np.bincount(row, one, minlength=len(which)) for one in numbers)
    size = active[begin][which]
    whole = complete(last, unit, as_of=as_of)
    masked = np.zeros(len(which), dtype=bool) if partial or whole else cohorts[which] + age == last
    share = active / size
    for values in (active, share, orders, revenue):
        values[masked] = np.nan
    label = {number: period_label(int(number), unit) for number in range(int(cohorts[0]), last + 1)}
    columns = {
        "cohort": [label[number] for number in cohorts[which]],
        "age": age,
        "period": [label[number] for number in cohorts[which] + age],
        "size": size.astype(np.int64),
        "active": active,
        "share_active": share,
        "orders": orders,
        "revenue": revenue,
        "complete": (cohorts[which] + age < last) | whole,
    }
    made = like(frame, columns, _SCHEMA)
    if made.implementation.is_pandas():
        # pandas would turn integers with a gap into floats; nullable integers keep the type the same for every table
        counts = nw.maybe_convert_dtypes(made.select(*_WHOLE))
        return made.with_columns(*counts.iter_columns()).to_native()
    return made.with_columns(nw.col(*_WHOLE).cast(nw.Int64)).to_native()


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
    as_of = as_day(as_of)
    if not (isinstance(weeks, int) and weeks >= 1):
        raise DataError(f"weeks is {weeks!r}; give a whole number of at least 1, e.g. 52.")
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of)
    bought = numbered(frame).select("customer", day=day_number(nw.col("date")), amount="amount")
    bought = bought.filter((nw.col("day") <= as_of.toordinal()) & (nw.col("amount") >= 0))
    bought = bought.with_columns(first=nw.col("day").min().over("customer"))
    later = nw.col("day") > nw.col("first")
    bought = bought.with_columns(again=nw.when(later).then(nw.col("day") - nw.col("first")).otherwise(_NEVER))
    customers = bought.group_by("customer").agg(nw.col("first", "again").min())
    watched = customers.filter(nw.col("first") <= as_of.toordinal() - 7 * weeks)
    found = collect(watched.group_by("again").agg(nw.len().alias("customers")))
    counts = found["customers"].to_numpy()
    n = int(counts.sum())
    if not n:
        raise DataError(
            f"No customer bought for the first time {weeks} weeks or more before as_of {as_of}; choose fewer weeks."
        )
    week = np.minimum((found["again"].to_numpy() + 6) // 7, weeks + 1)  # days 1 to 7 are week 1
    repeated = np.cumsum(np.bincount(week, counts, minlength=weeks + 2))[1 : weeks + 1]
    columns = {"weeks": np.arange(1, weeks + 1), "customers": [n] * weeks, "repeated": repeated.astype(np.int64),
               "share_repeated": repeated / n}  # fmt: skip
    schema = {"weeks": nw.Int64, "customers": nw.Int64, "repeated": nw.Int64, "share_repeated": nw.Float64}
    return like(frame, columns, schema).to_native()
