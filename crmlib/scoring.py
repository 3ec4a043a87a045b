"""From tables of any engine to the models and back: columns that a model adds."""

from __future__ import annotations

import re

import narwhals as nw

from crmlib.errors import DataError
from crmlib.frames import collect, is_lazy, like, same_kind, table

__all__ = ["add_columns"]

_GAP = -1.7e308  # stands for a gap in the key of a join, where SQL takes no gap for equal to another


@same_kind
def add_columns(customers, needed, columns):
    """The customer table, of any engine, with a column more for each entry of ``columns``: the same kind comes back.

    ``columns`` maps a name to a function that takes a table in memory with the columns ``needed`` (numbers, gaps
    allowed) and gives one number a row, NaN for a gap. Rows that agree in ``needed`` must get the same number: of a
    lazy table only its distinct cells come into memory, and their numbers are joined back to it. A column that
    already has such a name is replaced; new ones stand at the end.

    Raises DataError if a needed column is missing or holds no numbers, and whatever the functions raise; about a lazy
    table, without the number of the row, for it has none.

    >>> import pandas as pd
    >>> add_columns(pd.DataFrame({"x": [2, 0]}), ["x"], {"twice": lambda customers: customers["x"] * 2.0})
       x  twice
    0  2    4.0
    1  0    0.0
    """
    frame = table(customers, needed, eager=False)
    schema = frame.collect_schema()
    frame = frame.drop([name for name in columns if name in schema])
    if not is_lazy(frame):
        made = like(frame, {name: method(customers) for name, method in columns.items()})
        return frame.with_columns(*(made[name] for name in columns)).to_native()

    text = [name for name in needed if not schema[name].is_numeric()]
    if text:
        raise DataError(f"Column {text[0]!r} of the customer table holds {schema[text[0]]}, not numbers.")
    keys = [f"__{name}" for name in needed]
    frame = frame.with_columns(_key(name).alias(key) for name, key in zip(needed, keys, strict=True))
    cells = collect(frame.select(*keys).unique())
    values = [nw.when(nw.col(key) != _GAP).then(nw.col(key)) for key in keys]
    known = cells.select(value.alias(name) for value, name in zip(values, needed, strict=True)).to_native()
    try:
        made = {name: method(known) for name, method in columns.items()}
    except DataError as error:
        raise type(error)(re.sub(r"^Row \d+ \(from 0\)", "A row", str(error))) from None
    types = {name: nw.Float64 for name in [*keys, *columns]}
    answers = like(frame, {**{key: cells[key].to_numpy() for key in keys}, **made}, types)
    return frame.join(answers, on=keys, how="left").drop(keys).to_native()


def _key(name):
    number = nw.col(name).cast(nw.Float64)
    return nw.when(~(number.is_null() | number.is_nan())).then(number).otherwise(nw.lit(_GAP))
