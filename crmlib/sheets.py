"""The tables of a report as an Excel workbook: a sheet of contents, then one sheet a table, with numbers as numbers.

Numbers are those that the report was made of, unrounded, and shown with its decimals. Text is text: no cell is ever a
formula, and text that a spreadsheet could take for one has an apostrophe in front, as in `crmlib.scorecard`.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

from crmlib.inert import Facts, Table, visible
from crmlib.scorecard import neutral_text
from crmlib.wording import NOTHING, Figure, money, number

__all__ = ["Sheet", "keep", "kept", "made_by", "tables_in", "write"]

NAME = 31  # letters that Excel allows in the name of a sheet
CELL = 32_767  # and in a cell
WIDEST = 70
_NOT_IN_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
_WHOLE = re.compile(r"\d{1,3}")  # an age, a decile, a number of orders; a year or an id has more digits
# the first headings of tables whose first column, or whose other headings, are such numbers; names of products are none
_DOWN, _ACROSS = ("before", "decile", "slice", "window, days"), ("before", "cohort")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")


class Sheet(NamedTuple):
    """A table of the report, the section that it stands in and what it shows."""

    section: str
    title: str
    table: Table


def tables_in(shown, section="", title="") -> list[Sheet]:
    """The tables in something that a report shows: a table, or what has ``parts`` and a ``heading`` or ``title``; with those
    that stand in the workbook only.

    >>> [sheet.title for sheet in tables_in(Table(("a", "b"), (("x", "1"),), caption="What it shows"))]
    ['What it shows']
    """
    if isinstance(shown, Table):
        return [Sheet(section, shown.caption or title, shown)]
    section, title = getattr(shown, "heading", section), getattr(shown, "title", title)
    parts = (*getattr(shown, "parts", ()), *getattr(shown, "sheets", ()))
    return [sheet for part in parts for sheet in tables_in(part, section, title)]


def keep(outputs, path) -> None:
    """Called in the kernel of a report: leave its facts and tables in a file, for `kept` in the process that made it.

    ``outputs`` is IPython's ``Out``: what each cell showed, by its number.
    """
    facts = [shown for shown in outputs.values() if isinstance(shown, Facts)]
    tables = {number: tables_in(shown) for number, shown in outputs.items()}
    Path(path).write_bytes(pickle.dumps((facts[:1], {number: found for number, found in tables.items() if found})))


def kept(path, sections) -> tuple[tuple, list[Sheet]]:
    """The pairs of facts and the tables that `keep` left; ``sections`` says under what heading each cell stands."""
    facts, tables = pickle.loads(Path(path).read_bytes())
    sheets = [sheet._replace(section=sheet.section or sections.get(number, "")) for number, found in tables.items() for sheet in found]
    return tuple(pair for one in facts for pair in one.pairs), sheets


def write(sheets, path, *, title, facts=(), made="", generator="crmlib", day="2000-01-01") -> None:
    """Write a workbook with a sheet of contents and a sheet a table; the same tables give the same bytes.

    ``facts`` are pairs of a name and a value that stand under the title; ``made`` is the line at the foot of the contents;
    ``generator`` is the mark by which `made_by` knows the file; ``day``, YYYY-MM-DD, is the date in its properties.
    """
    import datetime as dt

    from openpyxl import Workbook
    from openpyxl.worksheet.hyperlink import Hyperlink

    book = Workbook()
    contents, named = book.active, _names(sheets)
    contents.title = "contents"
    for row in ((title,), *((name, value) for name, value in facts), (), ("sheet", "section", "what it shows", "rows")):
        contents.append([None] * len(row))
        for column, value in enumerate(row, 1):
            _fill(contents.cell(contents.max_row if row else 1, column), value)
    header = contents.max_row
    for name, sheet in zip(named, sheets, strict=True):
        row = contents.max_row + 1
        for column, value in enumerate((name, sheet.section, sheet.title or sheet.section), 1):
            _fill(contents.cell(row, column), value)
        contents.cell(row, 4, len(sheet.table.rows))
        contents.cell(row, 1).hyperlink = Hyperlink(ref=f"A{row}", location=f"'{name}'!A1")
        contents.cell(row, 1).style = "Hyperlink"
        _table(book.create_sheet(name), sheet.table)
    said = (
        "Numbers are unrounded and shown as in the report. <5 and hidden stand for groups of fewer than five customers and for "
        "what would give them away; an empty cell is what the log cannot say.",
        made,
    )
    for row, text in enumerate(filter(None, said), contents.max_row + 2):
        _fill(contents.cell(row, 1), text)
    _dress(contents, header, widths=[34, 40, WIDEST, 8])
    about = book.properties
    about.creator, about.title = generator, title
    about.created = about.modified = dt.datetime.fromisoformat(day)
    _save(book, path)


def made_by(path, generator) -> bool:
    """Whether a file is a workbook that bears the mark of ``generator`` in its properties."""
    try:
        with zipfile.ZipFile(path) as archive:
            return f"<dc:creator>{generator}" in archive.read("docProps/core.xml").decode("utf-8")
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return False


def _names(sheets):
    """Names that Excel takes, each once: a number and as many words of what it shows as fit."""
    names = []
    for place, sheet in enumerate(sheets, 1):
        words = " ".join(_NOT_IN_NAMES.sub(" ", visible(sheet.title or sheet.section)).split())
        name = f"{place:02d} {words}".strip()
        if len(name) > NAME:
            name = name[:NAME].rpartition(" ")[0] if " " in name[4:NAME] else name[:NAME]
        names.append(name)
    return names


def _table(sheet, table):
    sheet.append([None] * len(table.headings))
    for column, text in enumerate(table.headings, 1):
        _fill(sheet.cell(1, column), text, count=column > 1 and table.headings[0] in _ACROSS)
    counts = {0} if table.headings[0] in _DOWN else set()
    for row, texts in enumerate(table.rows, 2):
        for column, text in enumerate(texts, 1):
            _fill(sheet.cell(row, column), text, right=column - 1 not in table.words, count=column - 1 in counts)
    lengths = [max(map(len, column)) for column in zip(table.headings, *table.rows, strict=True)]
    _dress(sheet, 1, widths=[min(max(length + 2, 10), WIDEST) for length in lengths], words=table.words)
    sheet.freeze_panes = "B2" if 0 in table.words else "A2"


def _fill(cell, value, right=False, count=False):
    """A figure as its number with a format, all else as text that cannot become a formula; ``count``: a whole number that
    is written as text, such as a decile or an age, is a number too."""
    from openpyxl.styles import Alignment

    if value in ("", NOTHING, None):
        return
    figure = value if isinstance(value, Figure) else None
    if figure is None and count and _WHOLE.fullmatch(value):
        figure = number(int(value))
    if figure is not None and (figure.kind == "day" or math.isfinite(figure.value)):
        cell.value, cell.number_format = figure.value, _format(figure)
        return
    cell.value = neutral_text(_NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", visible(value)))[:CELL]
    cell.data_type = "s"  # openpyxl takes what begins with = for a formula
    cell.alignment = Alignment(horizontal="right" if right else None, vertical="top", wrap_text=len(cell.value) > WIDEST)


def _format(figure):
    """The format in which Excel shows a number as the report does.

    >>> _format(money(1.5, "CHF")), _format(money(1.5, "$", 0))
    ('\\\\C\\\\H\\\\F\\\\ #,##0.00;-\\\\C\\\\H\\\\F\\\\ #,##0.00', '\\\\$#,##0;-\\\\$#,##0')
    """
    decimals = f".{'0' * figure.decimals}" if figure.decimals else ""
    if figure.kind == "day":
        return "yyyy-mm-dd"
    if figure.kind in ("percent", "change"):
        share = f"#,##0{decimals}%"
        return share if figure.kind == "percent" else f"+{share};-{share};{share}"
    sign = "".join(f"\\{letter}" for letter in money(0, figure.currency, 0)[:-1])  # as letters, whatever they mean in a format
    return f"{sign}#,##0{decimals};-{sign}#,##0{decimals}" if sign else f"#,##0{decimals}"


def _dress(sheet, header, *, widths, words=()):
    """Bold heads, widths, and what a printer needs: landscape, one page wide, the head on every page."""
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        cell = sheet.cell(header, column)
        cell.font, cell.border = Font(bold=True), Border(bottom=Side(style="thin"))
        right = bool(words) and column - 1 not in words
        cell.alignment = Alignment(horizontal="right" if right else "left", vertical="bottom", wrap_text=True)
    if header > 1:
        sheet["A1"].font = Font(bold=True, size=14)
    sheet.print_title_rows = f"{header}:{header}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _save(book, path):
    """As openpyxl saves, but with the dates of the properties and none of the clock's."""
    from openpyxl.writer.excel import ExcelWriter

    drawn = io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(drawn, "w", zipfile.ZIP_DEFLATED)).save()
    with zipfile.ZipFile(drawn) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
