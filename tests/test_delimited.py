"""Text with separators: what is read is what stands there, and what cannot be read says where and why."""

import csv
import io
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.delimited import column_names, delimited, listing, option
from crmlib.errors import DataError

HEADER = "customer,date,amount\n"


def read(text, encoding=None):
    return delimited(text if isinstance(text, bytes) else text.encode(), "log.csv", encoding=encoding)


def rows(table):
    return table.astype(object).where(table.notna(), None).values.tolist()


def refusal(text, encoding=None):
    with pytest.raises(DataError) as caught:
        read(text, encoding)
    message = str(caught.value)
    assert "\n" not in message and message.endswith("."), message
    assert "log.csv" in message or "encoding" in message
    return message


@pytest.mark.parametrize(
    ("separator", "words"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")]
)
def test_the_separator_is_found_and_stated(separator, words):
    text = "customer,date,amount\n007,2024-01-05,3.5\n".replace(",", separator)
    table, how = read(text)
    assert list(table) == ["customer", "date", "amount"]
    assert rows(table) == [["007", "2024-01-05", "3.5"]]
    assert how == f"{words} between the fields, UTF-8"


def test_everything_stays_text_and_only_empty_fields_are_missing():
    table, _ = read(HEADER + "00012,NA,1e5\nnan,None,\n , NULL ,TRUE\n")
    assert rows(table) == [["00012", "NA", "1e5"], ["nan", "None", None], [None, " NULL ", "TRUE"]]
    assert {str(kind) for kind in table.dtypes} <= {"str", "string"}


def test_a_decimal_comma_does_not_pass_for_a_separator():
    table, how = read("customer;date;amount, EUR\n1;2024-01-05;3,50\n2;2024-01-06;4,50\n")
    assert list(table) == ["customer", "date", "amount, EUR"]
    assert how.startswith("semicolons")


def test_two_signs_that_fit_equally_well_are_refused():
    assert "could have commas or semicolons" in refusal("a,b;c\n1,2;3\n4,5;6\n").replace(
        "semicolons or commas", "commas or semicolons"
    )


def test_two_signs_of_which_neither_fits_are_refused():
    assert "could have" in refusal("a;b;c,d\n1\n2\n3\n4\n5,6\n")


def test_no_separator_at_all_is_refused():
    message = refusal("customer date amount\n1 2024-01-05 3\n")
    assert "no separator in its first line ('customer date amount')" in message
    assert "a comma, a semicolon, a tab or a |" in message


def test_the_line_that_names_the_separator_for_excel_is_obeyed():
    table, how = read("sep=;\ncustomer;date;amount\n1;2024-01-05;2,50\n")
    assert rows(table) == [["1", "2024-01-05", "2,50"]]
    assert how.startswith("semicolons")


def test_the_line_that_names_the_separator_counts_as_a_line():
    assert "Line 4 of log.csv has 2 fields" in refusal("sep=;\na;b;c\n1;2;3\n1;2\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(newline):
    table, _ = read(newline.join(["customer,date,amount", "1,2024-01-05,3", "2,2024-01-05,4"]))
    assert rows(table) == [["1", "2024-01-05", "3"], ["2", "2024-01-05", "4"]]


def test_quoted_fields_hold_separators_quotes_and_line_breaks():
    table, _ = read('customer,"date",note\n"a, b",2024-01-05,"two\nlines, ""quoted"""\nc,2024-01-06,5" single\n')
    assert rows(table) == [["a, b", "2024-01-05", 'two\nlines, "quoted"'], ["c", "2024-01-06", '5" single']]


def test_a_space_before_a_quotation_mark_does_not_break_the_field():
    table, _ = read('customer, "date", "a, b"\n1, "2024-01-05", "c, d"\n')
    assert list(table) == ["customer", "date", "a, b"]
    assert rows(table) == [["1", "2024-01-05", "c, d"]]


def test_blank_lines_stay_as_empty_rows_so_that_row_numbers_hold():
    table, _ = read("\n\ncustomer,date,amount\n1,2024-01-05,3\n\n,,\n   \n2,2024-01-05,4\n\n")
    empty = [None] * 3
    assert rows(table) == [["1", "2024-01-05", "3"], empty, empty, empty, ["2", "2024-01-05", "4"], empty]


# -- rows that do not fit -------------------------------------------------------------------------------------------


def test_a_row_with_too_many_fields_names_its_line():
    message = refusal(HEADER + "1,2024-01-05,3\n2,2024-01-05,1,234.50\n")
    assert message.startswith("Line 3 of log.csv has 4 fields where the header has 3; fields are separated by commas:")
    assert "quotation marks" in message


def test_a_row_with_too_few_fields_names_its_line():
    message = refusal(HEADER + "1,2024-01-05\n")
    assert message.startswith("Line 2 of log.csv has 2 fields where the header has 3")
    assert "add what is missing" in message
    assert "has 1 field where" in refusal(HEADER + "1,2024-01-05,3\nend\n")


def test_the_line_named_is_the_line_of_the_file_after_blank_lines_and_line_breaks_in_fields():
    text = HEADER + '"a\nb\nc",2024-01-05,1\n\n' + "1,2024-01-05,3\n" * 9_000 + "1,2\n"
    assert refusal(text).startswith("Line 9006 of log.csv has 2 fields")


def test_a_quotation_mark_that_is_never_closed_names_its_line():
    assert refusal(HEADER + '1,2024-01-05,3\n2,"2024-01-05,4\n3,2024-01-05,5\n') == (
        "Line 3 of log.csv opens a quotation mark that is never closed; close it or take it away."
    )
    long = HEADER + '1,"2024-01-05,3\n' + "2,2024-01-05,4\n" * 20_000  # more than csv takes for one field
    assert refusal(long) == "Line 2 of log.csv opens a quotation mark that is never closed; close it or take it away."


def test_a_field_too_long_for_the_reader_is_not_taken_for_an_open_quotation_mark():
    message = refusal(HEADER + f"1,2024-01-05,3\n{'x' * 140_000},2024-01-05,3\n")
    assert message.startswith("Line 3 of log.csv has a field of more than 131,072 characters;")


def test_a_title_above_the_header_and_separators_at_line_ends_get_their_own_advice():
    assert refusal("Sales 2024\n\n" + HEADER + "1,2024-01-05,3\n") == (
        "log.csv has no separator in its first line ('Sales 2024'); if it is a title, delete the lines above the column names."
    )
    assert "fields are separated by commas: take them away at the end" in refusal(HEADER + "1,2024-01-05,3,\n")
    assert "delete the line if it is no purchase" in refusal(HEADER + "1,2024-01-05,3\nTotal\n")


def test_lines_in_quotation_marks_as_a_whole_are_refused():
    message = refusal('"customer,date,amount"\n"1,2024-01-05,3"\n')
    assert message.startswith("The first line of log.csv stands in quotation marks as a whole, so its commas separate nothing;")


def test_text_after_a_closing_quotation_mark_names_its_line():
    message = refusal(HEADER + '1,"2024"-01-05,3\n')
    assert message.startswith("Line 2 of log.csv has text after a closing quotation mark")
    assert 'written ""' in message


# -- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        "00001,ann,x",
        "C17,1997-01-01,x",
        "C17,1997-01-01 09:30:00,x",
        "C17,1997-01-01T09:30:00Z,x",
        "C17,31/12/2010,x",
        "C17,31.12.10,x",
        "C17,12/31/2010 9:30 AM,x",
        "C17,5 Jan 2024,x",
        "C17,05-January-2024,x",
        "C17,2024年1月5日,x",
        "C17,yesterday,-11.77",
        "C17,yesterday,$5",
        "C17,yesterday,1.5%",
        'C17,yesterday,"1,234.50"',
        "C17,yesterday,€ 12",
    ],
)
def test_a_first_line_of_data_is_refused(first):
    message = refusal(f"{first}\nC18,today,y\n")
    assert message.startswith("The first line of log.csv looks like data, not like column names (")
    assert message.endswith("put a header line above it, such as 'customer,date,amount'.")


@pytest.mark.parametrize("name", ["Q1", "amount_2", "2nd address", "price (EUR)", "Σ", "金额", "1st", "%", "#"])
def test_names_with_digits_and_signs_are_names(name):
    assert column_names(["customer", name], "log.csv") == ["customer", name]


def test_long_values_from_the_file_are_cut_short_in_messages():
    assert len(refusal(f"a,{'b' * 999},{'b' * 999}\n1,2,3\n")) < 200
    assert len(refusal("x" * 999 + "\n")) < 300


def test_a_shown_first_line_is_cut_short():
    message = refusal(",".join(["123456789"] * 60) + "\n")
    assert "..." in message and len(message) < 220


def test_double_names_are_refused_with_their_places():
    message = refusal("customer,date,amount, date \n1,2,3,4\n")
    assert message == "log.csv has the column name 'date' more than once (columns 2 and 4); rename one."


def test_a_letter_stored_as_two_signs_becomes_one():
    assert column_names(["Ka\u0308ufer", "金额"], "log.csv") == ["K\u00e4ufer", "金额"]


def test_columns_without_a_name_are_called_by_their_place():
    table, _ = read(",customer,\n0,a,x\n")
    assert list(table) == ["column 1", "customer", "column 3"]


def test_a_header_alone_and_an_empty_file_are_refused():
    assert refusal(HEADER) == "log.csv has a header line but no lines of data."
    for empty in (b"", b" \r\n\n", b"\xef\xbb\xbf"):
        assert refusal(empty) == "log.csv is empty."


# -- encodings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_believed(encoding):
    table, how = read((HEADER + "Müller 李,2024-01-05,3\n").encode(encoding))
    assert rows(table) == [["Müller 李", "2024-01-05", "3"]]
    assert list(table)[0] == "customer"
    assert how.endswith("UTF-8" if encoding == "utf-8-sig" else encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "gb18030", "utf-16-le", "utf-16-be"])
def test_a_named_encoding_is_used(encoding):
    word = "李" if encoding == "gb18030" else "Müller"
    table, how = read((HEADER + f"{word},2024-01-05,3\n").encode(encoding), encoding)
    assert rows(table) == [[word, "2024-01-05", "3"]]
    assert how.endswith(encoding)


def test_naming_utf_8_drops_the_mark_too():
    assert list(read((HEADER + "1,2,3\n").encode("utf-8-sig"), "utf-8")[0])[0] == "customer"


def test_text_that_is_not_utf_8_names_the_byte_the_line_and_the_option():
    message = refusal((HEADER + "Ann,2024-01-05,3\nRené,2024-01-05,3\n").encode("cp1252"))
    assert message == (
        "log.csv is not UTF-8 (byte 0xE9 in line 3); name the encoding that it has, e.g. "
        "--encoding cp1252 (in Python encoding='cp1252') for Western Europe or gb18030 for Chinese."
    )


def test_a_named_encoding_that_does_not_fit_is_refused():
    assert refusal((HEADER + "é,2,3\n").encode("cp1252"), "ascii").startswith(
        "log.csv is not ascii (byte 0xE9 in line 2)"
    )


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "ISO-8859-15", "gb18030", "shift_jis"])
def test_utf_8_is_not_garbled_by_another_name(encoding):
    word = "Müller" if encoding[0] in "lcI" else "王小明和李小红的店"
    message = refusal(HEADER + f"{word},2024-01-05,3\n", encoding)
    assert message.startswith(f"log.csv is UTF-8 and would be garbled as {encoding}; leave out --encoding {encoding} (")
    assert read(HEADER + "Ann,2024-01-05,3\n", encoding)[1].endswith(encoding)  # plain letters are the same in all of them


def test_a_few_chinese_letters_that_are_utf_8_by_chance_are_read_as_named():
    assert "联通".encode("gb18030").decode("utf-8", "replace") != "联通"
    for word in ("联通", "联"):
        assert rows(read((HEADER + f"{word},2,3\n").encode("gb18030"), "gb18030")[0]) == [[word, "2", "3"]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_that_contradicts_the_named_encoding_is_told(encoding):
    message = refusal((HEADER + "Müller,2024-01-05,3\n").encode(encoding), "cp1252")
    mark = encoding.removesuffix("-sig").upper()
    assert message.startswith(f"log.csv begins with the mark of {mark}, so it is not cp1252; leave out --encoding cp1252 (")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "UTF16", "utf_32"])
def test_text_of_single_bytes_is_not_taken_for_utf_16(encoding):
    assert refusal(HEADER + "1,2,3\n", encoding).startswith(f"log.csv is not {encoding}; leave out --encoding {encoding} (")


@pytest.mark.parametrize("encoding", ["klingon", "hex", "a\0b"])
def test_an_unknown_encoding_is_refused(encoding):
    message = refusal(HEADER + "1,2,3\n", encoding)
    assert message.startswith("There is no encoding ") and "--encoding cp1252" in message


def test_nul_bytes_are_no_text():
    assert refusal(b"a,b\n\0\1,2\n") == "log.csv holds NUL bytes (the first in line 2), which no text does; export the log again, as CSV."
    assert "--encoding utf-16" in refusal("客户,日期,金额\n王小明,2024-01-05,3\n".encode("utf-16-be"))
    assert "--encoding utf-16" in refusal("a,b\n1,2\n".encode("utf-16-le"))
    assert "holds NUL characters when it is read as cp1252" in refusal("a,b\n1,2\n".encode("utf-16-le"), "cp1252")


# -- words of the messages ------------------------------------------------------------------------------------------


def test_options_are_written_as_they_are_typed():
    assert option("encoding", "cp1252") == "--encoding cp1252 (in Python encoding='cp1252')"
    assert option("sheet", "Blatt 1") == "--sheet \"Blatt 1\" (in Python sheet='Blatt 1')"


def test_long_lists_are_cut():
    assert listing([str(i) for i in range(12)]).endswith("'9', ...")
    assert listing(["a"]) == "'a'"


# -- laws -----------------------------------------------------------------------------------------------------------

fields = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters=[",", '"', "\n", ";"]), min_size=1, max_size=8
).filter(lambda text: text.strip() == text and text)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(st.tuples(fields, fields, fields), min_size=1, max_size=12), quoting=st.sampled_from([0, 1]))
def test_what_the_csv_module_wrote_comes_back_to_the_letter(lines, quoting):
    target = io.StringIO()
    writer = csv.writer(target, delimiter="\t", quoting=quoting)
    writer.writerows([("customer", "date", "amount"), *lines])
    table, how = read(target.getvalue())
    assert how.startswith("tabs")
    assert rows(table) == [list(line) for line in lines]


@settings(max_examples=40, deadline=None)
@given(
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=30),
    separator=st.sampled_from(",;\t|"),
)
def test_no_row_is_ever_shifted_or_lost(widths, separator):
    lines = [separator.join(["x"] * width) for width in widths]
    text = "\n".join([separator.join(["a", "b", "c"]), *lines])
    wrong = [number for number, width in enumerate(widths, 2) if width != 3]
    if wrong:
        assert re.match(rf"Line {wrong[0]} of log.csv has {widths[wrong[0] - 2]} field", refusal(text))
    else:
        table, _ = read(text)
        pd.testing.assert_frame_equal(
            table, pd.DataFrame({name: ["x"] * len(widths) for name in "abc"}, dtype=table["a"].dtype)
        )
