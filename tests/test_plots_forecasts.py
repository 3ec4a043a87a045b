"""What the charts of crmlib.plots.forecasts draw; what holds for every chart is in test_plots."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from matplotlib.colors import to_rgb
from test_plots import (
    BY_FREQUENCY, GRID_OF_VALUES, HISTORY, INTERVALS, MATRIX, METHODS, TRACKED, heights, rendered, texts,
)  # fmt: skip

from crmlib import BGNBD, GammaGamma, model_tables, plots

PAPER = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@EVERY_ENGINE
def test_tables_of_every_engine_are_drawn(engine):
    assert plots.alive_over_time(build(engine, HISTORY), ax=plots.canvas()).lines[0].get_ydata().tolist() == [1, 1, 0.75, 0.7]
    assert heights(plots.purchases_by_frequency(build(engine, BY_FREQUENCY), ax=plots.canvas()).containers[0]) == [60, 30, 10]


def test_a_history_is_a_line_with_purchases_at_its_foot():
    ax = plots.alive_over_time(HISTORY, ax=plots.canvas())
    alive, bought = ax.lines
    assert alive.get_xydata().tolist() == [[0, 1], [1, 1], [2, 0.75], [3, 0.7]]
    assert bought.get_xydata().tolist() == [[0, 0], [2, 0]]
    assert labels(ax) == ["P(alive)", "a purchase"]
    real = plots.alive_over_time(model_tables.alive_over_time([0, 30], PAPER, until=90), ax=plots.canvas())
    assert len(real.lines[0].get_xdata()) == 91


def test_the_matrix_has_its_best_corner_at_the_top_right_and_leaves_out_what_cannot_be():
    ax = plots.frequency_recency(MATRIX, ax=plots.canvas())
    assert ticks(ax.yaxis) == ["1", "0"] and ticks(ax.xaxis) == ["0", "50", "100"]
    written = {(int(text.xy[1] - 0.5), int(text.xy[0] - 0.5)): text.get_text() for text in ax.texts}
    assert written == {(1, 0): "100", (0, 1): "<1", (0, 2): "80"}
    assert ax.collections[0].get_clim() == (0, 1) and ax.yaxis_inverted()
    ax = plots.frequency_recency(MATRIX, value="expected_purchases", ax=plots.canvas())
    assert sorted(texts(ax)) == ["0", "0", "12"] and ax.collections[0].get_clim() == (0, 12)
    few = plots.frequency_recency(MATRIX[:2], value="expected_purchases", ax=plots.canvas())
    assert sorted(texts(few)) == ["0.1", "0.2"]
    real = model_tables.frequency_recency(PAPER, T=200, horizon=90, most=4, steps=3)
    assert len(plots.frequency_recency(real, ax=plots.canvas()).texts) == 1 + 4 * 3


def test_expected_stands_on_actual():
    ax = plots.purchases_by_frequency(BY_FREQUENCY, ax=plots.canvas())
    assert heights(ax.containers[0]) == [60, 30, 10]
    assert ax.lines[0].get_ydata().tolist() == [58, 31, 11]
    assert ticks(ax.xaxis) == ["0", "1", "2+"]


def test_tracking_by_period_and_summed_up():
    ax = plots.tracking_curves(TRACKED, fitted_to=2, ax=plots.canvas())
    actual, expected, border = ax.lines
    assert actual.get_ydata().tolist() == [0, 5, 4] and expected.get_ydata().tolist() == [1, 4, 4]
    assert list(border.get_xdata()) == [2, 2] and texts(ax) == ["not seen by the model"]
    assert actual.get_linestyle() != expected.get_linestyle()
    ax = plots.tracking_curves(TRACKED, so_far=True, unit="month", ax=plots.canvas())
    assert [line.get_ydata().tolist() for line in ax.lines] == [[0, 5, 9], [1, 5, 9]]
    assert ax.get_ylabel() == "repeat purchases so far" and ax.get_xlabel().startswith("month since")


@pytest.mark.parametrize(("measure", "errors", "found"), [("purchases", [-0.1, 0.5], ["50 %", "45 %"]),
                                                          ("revenue", [-0.2, 0.8], ["48 %", "40 %"])])  # fmt: skip
def test_the_model_is_set_off_from_the_rules(measure, errors, found):
    ax = plots.forecast_errors(METHODS, measure=measure, ax=plots.canvas())
    bars = ax.containers[0]
    assert [bar.get_width() for bar in bars] == errors
    assert to_rgb(bars[0].get_facecolor()) == to_rgb(plots.PALETTE["accent"]) != to_rgb(bars[1].get_facecolor())
    assert ticks(ax.yaxis) == ["BG/NBD", "same again"] and ax.yaxis_inverted()
    assert texts(ax) == [_signed(errors[0]), found[0], _signed(errors[1]), found[1], "best found"]


def _signed(error):
    return f"{'+' if error > 0 else '-'}{abs(error):.0%}".replace("%", " %")


def test_a_forecast_of_nothing_has_no_bar():
    ax = plots.forecast_errors(METHODS.assign(error=np.nan), ax=plots.canvas())
    assert [bar.get_width() for bar in ax.containers[0]] == [0, 0] and texts(ax)[0] == "–"


def test_curves_of_equal_value_are_named_by_money():
    ax = rendered(plots.iso_values(GRID_OF_VALUES, currency="$", ax=plots.canvas()))
    names = texts(ax)
    assert names and all(text.startswith("$") for text in names)
    assert not any(text.get_parse_math() for text in ax.texts)
    flat = plots.iso_values(GRID_OF_VALUES.assign(value=3.0), ax=plots.canvas())
    assert not list(flat.collections)
    spend = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    real = rendered(plots.iso_values(model_tables.iso_values(PAPER, spend, T=270), currency="€", ax=plots.canvas()))
    assert len({text.get_text() for text in real.texts}) >= 4


def test_levels_are_round_and_lie_within_the_grid():
    from crmlib.plots.forecasts import _round_levels

    found = _round_levels(np.array([[0.3, 2.0], [40.0, 170.0]]), 6)
    assert found == sorted(found) and 0.3 < found[0] and found[-1] < 170
    assert all(round(level / 10 ** np.floor(np.log10(level)) * 2, 9).is_integer() for level in found)


def test_intervals_stand_on_one_scale():
    ax = plots.parameter_intervals(INTERVALS, ax=plots.canvas())
    (bars,) = ax.collections
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [[0.8, 1.25], [0.5, 2.0]]
    assert ticks(ax.yaxis) == ["BG/NBD r = 0.5", "Gamma-Gamma p = 6"]
    assert texts(ax) == ["0.4 to 0.625", "3 to 12"]
    one = plots.parameter_intervals(INTERVALS[:1], ax=plots.canvas())
    assert ticks(one.yaxis) == ["r = 0.5"]


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="table of tracking has no column 'expected'"):
        plots.tracking_curves(pd.DataFrame({"period": [1], "actual": [1]}), ax=plots.canvas())
