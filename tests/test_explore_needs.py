"""Needs and offers turned and tested: the explorer's callback, verdicts that can turn, the score by hand."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_wants import company

from crmlib import explore_needs as explore
from crmlib import kano, laddering
from crmlib.need_groups import need_groups

KNOBS = {"groups": 4, "skew_cut": 0.5, "diversity_cut": 0.5}


@pytest.fixture(scope="module")
def some():
    tables, tx, truth = company(1)
    values = tx.groupby("customer")["amount"].sum().reset_index(name="revenue")
    return SimpleNamespace(**tables, values=values, planted=truth, unscored="")


# the explorer


def test_the_explorer_says_where_the_knobs_stand(some):
    view = explore.modes_by_knobs(some.needs, some.values, **KNOBS | {"skew_cut": 0.25})
    assert view.sentence.startswith("All customers together call for one-to-one: needs differ by 0.5")
    assert "(cut 0.50), values by 0.2" in view.sentence and " Of 4 groups: " in view.sentence
    assert "; silhouette 0." in view.sentence
    (ax,) = view.figure.axes
    assert ax.get_title(loc="left") == "4 groups, cuts 0.50 and 0.25: one-to-one"
    assert view.png().startswith(b"\x89PNG")


def test_the_cuts_move_the_whole_market(some):
    names = [
        explore.modes_by_knobs(some.needs, some.values, groups=1, skew_cut=skew, diversity_cut=needs).sentence.split(":")[0]
        for skew in (0.0, 1.0)
        for needs in (0.0, 1.0)
    ]
    whole = "All customers together call for "
    assert names == [whole + name for name in ("one-to-one", "frequency", "target or niche", "mass")]


@pytest.mark.parametrize("groups", range(1, 9))
@pytest.mark.parametrize("cut", [0.0, 0.5, 1.0])
def test_every_position_of_the_knobs_has_a_view(some, groups, cut):
    view = explore.modes_by_knobs(some.needs, some.values, groups=groups, skew_cut=cut, diversity_cut=1 - cut)
    assert "nan" not in view.sentence and view.sentence.endswith(".")


def test_values_of_nobody_who_was_asked_are_said(some):
    view = explore.modes_by_knobs(some.needs, some.values[:0], **KNOBS)
    assert view.sentence.startswith("With 4 groups nothing can be placed. Group all has 0 customers with a value")


def test_moves_of_a_slider_that_overlap_share_nothing(some):
    from matplotlib import pyplot

    before = pyplot.get_fignums()

    def picture(cut):
        return explore.modes_by_knobs(some.needs, some.values, **KNOBS | {"skew_cut": cut}).png()

    alone = [picture(cut) for cut in (0.2, 0.8)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(picture, (0.2, 0.8))) == alone
    assert pyplot.get_fignums() == before


def test_importing_the_module_loads_nothing_slow():
    code = "import sys, crmlib.explore_needs; print([m for m in ('matplotlib', 'IPython', 'ipywidgets', 'scipy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# verdicts


@pytest.mark.parametrize(
    ("best", "number", "verdict"), [(0.5, 3, "held"), (0.2, 3, "did not hold"), (0.5, 1, "did not hold"), (0.3, 3, "did not hold")]
)
def test_needs_differ_or_not(best, number, verdict):
    found = SimpleNamespace(silhouettes=[(2, 0.1), (3, best)], number=number, said="So it is.")
    assert explore.groups_say(found, [0.3, 0.2]) == (
        f"'Customers want different things' {verdict} here: the best silhouette is {best:.2f}, that of 2 tables of shuffled "
        "answers 0.30 at most. So it is."
    )


def test_what_the_mean_hides_by_hand():
    overall = pd.DataFrame({"feature": ["bag", "date"], "category": ["I", "M"]})
    by_group = pd.DataFrame({"group": [1, 1, 2, 2], "feature": ["bag", "date"] * 2, "category": list("AMIM")})
    assert explore.hidden_say(overall, by_group) == (
        "'A feature is must-be, one-dimensional or attractive' for everybody did not hold: 1 of 2 features have one category in "
        "all of 2 groups, and 25.0 % of the cells have another category than all customers together."
    )
    alike = by_group.assign(category=list("IMIM"))
    assert "for everybody held: 2 of 2 features" in explore.hidden_say(overall, alike)


def test_the_rule_of_two_thirds_by_hand():
    planted = {"chains": pd.DataFrame({"chain": [1, 1, 1], "step": [1, 2, 3], "element": list("abc")})}
    every = pd.DataFrame({"from": list("abx"), "to": list("bca")})
    assert explore.two_thirds_say(every[:1], every, planted) == (
        "'The cut-off that leaves two thirds of the mentions leaves the chains' did not hold: 1 of 2 planted links are drawn, and "
        "0 links that nobody planted. The interviews have 2 of them at least once."
    )
    assert "held: 2 of 2 planted links are drawn, and 1 link that" in explore.two_thirds_say(every, every, planted)
    assert explore.two_thirds_say(every, every, {}).startswith("Whether links are missing from it, nobody can say")


def test_prices_of_groups_by_hand():
    grouped = pd.DataFrame({"group": [1, 1, 2], "price": [10.0, 12.0, 30.0], "how_many": [1.0, 1.0, 1.0]})
    found = explore.group_prices(grouped, cost=8)
    assert found.best.to_numpy().tolist() == [["all", 30.0, 22.0, 1], ["group 1", 10.0, 4.0, 2], ["group 2", 30.0, 22.0, 1]]
    assert (found.one_price, found.own_prices) == (22, 26)
    assert explore.prices_say(found, "€") == (
        "One price of €30.00 would bring €22 a month from those who were asked; prices from €10.00 to €30.00, one a group, 18.2 % "
        "more, if nobody took the price of another group."
    )


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1, 3), st.floats(1, 40), st.floats(0.1, 5)), min_size=2, max_size=20))
def test_own_prices_never_bring_less_than_one(rows):
    found = explore.group_prices(pd.DataFrame(rows, columns=["group", "price", "how_many"]), cost=8.0)
    assert found.own_prices >= found.one_price - 1e-9 and "nan" not in explore.prices_say(found)


# the score


def test_the_adjusted_rand_index_by_hand():
    # ab|cd against ab|c|d: one pair in both, 2 and 1 in each, 6 in all: (1 - 1/3) / (3/2 - 1/3)
    assert explore.adjusted_rand([1, 1, 2, 2], [1, 1, 2, 3]) == pytest.approx((1 - 1 / 3) / (1.5 - 1 / 3))
    assert explore.adjusted_rand([1, 1, 2, 2], list("bbaa")) == 1 == explore.adjusted_rand([1, 1], [2, 2])
    rng = np.random.default_rng(1)
    assert abs(explore.adjusted_rand(rng.integers(0, 3, 3000), rng.integers(0, 3, 3000))) < 0.01


def test_the_score_of_what_is_found(some):
    found = need_groups(some.needs)
    assert explore.groups_scored(some, found.table).startswith("Planted are 4 groups, found 4; 9")
    answers = kano.classify(some.kano).merge(found.table[["customer", "group"]], on="customer")
    by_group = kano.categories(answers, ["group", "feature"])
    said = explore.classes_scored(some, found.table, by_group)
    assert " of 32 classes are those that were planted: " in said
    worse = explore.classes_scored(some, found.table, by_group.assign(category="Q"))
    assert worse.startswith("0 of 32 classes are those that were planted: 0 of ")
    drawn = laddering.value_map(laddering.implications(some.laddering), cut_off=1)
    chains = some.planted["chains"]
    links = chains.assign(to=chains.groupby("chain")["element"].shift(-1)).dropna(subset="to")[["element", "to"]]
    planted = len(links.drop_duplicates())
    assert explore.links_scored(some, drawn).startswith(f"{planted} of {planted} planted links are drawn, and ")


def test_without_the_truth_one_sentence_says_why():
    nothing = SimpleNamespace(planted={}, unscored="What is found cannot be scored here. Why.")
    for scored in (
        explore.groups_scored(nothing, None), explore.classes_scored(nothing, None, None), explore.links_scored(nothing, None)
    ):  # fmt: skip
        assert scored == "What is found cannot be scored here. Why."


# the tables


def test_a_log_alone_says_what_is_missing_and_another_set_is_read(tmp_path):
    log = pd.DataFrame({"customer": ["a"], "date": ["2024-05-01"], "amount": [3.0]})
    log.to_csv(tmp_path / "log.csv", index=False)
    found = explore.wanted(str(tmp_path / "log.csv"), currency="CHF")
    assert found.said == (
        "A log of purchases says what people bought, not what they want: this one has no tables kano, needs and laddering. "
        "From here on lighthouse is read."
    )
    assert (found.data, found.currency) == ("lighthouse", "€") and set(found.planted) == {"need_groups", "kano_classes", "chains"}


def test_revenue_counts_up_to_as_of_and_nobody_below_zero_has_a_value():
    late, early = explore.wanted("lighthouse"), explore.wanted("lighthouse", as_of="2024-06-30")
    assert early.as_of == "2024-06-30" and early.said == late.said == ""
    assert early.values["revenue"].sum() < late.values["revenue"].sum() and (late.values["revenue"] >= 0).all()
