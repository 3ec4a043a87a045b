"""Who has not bought yet: a table of prospects and its two classifications.

A log of purchases knows buyers only. A `prospects` table adds, one row an id, who has not bought: ``need``, whether
they could need what we sell, and ``contact``, whether there is a relationship: an enquiry, a quote, a visit.

======  =======  ==================  =================================
need    contact  relation            layer of the pyramid
======  =======  ==================  =================================
False   any      non-customer        rest of the world
True    False    potential           suspect
True    True     target              prospect
======  =======  ==================  =================================

The relations are the first three of the seven relation states of Chinese CRM texts; the layers are those that Jay
Curry's customer pyramid has below the customers.
"""

from __future__ import annotations

import warnings

import narwhals as nw

from crmlib.classes import with_classes
from crmlib.errors import DataError, DataNotice
from crmlib.frames import alike, collect, height, like, same_kind, table

__all__ = ["CHINESE", "LAYERS", "RELATIONS", "by_channel", "layers", "not_customers", "relations", "validate"]

RELATIONS = ("non-customer", "potential", "target")  # the further along, the later
LAYERS = ("prospect", "suspect", "rest of the world")  # from the customers down
CHINESE = {"non-customer": "非客户", "potential": "潜在客户", "target": "目标客户"}


@same_kind
def validate(prospects):
    """The table as it came, once it is sure to be one of prospects: one row an id, and no gaps.

    ``customer`` is text or an integer, ``need`` and ``contact`` are true or false; other columns are left alone.
    Raises `DataError` for a missing column, a gap, another type and an id that is there twice.

    >>> import pandas as pd
    >>> validate(pd.DataFrame({"customer": ["a", "a"], "need": True, "contact": [True, False]}))
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: The table of prospects has 2 rows for 1 ids; it needs one row an id.
    """
    return _checked(prospects).to_native()


@same_kind
def not_customers(prospects, customers):
    """The prospects who are not in the customer table; those who are stand there already and are counted in a notice.

    A customer with refunds only is in it too: what came back was bought before the log begins. ``customers`` may be any
    table of the same kind with a row a customer. Raises `DataError` as `validate` does, and for two kinds of tables or
    ids.

    >>> import pandas as pd
    >>> prospects = pd.DataFrame({"customer": ["a", "b"], "need": True, "contact": [True, False]})
    >>> with warnings.catch_warnings(record=True) as notices:
    ...     left = not_customers(prospects, pd.DataFrame({"customer": ["a"]}))
    >>> left["customer"].tolist(), str(notices[0].message)
    (['b'], '1 of 2 prospects is in the customer table and left out.')
    """
    return _without(prospects, customers).to_native()


@same_kind
def relations(prospects, customers=None):
    """The prospects with the column ``relation``: "non-customer", "potential" or "target", as in the table above.

    With ``customers``, whoever is among them is left out and counted, see `not_customers`.

    >>> import pandas as pd
    >>> prospects = pd.DataFrame({"customer": list("abcd"), "need": [True, True, False, False],
    ...                           "contact": [True, False, True, False]})
    >>> relations(prospects)["relation"].tolist()
    ['target', 'potential', 'non-customer', 'non-customer']
    """
    return _classified(prospects, customers, "relation", RELATIONS[::-1]).to_native()


@same_kind
def layers(prospects, customers=None):
    """The prospects with the column ``layer``: "prospect", "suspect" or "rest of the world", as in the table above.

    With ``customers``, whoever is among them is left out and counted, see `not_customers`.

    >>> import pandas as pd
    >>> prospects = pd.DataFrame({"customer": list("abcd"), "need": [True, True, False, False],
    ...                           "contact": [True, False, True, False]})
    >>> layers(prospects)["layer"].tolist()
    ['prospect', 'suspect', 'rest of the world', 'rest of the world']
    """
    return _classified(prospects, customers, "layer", LAYERS).to_native()


@same_kind
def by_channel(prospects, customers, *, channel="channel"):
    """Where customers come from: channel, prospects, customers, conversion, open, expected; by channel.

    ``prospects`` is a table as above with a column ``channel``; of those who are in the customer table it says through
    which channel they came, so here they are not left out. ``prospects`` counts all with a need and all customers,
    ``customers`` those who bought, conversion is their share, open are who has a need and has not bought. ``expected``
    = open * conversion: the customers still to come, if those who are left were as ready as those who came. They are
    not, the ready ones came first: read it as the most, not as the likely number.

    Raises `DataError` as `validate` does, and for a prospect without a channel.

    >>> import pandas as pd
    >>> prospects = pd.DataFrame({"customer": list("abcdef"), "channel": ["fair"] * 4 + ["web"] * 2,
    ...                           "need": [True, True, True, False, True, True], "contact": True})
    >>> by_channel(prospects, pd.DataFrame({"customer": ["a", "e", "z"]}))
      channel  prospects  customers  conversion  open  expected
    0    fair          3          1    0.333333     2  0.666667
    1     web          2          1    0.500000     1  0.500000
    """
    frame = table(_checked(prospects), [channel], what="table of prospects", eager=False)
    buyers = table(customers, ["customer"], eager=False)
    alike(frame, buyers, "the table of prospects", "the customer table", key="customer")
    buyers = buyers.select("customer").unique().with_columns(__bought=nw.lit(1))
    joined = frame.join(buyers, on="customer", how="left").with_columns(nw.col("__bought").fill_null(0))
    need = nw.when(nw.col("need")).then(1).otherwise(0)
    known = joined.select(channel, "__bought", __open=need * (1 - nw.col("__bought")))
    counted = collect(known.group_by(channel).agg(nw.col("__bought", "__open").sum())).sort(channel)
    names = counted[channel].to_list()
    if not all(isinstance(name, str) for name in names):
        advice = "fill it or leave them out first"
        raise DataError(f"Column {channel!r} of the prospects must be text without gaps; {advice}.")
    bought, left = (counted[name].to_numpy().astype(int) for name in ("__bought", "__open"))
    there = (bought + left) > 0
    bought, left = bought[there], left[there]
    rate = bought / (bought + left)
    columns = {"channel": [name for name, one in zip(names, there, strict=True) if one], "prospects": bought + left}
    columns |= {"customers": bought, "conversion": rate, "open": left, "expected": left * rate}
    kinds = dict.fromkeys(columns, nw.Int64) | dict.fromkeys(("conversion", "expected"), nw.Float64)
    return like(frame, columns, kinds | {"channel": nw.String}).to_native()


def _classified(prospects, customers, column, names):
    """``names`` for need with contact, need without contact, no need."""
    frame = _checked(prospects) if customers is None else _without(prospects, customers, stacklevel=5)
    wanted, known = nw.col("need"), nw.col("contact")
    return with_classes(frame, column, [(wanted & known, names[0]), (wanted, names[1])], names[2])


def _without(prospects, customers, stacklevel=4):
    frame = _checked(prospects)
    buyers = table(customers, ["customer"], eager=False)
    alike(frame, buyers, "the table of prospects", "the customer table", key="customer")
    left = frame.join(buyers.select("customer"), on="customer", how="anti")
    n = height(frame)
    if bought := n - height(left):
        verb = "is" if bought == 1 else "are"
        notice = f"{bought:,} of {n:,} prospects {verb} in the customer table and left out."
        warnings.warn(notice, DataNotice, stacklevel=stacklevel)
    return left


def _checked(prospects):
    frame = table(prospects, ["customer", "need", "contact"], what="table of prospects", eager=False)
    schema = frame.collect_schema()
    names = ("customer", "need", "contact")
    counts = [nw.len().alias("rows"), nw.col("customer").n_unique().alias("ids")]
    found = collect(frame, *counts, *(nw.col(name).null_count().alias(f"gaps_{name}") for name in names))
    found = {name: int(found[name].fill_null(0)[0]) for name in found.columns}  # counts of no rows are gaps in SQL
    for name in names:
        if gaps := found[f"gaps_{name}"]:
            raise DataError(
                f"{name!r} is missing for {gaps:,} of {found['rows']:,} prospects; fill it or leave them out first."
            )
    if not (schema["customer"].is_integer() or schema["customer"] == nw.String):
        raise DataError(
            f"Column 'customer' of the prospects holds {schema['customer']}; make the ids text or integers."
        )
    for name in ("need", "contact"):
        if schema[name] != nw.Boolean:
            raise DataError(
                f"Column {name!r} of the prospects holds {schema[name]}, not true or false; compare it with what means "
                f"yes, e.g. {name} == 1."
            )
    if found["rows"] > found["ids"]:
        raise DataError(
            f"The table of prospects has {found['rows']:,} rows for {found['ids']:,} ids; it needs one row an id."
        )
    return frame
