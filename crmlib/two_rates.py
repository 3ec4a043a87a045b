"""Two shares compared: the interval of their difference, many differences at once, and how many customers a test needs."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from crmlib.arguments import check_numbers, check_share, is_number
from crmlib.errors import DataError, quote
from crmlib.response import wilson

__all__ = ["newcombe", "power", "sample_size", "shrink"]


def newcombe(responded, contacted, others_responded, held_back, *, level=0.95):
    """Newcombe's interval of a difference of two shares (1998, method 10), from Wilson's intervals of both; two arrays.

    It stays within -1 and 1. Nobody in a group gives no interval.

    >>> [float(end.round(4)) for end in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    x, n, y, m = (np.asarray(one, dtype=float) for one in (responded, contacted, others_responded, held_back))
    with np.errstate(divide="ignore", invalid="ignore"):
        (low, high), (other_low, other_high) = wilson(x, n, level=level), wilson(y, m, level=level)
        p, q = x / n, y / m
        return p - q - np.hypot(p - low, other_high - q), p - q + np.hypot(high - p, q - other_low)


def shrink(estimates, variances):
    """Estimates drawn towards their mean by how little each is known: empirical Bayes, DerSimonian and Laird (1986).

    The spread of the true values is what the estimates differ by more than their variances explain. Where chance alone
    explains all of it, everybody gets the mean (weighted by 1 / variance). A gap stays one.

    >>> shrink([0.1, 0.3], [0.0004, 0.0004]).round(4).tolist(), shrink([0.1, 0.3], [0.04, 0.04]).round(4).tolist()
    ([0.102, 0.298], [0.2, 0.2])
    """
    value, variance = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    known = np.isfinite(value) & np.isfinite(variance)
    if not known.any():
        return np.full(len(value), np.nan)
    weight = 1 / variance[known]
    mean = (weight * value[known]).sum() / weight.sum()
    excess = (weight * (value[known] - mean) ** 2).sum() - (known.sum() - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    spread = max(excess / scale, 0.0) if scale > 0 else 0.0
    weight = 1 / (variance[known] + spread)
    mean = (weight * value[known]).sum() / weight.sum()
    drawn = np.full(len(value), np.nan)
    drawn[known] = mean + spread * weight * (value[known] - mean)
    return drawn


def sample_size(rate, uplift, *, power=0.80, level=0.95, contacted=0.5) -> int:
    """How many customers a test needs on its list, to notice with chance ``power`` that a rate moves by ``uplift``.

    ``rate``: of those held back; the contacted have rate + uplift. ``contacted``: the share of the list that is. The
    test asks at confidence ``level`` whether two shares differ, in either direction (Fleiss 1981, without a correction
    for continuity; 80 % and 95 % are the custom).

    Raises `DataError` for an uplift of 0, which no test finds, and one that leaves 0 to 1.

    >>> sample_size(0.05, 0.01), sample_size(0.05, 0.02), sample_size(0.05, 0.02, contacted=0.9)
    (16316, 4425, 12853)
    """
    other = _rates(rate, uplift, contacted)
    _open(power=power, level=level)
    alike, apart = _errors(rate, other, contacted)
    needed = (_z((1 + level) / 2) * alike + _z(power) * apart) / uplift
    return math.ceil(needed**2 - 1e-9)


def power(listed, rate, uplift, *, level=0.95, contacted=0.5) -> float:
    """The chance that a test with ``listed`` customers notices that a rate moves by ``uplift``: see `sample_size`.

    >>> round(power(4425, 0.05, 0.02), 3), round(power(1000, 0.05, 0.02), 3)
    (0.8, 0.265)
    """
    other = _rates(rate, uplift, contacted)
    check_numbers(above=0, listed=listed)
    _open(level=level)
    alike, apart = _errors(rate, other, contacted)
    return NormalDist().cdf((abs(uplift) * math.sqrt(listed) - _z((1 + level) / 2) * alike) / apart)


def _rates(rate, uplift, contacted):
    check_share(rate=rate)
    check_numbers(uplift=uplift)
    _open(contacted=contacted)
    if uplift == 0:
        raise DataError("uplift is 0; no test is large enough to notice nothing.")
    if not 0 <= rate + uplift <= 1:
        raise DataError(f"rate {rate:g} and uplift {uplift:g} make a rate of {rate + uplift:g}, which is no share.")
    return rate + uplift


def _open(**values):
    for name, value in values.items():
        if not (is_number(value) and 0 < value < 1):
            raise DataError(f"{name} is {quote(value)}; it is a share above 0 and below 1, e.g. 0.80 for 80 %.")


def _errors(rate, other, contacted):
    """Standard error of the difference for a list of one customer: if the rates are alike, and if they are not."""
    mean = contacted * other + (1 - contacted) * rate
    alike = math.sqrt(mean * (1 - mean) * (1 / contacted + 1 / (1 - contacted)))
    return alike, math.sqrt(other * (1 - other) / contacted + rate * (1 - rate) / (1 - contacted))


def _z(share):
    return NormalDist().inv_cdf(share)
