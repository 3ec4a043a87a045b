"""Rates against a plain count, their laws, the figures of CDNOW, and that rates that sound alike differ."""

import datetime as dt
import warnings

import pandas as pd
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from made_logs import START, busy_log, lines, log

from crmlib import DataError, DataNotice
from crmlib.rates import (
    RATES, bounced_of_sent, rates, returned_of_lines, returned_of_orders, unsubscribed_of_delivered,
)  # fmt: skip

few = settings(max_examples=40, deadline=None)
periods = st.tuples(st.integers(46, 500), st.integers(1, 230), st.one_of(st.none(), st.integers(1, 400)))


def quietly(*arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return rates(*arguments, **options)


def day(number):
    return START + dt.timedelta(days=number)


def fractions(native):
    """{rate: (numerator, denominator)}"""
    names, content = rows(native)
    found = [dict(zip(names, row, strict=True)) for row in content]
    return {row["rate"]: (row["numerator"], row["denominator"]) for row in found}


def by_count(made, start, end, within):
    bought = [line for line in made if line[2] >= 0 and line[1] <= end]
    days = {who: {line[1] for line in bought if line[0] == who} for who in {line[0] for line in bought}}
    orders = {(who, order): min(line[1] for line in bought if (line[0], line[3]) == (who, order))
              for who, _, _, order in bought}  # fmt: skip
    before = {who for who, own in days.items() if any(start - within <= one < start for one in own)}
    inside = {who for who, own in days.items() if any(one >= start for one in own)}
    at_end = {who for who, own in days.items() if any(one > end - within for one in own)}
    new = {who for who, own in days.items() if min(own) >= start}
    in_period = [who for (who, _), begun in orders.items() if begun >= start]
    return {
        "inactive rate": (len(before - inside), len(before)),
        "gross growth rate": (len(new), len(before)),
        "net growth rate": (len(at_end) - len(before), len(before)),
        "repeat rate": (sum(in_period.count(who) >= 2 for who in inside), len(inside)),
        "repurchase rate": (len(in_period) - len(new), len(in_period)),
    }


@few
@given(lines, periods)
def test_every_rate_is_what_its_words_say(made, period):
    start, length, within = period
    found = quietly(log(made), since=day(start), as_of=day(start + length - 1), active_within=within)
    assert found["rate"].tolist() == list(RATES)
    assert fractions(found) == by_count(made, start, start + length - 1, within or length)
    for _, row in found.iterrows():
        expected = row["numerator"] / row["denominator"] if row["denominator"] else None
        assert row["value"] == expected or (expected is None and pd.isna(row["value"]))


@few
@given(lines, periods)
def test_net_growth_is_new_and_back_less_silent(made, period):
    start, length, _ = period
    found = fractions(quietly(log(made), since=day(start), as_of=day(start + length - 1)))
    days = {}
    for who, number, amount, _ in made:
        if amount >= 0:
            days.setdefault(who, []).append(number)
    back = sum(
        any(start <= one < start + length for one in own) and min(own) < start
        and not any(start - length <= one < start for one in own)
        for own in days.values()
    )  # fmt: skip
    numerator = {rate: upper for rate, (upper, _) in found.items()}
    assert numerator["net growth rate"] == numerator["gross growth rate"] + back - numerator["inactive rate"]


@few
@given(lines, periods, st.randoms(use_true_random=False))
def test_order_of_rows_money_and_refunds_change_no_rate(made, period, chance):
    start, length, within = period
    options = {"since": day(start), "as_of": day(start + length - 1), "active_within": within}
    before = quietly(log(made), **options)
    other = [(who, number, amount * 3, order) for who, number, amount, order in made]
    other += [("a", start, -7.0, "refund"), ("nobody", start, -7.0, "refund")]
    chance.shuffle(other)
    pd.testing.assert_frame_equal(quietly(log(other)[["order", "date", "amount", "customer"]], **options), before)


@EVERY_ENGINE
@pytest.mark.parametrize("orders", [True, False])
def test_every_engine_gives_the_same_in_its_own_kind(engine, orders):
    tx = busy_log() if orders else busy_log().drop(columns="order")
    native = build(engine, tx)
    for options in ({}, {"since": "2024-01-01"}, {"since": "2024-01-01", "active_within": 90}):
        found = quietly(native, as_of="2024-06-30", **options)
        assert kind(found) == kind(native)
        assert rows(found) == rows(quietly(tx, as_of="2024-06-30", **options))


def test_by_hand():
    """January is before the period, February the period: a and b were there, b stays, c is new, d comes back."""
    before = [("d", -20, 5.0, "d1"), ("a", 3, 5.0, "a1"), ("b", 4, 5.0, "b1")]
    inside = [("b", 40, 5.0, "b2"), ("b", 41, 5.0, "b3"), ("c", 35, 5.0, "c1"), ("d", 36, 5.0, "d2")]
    tx = log([*before, *inside, ("a", 40, -5.0, "a1")])
    found = rates(tx, since="2023-02-01", as_of="2023-02-28", active_within=31)
    assert fractions(found) == {
        "inactive rate": (1, 2),
        "gross growth rate": (1, 2),
        "net growth rate": (1, 2),  # the 31 days up to 28 February begin on 29 January: b, c and d
        "repeat rate": (1, 3),
        "repurchase rate": (3, 4),
    }
    assert found["denominator_is"].tolist() == [
        "active at the start", "active at the start", "active at the start", "bought in the period",
        "orders in the period",
    ]  # fmt: skip
    assert found["numerator_is"].tolist() == [
        "active at the start, no purchase in the period", "first purchase ever in the period",
        "active at the end less active at the start", "two orders or more in the period",
        "orders in the period, not the customer's first",
    ]  # fmt: skip


def test_the_edges_of_the_windows():
    tx = log([("a", 0, 1.0), ("b", 10, 1.0), ("b", 20, 1.0), ("c", 29, 1.0)])  # days of January, from the 1st on
    found = fractions(quietly(tx, since="2023-01-21", as_of="2023-01-30", active_within=10))
    assert found["inactive rate"] == (0, 1)  # b bought on the 11th, the first of the ten days, and on the 21st itself
    assert found["gross growth rate"] == (1, 1)  # c on the 30th, the last day
    assert fractions(quietly(tx, since="2023-01-21", as_of="2023-01-30", active_within=20))["inactive rate"] == (1, 2)


def test_without_since_the_whole_log_is_the_period_and_nobody_was_there_before():
    found = rates(log([("a", 5, 1.0), ("a", 9, 1.0), ("b", 9, 1.0)]), as_of="2023-01-31")
    assert fractions(found) == {
        "inactive rate": (0, 0), "gross growth rate": (2, 0), "net growth rate": (2, 0), "repeat rate": (1, 2),
        "repurchase rate": (1, 3),
    }  # fmt: skip
    assert found["value"].isna().tolist() == [True, True, True, False, False]


def test_cdnow_repeat_rate_and_repurchase_rate_differ(cdnow_log, cdnow):
    found = rates(cdnow_log, as_of="1998-06-30")
    assert fractions(found)["repeat rate"] == (int((cdnow["orders"] >= 2).sum()), 23570)
    assert fractions(found)["repurchase rate"] == (67591 - 23570, 67591)
    value = dict(zip(found["rate"], found["value"], strict=True))
    assert value["repeat rate"] == pytest.approx(1 - 0.511, abs=5e-4)  # 51.1 % bought once
    assert value["repurchase rate"] == pytest.approx(0.6513, abs=5e-5)


def test_cdnow_second_half_of_1997_against_the_first_of_1998(cdnow_log):
    """The audit's figures: 6,421 and 5,374 active, 3,463 in both, nobody new."""
    found = fractions(rates(cdnow_log, since="1998-01-01", as_of="1998-06-30", active_within=184))
    assert found["inactive rate"] == (6421 - 3463, 6421)
    assert found["gross growth rate"] == (0, 6421)
    assert found["repeat rate"][1] == 5374
    equal = fractions(rates(cdnow_log, since="1998-01-01", as_of="1998-06-30"))  # 181 days on both sides
    assert equal["net growth rate"][0] == 5374 - equal["net growth rate"][1]


def test_a_log_that_does_not_reach_back_is_said():
    tx = log([("a", 5, 1.0), ("a", 60, 1.0)])
    message = (
        r"^The first purchase in the log is of 2023-01-06, so that it does not show all 90 days before 2023-02-01; "
        r"fewer customers count as active at the start than were\.$"
    )
    with pytest.warns(DataNotice, match=message):
        rates(tx, since="2023-02-01", as_of="2023-03-31", active_within=90)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates(tx, since="2023-02-01", as_of="2023-03-31", active_within=26)


def test_rates_of_counts():
    assert unsubscribed_of_delivered(0, 10) == 0
    assert bounced_of_sent(10, 10) == 1
    sent, bounced, unsubscribed = 5000, 200, 12
    assert unsubscribed_of_delivered(unsubscribed, sent - bounced) == 0.0025 != unsubscribed / sent
    # ten orders of three lines; one line of each of four orders came back
    assert returned_of_orders(4, 10) == 0.4 and returned_of_lines(4, 30) == pytest.approx(0.133333, abs=1e-6)


@pytest.mark.parametrize(
    "rate, part, whole",
    [
        (unsubscribed_of_delivered, "unsubscribed", "delivered"),
        (bounced_of_sent, "bounced", "sent"),
        (returned_of_orders, "returned_orders", "orders"),
        (returned_of_lines, "returned_lines", "lines"),
    ],
)
@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (3, 2), (-1, 5), (float("nan"), 5), (1, float("nan"))])
def test_counts_that_cannot_be_are_refused(rate, part, whole, counts):
    told = f"^{part} is {counts[0]} and {whole} is {counts[1]}; a rate needs {whole} above 0 and {part} from 0 to "
    with pytest.raises(DataError, match=told + whole + r"\.$"):
        rate(*counts)


@EVERY_ENGINE
def test_refusals_say_what_to_do(engine):
    tx = build(engine, log([("a", 5, 1.0)]))
    with pytest.raises(DataError, match=r"^since 2023-03-01 is after as_of 2023-02-28; the period needs at least "):
        rates(tx, since="2023-03-01", as_of="2023-02-28")
    with pytest.raises(DataError, match=r"^active_within is 0; give a number of days of at least 1, or None\.$"):
        rates(tx, as_of="2023-02-28", active_within=0)
    with pytest.raises(DataError, match=r"^as_of 2023-01-05 is before the first purchase \(2023-01-06\); "):
        rates(tx, as_of="2023-01-05")
    with pytest.raises(DataError, match=r"^since 'May' is not a date; write it as YYYY-MM-DD, e\.g\. 1998-06-30\.$"):
        rates(tx, since="May", as_of="2023-02-28")


def test_a_year_of_366_days_is_compared_with_one_of_365():
    """a bought on 2024-01-01 alone, 366 days before 2025 begins; b on 2024-12-31, which is no day of 2025."""
    days = pd.to_datetime(["2024-01-01", "2024-12-31", "2025-06-01"])
    log = pd.DataFrame({"customer": ["a", "b", "c"], "date": days, "amount": 5.0})
    found = rates(log, since="2025-01-01", as_of="2025-12-31", active_within=(366, 365)).set_index("rate")
    assert found["denominator"]["inactive rate"] == 2  # a and b
    assert found["numerator"]["net growth rate"] == 1 - 2  # c, less a and b
