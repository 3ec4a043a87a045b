"""The table part of crmlib against peers and code by hand, as ratios within one run: the goals of issue 3.

    uv run python benchmarks/tables.py                  # everything; the first time makes environments for the peers
    uv run python benchmarks/tables.py integers text    # some rows
    uv run python benchmarks/tables.py --write          # and writes the figures into README.md
"""

from contest import Goal, Row, main
from table_contestants import write_parquet

ROWS = {
    "integers": Row(
        "{rows} lines, integer ids -> x, t_x, T, mean_repeat_value",
        {"integers": None, "integers_pymc_marketing": "pymc-marketing", "integers_lifetimes": "lifetimes"},
        (Goal("crmlib", "pymc-marketing", faster=10), Goal("crmlib", "lifetimes", faster=20)),
    ),
    "text": Row(
        "{rows} lines, text ids -> x, t_x, T, mean_repeat_value",
        {"text": None},
        (
            Goal("crmlib", "pd.factorize", most=1.5),
            Goal("crmlib, ids of 32 hex digits", "pd.factorize, ids of 32 hex digits", most=1.5),
        ),
    ),
    "rfm": Row(
        "RFM scores and segments of {customers} customers",
        {"rfm": None},
        (Goal("crmlib", "three rank('min')", most=2),),
    ),
    "pareto": Row("ABC classes of {customers} customers", {"pareto": None}, (Goal("crmlib", "sort_values", most=3),)),
    "pyramid": Row("Tiers of {customers} customers", {"pyramid": None}, (Goal("crmlib", "sort_values", most=3),)),
    "disk": Row(
        "{disk_rows} lines of Parquet -> customer table",
        {"disk": None},
        (Goal("crmlib", "DuckDB by hand", most=2),),
        fresh=True,
        gigabytes=4,
    ),
    "engines": Row(
        "{rows} lines -> customer table; {rows} customers -> a row a tier",
        {"engines": None},
        tuple(
            Goal(f"crmlib on {engine}{work}", f"{engine} by hand{work}", most=1.3)
            for work in ("", ", by tier")
            for engine in ("polars", "DuckDB")
        ),
    ),
    "import": Row("import in a fresh Python", {}, (Goal("import crmlib", "import pandas", most=1.2),)),
}


def prepare(name, size, cache):
    """The log on disk, made when it is not there."""
    if name != "disk":
        return {}
    path = cache.resolve() / f"log-{size['disk_rows']}-{size['customers']}.parquet"
    if not path.exists():
        write_parquet(path, size["disk_rows"], size["customers"])
    return {"parquet": str(path)}


if __name__ == "__main__":
    main(ROWS, "table_contestants.py", __doc__, prepare)
