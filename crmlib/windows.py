"""What each customer did within windows of a log, and the factors of money as ratios of totals.

Refunds lower money and are no orders. An order belongs to the window in which it began, so that adjacent windows sum to
all orders. Profit is amount - cost, and exists only where every line has a ``cost``.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.customer_periods import knows_cost, ratio
from crmlib.customers import DECIMALS, check_log
from crmlib.frames import day_number, is_lazy, table
from crmlib.numbering import Numbering, numbered

__all__ = ["checked", "in_windows", "ratios"]


def checked(tx, as_of):
    """The wrapped log, if it is as the door gives it; a ``cost`` with gaps is left out, which a `DataNotice` says.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01"])
    >>> log = pd.DataFrame({"customer": ["a", "b"], "date": days, "amount": 9.0, "cost": [4.0, 5.0]})
    >>> checked(log, dt.date(2024, 2, 29)).columns
    ['customer', 'date', 'amount', 'cost']
    """
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of)
    if "cost" in frame.collect_schema().names() and not knows_cost(frame):
        return frame.drop("cost")
    return frame


def in_windows(frame, windows):
    """What each customer of a wrapped log did in each window; wrapped, one row a customer with a line in one of them.

    ``windows`` is a dict from a suffix to (first day, last day), the latest last. Columns: customer, first (day number
    of the first purchase ever, up to the end of the last window; null without one), and with each suffix orders,
    revenue, [profit], purchases (lines) and seen (lines of any kind).

    >>> import datetime as dt
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01"])
    >>> log = table(pd.DataFrame({"customer": ["a", "a"], "date": days, "amount": [8.0, -2.0]}))
    >>> found = in_windows(log, {"": (dt.date(2024, 2, 1), dt.date(2024, 2, 28))})
    >>> found.select("customer", "orders", "revenue", "seen").rows()
    [('a', 0, -2.0, 1)]
    """
    numbering = None if is_lazy(frame) else Numbering(frame["customer"])
    if numbering is not None:  # integers group several times faster than texts
        codes = nw.new_series("customer", numbering.codes, nw.Int64, backend=frame.implementation)
        frame = frame.with_columns(codes)
    names = frame.collect_schema().names()
    order = ["order"] if "order" in names else []
    frame = numbered(frame, "order") if order else frame
    amount = nw.col("amount").cast(nw.Float64)
    values = {"revenue": amount} | ({"profit": amount - nw.col("cost").cast(nw.Float64)} if "cost" in names else {})
    values |= {"purchases": nw.when(amount >= 0).then(1).otherwise(0), "seen": nw.lit(1)}
    lines = frame.select("customer", *order, __day=day_number(nw.col("date")), **values)
    *_, (_, end) = windows.values()
    lines = lines.filter(nw.col("__day") <= end.toordinal())
    inside = {
        suffix: (nw.col("__day") >= start.toordinal()) & (nw.col("__day") <= last.toordinal())
        for suffix, (start, last) in windows.items()
    }
    sums = {
        name + suffix: nw.when(where).then(nw.col(name)).otherwise(0)
        for suffix, where in inside.items() for name in values
    }  # fmt: skip
    found = lines.select("customer", **sums).group_by("customer").agg(nw.col(*sums).sum())
    bought = lines.filter(nw.col("purchases") == 1)
    begun = bought.group_by("customer", *order).agg(nw.col("__day").min()) if order else bought
    begun = begun.select("customer", "__day").unique() if not order else begun.select("customer", "__day")
    counts = {"orders" + suffix: nw.when(where).then(1).otherwise(0) for suffix, where in inside.items()}
    begun = begun.select("customer", first=nw.col("__day"), **counts).group_by("customer")
    begun = begun.agg(nw.col("first").min(), nw.col(*counts).sum())
    found = found.filter(nw.any_horizontal(*(nw.col("seen" + suffix) > 0 for suffix in windows), ignore_nulls=False))
    found = found.join(begun, on="customer", how="left")
    money = [name for name in sums if name.startswith(("revenue", "profit"))]
    lines_of = [name for name in sums if name not in money]
    found = found.select(
        "customer", "first", nw.col(*counts).fill_null(0).cast(nw.Int64), nw.col(*money).round(DECIMALS),
        nw.col(*lines_of).cast(nw.Int64),
    )  # fmt: skip
    if numbering is None:
        return found
    found = found.sort("customer")
    ids = numbering.values(found["customer"].to_numpy())
    return found.with_columns(nw.new_series("customer", ids, backend=frame.implementation))


def ratios(columns):
    """The factors from totals in a dict of arrays: customers, orders, revenue and perhaps profit.

    orders_each = orders / customers (AOF), order_value = revenue / orders (AOV), margin = profit / revenue,
    revenue_each and profit_each = money / customers.

    >>> {name: one.tolist() for name, one in ratios({"customers": [2], "orders": [4], "revenue": [10.0]}).items()}
    {'orders_each': [2.0], 'order_value': [2.5], 'revenue_each': [5.0]}
    """
    found = {
        "orders_each": ratio(columns["orders"], columns["customers"]),
        "order_value": ratio(columns["revenue"], columns["orders"]),
    }
    if "profit" in columns:
        # a factor multiplies back over revenue below zero as well, so unlike in `ratio` only 0 is left out
        revenue = np.asarray(columns["revenue"], float)
        found["margin"] = np.divide(columns["profit"], revenue, out=np.full(revenue.shape, np.nan), where=revenue != 0)
    for name in ("revenue", "profit"):
        if name in columns:
            found[f"{name}_each"] = ratio(columns[name], columns["customers"])
    return found
