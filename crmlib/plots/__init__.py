"""Every chart. A function takes a finished table and an ``ax`` and gives the Axes back; it computes nothing.

Tables may be pandas or polars. Without ``ax`` a new pyplot figure is made, so that a notebook shows it; `canvas` makes
one that belongs to no window and no notebook. A title states the finding and is passed in. All text is drawn as it is
written: two dollar signs never become a formula. Nothing here changes a setting of matplotlib.

    purchases     the log itself: orders, revenue, buyers
    shares        who brings how much
    value         what customers will be worth
    look          what they share: colours, axes, notes, ticks
"""

from crmlib.plots.look import GRID, INK, MUTED, PALETTE, SIZE, canvas, drawable
from crmlib.plots.purchases import customers_by_period, order_histogram, revenue_by_period
from crmlib.plots.shares import abc_curve, lorenz_curve, pyramid_bars, share_bars, share_by_window
from crmlib.plots.value import holdout_by_x, value_bars

__all__ = [
    "GRID", "INK", "MUTED", "PALETTE", "SIZE", "abc_curve", "canvas", "customers_by_period", "drawable", "holdout_by_x",
    "lorenz_curve", "order_histogram", "pyramid_bars", "revenue_by_period", "share_bars", "share_by_window",
    "value_bars",
]  # fmt: skip
