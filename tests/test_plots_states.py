"""Charts of cohorts, states, scores and gaps: what stands in the cells, how high the bars are, what is left out."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from matplotlib.colors import to_rgb
from test_plots import BINS, CELLS, COHORTS, GAPS, MOVES, OCCUPANCY, SEGMENTS, WINDOWS, heights, rendered, texts

from crmlib import plots
from crmlib.plots import look


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def shades_of(ax):
    """The numbers behind the shades of a grid, row by row; None where a cell has none."""
    (mesh,) = ax.collections
    shape = len(ticks(ax.yaxis)), len(ticks(ax.xaxis))
    found = np.ma.filled(np.ma.masked_invalid(mesh.get_array().reshape(shape)), -1).tolist()
    return [[None if one == -1 else one for one in row] for row in found]


def in_cells(ax):
    """{(row, column): text}"""
    places = {(int(text.xy[1] - 0.5), int(text.xy[0] - 0.5)): text.get_text() for text in ax.texts if text.xy != (0, 0)}
    return places


def legend_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@EVERY_ENGINE
def test_tables_of_every_engine_are_drawn(engine):
    assert in_cells(plots.cohort_heatmap(build(engine, COHORTS), ax=plots.canvas()))[0, 1] == "50"
    assert heights(plots.occupancy(build(engine, OCCUPANCY), ax=plots.canvas()).containers[0]) == [10, 4]
    assert texts(plots.stage_bars(build(engine, SEGMENTS), label="segment", ax=plots.canvas()))[0] == "1 (25.0 %)"


# ---- grids


def test_cohorts_stand_by_age_with_their_sizes():
    ax = plots.cohort_heatmap(COHORTS, ax=plots.canvas())
    assert ticks(ax.yaxis) == ["2024-01 (40)", "2024-02 (1,200)"] and ticks(ax.xaxis) == ["0", "1", "2"]
    assert in_cells(ax) == {(0, 0): "100", (0, 1): "50", (0, 2): "25", (1, 0): "100"}
    assert shades_of(ax) == [[None, 0.5, 0.25], [None, None, None]]  # age 0 takes no part in the shades
    assert ax.collections[0].get_clim() == (0, 0.5)
    assert ax.get_xlabel() == "age in months since the first purchase; cells: active, % of the cohort"
    assert ax.yaxis_inverted() and "cohort (customers)" in texts(ax)


def test_ages_that_nobody_was_seen_at_have_no_column_and_few_are_not_none():
    cut = COHORTS.assign(share_active=[1.0, 0.004, None, 1.0, 0.0], cohort=["2024 Q1"] * 3 + ["2024 Q2"] * 2)
    ax = plots.cohort_heatmap(cut, ax=plots.canvas())
    assert ticks(ax.xaxis) == ["0", "1"]
    assert in_cells(ax) == {(0, 0): "100", (0, 1): "<1", (1, 0): "100", (1, 1): "0"}
    assert ax.get_xlabel().startswith("age in quarters")
    years = plots.cohort_heatmap(COHORTS.assign(cohort=["2023"] * 3 + ["2024"] * 2), ax=plots.canvas())
    assert years.get_xlabel().startswith("age in years")


def test_moves_have_a_row_where_they_come_from():
    ax = plots.transition_heatmap(MOVES, start="in May", end="in June", ax=plots.canvas())
    assert ticks(ax.yaxis) == ["a (4)", "b (5)"] and ticks(ax.xaxis) == ["a", "b"]
    assert in_cells(ax) == {(0, 0): "75 %", (0, 1): "25 %", (1, 0): "0 %", (1, 1): "100 %"}
    assert shades_of(ax) == [[0.75, 0.25], [0, 1]]
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("in May (customers)", "in June: share of the row")
    frames = [line.get_xydata().min(axis=0).tolist() for line in ax.lines]
    assert frames == [[0, 0], [1, 1]]  # who stayed


def test_numbers_of_customers_need_no_probabilities_and_what_nobody_did_is_empty():
    moved = pd.DataFrame({"from": ["non_positive", "(absent)"], "to": ["top", "non_positive"], "customers": [9, 1600]})
    ax = plots.transition_heatmap(moved, value="customers", order=["top", "never", "non_positive"], ax=plots.canvas())
    assert ticks(ax.yaxis) == ["top (0)", "non positive (9)", "(absent) (1,600)"]
    assert in_cells(ax) == {(1, 0): "9", (2, 1): "1,600"}
    assert shades_of(ax) == [[None] * 3, [3, None, None], [None, 40, None]]  # the roots: 9 is seen beside 1,600
    assert ax.get_xlabel() == "to: customers"


def test_names_are_turned_only_where_they_have_no_room():
    few = plots.transition_heatmap(MOVES, ax=plots.canvas())
    assert {label.get_rotation() for label in few.get_xticklabels()} == {0}
    names = [f"a long name of number {number}" for number in range(6)]
    many = pd.DataFrame({"from": names, "to": names, "customers": 1})
    ax = rendered(plots.transition_heatmap(many, value="customers", ax=plots.canvas()))
    assert {label.get_rotation() for label in ax.get_xticklabels()} == {30}


def test_a_hidden_cell_is_hatched_and_no_empty_one():
    moved = pd.DataFrame({"from": ["a", "a", "b"], "to": ["a", "b", "b"], "customers": [3, 9, 20]})
    ax = plots.transition_heatmap(moved, value="customers", hides={("a", "a"), ("a", "b")}, sizes={"a": "hidden"}, ax=plots.canvas())
    assert in_cells(ax) == {(1, 1): "20"}
    assert ticks(ax.yaxis) == ["a (hidden)", "b (20)"]
    assert sorted((one.get_x(), one.get_y()) for one in ax.patches if one.get_hatch()) == [(0, 0), (1, 0)]
    assert ax.get_xlabel() == "to: customers; hatched: hidden"


def test_a_state_without_customers_before_has_an_empty_row():
    moved = MOVES.assign(customers=[0, 0, 2, 3], probability=[None, None, 0.4, 0.6])
    assert in_cells(plots.transition_heatmap(moved, ax=plots.canvas())) == {(1, 0): "40 %", (1, 1): "60 %"}


def test_the_best_stand_at_the_top_right():
    ax = plots.rf_grid(CELLS, bins=2, ax=plots.canvas())
    assert ticks(ax.yaxis) == ["2", "1"] and ticks(ax.xaxis) == ["1", "2"]
    assert in_cells(ax) == {(0, 0): "–", (0, 1): "4", (1, 0): "7", (1, 1): "2"}
    assert ax.get_xlabel().startswith("R: recency") and ax.get_ylabel().startswith("F: frequency")
    shares = CELLS.assign(share_of_revenue=[0.001, 0, 0.2, 0.799]).head(3)
    ax = plots.rf_grid(shares, value="share_of_revenue", bins=(3, 2), ax=plots.canvas())
    assert in_cells(ax) == {(0, 0): "–", (0, 1): "–", (0, 2): "–", (1, 0): "<1 %", (1, 1): "20 %", (1, 2): "–"}


def test_text_in_cells_can_be_read_and_shades_are_ever_darker():
    def light(colour):
        return np.power(to_rgb(colour), 2.2) @ (0.2126, 0.7152, 0.0722)

    scale = look.shades()
    lights = [light(scale(step / 50)[:3]) for step in range(51)]
    assert all(one > other for one, other in zip(lights, lights[1:], strict=False))
    for behind in lights:
        text = light(look.readable_on(scale(lights.index(behind) / 50)))
        lighter, darker = max(text, behind) + 0.05, min(text, behind) + 0.05
        assert lighter / darker > 3.7  # WCAG asks for 3 for large or bold text, 4.5 for small


# ---- curves


def test_a_line_a_cohort_from_age_one_on():
    ax = plots.cohort_curves(COHORTS.assign(share_active=[1.0, 0.5, 0.25, 1.0, 0.4]), ax=plots.canvas())
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[1, 0.5], [2, 0.25]], [[1, 0.4]]]
    assert legend_of(ax) == ["2024-01", "2024-02"]
    assert len({line.get_marker() for line in ax.lines}) == 2  # to be told apart in grey
    assert ax.get_ylabel() == "share of the cohort active" and ax.get_ylim()[0] == 0
    all_ages = plots.cohort_curves(COHORTS, from_age=0, ax=plots.canvas())
    assert all_ages.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert all_ages.lines[1].get_xdata().tolist() == [0]  # what was not wholly seen is not drawn


def test_of_many_cohorts_the_oldest_and_the_newest_stand_out():
    names = [f"2024-{month:02d}" for month in range(1, 11)]
    many = pd.DataFrame({"cohort": np.repeat(names, 2), "age": [1, 2] * 10, "orders": range(20)})
    ax = plots.cohort_curves(many, value="orders", ax=plots.canvas())
    assert len(ax.lines) == 10 and legend_of(ax) == ["2024-01", "in between", "2024-10"]
    widths = [line.get_linewidth() for line in ax.lines]
    assert widths[0] == widths[-1] == 2 and set(widths[1:-1]) == {0.8}
    assert ax.get_ylabel() == "orders"
    ax = plots.cohort_curves(many, value="orders", stand_out=("2024-07", "2024-03"), ax=plots.canvas())
    assert legend_of(ax) == ["others", "2024-03", "2024-07"]
    assert [line.get_label() for line in ax.lines if line.get_linewidth() == 2] == ["2024-03", "2024-07"]


def test_curves_of_cohorts_without_a_later_age_are_empty():
    young = COHORTS[COHORTS["age"] == 0]
    ax = rendered(plots.cohort_curves(young, ax=plots.canvas()))
    assert not ax.lines and ax.get_legend() is None


def test_windows_stack_to_all_customers():
    ax = plots.activity_by_window(WINDOWS, ax=plots.canvas())
    active, inactive = ax.containers
    assert heights(active) == [2, 6] and heights(inactive) == [8, 4]
    assert [bar.get_y() for bar in inactive] == [2, 6]
    assert texts(ax) == ["20.0 %", "60.0 %"] and ticks(ax.xaxis) == ["30", "365"]
    assert legend_of(ax) == ["active", "inactive"]
    assert ax.get_xlabel() == "active: bought in the last ... days"


def test_gaps_have_the_naive_curve_dashed_beside_the_right_one():
    ax = plots.gap_curves(GAPS, ax=plots.canvas())
    naive, right = ax.lines
    assert right.get_ydata().tolist() == [0, 0.2, 0.5] and naive.get_ydata().tolist() == [0, 0.4, 1]
    assert {line.get_drawstyle() for line in ax.lines} == {"steps-post"}
    assert naive.is_dashed() and not right.is_dashed()
    assert legend_of(ax) == ["completed gaps alone", "open gaps counted (Kaplan-Meier)"]
    (band,) = ax.collections
    assert band.get_datalim(ax.transData).intervaly.tolist() == pytest.approx([0, 0.6])


# ---- counts


def test_stages_have_their_numbers_and_shares():
    ax = plots.stage_bars(SEGMENTS.assign(segment=["no_purchase", "rest"]), label="segment", ax=plots.canvas())
    assert [bar.get_width() for bar in ax.containers[0]] == [1, 3]
    assert texts(ax) == ["1 (25.0 %)", "3 (75.0 %)"]
    assert ticks(ax.yaxis) == ["no purchase", "rest"] and ax.yaxis_inverted()


def test_a_score_that_nobody_got_says_so():
    ax = plots.rfm_bin_counts(BINS, ax=plots.canvas())
    assert [heights(block) for block in ax.containers] == [[5, 5], [10, 0], [4, 6]]
    assert texts(ax) == ["5", "5", "10", "none", "4", "6"]
    assert [label.split("\n") for label in ticks(ax.xaxis)] == [
        ["1", ""], ["2", "R: recency"], ["1", ""], ["2", "F: frequency"], ["1", ""], ["2", "M: money"],
    ]  # fmt: skip
    assert ax.get_xlabel() == "score (2 is best)"
    assert len({bar.get_facecolor() for block in ax.containers for bar in block}) == 3


def test_many_scores_have_no_room_for_numbers_but_the_empty_ones_are_marked():
    many = pd.DataFrame({"score": range(1, 11), "r": 3, "f": [30] + [0] * 9, "m": 3})
    assert texts(plots.rfm_bin_counts(many, ax=plots.canvas())) == ["0"] * 9


def test_states_lie_on_each_other_and_are_named_beside_the_last_bar():
    ax = plots.occupancy(OCCUPANCY, steps="months from now", ax=plots.canvas())
    first, second = ax.containers
    assert heights(first) == [10, 4] and heights(second) == [0, 6]
    assert [bar.get_y() for bar in second] == [10, 4]
    assert texts(ax) == ["new", "old"] and [text.xy[1] for text in ax.texts] == [2, 7]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("months from now", "customers")
    assert ticks(ax.xaxis) == ["0", "1"]


def test_a_state_that_nobody_is_ever_in_is_left_out_and_names_do_not_lie_on_each_other():
    crowded = pd.DataFrame(
        {"step": 0, "state": ["a", "never", "b", "c_d"], "customers": [100.0, 0.0, 1.0, 1.0]}
    )  # fmt: skip
    ax = plots.occupancy(crowded, ax=plots.canvas())
    assert texts(ax) == ["a", "b", "c d"] and len(ax.containers) == 3
    places = [text.xy[1] for text in ax.texts]
    assert np.diff(places).min() >= 0.06 * 102 - 1e-9
    low = plots.occupancy(crowded.assign(customers=[0.1, 0.0, 50.0, 50.0]), ax=plots.canvas())
    assert low.texts[0].xy[1] >= 3  # not on the line of zero


def test_apart_moves_upwards_only_and_keeps_the_order():
    assert look.apart([0, 10, 10, 11], 2).tolist() == [0, 10, 12, 14]
    assert look.apart([5, 1], 1).tolist() == [5, 1]
    assert look.apart([], 1).tolist() == []


# ---- tables of the library


def test_tables_of_the_library_fit(cdnow_sample_log, cdnow_sample):
    from crmlib import activity, cohorts, lifecycle, rfm, stages, survival, transitions

    table = cohorts.cohort_table(cdnow_sample_log, as_of="1998-06-30", unit="quarter")
    assert in_cells(plots.cohort_heatmap(table, ax=plots.canvas()))[0, 0] == "100"
    assert len(plots.cohort_curves(table, ax=plots.canvas()).lines) == 1
    windows = activity.sensitivity(cdnow_sample)
    assert len(plots.activity_by_window(windows, ax=plots.canvas()).containers[0]) == len(windows)
    gaps = survival.gap_survival(cdnow_sample_log, as_of="1998-06-30").table
    assert len(plots.gap_curves(gaps, ax=plots.canvas()).lines[0].get_xdata()) == len(gaps)
    scored = rfm.scores(cdnow_sample)
    drawn = plots.rfm_bin_counts(rfm.bin_counts(scored), ax=plots.canvas())
    assert [sum(heights(block)) for block in drawn.containers] == [2357] * 3
    grid = in_cells(plots.rf_grid(rfm.grid(scored), ax=plots.canvas()))
    assert sum(int(text.replace(",", "")) for text in grid.values() if text != "–") == 2357
    snapshots = stages.snapshots(cdnow_sample_log, dates=["1997-12-31", "1998-03-31", "1998-06-30"])
    moved = transitions.from_snapshots(snapshots, column="stage", order=stages.STAGES)
    rendered(plots.transition_heatmap(moved.table(), ax=plots.canvas()))
    expected = moved.expected({"growth": 100}, steps=6)
    layers = [heights(layer) for layer in plots.occupancy(expected, ax=plots.canvas()).containers]
    assert np.sum(layers, axis=0).tolist() == pytest.approx([100] * 7)
    counted = lifecycle.summary(lifecycle.states(cdnow_sample))
    assert len(plots.stage_bars(counted, label="state", ax=plots.canvas()).containers[0]) == len(counted)
    assert len(plots.stage_bars(stages.summary(stages.stages(cdnow_sample_log, as_of="1998-06-30")), label="phase",
                                ax=plots.canvas()).containers[0]) >= 6  # fmt: skip
