"""Who moved between two dates or periods, for any classification: segments, tiers, states, classes, scores."""

from __future__ import annotations

import narwhals as nw

from crmlib.errors import DataError
from crmlib.frames import alike, collect, like, same_kind, table

__all__ = ["ABSENT", "NO_CLASS", "in_order", "matrix", "moves"]

ABSENT = "(absent)"  # not in that table: not yet a customer, or silent in that period; a log cannot say "left for good"
NO_CLASS = "(no value)"  # in the table, but without a class, such as the scores of a customer with refunds only


@same_kind
def moves(before, after, *, column, order=None):
    """How many customers went from each class to each: from, to, customers; pairs that nobody took have no row.

    ``before`` and ``after`` are tables of one kind with ``customer`` and ``column``. A customer in only one of them is
    "(absent)" in the other; a missing class is "(no value)". The sums over ``to`` are the counts of ``before``, those
    over ``from`` the counts of ``after``. Classes come out as text, in the ``order`` given or else sorted.

    Raises `DataError` for two kinds of tables or ids, a customer listed twice, and a class that is not in ``order``.

    >>> import pandas as pd
    >>> before = pd.DataFrame({"customer": ["a", "b"], "tier": ["top", "small"]})
    >>> after = pd.DataFrame({"customer": ["b", "c"], "tier": ["top", "small"]})
    >>> moves(before, after, column="tier", order=["top", "small"])
           from        to  customers
    0       top  (absent)          1
    1     small       top          1
    2  (absent)     small          1
    """
    first = _classes(before, column, "before")
    second = _classes(after, column, "after")
    alike(first, second, "before", "after", key="customer")

    first, second = first.rename({"class": "from"}), second.rename({"class": "to"})
    joined = first.join(second, on="customer", how="left").with_columns(nw.col("to").fill_null(ABSENT))
    found = _counted(joined, "from", "to")
    # who is new is what the joined rows leave of `after`: pandas joins fully three times slower than to the left
    arrivals = {to: customers for (to,), customers in _counted(second, "to").items()}
    if ABSENT in arrivals or any(origin == ABSENT for origin, _ in found):
        raise DataError(f"A class is named {ABSENT!r}, which means customers who are not in a table; rename it.")
    for to, customers in arrivals.items():
        if new := customers - sum(found[pair] for pair in found if pair[1] == to):
            found[ABSENT, to] = new
    rank = {name: place for place, name in enumerate(in_order({name for pair in found for name in pair}, order))}
    pairs = sorted(found, key=lambda pair: (rank[pair[0]], rank[pair[1]]))
    columns = {"from": [origin for origin, _ in pairs], "to": [to for _, to in pairs]}
    columns |= {"customers": [found[pair] for pair in pairs]}
    return like(first, columns, {"from": nw.String, "to": nw.String, "customers": nw.Int64}).to_native()


@same_kind
def matrix(moved, *, order=None):
    """The result of `moves` as a square pandas table: a row for each class before, a column for each class after.

    >>> import pandas as pd
    >>> moved = pd.DataFrame({"from": ["top", "small"], "to": ["small", "small"], "customers": [1, 2]})
    >>> matrix(moved, order=["top", "small"])
    to     top  small
    from
    top      0      1
    small    0      2
    """
    import pandas as pd

    frame = collect(table(moved, ["from", "to", "customers"], what="table of moves", eager=False))
    found = list(dict.fromkeys([*frame["from"].to_list(), *frame["to"].to_list()]))
    listed = [name for name in found if name not in (NO_CLASS, ABSENT)] if order is None else order
    names = [name for name in in_order(set(found), listed) if name in found or name not in (NO_CLASS, ABSENT)]
    square = pd.DataFrame(0, index=pd.Index(names, name="from"), columns=pd.Index(names, name="to"))
    for origin, to, customers in frame.select("from", "to", "customers").iter_rows():
        square.loc[origin, to] = customers
    return square


def _counted(frame, *columns):
    """How many customers have each combination of classes."""
    counted = collect(frame.group_by(*columns).agg(nw.len().alias("customers")))
    return {row[:-1]: int(row[-1]) for row in counted.select(*columns, "customers").iter_rows()}


def _classes(native, column, name):
    """Customer and class, the class as text."""
    frame = table(native, ["customer", column], what=f"table {name!r}", eager=False)
    frame = frame.select("customer", nw.col(column).alias("class"))
    schema = frame.collect_schema()
    number = schema["class"].is_float()
    if number:
        frame = frame.with_columns(nw.col("class").fill_nan(None))
    ids = nw.col("customer")
    counts = [nw.len().alias("rows"), ids.n_unique().alias("ids"), ids.null_count().alias("gaps")]
    counts += [(nw.col("class") % 1).abs().max().alias("parts")] if number else []
    found = collect(frame, *counts).with_columns(nw.all().fill_null(0))  # counts of no rows are gaps in SQL
    rows, ids, gaps = (int(found[one][0]) for one in ("rows", "ids", "gaps"))
    if gaps:
        raise DataError(
            f"'customer' is missing in {gaps:,} of {rows:,} rows of the table {name!r}; leave them out first."
        )
    if rows > ids:
        raise DataError(f"The table {name!r} has {rows:,} rows for {ids:,} customers; it needs one row a customer.")
    if schema["customer"].is_integer():
        frame = frame.with_columns(nw.col("customer").cast(nw.Int64))
    known, text = ~nw.col("class").is_null(), nw.col("class")
    if number and not found["parts"][0]:
        # pandas makes floats of integers with gaps: 5.0 is the score 5
        text = text.fill_null(0).cast(nw.Int64)
    if schema["class"] == nw.Boolean:  # engines write it in capitals or not
        text = nw.when(text).then(nw.lit("True")).otherwise(nw.lit("False"))
    return frame.with_columns(nw.when(known).then(text.cast(nw.String)).otherwise(nw.lit(NO_CLASS)).alias("class"))


def in_order(found, order=None):
    """All classes in the order given, or by number, or by text; what stands in brackets comes last.

    >>> in_order({"10", "9"})
    ['9', '10', '(no value)', '(absent)']
    """
    last = [NO_CLASS, ABSENT]
    if order is None:
        names = [name for name in found if name not in last]
        return [*sorted(names, key=int if all(name.isdecimal() for name in names) else str), *last]
    names = [str(name) for name in order]
    if unknown := sorted(found - {*names, *last}):
        raise DataError(f"The class {unknown[0]!r} is not in order={names}; add it.")
    return [*names, *(name for name in last if name not in names)]
