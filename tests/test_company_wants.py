"""What the company's customers want: tables as the schema says, the planted truth, and that it can be found again."""

import tomllib
from copy import deepcopy
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from crmlib import kano, laddering
from crmlib.company import parameters
from crmlib.company.people import people
from crmlib.company.wants import wants
from crmlib.explore_needs import adjusted_rand
from crmlib.need_groups import by_chance, need_groups

PARAMETERS = parameters.load()


def made(seed, given=PARAMETERS):
    customers = people(given, np.random.default_rng(seed))
    tables, truth = wants(given, np.random.default_rng(seed + 1), customers)
    return customers, tables, truth


@pytest.fixture(scope="module")
def company():
    return made(1)


def schema(name):
    return tomllib.loads(files("crmlib.company").joinpath(name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "which", "names"), [
    ("schema.toml", 1, ("kano", "needs", "laddering")), ("truth.toml", 2, ("need_groups", "kano_classes", "chains")),
])  # fmt: skip
def test_tables_are_as_the_schema_says(company, file, which, names):
    assert set(company[which]) == set(names)
    for name in names:
        table, described = company[which][name], schema(file)[name]
        assert table.columns.tolist() == [field["name"] for field in described["fields"]]
        assert not table.duplicated(described["key"]).any() and not table.isna().any(axis=None)
        for field in described["fields"]:
            if "enum" in field:
                assert set(table[field["name"]]) <= set(field["enum"])
            if field.get("to") == "customers.customer":
                assert table[field["name"]].isin(company[0]["customer"]).all()


def test_the_samples_are_those_of_the_parameters(company):
    customers, tables, truth = company
    kind = customers.set_index("customer")["kind"]
    assert kind[tables["needs"]["customer"]].value_counts().to_dict() == {"consumer": 320, "business": 80}
    assert kind[tables["kano"]["customer"].unique()].value_counts().to_dict() == {"consumer": 320}
    assert tables["kano"].groupby("customer").size().unique().tolist() == [8]
    assert tables["laddering"]["interview"].nunique() == 40 and len(truth["need_groups"]) == len(customers)


def test_the_same_seed_makes_the_same_tables():
    for one, other in zip(made(5)[1:], made(5)[1:], strict=True):
        for name in one:
            pd.testing.assert_frame_equal(one[name], other[name])


def test_ladders_go_upwards(company):
    for _, ladder in company[1]["laddering"].groupby(["interview", "ladder"]):
        assert ladder["step"].tolist() == list(range(1, len(ladder) + 1))
        assert ladder["level"].iloc[0] == "attribute" and ladder["level"].iloc[-1] == "value"
        assert not ladder["element"].duplicated().any()


def test_businesses_want_supply_and_attitudes_tilt(company):
    customers, _, truth = company
    group = customers.merge(truth["need_groups"], on="customer")
    share = pd.crosstab(group["kind"], group["need_group"], normalize="index")
    assert share.loc["business", "supply"] > 0.5 > share.loc["consumer", "supply"]
    assert group.groupby("need_group")["novelty"].mean().idxmax() == "discovery"
    assert group.groupby("need_group")["price_attitude"].mean().idxmax() == "bargain"


def test_one_feature_is_reverse_in_one_group_and_one_is_indifferent_everywhere(company):
    truth = company[2]["kano_classes"]
    assert (truth["category"] == "R").sum() == 1
    assert truth.groupby("feature")["category"].agg(lambda found: set(found) == {"I"}).sum() == 1
    assert truth.groupby("feature")["category"].nunique().max() >= 3
    assert len(truth) == 4 * 8


def test_where_needs_do_not_differ_all_are_of_one_group():
    given = deepcopy(PARAMETERS)
    given["claims"]["needs_differ"] = 0.0
    _, tables, truth = made(1, given)
    assert set(truth["need_groups"]["need_group"]) == {"ease"}
    answers = kano.categories(kano.classify(tables["kano"])).set_index("feature")["category"]
    own = truth["kano_classes"].query("need_group == 'ease'").set_index("feature")["category"]
    assert answers.to_dict() == own.to_dict()
    given["claims"]["needs_differ"] = 0.5
    assert 0.35 < (made(1, given)[2]["need_groups"]["need_group"] != "ease").mean() < 0.40  # half of 74 %


def test_shares_of_the_parameters_add_up():
    given = PARAMETERS["wants"]
    for shares in (given["shares"], given["business_shares"], given["other_class"]):
        assert sum(shares.values()) == pytest.approx(1)
    assert sum(chain["share"] for chain in given["chains"]) == pytest.approx(1)
    assert list(given["prototypes"]) == list(given["shares"]) == list(given["business_shares"])


# what is found again


def wrong_cells(kano_table, groups, truth):
    """The share of cells with another class, each group named after the planted group that most of it is of."""
    group = groups.merge(truth["need_groups"], on="customer")
    name = group.groupby("group")["need_group"].agg(lambda planted: planted.mode()[0])
    found = kano.categories(kano.classify(kano_table).merge(groups, on="customer"), ["group", "feature"])
    both = found.assign(need_group=found["group"].map(name)).merge(truth["kano_classes"], on=["need_group", "feature"])
    assert len(both) == len(found) == len(truth["kano_classes"])
    return (both["category_x"] != both["category_y"]).mean()


def allowed(name):
    return PARAMETERS["recovery"][name]["allowed"]


def test_the_adjusted_rand_index_by_hand():
    # ab|cd against ab|c|d: one pair in both, 2 and 1 in each, 6 in all: (1 - 1/3) / (3/2 - 1/3)
    assert adjusted_rand([1, 1, 2, 2], [1, 1, 2, 3]) == pytest.approx((1 - 1 / 3) / (1.5 - 1 / 3))
    assert adjusted_rand([1, 1, 2, 2], [2, 2, 1, 1]) == 1


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_groups_and_classes_are_found_again(seed):
    _, tables, truth = made(seed)
    found = need_groups(tables["needs"])
    planted = found.table[["customer"]].merge(truth["need_groups"], on="customer")["need_group"]
    assert found.number == 4
    assert 1 - adjusted_rand(found.table["group"], planted) <= allowed("need_groups")
    assert wrong_cells(tables["kano"], found.table[["customer", "group"]], truth) <= allowed("kano_classes_found")
    by_truth = truth["need_groups"].rename(columns={"need_group": "group"})
    assert wrong_cells(tables["kano"], by_truth, truth) <= allowed("kano_classes")


@pytest.mark.parametrize("seed", [31, 32, 33])
def test_groups_are_found_again_in_a_class_set(seed):
    _, tables, truth = made(seed, parameters.draw(np.random.default_rng(seed)))
    found = need_groups(tables["needs"])
    planted = found.table[["customer"]].merge(truth["need_groups"], on="customer")["need_group"]
    assert found.number == 4 and 1 - adjusted_rand(found.table["group"], planted) <= allowed("need_groups_drawn")


def test_shuffled_answers_tell_groups_from_none(company):
    """Where all want the same, the best silhouette is that of shuffled answers, whatever it is."""
    given = deepcopy(PARAMETERS)
    given["claims"]["needs_differ"] = 0.0
    for tables, differ in ((company[1], True), (made(1, given)[1], False)):
        best = max(one for _, one in need_groups(tables["needs"]).silhouettes)
        assert (best > 1.2 * max(by_chance(tables["needs"], rng=np.random.default_rng(1), draws=3))) == differ


def test_the_true_chains_stand_above_the_cut_off(company):
    """At a cut-off of 4 every planted link is drawn, and few others are."""
    planted = set()
    for _, chain in company[2]["chains"].groupby("chain"):
        planted |= set(zip(chain["element"], chain["element"][1:]))
    drawn = laddering.value_map(laddering.implications(company[1]["laddering"]), cut_off=4)
    found = set(zip(drawn["from"], drawn["to"]))
    assert len(planted - found) <= 1 and len(found - planted) <= 5
