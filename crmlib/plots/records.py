"""Charts of customer records: how much speaks for two records being one customer, what a threshold does, how old they are."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import MUTED, PALETTE, SIZE, axes, dress, finished, legend, named_ticks, note, number_ticks, percent_ticks

__all__ = ["age_curve", "counted_twice", "evidence_bars", "threshold_curves"]


def evidence_bars(pairs, *, threshold, gray, title=None, ax=None):
    """How many pairs have how many points; those at the threshold or above are dark, the gray zone is orange.

    ``pairs``: from `linkage.scored`: ``evidence``. Bars are two points wide; far ends are drawn together.
    """
    evidence = finished(pairs, ["evidence"], what="table of pairs")["evidence"].to_numpy().astype(float)
    ax = axes(ax)
    edges = np.arange(np.floor(gray) - 22, threshold + 32, 2.0)
    counts, _ = np.histogram(np.clip(evidence, edges[0], edges[-1] - 1e-9), edges)
    left = edges[:-1]
    kinds = (
        ("people should look", PALETTE["accent"], (left >= gray) & (left < threshold)),
        ("two customers", PALETTE["light"], left < gray),
        ("one customer", PALETTE["dark"], left >= threshold),
    )
    for name, colour, here in kinds:
        ax.bar(left[here] + 1, counts[here], width=1.8, color=colour, edgecolor=PALETTE["mid"], linewidth=0.6, label=name)
    ax.axvline(threshold, color=MUTED, linewidth=1, linestyle="--")
    dress(ax, title, "points of evidence that two records are one customer", "pairs of records", legend=True)
    legend(ax, outside=True)
    number_ticks(ax.yaxis)
    return ax


def threshold_curves(by_threshold, *, at, title=None, ax=None):
    """Precision and recall of the pairs by threshold, and where the knob stands; without a truth the customers left.

    ``by_threshold``: from `link_quality.by_threshold`: ``threshold, customers, with_several`` and perhaps ``precision``
    and ``recall``.
    """
    rows = finished(by_threshold, ["threshold", "customers", "with_several"], what="table of thresholds")
    x = rows["threshold"].to_numpy()
    ax = axes(ax)
    if "precision" in rows.columns:
        ax.plot(x, rows["precision"].to_numpy(), color=PALETTE["dark"], linewidth=2, label="precision: of the linked, truly one")
        ax.plot(x, rows["recall"].to_numpy(), color=PALETTE["accent"], linewidth=2, linestyle="--", label="recall: of the truly one, linked")
        ax.set_ylim(0, 1.04)
        percent_ticks(ax.yaxis)
        what = "share of pairs"
    else:
        ax.plot(x, rows["with_several"].to_numpy(), color=PALETTE["dark"], linewidth=2, label="customers with several records")
        ax.set_ylim(bottom=0)
        number_ticks(ax.yaxis)
        what = "customers"
    ax.axvline(at, color=MUTED, linewidth=1.2)
    dress(ax, title, "threshold: points from which two records are one customer", what, legend=True)
    legend(ax, outside=True)
    return ax


def counted_twice(numbers, *, title=None, ax=None):
    """How far each number is off when records are counted in place of customers, in per cent of the right one.

    ``numbers``: ``number`` (its name), ``by_record`` and ``by_customer``.
    """
    rows = finished(numbers, ["number", "by_record", "by_customer"], what="table of numbers")
    names = rows["number"].to_list()
    right = rows["by_customer"].to_numpy().astype(float)
    off = rows["by_record"].to_numpy().astype(float) / np.where(right == 0, np.nan, right) - 1
    ax = axes(ax, (SIZE[0], 1.2 + 0.42 * len(names)))
    places = np.arange(len(names))
    ax.barh(places, off, height=0.66, color=[PALETTE["dark"] if one >= 0 else PALETTE["accent"] for one in off])
    ax.axvline(0, color=MUTED, linewidth=1)
    for place, one in zip(places, off, strict=True):
        side = {"right": 5} if one >= 0 else {"right": -5, "ha": "right"}
        note(ax, f"{'+' if one > 0 else ''}{wording.percent(one)}" if np.isfinite(one) else wording.NOTHING, (one if np.isfinite(one) else 0, place), **side)
    dress(ax, title, "by record, compared with by customer", None, grid="x", names=names)
    named_ticks(ax.yaxis, places, names)
    ax.invert_yaxis()
    ax.margins(x=0.25)
    percent_ticks(ax.xaxis)
    return ax


def age_curve(curve, *, limit, title=None, ax=None):
    """The share of the records that were not confirmed for longer than so many days; the limit is marked.

    ``curve``: from `freshness.curve`: ``days, older``.
    """
    rows = finished(curve, ["days", "older"], what="decay curve")
    ax = axes(ax)
    ax.plot(rows["days"].to_numpy(), rows["older"].to_numpy(), color=PALETTE["dark"], linewidth=2, marker="o", markersize=4.5)
    ax.axvline(limit, color=PALETTE["accent"], linewidth=1.2, linestyle="--")
    note(ax, "stale from here on", (limit, 0.97), right=5, color=PALETTE["accent"])
    dress(ax, title, "days since the address was last confirmed", "share of records older than that")
    ax.set_ylim(0, 1.04)
    percent_ticks(ax.yaxis)
    return ax
