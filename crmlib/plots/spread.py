"""Charts of the first two lenses of the audit: how customers spread over a measure, and a change of money in steps."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    INK, MUTED, PALETTE, SIZE, axes, dress, finished, money_ticks, named_ticks, note, percent_ticks,
)  # fmt: skip

__all__ = ["distribution_bars", "money_bridge"]


def distribution_bars(bins, *, measure="", mean=None, title=None, ax=None):
    """A bar a bin, as high as its share of the customers; bins without an end on one side or wider than others are hatched.

    ``bins``: from `one_period.distribution`: ``bin, low, high, share_of_customers``. ``mean``: where to draw the mean
    that most customers are below.
    """
    bins = finished(bins, ["bin", "low", "high", "share_of_customers"], what="table of bins")
    names, shares = bins["bin"].to_list(), bins["share_of_customers"].to_numpy()
    low, high = (bins[name].to_numpy().astype(float) for name in ("low", "high"))
    ax = axes(ax)
    place = np.arange(len(names))
    bars = ax.bar(place, shares, width=0.92, color=PALETTE["dark"], linewidth=0)
    wide = high - low
    least = np.nanmin(wide, initial=np.inf) * (1 + 1e-9)
    for bar, uneven in zip(bars, ~(wide <= least), strict=True):
        if uneven:
            bar.set(facecolor=PALETTE["light"], edgecolor=PALETTE["dark"], hatch="///")
    if mean is not None:
        inside = np.flatnonzero((np.nan_to_num(low, nan=-np.inf) <= mean) & (mean < np.nan_to_num(high, nan=np.inf)))
        for number in inside[:1]:
            x = number - 0.5 + ((mean - low[number]) / wide[number] if wide[number] == wide[number] else 0.5)
            ax.axvline(x, color=PALETTE["accent"], linewidth=1.6)
            note(ax, f"mean {mean:,.4g}", (x, shares.max()), right=5, color=PALETTE["accent"], weight="bold")
    dress(ax, title, measure or "each customer's own", "share of customers")
    step = max(1, -(-len(names) // 8))
    shown = sorted({*place[::step], *place[-1:]} - ({place[::step][-1]} if (len(names) - 1) % step else set()))
    named_ticks(ax.xaxis, shown, [names[number] for number in shown])
    ax.tick_params(axis="x", labelsize=8)
    percent_ticks(ax.yaxis)
    return ax


def money_bridge(
    steps, *, label, change, start, names=("before", "after"), value="money", title=None, currency="", ax=None
):
    """From the money before to the money after, a bar a step: up is dark, down is hatched, and all begin where the one
    before ends.

    ``steps``: the columns named by ``label`` and ``change``, e.g. from `two_periods.bridge` (group, revenue_change) or
    `two_periods.drivers` without its last row. ``start``: the money before, of which ``value`` says what it is. A step
    of nothing is left out.
    """
    steps = finished(steps, [label, change], what="table of steps")
    rows = [(str(name), float(step)) for name, step in zip(steps[label].to_list(), steps[change].to_list(), strict=True)
            if step]  # fmt: skip
    ends = start + np.cumsum([0.0, *(step for _, step in rows)])
    ax = axes(ax, (SIZE[0], 1.2 + 0.44 * (len(rows) + 2)))
    labels = [names[0], *(name.replace("_", " ") for name, _ in rows), names[1]]
    place = np.arange(len(labels))
    ax.barh(place[[0, -1]], [start, ends[-1]], height=0.66, color=PALETTE["mid"])
    for number, ((_, step), begin) in enumerate(zip(rows, ends[:-1], strict=True), 1):
        look = {"color": PALETTE["dark"]} if step > 0 else {
            "facecolor": "white", "edgecolor": PALETTE["accent"], "hatch": "////"}  # fmt: skip
        ax.barh(number, step, left=begin, height=0.66, **look)
        ax.plot([begin, begin], [number - 1 + 0.33, number - 0.33], color=MUTED, linewidth=0.8)
        text = ("+" if step > 0 else "") + wording.money(step, currency, 0)
        note(ax, text, (max(begin, begin + step), number), right=5, color=INK)
    for number, total in ((0, start), (place[-1], ends[-1])):
        note(ax, wording.money(total, currency, 0), (max(total, 0), number), right=5, weight="bold")
    ax.plot([ends[-1]] * 2, [place[-1] - 1 + 0.33, place[-1] - 0.33], color=MUTED, linewidth=0.8)
    dress(ax, title, value, None, grid="x", names=labels)
    named_ticks(ax.yaxis, place, labels)
    ax.invert_yaxis()
    left, right = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    ax.set_xlim(left, right + 0.16 * (right - left or 1.0))  # room for the numbers
    money_ticks(ax.xaxis, currency)
    return ax
