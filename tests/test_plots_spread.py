"""What the charts of crmlib.plots.spread draw; what holds for every chart is in test_plots."""

import pytest
from test_plots import BINS_OF_MONEY, STEPS

from crmlib import plots


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_bins_without_an_end_are_hatched_and_the_mean_stands_in_its_bin():
    ax = plots.distribution_bars(BINS_OF_MONEY, mean=6.0, ax=plots.canvas())
    assert [bar.get_height() for bar in ax.patches] == [0.1, 0.6, 0.2, 0.1]
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [True, False, False, True]
    assert ax.lines[0].get_xdata()[0] == pytest.approx(1.7)  # a fifth into the third bin
    assert texts(ax) == ["mean 6"]
    assert not plots.distribution_bars(BINS_OF_MONEY, ax=plots.canvas()).lines


def test_each_step_begins_where_the_one_before_ends():
    ax = plots.money_bridge(STEPS, label="group", change="revenue_change", start=100.0, ax=plots.canvas())
    first, last, *steps = ax.patches
    assert first.get_width() == 100 and last.get_width() == 115
    assert [(bar.get_x(), bar.get_width()) for bar in steps] == [(100, -20), (80, -30), (50, 65)]
    assert [bool(bar.get_hatch()) for bar in steps] == [True, True, False]
    assert texts(ax) == ["-20", "-30", "+65", "100", "115"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["before", "both", "before only", "new", "after"]


def test_a_step_of_nothing_is_left_out():
    still = STEPS.assign(revenue_change=[0.0, -30.0, 0.0])
    ax = plots.money_bridge(still, label="group", change="revenue_change", start=100.0, ax=plots.canvas())
    assert len(ax.patches) == 3
