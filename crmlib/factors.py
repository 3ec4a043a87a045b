"""Revenue as a product of factors, and which factor makes the difference between two cases.

customers x probability to buy x orders x amount = revenue. `split` says how much of a change each factor brought, so
that the parts sum to the change; `measured` takes the factors from a customer table.

Sources: the example of Wang and Li is from a Chinese course on managing customers. The split is the additive
logarithmic mean Divisia index (Ang 2004, Decomposition analysis for policymaking in energy, Energy Policy 32,
1131-1139), with Shapley values (1953) for what has no logarithm.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import narwhals as nw

from crmlib.classes import is_gap
from crmlib.errors import DataError
from crmlib.frames import collect, height, same_kind, table
from crmlib.prospects import not_customers

__all__ = ["LI", "WANG", "Split", "measured", "product", "split"]

# Two salesmen in a year: Wang visits everybody, Li looks after few customers well. Amounts are in yuan.
WANG = {"customers": 1000, "probability": 0.05, "orders": 1, "amount": 10_000}
LI = {"customers": 50, "probability": 0.50, "orders": 10, "amount": 100_000}

_MOST_FACTORS = 12  # of a Shapley split, which looks at every subset


def product(factors) -> float:
    """What the factors make together.

    >>> product(WANG), product(LI)
    (500000.0, 25000000.0)
    """
    found = math.prod(_checked(factors, "factors").values())
    if not math.isfinite(found):
        raise DataError("The product of the factors is too large for a number; give them in larger units.")
    return found


@dataclass(frozen=True)
class Split:
    """A change from one product to another, and what each factor brought of it; all dicts are by factor."""

    before: float
    after: float
    ratios: dict[str, float]  # after / before of each factor; NaN where before is 0
    log_shares: dict[str, float]  # of the ratio of the products; they sum to 1. NaN where a logarithm lacks or is 0
    changes: dict[str, float]  # in the unit of the product; they sum to after - before

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before

    @property
    def ratio(self) -> float:
        """after / before; NaN where before is 0."""
        return self.after / self.before if self.before else math.nan

    def table(self):
        """A row a factor, and "product" last: factor, ratio, log_share, change, as a pandas table."""
        import pandas as pd

        shares = [*self.log_shares.values()]
        columns = {
            "factor": [*self.ratios, "product"],
            "ratio": [*self.ratios.values(), self.ratio],
            "log_share": [*shares, math.fsum(shares)],
            "change": [*self.changes.values(), self.change],
        }
        return pd.DataFrame(columns)


def split(before, after, *, method="log") -> Split:
    """Which factor brought how much of the change from the product of ``before`` to that of ``after``.

    ``before`` and ``after`` are dicts, from the name of a factor to its value. ``method="log"``: factor i brings
    L * ln(after_i / before_i), where L = (P2 - P1) / ln(P2 / P1) is the logarithmic mean of the products, and P where
    they are equal. Symmetric in time, independent of the order of the factors, and nothing is left over. All factors
    must be above 0.

    ``method="shapley"``: the change that a factor makes when it changes after some of the others, on average over all
    orders in which they could change. For factors that are zero or negative; at most 12 of them. On the same factors
    the two methods differ a little: neither is more true.

    The parts answer an arithmetic question, not one of cause: more visits may raise probability as well.
    Raises `DataError` for factors that differ in name, are no finite numbers, or have no logarithm.

    >>> found = split(WANG, LI)
    >>> found.ratios
    {'customers': 0.05, 'probability': 10.0, 'orders': 10.0, 'amount': 10.0}
    >>> {name: round(change) for name, change in found.changes.items()}
    {'customers': -18761505, 'probability': 14420502, 'orders': 14420502, 'amount': 14420502}
    >>> split({"visits": 0, "amount": 5}, {"visits": 4, "amount": 10}, method="shapley").changes
    {'visits': 30.0, 'amount': 10.0}
    """
    before, after = _checked(before, "before"), _checked(after, "after")
    if set(before) != set(after):
        lone = sorted(set(before) ^ set(after))[0]
        raise DataError(f"The factor {lone!r} is in only one of before and after; both need the same factors.")
    if method not in ("log", "shapley"):
        raise DataError(f"method {method!r} is not known; choose 'log' or 'shapley'.")
    signed = [name for name in before if not (before[name] > 0 and after[name] > 0)]
    if signed and method == "log":
        name = signed[0]
        raise DataError(
            f"The factor {name!r} goes from {before[name]:g} to {after[name]:g}, and only numbers above 0 have a "
            "logarithm; use method='shapley'."
        )
    first, last = product(before), product(after)
    ratios = {name: after[name] / before[name] if before[name] else math.nan for name in before}
    logs = {name: math.nan if signed else math.log(after[name]) - math.log(before[name]) for name in before}
    total = math.fsum(logs.values())
    shares = {name: log / total if total else math.nan for name, log in logs.items()}
    changes = _by_logs(first, last, logs, total) if method == "log" else _by_shapley(before, after)
    return Split(first, last, ratios, shares, changes)


@same_kind
def measured(customers, prospects=None) -> dict[str, float]:
    """The factors of the revenue in a customer table, under the names of `WANG` and `LI`; their product is the revenue.

    customers is everybody in the table, probability the share of them with an order, orders the mean of those, amount
    the net revenue an order. In a table from a log nearly everybody bought. With ``prospects`` (see `crmlib.prospects`)
    who could need what we sell and has not bought counts among the customers too, as in the example, and the
    probability is theirs. Raises `DataError` for gaps, and if nobody bought.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"customer": ["a", "b"], "orders": [1, 3], "revenue": [30.0, 50.0]})
    >>> prospects = pd.DataFrame({"customer": ["c", "d"], "need": True, "contact": [True, False]})
    >>> measured(customers, prospects)
    {'customers': 4, 'probability': 0.5, 'orders': 2.0, 'amount': 20.0}
    """
    frame = table(customers, ["customer", "orders", "revenue"], eager=False)
    sums = [nw.len().alias("customers"), nw.when(nw.col("orders") > 0).then(1).otherwise(0).sum().alias("buyers")]
    sums += [nw.col(name).cast(nw.Float64).sum().alias(name) for name in ("orders", "revenue")]
    sums += [is_gap(name).sum().alias(f"gaps_{name}") for name in ("orders", "revenue")]
    rows = collect(frame, *sums)
    found = {name: float(rows[name].fill_null(0)[0]) for name in rows.columns}
    for name in ("orders", "revenue"):
        if found[f"gaps_{name}"]:
            raise DataError(f"{name!r} is missing or infinite for some customers; fill it or leave them out first.")
    if not found["buyers"]:
        raise DataError("Nobody in the customer table bought, so there are no orders and no amount to take apart.")
    everybody = int(found["customers"])
    if prospects is not None:
        others = table(not_customers(prospects, customers), eager=False)
        everybody += height(others.filter(nw.col("need")))
    return {
        "customers": everybody,
        "probability": found["buyers"] / everybody,
        "orders": found["orders"] / found["buyers"],
        "amount": found["revenue"] / found["orders"],
    }


def _by_logs(first, last, logs, total):
    # near equality the difference of the products would be all rounding; the mean itself is well known there
    mean = (last - first) / total if abs(total) > 1e-3 else first * (math.expm1(total) / total if total else 1.0)
    return {name: mean * log for name, log in logs.items()}


def _by_shapley(before, after):
    if len(before) > _MOST_FACTORS:
        raise DataError(f"There are {len(before)} factors; a Shapley split takes at most {_MOST_FACTORS}.")
    changes, n = {}, len(before)
    for name in before:
        others, parts = [one for one in before if one != name], []
        for size in range(n):
            weight = 1 / (n * math.comb(n - 1, size))  # each place in the order is as likely, and each set before it
            for changed in combinations(others, size):
                rest = math.prod((after if one in changed else before)[one] for one in others)
                parts.append(weight * rest * (after[name] - before[name]))
        changes[name] = math.fsum(parts)
    return changes


def _checked(factors, what):
    try:
        found = {str(name): float(value) for name, value in dict(factors).items()}
    except (TypeError, ValueError):
        found = {}
    if not found or not all(map(math.isfinite, found.values())):
        raise DataError(
            f"{what} must be a dict from names of factors to finite numbers, e.g. {{'customers': 50, 'amount': 9.5}}."
        )
    return found
