"""The window of activity: what each window would have said half-way, the explorer's callback, verdicts that can turn."""

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, cohorts, explore_activity, stages, survival
from crmlib.concentration import halfway

AS_OF = "2024-01-20"

# Twenty days; the first half ends with 10 January. Silences then: a 9, b 5, c 2, d 0. Later: a and c buy, b and d do not.
# On the 20th: a 4, b 15, c 0, d 10, e (new) 8; r has a refund only.
LOG = pd.DataFrame(
    [
        ("a", "2024-01-01", 5.0), ("a", "2024-01-16", 5.0), ("b", "2024-01-02", 5.0), ("b", "2024-01-05", 5.0),
        ("c", "2024-01-08", 5.0), ("c", "2024-01-20", 5.0), ("d", "2024-01-10", 5.0), ("d", "2024-01-18", -5.0),
        ("e", "2024-01-12", 5.0), ("r", "2024-01-03", -9.0),
    ],
    columns=["customer", "date", "amount"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def test_what_windows_say_by_hand():
    found = explore_activity.windows_checked(LOG, as_of=AS_OF, windows=[9, 3, 10])
    assert found["window_days"].tolist() == [3, 9, 10]
    assert found["active"].tolist() == [1, 3, 3]  # c; a and e too; a silence of 10 is not below 10
    assert found["share_active"].tolist() == pytest.approx([1 / 5, 3 / 5, 3 / 5])
    assert found["called"].tolist() == [2, 1, 0]  # a and b; a, silent for exactly 9 days; nobody
    assert found["came_back"].tolist() == [1, 1, 0]
    assert found["share_back"].tolist()[:2] == [0.5, 1.0] and np.isnan(found["share_back"][2])
    assert found["kept"].tolist() == [2, 3, 4]
    assert found["stayed_away"].tolist() == [1, 2, 2]  # d; b too
    assert found["share_away"].tolist() == pytest.approx([1 / 2, 2 / 3, 1 / 2])


@EVERY_ENGINE
def test_every_engine_gives_the_same_in_its_own_kind(engine):
    native = build(engine, LOG)
    found = explore_activity.windows_checked(native, as_of=AS_OF, windows=[3, 9])
    assert kind(found) == kind(native)
    assert rows(found) == rows(explore_activity.windows_checked(LOG, as_of=AS_OF, windows=[3, 9]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), min_size=1, max_size=30), st.integers(0, 40))
def test_it_is_what_the_two_halves_of_the_log_show(lines, more):
    tx = pd.DataFrame(lines, columns=["customer", "day"]).assign(amount=1.0)
    tx["date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(tx["day"], unit="D")
    as_of = tx["date"].max() + pd.Timedelta(days=more)
    split = pd.Timestamp(halfway(tx, as_of=as_of.date()))
    found = explore_activity.windows_checked(tx, as_of=as_of.date(), windows=[1, 7, 30]).set_index("window_days")
    early = tx[tx["date"] < split].groupby("customer")["date"].max()
    silence = (split - pd.Timedelta(days=1) - early).dt.days
    later = silence.index.isin(tx.loc[tx["date"] >= split, "customer"])
    for window in (1, 7, 30):
        row, called = found.loc[window], (silence >= window).to_numpy()
        assert row["active"] == ((as_of - tx.groupby("customer")["date"].max()).dt.days < window).sum()
        assert (row["called"], row["came_back"]) == (called.sum(), (called & later).sum())
        assert (row["kept"], row["stayed_away"]) == ((~called).sum(), (~called & ~later).sum())
    assert found["active"].is_monotonic_increasing and found["called"].is_monotonic_decreasing


@pytest.mark.parametrize("windows", [[], [0], [1.5], ["30"]])
def test_windows_that_are_no_days_are_refused(windows):
    with pytest.raises(DataError) as raised:
        explore_activity.windows_checked(LOG, as_of=AS_OF, windows=windows)
    assert str(raised.value) == "windows must be whole numbers of days above 0, e.g. windows=[30, 90, 180]."


# the explorer


def test_the_explorer_shows_both_curves_and_says_what_the_window_does():
    view = explore_activity.activity_window(LOG, window=3, as_of=AS_OF)
    assert view.sentence == (
        "With a window of 3 days, 1 of 5 customers count as active on 2024-01-20 (20.0 %). On 2024-01-10, half-way, it "
        "would have called 2 of 4 inactive; of these 1 (50.0 %) bought again. Of the 2 called active, 1 (50.0 %) bought "
        "nothing more."
    )
    (ax,) = view.figure.axes
    assert ax.get_title(loc="left") == "3 days: 20.0 % are active now"
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert lines["active now"].get_ydata()[-1] == pytest.approx(1.0)
    assert (list(lines["_share_active"].get_xdata()), list(lines["_share_active"].get_ydata())) == ([3], [0.2])
    assert list(lines["_share_back"].get_ydata()) == [0.5]
    assert view.png().startswith(b"\x89PNG")


def test_the_knob_moves_the_marks():
    def mark(window):
        lines = explore_activity.activity_window(LOG, window=window, as_of=AS_OF).figure.axes[0].get_lines()
        return next(list(line.get_ydata()) for line in lines if line.get_label() == "_share_active")

    assert [mark(window) for window in (3, 9, 16)] == [[0.2], [0.6], [1.0]]


def test_windows_in_which_nobody_is_called_and_logs_of_one_day_are_no_error():
    said = explore_activity.activity_window(LOG, window=12, as_of=AS_OF).sentence
    assert said.endswith("On 2024-01-10, half-way, it would have called nobody inactive.")
    said = explore_activity.activity_window(LOG[:1], window=1, as_of="2024-01-01").sentence
    assert said.endswith("(100.0 %). The log covers one day, so there is no half-way to look back from.")
    assert explore_activity.longest_silence(LOG, as_of=AS_OF) == 19
    assert explore_activity.longest_silence(LOG[:1], as_of="2024-01-01") == 1


def test_moves_of_a_slider_that_overlap_share_nothing(other_log):
    from matplotlib import pyplot

    open_before, as_of = pyplot.get_fignums(), other_log["date"].max().date()

    def picture(window):
        return explore_activity.activity_window(other_log, window=window, as_of=as_of).png()

    knobs = [20, 90, 300]
    alone = [picture(knob) for knob in knobs]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(picture, knobs)) == alone
    assert len(set(alone)) == 3 and pyplot.get_fignums() == open_before


def test_importing_the_module_loads_nothing_slow():
    slow = ("matplotlib", "IPython", "ipywidgets", "scipy", "lifelines")
    code = f"import sys, crmlib.explore_activity; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# sentences whose verdict can turn


@pytest.mark.parametrize(("back", "verdict"), [(2, "held"), (3, "did not hold")])
def test_silence_is_departure_while_at_most_a_tenth_comes_back(back, verdict):
    checked = pd.DataFrame({"window_days": [60, 180], "called": [90, 20], "came_back": [40, back], "share_back": [0.4, back / 20]})
    said = explore_activity.silent_stay_silent(checked)
    assert said == (
        f"'Whoever is silent for 180 days does not come back' (we take at most 10 %) {verdict} here: {back} of 20 did, "
        f"{5 * back}.0 %."
    )


def test_of_few_silent_customers_there_is_no_verdict():
    checked = pd.DataFrame({"window_days": [180], "called": [19], "came_back": [19], "share_back": [1.0]})
    assert explore_activity.silent_stay_silent(checked) == (
        "Half-way 19 customers had been silent that long (we ask for 20): there is no verdict on 'Whoever is silent for "
        "180 days does not come back'."
    )


def test_gaps_in_words_by_hand():
    """Gaps of 2 and 4 days, open since 3 and 1 days: of all gaps a third has ended by day 2."""
    days = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-01", "2024-01-05"])
    tx = pd.DataFrame({"customer": list("aabb"), "date": days, "amount": 1.0})
    assert explore_activity.gaps_say(survival.gap_survival(tx, as_of="2024-01-06")) == (
        "2 gaps completed, 2 open. By 2 days 50.0 % of the completed ones had ended; of all gaps 33.3 % (Kaplan-Meier). "
        "Half of all gaps end within 4 days. 'Completed gaps alone look too short' held here."
    )
    # the open gap of no days was never at risk: nothing to add to the completed one
    tx = tx[:2]
    assert explore_activity.gaps_say(survival.gap_survival(tx, as_of="2024-01-03")).endswith("did not hold here.")
    assert explore_activity.gaps_say(None).startswith("Nobody bought on two days in this log")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a1 b1 c1 a2 b2 a3", "Cohort 2024-01, 3 customers: 66.7 % active at age 1, 33.3 % at age 2. 'The active share falls "
         "at every age' held here: it rose at 0 of 2 steps."),
        ("a1 b1 c1 a2 b3 c3", "Cohort 2024-01, 3 customers: 33.3 % active at age 1, 66.7 % at age 2. 'The active share falls "
         "at every age' did not hold here: it rose at 1 of 2 steps."),
    ],
)  # fmt: skip
def test_whether_the_share_of_a_cohort_falls(lines, said):
    pairs = [(one[0], f"2024-0{one[1]}-10", 1.0) for one in lines.split()]
    tx = pd.DataFrame(pairs, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})
    assert explore_activity.ages_say(cohorts.cohort_table(tx, as_of="2024-03-31")) == said
    assert explore_activity.ages_say(cohorts.cohort_table(tx, as_of="2024-03-30")) == (
        "The cohort 2024-01 is wholly seen at 2 ages only (we ask for 3): there is no curve to read."
    )


def told(*paths):
    """Snapshots 90 days apart, a path of stages a customer, by their first letters."""
    dates = pd.date_range("2024-01-01", periods=len(paths[0]), freq="90D")
    names = {name[0]: name for name in stages.STAGES}
    lines = [(f"c{i:02d}", date, names[one]) for i, path in enumerate(paths) for date, one in zip(dates, path, strict=True)]
    return pd.DataFrame(lines, columns=["customer", "as_of", "stage"])


@pytest.mark.parametrize(("decline", "verdict"), [(10, "held here: 0.0 %"), (12, "held here: 5.0 %"), (13, "did not hold here: 7.5 %")])
def test_what_is_expected_is_the_step_before(decline, verdict):
    """From growth half went to decline, and from decline half to growth; so 20 of 40 are expected in each again."""
    before = ["gg"] * 10 + ["gd"] * 10 + ["dg"] * 10 + ["dd"] * 10
    last = ["g"] * 10 + ["d"] * 10 + ["d"] * decline + ["g"] * (20 - decline)
    said = explore_activity.stages_expected(told(*[early + late for early, late in zip(before, last, strict=True)]))
    share = (10 + decline) / 40
    assert said == (
        f"Expected on 2024-06-29 (counted): acquisition 0.0 % (0.0 %), growth 50.0 % ({100 * (1 - share):.1f} %), maturity "
        f"0.0 % (0.0 %), decline 50.0 % ({100 * share:.1f} %) and termination 0.0 % (0.0 %). 'It went on as before' (we take "
        f"at most 5 % elsewhere) {verdict}."
    )


def test_a_stage_without_memory_and_one_with():
    rng = np.random.default_rng(1)
    forgetful = told(*["ggg", "ggd", "gdg", "gdd", "dgg", "dgd", "ddg", "ddd"] * 5)
    said = explore_activity.stage_has_no_memory(forgetful, rng)
    assert said.startswith("'Where one goes depends on the stage alone' (we take at most 5 % elsewhere) held here: 0.0 %.")
    # whoever came from growth goes back to it: always the other way round after two steps
    loyal = told(*["gdg"] * 20 + ["dgd"] * 20 + ["ddd"] * 20 + ["ggg"] * 20)
    said = explore_activity.stage_has_no_memory(loyal, rng)
    assert "did not hold here: 50.0 %" in said and said.endswith("19 times out of 20.")


def test_steps_ahead_by_hand():
    """Half of growth goes to decline and half of decline back in each step."""
    ahead = explore_activity.stages_ahead(told(*["gg", "gd"] * 4, *["dg", "dd"] * 4, *["gg", "gd"] * 2), steps=1)
    assert ahead.said == (
        "20 customers known on 2024-03-31, after 1 step (now): acquisition 0.0 % (0.0 %), growth 50.0 % (50.0 %), maturity "
        "0.0 % (0.0 %), decline 50.0 % (50.0 %) and termination 0.0 % (0.0 %)."
    )
    assert ahead.title == "Every stage would stay as it is"
    ahead = explore_activity.stages_ahead(told("gg", "gt", "tt"), steps=2)  # 1, then 0.5, then 0.25 in growth
    assert ahead.title == "Termination would grow from 66.7 % to 91.7 % of these customers"
    in_growth = ahead.table[ahead.table["state"] == "growth"]
    assert in_growth["customers"].tolist() == [1, 0.5, 0.25]
    assert ahead.table.groupby("step")["customers"].sum().tolist() == pytest.approx([3, 3, 3])


def test_steps_that_the_log_cannot_know_say_so():
    assert explore_activity.stages_ahead(told("g")) == ("This log has 1 snapshot, and a step needs two.", "", None)
    never_left = explore_activity.stages_ahead(told("gm"))  # nobody was seen to leave maturity
    assert never_left.table is None and "from which no move was seen" in never_left.said


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ("a1 b1 a2", "At age 1 50.0 % of a cohort are active"),
        ("a1 b1 a2 c2 d2 c3 d3", "At age 1 50.0 % to 100.0 % of a cohort are active"),
        ("a3", "No cohort is wholly seen at age 1"),
    ],
)
def test_the_title_of_a_cohort_chart(lines, title):
    pairs = [(one[0], f"2024-0{one[1]}-10", 1.0) for one in lines.split()]
    tx = pd.DataFrame(pairs, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})
    as_of = "2024-03-31" if "3" in lines else "2024-02-29"
    assert explore_activity.ages_title(cohorts.cohort_table(tx, as_of=as_of)) == title


def test_few_snapshots_or_customers_say_so():
    rng = np.random.default_rng(1)
    assert explore_activity.stage_has_no_memory(told("gg"), rng) == "This log has 2 snapshots, and two steps need three."
    assert explore_activity.stages_expected(told("gg")) == (
        "This log has 2 snapshots, and a step to learn from and one to test need three."
    )
    assert explore_activity.stage_has_no_memory(told("ggg"), rng) == (
        "With 1 customer (we ask for 20) there is no verdict on 'Where one goes depends on the stage alone'."
    )


def test_snapshots_go_back_to_the_first_purchase():
    dates = explore_activity.snapshot_dates(LOG, as_of=AS_OF, apart=9)
    assert dates == [dt.date(2024, 1, 2), dt.date(2024, 1, 11), dt.date(2024, 1, 20)]
    assert explore_activity.snapshot_dates(LOG, as_of=AS_OF) == [dt.date(2024, 1, 20)]


def test_a_log_without_purchase_says_what_is_read_instead():
    assert explore_activity.nobody_bought(LOG) == ""
    assert explore_activity.nobody_bought(LOG[-1:]) == (
        "This log holds refunds and no purchase, so there are no silences to measure:\nfrom here on cdnow_sample is read."
    )
