"""Linking and cleaning find what was planted, within the bands of [recovery] that were fixed over 20 other seeds."""

import pytest

from crmlib import cleaning, datasets, link_quality, linkage
from crmlib.company import make
from crmlib.company.parameters import load

ALLOWED = {name: entry["allowed"] for name, entry in load()["recovery"].items()}


def public():
    raw = {name: datasets.load("lighthouse", f"raw_{name}").fillna("") for name in ("records", "lines", "rates")}
    folder = datasets.truth("lighthouse")
    return raw, {name: datasets.load(folder, name).fillna("") for name in ("records", "defects")}


def another():
    company = make(seed=5)
    return company.raw, company.truth


@pytest.mark.parametrize("company", [public, another])
def test_what_was_planted_is_found(company):
    raw, truth = company()
    pairs = linkage.scored(linkage.normalised(raw["records"]))
    joined = link_quality.quality(linkage.linked(raw["records"], pairs), truth["records"]).set_index("what").loc["pairs"]
    cleaned = cleaning.clean(raw["lines"], raw["rates"], first="2023-01-01", last="2025-12-31")
    lines = cleaning.compared(cleaned.findings, truth["defects"]).set_index("kind").loc["all"]
    short = {
        "link_precision": 1 - joined["precision"], "link_recall": 1 - joined["recall"], "line_precision": 1 - lines["precision"],
        "line_recall": 1 - lines["recall"], "lines_right": 1 - lines["right"] / lines["planted"],
    }  # fmt: skip
    assert {name: value for name, value in short.items() if not 0 <= value <= ALLOWED[name]} == {}


def test_an_easier_rule_falls_outside():
    """The bands are narrow enough to tell: by e-mail alone more than half of the pairs are missed."""
    raw, truth = public()
    by_mail = linkage.candidates(linkage.normalised(raw["records"]), blocks=[("email",)])
    joined = link_quality.quality(linkage.linked(raw["records"], by_mail), truth["records"]).iloc[0]
    assert 1 - joined["recall"] > ALLOWED["link_recall"]
