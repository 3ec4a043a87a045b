"""Wrapping tables, reading a day, day numbers and scores."""

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.frames import as_day, day_number, score, table

ENGINES = pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


def message(function, *arguments, **options):
    with pytest.raises(DataError) as caught:
        function(*arguments, **options)
    return str(caught.value)


class TestTable:
    @ENGINES
    def test_wraps_without_touching(self, engine):
        native = engine({"x": [1], "T": [2]})
        frame = table(native, ["x", "T"])
        assert isinstance(frame, nw.DataFrame)
        assert frame.to_native() is native
        assert table(frame).to_native() is native

    @ENGINES
    def test_names_the_first_missing_column(self, engine):
        assert (
            message(table, engine({"x": [1]}), ["x", "t_x", "T"])
            == "The customer table has no column 't_x'; it has ['x']."
        )
        assert (
            message(table, engine({"x": [1]}), ["T"], what="holdout") == "The holdout has no column 'T'; it has ['x']."
        )

    def test_other_things_are_no_tables(self):
        for thing, kind in (
            (None, "NoneType"),
            ({"x": [1]}, "dict"),
            ("x.csv", "str"),
            (pd.Series([1]), "Series"),
            (pl.Series([1]), "Series"),
        ):
            assert message(table, thing) == (
                f"The customer table is a {kind}; pass a table of pandas, polars, pyarrow, DuckDB, Spark or ibis."
            )

    def test_lazy_tables_only_where_they_may_be(self):
        lazy = pl.LazyFrame({"x": [1]})
        assert message(table, lazy) == (
            "The customer table is a lazy LazyFrame, which this step cannot use: it needs the rows in memory, as pandas "
            "and polars have them; collect it first, e.g. with .collect()."
        )
        assert isinstance(table(lazy, ["x"], eager=False), nw.LazyFrame)
        assert message(table, lazy, ["T"], eager=False) == "The customer table has no column 'T'; it has ['x']."

    def test_names_that_only_pandas_allows(self):
        assert message(table, pd.DataFrame([[1, 2]])) == (
            "The customer table has a column named 0, which is not text; give its columns names."
        )
        assert message(table, pd.DataFrame([[1, 2]], columns=["x", "x"])) == (
            "The customer table has two columns named 'x'; rename one."
        )


class TestAsDay:
    @pytest.mark.parametrize(
        "day",
        [
            dt.date(1998, 6, 30), dt.datetime(1998, 6, 30, 23, 59), "1998-06-30", " 1998-06-30 ", "19980630",
            pd.Timestamp("1998-06-30 12:00"),
            pd.Timestamp("1998-06-30 23:00", tz="America/New_York"), np.datetime64("1998-06-30"),
            np.datetime64("1998-06-30T23:59:59.999999999"),
            pl.Series([dt.date(1998, 6, 30)]).max(), pd.Series(["1998-06-30"], dtype="datetime64[ns]").max(),
        ],
        ids=repr,
    )  # fmt: skip
    def test_reads(self, day):
        found = as_day(day)
        assert type(found) is dt.date
        assert found == dt.date(1998, 6, 30)

    @pytest.mark.parametrize(
        "day",
        [
            "30/06/1998", "06/30/98", "1998-02-29", "", "today", None, 19980630, 1.5, True, pd.NaT,
            np.datetime64("NaT"), b"1998-06-30",
            pd.Series(["1998-06-30"], dtype="datetime64[ns]"), np.datetime64("12000-01-01"), dt.time(1),
        ],
        ids=lambda day: type(day).__name__,
    )  # fmt: skip
    def test_refuses(self, day):
        found = message(as_day, day, name="split")
        assert found.startswith("split ")
        assert found.endswith(" is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30.")

    def test_quotes_what_it_got_on_one_short_line(self):
        assert (
            message(as_day, "30/06/1998")
            == "as_of '30/06/1998' is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30."
        )
        assert message(as_day, None).startswith("as_of None is not a date;")
        assert len(message(as_day, "a\nb" * 1000)) < 140


class TestDayNumber:
    @pytest.mark.parametrize("kind", ["datetime64[us]", "datetime64[ns]", pl.Date, pl.Datetime("us")], ids=str)
    def test_equals_the_ordinal_of_every_day_of_three_centuries(self, kind):
        days = np.arange("1900-01-01", "2201-01-01", dtype="datetime64[D]")
        assert len(days) == 109_938
        native = (
            pd.DataFrame({"d": days.astype(kind)})
            if isinstance(kind, str)
            else pl.DataFrame({"d": pl.Series(days).cast(kind)})
        )
        found = nw.from_native(native).select(day_number(nw.col("d")))["d"]
        assert found.dtype.is_integer()
        first = dt.date(1900, 1, 1).toordinal()
        assert np.array_equal(found.to_numpy(), np.arange(first, first + len(days)))

    @ENGINES
    def test_the_time_of_day_plays_no_part_and_a_gap_stays_one(self, engine):
        stamp = dt.datetime(2024, 2, 29, 23, 59, 59)
        found = nw.from_native(engine({"d": [stamp, None]})).select(day_number(nw.col("d")))["d"]
        assert found[0] == stamp.toordinal()
        assert found.is_null().to_list() == [False, True]


class TestScore:
    @ENGINES
    @settings(max_examples=40)
    @given(
        values=st.lists(
            st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1e9, 1e9)), min_size=1, max_size=12
        ),
        k=st.integers(1, 7),
    )
    def test_equals_counting_who_is_worse(self, engine, values, k):
        native = engine(
            {"v": pd.Series(values, dtype=float) if engine is pd.DataFrame else pl.Series(values, dtype=pl.Float64)}
        )
        found = nw.from_native(native).select(score(nw.col("v"), k))["v"].to_list()
        known = [value for value in values if value is not None]
        expected = [
            None if value is None else 1 + sum(other < value for other in known) * k // len(known) for value in values
        ]
        assert [None if value is None or value != value else int(value) for value in found] == expected
        assert set(expected) <= {None, *range(1, k + 1)}

    @ENGINES
    def test_equal_values_share_a_score_and_the_scale_need_not_be_used_up(self, engine):
        frame = nw.from_native(engine({"v": [1] * 60 + [2] * 20 + [3] * 10 + [4] * 6 + [9] * 4}))
        found = frame.select(score(nw.col("v"), 5))["v"]
        assert found.dtype.is_integer()
        # 60 of 100 bought once: nobody can be in the second or third fifth
        assert [found.to_list().count(value) for value in range(1, 6)] == [60, 0, 0, 20, 20]
