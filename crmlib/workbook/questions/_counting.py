"""Plain pandas counts on the log alone, from which the right answers of more than one question are made."""

from __future__ import annotations

import pandas as pd

__all__ = ["days_since", "days_since_first", "days_since_last", "order_column", "orders", "purchases"]


def purchases(material):
    """The lines with an amount of zero or more."""
    return material.tx[material.tx["amount"] >= 0]


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
