"""Charts of what a customer is worth on paper: conventions, survival, stopping rules, five points, the value matrix."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    MUTED, PALETTE, axes, drawable, dress, finished, legend, money_ticks, named_ticks, note, number_ticks, percent_ticks,
)  # fmt: skip

__all__ = ["lift_curves", "stopping_values", "survival_fit", "timing_curves", "value_scatter"]

_LOOKS = (
    {"color": PALETTE["dark"], "linestyle": "-"},
    {"color": PALETTE["accent"], "linestyle": (0, (5, 2))},
    {"color": PALETTE["mid"], "linestyle": (0, (1, 1.2))},
    {"color": MUTED, "linestyle": (0, (6, 2, 1, 2))},
)


def timing_curves(conventions, *, currency="", title=None, ax=None):
    """The value of a customer by the rate of retention, a line for each convention of timing.

    ``conventions``: from `retention_value.conventions` for several rates: ``retention, timing, value``.
    """
    conventions = finished(conventions, ["retention", "timing", "value"], what="table of conventions")
    ax, sign = axes(ax), drawable(currency)
    rate, value = (conventions[name].to_numpy().astype(float) for name in ("retention", "value"))
    timing = np.array(conventions["timing"].to_list(), dtype=object)
    for look, name in zip(_LOOKS, dict.fromkeys(timing), strict=False):
        order = np.flatnonzero(timing == name)
        order = order[np.argsort(rate[order])]
        ax.plot(rate[order], value[order], linewidth=2.2, label=str(name), **look)
    unit = f"value of a customer ({sign})" if sign else "value of a customer"
    dress(ax, title, "retention from one period to the next", unit, grid="both", legend=True)
    percent_ticks(ax.xaxis)
    money_ticks(ax.yaxis, sign)
    ax.set_ylim(bottom=min(0.0, float(value.min(initial=0))))
    legend(ax, outside=True)
    return ax


def survival_fit(survival, *, fitted_to=None, title=None, ax=None):
    """The share of a cohort that is still there, by period: as seen, and as a model has it.

    ``survival``: ``period, actual, fitted``, shares of 0 to 1; ``actual`` may be null where nothing was seen yet. A line
    stands after the period ``fitted_to``: what lies behind it the model did not know.
    """
    survival = finished(survival, ["period", "actual", "fitted"], what="table of survival")
    period, actual, fitted = (survival[name].to_numpy().astype(float) for name in ("period", "actual", "fitted"))
    ax = axes(ax)
    look = {"width": 0.66, "color": PALETTE["light"], "edgecolor": PALETTE["mid"]}
    seen = np.isfinite(actual)
    ax.bar(period[seen], actual[seen], label="actual", **look)
    ax.plot(period, fitted, color=PALETTE["accent"], marker="o", markersize=4.5, linewidth=2, label="fitted")
    if fitted_to is not None:
        ax.axvline(fitted_to + 0.5, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        note(ax, "not seen by the model", (fitted_to + 0.5, 0.93), right=6, ha="left", color=MUTED)
    dress(ax, title, "period since the start", "share of the cohort still there", legend=True)
    ax.set_ylim(0, 1)
    percent_ticks(ax.yaxis)
    number_ticks(ax.xaxis)
    legend(ax, outside=True)
    return ax


def stopping_values(rules, *, currency="", title=None, ax=None):
    """What a customer who has just bought is worth under each rule for when contacts stop; the best is set off.

    ``rules``: from `migration_value.stopping_rules`: ``contacts_until, value, best``.
    """
    rules = finished(rules, ["contacts_until", "value", "best"], what="table of stopping rules")
    ax, sign = axes(ax), drawable(currency)
    until, value, best = rules["contacts_until"].to_list(), rules["value"].to_numpy(), rules["best"].to_list()
    place = np.arange(len(until))
    ax.bar(place, value, width=0.72, color=[PALETTE["accent"] if one else PALETTE["mid"] for one in best])
    for x, amount in zip(place, value, strict=True):
        note(ax, wording.money(amount, sign), (x, max(amount, 0.0)), above=3, ha="center")
    dress(ax, title, "contacts stop after recency (0: none are made)", f"value ({sign})" if sign else "value")
    named_ticks(ax.xaxis, place, [str(int(one)) for one in until])
    money_ticks(ax.yaxis, sign)
    ax.margins(y=0.12)
    return ax


def lift_curves(lifts, *, by="growth", claims=(0.25, 0.85), title=None, ax=None):
    """By how much more retention raises the value of a customer, by the rate it starts from; a line for each ``by``.

    ``lifts``: from `retention_value.lifts`: ``retention, lift`` and ``by``: "growth", "discount" or "periods". The
    ``claims``, from Reichheld & Sasser, are drawn as level lines; () leaves them out.
    """
    lifts = finished(lifts, ["retention", "lift", by], what="table of lifts")
    base, lift = (lifts[name].to_numpy().astype(float) for name in ("retention", "lift"))
    groups = [None if one is None or one != one else float(one) for one in lifts[by].to_list()]
    ax = axes(ax)
    for look, group in zip(_LOOKS, dict.fromkeys(groups), strict=False):
        order = np.array([place for place, one in enumerate(groups) if one == group and np.isfinite(lift[place])], dtype=int)
        order = order[np.argsort(base[order])]
        name = "without end" if group is None else wording.count(group, "period") if by == "periods" else wording.percent(group, 0)
        ax.plot(base[order], lift[order], linewidth=2.2, label=name if by == "periods" else f"{by} {name}", **look)
    for claim in claims:
        ax.axhline(claim, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        note(ax, f"claim: {wording.percent(claim, 0)}", (float(base.min(initial=1)), claim), above=3, ha="left", color=MUTED)
    dress(ax, title, "retention before", "rise of the value of a customer", grid="both", legend=True)
    percent_ticks(ax.xaxis)
    percent_ticks(ax.yaxis)
    highest = float(np.nanmax(lift, initial=0))
    ax.set_ylim(0, 1.15 * max([min(highest, 2.0), *claims]))
    legend(ax, outside=True)
    return ax


def value_scatter(typed, cuts, *, current="past_value", future="clv", currency="", title=None, ax=None):
    """Every customer by what they brought and what they are expected to bring, with the cuts and the four quarters.

    ``typed``: from `value_matrix.value_types`; ``cuts``: from `value_matrix.cuts` with the same options. Both axes are
    linear near 0 and logarithmic beyond, so that a few large customers do not hide the others.
    """
    from crmlib.value_matrix import TYPES

    typed = finished(typed, [current, future, "value_type"], what="table of value types")
    cuts = finished(cuts, ["axis", "cut"], what="table of cuts")
    at = dict(zip(cuts["axis"].to_list(), cuts["cut"].to_list(), strict=True))
    ax, sign = axes(ax), drawable(currency)
    now, later = (typed[name].to_numpy().astype(float) for name in (current, future))
    kinds = np.array(typed["value_type"].to_list(), dtype=object)
    looks = dict(zip(TYPES, ((PALETTE["dark"], "o"), (PALETTE["mid"], "^"), (PALETTE["light"], "s"), ("#b9c0c7", "v"),
                             (PALETTE["accent"], "x")), strict=True))  # fmt: skip
    for name, (colour, marker) in looks.items():
        of = kinds == name
        if of.any():
            edge = {} if marker == "x" else {"edgecolors": PALETTE["dark"], "linewidths": 0.3}
            label = f"{name} ({wording.number(int(of.sum()))})"
            ax.scatter(now[of], later[of], s=16, color=colour, marker=marker, label=label, rasterized=True, **edge)
    ax.axvline(at["current"], color=MUTED, linewidth=1)
    ax.axhline(at["future"], color=MUTED, linewidth=1)
    scales = (ax.set_xscale, ax.set_xlim, ax.xaxis, at["current"], now), (ax.set_yscale, ax.set_ylim, ax.yaxis, at["future"], later)
    for scale, limit, axis, cut, amounts in scales:
        even = max(abs(cut), float(np.median(np.abs(amounts))) if len(amounts) else 0.0) or 1.0  # a cut may be 0
        scale("symlog", linthresh=even)
        limit(min(2 * amounts.min(initial=0), -0.1 * even), None)  # else the axis goes down to amounts that nobody has
        money_ticks(axis, sign)
    unit = f" ({sign})" if sign else ""
    dress(ax, title, current.replace("_", " ") + unit, future.replace("_", " ") + unit, grid="both", legend=True)
    legend(ax, loc="upper left", bbox_to_anchor=(0, -0.19), ncols=3)  # two rows do not fit below the title
    return ax
