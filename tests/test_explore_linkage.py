"""What the lesson on records reads, says and shows."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from made_company import made

from crmlib import cleaning, link_quality, linkage
from crmlib.explore_linkage import beside, consent_said, manager_numbers, raw_tables, threshold_view, write_links

CURVES = pd.DataFrame(
    {"threshold": [0.0, 8.0, 10.0, 20.0], "pairs": [9, 5, 3, 1], "customers": [2, 3, 5, 7], "joined": [6, 5, 3, 1], "with_several": [2, 2, 2, 1],
     "largest": [5, 4, 3, 2], "precision": [0.2, 0.5, 1.0, 1.0], "recall": [1.0, 1.0, 0.75, 0.25]}
)  # fmt: skip


def test_the_public_set_has_its_truth():
    raw = raw_tables("lighthouse")
    assert raw.said == raw.unscored == "" and (raw.first, raw.last) == ("2023-01-01", "2025-12-31")
    assert len(raw.owners) == len(raw.records) and not raw.records.isna().any(axis=None)


def test_other_data_says_what_is_missing(tmp_path):
    assert raw_tables("cdnow").said == "This data has no raw records to link: The data set cdnow has no table 'raw_records'; it has 'transactions'."
    assert raw_tables(tmp_path / "log.csv").said.startswith("This data has no raw records to link: ")


def test_what_a_threshold_does_by_hand():
    view = threshold_view(CURVES, threshold=10)
    assert view.sentence == (
        "From 10 points on, 3 pairs of records are one customer each: 8 records become 5 customers, 2 of them with several records, at most 3. "
        "2 pairs from 8 points up to there would be left to people. Of the pairs that end up as one, 100.0 % truly are; of those that truly "
        "are, 75.0 % are found."
    )
    assert view.figure.axes[0].get_title(loc="left") == "10 points: precision 100.0 %, recall 75.0 %"
    without = threshold_view(CURVES.drop(columns=["precision", "recall"]), threshold=0)
    assert "truly" not in without.sentence and "0 pairs from 8 points" in without.sentence
    assert without.figure.axes[0].get_title(loc="left") == "0 points: 2 customers with several records"


def test_moves_of_a_slider_that_overlap_share_nothing():
    from matplotlib import pyplot

    open_before = pyplot.get_fignums()

    def picture(threshold):
        return threshold_view(CURVES, threshold=threshold).png()

    alone = [picture(threshold) for threshold in (0, 8, 20)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(picture, (0, 8, 20))) == alone
    assert len(set(alone)) == 3 and pyplot.get_fignums() == open_before


def test_doubled_records_make_more_customers_who_order_less():
    clean, raw, truth = made()
    cleaned = cleaning.clean(raw["lines"], raw["rates"], first="2023-01-01", last="2025-12-31")
    numbers = manager_numbers(cleaned.lines, truth["records"]).set_index("number")
    assert numbers.loc["customers", "by_customer"] <= len(clean["customers"]) < numbers.loc["customers", "by_record"]
    assert (numbers.loc[["orders a customer", "revenue a customer"], "by_record"] < numbers.loc[["orders a customer", "revenue a customer"], "by_customer"]).all()
    assert numbers.loc["share who ordered once", "by_record"] > numbers.loc["share who ordered once", "by_customer"]
    total = numbers.loc["customers"] * numbers.loc["revenue a customer"]
    assert total["by_record"] == pytest.approx(total["by_customer"], rel=1e-3)  # sums below zero count as zero


def test_a_no_on_one_record_is_a_no():
    records = pd.DataFrame({"record": ["R1", "R2", "R3", "R4"], "consent": [True, False, True, True]})
    links = pd.DataFrame({"record": ["R1", "R2", "R3", "R4"], "customer": ["R1", "R1", "R3", "R3"]})
    assert consent_said(records, links).startswith("1 customer said yes on one record and no on another.")


def test_pairs_stand_one_below_the_other():
    _, raw, _ = made()
    pairs = linkage.scored(linkage.normalised(raw["records"])).head(3)
    shown = beside(raw["records"], pairs)
    assert shown["pair"].tolist() == [1, 1, 2, 2, 3, 3] and shown["record"].tolist()[:2] == pairs[["one", "other"]].iloc[0].tolist()


def test_links_are_written_and_can_be_read(tmp_path):
    _, raw, truth = made()
    links = linkage.linked(raw["records"], linkage.scored(linkage.normalised(raw["records"])))
    said = write_links(links, folder=tmp_path / "new")
    assert said == f"{tmp_path / 'new' / 'links.csv'} has {len(links):,} records."
    again = pd.read_csv(tmp_path / "new" / "links.csv", dtype="str")
    pd.testing.assert_frame_equal(link_quality.quality(again, truth["records"]), link_quality.quality(links, truth["records"]))
    assert write_links(links, links[:2], folder=tmp_path).endswith("findings.csv 2 findings.")
