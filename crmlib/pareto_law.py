"""The Pareto law: if one held, a single number, alpha, would say how the money is spread over the customers.

In a law of exponent alpha the top q of the customers bring q ** (1 - 1/alpha) of the total. `pareto_exponent` takes
alpha from one measured share; `fit_pareto_law` takes it from all customers above a minimum, by maximum likelihood, and
says how far from the law they are.

Sources: Pareto type I as in any text on distributions; Hill (1975), A Simple General Approach to Inference About the
Tail of a Distribution, Annals of Statistics 3(5), 1163-1174.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from crmlib.classes import ascending, whole_customers
from crmlib.errors import DataError, FitError
from crmlib.frames import table
from crmlib.wording import percent

__all__ = ["ParetoLaw", "fit_pareto_law", "pareto_exponent"]


@dataclass(frozen=True)
class ParetoLaw:
    """Customers worth ``minimum`` or more, of whom the share (minimum / v) ** alpha is worth more than v.

    All shares are of these customers and of their total; nothing is said about anybody below ``minimum``. A law that
    was not fitted can be made from alpha alone. Raises `DataError` unless alpha is above 1: at 1 or below there is no
    mean, and so no total to share out.

    >>> law = ParetoLaw(alpha=pareto_exponent(0.80, 0.20))
    >>> round(law.top_share(0.01), 3), round(law.gini(), 3)
    (0.528, 0.756)
    """

    alpha: float
    minimum: float = 1.0  # in the unit of the values
    customers: int | None = None  # how many stand at or above the minimum; this and what follows is known of a fit only
    below: int | None = None  # how many were left out
    standard_error: float | None = None  # of alpha
    distance: float | None = None  # Kolmogorov-Smirnov, from 0: the largest gap between these customers and the law

    def __post_init__(self):
        if not (1 < self.alpha < math.inf and 0 < self.minimum < math.inf):
            raise DataError(
                f"A Pareto law needs alpha above 1 (else it has no mean) and a minimum above 0, not {self.alpha!r} and "
                f"{self.minimum!r}."
            )

    def top_share(self, q=0.20) -> float:
        """What the top ``q`` bring, from 0 to 1."""
        if not 0 <= q <= 1:
            raise DataError(f"q is {q}, but a share lies between 0 and 1; for 20 % write 0.20.")
        return q ** (1 - 1 / self.alpha)

    def gini(self) -> float:
        """The Gini index of endlessly many customers under this law."""
        return 1 / (2 * self.alpha - 1)

    def lorenz(self, share_of_customers) -> np.ndarray:
        """The share of the value that the poorest ``share_of_customers`` hold; one number or an array of them."""
        share = np.asarray(share_of_customers, dtype=float)
        if not ((share >= 0) & (share <= 1)).all():
            raise DataError("A share of customers lies between 0 and 1; for 20 % write 0.20.")
        return 1 - (1 - share) ** (1 - 1 / self.alpha)

    def distance_by_chance(self) -> float:
        """The ``distance`` that 95 of 100 fits to customers of such a law stay below: about 1.09 / sqrt(customers).

        A larger one says that no law with this minimum holds. Stephens (1974), EDF Statistics for Goodness of Fit,
        JASA 69, 730-737: the logarithms of a Pareto law are exponential, with the mean estimated.
        """
        if self.customers is None:
            raise DataError("Only a law that fit_pareto_law gave knows how many customers it was fitted to.")
        root = math.sqrt(self.customers)
        return 1.094 / (root + 0.26 + 0.5 / root) + 0.2 / self.customers


def pareto_exponent(share, q=0.20) -> float:
    """The alpha of the Pareto law in which the top ``q`` bring ``share``: 1 / (1 - ln share / ln q).

    Raises `DataError` unless 0 < q < share < 1: a top that brings no more than its number is no Pareto law.

    >>> round(pareto_exponent(0.80, 0.20), 6)
    1.160964
    """
    if not (0 < q < share < 1 and share - q > 1e-9):  # equal customers give a share of q and a hair
        raise DataError(f"A Pareto law needs 0 < q < share < 1; q is {q} and share is {share}.")
    return 1 / (1 - math.log(share) / math.log(q))


def fit_pareto_law(customers, *, by="revenue", minimum=None, top=0.20, at_least=20) -> ParetoLaw:
    """The Pareto law that makes the values at or above ``minimum`` most likely: alpha = n / sum ln(value / minimum).

    ``customers`` is a table of any engine. Customers below ``minimum`` are left out and counted; so are refunds. The
    default minimum is the value of the last customer in the ``top`` 20 % by count (our convention: the law is claimed
    for the few at the top). The choice is part of the result: under a Pareto law alpha would be the same from every
    minimum up, so fit from a second one as well. The standard error is alpha / sqrt(n); look at ``distance`` against
    ``distance_by_chance()`` before you use the law.

    Raises FitError for fewer than ``at_least`` customers (20 by our convention: the standard error is then below a
    quarter of alpha), if all have the same value, and where alpha is 1 or below, since such a law has no mean.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"revenue": [100 / (place / 100) ** 0.5 for place in range(1, 101)]})
    >>> law = fit_pareto_law(customers, minimum=100)
    >>> law.customers, round(law.alpha, 1), round(law.standard_error, 1), law.distance < law.distance_by_chance()
    (100, 2.1, 0.2, True)
    """
    poorest_first = ascending(table(customers, [by], eager=False), by)
    if minimum is None:
        if not 0 < top <= 1:
            raise DataError(f"top is {top}, but a share lies between 0 and 1; for 20 % write 0.20.")
        minimum = float(poorest_first[-whole_customers(top, len(poorest_first))])
        if minimum <= 0:
            raise FitError(
                f"Fewer than {percent(top, 0)} of the customers have a {by!r} above 0, so the law has nowhere to "
                "begin; pass a minimum above 0 or a smaller top."
            )
    if not 0 < minimum < math.inf:
        raise DataError(f"minimum is {minimum!r}; a Pareto law begins at a number above 0.")
    below = int(np.searchsorted(poorest_first, minimum))
    value = poorest_first[below:]
    n = len(value)
    if n < at_least:
        raise FitError(
            f"A Pareto law needs at least {at_least:,} customers with a {by!r} of {minimum:g} or more; of "
            f"{len(poorest_first):,} customers there are {n:,}."
        )
    if value[0] == value[-1]:
        raise FitError(
            f"All {n:,} customers with a {by!r} of {minimum:g} or more have the same, so they follow no Pareto law."
        )
    alpha = float(n / np.log(value / minimum).sum())
    if alpha <= 1:
        raise FitError(
            f"From {minimum:g} up the likelihood is greatest at alpha {alpha:.3f}, and a Pareto law with 1 or less "
            "has no mean and no shares; pass a larger minimum."
        )
    law, place = 1 - (minimum / value) ** alpha, np.arange(n + 1) / n
    distance = float(max((place[1:] - law).max(), (law - place[:-1]).max()))
    return ParetoLaw(alpha, float(minimum), n, below, alpha / math.sqrt(n), distance)
