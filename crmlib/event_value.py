"""The customer-event method: list what will happen with a customer, with chances, benefits and costs, and add it up.

Events are orders, service, complaints, referrals. The value is the sum of probability * (benefit - cost) /
(1 + discount)**period over them all. The forecast of each event is a judgement, for which the method is criticised; the
arithmetic is not, and it takes what no model of purchases sees.
"""

from __future__ import annotations

import narwhals as nw

from crmlib.arguments import AMOUNT, CHANCE, check_columns, check_discount
from crmlib.frames import collect, same_kind, table

__all__ = ["customer_values", "event_value", "event_values"]

_RULES = {
    "period": ("a number from 0, now, up", lambda column: (column >= 0) & (column < float("inf"))),
    "probability": CHANCE,
    "benefit": AMOUNT,
    "cost": AMOUNT,
}


@same_kind
def event_values(events, *, discount):
    """The table of events with the columns ``expected`` and ``present_value``; the same kind of table.

    ``period`` counts from 0, now, and need not be whole; ``probability`` is that of the event in that period (an event
    expected twice is two rows); ``benefit`` and ``cost`` are money if it happens. expected = probability * (benefit -
    cost); present_value = expected / (1 + discount)**period, with ``discount`` a rate a period.

    Raises `DataError` for a gap, a probability outside 0 to 1 and a period before 0.

    >>> import pandas as pd
    >>> events = pd.DataFrame({"event": ["order", "complaint"], "period": [1, 2], "probability": [0.8, 0.1],
    ...                        "benefit": [110.0, 0.0], "cost": [0.0, 60.5]})
    >>> event_values(events, discount=0.1)[["event", "expected", "present_value"]].round(2)
           event  expected  present_value
    0      order     88.00           80.0
    1  complaint     -6.05           -5.0
    """
    return _valued(events, discount).to_native()


def event_value(events, *, discount) -> float:
    """The value of all events together: the sum of `event_values`.

    >>> import pandas as pd
    >>> events = pd.DataFrame({"period": [0, 1], "probability": 0.5, "benefit": [20.0, 22.0], "cost": 0.0})
    >>> round(event_value(events, discount=0.1), 2)
    20.0
    """
    total = collect(_valued(_polars(events), discount), nw.col("present_value").sum())["present_value"].fill_null(0)
    return float(total[0])


@same_kind
def customer_values(events, *, discount):
    """What each customer's events are worth: customer, events, value; the same kind of table, in the order of the ids.

    ``events`` as in `event_values`, and the column ``customer``.

    >>> import pandas as pd
    >>> events = pd.DataFrame({"customer": ["a", "b", "a"], "period": 0, "probability": 1.0, "benefit": 9.0, "cost": 2.0})
    >>> customer_values(events, discount=0.1)
      customer  events  value
    0        a       2   14.0
    1        b       1    7.0
    """
    valued = _valued(events, discount, "customer")
    summed = valued.group_by("customer").agg(nw.len().alias("events"), nw.col("present_value").sum().alias("value"))
    return summed.with_columns(nw.col("events").cast(nw.Int64)).sort("customer").to_native()


def _polars(events):
    """pyarrow has no narwhals expressions of its own here; only the sum is given back."""
    if nw.dependencies.is_pyarrow_table(events):
        return nw.from_native(events).to_polars()
    return events


def _valued(events, discount, *more):
    check_discount(discount=discount)
    frame = table(events, [*more, *_RULES], what="table of events", eager=False)
    check_columns(frame, _RULES, of="events")
    number = {name: nw.col(name).cast(nw.Float64) for name in _RULES}
    expected = number["probability"] * (number["benefit"] - number["cost"])
    frame = frame.with_columns(expected.alias("expected"))
    return frame.with_columns((nw.col("expected") / (1 + discount) ** number["period"]).alias("present_value"))
