"""Ids as integers in the order of the ids, without a hash table where that can be avoided.

Integers from a small range number themselves, and so do short texts, read as numbers whose digits are their letters.
Longer texts are hashed to integers first: a table of integers is several times faster than one of texts.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

__all__ = ["Numbering", "as_integers", "changes", "factorize", "numbered", "ordered", "span", "sums"]

_INTEGERS = (nw.Int64, nw.Int32, nw.Int16, nw.Int8, nw.UInt32, nw.UInt16, nw.UInt8)  # those that fit into Int64
_BLOCK = 1 << 15  # rows at a time, so that they stay in the cache of the processor


class Numbering:
    """A series of ids as integers ``codes``, in the order of the ids: from 0 to below ``size``, though not all need
    occur."""

    def __init__(self, ids):
        numbers, self._back = as_integers(ids)
        self._low, self.size = span(numbers)
        self._distinct = None
        if self.size <= 4 * len(numbers):  # sums over that many places are quicker than a hash table
            self.codes = numbers - self._low if self._low else numbers
        else:
            codes, distinct = factorize(numbers)
            order, place = _sorted(np.argsort(distinct))
            self.codes, self.size, self._distinct = place[codes], len(order), distinct[order]

    def values(self, codes):
        """The ids that the codes stand for."""
        return self._back(codes + self._low if self._distinct is None else self._distinct[codes])


def numbered(frame, column="customer"):
    """A wrapped table in memory with integers for the ids in ``column``: they group several times faster than texts.

    A lazy table comes back as it is. For what counts customers and does not name them.
    """
    if isinstance(frame, nw.LazyFrame):
        return frame
    codes = Numbering(frame[column]).codes
    return frame.with_columns(nw.new_series(column, codes, nw.Int64, backend=frame.implementation))


def as_integers(values, *, ordered=True):
    """Integers for a series, equal and ordered as its values are, and the function that leads back to values.

    Gaps are equal to each other. Not ``ordered``: any integers, if only they are equal where the values are.
    """
    if values.dtype == nw.String:
        return _from_texts(_texts(values), ordered)
    if values.dtype in _INTEGERS and not values.null_count():
        return values.to_numpy().astype(np.int64, copy=False), lambda numbers: numbers
    return _from_anything(values)


def factorize(numbers):
    """Codes from 0 on for integers, and the integers that they stand for."""
    import pandas as pd

    starts = np.flatnonzero(changes(numbers))
    if len(starts) > len(numbers) / 2:
        return pd.factorize(numbers)
    codes, distinct = pd.factorize(numbers[starts])  # a log sorted by customer is nearly done
    return np.repeat(codes, np.diff(starts, append=len(numbers))), distinct


def changes(values):
    """Where a value differs from the one before it; at the first value too."""
    changed = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


def ordered(keys, size):
    """The order that sorts integers from 0 to below ``size``, equal ones as they came, and the integers in that order.

    >>> [part.tolist() for part in ordered(np.array([7, 2, 7]), 8)]
    [[1, 0, 2], [2, 7, 7]]
    """
    bits = len(keys).bit_length()
    if size << bits < 1 << 63:
        # the row goes along in the last bits: to sort plain numbers is several times faster than to find their order
        packed = keys << bits
        packed |= np.arange(len(keys))
        packed.sort()
        return packed & ((1 << bits) - 1), packed >> bits
    order = np.argsort(keys, kind="stable")
    return order, keys[order]


def span(numbers):
    """The least of some integers, and how many there are from it to the greatest."""
    if not len(numbers):
        return 0, 1
    low = int(numbers.min())
    return low, int(numbers.max()) - low + 1


def distinct(numbers):
    """The distinct ones of some integers, in order.

    >>> distinct(np.array([7, 5, 7])).tolist()
    [5, 7]
    """
    low, width = span(numbers)
    if width > len(numbers):
        return np.unique(numbers)
    there = np.zeros(width, bool)  # they lie so close together that to mark them is to sort them
    there[numbers - low] = True
    return np.flatnonzero(there) + low


def sums(values, begins, dtype=None):
    """The sum of each stretch of values that begins there, in their own type.

    >>> sums(np.array([1, 2, 3, 4]), np.array([0, 3])).tolist()
    [6, 4]
    """
    return np.add.reduceat(values, begins, dtype=dtype or values.dtype)


def _sorted(order):
    """An order as it is, and the place of each in it."""
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return order, place


def _from_anything(values):
    """By the engine, which sorts and joins values of all kinds."""
    frame = values.alias("value").to_frame()
    distinct = frame.unique().drop_nulls().sort("value").with_row_index("number")
    found = frame.with_row_index("row").join(distinct, on="value", how="left").sort("row")["number"]
    return found.fill_null(-1).cast(nw.Int64).to_numpy(), lambda numbers: distinct["value"][numbers]


def _texts(values):
    import pyarrow as pa

    texts = values.to_arrow()
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return texts.cast(pa.large_string())


def _from_texts(texts, ordered):
    if not texts.null_count:
        letters = _Letters(texts)
        if found := _from_letters(letters):
            return found
    if texts.null_count or not (found := _from_hashes(texts, letters)):
        found = texts.dictionary_encode("encode")
        found = found.indices.to_numpy(), found.dictionary
    codes, distinct = found
    if not ordered:
        return codes, distinct.take
    import pyarrow.compute as pc

    order, place = _sorted(pc.sort_indices(distinct).to_numpy().astype(np.int64))
    return place[codes], lambda numbers: distinct.take(order[numbers])


class _Letters:
    """The letters of texts without gaps, in blocks: for each its rows, and an array with a row a place in the text.

    A letter is a byte of UTF-8, which is never 255, plus 1; behind the end of a text stands 0.
    """

    def __init__(self, texts):
        _, ends, letters = texts.buffers()
        self.ends = np.frombuffer(ends, np.int64)[texts.offset :][: len(texts) + 1]
        self.bytes = np.frombuffer(letters or b"", np.uint8)
        lengths = np.diff(self.ends)
        self.shortest, self.longest = int(lengths.min()), int(lengths.max())

    def blocks(self):
        """The rows of each block and their ends."""
        for first in range(0, len(self.ends) - 1, _BLOCK):
            ends = self.ends[first : first + _BLOCK + 1]
            yield slice(first, first + len(ends) - 1), ends

    def __iter__(self):
        place = np.arange(self.longest)[:, None]
        for rows, ends in self.blocks():
            if self.shortest == self.longest:
                block = self.bytes[ends[0] : ends[-1]].reshape(-1, self.longest).T + np.uint8(1)
            else:
                block = self.bytes.take(ends[:-1] + place, mode="clip") + np.uint8(1)
                block[place >= np.diff(ends)] = 0
            yield rows, np.ascontiguousarray(block)


def _from_letters(letters):
    """Texts as numbers whose digits are their letters, and the way back; None if these are too large for integers."""
    if not 0 < letters.longest <= 64:
        return None
    may_end = (np.arange(letters.longest) >= letters.shortest).astype(np.uint8)[:, None]
    # the letter of digit 0: the least one or, where texts may end, the one below, which then stands for the end
    least, most = np.full(letters.longest, 255, np.uint8), np.zeros(letters.longest, np.uint8)
    for _, block in letters:
        least = np.minimum(least, (block - may_end).min(1))  # 0 - 1 is 255
        most = np.maximum(most, block.max(1))
        sizes = np.maximum(most.astype(int) - least + 1, 1).tolist()
        if math.prod(sizes) > 2**62:
            return None
    least = least[:, None]
    numbers = np.zeros(len(letters.ends) - 1, np.int64)
    for rows, block in letters:
        part = numbers[rows]
        for size, digits in zip(sizes, np.maximum(block, least) - least, strict=True):
            if size > 1:
                part *= size
                part += digits

    def back(numbers):
        import pyarrow as pa

        digits = np.empty((len(sizes), len(numbers)), np.uint8)
        for place in reversed(range(len(sizes))):
            numbers, digits[place] = np.divmod(numbers, sizes[place])
        there = (digits > 0) | (may_end == 0)
        ends = np.concatenate([[0], np.cumsum(there.sum(0))])
        found = (digits + (least - np.uint8(1))).T[there.T]
        return pa.LargeStringArray.from_buffers(there.shape[1], pa.py_buffer(ends), pa.py_buffer(found))

    return numbers, back


def _from_hashes(texts, letters):
    """A code for each text and the texts that they stand for; None if texts are short or two of them share a hash."""
    import pyarrow as pa

    if letters.shortest < 8:
        return None
    codes, distinct = factorize(_hashes(letters))
    example = np.empty(len(distinct), np.int64)
    example[codes] = np.arange(len(codes))
    examples = texts.take(pa.array(example))
    blocks = [slice(start, start + 32 * _BLOCK) for start in range(0, len(codes), 32 * _BLOCK)]
    same = all(texts[rows].equals(examples.take(pa.array(codes[rows]))) for rows in blocks)
    return (codes, examples) if same else None


def _hashes(letters):
    """Integers from texts of at least eight bytes: eight at a time, the last eight reaching back (as in MurmurHash)."""
    words = np.ndarray(len(letters.bytes) - 7, "<u8", letters.bytes, strides=(1,))  # one from each byte on
    hashes = np.empty(len(letters.ends) - 1, np.uint64)
    for rows, ends in letters.blocks():
        part = np.diff(ends).astype(np.uint64)
        for place in range(0, letters.longest, 8):
            part ^= words[np.minimum(ends[:-1] + place, ends[1:] - 8)]
            for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
                part *= np.uint64(factor)
                part ^= part >> np.uint64(33)
        hashes[rows] = part
    return hashes.view(np.int64)
