"""From a log of purchases to one row a customer: the table that everything else starts from."""

from __future__ import annotations

import warnings

import narwhals as nw

from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, day_number, table

__all__ = ["customer_table", "until"]

_DECIMALS = 9  # of the currency unit: far below any price, and above the noise of a customer's sum up to a million


def until(tx, day):
    """The lines of a log up to and including ``day``; the same kind of table.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01"])
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": days, "amount": 1.0})
    >>> len(until(log, "2024-01-31"))
    1
    """
    frame = table(tx, ["date"], what="table of transactions")
    return frame.filter(day_number(nw.col("date")) <= as_day(day, name="day").toordinal()).to_native()


def customer_table(tx, *, as_of):
    """One row a customer, sorted by customer, as the log stood at the end of the day ``as_of``.

    ``tx`` comes from `crmlib.transactions`; ids may also be integers. A purchase is a line with amount >= 0, a refund
    is below zero. Lines after ``as_of`` are left out and counted in a `DataNotice`.

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
    Raises `DataError` if ``as_of`` is before the first purchase, or if ``tx`` is not as `crmlib.transactions` gives it.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 6.0, 8.0]})
    >>> customer_table(log, as_of="2024-01-31")[["customer", "orders", "days_since_last", "revenue", "x", "t_x", "T"]]
      customer  orders  days_since_last  revenue    x   t_x     T
    0        a       2              6.0     16.0  1.0  20.0  26.0
    1        b       1             22.0      8.0  0.0   0.0  22.0
    """
    as_of = as_day(as_of)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions")
    _check(frame)
    frame = frame.with_columns(__day=day_number(nw.col("date")))
    seen = frame.filter(nw.col("__day") <= as_of.toordinal())
    _check_as_of(frame, seen, as_of)

    purchase = nw.col("amount") >= 0
    columns = {"spent": "amount", "bought": "date", "bought_day": "__day"}  # null in the line of a refund
    lines = seen.with_columns(**{new: nw.when(purchase).then(nw.col(old)) for new, old in columns.items()})
    days = lines.group_by("customer", "__day").agg(
        nw.col("amount", "spent").sum(), nw.col("bought", "bought_day").min()
    )  # fmt: skip
    first_day = nw.col("bought_day").min().over("customer")
    days = days.with_columns(repeat=nw.when(nw.col("bought_day") > first_day).then(nw.col("spent")).otherwise(0.0))
    customers = days.group_by("customer").agg(
        nw.col("amount", "spent", "repeat").sum(),
        nw.col("bought").min().alias("first"),
        nw.col("bought").max().alias("last"),
        nw.col("bought_day").min().alias("first_day"),
        nw.col("bought_day").max().alias("last_day"),
        nw.col("bought_day").count().alias("days"),
    )
    # sums of floats differ in their last digits with the order of the lines; cut here, equal customers stay equal
    customers = customers.with_columns(nw.col("amount", "spent", "repeat").round(_DECIMALS))
    if "order" in frame.columns:
        orders = seen.filter(purchase).group_by("customer").agg(nw.col("order").n_unique().alias("orders"))
        customers = customers.join(orders, on="customer", how="left").with_columns(nw.col("orders").fill_null(0))
    else:
        customers = customers.with_columns(orders=nw.col("days"))
    return nw.maybe_reset_index(_columns(customers.sort("customer"), as_of.toordinal())).to_native()


def _columns(customers, as_of):
    """The columns of the customer table from the sums; what a customer without a purchase cannot have is null."""
    orders = nw.col("orders").cast(nw.Int64)
    x = nw.when(nw.col("days") > 0).then((nw.col("days") - 1).cast(nw.Float64))
    # 0.1 + 0.2 - 0.3 is not zero in floating-point numbers, but a customer who got all money back brought nothing
    revenue = nw.when(nw.col("amount").abs() > 1e-12 * nw.col("spent")).then(nw.col("amount")).otherwise(0.0)
    flag = nw.when(orders == 0).then(nw.lit("no_purchase"))
    flag = flag.otherwise(nw.when(revenue <= 0).then(nw.lit("non_positive_revenue")))
    return customers.select(
        "customer",
        orders,
        "first",
        "last",
        days_since_last=(as_of - nw.col("last_day")).cast(nw.Float64),
        revenue=revenue,
        mean_order=nw.when(orders > 0).then(nw.col("spent") / orders),
        x=x,
        t_x=(nw.col("last_day") - nw.col("first_day")).cast(nw.Float64),
        T=(as_of - nw.col("first_day")).cast(nw.Float64),
        # null on purpose where x is 0: Gamma-Gamma must not see a made-up zero spend
        mean_repeat_value=nw.when(nw.col("days") > 1).then(nw.col("repeat") / (nw.col("days") - 1)),
        flag=flag,
    )


def _check(frame):
    """What the door makes sure of; a table that did not come through it would lose lines without a word."""
    if len(frame) == 0:
        raise DataError("The table of transactions is empty.")
    schema = frame.schema
    wrong = []
    if schema["date"] not in (nw.Date, nw.Datetime):
        wrong.append("'date' of the transactions holds no days")
    if not schema["amount"].is_numeric():
        wrong.append("'amount' of the transactions holds no numbers")
    for name in ("customer", "date", "amount"):
        gaps = frame[name].is_null() | (frame[name].is_nan() if schema[name].is_float() else False)
        if gaps.any():
            wrong.append(f"{name!r} of the transactions has gaps")
    if wrong:
        raise DataError(f"Column {wrong[0]}; let transactions() read the log first.")


def _check_as_of(frame, seen, as_of):
    purchases = frame.filter(nw.col("amount") >= 0)
    first = (purchases if len(purchases) else frame)["date"].min()
    if as_of.toordinal() < first.toordinal():
        message = f"as_of {as_of} is before the first purchase ({first:%Y-%m-%d}); choose that day or a later one."
        raise DataError(message)
    if later := len(frame) - len(seen):
        lines = "1 line" if later == 1 else f"{later:,} lines"
        warnings.warn(f"{lines} after as_of {as_of} left out.", DataNotice, stacklevel=3)
