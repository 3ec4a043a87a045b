"""Charts of two ways at once, a shade a cell: cohorts by age, moves between states, recency by frequency.

The darker a cell the more is in it, and its number stands in it.
"""

from __future__ import annotations

import math

import numpy as np

from crmlib import wording
from crmlib.plots.look import INK, MUTED, SIZE, axes, dress, finished, named_ticks, note, readable_on, shades

__all__ = ["cohort_heatmap", "rf_grid", "transition_heatmap"]

_NOTHING = ("0", "0 %", "–")


def cohort_heatmap(cohorts, *, title=None, ax=None):
    """The share of each cohort that is active, by age; how many customers a cohort has stands beside its name.

    ``cohorts``: from `cohorts.cohort_table`: ``cohort, age, size, share_active``. Cells that were not wholly observed
    are empty. Age 0 is 100 % by definition and left out of the shades, so that the ages after it differ in theirs.
    """
    cohorts = finished(cohorts, ["cohort", "age", "size", "share_active"], what="cohort table")
    names, ages = cohorts["cohort"].to_list(), cohorts["age"].to_numpy().astype(int)
    share = cohorts["share_active"].to_numpy().astype(float)
    sizes = dict(zip(names, cohorts["size"].to_list(), strict=True))
    rows = sorted(sizes)
    oldest = int(ages[np.isfinite(share)].max(initial=0))
    shares = np.full((len(rows), max(oldest, int(ages.max(initial=0))) + 1), np.nan)
    shares[[rows.index(name) for name in names], ages] = share
    shares = shares[:, : oldest + 1]
    ax = axes(ax, (SIZE[0], 1.4 + 0.3 * len(rows)))
    texts = [["" if math.isnan(one) else _percents(one) for one in row] for row in shares]
    later = np.where(np.arange(oldest + 1) > 0, shares, np.nan)
    _cells(ax, later, texts, size=9 if oldest < 12 else 7.5)
    labels = [f"{name} ({wording.number(sizes[name])})" for name in rows]
    dress(ax, title, _periods(rows), None, grid=None, names=labels)
    # above the names: a few rows have no room beside them
    note(ax, "cohort (customers)", (0, 0), above=4, right=-5, ha="right", color=MUTED)
    _frame(ax, labels, [str(age) for age in range(oldest + 1)])
    return ax


def transition_heatmap(
    moved, *, value="probability", hides=(), sizes=None, order=None, start="from", end="to", title=None, ax=None
):
    """Where customers were (a row) and where they went (a column).

    ``moved``: from `periods.moves` or `Transitions.table`: ``from, to, customers`` and, for ``value="probability"``,
    that; with ``value="customers"`` the numbers alone are drawn. Who stayed is framed. A pair without a row is empty,
    and so is the row of a state without customers; a state that nobody was or is in is left out. ``order`` lists the
    states if they are to stand in another order than they come in; ``start`` and ``end`` say what the two axes are. The pairs
    in ``hides`` are hatched and their number is not shown; ``sizes`` are texts for the numbers of customers beside the names.
    """
    needed = list(dict.fromkeys(["from", "to", "customers", value]))
    moved = finished(moved, needed, what="table of moves")
    before, after = moved["from"].to_list(), moved["to"].to_list()
    states = list(dict.fromkeys([*(order or ()), *before, *after]))
    places = [states.index(name) for name in before], [states.index(name) for name in after]
    values, customers = np.full((len(states),) * 2, np.nan), np.zeros((len(states),) * 2)
    values[places] = moved[value].to_numpy().astype(float)
    customers[places] = moved["customers"].to_numpy().astype(float)
    kept = [place for place in range(len(states)) if customers[place].any() or customers[:, place].any()]
    values, customers, states = values[np.ix_(kept, kept)], customers[np.ix_(kept, kept)], [states[k] for k in kept]
    ax = axes(ax, (SIZE[0], max(3.0, 1.6 + 0.5 * len(states))))
    shares = value == "probability"
    write = _with_sign if shares else wording.number
    texts = [["" if math.isnan(one) else write(one) for one in row] for row in values]
    for one, other in hides:
        y, x = states.index(one), states.index(other)
        texts[y][x], values[y, x] = "", np.nan
        ax.add_patch(_hatched(x, y))
    # the greatest number is many times the others: shades by the root tell these apart
    _cells(ax, values if shares else np.sqrt(values), texts, size=9 if len(states) <= 7 else 7.5)
    for place in range(len(states)):
        ax.plot([place, place + 1, place + 1, place, place], [place, place, place + 1, place + 1, place], color=INK,
                linewidth=1.4, clip_on=False, label="_stayed")  # fmt: skip
    names = [name.replace("_", " ") for name in states]
    known = sizes or {}
    labels = [f"{name} ({known.get(state, wording.number(n))})" for state, name, n in zip(states, names, customers.sum(axis=1), strict=True)]
    what = "share of the row" if shares else "customers"
    dress(ax, title, f"{end}: {what}{'; hatched: hidden' if hides else ''}", f"{start} (customers)", grid=None, names=labels)
    _frame(ax, labels, names)
    widest = max((len(one) + len(other) for one, other in zip(names, names[1:])), default=0) / 2  # beside each other
    if widest * 0.09 > 0.75 * ax.figure.get_figwidth() / max(len(names), 1):  # inches
        ax.tick_params(axis="x", labelrotation=30)
        for label in ax.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    return ax


def rf_grid(cells, *, value="customers", bins=5, title=None, ax=None):
    """Recency by frequency: R to the right, F upwards, so that the best customers stand at the top right.

    ``cells``: ``r, f`` and ``value``, a row a pair of scores, e.g. from `rfm.grid`; a share if its name begins so. What
    has no row or nothing in it has a dash. ``bins``: the highest score, or one for R and one for F.
    """
    cells = finished(cells, ["r", "f", value], what="table of cells")
    across, up = (bins, bins) if isinstance(bins, int) else (bins[0], bins[1])
    values = np.full((up, across), np.nan)
    places = up - cells["f"].to_numpy().astype(int), cells["r"].to_numpy().astype(int) - 1
    values[places] = cells[value].to_numpy().astype(float)
    ax = axes(ax, (5.6, 4.6))
    share = value.startswith("share")
    write = _with_sign if share else wording.number
    texts = [["–" if math.isnan(one) or one == 0 else write(one) for one in row] for row in values]
    _cells(ax, np.sqrt(np.maximum(np.nan_to_num(values), 0)), texts, size=9)
    names = f"R: recency score ({across} bought last)", f"F: frequency score ({up} bought most often)"
    dress(ax, title, *names, grid=None)
    _frame(ax, [str(score) for score in range(up, 0, -1)], [str(score) for score in range(1, across + 1)])
    return ax


def _cells(ax, values, texts, *, size):
    greatest = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    greatest = greatest or 1.0
    scale = shades()
    ax.pcolormesh(values, cmap=scale, vmin=0, vmax=greatest, edgecolors="white", linewidth=1.2)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            if text:
                shade = values[row, column] / greatest
                colour = MUTED if text in _NOTHING else INK if math.isnan(shade) else readable_on(scale(shade))
                note(ax, text, (column + 0.5, row + 0.5), size=size, ha="center", color=colour)


def _hatched(x, y):
    """A cell whose number is hidden, which is not an empty one."""
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), 1, 1, facecolor="none", edgecolor=MUTED, hatch="//", linewidth=0, zorder=1.5, label="_hidden")


def _frame(ax, rows, columns):
    named_ticks(ax.yaxis, np.arange(len(rows)) + 0.5, rows)
    named_ticks(ax.xaxis, np.arange(len(columns)) + 0.5, columns)
    ax.set_xlim(0, len(columns))
    ax.set_ylim(len(rows), 0)
    ax.spines["bottom"].set_visible(False)


def _with_sign(share):
    return f"{_percents(share)} %"


def _percents(share):
    """Whole per cents without their sign; what is not wholly none is never written as none."""
    return "<1" if 0 < share < 0.005 else f"{100 * share:.0f}"


def _periods(names):
    first = str(names[0]) if names else ""
    unit = "quarters" if "Q" in first else "months" if "-" in first else "years"
    return f"age in {unit} since the first purchase; cells: active, % of the cohort"
