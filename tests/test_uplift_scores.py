"""Whom to contact: scores by hand and on every engine, and whether they find the planted customers."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_campaigns import by_lot

from crmlib import DataError, FitError
from crmlib.uplift_scores import CellScores, area, cross_fit, fit_cells, kept_away, policies, uplift_curve

few = settings(max_examples=15, deadline=None)
BY = ["attitude", "pressure"]

# two of each score are contacted and two held back: of the contacted 2, 1, 0 respond, of the held back 0, 1, 1
SCORED = pd.DataFrame(
    {"score": [0.3] * 4 + [0.1] * 4 + [-0.2] * 4, "contacted": [True, True, False, False] * 3,
     "responded": [True, True, False, False, True, False, True, False, False, False, True, False],
     "margin": [10.0, 20, 0, 0, 6, 0, 8, 0, 0, 0, 12, 0]}
)  # fmt: skip


def scored(seed, customers=4000):
    return cross_fit(by_lot(seed, customers), BY, rng=np.random.default_rng(seed))


@EVERY_ENGINE
def test_the_curve_by_hand_on_every_engine(engine):
    """Rates after each step: 2/2 - 0/2, 3/4 - 1/4, 3/6 - 2/6."""
    found = uplift_curve(build(engine, SCORED))
    assert kind(found) == engine
    names, made = rows(found, sort=False)
    assert names == ["share", "score", "contacted", "held_back", "uplift", "gain", "by_chance"]
    made = sorted(made)
    assert [row[0] for row in made] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [row[1] for row in made] == [None, 0.3, 0.1, -0.2] and [row[2] for row in made] == [0, 2, 4, 6]
    assert [row[4] for row in made[1:]] == pytest.approx([1, 0.5, 1 / 6])
    assert [row[5] for row in made] == pytest.approx([0, 1 / 3, 1 / 3, 1 / 6])
    assert [row[6] for row in made] == pytest.approx([0, 1 / 18, 1 / 9, 1 / 6])


def test_the_area_by_hand():
    """Above the line of chance: 0, 5/18, 4/18, 0, a third apart: (5/18 + 4/18) / 3."""
    found = area(SCORED, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(9 / 18 / 3)
    assert found.low < found.value < found.high
    assert found == area(SCORED.sample(frac=1, random_state=2), rng=np.random.default_rng(1))


def test_a_score_of_one_value_gains_nothing_over_chance():
    assert area(SCORED.assign(score=1.0), rng=np.random.default_rng(1)).value == pytest.approx(0)


def test_a_score_by_lot_is_worth_no_more_than_lots():
    rng = np.random.default_rng(9)
    covered = 0
    for seed in range(20):
        frame = by_lot(seed, 1000)
        found = area(frame.assign(score=rng.integers(0, 8, len(frame))), rng=rng, draws=100)
        covered += found.low <= 0 <= found.high
    assert covered >= 16


@EVERY_ENGINE
def test_policies_by_hand_on_every_engine(engine):
    """All: margins 36 / 6 - 20 / 6 = 16/6, cost 1. The best third: 30 / 2 - 0 for a third, cost 1/3. Nobody: 0."""
    frame = SCORED.assign(everybody=True, best=SCORED["score"] > 0.2, nobody=False)
    found = policies(build(engine, frame), ["everybody", "best", "nobody"], contact_cost=1.0)
    assert kind(found) == engine
    names, made = rows(found)
    made = {row[0]: dict(zip(names, row, strict=True)) for row in made}
    assert made["everybody"]["gain"] == pytest.approx(16 / 6) and made["everybody"]["profit"] == pytest.approx(16 / 6 - 1)
    assert made["best"]["gain"] == pytest.approx(5) and made["best"]["profit"] == pytest.approx(5 - 1 / 3)
    assert made["best"]["uplift"] == 1 and made["best"]["share"] == pytest.approx(1 / 3)
    assert {made["nobody"][one] for one in names[1:]} == {0.0}
    half = 1.959964 * np.sqrt(50 / 2) / 3  # variances 50 and 0, two customers each, for a third of the list
    assert made["best"]["profit_high"] == pytest.approx(5 - 1 / 3 + half, rel=1e-6)
    by_rate = policies(frame, "best", contact_cost=1.0, profit_per_sale=9).iloc[0]
    assert by_rate["profit"] == pytest.approx(9 / 3 - 1 / 3)


def test_a_rule_for_one_group_only_cannot_be_measured():
    with pytest.raises(DataError) as error:
        policies(SCORED.assign(rule=SCORED["contacted"]), "rule", contact_cost=1)
    assert str(error.value) == "The rule 'rule' chooses only customers of one group, so nothing can be compared."


@EVERY_ENGINE
def test_those_kept_away_by_hand_on_every_engine(engine):
    found = kept_away(build(engine, pd.concat([SCORED] * 20)))
    assert kind(found) == engine
    names, made = rows(found)
    row = dict(zip(names, made[0], strict=True))
    assert (row["customers"], row["contacted"], row["held_back"], row["uplift"], row["found"]) == (80, 40, 40, -0.5, True)
    assert row["share"] == pytest.approx(1 / 3)
    names, made = rows(kept_away(build(engine, SCORED), cut=-1))
    row = dict(zip(names, made[0], strict=True))
    assert (row["customers"], row["uplift"], row["found"]) == (0, None, False)


@EVERY_ENGINE
def test_a_model_scores_a_table_of_every_engine(engine):
    model = CellScores(("attitude", "pressure"), {("cheap", "rested"): 0.2, (None, "rested"): -0.1}, 0.05)
    frame = pd.DataFrame({"attitude": ["cheap", None, "other", None], "pressure": ["rested", "rested", "rested", None]})
    made = model.score(build(engine, frame))
    assert kind(made) == engine
    assert sorted(row[2] for row in rows(made)[1]) == [-0.1, 0.05, 0.05, 0.2]


def test_learning_by_hand_and_what_cannot_be_learnt():
    model = fit_cells(by_lot(3, 40_000), BY)
    assert set(model.cells) == {("cheap", "pressed"), ("cheap", "rested"), ("other", "pressed"), ("other", "rested")}
    assert model.cells["cheap", "rested"] == pytest.approx(0.20, abs=0.03)
    assert model.mean == pytest.approx(0.8 * 0.12 - 0.2 * 0.1, abs=0.02)
    with pytest.raises(FitError, match="No cell has both customers contacted and customers held back"):
        fit_cells(SCORED[SCORED["contacted"]].assign(cell="one"), "cell")


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_cross_fitting_is_the_same_in_memory(engine):
    frame = by_lot(2, 400)
    made = cross_fit(build(engine, frame), BY, rng=np.random.default_rng(5))
    assert kind(made) == engine
    assert rows(made) == rows(cross_fit(frame, BY, rng=np.random.default_rng(5)))


def test_nobody_helps_to_make_their_own_score():
    """One customer's answer changes the scores of the other half, and not their own."""
    frame = by_lot(2, 400)
    other = frame.assign(responded=frame["responded"].where(frame.index != 7, ~frame["responded"]))
    one, two = (cross_fit(each, BY, rng=np.random.default_rng(5)) for each in (frame, other))
    assert one["score"][7] == two["score"][7] and (one["score"] != two["score"]).any()


def test_the_score_finds_the_planted_customers():
    found = scored(6, 8000)
    assert np.corrcoef(found["score"], found["uplift"])[0, 1] > 0.8
    assert area(found, rng=np.random.default_rng(1)).low > 0
    harmed = found["uplift"] < 0
    assert (found["score"] < 0)[harmed].mean() > 0.9 and (found["score"] < 0)[~harmed].mean() < 0.1
    assert kept_away(found)["found"][0]
    frame = found.assign(everybody=True, by_score=found["score"] > 0.03, best=found["buyer"] == "often")
    profit = policies(frame, ["everybody", "by_score", "best"], contact_cost=0.5).set_index("rule")["profit"]
    assert profit["by_score"] > profit["everybody"] > profit["best"]


def test_without_sleeping_dogs_none_are_found_more_often_than_by_chance():
    found = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        n = 2000
        frame = pd.DataFrame({"cell": rng.integers(0, 6, n), "contacted": rng.random(n) < 0.5})
        frame["responded"] = rng.random(n) < 0.15 + 0.03 * frame["contacted"]
        found += bool(kept_away(cross_fit(frame, "cell", rng=rng))["found"][0])
    assert found <= 1


@few
@given(st.integers(0, 10_000))
def test_any_rising_change_of_the_score_leaves_the_curve(seed):
    frame = by_lot(seed, 200).assign(score=np.random.default_rng(seed).integers(0, 5, 200) / 10)
    curve, other = uplift_curve(frame), uplift_curve(frame.assign(score=np.exp(3 * frame["score"])).sample(frac=1, random_state=seed))
    pd.testing.assert_frame_equal(curve.drop(columns="score"), other.drop(columns="score"))
    assert curve["gain"].iloc[-1] == pytest.approx(curve["by_chance"].iloc[-1])


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (SCORED.assign(score=np.nan), "Column 'score' of the scored table has gaps, or no rows; everybody needs a score."),
        (SCORED[:0], "Column 'score' of the scored table has gaps, or no rows; everybody needs a score."),
        (SCORED[SCORED["contacted"]], "Everybody in the scored table was contacted, or nobody, so there is nothing to compare."),
        (SCORED.drop(columns="score"), "The scored table has no column 'score'; it has ['contacted', 'responded', 'margin']."),
    ],
)
def test_what_has_no_curve_says_why(frame, said):
    with pytest.raises(DataError) as error:
        uplift_curve(frame)
    assert str(error.value) == said
