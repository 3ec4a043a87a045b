"""Charts of the log itself: customers by number of orders, revenue and buyers by period."""

from __future__ import annotations

import math

import numpy as np

from crmlib import wording
from crmlib.frames import table
from crmlib.plots.look import (
    MUTED, PALETTE, axes, drawable, dress, legend, money_ticks, named_ticks, note, number_ticks,
)  # fmt: skip

__all__ = ["customers_by_period", "order_histogram", "revenue_by_period"]


def order_histogram(counts, *, title=None, ax=None):
    """Customers by number of orders. ``counts``: ``orders`` (numbers or text such as "10+") and ``customers``."""
    counts = table(counts, ["orders", "customers"], what="table of order counts")
    ax = axes(ax)
    labels, customers = [str(label) for label in counts["orders"].to_list()], counts["customers"].to_numpy()
    total = customers.sum()
    colours = [PALETTE["dark"], *[PALETTE["mid"]] * (len(labels) - 1)]
    bars = ax.bar(range(len(labels)), customers, width=0.72, color=colours)
    for bar, value in zip(bars, customers, strict=True):
        # bars stand close together
        share = wording.percent(value / total, 0).replace("under ", "<").replace("over ", ">")
        note(ax, share, (bar.get_x() + bar.get_width() / 2, value), above=3, ha="center")
    dress(ax, title, "orders", "customers")
    named_ticks(ax.xaxis, range(len(labels)), labels)
    number_ticks(ax.yaxis)
    ax.margins(y=0.12)
    return ax


def revenue_by_period(periods, *, currency="", title=None, ax=None):
    """Stacked bars: money of first purchase days and of later ones, refunds below zero; incomplete periods hatched.

    ``periods``: from `audit.by_period`: ``period, first_revenue, repeat_revenue, refunds, complete``.
    """
    needed = ["period", "first_revenue", "repeat_revenue", "refunds", "complete"]
    periods = table(periods, needed, what="table of periods")
    ax = axes(ax)
    first, repeat, refunds = (periods[name].to_numpy() for name in needed[1:4])
    parts = {"first purchase day": first, "later purchases": repeat}
    if (refunds < 0).any():
        ax.bar(range(len(refunds)), refunds, width=0.82, color=PALETTE["accent"])
    swatches = _stack(ax, periods, parts, below="refunds" if (refunds < 0).any() else None)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    sign = drawable(currency)
    dress(ax, title, None, f"revenue ({sign})" if sign else "revenue", legend=True)
    money_ticks(ax.yaxis, sign)
    legend(ax, outside=True, handles=swatches)
    return ax


def customers_by_period(periods, *, title=None, ax=None):
    """Stacked bars: customers who bought in a period, those who bought for the first time apart from the others.

    ``periods``: from `audit.by_period`: ``period, first_time, returning, complete``.
    """
    periods = table(periods, ["period", "first_time", "returning", "complete"], what="table of periods")
    ax = axes(ax)
    new, before = periods["first_time"].to_numpy(), periods["returning"].to_numpy()
    swatches = _stack(ax, periods, {"first purchase in this log": new, "bought before": before})
    dress(ax, title, None, "customers who bought", legend=True)
    number_ticks(ax.yaxis)
    legend(ax, outside=True, handles=swatches)
    return ax


def _stack(ax, periods, parts, *, below=None):
    """Bars on bars; gives plain swatches for the legend, which would show the hatching of the first bar otherwise."""
    from matplotlib.patches import Patch

    complete = np.asarray(periods["complete"].to_list(), dtype=bool)
    place, base = np.arange(len(complete)), np.zeros(len(complete))
    # the lower part is the darker one; periods that the log does not wholly cover are hatched
    for (name, values), colour in zip(parts.items(), (PALETTE["dark"], PALETTE["mid"]), strict=True):
        bars = ax.bar(place, values, bottom=base, width=0.82, color=colour)
        for bar in np.array(bars, dtype=object)[~complete]:
            bar.set(hatch="////", edgecolor="white", linewidth=0)
        base = base + values
    colours = {**dict(zip(parts, (PALETTE["dark"], PALETTE["mid"]), strict=True)), below: PALETTE["accent"]}
    swatches = [Patch(color=colour, label=name) for name, colour in colours.items() if name]
    if not complete.all():
        look = {"facecolor": "white", "hatch": "////", "edgecolor": MUTED, "linewidth": 0.5}
        swatches.append(Patch(**look, label="not wholly in the log"))
    labels = [str(label) for label in periods["period"].to_list()]
    step = math.ceil(len(labels) / 10)
    named_ticks(ax.xaxis, place[::step], labels[::step])
    return swatches
