"""What the lesson on RFM and the pyramid turns and says: bins and ties, two halves of a log, sentences with a verdict.

A lesson must say true things about any log, so what it says is computed here, verdict included, and tested.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib import response
from crmlib.concentration import FEW, halfway
from crmlib.customers import customer_table, until
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.frames import collect, day_number, table
from crmlib.rfm_thresholds import axes
from crmlib.wording import count, money, number, percent, several

__all__ = [
    "TIES", "Halves", "Trial", "bins_and_ties", "claims_said", "keeps_said", "score", "silent_and_scored", "split_ties",
    "ties_compared", "trial", "two_halves",
]  # fmt: skip

TIES = {
    "share": "equal customers share a score",
    "rows": "equal customers in the order of the rows",
    "drop": "qcut that drops double edges",
}
NEAR = 0.05  # a claim held when each of its shares is within five points, as for the 80/20 claim
_WORDS = {"r": "R", "f": "F", "m": "M"}
_EQUAL = {"r": "equal days since the last purchase", "f": "equally many orders", "m": "equal revenue"}


def score(good, *, bins, ties="share"):
    """Scores from 1 to ``bins`` of numbers of which larger is better, with ties treated in one of the ways of `TIES`.

    "share" is the rule of `crmlib.rfm.scores`. "rows" is ``rank(method="first")`` cut into equal parts. "drop" is
    ``pandas.qcut(..., duplicates="drop")``: fewer scores than were asked for, and nobody says so.

    >>> orders = [1, 1, 1, 1, 2, 7]
    >>> [score(orders, bins=3, ties=ties).tolist() for ties in TIES]
    [[1, 1, 1, 1, 3, 3], [1, 1, 2, 2, 3, 3], [1, 1, 1, 1, 2, 2]]
    """
    if ties not in TIES:
        raise DataError(f"ties {ties!r} is not known; choose {', '.join(map(repr, TIES))}.")
    good = np.asarray(good, dtype=float)
    if ties == "share":
        return 1 + np.searchsorted(np.sort(good), good, side="left") * bins // max(len(good), 1)
    if ties == "rows":
        place = np.empty(len(good), dtype=np.int64)
        place[np.argsort(good, kind="stable")] = np.arange(len(good))
        return 1 + place * bins // max(len(good), 1)
    import pandas as pd

    if len(np.unique(good)) < 2:  # one edge, of which qcut makes no bin
        return np.ones(len(good), np.int64)
    return pd.qcut(good, bins, labels=False, duplicates="drop") + 1


def split_ties(good, scored) -> int:
    """How many customers have a number that others have too, and not all of these the same score.

    >>> split_ties([1, 1, 1, 2], [1, 1, 2, 3]), split_ties([1, 1, 1, 2], [1, 1, 1, 3])
    (3, 0)
    """
    _, value = np.unique(np.asarray(good, dtype=float), return_inverse=True)
    low, high = np.full(len(value), np.iinfo(np.int64).max), np.zeros(len(value), np.int64)
    np.minimum.at(low, value, scored)
    np.maximum.at(high, value, scored)
    return int((low != high)[value].sum())


def bins_and_ties(customers, *, axis="f", bins=5, ties="share") -> View:
    """The explorer's callback: how many customers get each score of R, F or M, and how many equal ones are split.

    Only customers with a purchase are scored. The figure is outside pyplot, so that two moves of a knob that overlap
    share nothing.
    """
    from crmlib import plots
    from crmlib.plots import look

    good = _good(customers, axis)
    if not len(good):
        ax = plots.canvas(5.6, 3.4)
        ax.axis("off")
        return View(ax.figure, "Nobody bought anything, so there is nothing to score.")
    scored = score(good, bins=bins, ties=ties)
    held = np.bincount(scored, minlength=bins + 1)[1:]
    split, n = split_ties(good, scored), len(good)
    ax = plots.canvas(7.0, 3.4)
    places = np.arange(1, bins + 1)
    ax.bar(places, held, width=0.72, color=plots.PALETTE["dark"])
    for place, customers_there in zip(places, held, strict=True):
        look.note(ax, number(customers_there), (place, customers_there), above=3, ha="center", size=8.5)
    title = f"{_WORDS[axis]}, {bins} bins: {number(split)} of {count(n, 'customer')} apart from an equal one"
    look.dress(ax, title, f"{_WORDS[axis]} score", "customers")
    look.named_ticks(ax.xaxis, places, [str(place) for place in places])
    look.number_ticks(ax.yaxis)
    ax.margins(y=0.12)
    empty = [str(place) for place in places if not held[place - 1]]
    used = f"nobody has the {'score' if len(empty) == 1 else 'scores'} {several(empty)}" if empty else "all are used"
    most = f"the fullest holds {percent(held.max() / n)} of {count(n, 'customer')}"
    return View(
        ax.figure,
        f"{_WORDS[axis]} in {bins} bins, {TIES[ties]}: {used}, and {most}. {count(split, 'customer')} with "
        f"{_EQUAL[axis]} {'does' if split == 1 else 'do'} not all have the same score.",
    )


def ties_compared(customers, *, bins=5):
    """All positions of the knobs but the number of bins: for each letter and treatment of ties, how many scores are
    used, what share the fullest holds, and how many customers stand apart from an equal one. A pandas table.

    >>> import pandas as pd
    >>> six = pd.DataFrame({"days_since_last": [9.0, 8, 7, 6, 5, 4], "orders": [1, 1, 1, 1, 2, 7], "revenue": 5.0})
    >>> ties_compared(six, bins=3).loc[3:5, ["letter", "used", "apart"]]
      letter  used  apart
    3      F     2      0
    4      F     3      4
    5      F     2      0
    """
    import pandas as pd

    rows = []
    for axis, letter in _WORDS.items():
        good = _good(customers, axis)
        for ties, words in TIES.items():
            scored = score(good, bins=bins, ties=ties)
            held = np.unique(scored, return_counts=True)[1]
            fullest = percent(held.max(initial=0) / max(len(good), 1))
            rows.append((letter, words, len(held), fullest, split_ties(good, scored)))
    return pd.DataFrame(rows, columns=["letter", "ties", "used", "fullest", "apart"])


def _good(customers, axis):
    """What is scored on one axis, of everybody with a purchase, as numbers of which larger is better."""
    if axis not in _WORDS:
        raise DataError(f"axis {axis!r} is not known; choose 'r', 'f' or 'm'.")
    column, sign = axes("revenue")[axis]
    frame = table(customers, ["orders", column], what="customer table")
    return sign * frame.filter(nw.col("orders") > 0)[column].cast(nw.Float64).to_numpy()


class Halves(NamedTuple):
    """Customers of the first half of a log and what they did in the second; ``missing`` says why there are none."""

    missing: str = ""
    split: dt.date | None = None  # first day of the second half
    before: Any = None  # customer table at the end of the first half, buyers only, with True or False in ``bought``
    after: Any = None  # customer table of the lines of the second half alone
    now: Any = None  # customer table of the whole log


def two_halves(tx, *, as_of) -> Halves:
    """The first half of the days of a log as the past, the second as what came of it.

    ``before`` leaves out customers without a purchase; its column ``bought`` says who bought from ``split`` on.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-08"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b"], "date": days, "amount": 5.0})
    >>> halves = two_halves(log, as_of="2024-01-10")
    >>> str(halves.split), halves.before["bought"].tolist()
    ('2024-01-06', [False, True])
    """
    split = halfway(tx, as_of=as_of)
    eve, tx = split - dt.timedelta(days=1), until(tx, as_of)
    early, late = table(until(tx, eve)), table(tx).filter(day_number(nw.col("date")) >= split.toordinal())
    if not len(early):
        return Halves("The log covers one day, so it has no halves to compare.")
    if not (early["amount"] > 0).any():
        return Halves(f"Nobody paid anything before {split}, so there is nobody to follow.")
    again = late.filter(nw.col("amount") >= 0)["customer"].unique().to_list()
    if not again:
        return Halves(f"Nobody bought from {split} on, so there is nothing to compare with.")
    before = table(customer_table(early.to_native(), as_of=eve)).filter(nw.col("orders") > 0)
    before = nw.maybe_reset_index(before.with_columns(bought=nw.col("customer").is_in(again)))
    after, now = customer_table(late.to_native(), as_of=as_of), customer_table(tx, as_of=as_of)
    return Halves("", split, before.to_native(), after, now)


class Trial(NamedTuple):
    """A test on some customers, the choice of cells that follows from it, and what the others then brought."""

    test: int
    rest: int
    cells: int
    chosen_cells: int
    chosen: int  # customers of the rest in the chosen cells
    promised: float
    brought: float
    everybody: float

    def said(self, currency="") -> str:
        """One test, one choice, one result, and whether choosing was worth it."""
        if not self.chosen:
            found = "It chose no cell, so the others get no letter; "
        else:
            found = (
                f"It chose {self.chosen_cells} of {count(self.cells, 'cell')} with {count(self.chosen, 'customer')} "
                f"of the {number(self.rest)} others. By its rates they were to bring "
                f"{money(self.promised, currency, 0)}; they brought {money(self.brought, currency, 0)}, and "
            )
        found += f"a letter to all the others would have brought {money(self.everybody, currency, 0)}."
        verdict = "held" if self.brought > self.everybody else "did not hold"
        verdict = f"'Choosing cells beats writing to everybody' {verdict} here."
        if min(self.test, self.rest) < FEW:
            verdict = f"With {self.test} and {self.rest} customers (we ask for {FEW} each) there is no verdict."
        return f"The test had {count(self.test, 'customer')}. {found} {verdict}"


def trial(scored, *, offer, rng, share=0.5, by=("r", "f")) -> Trial:
    """Hughes' way: a random ``share`` of the customers is the test, and the others are mailed where the test pays.

    ``scored`` has the columns of ``by`` and True or False in ``bought``.
    """
    frame = table(scored, [*by, "bought"], what="scored table")
    drawn = rng.random(len(frame)) < share
    tested, others = (frame.filter(which.tolist()) for which in (drawn, ~drawn))
    found = response.by_cell(tested.to_native(), "bought", offer=offer, by=by)
    plan = collect(table(response.roll_out(found, others.to_native(), offer=offer, by=by)))
    real = collect(table(response.by_cell(others.to_native(), "bought", offer=offer, by=by)))
    mail = dict(zip(plan["cell"].to_list(), plan["mail"].to_list(), strict=True))
    chosen = np.array([bool(mail[cell]) for cell in real["cell"].to_list()], dtype=bool)
    profit = real["profit"].to_numpy()
    promised = plan["profit"].to_numpy()[plan["mail"].to_numpy().astype(bool)]
    return Trial(
        test=len(tested), rest=len(others), cells=len(chosen), chosen_cells=int(chosen.sum()),
        chosen=int(real["customers"].to_numpy()[chosen].sum()), promised=float(promised.sum()),
        brought=float(profit[chosen].sum()), everybody=float(profit.sum()),
    )  # fmt: skip


def silent_and_scored(earlier, later, silent) -> int:
    """How many of the customers ``silent`` have a lower F in the scored table ``later`` than in ``earlier``."""
    frames = [table(one, ["customer", "f"], what="scored table") for one in (earlier, later)]
    scores = [dict(zip(one["customer"].to_list(), one["f"].to_list(), strict=True)) for one in frames]
    return sum(scores[1][customer] < scores[0][customer] for customer in silent)


def claims_said(claimed, *, customers) -> list[str]:
    """Whether each claim on the tiers' shares of revenue held, a sentence each on a table of `pyramid.claims`.

    Held: every tier within five points. ``customers`` is how many stand in the tiers: below 100, 1 % of them is not a
    whole customer, and no verdict is given.
    """
    frame = table(claimed, ["tier", "measured"], what="table of claims")
    if customers < 100:
        return [f"With {count(customers, 'customer')} in the tiers 1 % is not even one, so there is no verdict."]
    tiers, measured = frame["tier"].to_list(), frame["measured"].to_numpy()
    found = []
    for name in frame.columns[2:]:
        apart = measured - frame[name].to_numpy()
        worst = int(np.abs(apart).argmax())
        verdict = "held" if abs(apart[worst]) <= NEAR else "did not hold"
        found.append(f"'{name}' {verdict}: {tiers[worst]} is {100 * apart[worst]:+.1f} points from it.")
    return found


def keeps_said(migrated, *, tiers) -> list[str]:
    """For each of the ``tiers`` of a table of `pyramid.migration` how many stayed, and whether most of them did."""
    frame = table(migrated, ["tier", "customers", "stayed", "left"], what="table of moves")
    rows = {row["tier"]: row for row in frame.iter_rows(named=True)}
    found = []
    for tier in tiers:
        n, stayed, left = (int(rows[tier][name]) if tier in rows else 0 for name in ("customers", "stayed", "left"))
        if not n:
            found.append(f"{tier}: nobody was in it.")
            continue
        verdict = "held" if stayed > n / 2 else "did not hold"
        verdict = f"'Most stay in it' {verdict}." if n >= FEW else f"Fewer than {FEW}: no verdict."
        found.append(
            f"{tier}: {count(n, 'customer')}, {percent(stayed / n)} stayed, {percent(left / n)} left. {verdict}"
        )
    return found

