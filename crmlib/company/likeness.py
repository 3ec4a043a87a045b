"""How a log looks: three distributions in which made-up logs give themselves away, for a figure beside a real log."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["likeness"]

_GRID = np.arange(1, 101)  # percentiles


def likeness(transactions: pd.DataFrame) -> pd.DataFrame:
    """Percentiles 1 to 100 of three distributions of a log that has passed the door.

    Columns: ``percentile``; ``gap``, days between a customer's purchase days; ``basket``, amount of an order (or of a
    customer's day, where the log has no orders) as a multiple of the mean; ``share``, the part of the revenue that this
    percentage of customers brings, greatest first. Refunds count in ``share`` alone.

    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-02-01"]),
    ...                     "amount": [10.0, 30.0, 20.0]})
    >>> likeness(log).iloc[[49, 99]].round(2).to_dict("list")
    {'percentile': [50, 100], 'gap': [10.0, 10.0], 'basket': [1.0, 1.5], 'share': [0.67, 1.0]}
    """
    bought = transactions[transactions["amount"] >= 0]
    days = bought[["customer", "date"]].drop_duplicates().sort_values(["customer", "date"])
    gaps = days.groupby("customer")["date"].diff().dt.days.dropna().to_numpy()
    key = ["order"] if "order" in bought else ["customer", "date"]
    baskets = bought.groupby(key)["amount"].sum().to_numpy()
    revenue = np.sort(transactions.groupby("customer")["amount"].sum().to_numpy())[::-1]
    reach = np.concatenate([[0.0], np.cumsum(revenue) / revenue.sum()])
    return pd.DataFrame(
        {
            "percentile": _GRID,
            "gap": np.percentile(gaps, _GRID),
            "basket": np.percentile(baskets, _GRID) / baskets.mean(),
            "share": np.interp(_GRID / 100 * len(revenue), np.arange(len(reach)), reach),
        }
    )
