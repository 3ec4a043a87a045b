"""What a learner's answer is: one number, ids as text, how a message shows it."""

from __future__ import annotations

import math
import numbers
from decimal import Decimal

__all__ = ["NotComparable", "as_text", "equals", "number", "shown"]


class NotComparable(Exception):
    """The answer is of a kind that cannot be compared; the text says what kind is asked for."""


def number(value) -> float:
    """A float from anything that holds exactly one number."""
    if hasattr(value, "to_pandas"):  # polars
        value = value.to_pandas()
    if hasattr(value, "size") and hasattr(value, "dtype"):  # numpy or pandas
        if value.size != 1:
            raise NotComparable(f"the answer is one number, not {value.size:,} of them")
        if getattr(value.dtype, "kind", "") != "m":  # numpy would make nanoseconds of a span
            value = value.item()
    if type(value).__name__ in ("timedelta", "Timedelta", "timedelta64", "Series"):
        raise NotComparable("this is a span of time; the answer is a number of days, which .days gives")
    if isinstance(value, bool) or not isinstance(value, numbers.Real | Decimal):
        raise NotComparable(f"the answer is one number, not {shown(value)}")
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise NotComparable(f"the answer is one number, not {value}")
    return value


def equals(one, two) -> bool:
    """Whether two values of one customer are the same; what cannot be compared is not."""
    try:
        return bool(one == two)
    except (TypeError, ValueError):  # a list or a table in a cell
        return False


def as_text(index):
    """Ids as text, the way the door writes them: 12 and not 12.0."""
    import pandas as pd

    if pd.api.types.is_float_dtype(index.dtype) and not index.hasnans and (index % 1 == 0).all():
        index = index.astype("int64")
    return index.astype(str)


def shown(value) -> str:
    """A value as a message quotes it; what is long is named by its kind."""
    try:
        text = repr(value.item() if getattr(value, "shape", None) == () else value)  # not numpy's np.True_
    except Exception:  # whatever an answer is, it gets a sentence
        text = "\n"
    return text if len(text) <= 40 and "\n" not in text else f"a {type(value).__name__}"
