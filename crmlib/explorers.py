"""What a lesson's sliders turn: callbacks, and the view that they give back.

A callback takes the tables of the lesson and the position of the knobs, and gives a `View`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from crmlib import pareto
from crmlib.concentration import buyers_between, first_day, window_start
from crmlib.frames import as_day, collect, table
from crmlib.wording import count, money, percent

__all__ = ["View", "lorenz_by_window"]


class View(NamedTuple):
    """A figure of its own and one sentence on it; a notebook shows both."""

    figure: Any
    sentence: str

    def png(self) -> bytes:
        """The figure as a picture."""
        from io import BytesIO

        picture = BytesIO()
        self.figure.savefig(picture, format="png", dpi=90)
        return picture.getvalue()

    def _ipython_display_(self):
        from textwrap import fill

        from IPython.display import Image, display

        display(Image(self.png(), format="png", alt=self.sentence))
        print(fill(self.sentence, 88))


def lorenz_by_window(tx, *, months, q, as_of, currency="") -> View:
    """The explorer's callback: the Lorenz curve of the last ``months`` months, its top ``q`` marked, and a sentence.

    The thin line is the whole log, to compare with. Only customers who bought in the window count. A window longer than
    the log is the whole log, and the sentence says so. The figure is outside pyplot, so that two moves of a slider that
    overlap share nothing.
    """
    from crmlib import plots

    first, start, last = first_day(tx), window_start(as_of, months), as_day(as_of)
    wanted = count(months, "month")
    when, name = f"the last {wanted} ({start} to {last})", wanted
    if start < first:
        when, name = f"the whole log ({first} to {last}, less than {wanted})", "Whole log"
    inside = _collected(tx, max(first, start), last)
    ax = plots.canvas(5.6, 4.6)
    if not inside["revenue"].sum() > 0:
        ax.axis("off")
        return View(ax.figure, f"In {when} nobody paid anything, so there is nothing to share out.")

    share, top = pareto.top_share(inside.to_native(), q), percent(q, 0)
    title = f"{name}: the top {top} bring {percent(share)}"
    plots.lorenz_curve(pareto.lorenz(inside.to_native()), top=(q, share), title=title, ax=ax)
    everyone = _collected(tx, first, last)
    whole = table(pareto.lorenz(everyone.to_native()))
    x, y = whole["share_of_customers"].to_numpy(), whole["share_of_value"].to_numpy()
    ax.plot(x, y, color=plots.MUTED, linewidth=1, label="whole log")
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    revenue = money(inside["revenue"].sum(), currency, 0)
    sentence = f"In {when} the top {top} of {count(len(inside), 'buyer')} brought {percent(share)} of {revenue}"
    if start > first:
        sentence += f"; in the whole log it is {percent(pareto.top_share(everyone.to_native(), q))}"
    return View(ax.figure, f"{sentence}.")


def _collected(tx, start, end):
    return collect(table(buyers_between(tx, start, end), eager=False))
