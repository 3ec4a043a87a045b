"""A log beside another, in three distributions."""

from __future__ import annotations

from crmlib.plots.look import PALETTE, dress, finished, legend, number_ticks, percent_ticks

__all__ = ["side_by_side"]

_PANELS = (
    ("gap", "Median gap: {0:.0f} and {1:.0f} days", "percentile of gaps", "days (log)"),
    ("basket", "Median order: {0:.2f} and {1:.2f} of the mean", "percentile of orders", "times the mean (log)"),
    ("share", "The best fifth brings {0:.0f} % and {1:.0f} %", "% of customers, best first", "share of revenue"),
)


def side_by_side(logs, *, figure=None):
    """Three panels, a line a log: gaps, baskets, concentration. Gives the figure.

    ``logs``: by their names, the tables of two logs from `company.likeness.likeness`.
    """
    if figure is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11.4, 3.5), layout="constrained")
    axes = figure.subplots(1, len(_PANELS))
    styles = ((PALETTE["dark"], "-"), (PALETTE["accent"], "--"))
    tables = {name: finished(log, ["percentile", "gap", "basket", "share"], what="likeness") for name, log in logs.items()}
    for ax, (column, title, x, y) in zip(axes, _PANELS, strict=True):
        for (name, log), (colour, line) in zip(tables.items(), styles, strict=True):
            ax.plot(log["percentile"].to_numpy(), log[column].to_numpy(), line, color=colour, lw=1.8, label=name)
        at = {"gap": 50, "basket": 50, "share": 20}[column]
        found = [log[column].to_numpy()[log["percentile"].to_numpy() == at][0] for log in tables.values()]
        found = [100 * value for value in found] if column == "share" else found
        dress(ax, title.format(*found), x, y, legend=True)
        if column == "gap":
            legend(ax, outside=True)
        if column == "share":
            percent_ticks(ax.yaxis)
        else:
            ax.set_yscale("log")
            number_ticks(ax.yaxis)
    return figure
