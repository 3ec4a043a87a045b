"""Where the relation with a customer stands: the seven states of Chinese CRM texts, as far as tables can tell.

============  ==========  ========================  ==========  ===================
state         Chinese     has                       told by     of the four types
============  ==========  ========================  ==========  ===================
non-customer  非客户      no need                   prospects   none
potential     潜在客户    a need                    prospects   potential 潜在顾客
target        目标客户    a need, and a contact     prospects   potential 潜在顾客
first-time    初次购买者  one order                 the log     consumer 消费者
repeat        重复购买者  two orders or more        the log     consumer 消费者
loyal         忠实客户    many orders               the log     loyal 忠实顾客
inactive      流失客户    no order for a long time  the log     inactive 失去顾客
============  ==========  ========================  ==========  ===================

The seven are in the summary of Shao Bingjia's textbook, the last called "lost"; the four types in another of the texts
that this course follows. Nobody tells a shop that they have left, so a log shows silence and not departure: inactive.
"""

from __future__ import annotations

import narwhals as nw

from crmlib.classes import by_class, check_days, with_classes
from crmlib.errors import DataError
from crmlib.frames import alike, same_kind, table
from crmlib.prospects import CHINESE as _CHINESE
from crmlib.prospects import RELATIONS, relations

__all__ = ["CHINESE", "INACTIVE_AFTER", "LOYAL_ORDERS", "NO_PURCHASE", "STATES", "TYPES", "states", "summary", "types"]

BUYERS = ("first-time", "repeat", "loyal", "inactive")
STATES = (*RELATIONS, *BUYERS)
NO_PURCHASE = "no purchase"  # refunds only
INACTIVE_AFTER = 180  # days; their sources stand in `states`
LOYAL_ORDERS = 4
CHINESE = _CHINESE | {
    "first-time": "初次购买者", "repeat": "重复购买者", "loyal": "忠实客户", "inactive": "流失客户",
}  # fmt: skip
TYPES = {
    "potential": "potential", "target": "potential", "first-time": "consumer", "repeat": "consumer", "loyal": "loyal",
    "inactive": "inactive",
}  # fmt: skip
NO_TYPE = "none"


@same_kind
def states(customers, prospects=None, *, inactive_after=INACTIVE_AFTER, loyal_orders=LOYAL_ORDERS):
    """The customer table with the column ``state``.

    - "no purchase": refunds only
    - "inactive": ``days_since_last`` >= ``inactive_after``, however many orders there were
    - "loyal": at least ``loyal_orders`` orders
    - "repeat": two orders or more
    - "first-time": one order

    With ``prospects`` (see `crmlib.prospects`) a row follows for each of them who is not in the customer table, with
    the state "non-customer", "potential" or "target", 0 orders, 0 revenue and gaps in the other columns.

    ``loyal_orders=4`` is our convention for maturity. ``inactive_after=180`` is about the day after which the fixed RFM
    cut-offs of shop integrations (30, 90, 180, 365 days) score below the middle. Neither is a law: see how the counts
    move with them. Raises `DataError` for thresholds that make no sense, and for
    prospects of another kind.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"customer": list("abcde"), "orders": [1, 2, 4, 9, 0],
    ...                           "days_since_last": [0.0, 179.0, 90.0, 180.0, None]})
    >>> states(customers)["state"].tolist()
    ['first-time', 'repeat', 'loyal', 'inactive', 'no purchase']
    >>> prospects = pd.DataFrame({"customer": ["a", "f"], "need": True, "contact": False})
    >>> states(customers, prospects)["state"].tolist()[5:]
    ['potential']
    """
    needed = ["orders", "days_since_last", *(["customer"] if prospects is not None else [])]
    frame = table(customers, needed, eager=False)
    if not inactive_after > 0:
        raise DataError(f"inactive_after is {inactive_after}; give a number of days above 0, e.g. 180.")
    if not loyal_orders >= 2:
        raise DataError(f"loyal_orders is {loyal_orders}; loyalty needs at least 2 orders, e.g. 4.")
    check_days(frame)
    first_time, repeat, loyal, inactive = BUYERS
    rules = [
        (~(nw.col("orders") > 0), NO_PURCHASE),
        (nw.col("days_since_last") >= inactive_after, inactive),
        (nw.col("orders") >= loyal_orders, loyal),
        (nw.col("orders") >= 2, repeat),
    ]
    stated = with_classes(frame, "state", rules, first_time)
    return (stated if prospects is None else _followed_by(stated, prospects)).to_native()


def _followed_by(stated, prospects):
    """The table of states with a row for each prospect who is not in it."""
    others = nw.from_native(relations(prospects))
    alike(stated, others, "the customer table", "the table of prospects", key="customer")
    others = others.join(stated.select("customer"), on="customer", how="anti")
    schema = stated.collect_schema()
    known = {"customer": nw.col("customer"), "state": nw.col("relation")}
    known |= {name: nw.lit(0).cast(schema[name]) for name in ("orders", "revenue") if name in schema}
    both = nw.concat([stated, others.select(**known)], how="diagonal")
    return nw.maybe_reset_index(both)


@same_kind
def types(stated):
    """The table of states with the column ``type``: the four types of customers, from the ``state``.

    "potential" are potential and target customers, "consumer" buyers once or more often, "loyal" and "inactive" (called
    lost in the text) as the states. "none" has no place among the four: non-customers, and refunds only.

    >>> import pandas as pd
    >>> types(pd.DataFrame({"state": ["target", "repeat", "inactive", "non-customer"]}))["type"].tolist()
    ['potential', 'consumer', 'inactive', 'none']
    """
    frame = table(stated, ["state"], what="table of states", eager=False)
    rules = [(nw.col("state") == state, kind) for state, kind in TYPES.items()]
    return with_classes(frame, "type", rules, NO_TYPE).to_native()


@same_kind
def summary(stated):
    """What each state holds: state, customers, share_of_customers, revenue, share_of_revenue.

    The four states of buyers always have a row, the others if there are such customers; shares are of the whole table.

    >>> import pandas as pd
    >>> summary(pd.DataFrame({"state": ["loyal", "repeat", "loyal"], "revenue": [60.0, 20.0, 20.0]}))
            state  customers  share_of_customers  revenue  share_of_revenue
    0  first-time          0            0.000000      0.0               0.0
    1      repeat          1            0.333333     20.0               0.2
    2       loyal          2            0.666667     80.0               0.8
    3    inactive          0            0.000000      0.0               0.0
    """
    frame = table(stated, ["state", "revenue"], what="table of states", eager=False)
    optional = (*RELATIONS, NO_PURCHASE)
    return by_class(frame, "state", order=(*STATES, NO_PURCHASE), optional=optional).to_native()
