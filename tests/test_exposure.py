"""What tables give away, what is missing in them, and what pseudonyms hide."""

import hashlib
import hmac

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, exposure

FIVE = pd.DataFrame(
    {"customer": list("abcde"), "city": ["A", "A", "A", "B", None], "born": [1980, 1980, 1990, 1980, 1980],
     "name": ["Ann Lee", "Bo Lee", None, "Di Mo", ""], "email": ["ann@x.org", None, "c@y.org", "d@z.org", "e@x.org"],
     "phone": ["0200 555 0123", "1", None, "22", "333"]}
)  # fmt: skip
KEY = "a key of more than sixteen letters"


def test_group_sizes_by_hand():
    """A1980 twice, A1990, B1980 and a gap with 1980 once each."""
    assert exposure.group_sizes(FIVE, ["city", "born"]).to_numpy().tolist() == [[1, 3, 3], [2, 1, 2]]
    found = exposure.anonymity(FIVE, ["city", "born"])
    assert found == (1, 5, 3, 4) and found.unique_share == 0.6
    assert exposure.anonymity(FIVE, "born").k == 1 and exposure.anonymity(FIVE[:2], "born").k == 2


def test_completeness_by_hand():
    found = exposure.completeness(FIVE, {"basic": ("name", "email"), "more": ("phone", "fax"), "none": ("fax",)})
    assert found[["group", "field", "filled", "missing"]].to_numpy().tolist() == [
        ["basic", "name", 3, 2], ["basic", "email", 4, 1], ["basic", "all", 7, 3], ["more", "phone", 4, 1], ["more", "all", 4, 1],
    ]  # fmt: skip
    assert found["share"].tolist() == [0.6, 0.8, 0.7, 0.8, 0.8]


def test_a_pseudonym_is_the_keyed_hash():
    found = exposure.pseudonyms(FIVE, key=KEY)
    assert found["customer"][0] == hmac.new(KEY.encode(), b"a", hashlib.sha256).hexdigest()[:12]
    assert found["customer"].is_unique and found.drop(columns="customer").equals(FIVE.drop(columns="customer"))
    assert set(found["customer"]).isdisjoint(exposure.pseudonyms(FIVE, key=KEY + "!")["customer"])
    assert found["customer"][0] != hashlib.sha256(b"a").hexdigest()[:12]  # which anybody could compute from a list of ids


def test_masked_by_hand():
    found = exposure.masked(FIVE)
    assert found["name"].fillna("-").tolist() == ["A. L.", "B. L.", "-", "D. M.", ""]
    assert found["email"].fillna("-").tolist() == ["a***@x.org", "-", "c***@y.org", "d***@z.org", "e***@x.org"]
    assert found["phone"].fillna("-").tolist() == ["*** 23", "*** 1", "-", "*** 22", "*** 33"]
    assert exposure.masked(FIVE[["city"]]).equals(FIVE[["city"]])


@EVERY_ENGINE
def test_every_engine(engine):
    native = build(engine, FIVE)
    calls = (
        lambda some: exposure.group_sizes(some, ["city", "born"]),
        lambda some: exposure.completeness(some, {"basic": ("name", "email", "born")}),
        lambda some: exposure.pseudonyms(some, key=KEY),
        exposure.masked,
    )
    for call in calls:
        assert kind(call(native)) == kind(native) and rows(call(native)) == rows(call(FIVE))
    assert exposure.anonymity(native, ["city", "born"]) == exposure.anonymity(FIVE, ["city", "born"])


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from("12")), min_size=1, max_size=15))
def test_more_quasi_identifiers_hide_nobody_better(people):
    frame = pd.DataFrame(people, columns=["p", "q", "r"])
    few, more = exposure.anonymity(frame, ["p"]), exposure.anonymity(frame, ["p", "q", "r"])
    assert more.k <= few.k and more.unique >= few.unique and more.people == few.people == len(frame)
    sizes = exposure.group_sizes(frame, ["p", "q"])
    assert sizes["people"].sum() == len(frame) and (sizes["people"] == sizes["size"] * sizes["groups"]).all()


def test_what_a_role_may_see_and_does_not_need():
    assert exposure.beyond_need({"driver": ["name", "street"], "cleaner": ["name"]}, {"driver": ["street"]}) == {"driver": ["name"], "cleaner": ["name"]}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: exposure.pseudonyms(FIVE, key="short"),
         "The key is too short; give at least 16 characters that nobody can guess, e.g. secrets.token_hex(16)."),
        (lambda: exposure.group_sizes(FIVE, []),
         "There is no quasi-identifier; name the columns that others may know, e.g. ['postcode', 'birth_year']."),
        (lambda: exposure.group_sizes(FIVE, ["zip"]),
         "The table of people has no column 'zip'; it has ['customer', 'city', 'born', 'name', 'email', 'phone']."),
        (lambda: exposure.anonymity(FIVE[:0], ["city"]), "The table of people is empty."),
        (lambda: exposure.completeness(FIVE[["city"]], {"basic": ["fax"]}), "The customer table has none of these fields; it has ['city']."),
        (lambda: exposure.beyond_need({"driver": []}, {"driver": ["street"]}),
         "driver needs street and may not see it; grant it, or say who else does that work."),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(DataError) as raised:
        call()
    assert str(raised.value) == said
