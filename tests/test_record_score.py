"""A student's work scored against a folder with the truth."""

import json

import pandas as pd
import pytest
from made_company import made

from crmlib import DataError, cleaning, link_quality, linkage
from crmlib.record_score import score_records


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place, tables = tmp_path_factory.mktemp("truth"), made()[2]
    resources = []
    for name, frame in tables.items():
        frame.to_csv(place / f"{name}.csv", index=False)
        fields = [{"name": column, "type": "string"} for column in frame]
        resources.append({"name": name, "path": f"{name}.csv", "schema": {"fields": fields}})
    (place / "datapackage.json").write_text(json.dumps({"name": "truth", "resources": resources}), encoding="utf-8")
    return place


def test_the_scores_are_those_of_the_library(folder, tmp_path):
    _, raw, truth = made()
    links = linkage.linked(raw["records"], linkage.scored(linkage.normalised(raw["records"])))
    findings = cleaning.clean(raw["lines"], raw["rates"], first="2023-01-01", last="2025-12-31").findings
    found = score_records(links, folder, findings)
    pairs = link_quality.quality(links, truth["records"]).iloc[0]
    assert found.iloc[0, 1:].tolist() == pairs[["what", "true", "found", "right", "precision", "recall"]].tolist()
    every = cleaning.compared(findings, truth["defects"]).iloc[-1]
    assert found.iloc[-1].tolist() == ["lines", "all", every["planted"], every["found"] + every["false"], every["right"], every["precision"], every["recall"]]
    links.to_csv(tmp_path / "links.csv", index=False)
    findings.to_csv(tmp_path / "findings.csv", index=False)
    pd.testing.assert_frame_equal(score_records(tmp_path / "links.csv", folder, str(tmp_path / "findings.csv")), found)
    assert score_records(links, folder)["part"].unique().tolist() == ["links"]


def test_the_truth_itself_is_wholly_right(folder):
    truth = made()[2]
    planted = truth["defects"][truth["defects"]["table"] == "lines"].rename(columns={"row": "line", "value": "now"})
    found = score_records(truth["records"], folder, planted)
    assert (found[["precision", "recall"]] == 1).all(axis=None) and (found["right"] == found["true"]).all()


def test_what_is_refused(folder, tmp_path):
    with pytest.raises(DataError, match=r"^The links cannot be read as a CSV file: .*\.$"):
        score_records(tmp_path / "none.csv", folder)
    with pytest.raises(DataError) as raised:
        score_records(made()[2]["records"], folder, pd.DataFrame({"line": ["L1"]}))
    assert str(raised.value) == "The findings have no column 'kind'; they have ['line']."
    with pytest.raises(DataError, match=r"^The links and the truth are not about the same records, e\.g\. 'R\d{5}'\.$"):
        score_records(made()[2]["records"][:-1], folder)
