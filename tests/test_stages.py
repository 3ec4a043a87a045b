import datetime as dt
import math
from statistics import fmean

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crmlib.customers import until
from crmlib.errors import DataError, DataNotice
from crmlib.stages import CHINESE, PHASES, STAGES, Rules, category_trend, snapshots, stages, summary

few = settings(max_examples=25, deadline=None)
AS_OF = pd.Timestamp("2024-12-31")


def log(customers):
    """{customer: [(days before AS_OF, amount) ...]} -> a log."""
    lines = [(customer, ago, float(amount)) for customer, bought in customers.items() for ago, amount in bought]
    frame = pd.DataFrame(lines, columns=["customer", "date", "amount"])
    frame["date"] = (AS_OF - pd.to_timedelta(frame["date"], unit="D")).astype("datetime64[us]")
    return frame


def bought(silence, gaps=(), amounts=None):
    """Purchases of one customer: the last one ``silence`` days ago, before it the gaps, from the first to the last."""
    ago = [silence + sum(gaps[place:]) for place in range(len(gaps) + 1)]
    return list(zip(ago, amounts or [10] * len(ago), strict=True))


def phases(found):
    names, values = rows(found)
    return {row[names.index("customer")]: row[names.index("phase")] for row in values}


def at(found, customer):
    names, values = rows(found)
    return next(dict(zip(names, row, strict=True)) for row in values if row[names.index("customer")] == customer)


# customers with fewer than 3 gaps of their own: u = 40 and e = 100 days
RULES = {"population": (40, 100)}
UP, DOWN, LEVEL = [10, 20, 30], [30, 20, 10], [10, 11, 10]
THIRTY = [30, 30, 30]  # own gaps: u = 30; e = max(30, 3 x 30, 90) = 90
CELLS = {
    # purchase days, silence, trend -> phase while the category holds up, and while it falls
    "1, at u": (bought(40), "development", "development"),
    "1, above u": (bought(41), "decline", "decline"),
    "1, at e": (bought(100), "decline", "decline"),
    "1, above e": (bought(101), "termination", "termination"),
    "2, at u": (bought(40, [30]), "growth", "growth"),
    "2, fell": (bought(40, [30], [50, 5]), "growth", "growth"),  # two points have no t
    "2, above u": (bought(41, [30]), "decline", "decline"),
    "2, above e": (bought(101, [30]), "termination", "termination"),
    "3, rising": (bought(40, [30, 30], UP), "growth", "growth"),
    "3, flat": (bought(40, [30, 30], LEVEL), "growth", "growth"),
    "3, falling": (bought(40, [30, 30], DOWN), "decline", "growth"),
    "3, rising, above u": (bought(41, [30, 30], UP), "decline", "decline"),
    "3, falling, above e": (bought(101, [30, 30], DOWN), "termination", "termination"),
    "4, flat": (bought(30, THIRTY, [10, 12, 10, 12]), "maturity", "maturity"),
    "4, all equal": (bought(30, THIRTY, [7, 7, 7, 7]), "maturity", "maturity"),
    "4, free of charge": (bought(30, THIRTY, [0, 0, 0, 0]), "maturity", "maturity"),
    "4, rising": (bought(30, THIRTY, [10, 20, 30, 41]), "growth", "growth"),
    "4, falling": (bought(30, THIRTY, [41, 30, 20, 10]), "decline", "maturity"),
    "4, flat, above u": (bought(31, THIRTY), "decline", "decline"),
    "4, flat, at e": (bought(90, THIRTY), "decline", "decline"),
    "4, flat, above e": (bought(91, THIRTY), "termination", "termination"),
    "4, rising, above e": (bought(91, THIRTY, [10, 20, 30, 41]), "termination", "termination"),
    # own gaps 100: the median sets e = 300
    "slow, at u": (bought(100, [100] * 3), "maturity", "maturity"),
    "slow, above u": (bought(101, [100] * 3), "decline", "decline"),
    "slow, at e": (bought(300, [100] * 3), "decline", "decline"),
    "slow, above e": (bought(301, [100] * 3), "termination", "termination"),
    # own gaps 10, 10, 10, 400: u = 10 + 0.7 * 390 = 283, the 99 % quantile sets e = 10 + 0.97 * 390 = 388.3
    "one long, at u": (bought(283, [10, 10, 10, 400]), "maturity", "maturity"),
    "one long, above u": (bought(284, [10, 10, 10, 400]), "decline", "decline"),
    "one long, below e": (bought(388, [10, 10, 10, 400]), "decline", "decline"),
    "one long, above e": (bought(389, [10, 10, 10, 400]), "termination", "termination"),
}


@pytest.mark.parametrize("falls", [False, True])
def test_every_cell_of_the_decision_table(falls):
    native = log({name: lines for name, (lines, _, _) in CELLS.items()})
    found = stages(native, as_of=AS_OF, rules=Rules(category_falls=falls, **RULES))
    assert phases(found) == {name: cell[1 + falls] for name, cell in CELLS.items()}
    assert set(phases(found).values()) == {*PHASES} - {"potential"}
    stage = ["acquisition" if phase in ("potential", "development") else phase for phase in found["phase"]]
    assert found["stage"].tolist() == stage


BY_HAND = log(
    {
        "b mature": bought(30, THIRTY, [10, 12, 10, 12]),
        "c new": bought(5),
        "a refunds": [(7, -3)],
        "d gone": [*bought(200, [30]), (3, -1)],
        "f later": [(-1, 5)],
    }
)
PROSPECTS = pd.DataFrame(
    {"customer": ["c new", "e hopes", "f later", "g needs nothing"], "need": [True, True, True, False], "contact": True}
)


@EVERY_ENGINE
@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
def test_every_engine_gives_the_same_table(engine):
    native, prospects = build(engine, BY_HAND), build(engine, PROSPECTS)
    found = stages(native, as_of="2024-12-31", prospects=prospects, rules=Rules(**RULES))
    assert kind(found) == engine
    # t = 0.4 / sqrt((4 - 0.8) / 2 / 5) = sqrt(0.5); e of all: the population's 100
    nothing = [None] * 5
    assert rows(found) == (
        ["customer", "stage", "phase", "purchase_days", "days_since_last", "usual_gap", "end_gap", "slope", "t"],
        [
            ("a refunds", "no purchase", "no purchase", 0, *nothing),
            ("b mature", "maturity", "maturity", 4, 30, 30, 90, 0.4, pytest.approx(math.sqrt(0.5), rel=1e-11)),
            ("c new", "acquisition", "development", 1, 5, 40, 100, None, None),
            ("d gone", "termination", "termination", 2, 200, 40, 100, None, None),
            ("e hopes", "acquisition", "potential", 0, *nothing),
            ("f later", "acquisition", "potential", 0, *nothing),
        ],
    )
    without = stages(native, as_of="2024-12-31", rules=Rules(**RULES))
    assert rows(without)[1] == rows(found)[1][:4]
    counted = summary(found)
    assert kind(counted) == engine
    assert rows(counted, sort=False)[1] == [
        ("potential", 2, pytest.approx(2 / 6), 0, 0),
        ("development", 1, pytest.approx(1 / 6), 1, pytest.approx(1 / 7)),
        ("growth", 0, 0, 0, 0),
        ("maturity", 1, pytest.approx(1 / 6), 4, pytest.approx(4 / 7)),
        ("decline", 0, 0, 0, 0),
        ("termination", 1, pytest.approx(1 / 6), 2, pytest.approx(2 / 7)),
        ("no purchase", 1, pytest.approx(1 / 6), 0, 0),
    ]
    dates = ["2024-06-30", "2024-12-31", "2025-01-01"]
    steadied = snapshots(native, dates=dates, prospects=prospects, rules=Rules(**RULES))
    assert kind(steadied) == engine
    june, december, january = dt.date(2024, 6, 30), dt.date(2024, 12, 31), dt.date(2025, 1, 1)
    acquisition = ["acquisition"] * 2
    assert rows(steadied)[0] == ["customer", "as_of", "raw", "stage"]
    assert sorted(rows(steadied)[1]) == [
        ("b mature", december, "maturity", "maturity"),
        ("b mature", january, "decline", "maturity"),
        *(("c new", day, *acquisition) for day in (june, december, january)),  # a prospect until it buys
        ("d gone", june, "growth", "growth"),
        ("d gone", december, "termination", "growth"),
        ("d gone", january, "termination", "termination"),
        *((name, day, *acquisition) for name in ("e hopes", "f later") for day in (june, december, january)),
    ]


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "pyarrow", "duckdb"])
def test_a_log_of_dates_without_a_time_keeps_them(engine):
    frame = pl.from_pandas(BY_HAND.head(5)).with_columns(pl.col("date").cast(pl.Date))
    native = {"polars": frame, "polars lazy": frame.lazy(), "pyarrow": frame.to_arrow()}.get(engine)
    native = build("duckdb", frame.to_arrow().to_pandas(date_as_object=True)) if native is None else native
    found = snapshots(native, dates=[AS_OF])
    assert kind(found) == engine
    assert {row[1] for row in rows(found)[1]} == {dt.date(2024, 12, 31)}
    assert rows(found) == rows(snapshots(BY_HAND.head(5), dates=[AS_OF]))


def test_integer_ids_stay_integers():
    native = log({7: bought(5), 3: bought(5, [30])})
    prospects = pd.DataFrame({"customer": [5], "need": True, "contact": False})
    found = stages(native, as_of=AS_OF, prospects=prospects)
    assert found["customer"].tolist() == [3, 5, 7] and found["customer"].dtype.kind == "i"


def test_limits_and_trend_by_hand():
    lines = {"a": bought(5, [10, 20, 30, 40], [1, 2, 3, 4, 6]), "b": bought(5, [50]), "line": bought(9, [9, 9], UP)}
    native = log(lines)
    found = at(stages(native, as_of=AS_OF), "a")
    # slope 12 / 10; what is left: 14.8 - 14.4 = 0.4 with 3 degrees of freedom
    assert (found["slope"], found["t"]) == pytest.approx((1.2, 1.2 / math.sqrt(0.4 / 3 / 10)), rel=1e-9)
    assert (found["usual_gap"], found["end_gap"]) == (37, 90)  # 30 + 0.7 * 10; 39.7 and 75 are below the floor
    assert at(stages(native, as_of=AS_OF, rules=Rules(floor=0)), "a")["end_gap"] == 75
    assert at(stages(native, as_of=AS_OF, rules=Rules(floor=0, medians=1)), "a")["end_gap"] == pytest.approx(39.7)
    # of all gaps 9, 9, 10, 20, 30, 40, 50: 40 + 0.4 * 10, and 3 x 20 against 40 + 0.94 * 10
    other = at(stages(native, as_of=AS_OF, rules=Rules(floor=0)), "b")
    assert (other["usual_gap"], other["end_gap"], other["slope"], other["t"]) == (44, 60, None, None)
    assert at(stages(native, as_of=AS_OF), "line")["t"] == math.inf


def test_where_nobody_bought_twice_the_floor_stands_for_the_gaps():
    found = stages(log({"a": bought(90), "b": bought(91)}), as_of=AS_OF)
    assert phases(found) == {"a": "development", "b": "termination"}
    assert found["usual_gap"].tolist() == found["end_gap"].tolist() == [90, 90]


def test_the_rules_are_parameters():
    four = {"a": bought(30, THIRTY, [10, 14, 13, 20])}  # t = 2.84

    def phase(**options):
        return phases(stages(log(four), as_of=AS_OF, rules=Rules(category_falls=False, **options)))["a"]

    assert [phase(flat=2), phase(flat=3), phase(flat=3, mature_days=5)] == ["growth", "maturity", "growth"]
    assert phase(own_gaps=4, population=(29, 300)) == "decline"
    assert phase(quantiles=(0.5, 0.5), flat=3) == "maturity"
    four["a"] = bought(91, THIRTY)
    assert [phase(), phase(floor=91), phase(medians=4)] == ["termination", "decline", "decline"]


def test_a_refund_is_no_purchase_and_ends_no_silence():
    plain = {"a": bought(30, THIRTY)}
    returned = {"a": [*plain["a"], (29, -10), (30, -10)]}
    one, other = (stages(log(lines), as_of=AS_OF) for lines in (plain, returned))
    assert rows(one) == rows(other)


def test_the_category_must_hold_up_for_a_decline_by_slope():
    months = range(12)
    steady = {f"s{i}": [(30 * month, 100 + month % 2) for month in months] for i in range(5)}
    shrinking = {f"s{i}": [(30 * month, 100 + 20 * month) for month in months] for i in range(5)}
    one = {"a": bought(10, THIRTY, [60, 41, 19, 1])}
    for others, falls, phase in ((steady, False, "decline"), (shrinking, True, "maturity")):
        native = log(others | one)
        assert (category_trend(native, as_of=AS_OF) <= -2) == falls
        assert phases(stages(native, as_of=AS_OF))["a"] == phase
        assert phases(stages(native, as_of=AS_OF, rules=Rules(category_falls=not falls)))["a"] != phase


@EVERY_ENGINE
def test_the_trend_of_the_category_by_hand(engine):
    # periods of 10 days, from the first to the last: 40, 20, 30, 10; a refund and the days before whole periods are out
    lines = [(0, 4), (9, 6), (10, 30), (12, -7), (25, 20), (39, 40), (40, 99)]
    native = build(engine, log({"a": lines[:4], "b": lines[4:]}))
    # slope -8, spread of the places 5; left are 500 - 320 = 180 with 2 degrees of freedom
    t = -8 / math.sqrt(180 / 2 / 5)
    assert category_trend(native, as_of=AS_OF, period=10) == pytest.approx(t, rel=1e-9)
    assert category_trend(native, as_of=AS_OF, period=10, periods=3) == pytest.approx(-5 / math.sqrt(150 / 1 / 2))
    assert math.isnan(category_trend(native, as_of=AS_OF))  # 41 days are one whole period of 30


# ---- hysteresis


def column(found, customer, name):
    return found.loc[found["customer"] == customer, name].tolist()


def test_a_change_needs_two_snapshots_in_a_row():
    first = pd.Timestamp("2024-01-01")

    def frame(days):
        dates = (first + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")
        return pd.DataFrame({"customer": "a", "date": dates, "amount": 10.0})

    # own gaps of 10 days: silent for 11 days is decline
    native = frame([0, 10, 20, 30, 41, 51, 61])
    days = [30, 40, 41, 51, 61, 72, 73, 74]
    dates = [first + pd.Timedelta(days=day) for day in days]
    rules = Rules(own_gaps=4, population=(10, 60), category_falls=False)
    found = snapshots(native, dates=dates, rules=rules)
    assert found["as_of"].tolist() == dates
    assert found["raw"].tolist() == ["maturity"] * 5 + ["decline"] * 3
    assert found["stage"].tolist() == ["maturity"] * 6 + ["decline"] * 2


def test_flicker_is_damped():
    first = pd.Timestamp("2024-01-01")
    # bought every 10 days, and then every 12 days: at the eve of each purchase the silence is above the usual 10
    days = [0, 10, 20, 30, *range(42, 120, 12)]
    dates = (first + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")
    native = pd.DataFrame({"customer": "a", "date": dates, "amount": 10.0})
    eves = sorted({day - 1 for day in days[4:]} | {*days[3:]})
    rules = Rules(own_gaps=99, population=(10, 60))
    found = snapshots(native, dates=[first + pd.Timedelta(days=day) for day in eves], rules=rules)
    assert found["raw"].tolist() == ["maturity", *["decline", "maturity"] * 7]
    assert set(found["stage"]) == {"maturity"}


def test_a_real_change_comes_one_snapshot_late_and_each_customer_by_themselves():
    native = log({"a": bought(60, THIRTY), "b": bought(0, [30] * 6), "late": bought(20)})
    dates = [AS_OF - pd.Timedelta(days=day) for day in (60, 20, 10, 0)]
    found = snapshots(native, dates=dates[::-1] + dates, rules=Rules(**RULES))
    assert column(found, "a", "raw") == ["maturity", "decline", "decline", "decline"]
    assert column(found, "a", "stage") == ["maturity", "maturity", "decline", "decline"]
    assert column(found, "b", "stage") == ["maturity"] * 4
    assert column(found, "late", "as_of") == dates[1:]
    assert column(found, "late", "stage") == ["acquisition"] * 3


def damped(raw):
    """The rule of two in plain words: the stage is the last one that two neighbours agree on, at first the first."""
    stage = []
    for place, now in enumerate(raw):
        stage.append(now if place == 0 or raw[place - 1] == now else stage[-1])
    return stage


# ---- laws

amounts = st.integers(0, 40)
histories = st.dictionaries(
    st.sampled_from([f"c{i}" for i in range(8)]),
    st.lists(st.tuples(st.integers(0, 300), amounts), min_size=1, max_size=9),
    min_size=1,
)


def plain_phase(lines, usual, end, rules):
    """The decision table once more, one customer at a time and without numpy."""
    spent = {}
    for ago, amount in lines:
        spent[ago] = spent.get(ago, 0) + amount
    ago = sorted(spent, reverse=True)
    values, n, silence = [spent[day] for day in ago], len(ago), ago[-1]
    t = 0
    if n >= 3:
        place, mean = (n + 1) / 2, fmean(values)
        width = sum((i - place) ** 2 for i in range(1, n + 1))
        slope = sum((i - place) * (value - mean) for i, value in enumerate(values, 1)) / width
        left = sum((value - mean - slope * (i - place)) ** 2 for i, value in enumerate(values, 1))
        # amounts are whole: what is left is either nothing but rounding or much more
        t = 0 if abs(slope) < 1e-9 else math.copysign(math.inf, slope)
        t = slope / math.sqrt(left / (n - 2) / width) if left > 1e-6 else t
    assume(abs(abs(t) - rules.flat) > 1e-9)
    if silence > end:
        return "termination"
    if silence > usual:
        return "decline"
    if n == 1:
        return "development"
    if t <= -rules.flat and not rules.category_falls:
        return "decline"
    return "maturity" if n >= rules.mature_days and t < rules.flat else "growth"


@few
@given(histories, st.booleans(), st.sampled_from([1, 2, 3]))
def test_stages_follow_the_words_of_the_table(lines, falls, own_gaps):
    rules = Rules(category_falls=falls, own_gaps=own_gaps)
    found = stages(log(lines), as_of=AS_OF, rules=rules)
    days = {customer: sorted({ago for ago, _ in those}) for customer, those in lines.items()}
    gaps = {customer: np.diff(ago) for customer, ago in days.items()}
    everybody = np.concatenate(list(gaps.values()))
    for customer, phase in phases(found).items():
        own = gaps[customer] if len(gaps[customer]) >= own_gaps else everybody
        usual, most, median = np.quantile(own, [0.9, 0.99, 0.5]) if len(own) else [90] * 3
        end = max(most, 3 * median, 90) if len(own) else 90
        assume(abs(days[customer][0] - usual) > 1e-6 or days[customer][0] == round(usual, 9))
        assert phase == plain_phase(lines[customer], round(usual, 8), round(end, 8), rules)


@few
@given(histories, st.permutations(range(40)), st.sampled_from([0.25, 4, 1024]))
def test_order_of_lines_and_scale_of_money_change_no_stage(lines, order, scale):
    native = log(lines)
    shuffled = native.iloc[[place for place in order if place < len(native)] + list(range(40, len(native)))]
    shuffled = shuffled[["amount", "customer", "date"]].assign(amount=shuffled["amount"] * scale)
    one, other = stages(native, as_of=AS_OF), stages(shuffled, as_of=AS_OF)
    names = ["customer", "stage", "phase", "purchase_days", "days_since_last", "usual_gap", "end_gap"]
    assert one[names].equals(other[names])
    assert one["t"].to_numpy() == pytest.approx(other["t"].to_numpy(), rel=1e-9, nan_ok=True)


@few
@given(histories)
def test_equal_customers_have_equal_stages_and_nobody_is_lost(lines):
    twins = lines | {f"{customer} twin": those for customer, those in lines.items()}
    found = stages(log(twins), as_of=AS_OF)
    assert sorted(found["customer"]) == sorted(twins)
    assert set(found["phase"]) <= {*PHASES}
    by_customer = found.set_index("customer")
    for customer in lines:
        one, other = by_customer.loc[customer], by_customer.loc[f"{customer} twin"]
        assert one.equals(other.rename(customer))
    assert summary(found)["customers"].sum() == len(twins)
    assert summary(found)["purchase_days"].sum() == found["purchase_days"].sum()


@few
@given(histories, st.sets(st.integers(0, 200), min_size=1, max_size=5))
@pytest.mark.filterwarnings("ignore::crmlib.errors.DataNotice")
def test_a_snapshot_uses_no_later_line_and_no_later_date(lines, ago):
    native = log(lines)
    ago = {day for day in ago if AS_OF - pd.Timedelta(days=day) >= min(native["date"])} or {0}
    dates = [AS_OF - pd.Timedelta(days=day) for day in sorted(ago, reverse=True)]
    found = snapshots(native, dates=dates)
    for place, date in enumerate(dates):
        early = snapshots(until(native, date), dates=dates[: place + 1])
        assert rows(early) == rows(found[found["as_of"] <= date])
        raw = found[found["as_of"] == date].set_index("customer")["raw"]
        assert raw.to_dict() == stages(until(native, date), as_of=date).set_index("customer")["stage"].to_dict()
    for customer in found["customer"].unique():
        assert column(found, customer, "stage") == damped(column(found, customer, "raw"))


# ---- refusals


def test_refusals_say_what_to_type():
    native = log({"a": bought(5, [30])})
    for options, said in (
        ({"quantiles": 0.9}, "quantiles is 0.9; give two numbers above 0, the smaller first, e.g. "
         "quantiles=(0.9, 0.99)."),
        ({"population": 60}, "population is 60; give two numbers above 0, the smaller first, e.g. "
         "population=(60, 180)."),
        ({"quantiles": (0.99, 0.9)}, "quantiles is (0.99, 0.9); give two numbers above 0, the smaller first, e.g. "
         "quantiles=(0.9, 0.99)."),
        ({"quantiles": (0.9, 1.1)}, "quantiles is (0.9, 1.1); they are shares up to 1, e.g. quantiles=(0.90, 0.99)."),
        ({"population": (0, 9)}, "population is (0, 9); give two numbers above 0, the smaller first, e.g. "
         "population=(60, 180)."),
        ({"mature_days": 1}, "mature_days is 1; give a number of at least 2."),
        ({"floor": -1}, "floor is -1; give a number of at least 0."),
    ):  # fmt: skip
        with pytest.raises(DataError) as refused:
            Rules(**options)
        assert str(refused.value) == said
    before = r"^as_of 2023-01-01 is before the first purchase \(2024-11-26\); choose that day or a later one\.$"
    for function in (stages, category_trend):
        with pytest.raises(DataError, match=before):
            function(native, as_of="2023-01-01")
    with pytest.raises(DataError, match=r"^The date 2023-01-01 is before the first purchase \(2024-11-26\); choose"):
        snapshots(native, dates=[AS_OF, "2023-01-01"])
    with pytest.raises(DataError, match=r"^There are no dates; give some, e\.g\. dates=\['2024-01-31', '2024-02-29'\]"):
        snapshots(native, dates=[])
    with pytest.raises(DataError, match=r"^period is 30 and periods 2; give at least 1 day and 3 periods"):
        category_trend(native, as_of=AS_OF, periods=2)
    with pytest.raises(DataError, match=r"^The table of transactions has no column 'amount'"):
        stages(native[["customer", "date"]], as_of=AS_OF)
    with pytest.raises(DataError, match=r"^The phase 'gone' is not among "):
        summary(pd.DataFrame({"phase": ["gone"], "purchase_days": [1]}))
    with pytest.raises(DataError, match=r"pass two of one kind\.$"):
        stages(native, as_of=AS_OF, prospects=pl.from_pandas(PROSPECTS))


def test_lines_after_as_of_are_counted_where_the_caller_stands():
    native = log({"a": [(5, 1), (-1, 1)]})
    for function in (lambda: stages(native, as_of=AS_OF), lambda: snapshots(native, dates=[AS_OF])):
        with pytest.warns(DataNotice, match=r"^1 line after as_of 2024-12-31 left out\.$") as notices:
            function()
        assert [one.filename for one in notices] == [__file__]


def test_every_stage_has_a_chinese_name():
    assert {*STAGES, *PHASES} <= {*CHINESE}
    assert CHINESE["decline"] == "客户衰退期"


def test_cdnow_by_the_end(cdnow_log, cdnow):
    found = stages(cdnow_log, as_of="1998-06-30")
    assert found["customer"].tolist() == cdnow["customer"].tolist()
    assert found["days_since_last"].equals(cdnow["days_since_last"])
    assert (found["purchase_days"] - 1).tolist() == cdnow["x"].tolist()
    assert summary(found)["customers"].sum() == 23570


def test_one_date_needs_no_list():
    log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": 9.0})
    listed = snapshots(log, dates=["2024-01-31"])
    for one in ("2024-01-31", pd.Timestamp("2024-01-31"), pd.Timestamp("2024-01-31").date()):
        assert snapshots(log, dates=one).equals(listed)
    with pytest.raises(DataError) as refused:
        snapshots(log, dates=1998)
    assert str(refused.value) == "date 1998 is not a date; write it as YYYY-MM-DD, e.g. 1998-06-30."
