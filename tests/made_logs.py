"""Logs made for tests of what reads purchases: silent periods, refunds before and after purchases, refunds only, orders
of several lines and over two periods. Amounts are quarters of the unit, so that sums are exact in any order."""

import datetime as dt

import numpy as np
import pandas as pd
from hypothesis import strategies as st

START = dt.date(2023, 1, 1)
DAYS = 730


def log(lines, *, order=True):
    """A pandas log from lines (customer, day from 2023-01-01 on, amount[, order])."""
    frame = pd.DataFrame(
        {
            "customer": pd.Series([line[0] for line in lines], dtype="str"),
            "date": pd.Series([START + dt.timedelta(days=line[1]) for line in lines], dtype="datetime64[us]"),
            "amount": pd.Series([line[2] for line in lines], dtype="float64"),
        }
    )
    if order and lines and len(lines[0]) == 4:
        frame["order"] = pd.Series([line[3] for line in lines], dtype="str")
    return frame


_line = st.tuples(
    st.sampled_from("abcdefgh"), st.one_of(st.integers(0, DAYS), st.sampled_from([0, 30, 31, 89, 90, 364, 365])),
    st.sampled_from([-5.0, -2.25, 0.0, 1.25, 5.0, 5.0, 20.5]), st.sampled_from("uvwxyz"),
)  # fmt: skip
lines = st.lists(_line, max_size=40).map(lambda some: [*some, ("a", 45, 10.0, "w")])


def busy_log(customers=80, seed=11):
    """Some hundred lines, of which some are refunds, some refunds of customers who never bought."""
    rng = np.random.default_rng(seed)
    n = customers * 7
    who = rng.integers(0, customers, n)
    made = [
        (f"{number:03d}", int(day), float(amount), f"o{order}")
        for number, day, amount, order in zip(
            who, (who * 4 + rng.exponential(120, n)) % DAYS, rng.choice([-5.0, 0.0, 2.5, 10.0, 10.0, 40.25], n),
            rng.integers(0, 4, n), strict=True,
        )
    ]  # fmt: skip
    return log([*made, ("never", 100, -3.0, "o1")])
