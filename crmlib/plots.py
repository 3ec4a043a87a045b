"""Every chart. A function takes a finished table and an ``ax`` and gives the Axes back; it computes nothing.

Tables may be pandas or polars. Without ``ax`` a new pyplot figure is made, so that a notebook shows it; `canvas` makes
one that belongs to no window and no notebook. A title states the finding and is passed in. All text is drawn as it is
written: two dollar signs never become a formula. Nothing here changes a setting of matplotlib.
"""

from __future__ import annotations

import math
import textwrap

import numpy as np

from crmlib import wording
from crmlib.frames import table

__all__ = [
    "PALETTE", "abc_curve", "canvas", "customers_by_period", "holdout_by_x", "lorenz_curve", "order_histogram",
    "pyramid_bars", "revenue_by_period", "share_bars", "share_by_window", "value_bars",
]  # fmt: skip

# Their lightness differs by a fifth of the scale or more from one to the next, so they can be told apart in grey.
PALETTE = {"dark": "#1f3b57", "accent": "#b4532a", "mid": "#6f9ec2", "light": "#cfdfeb"}
INK, MUTED, GRID = "#20262d", "#5b6570", "#e2e6ea"
SIZE = (7.6, 3.5)  # inches


def canvas(width=SIZE[0], height=SIZE[1]):
    """Axes on a figure of their own, outside pyplot: nothing to close, and no notebook shows it by itself."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def lorenz_curve(points, *, top=None, title=None, value="revenue", ax=None):
    """Cumulative share of ``value`` over the share of customers, from the poorest on, with the line of equality.

    ``points``: ``share_of_customers, share_of_value``, from `pareto.lorenz`. ``top``: what to mark, as (share of
    customers, share of value that they bring), e.g. (0.20, 0.678).
    """
    points = table(points, ["share_of_customers", "share_of_value"], what="table of Lorenz points")
    ax = _axes(ax, (5.6, 4.6))
    x, y = points["share_of_customers"].to_numpy(), points["share_of_value"].to_numpy()
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label="everyone the same")
    ax.fill_between(x, y, x, color=PALETTE["light"], linewidth=0)
    ax.plot(x, y, color=PALETTE["dark"], linewidth=2.2, label="these customers")
    if top is not None:
        customers, share = top
        ax.plot([1 - customers] * 2, [1 - share, 1], color=PALETTE["accent"], linewidth=2, label="_top")
        ax.plot([1 - customers], [1 - share], marker="o", markersize=5, color=PALETTE["accent"], label="_top")
        _note(ax, f"top {wording.percent(customers, 0)} of customers\nbring {wording.percent(share)}",
              (1 - customers - 0.03, 1 - share / 2), ha="right", color=PALETTE["accent"], weight="bold",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.5})  # fmt: skip
    _dress(ax, title, "share of customers, smallest first", f"cumulative share of {value}", grid="both")
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, float(y.min(initial=0))), 1)
    _percent_ticks(ax.xaxis)
    _percent_ticks(ax.yaxis)
    _legend(ax, loc="upper left")
    return ax


def abc_curve(classes, *, by="revenue", cuts=(), title=None, ax=None):
    """Cumulative share of ``by`` over the share of customers, best first, with a band for each ABC class.

    ``classes``: from `pareto.abc_classes`, best first: ``cumulative_share, class``. ``cuts``: where to draw a thin line,
    e.g. the cuts that the classes were made with.
    """
    classes = table(classes, ["cumulative_share", "class"], what="table of ABC classes")
    ax = _axes(ax)
    names, shares = classes["class"].to_list(), classes["cumulative_share"].to_numpy()
    n = len(names)
    rank = np.arange(n + 1) / n
    shades = dict(zip("ABCN", (PALETTE["light"], "#e2ecf3", "#f2f5f8", "#ffffff"), strict=True))
    for name in dict.fromkeys(names):
        start, end = names.index(name), n - names[::-1].index(name)
        ax.axvspan(start / n, end / n, color=shades.get(name, "#ffffff"), linewidth=0)
        if (end - start) / n > 0.03:
            _note(ax, name, ((start + end) / 2 / n, 0.04), ha="center", weight="bold", size=12)
        elif end == n:  # a sliver at the end has room for its name only beside it
            _note(ax, f"{name} →", (start / n, 0.04), right=-4, ha="right", weight="bold", size=9)
    for cut in cuts:
        ax.axhline(cut, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        _note(ax, wording.percent(cut, 0), (0.01, cut), above=2, size=8, color=MUTED)
    ax.plot(rank, np.concatenate([[0.0], shares]), color=PALETTE["dark"], linewidth=2.2)
    _dress(ax, title, "share of customers, largest first", f"cumulative share of {by}")
    ax.set_xlim(0, 1)
    ax.set_ylim(0, max(1.02, float(np.nanmax(shares))))
    _percent_ticks(ax.xaxis)
    _percent_ticks(ax.yaxis)
    return ax


def order_histogram(counts, *, title=None, ax=None):
    """Customers by number of orders. ``counts``: ``orders`` (numbers or text such as "10+") and ``customers``."""
    counts = table(counts, ["orders", "customers"], what="table of order counts")
    ax = _axes(ax)
    labels, customers = [str(label) for label in counts["orders"].to_list()], counts["customers"].to_numpy()
    total = customers.sum()
    bars = ax.bar(range(len(labels)), customers, width=0.72, color=[PALETTE["dark"]] + [PALETTE["mid"]] * (len(labels) - 1))
    for bar, value in zip(bars, customers, strict=True):
        # bars stand close together
        share = wording.percent(value / total, 0).replace("under ", "<").replace("over ", ">")
        _note(ax, share, (bar.get_x() + bar.get_width() / 2, value), above=3, ha="center")
    _dress(ax, title, "orders", "customers")
    _labels(ax.xaxis, range(len(labels)), labels)
    _number_ticks(ax.yaxis)
    ax.margins(y=0.12)
    return ax


def revenue_by_period(periods, *, currency="", title=None, ax=None):
    """Stacked bars: money of first purchase days and of later ones, refunds below zero; incomplete periods hatched.

    ``periods``: from `audit.by_period`: ``period, first_revenue, repeat_revenue, refunds, complete``.
    """
    needed = ["period", "first_revenue", "repeat_revenue", "refunds", "complete"]
    periods = table(periods, needed, what="table of periods")
    ax = _axes(ax)
    first, repeat, refunds = (periods[name].to_numpy() for name in needed[1:4])
    parts = {"first purchase day": first, "later purchases": repeat}
    if (refunds < 0).any():
        ax.bar(range(len(refunds)), refunds, width=0.82, color=PALETTE["accent"])
    swatches = _stack(ax, periods, parts, below="refunds" if (refunds < 0).any() else None)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    sign = drawable(currency, ax)
    _dress(ax, title, None, f"revenue ({sign})" if sign else "revenue", legend=True)
    _money_ticks(ax.yaxis, sign)
    _legend(ax, outside=True, handles=swatches)
    return ax


def customers_by_period(periods, *, title=None, ax=None):
    """Stacked bars: customers who bought in a period, those who bought for the first time apart from the others.

    ``periods``: from `audit.by_period`: ``period, first_time, returning, complete``.
    """
    periods = table(periods, ["period", "first_time", "returning", "complete"], what="table of periods")
    ax = _axes(ax)
    new, before = periods["first_time"].to_numpy(), periods["returning"].to_numpy()
    swatches = _stack(ax, periods, {"first purchase in this log": new, "bought before": before})
    _dress(ax, title, None, "customers who bought", legend=True)
    _number_ticks(ax.yaxis)
    _legend(ax, outside=True, handles=swatches)
    return ax


def share_bars(summary, *, label, title=None, value="revenue", ax=None):
    """Two bars a group: its share of customers and its share of ``value``, side by side.

    ``summary``: one row a group, first at the top: the column named by ``label``, ``share_of_customers`` and
    ``share_of_<value>``.
    """
    summary = table(summary, [label, "share_of_customers", f"share_of_{value}"], what="table of groups")
    names = [str(name) for name in summary[label].to_list()]
    ax = _axes(ax, (SIZE[0], 1.3 + 0.46 * len(names)))
    rows = np.arange(len(names))
    pairs = (("customers", -0.2, PALETTE["mid"]), (value, 0.2, PALETTE["dark"]))
    for what, shift, colour in pairs:
        shares = summary[f"share_of_{what}"].to_numpy()
        ax.barh(rows + shift, np.nan_to_num(shares), height=0.36, color=colour, label=f"share of {what}")
        for row, share in zip(rows, shares, strict=True):
            if not math.isnan(share):
                _note(ax, wording.percent(share), (max(share, 0), row + shift), right=4, va="center", size=8.5)
    _dress(ax, title, f"share of customers and of {value}", None, grid="x", legend=True, names=names)
    _labels(ax.yaxis, rows, names)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    _percent_ticks(ax.xaxis)
    _legend(ax, outside=True)
    return ax


def pyramid_bars(summary, *, title=None, ax=None):
    """The customer pyramid: a centred bar a tier, as wide as its share of revenue, with its count of customers.

    ``summary``: from `pyramid.summary`, top first: ``tier, customers, share_of_revenue``.
    """
    summary = table(summary, ["tier", "customers", "share_of_revenue"], what="table of tiers")
    names, customers = summary["tier"].to_list(), summary["customers"].to_list()
    shares = summary["share_of_revenue"].to_numpy().astype(float)  # null for those outside the tiers
    ax = _axes(ax, (SIZE[0], 0.9 + 0.5 * len(names)))
    rows = np.arange(len(names))
    colours = [PALETTE["dark"], PALETTE["mid"]] * len(names)
    widths = np.maximum(np.nan_to_num(shares), 0)
    ax.barh(rows, widths, left=-widths / 2, height=0.78, color=colours[: len(names)])
    for row, width, share, n in zip(rows, widths, shares, customers, strict=True):
        text = wording.count(n, "customer")
        text = text if math.isnan(share) else f"{wording.percent(share)} of revenue, {text}"
        _note(ax, text, (width / 2, row), right=6, va="center")
    _dress(ax, title, None, None, grid=None, names=names)
    _labels(ax.yaxis, rows, [name.replace("_", " ") for name in names])
    ax.invert_yaxis()
    half = max(float(widths.max(initial=0)) / 2, 0.05)
    ax.set_xlim(-half * 1.05, half * 1.05 + half * 1.1)  # room for the words on the right
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)
    return ax


def holdout_by_x(by_x, *, title=None, ax=None):
    """Purchases after the split, expected and actual, for customers with 0, 1, 2 ... repeat purchases before it.

    ``by_x``: from `clv.holdout`: ``x, customers, actual, expected`` (means a customer).
    """
    by_x = table(by_x, ["x", "customers", "actual", "expected"], what="table by x")
    ax = _axes(ax)
    labels = [_whole(label) for label in by_x["x"].to_list()]
    place = np.arange(len(labels))
    ax.bar(place, by_x["actual"].to_numpy(), width=0.66, color=PALETTE["light"], edgecolor=PALETTE["mid"], label="actual")
    ax.plot(place, by_x["expected"].to_numpy(), color=PALETTE["accent"], marker="o", linewidth=2, label="expected")
    _dress(ax, title, "repeat purchases before the split (customers below)", "purchases a customer after it")
    _labels(ax.xaxis, place, [f"{label}\n({wording.number(n)})" for label, n in zip(labels, by_x["customers"].to_list(), strict=True)])
    _legend(ax, loc="upper left")
    return ax


def value_bars(groups, *, label, value, what=None, currency="", x=None, title=None, ax=None):
    """One bar of money a group. ``groups``: the columns named by ``label`` and ``value``; ``x`` and ``what`` say what they are."""
    groups = table(groups, [label, value], what="table of groups")
    ax = _axes(ax)
    names, amounts = [_whole(name) for name in groups[label].to_list()], groups[value].to_numpy()
    sign = drawable(currency, ax)
    bars = ax.bar(range(len(names)), amounts, width=0.72, color=PALETTE["dark"])
    write = wording.short_money if np.abs(amounts).max(initial=0) >= 1e4 else wording.money
    decimals = () if write is wording.short_money else (0,) if np.abs(amounts).max(initial=0) >= 100 else (2,)
    for bar, amount in zip(bars, amounts, strict=True):
        _note(ax, write(amount, sign, *decimals), (bar.get_x() + bar.get_width() / 2, amount), above=3, ha="center")
    what = what or value.replace("_", " ")
    _dress(ax, title, x or label, f"{what} ({sign})" if sign else what)
    _labels(ax.xaxis, range(len(names)), names)
    _money_ticks(ax.yaxis, sign)
    ax.margins(y=0.12)
    return ax


def share_by_window(windows, *, claim=0.80, q=0.20, title=None, ax=None):
    """The share of the top ``q`` over the length of the window, and a dashed line where the claim has it.

    ``windows``: from `explorers.shares_by_window`: ``months, top_share``; without a row only the claim is drawn.
    """
    windows = table(windows, ["months", "top_share"], what="table of windows")
    ax = _axes(ax)
    months, shares = windows["months"].to_numpy(), windows["top_share"].to_numpy()
    ax.axhline(claim, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), label=f"claimed: {wording.percent(claim, 0)}")
    ax.plot(months, shares, color=PALETTE["dark"], marker="o", linewidth=2.2, label="measured")
    for length, share in zip(months, shares, strict=True):
        _note(ax, wording.percent(share), (length, share), above=7, ha="center")
    _dress(ax, title, "length of the window, months", f"share of the top {wording.percent(q, 0)}")
    _labels(ax.xaxis, months, [str(length) for length in months])
    ax.margins(x=0.1)
    ax.set_ylim(0, 1)
    _percent_ticks(ax.yaxis)
    _legend(ax, loc="lower right")
    return ax


def drawable(text, ax=None) -> str:
    """``text`` if the font of the charts has all its characters, else nothing: a missing sign is better than a box."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    glyphs = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    return text if all(ord(character) in glyphs for character in text) else ""


def _axes(ax, size=SIZE):
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def _dress(ax, title, x, y, *, grid="y", legend=False, names=()):
    """The look of all charts, set on these axes only; ``legend`` leaves a line for one between title and axes.

    ``names`` are the labels to the left of the axes: the title begins right of them and has less room.
    """
    for name, spine in ax.spines.items():
        spine.set_visible(name == "bottom")
        spine.set_color(MUTED)
    ax.tick_params(length=0, labelsize=9, labelcolor=INK, pad=5)
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=0.8)
    words = {"parse_math": False, "family": "DejaVu Sans"}
    if title:
        wide = int(ax.figure.get_figwidth() * 10) - max(map(len, names), default=6)
        ax.set_title(textwrap.fill(title, wide), loc="left", fontsize=11, fontweight="bold", color=INK, pad=28 if legend else 12, **words)
    if x:
        ax.set_xlabel(x, fontsize=9, color=MUTED, labelpad=6, **words)
    if y:
        ax.set_ylabel(y, fontsize=9, color=MUTED, labelpad=6, **words)


def _stack(ax, periods, parts, *, below=None):
    """Bars on bars; gives plain swatches for the legend, which would show the hatching of the first bar otherwise."""
    from matplotlib.patches import Patch

    complete = np.asarray(periods["complete"].to_list(), dtype=bool)
    place, base = np.arange(len(complete)), np.zeros(len(complete))
    # the lower part is the darker one; periods that the log does not wholly cover are hatched
    for (name, values), colour in zip(parts.items(), (PALETTE["dark"], PALETTE["mid"]), strict=True):
        bars = ax.bar(place, values, bottom=base, width=0.82, color=colour)
        for bar in np.array(bars, dtype=object)[~complete]:
            bar.set(hatch="////", edgecolor="white", linewidth=0)
        base = base + values
    colours = {**dict(zip(parts, (PALETTE["dark"], PALETTE["mid"]), strict=True)), below: PALETTE["accent"]}
    swatches = [Patch(color=colour, label=name) for name, colour in colours.items() if name]
    if not complete.all():
        look = {"facecolor": "white", "hatch": "////", "edgecolor": MUTED, "linewidth": 0.5}
        swatches.append(Patch(**look, label="not wholly in the log"))
    labels = [str(label) for label in periods["period"].to_list()]
    step = math.ceil(len(labels) / 10)
    _labels(ax.xaxis, place[::step], labels[::step])
    return swatches


def _labels(axis, places, labels):
    axis.set_ticks(list(places), labels=list(labels), parse_math=False)


def _note(ax, text, at, *, above=0, right=0, size=9, **words):
    words = {"color": INK, "va": "bottom" if above else "center", **words}
    ax.annotate(text, at, xytext=(right, above), textcoords="offset points", fontsize=size, parse_math=False, **words)


def _legend(ax, outside=False, **where):
    # above the bars, where it covers none of them
    where |= {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 4, "borderaxespad": 0.1} if outside else {}
    legend = ax.legend(frameon=False, fontsize=9, handlelength=1.4, columnspacing=1.6, **where)
    for text in legend.get_texts():
        text.set(parse_math=False, color=INK)


def _percent_ticks(axis):
    axis.set_major_formatter(lambda value, _: f"{value:.0%}".replace("%", " %"))


def _number_ticks(axis):
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == int(value) else "")


def _money_ticks(axis, sign):
    # ticks parse formulas and cannot be told not to, so that a dollar sign is escaped
    axis.set_major_formatter(lambda value, _: wording.short_money(value, sign).replace("$", r"\$"))


def _whole(value) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
