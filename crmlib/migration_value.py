"""The migration model: customers who do not buy are not lost, they move to a state of longer silence and may come back.

A state is how many periods ago the last purchase was (Dwyer 1989, always-a-share; Berger & Nasr 1998). Moves between
states are a Markov chain P, each state earns R a period, and the values are V = [I - P / (1 + d)]**-1 R (Pfeifer &
Carraway 2000). The value of contacting the long silent can be negative: `stopping_rules` shows when to stop.
"""

from __future__ import annotations

import math

import numpy as np

from crmlib.arguments import check_discount, check_numbers, number_of_periods, sequence
from crmlib.errors import DataError

__all__ = ["chain_values", "recency_chain", "recency_values", "stopping_rules"]


def chain_values(moves, rewards, *, discount) -> np.ndarray:
    """The discounted value of being in each state of a Markov chain: [I - P / (1 + d)]**-1 R, as a float64 array.

    ``moves[i][j]`` is the chance to be in state j a period after state i; each row sums to 1. ``rewards[i]`` is what a
    period in state i brings, counted at once and in full. ``discount`` is a rate a period and above 0: without it a
    state that is never left has no value. Raises `DataError` for chances that are none.

    >>> chain_values([[0.8, 0.2], [0, 1]], [100, 0], discount=0.1).round(2).tolist()      # the retention model
    [366.67, 0.0]
    """
    rewards = sequence("rewards", rewards)
    check_discount(discount=discount)
    if discount == 0:
        raise DataError("discount is 0; the value of a state that is never left has no end then, so give one above 0.")
    try:
        chances = np.asarray(moves, dtype=float)
    except (TypeError, ValueError):
        chances = np.zeros(0)
    if chances.shape != (len(rewards), len(rewards)):
        raise DataError(f"moves must be {len(rewards)} rows of {len(rewards)} numbers, as many as there are rewards.")
    good = (chances >= 0).all(axis=1) & np.isclose(chances.sum(axis=1), 1, rtol=0, atol=1e-9)
    if not good.all():
        row = int(np.argmin(good))
        raise DataError(f"Row {row} (from 0) of moves is {chances[row].tolist()}; it must be chances that sum to 1.")
    return np.linalg.solve(np.eye(len(rewards)) - chances / (1 + discount), rewards)


def recency_chain(probabilities, *, margin, contact, contacts_until=None) -> tuple[np.ndarray, np.ndarray]:
    """Moves and rewards of the recency states 1, 2 ... n and "gone", for `chain_values`.

    ``probabilities[i]`` is the chance that somebody in state i + 1, with the last purchase i + 1 periods ago (counting
    the running one as the first), buys in the next period and is in state 1 again; otherwise the state grows by one, and
    after the last one the customer is gone for good. State 1 brings ``margin``; every state that is contacted costs
    ``contact``. States above ``contacts_until`` are not contacted and nobody returns from there (None: all are).

    >>> moves, rewards = recency_chain([0.30, 0.20], margin=40, contact=4)
    >>> moves.tolist(), rewards.tolist()
    ([[0.3, 0.7, 0.0], [0.2, 0.0, 0.8], [0.0, 0.0, 1.0]], [36.0, -4.0, 0.0])
    """
    p = sequence("probabilities", probabilities)
    if not ((p >= 0) & (p <= 1)).all():
        raise DataError(f"probabilities is {p.tolist()}; each is a chance of 0 to 1.")
    check_numbers(margin=margin, contact=contact)
    n = len(p)
    until = n if contacts_until is None else number_of_periods(contacts_until, "contacts_until", endless=False)
    if until > n:
        raise DataError(f"contacts_until is {until}, but there are {n} recency states.")
    moves, rewards = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    contacted = np.arange(n) < until
    back = np.where(contacted, p, 0.0)
    moves[np.arange(n), np.arange(1, n + 1)] = 1 - back
    moves[:n, 0] += back
    moves[n, n] = 1
    rewards[:n] = np.where(contacted, -float(contact), 0.0)
    rewards[0] += margin
    return moves, rewards


def recency_values(probabilities, *, margin, contact, discount, contacts_until=None) -> np.ndarray:
    """The value of a customer in each recency state, the last being "gone"; see `recency_chain`.

    >>> recency_values([0.30, 0.20, 0.15, 0.05], margin=40, contact=4, discount=0.2).round(3).tolist()
    [52.32, 5.554, 1.251, -1.82, 0.0]
    """
    moves, rewards = recency_chain(probabilities, margin=margin, contact=contact, contacts_until=contacts_until)
    return chain_values(moves, rewards, discount=discount)


def stopping_rules(probabilities, *, margin, contact, discount):
    """What a customer who has just bought is worth if contacts stop after recency 0, 1 ... n: contacts_until, value, best.

    A pandas table with one row a rule. 0 never contacts anybody: what is left is the margin of the purchase just made.
    ``best`` marks the rule of the greatest value, of equal ones the one with the fewest contacts.

    >>> stopping_rules([0.30, 0.20, 0.15, 0.05], margin=40, contact=4, discount=0.2).round(3)
       contacts_until   value   best
    0               0  40.000  False
    1               1  48.000  False
    2               2  51.574  False
    3               3  53.149   True
    4               4  52.320  False
    """
    import pandas as pd

    rules = range(len(sequence("probabilities", probabilities)) + 1)
    options = {"margin": margin, "contact": contact, "discount": discount}
    values = [float(recency_values(probabilities, contacts_until=rule, **options)[0]) for rule in rules]
    most = max(values)
    best = next(rule for rule in rules if math.isclose(values[rule], most, rel_tol=1e-12, abs_tol=1e-12))
    return pd.DataFrame({"contacts_until": list(rules), "value": values, "best": [rule == best for rule in rules]})
