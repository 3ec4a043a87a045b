"""Transition probabilities by hand and by laws: rows sum to one, customers are conserved, a long run exists or not."""

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError
from crmlib.periods import ABSENT, NO_CLASS, moves
from crmlib.transitions import Transitions, from_moves, from_snapshots, two_steps

few = settings(max_examples=25, deadline=None)
MONTHS = pd.to_datetime(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]).astype("datetime64[us]")
STATES = ["new", "loyal", "silent"]


def snapshots(paths, dates=MONTHS):
    """From {customer: [state at each date, or None where absent]}."""
    rows = [(who, dates[k], state) for who, path in paths.items() for k, state in enumerate(path) if state]
    return pd.DataFrame(
        {
            "customer": pd.Series([row[0] for row in rows], dtype="str"),
            "as_of": pd.Series([row[1] for row in rows], dtype="datetime64[us]"),
            "state": pd.Series([row[2] for row in rows], dtype="str"),
        }
    )


def squares(least=0, most=20):
    """(states, counts): at least one customer somewhere."""
    return st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.integers(least, most), min_size=n, max_size=n), min_size=n, max_size=n)
    ).map(lambda rows: Transitions(tuple(f"s{i}" for i in range(len(rows))), tuple(map(tuple, rows))))  # fmt: skip


paths_of_customers = st.dictionaries(
    st.sampled_from("abcdefghijkl"),
    st.lists(st.sampled_from([*STATES, None]), min_size=4, max_size=4).filter(lambda path: any(path)),
    min_size=1,
).map(lambda some: some | {"z": ["new", "new", "silent", "silent"]})

SIX = {
    "a": ["new", "loyal", "loyal", "loyal"],
    "b": ["new", "silent", "silent", None],
    "c": [None, "new", "loyal", "silent"],
    "d": [None, None, None, "new"],
    "e": ["loyal", None, "loyal", "loyal"],
}


# ---- from data


@EVERY_ENGINE
def test_snapshots_by_hand(engine):
    found = from_snapshots(build(engine, snapshots(SIX)), order=STATES)
    assert found.states == ("new", "loyal", "silent", ABSENT)
    assert found.counts == ((0, 2, 1, 0), (0, 3, 1, 1), (0, 0, 1, 1), (0, 0, 0, 0))
    assert found.entered == (2, 1, 0, 0) and found.steps == 3  # e came back and counts as entered once more
    assert found.inflow == {"new": 2 / 3, "loyal": 1 / 3, "silent": 0, ABSENT: 0}
    chances = found.probabilities
    assert chances.loc["new"].tolist() == pytest.approx([0, 2 / 3, 1 / 3, 0])
    assert chances.loc["loyal"].tolist() == pytest.approx([0, 3 / 5, 1 / 5, 1 / 5])
    assert chances.loc[ABSENT].isna().all() and found.absorbing_states == ()
    closed = from_snapshots(build(engine, snapshots(SIX)), order=STATES, absorbing=[ABSENT])
    assert closed.probabilities.loc[ABSENT].tolist() == [0, 0, 0, 1] and closed.absorbing_states == (ABSENT,)
    assert closed.counts == found.counts  # what was seen stays as it was


@EVERY_ENGINE
def test_moves_of_two_classifications(engine):
    before = pd.DataFrame({"customer": list("abcd"), "tier": ["top", "small", "small", "small"]})
    after = pd.DataFrame({"customer": list("abce"), "tier": ["small", "small", None, "top"]})
    moved = moves(build(engine, before), build(engine, after), column="tier", order=["top", "medium", "small"])
    found = from_moves(moved, order=["top", "medium", "small"])
    assert found.states == ("top", "medium", "small", NO_CLASS, ABSENT)
    assert found.counts[0] == (0, 0, 1, 0, 0) and found.counts[2] == (0, 0, 1, 1, 1)
    assert found.entered == (1, 0, 0, 0, 0) and found.steps == 1
    assert found.probabilities.isna().all(axis=1).tolist() == [False, True, False, True, True]


@few
@given(paths_of_customers)
def test_snapshots_are_the_moves_of_each_step_together(paths):
    frame = snapshots(paths)
    found = from_snapshots(frame, order=STATES)
    both = [
        moves(frame[frame["as_of"] == one], frame[frame["as_of"] == two], column="state", order=STATES)
        for one, two in zip(MONTHS[:-1], MONTHS[1:], strict=True)
    ]
    pooled = pd.concat(both).groupby(["from", "to"], as_index=False)["customers"].sum()
    assert found == Transitions(**vars(from_moves(pooled, order=STATES)) | {"steps": 3})


@few
@given(paths_of_customers)
def test_counts_are_kept_and_rows_sum_to_one(paths):
    found = from_snapshots(snapshots(paths))
    dates = sorted({k for path in paths.values() for k, state in enumerate(path) if state})
    here = sum(path[k] is not None for path in paths.values() for k in dates[:-1])
    assert sum(map(sum, found.counts)) == here
    table = found.table()
    assert table["customers"].sum() == here
    totals = found.probabilities.sum(axis=1, min_count=1)
    empty = [not sum(row) for row in found.counts]
    assert totals.isna().tolist() == empty and totals.dropna().tolist() == pytest.approx([1.0] * empty.count(False))
    pd.testing.assert_series_equal(
        table["probability"], pd.Series(found.probabilities.to_numpy().ravel()), check_names=False
    )


@few
@given(paths_of_customers, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_customers_change_nothing(paths, chance):
    frame = snapshots(paths)
    rows = list(range(len(frame)))
    chance.shuffle(rows)
    other = frame.iloc[rows].assign(customer=lambda one: one["customer"] + "!")[["state", "as_of", "customer"]]
    assert from_snapshots(other) == from_snapshots(frame)


def test_numbers_are_states_in_their_order():
    frame = pd.DataFrame({"customer": [1, 2, 1, 2], "as_of": MONTHS[[0, 0, 1, 1]], "score": [9, 10, 10, 10]})
    found = from_snapshots(frame, column="score")
    assert found.states == ("9", "10") and found.counts == ((0, 1), (0, 1))


# ---- expected numbers of customers


def test_expected_by_hand():
    book = Transitions(("buys", "silent"), counts=((0.6, 0.4), (0.1, 0.9)))
    found = book.expected({"buys": 100, "silent": 10}, steps=2, inflow={"buys": 50})
    assert found["step"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found["state"].tolist() == ["buys", "silent"] * 3
    # 60 + 1 + 50, 40 + 9; then 111 * .6 + 49 * .1 + 50, 111 * .4 + 49 * .9
    assert found["customers"].tolist() == pytest.approx([100, 10, 111, 49, 121.5, 88.5])
    assert book.expected(pd.Series({"silent": 4}), steps=0)["customers"].tolist() == [0, 4]


@few
@given(squares(), st.data())
def test_customers_are_conserved(chain, data):
    numbers = st.dictionaries(st.sampled_from(chain.states), st.integers(0, 1000))
    start, inflow = data.draw(numbers), data.draw(st.one_of(st.none(), numbers))
    known = {state for state, row in zip(chain.states, chain.counts, strict=True) if sum(row)}
    closed = Transitions(chain.states, chain.counts, absorbing=tuple(set(chain.states) - known))
    totals = closed.expected(start, steps=5, inflow=inflow).groupby("step")["customers"].sum()
    new = sum((inflow or {}).values())
    expected = [sum(start.values()) + step * new for step in range(6)]
    assert totals.tolist() == pytest.approx(expected, rel=1e-12, abs=1e-9)
    assert (closed.expected(start, steps=5)["customers"] >= 0).all()


def test_what_is_not_known_is_not_invented():
    chain = Transitions(("a", "b"), ((1, 1), (0, 0)))
    assert chain.expected({"a": 8}, steps=1)["customers"].tolist() == [8, 0, 4, 4]
    with pytest.raises(
        DataError,
        match=r"^After 1 steps 4 customers are in the state 'b', from which no move was seen; if nobody leaves it, say "
        r"absorbing=\['b'\]\.$",
    ):
        chain.expected({"a": 8}, steps=2)
    assert Transitions(("a", "b"), ((0, 0), (0, 3))).expected({"b": 3}, steps=9)["customers"].iloc[-1] == 3


def test_what_was_seen_is_what_is_expected_after_one_step():
    found = from_snapshots(snapshots({who: path[:2] for who, path in SIX.items()}), order=STATES)
    start = {"new": 2, "loyal": 1}
    after = found.expected(start, steps=1, inflow=found.inflow)
    assert after.loc[after["step"] == 1, "customers"].tolist() == [1, 1, 1, 1]  # c; a; b; and e, who is absent


# ---- the long run


def test_stationary_by_hand():
    weather = Transitions(("sun", "rain"), ((0.9, 0.1), (0.5, 0.5)))
    assert weather.stationary().to_dict() == pytest.approx({"sun": 5 / 6, "rain": 1 / 6})
    one_end = Transitions(("a", "b", "gone"), ((5, 3, 2), (4, 4, 2), (0, 0, 7)))
    assert one_end.stationary().tolist() == pytest.approx([0, 0, 1]) and one_end.absorbing_states == ("gone",)
    rhythm = Transitions(("odd", "even"), ((0, 1), (1, 0)))
    assert rhythm.stationary().tolist() == pytest.approx([0.5, 0.5])
    never = Transitions(("a", "b", "never"), ((1, 1, 0), (1, 3, 0), (0, 0, 0)))
    assert never.stationary().tolist() == pytest.approx([1 / 3, 2 / 3, 0])


@few
@given(squares(least=1))
def test_a_step_leaves_the_stationary_shares_as_they_are_and_all_starts_come_near(chain):
    shares = chain.stationary()
    assert shares.sum() == pytest.approx(1) and (shares >= -1e-12).all()
    assert shares.to_numpy() @ chain.probabilities.to_numpy() == pytest.approx(shares.to_numpy(), abs=1e-12)
    last = chain.expected({chain.states[0]: 1}, steps=2000)["customers"].tail(len(chain.states))
    assert last.tolist() == pytest.approx(shares.tolist(), abs=1e-6)


@few
@given(squares(most=1))
def test_there_is_a_stationary_distribution_if_and_only_if_the_equations_have_one_solution(chain):
    if any(not sum(row) for row in chain.counts):
        return
    n = len(chain.states)
    solutions = n - np.linalg.matrix_rank(chain.probabilities.to_numpy().T - np.eye(n), tol=1e-9)
    if solutions == 1:
        assert chain.stationary().sum() == pytest.approx(1)
    else:
        with pytest.raises(DataError, match=r"^There is no one stationary distribution: nobody leaves \["):
            chain.stationary()


def test_refusals_of_the_long_run():
    two_ends = Transitions(("a", "won", "lost"), ((1, 1, 1), (0, 1, 0), (0, 0, 1)))
    assert two_ends.absorbing_states == ("won", "lost")
    with pytest.raises(
        DataError,
        match=r"^There is no one stationary distribution: nobody leaves \['won'\] and \['lost'\], so that the long run "
        r"depends on where customers start\.$",
    ):
        two_ends.stationary()
    told = (
        r"^There is no stationary distribution to be known: no move from the state 'b' was seen; if nobody leaves it, "
        r"say absorbing=\['b'\]\.$"
    )
    with pytest.raises(DataError, match=told):
        Transitions(("a", "b"), ((1, 1), (0, 0))).stationary()
    assert Transitions(("a", "b"), ((1, 1), (0, 0)), absorbing=("b",)).stationary().tolist() == pytest.approx([0, 1])


# ---- the Markov assumption


@EVERY_ENGINE
def test_two_steps_by_hand(engine):
    """a: new, loyal, loyal, loyal; b: new, silent, silent; c: new, loyal, silent. e is never there three times."""
    found = two_steps(build(engine, snapshots(SIX)), order=STATES)
    assert found.customers == 4  # a twice, b, c
    # one step, from all eight moves: new -> loyal 2, silent 1; loyal -> loyal 3, silent 1; silent -> silent 1
    expected = {"new": [0, 2 / 3 * 3 / 4, 2 / 3 / 4 + 1 / 3], "loyal": [0, 9 / 16, 7 / 16]}
    observed = {"new": [0, 1 / 3, 2 / 3], "loyal": [0, 1, 0]}
    table = found.table().set_index(["from", "to"])
    for state in expected:
        assert table.loc[state, "expected"].tolist() == pytest.approx(expected[state])
        assert table.loc[state, "observed"].tolist() == pytest.approx(observed[state])
    assert table.loc["silent"].isna().all(axis=None)  # nobody starts there and goes two steps
    assert found.misplaced == pytest.approx((3 * (1 / 2 - 1 / 3) + 1 * 7 / 16) / 4)


def walks(rng, n, next_state):
    """n customers over four dates by ``next_state(path so far) -> chances``."""
    paths = {}
    for who in range(n):
        path = [int(rng.integers(0, 3))]
        while len(path) < 4:
            path.append(int(rng.choice(3, p=next_state(path))))
        paths[f"{who}"] = [STATES[state] for state in path]
    return snapshots(paths)


CHAIN = np.array([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [0.2, 0.2, 0.6]])


def test_a_real_chain_is_within_chance_and_memory_is_not():
    rng = np.random.default_rng(5)
    found = two_steps(walks(rng, 1500, lambda path: CHAIN[path[-1]]))
    by_chance = found.by_chance(np.random.default_rng(1))
    assert len(by_chance) == 200 and (np.diff(by_chance) >= 0).all()
    assert found.misplaced < by_chance[-1]
    # who has moved once stays where they are: the step before matters
    stay = 0.97 * np.eye(3) + 0.01
    moved = lambda path: len(path) > 1 and path[-1] != path[-2]  # noqa: E731
    memory = two_steps(walks(rng, 1500, lambda path: (stay if moved(path) else CHAIN)[path[-1]]))
    assert memory.misplaced > 2 * memory.by_chance(np.random.default_rng(1))[-1]


def test_chance_is_the_same_for_the_same_seed():
    found = two_steps(snapshots(SIX))
    one, other = (found.by_chance(np.random.default_rng(3), draws=20) for _ in range(2))
    assert one.tolist() == other.tolist() and len(one) == 20


@few
@given(paths_of_customers)
def test_the_share_out_of_place_is_a_share_and_rows_sum_to_one(paths):
    found = two_steps(snapshots(paths))
    assert 0 <= found.misplaced <= 1
    sums = found.table().groupby("from")[["observed", "expected"]].sum(min_count=1).dropna()
    assert np.allclose(sums, 1, atol=1e-12)
    assert (found.by_chance(np.random.default_rng(0), draws=5) <= 1).all()


def test_customers_who_all_stay_are_no_surprise():
    assert two_steps(snapshots({"a": ["new"] * 4, "b": ["loyal"] * 4})).misplaced == 0


def test_cdnow_remembers(cdnow_log):
    """Relation states every 90 days: customers who were loyal before fall silent less often than the chain has it."""
    from crmlib import customer_table
    from crmlib.customers import until
    from crmlib.lifecycle import STATES as RELATIONS
    from crmlib.lifecycle import states

    dates = ["1997-06-30", "1997-09-30", "1997-12-31", "1998-03-31", "1998-06-30"]
    tables = [states(customer_table(until(cdnow_log, day), as_of=day)) for day in dates]
    stacked = pd.concat([table.assign(as_of=pd.Timestamp(day)) for table, day in zip(tables, dates, strict=True)])
    found = from_snapshots(stacked, order=RELATIONS)
    assert ABSENT not in found.states and sum(found.entered) == 0  # a cohort: all there from the first date on
    assert sum(map(sum, found.counts)) == 4 * 23570
    ahead = found.expected(tables[0]["state"].value_counts(), steps=4)
    assert ahead.groupby("step")["customers"].sum().tolist() == pytest.approx([23570] * 5)
    gap = two_steps(stacked, order=RELATIONS)
    assert gap.customers == 3 * 23570
    assert gap.misplaced > gap.by_chance(np.random.default_rng(1), draws=50)[-1]


# ---- refusals


@EVERY_ENGINE
def test_refusals_of_snapshots(engine):
    frame = snapshots(SIX)
    with pytest.raises(DataError, match=r"^The snapshots are of 1 dates; this needs at least 2\.$"):
        from_snapshots(build(engine, frame[frame["as_of"] == MONTHS[0]]))
    with pytest.raises(DataError, match=r"^The snapshots are of 2 dates; this needs at least 3\.$"):
        two_steps(build(engine, frame[frame["as_of"] < MONTHS[2]]))
    with pytest.raises(
        DataError,
        match=r"^The snapshots are 31 to 60 days apart; steps must be of one length, e\.g\. the ends of months\.$",
    ):
        from_snapshots(build(engine, frame[frame["as_of"] != MONTHS[1]].assign(
            as_of=lambda one: one["as_of"].where(one["as_of"] != MONTHS[3], pd.Timestamp("2024-05-01")))))  # fmt: skip
    twice = pd.concat([frame, frame.head(1)], ignore_index=True)
    with pytest.raises(
        DataError, match=r"^1 customers have two rows at one as_of; it needs one row a customer and date\.$"
    ):
        from_snapshots(build(engine, twice))
    with pytest.raises(DataError, match=r"^The class 'silent' is not in order=\['new', 'loyal'\]; add it\.$"):
        from_snapshots(build(engine, frame), order=["new", "loyal"])
    with pytest.raises(DataError, match=r"^The table of snapshots has no column 'stage'; it has "):
        from_snapshots(build(engine, frame), column="stage")
    with pytest.raises(DataError, match=r"^Column 'as_of' of the snapshots holds no days; make it dates first\.$"):
        from_snapshots(build(engine, frame.assign(as_of="2024-01-31")))
    if engine == "pandas":
        with pytest.raises(DataError) as refused:
            from_snapshots(frame.assign(as_of=frame["as_of"].dt.tz_localize("America/New_York")))
        said = "Column 'as_of' of the snapshots has the time zone America/New_York; make it dates first."
        assert str(refused.value) == said
    for name in ("customer", "as_of"):
        gap = frame.assign(**{name: frame[name].where(frame.index > 0)})
        with pytest.raises(
            DataError, match=rf"^'{name}' is missing in some rows of the table of snapshots; leave them out first\.$"
        ):
            from_snapshots(build(engine, gap))
    brief = snapshots({"a": ["new", "new", None, None], "b": [None, None, "new", "new"]})
    with pytest.raises(DataError, match=r"^No customer is in three snapshots in a row, so two steps cannot be seen\.$"):
        two_steps(build(engine, brief))


@pytest.mark.parametrize(
    "made, told",
    [
        (lambda: Transitions(("a", "a"), ((1, 0), (0, 1))), r"^counts must be a square with a row and a column "),
        (lambda: Transitions(("a", "b"), ((1, 0),)), r"^counts must be a square with a row and a column "),
        (lambda: Transitions(("a",), ((-1,),)), r"^counts must be numbers of 0 or more\.$"),
        (lambda: Transitions(("a",), ((1,),), entered=(1, 2)), r"^entered has 2 numbers for the 1 states \('a',\)\.$"),
        (lambda: Transitions(("a",), ((1,),), absorbing=("b",)),
         r"^The absorbing state 'b' is not among the states \('a',\)\.$"),
        (lambda: Transitions(("a", "b"), ((1, 2), (0, 1)), absorbing=("a",)),
         r"^2 customers left the state 'a', so it is not absorbing\.$"),
        (lambda: Transitions(("a",), ((1,),)).expected({"b": 1}, 1),
         r"^start names the state 'b', which is not among \['a'\]\.$"),
        (lambda: Transitions(("a",), ((1,),)).expected({"a": 1}, 1, inflow={"a": -1}),
         r"^inflow must be numbers of customers of 0 or more, by state\.$"),
        (lambda: Transitions(("a",), ((1,),)).expected({"a": 1}, -1),
         r"^steps is -1; give a whole number of 0 or more, e\.g\. 12\.$"),
        (lambda: from_moves(pd.DataFrame({"from": [ABSENT], "to": ["a"], "customers": [0]}).head(0)),
         r"^There are no customers in this table of moves\.$"),
    ],
)  # fmt: skip
def test_refusals_say_what_is_wrong(made, told):
    with pytest.raises(DataError, match=told):
        made()
