"""The callbacks of the explorers: each knob changes the picture, and the sentence below it is true."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from made_periods import AS_OF, PAIR, both_kinds, log

from crmlib import customer_table, explorers, pareto


def test_the_explorer_draws_the_window_over_the_whole_log(cdnow_log):
    view = explorers.lorenz_by_window(cdnow_log, months=3, q=0.2, as_of="1998-06-30", currency="$")
    (ax,) = view.figure.axes
    assert ax.get_title(loc="left") == "3 months: the top 20 % bring 57.3 %"
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert len(lines["these customers"].get_xdata()) == 3_317 + 1
    assert len(lines["whole log"].get_xdata()) == 23_570 + 1
    whole = pareto.lorenz(customer_table(cdnow_log, as_of="1998-06-30"))
    assert lines["whole log"].get_ydata() == pytest.approx(whole["share_of_value"].to_numpy(), abs=1e-12)
    marked = next(line for line in ax.get_lines() if list(line.get_xdata()) == [0.8, 0.8])
    assert marked.get_ydata() == pytest.approx([1 - 0.573087, 1], abs=1e-6)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "everyone the same",
        "these customers",
        "whole log",
    ]
    assert view.sentence == (
        "In the last 3 months (1998-04-01 to 1998-06-30) the top 20 % of 3,317 buyers brought 57.3 % of $213,330; in "
        "the whole log it is 67.8 %."
    )


def test_each_knob_moves_the_curve_or_the_mark():
    def marks(**knobs):
        view = explorers.lorenz_by_window(PAIR, **{"months": 6, "q": 0.2, "as_of": AS_OF} | knobs)
        lines = view.figure.axes[0].get_lines()
        return [line.get_ydata().tolist() for line in lines[1:3]]

    six, twelve, half = marks(), marks(months=12), marks(q=0.5)
    assert six[0] != twelve[0] and six[0] == half[0]
    assert six[1] != half[1]


def test_a_window_longer_than_the_log_is_the_whole_log_and_says_so():
    view = explorers.lorenz_by_window(PAIR, months=13, q=0.2, as_of=AS_OF, currency="€")
    # p 80, q 70, r 40, s 1, t 4, u 100: 1.2 of six customers are u and a fifth of p
    assert view.sentence == (
        "In the whole log (2023-07-01 to 2024-06-30, less than 13 months) the top 20 % of 6 buyers brought 39.3 % "
        "of €295."
    )
    assert view.figure.axes[0].get_title(loc="left") == "Whole log: the top 20 % bring 39.3 %"


def test_a_silent_window_is_no_error():
    view = explorers.lorenz_by_window(log(("a", "2023-01-01", 5.0)), months=2, q=0.2, as_of=AS_OF)
    assert view.sentence == (
        "In the last 2 months (2024-05-01 to 2024-06-30) nobody paid anything, so there is nothing to share out."
    )
    assert view.png().startswith(b"\x89PNG")


def test_moves_of_a_slider_that_overlap_share_nothing(other_log):
    """Rapid moves run callbacks at once; with pyplot's global figure they drew into one another."""
    from matplotlib import pyplot

    open_before = pyplot.get_fignums()
    as_of = other_log["date"].max().date()
    knobs = [(1, 0.05), (6, 0.5), (12, 0.2)] * 2

    def picture(knob):
        return explorers.lorenz_by_window(other_log, months=knob[0], q=knob[1], as_of=as_of).png()

    alone = {knob: picture(knob) for knob in knobs}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(picture, knobs))
    assert together == [alone[knob] for knob in knobs]
    assert len(set(alone.values())) == 3
    assert pyplot.get_fignums() == open_before


def test_the_explorer_works_on_polars_and_leaves_the_log_as_it_was(other_log):
    before = other_log.copy()
    as_of = other_log["date"].max().date()
    said = {explorers.lorenz_by_window(tx, months=6, q=0.1, as_of=as_of).sentence for tx in both_kinds(other_log)}
    assert len(said) == 1
    pd.testing.assert_frame_equal(other_log, before)


def test_a_notebook_shows_the_picture_and_the_sentence():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    view = explorers.lorenz_by_window(PAIR, months=6, q=0.2, as_of=AS_OF)
    with capture_output() as captured:
        view._ipython_display_()
    (shown,) = captured.outputs
    assert "image/png" in shown.data
    assert " ".join(captured.stdout.split()) == view.sentence
    assert max(map(len, captured.stdout.splitlines())) <= 88


def test_the_sliders_are_arguments_of_the_callback():
    from ipywidgets import FloatSlider, IntSlider, fixed, interactive

    knobs = {"months": IntSlider(value=6, min=1, max=12), "q": FloatSlider(value=0.2, max=1)}
    explorer = interactive(explorers.lorenz_by_window, tx=fixed(PAIR), as_of=fixed(AS_OF), currency=fixed("$"), **knobs)
    knobs["months"].value = 12
    explorer.update()
    assert explorer.result.figure.axes[0].get_title(loc="left").startswith("12 months: the top 20 %")


def test_importing_the_module_loads_nothing_slow():
    slow = ("matplotlib", "IPython", "ipywidgets", "scipy")
    code = f"import sys, crmlib.explorers; print([name for name in {slow} if name in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


@EVERY_ENGINE
def test_a_log_of_any_engine_can_be_turned(engine):
    knobs = {"months": 6, "q": 0.2, "as_of": AS_OF}
    view = explorers.lorenz_by_window(build(engine, PAIR), **knobs)
    assert view.sentence == explorers.lorenz_by_window(PAIR, **knobs).sentence
