"""Charts of concentration: the Lorenz curve, ABC classes, shares by group, the pyramid, the share of the top."""

from __future__ import annotations

import math

import numpy as np

from crmlib import wording
from crmlib.frames import table
from crmlib.pareto import NONE
from crmlib.plots.look import MUTED, PALETTE, SIZE, axes, dress, legend, named_ticks, note, percent_ticks

__all__ = ["abc_curve", "lorenz_curve", "pyramid_bars", "share_bars", "share_by_window"]


def lorenz_curve(points, *, top=None, title=None, value="revenue", ax=None):
    """Cumulative share of ``value`` over the share of customers, from the poorest on, with the line of equality.

    ``points``: ``share_of_customers, share_of_value``, from `pareto.lorenz`. ``top``: what to mark, as (share of
    customers, share of value that they bring), e.g. (0.20, 0.678).
    """
    points = table(points, ["share_of_customers", "share_of_value"], what="table of Lorenz points")
    ax = axes(ax, (5.6, 4.6))
    x, y = points["share_of_customers"].to_numpy(), points["share_of_value"].to_numpy()
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="everyone the same")
    ax.fill_between(x, y, x, color=PALETTE["light"], linewidth=0)
    ax.plot(x, y, color=PALETTE["dark"], linewidth=2.2, label="these customers")
    if top is not None:
        customers, share = top
        ax.plot([1 - customers] * 2, [1 - share, 1], color=PALETTE["accent"], linewidth=2, label="_top")
        ax.plot([1 - customers], [1 - share], marker="o", markersize=5, color=PALETTE["accent"], label="_top")
        note(ax, f"top {wording.percent(customers, 0)} of customers\nbring {wording.percent(share)}",
              (1 - customers - 0.03, 1 - share / 2), ha="right", color=PALETTE["accent"], weight="bold",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.5})  # fmt: skip
    dress(ax, title, "share of customers, smallest first", f"cumulative share of {value}", grid="both")
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, float(y.min(initial=0))), 1)
    percent_ticks(ax.xaxis)
    percent_ticks(ax.yaxis)
    legend(ax, loc="upper left")
    return ax


def abc_curve(classes, *, by="revenue", cuts=(), title=None, ax=None):
    """Cumulative share of ``by`` over the share of customers, best first, with a band for each ABC class.

    ``classes``: from `pareto.abc_classes`, best first: ``cumulative_share, class``. ``cuts``: where to draw a thin
    line, e.g. the cuts that the classes were made with.
    """
    classes = table(classes, ["cumulative_share", "class"], what="table of ABC classes")
    ax = axes(ax)
    names, shares = classes["class"].to_list(), classes["cumulative_share"].to_numpy()
    n = len(names)
    rank = np.arange(n + 1) / n
    found = list(dict.fromkeys(names))
    paid = [name for name in found if name != NONE]
    shades = dict(zip(paid, (PALETTE["light"], "#e2ecf3", "#f2f5f8"), strict=False))
    for name in found:
        start, end = names.index(name), n - names[::-1].index(name)
        ax.axvspan(start / n, end / n, color=shades.get(name, "#ffffff"), linewidth=0)
        if (end - start) / n > 0.01 + 0.02 * len(name):
            note(ax, name, ((start + end) / 2 / n, 0.04), ha="center", weight="bold", size=12)
        elif end == n:  # a sliver at the end has room for its name only beside it
            note(ax, f"{name} →", (start / n, 0.04), right=-4, ha="right", weight="bold", size=9)
    for cut in cuts:
        ax.axhline(cut, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        note(ax, wording.percent(cut, 0), (0.01, cut), above=2, size=8, color=MUTED)
    ax.plot(rank, np.concatenate([[0.0], shares]), color=PALETTE["dark"], linewidth=2.2)
    dress(ax, title, "share of customers, largest first", f"cumulative share of {by}")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, max(1.02, float(np.nanmax(shares))))
    percent_ticks(ax.xaxis)
    percent_ticks(ax.yaxis)
    return ax


def share_bars(summary, *, label, title=None, value="revenue", ax=None):
    """Two bars a group: its share of customers and its share of ``value``, side by side.

    ``summary``: one row a group, first at the top: the column named by ``label``, ``share_of_customers`` and
    ``share_of_<value>``.
    """
    summary = table(summary, [label, "share_of_customers", f"share_of_{value}"], what="table of groups")
    names = [str(name) for name in summary[label].to_list()]
    ax = axes(ax, (SIZE[0], 1.3 + 0.46 * len(names)))
    rows = np.arange(len(names))
    pairs = (("customers", -0.2, PALETTE["mid"]), (value, 0.2, PALETTE["dark"]))
    for what, shift, colour in pairs:
        shares = summary[f"share_of_{what}"].to_numpy().astype(float)
        ax.barh(rows + shift, np.nan_to_num(shares), height=0.36, color=colour, label=f"share of {what}".replace("_", " "))
        for row, share in zip(rows, shares, strict=True):
            if not math.isnan(share):
                note(ax, wording.percent(share), (max(share, 0), row + shift), right=4, va="center", size=8.5)
    dress(ax, title, f"share of customers and of {value}".replace("_", " "), None, grid="x", legend=True, names=names)
    named_ticks(ax.yaxis, rows, names)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    percent_ticks(ax.xaxis)
    legend(ax, outside=True)
    return ax


def pyramid_bars(summary, *, title=None, ax=None):
    """The customer pyramid: a centred bar a tier, as wide as its share of revenue, with its count of customers.

    ``summary``: from `pyramid.summary`, top first: ``tier, customers, share_of_revenue``.
    """
    summary = table(summary, ["tier", "customers", "share_of_revenue"], what="table of tiers")
    names, customers = summary["tier"].to_list(), summary["customers"].to_list()
    shares = summary["share_of_revenue"].to_numpy().astype(float)  # null for those outside the tiers
    ax = axes(ax, (SIZE[0], 0.9 + 0.5 * len(names)))
    rows = np.arange(len(names))
    colours = [PALETTE["dark"], PALETTE["mid"]] * len(names)
    widths = np.maximum(np.nan_to_num(shares), 0)
    ax.barh(rows, widths, left=-widths / 2, height=0.78, color=colours[: len(names)])
    for row, width, share, n in zip(rows, widths, shares, customers, strict=True):
        text = wording.count(n, "customer")
        text = text if math.isnan(share) else f"{wording.percent(share)} of revenue, {text}"
        note(ax, text, (width / 2, row), right=6, va="center")
    dress(ax, title, None, None, grid=None, names=names)
    named_ticks(ax.yaxis, rows, [name.replace("_", " ") for name in names])
    ax.invert_yaxis()
    half = max(float(widths.max(initial=0)) / 2, 0.05)
    ax.set_xlim(-half * 1.05, half * 1.05 + half * 1.1)  # room for the words on the right
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    return ax


def share_by_window(windows, *, claim=0.80, q=0.20, title=None, ax=None):
    """The share of the top ``q`` over the length of the window, and a dashed line where the claim has it.

    ``windows``: from `concentration.shares_by_window`: ``months, top_share``; without a row only the claim is drawn.
    """
    windows = table(windows, ["months", "top_share"], what="table of windows")
    ax = axes(ax)
    months, shares = windows["months"].to_numpy(), windows["top_share"].to_numpy()
    ax.axhline(claim, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label=f"claimed: {wording.percent(claim, 0)}")
    ax.plot(months, shares, color=PALETTE["dark"], marker="o", linewidth=2.2, label="measured")
    for length, share in zip(months, shares, strict=True):
        note(ax, wording.percent(share), (length, share), above=7, ha="center")
    dress(ax, title, "length of the window, months", f"share of the top {wording.percent(q, 0)}")
    named_ticks(ax.xaxis, months, [str(length) for length in months])
    ax.margins(x=0.1)
    ax.set_ylim(0, 1)
    percent_ticks(ax.yaxis)
    legend(ax, loc="lower right")
    return ax
