"""What the cells of the report show, without a kernel."""

import dataclasses
import re
import warnings

import pandas as pd
import pytest

from crmlib import checkout, sections
from crmlib.audit import audit
from crmlib.errors import DataError
from crmlib.inert import Exhibit, Picture, Refusal, Table
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


def tables(section):
    """The tables of a section, by their first heading."""
    inside = [part for one in section.parts for part in (one.parts if isinstance(one, Exhibit) else [one])]
    return {part.headings[0]: part for part in inside if isinstance(part, Table)}


def pictures(page):
    exhibits = [part for piece in page.values() for part in getattr(piece, "parts", ()) if isinstance(part, Exhibit)]
    return [part for exhibit in exhibits for part in exhibit.parts if isinstance(part, Picture)]


def html(piece):
    if hasattr(piece, "_repr_html_"):
        return piece._repr_html_()
    return "".join(data.get("text/html", "") for data, _ in piece.outputs())


def test_the_template_shows_every_lens_and_every_section():
    assert [call for call in CALLS if call.startswith("lens")] == [f"lens(log, {place})" for place in range(1, 7)]
    assert {call for call in CALLS if call.startswith("section")} == {f'section(log, "{name}")' for name in sections.SECTIONS}
    assert {view for _, blocks in sections.SECTIONS.values() for view, *_ in blocks} - {None} == {*sections.VIEWS}


def test_cdnow_shows_everything(cdnow_page):
    log, page = cdnow_page
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


def test_one_period_of_a_panel_is_its_first_year(cdnow_page, cdnow_log):
    log, page = cdnow_page
    lens = log.lenses.one_period
    assert (str(lens.start), str(lens.end), lens.factors["customers"]) == ("1997-01-01", "1997-12-31", 23_570)
    money = sorted(cdnow_log[cdnow_log["date"] < "1998"].groupby("customer")["amount"].sum(), reverse=True)
    sums = pd.Series(money).cumsum()
    half = int((sums < sums.iloc[-1] / 2).sum()) + 1
    assert half == 2_551 and "Half of the revenue comes from 2,551 customers (10.8 %)" in repr(page["lens(log, 3)"])
    assert "1997-01-01 to 1997-12-31: the first 12 months of the group that the log follows" in repr(page["lens(log, 3)"])
    assert "customers of the last 12 months" not in repr(page["reconciliation(log)"])  # lens 2 looks at other months


def test_growth_of_a_panel_has_its_nearest_view(cdnow_page):
    said = repr(cdnow_page[1]["first_page(log)"])
    assert "What would mend it: the log of all customers. The nearest view that is valid: the 6 months to 1998-06-30" in said


def test_no_customer_id_by_default(cdnow_page):
    log, page = cdnow_page
    best = log.audit.customers.sort_values("revenue").tail(50)["customer"]
    text = "\n".join(repr(piece) + html(piece) for piece in page.values())
    assert not any(f">{customer}<" in text for customer in best)
    assert "This report shows no customer ids." in text


def test_the_data_notes_hold_every_note_of_the_door(cdnow_page):
    log, page = cdnow_page
    (said,) = page["data_notes(log)"].parts
    assert [note.sentence for note in log.notes] == list(said.sentences[1:])


def test_charts_have_words_for_those_who_do_not_see_them(cdnow_page):
    _, page = cdnow_page
    drawn = pictures(page)
    assert len(drawn) >= 20
    assert len({piece.words for piece in drawn}) == len(drawn) and all(len(piece.words) > 40 for piece in drawn)


def test_every_exhibit_states_a_finding_with_its_number_and_has_a_key_of_its_own(cdnow_page):
    _, page = cdnow_page
    exhibits = [part for piece in page.values() for part in getattr(piece, "parts", ()) if isinstance(part, Exhibit)]
    assert len({exhibit.key for exhibit in exhibits}) == len(exhibits) >= 20
    assert not [exhibit.title for exhibit in exhibits if not re.search(r"\d", exhibit.title)]


def test_tables_sum_to_the_log(cdnow_page):
    log, page = cdnow_page

    def column(name, first, heading):
        table = tables(page[f'section(log, "{name}")'])[first]
        place = table.headings.index(heading)
        return sum(row[place].value for row in table.rows)

    whole = [("segments", "segment"), ("pyramid", "tier"), ("standing", "state"), ("concentration", "class")]
    for name, first in whole:
        assert column(name, first, "customers") == 23_570
    for name, first in [*(whole[place] for place in (0, 2, 3)), ("months", "period")]:
        assert column(name, first, "revenue") == pytest.approx(2_500_315.63, abs=0.01)
    assert column("months", "period", "orders") == 67_591


def test_what_moves_in_the_base_agrees_with_the_rest_of_the_page(cdnow_page):
    log, page = cdnow_page
    pairs = log.audit.moved.pairs
    assert pairs["customers"].sum() == 23_570  # nobody is new after the first half
    moves = next(part for part in page['section(log, "pyramid")'].parts if part.key == "chart-moves")
    assert moves.title == "Of 940 customers in the large tier 12 % stayed in it, 29 % fell silent"  # 110 and 272
    standing, cycle = page['section(log, "standing")'], page['section(log, "life-cycle")']
    at_180 = next(row for row in tables(standing)["window, days"].rows if row[0] == "180")
    states = {row[0]: row for row in tables(standing)["state"].rows}
    assert at_180[2] == states["inactive"][1]
    rates = {row[0]: row for row in tables(cycle)["rate"].rows}
    # of a panel whose members all came in the first period, these say nothing
    assert set(rates) == {"repeat rate"} and moves.parts[1].sentences[0].count("All customers were won in the first period") == 1
    assert sum(row[1].value for row in tables(cycle)["phase"].rows) == 23_570
    assert "Grading is worth it. 8,332 active customers with a positive value" in repr(page['section(log, "pyramid")'])


def test_a_segment_stands_with_its_rule(cdnow_page):
    _, page = cdnow_page
    table = tables(page['section(log, "segments")'])["segment"]
    rules = {row[0]: row[1] for row in table.rows}
    assert rules["regulars"] == "R 4 to 5, F 5, M 1 to 4; or R 4 to 5, F 4" and rules["champions"] == "R 4 to 5, F 5, M 5"
    assert "before refunds" in table.headings[-2]


def test_the_end_of_a_relation_is_called_a_silence(cdnow_page):
    _, page = cdnow_page
    assert "termination" not in "\n".join(map(repr, page.values())).lower()
    assert [row[0] for row in tables(page['section(log, "life-cycle")'])["phase"].rows][-1] == "silent for long"


@pytest.mark.parametrize("ids", ["pseudonym", "real"])
def test_ids_on_demand(cdnow_page, ids):
    log = dataclasses.replace(cdnow_page[0], ids=ids, key=b"a secret of tests")
    table = tables(sections.section(log, "next-year"))["customer"]
    best = log.audit.value.customers.sort_values("value", ascending=False).iloc[0]
    assert len(table.rows) == 20 and table.rows[0][3] == f"${best['revenue']:,.2f}"
    assert re.fullmatch(r"C-[0-9a-f]{8}" if ids == "pseudonym" else best["customer"], table.rows[0][0])


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
    as_of = tx["date"].max()
    found = Opened("log.csv", audit(tx, as_of=as_of), lenses(tx, as_of=as_of), (), "€", "real")
    return dataclasses.replace(found, **changed)


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
    text = "\n".join(repr(piece) for piece in page.values())
    assert "nan" not in text.lower() and "None" not in text and "inf " not in text
    found = page["first_page(log)"].parts[-1]
    assert len(found.findings) >= 1 or len(found.unsaid) >= 1
    # what is not carried says why, and nothing is left without a word
    assert all(getattr(piece, "parts", True) for piece in page.values())
    assert len(tables(page["can_carry(log)"])["lens"].rows) == 7
    refusals = [part for piece in page.values() for part in getattr(piece, "parts", ()) if isinstance(part, Refusal)]
    refusals += getattr(found, "unsaid", ())
    refused = {piece.key for piece in page.values() if isinstance(getattr(piece, "parts", [0])[0], Refusal)}
    assert refusals
    for refusal in refusals:
        assert refusal.mends and refusal.view
        assert refusal.link in keys(page) - refused, refusal


def keys(page):
    """Of sections and exhibits, to which links of the page may lead."""
    parts = [part for piece in page.values() for part in (piece, *getattr(piece, "parts", ()))]
    return {part.key for part in parts if hasattr(part, "key")}


def test_text_of_the_data_is_inert():
    bad = "<script>alert(1)</script>"
    rows = [(f"{bad}{n}", day, 5.0 + n) for n in range(30) for day in MONTHS[: 1 + n % 12]]
    page = shown(opened(rows, currency="$^2$", name=f"{bad}.csv"))
    text = "\n".join(html(piece) for piece in page.values())
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;.csv" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;29" in text  # a customer in the table
