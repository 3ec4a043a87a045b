"""The lesson *Whom should we contact*: what it works out by hand, what it says of the public set and of a student's set."""

import pytest
from companies import class_set
from lessons import percent
from workbooks import run

from crmlib import datasets

BY_HAND = (
    "contacted: 0.75 buy; not contacted: 0.00; difference +0.75",
    "what the contact changed in the four: +0.00",
    "what it would change in all eight: +0.25",
    "70 draws: mean +0.25, from -0.25 to +0.75",
    "False 0.75 0.0 0.75",
    "No campaign drew by lot whom it contacted (hand: somebody chose)",
)
PARAMETERS = {"AS_OF": "", "CURRENCY": "€", "OPTIONS": {}}


def test_it_tells_the_truth_about_the_public_set(read):
    said, names, titles, view = read("whom_to_contact", DATA="lighthouse", **PARAMETERS)
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    offers, responses = (datasets.load("lighthouse", name) for name in ("offers", "responses"))
    last = offers[offers["campaign"] == "M05"]
    ordered = last["customer"].isin(responses["customer"][responses["campaign"] == "M05"])
    rates = ordered.groupby(last["contacted"]).mean()
    assert f"M05 {rates[True] - rates[False]:.3f}" in said
    planted = datasets.load(datasets.truth("lighthouse"), "uplift").merge(offers)
    contacted = planted[planted["contacted"]].groupby("campaign")["uplift"].mean()
    assert all(f"{value:.3f}" in said for value in contacted)
    # the naive comparison is far from it, wherever somebody chose; and of those pressed fewer order after the window
    assert "'More contact sells more' (orders after the window) did not hold: of those with two or more contacts" in said
    assert "Against the truth: the correlation of score and planted uplift is 0." in said
    assert len(titles) == 5 and view.sentence.startswith("A contact costs €1.60 and a sale leaves €")
    scored = names["scored"]
    dogs = (planted.set_index(["campaign", "customer"])["kind"].reindex(scored.set_index(["campaign", "customer"]).index) == "sleeping dog")
    found = (dogs.to_numpy() & scored["flagged"].to_numpy()).sum() / dogs.sum()
    assert f"{percent(found)} of {dogs.sum()} sleeping dogs are flagged" in said and found > 0.8


@pytest.fixture(scope="module")
def student(tmp_path_factory):
    return class_set(tmp_path_factory)


def test_on_a_students_set_the_same_code_runs_unscored_and_says_why(read, student):
    said, names, _, view = read("whom_to_contact", DATA=str(student), **PARAMETERS)
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    assert "From here on" not in said and names["DATA"] == str(student)
    assert "No truth lies beside this data, so the scores stay unscored" in said and "Against the truth" not in said
    assert "No truth lies beside this data; nobody knows the selection but from a test by lot." in said
    assert "for 1,000 listed" in view.sentence


def test_the_solutions_pass_on_a_students_set(student):
    outcomes = run("60_whom_to_contact", "solutions", DATA=str(student), **PARAMETERS)
    assert outcomes.pop("decision").message.startswith("Your text is taken down.")
    assert {outcome.status for outcome in outcomes.values()} == {"correct"}


def test_a_log_alone_says_what_is_missing_and_the_public_set_is_read(read):
    said, names, _, _ = read("whom_to_contact", DATA="cdnow_sample", **PARAMETERS | {"AS_OF": "1998-03-31", "CURRENCY": "$"})
    assert "This data holds no campaigns; needed is a data set with the tables campaigns, offers, responses" in said
    assert "From here on lighthouse is read." in said and (names["DATA"], names["CURRENCY"]) == ("lighthouse", "€")


def test_an_earlier_day_knows_the_earlier_campaigns_only(read):
    said, names, _, _ = read("whom_to_contact", DATA="lighthouse", **PARAMETERS | {"AS_OF": "2025-06-15"})
    assert "campaigns that ended by 2025-06-15:" in said and "nan" not in said
    assert set(names["campaigns"]["campaign"]) == {"M01", "M02", "M03"}
    assert names["tables"].orders["date"].max().isoformat() <= "2025-06-16"


def test_before_the_first_campaign_by_lot_another_set_is_read(read):
    said, _, _, _ = read("whom_to_contact", DATA="lighthouse", **PARAMETERS | {"AS_OF": "2024-06-15"})
    assert "No campaign of this data that ended by 2024-06-15 drew by lot whom to contact. From here on lighthouse is read." in said
