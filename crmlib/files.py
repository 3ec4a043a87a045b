"""Reading an analyst's own file without a guess: text, Excel or Parquet to a pandas table for the door.

Excel and Parquet keep the types they store, text stays text. What a spreadsheet program would repair in silence, or
what is no table at all, ends in one sentence that says what was found and what to do.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmlib.delimited import TEXT, column_names, delimited, listing, option
from crmlib.errors import DataError, quote
from crmlib.transactions import Note

__all__ = ["Reading", "read_file"]

_EXCEL, _PARQUET = (".xlsx", ".xlsm"), (".parquet", ".pq")
_NO_TEXT = (*_EXCEL, *_PARQUET, ".xls", ".xlsb", ".ods")  # names that promise something else than text
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_NO_TABLE = [  # how a file begins -> what it is
    (rb"%PDF", "a PDF document"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "an archive of a kind that is not read"),
    (rb"SQLite format 3", "an SQLite database"),
    (rb"ARROW1", "a Feather file"),
    (rb"PK\x03\x04|\x1f\x8b", "an Excel workbook or archive inside an archive"),
    (rb"(?i)<(!doctype|html|head|body|meta|table|\?xml|!--)", "HTML or XML"),
    (rb"\{\s*[\"}]|\[\s*[\[{]", "JSON"),
]


class Reading(NamedTuple):
    """What a file held: a pandas ``table`` as it stands there, and ``notes`` on how it was read."""

    table: pd.DataFrame
    notes: tuple[Note, ...]


def read_file(path, *, encoding: str | None = None, sheet: str | None = None, alone: str | None = None) -> Reading:
    """Read a table from a text file, an Excel workbook (.xlsx) or a Parquet file.

    Text (.csv, .tsv, .txt, also packed as .gz or alone in a .zip) has a header line and commas, semicolons, tabs or
    vertical bars between its fields; it is UTF-8 or carries a byte order mark, or ``encoding`` names what it is. All
    its columns come as text. ``sheet`` names the sheet of a workbook that has data in several;
    ``alone`` is the name of a column that may be the only one of a text file. Blank lines stay as
    empty rows, so that row numbers agree with the file; the door leaves them out and counts them.

    Raises `DataError` in one sentence for whatever cannot be read without a guess.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "orders.csv")
    ...     _ = path.write_text("customer;date;amount\\n007;2024-01-05;12,50\\n", encoding="utf-8")
    ...     reading = read_file(path)
    >>> reading.table
      customer        date amount
    0      007  2024-01-05  12,50
    >>> reading.notes[0].sentence
    'Read orders.csv: 1 line after the header, semicolons between the fields, UTF-8.'
    """
    path = Path(os.path.expanduser(path))
    name, content = path.name, _content(path)
    if content.startswith(b"\x1f\x8b"):
        content = _unpacked(content, name)
        path = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        members = _members(content, name)
        if "xl/workbook.xml" in members:
            _check_name(path, "an Excel workbook", _EXCEL)
            _check_option("encoding", encoding, name, "an Excel workbook")
            return _excel(content, name, sheet)
        path, content = _only_member(content, name, members)
        name = f"{path.name} in {name}"
    _check_option("sheet", sheet, name, "no Excel workbook")
    if content.startswith(b"PAR1"):
        _check_name(path, "a Parquet file", _PARQUET)
        _check_option("encoding", encoding, name, "a Parquet file")
        return _parquet(content, name)
    _check_not_foreign(content, name)
    if path.suffix.lower() in _NO_TEXT and content.strip():
        raise DataError(
            f"{name} is named {path.suffix} but holds something else; if it is text, rename it to {path.stem}.csv."
        )
    table, how = delimited(content, name, encoding=encoding, alone=alone)
    return Reading(table, (_note(name, len(table), " after the header", how),))


def _content(path):
    if os.path.isdir(path):
        raise DataError(f"{path} is a folder; give the file in it that holds the log.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file {path}; check its name and folder.") from None
    except PermissionError:
        raise DataError(f"{path} may not be read; close it in other programs or change its permissions.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None


def _unpacked(content, name):
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise DataError(f"{name} is a damaged gzip file; fetch or pack it again.") from None


def _members(content, name):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()
    except Exception:  # what a broken archive raises depends on the byte that is broken
        raise DataError(f"{name} is a damaged zip file or Excel workbook; fetch or save it again.") from None


def _only_member(content, name, members):
    if "mimetype" in members or "xl/workbook.bin" in members or "word/document.xml" in members:
        raise DataError(f"{name} is an office document of a kind that is not read; save the log as CSV or .xlsx.")
    files = [member for member in members if not member.endswith("/") and not member.startswith("__MACOSX/")]
    if len(files) != 1:
        held = f"{len(files)} files ({listing(files)})" if files else "no file"
        raise DataError(f"{name} holds {held}; give an archive of one file, or unpack it and give the file.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Path(files[0]), archive.read(files[0])
    except (RuntimeError, NotImplementedError):
        raise DataError(f"{name} has a password or a rare kind of packing; unpack it and give the file.") from None
    except Exception:
        raise DataError(f"{name} is a damaged zip file; fetch or pack it again.") from None


def _check_name(path, what, suffixes):
    """A wrong name is refused, because other programs and people go by it."""
    if path.suffix.lower() not in suffixes:
        raise DataError(f"{path.name} is {what}; rename it to {path.stem}{suffixes[0]}.")


def _check_option(name, value, file, what):
    if value is not None:
        raise DataError(f"{file} is {what}; leave out {option(name, value)}.")


def _check_not_foreign(content, name):
    if content.startswith(_OLD_OFFICE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise DataError(f"{name} is protected by a password; save it without one.")
        raise DataError(f"{name} is in the old Excel format; save it as .xlsx or CSV.")
    start = content[:64].removeprefix(codecs.BOM_UTF8).lstrip()
    for pattern, what in _NO_TABLE:
        if re.match(pattern, start):
            raise DataError(f"{name} is {what}, not a table that can be read; save the log as CSV, .xlsx or Parquet.")


def _note(name, lines, where, how):
    return Note("file", lines, f"Read {name}: {'1 line' if lines == 1 else f'{lines:,} lines'}{where}, {how}.")


def _excel(content, name, sheet):
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and menus that it does not keep
        try:
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheets = {page.title: page for page in book.worksheets}
            for page in sheets.values():
                page.reset_dimensions()  # some programs store a wrong size, and cells beyond it would be lost
            title = _sheet_title(sheets, name, sheet)
            rows = [list(row) for row in sheets[title].iter_rows(values_only=True)]
        except DataError:
            raise
        except Exception:  # a broken workbook fails in a dozen ways inside openpyxl
            raise DataError(f"{name} is a damaged Excel workbook; open it in Excel and save it again.") from None
    place = f"sheet {title!r} of {name}"
    names, body = _header_and_body(rows, place)
    columns = [_excel_column(list(cells)) for cells in zip(*body, strict=True)]
    notes = [_note(place, len(body), " after the header", "Excel")]
    for column, values in zip(names, columns, strict=True):
        large = [cell for cell in values if isinstance(cell, int | float) and abs(cell) >= 1e15]
        if large:
            sentence = (
                f"Column {quote(column)} holds numbers of more than 15 digits, which Excel rounds; store ids as text."
            )
            notes.append(Note("rounded_numbers", len(large), sentence))
    return Reading(pd.DataFrame(dict(zip(names, columns, strict=True))), tuple(notes))


def _sheet_title(sheets, name, sheet):
    if sheet is not None and sheet not in sheets:
        raise DataError(f"{name} has no sheet {quote(sheet)}; it has {listing(list(sheets))}.")
    filled = [title for title, page in sheets.items() if sheet in (None, title) and _has_data(page)]
    if not filled:
        raise DataError(f"{name} is empty: no data in {'any sheet' if sheet is None else f'sheet {sheet!r}'}.")
    if len(filled) > 1:
        tip = option("sheet", filled[0])
        raise DataError(f"{name} has data in {len(filled)} sheets ({listing(filled)}); name one, e.g. {tip}.")
    return filled[0]


def _has_data(page):
    return any(cell is not None for row in page.iter_rows(values_only=True) for cell in row)


def _header_and_body(rows, place):
    """Column names from the first row with data, and the rows under it, each as wide as the header."""
    top = next(number for number, row in enumerate(rows) if any(cell is not None for cell in row))
    width = max(number for number, cell in enumerate(rows[top], 1) if cell is not None)
    names, body = column_names(rows[top][:width], place), rows[top + 1 :]
    while body and all(cell is None for cell in body[-1]):
        body.pop()  # formatted but empty rows below the table are no lines of it
    if not body:
        raise DataError(f"S{place[1:]} has a header but no rows of data.")
    for number, row in enumerate(body, top + 2):
        if any(cell is not None for cell in row[width:]):
            raise DataError(
                f"Row {number} of {place} has more cells than row {top + 1}, which should name every column; if row {top + 1} "
                "is a title, delete the rows above the column names."
            )
        row[width:] = [None] * (width - len(row))
    return names, body


def _excel_column(cells):
    """Real dates, numbers and text keep their types; a mix stays as it is, for the door to judge."""
    cells = [None if isinstance(cell, str) and not cell.strip() else cell for cell in cells]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {str}:
        return pd.Series(cells, dtype=TEXT)
    column = pd.Series(cells, dtype=object)
    return column if kinds == {int} and None in cells else column.infer_objects()  # ids beside gaps stay whole


def _parquet(content, name):
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = [column for column in file.schema_arrow.names if not re.fullmatch(r"__index_level_\d+__", column)]
        if len(set(names)) < len(names):
            raise DataError(f"{name} has two columns of the same name among {listing(names)}; rename one.")
        table = file.read().select(names).replace_schema_metadata()  # an index of pandas is a column of the log
        for place, field in enumerate(table.schema):
            if pa.types.is_decimal(field.type):
                table = table.set_column(place, field.name, table[field.name].cast(pa.float64()))
            elif pa.types.is_binary(field.type) or pa.types.is_large_string(field.type):  # text by another name
                table = table.set_column(place, field.name, table[field.name].cast(pa.string()))
        frame = table.to_pandas(
            integer_object_nulls=True,  # ids beside gaps stay whole numbers
            date_as_object=False,
            types_mapper={pa.string(): TEXT}.get,
        )
    except DataError:
        raise
    except Exception:  # as with archives
        raise DataError(f"{name} is a damaged Parquet file; write it again.") from None
    if not len(frame):
        raise DataError(f"{name} has columns but no rows.")
    return Reading(frame, (_note(name, len(frame), "", "Parquet"),))
