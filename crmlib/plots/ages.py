"""Charts of the lenses by age: one cohort taken apart, the next order, patterns, two cohorts side by side."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    MUTED, PALETTE, SIZE, apart, axes, drawable, dress, finished, legend, money_ticks, note, panels, percent_ticks,
    shades, sparse_ticks,
)  # fmt: skip

__all__ = ["cohort_factors", "next_order_curves", "pattern_bars", "second_purchase_windows", "two_cohorts_lines"]

_NAMES = {
    "share_active": "share of cohort active",
    "orders_each": "orders each active customer",
    "order_value": "value of an order",
    "margin": "margin",
    "share_repeated": "share with a second purchase",
}
_SHARES = ("share_active", "margin", "share_repeated")
_DASHES = ((0, (6, 1.5)), (0, (3, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1, 1.5)))
_MONEY = ("order_value", "revenue", "profit")  # what names of money begin with


def cohort_factors(cohort, *, money="revenue", currency="", title=None, ax=None):
    """Four small charts by age: the share of the cohort active, orders each, the value of an order, money per member.

    The first three multiplied make the revenue per member. ``cohort``: from `one_cohort.by_age`, of one cohort: ``age,
    share_active, orders_each, order_value`` and ``revenue_per_member`` (or with ``money="profit"`` that). The first and
    the last number of each are written beside their points; ages that were not wholly seen have none.
    """
    measures = ["share_active", "orders_each", "order_value", f"{money}_per_member"]
    cohort = finished(cohort, ["age", *measures], what="table of a cohort by age").sort("age")
    ages = cohort["age"].to_numpy().astype(int)
    ax = axes(ax, (SIZE[0], 4.6))
    sign = drawable(currency)
    boxes = [(0.0, 0.57, 0.46, 0.36), (0.54, 0.57, 0.46, 0.36), (0.0, 0.03, 0.46, 0.36), (0.54, 0.03, 0.46, 0.36)]
    dress(ax, title, "age in calendar periods since the first purchase", None, grid=None)
    ax.xaxis.labelpad = 18  # under the ages of the lower panels
    for panel, name in zip(panels(ax, boxes), measures, strict=True):
        values = cohort[name].to_numpy().astype(float)
        panel.plot(ages, values, color=PALETTE["dark"], linewidth=2, marker="o", markersize=4)
        dress(panel, None, None, None)
        note(panel, _with_unit(name, sign), (0, 1), above=5, xycoords="axes fraction", weight="bold")
        _frame(panel, name, sign, values)
        seen = np.flatnonzero(np.isfinite(values))
        for place, last in ((seen[0], False), (seen[-1], True)) if len(seen) else ():
            look = {"size": 8, "color": PALETTE["accent"], "weight": "bold"}
            look |= {"right": 6} if last else {"above": 5, "ha": "center"}
            if not last or len(seen) > 1:
                note(panel, _text(name, values[place], sign), (ages[place], values[place]), **look)
        sparse_ticks(panel.xaxis, ages, ages, most=9)
        right = ages.max(initial=0) + 0.3 + 0.2 * max(len(ages), 3)  # room for the last number
        panel.set_xlim(ages.min(initial=0) - 0.6, right)
    return ax


def next_order_curves(curves, *, title=None, ax=None):
    """Of those who made their n-th purchase, the share who made the next one, by weeks since: a curve each n.

    ``curves``: from `one_cohort.next_order_curves`: ``order, weeks, customers, share_repeated``. How many are behind a
    curve stands at its end. An order that nobody was watched for has no curve.
    """
    curves = finished(curves, ["order", "weeks", "customers", "share_repeated"], what="table of next orders")
    order, weeks, customers = (curves[name].to_numpy().astype(int) for name in ("order", "weeks", "customers"))
    share = curves["share_repeated"].to_numpy().astype(float)
    there = [n for n in sorted(set(order.tolist())) if np.isfinite(share[order == n]).any()]
    last = int(weeks.max(initial=1))
    ax = axes(ax)
    scale, drawn = shades(), []
    for number, n in enumerate(there):
        mine = order == n
        way = np.argsort(weeks[mine])
        x, y = weeks[mine][way], share[mine][way]
        first = number == 0
        look = {"color": PALETTE["accent"]} if first else {"color": scale(0.5 + 0.5 * number / len(there))}
        style = "-" if first else _DASHES[(number - 1) % len(_DASHES)]
        ax.plot(x, y, linewidth=2.2 if first else 1.8, linestyle=style, label=str(n), **look)
        drawn.append((f"{_nth(n + 1)} after {_nth(n)} ({wording.number(customers[mine][0])})", y[np.isfinite(y)][-1], first))
    dress(ax, title, "weeks since the purchase before", "share who bought again", grid="both")
    for (text, _, first), y in zip(drawn, apart([end for _, end, _ in drawn], 0.055), strict=True):
        look = {"weight": "bold", "color": PALETTE["accent"]} if first else {}
        note(ax, text, (last, y), right=5, size=8.5, **look)
    ax.set_xlim(0, last * 1.32)  # room for the names
    ax.set_ylim(0, 1)
    sparse_ticks(ax.xaxis, range(0, last + 1, 13 if last >= 26 else 1), most=14)
    percent_ticks(ax.yaxis)
    return ax


def pattern_bars(patterns, *, unit="quarter", title=None, ax=None):
    """In which periods the customers of a cohort were active: a row of squares a pattern, filled for active, and how
    many had it as a bar beside it.

    ``patterns``: from `one_cohort.patterns`: ``pattern, customers, share_of_cohort``; its rows are drawn in their
    order, so that a long table is cut first. A row whose pattern is other text, such as "all others", has no squares.
    """
    patterns = finished(patterns, ["pattern", "customers", "share_of_cohort"], what="table of patterns")
    texts, customers = [str(one) for one in patterns["pattern"].to_list()], patterns["customers"].to_list()
    shares = patterns["share_of_cohort"].to_numpy().astype(float)
    real = [set(text) <= set("Yn") for text in texts]
    ages = max((len(text) for text, is_one in zip(texts, real, strict=True) if is_one), default=1)
    ax = axes(ax, (SIZE[0], 1.3 + 0.3 * len(texts)))
    begin, wide = ages + 0.4, 0.75 * ages / max(float(np.nanmax(shares, initial=0)), 1e-12)
    for row, (text, n, share, is_one) in enumerate(zip(texts, customers, shares, real, strict=True)):
        if is_one:
            look = {"edgecolor": MUTED, "linewidth": 0.7, "height": 0.72}
            on = [place for place, letter in enumerate(text) if letter == "Y"]
            off = [place for place, letter in enumerate(text) if letter == "n"]
            ax.barh([row] * len(off), 0.84, left=np.array(off) - 0.42, color="white", **look)
            ax.barh([row] * len(on), 0.84, left=np.array(on) - 0.42, color=PALETTE["dark"], **look)
        else:
            note(ax, text, (ages - 0.55, row), ha="right", color=MUTED)
        ax.barh(row, share * wide, left=begin, height=0.5, color=PALETTE["mid"])
        n = wording.number(n) if not isinstance(n, str) else n
        note(ax, f"{n} ({wording.percent(share)})", (begin + share * wide, row), right=4, size=8.5)
    dress(ax, title, f"age in {unit}s since the first purchase (filled: active); right: customers, share of the cohort",
          None, grid=None)  # fmt: skip
    ax.xaxis.label.set(ha="left", x=0)
    ax.yaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    sparse_ticks(ax.xaxis, range(ages), most=13)
    ax.set_xlim(-0.6, begin + 1.25 * ages)
    ax.set_ylim(len(texts) - 0.4, -0.6)
    return ax


def two_cohorts_lines(by_age, by_period, *, measure, names, by_calendar=None, currency="", title=None, ax=None):
    """Two cohorts side by side: at the same age on the left, in the same calendar periods on the right.

    ``by_age`` and ``by_period``: from `cohort_comparison.two_cohorts` across age and period: ``age`` (or ``period``),
    ``measure, first, second``. A gap on the left that is not on the right hit all customers at once. ``names`` are those
    of the cohorts, the first one first. ``by_calendar`` is the measure on the right if it is another one, such as money a
    period beside money to date; it then has a scale of its own.
    """
    ax = axes(ax, (SIZE[0], 3.6))
    sign = drawable(currency)
    dress(ax, title, "left: at the same age; right: in the same calendar periods", None, grid=None)
    ax.xaxis.labelpad = 22  # under the ages
    apart = by_calendar not in (None, measure)
    wide = 0.43 if apart else 0.47
    left, right = panels(ax, [(0.0, 0.0, wide, 0.88), (1 - wide, 0.0, wide, 0.88)])
    dress(left, None, None, _with_unit(measure, sign))
    dress(right, None, None, _with_unit(by_calendar, sign) if apart else None)
    ends = {left: [0.0, 0.0], right: [0.0, 0.0]}
    looks = ({"color": PALETTE["dark"], "marker": "o"}, {"color": PALETTE["accent"], "marker": "s", "linestyle": "--"})
    for panel, rows, across, what in ((left, by_age, "age", measure), (right, by_period, "period", by_calendar or measure)):
        rows = finished(rows, [across, "measure", "first", "second"], what="table of two cohorts")
        mine = np.flatnonzero([one == what for one in rows["measure"].to_list()])
        labels = [str(rows[across].to_list()[row]) for row in mine]
        for column, name, look in zip(("first", "second"), names, looks, strict=True):
            values = rows[column].to_numpy().astype(float)[mine]
            panel.plot(range(len(mine)), values, label=str(name), linewidth=2, markersize=4.5, **look)
            ends[panel] = [min(ends[panel][0], np.nanmin(values, initial=0)), max(ends[panel][1], np.nanmax(values, initial=0))]
        sparse_ticks(panel.xaxis, range(len(labels)), labels, most=8 if across == "age" else 4)
        panel.set_xlim(-0.4, len(labels) - 0.6)
    both = [min(ends[left][0], ends[right][0]), max(ends[left][1], ends[right][1])]
    for panel, what in ((left, measure), (right, by_calendar or measure)):
        lowest, highest = ends[panel] if apart else both
        panel.set_ylim(lowest, 1.12 * highest or 1)
        _units(panel.yaxis, what, sign)
    right.tick_params(axis="y", labelleft=apart)
    legend(left, outside=True, bbox_to_anchor=(0, 1.02))
    return ax


def second_purchase_windows(windows, *, title=None, ax=None):
    """How many of each cohort had bought a second time within equal windows: a line a window, over the cohorts.

    ``windows``: from `cohort_comparison.second_purchase`: ``cohort, weeks, share_repeated``; with ``low`` and ``high``
    each point has its interval. Cohorts that were not watched so long have no point.
    """
    windows = finished(windows, ["cohort", "weeks", "share_repeated"], what="table of second purchases")
    cohorts, weeks = [str(one) for one in windows["cohort"].to_list()], windows["weeks"].to_numpy().astype(int)
    share = windows["share_repeated"].to_numpy().astype(float)
    labels = list(dict.fromkeys(cohorts))
    place = np.array([labels.index(one) for one in cohorts], dtype=int)
    ax = axes(ax)
    lengths = [length for length in sorted(set(weeks.tolist())) if np.isfinite(share[weeks == length]).any()]
    scale, drawn = shades(), []
    for number, length in enumerate(lengths):
        mine = np.flatnonzero((weeks == length) & np.isfinite(share))
        colour = scale(0.55 + 0.45 * (number + 1) / len(lengths))
        look = {"color": colour, "linewidth": 1.8, "marker": "os^Dv*"[number % 6], "markersize": 5}
        if {"low", "high"} <= set(windows.columns):
            low, high = (windows[name].to_numpy().astype(float)[mine] for name in ("low", "high"))
            ax.vlines(place[mine], low, high, color=colour, linewidth=1.2)
        ax.plot(place[mine], share[mine], label=f"within {length} weeks", **look)
        drawn.append((f"within {wording.count(length, 'week')}", place[mine][-1], share[mine][-1]))
    dress(ax, title, "cohort: period of the first purchase", _NAMES["share_repeated"])
    for text, x, y in drawn:
        note(ax, text, (x, y), right=8, size=8.5)
    sparse_ticks(ax.xaxis, range(len(labels)), labels, most=8)
    ax.set_xlim(-0.4, max(len(labels) - 1, 0) + 0.3 + 0.2 * max(len(labels), 2))  # room for the names
    ax.set_ylim(0, min(1.0, 1.15 * float(np.nanmax(share, initial=0)) or 1))
    percent_ticks(ax.yaxis)
    return ax


def _nth(n):
    return f"{n}{'th' if n % 100 in (11, 12, 13) else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def _with_unit(measure, sign):
    name = _NAMES.get(measure, measure.replace("_", " "))
    return f"{name} ({sign})" if sign and measure.startswith(_MONEY) else name


def _text(measure, value, sign):
    if measure in _SHARES:
        return wording.percent(value, 0 if value == 1 else 1)
    return wording.money(value, sign, 0 if abs(value) >= 1000 else 2) if measure.startswith(_MONEY) else f"{value:.2f}"


def _units(axis, measure, sign):
    if measure in _SHARES:
        percent_ticks(axis)
    elif measure.startswith(_MONEY):
        money_ticks(axis, sign)
    else:
        axis.set_major_formatter(lambda value, _: f"{value:g}")


def _frame(panel, measure, sign, values):
    panel.set_ylim(min(0.0, float(np.nanmin(values, initial=0))), 1.25 * float(np.nanmax(values, initial=0)) or 1)
    panel.yaxis.get_major_locator().set_params(nbins=4)
    panel.tick_params(labelsize=8)
    _units(panel.yaxis, measure, sign)
