"""What the cells of the report show, without a kernel."""

import hmac
import re
import warnings
from dataclasses import replace

import pandas as pd
import pytest

from crmlib import checkout, sections
from crmlib import opened as opened_log
from crmlib.audit import audit
from crmlib.errors import DataError
from crmlib.inert import Picture, Prose, Table
from crmlib.lenses import lenses
from crmlib.sections import Opened
from crmlib.transactions import admit

CALLS = re.findall(
    r"^sections\.(.+)$", (checkout.course() / "reports" / "customer_base.py").read_text(encoding="utf-8"), re.MULTILINE
)


def shown(log):
    """Everything that the template shows of a log, by call."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a report must not print one
        return {call: eval(f"sections.{call}", {"sections": sections, "log": log}) for call in CALLS}


@pytest.fixture(scope="module")
def cdnow_page():
    log = sections.open_log("cdnow", currency="$")
    return log, shown(log)


def test_the_template_shows_every_chart_with_its_meaning():
    assert {call for call in CALLS if call.startswith("chart")} == {f'chart(log, "{name}")' for name in sections.VIEWS}
    for name in sections.VIEWS:
        assert CALLS.index(f'meaning(log, "{name}")') == CALLS.index(f'chart(log, "{name}")') + 1


def test_cdnow_shows_everything(cdnow_page):
    log, page = cdnow_page
    assert all(piece is not None for piece in page.values())
    text = "\n".join(map(repr, page.values()))
    for said in (
        "23,570",
        "$2,500,315.63",
        "The top 20 % of customers bring 67.8 % of revenue",
        "51.1 %",
        "cohort panel",
        "67,591",
    ):
        assert said in text
    assert "churn" not in text.lower() and " lost" not in text.lower()


def test_no_customer_id_by_default(cdnow_page):
    log, page = cdnow_page
    best = log.audit.customers.sort_values("revenue").tail(50)["customer"]
    text = "\n".join(repr(piece) + getattr(piece, "_repr_html_", str)() for piece in page.values())
    assert not any(f">{customer}<" in text for customer in best)
    assert isinstance(page["top_customers(log)"], Prose)


def test_the_data_notes_hold_every_note_of_the_door(cdnow_page):
    log, page = cdnow_page
    said = page["data_notes(log)"].sentences
    assert len(said) == 1 + len(log.notes)
    assert [note.sentence for note in log.notes] == list(said[1:])


def test_charts_have_words_for_those_who_do_not_see_them(cdnow_page):
    _, page = cdnow_page
    pictures = [piece for piece in page.values() if isinstance(piece, Picture)]
    assert len(pictures) == 13
    assert len({piece.words for piece in pictures}) == 13 and all(len(piece.words) > 20 for piece in pictures)
    assert sum(len(piece.png) for piece in pictures) < 300_000


def test_tables_sum_to_the_log(cdnow_page):
    log, page = cdnow_page

    def column(call, heading):
        table = page[call]
        place = table.headings.index(heading)
        return sum(int(row[place].replace(",", "").removeprefix("$")) for row in table.rows)

    for call in ("segment_actions(log)", "pyramid_tiers(log)", "states(log)", "abc_classes(log)"):
        assert column(call, "customers") == 23_570
    for call in ("segment_actions(log)", "states(log)", "abc_classes(log)", "periods(log)"):
        assert column(call, "revenue") == pytest.approx(2_500_316, abs=10)  # rounded row by row
    assert column("periods(log)", "orders") == 67_591


def test_what_moves_in_the_base_agrees_with_the_rest_of_the_page(cdnow_page):
    log, page = cdnow_page
    stages, moves = page["stages(log)"], page["moves(log)"]
    assert sum(int(row[1].replace(",", "")) for row in stages.rows) == 23_570
    assert sum(int(row[1].replace(",", "")) for row in moves.rows) == 23_570  # nobody is new after the first half
    for row in moves.rows:
        customers, *answers = (int(cell.replace(",", "")) for cell in row[1:])
        assert customers == sum(answers)
    pairs = log.audit.moved.pairs  # the same moves, tier by tier
    assert pairs["customers"].sum() == 23_570
    stayed = pairs[pairs["from"] == pairs["to"]].set_index("from")["customers"]
    assert {row[0]: int(row[3].replace(",", "")) for row in moves.rows if row[0] in stayed} == stayed.to_dict()
    assert page['chart(log, "moves")'].words == "Of 235 customers in the top tier 20 % stayed in it, 15 % fell silent"
    assert page['chart(log, "cohorts")'].words.startswith("Of 23,570 customers of 1997 Q1, 22.8 % bought in the next quarter")
    ages = page["cohorts(log)"].rows[0]
    # The Customer-Base Audit through its companion, as worked out for CDNOW: 100 / 22.8 / 18.1 / 17.9 / 16.2 / 14.1 %
    assert ages == ("1997 Q1", "23,570", "100.0 %", "22.8 %", "18.1 %", "17.9 %", "16.2 %", "14.1 %")
    at_180 = next(row for row in page["windows(log)"].rows if row[0] == "180")
    states = {row[0]: row for row in page["states(log)"].rows}
    assert at_180[2] == states["inactive"][1]
    rates = {row[0]: row for row in page["rates(log)"].rows}
    assert rates["repeat rate"][1] != rates["repurchase rate"][1]
    (graded,) = page["grading(log)"].sentences
    assert graded.startswith("Grading is worth it. 8,332 active customers with a positive value")


def test_real_ids_on_demand(cdnow_page):
    log = replace(cdnow_page[0], ids="real")
    table = sections.top_customers(log)
    assert isinstance(table, Table) and len(table.rows) == 20
    best = log.audit.value.customers.sort_values("value", ascending=False).iloc[0]
    assert table.rows[0][0] == best["customer"] and table.caption == "The best 20 by expected value"
    assert table.rows[0][3] == f"${best['revenue']:,.2f}"


def test_pseudonyms_are_a_keyed_hash(cdnow_page):
    log = replace(cdnow_page[0], ids="pseudonym", key=b"sixteen letters!", key_is_kept=True)
    table = sections.top_customers(log)
    names = [row[0] for row in table.rows]
    best = log.audit.value.customers.sort_values("value", ascending=False)["customer"].iloc[0]
    by_hand = hmac.new(b"sixteen letters!", best.encode(), "sha256").hexdigest()[:8]
    assert names[0] == f"C-{by_hand}" and len({*names}) == 20
    assert table.caption.endswith("under pseudonyms; the key that made them gives the same ones in another report")
    assert [row[0] for row in sections.top_customers(replace(log, key=b"another of sixteen")).rows] != names
    fresh = sections.top_customers(replace(log, key_is_kept=False))
    assert fresh.caption.endswith("their key was drawn for this report and not kept, so they are found in no other")
    assert "sixteen" not in repr(log) + repr(table) + table._repr_html_()


def test_pseudonyms_get_longer_where_two_would_be_the_same(cdnow_page, monkeypatch):
    log = replace(cdnow_page[0], key=b"sixteen letters!")
    monkeypatch.setattr(opened_log, "pseudonyms", lambda frame, key: frame.assign(customer=["12345678ab", "12345678ac", "9" * 12]))
    assert log.pseudonyms("abc") == ["C-12345678ab", "C-12345678ac", "C-9999999999"]


def test_a_key_is_drawn_for_each_report_or_read_from_what_was_prepared(tmp_path, cdnow_sample_log):
    admission = admit(cdnow_sample_log)
    sections.prepare(tmp_path, admission.transactions, admission.notes, b"sixteen letters!")
    log = sections.open_log("my.csv", prepared=str(tmp_path), ids="pseudonym")
    assert (log.key, log.key_is_kept) == (b"sixteen letters!", True)
    (tmp_path / "key").unlink()
    one, other = (sections.open_log("my.csv", prepared=str(tmp_path), ids="pseudonym") for _ in range(2))
    assert len(one.key) == 32 and one.key != other.key and not one.key_is_kept
    assert sections.open_log("my.csv", prepared=str(tmp_path)).key == b""


def test_unknown_ids_are_refused():
    with pytest.raises(DataError, match="ids is 'all'; it can be 'none' or 'pseudonym' or 'real'"):
        sections.open_log("cdnow_sample", ids="all")


def test_lines_after_as_of_are_left_out_counted_and_said(cdnow_sample_log):
    log = sections.open_log("cdnow_sample", as_of="1997-09-30")
    (note,) = [note for note in log.notes if note.code == "after_as_of"]
    later = int((cdnow_sample_log["date"] > "1997-09-30").sum())
    assert note.lines == later
    assert note.sentence == f"{later:,} lines lie after 1997-09-30 and are left out."
    assert log.audit.facts.lines == len(cdnow_sample_log) - later


def test_a_prepared_log_is_read_as_it_was_left(tmp_path, cdnow_sample_log):
    admission = admit(cdnow_sample_log)
    sections.prepare(tmp_path, admission.transactions, admission.notes)
    log = sections.open_log("my.csv", prepared=str(tmp_path), currency="€", as_of="1998-06-30")
    assert log.name == "my.csv" and log.notes == admission.notes
    assert log.audit.facts == audit(cdnow_sample_log, as_of="1998-06-30").facts


def opened(rows, **changed):
    tx = admit(pd.DataFrame(rows, columns=["customer", "date", "amount"])).transactions
    found = [count(tx, as_of=tx["date"].max()) for count in (audit, lenses)]
    return Opened("log.csv", *found, (), changed.get("currency", "€"), changed.get("ids", "real"))


MONTHS = [f"2024-{month:02d}-05" for month in range(1, 13)]
TINY = {
    "one purchase": [("a", "2024-01-05", 10.0)],
    "one customer": [("a", day, 10.0) for day in MONTHS],
    "a refund only": [("a", "2024-01-05", -10.0)],
    "two": [("a", "2024-01-05", 10.0), ("b", "2024-01-06", -10.0)],
    "all refunded": [(f"c{n}", MONTHS[n % 12], sign * 5.0) for n in range(40) for sign in (1, -1)],
    "no money": [(f"c{n}", MONTHS[n % 12], 0.0) for n in range(40)],
    "nobody twice": [(f"c{n}", MONTHS[n % 12], 5.0 + n) for n in range(60)],
    "ten days": [(f"c{n}", f"2024-01-{1 + n * k % 10:02d}", 5.0 + n) for n in range(60) for k in range(1 + n % 3)],
    "all the same": [(f"c{n}", MONTHS[k], 5.0) for n in range(60) for k in range(6)],
    "nobody in the last year": [(f"c{n}", MONTHS[n % 12], 5.0) for n in range(60)] + [("late", "2026-01-05", 0.0)],
}


@pytest.mark.parametrize("name", TINY)
def test_small_and_odd_logs_come_out_right(name):
    page = shown(opened(TINY[name]))
    text = "\n".join(repr(piece) for piece in page.values() if piece is not None)
    assert "nan" not in text.lower().replace("pregnan", "") and "None" not in text and "inf " not in text
    assert len(page["first_page(log)"].findings) >= 1
    # a section that is not carried says why exactly once
    refused = [piece for piece in page.values() if isinstance(piece, Prose) and piece.kind == "refused"]
    assert all(len(piece.sentences) == 1 for piece in refused)
    assert ("periods(log)" in page) and (page["periods(log)"] is not None or len(refused) >= 1)


def test_text_of_the_data_is_inert():
    bad = "<script>alert(1)</script>"
    rows = [(f"{bad}{n}", day, 5.0 + n) for n in range(30) for day in MONTHS[: 1 + n % 12]]
    log = opened(rows, currency="$^2$")
    page = shown(replace(log, name=f"{bad}.csv"))
    html = "\n".join(piece._repr_html_() for piece in page.values() if hasattr(piece, "_repr_html_"))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.csv" in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;29" in html  # a customer in the table
