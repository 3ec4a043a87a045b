"""The tables of a report as a workbook: numbers are numbers, text is text, and nothing is a formula."""

import datetime as dt
import zipfile
from types import SimpleNamespace

import openpyxl
import pytest

from crmlib import sheets
from crmlib.inert import Facts, Prose, Section, Table
from crmlib.sheets import Sheet
from crmlib.wording import day, money, number, percent, signed

FORMULAS = ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "＝1", "=HYPERLINK(\"http://x\")"]


def written(tmp_path, *tables, **about):
    path = tmp_path / "made.xlsx"
    sheets.write([Sheet("A section", "", one) if isinstance(one, Table) else one for one in tables], path, title="Report", **about)
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        (number(1234567), 1234567, "#,##0"),
        (number(0.12345, 2), 0.12345, "#,##0.00"),
        (percent(0.67841), 0.67841, "#,##0.0%"),
        (percent(0.00001), 0.00001, "#,##0.0%"),
        (signed(-0.05, lambda share: percent(share, 0)), -0.05, "+#,##0%;-#,##0%;#,##0%"),
        (money(-12.345, "$"), -12.345, r"\$#,##0.00;-\$#,##0.00"),
        (money(1e6, "CHF", 0), 1e6, r"\C\H\F\ #,##0;-\C\H\F\ #,##0"),
        (money(5, '"[d'), 5, r'\"\[\d\ #,##0.00;-\"\[\d\ #,##0.00'),
        (money(5), 5, "#,##0.00"),
        (day(dt.date(2024, 1, 31)), dt.datetime(2024, 1, 31), "yyyy-mm-dd"),
        ("<5", "<5", "General"),
        ("hidden", "hidden", "General"),
        (number(float("inf")), "inf", "General"),
        ("–", None, "General"),
        ("", None, "General"),
    ],
)
def test_a_figure_is_a_number_with_the_format_of_the_report(tmp_path, text, value, form):
    book = written(tmp_path, Table(("group", "value"), (("a", text),)))
    cell = book.worksheets[1]["B2"]
    assert (cell.value, cell.number_format) == (value, form)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(tmp_path, text):
    table = Table((text, text), ((text, text),), words=(0, 1), caption=text)
    book = written(tmp_path, Sheet(text, text, table), facts=((text, text),), made=text)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    shown = f"'{text}".replace("\r", "\n")  # as XML reads line ends
    assert [cell.value for cell in cells].count(shown) >= 6
    with zipfile.ZipFile(tmp_path / "made.xlsx") as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


@pytest.mark.parametrize("text", ["a\x00b\x1f", "a\ud800", "a\uffff", "\u202eabc", "x" * 40_000])
def test_what_excel_cannot_hold_is_replaced_or_cut(tmp_path, text):
    book = written(tmp_path, Table(("who",), ((text,),)))
    value = book.worksheets[1]["A2"].value
    assert len(value) <= 32_767 and value[0] in "ax\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("section", ["", "History", "a/b:c?[d]*\\'", "x" * 60, "Customers and revenue over time", "'quoted'"])
def test_names_of_sheets_are_legal_and_unique(tmp_path, section):
    table = Table(("a",), (("x",),))
    book = written(tmp_path, *(Sheet(section, "", table) for _ in range(3)))
    names = book.sheetnames
    assert names[0] == "contents" and len({name.lower() for name in names}) == 4
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\'") for name in names)
    links = [row[0].hyperlink.location for row in book["contents"].iter_rows(min_row=4, max_row=6)]
    assert links == [f"'{name}'!A1" for name in names[1:]]


def test_the_contents_say_what_each_sheet_is(tmp_path):
    one, other = Table(("a",), (("x",), ("y",)), caption="Who buys"), Table(("a",), ())
    found = [Sheet("Customers", "Who buys", one), Sheet("Value", "", other)]
    book = written(tmp_path, *found, facts=(("Data", "log.csv"), ("Customers", number(23570))), made="Made by hand")
    rows = [[cell for cell in row if cell is not None] for row in book["contents"].iter_rows(values_only=True)]
    assert rows[:4] == [["Report"], ["Data", "log.csv"], ["Customers", 23570], []]
    assert rows[4:7] == [
        ["sheet", "section", "what it shows", "rows"], ["01 Who buys", "Customers", "Who buys", 2], ["02 Value", "Value", "Value", 0],
    ]  # fmt: skip
    assert rows[-1] == ["Made by hand"]


def test_heads_are_frozen_and_columns_wide_enough(tmp_path):
    table = Table(("group", "number"), (("a rather long name of a group", number(1)), ("b" * 200, number(2))))
    sheet = written(tmp_path, table).worksheets[1]
    assert sheet.freeze_panes == "B2" and sheet["A1"].font.bold and sheet.print_title_rows == "$1:$1"
    assert sheet.column_dimensions["A"].width == 70 and sheet["A3"].alignment.wrap_text
    assert sheet["B2"].alignment.horizontal is None  # numbers stand to the right by themselves
    assert written(tmp_path, Table(("a",), (("1",),), words=())).worksheets[1].freeze_panes == "A2"


def test_the_same_tables_give_the_same_bytes_and_bear_a_mark(tmp_path):
    for _ in range(2):
        written(tmp_path, Table(("a",), (("x",),)), generator="crmlib: crm report 1", day="2024-01-31")
        bytes_ = (tmp_path / "made.xlsx").read_bytes()
        (tmp_path / "made.xlsx").rename(tmp_path / "first.xlsx")
    written(tmp_path, Table(("a",), (("x",),)), generator="crmlib: crm report 1", day="2024-01-31")
    assert (tmp_path / "made.xlsx").read_bytes() == bytes_
    assert sheets.made_by(tmp_path / "made.xlsx", "crmlib: crm report")
    written(tmp_path, Table(("a",), (("x",),)))
    assert not sheets.made_by(tmp_path / "made.xlsx", "crmlib: crm report")
    (tmp_path / "made.xlsx").write_text("mine")
    assert not sheets.made_by(tmp_path / "made.xlsx", "crmlib: crm report")


def test_tables_are_found_wherever_they_stand(tmp_path):
    table, named = Table(("a",), (("x",),)), Table(("a",), (("y",),), caption="Its own")
    exhibit = SimpleNamespace(title="It rose", parts=(Prose(("so",)), table, named))
    section = SimpleNamespace(heading="Money", parts=(exhibit, table))
    assert [found[:2] for found in sheets.tables_in(section)] == [("Money", "It rose"), ("Money", "Its own"), ("Money", "")]
    outputs = {1: Facts("Title", (("Customers", number(7)),)), 3: Prose(("so",)), 4: table, 5: 7}
    sheets.keep(outputs, tmp_path / "kept")
    facts, found = sheets.kept(tmp_path / "kept", {4: "Above"})
    assert facts == (("Customers", "7"),) and facts[0][1].value == 7
    assert found == [Sheet("Above", "", table)]


def test_tenths_and_ages_are_numbers_but_names_of_products_are_not(tmp_path):
    square = Table(("before", "1", "10", "inactive"), (("1", number(8), "<5", "hidden"), ("others", number(7), number(9), number(6))))
    triangle = Table(("cohort", "0", "1"), (("2023", percent(0.5), percent(0.25)),))
    names = Table(("product", "007"), (("12", percent(0.5)),))
    sheet, ages, products = written(tmp_path, square, triangle, names).worksheets[1:]
    assert [cell.value for cell in sheet[1]] == ["before", 1, 10, "inactive"]
    assert [cell.value for cell in sheet["A"]] == ["before", 1, "others"] and sheet["A2"].number_format == "#,##0"
    assert [cell.value for cell in ages[1]] == ["cohort", 0, 1] and ages["A2"].value == "2023"
    assert products["B1"].value == "007" and products["A2"].value == "12"


def test_a_section_brings_tables_that_only_the_workbook_has():
    shown, kept = (Table(("a",), (("x",),), caption=name) for name in ("on the page", "in the workbook"))
    section = Section("key", "Heading", (shown,), (kept,))
    assert [(sheet.section, sheet.title) for sheet in sheets.tables_in(section)] == [("Heading", "on the page"), ("Heading", "in the workbook")]
    assert "in the workbook" not in repr(section) + str(section.outputs())
