"""What `tables.py` times. It runs this file as a process for each environment, and says over a pipe what to run when.

    python table_contestants.py SETUP '{"rows": 10000000, ...}'

A setup makes its data once and gives contestants: name -> a function without arguments. Only numpy and pandas are
imported at the top: environments of peers have no crmlib.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from serve import serve

FIRST_DAY, DAYS, AS_OF = np.datetime64("2022-01-01"), 730, "2023-12-31"
SUMMARY = ["x", "t_x", "T", "mean_repeat_value"]
SETUPS = {}


def setup(function):
    SETUPS[function.__name__] = function
    return function


def made_log(rows, customers, seed=1):
    """A log sorted by date with integer ids: some customers buy often, most seldom; amounts in cents, no refunds."""
    rng = np.random.default_rng(seed)
    often = np.cumsum(rng.gamma(0.8, size=customers))
    ids = rng.permutation(customers)[np.searchsorted(often, rng.random(rows) * often[-1])]
    days = np.sort(rng.integers(0, DAYS, rows))
    dates = (FIRST_DAY + days).astype("datetime64[us]")
    return pd.DataFrame({"customer": ids, "date": dates, "amount": rng.gamma(2.0, 20.0, rows).round(2)})


def as_text(log, form):
    """The log with text ids."""
    ids = log["customer"]
    names = pd.Series([form(number) for number in range(ids.max() + 1)], dtype="str")
    return log.assign(customer=names.take(ids).reset_index(drop=True))


def made_customers(n, seed=2):
    """A customer table, as far as scores, classes and tiers look at it: most bought once, a tenth paid nothing."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer": pd.Series([f"C{number:08d}" for number in range(n)], dtype="str"),
            "orders": rng.geometric(0.4, n),
            "days_since_last": rng.integers(0, DAYS, n).astype(float),
            "revenue": np.where(rng.random(n) < 0.1, 0.0, rng.lognormal(4, 1.2, n).round(2)),
        }
    )


@setup
def integers(size):
    from crmlib import customer_table

    log = made_log(size["rows"], size["customers"])
    more = dirty(log)
    return {
        "crmlib": lambda: customer_table(log, as_of=AS_OF, columns=SUMMARY),
        "crmlib, all columns": lambda: customer_table(log, as_of=AS_OF),
        "crmlib, all columns of a log with refunds, orders and quantities": lambda: customer_table(more, as_of=AS_OF),
    }


def dirty(log, seed=3):
    rng = np.random.default_rng(seed)
    n = len(log)
    sign = np.where(rng.random(n) < 0.02, -1, 1)
    orders = rng.integers(0, n // 2, n)
    return log.assign(amount=log["amount"] * sign, order=orders, quantity=rng.integers(1, 5, n))


def with_orders(log, prefix="O", seed=4):
    """The log with orders of one customer and day, products of which few are bought often, quantities and costs."""
    rng = np.random.default_rng(seed)
    n = len(log)
    days = (log["date"].to_numpy() - FIRST_DAY).astype("timedelta64[D]").astype(np.int64)
    numbers = pd.factorize(pd.factorize(log["customer"])[0] * DAYS + days)[0]
    orders = pd.Series([f"{prefix}{number:08d}" for number in range(numbers.max() + 1)], dtype="str").take(numbers)
    products = pd.Series([f"product {number:03d}" for number in range(200)], dtype="str")
    products = products.take((200 * rng.random(n) ** 2).astype(int))
    amount = log["amount"] * np.where(rng.random(n) < 0.02, -1, 1)
    more = {"order": orders.reset_index(drop=True), "product": products.reset_index(drop=True)}
    return log.assign(amount=amount, **more, quantity=rng.integers(1, 5, n), cost=(0.6 * amount).round(2))


@setup
def audit(size):
    """All tables of the report but those of fitted models, on a log as the door gives it."""
    from unittest import mock

    from crmlib import audit, customer_table
    from crmlib.counted import count
    from crmlib.lenses import lenses

    def tables(log):
        with mock.patch.object(audit, "_value"):
            counted = count(log, as_of=AS_OF)
            audit.audit(counted, as_of=AS_OF)
            lenses(counted, as_of=AS_OF)

    plain = as_text(made_log(size["rows"], size["customers"]), "C{:08d}".format)
    more = with_orders(plain)
    found = {}
    for name, log in (("", plain), (", rich log", more)):
        found |= {f"customer table{name}": lambda log=log: customer_table(log, as_of=AS_OF)}
        found |= {f"tables of the audit{name}": lambda log=log: tables(log)}
    return found


@setup
def integers_pymc_marketing(size):
    from pymc_marketing.clv import rfm_summary

    log = made_log(size["rows"], size["customers"])

    def run():
        found = rfm_summary(log, "customer", "date", "amount", observation_period_end=AS_OF)
        return found.rename(columns={"frequency": "x", "recency": "t_x", "monetary_value": "mean_repeat_value"})

    return {"pymc-marketing": run}


@setup
def integers_lifetimes(size):
    from lifetimes.utils import summary_data_from_transaction_data

    log = made_log(size["rows"], size["customers"])

    def run():
        found = summary_data_from_transaction_data(log, "customer", "date", "amount", observation_period_end=AS_OF)
        return found.rename(columns={"frequency": "x", "recency": "t_x", "monetary_value": "mean_repeat_value"})

    return {"lifetimes": run}


@setup
def text(size):
    import hashlib

    from crmlib import customer_table

    log = made_log(size["rows"], size["customers"])
    numbered = as_text(log, "C{:08d}".format)
    hashed = as_text(log, lambda number: hashlib.md5(b"%d" % number).hexdigest())
    return {
        "crmlib": lambda: customer_table(numbered, as_of=AS_OF, columns=SUMMARY),
        "crmlib, all columns": lambda: customer_table(numbered, as_of=AS_OF),
        "pd.factorize": lambda: pd.factorize(numbered["customer"]),
        "crmlib, ids of 32 hex digits": lambda: customer_table(hashed, as_of=AS_OF, columns=SUMMARY),
        "pd.factorize, ids of 32 hex digits": lambda: pd.factorize(hashed["customer"]),
    }


@setup
def rfm(size):
    from crmlib.rfm import scores, segments

    customers = made_customers(size["customers"])
    ranked = ["days_since_last", "orders", "revenue"]
    return {
        "crmlib": lambda: segments(scores(customers)),
        "three rank('min')": lambda: [customers[name].rank(method="min") for name in ranked],
    }


@setup
def pareto(size):
    from crmlib.pareto import abc_classes, gini, lorenz, top_share

    customers = made_customers(size["customers"])
    return {
        "crmlib": lambda: abc_classes(customers),
        "crmlib, top share": lambda: top_share(customers),
        "crmlib, Gini": lambda: gini(customers),
        "crmlib, Lorenz curve": lambda: lorenz(customers),
        "sort_values": lambda: customers["revenue"].sort_values(),
    }


@setup
def pyramid(size):
    from crmlib.pyramid import summary, tiers

    customers = made_customers(size["customers"])
    tiered = tiers(customers)
    return {
        "crmlib": lambda: tiers(customers),
        "crmlib, its summary": lambda: summary(tiered),
        "sort_values": lambda: customers["revenue"].sort_values(),
    }


@setup
def engines(size):
    """crmlib on lazy polars and DuckDB, and the same by hand; the log and the customers are native tables of each."""
    import duckdb
    import polars as pl
    from by_hand import in_polars, sql

    from crmlib import customer_table
    from crmlib.pyramid import summary, tiers

    log = pl.from_pandas(made_log(size["rows"], size["customers"])).with_columns(pl.col("date").cast(pl.Date))
    tiered = pl.from_pandas(tiers(made_customers(size["rows"])))
    connection = duckdb.connect()
    for name, frame in (("log", log), ("tiered", tiered)):
        connection.register("frame", frame.to_arrow())
        connection.execute(f"create table {name} as from frame")
        connection.unregister("frame")
    by_tier = """
        with tiers as (
            select tier, count(*) as customers, sum(revenue) as revenue,
                tier in ('top', 'large', 'medium', 'small') as counts
            from tiered group by tier
        )
        select tier, customers, customers / sum(customers) filter (counts) over () as share_of_customers, revenue,
            revenue / sum(revenue) filter (counts) over () as share_of_revenue, revenue / customers as mean_revenue
        from tiers
    """

    def tiers_in_polars():
        counts = pl.col("tier").is_in(["top", "large", "medium", "small"])
        found = tiered.lazy().group_by("tier").agg(customers=pl.len(), revenue=pl.col("revenue").sum())
        share = {f"share_of_{one}": pl.col(one) / pl.col(one).filter(counts).sum() for one in ("customers", "revenue")}
        return found.with_columns(**share, mean_revenue=pl.col("revenue") / pl.col("customers")).collect()

    return {
        "crmlib on polars": lambda: customer_table(log.lazy(), as_of=AS_OF).collect(),
        "polars by hand": lambda: in_polars(log.lazy(), AS_OF).collect(),
        "crmlib on DuckDB": lambda: customer_table(connection.table("log"), as_of=AS_OF).to_arrow_table(),
        "DuckDB by hand": lambda: connection.sql(sql("log", AS_OF)).to_arrow_table(),
        "crmlib on polars, by tier": lambda: summary(tiered.lazy()).collect(),
        "polars by hand, by tier": tiers_in_polars,
        "crmlib on DuckDB, by tier": lambda: summary(connection.table("tiered")).to_arrow_table(),
        "DuckDB by hand, by tier": lambda: connection.sql(by_tier).to_arrow_table(),
        "crmlib in numpy, from polars": lambda: customer_table(log, as_of=AS_OF),
    }


@setup
def disk(size):
    import duckdb
    from by_hand import sql

    from crmlib import customer_table, datasets

    path = size["parquet"]
    # DuckDB takes what there is; told to stay within 3 GB, it writes what does not fit to disk
    duckdb.sql("set memory_limit = '3GB'")
    duckdb.sql(f"set temp_directory = '{path}.spill'")
    return {
        "crmlib": lambda: customer_table(duckdb.read_parquet(path), as_of=AS_OF).to_arrow_table(),
        "crmlib through the door": lambda: customer_table(datasets.scan(path), as_of=AS_OF).to_arrow_table(),
        "DuckDB by hand": lambda: duckdb.sql(sql(f"read_parquet('{path}')", AS_OF)).to_arrow_table(),
    }


def write_parquet(path, rows, customers, chunk=5_000_000, rich=False):
    """A log on disk, written in chunks of lines so that it never stands in memory as a whole; ids are text."""
    import pyarrow as pa
    from pyarrow import parquet

    writer, starts = None, range(0, rows, chunk)
    unfinished = Path(path).with_suffix(".unfinished")
    for seed, start in enumerate(starts):
        log = as_text(made_log(min(chunk, rows - start), customers, seed=100 + seed), "C{:08d}".format)
        log = with_orders(log, f"O{seed}") if rich else log
        table = pa.Table.from_pandas(log.assign(date=log["date"].dt.floor("D")), preserve_index=False)
        table = table.set_column(1, "date", table["date"].cast(pa.date32()))
        writer = writer or parquet.ParquetWriter(unfinished, table.schema)
        writer.write_table(table)
    writer.close()
    unfinished.rename(path)


if __name__ == "__main__":
    serve(SETUPS)
