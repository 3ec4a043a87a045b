"""The numpy path equals the narwhals one, on pandas and polars, whatever the ids, dates and columns of the log."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from engines import rows
from hypothesis import given, settings
from hypothesis import strategies as st
from test_customers import by_loop, close, day, log, plain

from crmlib import DataNotice, customer_table, numbering
from crmlib.customers import COLUMNS

IDS = {
    "small integers": list(range(8)),
    "wide integers": [-(2**62), -5, 0, 7, 10**6, 10**12, 2**61, 2**62],
    "short texts": [f"{number:02d}" for number in range(8)],
    "uneven texts": ["", "1", "10", "2", "a", "aa", "é", "王五"],
    "long texts": [f"{number:x}" * 9 + "d41402abc4b2a76b9719d9" for number in range(8)],
}
AMOUNTS = [0.0, 0.1, 0.2, 0.3, -0.3, 5.0, 5.0, 19.99, -19.99, -100.0]
line = st.tuples(
    st.integers(0, 7), st.integers(0, 40), st.sampled_from(AMOUNTS), st.integers(0, 3), st.sampled_from([1, 2.5, None])
)


def frame(lines, *, ids="short texts", order=None, quantity=False, unit="us"):
    """A pandas log as it leaves the door; ``order`` makes ids of orders from numbers."""
    who, number, amount, orders, units = zip(*lines, strict=True)
    made = {
        "customer": [IDS[ids][one] for one in who],
        "date": (np.datetime64("2024-01-01") + np.array(number)).astype(f"datetime64[{unit}]"),
        "amount": np.array(amount),
    }
    made |= {"order": [order(one) for one in orders]} if order else {}
    made |= {"quantity": np.array(units, float)} if quantity else {}
    return pd.DataFrame(made)


def in_polars(frame):
    return pl.from_pandas(frame).with_columns(pl.col("date").cast(pl.Date))


def quietly(tx, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return customer_table(tx, **options)


def agree(frame, as_of, **options):
    """Both fast tables equal the one of lazy polars, which narwhals makes; they are sorted, the lazy one is made so."""
    tx = in_polars(frame)
    expected = rows(quietly(tx.lazy(), as_of=day(as_of), **options).collect().sort("customer"), sort=False)
    assert rows(quietly(tx, as_of=day(as_of), **options), sort=False) == expected
    assert rows(quietly(frame, as_of=day(as_of), **options), sort=False) == expected
    return expected


ORDERS = {
    "none": None,
    "texts": lambda number: f"o{number}",
    "integers": lambda number: number,
    "wide integers": lambda number: number * 2**61 - 2**62,
    "long texts": lambda number: f"{number}d41402abc4b2a76b9719d9",
    "gaps": lambda number: f"o{number}" if number else None,
}


class TestEqualsNarwhals:
    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(line, min_size=1, max_size=40),
        st.sampled_from(list(IDS)),
        st.sampled_from(list(ORDERS)),
        st.booleans(),
        st.integers(0, 45),
        st.sampled_from(["s", "ms", "us", "ns"]),
        st.one_of(st.none(), st.lists(st.sampled_from(COLUMNS), max_size=4)),
        st.booleans(),
    )
    def test_every_log(self, lines, ids, orders, quantity, as_of, unit, columns, in_order):
        lines = sorted(lines, key=lambda line: line[0]) if in_order else lines
        bought = [line[1] for line in lines if line[2] >= 0] or [line[1] for line in lines]
        columns = columns and [name for name in columns if name != "units" or quantity]
        tx = frame(lines, ids=ids, order=ORDERS[orders], quantity=quantity, unit=unit)
        agree(tx, max(as_of, min(bought)), columns=columns)

    @settings(max_examples=50, deadline=None)
    @given(st.lists(line, min_size=1, max_size=40), st.booleans())
    def test_the_plain_loop_too(self, lines, ordered):
        lines = [(*line[:3], f"o{line[3]}") if ordered else line[:3] for line in lines]
        lines = [(f"{who:02d}", *rest) for who, *rest in lines]
        for engine in ("pandas", "polars"):
            close(plain(quietly(log(engine, *lines), as_of=day(40))), by_loop(lines, 40))

    @pytest.mark.parametrize("ids", IDS)
    def test_a_larger_log(self, ids):
        rng = np.random.default_rng(7)
        n = 3 * numbering._BLOCK // 2
        who, number = rng.integers(0, 8, n), rng.integers(0, 41, n)
        amount, order, units = rng.choice(AMOUNTS, n), rng.integers(0, 900, n), rng.choice([1.0, 2.5], n)
        lines = list(zip(who.tolist(), number.tolist(), amount.tolist(), order.tolist(), units.tolist(), strict=True))
        names, found = agree(frame(lines, ids=ids, order=ORDERS["texts"], quantity=True), 39)
        assert names == list(COLUMNS) and len(found) == 8


def small(**columns):
    days = np.array(["2024-01-05", "2024-01-25", "2024-01-09", "2024-01-30"], "datetime64[us]")
    return pd.DataFrame({"customer": ["a", "a", "b", "r"], "date": days, "amount": [10.0, 6.0, 8.0, -1.0]} | columns)


class TestTypes:
    @pytest.mark.parametrize(
        "ids",
        [
            pd.array(["a", "a", "b", "r"], "str"),
            pd.array(["a", "a", "b", "r"], object),
            pd.array(["a", "a", "b", "r"], "string"),
            pd.array(["a", "a", "b", "r"], pd.ArrowDtype(pa.string())),
            pd.Categorical(["a", "a", "b", "r"], ["r", "b", "unused", "a"], ordered=True),
            pd.array([1, 1, 2, 3], "Int64"),
            pd.array([1, 1, 2, 3], "int8"),
            pd.array([1, 1, 2, 3], "uint32"),
            np.array([2**63, 2**63, 2**63 + 1, 1], "uint64"),
            pd.array([1.5, 1.5, 2.5, 3.5], "float64"),
            pd.array([1, 1, 2, 3], pd.ArrowDtype(pa.int64())),
        ],
        ids=lambda ids: str(ids.dtype),
    )
    def test_ids_keep_their_type_and_its_order(self, ids):
        tx = small(customer=ids)
        found = customer_table(tx, as_of="2024-01-31")
        assert found["customer"].dtype == tx["customer"].dtype
        assert found["customer"].tolist() == tx["customer"].drop_duplicates().sort_values().tolist()
        assert found.set_index("customer").loc[ids[0], "revenue"] == 16.0
        assert found.index.equals(pd.RangeIndex(3))

    @pytest.mark.parametrize(
        "dtype", [pl.String, pl.Categorical, pl.Enum(["r", "b", "a"]), pl.Binary], ids=lambda dtype: str(dtype)[:11]
    )
    def test_polars_ids_keep_their_type_and_its_order(self, dtype):
        tx = pl.from_pandas(small()).with_columns(pl.col("customer").cast(dtype))
        found = customer_table(tx, as_of="2024-01-31")
        assert found["customer"].equals(tx["customer"].unique().sort())
        assert found.filter(pl.col("x") > 0)["customer"].equals(tx["customer"][:1])

    @pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Int64])
    def test_polars_integers(self, dtype):
        tx = pl.from_pandas(small(customer=[7, 7, 9, 100])).with_columns(pl.col("customer").cast(dtype))
        assert customer_table(tx, as_of="2024-01-31")["customer"].equals(pl.Series("customer", [7, 9, 100], dtype))

    @pytest.mark.parametrize("dtype", ["int64", "float32", "Float64", "Int64", pd.ArrowDtype(pa.float64())], ids=str)
    def test_amounts_of_any_type(self, dtype):
        found = customer_table(small(amount=pd.array([10, 6, 8, -1], dtype)), as_of="2024-01-31")
        pd.testing.assert_frame_equal(found, customer_table(small(), as_of="2024-01-31"))

    def test_decimal_amounts(self):
        tx = pl.from_pandas(small()).with_columns(pl.col("amount").cast(pl.Decimal(10, 2)))
        assert customer_table(tx, as_of="2024-01-31")["revenue"].to_list() == [16.0, 8.0, -1.0]

    def test_first_and_last_are_days_in_the_type_of_the_dates(self):
        noon = small()["date"] + pd.Timedelta(hours=12)
        for unit in ("s", "ms", "us", "ns"):
            found = customer_table(small(date=noon.astype(f"datetime64[{unit}]")), as_of="2024-01-31")
            assert found["first"].dtype == found["last"].dtype == f"datetime64[{unit}]"
            assert found["first"].tolist()[:2] == [pd.Timestamp("2024-01-05"), pd.Timestamp("2024-01-09")]
            assert found["last"].isna().tolist() == [False, False, True]

    def test_days_before_1970_and_after_2262(self):
        days = np.array(["1899-12-31", "1900-01-01", "2300-01-01", "2300-01-02"], "datetime64[s]")
        found = customer_table(small(date=days), as_of="2300-01-02")
        assert found["t_x"].tolist()[:2] == [1.0, 0.0]
        assert found["T"].tolist()[:2] == [146_099.0, 1.0]

    def test_a_view_of_a_log_with_an_index_of_its_own(self):
        tx = pd.concat([small(), small(), small()]).iloc[4:8]
        pd.testing.assert_frame_equal(
            customer_table(tx, as_of="2024-01-31"), customer_table(small(), as_of="2024-01-31")
        )


class TestProjection:
    @pytest.mark.parametrize("columns", [[], ["T", "x"], ["revenue"], ["flag", "mean_order"], ["orders"]])
    def test_the_columns_asked_for_and_no_others(self, columns):
        whole = quietly(small(), as_of="2024-01-31")
        found = quietly(small(), as_of="2024-01-31", columns=columns)
        kept = ["customer", *(name for name in whole if name in columns)]
        pd.testing.assert_frame_equal(found, whole[kept])

    def test_what_nobody_asked_for_is_not_computed(self):
        """Orders are the dear part of a log that has them: a list, which no integer can stand for, is not looked at."""
        tx = small(order=[["o1"], ["o2"], ["o3"], ["o4"]])
        assert customer_table(tx, as_of="2024-01-31", columns=["x", "revenue"])["x"].tolist()[:2] == [1.0, 0.0]
