"""Linking records: by hand, against the planted truth, and laws that hold for any records."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import made

from crmlib import DataError, link_quality, linkage

SIX = pd.DataFrame(
    [
        ("R1", "Hanna Müller", "Hafenstraße 7", "20010", "h.mueller@web.example", "0200 555 0101"),
        ("R2", "MUELLER, HANNA", "Hafenstr. 7", "20010", None, "+49 200 5550101"),
        ("R3", "H. Müller", "Am Deich 3", "20020", "h.mueller@web.example", None),
        ("R4", "Jan Müller", "Hafenstraße 7", "20010", "jan@web.example", "0200 555 0101"),
        ("R5", "Hanna Müller", "Kurze Str. 1", "29999", "hm@post.example", "0299 555 0777"),
        ("R6", "Ole Petersen", "Am Deich 3", "20020", "ole@mail.example", "0200 555 0999"),
    ],
    columns=["record", "name", "street", "postcode", "email", "phone"],
)


def test_normalised_by_hand():
    found = linkage.normalised(SIX).set_index("record")
    assert found["given"].tolist() == ["hanna", "hanna", "h", "jan", "hanna", "ole"]
    assert found["family"].tolist() == ["mueller"] * 5 + ["petersen"]
    assert found["street"].tolist() == ["hafenstr7", "hafenstr7", "amdeich3", "hafenstr7", "kurzestr1", "amdeich3"]
    assert found["phone"].tolist() == ["02005550101", "02005550101", "", "02005550101", "02995550777", "02005550999"]
    assert (found["company"] == "").all() and found["email"]["R2"] == ""


@pytest.mark.parametrize(
    ("company", "plain"),
    [("Möwen-Bistro GmbH", "moewenbistro"), ("Möwen-Bistro G.m.b.H.", "moewenbistro"), ("Bahr Druck & Co. KG", "bahrdruck"),
     ("Bahr Druck u. Co KG", "bahrdruck"), ("Anker-Laden e. K.", "ankerladen"), ("Anker-Laden eK", "ankerladen"), ("Kai-Bau AG", "kaibau")],
)  # fmt: skip
def test_the_legal_form_of_a_company_is_left_out(company, plain):
    given = pd.DataFrame({"record": ["R1"], "name": [""], "company": [company]})
    assert linkage.normalised(given)["company"].tolist() == [plain]


@pytest.mark.parametrize("phone", ["0200 555 0101", "0200/5550101", "+49 200 5550101", "00492005550101", "(0200) 555-0101", "+49 (0)200 5550101"])
def test_one_telephone_has_many_forms(phone):
    assert linkage.normalised(pd.DataFrame({"record": ["R1"], "name": ["A"], "phone": [phone]}))["phone"].tolist() == ["02005550101"]


def evidence(one, other, **options):
    pairs = linkage.scored(linkage.normalised(SIX), **options).set_index(["one", "other"])["evidence"]
    return pairs[one, other]


def test_evidence_by_hand():
    """given, family, address, phone, email in points; nothing where one of the two is empty."""
    assert evidence("R1", "R2") == 6 + 6.5 + 9 + 7
    assert evidence("R1", "R3") == 2 + 6.5 - 2.5 + 12
    assert evidence("R1", "R4") == -13 + 6.5 + 9 + 7 - 1.5
    assert evidence("R1", "R5") == 6 + 6.5 - 2.5 - 1.5 - 1.5
    weights = linkage.WEIGHTS | {"given": linkage.WEIGHTS["given"] | {"same": 1.0}}
    assert evidence("R1", "R2", weights=weights) == 1 + 6.5 + 9 + 7


def test_only_what_shares_a_block_is_compared():
    pairs = linkage.candidates(linkage.normalised(SIX))
    found = set(zip(pairs["one"], pairs["other"], strict=True))
    assert found == {("R1", "R2"), ("R1", "R3"), ("R1", "R4"), ("R2", "R4"), ("R1", "R5"), ("R2", "R5"), ("R3", "R6")}
    by_mail = linkage.candidates(linkage.normalised(SIX), blocks=[("email",)])
    assert by_mail.to_numpy().tolist() == [["R1", "R3"]]  # R2 has no e-mail and is in no block


def test_links_are_transitive_and_the_twin_stays_apart():
    normal = linkage.normalised(SIX)
    links = linkage.linked(SIX, linkage.scored(normal))
    assert links["customer"].tolist() == ["R1", "R1", "R1", "R4", "R5", "R6"]
    strict = linkage.linked(SIX, linkage.scored(normal), threshold=20)
    assert strict["customer"].tolist() == ["R1", "R1", "R3", "R4", "R5", "R6"]
    assert linkage.linked(SIX, linkage.candidates(normal, blocks=[("email",)]))["customer"].tolist() == ["R1", "R2", "R1", "R4", "R5", "R6"]


def test_weight_is_the_logarithm_of_a_ratio():
    assert linkage.weight(0.9, 0.9 / 64) == pytest.approx(6) and linkage.weight(0.5, 0.5) == 0


def test_quality_by_hand():
    """Truth abc, de, f; found ab, cde, f: pairs 1 + 3 found, 3 + 1 true, ab and de right."""
    truth = pd.DataFrame({"record": list("abcdef"), "customer": [1, 1, 1, 2, 2, 3]})
    found = link_quality.quality(truth.assign(customer=list("xxyyyz"))[::-1], truth).set_index("what")
    assert found.loc["pairs", ["found", "true", "right"]].tolist() == [4, 4, 2]
    assert found.loc["customers", ["found", "true", "right"]].tolist() == [3, 3, 1]
    assert found.loc["with several records", ["found", "true", "right"]].tolist() == [2, 2, 0]
    assert found.loc["pairs", ["precision", "recall", "f1"]].tolist() == [0.5, 0.5, 0.5]
    alone = link_quality.quality(truth.assign(customer=list("uvwxyz")), truth).set_index("what")
    assert alone.loc["pairs", ["precision", "recall", "f1"]].tolist() == [1.0, 0.0, 0.0]


def test_the_last_known_value_counts_and_every_record_must_say_yes():
    records = SIX[:3].assign(updated=pd.to_datetime(["2025-01-01", "2024-01-01", "2025-06-01"]), consent=[True, True, False])
    one = linkage.merged(records, pd.DataFrame({"record": ["R1", "R2", "R3"], "customer": "R1"})).iloc[0]
    assert one["street"] == "Am Deich 3" and one["phone"] == "0200 555 0101" and one["records"] == 3
    assert not one["consent"] and one["updated"] == pd.Timestamp("2025-06-01")


def test_thresholds_by_hand():
    pairs = linkage.scored(linkage.normalised(SIX))
    truth = pd.DataFrame({"record": SIX["record"], "customer": ["a", "a", "a", "b", "c", "d"]})
    found = link_quality.by_threshold(SIX, pairs, thresholds=[7.5, 10, 20], truth=truth)
    assert found["customers"].tolist() == [2, 4, 5] and found["largest"].tolist() == [5, 3, 2]
    assert found["precision"].tolist() == [0.3, 1.0, 1.0] and found["recall"].tolist() == [1.0, 1.0, pytest.approx(1 / 3)]
    assert "precision" not in link_quality.by_threshold(SIX, pairs, thresholds=[8])


# against the planted truth


@pytest.fixture(scope="module")
def company():
    return made()


def test_the_default_finds_most_of_what_was_planted(company):
    _, raw, truth = company
    pairs = linkage.scored(linkage.normalised(raw["records"]))
    found = link_quality.quality(linkage.linked(raw["records"], pairs), truth["records"]).set_index("what")
    assert found["precision"]["pairs"] > 0.9 and found["recall"]["pairs"] > 0.9
    by_mail = linkage.candidates(linkage.normalised(raw["records"]), blocks=[("email",)])
    alone = link_quality.quality(linkage.linked(raw["records"], by_mail), truth["records"]).set_index("what")
    assert alone["recall"]["pairs"] < found["recall"]["pairs"] - 0.2


@settings(max_examples=8)
@given(st.permutations(range(40)))
def test_the_order_of_rows_changes_no_pair_and_no_group(order):
    records = made()[1]["records"][:40]
    turned = records.iloc[list(order)]
    one, other = (linkage.scored(linkage.normalised(frame)) for frame in (records, turned))
    pairs = [{frozenset(pair[:2]): pair[2] for pair in found[["one", "other", "evidence"]].to_numpy().tolist()} for found in (one, other)]
    assert pairs[0] == pairs[1]
    groups = [linkage.linked(frame, found).groupby("customer")["record"].agg(frozenset) for frame, found in ((records, one), (turned, other))]
    assert set(groups[0]) == set(groups[1])


@settings(max_examples=8)
@given(st.floats(-20, 40), st.floats(0, 10))
def test_a_higher_threshold_only_splits(threshold, more):
    records = made()[1]["records"][:300]
    pairs = linkage.scored(linkage.normalised(records))
    low, high = (linkage.linked(records, pairs, threshold=one) for one in (threshold, threshold + more))
    finer = high.assign(low=low["customer"]).groupby("customer")["low"].nunique()
    assert (finer == 1).all() and high["customer"].nunique() >= low["customer"].nunique()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_links_that_are_the_truth_are_wholly_right(customers):
    truth = pd.DataFrame({"record": range(len(customers)), "customer": customers}).astype(str)
    assert (link_quality.quality(truth, truth)[["precision", "recall"]] == 1).all(axis=None)


@settings(max_examples=20)
@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_can_be_normalised_and_compared(one, other):
    two = pd.DataFrame({"record": ["R1", "R2"], "name": [one, other], "street": [other, one], "email": [one, one], "phone": [other, other]})
    pairs = linkage.scored(linkage.normalised(two))
    assert len(pairs) <= 1 and np.isfinite(pairs["evidence"]).all()


# engines


@EVERY_ENGINE
def test_every_engine(engine):
    native = build(engine, SIX)
    normal = linkage.normalised(native)
    assert kind(normal) == kind(native) and rows(normal) == rows(linkage.normalised(SIX))
    pairs, plain = linkage.scored(normal), linkage.scored(linkage.normalised(SIX))
    assert kind(pairs) == kind(native) and rows(pairs) == rows(plain)
    assert rows(linkage.candidates(normal)) == rows(linkage.candidates(linkage.normalised(SIX)))
    links = linkage.linked(native, pairs)
    assert kind(links) == kind(native) and rows(links) == rows(linkage.linked(SIX, plain))
    dated = SIX.assign(updated=pd.to_datetime("2025-01-01"))
    whole = linkage.merged(build(engine, dated), links)
    assert kind(whole) == kind(native) and len(rows(whole)[1]) == 4


# what is refused


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: linkage.normalised(SIX.drop(columns="name")),
         "The table of records has no column 'name'; it has ['record', 'street', 'postcode', 'email', 'phone']."),
        (lambda: linkage.normalised(pd.concat([SIX, SIX])), "The record 'R1' stands there more than once; each record needs an id of its own."),
        (lambda: linkage.normalised(SIX[:0]), "The table of records is empty."),
        (lambda: linkage.linked(SIX[1:], pd.DataFrame({"one": ["R1"], "other": ["R2"]})),
         "The pairs name the record 'R1', which the table of records does not have."),
        (lambda: linkage.weight(1.5, 0.1), "m is 1.5 and u is 0.1; both are chances of 0 to 1."),
        (lambda: linkage.weight(0, 0.1), "m is 0; it must be above 0."),
        (lambda: link_quality.quality(pd.DataFrame({"record": ["R1"], "customer": ["a"]}), pd.DataFrame({"record": ["R2"], "customer": ["a"]})),
         "The links and the truth are not about the same records, e.g. 'R2'."),
        (lambda: linkage.merged(SIX.assign(updated=1), pd.DataFrame({"record": ["R1"], "customer": ["R1"]})),
         "The record 'R2' is not in the table of links."),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(DataError) as raised:
        call()
    assert str(raised.value) == said


def test_an_unknown_block_is_refused():
    with pytest.raises(DataError, match="There is no column 'iban' to block on; there are"):
        linkage.candidates(linkage.normalised(SIX), blocks=[("iban",)])
