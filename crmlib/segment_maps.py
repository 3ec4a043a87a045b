"""Maps from RFM scores to segments, as data, and the check that finds their holes.

A map is a list of rules; a rule is a segment and a range of scores on each axis, both ends included. The first rule
that matches wins. `check_map` says which cells no rule covers, which several cover, and which rules no cell reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from crmlib.errors import DataError

__all__ = ["ACTIONS", "NO_PURCHASE", "TEN_SEGMENTS", "TWO_BY_TWO", "MapCheck", "Rule", "SegmentMap", "check_map"]

NO_PURCHASE = "no purchase"  # refunds only: there is nothing to score


@dataclass(frozen=True)
class Rule:
    """Scores from low to high, both included: ``Rule("champions", r=(4, 5), f=(4, 5), m=(4, 5))``."""

    segment: str
    r: tuple[int, int]
    f: tuple[int, int]
    m: tuple[int, int]
    chinese: str = ""

    def covers(self, cell) -> bool:
        return all(low <= score <= high for score, (low, high) in zip(cell, (self.r, self.f, self.m), strict=True))


@dataclass(frozen=True)
class SegmentMap:
    """Rules in order of precedence, for scores from 1 to ``bins``.

    A rule may be a plain row (segment, r, f, m). Raises `DataError` for a range outside 1 to ``bins``.

    >>> SegmentMap([("all", (1, 2), (1, 2), (1, 2))], bins=2).segments
    ('all',)
    """

    rules: tuple[Rule, ...]
    bins: int = 5

    def __post_init__(self):
        rules = tuple(rule if isinstance(rule, Rule) else Rule(*rule) for rule in self.rules)
        for rule in rules:
            for axis in "rfm":
                low, high = getattr(rule, axis)
                if not 1 <= low <= high <= self.bins:
                    raise DataError(
                        f"The rule for {rule.segment!r} has {axis}={low, high}; scores run from 1 to {self.bins}."
                    )
        object.__setattr__(self, "rules", rules)

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
        return list(product(range(1, self.bins + 1), repeat=3))

    def winner(self, cell) -> str | None:
        """The segment of a cell of scores (r, f, m): that of the first rule that covers it, or None."""
        return next((rule.segment for rule in self.rules if rule.covers(cell)), None)


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

    ``map`` is a `SegmentMap` or a list of rows (segment, r, f, m); ``bins`` defaults to that of the map (5 for rows).

    >>> check = check_map([("best", (2, 2), (1, 2), (1, 2)), ("rest", (1, 2), (1, 1), (1, 2))], bins=2)
    >>> check.uncovered, [cell for cell, _ in check.overlaps], check.sizes
    (('121', '122'), ['211', '212'], (('best', 4), ('rest', 2)))
    """
    if not isinstance(map, SegmentMap):
        map = SegmentMap(map, bins=bins or 5)
    elif bins is not None:
        map = replace(map, bins=bins)
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


def cell_name(cell) -> str:
    """'215' for scores of one digit, '10-1-5' for longer ones."""
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

# Ten segments of our own. One question an axis: bought lately (R 4-5), some time ago (3) or long ago (1-2)? among the
# frequent (F 4-5)? among the big spenders (M 4-5)? Lately, the best on both are set apart, and those with neither are
# split by F into promising and new. The rules are disjoint, so their order is only the order of display. No segment is
# called lost: a log of purchases shows silence, not departure.
_ANY, _TOP, _NOT_TOP, _BEST = (1, 5), (4, 5), (1, 3), (5, 5)
_LATELY, _AGO, _LONG_AGO = (4, 5), (3, 3), (1, 2)
TEN_SEGMENTS = SegmentMap(
    (
        Rule("champions", _LATELY, _BEST, _BEST),
        Rule("regulars", _LATELY, _BEST, (1, 4)),
        Rule("regulars", _LATELY, (4, 4), _ANY),
        Rule("big spenders", _LATELY, _NOT_TOP, _TOP),
        Rule("promising", _LATELY, (2, 3), _NOT_TOP),
        Rule("newcomers", _LATELY, (1, 1), _NOT_TOP),
        Rule("need attention", _AGO, _TOP, _ANY),
        Rule("need attention", _AGO, _NOT_TOP, _TOP),
        Rule("drifting", _AGO, _NOT_TOP, _NOT_TOP),
        Rule("silent regulars", _LONG_AGO, _TOP, _ANY),
        Rule("silent big spenders", _LONG_AGO, _NOT_TOP, _TOP),
        Rule("hibernating", _LONG_AGO, _NOT_TOP, _NOT_TOP),
    )
)

ACTIONS = {
    "champions": "Thank them by name, show them what is new first and ask for a recommendation; they need no discount.",
    "regulars": "Suggest what goes with what they already buy, so that each order is worth a little more.",
    "big spenders": "Ask what the purchase was for and give them a personal reason to come back within weeks.",
    "promising": "Propose a fitting next product; a small thank-you is enough.",
    "newcomers": "Make sure that the order went well and invite them to the next one within a month.",
    "need attention": "Write to them: remind them of what they bought and ask what is missing.",
    "drifting": "Send one good offer in the ordinary mailing and watch who answers; spend little on each.",
    "silent regulars": "Call or write in person, ask what went wrong and make a real offer: the habit was there once.",
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
