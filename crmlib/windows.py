"""What each customer did within windows of a log, and the factors of money as ratios of totals.

Refunds lower money and are no orders. An order belongs to the window in which it began, so that adjacent windows sum to
all orders. Profit is amount - cost, and exists only where every line has a ``cost``.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.counted import Counted
from crmlib.customer_periods import knows_cost, ratio
from crmlib.customers import DECIMALS

__all__ = ["in_windows", "ratios"]


def in_windows(lines, windows):
    """What each customer did in each window: a row a customer with a line in one of them; from `checked_log`, wrapped.

    ``windows`` is a dict from a suffix to (first day, last day). Columns: customer, first (day number of the first
    purchase ever; null without one), and with each suffix orders,
    revenue, [profit], purchases (lines) and seen (lines of any kind). In memory sorted by customer.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from crmlib.customer_periods import checked_log
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01"])
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": days, "amount": [8.0, -2.0]})
    >>> lines, as_of = checked_log(log, "2024-02-28")
    >>> found = in_windows(lines, {"": (dt.date(2024, 2, 1), as_of)})
    >>> found.select("customer", "orders", "revenue", "seen").rows()
    [('a', 0, -2.0, 1)]
    """
    if isinstance(lines, Counted):
        return lines.in_windows(windows)
    order = ["order"] if "order" in lines.collect_schema().names() else []
    amount = nw.col("amount").cast(nw.Float64)
    values = {"revenue": amount} | ({"profit": amount - nw.col("cost").cast(nw.Float64)} if knows_cost(lines) else {})
    values |= {"purchases": nw.when(amount >= 0).then(1).otherwise(0), "seen": nw.lit(1)}
    lines = lines.select("customer", "__day", *order, **values)
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
    return found.select(
        "customer", "first", nw.col(*counts).fill_null(0).cast(nw.Int64), nw.col(*money).round(DECIMALS),
        nw.col(*lines_of).cast(nw.Int64),
    )  # fmt: skip


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
