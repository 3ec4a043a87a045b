"""Where a customer stands, as far as a log of purchases can tell.

Five of the seven relation states of Chinese CRM texts need only purchases: first-time, repeat, loyal, and, in place of
"lost", inactive. Nobody tells a shop that they have left, so the log shows silence and not departure. Non-customers,
prospects and targets are not in a log at all.
"""

from __future__ import annotations

import narwhals as nw

from crmlib.classes import by_class, check_days, with_classes
from crmlib.errors import DataError
from crmlib.frames import table

__all__ = ["INACTIVE_AFTER", "LOYAL_ORDERS", "NO_PURCHASE", "STATES", "states", "summary"]

STATES = ("first-time", "repeat", "loyal", "inactive")
NO_PURCHASE = "no purchase"  # refunds only
INACTIVE_AFTER = 180  # days; their sources stand in `states`
LOYAL_ORDERS = 4


def states(customers, *, inactive_after=INACTIVE_AFTER, loyal_orders=LOYAL_ORDERS):
    """The customer table with the column ``state``.

    - "no purchase": refunds only
    - "inactive": ``days_since_last`` >= ``inactive_after``, however many orders there were
    - "loyal": at least ``loyal_orders`` orders
    - "repeat": two orders or more
    - "first-time": one order

    ``loyal_orders=4`` is our convention for maturity. ``inactive_after=180`` is about the day after which the fixed RFM
    cut-offs of shop integrations (30, 90, 180, 365 days) score below the middle. Neither is a law: see how the counts
    move with them. Raises `DataError` for thresholds that make no sense.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 2, 4, 9, 0], "days_since_last": [0.0, 179.0, 90.0, 180.0, None]})
    >>> states(customers)["state"].tolist()
    ['first-time', 'repeat', 'loyal', 'inactive', 'no purchase']
    """
    frame = table(customers, ["orders", "days_since_last"])
    if not inactive_after > 0:
        raise DataError(f"inactive_after is {inactive_after}; give a number of days above 0, e.g. 180.")
    if not loyal_orders >= 2:
        raise DataError(f"loyal_orders is {loyal_orders}; loyalty needs at least 2 orders, e.g. 4.")
    check_days(frame)
    first_time, repeat, loyal, inactive = STATES
    rules = [
        (~(nw.col("orders") > 0), NO_PURCHASE),
        (nw.col("days_since_last") >= inactive_after, inactive),
        (nw.col("orders") >= loyal_orders, loyal),
        (nw.col("orders") >= 2, repeat),
    ]
    return with_classes(frame, "state", rules, first_time).to_native()


def summary(stated):
    """What each state holds: state, customers, share_of_customers, revenue, share_of_revenue.

    Every state has a row, "no purchase" only if there are such customers; shares are of the whole table.

    >>> import pandas as pd
    >>> summary(pd.DataFrame({"state": ["loyal", "repeat", "loyal"], "revenue": [60.0, 20.0, 20.0]}))
            state  customers  share_of_customers  revenue  share_of_revenue
    0  first-time          0            0.000000      0.0               0.0
    1      repeat          1            0.333333     20.0               0.2
    2       loyal          2            0.666667     80.0               0.8
    3    inactive          0            0.000000      0.0               0.0
    """
    frame = table(stated, ["state", "revenue"], what="table of states")
    return by_class(frame, "state", order=(*STATES, NO_PURCHASE), optional=(NO_PURCHASE,)).to_native()
