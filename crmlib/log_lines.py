"""What a counted log keeps of its lines: columns that are turned into numbers when they are asked for."""

from __future__ import annotations

from functools import cached_property

import narwhals as nw
import numpy as np

from crmlib.in_memory import floats
from crmlib.numbering import Numbering, as_integers, factorize, span

__all__ = ["NO_PRODUCT", "Lines"]

NO_PRODUCT = "(no product)"  # lines whose product is not known


class Lines:
    """The columns of the lines of a log in memory; texts are let go of when they have become numbers.

    ``sample`` is the first line, for the names and the types of the columns; ``days`` the day of each line, as a number.
    """

    def __init__(self, log):
        frame, self.days = log.frame, log.days.astype(np.int32)
        self.sample = frame[[0]]
        wanted = ("amount", "cost", "quantity", "order", "product")
        self._columns = {name: frame[name] for name in wanted if name in frame.columns}

    def floats(self, name):
        return floats(self._columns[name])

    @cached_property
    def orders(self):
        """A number for the order of each line, from 0 to below a few times their count."""
        numbers, _ = as_integers(self._columns.pop("order"), ordered=False)
        low, width = span(numbers)
        if width > 4 * len(numbers):
            (numbers, _), low = factorize(numbers), 0
        return (numbers - low).astype(np.int32 if len(numbers) < 2**29 else np.int64)

    @cached_property
    def products(self):
        """A number for the product of each line, and the names in their order; that of gaps is `NO_PRODUCT`."""
        ids = Numbering(self._columns.pop("product").fill_null(NO_PRODUCT))
        there = np.zeros(ids.size, bool)
        there[ids.codes] = True
        names = ids.values(np.flatnonzero(there))
        names = names.to_list() if isinstance(names, nw.Series) else names.tolist()
        return (np.cumsum(there, dtype=np.int32) - np.int32(1))[ids.codes], names
