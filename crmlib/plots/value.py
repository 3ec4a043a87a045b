"""Charts of what customers will be worth: money by group, purchases expected and made."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.frames import table
from crmlib.plots.look import PALETTE, axes, drawable, dress, legend, money_ticks, named_ticks, note, whole

__all__ = ["holdout_by_x", "value_bars"]


def value_bars(groups, *, label, value, what=None, currency="", x=None, line=None, title=None, ax=None):
    """One bar of money a group.

    ``groups``: the columns named by ``label`` and ``value``; ``x`` and ``what`` say what these are. ``line``: (height, words) of a
    dashed line to hold the bars against.
    """
    groups = table(groups, [label, value], what="table of groups")
    ax = axes(ax)
    names, amounts = [whole(name) for name in groups[label].to_list()], groups[value].to_numpy()
    sign = drawable(currency)
    bars = ax.bar(range(len(names)), amounts, width=0.72, color=PALETTE["dark"])
    write = wording.short_money if np.abs(amounts).max(initial=0) >= 1e4 else wording.money
    decimals = () if write is wording.short_money else (0,) if np.abs(amounts).max(initial=0) >= 100 else (2,)
    near = 0.15 * np.abs(amounts).max(initial=0)  # where a number would stand on the line
    for bar, amount in zip(bars, amounts, strict=True):
        top = line[0] if line and line[0] - near < amount < line[0] else amount
        note(ax, write(amount, sign, *decimals), (bar.get_x() + bar.get_width() / 2, top), above=3, ha="center")
    what = what or value.replace("_", " ")
    dress(ax, title, x or label, f"{what} ({sign})" if sign else what)
    named_ticks(ax.xaxis, range(len(names)), names)
    money_ticks(ax.yaxis, sign)
    ax.margins(y=0.12)
    if line:
        ax.axhline(line[0], color=PALETTE["accent"], linewidth=1.6, linestyle="--", label=line[1])
        legend(ax, outside=True)
    return ax


def holdout_by_x(by_x, *, title=None, ax=None):
    """Purchase days after the split, expected and actual, for customers with 0, 1, 2 ... repeat purchase days before it.

    ``by_x``: from `crmlib.holdout`: ``x, customers, actual, expected`` (means a customer).
    """
    by_x = table(by_x, ["x", "customers", "actual", "expected"], what="table by x")
    ax = axes(ax)
    counts = zip(by_x["x"].to_list(), by_x["customers"].to_list(), strict=True)
    labels = [f"{whole(x)}\n({wording.number(n)})" for x, n in counts]
    place = np.arange(len(labels))
    look = {"width": 0.66, "color": PALETTE["light"], "edgecolor": PALETTE["mid"]}
    ax.bar(place, by_x["actual"].to_numpy(), label="actual", **look)
    ax.plot(place, by_x["expected"].to_numpy(), color=PALETTE["accent"], marker="o", linewidth=2, label="expected")
    dress(ax, title, "repeat purchase days before the split (customers below)", "purchase days a customer after it")
    named_ticks(ax.xaxis, place, labels)
    legend(ax, loc="upper left")
    return ax
