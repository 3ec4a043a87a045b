"""From a log of purchases to one row a customer: the table that everything else starts from."""

from __future__ import annotations

import warnings

import narwhals as nw

from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, day_number, table

__all__ = ["customer_table", "until"]


def until(tx, day):
    """The lines of a log up to and including ``day``; the same kind of table.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": pd.to_datetime(["2024-01-05", "2024-02-01"]), "amount": 1.0})
    >>> len(until(log, "2024-01-31"))
    1
    """
    frame = table(tx, ["date"], what="table of transactions")
    return frame.filter(day_number(nw.col("date")) <= as_day(day, name="day").toordinal()).to_native()


def customer_table(tx, *, as_of):
    """One row a customer, sorted by customer, as the log stood at the end of the day ``as_of``.

    ``tx`` comes from `crmlib.transactions`; ids may also be integers. A purchase is a line with amount >= 0, a refund is
    below zero. Lines after ``as_of`` are left out and counted in a `DataNotice`.

    ============================  =====================================================================================
    customer                      as in ``tx``
    orders                        distinct orders; without an order column, days with a purchase
    first, last                   day of the first and the last purchase
    days_since_last               as_of - last, days: the R of RFM
    revenue                       all amounts, net of refunds
    mean_order                    purchases / orders; refunds do not count
    x                             days with a purchase after the first one
    t_x                           last - first, days ("recency" in the BTYD papers)
    T                             as_of - first, days
    mean_repeat_value             purchases on the x repeat days / x; null where x is 0
    flag                          "no_purchase" (refunds only), "non_positive_revenue", or null
    ============================  =====================================================================================

    A customer with refunds only has 0 orders and nulls for first, last, days_since_last, mean_order, x, t_x and T.
    Raises `DataError` if ``as_of`` is before the first purchase.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": pd.to_datetime(["2024-01-05", "2024-01-25", "2024-01-09"]),
    ...                     "amount": [10.0, 6.0, 8.0]})
    >>> customer_table(log, as_of="2024-01-31")[["customer", "orders", "days_since_last", "revenue", "x", "t_x", "T"]]
      customer  orders  days_since_last  revenue    x   t_x     T
    0        a       2              6.0     16.0  1.0  20.0  26.0
    1        b       1             22.0      8.0  0.0   0.0  22.0
    """
    as_of = as_day(as_of)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions")
    frame = frame.with_columns(__day=day_number(nw.col("date")))
    seen = frame.filter(nw.col("__day") <= as_of.toordinal())
    _check_as_of(frame, seen, as_of)

    purchases = seen.filter(nw.col("amount") >= 0)
    bought = _purchases(purchases, as_of.toordinal())
    revenue = seen.group_by("customer").agg(nw.col("amount").sum().alias("revenue"))
    customers = revenue.join(bought, on="customer", how="left").sort("customer")
    no_purchase = nw.col("orders").is_null()
    flag = nw.when(no_purchase).then(nw.lit("no_purchase"))
    flag = flag.otherwise(nw.when(nw.col("revenue") <= 0).then(nw.lit("non_positive_revenue")))
    customers = customers.with_columns(nw.col("orders").fill_null(0).cast(nw.Int64), flag=flag)
    return customers.select(*_COLUMNS).to_native()


_COLUMNS = (
    "customer", "orders", "first", "last", "days_since_last", "revenue", "mean_order", "x", "t_x", "T",
    "mean_repeat_value", "flag",
)  # fmt: skip


def _purchases(purchases, as_of):
    """What purchases alone say about each customer."""
    keys = ["customer", "__day"]
    days = purchases.group_by(keys).agg(nw.col("amount").sum(), nw.col("date").min())
    first_day = nw.col("__day").min().over("customer")
    # 0 on the first day: what remains is the money of the repeat days
    days = days.with_columns(repeat=nw.when(nw.col("__day") > first_day).then(nw.col("amount")).otherwise(0.0))
    bought = days.group_by("customer").agg(
        nw.col("date").min().alias("first"),
        nw.col("date").max().alias("last"),
        nw.col("__day").min().alias("first_day"),
        nw.col("__day").max().alias("last_day"),
        nw.col("__day").count().alias("days"),
        nw.col("amount").sum().alias("spent"),
        nw.col("repeat").sum(),
    )
    if "order" in purchases.columns:
        orders = purchases.select("customer", "order").unique().group_by("customer").agg(nw.len().alias("orders"))
        bought = bought.join(orders, on="customer", how="left")
    else:
        bought = bought.with_columns(orders=nw.col("days"))
    x = (nw.col("days") - 1).cast(nw.Float64)
    return bought.with_columns(
        days_since_last=(as_of - nw.col("last_day")).cast(nw.Float64),
        mean_order=nw.col("spent") / nw.col("orders"),
        x=x,
        t_x=(nw.col("last_day") - nw.col("first_day")).cast(nw.Float64),
        T=(as_of - nw.col("first_day")).cast(nw.Float64),
        # null on purpose where x is 0: Gamma-Gamma must not see a made-up zero spend
        mean_repeat_value=nw.when(x > 0).then(nw.col("repeat") / x),
    )


def _check_as_of(frame, seen, as_of):
    if len(frame) == 0:
        raise DataError("The table of transactions is empty.")
    purchases = frame.filter(nw.col("amount") >= 0)
    first = (purchases if len(purchases) else frame)["date"].min()
    if as_of.toordinal() < first.toordinal():
        raise DataError(f"as_of {as_of} is before the first purchase ({first:%Y-%m-%d}); choose that day or a later one.")
    if later := len(frame) - len(seen):
        warnings.warn(f"{later:,} lines after as_of {as_of} are left out.", DataNotice, stacklevel=3)
