"""The door: any log of purchases in, one documented table out, every change counted.

This is the only place where column names are parameters and where data is validated and renamed.
"""

from __future__ import annotations

import datetime as dt
import math
import warnings
from typing import Any, NamedTuple

import narwhals as nw

from crmlib import parsing
from crmlib.errors import DataError, DataNotice
from crmlib.frames import table

__all__ = ["Admission", "Note", "admit", "transactions"]

_MISSING_WORDS = {"", "nan", "nat", "null", "none", "n/a", "na", "#n/a", "<na>"}  # case does not matter
_ROW, _CUSTOMER = "__row", "__customer"  # names inside the door only


class Note(NamedTuple):
    """One thing that the door found: a stable ``code``, how many ``lines`` it concerns, and a ``sentence``."""

    code: str
    lines: int
    sentence: str


class Admission(NamedTuple):
    """What came through the door: the ``transactions`` and the ``notes`` on what was read, changed or left out."""

    transactions: Any
    notes: tuple[Note, ...]


def transactions(raw, **options):
    """Like `admit`, but gives only the table and issues the notes as one `DataNotice` warning.

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
    product, quantity and cost are taken where they are named, or where a column has exactly that name. An ``amount`` of
    zero or more is a purchase, below zero a refund.

    Options: ``date_format`` in strptime codes for dates that cannot be read without it; ``decimal`` ('.' or ',') and
    ``thousands`` for amounts written as text; ``duplicates`` "keep" or "drop" for lines that repeat another in every
    column; ``missing_customer`` "raise" or "drop".

    Returns `Admission`: a table of the same kind (pandas or polars), rows in their order, with ``customer`` (text),
    ``date`` (the local day), ``amount`` (float) and the optional columns; and the notes.
    Raises `DataError` in one sentence for data that cannot be read without a guess.

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
    _check_signs(decimal, thousands)
    _check_names(raw)
    frame = table(raw, what="purchase log")
    named = {"order": order, "product": product, "quantity": quantity, "cost": cost}
    optional = {role: name or role for role, name in named.items() if name or role in frame.columns}
    columns = {"customer": customer, "date": date, "amount": amount, **optional}
    _check_columns(frame, columns)
    if len(frame) == 0:
        raise DataError("The purchase log is empty: it has a header but no rows.")

    notes = [Note("columns", len(frame), _columns_sentence(columns))]
    frame = _without_empty_rows(frame.with_row_index(_ROW), notes)
    frame = _with_customers(frame, customer, missing_customer, notes)
    read = {"customer": frame[_CUSTOMER], "date": _days(frame, date, date_format, notes)}
    read["amount"] = _numbers(frame, amount, decimal, thousands, required=True)
    if "order" in optional:
        read["order"] = _order_ids(frame, columns["order"])
    if "product" in optional:
        values = _each(_listed(frame, columns["product"]), _as_text)
        read["product"] = _series(frame, "product", values, nw.String)
    for role in ("quantity", "cost"):
        if role in optional:
            read[role] = _numbers(frame, columns[role], decimal, thousands, required=False)
    tx = _without_duplicates(nw.from_dict(read), frame.drop(_ROW, _CUSTOMER), duplicates, notes)
    notes += _flags(tx)
    return Admission(tx.to_native(), tuple(notes))


def _choice(name, value, choices):
    if value not in choices:
        raise DataError(f"{name} is {value!r}; it can be {' or '.join(map(repr, choices))}.")


def _check_signs(decimal, thousands):
    if decimal not in (None, ".", ","):
        raise DataError(f"decimal is {decimal!r}; it can be '.' or ','.")
    if thousands not in (None, ",", ".", " ", "'", "_"):
        raise DataError(f"thousands is {thousands!r}; it can be ',' or '.' or ' ' or \"'\" or '_'.")
    if thousands is not None and thousands == decimal:
        raise DataError(f"decimal and thousands are both {decimal!r}; they must differ.")


def _check_names(raw):
    if nw.dependencies.is_pandas_dataframe(raw):  # the only kind that allows these
        names = list(raw.columns)
        odd = [name for name in names if not isinstance(name, str)]
        if odd:
            raise DataError(f"The purchase log has a column named {odd[0]!r}, which is not text; give its columns names.")
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise DataError(f"The purchase log has two columns named {twice[0]!r}; rename one.")


def _check_columns(frame, columns):
    examples = {"customer": "CustomerID", "date": "InvoiceDate", "amount": "Total"}
    for role, name in columns.items():
        if name not in frame.columns:
            raise DataError(
                f"The purchase log has no column {name!r}; it has {frame.columns}. "
                f"Name yours, e.g. {role}={examples.get(role, role.title())!r}."
            )
    seen = {}
    for role, name in columns.items():
        if name in seen:
            raise DataError(f"{seen[name]} and {role} both name the column {name!r}; each needs its own.")
        seen[name] = role


def _columns_sentence(columns):
    return "Read " + ", ".join(f"{role} from {name!r}" for role, name in columns.items()) + "."


def _listed(frame, name):
    """The values of a column with everything that means "nothing" as None; text without spaces around it."""
    series = frame[name]
    if isinstance(series.dtype, (nw.Categorical, nw.Enum)):
        series = series.cast(nw.String)
    missing = (None, "")
    values = (value.strip() if isinstance(value, str) else value for value in series.to_list())
    return [None if value in missing or value != value else value for value in values]


def _each(values, function):
    """``function`` applied once to every distinct value; None stays None."""
    results = {value: function(value) for value in dict.fromkeys(values) if value is not None}
    return [None if value is None else results[value] for value in values]


def _as_text(value):
    """Numbers as people write them: 12 and not 12.0, which is how pandas keeps whole numbers beside a gap."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _series(frame, name, values, dtype):
    return nw.new_series(name, values, dtype, backend=frame.implementation)


def _row(frame, position):
    return f"row {frame[_ROW][position] + 1}"


def _without_empty_rows(frame, notes):
    names = [name for name in frame.columns if name != _ROW]
    empty = nw.all_horizontal(*(nw.col(name).is_null() for name in names), ignore_nulls=False)
    kept = frame.filter(~empty)
    if count := len(frame) - len(kept):
        notes.append(Note("empty_rows", count, f"{_lines(count)} wholly empty and left out."))
    if len(kept) == 0:
        raise DataError("The purchase log is empty: all its rows are empty.")
    return kept


def _with_customers(frame, name, missing_customer, notes):
    values = _listed(frame, name)
    ids = _each(values, _as_text)
    missing = [position for position, text in enumerate(ids) if text is None or text.lower() in _MISSING_WORDS]
    if missing and missing_customer == "raise":
        found = values[missing[0]]
        what = "is empty" if found is None else f"is {found!r}, which reads like a missing value,"
        raise DataError(
            f"The customer {what} in {_row(frame, missing[0])} (column {name!r}; {_lines(len(missing))} like that); "
            "fill it in, or leave such lines out with missing_customer='drop'."
        )
    stripped = sum(isinstance(raw, str) and raw != raw.strip() for raw in frame[name].to_list())
    if stripped:
        notes.append(Note("spaces", stripped, f"{_lines(stripped)} read without the spaces around the customer id."))
    frame = frame.with_columns(_series(frame, _CUSTOMER, ids, nw.String))
    if missing:
        gone = set(missing)
        frame = frame.filter([position not in gone for position in range(len(ids))])
        sentence = f"{_lines(len(missing))} left out because the customer is missing."
        notes.append(Note("missing_customer", len(missing), sentence))
        if len(frame) == 0:
            raise DataError(f"No line of the purchase log has a customer in column {name!r}.")
    return frame


def _required(frame, name, values, role):
    if None in values:
        position, count = values.index(None), values.count(None)
        raise DataError(f"The {role} is missing in {_row(frame, position)} (column {name!r}; {_lines(count)} like that).")


def _days(frame, name, date_format, notes):
    series = frame[name]
    timed, zoned = False, False
    if isinstance(series.dtype, nw.Datetime):
        _required(frame, name, [None if null else 0 for null in series.is_null().to_list()], "date")
        zoned = series.dtype.time_zone is not None
        series = series.dt.replace_time_zone(None)
        timed = bool((series.dt.truncate("1d") != series).any())
        series = series.dt.truncate("1d")
    elif series.dtype != nw.Date:
        values = _listed(frame, name)
        _required(frame, name, values, "date")
        days, timed, zoned = _parsed_days(frame, name, values, date_format)
        series = _series(frame, name, days, nw.Datetime("us"))
    series = series.cast(nw.Datetime("us") if frame.implementation.is_pandas_like() else nw.Date)
    if zoned:
        notes.append(Note("time_zone", len(frame), "Dates carry a time zone; the day is taken as written, in that zone."))
    if timed:
        notes.append(Note("time_of_day", len(frame), "Dates carry a time of day; only the day is kept."))
    first = series.min()
    if first.year < 1900:
        position = int(series.arg_min())
        raise DataError(f"The date in {_row(frame, position)} is in the year {first.year}; correct it.")
    return series.alias("date")


def _parsed_days(frame, name, values, date_format):
    """Days as datetimes at midnight, from text, whole numbers like 19970131 or Python dates; never from a mix."""
    dates = {isinstance(value, dt.date) for value in values}
    if dates == {True}:
        days = _each(values, lambda value: dt.datetime(value.year, value.month, value.day))
        timed = any(isinstance(value, dt.datetime) and value.time() != dt.time() for value in values)
        return days, timed, any(getattr(value, "tzinfo", None) for value in values)
    if dates == {True, False}:
        position = next(i for i, value in enumerate(values) if not isinstance(value, dt.date))
        raise DataError(
            f"Column {name!r} mixes real dates with text such as {values[position]!r} in {_row(frame, position)}: a "
            "spreadsheet may have swapped day and month in the others; write all dates one way, best YYYY-MM-DD."
        )
    texts = _each(values, _as_text)
    distinct = list(dict.fromkeys(texts))
    try:
        found, timed, zoned = parsing.days(distinct, date_format)
    except parsing.Unreadable as error:
        raise _unreadable(frame, name, texts, error, "date") from None
    lookup = {text: dt.datetime(day.year, day.month, day.day) for text, day in zip(distinct, found, strict=True)}
    return [lookup[text] for text in texts], timed, zoned


def _numbers(frame, name, decimal, thousands, *, required):
    """A column as floats. Only ``required`` ones refuse a gap."""
    role = "amount" if required else name
    series = frame[name]
    if series.dtype.is_numeric():
        values = _listed(frame, name) if required else None
        series = series.cast(nw.Float64)
    else:
        values = _listed(frame, name)
        texts = _each(values, _as_text)
        distinct = list(dict.fromkeys(text for text in texts if text is not None))
        try:
            found = parsing.numbers(distinct, decimal=decimal, thousands=thousands)
        except parsing.Unreadable as error:
            raise _unreadable(frame, name, texts, error, role) from None
        lookup = dict(zip(distinct, found, strict=True))
        series = _series(frame, name, [lookup.get(text) for text in texts], nw.Float64)
    if required:
        _required(frame, name, values, role)
    endless = (series.abs() == math.inf).to_list()
    if True in endless:
        raise DataError(f"The {role} in {_row(frame, endless.index(True))} (column {name!r}) is infinite; correct it.")
    return series.alias(name)


def _unreadable(frame, name, texts, error, role):
    """The sentence for a value that cannot be read, with its row, and with the row of the one it contradicts."""
    why = error.why
    if error.other is not None:
        why = why.format(other=f"{error.other!r} in {_row(frame, texts.index(error.other))}")
    return DataError(f"The {role} {error.text!r} in {_row(frame, texts.index(error.text))} (column {name!r}) {why}.")


def _order_ids(frame, name):
    values = _each(_listed(frame, name), _as_text)
    if None in values:
        position, count = values.index(None), values.count(None)
        raise DataError(
            f"The order id is missing in {_row(frame, position)} (column {name!r}; {_lines(count)} like that); fill it in, "
            "or rename the column so that one customer-day counts as one order."
        )
    return _series(frame, "order", values, nw.String)


def _without_duplicates(tx, raw, duplicates, notes):
    """Lines that repeat an earlier one in every column of the raw log, not only in those that were read."""
    count = len(raw) - len(raw.unique())
    if count and duplicates == "drop":
        row = nw.col(_ROW)
        first = raw.with_row_index(_ROW).select(first=row == row.min().over(*raw.columns))["first"]
        notes.append(Note("duplicates", count, f"{_lines(count)} left out because they repeat another line exactly."))
        return tx.filter(first)
    if count:
        sentence = f"{_lines(count)} the exact repeat of another; they are kept (duplicates='drop' leaves them out)."
        notes.append(Note("duplicates", count, sentence))
    return tx


def _flags(tx):
    """What is kept as it is but changes how it is counted."""
    purchases = tx.filter(nw.col("amount") >= 0)
    merged = len(purchases) - len(purchases.select("customer", "date").unique())
    zeros = len(tx.filter(nw.col("amount") == 0))
    refunds = tx.filter(nw.col("amount") < 0)
    if merged and "order" not in tx.columns:
        yield Note("same_day", merged, f"{_lines(merged)} on a day when the customer had bought already: one order a customer and day.")
    if zeros:
        yield Note("zero_amounts", zeros, f"{_lines(zeros)} of amount zero; they count as purchases.")
    if len(refunds):
        total = -refunds["amount"].sum()
        yield Note("refunds", len(refunds), f"{_lines(len(refunds))} below zero, {total:,.2f} in all: refunds, not orders.")


def _lines(count):
    return "1 line is" if count == 1 else f"{count:,} lines are"
