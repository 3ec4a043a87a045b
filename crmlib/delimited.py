"""Text with separators, read without a guess: encoding, separator, header and the width of every row are checked.

The csv module reads every line once, and nothing else does, so what is checked is what is read. All values come as
text: ids keep their zeros, and the door alone decides what is a date or a number.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from itertools import islice

import numpy as np
import pandas as pd

from crmlib.errors import DataError, quote

__all__ = ["TEXT", "column_names", "delimited", "listing", "option"]

TEXT = pd.StringDtype("pyarrow", na_value=np.nan)  # what pandas 3 calls "str", on pandas 2 as well

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_BOMS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_ROWS_AT_ONCE = 4_000  # with many more, Python's garbage collector takes half of the time
_LOOKED_AT = 200  # rows that decide on the separator, within the first characters of the text
_LOOKED_INTO = 500_000
# digits and signs only, or a date with the name of its month
_DATA = re.compile(r"[\W_]*\d[\d\W_TZ年月日]*(?:[AaPp]\.?[Mm]\.?)?|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}.*")


def delimited(
    content: bytes, name: str, *, encoding: str | None = None, alone: str | None = None
) -> tuple[pd.DataFrame, str]:
    """The table in ``content`` with all columns as text, and a phrase on how it was read; ``name`` is for messages.

    A table of one column has no separator and is refused, unless ``alone`` is what its column is called.
    Empty fields are missing values. Blank lines stay as empty rows, so that row numbers agree with the file.
    Raises `DataError` in one sentence for whatever cannot be read without a guess.

    >>> table, how = delimited(b"id;paid\\n007;12,50\\n", "orders.csv")
    >>> table["id"].to_list(), table["paid"].to_list(), how
    (['007'], ['12,50'], 'semicolons between the fields, UTF-8')
    """
    text, encoding = _decoded(content, name, encoding)
    if not text.strip():
        raise DataError(f"{name} is empty.")
    hint = re.match(r"\s*sep=(.)\r?\n", text)  # some programs write this line above the header, for Excel
    first = text.lstrip("\r\n").splitlines()[0].strip()
    separator = hint[1] if hint else "," if alone and first.lower() == alone else _separator(text, name)
    names, columns = _fields(text, name, separator, skip=1 if hint else 0)
    table = columns.to_pandas(types_mapper=lambda _: TEXT)
    table.columns = names
    return table, f"{_plural(separator)} between the fields, {encoding}"


def column_names(header, name: str, *, separator: str = ",") -> list[str]:
    """Column names from the cells of a header line; a column without a name is called by its place.

    Raises `DataError` if the cells look like data or if two are the same.

    >>> column_names(["customer ", None], "a.csv")
    ['customer', 'column 2']
    """
    cells = ["" if cell is None else unicodedata.normalize("NFC", str(cell).strip()) for cell in header]
    if any(_DATA.fullmatch(cell) for cell in cells):
        raise DataError(
            f"The first line of {name} looks like data, not like column names ({_shown(cells)}); "
            f"put a header line above it, such as {separator.join(('customer', 'date', 'amount'))!r}."
        )
    names = [cell or f"column {place}" for place, cell in enumerate(cells, 1)]
    twice = next((cell for cell in names if names.count(cell) > 1), None)
    if twice is not None:
        places = " and ".join(str(place) for place, cell in enumerate(names, 1) if cell == twice)
        raise DataError(f"{name} has the column name {quote(twice)} more than once (columns {places}); rename one.")
    return names


def option(name: str, value: str) -> str:
    """How an option is typed, on the command line and in Python.

    >>> option("sheet", "May 2024")
    '--sheet "May 2024" (in Python sheet=\\'May 2024\\')'
    """
    typed = value if re.fullmatch(r"[\w.-]+", value) else f'"{value}"'
    return f"--{name} {typed} (in Python {name}={value!r})"


def listing(names, *, most: int = 10) -> str:
    """Names in quotation marks, the first ``most`` of them.

    >>> listing(["a", "b", "c"], most=2)
    "'a', 'b', ..."
    """
    return ", ".join([quote(name) for name in names[:most]] + ["..."] * (len(names) > most))


def _shown(cells, most=60):
    text = ", ".join(quote(cell) for cell in cells)
    return text if len(text) <= most else text[: most - 3] + "..."


def _plural(separator):
    return _SEPARATORS.get(separator, repr(separator))


def _decoded(content, name, encoding):
    marked = next((codec for bom, codec in _BOMS if content.startswith(bom)), None)
    codec = encoding or marked or "utf-8"
    if encoding:
        _check_encoding(content, name, encoding, marked)
    elif not marked and b"\0" in content:
        raise DataError(f"{name} holds NUL bytes (the first in line {_line(content, content.index(0))}), {_why_nul(content)}.")
    shown = "UTF-8" if codec.startswith("utf-8") else codec
    try:
        text = content.decode(codec)
    except UnicodeError as error:
        where = ""
        if isinstance(error, UnicodeDecodeError):
            where = f" (byte 0x{content[error.start]:02X} in line {_line(content, error.start)})"
        raise DataError(
            f"{name} is not {shown}{where}; name the encoding that it has, "
            f"e.g. {option('encoding', 'cp1252')} for Western Europe or gb18030 for Chinese."
        ) from None
    except (LookupError, ValueError):  # no such codec, or one that does not give text
        tip = option("encoding", "cp1252")
        raise DataError(f"There is no encoding {quote(codec)}; try e.g. {tip} for Western Europe or gb18030.") from None
    if "\0" in text:
        raise DataError(f"{name} holds NUL characters when it is read as {codec}; it is no text in that encoding.")
    return text.removeprefix("\ufeff"), shown


def _line(content, place):
    return content.count(b"\n", 0, place) + 1


def _why_nul(content):
    if content.count(0) * 5 < len(content):  # the signs of a table in UTF-16 are NULs more often, in any language
        return "which no text does; export the log again, as CSV"
    return f"so it is no text, or text in UTF-16; save the log as CSV, or name the encoding: {option('encoding', 'utf-16')}"


def _check_encoding(content, name, encoding, marked):
    """An encoding that fits any bytes, as cp1252 nearly does, would garble every letter of a UTF-8 file in silence."""
    try:
        codec = codecs.lookup(encoding).name
        alone = len(bytes(range(128, 256)).decode(codec, "replace")) == 128  # one byte a character
        text = content.decode("utf-8")
    except (LookupError, ValueError):  # no such codec, or not UTF-8
        codec, alone, text = encoding, False, None
    family = (marked or "").removesuffix("-sig")
    drop = f"leave out {option('encoding', encoding)}"
    if marked and not codec.startswith(family):
        raise DataError(f"{name} begins with the mark of {family.upper()}, so it is not {encoding}; {drop}.")
    if codec.startswith(("utf-16", "utf-32")):
        if b"\0" not in content and content.strip():
            raise DataError(f"{name} is not {encoding}; {drop}.")
    # genuine text of another encoding is UTF-8 only by chance; a few Chinese characters can be, a page of them cannot
    elif text is not None and not codec.startswith("utf") and len(content) - len(text) >= (1 if alone else 16):
        raise DataError(f"{name} is UTF-8 and would be garbled as {encoding}; {drop}.")


def _reader(text, separator):
    # a quoted field after ", " is seen as quoted only when the space is skipped
    spaced = f'{separator} "' in text
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=spaced)


def _filled(row):
    return any(field.strip() for field in row)


def _separator(text, name):
    """The sign that gives every row as many fields as the header; of two such signs the one that gives more fields."""
    found = []
    for sign in _SEPARATORS:
        widths = []
        try:
            for row in islice(filter(_filled, _reader(text[:_LOOKED_INTO], sign)), _LOOKED_AT):
                widths.append(len(row))
        except csv.Error as error:
            if "expected after" in str(error):  # a wrong sign puts quotation marks out of place
                continue
        if widths and widths[0] > 1:
            found.append((widths.count(widths[0]) / len(widths), widths[0], sign))
    found.sort(reverse=True)
    if len(found) > 1 and (found[0][:2] == found[1][:2] or found[0][0] < 0.5):
        signs = " or ".join(_plural(sign) for _, _, sign in found)
        raise DataError(f"{name} could have {signs} between its fields; save it with one of them only.")
    if found:
        return found[0][2]
    first = text.lstrip("\r\n").splitlines()[0]
    often = max(_SEPARATORS, key=first.count)
    if often in first:
        return often
    what = f"{name} has no separator in its first line ({_shown([first])})"
    if any(sign in text for sign in _SEPARATORS):
        raise DataError(f"{what}; if it is a title, delete the lines above the column names.")
    raise DataError(f"{what}; between its fields there must be a comma, a semicolon, a tab or a |.")


class _BadRow(Exception):
    """A row is not as wide as the header."""


def _fields(text, name, separator, *, skip):
    """The column names and an Arrow table of text columns, every row as wide as the header."""
    import pyarrow as pa
    import pyarrow.compute as pc

    reader = islice(_reader(text, separator), skip, None)
    try:
        names = column_names(next(filter(_filled, reader), []), name, separator=separator)
        if len(names) == 1 and separator in names[0]:
            raise DataError(
                f"The first line of {name} stands in quotation marks as a whole, so its {_plural(separator)} separate "
                "nothing; take the quotation marks around the lines away."
            )
        chunks = []
        while rows := list(islice(reader, _ROWS_AT_ONCE)):
            rows = [row if len(row) == len(names) else _blank(row, len(names)) for row in rows]
            chunks.append([pa.array(fields, pa.string()) for fields in zip(*rows, strict=True)])
    except (csv.Error, _BadRow):
        raise _explained(text, name, separator, skip) from None
    if not chunks:
        raise DataError(f"{name} has a header line but no lines of data.")
    columns = []
    for parts in zip(*chunks, strict=True):
        column = pa.chunked_array(parts)
        columns.append(pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column))
    return names, pa.table(columns, names=[str(place) for place in range(len(names))]).combine_chunks()


def _blank(row, width):
    if _filled(row):
        raise _BadRow
    return [""] * width


def _explained(text, name, separator, skip):
    """The sentence for the first row that cannot be read: a second pass, because only this one counts lines."""
    reader = _reader(text, separator)
    width, before = None, 0
    try:
        for row in reader:
            if before >= skip and _filled(row):
                width = width or len(row)
                if len(row) != width:
                    found = "1 field" if len(row) == 1 else f"{len(row)} fields"
                    what = "put a field that contains them in quotation marks"
                    if len(row) < width:
                        what = "add what is missing, an empty field too, or delete the line if it is no purchase"
                    elif not _filled(row[width:]):
                        what = "take them away at the end of the lines, or put as many at the end of the header"
                    return DataError(
                        f"Line {before + 1} of {name} has {found} where the header has {width}; "
                        f"fields are separated by {_plural(separator)}: {what}."
                    )
            before = reader.line_num
    except csv.Error as error:
        why = "opens a quotation mark that is never closed; close it or take it away"
        if "expected after" in str(error):
            why = 'has text after a closing quotation mark; a " inside a field is written ""'
        elif "limit" in str(error) and '"' not in re.split(r"\r\n|\r|\n", text)[before]:
            why = f"has a field of more than {csv.field_size_limit():,} characters; shorten it or leave out its column"
        return DataError(f"Line {before + 1} of {name} {why}.")
    raise AssertionError("the first pass found a row that the second did not")
