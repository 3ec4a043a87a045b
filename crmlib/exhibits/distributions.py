"""The bins of a distribution as a table in which nobody can be found: bins of fewer than five customers join their neighbours."""

from __future__ import annotations

from crmlib.exhibits.parts import Column, tabled
from crmlib.frames import rows_of
from crmlib.inert import Table
from crmlib.small_groups import LEAST, is_small
from crmlib.wording import number, percent

__all__ = ["bins_table"]


def bins_table(bins, *, measure, caption, least=LEAST) -> Table:
    """The table of `one_period.distribution` with its ends as numbers: from, to below, customers, share of customers.

    A bin of 1 to ``least`` - 1 customers joins the one below it, the lowest the one above it, until none is left. Fewer
    than ``least`` in all are one row whose count is not said. The first bin has no beginning where it is of what is below
    0, and the last one no end.

    >>> import pandas as pd
    >>> bins = pd.DataFrame({"low": [0.0, 10.0, 20.0], "high": [10.0, 20.0, None], "customers": [30, 8, 2]})
    >>> bins_table(bins, measure="revenue", caption="")
    revenue from  to below  customers  of all customers
               0        10         30            75.0 %
              10         –         10            25.0 %
    """
    found = [[_end(row["low"]), _end(row["high"]), row["customers"]] for row in rows_of(bins)]
    while len(found) > 1 and (small := [place for place, (*_, n) in enumerate(found) if is_small(n, least)]):
        at = max(small[-1] - 1, 0)
        (low, _, one), (_, high, other) = found[at : at + 2]
        found[at : at + 2] = [[low, high, one + other]]
    total = sum(n for *_, n in found)
    rows = [{"low": low, "high": high, "customers": f"<{least}" if is_small(n, least) else number(n), "share": n / total if total else None}
            for low, high, n in found]  # fmt: skip
    decimals = max((_decimals(end) for low, high, _ in found for end in (low, high)), default=0)
    end = lambda value: number(value, decimals)  # noqa: E731
    columns = [Column("low", f"{measure} from", end), Column("high", "to below", end), Column("customers", "customers", lambda shown: shown),
               Column("share", "of all customers", percent)]  # fmt: skip
    return tabled(rows, columns, caption=caption)


def _end(value):
    return None if value is None or value != value else value


def _decimals(end, most=4):
    """How many decimals an end of a bin needs.

    >>> _decimals(0.05), _decimals(200.0), _decimals(None)
    (2, 0, 0)
    """
    return 0 if end is None else next((n for n in range(most) if abs(round(end, n) - end) < 1e-9), most)
