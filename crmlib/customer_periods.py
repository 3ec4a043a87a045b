"""What every customer did in every calendar period: the rows that cohorts of all kinds are counted from."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import narwhals as nw
import numpy as np

from crmlib.calendar_periods import check_unit, complete, period_number, period_of
from crmlib.customers import DECIMALS, check_log
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, collect, day_number, table
from crmlib.numbering import numbered

__all__ = [
    "NEVER", "Histories", "by_customer_and_period", "checked_log", "histories", "knows_cost", "purchase_days", "ratio",
]  # fmt: skip

NEVER = 10**9  # later than any period: the cohort of a customer without a purchase


def checked_log(tx, as_of):
    """The wrapped lines of a log up to ``as_of``, customers in memory numbered, and the day ``as_of``.

    Raises `DataError` where `customers.check_log` does.
    """
    as_of = as_day(as_of)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of, stacklevel=5)
    lines = numbered(frame).with_columns(__day=day_number(nw.col("date")))
    return lines.filter(nw.col("__day") <= as_of.toordinal()), as_of


def knows_cost(lines):
    """Whether the log has a cost of every line; says so if it has some, because a profit must not be made up."""
    if "cost" not in lines.collect_schema().names():
        return False
    cost = nw.col("cost").cast(nw.Float64)
    gap = nw.when(cost.is_null() | ~cost.is_finite()).then(1).otherwise(0)
    count, gaps = collect(lines.select(gap=gap), nw.len().alias("lines"), nw.col("gap").sum()).row(0)
    if gaps:
        some = f"{int(gaps):,} of {int(count):,} lines"
        message = f"Column 'cost' of the transactions has gaps in {some}, so profit is left out."
        warnings.warn(message, DataNotice, stacklevel=6)
    return not gaps


def by_customer_and_period(lines, unit):
    """A row a customer and period with a line: customer, period, cohort, bought (1 or 0), orders, amount, refunds
    (lines) and, if the log has a cost, profit; periods and cohorts as numbers. Wrapped, as the lines of `checked_log`.

    A cost with gaps is not used, which a `DataNotice` says. An order counts in the period in which it begins. The
    cohort is the period of the first purchase, or `NEVER`.
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
    complete and ``end`` is the last complete period. ``money`` has amount and, if the log has a cost, profit.
    """

    unit: str
    last: int
    whole: bool
    customer: np.ndarray
    period: np.ndarray
    cohort: np.ndarray
    bought: np.ndarray
    orders: np.ndarray
    money: dict[str, np.ndarray]

    @property
    def end(self) -> int:
        return self.last if self.whole else self.last - 1

    @property
    def again(self) -> np.ndarray:
        """Of each row, whether its customer bought in its period and in the next one."""
        found = np.zeros(len(self.period), bool)
        buys = np.flatnonzero(self.bought)
        one, other = buys[:-1], buys[1:]
        adjacent = (self.customer[one] == self.customer[other]) & (self.period[one] + 1 == self.period[other])
        found[one[adjacent]] = True
        return found

    def of(self, cohort) -> Histories:
        """Those of one cohort, from its first purchases on; ``cohort`` is its period number."""
        rows = np.flatnonzero((self.cohort == cohort) & (self.period >= cohort))
        columns = {name: getattr(self, name)[rows] for name in ("period", "cohort", "bought", "orders")}
        customer = np.cumsum(np.diff(self.customer[rows], prepend=-1) != 0) - 1
        money = {name: values[rows] for name, values in self.money.items()}
        return Histories(self.unit, self.last, self.whole, customer, **columns, money=money)


def histories(lines, as_of, unit) -> Histories:
    """The histories in the lines of `checked_log`; one query. Raises `DataError` for an unknown unit and without a
    purchase."""
    check_unit(unit)
    rows = numbered(collect(by_customer_and_period(lines, unit)))
    _refuse_without_purchase(rows["bought"].sum())
    customer, period = rows["customer"].to_numpy(), rows["period"].to_numpy().astype(np.int64)
    order = np.lexsort((period, customer))
    whole = {name: rows[name].to_numpy()[order].astype(np.int64) for name in ("cohort", "bought", "orders")}
    # sums differ in their last digits with the order of the lines; cut, equal customers stay equal
    money = [name for name in ("amount", "profit") if name in rows.columns]
    money = {name: rows[name].to_numpy()[order].round(DECIMALS) for name in money}
    customer, period = np.cumsum(np.diff(customer[order], prepend=-1) != 0) - 1, period[order]
    last = period_of(as_of, unit)
    return Histories(unit, last, complete(last, unit, as_of=as_of), customer, period, **whole, money=money)


def purchase_days(lines, unit):
    """Customer, day and period of the first purchase, a row a customer and day with a purchase, in that order.

    Customers count from 0 on without a gap. One query on the lines of `checked_log`.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> purchase_days(checked_log(log, "2024-01-31")[0], "year")
    (array([0]), array([738890]), array([2024]))
    """
    check_unit(unit)
    bought = lines.filter(nw.col("amount") >= 0).select("customer", "__day", period=period_number(nw.col("date"), unit))
    rows = numbered(collect(bought.group_by("customer", "__day").agg(nw.col("period").min())))
    _refuse_without_purchase(len(rows))
    customer, day, period = (rows[name].to_numpy().astype(np.int64) for name in ("customer", "__day", "period"))
    order = np.lexsort((day, customer))
    customer, day, period = customer[order], day[order], period[order]
    begins = np.flatnonzero(np.diff(customer, prepend=customer[:1] - 1))
    lengths = np.diff(begins, append=len(customer))
    return np.repeat(np.arange(len(begins)), lengths), day, np.repeat(period[begins], lengths)


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
