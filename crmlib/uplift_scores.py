"""Whom to contact: a score of what the contact would change, learnt from campaigns by lot and judged on other customers.

The score is the uplift of the cell that a customer is in, drawn towards the mean (`crmlib.uplift.by_segment`): the plainest
of the uplift models, two rates a cell and their difference. No customer is scored by a cell that they helped to fill:
`cross_fit` learns on one half and scores the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers, number_of_periods
from crmlib.errors import DataError, FitError, quote
from crmlib.frames import collect, like, same_kind, table
from crmlib.two_rates import newcombe
from crmlib.uplift import by_segment

__all__ = ["Area", "CellScores", "area", "cross_fit", "fit_cells", "kept_away", "policies", "uplift_curve"]


@dataclass(frozen=True)
class CellScores:
    """The score of each cell of the columns ``by``, and of cells that were not seen: the ``mean`` of all.

    >>> import pandas as pd
    >>> model = CellScores(by=("price",), cells={("low",): 0.1, (None,): -0.02}, mean=0.05)
    >>> model.score(pd.DataFrame({"price": ["low", "high", None]}))["score"].tolist()
    [0.1, 0.05, -0.02]
    """

    by: tuple
    cells: dict
    mean: float

    def score(self, listed):
        """``listed``, a table of any engine with the columns ``by``, with the column ``score``."""
        return _scored(listed, model=self)


@same_kind
def _scored(listed, *, model):
    frame = table(listed, model.by, what="list of a campaign", eager=False)
    score = nw.lit(float(model.mean))
    for cell, value in model.cells.items():  # disjoint, so that their order does not matter
        columns = zip(map(nw.col, model.by), cell, strict=True)
        here = [column.is_null() if one is None else ~column.is_null() & (column == one) for column, one in columns]
        score = nw.when(nw.all_horizontal(*here, ignore_nulls=True)).then(nw.lit(float(value))).otherwise(score)
    return frame.with_columns(score=score).to_native()


def fit_cells(outcomes, by) -> CellScores:
    """Learn the score of each cell of the columns ``by``, which must be classes: a few values each.

    ``outcomes``: contacted, responded and the columns ``by``, of campaigns by lot. A cell without contacted or without
    held-back customers gets the mean of the others. Raises `FitError` where no cell has both.

    >>> import pandas as pd
    >>> test = pd.DataFrame({"price": ["low"] * 400 + ["high"] * 400, "contacted": [True, False] * 400,
    ...                      "responded": [True, False] * 200 + [False] * 400})
    >>> model = fit_cells(test, "price")
    >>> {cell: round(score, 2) for cell, score in model.cells.items()}
    {('high',): 0.0, ('low',): 1.0}
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    rows = collect(table(by_segment(outcomes, by), what="table of segments", eager=False)).rows(named=True)
    known = [row for row in rows if row["shrunk"] is not None and row["shrunk"] == row["shrunk"]]
    if not known:
        raise FitError("No cell has both customers contacted and customers held back, so there is no difference to learn.")
    weight = np.array([row["contacted"] + row["held_back"] for row in known], dtype=float)
    mean = float((weight * [row["shrunk"] for row in known]).sum() / weight.sum())
    return CellScores(by, {tuple(map(_plain, (row[name] for name in by))): row["shrunk"] for row in known}, mean)


@same_kind
def cross_fit(outcomes, by, *, rng):
    """``outcomes``, in memory, with the column ``score``: each half scored by what the other half did (`fit_cells`).

    The halves are drawn by ``rng``, among the contacted and the held back apart. Raises `FitError` as `fit_cells` does.

    >>> import numpy as np, pandas as pd
    >>> test = pd.DataFrame({"price": ["low"] * 400 + ["high"] * 400, "contacted": [True, False] * 400,
    ...                      "responded": [True, False] * 200 + [False] * 400})
    >>> cross_fit(test, "price", rng=np.random.default_rng(1)).groupby("price")["score"].mean().round(2).to_dict()
    {'high': 0.0, 'low': 1.0}
    """
    by = [by] if isinstance(by, str) else list(by)
    frame = table(outcomes, ["contacted", "responded", *by], what="table of outcomes")
    contacted = frame["contacted"].to_numpy().astype(bool)
    first = np.zeros(len(contacted), dtype=bool)
    for group in (contacted, ~contacted):
        where = rng.permutation(np.flatnonzero(group))
        first[where[: len(where) // 2]] = True
    score = np.empty(len(contacted))
    for half in (first, ~first):
        model = fit_cells(frame.filter((~half).tolist()).to_native(), by)
        scored = table(model.score(frame.filter(half.tolist()).to_native()))
        score[half] = scored["score"].to_numpy()
    return frame.with_columns(nw.new_series("score", score, nw.Float64, backend=frame.implementation)).to_native()


@same_kind
def uplift_curve(scored, *, score="score"):
    """What contacting the best share of the customers gains, by that share: the uplift curve, a kind of Qini curve.

    ``scored``: contacted, responded and a ``score``, of campaigns by lot, where the score was not learnt from the same
    customers. From the best score down; customers with equal scores come together.

    share (of the customers listed), score (the least among them), contacted, held_back, uplift (difference of the rates
    among these first), gain (share * uplift: more responses per customer listed, if these are contacted and no others),
    by_chance (what drawing as many by lot gains). Radcliffe's Qini curve is gain times the number listed times the share
    contacted. Shares at which one of the groups is empty are left out.

    >>> import pandas as pd
    >>> scored = pd.DataFrame({"score": [2, 2, 1, 1], "contacted": [True, False] * 2, "responded": [True, False] * 2})
    >>> uplift_curve(scored)[["share", "uplift", "gain", "by_chance"]]
       share  uplift  gain  by_chance
    0    0.0     NaN   0.0        0.0
    1    0.5     1.0   0.5        0.5
    2    1.0     1.0   1.0        1.0
    """
    frame = table(scored, ["contacted", "responded", score], what="scored table", eager=False)
    values, counts = _by_score(frame, score)
    n, h, _, _ = np.cumsum(counts, axis=0).T
    share, uplift, gain = _curve(counts)
    keep = np.isfinite(uplift)
    columns = {"share": share[keep], "score": values[keep], "contacted": n[keep], "held_back": h[keep], "uplift": uplift[keep]}
    columns |= {"gain": gain[keep], "by_chance": share[keep] * uplift[-1]}
    start = {"share": 0.0, "score": np.nan, "contacted": 0, "held_back": 0, "uplift": np.nan, "gain": 0.0, "by_chance": 0.0}
    columns = {name: np.r_[start[name], column] for name, column in columns.items()}
    kinds = dict.fromkeys(columns, nw.Float64) | dict.fromkeys(("contacted", "held_back"), nw.Int64)
    return like(frame, columns, kinds).to_native()


@dataclass(frozen=True)
class Area:
    """The area between an uplift curve and the line of chance, in responses per customer listed, and its interval."""

    value: float
    low: float
    high: float


def area(scored, *, rng, score="score", level=0.95, draws=500) -> Area:
    """The area between the uplift curve and what chance gains (a Qini area), with a bootstrap interval.

    0: the score is worth no more than lots. The interval draws the customers ``draws`` times anew, with ``rng``; the
    scores stay, so it is about this score and not about how it was learnt.

    >>> import numpy as np, pandas as pd
    >>> scored = pd.DataFrame({"score": [2] * 200 + [1] * 200, "contacted": [True, False] * 200,
    ...                        "responded": [True, False] * 100 + [False] * 200})
    >>> found = area(scored, rng=np.random.default_rng(1))
    >>> round(found.value, 3), found.low > 0
    (0.125, True)
    """
    frame = table(scored, ["contacted", "responded", score], what="scored table", eager=False)
    _, counts = _by_score(frame, score)
    value = _area(counts)
    draws = number_of_periods(draws, "draws", endless=False)
    total = int(counts[:, :2].sum())
    # who responded, and who did not, in each group: drawn anew all at once
    quarters = np.concatenate([counts[:, 2:], counts[:, :2] - counts[:, 2:]], axis=1).ravel()
    drawn = rng.multinomial(total, quarters / total, size=draws).reshape(draws, -1, 4).astype(float)
    anew = [_area(np.concatenate([one[:, :2] + one[:, 2:], one[:, :2]], axis=1)) for one in drawn]
    low, high = np.nanquantile(anew, [(1 - level) / 2, (1 + level) / 2])
    return Area(value, float(low), float(high))


@same_kind
def policies(scored, rules, *, contact_cost, profit_per_sale=None, level=0.95):
    """What each rule for whom to contact would have brought, per customer listed, measured on a campaign by lot.

    ``rules``: columns of True and False, True for whom the rule contacts. Under each rule those it chooses are compared,
    contacted against held back; the others bring nothing more and cost nothing. The margin is that of ``scored``; with
    ``profit_per_sale`` it is that times responded, which varies less.

    rule, share (chosen), uplift (of the chosen), gain (more margin per customer listed), cost, profit (gain - cost),
    profit_low, profit_high (Welch, normal distribution). A rule that chooses nobody has 0 throughout.

    Honest only if the rule was not learnt from these customers. Raises `DataError` where a rule chooses customers of one
    group only.

    >>> import pandas as pd
    >>> scored = pd.DataFrame({"all": True, "best": [True, True, False, False], "contacted": [True, False] * 2,
    ...                        "responded": [True, False, False, False], "margin": [10.0, 0, 0, 0]})
    >>> policies(scored, ["all", "best"], contact_cost=1)[["rule", "share", "gain", "cost", "profit"]]
       rule  share  gain  cost  profit
    0   all    1.0   5.0   1.0     4.0
    1  best    0.5   5.0   0.5     4.5
    """
    rules = [rules] if isinstance(rules, str) else list(rules)
    money = ["margin"] if profit_per_sale is None else []
    frame = table(scored, ["contacted", "responded", *money, *rules], what="scored table", eager=False)
    check_numbers(contact_cost=contact_cost, **({} if profit_per_sale is None else {"profit_per_sale": profit_per_sale}))
    responded = nw.when(nw.col("responded")).then(1.0).otherwise(0.0)
    margin = nw.col("margin").cast(nw.Float64) if money else responded * float(profit_per_sale)
    frame = frame.with_columns(__one=nw.lit(1), __responded=responded, __margin=margin, __square=margin * margin)
    sums = nw.col("__one", "__responded", "__margin", "__square").sum()
    z = NormalDist().inv_cdf((1 + level) / 2)
    total = sum(row["__one"] for row in collect(frame.group_by("contacted").agg(sums)).rows(named=True))
    found = {name: [] for name in ("rule", "share", "uplift", "gain", "cost", "profit", "profit_low", "profit_high")}
    for rule in rules:
        rows = collect(frame.filter(nw.col(rule)).group_by("contacted").agg(sums)).rows(named=True)
        groups = {bool(row["contacted"]): [float(row[f"__{one}"]) for one in ("one", "responded", "margin", "square")] for row in rows}
        if len(groups) == 1:
            raise DataError(f"The rule {quote(rule)} chooses only customers of one group, so nothing can be compared.")
        row = [rule, *([0.0] * 7)]
        if groups:
            (n, r, m, q), (h, s, k, w) = groups[True], groups[False]
            share = (n + h) / total
            error = np.sqrt(_spread(n, m, q) / n + _spread(h, k, w) / h)
            gain, cost = share * (m / n - k / h), share * contact_cost
            half = z * share * error
            row = [rule, share, r / n - s / h, gain, cost, gain - cost, gain - cost - half, gain - cost + half]
        for column, value in zip(found.values(), row, strict=True):
            column.append(value)
    return like(frame, found, dict.fromkeys(found, nw.Float64) | {"rule": nw.String}).to_native()


@same_kind
def kept_away(scored, *, score="score", cut=0.0, level=0.95):
    """Are there customers whom the contact keeps from buying? Those with a score below ``cut``, looked at afresh.

    One row: customers, share (of all listed), contacted, held_back, uplift, uplift_low, uplift_high (Newcombe), found
    (whether the interval is below 0 altogether). The score must come from other customers (`cross_fit`), else whoever
    had bad luck is found guilty of it. No customer below the cut, or none in one of the groups, leaves gaps.

    >>> import pandas as pd
    >>> scored = pd.DataFrame({"score": -0.1, "contacted": [True, False] * 100, "responded": [False, True] * 50 + [False] * 100})
    >>> kept_away(scored)[["customers", "share", "uplift", "found"]]
       customers  share  uplift  found
    0        200    1.0    -0.5   True
    """
    frame = table(scored, ["contacted", "responded", score], what="scored table", eager=False)
    values, counts = _by_score(frame, score)
    n, h, r, s = counts[values < cut].sum(axis=0)
    low, high = newcombe(r, n, s, h, level=level)
    with np.errstate(divide="ignore", invalid="ignore"):
        uplift = r / n - s / h
    columns = {"customers": [int(n + h)], "share": [(n + h) / counts[:, :2].sum()], "contacted": [int(n)], "held_back": [int(h)]}
    columns |= {"uplift": [float(uplift)], "uplift_low": [float(low)], "uplift_high": [float(high)], "found": [bool(high < 0)]}
    kinds = dict.fromkeys(columns, nw.Float64) | dict.fromkeys(("customers", "contacted", "held_back"), nw.Int64)
    return like(frame, columns, kinds | {"found": nw.Boolean}).to_native()


def _by_score(frame, score):
    """The scores from the best down, and for each: contacted, held back, and of each who responded."""
    one = frame.select("contacted", __score=nw.col(score).cast(nw.Float64), __one=nw.lit(1),
                       __responded=nw.when(nw.col("responded")).then(1).otherwise(0))  # fmt: skip
    rows = collect(one.group_by("__score", "contacted").agg(nw.col("__one", "__responded").sum()))
    scores = rows["__score"].to_numpy().astype(float)
    if not len(scores) or not np.isfinite(scores).all():
        raise DataError(f"Column {score!r} of the scored table has gaps, or no rows; everybody needs a score.")
    values, place = np.unique(-scores, return_inverse=True)
    counts = np.zeros((len(values), 4))
    group = np.where(rows["contacted"].to_numpy().astype(bool), 0, 1)
    np.add.at(counts, (place, group), rows["__one"].to_numpy().astype(float))
    np.add.at(counts, (place, group + 2), rows["__responded"].to_numpy().astype(float))
    if not counts[:, 0].any() or not counts[:, 1].any():
        raise DataError("Everybody in the scored table was contacted, or nobody, so there is nothing to compare.")
    return -values, counts


def _curve(counts):
    n, h, r, s = np.cumsum(counts, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        uplift = r / n - s / h
    share = (n + h) / (n[-1] + h[-1])
    return share, uplift, share * uplift


def _area(counts):
    share, uplift, gain = _curve(counts)
    keep = np.isfinite(uplift)
    x, y = np.r_[0, share[keep]], np.r_[0, gain[keep] - share[keep] * uplift[-1]]
    return float(np.trapezoid(y, x))


def _spread(n, total, squares):
    return max(squares - total**2 / n, 0.0) / (n - 1) if n > 1 else np.nan


def _plain(value):
    """None for every kind of gap."""
    return None if value is None or type(value).__name__ == "NAType" or value != value else value
