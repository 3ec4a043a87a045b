"""From a log of purchases to one row a customer: the table that everything else starts from."""

from __future__ import annotations

import datetime as dt
import warnings

import narwhals as nw

from crmlib import in_memory
from crmlib.errors import DataError, DataNotice, quote
from crmlib.frames import as_day, borrow, check_days, collect, day_number, is_lazy, lending, same_kind, table

__all__ = ["COLUMNS", "DECIMALS", "check_log", "customer_table", "until"]

# Sums of floats differ in their last digits with the order of the lines; cut here, equal customers stay equal. It is of
# the currency unit: far below any price, and above the noise of a customer's sum up to a million.
DECIMALS = 9

COLUMNS = (
    "customer", "orders", "first", "last", "days_since_last", "revenue", "units", "mean_order", "x", "t_x", "T",
    "mean_repeat_value", "flag",
)  # fmt: skip


@same_kind
def until(tx, day):
    """The lines of a log up to and including ``day``; the same kind of table.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01"])
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": days, "amount": 1.0})
    >>> len(until(log, "2024-01-31"))
    1
    """
    frame = table(tx, ["date"], what="table of transactions", eager=False)
    return frame.filter(day_number(nw.col("date")) <= as_day(day, name="day").toordinal()).to_native()


@same_kind
def customer_table(tx, *, as_of, columns=None, engine=None):
    """One row a customer, sorted by customer, as the log stood at the end of the day ``as_of``.

    ``tx`` comes from `crmlib.transactions`; ids may also be integers. A purchase is a line with amount >= 0, a refund
    is below zero. Lines after ``as_of`` are left out and counted in a `DataNotice`. A table of the same kind comes
    back: DuckDB, Spark, ibis and lazy polars tables stay with their engine. One query checks them at once, for gaps,
    the first purchase and later lines; the customer table itself is run when it is used.

    ============================  =====================================================================================
    customer                      as in ``tx``
    orders                        distinct orders; without an order column, days with a purchase
    first, last                   day of the first and the last purchase
    days_since_last               as_of - last, days: the R of RFM
    revenue                       all amounts, net of refunds
    units                         all quantities, net of what came back; only if the log has ``quantity``
    mean_order                    purchases / orders; refunds do not count
    x                             days with a purchase after the first one
    t_x                           last - first, days ("recency" in the BTYD papers)
    T                             as_of - first, days
    mean_repeat_value             purchases on the x repeat days / x; null where x is 0
    flag                          "no_purchase" (refunds only), "non_positive_revenue", or null
    ============================  =====================================================================================

    A customer with refunds only has 0 orders and nulls for first, last, days_since_last, mean_order, x, t_x and T.

    ``columns`` names what is wanted, e.g. ``["x", "t_x", "T"]``, so that the rest is not computed; ``customer`` always
    comes first. ``engine="duckdb"`` or ``"polars"`` lends that engine to a pandas or polars table that is too big for
    comfort: the work is done there and the customers come back as the kind of ``tx``.

    Raises `DataError` if ``as_of`` is before the first purchase, if ``tx`` is not as `crmlib.transactions` gives it, if
    the engine is not installed, and for ``engine`` with a table that has an engine of its own.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": [10.0, 6.0, 8.0]})
    >>> customer_table(log, as_of="2024-01-31")[["customer", "orders", "days_since_last", "revenue", "x", "t_x", "T"]]
      customer  orders  days_since_last  revenue    x   t_x     T
    0        a       2              6.0     16.0  1.0  20.0  26.0
    1        b       1             22.0      8.0  0.0   0.0  22.0
    """
    as_of = as_day(as_of)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    schema = frame.collect_schema()
    columns = _wanted(columns, schema.names())
    if engine is not None and is_lazy(frame):
        _refuse_to_lend(frame, engine)
    log = None if is_lazy(frame) else in_memory.Log(frame)
    check_log(frame, as_of, log)
    if is_lazy(frame):
        return _on_the_engine(frame, schema, as_of.toordinal(), columns).to_native()
    if engine is not None:
        lent = _on_the_engine(borrow(frame, engine), schema, as_of.toordinal(), columns)
        dates = [nw.col(name).cast(schema["date"]) for name in ("first", "last") if name in columns]
        return lent.with_columns(*dates).collect(frame.implementation.value).to_native()
    return nw.from_dict(in_memory.customer_columns(log, as_of.toordinal(), columns, decimals=DECIMALS)).to_native()


def _refuse_to_lend(frame, engine):
    if engine not in ("duckdb", "polars"):
        lending(engine)  # which says what can be lent
    own = f"The table of transactions is a lazy one of {frame.implementation.value}"
    raise DataError(f"{own}, which does the work; leave out engine={engine!r}.")


def _wanted(columns, there):
    """The columns to compute, in the order of the customer table."""
    names = [name for name in COLUMNS if name != "units" or "quantity" in there]
    if columns is None:
        return names
    if isinstance(columns, str):
        raise DataError(f"columns is {columns!r}; give a list, e.g. columns=[{columns!r}].")
    if unknown := [name for name in columns if name not in names]:
        raise DataError(f"The customer table has no column {quote(unknown[0])}; it has {', '.join(names)}.")
    return ["customer", *(name for name in names if name in columns and name != "customer")]


def _on_the_engine(frame, schema, as_of, columns):
    """The customer table as one query."""
    frame = frame.with_columns(__day=nw.col("date").cast(nw.Date))
    seen = frame.filter(nw.col("__day") <= dt.date.fromordinal(as_of))
    purchase = nw.col("amount") >= 0
    lines = seen.with_columns(spent=nw.when(purchase).then(nw.col("amount")))
    values = ["amount", "spent", *(["quantity"] if "units" in columns else [])]
    days = lines.group_by("customer", "__day").agg(nw.col(*values).sum(), nw.col("spent").count().alias("purchases"))
    days = days.with_columns(bought=nw.when(nw.col("purchases") > 0).then(nw.col("__day")))
    totals = [
        nw.col(*values).sum(),
        nw.col("bought").min().alias("first"),
        nw.col("bought").max().alias("last"),
        nw.col("bought").count().alias("days"),
    ]
    if frame.implementation.is_duckdb() or frame.implementation.is_ibis():
        # half the time of the join below, and of a window a quarter; Spark cannot, and polars is no faster
        days = days.with_columns(__order=nw.col("bought").fill_null(dt.date.max))
        totals.append(nw.col("spent").first(order_by="__order").alias("at_first"))
        customers = days.group_by("customer").agg(*totals).with_columns(repeat=nw.col("spent") - nw.col("at_first"))
    else:
        starts = seen.filter(purchase).group_by("customer").agg(nw.col("__day").min().alias("start"))
        days = days.join(starts, on="customer", how="left").with_columns(
            repeat=nw.when(nw.col("__day") > nw.col("start")).then(nw.col("spent")).otherwise(0.0)
        )
        customers = days.group_by("customer").agg(*totals, nw.col("repeat").sum())
    if "order" in schema and {"orders", "mean_order", "flag"} & {*columns}:
        orders = seen.filter(purchase).group_by("customer").agg(nw.col("order").n_unique().alias("orders"))
        customers = customers.join(orders, on="customer", how="left").with_columns(nw.col("orders").fill_null(0))
    else:
        customers = customers.with_columns(orders=nw.col("days"))
    customers = customers.with_columns(
        nw.col(*values, "repeat").round(DECIMALS),
        first_day=day_number(nw.col("first")),
        last_day=day_number(nw.col("last")),
    )
    return _columns(customers, as_of, columns).sort("customer")


def _columns(customers, as_of, columns):
    """The columns of the customer table from the sums; what a customer without a purchase cannot have is null."""
    orders = nw.col("orders").cast(nw.Int64)
    x = nw.when(nw.col("days") > 0).then((nw.col("days") - 1).cast(nw.Float64))
    # 0.1 + 0.2 - 0.3 is not zero in floating-point numbers, but a customer who got all money back brought nothing
    revenue = nw.when(nw.col("amount").abs() > 1e-12 * nw.col("spent")).then(nw.col("amount")).otherwise(0.0)
    flag = nw.when(orders == 0).then(nw.lit("no_purchase"))
    made = {
        "customer": nw.col("customer"),
        "orders": orders,
        "first": nw.col("first"),
        "last": nw.col("last"),
        "days_since_last": (as_of - nw.col("last_day")).cast(nw.Float64),
        "revenue": revenue,
        "units": nw.col("quantity").cast(nw.Float64) if "units" in columns else None,
        "mean_order": nw.when(orders > 0).then(nw.col("spent") / orders),
        "x": x,
        "t_x": (nw.col("last_day") - nw.col("first_day")).cast(nw.Float64),
        "T": (as_of - nw.col("first_day")).cast(nw.Float64),
        # null on purpose where x is 0: Gamma-Gamma must not see a made-up zero spend
        "mean_repeat_value": nw.when(nw.col("days") > 1).then(nw.col("repeat") / (nw.col("days") - 1)),
        "flag": flag.otherwise(nw.when(revenue <= 0).then(nw.lit("non_positive_revenue"))),
    }
    return customers.select(**{name: made[name] for name in columns})


def check_log(frame, as_of, log=None, *, stacklevel=4):
    """Raise `DataError` where a wrapped log is not as the door gives it, or has no purchase up to the date ``as_of``.

    A table that did not come through the door would lose lines without a word. One query on a lazy table; warns of the
    lines after ``as_of`` and gives the day of the first purchase. Made for functions under `frames.same_kind`, or with
    a higher ``stacklevel`` for what these call.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [float("nan")]})
    >>> check_log(table(log), dt.date(2024, 1, 31))
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: Column 'amount' of the transactions has gaps; let transactions() read the log first.
    """
    schema = frame.collect_schema()
    if not is_lazy(frame) and not len(frame):  # an empty table need not have types
        raise DataError("The table of transactions is empty.")
    advice = "let transactions() read the log first"
    check_days(frame, "date", what="transactions", advice=advice)
    if not schema["amount"].is_numeric():
        raise DataError(f"Column 'amount' of the transactions holds no numbers; {advice}.")
    if is_lazy(frame):
        lines, *gaps, later, first = _facts(frame, schema, as_of)
    else:
        lines, *gaps, later, first = (log or in_memory.Log(frame)).facts(as_of)
    if not lines:
        raise DataError("The table of transactions is empty.")
    if any(gaps):
        name = next(name for name, count in zip(("customer", "date", "amount"), gaps, strict=True) if count)
        raise DataError(f"Column {name!r} of the transactions has gaps; {advice}.")
    if as_of < first:
        raise DataError(f"as_of {as_of} is before the first purchase ({first}); choose that day or a later one.")
    if later:
        said = "1 line" if later == 1 else f"{int(later):,} lines"
        warnings.warn(f"{said} after as_of {as_of} left out.", DataNotice, stacklevel=stacklevel)
    return first


def _facts(frame, schema, as_of):
    """What `in_memory.Log.facts` gives, of a lazy table by one query."""
    later, one = nw.col("date") >= dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time()), nw.lit(1)
    if schema["date"] == nw.Date:
        later = nw.col("date") > as_of
    is_gap = {name: nw.col(name).is_null() for name in ("customer", "date", "amount")}
    if schema["amount"].is_float():
        is_gap["amount"] = is_gap["amount"] | nw.col("amount").is_nan()
    marks = {f"gap_{name}": gap for name, gap in is_gap.items()} | {"later": later}
    marked = frame.with_columns(
        bought=nw.when(nw.col("amount") >= 0).then(nw.col("date")),
        **{name: nw.when(mark).then(one).otherwise(0) for name, mark in marks.items()},
    )
    found = collect(
        marked, nw.len().alias("lines"), nw.col(*marks).sum(), nw.col("bought").min(), nw.col("date").min().alias("any")
    ).row(0)  # fmt: skip
    lines, *gaps, later, bought, first = found
    first = first if bought is None or bought != bought else bought
    return lines, *gaps, later, as_day(first, name="the first date") if lines and not any(gaps) else None
