"""Who moved between the tiers, as a report shows it: chart, table and sentences from one square with the same cells hidden.

What the report says elsewhere of the same customers counts as known: how many there are in each tier before and after, how
many of the active fell silent, came back or were new, and how many remained silent.
"""

from __future__ import annotations

from typing import NamedTuple

from crmlib import pyramid
from crmlib.frames import rows_of
from crmlib.periods import ABSENT
from crmlib.small_groups import HIDDEN, cells, covered, is_small
from crmlib.wording import number

__all__ = ["NOT_YET", "MovesShown", "moves_shown"]

NOT_YET = "not a customer yet"
_RUNGS = [*(name for name, _ in pyramid.TIERS), pyramid.NON_POSITIVE]  # best first


class MovesShown(NamedTuple):
    """The square of tiers before by tiers after: ``counts`` by (from, to), which of them are in ``hides``, and ``sizes``, the
    customers of each tier before as text."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    counts: dict
    hides: frozenset
    sizes: dict

    def size(self, origin) -> int:
        """All customers of a tier before; may be shown only where ``sizes`` does."""
        return sum(self.counts.get((origin, to), 0) for to in self.after)

    def open(self, origin, to) -> bool:
        """Whether the cell is shown."""
        return (origin, to) not in self.hides

    def answers(self, origin) -> list[str]:
        """How many of a tier moved up, stayed, moved down, left and came, as text; hidden where a cell of it is, unless all
        that is hidden of the tier is in it, so that it is what is left of the tier."""
        found = {name: [] for name in pyramid.ANSWERS}
        for to in self.after:
            if self.counts.get((origin, to)):
                found[pyramid.answer(origin, to)].append((origin, to))
        partly = [pairs for pairs in found.values() if not all(self.open(*pair) for pair in pairs)]
        follows = len(partly) == 1 and self.sizes[origin] == number(self.size(origin))
        return [self._sum(pairs, follows) for pairs in found.values()]

    def _sum(self, pairs, follows):
        n = sum(self.counts[pair] for pair in pairs)
        if is_small(n) and len(pairs) == 1:
            return cells([[n]])[0][0]
        return number(n) if (follows and not is_small(n)) or all(self.open(*pair) for pair in pairs) else HIDDEN

    def drawn(self) -> dict:
        """The pairs as columns of a table for a chart."""
        plain = lambda name: NOT_YET if name == ABSENT else name  # noqa: E731
        pairs = list(self.counts)
        return {
            "from": [plain(one) for one, _ in pairs], "to": [plain(other) for _, other in pairs],
            "customers": [n if self.open(*pair) else None for pair, n in self.counts.items()],
        }  # fmt: skip


def moves_shown(pairs) -> MovesShown:
    """The square of a result of `periods.moves` between two tables of tiers."""
    counts = {(row["from"], row["to"]): row["customers"] for row in rows_of(pairs) if row["customers"]}
    silent = pyramid.INACTIVE
    names = [name for name in (*_RUNGS, silent, ABSENT) if name in {one for pair in counts for one in pair}]
    before = [name for name in names if name in {one for one, _ in counts}]
    after = [name for name in names if name in {other for _, other in counts}]
    # who was silent before and after is known from the rates, so nobody can hide behind them
    known = {(origin, silent) for origin in (silent, ABSENT)}
    square = [[0 if (one, other) in known else counts.get((one, other), 0) for other in after] for one in before]
    hides = {(one, other) for one, line in zip(before, covered(square), strict=True)
             for other, hide in zip(after, line, strict=True) if hide}  # fmt: skip
    hides |= {pair for pair in known if is_small(counts.get(pair))}
    totals = {one: sum(counts.get((one, other), 0) for other in after) for one in before}
    sizes = {}
    for group in ([name for name in before if name in _RUNGS], [name for name in before if name not in _RUNGS]):
        if group:
            sizes |= dict(zip(group, cells([[totals[name] for name in group]])[0], strict=True))
    return MovesShown(tuple(before), tuple(after), counts, frozenset(hides), sizes)
