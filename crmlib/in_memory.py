"""The customer table of a log in memory, pandas or polars, in numpy: the fast path of `crmlib.customers`.

Customer and day become one integer, and sorting plain integers is several times faster than any group-by. Sums go by
the number of the customer (`crmlib.numbering`) and need no order of lines at all. What the columns mean stands in
`crmlib.customers`; a test holds the two equal.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property

import narwhals as nw
import numpy as np

from crmlib.numbering import Numbering, as_integers, changes, factorize, span, sums

__all__ = ["CustomerColumns", "DayColumns", "Log", "customer_columns", "floats", "series"]

_BEFORE_1970 = dt.date(1970, 1, 1).toordinal()
_FLAGS = (None, "non_positive_revenue", "no_purchase")


class Log:
    """A wrapped table of transactions in memory with its days and amounts as arrays."""

    def __init__(self, frame):
        self.frame = frame

    @cached_property
    def days(self):
        """Day numbers, equal to Python's ``date.toordinal()``."""
        return self.frame["date"].to_numpy().astype("datetime64[D]").astype(np.int64) + _BEFORE_1970

    @cached_property
    def amount(self):
        """Amounts as floats."""
        return floats(self.frame["amount"])

    def facts(self, as_of):
        """The number of lines, of gaps in customer, date and amount, of lines after the date ``as_of``, and the first
        date with a purchase or, without any, the first date. If there are gaps, the last two are None."""
        lowest = self.amount.min()  # NaN if there is one
        gaps = [self.frame["customer"].null_count(), self.frame["date"].null_count()]
        gaps.append(int(np.isnan(self.amount).sum()) if np.isnan(lowest) else 0)
        if any(gaps):
            return len(self.amount), *gaps, None, None
        bought = self.days if lowest >= 0 else self.days[self.amount >= 0]
        first = dt.date.fromordinal(int((bought if len(bought) else self.days).min()))
        return len(self.amount), *gaps, int(np.count_nonzero(self.days > as_of.toordinal())), first


def customer_columns(log, as_of, wanted, *, decimals):
    """The ``wanted`` columns of the customer table, sorted by customer, from a `Log` without gaps: series by name.

    ``as_of`` is a day number; sums are rounded to ``decimals``.
    """
    customers = _OfLog(log, as_of, decimals)
    return {name: series(name, getattr(customers, name), log.frame) for name in wanted}


class CustomerColumns:
    """The columns of the customer table as arrays, each computed when it is asked for.

    From lines: the number of the customer, which ``ids`` leads back to an id, the day and the amount of each.
    """

    def __init__(self, ids, code, day, amount, as_of, decimals):
        self.ids, self.code, self.amount, self.as_of, self.decimals = ids, code, amount, as_of, decimals
        self.bought = _all_or(self.amount >= 0)
        self.buyer, self.spent, self.day = self.code[self.bought], self.amount[self.bought], day[self.bought]

    @cached_property
    def visits(self):
        """The days on which each customer bought."""
        return _Pairs(self.buyer, self.day, self.ids.size)

    @cached_property
    def codes(self):
        """The customers, those with refunds only among them."""
        if isinstance(self.bought, slice):
            return self.visits.codes
        return np.flatnonzero(np.bincount(self.code, minlength=self.ids.size))

    def of_buyers(self, values, otherwise=np.nan):
        """A value a customer, from one a customer with a purchase."""
        if len(values) == len(self.codes):
            return values
        column = np.full(len(self.codes), otherwise)
        column[np.searchsorted(self.codes, self.visits.codes)] = values
        return column

    def total(self, codes, values):
        """The sum of the values a customer."""
        return np.bincount(codes, values, self.ids.size)[self.codes].round(self.decimals)

    @property
    def customer(self):
        return self.ids.values(self.codes)

    @cached_property
    def days(self):
        return self.of_buyers(self.visits.counts, 0)

    @cached_property
    def first(self):
        return self.of_buyers(self.visits.firsts)

    @cached_property
    def last(self):
        return self.of_buyers(self.visits.lasts)

    @property
    def days_since_last(self):
        return self.as_of - self.last

    @property
    def t_x(self):
        return self.last - self.first

    @property
    def T(self):  # noqa: N802
        return self.as_of - self.first

    @property
    def x(self):
        return np.where(self.days > 0, self.days - 1.0, np.nan)

    @cached_property
    def purchases(self):
        return self.total(self.buyer, self.spent)

    @cached_property
    def revenue(self):
        if isinstance(self.bought, slice):
            return self.purchases
        amount = self.total(self.code, self.amount)
        # 0.1 + 0.2 - 0.3 is not zero in floating-point numbers, but a customer who got all money back brought nothing
        return np.where(np.abs(amount) > 1e-12 * self.purchases, amount, 0.0)

    @property
    def mean_order(self):
        return _divided(self.purchases, self.orders)

    @property
    def mean_repeat_value(self):
        repeat = np.where(self.visits.after_the_first(), self.spent, 0.0)
        return _divided(self.total(self.buyer, repeat), self.days - 1)

    @property
    def flag(self):
        return np.where(self.days == 0, 2, self.revenue <= 0)


class _OfLog(CustomerColumns):
    """Those of the lines of a `Log` up to the day number ``as_of``."""

    def __init__(self, log, as_of, decimals):
        ids, self.frame, self.seen = Numbering(log.frame["customer"]), log.frame, _all_or(log.days <= as_of)
        super().__init__(ids, *(one[self.seen] for one in (ids.codes, log.days, log.amount)), as_of, decimals)

    @cached_property
    def orders(self):
        if "order" not in self.frame.columns:
            return self.days
        orders, _ = as_integers(self.frame["order"], ordered=False)
        return self.of_buyers(_Pairs(self.buyer, orders[self.seen][self.bought], self.ids.size).counts, 0)

    @property
    def units(self):
        return self.total(self.code, np.nan_to_num(floats(self.frame["quantity"])[self.seen]))


class _Pairs:
    """The distinct pairs of a code below ``size`` and a number: for each code how many, the first and the last."""

    def __init__(self, codes, values, size):
        low, width = span(values)
        if width * size > 2**63:
            values, _ = factorize(values)
            low, width = span(values)
        key = codes * width
        key += values
        key -= low
        if width * size <= 2**32:  # half the bytes, half the time
            key = key.astype(np.uint32)
        pairs = np.sort(key)
        pairs = pairs[changes(pairs)]
        owner = pairs // width
        starts = np.flatnonzero(changes(owner))
        self.codes = owner[starts].astype(np.int64)
        self.counts = np.diff(starts, append=len(owner))
        before = self.codes * width - low
        self.firsts = pairs[starts] - before
        self.lasts = pairs[starts + self.counts - 1] - before
        self._lines, self._start, self._size = (codes, key), pairs[starts], size

    def after_the_first(self):
        """Which lines, in the order in which they came, have a larger number than the first of their code."""
        codes, key = self._lines
        start = np.zeros(self._size, key.dtype)
        start[self.codes] = self._start
        return key > start[codes]


class DayColumns(CustomerColumns):
    """Those of a log of `crmlib.counted`, from its days in place of lines."""

    def __init__(self, log, as_of, decimals):
        self.log, self.as_of, self.decimals = log, as_of, decimals
        self.code, self.amount, self.bought = log.customer, log.amount, log.bought
        self.buyer, self.spent = log.customer[log.bought], log.spent[log.bought]

    @cached_property
    def visits(self):
        return _Visits(self.buyer, self.log.day[self.bought])

    @property
    def codes(self):
        return np.arange(self.log.size)

    @property
    def customer(self):
        return self.log.ids

    def total(self, codes, values):
        begins = np.flatnonzero(changes(codes))
        found = np.zeros(self.log.size)
        found[codes[begins]] = sums(values, begins)
        return found.round(self.decimals)

    @cached_property
    def orders(self):
        return self.log.of_customers(self.log.orders).astype(np.int64)

    @property
    def units(self):
        return self.log.of_customers(self.log.units).round(self.decimals)


class _Visits:
    """The days on which each customer bought, from rows sorted by both."""

    def __init__(self, buyer, day):
        self._first = changes(buyer)
        starts = np.flatnonzero(self._first)
        self.codes, self.counts = buyer[starts], np.diff(starts, append=len(buyer))
        self.firsts, self.lasts = day[starts].astype(np.int64), day[starts + self.counts - 1].astype(np.int64)

    def after_the_first(self):
        return ~self._first


def _all_or(mask):
    """An index for the rows of a mask, which is free where all are in it."""
    return slice(None) if mask.all() else mask


def floats(values):
    """The numbers of a series as floats; a gap is NaN."""
    return values.cast(nw.Float64).to_numpy() if values.dtype != nw.Float64 else values.to_numpy()


def _divided(values, counts):
    """NaN where the count is not above 0."""
    return np.divide(values, counts, out=np.full(len(values), np.nan), where=counts > 0)


def series(name, values, frame):
    """A column of the customer table as the engine of the log keeps it; NaN becomes a gap."""
    import pyarrow as pa

    backend, pandas = frame.implementation, frame.implementation.is_pandas_like()
    if name == "customer":
        values = values if isinstance(values, nw.Series) else nw.new_series(name, values, backend=backend)
        if pandas:  # has more types for texts and integers than narwhals has
            values = nw.from_native(values.to_native().astype(frame[name].to_native().dtype), series_only=True)
        return nw.maybe_reset_index(values.alias(name).cast(frame.schema[name]))
    if name == "flag":
        flags = pa.array(_FLAGS, pa.large_string()).take(pa.array(values))
        return nw.new_series(name, flags, nw.String, backend=backend)
    if name in ("first", "last"):
        gaps = np.isnan(values)
        days = (np.where(gaps, 0, values).astype(np.int64) - _BEFORE_1970).astype("datetime64[D]")
        days[gaps] = np.datetime64("NaT")
        if isinstance(frame.schema["date"], nw.Datetime):
            days = days.astype(f"datetime64[{frame.schema['date'].time_unit}]")
        return nw.new_series(name, days, backend=backend)
    if name == "orders":
        return nw.new_series(name, values.astype(np.int64), nw.Int64, backend=backend)
    numbers = nw.new_series(name, values.astype(float), nw.Float64, backend=backend)
    return numbers if pandas else numbers.fill_nan(None)
