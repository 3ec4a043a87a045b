"""The sales pipeline: golden numbers, hand-computed ones, censoring, every engine, laws, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, pipeline
from crmlib.company import parameters
from crmlib.company.deals import deals as planted_deals
from crmlib.company.people import people

DAY = pd.Timestamp("2024-01-01")
ORDER = ["offer", "signed", "paid"]


def history(*ways):
    """Deals from (days of entering each stage .., outcome, day it was closed): opportunities and stages."""
    names = [f"Q{number}" for number in range(1, len(ways) + 1)]
    closed = [DAY + pd.Timedelta(days=way[-1]) if way[-1] is not None else pd.NaT for way in ways]
    opportunities = pd.DataFrame({"opportunity": names, "outcome": [way[-2] for way in ways], "closed": closed})
    entered = [
        {"opportunity": name, "stage": stage, "entered": DAY + pd.Timedelta(days=day)}
        for name, way in zip(names, ways, strict=True)
        for stage, day in zip(ORDER, way[:-2], strict=False)
    ]
    return opportunities, pd.DataFrame(entered)


# four deals: two are signed, after 2 and 6 days, one is lost after 4, one is open; of the signed one is paid, after 3
FOUR = history((0, 2, 5, "won", 5), (0, 6, "open", None), (0, "lost", 4), (3, "open", None))
TEN = DAY + pd.Timedelta(days=10)

OPEN = pd.DataFrame(
    {
        "stage": ["needs", "proposal", "needs", "signed"],
        "amount": [1000.0, 4000.0, 3000.0, 500.0],
        "probability": [0.5, 0.25, 0.2, 0.9],
    }
)
SAID = pd.DataFrame({"representative": list("bab"), "forecast": [120.0, 60.0, 150.0], "actual": [100.0, 80.0, 300.0]})
JUDGED = pd.DataFrame(
    {
        "representative": list("abab"),
        "probability": [0.9, 0.3, 0.6, 0.7],
        "won": [True, False, False, True],
    }
)


# golden and hand-computed numbers


def test_velocity_is_that_of_the_published_example():
    assert pipeline.velocity(50, 10_000, 0.25, 30) == pytest.approx(4166.67, abs=0.005)


def test_conversion_takes_open_deals_for_undecided():
    found = pipeline.stage_conversion(*FOUR, as_of=TEN, order=ORDER).set_index("stage")
    offer, signed = found.loc["offer"], found.loc["signed"]
    assert (offer["entered"], offer["moved"], offer["lost"], offer["open"]) == (4, 2, 1, 1)
    # after 2 days 1 of 4 moves, after 4 days 1 of 3 is lost, after 6 days 1 of 2 moves; one is open after 7
    moved, lost = 1 / 4 + 3 / 4 * (2 / 3) * (1 / 2), 3 / 4 * (1 / 3)
    assert offer["so_far"] == 0.5
    assert offer["conversion"] == pytest.approx(moved / (moved + lost))
    assert offer["undecided"] == pytest.approx(1 - moved - lost)
    assert (signed["entered"], signed["moved"], signed["open"]) == (2, 1, 1)
    assert signed["conversion"] == 1 and signed["undecided"] == pytest.approx(0.5)
    assert offer["win"] == pytest.approx(offer["conversion"]) and signed["win"] == 1


def test_what_comes_after_as_of_has_not_happened():
    found = pipeline.stage_conversion(*FOUR, as_of=DAY + pd.Timedelta(days=3), order=ORDER).set_index("stage")
    assert found.loc["offer", ["entered", "moved", "lost", "open"]].tolist() == [4, 1, 0, 3]
    assert found.loc["signed", ["entered", "moved", "lost", "open"]].tolist() == [1, 0, 0, 1]
    assert np.isnan(found.loc["signed", "conversion"]) and np.isnan(found.loc["offer", "win"])


def test_the_weighted_forecast_by_hand():
    found = pipeline.weighted_forecast(OPEN)
    assert found.to_dict("list") == {
        "stage": ["needs", "proposal", "signed"],
        "deals": [2, 1, 1],
        "amount": [4000.0, 4000.0, 500.0],
        "weighted": [1100.0, 1000.0, 450.0],
    }


def test_errors_of_both_signs_cancel_in_the_bias_only():
    found = pipeline.forecast_errors(SAID).set_index("representative")
    assert found.loc["a"].tolist() == [1, 60, 80, pytest.approx(-0.25), pytest.approx(0.25)]
    assert found.loc["b"].tolist() == [2, 270, 400, pytest.approx(-130 / 400), pytest.approx((0.2 + 0.5) / 2)]


def test_the_brier_score_by_hand():
    found = pipeline.calibration(JUDGED).set_index("representative")
    assert found.loc["a"].tolist() == [2, 0.75, 0.5, 0.25, pytest.approx((0.01 + 0.36) / 2)]
    assert found.loc["b"].tolist() == [2, 0.5, 0.5, 0.0, pytest.approx((0.09 + 0.09) / 2)]


@pytest.mark.parametrize("bins", [10, 100])
def test_a_part_holds_its_lower_bound(bins):
    said = pd.DataFrame({"probability": np.arange(bins + 1) / bins, "won": 1})
    found = pipeline.reliability(said, bins=bins)
    assert found["forecasts"].tolist() == [1] * (bins - 1) + [2]
    assert found["low"].to_numpy() == pytest.approx(np.arange(bins) / bins)


# every engine


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("function", "tables"),
    [
        (lambda *t: pipeline.stage_conversion(*t, as_of=TEN, order=ORDER), FOUR),
        (pipeline.weighted_forecast, [OPEN]),
        (pipeline.forecast_errors, [SAID]),
        (pipeline.calibration, [JUDGED]),
        (lambda table: pipeline.reliability(table, bins=4), [JUDGED]),
    ],
    ids=["conversion", "weighted", "errors", "calibration", "reliability"],
)
def test_the_same_table_on_every_engine(engine, function, tables):
    found, expected = function(*(build(engine, one) for one in tables)), function(*tables)
    assert kind(found) == kind(build(engine, tables[0]))
    assert rows(found) == rows(expected)


# laws

ways = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.sampled_from(["moved", "lost", "open"])),
    min_size=1,
    max_size=30,
)


def made(cases):
    found = []
    for begin, first, second, what in cases:
        if what == "moved":
            found.append((begin, begin + first, begin + first + second, "won", begin + first + second))
        else:
            found.append((begin, what, begin + first if what == "lost" else None))
    return history(*found)


@settings(max_examples=15)
@given(ways, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(cases, random):
    opportunities, stages = made(cases)
    mixed = [one.iloc[random.sample(range(len(one)), len(one))] for one in (opportunities, stages)]
    as_of = DAY + pd.Timedelta(days=40)
    one, other = (pipeline.stage_conversion(*two, as_of=as_of, order=ORDER) for two in ((opportunities, stages), mixed))
    pd.testing.assert_frame_equal(one, other)


@settings(max_examples=15)
@given(ways)
def test_all_that_entered_are_moved_lost_or_open_and_without_open_ones_conversion_is_their_share(cases):
    cases = [case for case in cases if case[3] != "open"] or [(0, 1, 1, "moved")]
    found = pipeline.stage_conversion(*made(cases), as_of=DAY + pd.Timedelta(days=90), order=ORDER)
    assert (found["entered"] == found["moved"] + found["lost"] + found["open"]).all()
    assert found["open"].sum() == 0 and found["undecided"].fillna(0).max() < 1e-9
    assert found["conversion"].to_numpy() == pytest.approx(found["so_far"].to_numpy(), nan_ok=True)
    assert found["conversion"][0] == pytest.approx(np.mean([case[3] == "moved" for case in cases]))


@settings(max_examples=15)
@given(ways)
def test_where_nobody_is_lost_the_undecided_are_those_of_kaplan_and_meier(cases):
    from lifelines import KaplanMeierFitter

    cases = [case for case in cases if case[3] != "lost"] or [(0, 1, 1, "moved")]
    found = pipeline.stage_conversion(*made(cases), as_of=DAY + pd.Timedelta(days=90), order=ORDER)
    time = [case[1] if case[3] == "moved" else 90 - case[0] for case in cases]
    fitted = KaplanMeierFitter().fit(time, [case[3] == "moved" for case in cases])
    assert found["undecided"][0] == pytest.approx(fitted.survival_function_.iloc[-1, 0], abs=1e-9)


shares = st.integers(0, 20).map(lambda number: number / 20)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.floats(0, 1e6), shares, st.booleans()), min_size=1, max_size=40))
def test_totals_are_kept_and_money_in_cents_changes_no_share(cases):
    table = pd.DataFrame(cases, columns=["stage", "amount", "probability", "won"])
    found = pipeline.weighted_forecast(table)
    assert found["deals"].sum() == len(table)
    assert found["amount"].sum() == pytest.approx(table["amount"].sum())
    assert found["weighted"].sum() == pytest.approx((table["amount"] * table["probability"]).sum())
    cents = pipeline.weighted_forecast(table.assign(amount=table["amount"] * 100))
    assert cents["weighted"].to_numpy() == pytest.approx(found["weighted"].to_numpy() * 100)
    parts = pipeline.reliability(table)
    assert parts["forecasts"].sum() == len(table)
    assert (parts["won"] * parts["forecasts"]).sum() == pytest.approx(table["won"].sum())
    assert ((parts["probability"] >= parts["low"] - 1e-9) & (parts["probability"] <= parts["high"] + 1e-9)).all()


# the planted truth


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_conversion_finds_the_planted_chances(seed):
    chosen = parameters.load()
    customers = people(chosen, np.random.default_rng(seed))
    orders = pd.DataFrame({"customer": customers["customer"], "date": pd.Timestamp(chosen["calendar"]["last"])})
    tables, truth = planted_deals(chosen, np.random.default_rng(seed), customers, orders)
    as_of = chosen["calendar"]["last"]
    found = pipeline.stage_conversion(tables["opportunities"], tables["stages"], as_of=as_of)
    assert found["stage"].tolist() == truth["stage_chances"]["stage"].tolist()
    off = found["win"] - truth["stage_chances"]["win"]
    assert np.abs(off).max() <= chosen["recovery"]["stage_wins"]["allowed"]
    assert (found["so_far"] <= found["conversion"] + 1e-9).all()


# what is refused

D, S = FOUR


@pytest.mark.parametrize(
    ("opportunities", "stages", "said"),
    [
        (D, S.assign(stage="lead"), "There is a stage 'lead', but the stages are ['offer', 'signed', 'paid']; pass yours as order=[..]."),
        (D[1:], S, "Opportunity 'Q1' has a stage, but is not in the table of opportunities."),
        (D, S.assign(entered=pd.NaT), "Opportunity 'Q1' entered 'offer' on no day; fill 'entered' first."),
        (D, pd.concat([S, S]), "Opportunity 'Q1' entered 'offer' twice; keep one of the rows."),
        (D, S[1:], "Opportunity 'Q1' entered 'signed' without 'offer' before it; a deal goes through the stages in their order."),
        (D.assign(closed=pd.NaT), S, "'closed' is missing for 1 lost opportunities; fill it or leave them out first."),
        (pd.concat([D, D]), S, "The table of opportunities has 8 rows for 4 ids; it needs one row an id."),
    ],
)  # fmt: skip
def test_histories_that_cannot_be(opportunities, stages, said):
    with pytest.raises(DataError) as caught:
        pipeline.stage_conversion(opportunities, stages, as_of=TEN, order=ORDER)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pipeline.velocity(50, 10_000, 25, 30), "win is 25; it is a share of 0 to 1, e.g. 0.80 for 80 %."),
        (lambda: pipeline.velocity(50, 10_000, 0.25, 0), "days is 0; it must be above 0."),
        (lambda: pipeline.weighted_forecast(OPEN.assign(probability=50)), "'probability' is not a chance of 0 to 1 for 4 of 4 deals."),
        (lambda: pipeline.weighted_forecast(OPEN, by="owner"), "The table of deals has no column 'owner'; it has ['stage', 'amount', 'probability']."),
        (lambda: pipeline.weighted_forecast(OPEN.assign(stage=[None, "a", "b", None])), "'stage' is missing for 2 of 4 rows; fill it first."),
        (lambda: pipeline.forecast_errors(SAID.assign(actual=0.0)), "'actual' is not an amount above 0 for 3 of 3 forecasts."),
        (lambda: pipeline.calibration(JUDGED.assign(won=[1, 0, 2, None])), "'won' is not true or false, 1 or 0 for 2 of 4 forecasts."),
        (lambda: pipeline.reliability(JUDGED, bins=0), "bins is 0; give a whole number from 1 on."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(call, said):
    with pytest.raises(DataError) as caught:
        call()
    assert str(caught.value) == said


def test_an_empty_table_gives_an_empty_one():
    assert len(pipeline.weighted_forecast(OPEN[:0])) == 0 and len(pipeline.reliability(JUDGED[:0])) == 0
