"""Charts of what customers want: groups of needs, Kano categories, means and ends, which marketing fits."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from crmlib import wording
from crmlib.frames import table
from crmlib.plots.look import (
    GRID, INK, MUTED, PALETTE, SIZE, axes, drawable, dress, finished, legend, named_ticks, note, readable_on,
)  # fmt: skip

__all__ = ["kano_grid", "kano_plane", "means_end_map", "mode_matrix", "profit_by_price", "silhouettes"]

_KANO = {  # category: name, marker, colour; the markers tell them apart in grey
    "M": ("must-be", "s", PALETTE["dark"]),
    "O": ("one-dimensional", "o", PALETTE["mid"]),
    "A": ("attractive", "^", PALETTE["accent"]),
    "I": ("indifferent", "x", MUTED),
    "R": ("reverse", "v", INK),
    "Q": ("questionable", "d", MUTED),
}
_SHADES = {"M": PALETTE["dark"], "O": PALETTE["mid"], "A": PALETTE["light"], "I": "#ffffff", "R": INK, "Q": GRID}


def silhouettes(tried, *, chance=(), number=None, title=None, ax=None):
    """How well customers lie in 2, 3, 4 ... groups; ``number`` is marked, ``chance`` drawn as the best of shuffled answers.

    ``tried``: pairs of a number and its silhouette, as in `NeedGroups.silhouettes`; ``chance``: from `by_chance`.
    """
    ax = axes(ax)
    numbers, found = [one for one, _ in tried], [one for _, one in tried]
    ax.plot(numbers, found, color=PALETTE["dark"], marker="o", linewidth=2)
    if number in numbers:
        at = number, found[numbers.index(number)]
        ax.plot([at[0]], [at[1]], marker="o", markersize=12, color=PALETTE["accent"], label="_number")
        note(ax, f"{number} groups: {at[1]:.2f}", at, above=9, ha="center")
    if len(chance):
        ax.axhline(max(chance), color=MUTED, linestyle="--", linewidth=1.2)
        note(ax, "best of shuffled answers", (numbers[-1], max(chance)), above=4, ha="right", color=MUTED)
    dress(ax, title, "number of groups", "silhouette")
    named_ticks(ax.xaxis, numbers, map(str, numbers))
    ax.set_ylim(min(0, *found), max([*found, *chance]) * 1.25 or 1)
    return ax


def kano_plane(features, *, label="feature", title=None, ax=None):
    """Better by worse, a mark a feature: to the right what raises satisfaction, upwards what its absence lowers.

    ``features``: from `kano.categories`: ``label``, category, clear, better, worse. The mark is the category; it is hollow
    where the mode is not clear. A feature without either coefficient is left out.
    """
    features = finished(features, [label, "category", "clear", "better", "worse"], what="table of categories")
    ax = axes(ax, (SIZE[0], 4.6))
    ax.axhline(0.5, color=GRID, linewidth=1.2)
    ax.axvline(0.5, color=GRID, linewidth=1.2)
    for x, y, one in ((0.01, 0.99, "M"), (0.99, 0.99, "O"), (0.99, 0.01, "A"), (0.01, 0.01, "I")):
        look = {"ha": "left" if x < 0.5 else "right", "va": "top" if y > 0.5 else "bottom"}
        note(ax, _KANO[one][0], (x, y), color=MUTED, **look)
    better, down = (features[name].to_numpy().astype(float) for name in ("better", "worse"))
    names, category = features[label].to_list(), features["category"].to_list()
    known = np.flatnonzero(np.isfinite(better))
    for place in known:
        _, marker, colour = _KANO[category[place]]
        clear = bool(features["clear"][int(place)]) or marker == "x"
        look = {"color": colour, "markerfacecolor": colour if clear else "white", "markersize": 9, "markeredgewidth": 1.8}
        ax.plot([better[place]], [-down[place]], marker=marker, linestyle="none", label=f"_{names[place]}", **look)
    for name, marker, colour in (_KANO[one] for one in _KANO if one in {category[place] for place in known}):
        ax.plot([], [], marker=marker, color=colour, linestyle="none", label=name)
    _name(ax, better[known], -down[known], [str(names[place]) for place in known])
    dress(ax, title, "better: satisfaction rises by, if it is there", "worse: satisfaction falls by, if it is missing",
          grid=None, legend=True)  # fmt: skip
    legend(ax, outside=True, ncols=6)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    return ax


def _name(ax, x, y, names):
    """Names beside points of the unit square, from the lowest up, moved upwards where they would cover one another."""
    taken = []
    for place in np.lexsort((x, y)):
        wide = 0.016 * len(names[place])
        left = x[place] + wide > 0.98  # no room to the right
        start, height = x[place] - wide if left else x[place], y[place]
        while any(start < end and begin < start + wide and abs(height - at) < 0.045 for begin, end, at in taken):
            height += 0.005
        taken.append((start, start + wide, height))
        note(ax, names[place], (x[place], height), right=-10 if left else 10, ha="right" if left else "left")


def kano_grid(features, *, group="group", label="feature", title=None, ax=None):
    """The category of each feature (a row) in each group (a column), as a letter on a shade; not clear: in brackets.

    ``features``: from `kano.categories` by both: ``group, label, category, clear``. A pair without a row is empty.
    """
    features = finished(features, [group, label, "category", "clear"], what="table of categories")
    columns, rows = (list(dict.fromkeys(features[name].to_list())) for name in (group, label))
    ax = axes(ax, (SIZE[0], 1.5 + 0.36 * len(rows)))
    from matplotlib.colors import to_rgba

    found = zip(*(features[name].to_list() for name in (group, label, "category", "clear")), strict=True)
    for column, row, category, clear in found:
        at = columns.index(column), rows.index(row)
        ax.fill_between([at[0], at[0] + 1], at[1], at[1] + 1, color=_SHADES[category], edgecolor="white", linewidth=1.5)
        text = category if clear else f"({category})"
        note(ax, text, (at[0] + 0.5, at[1] + 0.5), size=11, ha="center", color=readable_on(to_rgba(_SHADES[category])))
    used = set(features["category"].to_list())
    names = [str(row) for row in rows]
    dress(ax, title, ", ".join(f"{one} {_KANO[one][0]}" for one in _KANO if one in used), None, grid=None, names=names)
    heads = [str(column) if isinstance(column, str) else f"{group} {column}" for column in columns]
    named_ticks(ax.xaxis, np.arange(len(columns)) + 0.5, heads)
    named_ticks(ax.yaxis, np.arange(len(rows)) + 0.5, names)
    ax.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    ax.spines["bottom"].set_visible(False)
    return ax


def mode_matrix(modes, *, skew_cut=0.5, diversity_cut=0.5, title=None, ax=None):
    """All customers and each group by how much needs and values differ; the cuts make the four modes of marketing.

    ``modes``: from `needs_value.modes`: ``group, customers, skew, diversity``; "all" is drawn larger.
    """
    modes = finished(modes, ["group", "customers", "skew", "diversity"], what="table of modes")
    ax = axes(ax, (SIZE[0], 4.6))
    ax.axhline(skew_cut, color=MUTED, linewidth=1.2)
    ax.axvline(diversity_cut, color=MUTED, linewidth=1.2)
    cells = {(0, 0): "mass", (1, 0): "target or niche (a reconstruction)", (0, 1): "frequency", (1, 1): "one-to-one"}
    for (right, above), name in cells.items():
        room = (1 - diversity_cut if right else diversity_cut), (1 - skew_cut if above else skew_cut)
        if min(room) > 0.04:
            at = 0.99 if right else 0.01, 0.985 if above else 0.015
            note(ax, name, at, ha="right" if right else "left", va="top" if above else "bottom", color=MUTED)
    x, y = (modes[name].to_numpy().astype(float) for name in ("diversity", "skew"))
    names = [str(one) for one in modes["group"].to_list()]
    whole = np.array([name == "all" for name in names])
    ax.plot(x[~whole], y[~whole], marker="o", linestyle="none", markersize=8, color=PALETTE["mid"], label="groups")
    ax.plot(x[whole], y[whole], marker="D", linestyle="none", markersize=11, color=PALETTE["dark"], label="all")
    labels = [name if all_ else f"group {name}" for name, all_ in zip(names, whole, strict=True)]
    _name(ax, x, y, labels)
    dress(ax, title, "how much needs differ: mean distance of two customers", "how much values differ", grid=None)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    return ax


def profit_by_price(demands, *, currency="", title=None, ax=None):
    """Profit by price, a line a group, the best price of each marked.

    ``demands``: a dict of names to tables of `needs_value.demand`.
    """
    ax = axes(ax)
    sign = drawable(currency)
    colours, dashes = (PALETTE["dark"], PALETTE["accent"], PALETTE["mid"], MUTED, INK), ("-", "--", "-.", ":", (0, (8, 2)))
    for number, (name, demand) in enumerate(demands.items()):
        colour, style = colours[number % 5], dashes[number % 5]
        demand = table(demand, ["price", "profit", "best"], what="table of demand")
        price, profit = demand["price"].to_numpy(), demand["profit"].to_numpy()
        best = int(np.flatnonzero(demand["best"].to_numpy())[0])
        ax.plot(price, profit, color=colour, linestyle=style, linewidth=1.8 if number else 2.6, label=name)
        ax.plot([price[best]], [profit[best]], marker="o", color=colour, label=f"_{name}")
        note(ax, wording.money(price[best], sign), (price[best], profit[best]), above=6, ha="center")
    unit = f" ({sign})" if sign else ""
    dress(ax, title, f"price a kilo{unit}", f"profit a month{unit}", legend=True)
    legend(ax, outside=True, ncols=5)
    ax.set_ylim(0, 1.15 * ax.dataLim.ymax if ax.dataLim.ymax > 0 else 1)
    return ax


def means_end_map(links, *, title=None, ax=None):
    """The hierarchical value map: means below, ends above, a line a link with the number of its direct mentions.

    ``links``: from `laddering.value_map`: ``from, to, direct``. A link that leads down again is dashed.
    """
    links = finished(links, ["from", "to", "direct"], what="table of links")
    pairs = [*zip(links["from"].to_list(), links["to"].to_list(), links["direct"].to_list(), strict=True)]
    layer = _layers(pairs)
    rows = _places(pairs, layer)
    height = max(layer.values(), default=0) + 1
    ax = axes(ax, (9.2, 1.2 + 1.15 * height))
    most = max((direct for *_, direct in pairs), default=1)
    for start, end, direct in pairs:
        (x, y), (to_x, to_y) = rows[start], rows[end]
        up = to_y > y
        look = {"color": MUTED, "linewidth": 0.8 + 3.2 * direct / most, "linestyle": "-" if up else "--", "zorder": 1}
        ax.plot([x, to_x], [y + 0.18, to_y - 0.18] if up else [y, to_y], label=f"_{start} to {end}", **look)
        at = (0.6 * x + 0.4 * to_x, 0.6 * y + 0.4 * to_y)
        note(ax, str(direct), at, size=8, ha="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    box = {"boxstyle": "round,pad=0.3", "edgecolor": PALETTE["dark"], "linewidth": 1}
    for name, (x, y) in rows.items():
        face = PALETTE["light"] if name in {one[0] for one in pairs} else "#ffffff"
        note(ax, textwrap.fill(str(name), 14), (x, y), size=8.5, ha="center", bbox=box | {"facecolor": face}, zorder=3)
    dress(ax, title, None, None, grid=None)
    ax.set(xlim=(0, 1), ylim=(-0.4, height - 0.6))
    ax.set_xticks([])
    named_ticks(ax.yaxis, [0, height - 1] if height > 1 else [0], ["means", "ends"] if height > 1 else [""])
    ax.spines["bottom"].set_visible(False)
    return ax


def _layers(pairs):
    """How many links lie below each element on the longest way up; a link that closes a circle does not count."""
    layer, below = {}, {}
    for start, end, _ in pairs:
        layer.setdefault(start, 0)
        layer.setdefault(end, 0)
        if start not in _above(end, below):
            below.setdefault(start, set()).add(end)
    for _ in layer:
        for start, ends in below.items():
            for end in ends:
                layer[end] = max(layer[end], layer[start] + 1)
    return layer


def _above(start, ways):
    """All that can be reached from an element, itself included."""
    found, open_ = {start}, [start]
    while open_:
        new = ways.get(open_.pop(), set()) - found
        found |= new
        open_ += new
    return found


def _places(pairs, layer):
    """A place for each element: side by side in their layer, near those that they are linked to below."""
    across = {}
    for level in range(max(layer.values(), default=0) + 1):
        names = [name for name in layer if layer[name] == level]
        wanted = {}
        for name in names:
            below = [(across[start], direct) for start, end, direct in pairs if end == name and start in across]
            weight = sum(direct for _, direct in below)
            wanted[name] = sum(x * direct for x, direct in below) / weight if weight else math.inf
        if not level:  # at the bottom: those that lead to the same side by side
            ends = list(layer)
            wanted = {n: min([ends.index(end) for start, end, _ in pairs if start == n], default=0) for n in names}
        names.sort(key=lambda name: (wanted[name], str(name)))
        for place, name in enumerate(names):
            across[name] = (place + 0.5) / len(names)
    return {name: (across[name], float(layer[name])) for name in layer}
