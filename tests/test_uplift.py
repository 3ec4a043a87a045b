"""What a contact changed: by hand, on every engine, and against a made-up company whose uplift is known."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_campaigns import BASE, CAMPAIGNS, UPLIFT, by_lot, company

from crmlib import DataError, DataNotice
from crmlib.uplift import balance, by_segment, effects, naive, outcomes, selection

few = settings(max_examples=12, deadline=None)

OFFERS = pd.DataFrame(
    [("M1", "a", True), ("M1", "b", True), ("M1", "c", False), ("M1", "d", False), ("M2", "a", False), ("M2", "c", True)],
    columns=["campaign", "customer", "contacted"],
)
RESPONSES = pd.DataFrame(
    [("M1", "a", 10.0), ("M1", "a", 4.0), ("M1", "d", 3.0), ("M2", "c", 7.5)], columns=["campaign", "customer", "margin"]
)
PLAN = pd.DataFrame({"campaign": ["M1", "M2"], "chosen": ["at random", "by marketing"], "contact_cost": [0.5, 1.5]})



@EVERY_ENGINE
def test_outcomes_by_hand_on_every_engine(engine):
    found = outcomes(build(engine, OFFERS), build(engine, RESPONSES))
    assert kind(found) == engine
    names, made = rows(found)
    assert names == ["campaign", "customer", "contacted", "responded", "orders", "margin"]
    assert made == sorted(
        [
            ("M1", "a", True, True, 2, 14.0), ("M1", "b", True, False, 0, 0.0), ("M1", "c", False, False, 0, 0.0),
            ("M1", "d", False, True, 1, 3.0), ("M2", "a", False, False, 0, 0.0), ("M2", "c", True, True, 1, 7.5),
        ],
        key=repr,
    )  # fmt: skip


def test_lists_that_contradict_themselves_are_refused():
    for offers, responses, said in [
        (OFFERS, pd.DataFrame({"campaign": ["M1"], "customer": ["z"], "margin": [1.0]}),
         "Customer 'z' has a response to campaign 'M1' and is not on its list."),
        (pd.concat([OFFERS, OFFERS[:1]]), RESPONSES, "Customer 'a' is listed twice for campaign 'M1'."),
        (OFFERS.assign(contacted=1), RESPONSES, "Column 'contacted' holds Int64, not true or false; compare it with what means yes."),
        (OFFERS.assign(contacted=OFFERS["contacted"].astype("boolean").mask(OFFERS["customer"] == "b")), RESPONSES,
         "Column 'contacted' has gaps; it must say for everybody whether they got the offer."),
        (OFFERS.assign(customer=range(6)), RESPONSES, "The customer ids are integers in the table of offers and text in the "
         "table of responses; make them the same type."),
    ]:  # fmt: skip
        with pytest.raises(DataError) as error:
            outcomes(offers, responses)
        assert str(error.value) == said


@EVERY_ENGINE
def test_effects_by_hand_on_every_engine(engine):
    """Contacted: margins 14 and 0, one of two responded, 2 orders; held back: 0 and 3, one of two, 1 order."""
    made = build(engine, outcomes(OFFERS, RESPONSES))
    with pytest.warns(DataNotice, match="M2 left out: somebody chose whom to contact, so that the groups were not alike"):
        found = effects(made, build(engine, PLAN))
    assert kind(found) == engine
    names, made = rows(found)
    row = dict(zip(names, made[0], strict=True))
    assert len(made) == 1 and (row["campaign"], row["contacted"], row["held_back"]) == ("M1", 2, 2)
    assert (row["rate_contacted"], row["rate_held_back"], row["uplift"]) == (0.5, 0.5, 0.0)
    assert (row["margin_gain"], row["more_responses"], row["more_orders"]) == (5.5, 0.0, 1.0)
    assert (row["cost"], row["profit"]) == (1.0, 10.0)
    half = 1.959964 * np.sqrt(98 / 2 + 4.5 / 2)  # variances 98 and 4.5, two customers each
    assert row["margin_gain_high"] == pytest.approx(5.5 + half, rel=1e-6)
    assert [row["profit_low"], row["profit_high"]] == pytest.approx([10 - 2 * half, 10 + 2 * half], rel=1e-6)


def test_no_effect_is_read_where_somebody_chose():
    chosen = outcomes(OFFERS, RESPONSES).query("campaign == 'M2'")
    with pytest.raises(DataError) as error:
        effects(chosen, PLAN)
    assert str(error.value) == (
        "No campaign drew by lot whom it contacted (M2: somebody chose), so the difference between contacted and held back "
        "is no effect of the contact; naive() shows it."
    )
    with pytest.raises(DataError, match="Campaign 'M2' is not in the table of campaigns."):
        effects(chosen, PLAN[:1])
    with pytest.raises(DataError, match="Campaign 'M1' has nobody held back, so there is nothing to compare."):
        effects(outcomes(OFFERS[:2], RESPONSES[:1]), PLAN)


@pytest.mark.parametrize("seed", range(3))
def test_the_effect_by_lot_is_the_planted_one_and_the_naive_one_is_not(seed):
    both = company(seed, 20_000)
    with pytest.warns(DataNotice):
        effect = effects(both, CAMPAIGNS).iloc[0]
    plain = naive(both, CAMPAIGNS).set_index("campaign")
    truth = both[both["campaign"] == "M1"]["uplift"].mean()
    assert effect["uplift"] == pytest.approx(truth, abs=0.02)
    assert effect["uplift_low"] <= plain["difference"]["M1"] <= effect["uplift_high"]
    assert plain["by_lot"].to_dict() == {"M1": True, "M2": False}
    # marketing took frequent buyers, who respond anyway
    assert plain["low"]["M2"] > both[both["campaign"] == "M2"]["uplift"].mean() + 0.15
    split = selection(both[both["campaign"] == "M2"], by="buyer").iloc[0]
    assert split["within"] == pytest.approx(truth, abs=0.03) and split["compared"] == 1
    assert split["difference"] == pytest.approx(plain["difference"]["M2"])


@EVERY_ENGINE
def test_selection_by_hand_on_every_engine(engine):
    """Big: contacted 2 of 2, held back 1 of 1; small: contacted 0 of 1, held back 0 of 2: nothing within, a third between."""
    chosen = pd.DataFrame(
        {"campaign": "M2", "buyer": ["big"] * 3 + ["small"] * 3 + [None], "contacted": [True, True, False, True, False, False, True],
         "responded": [True, True, True, False, False, False, True]}
    )  # fmt: skip
    found = selection(build(engine, chosen), by=["buyer"])
    assert kind(found) == engine
    names, made = rows(found)
    assert names == ["campaign", "difference", "within", "selection", "compared"]
    assert made[0] == ("M2", pytest.approx(3 / 4 - 1 / 3), 0.0, pytest.approx(3 / 4 - 1 / 3), 0.75)


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), min_size=4, max_size=60))
def test_selection_splits_the_naive_difference_as_it_must(customers):
    frame = pd.DataFrame(customers, columns=["cell", "contacted", "responded"]).assign(campaign="M")
    groups = frame.groupby("contacted")["responded"].mean()
    both = frame.groupby("cell")["contacted"].nunique()
    if not (both == 2).all():
        return
    found = selection(frame, by="cell").iloc[0]
    naive_difference = groups[True] - groups[False]
    # the other way round: how the held back of each cell would weigh if the contacted lay like them
    rate = frame[~frame["contacted"]].groupby("cell")["responded"].mean()
    shares = frame.groupby("contacted")["cell"].value_counts(normalize=True).unstack(fill_value=0)
    between = ((shares.loc[True] - shares.loc[False]) * rate).sum()
    assert found["selection"] == pytest.approx(between, abs=1e-9)
    assert found["difference"] == pytest.approx(naive_difference, abs=1e-12)


@EVERY_ENGINE
def test_balance_by_hand_on_every_engine(engine):
    """Means 8 and 2, variances 2 and 2: 6 / 1.414 = 4.243. age: means 30 of one known, and 40."""
    listed = pd.DataFrame({"contacted": [True, True, False, False], "orders": [9, 7, 1, 3], "age": [30.0, np.nan, 40, 40], "same": 1})
    found = balance(build(engine, listed), ["orders", "age", "same"])
    assert kind(found) == engine
    names, made = rows(found)
    assert names == ["column", "contacted", "held_back", "difference", "by_chance", "alike"]
    made = {row[0]: row[1:] for row in made}
    assert made["orders"] == (8.0, 2.0, pytest.approx(6 / np.sqrt(2)), pytest.approx(1.96), False)
    assert made["age"][:3] == (30.0, 40.0, 0.0) and made["same"] == (1.0, 1.0, 0.0, pytest.approx(1.96), True)


def test_lots_leave_the_groups_alike_and_marketing_does_not():
    both = company(4, 6000).assign(often=lambda t: (t["buyer"] == "often").astype(int))
    lots, chosen = (balance(both[both["campaign"] == one], "often").iloc[0] for one in ("M1", "M2"))
    assert lots["alike"] and not chosen["alike"] and chosen["difference"] > 1
    with pytest.raises(DataError, match="Column 'buyer' of the list holds String, not numbers."):
        balance(both, "buyer")
    with pytest.raises(DataError, match="Everybody on the list was contacted, or nobody, so there is nothing to compare."):
        balance(both[both["contacted"]], "often")


@EVERY_ENGINE
def test_segments_by_hand_on_every_engine(engine):
    test = pd.DataFrame(
        {"buys": ["often"] * 200 + ["seldom"] * 200 + [None] * 3, "contacted": [True, False] * 200 + [True] * 3,
         "responded": [False, True] * 60 + [True, False] * 40 + [True, False] * 100 + [False] * 3}
    )  # fmt: skip
    found = by_segment(build(engine, test), "buys")
    assert kind(found) == engine
    names, made = rows(found, sort=False)
    made = {row[0]: dict(zip(names, row, strict=True)) for row in made}
    assert {one: (row["contacted"], row["held_back"]) for one, row in made.items()} == {
        "often": (100, 100), "seldom": (100, 100), None: (3, 0)
    }  # fmt: skip
    assert (made["often"]["rate_contacted"], made["often"]["rate_held_back"]) == (0.4, 0.6)
    assert made["often"]["uplift"] == pytest.approx(-0.2) and made["seldom"]["uplift"] == 1 and made[None]["uplift"] is None
    assert {one: row["verdict"] for one, row in made.items()} == {
        "often": "keeps away", "seldom": "sells", None: "too few to tell"
    }  # fmt: skip
    assert made["often"]["all_low"] < made["often"]["uplift_low"] < -0.2 < made["often"]["uplift_high"] < made["often"]["all_high"]
    assert -0.2 < made["often"]["shrunk"] and made["seldom"]["shrunk"] < 1


def test_segments_of_several_columns_find_the_planted_ones():
    found = by_segment(by_lot(1, 40_000), ["attitude", "pressure"]).set_index(["attitude", "pressure"])
    assert found.index.tolist() == [("cheap", "pressed"), ("cheap", "rested"), ("other", "pressed"), ("other", "rested")]
    for cell, uplift in UPLIFT.items():
        assert found.loc[cell, "shrunk"] == pytest.approx(uplift, abs=0.03)
    assert set(found["verdict"]) == {"sells", "keeps away"}


def test_looking_at_many_segments_finds_nothing_where_nothing_is():
    """20 segments without any uplift, 40 times: one interval in twenty leaves 0 out, all together seldom."""
    rng = np.random.default_rng(8)
    each = together = 0
    for _ in range(40):
        n = 4000
        test = pd.DataFrame({"cell": rng.integers(0, 20, n), "contacted": rng.random(n) < 0.5, "responded": rng.random(n) < 0.2})
        found = by_segment(test, "cell")
        each += ((found["uplift_low"] > 0) | (found["uplift_high"] < 0)).any()
        together += (found["verdict"] != "too few to tell").any()
    assert each > 16 and together < 7


@few
@given(st.integers(0, 10_000), st.sampled_from([0.01, 100.0]))
def test_row_order_changes_nothing_and_money_scales(seed, scale):
    frame = by_lot(seed, 300)
    mixed = frame.sample(frac=1, random_state=seed).assign(margin=lambda t: t["margin"] * scale)
    dearer = CAMPAIGNS.assign(contact_cost=CAMPAIGNS["contact_cost"] * scale)
    one, other = effects(frame, CAMPAIGNS).iloc[0], effects(mixed, dearer).iloc[0]
    money = ["margin_gain", "margin_gain_low", "margin_gain_high", "cost", "profit", "profit_low", "profit_high"]
    assert (one[money] * scale).astype(float).to_list() == pytest.approx(other[money].astype(float).to_list(), rel=1e-6, abs=1e-9)
    assert one.drop(["campaign", *money]).astype(float).to_list() == pytest.approx(other.drop(["campaign", *money]).astype(float).to_list())
    pd.testing.assert_frame_equal(by_segment(frame, "attitude"), by_segment(mixed, "attitude"))


def test_the_made_up_company_is_what_the_tests_say_of_it():
    frame = by_lot(0, 50_000)
    held = frame[~frame["contacted"]].groupby("buyer")["responded"].mean()
    assert held.to_dict() == pytest.approx(BASE, abs=0.01)
