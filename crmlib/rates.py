"""Rates with their denominators named: of two rates that sound alike, the denominators say which is which.

A log of purchases carries five of them (`rates`). Those that need counts from elsewhere (mails delivered, lines sent
back) are functions of two counts, named after both.
"""

from __future__ import annotations

import math
import warnings

import narwhals as nw
import numpy as np

from crmlib.counted import Counted
from crmlib.customer_periods import checked_log, first_purchase
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, collect, like, same_kind

__all__ = [
    "RATES", "bounced_of_sent", "rates", "returned_of_lines", "returned_of_orders", "unsubscribed_of_delivered",
]  # fmt: skip

RATES = ("inactive rate", "gross growth rate", "net growth rate", "repeat rate", "repurchase rate")


@same_kind
def rates(tx, *, as_of, since=None, active_within=None):
    """Five rates of the days from ``since`` to ``as_of``, both inclusive: rate, numerator, denominator, numerator_is,
    denominator_is, value.

    - "inactive rate" (churn rate, 流失率): of the customers active at the start, those without a purchase in the
      period. A log without contracts shows silence and not departure, hence the name; 1 minus it is the repeat-buying
      rate.
    - "gross growth rate" (客户增长率): customers who bought for the first time ever, to those active at the start.
    - "net growth rate": customers active at the end less those active at the start, to those active at the start.
    - "repeat rate": of the buyers of the period, those with two orders or more in it.
    - "repurchase rate" (重复购买率): of the orders of the period, those that were not the customer's first ever.
      It counts orders where the repeat rate counts customers, so that a few with many orders raise it.

    *Active at the start* is a purchase in the ``active_within`` days before ``since``, at the end in as many days up to
    ``as_of``; two numbers are one for each, where a year of 366 days is compared with one of 365. By default these are as many days as the period has, so that two equal adjacent periods are compared;
    then the net growth rate is gross growth, plus those who came back, less those who fell silent. Without ``since``
    the period begins with the log, nobody was there before, and the first three rates have no value: null, as
    wherever the denominator is 0.

    A refund is no purchase. Without an order column a customer-day is one order; an order counts on its first day.
    Warns if the log does not reach back to the days before ``since``. The same kind of table as ``tx``. Raises
    `DataError` if ``since`` is after ``as_of``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-03", "2024-01-25", "2024-02-03", "2024-02-09", "2024-02-20"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c", "c"], "date": days, "amount": 5.0})
    >>> rates(log, since="2024-02-01", as_of="2024-02-29")[["rate", "numerator", "denominator", "value"]]
                    rate  numerator  denominator     value
    0      inactive rate          1            2  0.500000
    1  gross growth rate          1            2  0.500000
    2    net growth rate          0            2  0.000000
    3        repeat rate          1            2  0.500000
    4    repurchase rate          2            3  0.666667
    """
    end = as_day(as_of)
    start = None if since is None else as_day(since, name="since")
    if start is not None and start > end:
        raise DataError(f"since {start} is after as_of {end}; the period needs at least one day.")
    if active_within is not None and not np.min(active_within) >= 1:
        raise DataError(f"active_within is {active_within}; give a number of days of at least 1, or None.")
    lines, _ = checked_log(tx, end)
    first = first_purchase(lines)
    start = start or first
    within, within_end = np.broadcast_to(active_within or (end - start).days + 1, 2).tolist()
    if since is not None and (first - start).days > -within:
        warnings.warn(
            f"The first purchase in the log is of {first}, so that it does not show all {within:,} days before "
            f"{start}; fewer customers count as active at the start than were.",
            DataNotice, stacklevel=3,
        )  # fmt: skip
    found = _counts(lines, start.toordinal(), end.toordinal(), within, within_end)
    at_start, buyers, orders = "active at the start", "bought in the period", "orders in the period"
    named = {
        "inactive rate": (found["silent"], at_start, f"{at_start}, no purchase in the period"),
        "gross growth rate": (found["new"], at_start, "first purchase ever in the period"),
        "net growth rate": (found["end"] - found["start"], at_start, f"active at the end less {at_start}"),
        "repeat rate": (found["repeaters"], buyers, "two orders or more in the period"),
        "repurchase rate": (found["orders"] - found["new"], orders, "orders in the period, not the customer's first"),
    }
    below = {at_start: found["start"], buyers: found["buyers"], orders: found["orders"]}
    rows = [(rate, upper, below[of], what, of) for rate, (upper, of, what) in named.items()]
    names = ("rate", "numerator", "denominator", "numerator_is", "denominator_is")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns["value"] = [upper / lower if lower else math.nan for _, upper, lower, *_ in rows]
    schema = dict.fromkeys(columns, nw.String) | {"numerator": nw.Int64, "denominator": nw.Int64, "value": nw.Float64}
    return like(lines, columns, schema).to_native()


def _counts(lines, start, end, within, within_end):
    """How many customers, and orders, are what; one query. Days are numbers."""
    if isinstance(lines, Counted):
        return _in_memory(lines, start, end, within, within_end)
    by_order = "order" in lines.collect_schema().names()
    day = nw.col("day")
    lines = lines.with_columns(day=nw.col("__day")).filter(nw.col("amount") >= 0)
    windows = {"start": (day >= start - within) & (day < start), "inside": day >= start, "end": day > end - within_end}
    days = lines.select("customer", "day").unique().with_columns(**_ones(windows))
    customers = days.group_by("customer").agg(nw.col(*windows).sum(), day.min().alias("first"))
    if by_order:
        orders = lines.group_by("customer", "order").agg(day.min()).filter(day >= start)
        orders = orders.group_by("customer").agg(nw.len().alias("orders"))
        customers = customers.join(orders, on="customer", how="left").with_columns(nw.col("orders").fill_null(0))
    else:
        customers = customers.with_columns(orders=nw.col("inside"))
    at_start, bought = nw.col("start") > 0, nw.col("inside") > 0
    marks = {"start": at_start, "silent": at_start & ~bought, "new": nw.col("first") >= start, "end": nw.col("end") > 0,
             "buyers": bought, "repeaters": nw.col("orders") >= 2}  # fmt: skip
    sums = collect(customers.select("orders", **_ones(marks)), nw.col("orders", *marks).sum()).row(0)
    return {name: int(total) for name, total in zip(("orders", *marks), sums, strict=True)}


def _in_memory(log, start, end, within, within_end):
    """The same of a counted log."""
    bought, day = log.purchases > 0, log.day
    any_in = lambda rows: log.of_customers(bought & rows)  # noqa: E731
    at_start, inside = any_in((day >= start - within) & (day < start)), any_in(day >= start)
    orders = log.of_customers(np.where(day >= start, log.orders, 0))
    marks = {"start": at_start, "silent": at_start & ~inside, "new": log.first >= start,
             "end": any_in(day > end - within_end), "buyers": inside, "repeaters": orders >= 2}  # fmt: skip
    return {"orders": int(orders.sum())} | {name: int(np.count_nonzero(mark)) for name, mark in marks.items()}


def _ones(conditions):
    """Conditions as numbers that every engine can sum."""
    return {name: nw.when(condition).then(1).otherwise(0) for name, condition in conditions.items()}


def unsubscribed_of_delivered(unsubscribed, delivered) -> float:
    """Unsubscribe rate (退订率): of the mails *delivered*, those whose reader unsubscribed.

    Not of the mails sent: what bounced reached nobody. Raises `DataError` for counts that cannot be, as all functions
    of two counts here do.

    >>> unsubscribed_of_delivered(12, 4_800)
    0.0025
    """
    return _share(unsubscribed, "unsubscribed", delivered, "delivered")


def bounced_of_sent(bounced, sent) -> float:
    """Bounce rate (退信率): of the mails *sent*, those that came back.

    >>> bounced_of_sent(200, 5_000)
    0.04
    """
    return _share(bounced, "bounced", sent, "sent")


def returned_of_orders(returned_orders, orders) -> float:
    """Return rate (退货率) by order: of the orders, those of which at least one line came back.

    >>> returned_of_orders(30, 400)
    0.075
    """
    return _share(returned_orders, "returned_orders", orders, "orders")


def returned_of_lines(returned_lines, lines) -> float:
    """Return rate (退货率) by line: of the lines sold, those that came back.

    Below the rate by order where orders hold several lines and few of these come back.

    >>> returned_of_lines(30, 1_200)
    0.025
    """
    return _share(returned_lines, "returned_lines", lines, "lines")


def _share(part, part_name, whole, whole_name):
    if not (whole > 0 and 0 <= part <= whole):
        raise DataError(
            f"{part_name} is {part} and {whole_name} is {whole}; a rate needs {whole_name} above 0 and {part_name} "
            f"from 0 to {whole_name}."
        )
    return part / whole
