"""The door for tables that stay with their engine: DuckDB, Spark, ibis, lazy polars.

The engine must know the types already: nothing is read from text here, because a guess needs all values in one place.
One query finds what is missing or wrong; the table itself is not run.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw

from crmlib.errors import DataError, quote
from crmlib.frames import collect, height
from crmlib.parsing import NOTHING
from crmlib.wording import lines

__all__ = ["admit_lazy"]

_MONEY = ("amount", "quantity", "cost")
_EARLIEST, _LATEST, _TOO_LARGE = dt.date(1900, 1, 1), dt.date(9999, 12, 31), 1e100


def admit_lazy(frame, columns, *, duplicates="keep", missing_customer="raise", **unused):
    """The wrapped lazy table with standard names and types, and what there is to say about it: (code, lines, sentence).

    ``columns`` leads from each role to its column. Raises `DataError` for types that would have to be guessed from
    text, for gaps and for values that no log has; without row numbers, which such a table does not have.
    """
    if given := [name for name, value in unused.items() if value is not None]:
        raise DataError(f"{given[0]} is for amounts and dates in text; {_HERE} has types. {_INSTEAD}")
    schema, notes = frame.collect_schema(), []
    spark = frame.implementation.is_pyspark()  # its timestamps have no zone of their own, but that of the session
    if duplicates == "drop":
        once = frame.unique()
        notes += _counted("duplicates", height(frame) - height(once), "left out as the exact repeat of another.")
        frame = once
    typed = {role: _typed(role, name, schema[name], spark) for role, name in columns.items()}
    found = _look(frame, typed, columns, schema)
    if not (found["spaced"] or found["no_customer"]):  # ids are as they should be: spare the work on every line
        typed["customer"] = nw.col(columns["customer"]).cast(nw.String)
    log = frame.select(**typed)
    named = ", ".join(f"{role} from {quote(name)}" for role, name in columns.items())
    notes = [("columns", found["lines"], f"Read {named}."), *notes]
    if missing_customer == "raise":
        _refuse(found["no_customer"], columns["customer"], "The customer is missing",
                "fill it in, or leave such lines out with missing_customer='drop'")  # fmt: skip
    else:
        log = log.filter(~nw.col("customer").is_null())
        notes += _counted("missing_customer", found["no_customer"], "left out because the customer is missing.")
    for role in ("date", "amount", "order"):
        if role in columns:
            _refuse(found[f"no_{role}"], columns[role], f"The {role} is missing", "fill it in, or filter such lines out")
    _refuse(found["far"], columns["date"], "The date is before the year 1900 or after 9999", "correct it")
    for role in _MONEY:
        if role in columns:
            _refuse(found[f"odd_{role}"], columns[role], f"The {role} is infinite or too large to be summed", "correct it")
    notes += _counted("spaces", found["spaced"], "read without the spaces around the customer id.")
    notes += _counted("time_of_day", found["timed"], "with a time of day; only the day is kept.")
    if spark and found["timed"]:
        notes.append(("time_zone", found["lines"], "The day is that of the time zone of the Spark session."))
    notes += _counted("zero_amounts", found["zero"], "of amount zero; zero counts as a purchase.")
    said = f"below zero, {-(found['refunded'] or 0):,.2f} in all: refunds, not orders."
    notes += _counted("refunds", found["refund"], said)
    if duplicates == "keep":
        said = f"Lines that repeat another were not looked for, because {_HERE} is not sorted for that; "
        notes.append(("not_counted", found["lines"], f"{said}duplicates='drop' leaves such lines out."))
    return log, notes


_HERE = "a table that stays with its engine"
_INSTEAD = "Cast it there, or pass a pandas or polars table, which may hold text."


def _typed(role, name, dtype, in_session_zone):
    """The expression that reads a column, or the refusal of its type."""
    column = nw.col(name)
    if role == "date":
        if dtype == nw.Datetime and dtype.time_zone is not None and not in_session_zone:
            advice = "Cast it to a DATE in the zone you mean."
            raise DataError(f"The date column {quote(name)} has the time zone {dtype.time_zone}. {advice}")
        if dtype not in (nw.Date, nw.Datetime):
            raise DataError(f"The date column {quote(name)} holds {dtype} and not dates in {_HERE}. {_INSTEAD}")
        return column.cast(nw.Date)
    if role in ("customer", "order", "product"):
        if not (dtype == nw.String or dtype.is_integer()):
            raise DataError(f"The {role} column {quote(name)} holds {dtype}, not text or whole numbers. {_INSTEAD}")
        text = column.cast(nw.String)
        text = text.str.strip_chars() if dtype == nw.String else text
        return nw.when(~text.str.to_lowercase().is_in(NOTHING)).then(text)
    if not dtype.is_numeric():
        raise DataError(f"The {role} column {quote(name)} holds {dtype} and not numbers in {_HERE}. {_INSTEAD}")
    return column.cast(nw.Float64)


def _look(frame, typed, columns, schema):
    """Counts of everything that is refused or said, and the sum of the refunds: of lines, and of ids, by a query each."""
    who, day = nw.col(columns["customer"]), nw.col(columns["date"])
    ids = frame.group_by(columns["customer"]).agg(nw.len().alias("__lines"))  # far fewer texts to look into than lines
    spaced = nw.lit(False)
    if schema[columns["customer"]] == nw.String:
        spaced = who.str.len_chars() != who.str.strip_chars().str.len_chars()
    ids = ids.select("__lines", customer=typed["customer"], spaced=spaced)
    ids = collect(ids.with_columns(
        no_customer=nw.when(nw.col("customer").is_null()).then(nw.col("__lines")).otherwise(0),
        spaced=nw.when(nw.col("spaced")).then(nw.col("__lines")).otherwise(0),
    ), nw.col("no_customer", "spaced").sum())  # fmt: skip
    marks = {f"no_{role}": nw.col(role).is_null() for role in ("date", "amount", "order") if role in columns}
    if schema[columns["amount"]].is_float():
        marks["no_amount"] = marks["no_amount"] | nw.col("amount").is_nan()
    marks |= {f"odd_{role}": nw.col(role).abs() > _TOO_LARGE for role in _MONEY if role in columns}
    marks["far"] = (nw.col("date") < _EARLIEST) | (nw.col("date") > _LATEST)
    marks["zero"], marks["refund"] = nw.col("amount") == 0, nw.col("amount") < 0
    timed = nw.lit(False)
    if schema[columns["date"]] == nw.Datetime:
        timed = (day.dt.hour() > 0) | (day.dt.minute() > 0) | (day.dt.second() > 0)
    marks["timed"] = nw.col("timed")
    marked = frame.select(**{role: typed[role] for role in typed if role != "customer"}, timed=timed).with_columns(
        refunded=nw.when(nw.col("amount") < 0).then(nw.col("amount")),
        **{name: nw.when(mark).then(nw.lit(1)).otherwise(0) for name, mark in marks.items()},
    )
    found = collect(marked, nw.len().alias("lines"), nw.col(*marks, "refunded").sum())
    found = {name: part[name][0] for part in (found, ids) for name in part.columns}
    if not found["lines"]:
        raise DataError("The purchase log is empty: it has a header but no rows.")
    return {name: value if name == "refunded" else int(value or 0) for name, value in found.items()}


def _counted(code, count, what):
    return [(code, count, f"{lines(count)} {'is' if count == 1 else 'are'} {what}")] if count else []


def _refuse(count, name, what, advice):
    if count:
        raise DataError(f"{what} in {lines(count)} (column {quote(name)}); {advice}.")
