"""Charts of the whole base in the audit: all cohorts stacked, what is new and carried, deciles, products."""

from __future__ import annotations

import numpy as np

from crmlib import wording
from crmlib.plots.look import (
    INK, MUTED, PALETTE, SIZE, apart, axes, drawable, dress, even_shades, finished, legend, money_ticks, named_ticks,
    note, number_ticks, percent_ticks, sparse_ticks,
)  # fmt: skip

__all__ = ["cohort_chart", "decile_bars", "entry_index", "new_and_carried", "product_points"]

_BEFORE = "before"  # as crmlib.all_cohorts.BEFORE
_MOST_BANDS = 5  # shades that can be told apart side by side in grey


def cohort_chart(cohorts, *, value="revenue", currency="", title=None, ax=None):
    """The customer cohort chart: a column a period, in it a piece a cohort, the oldest at the bottom.

    ``cohorts``: from `all_cohorts.cohort_chart`: ``cohort, period`` and ``value`` (revenue, profit, orders, active).
    Cohorts of one year have one shade, the oldest years together if there are many, so that the bands can be told apart
    in grey and have their names beside the last column; customers from before the window are the hatched band. What is
    below zero hangs below the line. A period that was not wholly seen has no column.
    """
    cohorts = finished(cohorts, ["cohort", "period", value], what="table of all cohorts")
    labels, periods = [str(one) for one in cohorts["cohort"].to_list()], cohorts["period"].to_list()
    values = cohorts[value].to_numpy().astype(float)
    when = sorted(set(map(str, periods)))
    names = sorted(set(labels), key=lambda name: (name != _BEFORE, name))
    heights = np.full((len(names), len(when)), 0.0)
    heights[[names.index(name) for name in labels], [when.index(str(one)) for one in periods]] = values
    seen = np.isfinite(heights).all(axis=0)
    heights = np.nan_to_num(heights)
    bands, thin = _bands(names), 0.5 if len(names) <= 16 else 0.15
    drawn = list(dict.fromkeys(band for band in bands if band != _BEFORE))
    ax = axes(ax, (SIZE[0], 4.2))
    sign = drawable(currency) if value in ("revenue", "profit") else ""
    shade, place = dict(zip(drawn, even_shades(len(drawn)), strict=True)), np.arange(len(when))
    up, down = np.zeros(len(when)), np.zeros(len(when))
    middles = {}
    for name, band, height in zip(names, bands, heights, strict=True):
        if band == _BEFORE:
            look = {"facecolor": "white", "edgecolor": MUTED, "hatch": "////", "linewidth": 0.6}
        else:
            lightest = len(drawn) > 1 and band == drawn[-1]
            look = {"facecolor": shade[band], "edgecolor": MUTED if lightest else "white", "linewidth": thin}
        bottom = np.where(height >= 0, up, down)
        ax.bar(place[seen], height[seen], bottom=bottom[seen], width=0.86, label=name, **look)
        if seen.any():
            end = np.flatnonzero(seen)[-1]
            middles.setdefault(band, []).extend([bottom[end], bottom[end] + height[end]])
        up, down = up + np.maximum(height, 0), down + np.minimum(height, 0)
    what = {"active": "customers active"}.get(value, value)
    dress(ax, title, None, f"{what} ({sign})" if sign else what)
    most = float(up.max(initial=0)) or 1.0
    right = np.flatnonzero(seen)[-1] + 0.5 if seen.any() else len(when) - 0.5
    written = list(middles)
    places = apart([(min(ends) + max(ends)) / 2 for ends in middles.values()], 0.055 * most)
    for band, y in zip(written, places, strict=True):
        note(ax, f"before {when[0]}" if band == _BEFORE else band, (right, y), right=5, size=8.5)
    sparse_ticks(ax.xaxis, place, when, most=8)
    ax.set_xlim(-0.6, len(when) - 0.4 + 0.19 * max(len(when), 3))  # room for the names
    ax.axhline(0, color=MUTED, linewidth=0.8)
    (money_ticks(ax.yaxis, sign) if value in ("revenue", "profit") else number_ticks(ax.yaxis))
    return ax


def _bands(names):
    """The year of each cohort; the oldest years together if there are more than can be told apart."""
    years = sorted({name[:4] for name in names if name != _BEFORE})
    old = years[: max(len(years) - _MOST_BANDS + 1, 0)]
    together = f"{old[0]} to {old[-1]}" if len(old) > 1 else None
    return [_BEFORE if name == _BEFORE else together if together and name[:4] in old else name[:4] for name in names]


def new_and_carried(base, *, money="revenue", title=None, ax=None):
    """What share of a period's money new customers bring, and how much of the period before the older ones bring again.

    ``base``: from `all_cohorts.base_by_period`: ``period, new_share`` and ``carry_over``, or with ``money="profit"``
    ``new_profit_share`` and ``profit_carry_over``. The two have different denominators and do not sum to 1.
    """
    fresh, carried = ("new_share", "carry_over") if money == "revenue" else ("new_profit_share", "profit_carry_over")
    base = finished(base, ["period", fresh, carried], what="table of periods")
    labels = [str(one) for one in base["period"].to_list()]
    ax = axes(ax)
    lines = ((carried, f"carry-over: older customers,\n% of the {money} before", PALETTE["dark"], "o", "-"),
             (fresh, f"new share: new customers,\n% of the {money}", PALETTE["accent"], "s", "--"))  # fmt: skip
    highest, ends = 0.0, []
    for name, words, colour, marker, style in lines:
        values = base[name].to_numpy().astype(float)
        ax.plot(range(len(values)), values, color=colour, marker=marker, linestyle=style, linewidth=2, markersize=4.5)
        highest = max(highest, float(np.nanmax(values, initial=0)))
        seen = np.flatnonzero(np.isfinite(values))
        if len(seen):
            ends.append((f"{words}: {wording.percent(values[seen[-1]], 0)}", values[seen[-1]], colour))
    dress(ax, title, None, f"share of {money}")
    least = 0.17 * highest
    for (text, _, colour), y in zip(ends, apart([max(end, least / 2) for _, end, _ in ends], least), strict=True):
        note(ax, text, (len(labels) - 1, y), right=9, size=8.5, color=colour, weight="bold")
    sparse_ticks(ax.xaxis, range(len(labels)), labels, most=8)
    ax.set_xlim(-0.4, len(labels) - 1 + 0.45 * max(len(labels), 2))  # room for the words
    ax.set_ylim(0, 1.1 * highest or 1)
    percent_ticks(ax.yaxis)
    return ax


def decile_bars(deciles, *, value="revenue", title=None, ax=None):
    """What share of the orders and of the money each tenth of the customers has, the best tenth first.

    ``deciles``: from `one_period.customer_deciles`: ``decile, share_of_customers, share_of_orders`` and the share of
    ``value``; from `one_cohort.value_deciles` too, which has no share of orders. The short line is the share of the
    customers.
    """
    deciles = finished(deciles, ["decile", "share_of_customers", f"share_of_{value}"], what="table of deciles")
    names = [str(one).replace("_", " ") for one in deciles["decile"].to_list()]
    place = np.arange(len(names))
    ax = axes(ax)
    both = "share_of_orders" in deciles.columns
    money = deciles[f"share_of_{value}"].to_numpy().astype(float)
    if both:
        orders = deciles["share_of_orders"].to_numpy().astype(float)
        ax.bar(place - 0.2, orders, width=0.38, color=PALETTE["mid"], label="share of orders")
    ax.bar(place + 0.2 * both, money, width=0.38 if both else 0.7, color=PALETTE["dark"], label=f"share of {value}")
    customers = deciles["share_of_customers"].to_numpy().astype(float)
    look = {"color": PALETTE["accent"], "linewidth": 2, "label": "share of customers", "zorder": 1.5}
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    ax.hlines(customers, place - 0.43, place + 0.43, **look)
    for x, share in zip(place, money, strict=True):
        if np.isfinite(share):
            note(ax, wording.percent(share), (x + 0.2 * both, max(share, 0)), above=3, ha="center", size=8, bbox=paper)
    dress(ax, title, "customer deciles, the best first", "share of all", legend=True)
    named_ticks(ax.xaxis, place, names)
    percent_ticks(ax.yaxis)
    ax.margins(y=0.1)
    legend(ax, outside=True)
    return ax


def product_points(products, *, value="order_value", currency="", most=12, title=None, ax=None):
    """Each product by how many buy it and what it brings: penetration to the right, ``value`` upwards.

    ``products``: from `products.by_product`, of which the first ``most`` rows get their names: ``product, penetration``
    and ``value``, such as order_value or sole_share.
    """
    products = finished(products, ["product", "penetration", value], what="table of products")
    names = [str(one) for one in products["product"].to_list()]
    x, y = (products[name].to_numpy().astype(float) for name in ("penetration", value))
    ax = axes(ax, (SIZE[0], 4.2))
    share, sign = value.startswith(("sole", "share", "margin")), drawable(currency)
    ax.scatter(x, y, s=34, color=PALETTE["dark"], zorder=3)
    what = {"order_value": "revenue of the product in an order with it", "sole_share": "share of its buyers who buy nothing else"}
    what = what.get(value, value.replace("_", " "))
    wide = float(np.nanmax(x, initial=0)) or 1.0
    # a few dear products would press all others on the line of zero
    steep = not share and bool((y > 0).all()) and y.max(initial=1) > 20 * y.min(initial=np.inf)
    unit = ", ".join([*([sign] if sign and not share else []), *(["log scale"] if steep else [])])
    dress(ax, title, "penetration: share of the customers of the period who bought it", f"{what} ({unit})" if unit else what, grid="both")
    up, back = (np.log10, lambda v: 10**v) if steep else (lambda v: v, lambda v: v)
    if steep:
        ax.set_yscale("log")
    u = up(y)
    low, high = (float(end(u, initial=0 if not steep else u[0])) for end in (np.nanmin, np.nanmax))
    tall = (high - low) or 1.0
    taken = []
    rows = [row for row in range(min(most, len(names))) if np.isfinite(x[row] + u[row])]
    for row in sorted(rows, key=lambda row: u[row]):  # from the lowest up, so that a name only moves upwards
        at = u[row]
        while any(abs(at - other) < 0.055 * tall and abs(x[row] - beside) < 0.1 * wide for beside, other in taken):
            at += 0.01 * tall
        taken.append((x[row], at))
        # to the left where the name would cover another point
        side = -1 if ((x > x[row]) & (x - x[row] < 0.07 * wide) & (abs(u - at) < 0.04 * tall)).any() else 1
        if at - u[row] > 0.02 * tall:
            ax.plot([x[row], x[row] + side * 0.012 * wide], [y[row], back(at)], color=MUTED, linewidth=0.6)
        note(ax, names[row], (x[row], back(at)), right=7 * side, ha="left" if side > 0 else "right", size=8.5)
    ax.tick_params(which="minor", length=0)
    ax.set_xlim(0, 1.15 * wide)  # room for the names
    top = max(high + 0.1 * tall, max((at for _, at in taken), default=high) + 0.05 * tall)
    ax.set_ylim(back(low - 0.04 * tall), back(top))
    percent_ticks(ax.xaxis)
    (percent_ticks(ax.yaxis) if share else money_ticks(ax.yaxis, sign))
    return ax


def entry_index(
    entries, *, label="product", x="value a customer at equal age, mean of all = 100", what="first product (customers)", title=None,
    ax=None,
):
    """What customers brought by the product that they bought first, against the mean of all, which is 100.

    ``entries``: from `products.entry_products`: ``product, customers, index`` (a ratio, 1 for the mean). Above the mean
    is dark, below is hatched; where the table has ``low`` and ``high``, a line shows the interval. For another index by
    group: ``label`` is its column, ``x`` says what it is, and ``what`` what the rows are.
    """
    entries = finished(entries, [label, "customers", "index"], what="table of entry products")
    names = [f"{name} ({wording.number(n)})" for name, n in
             zip(entries[label].to_list(), entries["customers"].to_list(), strict=True)]  # fmt: skip
    index = 100 * entries["index"].to_numpy().astype(float)
    known = {"low", "high"} <= {*entries.columns}
    ends = [100 * entries[name].to_numpy().astype(float) if known else index for name in ("low", "high")]
    ax = axes(ax, (SIZE[0], 1.3 + 0.34 * len(names)))
    for row, (one, low, high) in enumerate(zip(index, *ends, strict=True)):
        if np.isfinite(one):
            look = {"color": PALETTE["dark"]} if one >= 100 else {
                "facecolor": "white", "edgecolor": PALETTE["accent"], "hatch": "////"}  # fmt: skip
            ax.barh(row, one - 100, left=100, height=0.66, **look)
            if high > low:
                ax.plot([low, high], [row, row], color=PALETTE["mid"], linewidth=2.2, solid_capstyle="butt", zorder=3)
            above = one >= 100
            end = np.fmax(one, high) if above else np.fmin(one, low)
            note(ax, wording.number(one), (end, row), right=5 if above else -5, ha="left" if above else "right")
    ax.axvline(100, color=INK, linewidth=1)
    dress(ax, title, x, None, grid="x", names=names)
    named_ticks(ax.yaxis, range(len(names)), names)
    note(ax, what, (0, 1), above=2, right=-5, ha="right", color=MUTED, xycoords="axes fraction")
    ax.invert_yaxis()
    ax.margins(x=0.15)
    return ax
