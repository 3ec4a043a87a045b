"""Plain pandas counts on the log alone, from which the right answers of more than one question are made."""

from __future__ import annotations

import pandas as pd

__all__ = [
    "HAIR", "days_since", "days_since_first", "days_since_last", "half_way", "net_revenue", "order_column",
    "orders", "purchases",
]  # fmt: skip

HAIR = 1e-9  # sums of floats differ in their last digits


def purchases(material):
    """The lines with an amount of zero or more."""
    return material.tx[material.tx["amount"] >= 0]


def net_revenue(tx, decimals=6):
    """What everybody paid, refunds taken off, by customer."""
    # rounded, because sums of floats differ in their last digits with the order of the lines, and equal customers tie
    return tx.groupby("customer")["amount"].sum().round(decimals)


def half_way(material, first):
    """The first day of the second half of the days from ``first``, as crmlib.concentration.halfway has it."""
    return first + pd.Timedelta(days=((pd.Timestamp(material.as_of) - first).days + 1) // 2)


def order_column(material):
    """What makes an order: its id, or else the customer's day."""
    return "order" if "order" in material.tx else "date"


def orders(material):
    """How many orders each customer placed."""
    return purchases(material).groupby("customer")[order_column(material)].nunique()


def days_since(material, dates):
    """From each of these dates to as_of."""
    return (pd.Timestamp(material.as_of) - dates).dt.days


def days_since_last(material):
    """How long each customer has been silent."""
    return days_since(material, purchases(material).groupby("customer")["date"].max())


def days_since_first(material):
    """How long each customer has been known."""
    return days_since(material, purchases(material).groupby("customer")["date"].min())
