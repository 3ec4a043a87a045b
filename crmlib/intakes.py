"""What new customers and those of earlier days brought in each of two adjacent periods.

A bridge sets who is new against nothing, as nobody is new in both periods: its step "new" is all that they brought. Here the
new of one period stand beside the new of the other, so that growth is split into that of the intake and that of the stock.
"""

from __future__ import annotations

import math

import narwhals as nw

from crmlib.frames import collect, like, same_kind, table
from crmlib.two_periods import BEFORE_ONLY, BOTH, NEW, RETURNING

__all__ = ["EARLIER", "new_and_earlier"]

EARLIER = "earlier"
_SIDES = ("_before", "_after")


@same_kind
def new_and_earlier(people):
    """The customers and the money of two periods, by who is new in each: two rows, "new" and "earlier".

    ``people`` is the table of `two_periods.changes`. Who is new in a period made the first purchase ever of the log in it;
    all others are earlier. who, customers_before, customers_after (who bought in the period), revenue_before, revenue_after,
    revenue_change, and the same of profit if the table has it. Refunds of who bought nothing in a period are in "earlier", as
    they answer purchases before it. Both rows sum to the period. Where the log begins with the first period, all are new in it.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": ["both", "both", "before only", "new"], "settled": [True, False, False, False],
    ...                        "revenue_before": [9.0, 7.0, 5.0, 0.0], "revenue_after": [8.0, 8.0, 0.0, 6.0]})
    >>> new_and_earlier(people)[["who", "customers_before", "customers_after", "revenue_change"]]
           who  customers_before  customers_after  revenue_change
    0      new                 2                1            -6.0
    1  earlier                 1                2             7.0
    """
    needed = ["group", "settled", *(f"revenue{side}" for side in _SIDES)]
    frame = table(people, needed, what="table of changes()", eager=False)
    names = ["revenue", *(["profit"] if "profit_before" in frame.collect_schema().names() else [])]
    sums = [name + side for name in names for side in _SIDES]
    values = frame.select("group", "settled", *(nw.col(name).cast(nw.Float64) for name in sums))
    grouped = collect(values.group_by("group", "settled").agg(nw.len().alias("customers"), nw.col(*sums).sum()))
    rows = list(grouped.iter_rows(named=True))
    bought = {"_before": (BOTH, BEFORE_ONLY), "_after": (BOTH, NEW, RETURNING)}
    began = {"_before": lambda row: row["group"] in bought["_before"] and not row["settled"], "_after": lambda row: row["group"] == NEW}
    columns = {"who": [NEW, EARLIER]}
    for side in _SIDES:
        columns[f"customers{side}"] = [
            sum(int(row["customers"]) for row in rows if row["group"] in bought[side] and began[side](row) == new)
            for new in (True, False)
        ]
    for name in names:
        for side in _SIDES:
            columns[name + side] = [math.fsum(row[name + side] for row in rows if began[side](row) == new) for new in (True, False)]
        both = zip(columns[f"{name}_before"], columns[f"{name}_after"], strict=True)
        columns[f"{name}_change"] = [after - before for before, after in both]
    types = dict.fromkeys(columns, nw.Float64) | {"who": nw.String} | dict.fromkeys(("customers_before", "customers_after"), nw.Int64)
    return like(frame, columns, types).to_native()
