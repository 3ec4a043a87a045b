"""Charts of how many customers are where: by stage, by score, by state as time goes on."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    MUTED, PALETTE, SIZE, apart, axes, dress, finished, named_ticks, note, number_ticks, shades, whole,
)  # fmt: skip

__all__ = ["occupancy", "rfm_bin_counts", "stage_bars"]

_AXES = {"r": "R: recency", "f": "F: frequency", "m": "M: money"}


def stage_bars(stages, *, label, title=None, ax=None):
    """A bar a stage, as long as it has customers, in the order of the table.

    ``stages``: from `stages.summary`, `lifecycle.summary` and the like: the column named by ``label``, ``customers``
    and ``share_of_customers``.
    """
    stages = finished(stages, [label, "customers", "share_of_customers"], what="table of stages")
    names = [str(name).replace("_", " ") for name in stages[label].to_list()]
    customers = stages["customers"].to_numpy()
    ax = axes(ax, (SIZE[0], 1.1 + 0.38 * len(names)))
    rows = np.arange(len(names))
    ax.barh(rows, customers, height=0.7, color=PALETTE["dark"])
    for row, n, share in zip(rows, customers, stages["share_of_customers"].to_list(), strict=True):
        note(ax, f"{wording.number(n)} ({wording.percent(share)})", (n, row), right=5)
    dress(ax, title, "customers", None, grid="x", names=names)
    named_ticks(ax.yaxis, rows, names)
    ax.invert_yaxis()
    ax.margins(x=0.2)
    number_ticks(ax.xaxis)
    return ax


def rfm_bin_counts(counts, *, title=None, ax=None):
    """How many customers got each score on R, F and M; a score that nobody got says so.

    ``counts``: from `rfm.bin_counts`: ``score, r, f, m``, lowest score first.
    """
    counts = finished(counts, ["score", *_AXES], what="table of bin counts")
    scores = [whole(score) for score in counts["score"].to_list()]
    ax = axes(ax)
    colours = (PALETTE["dark"], PALETTE["mid"], PALETTE["light"])
    room = len(scores) <= 5
    nobody = {"ha": "center", "color": PALETTE["accent"], "weight": "bold", "size": 8}
    ticks, labels = [], []
    for block, ((axis, name), colour) in enumerate(zip(_AXES.items(), colours, strict=True)):
        place = np.arange(len(scores)) + block * (len(scores) + 1)
        customers = counts[axis].to_numpy()
        ax.bar(place, customers, width=0.78, color=colour, edgecolor=PALETTE["mid"], linewidth=0.8, label=name)
        for x, n in zip(place, customers, strict=True):
            if n == 0:
                note(ax, "none" if room else "0", (x, 0), above=3, **nobody)
            elif room:
                note(ax, wording.number(n), (x, n), above=3, ha="center", size=7.5)
        ticks += list(place)
        # the name of the axis stands under the middle of its scores
        labels += [f"{score}\n{name if score == scores[len(scores) // 2] else ''}" for score in scores]
    dress(ax, title, f"score ({scores[-1]} is best)" if scores else None, "customers")
    named_ticks(ax.xaxis, ticks, labels)
    number_ticks(ax.yaxis)
    ax.margins(y=0.1)
    return ax


def occupancy(expected, *, x="step", steps="steps from now", title=None, ax=None):
    """How many customers are in each state, step after step, one on the other; their sum is all customers.

    ``expected``: from `Transitions.expected`: the column named by ``x``, ``state`` and ``customers``. The first state
    of the table lies at the bottom and is the darkest; one that nobody is ever in is left out. ``steps`` says what a
    step is.
    """
    expected = finished(expected, [x, "state", "customers"], what="table of expected numbers")
    when, states = list(dict.fromkeys(expected[x].to_list())), list(dict.fromkeys(expected["state"].to_list()))
    heights = np.zeros((len(states), len(when)))
    rows = [states.index(name) for name in expected["state"].to_list()]
    columns = [when.index(one) for one in expected[x].to_list()]
    heights[rows, columns] = expected["customers"].to_numpy().astype(float)
    there = [number for number, height in enumerate(heights) if height.any()]
    states, heights = [states[number] for number in there], heights[there]
    ax = axes(ax)
    base, place = np.zeros(len(when)), np.arange(len(when))
    scale = shades()
    drawn = []
    for number, (name, height) in enumerate(zip(states, heights, strict=True)):
        colour = scale(1 - 0.85 * number / max(len(states) - 1, 1))
        ax.bar(place, height, bottom=base, width=0.86, color=colour, edgecolor="white", linewidth=1, label=name)
        drawn.append((str(name).replace("_", " "), base[-1] + height[-1] / 2))
        base = base + height
    dress(ax, title, steps, "customers")
    least = 0.06 * float(base.max(initial=1))
    places = apart([max(y, least / 2) for _, y in drawn], least)  # the lowest one not on the line of zero
    for (name, _), y in zip(drawn, places, strict=True):
        note(ax, name, (len(when) - 0.5, y), right=4, size=8.5)
    step = max(1, -(-len(when) // 13))
    named_ticks(ax.xaxis, place[::step], [whole(one) for one in when[::step]])
    number_ticks(ax.yaxis)
    ax.set_xlim(-0.6, len(when) - 0.4 + 0.16 * len(when))  # room for the names on the right
    ax.axhline(0, color=MUTED, linewidth=0.8)
    return ax
