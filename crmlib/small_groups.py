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
    row has fewer than ``least`` customers itself, or as many as give each of its groups away (eight of two groups of fewer
    than five), the smallest other row that has customers joins it (the last of equals), or the total would tell; it is then
    named "drifting and others (fewer than 5 each)". It stands where the last
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
    all_of_them = sum(rows[place][count] for place in together)
    if all_of_them < least or all_of_them in (len(together), len(together) * (least - 1)):
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
    too, one that is not alone in its own column or row if there is such a cell. Then more are hidden until no hidden cell
    follows from the cells that are shown, all totals and what "<5" and "hidden" say of a number (1 to 4, 5 or more).
    Totals that are small are not among what is known: they are hidden themselves, by ``cells([totals])``.

    >>> covered([[10, 2, 30], [40, 50, 6], [7, 8, 9]])
    [[True, True, False], [False, False, False], [True, True, False]]
    >>> covered([[4, 4, 30]])  # two of fewer than five that sum to eight are four each
    [[True, True, True]]
    """
    found = [[is_small(n, least) for n in row] for row in counts]
    width = len(found[0]) if found else 0
    rows = [[(y, x) for x in range(width)] for y in range(len(found))]
    columns = [[(y, x) for y in range(len(found))] for x in range(width)]

    while True:  # each may hide what the other has to look at again
        paired = _paired(counts, found, rows, columns, least)
        closed = _closed(counts, paired, rows, columns, least)
        if closed == paired:
            return closed
        found = closed


def _paired(counts, found, rows, columns, least):
    """``found``, and in each line with one hidden cell, or few customers behind all that are, another one."""
    found = [[*line] for line in found]

    def alone(y, x):
        return any(sum(bool(counts[b][a]) for b, a in line) == 1 for line in (rows[y], columns[x]))

    changed = True
    while changed:
        changed = False
        for line in rows + columns:
            hidden = [counts[y][x] for y, x in line if found[y][x]]
            open_ = [(y, x) for y, x in line if not found[y][x] and counts[y][x]]
            if hidden and open_ and (len(hidden) == 1 or sum(hidden) < least):
                y, x = min(open_, key=lambda place: (alone(*place), counts[place[0]][place[1]]))
                found[y][x] = changed = True
    return found


def _closed(counts, found, rows, columns, least):
    """``found`` and as many cells more as it takes that none of the hidden follows; `covered` without that."""
    free = _totals_hidden(counts, least)
    known = _following(counts, found, free, least)
    while known:
        tries = {place for y, x in known for place in (*rows[y], *columns[x]) if not found[place[0]][place[1]]}
        tries = [(_following(counts, _with(found, (y, x)), free, least), counts[y][x], (y, x)) for y, x in tries if counts[y][x]]
        if not tries:
            break  # nothing is left to hide
        left, _, place = min(tries, key=lambda one: (len(one[0]), *one[1:]))
        if len(left) >= len(known) and not any(is_small(counts[y][x], least) for y, x in known):
            break  # what follows still is no small number
        found, known = _with(found, place), left
    return found


def _with(hides, place):
    return [[hide or (y, x) == place for x, hide in enumerate(line)] for y, line in enumerate(hides)]


def _totals_hidden(counts, least):
    """Of each row and each column whether its total is hidden too, or is no other number than that of its one cell."""
    rows, columns = ([sum(n or 0 for n in line) for line in lines] for lines in (counts, zip(*counts, strict=True)))
    return [
        [(n, True) for n in lines] if len(across) == 1 else list(zip(lines, covered([lines], least)[0], strict=True))
        for lines, across in ((rows, columns), (columns, rows))
    ]


def _following(counts, hides, free, least):
    """The hidden cells that can have one number only, given all that is shown.

    A table with its totals is a flow from rows to columns. A number can be another one if a cycle leads through it along
    which each hidden number has room to rise or to fall; what is shown has none.
    """
    arcs = {(("row", y), ("column", x)): n for y, row in enumerate(counts) for x, n in enumerate(row) if hides[y][x]}
    cells_hidden = list(arcs)
    of_rows, of_columns = free
    arcs |= {("all", ("row", y)): n for y, (n, hide) in enumerate(of_rows) if hide}
    arcs |= {(("column", x), "whole"): n for x, (n, hide) in enumerate(of_columns) if hide}
    ways = {end: set() for arc in arcs for end in arc}
    for (start, end), n in arcs.items():
        if not is_small(n, least) or n < least - 1:  # it may be more
            ways[start].add(end)
        if n > (1 if is_small(n, least) else least):  # it may be less
            ways[end].add(start)

    def turns(start, end):
        if end not in ways[start]:
            return False
        seen, rest = {end}, list(ways[end] - {start})  # not straight back
        while rest:
            here = rest.pop()
            if here == start:
                return True
            seen.add(here)
            rest += ways[here] - seen
        return False

    return [(one[1], other[1]) for one, other in cells_hidden if not (turns(one, other) or turns(other, one))]


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
