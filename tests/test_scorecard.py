import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib import bgnbd, clv, gamma_gamma, lifecycle, pyramid, rfm
from crmlib.errors import DataError
from crmlib.overview import last_year
from crmlib.scorecard import FORMULA, neutral, scorecard, write

NEW = ["r", "f", "m", "segment", "tier", "state", "p_alive", "expected_purchases_365_days", "expected_revenue_365_days"]


@pytest.fixture(scope="module")
def card(cdnow_sample_log):
    return scorecard(cdnow_sample_log, as_of="1998-06-30")


def test_one_row_a_customer_with_all_that_is_known(card, cdnow_sample_log, cdnow_sample):
    table = card.table
    assert card.notices == ()
    assert list(table.columns) == [*cdnow_sample.columns, *NEW]
    pd.testing.assert_frame_equal(table[cdnow_sample.columns], cdnow_sample)
    assert table["segment"].tolist() == rfm.segments(rfm.scores(cdnow_sample))["segment"].tolist()
    assert table["state"].tolist() == lifecycle.states(cdnow_sample)["state"].tolist()
    year = last_year(cdnow_sample_log, cdnow_sample, as_of="1998-06-30")
    assert table["tier"].tolist() == pyramid.tiers(year)["tier"].tolist()


def test_expected_values_are_those_of_the_models(card, cdnow_sample):
    purchases, spend = bgnbd.fit_bgnbd(cdnow_sample), gamma_gamma.fit_gamma_gamma(cdnow_sample)
    assert np.allclose(card.table["p_alive"], purchases.p_alive(cdnow_sample))
    assert np.allclose(
        card.table["expected_purchases_365_days"], purchases.expected_purchases(cdnow_sample, horizon=365)
    )
    assert np.allclose(card.table["expected_revenue_365_days"], clv.clv(cdnow_sample, purchases, spend))


def test_polars_gives_the_same(card, cdnow_sample_log):
    lines = pl.from_pandas(cdnow_sample_log).with_columns(pl.col("date").cast(pl.Date))
    found = scorecard(lines, as_of="1998-06-30").table
    assert isinstance(found, pl.DataFrame) and found.columns == list(card.table.columns)
    assert found["segment"].to_list() == card.table["segment"].tolist()
    assert np.allclose(found["expected_revenue_365_days"], card.table["expected_revenue_365_days"])


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("a", "2024-01-05", 10.0)], "No expected value: BG/NBD"),
        ([(f"c{n}", f"2024-01-{n + 1:02d}", 10.0) for n in range(25)], "No expected value: Nobody bought twice"),
        ([("a", "2024-01-05", -10.0)], "No scores: the log holds no purchase."),
    ],
)
def test_what_the_log_cannot_carry_is_empty_and_said(rows, why):
    lines = pd.DataFrame(rows, columns=["customer", "date", "amount"]).assign(date=lambda d: pd.to_datetime(d["date"]))
    found = scorecard(lines, as_of="2024-02-01")
    assert any(notice.startswith(why) for notice in found.notices)
    assert found.table[NEW[-3:]].isna().all(axis=None)
    assert list(found.table.columns)[-9:] == NEW
    assert len(found.table) == lines["customer"].nunique()


def test_later_lines_play_no_part(cdnow_sample_log):
    early = cdnow_sample_log[cdnow_sample_log["date"] <= "1997-09-30"]
    pd.testing.assert_frame_equal(
        scorecard(cdnow_sample_log, as_of="1997-09-30").table, scorecard(early, as_of="1997-09-30").table
    )
    with pytest.raises(DataError, match="before the first purchase"):
        scorecard(cdnow_sample_log, as_of="1990-01-01")


TABLE = pd.DataFrame(
    {
        "customer": ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "'x", "007", "顾客"],
        "first": pd.to_datetime(["2024-01-05"] * 9),
        "revenue": [-5.0, 1.5, 2, 3, 4, 5, 6, 7, None],
        "flag": [None] * 9,
    }
)


@given(st.text(max_size=8))
def test_neutral_text_can_be_turned_back(text):
    (found,) = neutral(pd.DataFrame({"customer": [text]}))["customer"]
    assert found.startswith("'") == text.startswith(FORMULA)
    assert found.removeprefix("'") == text or found == text
    assert (found[1:] if found.startswith("'") else found) == text


def test_numbers_dates_and_gaps_are_not_touched():
    found = neutral(TABLE)
    pd.testing.assert_frame_equal(found[["first", "revenue", "flag"]], TABLE[["first", "revenue", "flag"]])


def test_csv(tmp_path):
    write(TABLE, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer,first,revenue,flag\n")
    back = pd.read_csv(tmp_path / "out.csv", dtype={"customer": str}, encoding="utf-8-sig")
    assert back["customer"].str.startswith(tuple("=+-@\t\r")).sum() == 0
    assert back["customer"].tolist()[:4] == ["'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x"]
    assert back["customer"].tolist()[-2:] == ["007", "顾客"]
    assert back["revenue"].tolist()[0] == -5.0
    assert back["first"].tolist()[0] == "2024-01-05"


def test_excel_holds_no_formula(tmp_path):
    write(TABLE.drop(index=4), tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert [cell.value for cell in sheet["A"]][1:4] == ["'=cmd|' /C calc'!A0", "'+1", "'-1"]
    assert sheet["A8"].value == "007" and sheet["C2"].value == -5
    assert sheet["B2"].value.date() == dt.date(2024, 1, 5)


def test_parquet_is_exact(tmp_path):
    write(TABLE, tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["customer"].tolist() == TABLE["customer"].tolist()


def test_nothing_is_overwritten_without_force(tmp_path):
    place = tmp_path / "out.csv"
    place.write_text("mine")
    with pytest.raises(DataError, match=r"out\.csv exists and is kept; .* replace it with --force"):
        write(TABLE, place)
    assert place.read_text() == "mine"
    write(TABLE, place, force=True)
    assert place.read_text(encoding="utf-8-sig").startswith("customer")


@pytest.mark.parametrize("name", ["out.txt", "out", "out.xls"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"must end in \.csv, \.parquet or \.xlsx"):
        write(TABLE, tmp_path / name)


def test_a_control_character_in_excel_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="control character, which Excel cannot store"):
        write(TABLE.assign(customer="a\x07b"), tmp_path / "out.xlsx")
    assert list(tmp_path.iterdir()) == []
