"""A log at a glance: by month, by number of orders, by share of the best, this year against the last.

Table functions: the same kind of table in and out, on every engine.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import narwhals as nw
import numpy as np

from crmlib import pareto
from crmlib.calendar_periods import check_unit, complete, period_label, period_number, period_of
from crmlib.counted import Counted
from crmlib.customer_periods import checked_log, first_day
from crmlib.customers import customer_table, until
from crmlib.errors import DataNotice
from crmlib.classes import ascending, whole_customers
from crmlib.frames import as_day, collect, day_number, height, is_lazy, like, same_kind, table

__all__ = [
    "YEAR", "Refused", "as_it_stood", "best_for", "by_period", "last_year", "order_counts",
    "top_shares", "value_by",
]  # fmt: skip

YEAR = 365  # days


@dataclass(frozen=True)
class Refused:
    """A part of the audit that this log cannot carry: why, in a sentence; what would mend it; the nearest valid view, and
    the key of the section or exhibit of the report in which that stands."""

    why: str
    mends: str
    view: str
    link: str = ""


def as_it_stood(tx, *, as_of):
    """The lines up to and including ``as_of``, and the customer table of that day.

    Says nothing of the lines after it. Raises `DataError` for an ``as_of`` before the first purchase.
    """
    if isinstance(tx, Counted):
        log = tx.up_to(as_of)
        return log, log.customer_table(as_of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return until(tx, as_of), customer_table(tx, as_of=as_of)


@same_kind
def by_period(tx, *, as_of, unit="month"):
    """One row a calendar month, quarter or year from the first line to ``as_of``, empty ones included.

    period (text such as 1997-01, 1997 Q1 or 1997), customers (who bought), first_time (of them, on the first purchase
    day ever), returning (the others), orders, first_revenue (purchases on first purchase days), repeat_revenue (later
    ones), refunds (zero or negative), revenue (the sum of the three), complete (False where the log does not cover the
    whole period). The same kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-03-05", "2024-03-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 6.0, 8.0]})
    >>> by_period(log, as_of="2024-03-20")[["period", "customers", "first_time", "revenue", "complete"]]
        period  customers  first_time  revenue  complete
    0  2024-01          1           1     10.0      True
    1  2024-02          0           0      0.0      True
    2  2024-03          2           1     14.0     False
    """
    check_unit(unit)
    lines, as_of = checked_log(tx, as_of)
    start = first_day(lines)
    found = _by_period(lines, unit)
    periods = range(period_of(start, unit), period_of(as_of, unit) + 1)
    columns = {"period": [period_label(period, unit) for period in periods]}
    columns |= {name: [counts.get(period, 0) for period in periods] for name, counts in found.items()}
    columns["returning"] = [n - new for n, new in zip(columns["customers"], columns["first_time"], strict=True)]
    parts = zip(*(columns[name] for name in ("first_revenue", "repeat_revenue", "refunds")), strict=True)
    columns["revenue"] = [math.fsum(part) for part in parts]
    columns["complete"] = [complete(period, unit, first=start, as_of=as_of) for period in periods]
    types = {name: nw.Int64 for name in ("customers", "first_time", "returning", "orders")}
    types |= {name: nw.Float64 for name in ("first_revenue", "repeat_revenue", "refunds", "revenue")}
    names = ["period", *types]
    types |= {"period": nw.String, "complete": nw.Boolean}
    ordered = {name: columns[name] for name in (*names, "complete")}
    return like(lines, ordered, {name: types[name] for name in ordered}).to_native()


def _by_period(lines, unit):
    """By name what can be summed, as {period: number}."""
    if isinstance(lines, Counted):
        return _in_memory(lines, unit)
    frame = lines.with_columns(__period=period_number(nw.col("date"), unit))
    purchases = frame.filter(nw.col("amount") >= 0)
    starts = purchases.group_by("customer").agg(nw.col("__day").min().alias("__start"))
    purchases = purchases.join(starts, on="customer").with_columns(__first=nw.col("__day") == nw.col("__start"))
    order = ["customer", "order"] if "order" in frame.collect_schema() else ["customer", "__day"]
    return {
        "customers": _count(purchases.select("customer", "__period").unique()),
        "first_time": _count(purchases.filter(nw.col("__first")).select("customer", "__period").unique()),
        # an order counts where it begins, so that the periods sum to all orders
        "orders": _count(purchases.group_by(order).agg(nw.col("__period").min())),
        "first_revenue": _sums(purchases.filter(nw.col("__first"))),
        "repeat_revenue": _sums(purchases.filter(~nw.col("__first"))),
        "refunds": _sums(frame.filter(nw.col("amount") < 0)),
    }


def _in_memory(log, unit):
    """The same of a counted log."""
    rows, period = log.by_period(unit), log.periods(unit)
    low = int(period.min())
    period = period - low
    first, refunds = log.first_rows, np.flatnonzero(log.refunded)
    repeat = log.spent.copy()
    repeat[first] = 0.0
    by_period = lambda values: dict(enumerate(values.tolist(), start=low))  # noqa: E731
    count = lambda values: by_period(np.bincount(rows["period"] - low, values).astype(np.int64))  # noqa: E731
    return {
        "customers": count(rows["bought"]),
        "first_time": count(rows["cohort"] == rows["period"]),
        "orders": count(rows["orders"]),
        "first_revenue": by_period(np.bincount(period[first], log.spent[first])),
        "repeat_revenue": by_period(np.bincount(period, repeat)),
        "refunds": by_period(np.bincount(period[refunds], log.refunded[refunds])),
    }


@same_kind
def order_counts(customers, *, most=10):
    """Customers by number of orders: orders ("1", "2" ... "10+" for ``most`` and more), customers, share_of_customers.

    Customers without a purchase do not count. The same kind of table as ``customers``.

    >>> import pandas as pd
    >>> order_counts(pd.DataFrame({"orders": [1, 1, 4, 0]}), most=3)
      orders  customers  share_of_customers
    0      1          2            0.666667
    1      2          0            0.000000
    2     3+          1            0.333333
    """
    frame = table(customers, ["orders"], eager=False)
    counted = frame.filter(nw.col("orders") > 0).group_by("orders").agg(nw.len().alias("customers"))
    counted = collect(counted.select(nw.col("orders", "customers").cast(nw.Int64)))
    orders, customers = counted["orders"].to_numpy(), counted["customers"].to_numpy()
    longest = int(min(orders.max(initial=1), most))
    counts = np.bincount(np.minimum(orders, longest), customers, minlength=longest + 1)[1:].astype(np.int64)
    labels = [str(n) for n in range(1, longest + 1)]
    if orders.max(initial=1) > longest:
        labels[-1] += "+"
    columns = {"orders": labels, "customers": counts, "share_of_customers": counts / max(counts.sum(), 1)}
    return like(frame, columns).to_native()


@same_kind
def top_shares(customers, shares=(0.01, 0.05, 0.10, 0.20, 0.50), *, by="revenue"):
    """What the best customers bring: top (share of customers), customers (q * n, rounded up), share of ``by`` of so many.

    >>> import pandas as pd
    >>> top_shares(pd.DataFrame({"revenue": [70.0, 20.0, 10.0, 0.0]}), (0.25, 0.50))
        top  customers  share_of_revenue
    0  0.25          1               0.7
    1  0.50          2               0.9
    """
    frame = table(customers, [by], eager=False)
    n = height(frame)
    columns = {
        "top": list(shares),
        "customers": [whole_customers(q, n) for q in shares],
        f"share_of_{by}": [pareto.top_share(customers, q, by=by, method="count") for q in shares],
    }
    return like(frame, columns).to_native()


@same_kind
def best_for(customers, share, *, by="revenue") -> int:
    """The smallest number of best customers who together bring at least ``share`` of the total.

    >>> import pandas as pd
    >>> best_for(pd.DataFrame({"revenue": [10.0, 50.0, 20.0, 20.0]}), 0.7)
    2
    """
    descending = ascending(table(customers, [by], eager=False), by)[::-1]
    running = np.cumsum(descending)
    return int(np.searchsorted(running, share * running[-1] * (1 - 1e-12))) + 1


@same_kind
def value_by(customers, *, groups=10):
    """Customers in ``groups`` equal groups by ``value``, best first: group, customers, value (mean), share_of_value.

    Customers without a value do not count.

    >>> import pandas as pd
    >>> value_by(pd.DataFrame({"value": [1.0, 5.0, 3.0, 1.0, None]}), groups=2)
       group  customers  value  share_of_value
    0      1          2    4.0             0.8
    1      2          2    1.0             0.2
    """
    frame = table(customers, ["value"], eager=False)
    worth = collect(frame, nw.col("value").cast(nw.Float64))["value"].to_numpy()
    worth = np.sort(worth[~np.isnan(worth)])[::-1]
    group = groups * np.arange(len(worth)) // max(len(worth), 1)
    count, total = np.bincount(group, minlength=groups), np.bincount(group, worth, minlength=groups)
    with np.errstate(invalid="ignore"):
        columns = {
            "group": np.arange(1, groups + 1),
            "customers": count,
            "value": total / count,
            "share_of_value": total / total.sum(),
        }
    return like(frame, columns).to_native()


@same_kind
def last_year(tx, customers, *, as_of, days=YEAR):
    """The customer table with ``revenue`` of the last ``days`` days only, 0 where there was none.

    >>> import pandas as pd
    >>> from crmlib import customer_table
    >>> days = pd.to_datetime(["2022-01-05", "2024-01-25", "2022-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 6.0, 8.0]})
    >>> last_year(log, customer_table(log, as_of="2024-01-31"), as_of="2024-01-31")["revenue"].to_list()
    [6.0, 0.0]
    """
    as_of, customers = as_day(as_of), table(customers, ["customer", "revenue"], eager=False)
    start, order = as_of.toordinal() - days, customers.collect_schema().names()
    if isinstance(tx, Counted):
        log = tx.up_to(as_of)
        revenue = log.of_customers(np.where(log.day > start, log.amount, 0.0))
        year = like(tx, {"revenue": revenue}).with_columns(log.ids)
        if not is_lazy(customers) and len(customers) == len(year) and (customers["customer"] == year["customer"]).all():
            return customers.with_columns(year["revenue"]).to_native()
    else:
        frame = table(until(tx, as_of), ["customer", "date", "amount"], what="table of transactions", eager=False)
        inside = frame.filter(day_number(nw.col("date")) > start)
        year = inside.group_by("customer").agg(nw.col("amount").sum().alias("revenue"))
    joined = customers.drop("revenue").join(year, on="customer", how="left").sort("customer")
    return joined.with_columns(nw.col("revenue").fill_null(0.0)).select(order).to_native()


def _count(rows):
    counted = collect(rows.group_by("__period").agg(nw.len().alias("n")))
    return dict(zip(counted["__period"].to_list(), counted["n"].to_list(), strict=True))


def _sums(rows):
    summed = collect(rows.group_by("__period").agg(nw.col("amount").sum()))
    return dict(zip(summed["__period"].to_list(), summed["amount"].to_list(), strict=True))
