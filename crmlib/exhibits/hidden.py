"""Cells of a few customers in the tables and charts by age and period: hidden, and so is what would give them away."""

from __future__ import annotations

from crmlib.small_groups import HIDDEN, LEAST, covered, is_small, shown
from crmlib.wording import percent

__all__ = ["drawn", "hide", "or_hidden", "share_shown"]


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
    import pandas as pd

    gap = lambda name, value: None if name in numbers and isinstance(value, str) else value  # noqa: E731
    return pd.DataFrame([{name: gap(name, value) for name, value in row.items()} for row in rows])
