"""Every chart. A function takes a finished table and an ``ax`` and gives the Axes back; it computes nothing.

Tables may be pandas or polars; those for counts, curves and grids of any engine. Without ``ax`` a new pyplot figure is
made, so that a notebook shows it; `canvas` makes one that belongs to no window and no notebook. A title states the
finding and is passed in. All text is drawn as it is written: two dollar signs never become a formula. Nothing here
changes a setting of matplotlib.

    purchases     the log itself: orders, revenue, buyers
    shares        who brings how much
    spread        how customers spread over a measure; a change of money in steps
    value         what customers will be worth
    counts        how many customers are where
    ages          a cohort taken apart by age, its next orders and patterns; two cohorts side by side
    base          all cohorts stacked, what is new and carried, deciles, products
    curves        something over time: ages, windows, gaps
    lifetime      what a customer is worth on paper: conventions, survival, rules, quarters
    uplift        what a contact changes: intervals, by the share contacted, as profit
    forecasts     models of purchases: who is still there, what they expect, how sure they are
    records       records of customers: evidence that two are one, thresholds, ages
    grids         two ways at once, a shade a cell
    needs         what customers want: groups, Kano, means and ends, which marketing fits
    look          what they share: colours, axes, notes, ticks
"""

from crmlib.plots.ages import (
    cohort_factors, next_order_curves, pattern_bars, second_purchase_windows, two_cohorts_lines,
)  # fmt: skip
from crmlib.plots.base import cohort_chart, decile_bars, entry_index, new_and_carried, product_points
from crmlib.plots.counts import occupancy, rfm_bin_counts, stage_bars
from crmlib.plots.curves import activity_by_window, cohort_curves, gap_curves
from crmlib.plots.forecasts import (
    alive_over_time, forecast_errors, frequency_recency, iso_values, parameter_intervals, purchases_by_frequency,
    tracking_curves,
)  # fmt: skip
from crmlib.plots.grids import cohort_heatmap, rf_grid, transition_heatmap
from crmlib.plots.lifetime import lift_curves, stopping_values, survival_fit, timing_curves, value_scatter
from crmlib.plots.look import GRID, INK, MUTED, PALETTE, SIZE, canvas, drawable
from crmlib.plots.needs import kano_grid, kano_plane, means_end_map, mode_matrix, profit_by_price, silhouettes
from crmlib.plots.purchases import customers_by_period, order_histogram, revenue_by_period
from crmlib.plots.records import age_curve, counted_twice, evidence_bars, threshold_curves
from crmlib.plots.shares import abc_curve, lorenz_curve, pyramid_bars, share_bars, share_by_window
from crmlib.plots.spread import distribution_bars, money_bridge
from crmlib.plots.uplift import profit_by_share, profit_intervals, uplift_by_share, uplift_intervals
from crmlib.plots.value import holdout_by_x, value_bars

__all__ = [
    "GRID", "INK", "MUTED", "PALETTE", "SIZE", "abc_curve", "activity_by_window", "age_curve", "alive_over_time",
    "canvas", "cohort_chart", "cohort_curves", "cohort_factors", "cohort_heatmap", "counted_twice",
    "customers_by_period", "decile_bars", "distribution_bars", "drawable", "entry_index", "evidence_bars",
    "forecast_errors", "frequency_recency", "gap_curves", "holdout_by_x", "iso_values", "kano_grid", "kano_plane",
    "lift_curves", "lorenz_curve", "means_end_map", "mode_matrix", "money_bridge", "new_and_carried",
    "next_order_curves", "occupancy", "order_histogram", "parameter_intervals", "pattern_bars", "product_points",
    "profit_by_price", "profit_by_share", "profit_intervals", "purchases_by_frequency", "pyramid_bars",
    "revenue_by_period", "rf_grid", "rfm_bin_counts", "second_purchase_windows", "share_bars", "share_by_window",
    "silhouettes", "stage_bars", "stopping_values", "survival_fit", "threshold_curves", "timing_curves",
    "tracking_curves", "transition_heatmap", "two_cohorts_lines", "uplift_by_share", "uplift_intervals",
    "value_bars", "value_scatter",
]  # fmt: skip
