"""Logs with costs and products, and what they hold by the definitions, in plain loops over whole cents."""

import datetime as dt
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from made_logs import DAYS, START, log

from crmlib import DataNotice

_line = st.tuples(
    st.sampled_from("abcdefgh"), st.one_of(st.integers(0, DAYS), st.sampled_from([180, 181, 364, 365, 366, 545, 546])),
    st.sampled_from([-5.0, -2.25, 0.0, 1.25, 5.0, 5.0, 20.5]), st.sampled_from("uvwxyz"), st.sampled_from("PQR"),
    st.sampled_from([0.0, 0.25, 3.0, 6.5]),
)  # fmt: skip
# somebody buys in either half year of 2024, so that there is always something to compare
some = st.lists(_line, max_size=40).map(
    lambda more: [*more, ("a", 400, 10.0, "q", "P", 4.0), ("b", 600, 10.0, "r", "Q", 4.0)]
)
AS_OF = "2024-12-31"


def margins(lines, *, order=True, cost=True, product=True):
    """A pandas log from lines (customer, day, amount, order, product, cost)."""
    frame = log([line[:4] for line in lines], order=order)
    if product:
        frame["product"] = pd.Series([line[4] for line in lines], dtype="str")
        frame["quantity"] = 1.0
    if cost:
        frame["cost"] = [line[5] for line in lines]
    return frame


def busy_margins(seed=3):
    """A few hundred lines with everything that can happen."""
    rng = np.random.default_rng(seed)
    n = 500
    return [
        (f"c{who:02d}", int(day), float(amount), f"o{order}", product, float(cost))
        for who, day, amount, order, product, cost in zip(
            rng.integers(0, 60, n), rng.integers(0, DAYS + 1, n), rng.choice([-5.0, -2.25, 0.0, 1.25, 5.0, 20.5], n),
            rng.integers(0, 9, n), rng.choice([*"PQR"], n), rng.choice([0.0, 0.25, 3.0, 6.5], n), strict=True,
        )
    ] + [("never", 700, -3.0, "o1", "P", 0.0)]  # fmt: skip


def by_loop(lines, start, end, *, order=True):
    """{customer: dict of bought, orders, revenue, profit} of the days from ``start`` to ``end``."""
    dated = [(line[0], START + dt.timedelta(days=line[1]), *line[2:]) for line in lines]
    found = {}
    for who in sorted({line[0] for line in dated}):
        own = [line for line in dated if line[0] == who]
        inside = [line for line in own if start <= line[1] <= end]
        if not inside:
            continue
        begun = defaultdict(list)
        for line in own:
            if line[2] >= 0:
                begun[line[3] if order else line[1]].append(line[1])
        found[who] = {
            "bought": any(line[2] >= 0 for line in inside),
            "orders": sum(start <= min(days) <= end for days in begun.values()),
            "revenue": sum(line[2] for line in inside),
            "profit": sum(line[2] - line[5] for line in inside),
            "first": min((line[1] for line in own if line[2] >= 0), default=None),
        }
    return found


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return function(*arguments, **options)
