"""Curry's customer pyramid: the active customers in tiers by their number, from the few at the top down.

Shares of 1, 4, 15 and 80 % of the active customers after Jay Curry's customer marketing. Below them stand the inactive,
and, from a table of `crmlib.prospects`, prospects, suspects and the rest of the world. Some sources count those below
in the 80 %; here percentages are of active customers only. Sources also disagree on the revenue that each tier should
bring, so it is measured in `summary` and set beside their `claims`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

import narwhals as nw
import numpy as np

from crmlib import pareto
from crmlib.classes import ascending, by_class, check_days, whole_customers, with_classes
from crmlib.errors import DataError
from crmlib.frames import collect, like, same_kind, table
from crmlib.pareto_law import ParetoLaw, pareto_exponent
from crmlib.periods import ABSENT, NO_CLASS, moves
from crmlib.prospects import LAYERS, layers
from crmlib.wording import count, number, percent, several

__all__ = [
    "CLAIMS", "INACTIVE", "NON_POSITIVE", "TIERS", "WorthGrading", "answers", "claims", "law_split", "migration",
    "summary", "tiers", "worth_grading",
]  # fmt: skip

TIERS = (("top", 0.01), ("large", 0.04), ("medium", 0.15), ("small", 0.80))
INACTIVE, NON_POSITIVE = "inactive", "non_positive"


@same_kind
def tiers(customers, *, shares=TIERS, by="revenue", active_within=365, ties="up"):
    """The customer table with the column ``tier``: a name from ``shares``, "inactive" or "non_positive".

    ``shares`` are pairs of a name and a share, or a dict, best first.

    *Active* is a last purchase less than ``active_within`` days before ``as_of``: with 365 a purchase 364 days ago
    counts, one 365 days ago does not (a year, our convention; None: all who ever bought). "inactive" bought earlier.
    "non_positive" is active with a value of zero or less, or has refunds only.

    The tiers share out the n customers who are active with a positive value. Ranked by ``by``, a tier ends at customer
    number ceil(cumulative share * n), so the first is never empty. ``ties="up"`` moves everybody who equals that
    customer up with them; ``ties="id"`` keeps the exact numbers and takes equal customers in the order of their ids.

    ``by`` is the value in the table: for the pyramid of one year, make the table from that year's transactions.
    A lazy table is queried twice to find where the tiers end, and with ``ties="id"`` for the ids at these ends.
    Raises `DataError` if the shares do not sum to 1 or a name is taken.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"customer": list("abcde"), "orders": 1, "days_since_last": [9, 9, 9, 9, 400],
    ...                           "revenue": [50.0, 90.0, 20.0, -5.0, 70.0]})
    >>> tiers(customers, shares=[("best", 0.30), ("rest", 0.70)])["tier"].tolist()
    ['rest', 'best', 'rest', 'non_positive', 'inactive']
    """
    shares = _check_shares(shares)
    if ties not in ("up", "id"):
        raise DataError(f"ties {ties!r} is not known; choose 'up' (equal customers move up) or 'id' (by customer).")
    frame = table(customers, ["customer", "orders", "days_since_last", by], eager=False)
    check_days(frame)
    bought, active = nw.col("orders") > 0, _active(active_within)
    rules = [(~bought, NON_POSITIVE), (~active, INACTIVE), (nw.col(by) <= 0, NON_POSITIVE)]
    rules += [(condition, name) for name, condition in _ends(frame, _inside(by, active_within), shares, by, ties)]
    return with_classes(frame, "tier", rules, shares[-1][0]).to_native()


@same_kind
def summary(tiered, prospects=None, *, shares=TIERS):
    """What each tier holds, in the order of the tiers: tier, customers, share_of_customers, revenue, share_of_revenue,
    mean_revenue.

    Both shares are of the customers in the tiers, that is active with a positive value, and null for "inactive" and
    "non_positive", whose row is there only if they exist. ``customers`` and ``revenue`` sum to the whole table.

    With ``prospects`` (see `crmlib.prospects`) the rows "prospect", "suspect" and "rest of the world" follow, with no
    revenue; whoever is in ``tiered`` as well stands there only, and is counted in a notice.

    >>> import pandas as pd
    >>> tiered = pd.DataFrame({"customer": list("abcd"), "tier": ["best", "rest", "rest", "inactive"],
    ...                        "revenue": [60.0, 30.0, 10.0, 44.0]})
    >>> prospects = pd.DataFrame({"customer": ["p", "q", "r"], "need": True, "contact": [True, False, False]})
    >>> found = summary(tiered, prospects, shares=[("best", 0.30), ("rest", 0.70)])
    >>> found[["tier", "customers", "revenue", "share_of_revenue"]]
                    tier  customers  revenue  share_of_revenue
    0               best          1     60.0               0.6
    1               rest          2     40.0               0.4
    2           inactive          1     44.0               NaN
    3           prospect          1      0.0               NaN
    4            suspect          2      0.0               NaN
    5  rest of the world          0      0.0               NaN
    """
    names, outside, below = [name for name, _ in _check_shares(shares)], (INACTIVE, NON_POSITIVE), ()
    frame = table(tiered, ["tier", "revenue"], what="table of tiers", eager=False)
    if prospects is not None:
        below = LAYERS
        columns = nw.col("tier").cast(nw.String), nw.col("revenue").cast(nw.Float64)
        others = table(layers(prospects, tiered), eager=False)
        others = others.select(nw.col("layer").alias("tier"), nw.lit(0.0).alias("revenue"))
        frame = nw.concat([frame.select(*columns), others.select(*columns)])
    found = by_class(frame, "tier", order=(*names, *outside, *below), whole=names, optional=outside)
    somebody = nw.col("customers") > 0
    return found.with_columns(mean_revenue=nw.when(somebody).then(nw.col("revenue") / nw.col("customers"))).to_native()


@same_kind
def migration(before, after, *, shares=TIERS):
    """Curry's four questions between two dates: how many of each tier moved up, stayed, moved down, left. And who came.

    ``before`` and ``after`` are tables from `tiers` with the same ``shares``, of one kind. The result has a row for
    each tier of origin: tier, customers, up, stayed, down, left, came; the last five sum to ``customers``, and
    ``customers`` over all rows to everybody who is in one of the tables.

    - left: in a tier before and "inactive", or no more in the table, after. Silent, that is: a log shows no farewell.
    - down: also who is active, but "non_positive" after; that row moves up into any tier.
    - came, in the row "inactive": returned to a tier or to "non_positive"; ``stayed`` are still inactive.
    - came, in the row "(absent)": new; ``left`` are new and silent again before the second date.

    "inactive", "non_positive" and "(absent)" have a row only if somebody was there. `periods.moves` has each pair of
    tiers. Raises `DataError` as that does, for tiers that are not in ``shares``, and for customers without a tier.

    >>> import pandas as pd
    >>> before = pd.DataFrame({"customer": list("abcd"), "tier": ["best", "rest", "rest", "inactive"]})
    >>> after = pd.DataFrame({"customer": list("abcde"), "tier": ["rest", "best", "inactive", "rest", "rest"]})
    >>> migration(before, after, shares=[("best", 0.30), ("rest", 0.70)])
           tier  customers  up  stayed  down  left  came
    0      best          1   0       0     1     0     0
    1      rest          2   1       0     0     1     0
    2  inactive          1   0       0     0     0     1
    3  (absent)          1   0       0     0     0     1
    """
    rungs = [*(name for name, _ in _check_shares(shares)), NON_POSITIVE]
    return answers(moves(before, after, column="tier", order=[*rungs, INACTIVE]), shares=shares)


@same_kind
def answers(moved, *, shares=TIERS):
    """What `migration` gives, from the moves between two tables of tiers: the result of `periods.moves`.

    >>> import pandas as pd
    >>> answers(pd.DataFrame({"from": ["best"], "to": ["rest"], "customers": [7]}), shares=[("best", 0.3), ("rest", 0.7)])
       tier  customers  up  stayed  down  left  came
    0  best          7   0       0     7     0     0
    1  rest          0   0       0     0     0     0
    """
    names = [name for name, _ in _check_shares(shares)]
    frame = table(moved, ["from", "to", "customers"], what="table of moves", eager=False)
    found = {name: dict.fromkeys(ANSWERS, 0) for name in (*names, NON_POSITIVE, INACTIVE, ABSENT)}
    for origin, to, customers in collect(frame, "from", "to", "customers").iter_rows():
        if NO_CLASS in (origin, to):
            raise DataError(f"'tier' is missing for {customers:,} customers; use the tables of tiers().")
        found[origin][answer(origin, to, names)] += int(customers)
    rows = {name: answers for name, answers in found.items() if name in names or any(answers.values())}
    columns = {"tier": list(rows), "customers": [sum(answers.values()) for answers in rows.values()]}
    columns |= {answer: [answers[answer] for answers in rows.values()] for answer in ANSWERS}
    return like(frame, columns, {name: nw.Int64 for name in columns} | {"tier": nw.String}).to_native()


ANSWERS = ("up", "stayed", "down", "left", "came")


def answer(origin, to, names=tuple(name for name, _ in TIERS)) -> str:
    """Which of `ANSWERS` a move between two tiers is, as `migration` has it; ``names`` are those of the tiers, best first.

    >>> answer("large", "top"), answer("top", "non_positive"), answer("small", "inactive"), answer("(absent)", "small")
    ('up', 'down', 'left', 'came')
    """
    rungs = [*names, NON_POSITIVE]  # the others are not active
    if origin not in rungs and to not in rungs:
        return "stayed" if origin == INACTIVE else "left"
    if origin not in rungs or to not in rungs:
        return "came" if origin not in rungs else "left"
    rung, new_rung = rungs.index(origin), rungs.index(to)
    return "up" if new_rung < rung else "down" if new_rung > rung else "stayed"


# What sources say the tiers of 1, 4, 15 and 80 % bring, with what is left for the small customers.
CLAIMS = {
    "50/30/20": ((0.50, 0.30, 0.20, 0.00), "marketinggenerators.com, models2use: nothing is left for the small 80 %."),
    "40/25/15": ((0.40, 0.25, 0.15, 0.20), "movements.marketing: the top 20 % bring 80 %."),
}
PARETO_LAW = "Pareto law 80/20"


@same_kind
def claims(summarised):
    """The shares of revenue of a `summary` beside what sources claim: tier, measured, and a column for each claim.

    The columns are those of `CLAIMS`, which names the sources, and "Pareto law 80/20" from `law_split`. They are about
    the tiers of 1, 4, 15 and 80 %; raises `DataError` for a summary of others.

    >>> import pandas as pd
    >>> found = summary(pd.DataFrame({"tier": ["top", "small"], "revenue": [30.0, 70.0]}))
    >>> claims(found).round(3)
         tier  measured  50/30/20  40/25/15  Pareto law 80/20
    0     top       0.3       0.5      0.40             0.528
    1   large       0.0       0.3      0.25             0.132
    2  medium       0.0       0.2      0.15             0.140
    3   small       0.7       0.0      0.20             0.200
    """
    frame = table(summarised, ["tier", "share_of_revenue"], what="summary", eager=False)
    rows = collect(frame, "tier", "share_of_revenue")
    measured = dict(zip(rows["tier"].to_list(), rows["share_of_revenue"].to_numpy().astype(float), strict=True))
    names = [name for name, _ in TIERS]
    if missing := [name for name in names if name not in measured]:
        raise DataError(
            f"The summary has no tier {missing[0]!r}; the claims are about {', '.join(names)} of 1, 4, 15 and 80 %."
        )
    columns = {"tier": names, "measured": [float(measured[name]) for name in names]}
    columns |= {name: list(split) for name, (split, _) in CLAIMS.items()} | {PARETO_LAW: list(law_split())}
    return like(frame, columns, {name: nw.Float64 for name in columns} | {"tier": nw.String}).to_native()


def law_split(shares=TIERS, *, top=0.80, q=0.20) -> tuple[float, ...]:
    """The share of revenue of each tier if revenue followed a Pareto law in which the best ``q`` bring ``top``.

    Raises `DataError` unless 0 < q < top < 1, as `pareto_law.pareto_exponent` does.

    >>> [round(share, 3) for share in law_split()]
    [0.528, 0.132, 0.14, 0.2]
    """
    law = ParetoLaw(pareto_exponent(top, q))
    reached = [law.top_share(min(total, 1.0)) for total in accumulate(share for _, share in _check_shares(shares))]
    return tuple(end - start for start, end in zip([0.0, *reached], reached, strict=False))


@dataclass(frozen=True)
class WorthGrading:
    """What `worth_grading` measured, and the thresholds it was held against."""

    customers: int  # in the tiers: active with a positive value
    repeat_share: float  # of all who ever bought, those with two orders or more; NaN if nobody did
    gini: float  # of the values in the tiers, 0 = all equal; NaN if there are none
    span: int
    min_repeat_share: float
    min_gini: float

    @property
    def many(self) -> bool:
        """More customers than one person can look after."""
        return self.customers > self.span

    @property
    def trading(self) -> bool:
        """There are customers who trade repeatedly."""
        return self.repeat_share > self.min_repeat_share

    @property
    def different(self) -> bool:
        """Their values differ."""
        return self.gini > self.min_gini

    @property
    def worth_it(self) -> bool:
        """All three conditions hold."""
        return self.many and self.trading and self.different

    @property
    def sentences(self) -> tuple[str, str, str]:
        """What was found on each condition."""
        held = count(self.span, "customer")
        many = f"{count(self.customers, 'active customer')} with a positive value: "
        many += f"{'more' if self.many else 'not more'} than the {held} whom one person can look after."
        trading = f"{percent(self.repeat_share)} of all who ever bought did so more than once"
        limit = f": {'more' if self.trading else 'not more'} than {percent(self.min_repeat_share)}."
        trading += limit if self.min_repeat_share else "; it is enough that somebody does." if self.trading else "."
        if not self.customers:
            return many, trading, "There are no values of active customers to compare."
        different = f"The Gini index of the active customers' values is {number(self.gini, 2)} (0 = all equal): "
        different += f"{'above' if self.different else 'not above'} {number(self.min_gini, 2)}."
        return many, trading, different

    @property
    def verdict(self) -> str:
        """Whether grading is worth it, in a sentence."""
        missing = [
            what
            for holds, what in (
                (self.many, "there are too few customers"),
                (self.trading, "too few trade repeatedly"),
                (self.different, "their values are too much alike"),
            )
            if not holds
        ]
        return f"Grading is not worth it: {several(missing)}." if missing else "Grading is worth it."


@same_kind
def worth_grading(customers, *, by="revenue", active_within=365, span=50, min_repeat_share=0.0, min_gini=0.2):
    """Whether grading customers is worth it, by the three conditions of a Chinese course on identifying customers.

    There are more customers than the management span; customers trade repeatedly; values differ. Number and values are
    of those whom `tiers` would grade, active with a positive value. Repeated trade is of all who ever bought: where new
    customers no longer come, the active ones are those who came back, all of them. Exactly at a threshold is not
    enough. The conditions come without numbers; the thresholds are ours: 50 customers for a person, as Li has in the
    example of `crmlib.factors`; anybody at all with two orders or more; a Gini index of 0.2, at which the top 20 %
    bring about 30 %.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"orders": [1, 2, 1], "days_since_last": 9.0, "revenue": [10.0, 100.0, 10.0]})
    >>> found = worth_grading(customers, span=2)
    >>> found.worth_it, found.customers, round(found.repeat_share, 2), found.gini
    (True, 3, 0.33, 0.5)
    >>> worth_grading(customers).verdict
    'Grading is not worth it: there are too few customers.'
    """
    frame = table(customers, ["orders", "days_since_last", by], eager=False)
    check_days(frame)
    inside = _inside(by, active_within)
    value = ascending(frame, by, inside)
    bought = collect(frame, *(nw.when(nw.col("orders") > n).then(1).otherwise(0).sum().alias(f"{n}") for n in (0, 1)))
    once, again = (int(bought[n][0]) for n in ("0", "1"))
    repeat, gini = again / once if once else math.nan, math.nan
    if len(value):
        gini = pareto.gini(nw.from_dict({"value": value}, backend="pandas").to_native(), by="value")
    return WorthGrading(len(value), repeat, gini, span, min_repeat_share, min_gini)


def _ends(frame, inside, shares, by, ties):
    """For each tier but the last the condition to be in it or in a better one."""
    ascends = ascending(frame, by, inside)  # a gap in anybody's value, which would silently become "small", is refused
    n, value = len(ascends), nw.col(by).cast(nw.Float64)
    if not n:
        return
    sizes = [whole_customers(total, n) for total in accumulate(share for _, share in shares)][:-1]
    for (name, _), size in zip(shares, sizes, strict=False):
        last = float(ascends[n - size])
        first_equal, end_equal = (int(np.searchsorted(ascends, last, side)) for side in ("left", "right"))
        if ties == "up" or first_equal == n - size:
            yield name, value >= last
        else:
            equal = collect(frame.filter(inside & (value == last)), "customer")["customer"].sort()
            last_id = equal[size - (n - end_equal) - 1]
            yield name, (value > last) | ((value == last) & (nw.col("customer") <= last_id))


def _inside(by, active_within):
    """The condition to be in one of the tiers."""
    return (nw.col("orders") > 0) & _active(active_within) & (nw.col(by) > 0)


def _active(within):
    if within is None:
        return nw.col("orders") > 0
    if not within > 0:
        raise DataError(f"active_within is {within}; give a number of days above 0, e.g. 365, or None for no limit.")
    return nw.col("days_since_last") < within


def _check_shares(shares):
    try:
        pairs = shares.items() if hasattr(shares, "items") else shares
        shares = tuple((str(name), float(share)) for name, share in pairs)
    except (TypeError, ValueError):
        raise DataError(f"shares must be pairs of a name and a share, best first, e.g. {TIERS}.") from None
    total = math.fsum(share for _, share in shares)
    if not all(share > 0 for _, share in shares) or not math.isclose(total, 1, abs_tol=1e-9):
        raise DataError(f"The shares of the tiers must be above 0 and sum to 1; these sum to {total:g}: {shares}.")
    names = [name for name, _ in shares]
    taken = (INACTIVE, NON_POSITIVE, *LAYERS, ABSENT, NO_CLASS)
    if len({*names, *taken}) < len(names) + len(taken):
        raise DataError(f"The tiers {names} need names that differ, and from {', '.join(map(repr, taken))}.")
    return shares
