"""What changed between two equal, adjacent periods: who bought in which, and where the money came from and went.

`changes` comes first: one row a customer with both periods side by side; the other functions read its table. A customer
of a period bought on at least one of its days, as in `crmlib.one_period`. A log without contracts shows silence: who
bought before and not after is "before only", and may come back.

Source: Fader, Hardie and Ross, The Customer-Base Audit (2022), second lens; the split of a change into factors is that
of `crmlib.factors`. Who buys in both periods is a selection of frequent buyers, whose orders fall back on average
(regression to the mean), and that is no alarm.
"""

from __future__ import annotations

import datetime as dt
from statistics import NormalDist

import narwhals as nw
import numpy as np

from crmlib.classes import with_classes
from crmlib.concentration import window_start
from crmlib.customer_periods import checked_log, ratio
from crmlib.errors import DataError
from crmlib.factors import split
from crmlib.frames import collect, is_lazy, like, same_kind, table
from crmlib.one_period import NO_ORDER, decile_of_rank
from crmlib.windows import in_windows, ratios

__all__ = [
    "BEFORE_ONLY", "BOTH", "GROUPS", "INACTIVE", "NEW", "RETURNING", "bridge", "changes", "decile_change",
    "decile_cuts", "drivers", "repeat_buying_rate", "same_customers", "ups_and_downs",
]  # fmt: skip

BOTH, BEFORE_ONLY, NEW, RETURNING = "both", "before only", "new", "returning"
GROUPS = (BOTH, BEFORE_ONLY, NEW, RETURNING, NO_ORDER)
INACTIVE = "inactive"  # in a decile change: no purchase in that period

_SIDES = ("_before", "_after")
_TIE = 1e-11  # quotients of equal money differ in the last digits; closer than this is equal


@same_kind
def changes(tx, *, as_of, months=12):
    """Each customer in the ``months`` calendar months up to ``as_of`` ("after") and in as many before ("before").

    ============================  =====================================================================================
    customer                      everybody with a line in either period
    group                         "both"; "before only"; after only, split into "new" (first purchase ever in the log)
                                  and "returning" (bought before both periods); "no order" (refunds only)
    settled                       whether the first purchase lies before both periods, so that both were seen whole
    orders_before, _after         orders that began in the period; without an order column, days with a purchase
    revenue_before, _after        amounts, net of refunds
    profit_before, _after         amounts - costs; only if every line has a ``cost``
    ============================  =====================================================================================

    "new" is only as good as the log is long: where it begins with the first of the two periods nobody can be returning.
    The same kind of table as ``tx``. Raises `DataError` if nobody bought in one of the periods.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-02-03", "2024-02-09"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c"], "date": days, "amount": [10.0, 6.0, 5.0, 8.0]})
    >>> changes(log, as_of="2024-02-29", months=1)[["customer", "group", "revenue_before", "revenue_after"]]
      customer        group  revenue_before  revenue_after
    0        a  before only            10.0            0.0
    1        b         both             6.0            5.0
    2        c          new             0.0            8.0
    """
    lines, as_of = checked_log(tx, as_of)
    middle = window_start(as_of, months)
    ends = {"_before": middle - dt.timedelta(days=1), "_after": as_of}
    windows = {"_before": (window_start(ends["_before"], months), ends["_before"]), "_after": (middle, as_of)}
    found = in_windows(lines, windows)
    bought = collect(found, nw.col("purchases_before", "purchases_after").sum().fill_null(0)).row(0)
    for number, (start, end) in zip(bought, windows.values(), strict=True):
        if not number > 0:  # a sum over no rows is a gap in SQL
            raise DataError(f"Nobody bought from {start} to {end}; choose another as_of or other months.")
    before, after = nw.col("purchases_before") > 0, nw.col("purchases_after") > 0
    known = nw.col("first") < middle.toordinal()
    rules = [(before & after, BOTH), (before, BEFORE_ONLY), (after & known, RETURNING), (after, NEW)]
    found = with_classes(found, "group", rules, NO_ORDER)
    names = found.collect_schema().names()
    wanted = [name + side for name in ("orders", "revenue", "profit") for side in _SIDES if name + side in names]
    start = windows["_before"][0].toordinal()
    settled = nw.when(nw.col("first") < start).then(nw.lit(True)).otherwise(nw.lit(False))
    found = found.with_columns(settled=settled).select("customer", "group", "settled", *wanted)
    return (found.sort("customer") if is_lazy(found) else found).to_native()


@same_kind
def bridge(people):
    """The money before and after by group of customers: who is in both periods, who in one, and what each changed.

    A row a group, as `changes` names them ("no order" only if there is one): customers, orders_before, orders_after,
    revenue_before, revenue_after, revenue_change, and the same of profit. The changes sum to that of the whole.

    >>> import pandas as pd
    >>> groups = ["both", "new"]
    >>> people = pd.DataFrame({"group": groups, "orders_before": [1, 0], "orders_after": [2, 1],
    ...                        "revenue_before": [9.0, 0.0], "revenue_after": [7.0, 5.0]})
    >>> bridge(people)[["group", "customers", "revenue_before", "revenue_after", "revenue_change"]]
             group  customers  revenue_before  revenue_after  revenue_change
    0         both          1             9.0            7.0            -2.0
    1  before only          0             0.0            0.0             0.0
    2          new          1             0.0            5.0             5.0
    3    returning          0             0.0            0.0             0.0
    """
    frame = _wrapped(people)
    columns = _by_group(frame)
    schema = {name: nw.String if name == "group" else nw.Int64 if name.startswith(("customers", "orders")) else
              nw.Float64 for name in columns}  # fmt: skip
    return like(frame, columns, schema).to_native()


@same_kind
def repeat_buying_rate(people) -> float:
    """The share of the customers of the first period who bought in the second too.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": ["both", "before only", "new"], "orders_before": [1, 1, 0],
    ...                        "orders_after": [1, 0, 1], "revenue_before": 1.0, "revenue_after": 1.0})
    >>> repeat_buying_rate(people)
    0.5
    """
    columns = _by_group(_wrapped(people))
    counts = dict(zip(columns["group"], columns["customers"], strict=True))
    return float(counts[BOTH] / (counts[BOTH] + counts[BEFORE_ONLY]))


@same_kind
def same_customers(people, *, level=0.95):
    """How the money of the same customers changed, of those whose both periods were seen whole: one row.

    The customers of both periods who are settled: whoever began inside the first period had only a part of it and seems to
    grow. customers, before and after (money: profit, or revenue in a table without it), ratio (after / before), low and
    high (its interval as a ratio of means, linearised; null for fewer than two customers). ratio, low and high are null
    where the money before is not above 0.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": "both", "settled": [True, True, False], "orders_before": 1, "orders_after": 1,
    ...                        "revenue_before": [9.0, 11.0, 1.0], "revenue_after": [8.0, 12.0, 9.0]})
    >>> same_customers(people)[["customers", "before", "after", "ratio"]]
       customers  before  after  ratio
    0          2    20.0   20.0    1.0
    """
    if not (isinstance(level, float) and 0 < level < 1):
        raise DataError(f"level is {level!r}; give the confidence of the interval between 0 and 1, e.g. 0.95.")
    frame = _wrapped(people)
    if "settled" not in frame.collect_schema().names():
        raise DataError("The table of changes() has no column 'settled'; make it anew.")
    money = _money(frame.collect_schema().names())[-1]
    own = frame.filter(nw.col("group") == BOTH, nw.col("settled"))
    rows = collect(own.select(**{side: nw.col(money + side).cast(nw.Float64) for side in _SIDES}))
    before, after = (rows[side].to_numpy() for side in _SIDES)
    n, total = len(before), before.sum()
    change = after.sum() / total if total > 0 else np.nan
    half = np.nan
    if n > 1 and total > 0:
        spread = ((after - change * before) ** 2).sum() * n / (n - 1)
        half = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(spread) / total
    columns = {"customers": [n], "before": [total], "after": [after.sum()], "ratio": [change], "low": [change - half], "high": [change + half]}
    return like(frame, columns, dict.fromkeys(columns, nw.Float64) | {"customers": nw.Int64}).to_native()


@same_kind
def drivers(people):
    """Which factor brought how much of the change in money: factor, before, after, ratio, change, method.

    Rows: customers, orders_each (orders / customers), order_value (revenue / orders), with profit margin (profit /
    revenue), and last the money itself, whose change is the sum of the others. The split is that by logarithms, exact
    and independent of the order of the factors; where a factor is not above 0 it is Shapley's over all orders, and
    ``method`` says which. What each factor brought is arithmetic and no cause.

    Raises `DataError` where a factor does not exist: no orders, or profit without revenue.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": ["both", "new"], "orders_before": [1, 0], "orders_after": [1, 1],
    ...                        "revenue_before": [8.0, 0.0], "revenue_after": [8.0, 8.0]})
    >>> drivers(people)[["factor", "before", "after", "change", "method"]]
            factor  before  after  change method
    0    customers     1.0    2.0     8.0    log
    1  orders_each     1.0    1.0     0.0    log
    2  order_value     8.0    8.0     0.0    log
    3      revenue     8.0   16.0     8.0    log
    """
    frame = _wrapped(people)
    groups = _by_group(frame)
    counts = dict(zip(groups["group"], groups["customers"], strict=True))
    active = {"_before": counts[BOTH] + counts[BEFORE_ONLY], "_after": counts[BOTH] + counts[NEW] + counts[RETURNING]}
    money, factors, totals = _money(groups), {}, {}
    for side in _SIDES:
        sums = {"customers": [active[side]]} | {name: [np.sum(groups[name + side])] for name in ("orders", *money)}
        own = {"customers": float(active[side])} | {name: float(one[0]) for name, one in ratios(sums).items()}
        names = ("customers", "orders_each", "order_value", "margin")
        factors[side] = {name: own[name] for name in names if name in own}
        totals[side] = float(sums[money[-1]][0])
        missing = [name for name, value in factors[side].items() if value != value]
        if missing:
            what = "are no orders" if "order_value" in missing else "is no revenue"
            raise DataError(f"There is no {missing[0]} {side[1:]}, because there {what}; choose other periods.")
    positive = all(value > 0 for side in _SIDES for value in factors[side].values())
    method = "log" if positive else "shapley"
    found = split(factors["_before"], factors["_after"], method=method)
    last, names = money[-1], [*factors["_before"]]
    columns = {
        "factor": [*names, last],
        "before": [*factors["_before"].values(), totals["_before"]],
        "after": [*factors["_after"].values(), totals["_after"]],
        "ratio": [*found.ratios.values(), found.ratio],
        "change": [*found.changes.values(), totals["_after"] - totals["_before"]],
        "method": [method] * (len(names) + 1),
    }
    schema = {name: nw.String if name in ("factor", "method") else nw.Float64 for name in columns}
    return like(frame, columns, schema).to_native()


@same_kind
def decile_cuts(people, *, by=None, groups=10, of="before"):
    """The least money of each decile of one period: decile, least; the last decile takes what is below its own too.

    Deciles of the customers of that period as in `crmlib.one_period.customer_deciles`. ``of`` is "before" or "after";
    ``by`` is profit, or revenue in a table without it.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": "both", "orders_before": 1, "orders_after": 1,
    ...                        "revenue_before": [9.0, 5.0, 2.0], "revenue_after": [2.0, 1.0, 9.0]})
    >>> decile_cuts(people, groups=2)
      decile  least
    0      1    5.0
    1      2    2.0
    """
    frame = _wrapped(people)
    if of not in ("before", "after"):
        raise DataError(f"of is {of!r}; choose 'before' or 'after'.")
    rows = _in_memory(frame)
    least = _cuts(rows, _by(rows, by), groups, of)
    columns = {"decile": [str(group) for group in range(1, groups + 1)], "least": least}
    return like(frame, columns, {"decile": nw.String, "least": nw.Float64}).to_native()


@same_kind
def decile_change(people, *, by=None, groups=10, of="before"):
    """Who went from which decile to which, both measured by the SAME cuts: from, to, customers.

    The cuts are the deciles of the period ``of``, "before" (default) or "after", as `decile_cuts` gives them: with cuts
    of their own, both periods would always look alike. Equal money is in the same decile, the better one. "inactive"
    bought nothing in that period. Rows sum to the customers of each period; pairs that nobody took have no row.
    `crmlib.periods.matrix` makes a square of it.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": ["both", "both", "new"], "orders_before": [1, 1, 0], "orders_after": 1,
    ...                        "revenue_before": [9.0, 5.0, 0.0], "revenue_after": [4.0, 5.0, 20.0]})
    >>> decile_change(people, groups=2)
           from to  customers
    0         1  2          1
    1         2  2          1
    2  inactive  1          1
    """
    frame = _wrapped(people)
    if of not in ("before", "after"):
        raise DataError(f"of is {of!r}; choose 'before' or 'after'.")
    rows = _in_memory(frame)
    by = _by(rows, by)
    least = _cuts(rows, by, groups, of)
    least = least[:-1][~np.isnan(least[:-1])], np.flatnonzero(~np.isnan(least[:-1]))
    place = {side: np.where(rows["active" + side], _decile(rows[by + side], *least, groups), groups) for side in _SIDES}
    either = rows["active_before"] | rows["active_after"]
    pairs = np.bincount((place["_before"] * (groups + 1) + place["_after"])[either], minlength=(groups + 1) ** 2)
    names = [*(str(group) for group in range(1, groups + 1)), INACTIVE]
    taken = np.flatnonzero(pairs)
    columns = {"from": [names[pair // (groups + 1)] for pair in taken], "to": [names[pair % (groups + 1)] for pair in
               taken], "customers": pairs[taken]}  # fmt: skip
    return like(frame, columns, {"from": nw.String, "to": nw.String, "customers": nw.Int64}).to_native()


@same_kind
def ups_and_downs(people):
    """Customers of both periods by what went up and what down: [profit or] revenue, orders, order_value, [margin].

    Each of these columns says "up" (equal counts as up), "down", or "unknown" where a customer's own ratio does not
    exist. Then customers and the change of the money. Combinations that nobody has have no row: where all is above 0,
    money cannot fall while all its factors go up, nor rise while all go down.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"group": "both", "orders_before": [1, 2], "orders_after": [2, 1],
    ...                        "revenue_before": [9.0, 8.0], "revenue_after": [8.0, 8.0]})
    >>> ups_and_downs(people)
      revenue orders order_value  customers  revenue_change
    0      up   down          up          1             0.0
    1    down     up        down          1            -1.0
    """
    frame = _wrapped(people)
    rows = _in_memory(frame)
    inside = rows["active_before"] & rows["active_after"]
    rows = {name: one[inside] for name, one in rows.items()}
    money = _money(rows)[-1]
    for side in _SIDES:
        rows["order_value" + side] = ratio(rows["revenue" + side], rows["orders" + side])
        if money == "profit":
            rows["margin" + side] = ratio(rows["profit" + side], rows["revenue" + side])
    names = [money, "orders", "order_value", *(["margin"] if money == "profit" else [])]
    code = np.zeros(int(inside.sum()), np.int64)
    for name in names:
        before, after = rows[name + "_before"], rows[name + "_after"]
        up = after - before >= -_TIE * np.maximum(np.abs(before), np.abs(after))
        code = 3 * code + np.where(np.isnan(after - before), 2, np.where(up, 0, 1))
    taken, place = np.unique(code, return_inverse=True)
    columns = {}
    for position, name in enumerate(names):
        digit = taken // 3 ** (len(names) - 1 - position) % 3
        columns[name] = [("up", "down", "unknown")[one] for one in digit]
    columns["customers"] = np.bincount(place, minlength=len(taken))
    columns[f"{money}_change"] = np.bincount(
        place, rows[money + "_after"] - rows[money + "_before"], minlength=len(taken)
    )
    schema = dict.fromkeys(names, nw.String) | {"customers": nw.Int64, f"{money}_change": nw.Float64}
    return like(frame, columns, schema).to_native()


def _wrapped(native):
    needed = ["group", *(name + side for name in ("orders", "revenue") for side in _SIDES)]
    return table(native, needed, what="table of changes()", eager=False)


def _money(names):
    return ["revenue", *(["profit"] if "profit_before" in names else [])]


def _by_group(frame):
    """The sums of each group, as lists."""
    names = ["orders", *_money(frame.collect_schema().names())]
    sums = [name + side for name in names for side in _SIDES]
    cast = [nw.col(name).cast(nw.Float64) for name in sums]
    grouped = frame.select("group", *cast).group_by("group").agg(nw.len().alias("customers"), nw.col(*sums).sum())
    grouped = collect(grouped)
    found = {row["group"]: row for row in grouped.iter_rows(named=True)}
    groups = [group for group in GROUPS if group != NO_ORDER or group in found]
    if unknown := sorted(set(found) - {*GROUPS}, key=str):
        raise DataError(f"The group {unknown[0]!r} is not one of {', '.join(GROUPS)}; use the table of changes().")
    value = lambda group, name: found[group][name] if group in found else 0  # noqa: E731
    columns = {"group": groups, "customers": [int(value(group, "customers")) for group in groups]}
    for name in names:
        number = int if name == "orders" else float
        for side in _SIDES:
            columns[name + side] = [number(value(group, name + side)) for group in groups]
        if name != "orders":
            pairs = zip(columns[name + "_after"], columns[name + "_before"], strict=True)
            columns[name + "_change"] = [after - before for after, before in pairs]
    return columns


def _in_memory(frame):
    """Arrays by column, and who is a customer of which period."""
    names = frame.collect_schema().names()
    sums = [name + side for name in ("orders", *_money(names)) for side in _SIDES]
    before = nw.when(nw.col("group").is_in([BOTH, BEFORE_ONLY])).then(1).otherwise(0)
    after = nw.when(nw.col("group").is_in([BOTH, NEW, RETURNING])).then(1).otherwise(0)
    found = collect(frame.select(nw.col(*sums).cast(nw.Float64), active_before=before, active_after=after))
    rows = {name: found[name].to_numpy() for name in found.columns}
    return rows | {f"active{side}": rows[f"active{side}"] == 1 for side in _SIDES}


def _by(rows, by):
    known = ["orders", *_money(rows)]
    by = known[-1] if by is None else by
    if by not in known:
        raise DataError(f"by is {by!r}; choose one of {', '.join(known)}.")
    return by


def _cuts(rows, by, groups, of):
    """The least money of each decile of a period; NaN for one without customers."""
    best = np.sort(rows[f"{by}_{of}"][rows[f"active_{of}"]])[::-1]
    ends = np.searchsorted(decile_of_rank(len(best), groups), np.arange(1, groups + 2))
    return np.array([best[end - 1] if end > start else np.nan for start, end in zip(ends[:-1], ends[1:], strict=True)])


def _decile(money, least, places, groups):
    """The best decile whose least money is reached, from 0 on; who reaches none is in the last."""
    reached = np.searchsorted(-least, -money, side="left")
    return np.append(places, groups - 1)[reached]
