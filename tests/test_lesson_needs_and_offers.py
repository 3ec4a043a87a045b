"""The lesson *Which needs, which offer*: what it works out by hand, and what it says of another set."""

import shutil

import pandas as pd
import pytest
from lessons import TINY, bound

from crmlib import checkout

BY_HAND = (
    "P to S by hand: 0.792; crmlib: 0.792",
    "{2: 0.367, 3: 0.713, 4: 0.601} crmlib: {'P': 1, 'Q': 1, 'R': 2, 'S': 3, 'T': 3, 'U': 2}",
    "P in the group P Q, by hand: (0.771 - 0.083) / 0.771 = 0.892",
    "roast date L N A roast date M D M",
    "by hand: better 0.55, worse -0.45 crmlib: better 0.55, worse -0.45, category A, clear: False",
    "roast date 2.00 1.02 tastes fresh 2.00",
    "by hand: values 0.300, needs 0.667 crmlib: values 0.300, needs 0.667: target or niche",
    "by hand: {10: 6, 20: 24, 30: 22}",
)


@pytest.fixture(scope="module")
def class_set(tmp_path_factory):
    """The public set as a class gets it: without its truth, and with a quarter of the answers."""
    folder = tmp_path_factory.mktemp("set")
    shutil.copytree(checkout.datasets() / "lighthouse", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("truth"))
    for name, key in (("needs", "customer"), ("kano", "customer")):
        path = folder / "clean" / f"{name}.csv.gz"
        table = pd.read_csv(path, dtype=str)
        table[table[key].isin(sorted(table[key].unique())[::2])].to_csv(path, index=False)
    return folder


def test_it_scores_the_public_set(read):
    said, names, titles, view = read("needs_and_offers", DATA="lighthouse", AS_OF="", CURRENCY="€", OPTIONS={})
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    assert "Planted are 4 groups, found 4" in said and "classes are those that were planted" in said
    assert "planted links are drawn" in said and names["want"].said == ""
    assert titles[0].startswith("4 groups: silhouette 0.") and len(titles) == 6
    assert view.sentence.startswith("All customers together call for ")


def test_a_set_without_truth_says_why_and_goes_on(read, class_set):
    said, names, titles, _ = read("needs_and_offers", DATA=str(class_set), AS_OF="2025-06-30", CURRENCY="CHF", OPTIONS={})
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    assert said.count("What is found cannot be scored here.") == 3 and "planted are" not in said.lower()
    assert "200 customers told their needs; the log is read up to 2025-06-30" in said
    assert "One price of CHF" in said and len(titles) == 6


def test_a_log_alone_says_what_is_missing(read, tmp_path):
    said, names, _, _ = read("needs_and_offers", **bound(TINY, tmp_path / "log.csv"))
    assert "this one has no tables kano, needs and laddering. From here on lighthouse is read." in said
    assert names["CURRENCY"] == "€"
