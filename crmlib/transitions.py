"""Where customers go from one snapshot to the next, as probabilities, and how many are where some steps later.

For any classification: stages, states, tiers, segments. The probabilities come from `crmlib.periods.moves` between two
tables, or from a table of snapshots. What follows from them rests on the Markov assumption: where a customer goes next
depends on where they are and not on where they were. `two_steps` shows how far that is off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, quote
from crmlib.frames import check_days, collect, day_number, table
from crmlib.numbering import numbered
from crmlib.periods import ABSENT, NO_CLASS, in_order, matrix

__all__ = ["Transitions", "TwoSteps", "from_moves", "from_snapshots", "two_steps"]

_LONGEST = 1.2  # times the shortest step: months have 28 to 31 days


@dataclass(frozen=True)
class Transitions:
    """How many customers went from each state (a row of ``counts``) to each state (a column) in one step.

    ``counts`` may also be probabilities from a book. ``absorbing`` names states that nobody leaves although no move of
    a customer in them was seen. ``entered`` are the customers who were in no state before, by the state they came to,
    over ``steps`` steps; they are in no row.

    >>> book = Transitions(("buys", "silent"), counts=((0.6, 0.4), (0.1, 0.9)))
    >>> book.expected({"buys": 100}, steps=1)["customers"].tolist()
    [100.0, 0.0, 60.0, 40.0]
    >>> book.stationary().round(6).to_dict()
    {'buys': 0.2, 'silent': 0.8}
    """

    states: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]
    absorbing: tuple[str, ...] = ()
    entered: tuple[float, ...] = ()
    steps: int = 1

    def __post_init__(self):
        n, counts = len(self.states), np.array(self.counts, dtype=float)
        if len(set(self.states)) < n or not n or counts.shape != (n, n):
            raise DataError(f"counts must be a square with a row and a column for each of the states {self.states}.")
        if not (np.isfinite(counts) & (counts >= 0)).all():
            raise DataError("counts must be numbers of 0 or more.")
        if self.entered and len(self.entered) != n:
            raise DataError(f"entered has {len(self.entered)} numbers for the {n} states {self.states}.")
        for name in self.absorbing:
            if name not in self.states:
                raise DataError(f"The absorbing state {quote(name)} is not among the states {self.states}.")
            if left := float(np.delete(counts[self.states.index(name)], self.states.index(name)).sum()):
                raise DataError(f"{left:,g} customers left the state {quote(name)}, so it is not absorbing.")

    @property
    def probabilities(self):
        """A square pandas table: rows sum to 1; a row without customers is null, unless the state is absorbing."""
        import pandas as pd

        index = pd.Index(self.states, name="from")
        return pd.DataFrame(self._chain(), index=index, columns=pd.Index(self.states, name="to"))

    @property
    def absorbing_states(self) -> tuple[str, ...]:
        """The states that nobody leaves: those named so, and those whose customers all stayed."""
        return tuple(name for name, stay in zip(self.states, np.diag(self._chain()), strict=True) if stay == 1)

    @property
    def inflow(self) -> dict[str, float]:
        """Customers a step who were in no state before, by the state they came to."""
        entered = self.entered or [0] * len(self.states)
        return {name: n / self.steps for name, n in zip(self.states, entered, strict=True)}

    def table(self):
        """A row for each pair of states: from, to, customers, probability; a pandas table."""
        import pandas as pd

        n = len(self.states)
        columns = {"from": np.repeat(self.states, n), "to": np.tile(self.states, n)}
        columns |= {"customers": np.array(self.counts).ravel(), "probability": self._chain().ravel()}
        return pd.DataFrame(columns)

    def expected(self, start, steps, *, inflow=None):
        """Customers expected in each state after 0, 1 ... ``steps`` steps: step, state, customers; a pandas table.

        ``start`` and ``inflow`` are customers by state, e.g. {"growth": 120}; states not named have none. The inflow
        is there at the end of each step and moves from the next one on. Without it the total stays what it was.

        Raises `DataError` if customers get to a state from which no move was seen.
        """
        import pandas as pd

        if not (isinstance(steps, int) and steps >= 0):
            raise DataError(f"steps is {quote(steps)}; give a whole number of 0 or more, e.g. 12.")
        here, new = self._by_state("start", start), self._by_state("inflow", inflow or {})
        chain = self._chain()
        unknown = np.isnan(chain).any(axis=1)
        found = [here]
        for step in range(steps):
            if (here[unknown] > 0).any():
                place = int(np.argmax(unknown & (here > 0)))
                name = self.states[place]
                raise DataError(
                    f"After {step} steps {here[place]:,.4g} customers are in the state {name!r}, from which no move "
                    f"was seen; if nobody leaves it, say absorbing=[{name!r}]."
                )
            here = here @ np.where(unknown[:, None], 0.0, chain) + new
            found.append(here)
        columns = {"step": np.repeat(np.arange(steps + 1), len(self.states)), "state": list(self.states) * (steps + 1)}
        return pd.DataFrame(columns | {"customers": np.concatenate(found)})

    def stationary(self):
        """The shares of customers by state that a step leaves as they are; a pandas Series that sums to 1.

        Wherever they start, the shares come near it, unless the states come round in a fixed rhythm. Raises `DataError`
        where there is none to be known or more than one.
        """
        import pandas as pd

        chain = self._chain()
        unknown = np.isnan(chain).any(axis=1)
        moves = np.where(unknown[:, None], 0.0, chain)
        if (unknown & (moves.sum(axis=0) > 0)).any() or unknown.all():
            name = self.states[int(np.argmax(unknown & ((moves.sum(axis=0) > 0) | unknown.all())))]
            raise DataError(
                f"There is no stationary distribution to be known: no move from the state {name!r} was seen; if nobody "
                f"leaves it, say absorbing=[{name!r}]."
            )
        ends = _ends(moves, ~unknown)
        if len(ends) > 1:
            names = " and ".join(quote([self.states[state] for state in end]) for end in ends)
            raise DataError(
                f"There is no one stationary distribution: nobody leaves {names}, so that the long run depends on "
                "where customers start."
            )
        (end,) = ends
        size = len(end)
        # shares * (P - 1) = 0 and their sum is 1
        equations = np.vstack([(moves[np.ix_(end, end)] - np.eye(size)).T, np.ones(size)])
        shares = np.zeros(len(self.states))
        shares[end] = np.linalg.lstsq(equations, np.r_[np.zeros(size), 1.0], rcond=None)[0]
        return pd.Series(shares, index=pd.Index(self.states, name="state"), name="share")

    def _chain(self):
        counts = np.array(self.counts, dtype=float)
        for name in self.absorbing:
            counts[self.states.index(name), self.states.index(name)] = 1.0
        return _rows_to_one(counts)

    def _by_state(self, name, customers):
        customers = dict(customers)
        if unknown := [state for state in customers if state not in self.states]:
            raise DataError(f"{name} names the state {quote(unknown[0])}, which is not among {list(self.states)}.")
        found = np.array([float(customers.get(state, 0)) for state in self.states])
        if not (np.isfinite(found) & (found >= 0)).all():
            raise DataError(f"{name} must be numbers of customers of 0 or more, by state.")
        return found


def from_moves(moved, *, order=None, absorbing=()) -> Transitions:
    """The `Transitions` of one step from the result of `crmlib.periods.moves`, of any engine.

    Customers who were "(absent)" before are ``entered``. If some are absent after, "(absent)" is a state, from which no
    move is seen: say ``absorbing=["(absent)"]`` if it is to be the end. ``order`` lists the states.

    >>> import pandas as pd
    >>> moved = pd.DataFrame({"from": ["top", "top", "small"], "to": ["top", "small", "small"], "customers": [3, 1, 6]})
    >>> from_moves(moved).probabilities
    to      top  small
    from
    top    0.75   0.25
    small  0.00   1.00
    """
    return _from_square(matrix(moved, order=order), 1, absorbing)


def from_snapshots(snapshots, *, column="state", order=None, absorbing=()) -> Transitions:
    """The `Transitions` of all steps between snapshots, taken together: customer, as_of and ``column``, of any engine.

    Each date and the next are one step. A customer without a row at a date is "(absent)" then, as in `from_moves`; a
    missing class is "(no value)". One query, whatever the engine.

    Raises `DataError` for fewer than two dates, for dates whose distances differ by more than a fifth (a step must be
    one length), and for a customer who is listed twice at a date.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"])
    >>> table = pd.DataFrame({"customer": list("aaabb"), "as_of": days[[0, 1, 2, 1, 2]],
    ...                       "state": ["new", "loyal", "loyal", "new", "new"]})
    >>> from_snapshots(table).table()
        from     to  customers  probability
    0  loyal  loyal          1          1.0
    1  loyal    new          0          0.0
    2    new  loyal          1          0.5
    3    new    new          1          0.5
    >>> from_snapshots(table).inflow
    {'loyal': 0.0, 'new': 0.5}
    """
    import pandas as pd

    states, paths, customers = _paths(snapshots, column, order, least=2)
    n, steps = len(states), paths.shape[1] - 1
    square = np.zeros((n + 1, n + 1), dtype=np.int64)  # last is absent: -1
    for step in range(steps):
        np.add.at(square, (paths[:, step], paths[:, step + 1]), customers)
    square[n, n] = 0  # absent twice is nobody
    names = [*states, ABSENT]
    kept = names if square[:n, n].any() or square[n].any() else states
    square = pd.DataFrame(square, index=names, columns=names).loc[kept, kept]
    return _from_square(square, steps, absorbing)


def _from_square(square, steps, absorbing):
    """From the counts as a square pandas table in which absent customers have a row and a column, or none."""
    names = list(square.index)
    came = square.loc[ABSENT].to_numpy() if ABSENT in names else np.zeros(len(names), dtype=np.int64)
    left = ABSENT in names and square[ABSENT].any()
    states = [name for name in names if name != ABSENT or left]
    if not states:
        raise DataError("There are no customers in this table of moves.")
    inside = square.loc[states, states].to_numpy().copy()
    if left:
        inside[states.index(ABSENT)] = 0
    counts = tuple(tuple(row) for row in inside.tolist())
    entered = tuple(came[[names.index(name) for name in states]].tolist())
    return Transitions(tuple(states), counts, tuple(absorbing), entered, steps)


@dataclass(frozen=True, eq=False)
class TwoSteps:
    """Where customers are after two steps, and where the Markov assumption has them; made by `two_steps`.

    ``paths[i, j, k]`` are the customers who went from state i over j to k. `observed` are the shares who got from i to
    k, `expected` the square of the one-step probabilities of the same customers.
    """

    states: tuple[str, ...]
    paths: np.ndarray = field(repr=False)

    @property
    def customers(self) -> int:
        """Paths of two steps; a customer at four dates has two of them."""
        return int(self.paths.sum())

    @property
    def misplaced(self) -> float:
        """The share of customers whom the Markov assumption has in another state after two steps than they are in.

        Half the sum of the differences between expected and observed numbers: so many would have to be moved. Chance
        alone makes it more than 0, see `by_chance`; what is well above that is memory, or steps that differ.
        """
        return float(_misplaced(self.paths[None])[0])

    def by_chance(self, rng, draws=200) -> np.ndarray:
        """``misplaced`` as it comes out, time and again, if the assumption holds: ``draws`` numbers, sorted.

        As many customers start in each state and go two steps by the one-step probabilities.
        """
        one = _one_step(self.paths[None])[0]
        chances = one[:, :, None] * one[None, :, :]
        n = len(self.states)
        drawn = [
            rng.multinomial(int(start), chance.ravel(), size=draws)
            for start, chance in zip(self.paths.sum(axis=(1, 2)), chances, strict=True)
        ]
        return np.sort(_misplaced(np.stack(drawn, axis=1).reshape(draws, n, n, n)))

    def table(self):
        """A row for each pair of states: from, to, observed, expected (shares of those in ``from``); a pandas table."""
        import pandas as pd

        n = len(self.states)
        observed, expected = _observed_and_expected(self.paths[None])
        columns = {"from": np.repeat(self.states, n), "to": np.tile(self.states, n)}
        return pd.DataFrame(columns | {"observed": observed.ravel(), "expected": expected.ravel()})


def two_steps(snapshots, *, column="state", order=None) -> TwoSteps:
    """How good the Markov assumption is two steps ahead, on a table of snapshots as in `from_snapshots`.

    Every three dates in a row count, with the customers who are there at all three. Raises `DataError` as
    `from_snapshots`, for fewer than three dates, and if nobody is there at three dates in a row.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31"] * 2)
    >>> table = pd.DataFrame({"customer": list("aaabbb"), "as_of": days, "state": ["x", "y", "x", "y", "y", "y"]})
    >>> found = two_steps(table)  # from y one step leads to x once and to y twice, but b stays
    >>> found.customers, round(found.misplaced, 6)
    (2, 0.444444)
    """
    states, codes, customers = _paths(snapshots, column, order, least=3)
    n = len(states)
    paths = np.zeros((n, n, n), dtype=np.int64)
    for step in range(codes.shape[1] - 2):
        three = codes[:, step : step + 3]
        there = (three >= 0).all(axis=1)
        np.add.at(paths, tuple(three[there].T), customers[there])
    if not paths.any():
        raise DataError("No customer is in three snapshots in a row, so two steps cannot be seen.")
    return TwoSteps(tuple(states), paths)


def _one_step(paths):
    """One-step probabilities of many sets of paths (first axis), from both of their steps.

    Of a state in which customers are seen at the end only nothing is known: they are taken to stay.
    """
    one = _rows_to_one((paths.sum(axis=3) + paths.sum(axis=1)).astype(float))
    return np.where(np.isnan(one), np.eye(paths.shape[-1]), one)


def _observed_and_expected(paths):
    one = _one_step(paths)
    observed = _rows_to_one(paths.sum(axis=2).astype(float))
    return observed, np.where(np.isnan(observed), np.nan, one @ one)


def _misplaced(paths):
    observed, expected = _observed_and_expected(paths)
    apart = np.nan_to_num(np.abs(observed - expected)).sum(axis=2) / 2
    starts = paths.sum(axis=(2, 3))
    return (apart * starts).sum(axis=1) / starts.sum(axis=1)


def _rows_to_one(counts):
    total = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, total, out=np.full(counts.shape, math.nan), where=total > 0)


def _ends(moves, known):
    """The sets of states that nobody leaves and within which each leads to each, as lists of numbers."""
    n = len(moves)
    leads = (moves > 0) | np.eye(n, dtype=bool)
    for _ in range(n.bit_length()):
        leads = (leads.astype(int) @ leads.astype(int)) > 0
    ends = []
    for state in np.flatnonzero(known):
        reached = np.flatnonzero(leads[state])
        if leads[reached, state].all() and reached[0] == state:  # once a set, by its first state
            ends.append(reached)
    return ends


def _paths(snapshots, column, order, *, least):
    """The states in order; the state of each path at each date, as a number or -1 where absent; customers a path."""
    frame = table(snapshots, ["customer", "as_of", column], what="table of snapshots", eager=False)
    check_days(frame, "as_of", what="snapshots", advice="make it dates first")
    known, text = ~nw.col(column).is_null(), nw.col(column).cast(nw.String)
    frame = frame.select(
        "customer",
        __day=day_number(nw.col("as_of")),
        __state=nw.when(known).then(text).otherwise(nw.lit(NO_CLASS)),
        __nobody=nw.when(nw.col("customer").is_null()).then(1).otherwise(0),
    )
    found = collect(frame.group_by("__day", "__state").agg(nw.col("__nobody").sum()))
    for name, gaps in (("customer", (found["__nobody"] > 0).any()), ("as_of", found["__day"].is_null().any())):
        if gaps:
            raise DataError(f"{name!r} is missing in some rows of the table of snapshots; leave them out first.")
    days = sorted(int(day) for day in set(found["__day"].to_list()))
    _check_steps(days, least)
    there = set(found["__state"].to_list())
    states = [name for name in in_order(there, order) if name in there or name not in (NO_CLASS, ABSENT)]
    code = nw.lit(-1)
    for number, name in enumerate(states):
        code = nw.when(nw.col("__state") == name).then(nw.lit(number)).otherwise(code)
    frame = numbered(frame).with_columns(__code=code)
    names = [f"__at_{day}" for day in days]
    at = {name: nw.when(nw.col("__day") == day).then(nw.col("__code")).otherwise(-1)
          for name, day in zip(names, days, strict=True)}  # fmt: skip
    customers = frame.with_columns(**at).group_by("customer").agg(nw.col(*names).max(), nw.len().alias("rows"))
    counted = collect(customers.group_by(*names, "rows").agg(nw.len().alias("customers")))
    paths = np.column_stack([counted[name].to_numpy().astype(np.int64) for name in names])
    counts = counted["customers"].to_numpy().astype(np.int64)
    if twice := int(counts[(paths >= 0).sum(axis=1) != counted["rows"].to_numpy()].sum()):
        raise DataError(f"{twice:,} customers have two rows at one as_of; it needs one row a customer and date.")
    return states, paths, counts


def _check_steps(days, least):
    if len(days) < least:
        raise DataError(f"The snapshots are of {len(days)} dates; this needs at least {least}.")
    apart = np.diff(days)
    if apart.max() > _LONGEST * apart.min():
        raise DataError(
            f"The snapshots are {apart.min()} to {apart.max()} days apart; steps must be of one length, e.g. the ends "
            "of months."
        )
