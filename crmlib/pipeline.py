"""The sales pipeline: how likely a deal is to be won from each stage, what the open ones are worth, whom to believe.

A chance is counted from histories, not from how many deals lie where today: deals that are still open are
right-censored, and the fast ones are over first. All functions take tables of any engine.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import AMOUNT, CHANCE, check_columns, check_numbers, check_share, number_of_periods
from crmlib.errors import DataError, quote
from crmlib.frames import alike, as_day, collect, day_number, like, same_kind, table

__all__ = [
    "STAGES", "calibration", "forecast_errors", "reliability", "stage_conversion", "velocity", "weighted_forecast",
]  # fmt: skip

STAGES = ("first contact", "needs", "proposal", "signed", "paid")  # the five of the textbook
_ABOVE_0 = ("an amount above 0", lambda column: (column > 0) & (column < float("inf")))
_NOT_DOWN = ("an amount of 0 or more", lambda column: (column >= 0) & (column < float("inf")))


def velocity(deals, amount, win, days) -> float:
    """What a pipeline brings a day: open deals x mean amount x share won / length of the sales cycle in days.

    >>> round(velocity(deals=50, amount=10_000, win=0.25, days=30), 2)
    4166.67
    """
    check_numbers(deals=deals, amount=amount)
    check_share(win=win)
    check_numbers(above=0, days=days)
    return deals * amount * win / days


@same_kind
def stage_conversion(opportunities, stages, *, as_of, order=STAGES):
    """What becomes of deals, stage by stage, as it stood on ``as_of``; what came later has not happened.

    ``opportunities`` has opportunity, outcome ("lost" or anything else) and closed; ``stages`` has opportunity, stage
    and entered, a row for each stage that a deal entered. A row for each stage of ``order`` but the last:

    ===========  ======================================================================================================
    stage        the stage
    entered      deals that entered it
    moved, lost  of these, those that entered the next stage, and those that were lost from here
    open         those that are still in it
    so_far       moved / entered: too low, as some of the open ones will still move
    conversion   share that moves on in the end, of those that leave the stage by the longest time seen (Aalen-Johansen:
                 Kaplan-Meier with two ways out). It takes an open deal for what it is, undecided after so many days
    undecided    share that has not left by that time; where it is large, conversion tells little
    win          chance to reach the last stage from here: the product of the conversions that are still ahead
    ===========  ======================================================================================================

    The same kind of table. Nobody in a stage gives null. Raises `DataError` for a stage that is not in ``order``, one
    that is left out or entered before the one ahead of it, and for a lost deal without a day.

    >>> import pandas as pd
    >>> day = pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-01", "2024-01-01", "2024-01-08"])
    >>> stages = pd.DataFrame({"opportunity": list("aabcc"), "stage": ["offer", "won", "offer", "offer", "won"],
    ...                        "entered": day})
    >>> deals = pd.DataFrame({"opportunity": list("abc"), "outcome": ["won", "lost", "won"],
    ...                       "closed": pd.to_datetime(["2024-01-05", "2024-01-03", "2024-01-08"])})
    >>> found = stage_conversion(deals, stages, as_of="2024-01-06", order=["offer", "won"])
    >>> found[["entered", "moved", "lost", "open", "so_far", "conversion", "undecided"]].round(3)
       entered  moved  lost  open  so_far  conversion  undecided
    0        3      1     1     1   0.333         0.5      0.333
    """
    last, order = as_day(as_of).toordinal(), [*order]
    deals = table(opportunities, ["opportunity", "outcome", "closed"], what="table of opportunities", eager=False)
    frame = table(stages, ["opportunity", "stage", "entered"], what="table of stages", eager=False)
    alike(deals, frame, "the table of opportunities", "the table of stages", key="opportunity")
    names, lost = _lost(deals)
    entered = _entered(frame, names, order)
    entered[entered > last], lost[lost > last] = np.nan, np.nan
    columns = {"stage": order[:-1]}
    for place in range(len(order) - 1):
        begin, moved = entered[:, place], entered[:, place + 1]
        there = ~np.isnan(begin)
        fell = np.where(np.isnan(moved), lost, np.nan)[there]
        found = _ways_out((moved - begin)[there], fell - begin[there], last - begin[there])
        for name, value in found.items():
            columns.setdefault(name, []).append(value)
    columns["win"] = np.cumprod(np.array(columns["conversion"])[::-1])[::-1]
    kinds = {"stage": nw.String} | dict.fromkeys(("entered", "moved", "lost", "open"), nw.Int64)
    return like(frame, columns, dict.fromkeys(columns, nw.Float64) | kinds).to_native()


def _lost(deals):
    """The number of each opportunity, and the day on which it was lost, NaN for others."""
    rows = collect(deals.select("opportunity", "outcome", day=day_number(nw.col("closed"))))
    names = {name: number for number, name in enumerate(rows["opportunity"].to_list())}
    if len(names) < len(rows):
        found = f"{len(rows):,} rows for {len(names):,} ids"
        raise DataError(f"The table of opportunities has {found}; it needs one row an id.")
    lost = np.array([one == "lost" for one in rows["outcome"].to_list()], dtype=bool)
    day = rows["day"].to_numpy().astype(float)
    if missing := int((lost & np.isnan(day)).sum()):
        raise DataError(f"'closed' is missing for {missing:,} lost opportunities; fill it or leave them out first.")
    return names, np.where(lost, day, np.nan)


def _entered(frame, names, order):
    """The day on which each deal entered each stage, a row a deal, NaN where it did not."""
    rows = collect(frame.select("opportunity", "stage", day=day_number(nw.col("entered"))))
    place = {name: number for number, name in enumerate(order)}
    entered = np.full((len(names), len(order)), np.nan)
    for name, stage, day in rows.iter_rows():
        if stage not in place:
            known = f"the stages are {quote(order)}"
            raise DataError(f"There is a stage {quote(stage)}, but {known}; pass yours as order=[..].")
        if name not in names:
            raise DataError(f"Opportunity {quote(name)} has a stage, but is not in the table of opportunities.")
        if day is None or day != day:
            raise DataError(f"Opportunity {quote(name)} entered {quote(stage)} on no day; fill 'entered' first.")
        if not np.isnan(entered[names[name], place[stage]]):
            raise DataError(f"Opportunity {quote(name)} entered {quote(stage)} twice; keep one of the rows.")
        entered[names[name], place[stage]] = day
    for number in range(1, len(order)):
        before, now = entered[:, number - 1], entered[:, number]
        wrong = ~np.isnan(now) & ~(before <= now)
        if wrong.any():
            who = quote([*names][int(np.argmax(wrong))])
            said = f"Opportunity {who} entered {quote(order[number])} without {quote(order[number - 1])} before it"
            raise DataError(f"{said}; a deal goes through the stages in their order.")
    return entered


def _ways_out(moved, lost, open_):
    """Counts and shares from days until a deal moved or was lost (NaN: did not), and days until now."""
    n, ways = len(open_), [int((~np.isnan(one)).sum()) for one in (moved, lost)]
    counts = {"entered": n, "moved": ways[0], "lost": ways[1], "open": n - sum(ways)}
    if not n:
        return counts | dict.fromkeys(("so_far", "conversion", "undecided"), np.nan)
    time = np.where(np.isnan(moved), np.where(np.isnan(lost), open_, lost), moved)
    at, which = np.unique(time, return_inverse=True)
    gone = np.bincount(which, minlength=len(at))
    at_risk = n - np.cumsum(gone) + gone
    by_way = [np.bincount(which, ~np.isnan(one), len(at)) / at_risk for one in (moved, lost)]
    still = np.cumprod(1 - sum(by_way))
    before = np.concatenate([[1.0], still[:-1]])
    moves, losses = (float((before * one).sum()) for one in by_way)
    share = moves / (moves + losses) if sum(ways) else np.nan
    return counts | {"so_far": ways[0] / n, "conversion": share, "undecided": max(1 - moves - losses, 0.0)}


@same_kind
def weighted_forecast(deals, *, by="stage"):
    """What open deals are worth: ``by``, deals, amount, weighted, by the values of ``by`` in the order of the alphabet.

    ``weighted`` is the sum of amount x probability; the total is its sum. It is a mean over many such pipelines, and
    no single one comes out like that where a few deals are large. ``deals`` has amount and probability, a row an open
    deal: leave out those that are won or lost.

    >>> import pandas as pd
    >>> deals = pd.DataFrame({"stage": ["needs", "needs", "signed"], "amount": [1000.0, 3000.0, 500.0],
    ...                       "probability": [0.5, 0.25, 0.9]})
    >>> weighted_forecast(deals)
        stage  deals  amount  weighted
    0   needs      2  4000.0    1250.0
    1  signed      1   500.0     450.0
    """
    frame = table(deals, [by, "amount", "probability"], what="table of deals", eager=False)
    check_columns(frame, {"amount": _NOT_DOWN, "probability": CHANCE}, of="deals")
    weighted = nw.col("amount").cast(nw.Float64) * nw.col("probability").cast(nw.Float64)
    found = _summed(frame, by, {"amount": nw.col("amount").cast(nw.Float64), "weighted": weighted})
    columns = {by: found[by], "deals": found["__n"], "amount": found["amount"], "weighted": found["weighted"]}
    return _given_back(frame, by, columns)


@same_kind
def forecast_errors(forecasts, *, by="representative"):
    """How far forecasts were off: ``by``, forecasts, forecast, actual, bias, mape.

    ``forecasts`` has the columns forecast and actual, a row a period and representative, say. ``bias`` is
    sum(forecast - actual) / sum(actual): above 0 too much was promised, below 0 too little, and errors of both signs
    cancel. ``mape`` is the mean of abs(forecast - actual) / actual, in which they do not; it punishes promising too
    much more than promising too little, as the latter can be off by 1 at most. An actual of 0 has no such share, so
    all must be above 0: forecast longer periods or more deals together.

    >>> import pandas as pd
    >>> said = pd.DataFrame({"representative": ["S1", "S1", "S2"], "forecast": [120.0, 80.0, 50.0], "actual": 100.0})
    >>> forecast_errors(said)
      representative  forecasts  forecast  actual  bias  mape
    0             S1          2     200.0   200.0   0.0   0.2
    1             S2          1      50.0   100.0  -0.5   0.5
    """
    frame = table(forecasts, [by, "forecast", "actual"], what="table of forecasts", eager=False)
    check_columns(frame, {"forecast": AMOUNT, "actual": _ABOVE_0}, of="forecasts")
    said, came = nw.col("forecast").cast(nw.Float64), nw.col("actual").cast(nw.Float64)
    found = _summed(frame, by, {"forecast": said, "actual": came, "off": (said - came).abs() / came})
    said, came = found["forecast"], found["actual"]
    columns = {by: found[by], "forecasts": found["__n"], "forecast": said, "actual": came}
    return _given_back(frame, by, columns | {"bias": (said - came) / came, "mape": found["off"] / found["__n"]})


@same_kind
def calibration(forecasts, *, by="representative"):
    """Whether probabilities come true: ``by``, forecasts, probability, won, excess, brier.

    ``forecasts`` has probability and won (true or false, or 1 and 0). ``probability`` and ``won`` are means, ``excess``
    is the one less the other: above 0 too sure, below 0 too careful. ``brier`` is the mean of (probability - won)
    squared, 0 for a prophet and 0.25 for who always says a half; it rises with what cannot be known, so compare it
    between people with similar deals. Deals that are not decided yet have to be left out, and with them the slow ones:
    take forecasts so old that nearly all are.

    >>> import pandas as pd
    >>> said = pd.DataFrame({"representative": "S1", "probability": [0.9, 0.6, 0.2], "won": [True, False, False]})
    >>> calibration(said).round(3)
      representative  forecasts  probability    won  excess  brier
    0             S1          3        0.567  0.333   0.233  0.137
    """
    frame = _judged(forecasts, by)
    chance, won = nw.col("probability"), nw.col("won")
    found = _summed(frame, by, {"probability": chance, "won": won, "brier": (chance - won) * (chance - won)})
    mean = {name: found[name] / found["__n"] for name in ("probability", "won", "brier")}
    columns = {by: found[by], "forecasts": found["__n"], "probability": mean["probability"], "won": mean["won"]}
    return _given_back(frame, by, columns | {"excess": mean["probability"] - mean["won"], "brier": mean["brier"]})


@same_kind
def reliability(forecasts, *, bins=10):
    """The share won by what was said, for a reliability plot: low, high, forecasts, probability, won.

    A row for each of ``bins`` equal parts of 0 to 1 in which there is a forecast. A part holds its lower bound, the
    last one 1 as well. ``probability`` and ``won`` are means of the part; where they are equal the forecasts are
    calibrated.

    >>> import pandas as pd
    >>> said = pd.DataFrame({"probability": [0.1, 0.2, 0.5, 1.0], "won": [False, True, True, True]})
    >>> reliability(said, bins=2)
       low  high  forecasts  probability  won
    0  0.0   0.5          2         0.15  0.5
    1  0.5   1.0          2         0.75  1.0
    """
    bins = number_of_periods(bins, "bins", endless=False)
    if not bins:
        raise DataError("bins is 0; give a whole number from 1 on.")
    frame = _judged(forecasts)
    found = _summed(frame, "probability", {"won": nw.col("won")})
    chance = np.array(found["probability"], dtype=float)
    part = np.minimum(np.floor(chance * bins + 1e-9).astype(int), bins - 1)  # 0.29 x 100 is a little below 29
    count, total, won = (np.bincount(part, w, bins) for w in (found["__n"], found["__n"] * chance, found["won"]))
    there = np.flatnonzero(count)
    columns = {"low": there / bins, "high": (there + 1) / bins, "forecasts": count[there].astype(int)}
    columns |= {"probability": total[there] / count[there], "won": won[there] / count[there]}
    return like(frame, columns, dict.fromkeys(columns, nw.Float64) | {"forecasts": nw.Int64}).to_native()


def _judged(forecasts, *by):
    """The wrapped table with probability and won as floats."""
    frame = table(forecasts, [*by, "probability", "won"], what="table of forecasts", eager=False)
    if frame.collect_schema()["won"] == nw.Boolean:
        one = nw.when(nw.col("won")).then(1).when(~nw.col("won")).then(0)
        frame = frame.with_columns(won=one)
    whole = ("true or false, 1 or 0", lambda column: (column == 0) | (column == 1))
    check_columns(frame, {"probability": CHANCE, "won": whole}, of="forecasts")
    return frame.with_columns(nw.col("probability", "won").cast(nw.Float64))


def _summed(frame, by, parts):
    """Sums of expressions and the number of rows (__n), by the values of a column, in ascending order; arrays."""
    each = frame.select(**{by: nw.col(by), "__n": nw.lit(1)}, **{f"__{name}": part for name, part in parts.items()})
    sums = each.group_by(by).agg(nw.col("__n", *(f"__{name}" for name in parts)).sum())
    rows = [*collect(sums.select(by, "__n", *(f"__{name}" for name in parts))).iter_rows()]
    if gaps := sum(int(row[1]) for row in rows if row[0] is None or row[0] != row[0]):
        raise DataError(f"{by!r} is missing for {gaps:,} of {sum(int(row[1]) for row in rows):,} rows; fill it first.")
    rows.sort(key=lambda row: row[0])
    found = {by: [row[0] for row in rows], "__n": np.array([int(row[1]) for row in rows], dtype=int)}
    return found | {name: np.array([float(row[at]) for row in rows]) for at, name in enumerate(parts, 2)}


def _given_back(frame, by, columns):
    count = next(name for name in columns if name in ("deals", "forecasts"))
    kinds = dict.fromkeys(columns, nw.Float64) | {by: frame.collect_schema()[by], count: nw.Int64}
    return like(frame, columns, kinds).to_native()
