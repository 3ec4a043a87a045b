"""What every table function shares: wrapping a table, bringing rows into memory and back, day numbers, scores.

Table functions are written once on narwhals and give back the kind of table they got: pandas and polars in memory;
polars lazily, DuckDB, Spark and ibis where their engine keeps the rows. `same_kind` lets pyarrow go through polars.
"""

from __future__ import annotations

import datetime as dt
import functools
from importlib import import_module

import narwhals as nw

from crmlib.errors import DataError, quote

__all__ = [
    "ENGINES", "alike", "as_day", "borrow", "check_days", "collect", "day_number", "height", "is_lazy", "lending", "like",
    "rows_of", "same_kind", "score", "table", "with_names",
]  # fmt: skip

ENGINES = "pandas, polars, pyarrow, DuckDB, Spark or ibis"


def table(native, needed=(), *, what="customer table", eager=True):
    """Wrap a table of any engine and make sure that it has the columns ``needed``.

    Raises DataError if it is no table, has not all the columns, or is lazy where ``eager`` is needed.

    >>> import pandas as pd
    >>> table(pd.DataFrame({"x": [1]}), ["x", "T"])
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The customer table has no column 'T'; it has ['x'].
    """
    native = nw.to_native(native, pass_through=True)
    if nw.dependencies.is_pandas_dataframe(native):
        _check_names(native.columns, what)
    try:
        frame = nw.from_native(native)
    except TypeError:
        raise DataError(f"The {what} is a {type(native).__name__}; pass a table of {ENGINES}.") from None
    if eager and isinstance(frame, nw.LazyFrame):
        raise DataError(
            f"The {what} is a lazy {type(native).__name__}, which this step cannot use: it needs the rows in memory, as "
            "pandas and polars have them; collect it first, e.g. with .collect()."
        )
    columns = frame.collect_schema().names()
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(f"The {what} has no column {quote(missing[0])}; it has {quote(columns)}.")
    return frame


def is_lazy(frame) -> bool:
    """Whether the rows of a wrapped table stay with their engine.

    >>> import pandas as pd
    >>> is_lazy(table(pd.DataFrame({"x": [1]})))
    False
    """
    return isinstance(frame, nw.LazyFrame)


def collect(frame, *columns):
    """The rows of a wrapped table in memory: as they are, of a lazy one as pandas (polars: as polars).

    ``columns`` are names or expressions, default all; one query is sent.

    >>> import pandas as pd
    >>> collect(table(pd.DataFrame({"x": [1, 2]})), nw.col("x").sum())["x"].to_list()
    [3]
    """
    frame = frame.select(*columns) if columns else frame
    if not is_lazy(frame):
        return frame
    return frame.collect("polars" if frame.implementation.is_polars() else "pandas")


def height(frame) -> int:
    """The number of rows of a wrapped table; of a lazy one by a query.

    >>> import pandas as pd
    >>> height(table(pd.DataFrame({"x": [1, 2]})))
    2
    """
    return int(collect(frame, nw.len().alias("rows"))["rows"][0]) if is_lazy(frame) else len(frame)


def alike(first, second, first_name, second_name, *, key):
    """Raise `DataError` unless two wrapped tables are of one kind and their ids in ``key`` of one type.

    >>> import pandas as pd
    >>> text, numbers = (table(pd.DataFrame({"customer": ids})) for ids in (["1"], [1]))
    >>> alike(text, numbers, "before", "after", key="customer")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The customer ids are text in before and integers in after; make them the same type.
    """
    kinds = [f"{'lazy ' * is_lazy(frame)}{frame.implementation.name.lower()}" for frame in (first, second)]
    if kinds[0] != kinds[1]:
        raise DataError(f"{first_name} is a {kinds[0]} table and {second_name} a {kinds[1]} one; pass two of one kind.")
    types = [frame.collect_schema()[key] for frame in (first, second)]
    types = ["integers" if one.is_integer() else "text" if one == nw.String else str(one) for one in types]
    if types[0] != types[1]:
        raise DataError(
            f"The {key} ids are {types[0]} in {first_name} and {types[1]} in {second_name}; make them the same type."
        )


def check_days(frame, column, *, what, advice):
    """Raise `DataError` unless ``column`` of a wrapped table holds dates, or datetimes without a time zone.

    With a zone the engines disagree on the day of a line; Spark, where every timestamp has that of the session, is
    taken at its word.

    >>> import pandas as pd
    >>> frame = table(pd.DataFrame({"date": pd.to_datetime(["2024-03-10 23:30"]).tz_localize("America/New_York")}))
    >>> check_days(frame, "date", what="contacts", advice="make it dates first")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: Column 'date' of the contacts has the time zone America/New_York; make it dates first.
    """
    dtype, native = frame.collect_schema()[column], frame.to_native()
    zone = getattr(dtype, "time_zone", None)
    if nw.dependencies.is_pandas_dataframe(native):  # narwhals knows no zone with an underscore or a sign in its name
        known = native[column].dtype
        zone = getattr(getattr(known, "pyarrow_dtype", known), "tz", None)
    if zone is not None and not frame.implementation.is_pyspark():
        raise DataError(f"Column {column!r} of the {what} has the time zone {zone}; {advice}.")
    if dtype not in (nw.Date, nw.Datetime):
        raise DataError(f"Column {column!r} of the {what} holds no days; {advice}.")


def with_names(frame, column, code, names):
    """The wrapped ``frame`` with a text ``column``: for each row the entry of ``names`` at the integer ``code``.

    ``code`` is an expression without gaps, from 0 on. Names may repeat.

    >>> import pandas as pd
    >>> frame = table(pd.DataFrame({"x": [5, 50]}))
    >>> with_names(frame, "size", (nw.col("x") > 9).cast(nw.Int64), ["small", "large"])["size"].to_list()
    ['small', 'large']
    """
    if is_lazy(frame):
        places = {name: [place for place, one in enumerate(names) if one == name] for name in names}
        *others, last = places
        text = nw.lit(last)
        for name in others:  # disjoint, so that their order does not matter
            text = nw.when(code.is_in(places[name])).then(nw.lit(name)).otherwise(text)
        return frame.with_columns(text.alias(column))
    import pyarrow as pa

    codes = frame.select(__code=code)["__code"].to_numpy().astype("int32")
    # numbers first, names last: to choose among texts row by row is ten times slower
    text = pa.DictionaryArray.from_arrays(codes, pa.array(names, pa.large_string())).cast(pa.large_string())
    return frame.with_columns(nw.new_series(column, text, nw.String, backend=frame.implementation))


def borrow(frame, engine):
    """A wrapped table in memory as a lazy one of ``engine``, "duckdb" or "polars", which does the work from here on.

    >>> import pandas as pd
    >>> is_lazy(borrow(table(pd.DataFrame({"x": [1]})), "duckdb"))
    True
    """
    lending(engine)
    return frame.lazy(engine)


def lending(engine):
    """The module of an engine that can do the work of a table in memory or on disk: "duckdb" or "polars".

    >>> lending("spark")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: engine is 'spark'; it can be 'duckdb' or 'polars'.
    """
    if engine not in ("duckdb", "polars"):
        raise DataError(f"engine is {quote(engine)}; it can be 'duckdb' or 'polars'.")
    try:
        return import_module(engine)
    except ModuleNotFoundError:
        message = f"The engine {engine!r} is not installed; add it: uv sync --extra {engine}, or pip install {engine}."
        raise DataError(message) from None


def like(frame, columns, schema=None):
    """A small table of the same kind as the wrapped ``frame``, from a dict of lists or arrays; wrapped.

    NaN becomes a gap. A lazy table stays with the engine, and the connection, of ``frame``, so that the two can be
    joined.

    >>> import pandas as pd
    >>> like(table(pd.DataFrame({"x": [1]})), {"class": ["A", "B"]}).to_native()
      class
    0     A
    1     B
    """
    kind = frame.implementation
    backend = "pyarrow" if is_lazy(frame) and not kind.is_polars() else kind
    made = nw.from_dict(columns, schema, backend=backend)
    # a gap is NaN in numpy and pandas, and null everywhere else, where NaN would be a number
    gaps = [name for name, dtype in made.schema.items() if dtype.is_float()]
    made = made.with_columns(nw.col(*gaps).fill_nan(None)) if gaps else made
    if not is_lazy(frame):
        return made
    if kind.is_polars():
        return made.lazy()
    rows, native = made.to_native(), frame.to_native()
    if kind.is_duckdb():
        return nw.from_native(native.query("_made", "select * from rows"))  # DuckDB finds `rows` by its name
    if kind.is_pyspark():
        return made.lazy("pyspark", session=native.sparkSession)
    if kind.is_ibis():
        import ibis

        return nw.from_native(ibis.memtable(rows))
    raise DataError(f"A {type(native).__name__} cannot be given back; pass a table of {ENGINES}.")


def same_kind(function):
    """Decorate a table function: pyarrow tables go in as polars and what comes out is pyarrow again.

    >>> import pyarrow as pa
    >>> same_kind(lambda native: native.head(1))(pa.table({"x": [1, 2]})).to_pydict()
    {'x': [1]}
    """

    @functools.wraps(function)
    def wrapped(*tables, **options):
        given = [*tables, *options.values()]
        if not any(map(nw.dependencies.is_pyarrow_table, given)):
            return function(*tables, **options)
        try:
            import polars as pl
        except ModuleNotFoundError:
            message = "A pyarrow table goes through polars, which is not installed; add it (uv sync --extra polars) "
            raise DataError(message + "or pass table.to_pandas().") from None
        if any(isinstance(one, pl.DataFrame | pl.LazyFrame) for one in given):
            raise DataError("One table is of pyarrow and another of polars; pass two of one kind.")
        arguments = [pl.from_arrow(one) if nw.dependencies.is_pyarrow_table(one) else one for one in given]
        found = function(*arguments[: len(tables)], **dict(zip(options, arguments[len(tables) :], strict=True)))
        if isinstance(found, tuple) and hasattr(found, "_make"):  # a named tuple with tables in it
            return found._make(map(_to_arrow, found))
        return _to_arrow(found)

    return wrapped


def _to_arrow(found):
    return found.to_arrow() if nw.dependencies.is_polars_dataframe(found) else found


def _check_names(columns, what):
    """Only pandas allows column names that are not text or that occur twice."""
    odd = [name for name in columns if not isinstance(name, str)]
    if odd:
        raise DataError(f"The {what} has a column named {quote(odd[0])}, which is not text; give its columns names.")
    if not columns.is_unique:
        raise DataError(f"The {what} has two columns named {quote(columns[columns.duplicated()][0])}; rename one.")


def as_day(day, *, name="as_of") -> dt.date:
    """A date from a date, a datetime, a numpy datetime64 or text like 1998-06-30; the time of day is cut off.

    >>> as_day("1998-06-30")
    datetime.date(1998, 6, 30)
    >>> as_day("30/06/1998")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: as_of '30/06/1998' is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.
    """
    if isinstance(day, dt.datetime):  # pandas.Timestamp is one too; NaT is not a real one
        if day == day:
            return day.date()
    elif isinstance(day, dt.date):
        return day
    elif type(day).__name__ == "datetime64":
        return as_day(day.astype("datetime64[D]").item(), name=name)
    elif isinstance(day, str):
        try:
            return dt.date.fromisoformat(day.strip())
        except ValueError:
            pass
    raise DataError(f"{name} {quote(day)} is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.")


def day_number(date: nw.Expr) -> nw.Expr:
    """Days since 0001-01-01 as an integer, equal to Python's ``date.toordinal()``; null where there is no date.

    Integers rather than durations: every engine has them, and a difference is a number of days.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"date": pd.to_datetime(["2024-02-29"])}))
    >>> frame.select(day_number(nw.col("date")))["date"].to_list()
    [738945]
    """
    before = _whole(date.dt.year()) - 1  # whole years passed
    leap_days = before // 4 - before // 100 + before // 400
    return nw.when(~date.is_null()).then(before * 365 + leap_days + _whole(date.dt.ordinal_day()))


def _whole(number):
    """As integers; pandas refuses that while there are gaps, so the caller puts these back."""
    return number.fill_null(1).cast(nw.Int64)


def score(value: nw.Expr, k: int) -> nw.Expr:
    """``1 + (customers strictly worse) * k // n``: larger is better, equal values share a score, null has none.

    >>> import pandas as pd
    >>> frame = nw.from_native(pd.DataFrame({"orders": [1, 1, 1, 2, 9]}))
    >>> frame.select(score(nw.col("orders"), 5))["orders"].to_list()
    [1, 1, 1, 4, 5]
    """
    worse = _whole(value.rank("min")) - 1
    return nw.when(~value.is_null()).then(worse * k // value.count() + 1)


def rows_of(native) -> list[dict]:
    """A small table as one dictionary a row; a gap is None, however its engine writes one.

    >>> import pandas as pd
    >>> rows_of(pd.DataFrame({"a": ["x", None], "b": [1.0, float("nan")]}))
    [{'a': 'x', 'b': 1.0}, {'a': None, 'b': None}]
    """
    rows = nw.from_native(native).to_arrow().to_pylist()
    return [{name: None if value != value else value for name, value in row.items()} for row in rows]
