"""What the charts of crmlib.plots.lifetime draw; what holds for every chart is in test_plots."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from test_plots import CONVENTIONS, CUTS, LIFTS, RULES, SURVIVAL, TYPED

from crmlib import migration_value, plots, retention_value, value_matrix


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_line_a_timing_sorted_by_retention():
    ax = plots.timing_curves(CONVENTIONS.iloc[::-1], ax=plots.canvas())
    assert labels(ax) == ["renewal", "now"]
    renewal, now = ax.lines
    assert now.get_xydata().tolist() == [[0.5, 183.3], [0.8, 366.7]]
    assert renewal.get_xydata().tolist() == [[0.5, 83.3], [0.8, 266.7]]
    assert renewal.get_linestyle() != now.get_linestyle()
    real = retention_value.conventions(100, retention=[0.5, 0.8], discount=0.1)
    assert len(plots.timing_curves(real, ax=plots.canvas()).lines) == 3


def test_survival_has_bars_where_it_was_seen_and_a_line_behind_the_fit():
    ax = plots.survival_fit(SURVIVAL, fitted_to=1, ax=plots.canvas())
    assert [bar.get_height() for bar in ax.patches] == [1.0, 0.6]
    fitted, border = ax.lines
    assert fitted.get_ydata().tolist() == [1.0, 0.62, 0.5] and list(border.get_xdata()) == [1.5, 1.5]
    assert len(plots.survival_fit(SURVIVAL, ax=plots.canvas()).lines) == 1


def test_the_best_rule_is_set_off():
    ax = plots.stopping_values(RULES, currency="$", ax=plots.canvas())
    colours = [to_rgb(bar.get_facecolor()) for bar in ax.patches]
    assert colours[1] == to_rgb(plots.PALETTE["accent"]) and colours[0] == colours[2] != colours[1]
    assert [text.get_text() for text in ax.texts] == ["$40.00", "$48.00", "$47.00"]
    real = migration_value.stopping_rules([0.3, 0.2], margin=40, contact=4, discount=0.2)
    assert len(plots.stopping_values(real, ax=plots.canvas()).patches) == 3


def test_lifts_have_a_line_a_group_and_the_claims_across():
    ax = plots.lift_curves(LIFTS, ax=plots.canvas())
    assert labels(ax) == ["growth 0 %", "growth 5 %"]
    assert ax.lines[0].get_xydata().tolist() == [[0.8, 0.2], [0.9, 0.33]]
    assert ax.lines[1].get_xydata().tolist() == [[0.8, 0.25]]  # what is null is left out
    assert [line.get_ydata()[0] for line in ax.lines[2:]] == [0.25, 0.85]
    by_horizon = plots.lift_curves(retention_value.lifts([0.5, 0.6], periods=[5, None]), by="periods", claims=(), ax=plots.canvas())
    assert labels(by_horizon) == ["5 periods", "without end"] and len(by_horizon.lines) == 2


def test_the_matrix_has_every_customer_and_the_cuts():
    ax = plots.value_scatter(TYPED, CUTS, ax=plots.canvas())
    assert labels(ax) == ["MVC (1)", "abandon (1)", "below zero (1)"]
    points = np.concatenate([dots.get_offsets() for dots in ax.collections])
    assert sorted(map(tuple, points.tolist())) == [(5, -20), (5, 5), (90, 70)]
    assert list(ax.lines[0].get_xdata()) == [40, 40] and list(ax.lines[1].get_ydata()) == [20, 20]
    customers = pd.DataFrame({"past_value": [90.0, 5.0, 8.0], "clv": [70.0, 5.0, 9.0]})
    real = plots.value_scatter(value_matrix.value_types(customers), value_matrix.cuts(customers), ax=plots.canvas())
    assert real.get_xlim()[0] == pytest.approx(-0.8)  # a tenth of the cut; nobody is below zero


def test_a_cut_of_zero_leaves_the_axis_readable():
    customers = pd.DataFrame({"past_value": [90.0, 5.0, 8.0], "clv": [70.0, -2.0, 9.0]})
    options = {"current_cut": 0.0, "future_cut": 0.0}
    ax = plots.value_scatter(value_matrix.value_types(customers, **options), value_matrix.cuts(customers, **options), ax=plots.canvas())
    assert ax.yaxis.get_transform().linthresh == 9.0  # the median amount
    assert ax.get_ylim()[0] == -4.0 and len(ax.get_yticks()) < 12
