"""The door: any log of purchases in, one documented table out, every change counted.

This is the only place where column names are parameters and where data is validated and renamed.
"""

from __future__ import annotations

import difflib
import math
import re
import warnings
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib import parsing
from crmlib.errors import DataError, DataNotice, quote
from crmlib.frames import is_lazy, same_kind, table
from crmlib.raw_log import Note, RawLog
from crmlib.remote import admit_lazy

__all__ = ["Admission", "Note", "admit", "transactions"]


class Admission(NamedTuple):
    """What came through the door: the ``transactions`` and the ``notes`` on what was read, changed or left out."""

    transactions: Any
    notes: tuple[Note, ...]


def transactions(raw, **options):
    """Like `admit`, with the same options, but gives only the table and issues the notes as one `DataNotice` warning.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"who": [7, 7, 8], "day": ["2024-01-05", "2024-02-01", "2024-01-09"], "paid": [10, 5, 8.5]})
    >>> transactions(log, customer="who", date="day", amount="paid")
      customer       date  amount
    0        7 2024-01-05    10.0
    1        7 2024-02-01     5.0
    2        8 2024-01-09     8.5
    """
    admission = admit(raw, **options)
    said = " ".join(note.sentence for note in admission.notes if note.code != "columns")
    if said:
        warnings.warn(said, DataNotice, stacklevel=2)
    return admission.transactions


@same_kind
def admit(
    raw,
    *,
    customer="customer",
    date="date",
    amount="amount",
    order=None,
    product=None,
    quantity=None,
    cost=None,
    date_format=None,
    decimal=None,
    thousands=None,
    duplicates="keep",
    missing_customer="raise",
) -> Admission:
    """Check a raw log of purchases (one row a line) and give it standard names and types.

    The first three options name the columns of ``raw`` that hold the customer, the day and the money of a line; order,
    product, quantity and cost are taken where they are named, or where a column has exactly that name. An ``amount``
    of zero or more is a purchase, below zero a refund.

    Options: ``date_format`` in strptime codes for dates that cannot be read without it; ``decimal`` ('.' or ',') and
    ``thousands`` for amounts written as text; ``duplicates`` "keep" or "drop" for lines that repeat another in every
    column; ``missing_customer`` "raise" or "drop".

    Returns `Admission`: a table of the same kind, rows in their order, with ``customer`` (text),
    ``date`` (the local day), ``amount`` (float) and the optional columns; and the notes. Wholly empty rows are left
    out. Raises `DataError` in one sentence for data that cannot be read without a guess; rows count from 1, below the
    header. A table that stays with its engine (DuckDB, Spark, ibis, lazy polars) must have its types already; one query
    looks for what is missing or wrong, and repeated lines are looked for only to be dropped.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": ["2024-01-05 09:30"] * 2, "amount": ["3.5", "3.5"]})
    >>> for note in admit(log).notes: print(note.code, note.lines)
    columns 2
    time_of_day 2
    duplicates 1
    same_day 1
    """
    _choice("duplicates", duplicates, ("keep", "drop"))
    _choice("missing_customer", missing_customer, ("raise", "drop"))
    _choice("decimal", decimal, (None, ".", ","))
    _choice("thousands", thousands, (None, ",", ".", " ", "'", "_"))
    if thousands is not None and thousands == decimal:
        raise DataError(f"decimal and thousands are both {decimal!r}; they must differ.")
    if not isinstance(date_format, str | None):
        raise DataError(f"date_format is {quote(date_format)}; give it as text in codes, e.g. '%d.%m.%Y'.")
    frame = table(raw, what="purchase log", eager=False)
    columns = _columns(
        frame.collect_schema().names(), {"customer": customer, "date": date, "amount": amount},
        {"order": order, "product": product, "quantity": quantity, "cost": cost},
    )  # fmt: skip
    if is_lazy(frame):
        log, notes = admit_lazy(frame, columns, duplicates=duplicates, missing_customer=missing_customer,
                                date_format=date_format, decimal=decimal, thousands=thousands)  # fmt: skip
        return Admission(log.to_native(), tuple(Note(*note) for note in notes))
    if len(frame) == 0:
        raise DataError("The purchase log is empty: it has a header but no rows.")

    log = RawLog(frame)
    named = ", ".join(f"{role} from {quote(name)}" for role, name in columns.items())
    log.note("columns", len(frame), f"Read {named}.")
    who, texts = _customers(log, columns.pop("customer"), missing_customer)
    read = {"customer": texts[who]}
    for role, name in columns.items():
        if role == "date":
            read[role] = _days(log, name, date_format)
        elif role in ("order", "product"):
            read[role] = _texts(log, name, role)
        else:
            read[role] = _numbers(log, name, role, decimal, thousands)
    kept = _without_repeats(log, duplicates, _alike(who, read["date"], read["amount"]))
    if not isinstance(kept, slice):
        read = {role: values[kept] if isinstance(values, np.ndarray) else values.take(kept) for role, values in read.items()}
    _remark(log, who[kept], read)
    if log.nameless is not None:
        money = _sum(log.nameless, columns["amount"], decimal, thousands)
        log.notes = [note._replace(money=money) if note.code == "missing_customer" else note for note in log.notes]
    return Admission(_native(read, frame.implementation), tuple(log.notes))


def _choice(name, value, choices):
    if value not in choices:
        allowed = " or ".join(repr(choice) for choice in choices if choice is not None)
        raise DataError(f"{name} is {quote(value)}; it can be {allowed}.")


def _columns(there, required, optional):
    """Role -> column of the raw log. A column serves one role; unnamed optional roles take what is left."""
    columns = required | {role: name for role, name in optional.items() if name}
    missing = {role: name for role, name in columns.items() if name not in there}
    if missing:
        shown = ", ".join([quote(name) for name in there[:30]] + ["..."] * (len(there) > 30))
        yours = ", ".join(f"{role}={_example(role, name, there)!r}" for role, name in missing.items())
        lacks = " or ".join(", ".join(map(quote, missing.values())).rsplit(", ", 1))
        raise DataError(f"The purchase log has no column {lacks}; it has {shown or 'none'}. Name yours, e.g. {yours}.")
    seen = {}
    for role, name in columns.items():
        if name in seen:
            raise DataError(f"{seen[name]} and {role} both name the column {quote(name)}; each needs its own.")
        seen[name] = role
    free = (set(there) - set(seen)) & (set(optional) - set(columns))
    return columns | {role: role for role in optional if role in free}


def _example(role, name, there):
    """A column whose name is nearly the one that is missing, or what such columns are often called."""
    close = difflib.get_close_matches(str(name).lower(), [one.lower() for one in there], n=1, cutoff=0.8)
    examples = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "Total"}
    return next((one for one in there if [one.lower()] == close), examples.get(role, role.title()))


_CUT = re.compile(r"\d([.,]\d+)?E\+\d+")


def _customers(log, name, missing_customer):
    """For each line the place of its customer among the ids, and the ids; lines without one are dealt with."""
    places, values, ids = log.parsed(name, "customer", parsing.ids)
    missing = np.array([text is None for text in ids])[places]
    if missing.any():
        places = places[_without_missing(log, name, missing, values[places[np.argmax(missing)]], missing_customer)]
    spaced = np.array([isinstance(value, str) and value != value.strip() for value in values])[places].sum()
    cut = [isinstance(value, str) and "E+" in value and bool(_CUT.fullmatch(value.strip())) for value in values]
    cut = np.array(cut)[places].sum()
    said = "such numbers are cut short by spreadsheets, and several customers may have become one"
    log.count("cut_ids", cut, f"of a customer with an id like 1.23E+12: {said}.")
    log.count("spaces", spaced, "read without the spaces around the customer id.")
    mixed = {text for value, text in zip(values, ids, strict=True) if isinstance(value, str)} - {None}
    mixed = np.array([text in mixed and not isinstance(value, str) for value, text in zip(values, ids, strict=True)])
    said = "with a customer id that is a number here and text elsewhere; both are one customer."
    log.count("mixed_ids", mixed[places].sum(), said)
    known = {}
    again = np.array([known.setdefault(text, len(known)) for text in ids])
    return again[places], np.array(list(known), dtype=object)


def _without_missing(log, name, missing, example, missing_customer):
    """Leave wholly empty rows out, and lines without a customer if that was asked for; says which lines are kept."""
    empty = missing.copy()
    empty[missing] = _empty_rows(log.frame.filter(missing.tolist()))
    log.count("empty_rows", empty.sum(), "wholly empty and left out.")
    if empty.all():
        raise DataError("The purchase log is empty: all its rows are empty.")
    nameless = missing & ~empty
    if missing_customer == "raise":
        what = f"is {quote(example)}, which reads like a missing value," if example and example.strip() else "is empty"
        advice = "; fill it in, or leave such lines out with missing_customer='drop'"
        log.refuse(nameless, name, f"The customer {what}", advice)
    if missing.all():
        raise DataError(
            f"No line of the purchase log has a customer in column {quote(name)}; name the column that has them, "
            "e.g. customer='CustomerID'."
        )
    log.count("missing_customer", nameless.sum(), "left out because the customer is missing.")
    log.nameless = log.frame.filter(nameless.tolist()) if nameless.any() else None
    log.keep(~missing)
    return ~missing


def _empty_rows(frame):
    """Which rows hold nothing in any column, be it null, NaN or an empty text."""
    empty = np.full(len(frame), True)
    for name in frame.columns:
        empty &= frame[name].is_null().to_numpy() | [parsing.nothing(value) for value in frame[name].to_list()]
    return empty


def _texts(log, name, role):
    """A column as texts of arrow, null where nothing stands; an order column must not have gaps."""
    import pyarrow as pa

    places, _, texts = log.parsed(name, role, parsing.ids)
    if role == "order":
        advice = "; fill it in, or rename the column, so that what a customer bought on one day counts as one order"
        log.refuse(np.array([text is None for text in texts])[places], name, "The order is missing", advice)
    return pa.array(texts, pa.large_string()).take(pa.array(places))


_INCOMPLETE = "; fill it in, or delete the line if it is no purchase (a total, a note)"


def _days(log, name, date_format):
    """The day of each line as datetime64[D]."""
    series = log.frame[name]
    timed = zoned = False
    if series.dtype == nw.Date:
        days = series.to_numpy().astype("datetime64[D]")
    elif series.dtype == nw.Datetime:
        zoned = series.dtype.time_zone is not None
        stamps = (series.dt.replace_time_zone(None) if zoned else series).to_numpy()
        days = stamps.astype("datetime64[D]")
        timed = (days != stamps).any()
    else:
        if series.dtype == nw.String and not (date_format and parsing.tells_time(date_format)):
            series, timed, zoned = _without_clock(series)
        read = lambda values: parsing.days(values, date_format)  # noqa: E731
        places, values, (found, clock, zone) = log.parsed(name, "date", read, series)
        days = np.array(found, "datetime64[D]")[places]
        if not date_format and (shown := parsing.order_shown(values)):
            _, row = log.first(name, places, values.index(shown[0]))
            log.note("dates", len(days), f"Dates are read as {shown[1]}, as {shown[0].split()[0]} in {row} shows.")
        timed, zoned = timed or clock, zoned or zone
    log.refuse(np.isnat(days), name, "The date is missing", _INCOMPLETE)
    early, late = days < np.datetime64("1900-01-01"), days > np.datetime64("9999-12-31")
    for wrong, what in ((early, "is before the year 1900"), (late, "is after the year 9999")):
        log.refuse(wrong, name, f"The date {days[np.argmax(wrong)]} {what}", "; correct it")
    if zoned:
        log.note("time_zone", len(days), "Dates carry a time zone; the day is taken as written, in that zone.")
    if timed:
        log.note("time_of_day", len(days), "Dates carry a time of day; only the day is kept.")
    return days


def _without_clock(series):
    """Cut the time of day off in the table's own engine: to look at a million times in Python is far slower."""
    if series.str.contains(":", literal=True).any():
        short = series.str.strip_chars().str.replace(parsing.CLOCK, "")
        if short.null_count() == series.null_count():  # not so where other things than text stand in the column
            return short, (short != series).any(), series.str.contains(parsing.ZONED).any()
    return series, False, False


def _numbers(log, name, role, decimal, thousands):
    """A column as floats, NaN where nothing stands; only an amount must be there."""
    if log.frame[name].dtype.is_numeric():
        found = log.frame[name].cast(nw.Float64).to_numpy()
    else:
        options = {"decimal": decimal, "thousands": thousands}
        places, _, found = log.parsed(name, role, lambda values: parsing.numbers(values, **options))
        found = np.array(found, dtype=float)[places]
    if role == "amount":
        log.refuse(np.isnan(found), name, "The amount is missing", _INCOMPLETE)
    log.refuse(np.isinf(found), name, f"The {role} is infinite", "; correct it")
    log.refuse(np.abs(found) > 1e100, name, f"The {role} is too large to be summed", "; correct it")
    return found


def _sum(frame, name, decimal, thousands):
    """The money in lines that are left out; None where an amount of them cannot be read, which is then no error."""
    try:
        return math.fsum(_numbers(RawLog(frame), name, "amount", decimal, thousands))
    except DataError:
        return None


def _alike(who, days, amount):
    """The lines whose customer, day and amount are those of another line too: no other line can repeat one."""
    zero = 0.0  # -0.0 and 0.0 are one amount
    key = _mixed(_mixed(who.astype(np.int64) * 10_000_000 + days.astype(np.int64)) + (amount + zero).view(np.int64))
    inorder = np.sort(key)
    twice = np.unique(inorder[1:][inorder[1:] == inorder[:-1]])
    if not len(twice):
        return np.zeros(0, np.int64)
    place = np.minimum(np.searchsorted(twice, key), len(twice) - 1)
    return np.flatnonzero(twice[place] == key)


def _mixed(numbers):
    """Integers spread over all 64 bits, as MurmurHash does it at the end; equal ones stay equal."""
    numbers = numbers.astype(np.uint64) * np.uint64(0xFF51AFD7ED558CCD)
    return (numbers ^ (numbers >> np.uint64(33))).view(np.int64)


def _without_repeats(log, duplicates, alike):
    """The lines to keep. A duplicate repeats an earlier line in every column of the raw log, not only in those read; it
    is among the lines that are ``alike``."""
    row = max(log.frame.columns, key=len) + "_"  # a name that no column has
    frame = log.frame[alike]
    try:
        kept = _first_of_each(frame, row)
    except (TypeError, NotImplementedError):  # lists and the like, which not every engine compares
        texts = {name: [repr(value) for value in frame[name].to_list()] for name in frame.columns}
        kept = _first_of_each(nw.from_dict(texts, backend=frame.implementation), row)
    count = len(frame) - len(kept)
    if duplicates == "drop":
        log.count("duplicates", count, "left out as the exact repeat of another.")
        return np.delete(np.arange(len(log.frame)), np.delete(alike, kept))
    advice = "duplicates='drop' leaves such lines out"
    log.count("duplicates", count, f"the exact repeat of another and kept ({advice}).")
    return slice(None)


def _first_of_each(frame, row):
    return frame.with_row_index(row).unique(frame.columns, keep="first", maintain_order=True)[row].to_numpy()


def _remark(log, who, read):
    """What is kept as it is but changes how it is counted."""
    amount = read["amount"]
    if "order" not in read:
        day = read["date"].astype(np.int64)
        visits = np.sort((who * 10_000_000 + day)[amount >= 0])  # one number a customer and day
        merged = (visits[1:] == visits[:-1]).sum()
        said = "on a day when the customer had bought already: one order a customer and day."
        log.count("same_day", merged, said)
    log.count("zero_amounts", (amount == 0).sum(), "of amount zero; zero counts as a purchase.")
    refunds = amount[amount < 0]
    log.count("refunds", len(refunds), f"below zero, {-refunds.sum():,.2f} in all: refunds, not orders.")


def _native(read, implementation):
    """The columns as a table of the same kind that came in."""
    pandas = implementation.is_pandas_like()
    types = dict.fromkeys(("customer", "order", "product"), nw.String)
    types["date"] = nw.Datetime("us") if pandas else nw.Date
    columns = {}
    for role, values in read.items():
        if role == "date" and pandas:
            values = values.astype("datetime64[us]")
        columns[role] = nw.new_series(role, values, types.get(role, nw.Float64), backend=implementation)
        if role in ("quantity", "cost"):
            columns[role] = columns[role].fill_nan(None)
    return nw.from_dict(columns).to_native()
