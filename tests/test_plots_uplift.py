"""What the charts of crmlib.plots.uplift draw; what holds for every chart is in test_plots."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from test_plots import CHANGES, CURVE, PROFITS, RULES_BY_PROFIT

from crmlib import plots


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_row_a_group_and_hollow_where_it_is_no_effect():
    ax = plots.uplift_intervals(CHANGES, label="group", hollow="chosen", ax=plots.canvas())
    zero, *pairs = ax.lines
    assert list(zero.get_xdata()) == [0, 0]
    spans, points = pairs[::2], pairs[1::2]
    assert [list(line.get_xdata()) for line in spans] == [[0.01, 0.09], [-0.2, -0.05]]  # what has no interval is left out
    assert [point.get_markerfacecolor() for point in points][1] == "white"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["by lot", "chosen"]
    assert texts(ax) == ["+5.0", "-12.0"]
    filled = plots.uplift_intervals(CHANGES, label="group", ax=plots.canvas()).lines
    assert to_rgb(filled[4].get_color()) == to_rgb(plots.PALETTE["accent"])  # below 0 altogether


def test_the_profit_of_each_rule_in_money():
    ax = plots.profit_intervals(RULES_BY_PROFIT, currency="€", ax=plots.canvas())
    assert texts(ax) == ["-€0.80", "€0.20"] and "€" in ax.get_xlabel()


def test_the_curve_stands_against_lots():
    ax = plots.uplift_by_share(CURVE, ax=plots.canvas())
    lot, best = [line for line in ax.lines if not line.get_label().startswith("_")]
    assert lot.get_xydata().tolist() == [[0, 0], [1, 2.0]]
    assert best.get_ydata().tolist() == pytest.approx([0, 3.0, 2.0])


def test_the_best_share_and_the_knob_are_marked():
    ax = plots.profit_by_share(PROFITS, share=0.75, currency="$", ax=plots.canvas())
    lines = {line.get_label(): line for line in ax.lines}
    assert [float(lines["most profit"].get_data()[one][0]) for one in (0, 1)] == [0.5, 300.0]
    assert float(lines["the knob"].get_ydata()[0]) == pytest.approx(200) and texts(ax) == ["$200"]
    assert "the knob" not in {line.get_label() for line in plots.profit_by_share(PROFITS, ax=plots.canvas()).lines}


def test_gaps_leave_no_row():
    nothing = pd.DataFrame({"group": ["a"], "uplift": [np.nan], "uplift_low": [np.nan], "uplift_high": [np.nan]})
    assert texts(plots.uplift_intervals(nothing, label="group", ax=plots.canvas())) == []
