"""What every exhibit is made of: tables from rows, the sentence that says what follows, and why a lens is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crmlib.conclusions import lowered
from crmlib.inert import Exhibit, Picture, Prose, Refusal, Section, Table, picture
from crmlib.overview import Refused
from crmlib.response import wilson
from crmlib.small_groups import LEAST
from crmlib.wording import number, percent

__all__ = [
    "Column", "banded", "bounds_said", "exhibit", "interval", "ratio", "reason", "refusal", "sampled", "section", "tabled", "text", "written",
]  # fmt: skip


class Column(NamedTuple):
    """A column of a table: where it is found in a row, its heading, and how its values are written."""

    name: str
    heading: str
    write: Callable = number


def text(value) -> str:
    """A cell of words."""
    return "–" if value is None else str(value)


def written(value):
    """A number that is text already."""
    return value


def tabled(rows, columns, *, caption="") -> Table:
    """Rows (dictionaries) as a table; columns written by `text` are words, the others numbers.

    >>> tabled([{"tier": "top", "n": 1200}], [Column("tier", "tier", text), Column("n", "customers")])
    tier  customers
    top       1,200
    """
    words = tuple(place for place, column in enumerate(columns) if column.write is text)
    cells = tuple(tuple(column.write(row[column.name]) for column in columns) for row in rows)
    return Table(tuple(column.heading for column in columns), cells, words=words, caption=caption)


def exhibit(key, title, *, chart=None, shows="", so_what, tables=()) -> Exhibit:
    """A finding in its usual order: the chart (axes, and in words what it ``shows``), what follows, the tables."""
    drawn: tuple[Picture, ...] = (picture(chart, words=shows),) if chart is not None else ()
    return Exhibit(key, title, (*drawn, Prose((so_what,), "meaning"), *tables))


def section(key, heading, view, exhibits) -> Section:
    """The section of a lens: what of the log it looks at, then its exhibits."""
    return Section(key, heading, (Prose((view,)), *exhibits))


def reason(refused: Refused, asked="") -> Refusal:
    """What is missing, what would mend it, and the nearest view that is valid, with the questions ``asked``."""
    return Refusal(refused.why, refused.mends, lowered(refused.view), refused.link, asked)


def refusal(key, heading, refused: Refused) -> Section:
    """The section of a lens that the log cannot carry."""
    return Section(key, heading, (reason(refused),))


def ratio(value) -> str:
    """A ratio with two decimals, such as orders a customer."""
    return number(value, 2)


def interval(low, high) -> str:
    """The ends of a 95 % interval of a share, to stand behind it."""
    return f" (95 % interval {percent(low)} to {percent(high)})"


def sampled(part, whole) -> str:
    """A share with its 95 % interval, as if the customers were a sample of all who could have come."""
    low, high = (float(end[0]) for end in wilson([part], [whole]))
    return f"{percent(part / whole)}{interval(low, high)}"


def bounds_said(values) -> str:
    """What a share that is only said to be under or over a bound stands for, for a caption; empty where there is none.

    >>> bounds_said([0.25, "under 17.9 %", "under 12.5 %"]), bounds_said([0.25]), bounds_said(["over 80.0 %", "hidden"])
    ('; “under 17.9 %”: fewer than 5 customers', '', '; “over 80.0 %”: all but fewer than 5 customers')
    """
    texts = [value for value in values if isinstance(value, str)]
    first = [next((one for one in texts if one.startswith(word)), None) for word in ("under ", "over ")]
    what = (f"fewer than {LEAST} customers", f"all but fewer than {LEAST} customers")
    return "".join(f"; “{one}”: {words}" for one, words in zip(first, what, strict=True) if one)


def banded(value, *bands) -> str:
    """The words of the first band whose end the value does not reach; the last band has no end."""
    return next(words for end, words in bands if end is None or value < end)
