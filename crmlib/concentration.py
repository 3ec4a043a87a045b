"""Concentration over time: how the top share moves with the window of a log, and how many of the top stay on top.

The functions take a log of any engine. `StillOnTop` says its numbers in sentences: a lesson must say true things about
any log, so the verdict is computed with them.
A window of m months ends with ``as_of`` and holds the calendar months up to it: 3 months to 30 June begin on 1 April.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib import pareto
from crmlib.classes import whole_customers
from crmlib.customers import customer_table
from crmlib.errors import DataError
from crmlib.frames import as_day, collect, day_number, height, like, same_kind, table
from crmlib.wording import count, days, money, number, percent

__all__ = [
    "StillOnTop", "buyers", "buyers_between", "first_day", "halfway", "later_by_class", "months_to_cover",
    "shares_by_window", "still_on_top", "window_start",
]  # fmt: skip

ABOUT_HALF = (0.40, 0.60)  # what counts as "about half" in a verdict: our convention, printed with it
FEW = 20  # of fewer customers the top 20 % are single persons, and a verdict on them says nothing: our convention


def window_start(as_of, months) -> dt.date:
    """The first day of the ``months`` calendar months that end with the day ``as_of``.

    >>> str(window_start("1998-06-30", 3)), str(window_start("2024-12-30", 3))
    ('1998-04-01', '2024-09-30')
    """
    if not (isinstance(months, Real) and months >= 1 and months % 1 == 0):
        raise DataError(f"months is {months}; give a whole number from 1 on.")
    after = as_day(as_of) + dt.timedelta(days=1)
    year, month = divmod(after.year * 12 + after.month - 1 - int(months), 12)
    return dt.date(year, month + 1, min(after.day, calendar.monthrange(year, month + 1)[1]))


@same_kind
def first_day(tx) -> dt.date:
    """The day of the first line of a log.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-03-02", "2024-01-15"]), "amount": 1.0})
    >>> str(first_day(log))
    '2024-01-15'
    """
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    return as_day(collect(frame, nw.col("date").min())["date"][0], name="the first date")


@same_kind
def months_to_cover(tx, *, as_of) -> int:
    """The length of the shortest window up to ``as_of`` that holds the whole log, in months; at least 1.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-15", "2024-03-02"]), "amount": 1.0})
    >>> months_to_cover(log, as_of="2024-03-14"), months_to_cover(log, as_of="2024-03-31")
    (2, 3)
    """
    first, months = first_day(tx), 1
    while window_start(as_of, months) > first:
        months += 1
    return months


@same_kind
def halfway(tx, *, as_of) -> dt.date:
    """The first day of the second half of the days from the log's first one to ``as_of``.

    Of an odd number of days the second half has one more.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-01"]), "amount": 1.0})
    >>> str(halfway(log, as_of="2024-01-10"))
    '2024-01-06'
    """
    first = first_day(tx)
    return first + dt.timedelta(days=((as_day(as_of) - first).days + 1) // 2)


def buyers(customers):
    """The customers who can stand on a Lorenz curve: those with a purchase whose revenue is not negative.

    The same kind of table. Whoever paid nothing for a purchase counts, with zero.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"customer": list("abc"), "orders": [1, 2, 0], "revenue": [0.0, -5.0, -1.0]})
    >>> buyers(table)["customer"].tolist()
    ['a']
    """
    frame = table(customers, ["orders", "revenue"], eager=False)
    return frame.filter((nw.col("orders") > 0) & (nw.col("revenue") >= 0)).to_native()


@same_kind
def buyers_between(tx, start, end):
    """Who bought on the days from ``start`` to ``end``, both inclusive, as `buyers` has it: customer, orders, revenue.

    Orders and net revenue are those of these days. The same kind of table; no rows if nobody bought.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01", "2024-02-02"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": days, "amount": 8.0})
    >>> buyers_between(log, "2024-01-01", "2024-02-01")
      customer  orders  revenue
    0        a       2     16.0
    """
    lines = _between(tx, start, end)
    if not height(lines):
        nobody = lines.select("customer", orders=nw.lit(0).cast(nw.Int64), revenue=nw.lit(0.0))
        return nobody.to_native()
    return buyers(customer_table(lines.to_native(), as_of=end, columns=["orders", "revenue"]))


@same_kind
def shares_by_window(tx, *, as_of, months=(3, 6, 12, 18), q=0.20):
    """How concentrated the money is in windows of one or several lengths, each counting only those who bought in it.

    Columns: months, start, customers, revenue, top_share, gini, and orders_top and orders_rest: orders a customer among
    the best ceil(q * n) and among the others (null where there are none); equal customers in the order of their ids. A
    window that begins before the log, or in which nobody paid, has no row. The same kind of table.

    >>> from crmlib import datasets
    >>> windows = shares_by_window(datasets.load("cdnow_sample"), as_of="1998-06-30", months=(3, 18, 24))
    >>> windows[["months", "customers", "top_share"]].round(3)
       months  customers  top_share
    0       3        300      0.508
    1      18       2357      0.674
    """
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    in_pandas = frame.implementation.is_pandas()  # which has no type for dates
    schema = {"months": nw.Int64, "start": nw.Datetime("us") if in_pandas else nw.Date, "customers": nw.Int64}
    schema |= dict.fromkeys(["revenue", "top_share", "gini", "orders_top", "orders_rest"], nw.Float64)
    rows, first = [], first_day(tx)
    for length in sorted({*months} if np.iterable(months) else {months}):
        start = window_start(as_of, length)
        if start < first:
            continue
        inside = _collected(buyers_between(tx, start, as_of))
        if not inside["revenue"].sum() > 0:
            continue
        native, orders = inside.to_native(), inside["orders"].to_numpy()
        on_top = _best(inside["revenue"].to_numpy(), whole_customers(q, len(orders)))
        each = [float(part.mean()) if len(part) else None for part in (orders[on_top], orders[~on_top])]
        day = dt.datetime.combine(start, dt.time()) if in_pandas else start
        shares = pareto.top_share(native, q), pareto.gini(native)
        rows.append((int(length), day, len(orders), float(inside["revenue"].sum()), *shares, *each))
    return like(frame, _columns(rows, schema), schema).to_native()


@dataclass(frozen=True)
class StillOnTop:
    """What became of the best customers of one period in the next; the methods say it in sentences.

    ``customers`` bought in the first period, and only they are ranked in the second, silence being zero. ``missing``
    says why a log cannot carry the comparison; then there are no numbers.
    """

    missing: str = ""
    q: float = 0.20
    first: dt.date | None = None
    split: dt.date | None = None  # first day of the second period
    last: dt.date | None = None
    customers: int = 0
    top: int = 0
    stayed: int = 0  # in the top of both periods
    came_up: int = 0  # in the top of the second period only
    silent: int = 0  # in the first top, no purchase after it
    share_before: float | None = None  # what the top brings of the money of its own period
    share_after: float | None = None  # what the same top brings of the money of the second period
    share_hindsight: float | None = None  # what the top of the second period brings of it
    rest_after: float | None = None  # money of the second period from customers not in the first top
    newcomers: float | None = None  # share of all later money from customers who did not count in the first period

    def turnover(self) -> str:
        """How many of the top are still in it, with a verdict on 'about half of them are not'."""
        if self.missing:
            return self.missing
        left, (low, high), top = 1 - self.stayed / self.top, ABOUT_HALF, percent(self.q, 0)
        before = f"{self.first} to {self.split - dt.timedelta(days=1)}"
        drawn = 1 - (self.stayed + self.came_up) / self.customers
        verdict = self._judged("About half are not", low <= left <= high, f"{percent(low, 0)} to {percent(high, 0)}")
        return (
            f"Top {top} (by count) from {before}: {count(self.top, 'customer')}. Again in the top {top} from "
            f"{self.split} to {self.last}: {number(self.stayed)}. {percent(left)} of this group are not; "
            f"{percent(self.silent / self.top)} of this group bought nothing. Of names drawn at random "
            f"{percent(drawn)} would not be. {verdict}"
        )

    def fallback(self) -> str:
        """Whether the group chosen by one period brings a smaller share of the next."""
        if self.missing:
            return self.missing
        return (
            f"The top {percent(self.q, 0)} (by count) brought {percent(self.share_before)} of the money in the period "
            f"that chose them and {percent(self.share_after)} of what the same customers paid in the next; chosen with "
            f"hindsight, a group of that size would have brought {percent(self.share_hindsight)}. "
            f"{self._judged('The chosen fall back', self.share_after < self.share_before)}"
        )

    def rest(self, currency="") -> str:
        """What it would have cost to serve nobody but the top of the first period."""
        if self.missing:
            return self.missing
        return (
            f"Serving only the top {percent(self.q, 0)} of the first period would have given up "
            f"{money(self.rest_after, currency, 0)} in the second, {percent(1 - self.share_after)} of what these "
            f"customers paid, and {number(self.came_up)} of the {number(self.stayed + self.came_up)} on top by then. "
            f"Whoever did not count in the first period brought {percent(self.newcomers)} of all money of the second."
        )

    def _judged(self, claim, held, taken=""):
        if self.customers < FEW:
            return f"With {count(self.customers, 'customer')} (we ask for {FEW}) there is no verdict on '{claim}'."
        return f"'{claim}'{f' (we take {taken})' if taken else ''} {'held' if held else 'did not hold'} here."


@same_kind
def still_on_top(tx, *, as_of, months=None, q=0.20) -> StillOnTop:
    """Who of the best ``q`` of one period is among the best of the next: halves of the log, or windows of ``months``.

    The top is the best ceil(q * n) by revenue; equal customers are taken in the order of their ids. A customer whose
    refunds exceed the purchases of the second period counts as zero there, and zero is never on top.

    >>> from crmlib import datasets
    >>> halves = still_on_top(datasets.load("cdnow_sample"), as_of="1998-06-30")
    >>> halves.top, halves.stayed, halves.silent
    (472, 235, 193)
    """
    pair = _two_periods(tx, as_of, months)
    if pair.missing:
        return StillOnTop(pair.missing)
    paid, paid_after = pair.both["before"].to_numpy(), pair.both["after"].to_numpy()
    size = whole_customers(q, len(paid))
    chosen, hindsight = _best(paid, size), _best(paid_after, size)
    on_top, total = hindsight & (paid_after > 0), paid_after.sum()
    return StillOnTop(
        q=q, first=pair.first, split=pair.split, last=pair.last, customers=len(paid), top=size,
        stayed=int((chosen & on_top).sum()),
        came_up=int((~chosen & on_top).sum()),
        silent=int((chosen & ~pair.both["bought"].to_numpy()).sum()),
        share_before=float(paid[chosen].sum() / paid.sum()),
        share_after=float(paid_after[chosen].sum() / total),
        share_hindsight=float(paid_after[hindsight].sum() / total),
        rest_after=float(paid_after[~chosen].sum()),
        newcomers=float(1 - total / pair.everybody_after),
    )  # fmt: skip


@same_kind
def later_by_class(tx, *, as_of, months=None, cuts=(0.80, 0.95)):
    """What the ABC classes of one period brought in the next; periods as in `still_on_top`.

    Columns: class (by the first period), customers, bought_again, before, after, share_after (of what they all paid).
    The same kind of table; no rows where the log cannot carry it, which ``still_on_top(...).missing`` explains.

    >>> from crmlib import datasets
    >>> later_by_class(datasets.load("cdnow_sample"), as_of="1998-06-30")[["class", "customers", "bought_again"]]
      class  customers  bought_again
    0     A        900           426
    1     B        800           179
    2     C        649            79
    3     N          8             0
    """
    frame, pair = table(tx, eager=False), _two_periods(tx, as_of, months)
    schema = {"class": nw.String, "customers": nw.Int64, "bought_again": nw.Int64}
    schema |= dict.fromkeys(["before", "after", "share_after"], nw.Float64)
    rows = []
    if not pair.missing:
        classes = table(pareto.abc_classes(pair.both.to_native(), by="before", cuts=cuts)).sort("customer")
        class_of = classes["class"].to_numpy()  # both tables are sorted by customer
        paid, after, bought = (pair.both[name].to_numpy() for name in ("before", "after", "bought"))
        for name in sorted(set(class_of)):
            inside = class_of == name
            sums = float(paid[inside].sum()), float(after[inside].sum())
            rows.append((str(name), int(inside.sum()), int(bought[inside].sum()), *sums, sums[1] / float(after.sum())))
    return like(frame, _columns(rows, schema), schema).to_native()


class _TwoPeriods(NamedTuple):
    """Those who bought in the first period, in memory: ``both`` has customer, before, after (money), bought (after)."""

    missing: str = ""
    first: dt.date | None = None
    split: dt.date | None = None
    last: dt.date | None = None
    both: Any = None
    everybody_after: float = 0.0


def _two_periods(tx, as_of, months) -> _TwoPeriods:
    first, split, last = first_day(tx), halfway(tx, as_of=as_of), as_day(as_of)
    if months is not None:
        begin, split = window_start(as_of, 2 * months), window_start(as_of, months)
        if begin < first:
            covered = days((last - first).days + 1)
            return _TwoPeriods(f"The log covers {covered}, too few for two periods of {count(months, 'month')} each.")
        first = begin
    if first == split:
        return _TwoPeriods("The log covers one day, so it has no halves to compare.")
    nothing = _TwoPeriods(f"No customer paid both before {split} and from then on, so there is nothing to compare.")
    lines = _between(tx, split, last)
    if not height(lines):
        return nothing
    before = _collected(buyers_between(tx, first, split - dt.timedelta(days=1))).select("customer", before="revenue")
    later = collect(table(customer_table(lines.to_native(), as_of=last, columns=["orders", "revenue"]), eager=False))
    later = later.select("customer", after=nw.max_horizontal(nw.col("revenue"), nw.lit(0.0)), bought=nw.col("orders") > 0)
    both = before.join(later, on="customer", how="left").sort("customer")
    both = both.with_columns(nw.col("after").fill_null(0.0), nw.col("bought").fill_null(False))
    if not (both["before"].sum() > 0 and both["after"].sum() > 0):
        return nothing
    return _TwoPeriods("", first, split, last, both, float(later["after"].sum()))


def _best(values, size):
    """Which values are among the ``size`` largest; of equal ones the first."""
    best = np.zeros(len(values), dtype=bool)
    best[np.argsort(-values, kind="stable")[:size]] = True
    return best


def _columns(rows, schema):
    return {name: [row[place] for row in rows] for place, name in enumerate(schema)}


def _collected(native):
    """Rows in memory, sorted by customer."""
    return collect(table(native, eager=False)).sort("customer")


def _between(tx, start, end):
    """The lines from the day ``start`` to the day ``end``, wrapped."""
    day, start, end = day_number(nw.col("date")), as_day(start, name="start"), as_day(end, name="end")
    return table(tx, eager=False).filter((day >= start.toordinal()) & (day <= end.toordinal()))
