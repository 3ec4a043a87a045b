"""The groups of an audit as its report shows them: none of fewer than five customers; see `crmlib.small_groups`.

Functions take a finished table or its rows and give what charts and tables can share; what is hidden is text.
"""

from __future__ import annotations

import pandas as pd

from crmlib.frames import rows_of
from crmlib.small_groups import HIDDEN, LEAST, covered, is_small, merged, shown
from crmlib.wording import percent

__all__ = [
    "drawn", "hide", "in_order", "of_rates", "or_hidden", "periods_shown", "share_shown", "summary_shown", "top_shown",
]  # fmt: skip

_ADD_UP = ("share_of_customers", "revenue", "share_of_revenue", "value", "share_of_value", "expected")


def summary_shown(summary, label, least=LEAST):
    """A summary of classes, tiers or states with its small groups as one row; see `small_groups.merged`."""
    rows = rows_of(summary)
    sums = [name for name in _ADD_UP if rows and name in rows[0]]
    return pd.DataFrame(merged(rows, label=label, sums=sums, least=least), columns=list(rows[0]) if rows else None)


def in_order(rows, label, *, means=(), least=LEAST):
    """Groups in an order, such as customers with 0, 1, 2 ... purchases: a small one joins the next below it.

    ``means`` are the columns that are means a customer; all others but ``label`` add up. The first joins the next above.

    >>> in_order(pd.DataFrame({"x": ["0", "1", "2", "3+"], "customers": [90, 8, 3, 1]}), "x")
            x  customers
    0       0         90
    1  1 to 3+        12
    """
    found = [row | {"__from": str(row[label]), "__to": str(row[label])} for row in rows_of(rows)]
    while len(found) > 1 and (small := [place for place, row in enumerate(found) if is_small(row["customers"], least)]):
        at = max(small[-1] - 1, 0)
        found[at : at + 2] = [_one(found[at], found[at + 1], label, means)]
    return pd.DataFrame(found).drop(columns=["__from", "__to"])


def _one(one, other, label, means):
    n = one["customers"] + other["customers"]
    both = {"__from": one["__from"], "__to": other["__to"], label: f"{one['__from']} to {other['__to']}"}
    for name in one:
        if name in means:
            both[name] = sum((row[name] or 0) * row["customers"] for row in (one, other)) / n if n else None
        elif name not in both:
            both[name] = one[name] + other[name]
    return both


def periods_shown(periods, least=LEAST) -> list[dict]:
    """Rows of the view by period. Where few bought in a period, all of it is hidden; where few of them were new, or few were
    not, what the two brought is hidden apart; and one more period where a single one would follow from the total."""
    rows = rows_of(periods)
    (hides,) = covered([[row["customers"] for row in rows]], least) if rows else ((),)
    parts = ["first_time", "returning", "first_revenue", "repeat_revenue"]
    small = [is_small(row["first_time"], least) or is_small(row["returning"], least) for row in rows]
    if sum(small) == 1 and len(rows) > 1:  # the sums of first and of later purchases would tell
        others = [place for place, hide in enumerate(hides) if not hide and not small[place]]
        if others:
            small[min(others, key=lambda place: rows[place]["customers"])] = True
    found = []
    for row, hide, apart in zip(rows, hides, small, strict=True):
        if hide:
            every = ["orders", "refunds", "revenue", *parts]
            row = (
                row
                | dict.fromkeys([name for name in every if name in row], HIDDEN)
                | {"customers": _count(row["customers"], least)}
            )
        elif apart:
            row = row | dict.fromkeys(parts, HIDDEN)
        found.append(row)
    return found


def _count(n, least):
    return shown(n, least) if is_small(n, least) else HIDDEN


def top_shown(top, least=LEAST) -> list[dict]:
    """The best few per cent; the share of revenue of fewer than five customers is hidden."""
    return [row | ({"share_of_revenue": HIDDEN} if is_small(row["customers"], least) else {}) for row in rows_of(top)]


def of_rates(row, least=LEAST):
    """The value, the part and the whole of a rate: value hidden where few are its part or its whole."""
    few = is_small(row["numerator"], least) or is_small(row["denominator"], least)
    return (HIDDEN if few else percent(row["value"])), shown(row["numerator"], least), shown(row["denominator"], least)


def hide(rows, names, *, count) -> list[dict]:
    """Rows with ``names`` hidden where few customers stand behind them: those that ``count`` counts.

    Where one row alone is hidden, or the hidden ones have fewer than five customers together, the next smallest row is
    hidden too, as the total would give it away. The count itself is written: "<5", or "hidden" in such a further row.

    >>> rows = [{"age": 0, "active": 30, "revenue": 90.0}, {"age": 1, "active": 9, "revenue": 20.0},
    ...         {"age": 2, "active": 2, "revenue": 7.0}]
    >>> for row in hide(rows, ["revenue"], count="active"): print(row)
    {'age': 0, 'active': '30', 'revenue': 90.0}
    {'age': 1, 'active': 'hidden', 'revenue': 'hidden'}
    {'age': 2, 'active': '<5', 'revenue': 'hidden'}
    """
    (hides,) = covered([[row[count] for row in rows]])
    found = []
    for row, hidden in zip(rows, hides, strict=True):
        n = HIDDEN if hidden and not is_small(row[count]) else shown(row[count])
        found.append(row | {count: n} | (dict.fromkeys(names, HIDDEN) if hidden else {}))
    return found


def share_shown(part, whole):
    """part / whole; only in words where 1 to 4 customers are the part, or the rest of the whole.

    >>> share_shown(20, 50), share_shown(3, 50), share_shown(47, 50), share_shown(0, 50)
    (0.4, 'under 10.0 %', 'over 90.0 %', 0.0)
    """
    if part is None or not whole:
        return None
    if is_small(part):
        return f"under {percent(LEAST / whole)}" if whole > LEAST else HIDDEN
    if is_small(whole - part):
        return f"over {percent(1 - LEAST / whole)}" if whole > LEAST else HIDDEN
    return part / whole


def or_hidden(write):
    """``write``, which leaves a cell as it is that is written already."""
    return lambda value: value if isinstance(value, str) else write(value)


def drawn(rows, *numbers):
    """Rows as a table for a chart, in which a number that is hidden is a gap; ``numbers`` are the columns it may be in."""
    gap = lambda name, value: None if name in numbers and isinstance(value, str) else value  # noqa: E731
    return pd.DataFrame([{name: gap(name, value) for name, value in row.items()} for row in rows])
