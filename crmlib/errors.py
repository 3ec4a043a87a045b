"""What crmlib says when it cannot go on, or when it had to touch the data.

Every message is one plain sentence or two: what was found, where, and what to type instead.
"""

import datetime as dt
import reprlib

__all__ = ["DataError", "DataNotice", "FitError", "quote"]


class DataError(ValueError):
    """The data, or an option that describes it, cannot be used as it is."""


class FitError(ValueError):
    """A model cannot be fitted to these customers; the message says what the data lacks."""


class DataNotice(UserWarning):
    """Lines were changed or left out; the message says how many and why."""


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 60
_SHORT.maxlist = 30


def quote(value) -> str:
    """A value from the data as it may stand in a message: its repr, on one line, cut to about 60 characters.

    Dates and times are quoted as people read them, not as Python writes them.

    >>> quote("two\\nlines"), len(quote("x" * 1000))
    ("'two\\\\nlines'", 60)
    >>> quote(dt.time(9, 30))
    "'09:30:00'"
    """
    return _SHORT.repr(str(value) if isinstance(value, dt.date | dt.time | dt.timedelta) else value)
