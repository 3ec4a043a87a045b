"""The raw log while the door reads it: the lines that are left, the row where each stood, and what is to be said."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import narwhals as nw
import numpy as np

from crmlib import parsing
from crmlib.errors import DataError, quote

__all__ = ["Note", "RawLog", "some_lines"]


class Note(NamedTuple):
    """One thing that the door found: a stable ``code``, how many ``lines`` it concerns, and a ``sentence``.

    ``money`` is the sum of the amounts of lines that were left out, where it is known.
    """

    code: str
    lines: int
    sentence: str
    money: float | None = None


class RawLog:
    """The raw log while it is read: the lines that are left, the row where each stood, and what is to be said."""

    def __init__(self, frame):
        self.frame, self.rows, self.notes = frame, np.arange(1, len(frame) + 1), []
        self.nameless = None  # lines left out for want of a customer

    def note(self, code, lines, sentence):
        """Something found in some lines, if there are any."""
        if lines:
            self.notes.append(Note(code, int(lines), sentence))

    def count(self, code, lines, what):
        """The same, of so many lines."""
        self.note(code, lines, f"{some_lines(lines)} {what}")

    def keep(self, kept):
        """Go on with some of the lines."""
        self.frame, self.rows = self.frame.filter(kept.tolist()), self.rows[kept]

    def refuse(self, wrong, name, sentence, advice=""):
        """Raise where a line is ``wrong``, naming the row of the first one and how many there are."""
        if wrong.any():
            where = f"row {self.rows[np.argmax(wrong)]} below the header (column {quote(name)}"
            more = f"; {some_lines(wrong.sum())} like that" if wrong.sum() > 1 else ""
            raise DataError(f"{sentence} in {where}{more}){advice}.")

    def parsed(self, name, role, function, series=None):
        """For each line the place of its value among the distinct values; these, None for a gap last; and what
        ``function`` makes of them. What it cannot read is raised with its row."""
        places, values = _distinct(self.frame[name] if series is None else series)
        try:
            return places, values, function(values)
        except parsing.Unreadable as error:
            value, row = self.first(name, places, values.index(error.value))
            why = error.why
            if error.other is not None:
                why = why.format(other=" in ".join(self.first(name, places, values.index(error.other))))
            raise DataError(f"The {role} {value} in {row} below the header (column {quote(name)}) {why}.") from None

    def first(self, name, places, place):
        """The first raw value at a place, as a message quotes it, and its row."""
        position = int(np.argmax(places == place))
        return quote(self.frame[name][position : position + 1].to_list()[0]), f"row {self.rows[position]}"


def _distinct(series):
    if series.dtype.is_integer():
        series = series.cast(nw.String)  # exact, where integers with gaps would become floating-point numbers
    filled = ~series.is_null().to_numpy()
    places = np.full(len(filled), -1)
    try:
        places[filled], values = series.drop_nulls().to_pandas().factorize()
    except (TypeError, ValueError, NotImplementedError):  # lists and the like
        value = next((value for value in series.to_list() if not isinstance(value, Hashable)), None)
        message = f"Column {quote(series.name)} holds lists or the like, e.g. {quote(value)}; make it text."
        raise DataError(message) from None
    return np.where(places < 0, len(values), places), [*values.tolist(), None]


def some_lines(count):
    """The subject of a sentence."""
    return "1 line is" if count == 1 else f"{count:,} lines are"
