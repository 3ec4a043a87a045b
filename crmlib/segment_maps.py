"""Maps from RFM scores to segments, as data, and the check that finds their holes.

A map is a list of rules; a rule is a segment and a range of scores on each axis, both ends included. The first rule
that matches wins. `check_map` says which cells no rule covers, which several cover, and which rules no cell reaches.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from itertools import product

from crmlib.errors import DataError, quote
from crmlib.frames import collect, table

__all__ = [
    "ACTIONS", "CORE_TO_GENERAL", "NO_PURCHASE", "TEN_SEGMENTS", "TWO_BY_TWO", "MapCheck", "Rule", "SegmentMap", "as_map",
    "cell_name", "check_map", "scores_per_axis",
]  # fmt: skip

NO_PURCHASE = "no purchase"  # refunds only: there is nothing to score
_ANY = "any"
_RANGE = re.compile(r"(\d+)(?:(?:\s*[-\u2010-\u2015]\s*|\s+to\s+)(\d+))?")  # Word makes dashes of hyphens
_DATE = re.compile(r"\d\W*[a-z]{3}|[a-z]{3}\W*\d|\d[-/.]\d+[-/.]\d|\u6708")


@dataclass(frozen=True)
class Rule:
    """Scores from low to high, both included: ``Rule("champions", r=(4, 5), f=(4, 5), m=(4, 5))``."""

    segment: str
    r: tuple[int, int]
    f: tuple[int, int]
    m: tuple[int, int]
    chinese: str = ""

    def covers(self, cell) -> bool:
        """Whether the scores (r, f, m) lie in the three ranges."""
        return all(low <= score <= high for score, (low, high) in zip(cell, (self.r, self.f, self.m), strict=True))


@dataclass(frozen=True)
class SegmentMap:
    """Rules in order of precedence, for scores from 1 to ``bins``: one number, or one each for r, f and m.

    A rule may be a plain row (segment, r, f, m). Raises `DataError` for a range outside 1 to ``bins``.

    >>> SegmentMap([("all", (1, 2), (1, 2), (1, 2))], bins=2).segments
    ('all',)
    """

    rules: tuple[Rule, ...]
    bins: tuple[int, int, int] = (5, 5, 5)

    def __post_init__(self):
        object.__setattr__(self, "bins", scores_per_axis(self.bins))
        object.__setattr__(self, "rules", tuple(_rule(rule) for rule in self.rules))
        for rule in self.rules:
            for axis, best in zip("rfm", self.bins, strict=True):
                low, high = getattr(rule, axis)
                if not 1 <= low <= high <= best:
                    raise DataError(
                        f"The rule for {quote(rule.segment)} has {axis}={low, high}; scores run from 1 to {best}."
                    )

    @classmethod
    def from_table(cls, rows, *, bins=5):
        """The map that a table holds, a rule a row, with the columns segment, r, f, m and, if you like, chinese.

        A cell is ``4 to 5`` (or ``4-5``), ``4`` or ``any``. Spreadsheets take 4-5 for a date, so ``to`` is the safer
        way to write it. The first row that covers a customer wins. Raises `DataError` with the row that it cannot read.

        >>> import pandas as pd
        >>> rows = pd.DataFrame({"segment": ["best", "rest"], "r": ["4 to 5", "any"], "f": [5, "any"], "m": "any"})
        >>> SegmentMap.from_table(rows).rules[0]
        Rule(segment='best', r=(4, 5), f=(5, 5), m=(1, 5), chinese='')
        """
        bins = scores_per_axis(bins)
        frame = collect(table(rows, ["segment", "r", "f", "m"], what="table of the map", eager=False))
        rules = []
        for number, row in enumerate(frame.iter_rows(named=True), start=1):
            if _empty(row["segment"]) or not str(row["segment"]).strip():
                raise DataError(f"Row {number} of the map has no segment; give it a name.")
            ranges = [_range(row[axis], best, axis, number) for axis, best in zip("rfm", bins, strict=True)]
            chinese = row.get("chinese")
            rules.append(Rule(str(row["segment"]).strip(), *ranges, "" if _empty(chinese) else str(chinese)))
        if not rules:
            raise DataError("The table of the map has no rows; give each segment one or more.")
        return cls(tuple(rules), bins)

    def to_table(self):
        """The rules as a pandas table of text, as `from_table` reads it, to keep, print or send to a colleague.

        >>> TWO_BY_TWO.to_table().head(2)
                       segment  r  f  m chinese
        0      important value  2  2  2    重要价值
        1  important development  2  1  2    重要发展
        """
        import pandas as pd

        columns = {"segment": [rule.segment for rule in self.rules]}
        for axis, best in zip("rfm", self.bins, strict=True):
            columns[axis] = [_text(getattr(rule, axis), best) for rule in self.rules]
        if self.chinese:
            columns["chinese"] = [rule.chinese for rule in self.rules]
        return pd.DataFrame(columns, dtype="str")

    @property
    def segments(self) -> tuple[str, ...]:
        """The names, each once, in the order of the rules."""
        return tuple(dict.fromkeys(rule.segment for rule in self.rules))

    @property
    def chinese(self) -> dict[str, str]:
        """The Chinese name of each segment that has one."""
        return {rule.segment: rule.chinese for rule in self.rules if rule.chinese}

    def cells(self) -> list[tuple[int, int, int]]:
        """Every combination of scores, (1, 1, 1) first."""
        return list(product(*(range(1, best + 1) for best in self.bins)))

    def winner(self, cell) -> str | None:
        """The segment of a cell of scores (r, f, m): that of the first rule that covers it, or None."""
        return next((rule.segment for rule in self.rules if rule.covers(cell)), None)


def as_map(map, *, bins=None) -> SegmentMap:
    """A `SegmentMap` as it is, or made from a table (`SegmentMap.from_table`) or from rows (segment, r, f, m).

    ``bins`` is needed only where it is not 5, or to read the rules of a map on another scale.

    >>> as_map([("all", (1, 5), (1, 5), (1, 5))]).bins
    (5, 5, 5)
    """
    if isinstance(map, SegmentMap):
        return map if bins is None else SegmentMap(map.rules, bins)
    bins = 5 if bins is None else bins
    if isinstance(map, list | tuple):
        return SegmentMap(map, bins)
    return SegmentMap.from_table(map, bins=bins)


def scores_per_axis(bins) -> tuple[int, int, int]:
    """How many scores r, f and m have: from one number for all three, or from three.

    >>> scores_per_axis(5), scores_per_axis((5, 3, 3))
    ((5, 5, 5), (5, 3, 3))
    """
    try:
        three = tuple(map(operator.index, bins if isinstance(bins, list | tuple) else [bins] * 3))
    except TypeError:
        three = ()
    if len(three) != 3 or min(three) < 1 or max(three) < 2:
        raise DataError(
            "bins must be a whole number of at least 2, e.g. bins=5, or one each for r, f and m, e.g. bins=(5, 3, 3)."
        )
    return three


@dataclass(frozen=True)
class MapCheck:
    """What `check_map` found; cells are written as their scores, e.g. '215' for R 2, F 1, M 5."""

    uncovered: tuple[str, ...]
    """cells without a segment"""
    overlaps: tuple[tuple[str, tuple[str, ...]], ...]
    """cells that two or more rules cover, with the segments of those rules, the winner first"""
    unreachable: tuple[str, ...]
    """rules that win no cell, by segment (and row, where a segment has several)"""
    sizes: tuple[tuple[str, int], ...]
    """each segment and the number of cells that it wins"""


def check_map(map, *, bins=None):
    """Cells without a segment, cells with several, rules without a cell, and cells won by each segment.

    ``map`` is a `SegmentMap`, a table or a list of rows, as in `as_map`; ``bins`` defaults to that of the map.

    >>> check = check_map([("best", (2, 2), (1, 2), (1, 2)), ("rest", (1, 2), (1, 1), (1, 2))], bins=2)
    >>> check.uncovered, [cell for cell, _ in check.overlaps], check.sizes
    (('121', '122'), ['211', '212'], (('best', 4), ('rest', 2)))
    """
    map = as_map(map, bins=bins)
    covering = {cell: [row for row, rule in enumerate(map.rules) if rule.covers(cell)] for cell in map.cells()}
    won = [rows[0] for rows in covering.values() if rows]
    segment = [rule.segment for rule in map.rules]
    label = [name if segment.count(name) == 1 else f"{name} (row {row + 1})" for row, name in enumerate(segment)]
    return MapCheck(
        uncovered=tuple(cell_name(cell) for cell, rows in covering.items() if not rows),
        overlaps=tuple(
            (cell_name(cell), tuple(segment[row] for row in rows)) for cell, rows in covering.items() if len(rows) > 1
        ),
        unreachable=tuple(label[row] for row in range(len(segment)) if row not in won),
        sizes=tuple((name, sum(segment[row] == name for row in won)) for name in map.segments),
    )


def _rule(row) -> Rule:
    if isinstance(row, Rule):
        return row
    try:
        rule = Rule(*row)
        whole = [operator.index(score) for axis in (rule.r, rule.f, rule.m) for score in axis]
    except TypeError:
        whole = ()
    if len(whole) != 6:
        raise DataError(f'A rule is a row like ("champions", (4, 5), (4, 5), (4, 5)); this is {quote(row)}.')
    return rule


def _empty(value):
    return value is None or value != value


def _range(cell, best, axis, row) -> tuple[int, int]:
    """The lowest and the highest score that a cell of the user's table names."""
    if isinstance(cell, float) and cell.is_integer():  # a column of numbers with gaps
        cell = int(cell)
    text = "" if _empty(cell) else str(cell).strip().lower()
    found = _RANGE.fullmatch(text)
    if text == _ANY:
        low, high = 1, best
    elif found:
        low, high = int(found[1]), int(found[2] or found[1])
    else:
        hint = " (a spreadsheet makes a date of 4-5)" if _DATE.search(text) else ""
        raise DataError(
            f"Row {row} of the map has {axis} {quote(text)}{hint}; write '4 to 5', '4' or 'any', within 1 to {best}."
        )
    if not 1 <= low <= high <= best:
        raise DataError(f"Row {row} of the map has {axis} {quote(text)}; scores run from 1 to {best}, the lower first.")
    return low, high


def _text(scores, best):
    low, high = scores
    return _ANY if (low, high) == (1, best) else str(low) if low == high else f"{low} to {high}"


def cell_name(cell) -> str:
    """Scores as text.

    >>> cell_name((2, 1, 5)), cell_name((10, 1, 5))
    ('215', '10-1-5')
    """
    return ("" if max(cell) < 10 else "-").join(str(score) for score in cell)


_LOW, _HIGH = (1, 1), (2, 2)

# Eight groups: each axis low or high, where high is the better half by the score with bins=2. Exhaustive and disjoint
# by construction. The names are those of Chinese CRM texts: important or general by money; value, development,
# retention or win-back by how recently and how often.
TWO_BY_TWO = SegmentMap(
    (
        Rule("important value", _HIGH, _HIGH, _HIGH, "重要价值"),
        Rule("important development", _HIGH, _LOW, _HIGH, "重要发展"),
        Rule("important retention", _LOW, _HIGH, _HIGH, "重要保持"),
        Rule("important win-back", _LOW, _LOW, _HIGH, "重要挽留"),
        Rule("general value", _HIGH, _HIGH, _LOW, "一般价值"),
        Rule("general development", _HIGH, _LOW, _LOW, "一般发展"),
        Rule("general retention", _LOW, _HIGH, _LOW, "一般保持"),
        Rule("general win-back", _LOW, _LOW, _LOW, "一般挽留"),
    ),
    bins=2,
)

# Three classes of lecture notes, by contribution and loyalty, without rules: core, potential and general customers.
# Ours: money stands for the contribution, the number of orders for loyalty; core are high on both, potential on one.
_EITHER = (1, 2)
CORE_TO_GENERAL = SegmentMap(
    (
        Rule("core", _EITHER, _HIGH, _HIGH, "核心客户"),
        Rule("potential", _EITHER, _LOW, _HIGH, "潜力客户"),
        Rule("potential", _EITHER, _HIGH, _LOW, "潜力客户"),
        Rule("general", _EITHER, _LOW, _LOW, "一般客户"),
    ),
    bins=2,
)

# Ten segments of our own. One question an axis: bought lately (R 4-5), some time ago (3) or long ago (1-2)? among the
# frequent (F 4-5)? among the big spenders (M 4-5)? Lately, the best on both are set apart, and those with neither are
# split by F into promising and new. The rules are disjoint, so their order is only the order of display. No segment is
# called lost: a log of purchases shows silence, not departure.
_ALL, _TOP, _NOT_TOP, _BEST = (1, 5), (4, 5), (1, 3), (5, 5)
_LATELY, _AGO, _LONG_AGO = (4, 5), (3, 3), (1, 2)
TEN_SEGMENTS = SegmentMap(
    (
        Rule("champions", _LATELY, _BEST, _BEST),
        Rule("regulars", _LATELY, _BEST, (1, 4)),
        Rule("regulars", _LATELY, (4, 4), _ALL),
        Rule("big spenders", _LATELY, _NOT_TOP, _TOP),
        Rule("promising", _LATELY, (2, 3), _NOT_TOP),
        Rule("newcomers", _LATELY, (1, 1), _NOT_TOP),
        Rule("need attention", _AGO, _TOP, _ALL),
        Rule("need attention", _AGO, _NOT_TOP, _TOP),
        Rule("drifting", _AGO, _NOT_TOP, _NOT_TOP),
        Rule("silent regulars", _LONG_AGO, _TOP, _ALL),
        Rule("silent big spenders", _LONG_AGO, _NOT_TOP, _TOP),
        Rule("hibernating", _LONG_AGO, _NOT_TOP, _NOT_TOP),
    )
)

ACTIONS = {
    "champions": "Thank them by name, show them what is new first and ask for a recommendation.",
    "regulars": "Suggest what goes with what they already buy, so that each order is worth a little more.",
    "big spenders": "Ask what the purchase was for and give them a personal reason to come back within weeks.",
    "promising": "Propose a fitting next product; a small thank-you is enough.",
    "newcomers": "Make sure that the order went well and invite them to the next one within a month.",
    "need attention": "Write to them: remind them of what they bought and ask what is missing.",
    "drifting": "Send one good offer in the ordinary mailing and watch who answers; spend little on each.",
    "silent regulars": "Write in person and ask what went wrong: the habit was there once; call only where a call costs less than it can add.",
    "silent big spenders": "Send one offer tied to what they bought, and spend more only on those who respond.",
    "hibernating": "Keep them in the cheapest channel, such as a seasonal e-mail; pay for more only if they answer.",
    "important value": "Give your best service and a named contact, and keep discounts for others.",
    "important development": "They spend much but seldom: find the occasions on which they could buy more often.",
    "important retention": "Get in touch personally and soon; they were frequent and valuable and have gone quiet.",
    "important win-back": "Offer a good reason to return, tied to their large purchase, and do it once.",
    "general value": "Reward the habit and suggest a larger basket; they come often and spend little.",
    "general development": "Help them to a second and a third order with a starter offer or a useful guide.",
    "general retention": "Send a reminder of what they used to buy; a mailing is enough.",
    "general win-back": "Leave them in the cheapest mailing and spend the effort elsewhere.",
    NO_PURCHASE: "Look up what they returned and set it right; this log holds no purchase to build on.",
}
