"""An analyst's own file: read as it stands, or refused in one sentence that says what to do."""

import datetime as dt
import decimal
import gzip
import io
import random
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmlib import admit
from crmlib.errors import DataError
from crmlib.files import read_file

CSV = b"customer,date,amount\n007,2024-01-05,3.5\n008,2024-01-06,-1\n"


def packed(**files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets.items():
        page = book.create_sheet(title)
        for line in lines:
            page.append(line)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def refusal(put):
    def message(name, content, **options):
        with pytest.raises(DataError) as caught:
            read_file(put(name, content), **options)
        text = str(caught.value)
        assert "\n" not in text and text.endswith(".") and name in text, text
        return text

    return message


# -- text -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.csv", CSV, "log.csv"),
        ("log.txt", CSV, "log.txt"),
        ("log", CSV, "log"),
        ("log.csv.gz", gzip.compress(CSV), "log.csv.gz"),
        ("log.gz", gzip.compress(CSV), "log.gz"),
        ("log.zip", packed(**{"orders.csv": CSV}), "orders.csv in log.zip"),
        ("mac.zip", packed(**{"a/": b"", "a/orders.csv": CSV, "__MACOSX/._orders.csv": b"x"}), "orders.csv in mac.zip"),
    ],
    ids=["csv", "txt", "no ending", "csv.gz", "gz", "zip", "zip of a Mac"],  # packed bytes hold the time: no ids of these
)
def test_text_is_read_as_text_packed_or_not(put, name, content, said):
    table, notes = read_file(put(name, content))
    assert table.to_dict("list") == {
        "customer": ["007", "008"],
        "date": ["2024-01-05", "2024-01-06"],
        "amount": ["3.5", "-1"],
    }
    assert [(note.code, note.lines) for note in notes] == [("file", 2)]
    assert notes[0].sentence == f"Read {said}: 2 lines after the header, commas between the fields, UTF-8."


def test_encoding_and_home_folder_are_used(put, monkeypatch):
    path = put("log.csv", "customer,date,amount\nRené,2024-01-05,3\n".encode("cp1252"))
    monkeypatch.setenv("HOME", str(path.parent))
    monkeypatch.setenv("USERPROFILE", str(path.parent))
    assert read_file("~/log.csv", encoding="cp1252").table["customer"].to_list() == ["René"]


def test_empty_files_are_empty_whatever_their_name(refusal):
    for name in ("log.csv", "log.xlsx", "log.parquet"):
        assert refusal(name, b"") == f"{name} is empty."
    assert refusal("log.csv.gz", gzip.compress(b"")) == "log.csv.gz is empty."


# -- what is no table -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("log.csv", b"\x89PNG\r\n\x1a\n" + bytes(20), "a picture"),
        ("log.csv", b"\xff\xd8\xff\xe0" + bytes(20), "a picture"),
        ("log.pdf", b"%PDF-1.7\n", "a PDF document"),
        ("log.csv", b"SQLite format 3\0" + bytes(20), "an SQLite database"),
        ("log.feather", b"ARROW1\0\0", "a Feather file"),
        ("log.csv.bz2", b"BZh91AY&SY", "an archive of a kind that is not read"),
        ("log.xls", b"\n<html><table><tr><td>1</td></tr></table>", "HTML or XML"),
        ("log.csv", b"\xef\xbb\xbf<!DOCTYPE html>", "HTML or XML"),
        ("log.json", b'[{"customer": 1}]', "JSON"),
        ("log.json", b'{ "customer": [1] }', "JSON"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(refusal, name, content, what):
    assert (
        refusal(name, content)
        == f"{name} is {what}, not a table that can be read; save the log as CSV, .xlsx or Parquet."
    )


def test_a_header_may_begin_with_a_bracket(put):
    table, _ = read_file(put("log.csv", b"[customer],<date>,{amount}\n1,2,3\n"))
    assert list(table) == ["[customer]", "<date>", "{amount}"]


def test_other_binaries_are_refused(refusal):
    assert "holds NUL bytes" in refusal("log.csv", b"\x7fELF\2\1\1\0" + bytes(50))


def test_old_excel_and_protected_workbooks_are_told_apart(refusal):
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
    assert refusal("log.xls", ole) == "log.xls is in the old Excel format; save it as .xlsx or CSV."
    protected = ole + "EncryptedPackage".encode("utf-16-le")
    assert refusal("log.xlsx", protected) == "log.xlsx is protected by a password; save it without one."


def test_archives_with_no_or_several_files_are_refused(refusal):
    assert "holds 2 files ('a.csv', 'b.csv')" in refusal("log.zip", packed(**{"a.csv": CSV, "b.csv": CSV}))
    assert "holds no file" in refusal("log.zip", packed(**{"a/": b""}))


def test_documents_of_other_office_programs_are_refused(refusal):
    for name, member in (("log.ods", "mimetype"), ("log.xlsb", "xl/workbook.bin"), ("log.docx", "word/document.xml")):
        assert "is an office document of a kind that is not read" in refusal(name, packed(**{member: b"x"}))


def test_archives_and_workbooks_inside_archives_are_refused(refusal):
    inside = {
        "log.zip": packed(**{"a.xlsx": workbook(a=[["x"], [1]])}),
        "log.csv.gz": gzip.compress(gzip.compress(CSV)),
    }
    for name, content in inside.items():
        assert "is an Excel workbook or archive inside an archive" in refusal(name, content)


def test_damaged_archives_are_refused(refusal):
    assert "damaged gzip" in refusal("log.csv.gz", gzip.compress(CSV)[:-12])
    assert "damaged zip file or Excel workbook" in refusal("log.xlsx", workbook(a=[["x"], [1]])[:200])
    content = bytearray(packed(**{"a.csv": CSV}))
    content[40] ^= 0xFF  # a byte of the stored text: its checksum no longer fits
    assert "damaged zip" in refusal("log.zip", bytes(content))
    content = packed(**{"a.csv": CSV})
    assert "damaged zip" in refusal("log.zip", content[:30] + content[37:])  # the directory points before the file


def test_broken_bytes_anywhere_end_in_one_sentence(put, refusal):
    sound = {"log.zip": packed(**{"a.csv": CSV}), "log.xlsx": workbook(a=LINES), "log.parquet": parquet(a=["x"] * 9)}
    rng = random.Random(7)
    refused = 0
    for name, content in sound.items():
        for _ in range(40):
            broken = bytearray(content)
            broken[rng.randrange(4, len(broken))] = rng.randrange(256)
            try:
                read_file(put(name, bytes(broken)))
            except DataError as error:
                refused += 1
                assert "\n" not in str(error) and name in str(error)
    assert refused > 20


def test_an_archive_with_a_password_is_refused(refusal):
    content = bytearray(packed(**{"a.csv": CSV}))
    content[6] |= 1  # the flag "encrypted" in the local header and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "has a password" in refusal("log.zip", bytes(content))


# -- names that promise something else ------------------------------------------------------------------------------


def test_a_wrong_name_is_refused_with_the_right_one(refusal):
    excel = workbook(a=[["customer"], ["x"]])
    parquet = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(parquet)
    assert refusal("log.csv", excel) == "log.csv is an Excel workbook; rename it to log.xlsx."
    assert refusal("log.csv", parquet.getvalue()) == "log.csv is a Parquet file; rename it to log.parquet."
    for name in ("log.xlsx", "log.xls", "log.parquet"):
        assert "rename it to log.csv" in refusal(name, CSV)


def test_an_option_that_does_not_apply_is_refused(refusal):
    excel = workbook(a=[["customer"], ["x"]])
    assert "leave out --sheet a" in refusal("log.csv", CSV, sheet="a")
    assert "leave out --encoding cp1252" in refusal("log.xlsx", excel, encoding="cp1252")


# -- files that cannot be opened ------------------------------------------------------------------------------------


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*no\.csv; check its name and folder\."):
        read_file(tmp_path / "no.csv")
    with pytest.raises(DataError, match=r"is a folder; give the file in it"):
        read_file(tmp_path)


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError(13, "denied"), "may not be read"), (OSError(5, "Input/output error"), "Input/output error")],
)
def test_files_that_may_not_be_read_are_refused(put, monkeypatch, error, words):
    def fail(self):
        raise error

    path = put("log.csv", CSV)
    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(DataError, match=words):
        read_file(path)


# -- Excel ----------------------------------------------------------------------------------------------------------

DAY = dt.datetime(2024, 1, 5)
LINES = [["customer", "date", "amount"], [7, DAY, 3.5], [8, DAY + dt.timedelta(hours=36), 4]]


def test_excel_keeps_dates_and_numbers_typed(put):
    table, notes = read_file(put("log.xlsx", workbook(Orders=LINES)))
    assert table["date"].dtype.kind == "M" and table["date"][1] == pd.Timestamp("2024-01-06 12:00")
    assert table["amount"].dtype == "float64" and table["customer"].dtype == "int64"
    assert notes[0].sentence == "Read sheet 'Orders' of log.xlsx: 2 lines after the header, Excel."


def test_excel_passes_the_door_with_ids_as_text(put):
    lines = [*LINES, ["A9", DAY, 1]]
    for content, ids in ((workbook(a=LINES), ["7", "8"]), (workbook(a=lines), ["7", "8", "A9"])):
        tx = admit(read_file(put("log.xlsx", content)).table).transactions
        assert tx["customer"].to_list() == ids
        assert tx["date"].to_list()[:2] == [pd.Timestamp("2024-01-05"), pd.Timestamp("2024-01-06")]


def test_whole_numbers_beside_gaps_stay_whole(put):
    lines = [["order", "note"], [12345678901, None], [None, "x"], [5, " "]]
    table, _ = read_file(put("log.xlsx", workbook(a=lines)))
    assert table["order"].to_list() == [12345678901, None, 5]
    assert table["note"].isna().to_list() == [True, False, True]


def test_real_dates_mixed_with_text_reach_the_door_which_refuses_them(put):
    table, _ = read_file(put("log.xlsx", workbook(a=[*LINES, [9, "13/01/2024", 1.0]])))
    with pytest.raises(DataError, match=r"'13/01/2024'.* in row 3"):
        admit(table)


def test_empty_rows_keep_their_place_and_columns_without_cells_are_left_alone(put):
    lines = [[], [None, "date", "customer"], ["x", DAY, "a"], [], ["y", DAY, "b"], [None, None, None]]
    table, _ = read_file(put("log.xlsx", workbook(a=lines)))
    assert list(table) == ["column 1", "date", "customer"]
    assert table["customer"].isna().to_list() == [False, True, False]


def test_the_sheet_with_data_is_taken_or_must_be_named(put, refusal):
    assert len(read_file(put("one.xlsx", workbook(Notes=[], Data=LINES))).table) == 2
    both = workbook(**{"May 24": LINES, "June": LINES[:2], "Empty": []})
    message = refusal("two.xlsx", both)
    assert message.startswith("two.xlsx has data in 2 sheets ('May 24', 'June'); name one, e.g. ")
    assert message.endswith("--sheet \"May 24\" (in Python sheet='May 24').")
    assert len(read_file(put("two.xlsx", both), sheet="June").table) == 1
    assert refusal("two.xlsx", both, sheet="july") == "two.xlsx has no sheet 'july'; it has 'May 24', 'June', 'Empty'."
    assert "no data in sheet 'Empty'" in refusal("two.xlsx", both, sheet="Empty")
    assert refusal("none.xlsx", workbook(a=[], b=[])) == "none.xlsx is empty: no data in any sheet."


def test_excel_headers_are_checked_like_those_of_text(refusal):
    assert "looks like data" in refusal("log.xlsx", workbook(a=LINES[1:]))
    assert "'a' more than once" in refusal("log.xlsx", workbook(a=[["a", "b", "a"], [1, 2, 3]]))
    assert refusal("log.xlsx", workbook(a=LINES[:1])) == "Sheet 'a' of log.xlsx has a header but no rows of data."


def test_a_title_above_the_header_is_refused(refusal):
    message = refusal("log.xlsx", workbook(a=[["Sales 2024"], *LINES]))
    assert message == (
        "Row 2 of sheet 'a' of log.xlsx has more cells than row 1, which should name every column; if row 1 is a title, "
        "delete the rows above the column names."
    )


def test_a_workbook_that_states_a_wrong_size_is_read_in_full(put):
    content = io.BytesIO(workbook(a=LINES))
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.namelist():
            new.writestr(member, old.read(member).replace(b'ref="A1:C3"', b'ref="A1"'))
    assert changed.getvalue() != content.getvalue()
    assert read_file(put("log.xlsx", changed.getvalue())).table.shape == (2, 3)


def test_numbers_too_long_for_excel_are_noted(put):
    lines = [["customer", "amount"], [1234567890123456789, 1.0], [12, 2.0]]
    notes = read_file(put("log.xlsx", workbook(a=lines))).notes
    assert (notes[1].code, notes[1].lines) == ("rounded_numbers", 1)
    assert notes[1].sentence.startswith("Column 'customer' holds numbers of more than 15 digits")


def test_a_workbook_broken_inside_is_refused(refusal):
    broken = packed(**{"xl/workbook.xml": b"<workbook", "[Content_Types].xml": b"<Types/>"})
    assert "is a damaged Excel workbook" in refusal("log.xlsx", broken)


# -- Parquet --------------------------------------------------------------------------------------------------------


def parquet(**columns):
    target = io.BytesIO()
    pq.write_table(pa.table(columns), target)
    return target.getvalue()


def test_parquet_keeps_its_types(put):
    content = parquet(
        customer=pa.array([b"007", b"8"], pa.binary()),
        date=pa.array([dt.date(2024, 1, 5), dt.date(2024, 1, 6)]),
        amount=pa.array([decimal.Decimal("3.50"), None], pa.decimal128(9, 2)),
        order=pa.array([12345678901, None]),
    )
    table, notes = read_file(put("log.parquet", content))
    assert table["customer"].to_list() == ["007", "8"]
    assert table["date"].dtype.kind == "M"
    assert table["amount"].dtype == "float64" and table["amount"][0] == 3.5
    assert table["order"].to_list() == [12345678901, None]
    assert notes[0].sentence == "Read log.parquet: 2 lines, Parquet."


def test_the_index_of_pandas_comes_back_as_a_column_if_it_had_a_name(put):
    frame = pd.DataFrame({"amount": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="customer"))
    for index, names in ((frame.index, ["amount", "customer"]), (pd.Index([5, 9]), ["amount"])):
        target = io.BytesIO()
        frame.set_axis(index).to_parquet(target)
        assert list(read_file(put("log.parquet", target.getvalue())).table) == names


def test_broken_empty_and_doubled_parquet_is_refused(refusal):
    assert refusal("log.parquet", parquet(a=[1])[:-6]) == "log.parquet is a damaged Parquet file; write it again."
    assert refusal("log.parquet", parquet(a=pa.array([], pa.int64()))) == "log.parquet has columns but no rows."
    target = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), target)
    assert "has two columns of the same name" in refusal("log.parquet", target.getvalue())
