"""Who gets a data set of their own: a table of students, read and checked."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from crmlib.delimited import listing
from crmlib.errors import DataError, quote
from crmlib.files import read_file
from crmlib.parsing import ids

__all__ = ["Unit", "roster"]

_GROUPS = ("class", "group")


class Unit(NamedTuple):
    """Who shares one set: ``kind`` "student" or "class", its name, and the students in it."""

    kind: str
    name: str
    students: tuple[str, ...]


def roster(path, *, per_student: bool = False) -> list[Unit]:
    """The units of a roster: its classes (column class or group; without one, all are one class), or its students.

    The file is a table with the column ``student``: text, Excel or Parquet, as `crmlib.files.read_file` takes it. Wholly
    empty rows are left out. Raises `DataError` for a missing column, an empty name and a student who stands in it twice.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "roster.csv")
    ...     _ = path.write_text("student,group\\nAnn,A\\nBo,B\\nCem,A\\n")
    ...     roster(path)
    [Unit(kind='class', name='A', students=('Ann', 'Cem')), Unit(kind='class', name='B', students=('Bo',))]
    """
    table = read_file(path, alone="student").table
    columns = {str(name).strip().lower(): name for name in table.columns}
    if "student" not in columns:
        raise DataError(f"The roster has no column 'student'; it has {listing(list(table.columns))}.")
    group = next((columns[name] for name in _GROUPS if name in columns), None)
    students = _names(table, columns["student"])
    groups = _names(table, group) if group is not None else ["all"] * len(students)
    rows, of = {}, {}
    for row, (student, unit) in enumerate(zip(students, groups, strict=True), 1):
        if not student and (group is None or not unit) and table.iloc[row - 1].isna().all():
            continue
        for name, column in ((student, columns["student"]), (unit, group)):
            if not name:
                raise DataError(f"Row {row} of the roster has nothing in the column {column!r}; fill it in or delete the row.")
        if student in rows:
            raise DataError(
                f"The roster has the student {quote(student)} twice, in rows {rows[student]} and {row}; "
                "make the names differ or delete one."
            )
        rows[student] = row
        of.setdefault(unit, []).append(student)
    if not rows:
        raise DataError("The roster has no students.")
    if per_student:
        return [Unit("student", student, (student,)) for student in rows]
    return [Unit("class", unit, tuple(members)) for unit, members in of.items()]


def _names(table, column):
    """Text without spaces around it, and a letter with an accent always stored in the same way; "" for a gap."""
    texts = (value if isinstance(value, str) else ids([value])[0] or "" for value in table[column])  # 7 and not 7.0
    return [unicodedata.normalize("NFC", text.strip()) for text in texts]
