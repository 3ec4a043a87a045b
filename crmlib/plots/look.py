"""What all charts share: colours, new axes, the look, notes, legends and ticks; set on the axes at hand only."""

from __future__ import annotations

import textwrap

import numpy as np

from crmlib import wording
from crmlib.frames import collect, table

__all__ = [
    "GRID", "INK", "MUTED", "PALETTE", "SIZE", "apart", "axes", "canvas", "contrast", "drawable", "dress", "even_shades",
    "finished", "legend", "money_ticks", "named_ticks", "note", "number_ticks", "panels", "percent_ticks", "readable_on", "shades",
    "sparse_ticks", "whole",
]  # fmt: skip

# Their lightness differs by a fifth of the scale or more from one to the next, so they can be told apart in grey.
PALETTE = {"dark": "#1f3b57", "accent": "#b4532a", "mid": "#6f9ec2", "light": "#cfdfeb"}
INK, MUTED, GRID = "#20262d", "#5b6570", "#e2e6ea"
SIZE = (7.6, 3.5)  # inches
_AA = 4.5  # contrast of text, by WCAG 2.1


def canvas(width=SIZE[0], height=SIZE[1]):
    """Axes on a figure of their own, outside pyplot: nothing to close, and no notebook shows it by itself."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def drawable(text) -> str:
    """``text`` if the font of the charts has all its characters, else nothing: a missing sign is better than a box."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    glyphs = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    return text if all(ord(character) in glyphs for character in text) else ""


def finished(native, needed, *, what):
    """A small table of any engine in memory, wrapped."""
    return collect(table(native, needed, what=what, eager=False))


def shades():
    """From nearly white to dark blue, ever darker, so that it is the same scale in grey; what is missing is white."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = ["#f2f5f8", PALETTE["light"], PALETTE["mid"], PALETTE["dark"]]
    return LinearSegmentedColormap.from_list("crmlib", colours).with_extremes(bad="white")


def even_shades(number):
    """That many shades, the darkest first, as far apart from each other in grey as the scale allows."""
    fine = shades()(np.linspace(1, 0.03, 256))
    grey = fine[:, :3] @ (0.2126, 0.7152, 0.0722)
    return [fine[np.abs(grey - one).argmin()] for one in np.linspace(grey[0], grey[-1], number)]


def contrast(one, other) -> float:
    """The contrast of two opaque colours, from 1 to 21, by the formula of WCAG 2.1.

    >>> contrast("white", "black"), round(contrast("#777777", "white"), 2)
    (21.0, 4.48)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    from matplotlib.colors import to_rgb

    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return round(float(linear @ (0.2126, 0.7152, 0.0722)), 12)


def readable_on(colour) -> str:
    """White or the colour of text, whichever stands out more; in between, where neither reaches 4.5, black or white.

    >>> readable_on("#1f3b57"), readable_on("#f2f5f8"), readable_on("#808080")
    ('white', '#20262d', 'black')
    """
    best = max(("white", INK), key=lambda text: contrast(text, colour))
    return best if contrast(best, colour) >= _AA else max(("white", "black"), key=lambda text: contrast(text, colour))


def apart(places, least):
    """Places moved upwards as little as is needed for them to be ``least`` apart, in their order."""
    moved = np.array(places, dtype=float)
    order = np.argsort(moved, kind="stable")
    for below, above in zip(order, order[1:]):
        moved[above] = max(moved[above], moved[below] + least)
    return moved


def axes(ax, size=SIZE):
    """``ax`` itself, or the axes of a new pyplot figure of that size in inches."""
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def dress(ax, title, x, y, *, grid="y", legend=False, names=()):
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
        look = {"loc": "left", "fontsize": 11, "fontweight": "bold", "color": INK, "pad": 28 if legend else 12}
        kept = title.replace(" %", "\N{NO-BREAK SPACE}%")  # a sign stays with its number
        ax.set_title(textwrap.fill(kept, wide).replace("\N{NO-BREAK SPACE}%", " %"), **look, **words)
    if x:
        ax.set_xlabel(x, fontsize=9, color=MUTED, labelpad=6, **words)
    if y:
        ax.set_ylabel(y, fontsize=9, color=MUTED, labelpad=6, **words)


def named_ticks(axis, places, labels):
    """Ticks at ``places`` with ``labels`` drawn as they are written."""
    axis.set_ticks(list(places), labels=list(labels), parse_math=False)


def sparse_ticks(axis, places, labels=None, *, most=10):
    """Ticks at every n-th place, so that there are at most about so many; the labels default to the places."""
    places = list(places)
    labels = places if labels is None else list(labels)
    step = max(1, -(-len(places) // most))
    named_ticks(axis, places[::step], [str(label) for label in labels[::step]])


def panels(ax, boxes):
    """Small axes inside ``ax``, which keeps its title and the names of its axes and shows nothing else.

    ``boxes``: (left, bottom, width, height) of each as shares of ``ax``.
    """
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return [ax.inset_axes(box) for box in boxes]


def note(ax, text, at, *, above=0, right=0, size=9, **words):
    """Text at a point of the axes, so many points above and right of it."""
    words = {"color": INK, "va": "bottom" if above else "center", **words}
    ax.annotate(text, at, xytext=(right, above), textcoords="offset points", fontsize=size, parse_math=False, **words)


def legend(ax, outside=False, **where):
    """The legend without a frame; ``outside``: above the axes, where it covers nothing."""
    if outside:
        where = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 4, "borderaxespad": 0.1} | where
    made = ax.legend(frameon=False, fontsize=9, handlelength=1.4, columnspacing=1.6, **where)
    for text in made.get_texts():
        text.set(parse_math=False, color=INK)


def percent_ticks(axis):
    """Ticks of shares in whole per cents."""
    axis.set_major_formatter(lambda value, _: f"{value:.0%}".replace("%", " %"))


def number_ticks(axis):
    """Ticks of counts: no fractions, thousands apart."""
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value == int(value) else "")


def money_ticks(axis, sign):
    """Ticks of money, short, with the sign of the currency."""
    # ticks parse formulas and cannot be told not to, so that a dollar sign is escaped
    axis.set_major_formatter(lambda value, _: wording.short_money(value, sign).replace("$", r"\$"))


def whole(value) -> str:
    """A label from the data as text; a whole number without its ".0"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
