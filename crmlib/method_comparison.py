"""ABC, RFM and CLV side by side, measured: how much work they are, what data they need, whom they find.

A Chinese course compares the three in words: RFM is easy, cheap and rough, ABC is in the middle, CLV is hard, costly and
exact. Here each ranks the customers of one log up to a day, and the days after it say who was right.
"""

from __future__ import annotations

import time
import warnings

import narwhals as nw
import numpy as np

from crmlib import pareto, rfm
from crmlib.arguments import check_share, number_of_periods
from crmlib.bgnbd import fit_bgnbd
from crmlib.classes import whole_customers
from crmlib.clv import clv
from crmlib.customers import customer_table, until
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, like, same_kind, table
from crmlib.gamma_gamma import fit_gamma_gamma
from crmlib.holdout import holdout

__all__ = ["METHODS", "compare_methods"]

# method -> what of a log it needs, and how many numbers it learns from the data before it can rank
METHODS = {
    "ABC": ("customer, amount", 0),
    "RFM": ("customer, date, amount", 12),  # four cuts a score
    "CLV": ("customer, date, amount", 7),  # four parameters of purchases, three of spend
}


@same_kind
def compare_methods(tx, *, split, as_of, top=0.20, repeats=1, clock=time.perf_counter):
    """A row a method: method, needs, estimated, seconds, share_of_revenue, found.

    Each ranks the customers known at ``split`` by their lines up to it: ABC by revenue, RFM by r + f + m, CLV by revenue
    expected from BG/NBD and Gamma-Gamma over the days to ``as_of``, not discounted. The best ``top`` share of customers
    (20 %, the usual Pareto share) is then held against what came in (split, as_of]:

    - share_of_revenue: of the revenue that came, the share that the chosen brought;
    - found: of as many customers with the most revenue to come, the share that is among the chosen.

    Customers who tie at the edge count in part, so that no order of rows matters: RFM has few scores and many ties. Two
    more rows frame the three: "chance", which chooses blindly, and "hindsight", which cannot be beaten.

    ``seconds`` is the quickest of ``repeats`` runs from the customer table to the ranking, by ``clock``; it depends on
    the machine and everything else does not. ``estimated`` counts the numbers that are learnt from the data. The same
    kind of table as ``tx``. Raises what `holdout.holdout` raises, and DataError if no revenue came after the split.

    >>> import pandas as pd
    >>> from crmlib import datasets
    >>> log = datasets.load("cdnow_sample")
    >>> found = compare_methods(log, split="1997-09-30", as_of="1998-06-30")
    >>> found[["method", "estimated", "share_of_revenue", "found"]].round(2)
          method  estimated  share_of_revenue  found
    0        ABC        0.0              0.66   0.50
    1        RFM       12.0              0.66   0.55
    2        CLV        7.0              0.66   0.55
    3     chance        NaN              0.20   0.20
    4  hindsight        NaN              0.94   1.00
    """
    check_share(top=top)
    if top == 0:
        raise DataError("top is 0; a group of customers has a share above 0, e.g. 0.20 for 20 %.")
    repeats = max(number_of_periods(repeats, "repeats", endless=False), 1)
    split, as_of = as_day(split, name="split"), as_day(as_of)
    tested = holdout(tx, split=split, as_of=as_of)
    known = nw.from_native(customer_table(until(tx, split), as_of=split)).filter(~nw.col("x").is_null()).sort("customer")
    came = nw.from_native(tested.customers).sort("customer")["actual_revenue"].to_numpy()
    if not came.sum() > 0:
        raise DataError(f"All that was bought from {split} to {as_of} was free; revenue cannot be compared.")
    size, customers = whole_customers(top, len(came)), known.to_native()
    days = (as_of - split).days
    ranking = {
        "ABC": lambda: _revenue(pareto.abc_classes(customers)),
        "RFM": lambda: _total(rfm.scores(customers)),
        "CLV": lambda: clv(
            customers, fit_bgnbd(customers), fit_gamma_gamma(customers), horizon=days, annual_discount=0
        ),
    }
    best = _chosen(came, size)
    rows = []
    for method, (needs, estimated) in METHODS.items():
        seconds = []
        for _ in range(repeats):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataNotice)  # the holdout has given the notices once
                start = clock()
                values = ranking[method]()
                seconds.append(clock() - start)
        chosen = _chosen(values, size)
        rows.append((method, needs, estimated, min(seconds), float(chosen @ came / came.sum()), float(chosen @ best / size)))
    rows.append(("chance", None, np.nan, np.nan, size / len(came), size / len(came)))
    rows.append(("hindsight", None, np.nan, np.nan, float(best @ came / came.sum()), 1.0))
    columns = dict(zip(_SCHEMA, map(list, zip(*rows, strict=True)), strict=True))
    return like(table(tx), columns, _SCHEMA).to_native()


_SCHEMA = {"method": nw.String, "needs": nw.String, "estimated": nw.Float64, "seconds": nw.Float64,
           "share_of_revenue": nw.Float64, "found": nw.Float64}  # fmt: skip


def _revenue(classed):
    """Revenue in the order of the ids, as the customers stand."""
    return nw.from_native(classed).sort("customer")["revenue"].to_numpy().astype(float)


def _total(scored):
    frame = nw.from_native(scored)
    return sum(frame[name].to_numpy().astype(float) for name in ("r", "f", "m"))


def _chosen(values, size):
    """1 for the ``size`` customers with the largest values; those who tie for the last places share them."""
    edge = np.sort(values)[len(values) - size]
    above, ties = values > edge, values == edge
    return above + ties * ((size - above.sum()) / ties.sum())
