"""What crmlib says when it cannot go on, or when it had to touch the data.

Every message is one plain sentence or two: what was found, where, and what to type instead.
"""

__all__ = ["DataError", "DataNotice", "FitError"]


class DataError(ValueError):
    """The data, or an option that describes it, cannot be used as it is."""


class FitError(ValueError):
    """A model cannot be fitted to these customers; the message says what the data lacks."""


class DataNotice(UserWarning):
    """Lines were changed or left out; the message says how many and why."""
