"""Charts of models of purchases: who is still there, whether the model fits, how it forecasts, how sure it is."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    GRID, INK, MUTED, PALETTE, SIZE, axes, drawable, dress, finished, legend, named_ticks, note,
    number_ticks, percent_ticks, readable_on, shades, whole,
)  # fmt: skip

__all__ = [
    "alive_over_time", "forecast_errors", "frequency_recency", "iso_values", "parameter_intervals",
    "purchases_by_frequency", "tracking_curves",
]  # fmt: skip

_DASHED = (0, (4, 3))


def alive_over_time(history, *, title=None, ax=None):
    """P(alive) of one customer day by day; the days with a purchase are marked at the foot.

    ``history``: from `model_tables.alive_over_time`: ``day, bought, p_alive``, a row a day from the first purchase on.
    """
    history = finished(history, ["day", "bought", "p_alive"], what="history of a customer")
    day, alive = (history[name].to_numpy().astype(float) for name in ("day", "p_alive"))
    bought = history["bought"].to_numpy().astype(bool)
    ax = axes(ax)
    ax.plot(day, alive, color=PALETTE["dark"], linewidth=2.2, label="P(alive)")
    foot = np.zeros(int(bought.sum()))
    ax.plot(day[bought], foot, color=PALETTE["accent"], marker="^", markersize=8, linestyle="", clip_on=False,
            zorder=3, label="a purchase")  # fmt: skip
    dress(ax, title, "days since the first purchase", "P(alive)", legend=True)
    ax.set_ylim(0, 1.03)
    ax.margins(x=0.01)
    percent_ticks(ax.yaxis)
    legend(ax, outside=True)
    return ax


def frequency_recency(matrix, *, value="p_alive", title=None, ax=None):
    """How many repeat purchases (upwards) and how late the last one (to the right): the darker, the more to expect.

    ``matrix``: from `model_tables.frequency_recency`: ``x, t_x`` and ``value``, a row a pair, all seen for the same
    time. A pair that cannot be is white. A ``value`` that is P(alive) is written as a share.
    """
    matrix = finished(matrix, ["x", "t_x", value], what="matrix of frequency and recency")
    x, t_x = matrix["x"].to_numpy().astype(int), matrix["t_x"].to_numpy().astype(float)
    amount = matrix[value].to_numpy().astype(float)
    rows, columns = np.unique(x)[::-1], np.unique(t_x)
    cells = np.full((len(rows), len(columns)), np.nan)
    cells[[int(np.flatnonzero(rows == one)[0]) for one in x], np.searchsorted(columns, t_x)] = amount
    share = value == "p_alive"
    greatest = 1.0 if share else (float(np.nanmax(cells)) if np.isfinite(cells).any() else 0.0) or 1.0
    ax, scale = axes(ax, (SIZE[0], 1.4 + 0.36 * len(rows))), shades()
    ax.pcolormesh(cells, cmap=scale, vmin=0, vmax=greatest, edgecolors="white", linewidth=1.2)
    for row, line in enumerate(cells):
        for column, one in enumerate(line):
            if np.isfinite(one):
                text = _percents(one) if share else wording.number(one, 1 if greatest < 10 else 0)
                colour = readable_on(scale(one / greatest))
                note(ax, text, (column + 0.5, row + 0.5), size=8.5, ha="center", color=colour)
    what = "P(alive), %" if share else value.replace("_", " ")
    dress(ax, title, f"t_x: days from the first to the last purchase; cells: {what}", "x: repeat purchases", grid=None)
    named_ticks(ax.yaxis, np.arange(len(rows)) + 0.5, [str(one) for one in rows])
    named_ticks(ax.xaxis, np.arange(len(columns)) + 0.5, [wording.number(one) for one in columns])
    ax.set_ylim(len(rows), 0)
    ax.spines["bottom"].set_visible(False)
    return ax


def purchases_by_frequency(found, *, title=None, ax=None):
    """How many customers made 0, 1, 2 ... repeat purchases, and how many the model expects to have.

    ``found``: from `diagnostics.by_frequency`: ``x, customers, expected``.
    """
    found = finished(found, ["x", "customers", "expected"], what="table by frequency")
    ax = axes(ax)
    place = np.arange(len(found))
    look = {"width": 0.66, "color": PALETTE["light"], "edgecolor": PALETTE["mid"]}
    ax.bar(place, found["customers"].to_numpy(), label="actual", **look)
    line = {"color": PALETTE["accent"], "marker": "o", "linewidth": 2}
    ax.plot(place, found["expected"].to_numpy(), label="expected by the model", **line)
    dress(ax, title, "repeat purchases", "customers", legend=True)
    named_ticks(ax.xaxis, place, [whole(x) for x in found["x"].to_list()])
    number_ticks(ax.yaxis)
    legend(ax, outside=True)
    return ax


def tracking_curves(tracked, *, so_far=False, fitted_to=None, unit="week", title=None, ax=None):
    """Repeat purchases of all customers, period by period or summed up, and what the model expects.

    ``tracked``: from `diagnostics.tracking`: ``period`` with ``actual, expected`` or, for ``so_far``, ``actual_so_far,
    expected_so_far``. A line stands behind the period ``fitted_to``: what lies beyond it the model did not know.
    """
    ending = "_so_far" if so_far else ""
    tracked = finished(tracked, ["period", f"actual{ending}", f"expected{ending}"], what="table of tracking")
    period = tracked["period"].to_numpy().astype(float)
    ax = axes(ax)
    ax.plot(period, tracked[f"actual{ending}"].to_numpy(), color=PALETTE["dark"], linewidth=1.8, label="actual")
    ax.plot(period, tracked[f"expected{ending}"].to_numpy(), color=PALETTE["accent"], linewidth=2.2, linestyle=(0, (5, 2)),
            label="expected by the model")  # fmt: skip
    dress(ax, title, f"{unit} since the first purchase of the log", "repeat purchases" + (" so far" if so_far else ""), legend=True)
    ax.set_ylim(bottom=0)
    if fitted_to is not None:
        ax.axvline(fitted_to, color=MUTED, linewidth=1, linestyle=_DASHED)
        near = fitted_to > 0.7 * period.max(initial=0)
        # at the foot, where no curve of purchases runs
        note(ax, "not seen by the model" if not near else "not seen", (fitted_to, 0), above=5, right=-6 if near else 6,
             ha="right" if near else "left", color=MUTED)  # fmt: skip
    number_ticks(ax.yaxis)
    number_ticks(ax.xaxis)
    legend(ax, outside=True)
    return ax


def forecast_errors(methods, *, measure="revenue", title=None, ax=None):
    """How far off the sum of each forecast was, and how many of the best customers it found. The model is set off.

    ``methods``: from `holdout.holdout`: ``method, measure, error, found``, the model first.
    """
    methods = finished(methods, ["method", "measure", "error", "found"], what="table of methods")
    of = np.array(methods["measure"].to_list(), dtype=object) == measure
    names = [wording.MODELS.get(name, name) for name, one in zip(methods["method"].to_list(), of, strict=True) if one]
    error, found = (methods[name].to_numpy().astype(float)[of] for name in ("error", "found"))
    ax = axes(ax)
    place = np.arange(len(names))
    colours = [PALETTE["accent"] if k == 0 else PALETTE["mid"] for k in place]
    ax.barh(place, np.nan_to_num(error), height=0.62, color=colours)
    for row, (off, share) in enumerate(zip(error, found, strict=True)):
        below = off < 0
        text = f"{'+' if off > 0 else '-' if below else ''}{wording.percent(abs(off), 0)}"
        note(ax, text, (np.nan_to_num(off), row), right=-4 if below else 4, ha="right" if below else "left")
        ax.annotate(wording.percent(share, 0), (1.0, row), xycoords=("axes fraction", "data"), xytext=(10, 0),
                    textcoords="offset points", fontsize=9, color=INK, va="center", annotation_clip=False)  # fmt: skip
    ax.annotate("best found", (1.0, 1.0), xycoords="axes fraction", xytext=(10, 4), textcoords="offset points",
                fontsize=9, color=MUTED, annotation_clip=False)  # fmt: skip
    ax.axvline(0, color=MUTED, linewidth=1)
    dress(ax, title, f"{measure} forecast, above or below what came", None, grid="x", names=names)
    named_ticks(ax.yaxis, place, names)
    ax.invert_yaxis()
    ax.margins(x=0.14)
    percent_ticks(ax.xaxis)
    return ax


def iso_values(grid, *, levels=6, currency="", title=None, ax=None):
    """Curves of equal value: how late the last purchase was (to the right) and how many there were (upwards).

    ``grid``: from `model_tables.iso_values`: ``x, t_x, value``, a full grid. Fader, Hardie & Lee (2005), JMR 42(4).
    """
    grid = finished(grid, ["x", "t_x", "value"], what="grid of values")
    x, t_x, value = (grid[name].to_numpy().astype(float) for name in ("x", "t_x", "value"))
    ups, across = np.unique(x), np.unique(t_x)
    heights = np.full((len(ups), len(across)), np.nan)
    heights[np.searchsorted(ups, x), np.searchsorted(across, t_x)] = value
    ax, sign = axes(ax, (SIZE[0], 4.2)), drawable(currency)
    steps = _round_levels(heights, levels)
    if len(steps):
        bottom = [float(np.nanmin(heights)) - 1e-9, *steps, max(float(np.nanmax(heights)), steps[-1]) + 1e-9]
        # a shade a band: by their amounts nearly all bands would be pale
        colours = [shades()(0.8 * k / len(steps)) for k in range(len(steps) + 1)]
        ax.contourf(across, ups, heights, levels=bottom, colors=colours)
        lines = ax.contour(across, ups, heights, levels=steps, colors=[INK], linewidths=1.1)
        texts = ax.clabel(lines, fontsize=9, fmt=lambda amount: wording.money(amount, sign, 0 if steps[0] >= 1 else 2))
        for text in texts:
            text.set(parse_math=False, color=INK, backgroundcolor=(1, 1, 1, 0.75))
    dress(ax, title, "t_x: days from the first to the last purchase", "x: repeat purchases", grid=None)
    number_ticks(ax.xaxis)
    number_ticks(ax.yaxis)
    return ax


def _percents(share):
    """Whole per cents without their sign; what is not wholly none is never written as none."""
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def _round_levels(heights, levels):
    """Round amounts, ever further apart, that lie within the grid."""
    known = heights[np.isfinite(heights)]
    if not len(known) or not known.max() > known.min():
        return []
    low, high = max(float(np.quantile(known, 0.05)), known.max() / 200), float(known.max())
    wanted = np.geomspace(low, high, levels + 2)[1:-1] if high > low else np.array([])
    size = 10.0 ** np.floor(np.log10(wanted))
    rounded = np.unique(np.round(wanted / size * 2) / 2 * size)
    return [float(one) for one in rounded if known.min() < one < known.max()]


def parameter_intervals(intervals, *, title=None, ax=None):
    """Each parameter with its interval, in per cent of its estimate, so that all stand on one scale.

    ``intervals``: from `uncertainty.Uncertainty.intervals`: ``model, parameter, estimate, low, high``.
    """
    intervals = finished(intervals, ["model", "parameter", "estimate", "low", "high"], what="table of intervals")
    estimate, low, high = (intervals[name].to_numpy().astype(float) for name in ("estimate", "low", "high"))
    models, parameters = intervals["model"].to_list(), intervals["parameter"].to_list()
    more = len(set(models)) > 1
    names = [f"{wording.MODELS.get(one, one)} {name}" if more else name for one, name in zip(models, parameters, strict=True)]
    labels = [f"{name} = {size:.3g}" for name, size in zip(names, estimate, strict=True)]
    ax, place = axes(ax, (SIZE[0], 1.3 + 0.42 * len(labels))), np.arange(len(labels))
    ax.hlines(place, low / estimate, high / estimate, color=PALETTE["mid"], linewidth=5)
    ax.plot(np.ones(len(place)), place, color=PALETTE["dark"], marker="o", markersize=7, linestyle="")
    for row, ends in enumerate(zip(low, high, strict=True)):
        text = f"{ends[0]:.3g} to {ends[1]:.3g}"
        note(ax, text, (ends[1] / estimate[row], row), right=6, ha="left", color=MUTED)
    ax.axvline(1, color=GRID, linewidth=1, zorder=0)
    dress(ax, title, "interval, in % of the estimate", None, grid="x", names=labels)
    named_ticks(ax.yaxis, place, labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    widest = max(float((high / estimate).max(initial=1)) - 1, 1 - float((low / estimate).min(initial=1)), 1e-6)
    ax.set_xlim(1 - 1.1 * widest, 1 + 1.6 * widest)
    percent_ticks(ax.xaxis)
    return ax
