"""Sentences of the lessons: their words follow the numbers, on logs of every shape."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import audit, customer_table, overview
from crmlib.workbook import sentences as module


def in_one_line(function):
    """The sentence without its line breaks, which have a test of their own; tables as they are."""

    def said(*tables, **options):
        found = function(*tables, **options)
        return " ".join(found.split()) if isinstance(found, str) else found

    return said


sentences = SimpleNamespace(**{name: in_one_line(getattr(module, name)) for name in module.__all__})


def a_log(*lines):
    """(customer, date, amount) or (customer, date, amount, order) a line."""
    columns = ["customer", "date", "amount", "order"][: len(lines[0])]
    return pd.DataFrame(lines, columns=columns).astype({"date": "datetime64[us]", "amount": float})


def table(tx, as_of="2024-03-31"):
    return customer_table(tx, as_of=as_of)


ONE = a_log(("a", "2024-01-05", 5))
TWICE = a_log(("a", "2024-01-05", 5), ("a", "2024-01-25", 5))
REFUND_ONLY = a_log(("a", "2024-01-05", 5), ("b", "2024-01-06", -5))


@pytest.fixture(scope="module", params=["cdnow", "other", "other, no orders"])
def tx(request, cdnow_sample_log, other_log):
    logs = {"cdnow": cdnow_sample_log, "other": other_log, "other, no orders": other_log.drop(columns="order")}
    return logs[request.param]


@pytest.fixture(scope="module")
def as_of(tx):
    return f"{tx['date'].max():%Y-%m-%d}"


@pytest.fixture(scope="module")
def customers(tx, as_of):
    return table(tx, as_of)


def numbers(sentence):
    """All numbers in a sentence; those in dates are left out."""
    bare = re.sub(r"\d{4}-\d{2}(-\d{2})?", "", sentence)
    return [float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*\.?\d*", bare)]


# the numbers in the sentences are those of the log


def test_units_counts_lines_orders_and_days(tx):
    purchases = tx[tx["amount"] >= 0]
    days = purchases.groupby(["customer", "date"]).ngroups
    if "order" in tx:
        orders = purchases.groupby(["customer", "order"]).ngroups
        assert numbers(sentences.units(tx))[:3] == [
            len(purchases),
            orders,
            orders - days,
        ]  # no order runs over two days
    else:
        assert numbers(sentences.units(tx)) == [len(purchases) - days, len(purchases)]


def test_bought_once_counts_customers_and_their_revenue(tx, customers):
    days = tx[tx["amount"] >= 0].groupby("customer")["date"].nunique()
    once = set(days[days == 1].index)
    money = sum(amount for customer, amount in zip(tx["customer"], tx["amount"], strict=True) if customer in once)
    share, revenue = 100 * len(once) / len(days), 100 * money / tx["amount"].sum()
    assert numbers(sentences.bought_once(customers)) == [len(once), len(days), round(share, 1), round(revenue, 1)]


def test_once_by_day_is_what_a_customer_table_of_that_day_says(tx, as_of):
    by_day = sentences.once_by_day(tx, as_of=as_of)
    assert len(by_day) == 4 and by_day["as_of"].iloc[-1] == as_of
    for row in by_day.itertuples():
        then = table(tx[tx["date"] <= row.as_of], row.as_of)
        buyers = then[then["orders"] > 0]
        assert (row.buyers, row.bought_once) == (len(buyers), pytest.approx((buyers["x"] == 0).mean()))


def test_once_moved_says_fell_where_it_fell(tx, as_of):
    by_day = sentences.once_by_day(tx, as_of=as_of)
    fell = by_day["bought_once"].iloc[-1] < by_day["bought_once"].iloc[0]
    assert (" fell from " in sentences.once_moved(by_day)) == fell
    backwards = by_day.assign(bought_once=by_day["bought_once"].to_numpy()[::-1])
    assert (" rose from " in sentences.once_moved(backwards)) == fell


def test_busiest_names_the_customer_with_most_days(tx, customers):
    days = tx[tx["amount"] >= 0].groupby("customer")["date"].nunique()
    sentence = sentences.busiest(customers)
    assert sentence.startswith(f"Customer {days.idxmax()} bought on {days.max()} days; ")
    assert f"the median is {days.median():g} and the mean {days.mean():.1f}" in sentence
    assert ("pull the mean up" in sentence) == (days.mean() > 1.5 * days.median())


def test_two_recencies_spans_the_silence_of_one_time_buyers(tx, as_of, customers):
    days = tx[tx["amount"] >= 0].groupby("customer")["date"].agg(["nunique", "max"])
    silent = (pd.Timestamp(as_of) - days["max"][days["nunique"] == 1]).dt.days
    assert numbers(sentences.two_recencies(customers)) == [len(silent), 0, silent.min(), silent.max()]


def test_arrivals_tells_a_panel_from_a_shop(cdnow_sample_log, other_log):
    panel = sentences.arrivals(cdnow_sample_log, as_of="1998-06-30")
    assert panel.startswith("All customers made their first purchase in the first quarter of the time.")
    newest = cdnow_sample_log.groupby("customer")["date"].min().max()
    assert f"on {newest:%Y-%m-%d}, {(pd.Timestamp('1998-06-30') - newest).days} days before the end" in panel
    assert "cohort panel" in panel
    shop = sentences.arrivals(other_log, as_of="2024-12-30")
    assert "new customers keep coming" in shop and "panel" not in shop


def test_arrivals_agrees_with_the_report(tx, as_of):
    facts = audit.audit(tx, as_of=as_of).facts
    assert ("cohort panel" in sentences.arrivals(tx, as_of=as_of)) == facts.is_panel


def test_arrivals_follows_the_share_and_not_the_last_newcomer():
    """One newcomer in a thousand makes no shop that wins customers."""
    early = [(f"c{n}", "2024-01-01", 1) for n in range(99)]
    sentence = sentences.arrivals(a_log(*early, ("late", "2024-12-01", 1)), as_of="2024-12-31")
    assert sentence.startswith("99.0 % of the customers made their first purchase in the first quarter of the time.")
    assert "cohort panel" in sentence


def test_last_month_reads_the_last_whole_row(tx, as_of):
    periods = overview.by_period(tx, as_of=as_of)
    row = periods[periods["complete"]].iloc[-1]
    bought = tx[(tx["amount"] >= 0) & (tx["date"].dt.strftime("%Y-%m") == row["period"])]["customer"].unique()
    before = tx[(tx["amount"] >= 0) & (tx["date"].dt.strftime("%Y-%m") < row["period"])]["customer"].unique()
    old = len(set(bought) & set(before))
    expected = [len(bought)] if old == len(bought) else [old, len(bought)]
    assert numbers(sentences.last_month(periods)) == expected
    assert row["period"] in sentences.last_month(periods)


def test_active_customers_grow_with_the_window(tx, as_of, customers):
    active = sentences.active_customers(customers, windows=(30, 90, 5000))
    last = tx[tx["amount"] >= 0].groupby("customer")["date"].max()
    expected = [sum((pd.Timestamp(as_of) - day).days <= window for day in last) for window in (30, 90, 5000)]
    assert active["active"].to_list() == expected and expected[-1] == len(last)
    assert active["share"].to_list() == [n / len(last) for n in expected]
    assert numbers(sentences.active_spread(active)) == [expected[0], 30, expected[-1], 5000]


# the words where a log is small or odd


@pytest.mark.parametrize(
    ("tx", "sentence"),
    [
        (ONE, "each purchase line has a day of its own, so lines and orders are the same number."),
        (pd.concat([ONE, ONE]), "1 of 2 purchase lines share it with an earlier line."),
        (
            a_log(("a", "2024-01-05", 5, "A"), ("b", "2024-01-05", 5, "B")),
            "2 purchase lines make 2 orders; no customer placed two orders on one day, so orders and "
            "purchase days are the "
            "same number.",
        ),
        (
            a_log(("a", "2024-01-05", 5, "A"), ("a", "2024-01-06", 5, "A"), ("a", "2024-01-06", 5, "B")),
            "3 purchase lines make 2 orders; 1 order falls on a day on which the customer had placed "
            "another; 1 day only "
            "continues an order of an earlier day.",
        ),
    ],
)
def test_units_in_small_logs(tx, sentence):
    assert sentences.units(tx).endswith(sentence)


@pytest.mark.parametrize(
    ("tx", "sentence"),
    [
        (ONE, "Every customer bought on one day only: nobody has come back yet."),
        (TWICE, "No customer bought on one day only: everyone came back at least once."),
        (REFUND_ONLY[1:], "Nobody bought anything: the log holds refunds only."),
        (
            pd.concat([TWICE, a_log(("b", "2024-01-06", 30))]),
            "1 of 2 customers who bought (50.0 %) did so on one day only and brought 75.0 % of the revenue.",
        ),
        (
            pd.concat([TWICE, a_log(("b", "2024-01-06", 3), ("b", "2024-01-07", -9))]),
            "1 of 2 customers who bought (50.0 %) did so on one day only.",
        ),
    ],
)
def test_bought_once_in_small_logs(tx, sentence):
    assert sentences.bought_once(table(tx)) == sentence


@pytest.mark.parametrize(
    ("tx", "sentence"),
    [
        (ONE, "The one customer bought on 1 day."),
        (REFUND_ONLY[1:], "Nobody bought anything: the log holds refunds only."),
        (
            pd.concat([TWICE, TWICE.assign(customer="b")]),
            "2 customers share the maximum: each bought on 2 days; the median is 2 and the mean 2.0. "
            "Mean and median lie close together here.",
        ),
        (
            pd.concat([TWICE, ONE.assign(customer="b"), ONE.assign(customer="c")]),
            "Customer a bought on 2 days; the median is 1 and the mean 1.3. The mean lies above the median here.",
        ),
    ],
)
def test_busiest_in_small_logs(tx, sentence):
    assert sentences.busiest(table(tx)) == sentence


@pytest.mark.parametrize(
    ("tx", "sentence"),
    [
        (ONE, "Every customer brought revenue above zero."),
        (
            pd.concat(
                [
                    REFUND_ONLY,
                    a_log(
                        ("c", "2024-01-05", 0), ("d", "2024-01-05", 2), ("d", "2024-01-06", -3), ("e", "2024-01-05", 0)
                    ),
                ]
            ),
            "Of 5 customers, 2 bought and brought zero in all; 1 bought and got back more than was "
            "paid; 1 never bought, with "
            "refunds only. They are customers; whoever models spending must decide about them.",
        ),
    ],
)
def test_without_revenue_names_three_ways(tx, sentence):
    assert sentences.without_revenue(table(tx)) == sentence


def test_two_recencies_in_small_logs():
    assert (
        sentences.two_recencies(table(TWICE)) == "Every customer here came back, so t_x is above zero for all of them."
    )
    assert sentences.two_recencies(table(REFUND_ONLY[1:])) == "Nobody bought anything: the log holds refunds only."
    assert sentences.two_recencies(table(ONE)) == (
        "1 customer with a single purchase day has t_x = 0, while days_since_last is 86. Who "
        "takes t_x for RFM's recency "
        "calls this customer fresh."
    )


def test_short_logs_are_said_to_be_short():
    assert sentences.once_moved(sentences.once_by_day(ONE, as_of="2024-01-05")) == (
        "The log is too short to be seen on more than one day."
    )
    assert sentences.once_moved(sentences.once_by_day(ONE, as_of="2024-03-05")) == (
        "The share of buyers with one purchase day was 100.0 % on both ends, between 2024-01-20 and 2024-03-05."
    )
    assert sentences.arrivals(TWICE, as_of="2024-01-25").startswith(
        "The log covers 21 days and 1 buyer: too little to tell"
    )
    assert (
        sentences.last_month(overview.by_period(ONE, as_of="2024-01-05")) == "No whole calendar month lies in this log"
    )
    assert len(sentences.once_by_day(REFUND_ONLY[1:], as_of="2024-03-05")) == 0


def test_a_share_that_fell_and_rose_is_not_said_to_fall_all_the_way():
    by_day = pd.DataFrame({"as_of": list("abcd"), "buyers": 4, "bought_once": [1 / 3, 0.5, 0.5, 0.25]})
    uneven = " fell from 33.3 % to 25.0 % between a and d, with ups and downs on the way."
    assert sentences.once_moved(by_day).endswith(uneven)
    assert sentences.once_moved(by_day[1:]).endswith("fell from 50.0 % to 25.0 % between b and d.")


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ((0, 0), "Nobody bought in 2024-02"),
        ((1, 0), "The one customer who bought in 2024-02 was new"),
        ((0, 1), "The one customer who bought in 2024-02 had bought before"),
        ((3, 0), "All 3 customers who bought in 2024-02 were new"),
        ((0, 3), "All 3 customers who bought in 2024-02 had bought before"),
        ((1, 1200), "1,200 of the 1,201 customers who bought in 2024-02 had bought before"),
    ],
)
def test_last_month_in_all_its_words(row, title):
    new, old = row
    periods = pd.DataFrame(
        {"period": ["2024-02", "2024-03"], "customers": [new + old, 9], "first_time": [new, 9], "returning": [old, 0]}
    )
    assert sentences.last_month(periods.assign(complete=[True, False])) == title


def test_sentences_come_in_lines_that_fit_below_a_cell(tx, as_of, customers):
    for sentence in (module.arrivals(tx, as_of=as_of), module.busiest(customers), module.two_recencies(customers)):
        assert "\n" in sentence
        assert max(map(len, sentence.splitlines())) <= module.WIDTH < len(sentence)


def test_a_window_that_makes_no_difference_is_said_to_make_none():
    active = sentences.active_customers(table(ONE), windows=(90, 365))
    assert sentences.active_spread(active) == "The window makes no difference in this log: 1 active customer each time."
