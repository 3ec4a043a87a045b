"""What every customer did in every calendar period: the rows that cohorts of all kinds are counted from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import narwhals as nw
import numpy as np

from crmlib.calendar_periods import check_unit, complete, period_number, period_of, periods_of
from crmlib.counted import NEVER, Counted, counted, say_gaps
from crmlib.customers import DECIMALS, check_log
from crmlib.errors import DataError
from crmlib.frames import as_day, collect, day_number, is_lazy, table
from crmlib.in_memory import Log
from crmlib.numbering import changes, numbered

__all__ = [
    "Histories", "by_customer_and_period", "checked_log", "first_day", "first_purchase", "histories", "knows_cost",
    "log_table", "purchase_days", "ratio",
]  # fmt: skip


def checked_log(tx, as_of, needed=()):
    """A log up to ``as_of``, in memory as `counted.Counted`, else its lines wrapped; and the day ``as_of``.

    ``tx`` may be `Counted` already. Raises `DataError` where `customers.check_log` does, and without one of the columns
    ``needed``.
    """
    as_of, native = as_day(as_of), tx.log.sample if isinstance(tx, Counted) else tx
    frame = table(native, ["customer", "date", "amount", *needed], what="table of transactions", eager=False)
    if isinstance(tx, Counted):
        return tx.until(as_of, stacklevel=4), as_of
    log = None if is_lazy(frame) else Log(frame)
    check_log(frame, as_of, log, stacklevel=5)
    if log is not None:
        return counted(log, as_of), as_of
    lines = frame.with_columns(__day=day_number(nw.col("date")))
    return lines.filter(nw.col("__day") <= as_of.toordinal()), as_of


def first_day(lines) -> dt.date:
    """The date of the first line of a log."""
    if isinstance(lines, Counted):
        return lines.first_day
    return dt.date.fromordinal(int(collect(lines, nw.col("__day").min())["__day"][0]))


def first_purchase(lines) -> dt.date:
    """The date of the first purchase in a log that has one."""
    if isinstance(lines, Counted):
        return lines.first_purchase
    bought = collect(lines.filter(nw.col("amount") >= 0), nw.col("__day").min())
    return dt.date.fromordinal(int(bought["__day"][0]))


def log_table(lines):
    """A wrapped table with the columns of the lines of `checked_log`, and of their engine."""
    return lines.log.sample if isinstance(lines, Counted) else lines


def knows_cost(lines):
    """Whether the log has a cost of every line; says so if it has some, because a profit must not be made up."""
    if isinstance(lines, Counted):
        return lines.profit is not None
    if "cost" not in lines.collect_schema().names():
        return False
    cost = nw.col("cost").cast(nw.Float64)
    gap = nw.when(cost.is_null() | ~cost.is_finite()).then(1).otherwise(0)
    count, gaps = collect(lines.select(gap=gap), nw.len().alias("lines"), nw.col("gap").sum()).row(0)
    if gaps:
        say_gaps(int(gaps), int(count))
    return not gaps


def by_customer_and_period(lines, unit):
    """A row a customer and period with a line: customer, period, cohort, bought (1 or 0), orders, amount, refunds
    (lines) and, if the log has a cost, profit; periods and cohorts as numbers. A query on lazy lines.

    A cost with gaps is not used, which a `DataNotice` says. An order counts in the period in which it begins. The
    cohort is the period of the first purchase, or `counted.NEVER`.
    """
    names = lines.collect_schema().names()
    has_orders = "order" in names
    purchase = nw.col("amount") >= 0
    money = {"amount": nw.col("amount").cast(nw.Float64)}
    if knows_cost(lines):
        money["profit"] = money["amount"] - nw.col("cost").cast(nw.Float64)
    lines = lines.select(
        "customer", "__day", *(["order"] if has_orders else []),
        **money,
        period=period_number(nw.col("date"), unit),
        bought=nw.when(purchase).then(1).otherwise(0),
        refunds=nw.when(purchase).then(0).otherwise(1),
    )  # fmt: skip
    keys = ["customer", "period"]
    sums = [nw.col(*money, "refunds").sum(), nw.col("bought").max()]
    days = lines.group_by(*keys, "__day").agg(*sums)
    seen = days.group_by(*keys).agg(*sums, nw.col("bought").sum().alias("orders"))
    if has_orders:
        orders = lines.filter(nw.col("bought") > 0).group_by("customer", "order").agg(nw.col("period").min())
        orders = orders.group_by(*keys).agg(nw.len().alias("orders"))
        seen = seen.drop("orders").join(orders, on=keys, how="left").with_columns(nw.col("orders").fill_null(0))
    seen = seen.with_columns(first=nw.when(nw.col("bought") > 0).then(nw.col("period")).otherwise(NEVER))
    return seen.with_columns(cohort=nw.col("first").min().over("customer")).drop("first")


@dataclass(frozen=True)
class Histories:
    """The rows of `by_customer_and_period` in memory, sorted by customer and period, one array a column.

    ``customer`` counts from 0 on without a gap. ``last`` is the period of ``as_of``, ``whole`` says whether it is
    complete and ``end`` is the last complete period. ``sums`` has amount and, if the log has a cost, profit.
    """

    unit: str
    last: int
    whole: bool
    customer: np.ndarray
    period: np.ndarray
    cohort: np.ndarray
    bought: np.ndarray
    orders: np.ndarray
    sums: dict[str, np.ndarray]

    @cached_property
    def money(self) -> dict[str, np.ndarray]:
        """The sums without the digits that depend on the order of the lines, so that equal customers stay equal."""
        return {name: values.round(DECIMALS) for name, values in self.sums.items()}

    @property
    def end(self) -> int:
        return self.last if self.whole else self.last - 1

    @property
    def again(self) -> np.ndarray:
        """Of each row, whether its customer bought in its period and in the next one."""
        found = np.zeros(len(self.period), bool)
        buys = slice(None) if self.bought.all() else np.flatnonzero(self.bought)
        customer, period = self.customer[buys], self.period[buys]
        adjacent = np.zeros(len(period), bool)
        adjacent[:-1] = (customer[:-1] == customer[1:]) & (period[:-1] + 1 == period[1:])
        found[buys] = adjacent
        return found

    def of(self, cohort) -> Histories:
        """Those of one cohort, from its first purchases on; ``cohort`` is its period number."""
        rows = np.flatnonzero((self.cohort == cohort) & (self.period >= cohort))
        columns = {name: getattr(self, name)[rows] for name in ("period", "cohort", "bought", "orders")}
        customer = np.cumsum(np.diff(self.customer[rows], prepend=-1) != 0) - 1
        sums = {name: values[rows] for name, values in self.sums.items()}
        return Histories(self.unit, self.last, self.whole, customer, **columns, sums=sums)


def histories(lines, as_of, unit) -> Histories:
    """The histories in the lines of `checked_log`; one query. Raises `DataError` for an unknown unit and without a
    purchase."""
    rows = _by_customer_and_period(lines, unit)
    _refuse_without_purchase(rows["bought"].any())
    sums = {name: rows[name] for name in ("amount", "profit") if name in rows}
    columns = {name: rows[name] for name in ("customer", "period", "cohort", "bought", "orders")}
    last = period_of(as_of, unit)
    return Histories(unit, last, complete(last, unit, as_of=as_of), **columns, sums=sums)


def _by_customer_and_period(lines, unit):
    """The rows of `by_customer_and_period` as arrays by column, sorted by customer and period; one query.

    Customers count from 0 on without a gap. Raises `DataError` for an unknown unit.
    """
    check_unit(unit)
    if isinstance(lines, Counted):
        return lines.by_period(unit)
    rows = numbered(collect(by_customer_and_period(lines, unit)))
    rows = {name: rows[name].to_numpy() for name in rows.columns}
    order = np.lexsort((rows["period"], rows["customer"]))
    money = ("amount", "profit")
    rows = {name: one[order] if name in money else one[order].astype(np.int64) for name, one in rows.items()}
    return rows | {"customer": np.cumsum(changes(rows["customer"])) - 1}


def purchase_days(lines, unit):
    """Customer and day, a row a customer and day with a purchase, in that order; and for each customer the period of the
    first purchase.

    Customers count from 0 on without a gap. One query on the lines of `checked_log`.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> [part.tolist() for part in purchase_days(checked_log(log, "2024-01-31")[0], "year")]
    [[0], [738890], [2024]]
    """
    check_unit(unit)
    if isinstance(lines, Counted):
        customer, day = lines.purchase_days()
    else:
        rows = numbered(collect(lines.filter(nw.col("amount") >= 0).select("customer", "__day").unique()))
        customer, day = (rows[name].to_numpy().astype(np.int64) for name in ("customer", "__day"))
        order = np.lexsort((day, customer))
        customer, day = np.cumsum(changes(customer[order])) - 1, day[order]
    _refuse_without_purchase(len(day))
    return customer, day, periods_of(day[changes(customer)], unit)


def _refuse_without_purchase(count):
    if not count:
        raise DataError("The log holds no purchase, only refunds; so there are no cohorts.")


def ratio(above, below):
    """``above / below`` of arrays, and NaN where ``below`` is not above 0: of nothing there is no mean and no share.

    >>> ratio(np.array([6.0, 0.0]), np.array([2, 0])).tolist()
    [3.0, nan]
    """
    above, below = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(above, below, out=np.full(np.broadcast(above, below).shape, np.nan), where=below > 0)
