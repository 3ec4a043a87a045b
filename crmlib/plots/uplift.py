"""Charts of what a contact changes: with its interval, by the share contacted, and as profit."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    INK, MUTED, PALETTE, SIZE, axes, drawable, dress, finished, legend, money_ticks, named_ticks, note, percent_ticks,
)  # fmt: skip

__all__ = ["profit_by_share", "profit_intervals", "uplift_by_share", "uplift_intervals"]


def uplift_intervals(groups, *, label, uplift="uplift", low="uplift_low", high="uplift_high", hollow=None, title=None, ax=None):
    """A point and its interval a row, against the line of no change.

    ``groups``: the columns named by ``label``, ``uplift``, ``low`` and ``high``, from `uplift.by_segment`,
    `uplift.effects` and the like; rows with gaps are left out. ``hollow`` names a column of True and False: these rows
    have hollow points, for what is no effect of the contact.
    """
    groups = finished(groups, [label, uplift, low, high, *([hollow] if hollow else [])], what="table of groups")
    ax = _intervals(groups, (label, uplift, low, high), hollow, lambda x: f"{100 * x:+.1f}", ax)
    names = [str(name) for name in groups[label].to_list()]
    dress(ax, title, "change of the share who respond, points of a hundred", None, grid="x", names=names)
    ax.xaxis.set_major_formatter(lambda x, _: f"{100 * x:+.3g}" if abs(x) > 1e-9 else "0")
    return ax


def profit_intervals(policies, *, currency="", title=None, ax=None):
    """The profit of each rule for a customer on the list, and its interval, against the line of no profit.

    ``policies``: from `uplift_scores.policies`: ``rule, profit, profit_low, profit_high``.
    """
    columns = ("rule", "profit", "profit_low", "profit_high")
    policies = finished(policies, columns, what="table of policies")
    sign = drawable(currency)
    ax = _intervals(policies, columns, None, lambda amount: wording.money(amount, sign), ax)
    unit = f"profit for a customer on the list ({sign})" if sign else "profit for a customer on the list"
    dress(ax, title, unit, None, grid="x", names=[str(rule) for rule in policies["rule"].to_list()])
    money_ticks(ax.xaxis, sign)
    return ax


def _intervals(groups, columns, hollow, write, ax):
    """A point and its interval for each row without gaps."""
    label, *numbers = columns
    value, lower, upper = (groups[name].to_numpy().astype(float) for name in numbers)
    empty = groups[hollow].to_numpy().astype(bool) if hollow else np.zeros(len(value), dtype=bool)
    keep = np.isfinite(value) & np.isfinite(lower) & np.isfinite(upper)
    names = [str(name) for name, here in zip(groups[label].to_list(), keep, strict=True) if here]
    ax = axes(ax, (SIZE[0], 1.3 + 0.42 * len(names)))
    rows = np.arange(len(names))
    ax.axvline(0, color=INK, linewidth=1)
    for row, middle, left, right, open_ in zip(rows, value[keep], lower[keep], upper[keep], empty[keep], strict=True):
        colour = MUTED if open_ else PALETTE["accent"] if right < 0 else PALETTE["dark"]
        ax.plot([left, right], [row, row], color=colour, linewidth=2, linestyle=(0, (3, 2)) if open_ else "-")
        face = "white" if open_ else colour
        ax.plot([middle], [row], marker="o", markersize=8, color=colour, markerfacecolor=face, markeredgewidth=1.8)
        note(ax, write(middle), (right, row), right=6, size=8.5)
    named_ticks(ax.yaxis, rows, names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.12)
    return ax


def uplift_by_share(curve, *, title=None, ax=None):
    """The uplift curve: more responses per 100 customers listed, by the share of them contacted, best scores first.

    ``curve``: from `uplift_scores.uplift_curve`. The dashed line is what drawing as many by lot gains.
    """
    curve = finished(curve, ["share", "gain", "by_chance"], what="table of the curve")
    share, gain, chance = (curve[name].to_numpy().astype(float) for name in ("share", "gain", "by_chance"))
    ax = axes(ax)
    ax.axhline(0, color=MUTED, linewidth=1)
    look = {"color": MUTED, "linewidth": 1.6, "linestyle": (0, (4, 3))}
    ax.plot([0, 1], [0, 100 * chance[-1]], label="as many, drawn by lot", **look)
    dots = {"marker": "o", "markersize": 5} if len(share) <= 30 else {}
    ax.plot(share, 100 * gain, color=PALETTE["dark"], linewidth=2.2, label="the best scores first", **dots)
    ax.fill_between(share, 100 * chance, 100 * gain, color=PALETTE["light"], alpha=0.6, linewidth=0)
    dress(ax, title, "share of the list contacted", "more responses per 100 listed", grid="both", legend=True)
    percent_ticks(ax.xaxis)
    legend(ax, outside=True)
    return ax


def profit_by_share(profits, *, share=None, currency="", title=None, ax=None):
    """What contacting the best share brings after its cost, for 1,000 customers listed; ``share`` is marked.

    ``profits``: ``share, profit, by_lot`` (as many, drawn by lot), money for 1,000 customers.
    """
    profits = finished(profits, ["share", "profit", "by_lot"], what="table of profits")
    x, profit, lot = (profits[name].to_numpy().astype(float) for name in ("share", "profit", "by_lot"))
    ax, sign = axes(ax), drawable(currency)
    ax.axhline(0, color=INK, linewidth=1)
    ax.plot(x, lot, color=MUTED, linewidth=1.6, linestyle=(0, (4, 3)), label="as many, drawn by lot")
    ax.plot(x, profit, color=PALETTE["dark"], linewidth=2.2, label="the best scores first")
    best = int(np.argmax(profit))
    ax.plot([x[best]], [profit[best]], marker="D", markersize=7, color=PALETTE["mid"], linestyle="", label="most profit")
    if share is not None:
        here = float(np.interp(share, x, profit))
        ax.axvline(share, color=PALETTE["accent"], linewidth=1)
        ax.plot([share], [here], marker="o", markersize=8, color=PALETTE["accent"], linestyle="", label="the knob")
        note(ax, wording.money(here, sign, 0), (share, here), right=9, above=6, ha="left", size=8.5, weight="bold")
    unit = f"profit for 1,000 listed ({sign})" if sign else "profit for 1,000 listed"
    dress(ax, title, "share of the list contacted", unit, grid="both", legend=True)
    percent_ticks(ax.xaxis)
    money_ticks(ax.yaxis, sign)
    ax.margins(y=0.16)
    legend(ax, outside=True)
    return ax
