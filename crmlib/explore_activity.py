"""The window of activity turned and tested: what the lesson on the customer life cycle computes and says of any log.

"Active" is a silence of less than so many days. What such a window would have said half-way through the log can be
compared with what the same customers did afterwards: that prices a window that is too short, or too long.
"""

from __future__ import annotations

import datetime as dt
import operator
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib import transitions
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.frames import as_day, collect, like, same_kind, table
from crmlib.gaps import purchase_days
from crmlib.stages import STAGES
from crmlib.wording import count, days, number, percent, several

__all__ = [
    "Ahead", "activity_window", "ages_say", "ages_title", "gaps_say", "longest_silence", "nobody_bought",
    "silent_stay_silent", "snapshot_dates", "stage_has_no_memory", "stages_ahead", "stages_expected", "windows_checked",
]  # fmt: skip

_HAIR = 1e-9  # sums of floats differ in their last digits
FEW = 20  # a verdict on fewer customers says nothing: our convention, as in crmlib.explorers
RETURNS = 0.10  # "silent customers do not come back" holds while at most so many do: our convention
MOVED = 0.05  # a matrix predicts two steps while at most so many stand elsewhere: our convention


def nobody_bought(tx, instead="cdnow_sample") -> str:
    """Why this log has no life cycles, and which data is read instead; empty where somebody bought.

    >>> import pandas as pd
    >>> print(nobody_bought(pd.DataFrame({"amount": [-5.0]})))
    This log holds refunds and no purchase, so there are no silences to measure:
    from here on cdnow_sample is read.
    """
    if (table(tx, ["amount"], what="table of transactions")["amount"] >= 0).any():
        return ""
    return (
        "This log holds refunds and no purchase, so there are no silences to measure:\n"
        f"from here on {instead} is read."
    )


def longest_silence(tx, *, as_of) -> int:
    """The days from the first purchase to ``as_of``, at least 1: no window needs to be longer than one day more."""
    return max(1, as_day(as_of).toordinal() - int(purchase_days(tx).day.min()))


@same_kind
def windows_checked(tx, *, as_of, windows):
    """What each window says on ``as_of``, and what it would have said half-way and how that turned out.

    =============  ===================================================================================================
    window_days    a silence of less than this is active
    active         customers active on ``as_of``
    share_active   of all who had bought by then
    called         customers whom it calls inactive at the end of the first half of the days since the first purchase
    came_back      of them, who bought in the second half: called too early
    share_back     came_back / called; null where nobody was called
    kept           customers whom it calls active at the end of the first half
    stayed_away    of them, who bought nothing in the second half: called too late
    share_away     stayed_away / kept; null where nobody was kept
    =============  ===================================================================================================

    A log of one day has no half-way: called and kept are 0. The same kind of table. Raises `DataError` for windows that
    are no whole days above 0.

    >>> import pandas as pd
    >>> dates = pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-08", "2024-01-05"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c"], "date": dates, "amount": 1.0})
    >>> windows_checked(log, as_of="2024-01-10", windows=[4])[["active", "called", "came_back", "kept", "stayed_away"]]
       active  called  came_back  kept  stayed_away
    0       1       2          1     1            1
    """
    try:
        windows = sorted({operator.index(one) for one in windows})
    except TypeError:
        windows = []
    if not windows or windows[0] < 1:
        raise DataError("windows must be whole numbers of days above 0, e.g. windows=[30, 90, 180].")
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    now, then, bought, _ = _silences(tx, as_of)
    edges = np.array(windows)
    active = np.searchsorted(now, edges)
    kept, away = np.searchsorted(then, edges), np.searchsorted(then[~bought], edges)
    called, back = len(then) - kept, int(bought.sum()) - (kept - away)
    with np.errstate(invalid="ignore"):  # 0/0 -> null on purpose: a share of nobody
        shares = {"share_active": active / len(now), "share_back": back / called, "share_away": away / kept}
    whole = {"window_days": edges, "active": active, "called": called, "came_back": back, "kept": kept,
             "stayed_away": away}  # fmt: skip
    order = ("window_days", "active", "share_active", "called", "came_back", "share_back", "kept", "stayed_away",
             "share_away")  # fmt: skip
    columns = {name: (whole | shares)[name] for name in order}
    return like(frame, columns, {name: nw.Int64 if name in whole else nw.Float64 for name in order}).to_native()


def _silences(tx, as_of):
    """Silences on ``as_of``; those at the end of the first half, and who of these bought later, sorted; the split."""
    last = as_day(as_of).toordinal()
    bought = purchase_days(tx).until(last)
    now = bought.silence(last)
    first = int(bought.day.min())
    split = first + (last - first + 1) // 2  # of an odd number of days the second half has one more
    then = bought.until(split - 1).silence(split - 1)
    known = ~np.isnan(then)
    then, later = then[known], now[known] <= last - split
    order = np.argsort(then, kind="stable")
    return np.sort(now[~np.isnan(now)]), then[order], later[order], split


def activity_window(tx, *, window, as_of) -> View:
    """The explorer's callback: who is active by a ``window`` in days, over all windows, and what half-way shows of it.

    The dark curve is the share active on ``as_of``. The other one looks back: of those whom the window calls inactive
    half-way through the log, the share who bought again, which is the cost of a window that is too short. The figure is
    outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots
    from crmlib.plots.look import dress, legend, percent_ticks

    longest = longest_silence(tx, as_of=as_of)
    grid = np.unique(np.r_[np.linspace(1, max(longest, window), 80).astype(int), window])
    curves = table(windows_checked(tx, as_of=as_of, windows=grid.tolist())).to_native()
    curves = {name: table(curves)[name].to_numpy().astype(float) for name in table(curves).columns}
    at = int(np.flatnonzero(curves["window_days"] == window)[0])
    ax = plots.canvas(6.6, 4.0)
    ax.plot(grid, curves["share_active"], color=plots.PALETTE["dark"], linewidth=2.2, label="active now")
    ax.plot(grid, curves["share_back"], color=plots.PALETTE["accent"], linewidth=2.2, linestyle=(0, (5, 2)),
            label="called inactive half-way, bought again")  # fmt: skip
    ax.axvline(window, color=plots.MUTED, linewidth=1, linestyle=(0, (2, 2)))
    for name, colour in (("share_active", "dark"), ("share_back", "accent")):
        ax.plot([window], [curves[name][at]], marker="o", markersize=6, color=plots.PALETTE[colour], label=f"_{name}")
    title = f"{count(window, 'day')}: {percent(curves['share_active'][at])} are active now"
    dress(ax, title, "window, days of silence", "share of customers", legend=True)
    ax.set_ylim(-0.02, 1.02)
    percent_ticks(ax.yaxis)
    legend(ax, outside=True)
    return View(ax.figure, _window_sentence({name: values[at] for name, values in curves.items()}, tx, as_of))


def _window_sentence(row, tx, as_of):
    now, _, _, split = _silences(tx, as_of)
    said = (
        f"With a window of {count(row['window_days'], 'day')}, {number(row['active'])} of "
        f"{count(len(now), 'customer')} count as active on {as_day(as_of)} ({percent(row['share_active'])})."
    )
    if not row["called"] + row["kept"]:
        return f"{said} The log covers one day, so there is no half-way to look back from."
    half = dt.date.fromordinal(split - 1)
    if not row["called"]:
        return f"{said} On {half}, half-way, it would have called nobody inactive."
    return (
        f"{said} On {half}, half-way, it would have called {number(row['called'])} of "
        f"{number(row['called'] + row['kept'])} inactive; of these {number(row['came_back'])} "
        f"({percent(row['share_back'])}) bought again. Of the {number(row['kept'])} called active, "
        f"{number(row['stayed_away'])} ({percent(row['share_away'])}) bought nothing more."
    )


def silent_stay_silent(checked) -> str:
    """Whether the customers called inactive stayed silent: one sentence on the last row of `windows_checked`.

    "Held" asks that at most a tenth of them came back; with fewer than 20 there is no verdict.
    """
    rows = table(checked, ["window_days", "called", "came_back", "share_back"], what="table of windows")
    row = dict(zip(rows.columns, rows.row(len(rows) - 1), strict=True))
    claim = f"Whoever is silent for {count(row['window_days'], 'day')} does not come back"
    if row["called"] < FEW:
        return (
            f"Half-way {count(row['called'], 'customer')} had been silent that long (we ask for {FEW}): there is no "
            f"verdict on '{claim}'."
        )
    return (
        f"'{claim}' (we take at most {percent(RETURNS, 0)}) {_verdict(row['share_back'] <= RETURNS + _HAIR)} here: "
        f"{number(row['came_back'])} of {number(row['called'])} did, {percent(row['share_back'])}."
    )


def gaps_say(curve) -> str:
    """What open gaps change, one sentence on a `crmlib.survival.GapSurvival`; None is a log where nobody came back.

    Compared where half of the completed gaps have ended.
    """
    if curve is None:
        return "Nobody bought on two days in this log, so there is no gap between purchases to learn from."
    rows = curve.table
    half = int(rows["day"][rows["ended_completed"] >= 0.5].iloc[0])
    naive, ended = float(rows["ended_completed"].iloc[half]), curve.ended(half)
    reached = curve.quantile(0.5)
    median = f"within {days(reached)}" if reached is not None else "at no day that this log shows"
    return (
        f"{count(curve.completed, 'gap')} completed, {number(curve.open)} open. By {days(half)} {percent(naive)} of "
        f"the completed ones had ended; of all gaps {percent(ended)} (Kaplan-Meier). Half of all gaps end {median}. "
        f"'Completed gaps alone look too short' {_verdict(naive > ended)} here."
    )


def ages_say(cohorts, *, least=3) -> str:
    """Whether the share of the first cohort that is active falls with age: one sentence on a `cohort_table`.

    "Held" asks that no age has a larger share than the age before; at least ``least`` ages must be whole.
    """
    frame = table(cohorts, ["cohort", "age", "share_active", "size"], what="cohort table")
    first = frame.filter(nw.col("cohort") == frame["cohort"].min(), ~nw.col("share_active").is_null()).sort("age")
    shares, cohort = first["share_active"].to_list(), frame["cohort"].min()
    if len(shares) < least:
        seen = count(len(shares), "age")
        return f"The cohort {cohort} is wholly seen at {seen} only (we ask for {least}): there is no curve to read."
    up = sum(later > earlier for earlier, later in zip(shares, shares[1:], strict=False))
    return (
        f"Cohort {cohort}, {count(first['size'][0], 'customer')}: {percent(shares[1])} active at age 1, "
        f"{percent(shares[-1])} at age {len(shares) - 1}. 'The active share falls at every age' {_verdict(not up)} "
        f"here: it rose at {number(up)} of {count(len(shares) - 1, 'step')}."
    )


def ages_title(cohorts) -> str:
    """What the youngest whole age of all cohorts says, as the title of a chart of a `cohort_table`."""
    frame = table(cohorts, ["cohort", "age", "share_active"], what="cohort table")
    shares = frame.filter(nw.col("age") == 1, ~nw.col("share_active").is_null())["share_active"].to_list()
    if not shares:
        return "No cohort is wholly seen at age 1"
    low, high = percent(min(shares)), percent(max(shares))
    return f"At age 1 {low if low == high else f'{low} to {high}'} of a cohort are active"


def snapshot_dates(tx, *, as_of, apart=90) -> list[dt.date]:
    """``as_of`` and the days ``apart`` days before each other back to the first purchase, in order.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-01"]), "amount": 1.0})
    >>> [str(day) for day in snapshot_dates(log, as_of="2024-01-25", apart=10)]
    ['2024-01-05', '2024-01-15', '2024-01-25']
    """
    last = as_day(as_of).toordinal()
    first = min(int(purchase_days(tx).day.min()), last)
    return [dt.date.fromordinal(day) for day in range(last, first - 1, -apart)][::-1]


class Ahead(NamedTuple):
    """Customers expected in each stage some steps ahead, a table for `plots.occupancy`, or None and why in ``said``."""

    said: str
    title: str = ""
    table: Any = None


def stages_ahead(snapshots, *, steps=4) -> Ahead:
    """Where the customers of the last snapshot would stand ``steps`` later, by all moves so far, without newcomers."""
    frame, dates = _snapshots(snapshots)
    if len(dates) < 2:
        return Ahead("This log has 1 snapshot, and a step needs two.")
    moved = transitions.from_snapshots(frame.to_native(), column="stage", order=STAGES)
    here = _by_stage(frame.filter(nw.col("as_of") == dates[-1]))
    try:
        told = moved.expected({name: n for name, n in here.items() if n}, steps)
    except DataError as error:
        return Ahead(str(error))
    ends = [told[told["step"] == step].set_index("state")["customers"] for step in (0, steps)]
    now, then = (end / end.sum() for end in ends)
    fullest = (then - now).idxmax()
    title = f"{fullest.capitalize()} would grow from {percent(now[fullest])} to {percent(then[fullest])} of these customers"
    if then[fullest] - now[fullest] < _HAIR:
        title = "Every stage would stay as it is"
    stages = [f"{name} {percent(then[name])} ({percent(now[name])})" for name in STAGES]
    known = f"{count(sum(here.values()), 'customer')} known on {dates[-1]:%Y-%m-%d}"
    return Ahead(f"{known}, after {count(steps, 'step')} (now): {several(stages)}.", title, told)


def stages_expected(snapshots) -> str:
    """The stages expected at the last of `crmlib.stages.snapshots`, had it gone on as before, beside those counted.

    The moves between all earlier snapshots give the matrix and the newcomers. "Held" asks that at most one customer in
    twenty stands elsewhere.
    """
    frame, dates = _snapshots(snapshots)
    if len(dates) < 3:
        return f"This log has {count(len(dates), 'snapshot')}, and a step to learn from and one to test need three."
    earlier = frame.filter(nw.col("as_of") < dates[-1]).to_native()
    moved = transitions.from_snapshots(earlier, column="stage", order=STAGES)
    here, counted = (_by_stage(frame.filter(nw.col("as_of") == date)) for date in dates[-2:])
    try:
        told = moved.expected({name: n for name, n in here.items() if n}, 1, inflow=moved.inflow)
    except DataError as error:
        return str(error)
    after = told[told["step"] == 1].set_index("state")["customers"]
    expected = {name: float(after.get(name, 0)) / after.sum() for name in STAGES}
    found = {name: n / sum(counted.values()) for name, n in counted.items()}
    off = sum(abs(expected[name] - found[name]) for name in STAGES) / 2
    stages = [f"{name} {percent(expected[name])} ({percent(found[name])})" for name in STAGES]
    said = f"Expected on {dates[-1]:%Y-%m-%d} (counted): {several(stages)}."
    return f"{said} {_judged('It went on as before', off, sum(counted.values()))}"


def stage_has_no_memory(snapshots, rng) -> str:
    """Whether the stage alone tells where a customer goes next, tried on all three snapshots in a row.

    "Held" asks that the one-step matrix twice places at most one customer in twenty elsewhere.
    """
    frame, dates = _snapshots(snapshots)
    if len(dates) < 3:
        return f"This log has {count(len(dates), 'snapshot')}, and two steps need three."
    try:
        found = transitions.two_steps(frame.to_native(), column="stage", order=STAGES)
    except DataError as error:
        return str(error)
    said = _judged("Where one goes depends on the stage alone", found.misplaced, found.customers)
    if found.customers < FEW:
        return said
    chance = float(np.quantile(found.by_chance(rng), 0.95))
    return f"{said} If it were so, chance would bring {percent(chance)} or less, 19 times out of 20."


def _snapshots(snapshots):
    frame = table(snapshots, ["customer", "as_of", "stage"], what="table of snapshots", eager=False)
    frame = collect(frame, "customer", "as_of", "stage")
    return frame, sorted(set(frame["as_of"].to_list()))


def _by_stage(frame):
    stages = frame["stage"].to_list()
    return {name: stages.count(name) for name in STAGES}


def _judged(claim, off, customers):
    if customers < FEW:
        return f"With {count(customers, 'customer')} (we ask for {FEW}) there is no verdict on '{claim}'."
    held = _verdict(off <= MOVED + _HAIR)
    return f"'{claim}' (we take at most {percent(MOVED, 0)} elsewhere) {held} here: {percent(off)}."


def _verdict(held) -> str:
    return "held" if held else "did not hold"
