"""One code, every engine: the same kind in, the same kind out, equal results. What an engine cannot do says which can."""

import warnings

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows

from crmlib import DataError, DataNotice, customer_table, datasets, lifecycle, overview, pareto, pyramid, rfm, transactions
from crmlib.customers import until
from crmlib.frames import height, table

AS_OF = "2024-11-30"


def _log(customers=60, seed=3, **extra):
    """Ties, refunds, refunds only, zero amounts, several lines a day, orders over several lines, late lines."""
    rng = np.random.default_rng(seed)
    n = customers * 6
    frame = pd.DataFrame(
        {
            "customer": [f"{number:03d}" for number in rng.integers(0, customers, n)],
            "date": (np.datetime64("2023-01-02") + rng.integers(0, 720, n)).astype("datetime64[us]"),
            "amount": rng.choice([-20.0, -5.0, 0.0, 5.0, 10.0, 10.0, 19.99, 20.0, 35.5], n),
            "order": [f"o{number}" for number in rng.integers(0, 4 * customers, n)],
            "quantity": rng.choice([1.0, 1.0, 2.0, 3.0], n),
        }
    )
    only = pd.DataFrame({"customer": ["r1"], "date": frame["date"].iloc[:1], "amount": -3.0, "order": "o9", "quantity": 1.0})
    return pd.concat([frame, only], ignore_index=True).assign(**extra)


LOG = _log()
CASES = {
    "all columns": (LOG, {}),
    "days are orders": (LOG.drop(columns=["order", "quantity"]), {}),
    "integer ids": (LOG.assign(customer=LOG["customer"].str.replace("r", "9").astype("int64")), {}),
    "projection": (LOG, {"columns": ["x", "t_x", "T", "mean_repeat_value"]}),
}


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return function(*arguments, **options)


@EVERY_ENGINE
@pytest.mark.parametrize("case", CASES)
class TestCustomerTable:
    def test_equals_the_one_of_pandas_in_its_own_kind(self, engine, case):
        log, options = CASES[case]
        native = build(engine, log)
        found = quietly(customer_table, native, as_of=AS_OF, **options)
        assert kind(found) == kind(native)
        names, customers = rows(found)
        assert (names, customers) == rows(quietly(customer_table, log, as_of=AS_OF, **options))
        assert len(customers) == log.loc[log["date"] <= AS_OF, "customer"].nunique()


@EVERY_ENGINE
class TestLog:
    def test_until_keeps_the_day_itself(self, engine):
        found = until(build(engine, LOG), "2023-06-30")
        assert rows(found) == rows(LOG[LOG["date"] <= "2023-06-30"])

    def test_later_lines_are_counted(self, engine):
        later = int((LOG["date"] > AS_OF).sum())
        with pytest.warns(DataNotice, match=rf"^{later} lines after as_of {AS_OF} left out\.$"):
            customer_table(build(engine, LOG), as_of=AS_OF)

    def test_a_log_that_did_not_pass_the_door_is_refused(self, engine):
        gap = LOG.assign(customer=LOG["customer"].where(LOG.index > 0))
        with pytest.raises(DataError, match=r"^Column 'customer' of the transactions has gaps; let transactions\(\)"):
            customer_table(build(engine, gap), as_of=AS_OF)
        with pytest.raises(DataError, match=r"^as_of 2022-12-31 is before the first purchase \(2023-01-"):
            customer_table(build(engine, LOG), as_of="2022-12-31")


class TestOnDisk:
    @pytest.mark.parametrize("engine", ["duckdb", "polars"])
    def test_parquet_stays_on_disk_and_gives_the_same_customers(self, engine, tmp_path):
        LOG.head(200).to_parquet(tmp_path / "a.parquet")
        LOG.tail(len(LOG) - 200).to_parquet(tmp_path / "b.parquet")
        for path in (tmp_path, str(tmp_path / "*.parquet")):
            log = quietly(datasets.scan, path, engine=engine)
            assert kind(log) == {"duckdb": "duckdb", "polars": "polars lazy"}[engine]
            assert rows(quietly(customer_table, log, as_of=AS_OF)) == rows(quietly(customer_table, LOG, as_of=AS_OF))

    def test_what_is_no_parquet_is_refused_in_one_sentence(self, tmp_path):
        with pytest.raises(DataError, match=r"^There is no Parquet file at .*none\.parquet; give a file, a folder or a"):
            datasets.scan(tmp_path / "none.parquet")
        (tmp_path / "no.parquet").write_text("customer,date,amount")
        for engine in ("duckdb", "polars"):
            with pytest.raises(DataError, match=r"no\.parquet cannot be read as Parquet: "):
                datasets.scan(tmp_path / "no.parquet", engine=engine)
        LOG.to_parquet(tmp_path / "log.parquet")
        with pytest.raises(DataError, match=r"^The purchase log has no column 'Total'; it has "):
            datasets.scan(tmp_path / "log.parquet", amount="Total")


class TestBorrowing:
    @pytest.mark.parametrize("engine", ["duckdb", "polars"])
    @pytest.mark.parametrize("make", [pd.DataFrame, pl.from_pandas], ids=["pandas", "polars"])
    def test_another_engine_does_the_work_and_the_kind_stays(self, engine, make):
        native = make(LOG)
        found = quietly(customer_table, native, as_of=AS_OF, engine=engine)
        assert type(found) is type(native)
        assert rows(found, sort=False) == rows(quietly(customer_table, native, as_of=AS_OF), sort=False)
        assert nw.from_native(found).schema == nw.from_native(quietly(customer_table, native, as_of=AS_OF)).schema

    def test_an_unknown_or_missing_engine_says_what_to_type(self, monkeypatch):
        with pytest.raises(DataError, match=r"^engine is 'spark'; it can be 'duckdb' or 'polars'"):
            quietly(customer_table, LOG, as_of=AS_OF, engine="spark")
        monkeypatch.setitem(__import__("sys").modules, "duckdb", None)
        with pytest.raises(DataError, match=r"^The engine 'duckdb' is not installed; add it: uv sync --extra duckdb"):
            quietly(customer_table, LOG, as_of=AS_OF, engine="duckdb")

    def test_columns_are_checked(self):
        with pytest.raises(DataError, match=r"^The customer table has no column 'recency'; it has customer, orders, "):
            customer_table(LOG, as_of=AS_OF, columns=["recency"])
        with pytest.raises(DataError, match=r"^columns is 'x'; give a list, e\.g\. columns=\['x'\]\.$"):
            customer_table(LOG, as_of=AS_OF, columns="x")


YEARS = LOG[LOG["date"] <= AS_OF]
CUSTOMERS = customer_table(YEARS, as_of=AS_OF)
BUYERS = CUSTOMERS[CUSTOMERS["orders"] > 0].assign(value=lambda frame: frame["mean_order"].where(frame["x"] > 0))
ON_THE_LOG = {
    "by month": lambda tx: overview.by_period(tx, as_of=AS_OF),
    "by quarter": lambda tx: overview.by_period(tx, as_of=AS_OF, unit="quarter"),
}
ON_CUSTOMERS = {
    "order_counts": overview.order_counts,
    "top_shares": lambda customers: overview.top_shares(customers, by="orders"),
    "value_by": lambda customers: overview.value_by(customers, groups=3),
}


@EVERY_ENGINE
class TestOverview:
    @pytest.mark.parametrize("name", ON_THE_LOG)
    def test_of_the_log(self, engine, name):
        self.same(engine, ON_THE_LOG[name], YEARS)

    @pytest.mark.parametrize("name", ON_CUSTOMERS)
    def test_of_customers(self, engine, name):
        self.same(engine, ON_CUSTOMERS[name], BUYERS)

    def test_last_year(self, engine):
        found = overview.last_year(build(engine, YEARS), build(engine, CUSTOMERS), as_of=AS_OF, days=100)
        assert rows(found) == rows(overview.last_year(YEARS, CUSTOMERS, as_of=AS_OF, days=100))

    def test_numbers(self, engine):
        assert overview.best_for(build(engine, BUYERS), 0.5) == overview.best_for(BUYERS, 0.5)

    def same(self, engine, function, frame):
        native = build(engine, frame)
        found = function(native)
        assert kind(found) == kind(native)
        assert rows(found) == rows(function(frame))


@EVERY_ENGINE
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_dates_with_a_time_zone_are_the_business_of_the_door(engine, zone):
    """Engines disagree on the day of such a line: DuckDB keeps the moment only. Every timestamp of Spark has a zone."""
    stamps = pd.to_datetime(["2024-01-05 00:30", "2024-01-25 23:30"]).tz_localize(zone)
    tx = pd.DataFrame({"customer": "a", "date": stamps, "amount": 1.0})
    if engine == "spark":
        assert height(table(customer_table(build(engine, tx), as_of="2024-01-31"), eager=False)) == 1
        return
    with pytest.raises(DataError) as refused:
        customer_table(build(engine, tx), as_of="2024-01-31")
    named = "Etc/UTC" if engine == "duckdb" else zone
    assert str(refused.value) == (
        f"Column 'date' of the transactions has the time zone {named}; let transactions() read the log first."
    )
    if engine in ("pandas", "polars", "pyarrow"):
        with pytest.warns(DataNotice, match="the day is taken as written, in that zone"):
            admitted = transactions(build(engine, tx))
        assert rows(customer_table(admitted, as_of="2024-01-31", columns=["t_x", "T"]))[1] == [("a", 20.0, 26.0)]


@pytest.mark.parametrize(
    ("call", "queries"),
    [  # as docs/when-one-machine-is-not-enough.md has it
        (lambda log, _: customer_table(log, as_of=AS_OF), 1),
        (lambda _, made: lifecycle.states(made), 1),
        (lambda _, made: pyramid.tiers(made), 2),
        (lambda _, made: pareto.abc_classes(made), 1),
        (lambda _, made: rfm.thresholds(made), 1),
        (lambda _, made: rfm.scores(made), 1),
        (lambda _, made: rfm.scores(made, nested=True), 1),
        (lambda _, made: rfm.scores(made, thresholds=rfm.Thresholds(r=(90,), f=(1,), m=(50,))), 1),
    ],
)
def test_what_is_asked_at_once_of_a_lazy_table(call, queries, monkeypatch):
    made = build("duckdb", quietly(customer_table, LOG, as_of=AS_OF))
    asked, collect = [], nw.LazyFrame.collect
    monkeypatch.setattr(nw.LazyFrame, "collect", lambda frame, *a, **k: asked.append(frame) or collect(frame, *a, **k))
    quietly(call, build("duckdb", LOG), made)
    assert len(asked) == queries
