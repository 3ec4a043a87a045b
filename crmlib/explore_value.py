"""The value of a customer turned and tested: what the lesson and the workbook on paper compute and say.

Retention needs a contract, so the explorer and the claim on five points stand on numbers that are given. What a log
carries is the last part: what customers have brought and what they may bring, less what it costs to serve them.

Tables of a log are pandas, because lessons read them with pandas.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from crmlib import retention_value
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.explorers import View
from crmlib.frames import as_day, table
from crmlib.wording import count, money, number, percent

__all__ = ["Worth", "claim_says", "medians_say", "naive_worth", "order_value", "worth_by_model", "worth_by_retention"]

CLAIM = (0.25, 0.85)  # Reichheld & Sasser (1990), for five points, by industry
_HAIR = 1e-9


def worth_by_retention(*, retention, margin, discount, timing, currency="") -> View:
    """The explorer's callback: the value by the rate of retention, a curve a timing convention, and where the knobs stand.

    ``retention``, ``margin`` and ``discount`` are for one period, without end; ``timing`` is one of
    `retention_value.TIMINGS`. The figure is outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots

    value = retention_value.retention_value(margin, retention=retention, discount=discount, timing=timing)
    rates = np.unique(np.r_[np.linspace(0, max(0.95, retention), 96), retention])
    curves = retention_value.conventions(margin, retention=rates.tolist(), discount=discount)
    ax = plots.canvas(6.6, 4.0)
    title = f"{timing}, retention {percent(retention, 0)}: {money(value, currency)}"
    plots.timing_curves(curves, currency=currency, title=title, ax=ax)
    ax.plot([retention], [value], marker="o", markersize=8, color=plots.INK, label="_here")
    first, formula = retention_value.TIMINGS[timing]
    sentence = (
        f"A margin of {money(margin, currency)} a period, retention {percent(retention)}, discount {percent(discount)}: "
        f"{money(value, currency)} by {formula}, if the first margin comes {first}. "
        f"On average a customer stays for {number(1 / (1 - retention), 1)} periods. "
    )
    raised = retention + 0.05
    if value == 0 or raised >= 1:
        return View(ax.figure, f"{sentence}Five points more would {'keep everybody' if value else 'make a value of none'}.")
    lift = retention_value.lift(retention, discount=discount, timing=timing)
    return View(ax.figure, f"{sentence}Five points more of retention would raise it by {percent(lift)}.")


def claim_says(lifts, *, claim=CLAIM) -> str:
    """Whether five points raise the value by 25 % to 85 %: one sentence on a table of `retention_value.lifts`.

    "Held" asks it of every row that has a lift.
    """
    lift = table(lifts, ["lift"], what="table of lifts")["lift"].to_numpy().astype(float)
    lift = lift[np.isfinite(lift)]
    if not len(lift):
        return "No row of this table has a lift, so there is nothing to hold the claim against."
    low, high = claim
    below, above = int((lift < low - _HAIR).sum()), int((lift > high + _HAIR).sum())
    verdict = "did not hold" if below or above else "held"
    return (
        f"'Five points more retention raise the value of a customer by {percent(low, 0)} to {percent(high, 0)}' {verdict} "
        f"for {count(len(lift), 'combination')}: {number(len(lift) - below - above)} lie in that band, {number(below)} "
        f"below it and {number(above)} above; from {percent(lift.min())} to {percent(lift.max())}."
    )


class Worth(NamedTuple):
    """customer, past_value, clv in a pandas table, and the margin of a mean order; or no table, and why in ``said``."""

    said: str
    order_margin: float = 0.0
    table: Any = None


def order_value(tx) -> float:
    """The mean value of an order, refunds left out, to the cent; a customer's day is one order where there are no ids.

    Raises `DataError` where it is less than half a cent.

    >>> import pandas as pd
    >>> order_value(pd.DataFrame({"customer": ["a", "a", "b"], "date": pd.to_datetime(["2024-01-01"] * 3), "amount": [5.0, 1, 2]}))
    4.0
    """
    bought = tx[tx["amount"] >= 0]
    orders = len(bought.drop_duplicates(["customer", "order" if "order" in tx else "date"]))
    value = round(float(bought["amount"].sum()) / orders, 2) if orders else 0.0
    if value <= 0:
        raise DataError("Nobody in this log paid for anything, so an order has no value.")
    return value


def worth_by_model(tx, *, as_of, margin, serve) -> Worth:
    """What each customer has brought up to ``as_of`` and is expected to bring in the 365 days after it, cost taken off.

    ``margin`` turns revenue into profit; ``serve`` is what it costs to serve a customer for a year, in margins of a mean
    order. past_value = margin * revenue, with interest (`retention_value.past_values`), less serve for the years since
    the first purchase; clv = margin * `clv.clv` with BG/NBD and Gamma-Gamma, less serve for one year. Customers with
    refunds only are left out.

    Where the log cannot carry it (the models need some who came back and some who did not), there is no table and
    ``said`` is why; so also where all customers would be below zero, as there are no quarters then.
    """
    from crmlib.bgnbd import fit_bgnbd
    from crmlib.clv import clv
    from crmlib.customers import customer_table
    from crmlib.gamma_gamma import fit_gamma_gamma

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataNotice)  # which customers a fit leaves out: the next lesson's matter
            order_margin = margin * order_value(tx)
            customers = customer_table(tx, as_of=as_of)
            customers = customers[customers["T"].notna()].reset_index(drop=True)
            future = margin * clv(customers, fit_bgnbd(customers), fit_gamma_gamma(customers))
            past = retention_value.past_values(tx, as_of=as_of, margin=margin).set_index("customer")["past_value"]
    except (DataError, FitError) as error:
        return Worth(f"This log cannot carry a forecast of each customer. {error}")
    years = customers["T"].astype(float) / 365
    worth = customers[["customer"]].assign(
        past_value=past.reindex(customers["customer"]).to_numpy() - serve * order_margin * years,
        clv=future - serve * order_margin,
    )
    if (worth["past_value"] + worth["clv"] < 0).all():
        return Worth("With these costs every customer of this log is below zero, so there are no quarters to fill.")
    return Worth("", order_margin, worth)


def medians_say(typed) -> str:
    """Whether the MVC of a table cut at the medians pay for what they cost: one sentence on ``value_type`` and ``clv``."""
    frame = table(typed, ["value_type", "clv"], what="table of value types")
    best = frame.filter(frame["value_type"] == "MVC")["clv"].to_numpy().astype(float)
    if not len(best):
        return "The medians call nobody MVC in this log."
    losing = int((best < 0).sum())
    return (
        f"The medians call {count(len(best), 'customer')} MVC; {number(losing)} of them ({percent(losing / len(best))}) are "
        f"expected to bring less in the next year than they cost. 'Who is MVC by the medians pays' "
        f"{'did not hold' if losing else 'held'} here."
    )


def naive_worth(tx, *, as_of, margin, serve):
    """What customers have brought, and will if the next 365 days are like the last: customer, current, future; pandas.

    current = margin * revenue, refunds taken off, less ``serve`` (money a year) for the years since the first purchase;
    future = margin * revenue of the 365 days up to ``as_of``, less serve for a year. To the cent, without interest.
    Customers with refunds only are left out.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": pd.to_datetime(["2023-01-01", "2024-12-31"]), "amount": 100.0})
    >>> naive_worth(log, as_of="2024-12-31", margin=0.3, serve=5)     # known for two years
      customer  current  future
    0        a     50.0    25.0
    """
    import pandas as pd

    end = pd.Timestamp(as_day(as_of))
    tx = tx[tx["date"] <= end]
    first = tx[tx["amount"] >= 0].groupby("customer")["date"].min()
    last_year = tx[tx["date"] > end - pd.Timedelta(days=365)]
    whole, recent = (lines.groupby("customer")["amount"].sum().reindex(first.index).fillna(0.0) for lines in (tx, last_year))
    current = margin * whole - serve * (end - first).dt.days / 365
    found = pd.DataFrame({"current": current, "future": margin * recent - serve}).round(2)
    return found.sort_index().reset_index()
