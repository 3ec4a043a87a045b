"""The questions of *The customer-base audit*: right answers from three sides, every mistake by its name."""

from math import log

import pandas as pd
import pytest
from workbooks import Workbook, material, messy

from crmlib import all_cohorts, checkout, cohort_comparison, factors, one_cohort, one_period, two_periods
from crmlib.explore_audit import audited
from crmlib.workbook.checks import Check, Material
from crmlib.workbook.questions import _one_cohort, _small_tables, _two_periods
from crmlib.workbook.questions import customer_base_audit as module
from crmlib.workbook.questions.customer_base_audit import QUESTIONS

PLACE = "course/39_customer_base_audit/workbook.py"

# As of 2024-06-30: two periods of three months, and too few customers for any lens, so that the cohort is that of January.
TINY = pd.DataFrame(
    [
        ("ann", "2024-01-01", 20.0, "A1"), ("ann", "2024-01-01", 10.0, "A1"), ("ann", "2024-03-10", 30.0, "A2"),
        ("ann", "2024-04-02", 40.0, "A3"),
        ("bob", "2024-01-20", 10.0, "B1"), ("bob", "2024-04-12", 60.0, "B2"), ("bob", "2024-04-12", 20.0, "B3"),
        ("bob", "2024-06-30", -5.0, "BR"),
        ("cy", "2024-01-25", 50.0, "C1"), ("cy", "2024-02-05", -10.0, "CR"),
        ("di", "2024-02-10", 30.0, "D1"), ("di", "2024-05-03", 25.0, "D2"),
        ("eve", "2024-05-20", 100.0, "E1"),
        ("fay", "2024-06-01", -9.0, "FR"),
        ("gus", "2024-03-05", 15.0, "G1"),
    ],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip


def made_logs(cdnow_sample_log, other_log):
    """Logs of five shapes, the last with an as_of later than its last line, in the middle of a month."""
    some_of_it = other_log[other_log["customer"] < "K0160"].reset_index(drop=True)
    first = sorted(cdnow_sample_log["customer"].unique())[:350]
    return {
        "cdnow": material(cdnow_sample_log[cdnow_sample_log["customer"].isin(first)].reset_index(drop=True)),
        "other": material(other_log),
        "messy": material(messy(some_of_it)),
        "tiny": material(TINY),
        "later": material(some_of_it.drop(columns="order"), "2025-01-13"),
    }


@pytest.fixture(scope="module")
def logs(cdnow_sample_log, other_log):
    return made_logs(cdnow_sample_log, other_log)


@pytest.fixture(scope="module", params=["cdnow", "other", "messy", "tiny", "later"])
def some(request, logs):
    return logs[request.param]


def more_logs():
    """Bob comes back exactly twelve weeks after his first purchase; a log with costs; one with an order of nothing."""
    exact = TINY.replace({"date": {pd.Timestamp("2024-04-12"): pd.Timestamp("2024-04-13")}})
    dear = TINY.assign(cost=[2.0, 1, 29, 30, 9, 1, 19, 0, 5, 0, 29, 1, 99, 0, 14])
    free = pd.DataFrame([("hal", "2024-01-02", 0.0, "H1"), ("hal", "2024-05-02", 0.0, "H2")], columns=TINY.columns)
    free = pd.concat([TINY, free.astype(TINY.dtypes)], ignore_index=True)
    return {"twelve weeks": material(exact), "costs": material(dear), "free": material(free)}


WORKBOOK = Workbook(
    "39_customer_base_audit", QUESTIONS, made_logs,
    lambda logs: {name: logs[name].tx for name in ("other", "messy", "tiny")} | {"one line": TINY[:1]},
    {"0", "1", "2", "3", "4", "10", "12", "100", "150", "2.0", "1.7", "7", "50", "60", "0.05", "25,000", "27,000"},
    (), TINY, "memo", (pd.Series(["customers"], index=["ann"]), TINY, ("customers",), "margin"),
    more_logs, blurred=True, a_word="customers",
)  # fmt: skip


# by hand


def test_the_answers_are_those_worked_out_by_hand():
    tiny = material(TINY)
    # April to June: 40 + 60 + 20 - 5 + 25 + 100 - 9 = 231, of five orders
    assert QUESTIONS["order_value"].answer(tiny) == pytest.approx(231 / 5)
    # eve 100, bob 75, ann 40, di 25: half of 240 is reached with bob
    assert QUESTIONS["half"].answer(tiny) == 2
    # ann 60 to 40, bob 10 to 75, di 30 to 25
    assert QUESTIONS["both_change"].answer(tiny) == pytest.approx(-20 + 65 - 5)
    # 5 customers, 6 orders, 155 before; 4 customers, 5 orders, 231 after: ln 4/5, ln 1.25/1.2, ln 46.2/25.83
    assert QUESTIONS["mover"].answer(tiny) == "order value"
    # the best of five brought 60 before; bob and eve reach that
    assert QUESTIONS["top_now"].answer(tiny) == 2
    # ann 100, bob 90, cy 40 by April; bob's refund of June is later
    assert QUESTIONS["to_date"].answer(tiny) == pytest.approx(230 / 3)
    # middle is 16 January: ann after 69 days; bob after 83, cy never
    assert QUESTIONS["fair"].answer(tiny) == pytest.approx(1 / 2 - 1)
    # 10,000 to 15,300: 5,300 / ln 1.53 * ln 0.85
    assert (
        QUESTIONS["orders_effect"].answer(tiny)
        == pytest.approx(5_300 / log(1.53) * log(0.85))
        == pytest.approx(-2_025.43, abs=0.005)
    )
    assert _small_tables.split(_small_tables.BEFORE.values(), _small_tables.AFTER.values())[2] == pytest.approx(5_300 / log(1.53) * log(1.2))
    # 42,000 of 60,000 carried: 17,500 of 27,000; 23,000 by 460 new ones is 50 each
    assert QUESTIONS["new_needed"].answer(tiny) == pytest.approx(190)


# against crmlib


def test_the_answers_are_those_of_crmlib(logs):
    for name in ("cdnow", "other", "messy", "later"):
        some = logs[name]
        tx, as_of = some.tx, some.as_of
        carried = module.two_periods(some)
        months = _two_periods._months(some)
        people = one_period.by_customer(tx, as_of=as_of, months=months)
        whole = one_period.factors(people).iloc[0]
        assert len(carried[1].customers) == whole["customers"]
        assert QUESTIONS["order_value"].answer(some) == pytest.approx(whole["order_value"], rel=1e-9)
        assert (
            QUESTIONS["half"].answer(some)
            == one_period.equal_slices(people, by="revenue", slices=2)["customers"].iloc[0]
        )
        changed = two_periods.changes(tx, as_of=as_of, months=months)
        bridge = two_periods.bridge(changed).set_index("group")
        assert QUESTIONS["both_change"].answer(some) == pytest.approx(bridge.loc["both", "revenue_change"], abs=1e-6)
        change = two_periods.drivers(changed).set_index("factor")["change"].drop("revenue")
        assert QUESTIONS["mover"].answer(some) == change.abs().idxmax().replace("_", " ")
        moved = two_periods.decile_change(changed, by="revenue")
        assert QUESTIONS["top_now"].answer(some) == moved.loc[moved["to"] == "1", "customers"].sum()


def test_the_cohort_is_that_of_the_lesson_and_its_answers_those_of_crmlib(logs, tmp_path):
    for name in ("cdnow", "other", "messy"):
        some = logs[name]
        some.tx.to_csv(tmp_path / f"{name}.csv", index=False)
        options = {"order": "order"} if "order" in some.tx else {}
        audit = audited(str(tmp_path / f"{name}.csv"), **options)
        assert audit.said == "" and audit.months == _two_periods._months(some)
        own = _one_cohort.members(some)
        ages = one_cohort.by_age(some.tx, as_of=some.as_of, unit=audit.unit, cohort=audit.cohort).set_index("age")
        assert len(own.first) == ages.loc[0, "size"]
        assert QUESTIONS["to_date"].answer(some) == pytest.approx(ages.loc[3, "revenue_to_date"], rel=1e-9)
        late = own.first >= (own.starts[0] + (own.starts[1] - own.starts[0]) // 2).normalize()
        shares = []
        for which in (own.first.index[late], own.first.index[~late]):
            lines = some.tx[some.tx["customer"].isin(which)]
            found = cohort_comparison.second_purchase(lines, as_of=some.as_of, unit="year", weeks=_one_cohort.WEEKS)
            shares.append(found["repeated"].sum() / found["size"].sum())
        assert QUESTIONS["fair"].answer(some) == pytest.approx(shares[0] - shares[1], abs=1e-12)


def test_the_small_tables_are_split_and_planned_by_crmlib_the_same_way():
    before, after = dict(_small_tables.BEFORE), dict(_small_tables.AFTER)
    by_logs, shapley = factors.split(before, after), factors.split(before, after, method="shapley")
    assert by_logs.changes["orders each"] == pytest.approx(QUESTIONS["orders_effect"].answer(None))
    assert shapley.changes["orders each"] == pytest.approx(_small_tables._shapley())
    quarters = _small_tables.QUARTERS
    base = quarters.assign(carried_revenue=quarters["revenue"] - quarters["new_revenue"], complete=True)
    found = all_cohorts.new_customers_needed(base, target=_small_tables.TARGET, over=3)
    assert found["new_needed"].iloc[0] == pytest.approx(QUESTIONS["new_needed"].answer(None))


# the check on each question


def test_the_famous_mistakes_get_their_names(logs):
    check = Check("customer_base_audit", QUESTIONS, logs["other"])
    for slug, mistake, said in [
        ("order_value", module._mean_of_means, "mean of the customers' own averages"),
        ("top_now", module._own_tenth, "tenths of its own"),
        ("to_date", _one_cohort._of_survivors, "survivors"),
        ("to_date", _one_cohort._kth_period, "silent periods have an age too"),
        ("fair", _one_cohort._by_end_of_period, "unequal exposure"),
    ]:
        outcome = check(slug, mistake(logs["other"]))
        assert outcome.status == "not yet" and said in outcome.message


def test_a_log_of_refunds_says_so():
    refunds = Material(TINY[TINY["amount"] < 0], None, "2024-06-30", "$")
    for slug in ("order_value", "half", "both_change", "top_now", "to_date", "fair"):
        outcome = Check("customer_base_audit", QUESTIONS, refunds)(slug, 1)
        assert outcome == ("could not compare", "This log cannot carry the question. Nobody in it bought anything.")


def test_a_log_of_one_day_says_so():
    one = Check("customer_base_audit", QUESTIONS, material(TINY[:1]))
    assert one("half", 1).message == "This log cannot carry the question. It does not cover two months."
    assert one("fair", 1).message == "This log cannot carry the question. No cohort in it has 4 complete periods."


# the workbook


def test_the_workbook_states_what_the_checks_ask():
    asked = " ".join((checkout.root() / PLACE).read_text(encoding="utf-8").replace("\n#", "").split())
    for row in _small_tables.QUARTERS.itertuples():
        assert f"| {row.period} | {row.revenue:,} | {row.new_revenue:,} | {row.new} |" in asked
    assert f"should bring **{_small_tables.TARGET:,}**" in asked and f"within **{_one_cohort.WEEKS} weeks**" in asked
    for row, name in (
        ("customers", "customers"),
        ("orders a customer", "orders each"),
        ("revenue an order", "order value"),
    ):
        assert (
            f"| {row} | {_small_tables.BEFORE[name]:g}".rstrip("0") in asked
            and f"{_small_tables.AFTER[name]:g} |" in asked
        )
    assert "up to and with **age 3**" in asked and _one_cohort.AGES == 4
