"""CLV in two: what customers have brought by what they are expected to bring, and what to do with each quarter.

Peppers & Rogers tell the most valuable customers (MVC: a high value today), the most growable (MGC: a high value to
come, not yet today) and those below zero (BZ: they cost more than they will bring). A Chinese course has the quarters
MVC 贵宾型, MGC 改进型, maintain 维持型 and abandon 放弃型, without cuts or labels on its axes; which axis is which, and
the cuts, are ours.

=========  ================  ================
current    future low        future high
=========  ================  ================
high       maintain          MVC
low        abandon           MGC
=========  ================  ================
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers
from crmlib.classes import ascending, by_class, with_classes
from crmlib.errors import DataError
from crmlib.frames import is_lazy, like, same_kind, table

__all__ = ["CHINESE", "TYPES", "cuts", "summary", "value_types"]

TYPES = ("MVC", "MGC", "maintain", "abandon", "below zero")
CHINESE = {"MVC": "贵宾型", "MGC": "改进型", "maintain": "维持型", "abandon": "放弃型", "below zero": "负值型"}


@same_kind
def value_types(customers, *, current="past_value", future="clv", current_cut=None, future_cut=None):
    """The customer table with the column ``value_type``: one of `TYPES`.

    Asked first is who is below zero: current + future < 0. The others are high on an axis at the cut or above it. A cut
    is an amount, such as the cost to serve a customer, or None: the median of those who are not below zero, see `cuts`.
    A median puts half the customers high whatever they are worth; with many equal values, more than half.

    ``current`` and ``future`` name the columns: profit up to today (`retention_value.past_values`) and expected from now
    on (`clv.clv`, or ``expected_value`` of a model's score), in the same money. The same kind of table; a lazy one is
    queried for the values. Raises `DataError` for gaps.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"customer": list("abcde"), "past_value": [90.0, 80, 10, 5, 5],
    ...                           "clv": [70.0, 5, 60, 5, -20]})
    >>> value_types(customers)["value_type"].tolist()
    ['MVC', 'maintain', 'MGC', 'abandon', 'below zero']
    """
    frame = table(customers, [current, future], eager=False)
    at = _cuts(frame, current, future, current_cut, future_cut)
    now, to_come = nw.col(current), nw.col(future)
    high_now, high_later = now >= at["current"], to_come >= at["future"]
    rules = [(now + to_come < 0, "below zero"), (high_now & high_later, "MVC"), (high_later, "MGC"), (high_now, "maintain")]
    return with_classes(frame, "value_type", rules, "abandon").to_native()


@same_kind
def cuts(customers, *, current="past_value", future="clv", current_cut=None, future_cut=None):
    """Where `value_types` cuts with the same options: a table with axis ("current", "future"), column, cut.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"past_value": [90.0, 80, 10, 5, 5], "clv": [70.0, 5, 60, 5, -20]})
    >>> cuts(customers, future_cut=20)
          axis      column   cut
    0  current  past_value  45.0
    1   future         clv  20.0
    """
    frame = table(customers, [current, future], eager=False)
    at = _cuts(frame, current, future, current_cut, future_cut)
    columns = {"axis": list(at), "column": [current, future], "cut": list(at.values())}
    return like(frame, columns, {"axis": nw.String, "column": nw.String, "cut": nw.Float64}).to_native()


@same_kind
def summary(typed, *, current="past_value", future="clv"):
    """What each type holds: value_type, customers, share_of_customers, and for both columns the total and its share.

    A row for each of `TYPES`, in that order; "below zero" only if there are such. Totals are of the whole table; a share
    is null where the whole is not above 0.

    >>> import pandas as pd
    >>> typed = pd.DataFrame({"value_type": ["MVC", "MGC"], "past_value": [60.0, 20.0], "clv": [30.0, 30.0]})
    >>> summary(typed)[["value_type", "customers", "past_value", "share_of_clv"]]
      value_type  customers  past_value  share_of_clv
    0        MVC          1        60.0           0.5
    1        MGC          1        20.0           0.5
    2   maintain          0         0.0           0.0
    3    abandon          0         0.0           0.0
    """
    frame = table(typed, ["value_type", current, future], what="table of value types", eager=False)
    options = {"order": TYPES, "optional": ("below zero",)}
    parts = [by_class(frame, "value_type", by=by, **options) for by in (current, future)]
    if is_lazy(parts[0]):
        both = parts[0].join(parts[1].select("value_type", future, f"share_of_{future}"), on="value_type", how="left")
        return both.to_native()
    return nw.concat([parts[0], parts[1].select(future, f"share_of_{future}")], how="horizontal").to_native()


def _cuts(frame, current, future, current_cut, future_cut):
    given = {"current": (current, current_cut), "future": (future, future_cut)}
    living = nw.col(current) + nw.col(future) >= 0
    at = {}
    for axis, (column, cut) in given.items():
        inside = ascending(frame, column, living)  # looks for gaps as well, so also where the cut is given
        if cut is None and not len(inside):
            raise DataError("All customers are below zero, so there is no median; give current_cut and future_cut.")
        if cut is not None:
            check_numbers(**{f"{axis}_cut": cut})
        at[axis] = float(np.median(inside) if cut is None else cut)
    return at
