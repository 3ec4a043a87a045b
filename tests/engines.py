"""One table as every engine keeps it, and what a table of any engine holds, for tests that all engines must pass."""

import datetime as dt
import os
from decimal import Decimal

import duckdb
import ibis
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

_SPARK = []


def spark():
    """The Spark session of this test process; without pyspark or Java its tests are skipped, in .ci/run they fail."""
    if not _SPARK:
        give_up = pytest.fail if os.environ.get("CRMLIB_NO_SKIP") else pytest.skip
        try:
            from pyspark.sql import SparkSession
        except ModuleNotFoundError:
            give_up("pyspark is not installed (uv sync --extra spark)")
        # the driver must listen on this machine only, and few partitions keep small tables fast
        options = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1",
                   "spark.driver.bindAddress": "127.0.0.1", "spark.sql.session.timeZone": "UTC"}  # fmt: skip
        try:
            _SPARK.append(SparkSession.builder.master("local[2]").config(map=options).getOrCreate())
        except Exception as error:  # py4j says in many ways that there is no Java
            give_up(f"Spark does not start: {error}")
    return _SPARK[0]


def _to_spark(frame):
    return spark().createDataFrame(pa.Table.from_pandas(frame, preserve_index=False))


CONNECTION = duckdb.connect()  # not the default one: results must stay with the connection of what came in

# engine -> a function from a pandas frame to a table of that engine; Spark has a mark, so that it can run by itself
BUILD = {
    "pandas": lambda frame: frame,
    "polars": pl.from_pandas,
    "polars lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "duckdb": lambda frame: CONNECTION.from_arrow(pa.Table.from_pandas(frame, preserve_index=False)),
    "ibis": lambda frame: ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)),
    "spark": _to_spark,
}
EVERY_ENGINE = pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=[pytest.mark.spark] if name == "spark" else []) for name in BUILD]
)


def build(engine, frame):
    """A pandas frame as a table of ``engine``."""
    return BUILD[engine](frame)


def build_with_nan(engine, frame):
    """The same, but a NaN stays the number that it is: `build` makes a null of it, as pandas' own way to Arrow does."""
    arrow = pa.Table.from_pydict(frame.to_dict("list"))
    made = {
        "pandas": lambda: frame,
        "polars": lambda: pl.from_arrow(arrow),
        "polars lazy": lambda: pl.from_arrow(arrow).lazy(),
        "pyarrow": lambda: arrow,
        "duckdb": lambda: CONNECTION.from_arrow(arrow),
        "ibis": lambda: ibis.memtable(arrow),
        "spark": lambda: spark().createDataFrame(arrow),
    }
    return made[engine]()


def kind(native):
    """Which engine a table belongs to, as in `BUILD`."""
    if isinstance(native, pa.Table):
        return "pyarrow"
    frame = nw.from_native(native)
    lazy = " lazy" if isinstance(native, pl.LazyFrame) else ""
    return {"pyspark": "spark"}.get(frame.implementation.value, frame.implementation.value) + lazy


def rows(native, *, sort=True):
    """The rows as tuples of plain values: None for every gap, dates as dates, numbers as int or float; and the names.

    ``sort``: lazy engines keep no order of rows. Floats are cut to 12 significant digits: engines sum in other orders.
    """
    frame = nw.from_native(native)
    frame = frame.collect("polars") if isinstance(frame, nw.LazyFrame) else frame
    found = [tuple(map(_plain, row)) for row in frame.iter_rows()]
    return frame.columns, sorted(found, key=repr) if sort else found


def _plain(value):
    if isinstance(value, dt.datetime):
        return None if value != value else value.date()
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, Decimal):
        value = float(value)
    if hasattr(value, "item"):
        value = value.item()
    return float(f"{value:.12g}") if isinstance(value, float) else value
