"""Groups of a few customers, which a report merges or hides: what is said of them is said of people who can be found.

The threshold rule of statistical disclosure control: a cell of a table is unsafe if too few stand behind it. Some
agencies ask for five, others for three (Glossary of Statistical Disclosure Control, UNECE and Eurostat 2005, "threshold
rule"); five is our convention. Groups without customers are shown, as there is nobody to be found in them.

It guards one table against plain subtraction from its totals. It cannot guard against somebody who subtracts one report
from another, or who knows some of the customers.
"""

from __future__ import annotations

import math

from crmlib.wording import number

__all__ = ["HIDDEN", "LEAST", "cells", "covered", "is_small", "merged", "shown"]

LEAST = 5  # customers behind a figure that is shown
HIDDEN = "hidden"  # what stands in the place of a figure that would give another one away


def is_small(n, least=LEAST) -> bool:
    """Whether so many customers are some, but fewer than ``least``.

    >>> is_small(0), is_small(4), is_small(5)
    (False, True, False)
    """
    return n is not None and 0 < n < least


def shown(n, least=LEAST) -> str:
    """A number of customers as text; from 1 to ``least`` - 1 only that there are fewer than ``least``.

    >>> shown(0), shown(4), shown(5), shown(1234), shown(None)
    ('0', '<5', '5', '1,234', '–')
    """
    return f"<{least}" if is_small(n, least) else number(n)


def merged(rows, *, label, sums=(), count="customers", least=LEAST) -> list[dict]:
    """The rows of a table with those of 1 to ``least`` - 1 customers made one row, "others (fewer than 5 each)".

    ``rows`` are dictionaries; ``label`` is the column that names the group, ``count`` the one that counts its customers,
    and ``sums`` are the other columns that add up, e.g. revenue and shares. They are summed in the new row, so that totals
    are kept (a sum with a gap in it is a gap); all its other columns are None, as nothing can be said of them. If the new
    row has fewer than ``least`` customers itself, the smallest other row that has customers joins it (the last of equals),
    or the total would give it away; it is then named "drifting and others (fewer than 5 each)". It stands where the last
    of its rows stood. Rows without customers stay. If all customers of the table are fewer than ``least``, one small row is
    left: show its count with `shown` and nothing else of it.

    >>> rows = [{"tier": "top", "customers": 1, "revenue": 90}, {"tier": "big", "customers": 4, "revenue": 50},
    ...         {"tier": "small", "customers": 95, "revenue": 60}]
    >>> merged(rows, label="tier", sums=["revenue"])
    [{'tier': 'others (fewer than 5 each)', 'customers': 5, 'revenue': 140}, {'tier': 'small', 'customers': 95, 'revenue': 60}]
    >>> [row["tier"] for row in merged(rows[1:], label="tier")]
    ['small and others (fewer than 5 each)']
    """
    rows = [dict(row) for row in rows]
    together = [place for place, row in enumerate(rows) if is_small(row[count], least)]
    if not together:
        return rows
    name = f"others (fewer than {least} each)"
    if sum(rows[place][count] for place in together) < least:
        larger = [place for place, row in enumerate(rows) if row[count] and place not in together]
        if larger:
            joins = min(reversed(larger), key=lambda place: rows[place][count])
            name = f"{rows[joins][label]} and {name}"
            together = sorted([*together, joins])
    one = dict.fromkeys(rows[0]) | {label: name}
    one |= {column: _sum([rows[place][column] for place in together]) for column in (count, *sums)}
    return [one if place == together[-1] else row for place, row in enumerate(rows) if place not in together[:-1]]


def covered(counts, least=LEAST) -> list[list[bool]]:
    """Which cells of a table of customers to hide: those of 1 to ``least`` - 1, and what would give them away.

    ``counts`` are the rows of the table without its totals, gaps as None. Where one cell alone is hidden in a row or a
    column, or all that are hidden there sum to fewer than ``least``, the smallest other cell that has customers is hidden
    too, until nothing follows from either total. In a row or column with no such cell the total is as small as the cell,
    so hide that as well: `shown` does.

    >>> covered([[10, 2, 30], [40, 50, 6], [7, 8, 9]])
    [[True, True, False], [False, False, False], [True, True, False]]
    """
    found = [[is_small(n, least) for n in row] for row in counts]
    width = len(found[0]) if found else 0
    lines = [[(y, x) for x in range(width)] for y in range(len(found))]
    lines += [[(y, x) for y in range(len(found))] for x in range(width)]
    changed = True
    while changed:
        changed = False
        for line in lines:
            hidden = [counts[y][x] for y, x in line if found[y][x]]
            open_ = [(y, x) for y, x in line if not found[y][x] and counts[y][x]]
            if hidden and open_ and (len(hidden) == 1 or sum(hidden) < least):
                y, x = min(open_, key=lambda place: counts[place[0]][place[1]])
                found[y][x] = changed = True
    return found


def cells(counts, least=LEAST) -> list[list[str]]:
    """The cells of a table of customers as text, with "<5" and "hidden" where `covered` says so.

    >>> cells([[10, 2, 30], [40, 50, 6], [7, 8, None]])
    [['hidden', '<5', '30'], ['40', '50', '6'], ['hidden', 'hidden', '–']]
    """
    return [
        [HIDDEN if hide and not is_small(n, least) else shown(n, least) for n, hide in zip(row, hides, strict=True)]
        for row, hides in zip(counts, covered(counts, least), strict=True)
    ]


def _sum(values):
    if any(value is None or value != value for value in values):
        return None
    return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)
