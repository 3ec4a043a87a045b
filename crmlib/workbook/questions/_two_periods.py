"""The two periods that the questions of the audit are about, counted plainly from the lines of a log."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmlib.carries import carries
from crmlib.errors import DataError
from crmlib.workbook.questions._counting import net_revenue, order_column, purchases

__all__ = ["Period", "two_periods"]

PERIODS = (12, 6, 3, 1)  # months of a period, for a log of too few customers for crmlib.carries to say


class Period(NamedTuple):
    """One of the two periods: its lines, who bought in it, and by customer the orders that began in it."""

    lines: Any
    customers: Any
    orders: Any

    @property
    def revenue(self):
        """Of who bought in it, refunds taken off; by customer."""
        return net_revenue(self.lines).reindex(self.customers)

    @property
    def profit(self):
        """The same of amounts less costs; a mistake where revenue is asked for. Raises `DataError` without costs."""
        if "cost" not in self.lines or self.lines["cost"].isna().any():
            raise DataError("It has no cost of every line.")
        return net_revenue(self.lines.assign(amount=self.lines["amount"] - self.lines["cost"])).reindex(self.customers)

    def factors(self):
        """customers, orders each, order value; ratios of totals, with all money of the period."""
        orders = self.orders.sum()
        return len(self.customers), orders / len(self.customers), self.lines["amount"].sum() / orders


def _back(material, months):
    return pd.Timestamp(material.as_of) + pd.Timedelta(days=1) - pd.DateOffset(months=months)


_known: list = []  # the last log's periods: a check asks for them once a mistake


def two_periods(material):
    """The period before and the last one, counted once."""
    if not (_known and _known[0] is material.tx and _known[1] == material.as_of):
        _known[:] = [material.tx, material.as_of, _two_periods(material)]
    return _known[2]


def _two_periods(material):
    if not len(purchases(material)):
        raise DataError("Nobody in it bought anything.")
    months = _months(material)
    edges = [_back(material, 2 * months), _back(material, months), _back(material, 0)]
    found = [_period(material, start, end) for start, end in zip(edges, edges[1:])]
    if not all(len(one.customers) and one.orders.sum() and one.lines["amount"].sum() > 0 for one in found):
        raise DataError("One of its last two periods has no orders or no revenue.")
    return found


def _months(material):
    """How long a period is: what crmlib.carries says, which the workbook prints; it is asked for and not an answer."""
    months = carries(material.tx, as_of=material.as_of).set_index("lens").loc["two periods", "months"]
    if pd.notna(months):
        return int(months)
    first = material.tx["date"].min()
    found = next((one for one in PERIODS if _back(material, 2 * one) >= first), None)
    if found is None:
        raise DataError("It does not cover two months.")
    return found


def _period(material, start, end):
    tx, bought = material.tx, purchases(material)
    lines = tx[(tx["date"] >= start) & (tx["date"] < end)]
    customers = np.sort(lines.loc[lines["amount"] >= 0, "customer"].unique())
    column = order_column(material)
    begun = bought.groupby(["customer", column])["date"].min().rename("begun").reset_index()
    begun = begun[(begun["begun"] >= start) & (begun["begun"] < end)]
    return Period(lines, customers, begun.groupby("customer").size().reindex(customers, fill_value=0))
