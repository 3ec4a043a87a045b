"""What the report shows of groups: never those of one to four customers, and nothing from which theirs follows."""

import re

import numpy as np
import pandas as pd
import pytest
from few_customers import small_counts
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import section_tables, sections
from crmlib.audit import audit
from crmlib.exhibits import parts
from crmlib.groups_shown import in_order, of_rates, periods_shown, summary_shown, top_shown
from crmlib.inert import Exhibit, Picture, Table
from crmlib.lenses import lenses
from crmlib.opened import Opened
from crmlib.small_groups import HIDDEN
from crmlib.transactions import admit


def test_a_summary_keeps_its_totals():
    summary = pd.DataFrame({"tier": ["top", "large", "small"], "customers": [1, 4, 95], "share_of_customers": [0.01, 0.04, 0.95],
                            "revenue": [50.0, 20.0, 30.0], "share_of_revenue": [0.5, 0.2, 0.3], "mean_revenue": [50.0, 5.0, 0.3]})  # fmt: skip
    found = summary_shown(summary, "tier")
    assert found["tier"].tolist() == ["others (fewer than 5 each)", "small"]
    assert found["customers"].tolist() == [5, 95] and found["revenue"].tolist() == [70.0, 30.0]
    assert found["share_of_revenue"].tolist() == pytest.approx([0.7, 0.3]) and np.isnan(found["mean_revenue"][0])
    assert summary_shown(summary.iloc[:0], "tier").empty


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        ([90, 8, 7], [("0", 90), ("1", 8), ("2+", 7)]),
        ([90, 8, 3], [("0", 90), ("1 to 2+", 11)]),
        ([90, 3, 7], [("0 to 1", 93), ("2+", 7)]),
        ([90, 3, 1], [("0 to 2+", 94)]),
        ([2, 8, 7], [("0 to 1", 10), ("2+", 7)]),
        ([90, 0, 7], [("0", 90), ("1", 0), ("2+", 7)]),
        ([1, 1, 1], [("0 to 2+", 3)]),
        ([4], [("0", 4)]),
    ],
)
def test_in_an_order_a_small_group_joins_its_neighbour(customers, expected):
    rows = pd.DataFrame({"x": ["0", "1", "2+"][: len(customers)], "customers": customers})
    found = in_order(rows, "x")
    assert list(zip(found["x"], found["customers"], strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 100)), min_size=1, max_size=9))
def test_means_are_weighted_and_sums_kept(groups):
    rows = pd.DataFrame(
        {"x": range(len(groups)), "customers": [n for n, _ in groups], "mean": [mean for _, mean in groups]}
    )
    found = in_order(rows, "x", means=["mean"])
    assert found["customers"].sum() == rows["customers"].sum()
    assert (found["customers"] * found["mean"]).sum() == pytest.approx((rows["customers"] * rows["mean"]).sum())
    assert not found["customers"].between(1, 4).any() or found["customers"].sum() < 5


PERIODS = pd.DataFrame({
    "period": ["1", "2", "3", "4"], "customers": [40, 30, 3, 20], "first_time": [20, 10, 1, 2], "returning": [20, 20, 2, 18],
    "orders": [50, 40, 3, 30], "first_revenue": [10.0, 9.0, 8.0, 7.0], "repeat_revenue": [6.0, 5.0, 4.0, 3.0],
    "refunds": [0.0, 0.0, -1.0, 0.0], "revenue": [16.0, 14.0, 11.0, 10.0], "complete": True,
})  # fmt: skip


def test_a_period_in_which_few_bought_is_hidden_and_one_more():
    found = periods_shown(PERIODS)
    assert [row["customers"] for row in found] == [40, 30, "<5", HIDDEN]
    assert [row["revenue"] for row in found] == [16.0, 14.0, HIDDEN, HIDDEN]
    assert found[2]["first_time"] == found[2]["orders"] == HIDDEN


def test_what_few_new_customers_brought_does_not_follow_from_the_rest():
    found = periods_shown(
        PERIODS.assign(customers=[40, 30, 20, 20], first_time=[20, 10, 10, 2], returning=[20, 20, 10, 18])
    )
    assert [row["first_revenue"] for row in found] == [
        10.0,
        9.0,
        HIDDEN,
        HIDDEN,
    ]  # the third is the smallest of the others
    assert [row["repeat_revenue"] for row in found] == [6.0, 5.0, HIDDEN, HIDDEN]
    assert [row["revenue"] for row in found] == [16.0, 14.0, 11.0, 10.0]


def test_what_few_customers_bring_and_rates_of_few_are_hidden():
    top = pd.DataFrame({"top": [0.01, 0.2], "customers": [1, 20], "share_of_revenue": [0.3, 0.6]})
    assert [row["share_of_revenue"] for row in top_shown(top)] == [HIDDEN, 0.6]
    rate = {"value": 0.05, "numerator": 2, "denominator": 40}
    assert of_rates(rate) == (HIDDEN, "<5", "40")
    assert of_rates(rate | {"numerator": 0, "value": 0.0}) == ("0.0 %", "0", "40")


# ---- the whole report


def opened(rows):
    tx = admit(pd.DataFrame(rows, columns=["customer", "date", "amount"])).transactions
    return Opened("log.csv", audit(tx, as_of=tx["date"].max()), lenses(tx, as_of=tx["date"].max()), (), "€", "none")


TABLES = (
    "periods",
    "top_shares",
    "abc_classes",
    "segment_actions",
    "pyramid_tiers",
    "moves",
    "states",
    "stages",
    "windows",
    "rates",
    "holdout",
)


def in_report(log):
    return [table for name in TABLES if isinstance(table := getattr(section_tables, name)(log), Table)]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 70))
def test_no_table_counts_one_to_four_customers(seed, customers):
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-01", "2024-06-30")
    rows = [
        (f"c{who}", day, float(rng.integers(1, 500)))
        for who in range(customers) for day in rng.choice(days, int(rng.geometric(0.4)))
    ]  # fmt: skip
    log = opened([(who, str(pd.Timestamp(day).date()), amount) for who, day, amount in rows])
    for table in in_report(log):
        assert not small_counts(table), table
    assert not re.search(r"\b[1-4] customers? (who|bring|brought|bought)", repr(sections.first_page(log)))


SMALL = re.compile(
    r"(?<![\d.,:–-])[1-4] (such |returning |new |other |of the |of them\b)?(customers?|members?|buyers?|persons?|people|rose\b|did not buy)"
    r"|\b[Oo]f (the )?[1-4] (customers?|buyers?)|(customers|group|tenth|inactive|only|new|returning) \(?[1-4]\b(?![\d.,%: ]*%)(?=[,.;)])"
)


def told(section):
    """Every sentence, title and alt text of a section."""
    for part in section.parts:
        inner = part.parts if isinstance(part, Exhibit) else (part,)
        yield part.title if isinstance(part, Exhibit) else ""
        for one in inner:
            yield one.words if isinstance(one, Picture) else "" if isinstance(one, Table) else repr(one)


def with_few(seed, returning):
    """60 to 90 customers of two years with ``returning`` who come back after two, and two products of two buyers."""
    rng = np.random.default_rng(seed)
    rows = [(f"r{n}", day, 400.0, "tea") for n in range(returning) for day in ("2022-03-01", "2024-08-01")]
    for who in range(int(rng.integers(60, 90))):
        for day in rng.choice(
            pd.date_range("2023-01-01" if who % 3 else "2024-01-01", "2024-12-31"), int(rng.geometric(0.3))
        ):
            rows.append(
                (
                    f"c{who}",
                    str(pd.Timestamp(day).date()),
                    float(rng.integers(1, 500)),
                    "tea" if rng.random() < 0.6 else "cups",
                )
            )
        if who < 4:
            rows.append((f"c{who}", "2024-10-01", 40_000.0, "pots" if who < 2 else "jars"))
    tx = admit(pd.DataFrame(rows, columns=["customer", "date", "amount", "product"]).assign(cost=3.0)).transactions
    return Opened("log.csv", audit(tx, as_of="2024-12-31"), lenses(tx, as_of="2024-12-31"), (), "€", "none")


@pytest.mark.parametrize(("seed", "returning"), [(1, 3), (2, 1), (3, 4)])
def test_no_sentence_title_or_alt_text_counts_one_to_four_customers(seed, returning, monkeypatch):
    for module in (parts, sections):  # charts take most of the time
        monkeypatch.setattr(module, "picture", lambda ax, *, words: Picture(b"", 760, words))
    log = with_few(seed, returning)
    shown = [
        *(sections.lens(log, place) for place in range(1, 7)),
        *(sections.section(log, name) for name in sections.SECTIONS),
    ]
    assert len([part for section in shown for part in section.parts if isinstance(part, Exhibit)]) > 15
    for section in shown:
        for said in told(section):
            assert not SMALL.search(said), (section.key, SMALL.search(said).group(), said)
        tables = [
            one
            for part in section.parts
            for one in (part.parts if isinstance(part, Exhibit) else (part,))
            if isinstance(one, Table)
        ]
        for table in tables:
            assert not small_counts(table), (section.key, table)
    assert not any(name in "\n".join(told(section)) for section in shown for name in ("pots", "jars"))


@pytest.mark.parametrize("said", [
    "3 such customers of earlier days came back.", "Of 3 customers in the top tier", "Customers by group: new 12, returning 3.", "2 buyers",
])  # fmt: skip
def test_what_the_test_above_looks_for(said):
    assert SMALL.search(said)


def test_the_sums_of_a_tiny_log_stay_what_they_are():
    rng = np.random.default_rng(4)
    rows = [
        (f"c{n}", f"2024-{1 + (n * k) % 12:02d}-{1 + n % 28:02d}", float(rng.integers(5, 300)))
        for n in range(30)
        for k in range(1 + n % 4)
    ]
    log = opened(rows)
    for name in ("abc_classes", "pyramid_tiers", "states", "segment_actions"):
        table = getattr(section_tables, name)(log)
        place = {heading.split(" in ")[0]: n for n, heading in enumerate(table.headings)}
        assert sum(row[place["customers"]].value for row in table.rows) == 30, table
        assert sum(row[place["revenue"]].value for row in table.rows) == pytest.approx(
            log.audit.facts.revenue
        )
