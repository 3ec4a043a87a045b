"""The lesson *One customer, one record*: what it works out by hand, and what it says with and without a truth."""

import json
import shutil

import pytest

from crmlib import checkout
from crmlib.explore_linkage import raw_tables

BY_HAND = (
    "the same e-mail: 1 record joined to another, 5 customers",
    "by hand: 6.0; crmlib: 6.0",
    "crmlib gives the same: True",
    "R1 R1 R2 R1 R3 R1 R4 R4 R5 R5 R6 R6",
)
PARAMETERS = {"DATA": "lighthouse", "AS_OF": "", "CURRENCY": "€", "OPTIONS": {}}


def test_on_the_public_set_it_is_scored(read):
    said, names, titles, view = read("one_record", **PARAMETERS)
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    assert "10 points: precision" in said and "all" in said and "counted and not scored" not in said
    assert "Nothing was written." in said and len(titles) == 3
    assert view.sentence.startswith("From 10 points on,") and "truly are" in view.sentence
    assert names["numbers"]["off"][0] > 0.05 > 0 > names["numbers"]["off"][1]


@pytest.fixture(scope="module")
def class_set(tmp_path_factory):
    """The public set as a student has it: without the truth."""
    folder = tmp_path_factory.mktemp("sets") / "student"
    shutil.copytree(checkout.datasets() / "lighthouse", folder, ignore=shutil.ignore_patterns("truth", "*.png", "*.md", "*.py"))
    assert json.loads((folder / "datapackage.json").read_text("utf-8"))["resources"]
    return folder


def test_on_a_class_set_it_is_counted_and_not_scored(read, class_set):
    assert raw_tables(class_set).unscored
    said, names, titles, view = read("one_record", **PARAMETERS | {"DATA": str(class_set)})
    why = "Its truth is not here (a class set keeps it with the instructor), so the same steps are counted and not scored."
    assert said.count(why) == 2 and "precision" not in said.split("Its truth is not here")[1]
    assert len(titles) == 3 and "truly" not in view.sentence and names["raw"].owners is None
