"""What people put into the textbook's formulas, checked: a wrong number or column ends in a sentence that names it."""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, quote
from crmlib.frames import collect

__all__ = [
    "AMOUNT", "CHANCE", "check_columns", "check_discount", "check_numbers", "check_share", "is_number",
    "number_of_periods", "sequence",
]  # fmt: skip

# what a column must hold: in words, and as a condition that a gap or a NaN does not meet on any engine
AMOUNT = ("an amount", lambda column: column.abs() < float("inf"))
CHANCE = ("a chance of 0 to 1", lambda column: (column >= 0) & (column <= 1))


def is_number(value) -> bool:
    """Whether it is one finite number; True and False are none.

    >>> is_number(0.5), is_number(float("nan")), is_number(True), is_number("1")
    (True, False, False, False)
    """
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)


def check_numbers(*, above=None, **values):
    """Raise `DataError` for the first of ``values`` that is no finite number, or not above the bound.

    >>> check_numbers(margin="100")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: margin is '100'; it must be a number.
    """
    for name, value in values.items():
        if not is_number(value):
            raise DataError(f"{name} is {quote(value)}; it must be a number.")
        if above is not None and not value > above:
            raise DataError(f"{name} is {quote(value)}; it must be above {above:g}.")


def check_share(**values):
    """Raise `DataError` for the first of ``values`` that is no share of 0 to 1.

    >>> check_share(retention=80)
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: retention is 80; it is a share of 0 to 1, e.g. 0.80 for 80 %.
    """
    for name, value in values.items():
        if not (is_number(value) and 0 <= value <= 1):
            raise DataError(f"{name} is {quote(value)}; it is a share of 0 to 1, e.g. 0.80 for 80 %.")


def check_discount(**values):
    """Raise `DataError` for the first of ``values`` that is no rate of 0 or more.

    >>> check_discount(annual_discount=-0.1)
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: annual_discount is -0.1; it must be 0 or more, e.g. 0.10 for 10 %.
    """
    for name, value in values.items():
        if not (is_number(value) and value >= 0):
            raise DataError(f"{name} is {quote(value)}; it must be 0 or more, e.g. 0.10 for 10 %.")


def number_of_periods(periods, name="periods", *, endless=True):
    """A whole number from 0 up as int; None stands for no end where ``endless`` allows it.

    >>> number_of_periods(5.0), number_of_periods(None)
    (5, None)
    """
    if periods is None and endless:
        return None
    if not (is_number(periods) and periods >= 0 and periods == int(periods)):
        without = ", or None for a sum without end" if endless else ""
        raise DataError(f"{name} is {quote(periods)}; it is a whole number from 0 up{without}.")
    return int(periods)


def sequence(name, values) -> np.ndarray:
    """One or more finite numbers as float64.

    >>> sequence("margins", [1, 2]).tolist()
    [1.0, 2.0]
    """
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise DataError(f"{name} is {quote(values)}; it must be a sequence of one or more numbers.")
    return found


def check_columns(frame, rules, *, of):
    """Raise `DataError` unless the columns of a wrapped table are numbers that keep their rules, e.g. `AMOUNT`.

    ``rules`` maps the name of a column to its rule; ``of`` names the rows in the message. One query on a lazy table.

    >>> import pandas as pd
    >>> check_columns(nw.from_native(pd.DataFrame({"p": [0.5, 1.5, None]})), {"p": CHANCE}, of="events")
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: 'p' is not a chance of 0 to 1 for 2 of 3 events.
    """
    schema = frame.collect_schema()
    for name in rules:
        if not schema[name].is_numeric():
            raise DataError(f"Column {name!r} of the {of} holds {schema[name]}, not numbers.")
    kept = {name: rule(nw.col(name).cast(nw.Float64)) for name, (_, rule) in rules.items()}
    ones = {f"__{name}": nw.when(condition).then(1).otherwise(0) for name, condition in kept.items()}
    counts = collect(frame.select(**ones), nw.len().alias("__rows"), *(nw.col(name).sum() for name in ones)).row(0)
    rows, *right = (int(count or 0) for count in counts)
    for (name, (words, _)), count in zip(rules.items(), right, strict=True):
        if count < rows:
            raise DataError(f"{name!r} is not {words} for {rows - count:,} of {rows:,} {of}.")
