"""Charts are tested by structure: titles, labels, heights, points; and by what they must not do."""

import subprocess
import sys

import matplotlib
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.colors import to_rgb

from crmlib import lifecycle, pareto, plots, pyramid
from crmlib.overview import by_period, order_counts

PERIODS = pd.DataFrame(
    {
        "period": ["2024-01", "2024-02", "2024-03"],
        "first_time": [4, 1, 0],
        "returning": [0, 2, 3],
        "first_revenue": [40.0, 10.0, 0.0],
        "repeat_revenue": [5.0, 20.0, 30.0],
        "refunds": [0.0, -3.0, 0.0],
        "complete": [True, True, False],
    }
)
SEGMENTS = pd.DataFrame(
    {"segment": ["best", "rest"], "share_of_customers": [0.25, 0.75], "share_of_revenue": [0.6, 0.4], "customers": [1, 3]}
)
TIERS = pd.DataFrame({"tier": ["top", "small", "inactive"], "customers": [1, 99, 7], "share_of_revenue": [0.3, 0.7, None]})
BY_X = pd.DataFrame({"x": ["0", "1", "7+"], "customers": [1000, 30, 2], "actual": [0.2, 0.9, 6.0], "expected": [0.25, 0.8, 5.5]})
ABC = pareto.abc_classes(pd.DataFrame({"customer": list("abcde"), "revenue": [70.0, 15, 10, 4, 1]}))
COUNTS = pd.DataFrame({"orders": ["1", "2", "3+"], "customers": [60, 30, 10]})
GROUPS = pd.DataFrame({"group": [1, 2], "value": [250.0, 50.0]})
COHORTS = pd.DataFrame(
    {
        "cohort": ["2024-01", "2024-01", "2024-01", "2024-02", "2024-02"],
        "age": [0, 1, 2, 0, 1],
        "size": [40, 40, 40, 1200, 1200],
        "share_active": [1.0, 0.5, 0.25, 1.0, None],
    }
)
MOVES = pd.DataFrame(
    {"from": list("aabb"), "to": list("abab"), "customers": [3, 1, 0, 5], "probability": [0.75, 0.25, 0, 1]}
)
CELLS = pd.DataFrame({"r": [1, 1, 2, 2], "f": [1, 2, 1, 2], "customers": [7, 0, 2, 4]})
BINS = pd.DataFrame({"score": [1, 2], "r": [5, 5], "f": [10, 0], "m": [4, 6]})
OCCUPANCY = pd.DataFrame({"step": [0, 0, 1, 1], "state": ["new", "old"] * 2, "customers": [10.0, 0, 4, 6]})
WINDOWS = pd.DataFrame(
    {"window_days": [30, 365], "active": [2, 6], "inactive": [8, 4], "share_active": [0.2, 0.6]}
)  # fmt: skip
GAPS = pd.DataFrame(
    {"day": [0, 1, 2], "ended": [0, 0.2, 0.5], "ended_low": [0, 0.1, 0.4], "ended_high": [0, 0.3, 0.6],
     "ended_completed": [0, 0.4, 1.0]}
)  # fmt: skip
CONVENTIONS = pd.DataFrame({"retention": [0.5, 0.5, 0.8, 0.8], "timing": ["now", "renewal"] * 2, "value": [183.3, 83.3, 366.7, 266.7]})
SURVIVAL = pd.DataFrame({"period": [0, 1, 2], "actual": [1.0, 0.6, None], "fitted": [1.0, 0.62, 0.5]})
RULES = pd.DataFrame({"contacts_until": [0, 1, 2], "value": [40.0, 48.0, 47.0], "best": [False, True, False]})
LIFTS = pd.DataFrame({"retention": [0.8, 0.8, 0.9, 0.9], "growth": [0.0, 0.05] * 2, "lift": [0.2, 0.25, 0.33, None]})
TYPED = pd.DataFrame({"past_value": [90.0, 5.0, 5.0], "clv": [70.0, 5.0, -20.0], "value_type": ["MVC", "abandon", "below zero"]})
CUTS = pd.DataFrame({"axis": ["current", "future"], "cut": [40.0, 20.0]})
HISTORY = pd.DataFrame({"day": [0, 1, 2, 3], "bought": [True, False, True, False], "p_alive": [1.0, 1.0, 0.75, 0.7]})
MATRIX = pd.DataFrame({"x": [0, 1, 1], "t_x": [0.0, 50, 100], "p_alive": [1.0, 0.004, 0.8], "expected_purchases": [0.1, 0.2, 12]})
BY_FREQUENCY = pd.DataFrame({"x": ["0", "1", "2+"], "customers": [60.0, 30, 10], "expected": [58.0, 31, 11]})
TRACKED = pd.DataFrame({"period": [1, 2, 3], "actual": [0, 5, 4], "expected": [1.0, 4, 4], "actual_so_far": [0, 5, 9],
                        "expected_so_far": [1.0, 5, 9]})  # fmt: skip
METHODS = pd.DataFrame({"method": ["BGNBD", "BGNBD", "same again", "same again"], "measure": ["purchases", "revenue"] * 2,
                        "error": [-0.1, -0.2, 0.5, 0.8], "found": [0.5, 0.48, 0.45, 0.4]})  # fmt: skip
GRID_OF_VALUES = pd.DataFrame({"x": [1, 1, 2, 2], "t_x": [50.0, 100] * 2, "value": [1.0, 20.0, 5.0, 90.0]})
INTERVALS = pd.DataFrame({"model": ["BGNBD", "GammaGamma"], "parameter": ["r", "p"], "estimate": [0.5, 6.0], "low": [0.4, 3.0],
                          "high": [0.625, 12.0]})  # fmt: skip
KANO = pd.DataFrame({"group": [1, 1, 2, 2], "feature": ["date", "sample"] * 2, "category": list("MAIR"), "clear": [True, False, True, True],
                     "better": [0.2, 0.7, 0.1, None], "worse": [-0.8, -0.1, -0.1, None]})  # fmt: skip
MODES = pd.DataFrame({"group": ["all", "1", "2"], "customers": [9, 5, 4], "skew": [0.6, 0.7, 0.4], "diversity": [0.55, 0.2, 0.3]})
DEMAND = pd.DataFrame({"price": [10.0, 20.0, 30.0], "profit": [50.0, 90.0, 20.0], "best": [False, True, False]})
LINKS = pd.DataFrame({"from": ["fresh", "taste", "price"], "to": ["taste", "joy", "saving"], "direct": [9, 6, 4]})
CHANGES = pd.DataFrame({"group": ["by lot", "chosen", "nobody"], "uplift": [0.05, -0.12, None], "uplift_low": [0.01, -0.2, None],
                        "uplift_high": [0.09, -0.05, None], "chosen": [False, True, False]})  # fmt: skip
RULES_BY_PROFIT = pd.DataFrame({"rule": ["all", "best"], "profit": [-0.8, 0.2], "profit_low": [-1.2, -0.1], "profit_high": [-0.4, 0.5]})
CURVE = pd.DataFrame({"share": [0, 0.5, 1.0], "gain": [0, 0.03, 0.02], "by_chance": [0, 0.01, 0.02]})
PROFITS = pd.DataFrame({"share": [0, 0.5, 1.0], "profit": [0, 300.0, 100.0], "by_lot": [0, 50.0, 100.0]})
BINS_OF_MONEY = pd.DataFrame({"bin": ["below 0", "0 to 5", "5 to 10", "10 or more"], "low": [None, 0.0, 5.0, 10.0],
                              "high": [0.0, 5.0, 10.0, None], "share_of_customers": [0.1, 0.6, 0.2, 0.1]})  # fmt: skip
STEPS = pd.DataFrame({"group": ["both", "before only", "new"], "revenue_change": [-20.0, -30.0, 65.0]})
COHORT = pd.DataFrame({"age": [0, 1, 2], "share_active": [1.0, 0.5, 0.25], "orders_each": [1.5, 1.0, 2.0],
                       "order_value": [20.0, 20.0, 18.0], "revenue_per_member": [30.0, 10.0, 5.0],
                       "revenue_to_date": [30.0, 40.0, 45.0]})  # fmt: skip
NEXT_ORDERS = pd.DataFrame({"order": [1, 1, 2, 2, 3, 3], "weeks": [1, 2] * 3, "customers": [10, 10, 4, 4, 0, 0],
                            "share_repeated": [0.2, 0.3, 0.4, 0.5, None, None]})  # fmt: skip
PATTERNS = pd.DataFrame({"pattern": ["Ynn", "YnY", "all others"], "customers": [6, 3, 1], "share_of_cohort": [0.6, 0.3, 0.1]})
TWO_BY_AGE = pd.DataFrame({"age": [0, 0, 1, 1], "measure": ["order_value", "share_active"] * 2, "first": [40.0, 1, 50, 0.4],
                           "second": [30.0, 1, 35, 0.3]})  # fmt: skip
TWO_BY_PERIOD = pd.DataFrame({"period": ["2024 Q4"], "measure": ["order_value"], "first": [31.0], "second": [30.0]})
SECOND = pd.DataFrame({"cohort": ["2024-01", "2024-01", "2024-02", "2024-02"], "weeks": [4, 52] * 2,
                       "share_repeated": [0.2, 0.5, 0.25, None]})  # fmt: skip
LAYERS = pd.DataFrame({"cohort": ["before", "before", "2023 Q4", "2023 Q4", "2024 Q1"], "revenue": [5.0, 4, 10, 6, 20],
                       "period": ["2023 Q4", "2024 Q1", "2023 Q4", "2024 Q1", "2024 Q1"]})  # fmt: skip
BASE = pd.DataFrame({"period": ["2024-01", "2024-02", "2024-03"], "new_share": [0.4, 0.3, 0.25], "carry_over": [None, 0.7, 0.6]})
DECILES = pd.DataFrame({"decile": ["1", "2"], "share_of_customers": 0.5, "share_of_orders": [0.7, 0.3], "share_of_revenue": [0.8, 0.2]})
PRODUCTS = pd.DataFrame({"product": ["tea", "milk"], "penetration": [0.5, 0.2], "order_value": [30.0, 12.0], "sole_share": [0.1, 0.4]})
ENTRIES = pd.DataFrame({"product": ["tea", "milk"], "customers": [8, 1200], "index": [1.5, 0.8]})
POINTS = pareto.lorenz(pd.DataFrame({"revenue": [10.0, 30.0, 60.0]}))

CHARTS = {
    "lorenz": lambda **k: plots.lorenz_curve(plots_table(POINTS, k), top=(0.2, 0.5), **k),
    "abc": lambda **k: plots.abc_curve(plots_table(ABC, k), **k),
    "orders": lambda **k: plots.order_histogram(plots_table(COUNTS, k), **k),
    "revenue": lambda **k: plots.revenue_by_period(plots_table(PERIODS, k), currency="$", **k),
    "buyers": lambda **k: plots.customers_by_period(plots_table(PERIODS, k), **k),
    "shares": lambda **k: plots.share_bars(plots_table(SEGMENTS, k), label="segment", **k),
    "pyramid": lambda **k: plots.pyramid_bars(plots_table(TIERS, k), **k),
    "holdout": lambda **k: plots.holdout_by_x(plots_table(BY_X, k), **k),
    "value": lambda **k: plots.value_bars(plots_table(GROUPS, k), label="group", value="value", currency="$", **k),
    "cohorts": lambda **k: plots.cohort_heatmap(plots_table(COHORTS, k), **k),
    "ages": lambda **k: plots.cohort_curves(plots_table(COHORTS, k), **k),
    "moves": lambda **k: plots.transition_heatmap(plots_table(MOVES, k), **k),
    "scores": lambda **k: plots.rf_grid(plots_table(CELLS, k), bins=2, **k),
    "bins": lambda **k: plots.rfm_bin_counts(plots_table(BINS, k), **k),
    "stages": lambda **k: plots.stage_bars(plots_table(SEGMENTS, k), label="segment", **k),
    "occupancy": lambda **k: plots.occupancy(plots_table(OCCUPANCY, k), **k),
    "windows": lambda **k: plots.activity_by_window(plots_table(WINDOWS, k), **k),
    "gaps": lambda **k: plots.gap_curves(plots_table(GAPS, k), **k),
    "timings": lambda **k: plots.timing_curves(plots_table(CONVENTIONS, k), currency="$", **k),
    "survival": lambda **k: plots.survival_fit(plots_table(SURVIVAL, k), fitted_to=1, **k),
    "stopping": lambda **k: plots.stopping_values(plots_table(RULES, k), currency="$", **k),
    "lifts": lambda **k: plots.lift_curves(plots_table(LIFTS, k), **k),
    "matrix": lambda **k: plots.value_scatter(plots_table(TYPED, k), CUTS, currency="$", **k),
    "alive": lambda **k: plots.alive_over_time(plots_table(HISTORY, k), **k),
    "frequencies": lambda **k: plots.frequency_recency(plots_table(MATRIX, k), **k),
    "by frequency": lambda **k: plots.purchases_by_frequency(plots_table(BY_FREQUENCY, k), **k),
    "tracking": lambda **k: plots.tracking_curves(plots_table(TRACKED, k), fitted_to=2, **k),
    "errors": lambda **k: plots.forecast_errors(plots_table(METHODS, k), **k),
    "iso": lambda **k: plots.iso_values(plots_table(GRID_OF_VALUES, k), currency="$", **k),
    "changes": lambda **k: plots.uplift_intervals(plots_table(CHANGES, k), label="group", **k),
    "rules": lambda **k: plots.profit_intervals(plots_table(RULES_BY_PROFIT, k), currency="$", **k),
    "uplift": lambda **k: plots.uplift_by_share(plots_table(CURVE, k), **k),
    "profits": lambda **k: plots.profit_by_share(plots_table(PROFITS, k), share=0.5, currency="$", **k),
    "intervals": lambda **k: plots.parameter_intervals(plots_table(INTERVALS, k), **k),
    "silhouettes": lambda polars=False, **k: plots.silhouettes([(2, 0.3), (3, 0.4)], chance=[0.1, 0.2], number=3, **k),
    "kano": lambda **k: plots.kano_plane(plots_table(KANO[:2], k), **k),
    "kano by group": lambda **k: plots.kano_grid(plots_table(KANO, k), **k),
    "modes": lambda **k: plots.mode_matrix(plots_table(MODES, k), **k),
    "prices": lambda **k: plots.profit_by_price({"all": plots_table(DEMAND, k)}, currency="$", **k),
    "bins of money": lambda **k: plots.distribution_bars(plots_table(BINS_OF_MONEY, k), mean=6.0, **k),
    "bridge": lambda **k: plots.money_bridge(
        plots_table(STEPS, k), label="group", change="revenue_change", start=100.0, currency="$", **k
    ),
    "factors": lambda **k: plots.cohort_factors(plots_table(COHORT, k), currency="$", **k),
    "next orders": lambda **k: plots.next_order_curves(plots_table(NEXT_ORDERS, k), **k),
    "patterns": lambda **k: plots.pattern_bars(plots_table(PATTERNS, k), **k),
    "two cohorts": lambda **k: plots.two_cohorts_lines(
        plots_table(TWO_BY_AGE, k), TWO_BY_PERIOD, measure="order_value", names=("a", "b"), currency="$", **k
    ),
    "second purchases": lambda **k: plots.second_purchase_windows(plots_table(SECOND, k), **k),
    "layers": lambda **k: plots.cohort_chart(plots_table(LAYERS, k), currency="$", **k),
    "new and carried": lambda **k: plots.new_and_carried(plots_table(BASE, k), **k),
    "deciles": lambda **k: plots.decile_bars(plots_table(DECILES, k), **k),
    "products": lambda **k: plots.product_points(plots_table(PRODUCTS, k), currency="$", **k),
    "entries": lambda **k: plots.entry_index(plots_table(ENTRIES, k), **k),
    "means and ends": lambda **k: plots.means_end_map(plots_table(LINKS, k), **k),
}
each_chart = pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)


def plots_table(frame, options):
    return pl.from_pandas(frame) if options.pop("polars", False) else frame


def heights(container):
    return [bar.get_height() for bar in container]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def rendered(ax):
    ax.figure.canvas.draw()
    return ax


@each_chart
@pytest.mark.parametrize("polars", [False, True])
def test_draws_on_the_axes_given_with_the_title_given(draw, polars):
    ax = plots.canvas()
    assert draw(ax=ax, title="What was found", polars=polars) is ax
    assert ax.get_title(loc="left") == "What was found"
    rendered(ax)


@each_chart
def test_axes_say_what_they_show(draw):
    ax = draw(ax=plots.canvas())
    named = ax.get_xlabel(), ax.get_ylabel()
    if draw is CHARTS["pyramid"]:  # its bars carry their numbers and units
        assert all("customer" in text for text in texts(ax))
    elif draw is CHARTS["means and ends"]:
        assert [label.get_text() for label in ax.get_yticklabels()] == ["means", "ends"]
    else:
        assert any(named)
    assert ax.get_title(loc="left") == ""


@each_chart
@pytest.mark.parametrize("nasty", ["$x^2$ costs $5", r"50 % _{a} \frac{", "<b>$$</b>"])
def test_text_is_drawn_as_it_is_written(draw, nasty):
    ax = rendered(draw(ax=plots.canvas(), title=nasty))
    title = ax._left_title
    assert title.get_text() == nasty
    assert title.get_parse_math() is False


def test_no_text_of_any_chart_becomes_a_formula():
    table = SEGMENTS.assign(segment=["$a$ $b$", r"$\sum$"])
    ax = rendered(plots.share_bars(table, label="segment", ax=plots.canvas()))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["$a$ $b$", r"$\sum$"]
    assert not any(label.get_parse_math() for label in ax.get_yticklabels())
    money = rendered(plots.revenue_by_period(PERIODS, currency="$^2$", ax=plots.canvas()))
    labels = [label.get_text() for label in money.get_yticklabels()]
    assert r"\$^2\$20" in labels  # matplotlib shows an escaped sign as it is


@each_chart
def test_without_axes_a_pyplot_figure_is_made(draw):
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    ax = draw()
    assert set(pyplot.get_fignums()) > set(before)
    pyplot.close(ax.figure)


@each_chart
def test_no_setting_of_matplotlib_changes(draw):
    before = matplotlib.rcParams.copy()
    rendered(draw(ax=plots.canvas()))
    assert matplotlib.rcParams == before


def test_importing_plots_loads_no_chart_library():
    code = "import sys, crmlib.plots; print([m for m in ('matplotlib', 'seaborn', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_colours_used_together_differ_in_grey():
    def lightness(colour):
        return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))

    for one, other in [("dark", "mid"), ("mid", "light"), ("dark", "light"), ("accent", "light"), ("dark", "accent")]:
        assert abs(lightness(plots.PALETTE[one]) - lightness(plots.PALETTE[other])) > 0.15, (one, other)


def test_lorenz_draws_the_points_and_marks_the_top():
    ax = plots.lorenz_curve(POINTS, top=(0.20, 0.36), ax=plots.canvas())
    equality, curve, top, point = ax.lines
    assert equality.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert curve.get_xdata().tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert curve.get_ydata().tolist() == pytest.approx([0, 0.1, 0.4, 1])
    assert top.get_xydata().tolist() == [[0.8, 0.64], [0.8, 1]]
    assert point.get_xydata().tolist() == [[0.8, 0.64]]
    assert texts(ax) == ["top 20 % of customers\nbring 36.0 %"]
    assert len(plots.lorenz_curve(POINTS, ax=plots.canvas()).lines) == 2


def test_abc_curve_has_a_band_for_each_class():
    ax = plots.abc_curve(ABC, ax=plots.canvas())
    (curve,) = ax.lines
    assert curve.get_ydata().tolist() == pytest.approx([0, 0.70, 0.85, 0.95, 0.99, 1])
    assert texts(ax) == ["A", "B", "C"]
    edges = [(band.get_x(), band.get_x() + band.get_width()) for band in ax.patches]
    assert edges == [pytest.approx(pair) for pair in [(0, 0.4), (0.4, 0.6), (0.6, 1)]]


def test_abc_curve_shades_classes_of_any_name_by_rank_and_writes_names_that_have_room():
    tiers = pareto.ABC_RULES["four tiers"]
    classes = pareto.abc_classes(pd.DataFrame({"customer": range(100), "revenue": range(100, 0, -1)}), **tiers)
    ax = plots.abc_curve(classes, ax=plots.canvas())
    assert [to_rgb(band.get_facecolor()) for band in ax.patches][0] == to_rgb(plots.PALETTE["light"])
    assert len({to_rgb(band.get_facecolor()) for band in ax.patches}) == 4
    assert texts(ax) == ["medium", "small"]  # 1 and 4 % have no room for "high-end" and "large"


def test_abc_curve_draws_the_cuts_and_names_a_sliver_at_the_end_beside_it():
    classes = pareto.abc_classes(pd.DataFrame({"customer": range(50), "revenue": [5.0] * 49 + [0.0]}))
    ax = plots.abc_curve(classes, cuts=(0.80, 0.95), ax=plots.canvas())
    *cuts, _ = ax.lines
    assert [line.get_ydata() for line in cuts] == [[0.80, 0.80], [0.95, 0.95]]
    assert texts(ax) == ["A", "N →", "80 %", "95 %"]
    sliver = ax.texts[1]
    assert sliver.xy[0] == pytest.approx(0.98) and sliver.get_ha() == "right"


def test_order_histogram_has_counts_and_shares():
    ax = plots.order_histogram(COUNTS, ax=plots.canvas())
    assert heights(ax.containers[0]) == [60, 30, 10]
    assert texts(ax) == ["60 %", "30 %", "10 %"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "3+"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("orders", "customers")


def test_a_share_that_is_nearly_none_or_all_fits_over_its_bar():
    ax = plots.order_histogram(pd.DataFrame({"orders": ["1", "2"], "customers": [9999, 1]}), ax=plots.canvas())
    assert texts(ax) == [">99 %", "<1 %"]


def test_revenue_stacks_first_and_later_purchases_and_marks_what_is_incomplete():
    ax = plots.revenue_by_period(PERIODS, currency="$", ax=plots.canvas())
    refunds, first, later = ax.containers
    assert heights(first) == [40, 10, 0]
    assert heights(later) == [5, 20, 30]
    assert [bar.get_y() for bar in later] == [40, 10, 0]
    assert heights(refunds) == [0, -3, 0]
    assert [bar.get_hatch() for bar in later] == [None, None, "////"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "first purchase day", "later purchases", "refunds", "not wholly in the log",
    ]  # fmt: skip
    assert ax.get_ylabel() == "revenue ($)"


def test_the_legend_is_plain_even_where_the_first_period_is_hatched():
    partial = PERIODS.assign(complete=[False, True, True])
    for draw in (plots.revenue_by_period, plots.customers_by_period):
        ax = draw(partial, ax=plots.canvas())
        names, patches = ax.get_legend().get_texts(), ax.get_legend().get_patches()
        swatches = {name.get_text(): patch for name, patch in zip(names, patches, strict=True)}
        assert [name for name, patch in swatches.items() if patch.get_hatch()] == ["not wholly in the log"]
    assert list(swatches)[0] == "first purchase in this log"  # it cannot see what came before


def test_whole_periods_without_refunds_need_no_more_words():
    whole = PERIODS.assign(refunds=0.0, complete=True)
    ax = plots.revenue_by_period(whole, ax=plots.canvas())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first purchase day", "later purchases"]
    assert ax.get_ylabel() == "revenue"


def test_many_periods_are_labelled_sparsely():
    many = pd.concat([PERIODS] * 12, ignore_index=True).assign(period=[f"P{n}" for n in range(36)])
    ax = plots.customers_by_period(many, ax=plots.canvas())
    assert [label.get_text() for label in ax.get_xticklabels()] == ["P0", "P4", "P8", "P12", "P16", "P20", "P24", "P28", "P32"]
    assert len(ax.containers[0]) == 36


def test_share_bars_pair_customers_with_revenue():
    ax = plots.share_bars(SEGMENTS, label="segment", ax=plots.canvas())
    customers, revenue = ax.containers
    assert [bar.get_width() for bar in customers] == [0.25, 0.75]
    assert [bar.get_width() for bar in revenue] == [0.6, 0.4]
    assert texts(ax) == ["25.0 %", "75.0 %", "60.0 %", "40.0 %"]
    assert ax.yaxis_inverted()


def test_a_share_that_is_not_defined_has_no_bar_and_no_number():
    ax = plots.share_bars(SEGMENTS.assign(share_of_revenue=np.nan), label="segment", ax=plots.canvas())
    assert [bar.get_width() for bar in ax.containers[1]] == [0, 0]
    assert texts(ax) == ["25.0 %", "75.0 %"]


def test_pyramid_is_centred_and_names_those_outside():
    ax = plots.pyramid_bars(TIERS, ax=plots.canvas())
    widths = [bar.get_width() for bar in ax.containers[0]]
    assert widths == [0.3, 0.7, 0]
    assert [bar.get_x() for bar in ax.containers[0]] == [-0.15, -0.35, 0]
    assert texts(ax) == ["30.0 % of revenue, 1 customer", "70.0 % of revenue, 99 customers", "7 customers"]


def test_holdout_shows_both_and_how_many_customers():
    ax = plots.holdout_by_x(BY_X, ax=plots.canvas())
    assert heights(ax.containers[0]) == [0.2, 0.9, 6.0]
    assert ax.lines[0].get_ydata().tolist() == [0.25, 0.8, 5.5]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0\n(1,000)", "1\n(30)", "7+\n(2)"]


def test_value_bars_carry_money():
    ax = plots.value_bars(GROUPS, label="group", value="value", what="mean", currency="$", x="tenths", ax=plots.canvas())
    assert heights(ax.containers[0]) == [250, 50]
    assert texts(ax) == ["$250", "$50"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("tenths", "mean ($)")


def test_a_line_across_the_bars_says_what_it_is_and_is_not_written_upon():
    ax = plots.value_bars(GROUPS, label="group", value="value", line=(60, "half"), ax=plots.canvas())
    assert [line.get_ydata()[0] for line in ax.lines] == [60] and texts(ax.get_legend()) == ["half"]
    assert [text.xy[1] for text in ax.texts] == [250, 60]  # that of 50 stands above the line


def test_a_sign_that_the_font_lacks_is_left_out():
    assert plots.drawable("€") == "€"
    assert plots.drawable("元") == ""
    ax = plots.revenue_by_period(PERIODS, currency="元", ax=plots.canvas())
    assert ax.get_ylabel() == "revenue"


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="table of periods has no column 'complete'"):
        plots.revenue_by_period(PERIODS.drop(columns="complete"), ax=plots.canvas())


def test_tables_of_the_library_fit(cdnow_sample_log, cdnow_sample):
    periods = by_period(cdnow_sample_log, as_of="1998-06-30")
    ax = plots.revenue_by_period(periods, ax=plots.canvas())
    drawn = sum(sum(heights(container)) for container in ax.containers)
    assert drawn == pytest.approx(cdnow_sample_log["amount"].sum())
    counted = plots.order_histogram(order_counts(cdnow_sample), ax=plots.canvas())
    assert sum(heights(counted.containers[0])) == len(cdnow_sample)
    tiers = pyramid.summary(pyramid.tiers(cdnow_sample))
    assert len(plots.pyramid_bars(tiers, ax=plots.canvas()).containers[0]) == len(nw.from_native(tiers))
    states = lifecycle.summary(lifecycle.states(cdnow_sample))
    assert len(plots.share_bars(states, label="state", ax=plots.canvas()).containers[0]) == len(states)
