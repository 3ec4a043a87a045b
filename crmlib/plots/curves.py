"""Charts of something over time: cohorts by age, activity by window, gaps between purchases by length."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    MUTED, PALETTE, axes, drawable, dress, finished, legend, money_ticks, named_ticks, note, number_ticks,
    percent_ticks,
)  # fmt: skip

__all__ = ["activity_by_window", "cohort_curves", "gap_curves"]

_MARKERS = "os^Dv*"
_VALUES = {
    "share_active": "share of the cohort active",
    "repeat_buying_rate": "repeat-buying rate",
    "share_repeated": "share with a second purchase",
    "revenue_to_date": "revenue to date per member",
    "profit_to_date": "profit to date per member",
}


def cohort_curves(cohorts, *, value="share_active", from_age=1, stand_out=None, currency="", title=None, ax=None):
    """A line a cohort: ``value`` by age, from ``from_age`` on (at age 0 all are active, which says nothing).

    ``cohorts``: from `cohorts.cohort_table`, `one_cohort.by_age` (such as revenue_to_date) or
    `cohort_comparison.second_purchase_by_age` (share_repeated): ``cohort, age`` and ``value``. Up to six cohorts have
    lines of their own; of more, the oldest and the newest stand out, or the two that ``stand_out`` names, and the others are grey.
    """
    cohorts = finished(cohorts, ["cohort", "age", value], what="cohort table")
    names, ages = np.array(cohorts["cohort"].to_list(), dtype=object), cohorts["age"].to_numpy().astype(int)
    values = cohorts[value].to_numpy().astype(float)
    seen = (ages >= from_age) & np.isfinite(values)
    lines = {name: seen & (names == name) for name in sorted(set(names[seen]))}
    few = len(lines) <= len(_MARKERS)
    first, second = stand_out or [[*lines][place] if lines else None for place in (0, -1)]
    others = "others" if stand_out else "in between"
    grey = [name for name in lines if name not in (first, second)]
    ax = axes(ax)
    for number, (name, mask) in enumerate(lines.items()):
        order = np.argsort(ages[mask])
        x, y = ages[mask][order], values[mask][order]
        oldest, newest = name == first, name == second and first != second
        look = {"color": MUTED, "linewidth": 0.8, "alpha": 0.5}
        if few or oldest or newest:
            colour = PALETTE["dark"] if oldest else PALETTE["accent"] if newest else PALETTE["mid"]
            look = {"color": colour, "linewidth": 2, "marker": _MARKERS[number if few else newest], "markersize": 4.5}
            look |= {"zorder": 3} if oldest or newest else {}
        ax.plot(x, y, label=str(name) if "marker" in look else others if name == grey[0] else f"_{others}", **look)
    share = value.startswith("share") or value.endswith("rate")
    money = value.startswith(("revenue", "profit", "order_value"))
    sign = drawable(currency) if money else ""
    what = _VALUES.get(value, value.replace("_", " "))
    dress(ax, title, "age in calendar periods since the first purchase", f"{what} ({sign})" if sign else what)
    ax.set_ylim(min(0.0, float(values[seen].min(initial=0))), 1.12 * float(values[seen].max(initial=0)) or 1)
    if lines:
        rises = value.endswith(("to_date", "repeated", "rate"))  # the room of what rises is under its end
        legend(ax, loc="lower right" if rises else "upper right", ncols=2)
    if money:
        money_ticks(ax.yaxis, sign)
    else:
        (percent_ticks if share else number_ticks)(ax.yaxis)
    _whole_ticks(ax, ages[seen])
    return ax


def activity_by_window(windows, *, title=None, ax=None):
    """How many customers are active and inactive, by the length of the window that says what active is.

    ``windows``: from `activity.sensitivity`: ``window_days, active, inactive, share_active``, shortest first.
    """
    windows = finished(windows, ["window_days", "active", "inactive", "share_active"], what="table of windows")
    ax = axes(ax)
    place = np.arange(len(windows))
    active, inactive = windows["active"].to_numpy(), windows["inactive"].to_numpy()
    ax.bar(place, active, width=0.72, color=PALETTE["dark"], label="active")
    ax.bar(place, inactive, bottom=active, width=0.72, color=PALETTE["light"], label="inactive")
    for x, customers, share in zip(place, active, windows["share_active"].to_list(), strict=True):
        note(ax, wording.percent(share), (x, customers), above=3, ha="center")
    dress(ax, title, "active: bought in the last ... days", "customers", legend=True)
    named_ticks(ax.xaxis, place, [wording.number(days) for days in windows["window_days"].to_list()])
    number_ticks(ax.yaxis)
    ax.margins(y=0.06)
    legend(ax, outside=True)
    return ax


def gap_curves(gaps, *, title=None, ax=None):
    """The share of gaps between purchases that have ended by a day, counted rightly and naively.

    ``gaps``: the table of `survival.gap_survival`: ``day, ended, ended_low, ended_high, ended_completed``. The gap that
    is still open at the end of the log counts as at least so long in the one curve (Kaplan-Meier); the other leaves it
    out and is too high for that.
    """
    needed = ["day", "ended", "ended_low", "ended_high", "ended_completed"]
    gaps = finished(gaps, needed, what="table of gaps")
    day, ended, low, high, naive = (gaps[name].to_numpy().astype(float) for name in needed)
    ax = axes(ax)
    ax.fill_between(day, low, high, step="post", color=PALETTE["light"], linewidth=0)
    alone = {"color": PALETTE["accent"], "linewidth": 1.8, "linestyle": (0, (4, 2))}
    ax.step(day, naive, where="post", label="completed gaps alone", **alone)
    ax.step(day, ended, where="post", color=PALETTE["dark"], linewidth=2.2, label="open gaps counted (Kaplan-Meier)")
    dress(ax, title, "days since a purchase", "share who have bought again", grid="both")
    ax.set_xlim(0, float(day.max(initial=1)))
    ax.set_ylim(0, 1)
    percent_ticks(ax.yaxis)
    legend(ax, loc="lower right")
    return ax


def _whole_ticks(ax, ages):
    first, last = (int(ages.min()), int(ages.max())) if len(ages) else (0, 1)
    step = max(1, -(-(last - first + 1) // 12))
    named_ticks(ax.xaxis, range(first, last + 1, step), [str(age) for age in range(first, last + 1, step)])
