"""Curry's customer pyramid: the active customers in tiers by their number, from the few at the top down.

Shares of 1, 4, 15 and 80 % of the active customers after Jay Curry's customer marketing; sources disagree on the
revenue that each tier should bring, so it is measured in `summary` and never assumed.
"""

from __future__ import annotations

import math
from itertools import accumulate

import narwhals as nw
import numpy as np

from crmlib.classes import by_class, check_days, values, whole_customers, with_classes
from crmlib.errors import DataError
from crmlib.frames import table

__all__ = ["INACTIVE", "NON_POSITIVE", "TIERS", "summary", "tiers"]

TIERS = (("top", 0.01), ("large", 0.04), ("medium", 0.15), ("small", 0.80))
INACTIVE, NON_POSITIVE = "inactive", "non_positive"


def tiers(customers, *, shares=TIERS, by="revenue", active_within=365, ties="up"):
    """The customer table with the column ``tier``: a name from ``shares``, "inactive" or "non_positive".

    *Active* is a last purchase less than ``active_within`` days before ``as_of``: with 365 a purchase 364 days ago
    counts, one 365 days ago does not (a year, our convention; None: all who ever bought). "inactive" bought earlier.
    "non_positive" is active with a value of zero or less, or has refunds only.

    The tiers share out the n customers who are active with a positive value. Ranked by ``by``, a tier ends at customer
    number ceil(cumulative share * n), so the first is never empty. ``ties="up"`` moves everybody who equals that
    customer up with them; ``ties="id"`` keeps the exact numbers and takes equal customers in the order of their ids.

    ``by`` is the value in the table: for the pyramid of one year, make the table from that year's transactions.
    Raises `DataError` if the shares do not sum to 1 or a name is taken.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"customer": list("abcde"), "orders": 1, "days_since_last": [9, 9, 9, 9, 400],
    ...                           "revenue": [50.0, 90.0, 20.0, -5.0, 70.0]})
    >>> tiers(customers, shares=[("best", 0.30), ("rest", 0.70)])["tier"].tolist()
    ['rest', 'best', 'rest', 'non_positive', 'inactive']
    """
    shares = _check_shares(shares)
    if ties not in ("up", "id"):
        raise DataError(f"ties {ties!r} is not known; choose 'up' (equal customers move up) or 'id' (by customer).")
    frame = table(customers, ["customer", "orders", "days_since_last", by])
    values(frame, by)  # a gap in the value would silently become "small"
    check_days(frame)
    bought, active = nw.col("orders") > 0, _active(active_within)
    ranked = frame.filter(bought & active & (nw.col(by) > 0)).select("customer", by)
    rules = [(~bought, NON_POSITIVE), (~active, INACTIVE), (nw.col(by) <= 0, NON_POSITIVE)]
    rules += [(condition, name) for name, condition in _ends(ranked, shares, by, ties)]
    return with_classes(frame, "tier", rules, shares[-1][0]).to_native()


def summary(tiered, *, shares=TIERS):
    """What each tier holds, in the order of the tiers: tier, customers, share_of_customers, revenue, share_of_revenue,
    mean_revenue.

    Both shares are of the customers in the tiers, that is active with a positive value, and null for "inactive" and
    "non_positive", whose row is there only if they exist. ``customers`` and ``revenue`` sum to the whole table.

    >>> import pandas as pd
    >>> tiered = pd.DataFrame({"tier": ["best", "rest", "rest", "inactive"], "revenue": [60.0, 30.0, 10.0, 44.0]})
    >>> found = summary(tiered, shares=[("best", 0.30), ("rest", 0.70)])
    >>> found[["tier", "customers", "revenue", "share_of_revenue"]]
           tier  customers  revenue  share_of_revenue
    0      best          1     60.0               0.6
    1      rest          2     40.0               0.4
    2  inactive          1     44.0               NaN
    """
    names = [name for name, _ in _check_shares(shares)]
    frame = table(tiered, ["tier", "revenue"], what="table of tiers")
    outside = (INACTIVE, NON_POSITIVE)
    found = by_class(frame, "tier", order=(*names, *outside), whole=names, optional=outside)
    somebody = nw.col("customers") > 0
    return found.with_columns(mean_revenue=nw.when(somebody).then(nw.col("revenue") / nw.col("customers"))).to_native()


def _ends(ranked, shares, by, ties):
    """For each tier but the last the condition to be in it or in a better one."""
    n = len(ranked)
    if not n:
        return
    value = values(ranked, by)
    sizes = [whole_customers(total, n) for total in accumulate(share for _, share in shares)][:-1]
    last_places = n - np.array(sizes)  # from the poorest, 0 first
    lasts = np.partition(value, np.unique(last_places))[last_places]
    for (name, _), size, last in zip(shares, sizes, lasts, strict=False):
        if ties == "up":
            yield name, nw.col(by) >= last
        else:
            equal = ranked.filter(nw.col(by) == last)["customer"].sort()
            better = int(np.count_nonzero(value > last))
            last_id = equal[size - better - 1]
            yield name, (nw.col(by) > last) | ((nw.col(by) == last) & (nw.col("customer") <= last_id))


def _active(within):
    if within is None:
        return nw.col("orders") > 0
    if not within > 0:
        raise DataError(f"active_within is {within}; give a number of days above 0, e.g. 365, or None for no limit.")
    return nw.col("days_since_last") < within


def _check_shares(shares):
    try:
        shares = tuple((str(name), float(share)) for name, share in shares)
    except (TypeError, ValueError):
        raise DataError(f"shares must be pairs of a name and a share, best first, e.g. {TIERS}.") from None
    total = math.fsum(share for _, share in shares)
    if not all(share > 0 for _, share in shares) or not math.isclose(total, 1, abs_tol=1e-9):
        raise DataError(f"The shares of the tiers must be above 0 and sum to 1; these sum to {total:g}: {shares}.")
    names = [name for name, _ in shares]
    if len({*names, INACTIVE, NON_POSITIVE}) < len(names) + 2:
        raise DataError(f"The tiers {names} need names that differ, none of them {INACTIVE!r} or {NON_POSITIVE!r}.")
    return shares
