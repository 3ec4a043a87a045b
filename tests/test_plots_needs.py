"""What the charts of crmlib.plots.needs draw; what holds for every chart is in test_plots."""

import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from test_plots import DEMAND, KANO, LINKS, MODES

from crmlib import plots


def texts(ax):
    return [text.get_text() for text in ax.texts]


def points(ax):
    return {line.get_label(): tuple(map(float, line.get_xydata()[0])) for line in ax.get_lines() if len(line.get_xdata()) == 1}


def test_the_number_of_groups_is_marked_and_the_best_of_chance_drawn():
    ax = plots.silhouettes([(2, 0.3), (3, 0.4)], chance=[0.1, 0.2], number=3, ax=plots.canvas())
    assert ax.lines[0].get_xydata().tolist() == [[2, 0.3], [3, 0.4]] and points(ax)["_number"] == (3, 0.4)
    assert list(ax.lines[2].get_ydata()) == [0.2, 0.2]
    assert texts(ax) == ["3 groups: 0.40", "best of shuffled answers"]
    assert len(plots.silhouettes([(2, 0.0)], number=1, ax=plots.canvas()).lines) == 1


def test_a_feature_lies_at_better_and_worse_and_is_hollow_where_the_mode_is_not_clear():
    ax = plots.kano_plane(KANO, ax=plots.canvas())
    assert points(ax)["_sample"] == (0.7, 0.1)
    marks = {line.get_label(): line for line in ax.lines if line.get_label() in ("_date", "_sample")}
    assert to_rgb(marks["_sample"].get_markerfacecolor()) == to_rgb("white")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["must-be", "attractive", "indifferent"]  # R has no place
    assert texts(ax)[:4] == ["must-be", "one-dimensional", "attractive", "indifferent"]


def test_names_of_features_do_not_cover_one_another():
    close = KANO[:2].assign(better=[0.3, 0.32], worse=[-0.4, -0.4])
    ax = plots.kano_plane(close, ax=plots.canvas())
    first, second = (text.xy[1] for text in ax.texts[4:])
    assert abs(first - second) >= 0.044


def test_each_cell_has_its_letter_and_brackets_where_it_is_not_clear():
    ax = plots.kano_grid(KANO, ax=plots.canvas())
    assert texts(ax) == ["M", "(A)", "I", "R"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["group 1", "group 2"]
    assert ax.get_xlabel() == "M must-be, A attractive, I indifferent, R reverse"
    named = plots.kano_grid(KANO.assign(group=["a", "a", "b", "b"]), ax=plots.canvas())
    assert [label.get_text() for label in named.get_xticklabels()] == ["a", "b"]


def test_the_matrix_has_all_and_the_groups_and_says_which_cell_is_a_reconstruction():
    ax = plots.mode_matrix(MODES, skew_cut=0.4, diversity_cut=0.3, ax=plots.canvas())
    assert list(ax.lines[0].get_ydata()) == [0.4, 0.4] and list(ax.lines[1].get_xdata()) == [0.3, 0.3]
    assert ax.lines[2].get_xydata().tolist() == [[0.2, 0.7], [0.3, 0.4]] and points(ax)["all"] == (0.55, 0.6)
    assert "target or niche (a reconstruction)" in texts(ax) and "group 2" in texts(ax)
    assert "one-to-one" not in texts(plots.mode_matrix(MODES, diversity_cut=1.0, ax=plots.canvas()))  # no room left for it


def test_the_best_price_is_marked():
    ax = plots.profit_by_price({"all": DEMAND, "group 1": DEMAND.assign(profit=[1.0, 2, 3], best=[False, False, True])}, ax=plots.canvas())
    assert points(ax) == {"_all": (20, 90), "_group 1": (30, 3)} and texts(ax) == ["20.00", "30.00"]
    assert ax.lines[0].get_linestyle() != ax.lines[2].get_linestyle()


def test_means_stand_below_ends_and_a_link_carries_its_mentions():
    ax = plots.means_end_map(LINKS, ax=plots.canvas())
    place = {text.get_text(): text.xy for text in ax.texts}
    assert place["fresh"][1] == 0 and place["taste"][1] == 1 and place["joy"][1] == 2 and place["saving"][1] == 1
    assert {"9", "6", "4"} <= set(place)
    widths = {line.get_label(): line.get_linewidth() for line in ax.lines}
    assert widths["_fresh to taste"] > widths["_taste to joy"] > widths["_price to saving"]


@pytest.mark.parametrize("links", [
    pd.DataFrame({"from": list("abc"), "to": list("bca"), "direct": [3, 2, 1]}),
    pd.DataFrame({"from": [], "to": [], "direct": []}),
])  # fmt: skip
def test_a_circle_and_no_link_at_all_are_drawn_too(links):
    ax = plots.means_end_map(links, ax=plots.canvas())
    ax.figure.canvas.draw()
    assert sum(line.get_linestyle() == "--" for line in ax.lines) == (len(links) > 0)
