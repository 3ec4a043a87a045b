"""Charts of records: what they show is what stands in the table."""

import numpy as np
import pandas as pd
import pytest

from crmlib import plots


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


def test_bars_count_every_pair_once():
    pairs = pd.DataFrame({"evidence": [-100.0, 5, 7, 8, 9.5, 10, 12, 12, 99]})
    ax = plots.evidence_bars(pairs, threshold=10, gray=8, title="title", ax=plots.canvas())
    by_colour = {}
    for bar in ax.patches:
        by_colour[bar.get_facecolor()] = by_colour.get(bar.get_facecolor(), 0) + bar.get_height()
    assert sorted(by_colour.values()) == [2, 3, 4] and sum(heights(ax)) == len(pairs)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["people should look", "two customers", "one customer"]


CURVES = pd.DataFrame({"threshold": [0.0, 1.0], "customers": [3, 4], "with_several": [2, 1]})


def test_curves_with_and_without_a_truth():
    with_truth = CURVES.assign(precision=[0.5, 1.0], recall=[1.0, 0.4])
    ax = plots.threshold_curves(with_truth, at=1, ax=plots.canvas())
    assert [line.get_ydata().tolist() for line in ax.get_lines()[:2]] == [[0.5, 1.0], [1.0, 0.4]]
    ax = plots.threshold_curves(CURVES, at=1, ax=plots.canvas())
    assert ax.get_lines()[0].get_ydata().tolist() == [2, 1] and ax.get_lines()[-1].get_xdata() == [1, 1]


def test_how_far_each_number_is_off():
    numbers = pd.DataFrame({"number": ["customers", "orders", "none"], "by_record": [110.0, 3, 0], "by_customer": [100.0, 4, 0]})
    ax = plots.counted_twice(numbers, ax=plots.canvas())
    assert [bar.get_width() for bar in ax.patches][:2] == [pytest.approx(0.1), pytest.approx(-0.25)]
    assert [text.get_text() for text in ax.texts] == ["+10.0 %", "-25.0 %", "–"] and np.isnan(ax.patches[2].get_width())


def test_ages_and_the_limit():
    ax = plots.age_curve(pd.DataFrame({"days": [0, 365], "older": [1.0, 0.3]}), limit=365, ax=plots.canvas())
    assert ax.get_lines()[0].get_ydata().tolist() == [1.0, 0.3] and ax.get_lines()[1].get_xdata() == [365, 365]
