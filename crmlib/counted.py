"""A log in memory counted once: its lines condensed to a row a customer and day, from which the lenses are counted.

Sorting the lines by customer and day is most of the work of every lens; `count` does it once, and functions that take a
log also take what it gives. A test holds what they find equal to the queries that other engines get.
"""

from __future__ import annotations

import datetime as dt
import warnings
from functools import cached_property

import narwhals as nw
import numpy as np

from crmlib.calendar_periods import check_unit, periods_of
from crmlib.customers import COLUMNS, DECIMALS, check_log
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, like, same_kind, table
from crmlib.in_memory import DayColumns, Log, series
from crmlib.log_lines import Lines
from crmlib.numbering import Numbering, changes, ordered, span, sums

__all__ = ["NEVER", "Counted", "count", "counted", "say_gaps"]

NEVER = 10**9  # later than any period: the cohort of a customer without a purchase


@same_kind
def count(tx, *, as_of):
    """The lines of a log in memory up to the end of ``as_of``, counted: pass it in place of the log, as often as needed.

    Functions that take it give back tables of the kind of ``tx`` (of pyarrow: polars), and may ask for an earlier
    ``as_of``. Lines after ``as_of`` are left out and counted in a `DataNotice`.

    Raises `DataError` for a lazy table, where `crmlib.customers.check_log` does, and if ``as_of`` is before the first
    purchase.

    >>> import pandas as pd
    >>> from crmlib.one_cohort import by_age
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> by_age(count(log, as_of="2024-02-29"), as_of="2024-01-31", unit="month")["revenue"].to_list()
    [10.0]
    """
    as_of = as_day(as_of)
    log = Log(table(tx, ["customer", "date", "amount"], what="table of transactions"))
    check_log(log.frame, as_of, log)
    return counted(log, as_of)


def counted(log, as_of):
    """The same of an `in_memory.Log` that `crmlib.customers.check_log` has passed; up to the date ``as_of``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-05"])
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": days, "amount": [10.0, -3.0]})
    >>> found = counted(Log(table(log)), dt.date(2024, 1, 31))
    >>> found.customer.tolist(), found.day.tolist(), found.lines.tolist(), found.amount.tolist()
    ([0], [738890], [2], [7.0])
    """
    ids, (low, width) = Numbering(log.frame["customer"]), span(log.days)
    order, key = ordered(ids.codes * width + (log.days - low), ids.size * width)
    del ids.codes  # an integer a line, which is not needed any more
    order = order.astype(np.int32 if len(order) < 2**31 else np.int64)
    begins = np.flatnonzero(changes(key))
    code, day = np.divmod(key[begins], width)
    lines = np.diff(begins, append=len(key)).astype(np.int32)
    starts = changes(code)
    customer = np.cumsum(starts, dtype=np.int32) - np.int32(1)
    day = (day + low).astype(np.int32)
    found = Counted(Lines(log), ids, as_of, code[starts], customer, day, lines, order)
    found.begins = begins
    return found._cut(as_of)


class Counted:
    """What `count` gives: arrays by customer and day, each computed when it is asked for.

    A row a customer and day with a line, sorted by both: ``customer`` (from 0 on without a gap), ``day`` (a number, as
    Python's ``date.toordinal()``), ``lines``, ``purchases`` (lines), ``spent`` (on them), ``refunded`` (below zero),
    ``amount`` (the sum of the two), ``orders`` (that begin on the day; without an order column 1 for a day with a
    purchase) and, if every line has a cost, ``profit``, else None.
    """

    def __init__(self, log, ids, as_of, codes, customer, day, lines, order):
        self.log, self.as_of, self.size = log, as_of, int(customer[-1]) + 1
        self.customer, self.day, self.lines = customer, day, lines
        self.order = order  # of the lines of the log, as the rows have them
        self._ids, self._codes = ids, codes
        self._made, self._columns, self._large = {}, {}, (None, None)

    def until(self, as_of, *, stacklevel=2):
        """What `up_to` gives. Lines that are left out are counted in a `DataNotice`."""
        as_of = as_day(as_of)
        found = self.up_to(as_of)
        if later := len(self.order) - len(found.order):
            said = "1 line" if later == 1 else f"{later:,} lines"
            warnings.warn(f"{said} after as_of {as_of} left out.", DataNotice, stacklevel=stacklevel + 1)
        return found

    def up_to(self, as_of):
        """The same up to the end of the day ``as_of``.

        Raises `DataError` if it is after the day up to which the log was counted, or before the first purchase.
        """
        as_of = as_day(as_of)
        if as_of == self.as_of:
            return self
        if as_of > self.as_of:
            raise DataError(f"The log was counted up to {self.as_of}; count it again for as_of {as_of}.")
        if as_of < (first := self.first_purchase):
            raise DataError(f"as_of {as_of} is before the first purchase ({first}); choose that day or a later one.")
        return self._cut(as_of)

    def _cut(self, as_of):
        kept = self.day <= as_of.toordinal()
        if kept.all():
            return self
        rows = np.flatnonzero(kept)  # places are found once; a mask would be counted through for each column
        customer, order = self.customer[rows], self.order[np.flatnonzero(np.repeat(kept, self.lines))]
        starts = changes(customer)
        codes, customer = self._codes[customer[starts]], np.cumsum(starts, dtype=np.int32) - np.int32(1)
        found = Counted(self.log, self._ids, as_of, codes, customer, self.day[rows], self.lines[rows], order)
        found._columns = {name: found.lines if one is self.lines else one[rows] for name, one in self._columns.items()}
        return found

    @property
    def implementation(self):
        """The engine of the log: `frames.like` gives back a table of its kind."""
        return self.log.sample.implementation

    @property
    def columns(self):
        """The names of the columns of the log."""
        return self.log.sample.columns

    @property
    def first_day(self):
        """The date of the first line."""
        return dt.date.fromordinal(int(self.day.min()))

    def once(self, name, make):
        """What ``make`` makes of this log, made at the first time and kept under ``name``."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def kept(self, name, make):
        """The same of what is large: it is kept until something else is."""
        if self._large[0] != name:
            self._large = None, None
            self._large = name, make()
        return self._large[1]

    def forget(self):
        """Let go of what `kept` keeps."""
        self._large = None, None

    @cached_property
    def ids(self):
        """The ids of the customers, as the log keeps them; a wrapped series."""
        return series("customer", self._ids.values(self._codes), self.log.sample)

    def places_in(self, other):
        """The numbers that the customers have in the same log up to a later day."""
        return np.searchsorted(other._codes, self._codes)

    def customer_table(self, as_of, columns=None):
        """What `crmlib.customer_table` gives of the log, all columns or some; says nothing of later lines."""
        as_of = as_day(as_of)
        found = DayColumns(self.up_to(as_of), as_of.toordinal(), DECIMALS)
        names = columns or [name for name in COLUMNS if name != "units" or "quantity" in self.columns]
        columns = {name: getattr(found, name) for name in names}
        columns |= {name: series(name, columns[name], self.log.sample) for name in names if name != "customer"}
        return nw.from_dict(columns).to_native()

    @cached_property
    def first_purchase(self):
        """The date of the first purchase or, without any, of the first line."""
        bought = self.day[self.bought]
        return dt.date.fromordinal(int((bought if len(bought) else self.day).min()))

    @cached_property
    def begins(self):
        """The place of each row's first line in ``order``."""
        return np.cumsum(self.lines, dtype=np.int64) - self.lines

    def _column(self, name, make):
        """An array by row, made at the first time; `_cut` keeps what is there."""
        if name not in self._columns:
            self._columns[name] = make()
        return self._columns[name]

    def _amounts(self, name):
        if name not in self._columns:
            amount = self.log.floats("amount")[self.order]
            bought = amount >= 0
            if bought.all():
                spent = sums(amount, self.begins)
                self._columns |= {"purchases": self.lines, "spent": spent, "refunded": np.zeros(len(spent))}
                return self._columns[name]
            self._columns["purchases"] = sums(bought.view(np.int8), self.begins, np.int32)
            for part, where in (("spent", bought), ("refunded", ~bought)):
                self._columns[part] = sums(np.where(where, amount, 0.0), self.begins)
        return self._columns[name]

    @property
    def purchases(self):
        return self._amounts("purchases")

    @property
    def spent(self):
        return self._amounts("spent")

    @property
    def refunded(self):
        return self._amounts("refunded")

    @property
    def amount(self):
        return self._column("amount", lambda: self.spent + self.refunded)

    def of_customers(self, values):
        """The sum a customer of an array by row."""
        return sums(values, self._starts)

    @cached_property
    def _starts(self):
        return np.flatnonzero(changes(self.customer))

    @property
    def profit(self):
        return self._column("profit", self._profit) if self._knows_cost else None

    @cached_property
    def _knows_cost(self):
        if "cost" not in self.columns:
            return False
        gap = ~np.isfinite(self.log.floats("cost"))
        gaps = gap.any() and int(np.count_nonzero(gap[self.order]))  # of the lines up to as_of
        if gaps:
            say_gaps(gaps, len(self.order))
        return not gaps

    def _profit(self):
        profit = self.log.floats("amount") - self.log.floats("cost")
        return sums(profit[self.order], self.begins)

    @cached_property
    def only_purchases(self):
        """Whether no line is a refund."""
        return self.purchases is self.lines or bool((self.purchases == self.lines).all())

    @property
    def one_order_a_row(self):
        """Whether each row counts as one order, so that rows need only be counted."""
        return self.only_purchases and "order" not in self.columns

    @cached_property
    def bought(self):
        """The rows with a purchase; an index that costs nothing where all are."""
        return slice(None) if self.only_purchases else np.flatnonzero(self.purchases)

    def inside(self, start, end):
        """The places in the log of the lines from the day ``start`` to the day ``end``, both included."""
        return np.flatnonzero((self.log.days >= start) & (self.log.days <= end))

    @property
    def units(self):
        """The quantity, net; a gap counts as 0."""
        units = lambda: np.nan_to_num(self.log.floats("quantity"))[self.order]  # noqa: E731
        return self._column("units", lambda: sums(units(), self.begins))

    @property
    def orders(self):
        return self._column("orders", self._orders)

    def _orders(self):
        if "order" not in self.columns:
            return (self.purchases > 0).astype(np.int32)
        n, bought = len(self.day), (self.log.floats("amount") >= 0)[self.order]
        bits = n.bit_length()
        key = self.log.orders[self.order].astype(np.int64) << bits
        key |= np.repeat(np.arange(n), self.lines)
        # rows are sorted by customer and day, so that the first one of a customer's order is where it begins
        key = key[bought]
        key.sort()
        row = key & ((1 << bits) - 1)
        key >>= bits
        return np.bincount(row[changes(key) | changes(self.customer[row])], minlength=n).astype(np.int32)

    @property
    def money(self):
        """``amount`` and, if every line has a cost, ``profit``, by name."""
        return {"amount": self.amount} | ({} if self.profit is None else {"profit": self.profit})

    @cached_property
    def first(self):
        """The day of the first purchase of each customer; NaN without one."""
        found = np.full(self.size, np.nan)
        found[self.customer[self.first_rows]] = self.day[self.first_rows]
        return found

    @cached_property
    def first_rows(self):
        """The row of the first purchase of each customer who has one."""
        starts = np.flatnonzero(changes(self.customer[self.bought]))
        return starts if self.only_purchases else self.bought[starts]

    def in_windows(self, windows):
        """As `crmlib.windows.in_windows`; wrapped, sorted by customer."""
        values = {"orders": self.orders, "revenue": self.amount}
        values |= {} if self.profit is None else {"profit": self.profit}
        values |= {"purchases": self.purchases, "seen": self.lines}
        columns = {"first": self.first}
        for suffix, (start, last) in windows.items():
            rows = np.flatnonzero((self.day >= start.toordinal()) & (self.day <= last.toordinal()))
            who = self.customer[rows]
            begins = np.flatnonzero(changes(who))
            who = who[begins]
            for name, one in values.items():
                if name == "seen" and self.only_purchases:
                    columns["seen" + suffix] = columns["purchases" + suffix]
                    continue
                total = np.zeros(self.size, np.float64 if one.dtype.kind == "f" else np.int64)
                each = name == "orders" and self.one_order_a_row
                total[who] = np.diff(begins, append=len(rows)) if each else sums(one[rows], begins)
                columns[name + suffix] = total.round(DECIMALS) if one.dtype.kind == "f" else total
        seen = np.flatnonzero(sum(columns["seen" + suffix] for suffix in windows))
        found = like(self, {name: one[seen] for name, one in columns.items()})
        return found.with_columns(self.ids[seen]).select("customer", *columns)

    def by_period(self, unit):
        """As `crmlib.customer_periods.by_customer_and_period`: arrays by column, sorted by customer and period."""
        check_unit(unit)
        return self.kept(unit, lambda: self._periods(unit))

    def periods(self, unit):
        """The number of the period of each row."""
        return periods_of(self.day, unit).astype(np.int32)

    def _periods(self, unit):
        period = self.periods(unit)
        begins = np.flatnonzero(changes(self.customer) | changes(period))
        customer, period = self.customer[begins], period[begins]
        total = lambda values: sums(values, begins)  # noqa: E731
        if self.only_purchases:
            bought, refunds = np.ones(len(begins), bool), np.zeros(len(begins), np.int32)
        else:
            bought, refunds = total(self.purchases) > 0, total(self.lines - self.purchases)
        orders = np.diff(begins, append=len(self.day)) if self.one_order_a_row else total(self.orders)
        born = np.full(self.size, NEVER, np.int32)
        first = np.flatnonzero(bought)
        first = first[changes(customer[first])]
        born[customer[first]] = period[first]
        columns = {"customer": customer, "period": period, "cohort": born[customer], "bought": bought.astype(np.int8)}
        columns |= {"orders": orders.astype(np.int32), "refunds": refunds}
        return columns | {name: total(values) for name, values in self.money.items()}

    def split(self, codes, size):
        """The same by pair of a customer and a code from 0 to below ``size`` of each line of the log, in place of the
        customer; and customer and code of each pair."""
        pair = np.repeat(self.customer, self.lines).astype(np.int64) * size + codes[self.order]
        order, pair = ordered(pair, self.size * size)
        day = np.repeat(self.day, self.lines)[order]
        begins = np.flatnonzero(changes(pair) | changes(day))
        lines, pair = np.diff(begins, append=len(pair)).astype(np.int32), pair[begins]
        starts = changes(pair)
        number = np.cumsum(starts, dtype=np.int32) - np.int32(1)
        pairs = Counted(self.log, None, self.as_of, None, number, day[begins], lines, self.order[order])
        return pairs, *(part.astype(np.int32) for part in np.divmod(pair[starts], size))

    def purchase_days(self):
        """Customer and day of each row with a purchase; customers are those who bought, from 0 on without a gap."""
        if self.only_purchases:
            return self.customer, self.day
        customer, day = self.customer[self.bought], self.day[self.bought]
        return np.cumsum(changes(customer), dtype=np.int32) - np.int32(1), day


def say_gaps(gaps, lines):
    """Say that a log has no profit, in a `DataNotice`; it must not be made up.

    >>> with warnings.catch_warnings(record=True) as said:
    ...     say_gaps(1, 2000)
    >>> print(said[0].message)
    Column 'cost' of the transactions has gaps in 1 of 2,000 lines, so profit is left out.
    """
    message = f"Column 'cost' of the transactions has gaps in {gaps:,} of {lines:,} lines, so profit is left out."
    warnings.warn(message, DataNotice, stacklevel=7)
