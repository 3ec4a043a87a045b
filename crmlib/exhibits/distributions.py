"""The bins of a distribution in which nobody can be found: bins of fewer than five customers join their neighbours."""

from __future__ import annotations

import narwhals as nw

from crmlib.exhibits.parts import Column, tabled
from crmlib.frames import like, rows_of
from crmlib.inert import Table
from crmlib.small_groups import LEAST, is_small
from crmlib.wording import number, percent

__all__ = ["bins_table", "joined"]

_COLUMNS = ["bin", "low", "high", "customers", "share_of_customers"]


def joined(bins, least=LEAST):
    """The table of `one_period.distribution` with fewer bins, and each of 0 or ``least`` and more customers: one of the same kind.

    A bin of 1 to ``least`` - 1 customers joins the one below it, the lowest the one above it, until none is left. Fewer
    than ``least`` in all are one bin. What `one_period.distribution` calls the bins stays; those that joined are named
    from the first to the last.

    >>> import pandas as pd
    >>> bins = pd.DataFrame({"bin": ["1", "2", "3", "4 or more"], "low": [1.0, 2.0, 3.0, 4.0], "high": [2.0, 3.0, 4.0, None],
    ...                      "customers": [30, 8, 2, 4], "share_of_customers": [0.68, 0.18, 0.05, 0.09]})
    >>> joined(bins)["bin"].tolist(), joined(bins)["customers"].tolist()
    (['1', '2', '3 or more'], [30, 8, 6])
    """
    frame = nw.from_native(bins).select(_COLUMNS)
    found = [list(row.values()) for row in rows_of(frame.to_native())]
    while len(found) > 1 and (small := [place for place, row in enumerate(found) if is_small(row[3], least)]):
        at = max(small[-1] - 1, 0)
        (bin_, low, _, one, share), (other_bin, _, high, other, rest) = found[at : at + 2]
        found[at : at + 2] = [[_name(bin_, other_bin), low, high, one + other, share + rest]]
    columns = dict(zip(_COLUMNS, map(list, zip(*found, strict=True)), strict=True))
    return like(frame, columns, frame.schema).to_native()


def _name(first, last):
    """What one bin is called that goes from a first one to a last one.

    >>> _name("below 0", "0 to 10"), _name("7", "8"), _name("10 to 20", "20 or more")
    ('below 10', '7 to 8', '10 or more')
    """
    if last.endswith("or more"):
        return f"{first.split()[0]} or more" if not first.startswith("below") else "all"
    end = last.split()[-1]
    return f"below {end}" if first.startswith("below") else f"{first.split()[0]} to {end}"


def bins_table(bins, *, measure, caption, least=LEAST) -> Table:
    """The table of `one_period.distribution` with its ends as numbers: from, to below, customers, share of customers.

    Small bins join as in `joined`; fewer than ``least`` customers in all are one row whose count is not said. The first bin
    has no beginning where it is of what is below 0, and the last one no end.

    >>> import pandas as pd
    >>> bins = pd.DataFrame({"bin": ["0 to 10", "10 to 20", "20 or more"], "low": [0.0, 10.0, 20.0], "high": [10.0, 20.0, None],
    ...                      "customers": [30, 8, 2], "share_of_customers": [0.75, 0.2, 0.05]})
    >>> bins_table(bins, measure="revenue", caption="")
    revenue from  to below  customers  of all customers
               0        10         30            75.0 %
              10         –         10            25.0 %
    """
    found = [[_end(row["low"]), _end(row["high"]), row["customers"]] for row in rows_of(joined(bins, least))]
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
