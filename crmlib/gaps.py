"""The days on which each customer bought, and the gaps between them, in memory: what life-cycle rules are made of.

Whatever the engine, it counts the log down to customers and days (one query); sorting and percentiles are done here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from numbers import Real

import narwhals as nw
import numpy as np

from crmlib.counted import Counted, counted
from crmlib.customers import DECIMALS
from crmlib.errors import DataError
from crmlib.frames import is_lazy, table
from crmlib.in_memory import Log
from crmlib.numbering import changes

__all__ = ["PurchaseDays", "grouped_quantile", "is_pair", "purchase_days", "usual_gaps"]


@dataclass(frozen=True, eq=False)
class PurchaseDays:
    """A row a customer and day with a purchase, sorted by customer and day; made by `purchase_days`.

    ``customers`` are the ids in order, also of customers with refunds only; ``seen`` is the day of their first line.
    The days of customer i are ``day[start[i] : start[i + 1]]``, ``spent`` is what they bought on each. Days are numbers
    as in Python's ``date.toordinal()``.
    """

    customers: list
    seen: np.ndarray
    start: np.ndarray
    day: np.ndarray
    spent: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """The number of days with a purchase, a number a customer."""
        return np.diff(self.start)

    @property
    def owner(self) -> np.ndarray:
        """The place of the customer in ``customers``, a number a day."""
        return np.repeat(np.arange(len(self.customers)), self.count)

    def until(self, day) -> PurchaseDays:
        """The same customers, with their days up to and including the day number ``day``."""
        kept = self.day <= day
        if kept.all():
            return self
        start = np.r_[0, np.cumsum(kept)][self.start]
        return replace(self, start=start, day=self.day[kept], spent=self.spent[kept])

    def joined_by(self, ids) -> PurchaseDays:
        """The same with further customers, who have not bought; those who are there already stay as they are."""
        customers = sorted({*self.customers, *ids})
        place = {customer: i for i, customer in enumerate(customers)}
        mine = np.array([place[customer] for customer in self.customers], dtype=np.int64)
        seen = np.full(len(customers), np.iinfo(np.int64).max)
        seen[mine] = self.seen
        count = np.zeros(len(customers), dtype=np.int64)
        count[mine] = self.count
        return replace(self, customers=customers, seen=seen, start=np.r_[0, np.cumsum(count)])

    def silence(self, day) -> np.ndarray:
        """Days from the last purchase to the day number ``day``, a number a customer; NaN for who never bought."""
        found = np.full(len(self.customers), np.nan)
        bought = self.count > 0
        found[bought] = day - self.day[self.start[1:][bought] - 1]
        return found

    def gaps(self) -> tuple[np.ndarray, np.ndarray]:
        """All completed gaps in days, by customer and date, and where those of each customer start.

        >>> first, day = np.array([10, 11]), np.array([10, 12, 19, 11])
        >>> days = PurchaseDays(["a", "b"], first, np.array([0, 3, 4]), day, np.ones(4))
        >>> [part.tolist() for part in days.gaps()]
        [[2, 7], [0, 2, 2]]
        """
        inside = np.ones(max(len(self.day) - 1, 0), dtype=bool)
        firsts = self.start[:-1][self.count > 0]
        inside[firsts[firsts > 0] - 1] = False
        return np.diff(self.day)[inside], np.r_[0, np.cumsum(np.maximum(self.count - 1, 0))]


def purchase_days(tx):
    """The `PurchaseDays` of a log of any engine that `crmlib.customers.check_log` has passed, over all its dates.

    Lines of a customer on one day are one purchase; refunds (amounts below zero) are none. Raises `DataError` if there
    is no purchase.

    >>> import pandas as pd
    >>> dates = pd.to_datetime(["2024-01-09", "2024-01-05", "2024-01-05", "2024-01-07"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": dates, "amount": [5.0, 1.0, 2.0, -4.0]})
    >>> found = purchase_days(log)
    >>> found.customers, found.count.tolist(), found.spent.tolist(), found.gaps()[0].tolist()
    (['a', 'b'], [2, 0], [3.0, 5.0], [4])
    """
    log = tx if isinstance(tx, Counted) else _counted(tx)
    customer, day = log.customer[log.bought], log.day[log.bought]
    if not len(day):
        raise DataError("The log holds no purchase, only refunds; so there are no gaps between purchases.")
    start = np.r_[0, np.cumsum(np.bincount(customer, minlength=log.size))]
    seen = log.day[changes(log.customer)].astype(np.int64)
    spent = log.spent[log.bought].round(DECIMALS)
    return PurchaseDays(log.ids.to_list(), seen, start, day.astype(np.int64), spent)


def _counted(tx):
    """The whole log counted; of a lazy table only customers and days come into memory."""
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    if not is_lazy(frame):
        return counted(Log(frame), dt.date.max)
    purchase = nw.col("amount") >= 0
    days = frame.select(
        "customer",
        date=nw.col("date").cast(nw.Date),
        amount=nw.when(purchase).then(nw.col("amount").cast(nw.Float64)).otherwise(0.0),
        bought=nw.when(purchase).then(1).otherwise(0),
    )
    # arrow: its dates and texts need not become Python objects
    days = days.group_by("customer", "date").agg(nw.col("amount", "bought").sum()).collect("pyarrow")
    # a day without a purchase has no money here, and must not look like one with a purchase for nothing
    days = days.with_columns(amount=nw.when(nw.col("bought") > 0).then(nw.col("amount")).otherwise(-1.0))
    return counted(Log(days), dt.date.max)


def grouped_quantile(values, start, shares, *, at_least=1):
    """The quantiles of each group ``values[start[i] : start[i + 1]]`` of whole numbers, a row for each of ``shares``.

    Between two numbers the straight line, as numpy's default. NaN for groups of fewer than ``at_least`` values.

    >>> grouped_quantile(np.array([7, 2, 5, 9]), np.array([0, 3, 4]), [0.5, 0.75], at_least=2).tolist()
    [[5.0, nan], [6.0, nan]]
    """
    size = np.diff(start)
    span = int(values.max(initial=0)) + 1
    base = np.arange(len(size)) * span
    kind = np.uint32 if len(size) * span < 2**32 else np.int64  # half the bytes, half the time
    keys = np.repeat(base.astype(kind), size)
    keys += values.astype(kind)
    if len(size) * span <= len(values):  # to count is to sort
        up_to = np.cumsum(np.bincount(keys))
        ordered = lambda places: np.searchsorted(up_to, places, side="right")  # noqa: E731
    else:
        keys.sort()
        ordered = lambda places: keys[places]  # noqa: E731
    found = np.full((len(shares), len(size)), np.nan)
    enough = size >= max(at_least, 1)
    for row, share in zip(found, shares, strict=True):
        place = np.round(share * (size[enough] - 1), 9)  # 0.9 * 10 shall be the tenth number
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, size[enough] - 1)
        below, above = (ordered(start[:-1][enough] + one) - base[enough] for one in (low, high))
        row[enough] = np.round(below + (place - low) * (above - below), 9)
    return found


def is_pair(value) -> bool:
    """Whether an option holds two numbers, and not one, which many will try.

    >>> is_pair((180, 365)), is_pair(180)
    (True, False)
    """
    return isinstance(value, list | tuple | np.ndarray) and len(value) == 2 and all(isinstance(x, Real) for x in value)


def usual_gaps(days, shares, *, own_gaps=3, population=None):
    """For each of ``shares`` the days by which that share of a customer's gaps had ended: a row a share.

    The customer's own quantiles from ``own_gaps`` completed gaps on (three, our convention: fewer say nothing on a
    90th percentile), else the ``population``: days given, a number a share, and where that is NaN or None as a whole
    the quantiles of all completed gaps. These are short, because gaps that are still open are not among them and
    frequent buyers have most of them; `crmlib.survival` counts open gaps too. Without any gap everything is NaN.

    >>> first, day = np.array([10, 11]), np.array([10, 12, 19, 20, 11])
    >>> days = PurchaseDays(["a", "b"], first, np.array([0, 4, 5]), day, np.ones(5))
    >>> usual_gaps(days, [0.5]).tolist(), usual_gaps(days, [0.5], population=[30]).tolist()
    ([[2.0, 2.0]], [[2.0, 30.0]])
    """
    if not (own_gaps >= 1 and all(0 < share <= 1 for share in shares)):
        raise DataError(f"own_gaps is {own_gaps} and the quantiles are {tuple(shares)}; give at least 1 gap and "
                        "quantiles above 0 and up to 1, e.g. own_gaps=3 and 0.90.")  # fmt: skip
    gaps, start = days.gaps()
    everybody = grouped_quantile(gaps, np.array([0, len(gaps)]), shares)[:, 0]
    if population is not None:
        given = np.array(population, dtype=float)
        everybody = np.where(np.isnan(given), everybody, given)
    found = grouped_quantile(gaps, start, shares, at_least=own_gaps)
    return np.where(np.isnan(found), everybody[:, None], found)
