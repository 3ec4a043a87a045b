"""Cleaning exported lines: each repair by hand, everything against the planted defects, and nothing lost on the way."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_company import made

from crmlib import DataError, admit, cleaning

RATES = pd.DataFrame([("EUR", "2024", "1.00"), ("CHF", "2024", "1.05")], columns=["currency", "year", "rate"])
FIRST, LAST = "2024-01-01", "2024-12-31"


def lines(*changes):
    """Twelve orders of one piece of P1 on twelve days of March, 10 euros each; ``changes`` are (row, column, value)."""
    frame = pd.DataFrame(
        [(f"L{n:02d}", f"O{n:02d}", f"R{n:02d}", f"2024-03-{n:02d}", "P1", "1", "10.00", "EUR", "4.00") for n in range(1, 13)],
        columns=cleaning.COLUMNS,
    )
    for row, column, value in changes:
        frame.loc[row - 1, column] = value
    return frame


def cleaned(*changes, more=()):
    frame = pd.concat([lines(*changes), pd.DataFrame(more, columns=cleaning.COLUMNS)], ignore_index=True)
    return cleaning.clean(frame, RATES, first=FIRST, last=LAST)


@pytest.mark.parametrize(
    ("row", "column", "written", "kind", "now"),
    [
        (5, "date", "2024-05-03", "day and month swapped", "2024-03-05"),  # 5 March, turned round: so is its neighbour's day
        (6, "date", "1970-01-01", "year 1970", "2024-03-06"),
        (6, "date", "06.03.2052", "year 2052", "2024-03-06"),
        (6, "date", "03/06/2014", "before the company", "2024-03-06"),
        (6, "amount", "1000", "cents", "10.00"),
        (6, "quantity", "500", "grams", "1"),
        (6, "record", "", "missing record", ""),
    ],
)
def test_each_defect_by_hand(row, column, written, kind, now):
    found = cleaned((row, column, written))
    assert found.findings.to_numpy().tolist() == [[f"L{row:02d}", column, kind, written, now]]
    repaired = found.lines.set_index("line").loc[f"L{row:02d}"]
    assert repaired["repairs"] == kind
    value = repaired[column]
    assert pd.isna(value) if now == "" else str(value.date() if column == "date" else f"{value:.2f}" if column == "amount" else int(value)) == now
    others = found.lines[found.lines["line"] != f"L{row:02d}"]
    assert (others["repairs"] == "").all() and (others["amount"] == 10).all()


def test_what_is_right_in_three_forms_is_left_alone():
    found = cleaned((2, "date", "02.03.2024"), (3, "date", "03/03/2024"), (2, "amount", "10,00"))
    assert len(found.findings) == 0 and found.lines["date"].dt.day.tolist() == list(range(1, 13))
    assert found.counts["found"].sum() == 0


def test_money_of_another_country_is_changed_at_the_rate_of_its_year():
    found = cleaned((4, "currency", "CHF"), (4, "amount", "9.52"))
    assert found.findings.to_numpy().tolist() == [["L04", "amount", "foreign currency", "9.52", "10.00"]]
    assert found.lines["currency"].unique().tolist() == ["EUR"]


def test_a_line_exported_twice_is_left_out_once():
    found = cleaned(more=[("L99", *lines().iloc[3, 1:])])
    assert found.findings.to_numpy().tolist() == [["L99", "line", "duplicate", "L99", "L04"]] and len(found.lines) == 12


def test_a_missing_record_is_taken_from_the_same_order():
    found = cleaned(more=[("L99", "O04", "", "2024-03-04", "P2", "1", "3.00", "EUR", "1.00")])
    assert found.findings.to_numpy().tolist() == [["L99", "record", "missing record", "", "R04"]]
    assert found.counts.set_index("kind").loc["missing record", ["found", "repaired", "open"]].tolist() == [1, 1, 0]


def test_a_return_goes_back_on_the_last_purchase_that_fits():
    again = [("L98", "O13", "R04", "2024-03-13", "P1", "1", "10.00", "EUR", "4.00"),
             ("L99", "", "R04", "2024-03-20", "P1", "-1", "-10.00", "EUR", "0.00")]  # fmt: skip
    assert cleaned(more=again).findings["now"].tolist() == ["O13"]
    early = [again[0], (*again[1][:3], "2024-03-08", *again[1][4:])]
    assert cleaned(more=early).findings["now"].tolist() == ["O04"]
    strange = [("L99", "", "R04", "2024-03-20", "P9", "-1", "-77.00", "EUR", "0.00")]
    found = cleaned(more=strange)
    assert found.findings["now"].tolist() == ["none L99"]
    assert found.counts.set_index("kind")["open"]["return without an order"] == 1


def test_against_the_planted_defects():
    """Everything planted in a line is found here, and nothing else; not all of it can be repaired."""
    _, raw, truth = made()
    found = cleaning.clean(raw["lines"], raw["rates"], first="2023-01-01", last="2025-12-31")
    scores = cleaning.compared(found.findings, truth["defects"]).set_index("kind")
    assert scores.loc["all", "precision"] > 0.97 and scores.loc["all", "recall"] > 0.97
    for kind in ("duplicate", "foreign currency", "cents", "grams", "year 2052"):
        assert scores.loc[kind, "right"] == scores.loc[kind, "planted"], kind


def test_the_repaired_lines_pass_the_door_and_come_near_to_the_truth():
    clean, raw, truth = made()
    found = cleaning.clean(raw["lines"], raw["rates"], first="2023-01-01", last="2025-12-31")
    owner = truth["records"].set_index("record")["customer"]
    log = found.lines.assign(customer=owner.reindex(found.lines["record"]).to_numpy())
    admission = admit(log, missing_customer="drop")
    notes = {note.code: note.lines for note in admission.notes}
    assert notes["missing_customer"] == found.counts.set_index("kind")["open"]["missing record"]
    assert len(admission.transactions) + notes["missing_customer"] == len(clean["transactions"])
    assert found.lines["amount"].sum() == pytest.approx(clean["transactions"]["amount"].sum(), rel=1e-4)


@settings(max_examples=10)
@given(st.permutations(range(12)))
def test_the_order_of_rows_changes_no_finding(order):
    frame = lines((5, "date", "2024-05-03"), (6, "amount", "1000"), (7, "record", ""))
    one, other = (cleaning.clean(some, RATES, first=FIRST, last=LAST).findings for some in (frame, frame.iloc[list(order)]))
    pd.testing.assert_frame_equal(one, other)


@settings(max_examples=10)
@given(st.lists(st.sampled_from(["dup", "chf", "1970", "gap", "ok"]), min_size=12, max_size=12))
def test_every_line_is_in_the_result_or_in_the_findings(fates):
    frame = lines()
    for row, fate in enumerate(fates):
        column, value = {"chf": ("currency", "CHF"), "1970": ("date", "1970-01-01"), "gap": ("record", "")}.get(fate, ("line", f"L{row + 1:02d}"))
        frame.loc[row, column] = value
    copies = frame[[fate == "dup" for fate in fates]].assign(line=lambda some: "X" + some["line"])
    found = cleaning.clean(pd.concat([frame, copies], ignore_index=True), RATES, first=FIRST, last=LAST)
    left_out = found.findings["line"][found.findings["kind"] == "duplicate"].tolist()
    assert sorted([*found.lines["line"], *left_out]) == sorted([*frame["line"], *copies["line"]])
    assert found.counts["found"].sum() == len(found.findings) == found.counts["repaired"].sum() + found.counts["open"].sum()


@EVERY_ENGINE
def test_every_engine(engine):
    frame = lines((5, "date", "2024-05-03"), (6, "amount", "1000"), (7, "record", ""))
    plain, native = cleaning.clean(frame, RATES, first=FIRST, last=LAST), build(engine, frame)
    found = cleaning.clean(native, build(engine, RATES), first=FIRST, last=LAST)
    for one, other in zip(found, plain, strict=True):
        assert kind(one) == kind(native) and rows(one) == rows(other)
    records = made()[1]["records"][:20]
    read = cleaning.read_records(build(engine, records))
    assert kind(read) == kind(native) and rows(read) == rows(cleaning.read_records(records))


def test_scores_by_hand():
    truth = pd.DataFrame([("lines", "L1", "cents", "1.00"), ("lines", "L2", "grams", "2"), ("records", "R1", "typo", "x")], columns=["table", "row", "kind", "value"])
    told = pd.DataFrame([("L1", "cents", "1.01"), ("L2", "cents", "9.00")], columns=["line", "kind", "now"])
    found = cleaning.compared(told, truth).set_index("kind")
    assert found.loc["cents", ["planted", "found", "missed", "false", "right"]].tolist() == [1, 1, 0, 1, 1]
    assert found.loc["grams", ["planted", "found", "missed", "false", "right"]].tolist() == [1, 0, 1, 0, 0]
    assert found.loc["all", ["precision", "recall"]].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((1, "date", "2024/03/01"), "The date '2024/03/01' in row 1 is in none of the forms 2024-03-05, 05.03.2024 (day first) and 03/05/2024 (month first)."),
        ((2, "date", ""), "The line L02 has no date."),
        ((3, "amount", "ten"), "The amount 'ten' in line L03 is no number."),
        ((3, "quantity", ""), "The quantity '' in line L03 is no number."),
        ((4, "currency", "USD"), "There is no rate for 'USD' in 2024; add it to the table of rates."),
    ],
)  # fmt: skip
def test_what_is_refused(change, said):
    with pytest.raises(DataError) as raised:
        cleaned(change)
    assert str(raised.value) == said


def test_empty_tables_and_odd_answers_are_refused():
    with pytest.raises(DataError, match=r"^The table of lines is empty\.$"):
        cleaning.clean(lines()[:0], RATES, first=FIRST, last=LAST)
    odd = pd.DataFrame({"record": ["R1"], "created": ["2024-01-01"], "updated": ["2024-01-01"], "consent": ["perhaps"]})
    with pytest.raises(DataError) as raised:
        cleaning.read_records(odd)
    assert str(raised.value) == "The consent 'perhaps' is neither yes nor no; it can be true, 1, yes, false, 0, no."


def test_days_with_none_among_them():
    assert np.isnat(cleaning.read_days(["", "2024-03-05"])).tolist() == [True, False]
