"""The second lens against a plain loop, its identities, the mistakes they catch, and the figures of CDNOW."""

import datetime as dt
import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_margins import AS_OF, busy_margins, by_loop, margins, quietly, some

from crmlib import DataError, datasets
from crmlib.one_period import by_customer, factors
from crmlib.periods import matrix
from crmlib.two_periods import (
    INACTIVE, bridge, changes, decile_change, decile_cuts, drivers, repeat_buying_rate, ups_and_downs,
)  # fmt: skip

few = settings(max_examples=15, deadline=None)
BEFORE = dt.date(2024, 1, 1), dt.date(2024, 6, 30)
AFTER = dt.date(2024, 7, 1), dt.date(2024, 12, 31)
EVERY_DATA_SET = pytest.mark.parametrize(
    ("name", "as_of", "months"),
    [("cdnow", "1998-06-30", 6), ("cdnow_sample", "1998-06-30", 6), ("lighthouse", "2025-12-31", 12)],
)


def people_of(lines, **options):
    return quietly(changes, margins(lines, **options), as_of=AS_OF, months=6)


def cents(money):
    return round(float(money) * 100)


def group_of(before, after):
    if before and before["bought"]:
        return "both" if after and after["bought"] else "before only"
    if after and after["bought"]:
        return "new" if after["first"] >= AFTER[0] else "returning"
    return "no order"


@few
@given(some, st.booleans())
def test_customers_as_the_definitions_say(made, order):
    before, after = by_loop(made, *BEFORE, order=order), by_loop(made, *AFTER, order=order)
    wanted = []
    for who in sorted({*before, *after}):
        one, two = before.get(who), after.get(who)
        pairs = [(side[name] if side else 0) for name in ("orders", "revenue", "profit") for side in (one, two)]
        first = (one or two)["first"]
        wanted.append([who, group_of(one, two), first is not None and first < BEFORE[0], *pairs])
    assert people_of(made, order=order).values.tolist() == wanted


def holds(log, people, as_of, months):
    """Identities 1 to 5 of this lens, in whole cents."""
    middle = pd.Timestamp(as_of) + pd.Timedelta(days=1) - pd.DateOffset(months=months)
    one = factors(quietly(by_customer, log, as_of=middle - pd.Timedelta(days=1), months=months)).iloc[0]
    two = factors(quietly(by_customer, log, as_of=as_of, months=months)).iloc[0]
    groups = bridge(people)
    count = groups.set_index("group")["customers"]
    assert count["both"] + count["before only"] == one["customers"]
    assert count["both"] + count["new"] + count["returning"] == two["customers"]
    assert repeat_buying_rate(people) == count["both"] / one["customers"]
    for name in [one_name for one_name in ("revenue", "profit") if one_name in one]:
        assert cents(groups[f"{name}_before"].sum()) == cents(one[name])
        assert cents(groups[f"{name}_after"].sum()) == cents(two[name])
        assert cents(groups[f"{name}_change"].sum()) == cents(two[name]) - cents(one[name])
    assert groups["orders_before"].sum() == one["orders"] and groups["orders_after"].sum() == two["orders"]
    money = "profit" if "profit" in one else "revenue"
    if one["orders"] and two["orders"] and one["revenue"] and two["revenue"]:
        split = drivers(people).set_index("factor")
        parts = split["change"].iloc[:-1]
        assert math.isclose(math.fsum(parts), two[money] - one[money], rel_tol=1e-12, abs_tol=1e-9 + 1e-12 * abs(
            one[money]) + 1e-12 * parts.abs().max())  # fmt: skip
        for side, total in (("before", one), ("after", two)):
            assert math.isclose(split[side].iloc[:-1].prod(), total[money], rel_tol=1e-12, abs_tol=1e-12)
    for of in ("before", "after"):
        moved = decile_change(people, of=of)
        square = matrix(moved, order=[*(str(n) for n in range(1, 11)), INACTIVE])
        active = [name for name in square.index if name != INACTIVE]
        assert square.loc[active].to_numpy().sum() == one["customers"]
        assert square[active].to_numpy().sum() == two["customers"]
        assert square.loc[INACTIVE, INACTIVE] == 0 if INACTIVE in square.index else True
    both = people[people["group"] == "both"]
    cells = ups_and_downs(people)
    assert cells["customers"].sum() == len(both)
    assert cents(cells[f"{money}_change"].sum()) == cents((both[f"{money}_after"] - both[f"{money}_before"]).sum())


@few
@given(some, st.booleans(), st.booleans())
def test_identities(made, order, cost):
    holds(margins(made, order=order, cost=cost), people_of(made, order=order, cost=cost), AS_OF, 6)


@EVERY_DATA_SET
def test_identities_on_every_data_set(name, as_of, months):
    log = datasets.load(name)
    holds(log, quietly(changes, log, as_of=as_of, months=months), as_of, months)


@few
@given(some, st.randoms(use_true_random=False))
def test_order_names_and_currency_change_nothing(made, chance):
    shuffled = made[:]
    chance.shuffle(shuffled)
    renamed = [("x" + chr(201 - ord(line[0])), *line[1:]) for line in shuffled]
    people, other = people_of(made), people_of(renamed)
    for function in (bridge, decile_change, ups_and_downs):
        pd.testing.assert_frame_equal(function(people), function(other), check_exact=True)
    dearer = people_of([(*line[:2], line[2] * 4, *line[3:5], line[5] * 4) for line in made])
    pd.testing.assert_frame_equal(decile_change(people), decile_change(dearer))
    pd.testing.assert_frame_equal(ups_and_downs(people).iloc[:, :5], ups_and_downs(dearer).iloc[:, :5])


def test_cdnow_by_half_years():
    people = changes(datasets.load("cdnow"), as_of="1998-06-30", months=6)
    groups = bridge(people).set_index("group")
    assert groups["customers"].to_dict() == {"both": 3463, "before only": 2958, "new": 0, "returning": 1911}
    assert groups.loc["new", "revenue_after"] == 0  # nobody is born after March 1997
    money = groups[["revenue_before", "revenue_after", "revenue_change"]].sum()
    assert money["revenue_change"] / money["revenue_before"] == pytest.approx(-0.1973, abs=5e-5)
    assert repeat_buying_rate(people) == 3463 / 6421
    split = drivers(people).set_index("factor")
    assert split.loc["customers", ["before", "after"]].tolist() == [6421, 5374]
    assert set(split["method"]) == {"log"}
    assert split["change"].iloc[:-1].sum() == pytest.approx(money["revenue_change"], abs=1e-6)


def side(customers, orders, revenue, profit):
    return {"customers": customers, "orders": orders, "revenue": revenue, "profit": profit}


def frame_of(before, after):
    """A table of changes with these totals: as many customers before only and new."""
    made = []
    for group, name, other in (("before only", "_before", "_after"), ("new", "_after", "_before")):
        total = before if name == "_before" else after
        for number in range(total["customers"]):
            first = number == 0
            row = {key + name: total[key] * first for key in ("orders", "revenue", "profit")}
            made.append({"group": group, **row, **{key + other: 0 for key in ("orders", "revenue", "profit")}})
    return pd.DataFrame(made)


def test_drivers_with_a_loss_are_the_mean_over_all_24_orders():
    one, two = side(2, 4, 40.0, -10.0), side(3, 3, 60.0, 12.0)
    found = drivers(frame_of(one, two)).set_index("factor")
    assert set(found["method"]) == {"shapley"}
    start = [2, 4 / 2, 40 / 4, -10 / 40]
    end = [3, 3 / 3, 60 / 3, 12 / 60]
    brought = [0.0] * 4
    for order in permutations(range(4)):
        now = start[:]
        for place in order:
            before = math.prod(now)
            now[place] = end[place]
            brought[place] += (math.prod(now) - before) / 24
    assert found["change"].tolist() == pytest.approx([*brought, 22.0], abs=1e-12)


def test_drivers_by_logarithms_by_hand():
    found = drivers(frame_of(side(1, 1, 10.0, 5.0), side(2, 4, 40.0, 20.0))).set_index("factor")
    # 1 x 1 x 10 x 0.5 = 5 becomes 2 x 2 x 10 x 0.5 = 20: two factors doubled, so each brought half of the 15
    assert found["change"].tolist() == pytest.approx([7.5, 7.5, 0, 0, 15], abs=1e-12)
    assert found["ratio"].tolist() == pytest.approx([2, 2, 1, 1, 4])


def test_each_period_with_its_own_deciles_is_a_mistake_that_shows():
    """Where everybody spends twice as much, common cuts show it; cuts of their own show nothing."""
    spent = np.arange(1.0, 101.0)
    people = pd.DataFrame({"group": "both", "orders_before": 1, "orders_after": 1, "revenue_before": spent})
    people["revenue_after"] = 2 * spent
    moved = decile_change(people).astype({"from": int, "to": int})
    stayed = moved[moved["from"] == moved["to"]]["customers"].sum()
    assert moved[moved["to"] < moved["from"]]["customers"].sum() + stayed == 100 and stayed < 25

    def own_deciles(values):  # the mistake
        return 10 * np.argsort(np.argsort(-values)) // len(values) + 1

    assert (own_deciles(spent) == own_deciles(2 * spent)).all()
    least = decile_cuts(people)["least"].to_numpy()
    common = lambda values: np.minimum(np.searchsorted(-least, -values) + 1, 10)  # noqa: E731
    wanted = pd.crosstab(common(spent), common(2 * spent)).stack()
    wanted = wanted[wanted > 0]
    assert moved.set_index(["from", "to"])["customers"].to_dict() == wanted.to_dict()


@few
@given(some)
def test_deciles_of_either_period_turn_the_table_around(made):
    people = people_of(made)
    turned = {"_before": "_after", "_after": "_before"}
    names = {name + one: name + two for name in ("orders", "revenue", "profit") for one, two in turned.items()}
    groups = {"before only": "new", "new": "before only", "returning": "before only"}
    swapped = people.rename(columns=names).assign(group=people["group"].replace(groups))
    there = {(row["from"], row["to"]): row["customers"] for _, row in decile_change(people).iterrows()}
    back = {(row["to"], row["from"]): row["customers"] for _, row in decile_change(swapped, of="after").iterrows()}
    assert there == back


def test_equal_money_is_in_one_decile():
    people = pd.DataFrame({"group": ["both"] * 7, "orders_before": 1, "orders_after": 1, "revenue_before": 5.0})
    people["revenue_after"] = 5.0
    assert decile_change(people).values.tolist() == [["1", "1", 7]]


@given(st.lists(st.tuples(*(st.integers(1, 9),) * 6), min_size=1, max_size=30))
@few
def test_at_most_14_of_16_cells_where_all_is_above_zero(made):
    names = ["orders_before", "orders_after", "revenue_before", "revenue_after", "profit_before", "profit_after"]
    people = pd.DataFrame(made, columns=names).astype({name: float for name in names[2:]}).assign(group="both")
    cells = {tuple(row) for row in ups_and_downs(people)[["profit", "orders", "order_value", "margin"]].values.tolist()}
    assert not cells & {("down", "up", "up", "up"), ("up", "down", "down", "down")}


def test_ups_and_downs_by_hand():
    columns = ["orders_before", "orders_after", "revenue_before", "revenue_after", "profit_before", "profit_after"]
    people = pd.DataFrame([[1, 3, 0.1, 0.3, 0.05, 0.15], [2, 1, 8.0, 8.0, 4.0, 3.0], [1, 1, 0.0, 2.0, -1.0, 1.0]])
    people = people.set_axis(columns, axis=1).assign(group="both")
    found = ups_and_downs(people)
    # 0.3 / 3 and 0.1 / 1 are equal up to the last digit, and equal is up
    assert found.iloc[:, :5].values.tolist() == [
        ["up", "up", "up", "up", 1], ["up", "up", "up", "unknown", 1], ["down", "down", "up", "down", 1],
    ]  # fmt: skip
    assert found["profit_change"].tolist() == pytest.approx([0.1, 2.0, -1.0])


@EVERY_ENGINE
def test_every_engine(engine):
    frame = margins(busy_margins())
    wanted = quietly(changes, frame, as_of=AS_OF, months=6)
    assert set(wanted["group"]) == {"both", "before only", "new", "returning", "no order"}
    people = quietly(changes, build(engine, frame), as_of=AS_OF, months=6)
    assert kind(people) == engine and rows(people) == rows(wanted)
    for function in (bridge, drivers, decile_cuts, decile_change, ups_and_downs):
        found = function(people)
        assert kind(found) == engine and rows(found) == rows(function(wanted)), function.__name__
    assert repeat_buying_rate(people) == repeat_buying_rate(wanted)


def test_errors_in_one_sentence():
    made = margins([("a", 10, 5.0, "1", "P", 1.0), ("a", 700, 5.0, "2", "P", 1.0)])
    with pytest.raises(DataError) as error:
        changes(made, as_of=AS_OF, months=6)
    assert str(error.value) == "Nobody bought from 2024-01-01 to 2024-06-30; choose another as_of or other months."
    people = frame_of(side(1, 1, 0.0, -2.0), side(1, 1, 5.0, 2.0))
    with pytest.raises(DataError) as error:
        drivers(people)
    assert str(error.value) == "There is no margin before, because there is no revenue; choose other periods."
    for call, message in (
        (lambda: decile_change(people, by="margin"), "by is 'margin'; choose one of orders, revenue, profit."),
        (lambda: decile_cuts(people, of="now"), "of is 'now'; choose 'before' or 'after'."),
        (lambda: decile_change(people, of="now"), "of is 'now'; choose 'before' or 'after'."),
        (
            lambda: bridge(people.assign(group="lost")),
            "The group 'lost' is not one of both, before only, new, returning, no order; use the table of changes().",
        ),
    ):
        with pytest.raises(DataError) as error:
            call()
        assert str(error.value) == message
