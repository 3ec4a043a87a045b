"""Response to a mailing by RFM cell, against break-even: which cells a test says to mail, and what that would bring.

After Arthur Hughes: mail a random sample of the customers, mail the rest only in the cells whose response pays for the
mailing. A cell of a test is small, so each rate stands beside its interval and is not trusted beyond it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, quote
from crmlib.frames import collect, like, same_kind, table
from crmlib.segment_maps import NO_PURCHASE, cell_name

__all__ = ["Offer", "by_cell", "roll_out", "totals", "wilson"]

_CELL = ("r", "f", "m")


@dataclass(frozen=True)
class Offer:
    """What one contact costs and what one sale leaves after all its other costs, in the same money.

    >>> Offer(cost_per_contact=0.5, profit_per_sale=40).break_even
    0.0125
    """

    cost_per_contact: float
    profit_per_sale: float

    def __post_init__(self):
        for name in ("cost_per_contact", "profit_per_sale"):
            value = getattr(self, name)
            if not (isinstance(value, int | float | np.number) and 0 < value < math.inf):
                raise DataError(f"{name} is {quote(value)}; give an amount of money above 0, e.g. {name}=0.5.")

    @property
    def break_even(self) -> float:
        """The response rate at which a mailing costs what it brings: cost per contact / net profit per sale."""
        return self.cost_per_contact / self.profit_per_sale

    def profit(self, contacts, responses):
        """What is left after the cost of the contacts; numbers or arrays."""
        return responses * self.profit_per_sale - contacts * self.cost_per_contact


@same_kind
def by_cell(mailed, responded, *, offer, by=_CELL, level=0.95):
    """What each cell of a mailing brought, the cells with the best scores first.

    ``mailed`` is the scored table of those who were mailed; ``responded`` its column of True and False (or 1 and 0), or
    the ids of those who did. ``by`` names the columns that make a cell, such as "segment".

    ======================  ===========================================================================================
    cell                    scores as '215'; "no purchase" for customers without scores
    customers, responses    mailed, and responded
    rate                    responses / customers
    rate_low, rate_high     Wilson's interval of the rate with confidence ``level`` (0.95, our convention)
    break_even              of the ``offer``, see `Offer`
    index                   (rate - break_even) / break_even * 100: 0 breaks even (Hughes)
    profit                  of this mailing: responses * profit per sale - customers * cost per contact
    mail                    whether the rate is above break-even; exactly break-even is not
    sure                    whether the interval leaves break-even out; False is a cell too small to tell
    ======================  ===========================================================================================

    Raises `DataError` for gaps in the responses, for ids that were not mailed, and for True and False that are no
    column.

    >>> import pandas as pd
    >>> mailed = pd.DataFrame({"customer": list("abcd"), "r": [5, 5, 1, 1], "f": 1, "m": 1})
    >>> found = by_cell(mailed, ["b"], offer=Offer(cost_per_contact=1, profit_per_sale=4))
    >>> found[["cell", "customers", "responses", "index", "profit", "mail", "sure"]]
      cell  customers  responses  index  profit   mail   sure
    0  511          2          1  100.0     2.0   True  False
    1  111          2          0 -100.0    -2.0  False  False
    """
    _check_offer(offer)
    frame, by = _wrap(mailed, by)
    name = responded if isinstance(responded, str) else "__responded"
    if isinstance(responded, str):
        table(frame, [responded], what="scored table", eager=False)
    else:
        ids = _ids(responded)
        table(frame, ["customer"], what="scored table", eager=False)
        among = nw.col("customer").is_in(ids) if ids else nw.lit(False)
        frame = frame.with_columns(__responded=among)
    counted = _counted(frame, by, name)
    if not isinstance(responded, str):
        _check_ids(frame, ids, sum(rows for (_, answer), rows in counted.items() if answer))
    cells = {}
    for (cell, answer), rows in counted.items():
        if answer not in (True, False):  # 1 and 0 are equal to them
            what = "a gap" if answer is None or answer != answer else quote(answer)
            raise DataError(f"Column {responded!r} has {what}; it must say True or False (or 1 or 0) for everybody.")
        known = cells.setdefault(cell, [0, 0])
        known[0] += rows
        known[1] += rows * int(answer)
    names = _ordered(cells)
    customers, responses = np.array([cells[cell] for cell in names], dtype=np.int64).reshape(-1, 2).T
    rate = responses / customers
    low, high = wilson(responses, customers, level=level)
    columns = {
        "cell": [_name(cell) for cell in names],
        "customers": customers,
        "responses": responses,
        "rate": rate,
        "rate_low": low,
        "rate_high": high,
        "break_even": np.full(len(names), offer.break_even),
        "index": (rate - offer.break_even) / offer.break_even * 100,
        "profit": offer.profit(customers, responses).astype(float),
        "mail": rate > offer.break_even,
        "sure": (low > offer.break_even) | (high < offer.break_even),
    }
    return like(frame, columns, _schema(columns)).to_native()


@same_kind
def roll_out(tested, rest, *, offer, by=_CELL):
    """What mailing each cell of the customers who were not in the test would bring, if they respond as the test did.

    ``tested`` is the result of `by_cell`, ``rest`` the scored table of the others; the columns are cell, customers,
    rate, mail, sure, responses, profit, profit_low and profit_high, the last two at the ends of the interval of the
    rate. A cell that the test did not reach has no rate and is not mailed. To choose otherwise, change ``mail`` in
    ``tested`` first. `totals` sums up.

    Cells are chosen because they did well, and partly they were lucky: expect less than ``profit``.

    >>> import pandas as pd
    >>> scored = pd.DataFrame({"customer": list("abcdefg"), "r": [5, 5, 1, 1, 5, 5, 1], "f": 1, "m": 1})
    >>> offer = Offer(cost_per_contact=1, profit_per_sale=4)
    >>> tested = by_cell(scored.head(4), ["b"], offer=offer)
    >>> roll_out(tested, scored.tail(3), offer=offer)[["cell", "customers", "rate", "mail", "responses", "profit"]]
      cell  customers  rate   mail  responses  profit
    0  511          2   0.5   True        1.0     2.0
    1  111          1   0.0  False        0.0    -1.0
    """
    _check_offer(offer)
    needed = ["cell", "rate", "rate_low", "rate_high", "break_even", "mail", "sure"]
    test = collect(table(tested, needed, what="table of the test", eager=False)).rows(named=True)
    test = {row["cell"]: row for row in test}
    if wrong := [row["break_even"] for row in test.values() if not math.isclose(row["break_even"], offer.break_even)]:
        raise DataError(
            f"The test was read with break-even at {wrong[0]:.4%}, the roll-out at {offer.break_even:.4%}; "
            "pass the same offer to both."
        )
    frame, by = _wrap(rest, by)
    cells = {cell: rows for (cell, _), rows in _counted(frame, by).items()}
    names = _ordered(cells)
    known = [test.get(_name(cell), {}) for cell in names]
    customers = np.array([cells[cell] for cell in names], dtype=np.int64)
    rates = {end: np.array([row.get(end, math.nan) for row in known]) for end in ("rate", "rate_low", "rate_high")}
    columns = {
        "cell": [_name(cell) for cell in names],
        "customers": customers,
        "rate": rates["rate"],
        "mail": [bool(row.get("mail", False)) for row in known],
        "sure": [bool(row.get("sure", False)) for row in known],
        "responses": customers * rates["rate"],
        "profit": offer.profit(customers, customers * rates["rate"]),
        "profit_low": offer.profit(customers, customers * rates["rate_low"]),
        "profit_high": offer.profit(customers, customers * rates["rate_high"]),
    }
    return like(frame, columns, _schema(columns)).to_native()


@same_kind
def totals(rolled):
    """The chosen cells against mailing everybody: plan, cells, customers, responses, rate, profit.

    Null for everybody if there are cells that the test did not reach.

    >>> import pandas as pd
    >>> rolled = pd.DataFrame({"mail": [True, False], "customers": [200, 300], "responses": [8.0, 3.0],
    ...                        "profit": [60.0, -90.0]})
    >>> totals(rolled)
            plan  cells  customers  responses   rate  profit
    0     chosen      1        200        8.0  0.040    60.0
    1  everybody      2        500       11.0  0.022   -30.0
    """
    frame = table(rolled, ["mail", "customers", "responses", "profit"], what="table of the roll-out", eager=False)
    found = collect(frame.select("mail", nw.col("customers", "responses", "profit").cast(nw.Float64)))
    found = {name: found[name].to_numpy() for name in found.columns}
    chosen = found["mail"].astype(bool)
    plans = {"chosen": chosen, "everybody": np.ones(len(chosen), bool)}
    sums = {name: np.array([found[name][plan].sum() for plan in plans.values()]) for name in found if name != "mail"}
    with np.errstate(invalid="ignore"):  # nobody chosen has no rate
        rate = sums["responses"] / sums["customers"]
    columns = {
        "plan": list(plans),
        "cells": [int(plan.sum()) for plan in plans.values()],
        "customers": sums["customers"].astype(np.int64),
        "responses": sums["responses"],
        "rate": rate,
        "profit": sums["profit"],
    }
    return like(frame, columns, _schema(columns)).to_native()


def wilson(successes, trials, *, level=0.95):
    """Wilson's interval of a share, two arrays; it stays within 0 and 1 and has a width even at 0 of n.

    >>> [end.round(4).tolist() for end in wilson([0, 5], [10, 10])]
    [[0.0, 0.2366], [0.2775, 0.7634]]
    """
    if not (isinstance(level, float) and 0 < level < 1):
        raise DataError(f"level is {quote(level)}; give the confidence of the interval between 0 and 1, e.g. 0.95.")
    successes, trials = np.asarray(successes, float), np.asarray(trials, float)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = successes / trials
    middle = share + z**2 / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    whole = 1 + z**2 / trials
    # at 0 or all of n one end is the share itself, which rounding must not cross
    return np.clip((middle - half) / whole, 0, share), np.clip((middle + half) / whole, share, 1)


def _check_offer(offer):
    if not isinstance(offer, Offer):
        raise DataError(f"offer is {quote(offer)}; pass Offer(cost_per_contact=0.5, profit_per_sale=40).")


def _wrap(scored, by):
    by = (by,) if isinstance(by, str) else tuple(by)
    frame = table(scored, by, what="scored table", eager=False)
    return frame, by


def _ids(responded):
    responded = responded.to_list() if hasattr(responded, "to_list") else responded
    responded = responded.tolist() if hasattr(responded, "tolist") else responded
    try:
        ids = list(dict.fromkeys(responded))
    except TypeError:
        raise DataError(f"responded is {quote(responded)}; name a column, or list the ids of who responded.") from None
    if any(isinstance(one, bool | np.bool_) for one in ids):
        raise DataError(
            "responded holds True and False, not ids; make it a column of the mailed table, e.g. 'responded', and give "
            "its name: by_cell(mailed, 'responded', ...)."
        )
    return ids


def _check_ids(frame, ids, found):
    if found == len(ids):
        return
    known = collect(frame.filter(nw.col("__responded")), "customer")["customer"].to_list() if found else []
    if missing := [one for one in ids if one not in set(known)]:
        raise DataError(
            f"{len(missing):,} of {len(ids):,} who responded are not among the customers mailed, "
            f"e.g. {quote(missing[0])}."
        )
    raise DataError("The customers mailed are listed more than once; give the table one row a customer.")


def _counted(frame, by, *more):
    """Rows for each cell, a tuple or None where a score is missing, and for the value of one more column: one query."""
    counted = collect(frame.group_by(*by, *more).agg(nw.len().alias("__rows")))
    found = {}
    columns = [[_plain(value) for value in counted[name].to_list()] for name in (*by, *more, "__rows")]
    for *key, rows in zip(*columns, strict=True):
        cell, answer = tuple(key[: len(by)]), key[-1] if more else None
        cell = None if None in cell else cell
        found[cell, answer] = found.get((cell, answer), 0) + rows
    return found


def _plain(value):
    """None for every kind of gap, and whole numbers as integers."""
    if value is None or type(value).__name__ == "NAType" or value != value:
        return None
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _ordered(cells):
    """The best scores first, text by the alphabet, customers without scores last."""
    known = [cell for cell in cells if cell is not None]
    return sorted(known, reverse=all(map(_is_scores, known))) + [None] * (None in cells)


def _is_scores(cell):
    return all(isinstance(one, int) for one in cell)


def _name(cell):
    if cell is None:
        return NO_PURCHASE
    return cell_name(cell) if _is_scores(cell) else " ".join(map(str, cell))


def _schema(columns):
    kinds = {"i": nw.Int64, "f": nw.Float64, "b": nw.Boolean, "U": nw.String}
    return {name: kinds[np.asarray(values).dtype.kind] for name, values in columns.items()}
