"""A small log of two half-years, worked by hand in the tests of concentration over time."""

import pandas as pd
import polars as pl

AS_OF = "2024-06-30"

# Two half-years. Five customers bought in the first: p 60, q 20, r 10, s 6, t 4, so p is its top 20 %.
# In the second q pays 50, r 30 and p 20, s asks 5 back, t is silent, and u is new with 100.
PAIR = pd.DataFrame(
    [
        ("p", "2023-07-01", 40.0), ("p", "2023-07-09", 20.0), ("q", "2023-08-01", 20.0), ("r", "2023-09-01", 10.0),
        ("s", "2023-12-31", 6.0), ("t", "2023-12-31", 4.0), ("q", "2024-01-01", 50.0), ("r", "2024-02-01", 30.0),
        ("p", "2024-03-01", 20.0), ("s", "2024-03-01", -5.0), ("u", "2024-06-30", 100.0),
    ],
    columns=["customer", "date", "amount"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def log(*lines):
    return pd.DataFrame(lines, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})


def both_kinds(tx):
    return tx, pl.from_pandas(tx).with_columns(pl.col("date").cast(pl.Date))
